//! The exit codes, in one place.

use crate::Verdict;

/// How a command ended. The numbers are part of the interface: scripts and CI decide by them.
///
/// A Rust panic is 101 and none of these; codes of ssh, docker and psql are never passed through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Exit {
    /// PASS, or a command that did what it was asked.
    Pass = 0,
    /// Something unexpected: a bug, a full disk, an audit log that can't be written.
    Unexpected = 1,
    /// The command line, the profile or a file that it names is at fault; no database was changed.
    Usage = 2,
    /// INCONCLUSIVE: nothing failed, but something could not be established.
    Inconclusive = 3,
    /// Nothing was checked: the profile has no checks.
    NothingChecked = 4,
    /// Another run holds the clone.
    Held = 5,
    /// The judge, the allowlist or the role's attestation refused a query; production was not asked.
    Refused = 6,
    /// FAIL.
    Fail = 100,
}

impl Exit {
    /// Every exit, for documentation and tests.
    pub const ALL: [Exit; 8] = [
        Exit::Pass,
        Exit::Unexpected,
        Exit::Usage,
        Exit::Inconclusive,
        Exit::NothingChecked,
        Exit::Held,
        Exit::Refused,
        Exit::Fail,
    ];

    /// The process' exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass => Exit::Pass,
            Verdict::Inconclusive => Exit::Inconclusive,
            Verdict::Fail => Exit::Fail,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_is_a_panics_or_a_signals() {
        for exit in Exit::ALL {
            assert_ne!(exit.code(), 101);
            assert!(exit.code() < 126, "126 and above belong to the shell");
        }
    }
}
