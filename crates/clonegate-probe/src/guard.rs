//! The one query that runs before any caller's SQL.
//!
//! It goes by the simple protocol and is never prepared: a caller could deallocate the driver's
//! prepared guard and prepare a forged one under its name. Being a query, it also ends the time in
//! which `SET TRANSACTION READ WRITE` is possible (25001 from then on).

use std::time::Duration;

use clonegate_model::{DatabaseName, Identity};
use tokio_postgres::{SimpleQueryMessage, SimpleQueryRow};

use crate::Bounds;
#[cfg(test)]
use crate::tests::attacks::layers::{self, Layer};

const GUARD: &str = include_str!("../../../sql/engine/probe/guard.sql");
const SYSTEM_IDENTIFIER: &str =
    "(select c.system_identifier from pg_catalog.pg_control_system() c)";

/// What stands in [`Identity::system_identifier`] where the role may not ask for it.
pub const UNREADABLE_SYSTEM_IDENTIFIER: &str = "not readable";

/// Why the guard did not let a statement through.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GuardError {
    /// Another database answers.
    #[error("the database is {actual:?} and should be {expected}")]
    WrongDatabase {
        /// The one that was asked for.
        expected: DatabaseName,
        /// `current_catalog`.
        actual: String,
    },
    /// Another role is in force.
    #[error("the {which} is {actual:?} and should be {expected:?}")]
    WrongRole {
        /// `current_user` or `session_user`.
        which: &'static str,
        /// The one that is expected.
        expected: String,
        /// The one that is.
        actual: String,
    },
    /// A session setting that the channel set is not in force. A pooler that drops startup options
    /// does that.
    #[error(
        "{name} is {actual:?} and should be {expected:?}; if a pooler stands in between, connect to the server itself"
    )]
    Setting {
        /// The setting.
        name: &'static str,
        /// What the channel set.
        expected: String,
        /// What is in force.
        actual: String,
    },
    /// Another server or database than at the first connect.
    #[error(
        "{what} was {pinned} at the first connect and is {actual}; this is another server, or it was restarted"
    )]
    IdentityChanged {
        /// What differs.
        what: &'static str,
        /// As it was.
        pinned: String,
        /// As it is.
        actual: String,
    },
    /// A transaction id before the first statement.
    #[error("the transaction has the id {xid} before anything was asked")]
    AlreadyWriting {
        /// The id.
        xid: String,
    },
    /// The guard's answer lacks something.
    #[error("the guard's answer has no {what}")]
    Incomplete {
        /// What.
        what: &'static str,
    },
}

/// The settings of every session, in the order in which they are sent and checked.
///
/// Times are in milliseconds. Where rows would be hidden by row security, a statement fails; output
/// does not depend on where the server stands.
pub(crate) fn session_settings(bounds: &Bounds) -> Vec<(&'static str, String)> {
    let milliseconds = |time: Duration| time.as_millis().to_string();
    vec![
        ("default_transaction_read_only", "on".to_owned()),
        ("statement_timeout", milliseconds(bounds.statement_timeout)),
        ("lock_timeout", milliseconds(bounds.lock_timeout)),
        ("idle_in_transaction_session_timeout", milliseconds(bounds.idle_timeout)),
        ("row_security", "off".to_owned()),
        ("TimeZone", "UTC".to_owned()),
        ("DateStyle", "ISO, MDY".to_owned()),
        ("IntervalStyle", "postgres".to_owned()),
        ("bytea_output", "hex".to_owned()),
        ("extra_float_digits", "1".to_owned()),
        // Compiling a statement that lists a catalog takes longer than running it.
        ("jit", "off".to_owned()),
        // What decides where a string ends, and what a text means: the judge has read it so.
        ("standard_conforming_strings", "on".to_owned()),
        ("backslash_quote", "safe_encoding".to_owned()),
        ("transform_null_equals", "off".to_owned()),
        ("array_nulls", "on".to_owned()),
        ("xmloption", "content".to_owned()),
    ]
}

/// The startup packet's `options`.
pub(crate) fn startup_options(bounds: &Bounds) -> String {
    let mut options = String::new();
    for (name, value) in session_settings(bounds) {
        // The values are the channel's own: the only thing to escape is the space.
        options.push_str(&format!("-c {name}={} ", value.replace(' ', "\\ ")));
    }
    options.truncate(options.trim_end().len());
    options
}

/// What the guard must find.
#[derive(Debug, Clone)]
pub(crate) struct Expectation {
    pub(crate) database: DatabaseName,
    pub(crate) role: Option<String>,
    pub(crate) application_name: String,
    pub(crate) bounds: Bounds,
}

/// The guard's text.
pub(crate) fn query(may_ask_control: bool) -> String {
    let identifier = if may_ask_control { SYSTEM_IDENTIFIER } else { "null" };
    GUARD.replacen(":system_identifier as", &format!("{identifier} as"), 1)
}

/// The only row of a simple query.
pub(crate) fn only_row(messages: &[SimpleQueryMessage]) -> Result<&SimpleQueryRow, GuardError> {
    let row = messages.iter().rev().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    row.ok_or(GuardError::Incomplete { what: "row" })
}

/// The row of the first of several simple queries that has one: the guard's, where others stand behind it.
pub(crate) fn first_row(messages: &[SimpleQueryMessage]) -> Result<&SimpleQueryRow, GuardError> {
    let row = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    row.ok_or(GuardError::Incomplete { what: "row" })
}

impl Expectation {
    /// Holds the guard's row against what must be.
    pub(crate) fn judge(
        &self,
        row: &SimpleQueryRow,
        pinned: Option<&Identity>,
    ) -> Result<Identity, GuardError> {
        let text = |what: &'static str| -> Result<&str, GuardError> {
            let found = row.try_get(what).ok().flatten();
            found.ok_or(GuardError::Incomplete { what })
        };
        let actual = text("database")?;
        if actual != self.database.as_str() {
            return Err(GuardError::WrongDatabase {
                expected: self.database.clone(),
                actual: actual.to_owned(),
            });
        }
        for (which, column) in [("current_user", "role"), ("session_user", "session_role")] {
            let actual = text(column)?;
            if let Some(expected) = self.role.as_deref().filter(|role| *role != actual) {
                return Err(GuardError::WrongRole {
                    which,
                    expected: expected.to_owned(),
                    actual: actual.to_owned(),
                });
            }
        }
        for (name, expected) in [
            ("transaction_read_only", "on"),
            ("transaction_isolation", "repeatable read"),
            ("client_encoding", "UTF8"),
            ("application_name", &self.application_name),
        ] {
            // Without the transaction's mode the guard would refuse everything in its place.
            #[cfg(test)]
            if name == "transaction_read_only" && layers::is_out(Layer::Transaction) {
                continue;
            }
            must_be(name, expected, text(name)?)?;
        }
        for (name, expected) in session_settings(&self.bounds) {
            let actual = text(name)?;
            if name.ends_with("timeout") {
                let wanted = expected.parse().ok();
                if milliseconds(actual) != wanted || wanted == Some(0) {
                    return Err(setting(name, &format!("{expected}ms"), actual));
                }
            } else {
                must_be(name, &expected, actual)?;
            }
        }
        if let Ok(xid) = text("xid") {
            return Err(GuardError::AlreadyWriting { xid: xid.to_owned() });
        }
        let number = |what: &'static str| -> Result<u32, GuardError> {
            text(what)?.parse().map_err(|_| GuardError::Incomplete { what })
        };
        let identity = Identity {
            database: self.database.clone(),
            database_oid: number("database_oid")?,
            role: text("role")?.to_owned(),
            system_identifier: text("system_identifier")
                .unwrap_or(UNREADABLE_SYSTEM_IDENTIFIER)
                .to_owned(),
            postmaster_start: text("postmaster_start")?.to_owned(),
            server_version: text("server_version")?.to_owned(),
            server_version_num: number("server_version_num")?,
            in_recovery: text("in_recovery")? == "t",
        };
        if let Some(pinned) = pinned {
            must_equal(pinned, &identity)?;
        }
        Ok(identity)
    }
}

fn setting(name: &'static str, expected: &str, actual: &str) -> GuardError {
    GuardError::Setting { name, expected: expected.to_owned(), actual: actual.to_owned() }
}

fn must_be(name: &'static str, expected: &str, actual: &str) -> Result<(), GuardError> {
    if actual == expected { Ok(()) } else { Err(setting(name, expected, actual)) }
}

fn must_equal(pinned: &Identity, actual: &Identity) -> Result<(), GuardError> {
    // Taken apart without `..`, so that a new field of the identity must be decided on here.
    let Identity {
        database,
        database_oid,
        role,
        system_identifier,
        postmaster_start,
        server_version,
        server_version_num,
        in_recovery,
    } = pinned;
    let facts = [
        ("the system identifier", system_identifier.clone(), actual.system_identifier.clone()),
        ("the database", database.to_string(), actual.database.to_string()),
        ("the database's oid", database_oid.to_string(), actual.database_oid.to_string()),
        ("the role", role.clone(), actual.role.clone()),
        ("the server's start", postmaster_start.clone(), actual.postmaster_start.clone()),
        ("the server's version", server_version.clone(), actual.server_version.clone()),
        (
            "the server's version number",
            server_version_num.to_string(),
            actual.server_version_num.to_string(),
        ),
        ("being a standby", in_recovery.to_string(), actual.in_recovery.to_string()),
    ];
    match facts.into_iter().find(|(_, pinned, actual)| pinned != actual) {
        None => Ok(()),
        Some((what, pinned, actual)) => Err(GuardError::IdentityChanged { what, pinned, actual }),
    }
}

/// Reads a time as `current_setting` prints it: in the largest unit without a remainder.
fn milliseconds(shown: &str) -> Option<u64> {
    let digits = shown.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &shown[digits.len()..] {
        "" | "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_times_as_the_server_prints_them() {
        for (shown, expected) in [
            ("0", Some(0)),
            ("5s", Some(5_000)),
            ("1500ms", Some(1_500)),
            ("1min", Some(60_000)),
            ("2h", Some(7_200_000)),
            ("1d", Some(86_400_000)),
            ("5 s", None),
            ("x", None),
        ] {
            assert_eq!(milliseconds(shown), expected, "{shown}");
        }
    }

    #[test]
    fn the_guards_text_is_filled_in_once() {
        for text in [query(true), query(false)] {
            assert!(!text.contains(":system_identifier as"), "{text}");
        }
        assert!(startup_options(&Bounds::default()).contains("-c DateStyle=ISO,\\ MDY -c"));
    }

    /// Whatever can be shadowed is qualified: every function call and relation of the guard, and
    /// of the other texts of the channel, begins with `pg_catalog.`.
    #[test]
    fn nothing_in_the_channels_own_queries_can_be_shadowed() {
        let texts = [
            query(true),
            include_str!("../../../sql/engine/probe/control.sql").to_owned(),
            include_str!("../../../sql/engine/probe/assert.sql").to_owned(),
            include_str!("../../../sql/engine/probe/recycle.sql").to_owned(),
            include_str!("../../../sql/engine/probe/lookup.sql").to_owned(),
            include_str!("../../../sql/engine/probe/lookup-columns.sql").to_owned(),
            include_str!("../../../sql/engine/probe/lookup-functions.sql").to_owned(),
            include_str!("../../../sql/engine/probe/lookup-operators.sql").to_owned(),
            include_str!("../../../sql/engine/probe/lookup-types.sql").to_owned(),
        ];
        for text in texts {
            let code: String = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("--"))
                .collect::<Vec<_>>()
                .join("\n");
            for (at, _) in code.match_indices('(') {
                let before = &code[..at];
                let from = before
                    .rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.'))
                    .map_or(0, |n| n + 1);
                let word = &before[from..];
                let grammar =
                    ["operator", "any", "all", "exists", "array", "values", "q", "given", "from"];
                let fine =
                    word.is_empty() || grammar.contains(&word) || word.starts_with("pg_catalog.");
                assert!(fine, "{word} is not qualified");
            }
            for part in code.split("from ").skip(1) {
                let fine = ["pg_catalog.", "(values :questions)", "rows ", "(pg_catalog."]
                    .iter()
                    .any(|own| part.starts_with(own));
                assert!(fine, "{part}");
            }
            let mut bare = code.clone();
            while let Some((before, after)) = bare.split_once("operator(pg_catalog.") {
                let (_, after) = after.split_once(')').unwrap();
                bare = format!("{before}{after}");
            }
            for operator in ["=", "<", ">", "~", "||", "&&", "+", "-"] {
                assert!(!bare.contains(operator), "{operator} is not qualified: {bare}");
            }
        }
    }
}
