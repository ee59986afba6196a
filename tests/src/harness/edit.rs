//! Edits a profile the way a person would: one key at a time.

use toml_edit::{DocumentMut, Item, Table};

/// Sets `path` (`clone.name-pattern`; a quoted last key may have dots) to a TOML value, or removes it.
pub(crate) fn set(document: &mut DocumentMut, path: &str, value: Option<toml_edit::Value>) {
    let (tables, key) = split(path);
    let mut table: &mut Table = document.as_table_mut();
    for name in tables {
        table = table
            .entry(name)
            .or_insert_with(toml_edit::table)
            .as_table_mut()
            .unwrap_or_else(|| panic!("{name} in {path} is no table"));
    }
    match value {
        Some(value) => table[key] = Item::Value(value),
        None => {
            table.remove(key).unwrap_or_else(|| panic!("{path} is not there to be removed"));
        }
    }
}

fn split(path: &str) -> (Vec<&str>, &str) {
    if let Some((tables, quoted)) = path.split_once('"') {
        return (
            tables.split('.').filter(|t| !t.is_empty()).collect(),
            quoted.trim_end_matches('"'),
        );
    }
    match path.rsplit_once('.') {
        Some((tables, key)) => (tables.split('.').collect(), key),
        None => (Vec::new(), path),
    }
}
