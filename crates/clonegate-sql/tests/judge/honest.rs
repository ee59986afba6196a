//! Honest people's queries are accepted, and are SQL that a server runs.

use clonegate_sandbox::{LocalServer, PostgresInstallation, Psql, ServerOptions, find_postgres};
use clonegate_sql::ReadOnlyStatement;

use crate::corpus::{self, Statement};

const FIXTURE: &str = include_str!("../corpus/fixture.sql");

#[test]
fn honest_queries_are_accepted() {
    let statements = corpus::honest();
    assert!(statements.len() >= 120, "{}", statements.len());
    let refused: Vec<String> = statements
        .iter()
        .filter_map(|s| Some(format!("{}\n  {}", s.sql, ReadOnlyStatement::judge(&s.sql).err()?)))
        .collect();
    assert!(refused.is_empty(), "{} refused:\n{}", refused.len(), refused.join("\n"));
}

/// Whether a server of this version reads the statement.
fn is_read_by(statement: &Statement, major: u32) -> bool {
    match statement.tag.strip_prefix("from ") {
        Some(since) => since.parse::<u32>().expect("a version stands after from") <= major,
        None => true,
    }
}

/// Runs each statement in a read-only transaction; the judge's own text is what is sent.
pub(crate) async fn run_all(psql: &Psql, major: u32) {
    psql.run_script("fixture.sql", "postgres", FIXTURE, &[]).await.expect("the fixture loads");
    let statements: Vec<Statement> =
        corpus::honest().into_iter().filter(|s| is_read_by(s, major)).collect();
    let mut failed = Vec::new();
    for statement in &statements {
        let judged = ReadOnlyStatement::judge(&statement.sql).expect("it is accepted");
        // A parameter has no value here; EXPLAIN with it needs none.
        let script = format!("begin read only;\n{};\nrollback;\n", judged.as_sql());
        if let Err(error) = psql.run_script("", "postgres", &script, &[]).await {
            let error = error.to_string();
            // Some builds of PostgreSQL come without libxml; they parse the statement all the same.
            if !error.contains("libxml support") {
                failed.push(format!("{}\n{error}", statement.sql));
            }
        }
    }
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), statements.len(), failed.join("\n"));
}

pub(crate) async fn local(installation: &PostgresInstallation) -> (tempfile::TempDir, LocalServer) {
    let home = tempfile::tempdir().expect("a folder");
    let server = LocalServer::start(installation, home.path(), &ServerOptions::default())
        .await
        .expect("the server starts");
    (home, server)
}

#[tokio::test]
async fn honest_queries_run_on_a_real_server() {
    let installation = find_postgres(None).expect("PostgreSQL is installed");
    let (_home, server) = local(&installation).await;
    run_all(&server.psql(), installation.major()).await;
}
