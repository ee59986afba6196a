//! What a script may set.

use super::ScriptRule::{self, *};
use super::Severity;

/// Settings by which the executor, psql and the judge rely on reading the same text, or by which
/// a run's own sessions are known.
const EXECUTORS: [&str; 6] = [
    "all",
    "application_name",
    "backslash_quote",
    "client_encoding",
    "names",
    "standard_conforming_strings",
];

const TIMEOUTS: [&str; 5] = [
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
    "lock_timeout",
    "statement_timeout",
    "transaction_timeout",
];

/// Judges `SET name = value`, `set_config('name', 'value', …)` and `RESET name` (no value). The
/// value is as it is written, lower-cased; `None` stands for the default, or for one that is not
/// a constant.
pub(crate) fn judge(name: &str, value: Option<&str>) -> Option<(ScriptRule, Severity)> {
    let refused = |rule: ScriptRule| Some((rule, rule.severity()));
    let value = value.map(|v| v.trim().trim_matches('\'').to_lowercase());
    let value = value.as_deref();
    match name {
        // pg_dump writes these two into every dump.
        "standard_conforming_strings" if matches!(value, Some("on" | "true" | "yes" | "1")) => None,
        "client_encoding" | "names" if matches!(value, Some("utf8" | "utf-8" | "unicode")) => None,
        "role" | "session_authorization" => refused(SessionIdentity),
        _ if EXECUTORS.contains(&name) || name.starts_with("clonegate.") => refused(SessionSetting),
        "default_transaction_read_only"
        | "default_transaction_isolation"
        | "default_transaction_deferrable"
        | "transaction_read_only"
        | "transaction_isolation"
        | "transaction_deferrable" => refused(TransactionControl),
        "default_tablespace" | "temp_tablespaces" => match value {
            None | Some("" | "pg_default" | "default") => None,
            Some(_) => refused(Tablespace),
        },
        "dynamic_library_path"
        | "local_preload_libraries"
        | "session_preload_libraries"
        | "shared_preload_libraries"
        | "jit_provider"
        | "archive_library" => refused(LoadsCode),
        "allow_system_table_mods"
        | "ignore_checksum_failure"
        | "ignore_system_indexes"
        | "zero_damaged_pages" => refused(SystemCatalog),
        "session_replication_role" if value == Some("origin") => None,
        "session_replication_role" => refused(BypassesTriggers),
        _ if TIMEOUTS.contains(&name) => refused(UndoesTimeout),
        _ => None,
    }
}
