//! Where a digest's rows were hashed.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The secret of a run's streamed digests: 256 random bits.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StreamKey(pub [u8; 32]);

/// A text that is no [`StreamKey`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a streamed digest's key is 64 hexadecimal digits")]
pub struct ParseStreamKeyError;

impl TryFrom<String> for StreamKey {
    type Error = ParseStreamKeyError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut key = [0; 32];
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(ParseStreamKeyError);
        }
        for (byte, at) in key.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| ParseStreamKeyError)?;
        }
        Ok(Self(key))
    }
}

impl From<StreamKey> for String {
    fn from(key: StreamKey) -> Self {
        key.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Debug for StreamKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StreamKey(…)")
    }
}

/// Where a digest's rows were hashed. Digests of two lanes say nothing about each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lane {
    /// On the server: only sums left it. The key is [`Snapshot::digest_key`](crate::Snapshot::digest_key).
    #[default]
    Server,
    /// In this program, to which the rows were streamed.
    Streamed {
        /// By which they were hashed.
        key: StreamKey,
    },
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Lane::Server => "on the server",
            Lane::Streamed { .. } => "streamed",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_stored_as_text_and_shown_by_nothing() {
        let mut key = StreamKey([7; 32]);
        key.0[0] = 0xfe;
        let json = serde_json::to_string(&Lane::Streamed { key }).unwrap();
        assert!(json.starts_with(r#"{"streamed":{"key":"fe0707"#), "{json}");
        assert_eq!(serde_json::from_str::<Lane>(&json).unwrap(), Lane::Streamed { key });
        assert!(!format!("{key:?}").contains("fe"), "{key:?}");
        for text in ["", "fe", &"é".repeat(32), &"+1".repeat(32)] {
            assert!(StreamKey::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
