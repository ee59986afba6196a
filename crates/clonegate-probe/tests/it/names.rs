//! Names are looked up in the server's catalogs before a statement is sent: honest ones stay usable in a database that
//! has functions, types and operators of its own under the same names, and the others don't get that far.

use clonegate_model::{DatabaseName, Value};
use clonegate_probe::{
    Accepted, Allowlist, Bounds, Facts, ProductionChannel, ReadError, Severity, Terms,
};
use clonegate_sql::{Permitted, ReadOnlyStatement};
use tokio_postgres::Client;

use super::production::{run, settings, shared};
use super::server::Server;

const FIXTURE: &str = include_str!("../../../clonegate-sql/tests/corpus/fixture.sql");
const HONEST: &str = include_str!("../../../clonegate-sql/tests/corpus/honest.sql");

/// Functions and types with the names of columns, and more of PostgreSQL's own names than anybody gives: none of them
/// is meant by an honest query.
const OWN: &str = "
    create function public.name(shop.customers) returns text language sql as $$ select 'own' $$;
    create function public.email(anyelement) returns text language sql as $$ select 'own' $$;
    create function public.country(record) returns text language plpgsql as $$ begin return 'own'; end $$;
    create function public.status(text) returns text language sql as $$ select 'own' $$;
    create function public.total(shop.orders) returns text language sql as $$ select 'own' $$;
    create function public.id(anyelement, int default 1) returns text language sql as $$ select 'own' $$;
    create function public.price(variadic text[]) returns text language sql as $$ select 'own' $$;
    create function public.n(anyelement) returns text language sql as $$ select 'own' $$;
    create function public.kind(anyelement) returns text language sql as $$ select 'own' $$;
    create function public.at(anyelement) returns text language sql as $$ select 'own' $$;
    create function public.never(text) returns boolean language sql as $$ select true $$;
    create domain public.category as text check (public.never(value));
    create type public.note as enum ('a', 'b');
    -- One that would be picked for a varchar, with the arguments of no honest query here.
    create function public.initcap(varchar, varchar, varchar) returns text language sql as $$ select 'own' $$;
    create function public.calls(text) returns text language plpgsql as $$ begin execute $1; return 'called'; end $$;
    create function public.better(varchar, varchar) returns boolean language sql as $$ select pg_advisory_lock(77) is null $$;
    create operator public.?-| (leftarg = varchar, rightarg = varchar, function = public.better);";

const EXTENSIONS: [&str; 6] = ["citext", "pg_trgm", "intarray", "hstore", "ltree", "cube"];

/// A database with the honest queries' tables and the rest, and a channel to it. Which extensions there are depends on
/// the machine.
async fn honest(server: &Server) -> (ProductionChannel, Client) {
    let first = server.superuser("postgres").await;
    first.batch_execute("create database honest").await.unwrap();
    first.batch_execute("revoke temporary on database honest from public").await.unwrap();
    let client = server.superuser("honest").await;
    client.batch_execute(FIXTURE).await.unwrap();
    client.batch_execute(OWN).await.unwrap();
    for extension in EXTENSIONS {
        let _ = client.batch_execute(&format!("create extension {extension}")).await;
    }
    let grants =
        "grant usage on schema shop to reader; grant select on all tables in schema shop to reader";
    client.batch_execute(grants).await.unwrap();
    let (database, run) = (DatabaseName::new("honest").unwrap(), run());
    let allowlist = Allowlist::new([database]).unwrap();
    let accepted = Accepted::nothing();
    let bounds = Bounds::default();
    let terms = Terms { allowlist: &allowlist, role: None, accepted: &accepted, run: &run, bounds };
    let (socket, port) = (server.socket().display(), server.port());
    let settings = settings(&format!("host={socket} port={port} user=reader dbname=honest"));
    (ProductionChannel::connect(settings, terms).await.unwrap(), client)
}

/// The statements of the corpus that this server reads.
fn statements(major: i64) -> Vec<String> {
    let mut all: Vec<(i64, String)> = Vec::new();
    for line in HONEST.lines() {
        if let Some(tag) = line.strip_prefix("-- @") {
            let since = tag.trim().strip_prefix("from ").map_or(0, |v| v.parse().unwrap());
            all.push((since, String::new()));
        } else if let Some((_, sql)) = all.last_mut() {
            sql.push_str(line);
            sql.push('\n');
        }
    }
    all.into_iter().filter(|(since, _)| *since <= major).map(|(_, sql)| sql).collect()
}

async fn read(channel: &ProductionChannel, sql: &str) -> Result<Value, ReadError> {
    let statement = ReadOnlyStatement::judge(sql).unwrap();
    let answer = channel.read(&statement, &Facts::none()).await?;
    Ok(answer.reading.rows[0][0].clone())
}

#[tokio::test]
async fn names_of_the_databases_own_are_refused_and_columns_stay_usable() {
    let (channel, superuser) = honest(shared().await).await;
    let facts = Facts::none();
    let major = i64::from(channel.identity().server_version_num / 10_000);
    // What is said of an expression in brackets can't be told from a call: these are to be permitted, or read by a name
    // in FROM.
    let in_brackets = ["(o).total", "_pg_expandarray(array[5, 6])).n"];
    let mut refused = Vec::new();
    let statements = statements(major);
    assert!(statements.len() > 100, "{}", statements.len());
    for sql in &statements {
        let statement = ReadOnlyStatement::judge(sql).unwrap();
        let answer = channel.read(&statement, &facts).await;
        let is_refused = matches!(&answer, Err(ReadError::Refused(_)));
        if is_refused != in_brackets.iter().any(|part| sql.contains(part)) {
            refused.push(format!("{sql}{answer:?}"));
        }
    }
    assert!(
        refused.is_empty(),
        "{} of {}:\n{}",
        refused.len(),
        statements.len(),
        refused.join("\n")
    );

    // What calls is not sent, wherever the name stands; nobody has the lock afterwards.
    for sql in [
        "select ('select pg_advisory_lock(77)'::text).calls",
        "select x.calls from lower('SELECT PG_ADVISORY_LOCK(77)') x",
        "select c.email from (select 1 as a) c",
        "select 'a'::varchar ?-| 'b'::varchar",
        "select ('a').category",
        "select initcap('a', 'b', 'c')",
    ] {
        let error = read(&channel, sql).await.expect_err(sql);
        assert!(matches!(error, ReadError::Refused(_)), "{sql}: {error}");
        assert_eq!(error.severity(), Severity::NoAnswer);
    }
    // In a snapshot too, which goes on.
    let mut snapshot = channel.snapshot().await.unwrap();
    let hostile = ReadOnlyStatement::judge("select ('select pg_advisory_lock(77)').calls").unwrap();
    let error = snapshot.read(&hostile).await.unwrap_err();
    assert!(matches!(error, ReadError::Refused(_)), "{error}");
    let harmless =
        ReadOnlyStatement::judge("select count(*) from shop.orders o where o.id = 1").unwrap();
    assert_eq!(snapshot.read(&harmless).await.unwrap().reading.rows[0][0], Value::Integer(1));
    snapshot.finish().await.unwrap();
    let locks = "select count(*) from pg_locks where locktype = 'advisory'";
    assert_eq!(superuser.query_one(locks, &[]).await.unwrap().get::<_, i64>(0), 0);
    // A refused statement's transaction is asserted and rolled back like any other.
    let footprint = channel.footprint();
    assert_eq!(footprint.transactions, footprint.asserted_without_xid);

    // What is permitted is called.
    let permitted = Permitted::new(["public.calls".to_owned()], []).unwrap();
    let statement = ReadOnlyStatement::judge_with("select ('select 1').calls", &permitted).unwrap();
    let answer = channel.read(&statement, &facts).await.unwrap();
    assert_eq!(answer.reading.rows[0][0], Value::Text("called".to_owned()));
    // What the role may not execute can't be called, and is no reason to refuse.
    superuser
        .batch_execute("revoke execute on function public.calls(text) from public")
        .await
        .unwrap();
    let denied = read(&channel, "select ('select 1').calls").await.unwrap_err();
    assert!(matches!(&denied, ReadError::Server(e) if e.sqlstate() == "42501"), "{denied}");
    channel.close().await;
}
