//! The server that the tests share, and a "production" on it.
#![allow(dead_code, clippy::unwrap_used)]

use std::sync::atomic::{AtomicU32, Ordering};

use super::probe::{
    Accepted, Allowlist, Bounds, ConnectError, ConnectionSettings, Environment, Fields,
    ProductionChannel, Terms,
};
use clonegate_model::{DatabaseName, RunId};

use super::server::{Server, TRUST, free_port};

pub(crate) const DATABASE: &str = "production";
pub(crate) const SECRET: &str = "s3cret-in-a-row";

static SHARED: tokio::sync::OnceCell<Server> = tokio::sync::OnceCell::const_new();
static RUNS: AtomicU32 = AtomicU32::new(1);

pub(crate) async fn shared() -> &'static Server {
    SHARED
        .get_or_init(|| async {
            let server = Server::start(free_port(), "", TRUST, &[]).await;
            populate(&server).await;
            server
        })
        .await
}

pub(crate) async fn populate(server: &Server) {
    let client = server.superuser("postgres").await;
    for sql in [
        "create role reader login",
        "create role other login",
        "create role owner login superuser",
        "create database production",
        "create database staging",
        "revoke temporary on database production from public",
    ] {
        client.batch_execute(sql).await.unwrap();
    }
    let client = server.superuser(DATABASE).await;
    client
        .batch_execute(
            "revoke create on schema public from public;
             create table canary (id int primary key, secret text not null);
             insert into canary values (1, 's3cret-in-a-row');
             create table hidden (id int);
             create table numbers as select n from generate_series(1, 1200) n;
             create sequence counter;
             create table rows_of_somebody (id int);
             insert into rows_of_somebody values (1);
             alter table rows_of_somebody enable row level security;
             create type mood as enum ('sad', 'so so', 'happy');
             create domain percent as numeric(5,2) check (value between 0 and 100);
             create table locked (id int);
             create function tells(text) returns int language plpgsql as
               $$ begin raise exception using errcode = '55000', message = $1; end $$;
             grant select on canary, numbers, rows_of_somebody, locked to reader;",
        )
        .await
        .unwrap();
}

/// What must be as it was after every attack.
pub(crate) async fn state(server: &Server) -> String {
    let client = server.superuser(DATABASE).await;
    let sql = "select pg_catalog.concat_ws(' | ',
        (select string_agg(c::text, ',') from canary c),
        (select string_agg(relname, ',' order by relname) from pg_class
          where relname in ('canary', 'made', 's', 'counter')),
        (select count(*) from pg_largeobject_metadata),
        (select last_value::text || is_called from counter),
        (select rolsuper from pg_roles where rolname = 'reader'),
        (select count(*) from pg_database))";
    client.query_one(sql, &[]).await.unwrap().get(0)
}

pub(crate) fn settings(string: &str) -> ConnectionSettings {
    let string = string.parse().unwrap();
    ConnectionSettings::resolve(&Fields::default(), Some(&string), &Environment::default()).unwrap()
}

pub(crate) fn at(server: &Server, user: &str) -> ConnectionSettings {
    settings(&format!(
        "host={} port={} user={user} dbname={DATABASE}",
        server.socket().display(),
        server.port()
    ))
}

pub(crate) fn allowlist() -> Allowlist {
    Allowlist::new([DatabaseName::new(DATABASE).unwrap()]).unwrap()
}

/// A run of its own, so that a test's sessions can be told from those of the others.
pub(crate) fn run() -> RunId {
    let number = RUNS.fetch_add(1, Ordering::Relaxed);
    format!("test-{number}").parse().unwrap()
}

pub(crate) async fn connect(
    server: &Server,
    user: &str,
    bounds: Bounds,
) -> (ProductionChannel, RunId) {
    let run = run();
    let channel = try_connect(at(server, user), &run, bounds).await.unwrap();
    (channel, run)
}

pub(crate) async fn try_connect(
    settings: ConnectionSettings,
    run: &RunId,
    bounds: Bounds,
) -> Result<ProductionChannel, ConnectError> {
    let (allowlist, accepted) = (allowlist(), Accepted::nothing());
    let terms = Terms { allowlist: &allowlist, role: None, accepted: &accepted, run, bounds };
    super::open(settings, terms).await
}

pub(crate) fn sessions(run: &RunId) -> String {
    format!(
        "select count(*) from pg_stat_activity where application_name = '{}'",
        run.application_name()
    )
}
