//! A name for what is about to be done.

use clonegate_model::RunId;
use jiff::Timestamp;

/// The system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the system gave no random bytes: {0}")]
pub struct NoRandomBytes(String);

/// A new run's id: its time for people, and random bits so that no two are equal.
///
/// # Errors
/// [`NoRandomBytes`].
pub fn new_run_id() -> Result<RunId, NoRandomBytes> {
    let mut bytes = [0_u8; 4];
    getrandom::fill(&mut bytes).map_err(|e| NoRandomBytes(e.to_string()))?;
    let random: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    let id = format!("{}-{random}", Timestamp::now().strftime("%Y%m%d-%H%M%S"));
    id.parse().map_err(|e: clonegate_model::RunIdError| NoRandomBytes(e.to_string()))
}
