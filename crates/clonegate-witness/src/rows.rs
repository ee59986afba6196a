//! Takes the rows of a packed answer apart.

use clonegate_model::{Reading, Value};
use serde::de::DeserializeOwned;

const BATCH: &str = include_str!("../../../sql/engine/witness/batch.sql");

/// The query with its rows packed, so that thousands of them fit the channel's bound on rows.
pub(crate) fn packed(question: &str) -> String {
    BATCH.replace("{question}", question.trim_end())
}

/// The rows of a packed answer.
pub(crate) fn unpack<T: DeserializeOwned>(reading: &Reading) -> Result<Vec<T>, String> {
    if reading.truncated {
        return Err("there are more rows than the channel lets through".to_owned());
    }
    let mut rows = Vec::new();
    for row in &reading.rows {
        let [Value::Text(batch)] = row.as_slice() else {
            return Err("the answer has an unexpected shape".to_owned());
        };
        let parsed: Vec<T> =
            serde_json::from_str(batch).map_err(|e| format!("the answer can't be read: {e}"))?;
        rows.extend(parsed);
    }
    Ok(rows)
}
