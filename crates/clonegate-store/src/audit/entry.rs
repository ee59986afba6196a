//! One line of the audit log.

use std::fmt;

use clonegate_model::RunId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The version of a line's format.
pub const AUDIT_FORMAT: u32 = 1;

/// What stands before the first line of a chain.
pub(crate) const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The longest line, newline included. The longest text that the judge reads fits, however much of
/// it JSON has to escape.
pub(crate) const MAX_LINE: usize = 256 * 1024;

/// What stands between a line's content and its hash.
const JOINT: &str = ",\"hash\":\"";

/// What a line says happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuditEvent {
    /// A statement is about to be sent.
    Asked,
    /// It was answered.
    Answered,
    /// It was refused: by the judge, the allowlist or the role's attestation; nothing was sent.
    Refused,
    /// There is no answer: the server's error, a time-out, a bound, a lost connection.
    Failed,
    /// Whoever asked went away, and the statement was cancelled on the server.
    Cancelled,
    /// Something was written, or the read-only transaction was left.
    Breach,
    /// A channel was opened, to the server that the note names.
    Connected,
    /// The first line of a file that continues the one before it.
    Continued,
    /// A line that a crash had cut was set aside.
    Torn,
}

impl AuditEvent {
    /// Whether it is what became of a statement.
    #[must_use]
    pub fn is_outcome(self) -> bool {
        matches!(
            self,
            Self::Answered | Self::Refused | Self::Failed | Self::Cancelled | Self::Breach
        )
    }
}

impl fmt::Display for AuditEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Asked => "asked",
            Self::Answered => "answered",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Breach => "breach",
            Self::Connected => "connected",
            Self::Continued => "continued",
            Self::Torn => "torn",
        })
    }
}

/// What is to be recorded; the log adds format, sequence number, time and the chain.
///
/// Nothing in it is data of the database: texts of statements are the caller's own words, and can
/// be left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// What happened.
    pub event: AuditEvent,
    /// The run whose sessions `application_name` names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// Who asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
    /// Of which database, in the caller's spelling.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// The sequence number of the `asked` line to which this is the outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<u64>,
    /// SHA-256 of the statement's text (of what was set aside, for `torn`), in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The statement's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The rule by which it was refused or failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The server's SQLSTATE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sqlstate: Option<String>,
    /// The rows that were handed over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Whether there were more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truncated: Option<bool>,
    /// The rows' bytes on the wire (of what was set aside, for `torn`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// How long it took, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elapsed_ms: Option<u64>,
    /// In words, where there is something to say besides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl AuditEntry {
    /// An entry that says only what happened.
    #[must_use]
    pub fn new(event: AuditEvent) -> Self {
        Self {
            event,
            run: None,
            caller: None,
            database: None,
            asked: None,
            sha256: None,
            text: None,
            rule: None,
            sqlstate: None,
            rows: None,
            truncated: None,
            bytes: None,
            elapsed_ms: None,
            note: None,
        }
    }
}

/// An entry with its place in the log, as a line has it between `{` and the hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditLine {
    /// The version of the format.
    pub format: u32,
    /// The line's number in the chain, from 1; it goes on from file to file.
    pub sequence: u64,
    /// When it was written.
    pub at: Timestamp,
    /// What it says.
    #[serde(flatten)]
    pub entry: AuditEntry,
    /// The hash of the line before it; 64 zeros before the first.
    pub previous: String,
}

/// A line as it stands in the file, with its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sealed {
    pub(crate) line: AuditLine,
    /// SHA-256 of the line's content: everything but the hash itself.
    pub(crate) hash: String,
}

/// Writes a line, newline included, and gives its hash.
pub(crate) fn seal(line: &AuditLine) -> Result<(Vec<u8>, String), serde_json::Error> {
    let mut bytes = serde_json::to_vec(line)?;
    let hash = sha256(&bytes);
    // The closing brace goes behind the hash.
    bytes.pop();
    bytes.extend_from_slice(JOINT.as_bytes());
    bytes.extend_from_slice(hash.as_bytes());
    bytes.extend_from_slice(b"\"}\n");
    Ok((bytes, hash))
}

/// Reads a line without its newline. Its bytes must be exactly those that were hashed: a line is
/// never written anew to see whether it comes out the same.
pub(crate) fn unseal(bytes: &[u8]) -> Result<Sealed, String> {
    let not_ours = || "the line is not one that clonegate writes".to_owned();
    let before = bytes.len().checked_sub(JOINT.len() + 64 + 2).ok_or_else(not_ours)?;
    let (content, seal) = bytes.split_at(before);
    let hash = seal
        .strip_prefix(JOINT.as_bytes())
        .and_then(|rest| rest.strip_suffix(b"\"}"))
        .and_then(|hash| std::str::from_utf8(hash).ok())
        .filter(|hash| is_hash(hash))
        .ok_or_else(not_ours)?;
    let mut digest = Sha256::new();
    digest.update(content);
    digest.update(b"}");
    if hex(&digest.finalize()) != hash {
        return Err("the line was changed: its content does not have its hash".to_owned());
    }
    let mut json = content.to_vec();
    json.push(b'}');
    #[derive(Deserialize)]
    struct Version {
        format: u32,
    }
    let version: Version = serde_json::from_slice(&json).map_err(|_| not_ours())?;
    if version.format != AUDIT_FORMAT {
        return Err(format!(
            "the line has format {}, this version reads {AUDIT_FORMAT}",
            version.format
        ));
    }
    let line =
        serde_json::from_slice(&json).map_err(|e| format!("the line lacks something: {e}"))?;
    Ok(Sealed { line, hash: hash.to_owned() })
}

/// Whether a text is a SHA-256 in lower-case hexadecimal.
pub(crate) fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
