//! A service and a server that comes, goes and misbehaves.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clonegate_model::{Exit, Value};
use clonegate_profile::ProductionProfile;
use clonegate_query::{Caller, QueryError, QueryService, QueryVerdict, Served, new_run_id};
use clonegate_sandbox::{Auth, LocalServer, ServerOptions, StopMode, find_postgres};
use clonegate_store::audit::{AuditEvent, AuditLine, verify};

const LONG: &str =
    "select count(*) from generate_series(1, 100000) a, generate_series(1, 1000000) b";

struct Stage {
    server: LocalServer,
    folder: tempfile::TempDir,
}

impl Stage {
    async fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("clonegate-query-").tempdir().unwrap();
        let options = ServerOptions {
            auth: Auth::Trust,
            settings: vec![("log_statement".to_owned(), "all".to_owned())],
        };
        let found = find_postgres(None).expect("a local PostgreSQL");
        let server = LocalServer::start(&found, &folder.path().join("server"), &options).await;
        let stage = Self { server: server.unwrap(), folder };
        stage.sql("create role reader login; create database shop").await;
        stage.sql("revoke temporary on database shop from public").await;
        stage.on("shop", "revoke create on schema public from public").await;
        stage
    }

    async fn sql(&self, sql: &str) -> String {
        self.on("postgres", sql).await
    }

    async fn on(&self, database: &str, sql: &str) -> String {
        self.server.psql().run_sql(database, sql).await.unwrap().trim().to_owned()
    }

    fn service(&self, more: &str) -> QueryService {
        let path = self.folder.path().join("clonegate.toml");
        let port = self.server.port();
        let text = format!(
            "format = 1\nname = \"shop\"\n[production]\ndatabase = \"shop\"\nallowlist = [\"shop\"]\nrole = \"reader\"\nhost = \"127.0.0.1\"\nport = {port}\nsslmode = \"disable\"\n[limits]\nread-timeout = \"20s\"\n{more}"
        );
        std::fs::write(&path, text).unwrap();
        let profile = ProductionProfile::load(&path).unwrap();
        QueryService::from_profile(&profile, new_run_id().unwrap(), &self.store()).unwrap()
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    fn lines(&self) -> Vec<AuditLine> {
        let path = self.store().join("audit.jsonl");
        verify(std::slice::from_ref(&path), None).unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn events(&self) -> Vec<AuditEvent> {
        self.lines().iter().map(|l| l.entry.event).collect()
    }

    /// How often the server was sent a statement.
    fn sent(&self, statement: &str) -> usize {
        let log = std::fs::read_to_string(self.server.log_path()).unwrap();
        log.lines().filter(|l| l.contains("execute") && l.contains(statement)).count()
    }

    /// Waits until the long statement was sent so many times and runs, and gives its backend.
    async fn backend(&self, times: usize) -> String {
        let begun = Instant::now();
        loop {
            let pid = self.sql("select pid from pg_stat_activity where usename = 'reader' and state = 'active' and query like '%generate_series%'").await;
            if !pid.is_empty() && self.sent("generate_series") == times {
                return pid;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "nobody asks");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn ask(service: &QueryService, sql: &str) -> Result<Served, QueryError> {
    service.query(&Caller::new("test:service").unwrap(), "shop", sql).await
}

fn asking(service: &QueryService) -> tokio::task::JoinHandle<Result<Served, QueryError>> {
    let service = service.clone();
    tokio::spawn(async move { ask(&service, LONG).await })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_started_anew_is_recorded_as_another_one() {
    let mut stage = Stage::new().await;
    let service = stage.service("");
    for _ in 0..2 {
        assert_eq!(
            ask(&service, "select 1 as n").await.unwrap().reading.single("n"),
            Some(&Value::Integer(1))
        );
    }
    stage.server.restart(StopMode::Fast).await.unwrap();
    ask(&service, "select 2 as n").await.unwrap();
    stage.server.restart(StopMode::Immediate).await.unwrap();
    ask(&service, "select 3 as n").await.unwrap();
    let connected: Vec<_> = stage
        .lines()
        .into_iter()
        .filter(|l| l.entry.event == AuditEvent::Connected)
        .map(|l| l.entry.note.unwrap())
        .collect();
    assert_eq!(connected.len(), 3, "{connected:?}");
    assert!(connected[0] != connected[1] && connected[1] != connected[2], "{connected:?}");

    stage.server.stop(StopMode::Fast).await.unwrap();
    let begun = Instant::now();
    let away = ask(&service, "select 4 as n").await.unwrap_err();
    assert!(matches!(away, QueryError::Unavailable { .. }), "{away:?}");
    assert!(begun.elapsed() < Duration::from_secs(10), "knocking ends");
    assert_eq!(stage.events().last(), Some(&AuditEvent::Failed));
    stage.server.start_again().await.unwrap();
    ask(&service, "select 4 as n").await.unwrap();
    service.close().await;
    assert_eq!(
        stage.sql("select count(*) from pg_stat_activity where usename = 'reader'").await,
        "0"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_may_have_run_is_not_sent_again() {
    let stage = Stage::new().await;
    let service = stage.service("");
    ask(&service, "select 1 as n").await.unwrap();

    let question = asking(&service);
    let pid = stage.backend(1).await;
    stage.sql(&format!("select pg_terminate_backend({pid})")).await;
    let ended = question.await.unwrap().unwrap_err();
    assert_eq!(ended.verdict(), QueryVerdict::Failed, "{ended:?}");
    assert_eq!(stage.sent("generate_series"), 1, "{ended:?}");
    ask(&service, "select 1 as n").await.unwrap();

    // As when the statement took the server's memory: the backend is killed, and with it all.
    // What the stage was made of must survive that; the server commits without waiting for its disk.
    stage.sql("checkpoint").await;
    let question = asking(&service);
    let pid = stage.backend(2).await;
    assert!(std::process::Command::new("kill").args(["-9", &pid]).status().unwrap().success());
    let ended = question.await.unwrap().unwrap_err();
    assert!(matches!(ended, QueryError::Lost | QueryError::Server { .. }), "{ended:?}");
    assert_eq!(stage.sent("generate_series"), 2, "{ended:?}");
    ask(&service, "select 1 as n").await.unwrap();
    let events = stage.events();
    assert_eq!(events.iter().filter(|e| **e == AuditEvent::Failed).count(), 2);
    service.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_may_write_is_refused_by_name_and_sent_nothing() {
    let stage = Stage::new().await;
    stage.on("shop", "create table orders (id int); grant insert on orders to reader").await;
    let service = stage.service("");
    let refused = ask(&service, "select 1 as n").await.unwrap_err();
    assert_eq!((refused.rule(), refused.exit()), ("role", Exit::Refused));
    assert!(refused.to_string().contains("orders"), "{refused}");
    assert_eq!(stage.events().last(), Some(&AuditEvent::Refused));
    assert_eq!(stage.sent("select 1 as n"), 0);
    stage.on("shop", "revoke insert on orders from reader").await;
    ask(&service, "select 1 as n").await.unwrap();
    service.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_takes_a_transaction_id_is_a_breach_and_is_recorded_as_one() {
    let stage = Stage::new().await;
    stage
        .on("shop", "create function public.sneaky() returns text language sql volatile as 'select pg_current_xact_id()::text'")
        .await;
    let service = stage.service("[permitted]\nfunctions = [\"public.sneaky\"]\n");
    let breach = ask(&service, "select public.sneaky()").await.unwrap_err();
    assert!(matches!(breach, QueryError::Breach { .. }), "{breach:?}");
    assert_eq!((breach.exit(), breach.verdict()), (Exit::Fail, QueryVerdict::Breach));
    assert_eq!(stage.events().last(), Some(&AuditEvent::Breach));
    let found = verify(&[stage.store().join("audit.jsonl")], None).unwrap();
    assert_eq!(found.breaches, 1);
    service.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_is_let_through_is_turned_away_and_recorded() {
    let stage = Stage::new().await;
    let service = stage.service("[query]\nconnections = 1\nqueue-timeout = \"100ms\"\n");
    let first = asking(&service);
    stage.backend(1).await;
    let busy = ask(&service, "select 1").await.unwrap_err();
    assert!(matches!(busy, QueryError::Busy { .. }), "{busy:?}");
    // Beyond what may wait at all, nobody waits.
    let waiting: Vec<_> = (0..80).map(|_| asking(&service)).collect();
    let mut at_once = 0;
    for question in waiting {
        match question.await.unwrap().unwrap_err() {
            QueryError::Busy { waited } if waited.is_zero() => at_once += 1,
            QueryError::Busy { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(at_once > 0);
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    service.close().await;
    let found = verify(&[stage.store().join("audit.jsonl")], None).unwrap();
    assert!(found.unanswered.is_empty(), "{:?}", found.unanswered);
    assert_eq!(stage.sent("generate_series"), 1);
}
