//! Takes the rows of a packed answer apart.

use clonegate_model::{Reading, Value};
use serde::de::DeserializeOwned;

const BATCH: &str = include_str!("../../../sql/engine/witness/batch.sql");

/// The query with its rows packed into one, so that thousands of them fit the channel's bound on rows.
pub(crate) fn packed(question: &str) -> String {
    BATCH.replace("{question}", question.trim_end())
}

/// The rows of a packed answer.
pub(crate) fn unpack<T: DeserializeOwned>(reading: &Reading) -> Result<Vec<T>, String> {
    if reading.truncated {
        return Err("there are more rows than the channel lets through".to_owned());
    }
    // Also where there is nothing to list the answer is a row, so that none is no answer.
    let [row] = reading.rows.as_slice() else {
        return Err("the answer has an unexpected shape".to_owned());
    };
    let [Value::Text(batch)] = row.as_slice() else {
        return Err("the answer has an unexpected shape".to_owned());
    };
    serde_json::from_str(batch).map_err(|e| format!("the answer can't be read: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_row_is_no_answer() {
        let reading = |rows: Vec<Vec<Value>>| Reading {
            columns: vec!["batch".into()],
            rows,
            truncated: false,
        };
        let row = |text: &str| vec![Value::Text(text.to_owned())];
        let read = |rows| unpack::<u32>(&reading(rows));
        assert_eq!(read(vec![row("[1, 2]")]), Ok(vec![1, 2]));
        assert_eq!(read(vec![row("[]")]), Ok(vec![]));
        assert!(read(vec![]).is_err());
        assert!(read(vec![row("[1]"), row("[2]")]).is_err());
        assert!(read(vec![vec![Value::Null]]).is_err());
    }
}
