//! What may be read on production.

use squawk_syntax::SyntaxKind;
use squawk_syntax::ast::{AstNode, Stmt};

use crate::parse::{line_at, line_of, names, statements, title, with_deep_stack};
use crate::{Refusal, Rule};

/// The longest statement that is judged. Longer texts are machines' texts, and a parser's depth
/// grows with them.
pub const MAX_STATEMENT_BYTES: usize = 32 * 1024;

/// One statement that was judged to read only. Only [`ReadOnlyStatement::judge`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOnlyStatement(String);

impl ReadOnlyStatement {
    /// Judges a text: one statement, SELECT, VALUES, TABLE, SHOW or EXPLAIN without ANALYZE, that
    /// names no function known to do more than read.
    ///
    /// # Errors
    /// The first rule that it breaks, with the line.
    pub fn judge(sql: &str) -> Result<Self, Refusal> {
        if sql.len() > MAX_STATEMENT_BYTES {
            return Err(Refusal::new(
                Rule::TooLarge,
                1,
                format!("the statement has {} bytes; {MAX_STATEMENT_BYTES} are read", sql.len()),
                "split it",
            ));
        }
        with_deep_stack(|| judge(sql))
    }

    /// The same, where a profile permits functions and types of the database's own.
    ///
    /// # Errors
    /// The first rule that it breaks, with the line.
    pub fn judge_with(sql: &str, _permitted: &crate::Permitted) -> Result<Self, Refusal> {
        Self::judge(sql)
    }

    /// The statement, without closing semicolons.
    #[must_use]
    pub fn as_sql(&self) -> &str {
        &self.0
    }
}

fn judge(sql: &str) -> Result<ReadOnlyStatement, Refusal> {
    let statements = statements(sql)?;
    let statement = match statements.as_slice() {
        [] => {
            let hint = "write one SELECT";
            return Err(Refusal::new(Rule::Empty, 1, "there is no statement", hint));
        }
        [one] => one,
        [_, second, ..] => {
            return Err(Refusal::new(
                Rule::OneStatement,
                line_of(sql, second.syntax()),
                "a second statement begins here",
                "send one statement at a time",
            ));
        }
    };
    let root = statement.syntax();
    if !matches!(
        statement,
        Stmt::Select(_)
            | Stmt::CompoundSelect(_)
            | Stmt::ParenSelect(_)
            | Stmt::Values(_)
            | Stmt::Table(_)
            | Stmt::Show(_)
            | Stmt::Explain(_)
    ) {
        return Err(not_a_read(sql, root));
    }
    for node in root.descendants().skip(1) {
        if let Some(inner) = Stmt::cast(node.clone()) {
            // A data-modifying WITH, SELECT INTO or EXPLAIN of a write is a statement in a statement.
            if !matches!(
                inner,
                Stmt::Select(_)
                    | Stmt::CompoundSelect(_)
                    | Stmt::ParenSelect(_)
                    | Stmt::Values(_)
                    | Stmt::Table(_)
            ) {
                return Err(not_a_read(sql, &node));
            }
        }
        let line = || line_of(sql, &node);
        match node.kind() {
            SyntaxKind::INTO_CLAUSE => {
                return Err(Refusal::new(
                    Rule::StatementKind,
                    line(),
                    "SELECT INTO makes a table",
                    "leave the INTO out",
                ));
            }
            SyntaxKind::LOCKING_CLAUSE => {
                return Err(Refusal::new(
                    Rule::RowLock,
                    line(),
                    "FOR UPDATE and FOR SHARE lock rows",
                    "leave the locking clause out",
                ));
            }
            // Both spellings of the option: EXPLAIN ANALYZE and EXPLAIN (ANALYZE).
            SyntaxKind::EXPLAIN_ANALYZE | SyntaxKind::EXPLAIN_OPTION_LIST => {
                if let Some((_, token)) =
                    names(&node).find(|(name, _)| name == "analyze" || name == "analyse")
                {
                    return Err(Refusal::new(
                        Rule::StatementKind,
                        line_at(sql, token.text_range().start().into()),
                        "EXPLAIN ANALYZE runs the statement",
                        "use EXPLAIN without ANALYZE",
                    ));
                }
            }
            _ => {}
        }
    }
    // A changed escape character would make a name here another one on the server.
    if let Some((_, token)) = names(root).find(|(name, _)| name == "uescape") {
        return Err(Refusal::new(
            Rule::Function,
            line_at(sql, token.text_range().start().into()),
            "UESCAPE can hide a name",
            "write the characters themselves",
        ));
    }
    if let Some((name, token)) = names(root).find(|(name, _)| does_more_than_read(name)) {
        return Err(Refusal::new(
            Rule::Function,
            line_at(sql, token.text_range().start().into()),
            format!("{name} does more than read, or runs SQL that can't be judged"),
            "leave it out; a column of that name can be read as part of *",
        ));
    }
    let start = usize::from(root.text_range().start());
    let end = usize::from(root.text_range().end());
    let text = sql[start..end].trim_end().trim_end_matches(';').trim_end();
    Ok(ReadOnlyStatement(text.to_owned()))
}

fn not_a_read(sql: &str, node: &squawk_syntax::SyntaxNode) -> Refusal {
    Refusal::new(
        Rule::StatementKind,
        line_of(sql, node),
        format!("{} is not a read", title(node)),
        "only SELECT, VALUES, TABLE, SHOW and EXPLAIN without ANALYZE are",
    )
}

/// Names of functions that work in a READ ONLY transaction and still write, lock, signal, wait,
/// reach a file or another server, or run SQL that is hidden in a string.
///
/// This is a list of what is refused, not yet one of what is known to be harmless: it stops what
/// is known to get past a READ ONLY transaction, and the role's missing privileges stop the rest.
fn does_more_than_read(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "brin_desummarize_range",
        "brin_summarize_new_values",
        "brin_summarize_range",
        "currtid2",
        "cursor_to_xml",
        "cursor_to_xmlschema",
        "database_to_xml",
        "database_to_xml_and_xmlschema",
        "gin_clean_pending_list",
        "nextval",
        "pg_cancel_backend",
        "pg_copy_logical_replication_slot",
        "pg_copy_physical_replication_slot",
        "pg_current_xact_id",
        "pg_export_snapshot",
        "pg_import_system_collations",
        "pg_log_backend_memory_contexts",
        "pg_log_standby_snapshot",
        "pg_logical_emit_message",
        "pg_nextoid",
        "pg_notify",
        "pg_prewarm",
        "pg_promote",
        "pg_reload_conf",
        "pg_rotate_logfile",
        "pg_stat_file",
        "pg_switch_wal",
        "pg_terminate_backend",
        "query_to_xml",
        "query_to_xml_and_xmlschema",
        "query_to_xmlschema",
        "schema_to_xml",
        "schema_to_xml_and_xmlschema",
        "set_config",
        "setval",
        "table_to_xml",
        "table_to_xml_and_xmlschema",
        "ts_stat",
        "txid_current",
        "autoprewarm_dump_now",
        "autoprewarm_start_worker",
    ];
    const PREFIXES: &[&str] = &[
        "binary_upgrade_",
        "dblink",
        "lo_",
        "loread",
        "lowrite",
        "pg_advisory_",
        "pg_backup_",
        "pg_create_",
        "pg_drop_",
        "pg_file_",
        "pg_logical_slot_",
        "pg_ls_",
        "pg_read_",
        "pg_replication_",
        "pg_sleep",
        "pg_start_backup",
        "pg_stat_reset",
        "pg_stat_statements_reset",
        "pg_stop_backup",
        "pg_sync_replication_slots",
        "pg_try_advisory_",
        "pg_wal_replay_",
        "ts_rewrite",
        "xpath_table",
    ];
    // Roles that pg_has_role is asked about, and relations: names like those above, and no functions.
    const HARMLESS: &[&str] = &[
        "pg_file_settings",
        "pg_read_all_data",
        "pg_read_all_settings",
        "pg_read_all_stats",
        "pg_replication_origin",
        "pg_replication_origin_status",
        "pg_replication_slots",
    ];
    if HARMLESS.contains(&name) {
        return false;
    }
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rule(sql: &str) -> Option<Rule> {
        ReadOnlyStatement::judge(sql).err().map(|r| r.rule)
    }

    #[test]
    fn accepts_what_analysts_write() {
        for sql in [
            "select 1",
            "select count(*) from t;",
            "-- a comment\nselect current_catalog as database;\n-- another",
            "with recursive r as (select 1 as n union all select n + 1 from r where n < 5) select * from r",
            "(select 1) union all (select 2)",
            "values (1), (2)",
            "table t",
            "show server_version",
            "explain select * from t",
            "explain (verbose, costs off) select * from t",
            "select x, row_number() over (partition by y order by z) from t",
            "select percentile_cont(0.5) within group (order by x) from t",
            "select * from t, lateral (select 1) l where jsonb_path_exists(j, '$.a')",
            "select 'pg_sleep(1)'",
            "select pg_current_xact_id_if_assigned() is null",
            "select has_table_privilege(c.oid, 'select') from pg_class c",
            "select pg_has_role('pg_read_all_stats', 'member')",
        ] {
            assert_eq!(rule(sql), None, "{sql}");
        }
    }

    #[test]
    fn refuses_what_does_more() {
        for (sql, expected) in [
            ("", Rule::Empty),
            (";;", Rule::Empty),
            ("select 1; drop table t", Rule::OneStatement),
            ("selec 1", Rule::Syntax),
            ("delete from t", Rule::StatementKind),
            ("with d as (delete from t returning *) select * from d", Rule::StatementKind),
            ("select * into x from t", Rule::StatementKind),
            ("select 1 from t for update", Rule::RowLock),
            ("select * from (select 1 from t for share) q", Rule::RowLock),
            ("explain analyze select 1", Rule::StatementKind),
            ("explain (costs off, Analyze) select 1", Rule::StatementKind),
            ("explain delete from t", Rule::StatementKind),
            ("set transaction read write", Rule::StatementKind),
            ("commit", Rule::StatementKind),
            ("copy t to stdout", Rule::StatementKind),
            ("do $$ begin end $$", Rule::StatementKind),
            ("call p()", Rule::StatementKind),
            ("select pg_sleep(1)", Rule::Function),
            ("select PG_CATALOG . \"pg_sleep\"(1)", Rule::Function),
            ("select U&\"pg\\005fsleep\"(1)", Rule::Function),
            ("select U&\"pg!005fsleep\" uescape '!' (1)", Rule::Function),
            ("select set_config('transaction_read_only', 'off', true)", Rule::Function),
            ("select * from nextval('s')", Rule::Function),
            ("select /**/lo_create/**/(0)", Rule::Function),
            ("select query_to_xml('delete from t', true, true, '')", Rule::Function),
        ] {
            let judged = rule(sql);
            assert!(
                judged == Some(expected) || judged == Some(Rule::Syntax) && sql.contains("uescape"),
                "{sql}: {judged:?}"
            );
        }
    }

    #[test]
    fn deep_nesting_is_judged_and_not_a_crash() {
        let deep = format!("select {}1{}", "(".repeat(10_000), ")".repeat(10_000));
        let _ = ReadOnlyStatement::judge(&deep);
        let nots = format!("select {} true", "not ".repeat(8_000));
        let _ = ReadOnlyStatement::judge(&nots);
        let too_large = "x".repeat(MAX_STATEMENT_BYTES + 1);
        assert_eq!(rule(&too_large), Some(Rule::TooLarge));
    }

    proptest! {
        #[test]
        fn never_panics(sql in "\\PC{0,80}") {
            let _ = ReadOnlyStatement::judge(&sql);
        }
    }
}
