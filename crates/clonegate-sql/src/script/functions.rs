//! Functions that reach outside the clone, by the rule that they break.
//!
//! The list is of names and not of signatures: a name in a script may be a call, an operator's or
//! an aggregate's function, a cast to `regproc`. Functions of PostgreSQL 14 to 18 and of the
//! extensions that hosts commonly have.

use super::ScriptRule;
use super::ScriptRule::{
    EndsBackends, Notify, RemoteConnection, Replication, ScheduledJob, ServerControl, ServerFile,
};

/// Names that are refused wherever they stand.
const NAMES: &[(ScriptRule, &[&str])] = &[
    (
        ServerFile,
        &[
            "lo_export",
            "lo_import",
            "pg_current_logfile",
            "pg_file_read",
            "pg_file_rename",
            "pg_file_sync",
            "pg_file_unlink",
            "pg_file_write",
            "pg_logdir_ls",
            "pg_ls_archive_statusdir",
            "pg_ls_dir",
            "pg_ls_logdir",
            "pg_ls_logicalmapdir",
            "pg_ls_logicalsnapdir",
            "pg_ls_replslotdir",
            "pg_ls_summariesdir",
            "pg_ls_tmpdir",
            "pg_ls_waldir",
            "pg_read_binary_file",
            "pg_read_file",
            "pg_read_file_old",
            "pg_stat_file",
        ],
    ),
    (
        ServerControl,
        &[
            "pg_backup_start",
            "pg_backup_stop",
            "pg_create_restore_point",
            "pg_log_backend_memory_contexts",
            "pg_log_standby_snapshot",
            "pg_promote",
            "pg_reload_conf",
            "pg_rotate_logfile",
            "pg_rotate_logfile_old",
            "pg_start_backup",
            "pg_stat_reset",
            "pg_stat_reset_shared",
            "pg_stat_reset_slru",
            "pg_stop_backup",
            "pg_switch_wal",
            "pg_switch_xlog",
            "pg_wal_replay_pause",
            "pg_wal_replay_resume",
            "binary_upgrade_set_next_pg_authid_oid",
        ],
    ),
    (
        Replication,
        &[
            "pg_copy_logical_replication_slot",
            "pg_copy_physical_replication_slot",
            "pg_create_logical_replication_slot",
            "pg_create_physical_replication_slot",
            "pg_drop_replication_slot",
            "pg_replication_slot_advance",
            "pg_sync_replication_slots",
        ],
    ),
    (EndsBackends, &["pg_cancel_backend", "pg_terminate_backend"]),
    (Notify, &["pg_notify"]),
    (RemoteConnection, &["postgres_fdw_disconnect", "postgres_fdw_disconnect_all"]),
];

/// Beginnings of names that are refused wherever they stand.
const FAMILIES: &[(ScriptRule, &str)] = &[
    (RemoteConnection, "dblink"),
    (Replication, "pg_logical_"),
    (Replication, "pg_replication_origin_"),
];

/// Names that people also give to columns and functions of their own: refused where they are
/// called with this schema, or where the schema is `None` in any call.
const CALLS: &[(ScriptRule, Option<&str>, &[&str])] = &[
    (
        RemoteConnection,
        None,
        &["http", "http_delete", "http_get", "http_head", "http_patch", "http_post", "http_put"],
    ),
    (RemoteConnection, Some("aws_lambda"), &["invoke"]),
    (RemoteConnection, Some("aws_s3"), &["query_export_to_s3", "table_import_from_s3"]),
    (ScheduledJob, Some("cron"), &["alter_job", "schedule", "schedule_in_database", "unschedule"]),
];

/// Functions that run SQL which is given to them as text.
const RUNS_TEXT: [&str; 14] = [
    "connectby",
    "crosstab",
    "crosstab2",
    "crosstab3",
    "crosstab4",
    "crosstabn",
    "cursor_to_xml",
    "cursor_to_xmlschema",
    "query_to_xml",
    "query_to_xml_and_xmlschema",
    "query_to_xmlschema",
    "ts_rewrite",
    "ts_stat",
    "xpath_table",
];

/// The rule that a name breaks wherever it stands.
pub(crate) fn named(name: &str) -> Option<ScriptRule> {
    let whole = NAMES.iter().find(|(_, names)| names.contains(&name)).map(|(rule, _)| *rule);
    whole.or_else(|| {
        FAMILIES.iter().find(|(_, start)| name.starts_with(start)).map(|(rule, _)| *rule)
    })
}

/// The rule that a call breaks.
pub(crate) fn called(schema: Option<&str>, name: &str) -> Option<ScriptRule> {
    CALLS
        .iter()
        .find(|(_, of, names)| names.contains(&name) && (of.is_none() || *of == schema))
        .map(|(rule, _, _)| *rule)
}

/// Whether a function runs SQL that it is given as text.
pub(crate) fn runs_text(name: &str) -> bool {
    RUNS_TEXT.contains(&name)
}
