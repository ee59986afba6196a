//! The attack suite: what gets past production's layers, and what each of them alone stops.
//!
//! Payloads are text files ([`payload`]). Each is sent by each role, and after each the
//! [`oracle`] looks at the server, from a session of its own. Then it is all done again with one
//! layer taken out ([`layers`]); what has an effect now, that layer alone stopped.

use std::collections::{BTreeMap, BTreeSet};

use self::layers::Layer;
use self::oracle::{Moment, PARTS};
use self::payload::{Payload, Role};
use self::suite::{Passages, pass_all};
use self::world::World;

pub(crate) mod layers;
mod oracle;
mod payload;
mod pooler;
mod suite;
mod table;
mod ways_out;
mod world;

/// On this machine's own PostgreSQL.
mod local {
    use super::*;

    #[tokio::test]
    async fn no_payload_has_an_effect_and_each_layer_stops_some_alone() {
        everything(World::local().await).await;
    }

    #[tokio::test]
    async fn no_part_of_the_oracle_is_blind() {
        nothing_is_missed(World::local().await).await;
    }
}

/// In containers.
mod containers {
    use super::*;

    #[tokio::test]
    async fn no_payload_has_an_effect_and_each_layer_stops_some_alone() {
        everything(World::container("clonegate-postgres:17").await).await;
    }

    #[tokio::test]
    async fn no_part_of_the_oracle_is_blind() {
        nothing_is_missed(World::container("clonegate-postgres:17").await).await;
    }
}

async fn everything(mut world: World) {
    let payloads = payload::all();
    let here = |payload: &&Payload| {
        payload.is_for(world.major)
            && payload.needs.as_ref().is_none_or(|e| world.extensions.contains(e))
    };
    let (payloads, left_out): (Vec<&Payload>, Vec<&Payload>) = payloads.iter().partition(here);
    let only = std::env::var("CLONEGATE_ATTACK").unwrap_or_default();
    let payloads: Vec<&Payload> = payloads.into_iter().filter(|p| p.name.contains(&only)).collect();

    let whole = pass_all(&mut world, &payloads, &Role::ALL, None).await;
    let mut wrong = Vec::new();
    for ((role, name), passage) in &whole {
        let payload = payloads.iter().find(|p| p.name == *name).unwrap();
        if let Err(wanted) = payload.expects(*role, world.major, &passage.outcome) {
            let (role, outcome) = (role.title(), &passage.outcome);
            wrong.push(format!("{name} as {role}: {outcome} and not {wanted}"));
        }
        if !passage.effects.is_empty() {
            wrong.push(format!("{name} as {} had effects: {:?}", role.title(), passage.effects));
        }
    }

    // Who is not let in with all layers is not let in without another one either; and what the
    // judge refuses, it refuses whatever else is out.
    let let_in: Vec<Role> = Role::ALL
        .into_iter()
        .filter(|role| whole.iter().any(|((r, _), p)| r == role && p.outcome == "answered"))
        .collect();
    let shut_out: Vec<Role> = Role::ALL.into_iter().filter(|role| !let_in.contains(role)).collect();
    let judged_well: BTreeSet<&String> = whole
        .iter()
        .filter(|(_, passage)| passage.outcome != "judge")
        .map(|((_, name), _)| name)
        .collect();
    let well: Vec<&Payload> =
        payloads.iter().copied().filter(|p| judged_well.contains(&p.name)).collect();
    let minimal = vec![Role::Minimal];
    let mut without: BTreeMap<&'static str, Passages> = BTreeMap::new();
    for layer in Layer::ALL {
        let (payloads, roles) = match layer {
            Layer::Judge => (&payloads, &let_in),
            Layer::Role => (&well, &shut_out),
            Layer::Transaction => (&well, &let_in),
            // None of them asks what the role may do.
            Layer::Names | Layer::Guard | Layer::Bounds => (&well, &minimal),
        };
        let passages = pass_all(&mut world, payloads, roles, Some(layer)).await;
        without.insert(layer.to_string().leak(), passages);
    }

    let table = table::render(&whole, &without);
    println!("\nPostgreSQL {}: {} payloads\n\n{table}", world.major, payloads.len());
    if std::env::var_os("CLONEGATE_ATTACK_DETAILS").is_some() {
        for ((role, name), passage) in &whole {
            println!("whole: {name} as {}: {} {:?}", role.title(), passage.outcome, passage.took);
        }
        for (layer, passages) in &without {
            for ((role, name), passage) in passages {
                let (role, outcome) = (role.title(), &passage.outcome);
                println!(
                    "without {layer}: {name} as {role}: {outcome} {:?} {:?}",
                    passage.effects, passage.took
                );
            }
        }
    }
    for payload in &left_out {
        println!("not sent: {} (not for this version, or without its extension)", payload.name);
    }
    assert!(wrong.is_empty(), "{} of the payloads:\n{}", wrong.len(), wrong.join("\n"));
    let needed: BTreeSet<&String> = left_out.iter().filter_map(|p| p.needs.as_ref()).collect();
    let complete = needed.iter().all(|e| world.extensions.contains(*e) || world.major > 16);
    if only.is_empty() && complete {
        table::check_document(world.major, &table);
        for layer in Layer::ALL {
            let name = layer.to_string();
            let some = without[name.as_str()].values().any(|p| !p.effects.is_empty());
            assert!(some, "the layer {name} stops nothing that the others do not stop too");
        }
    }
}

/// What a superuser does directly, and which part of the oracle is there to see it.
const DEEDS: [(&str, &str); 25] = [
    ("rows", "update canary set secret = 'changed'"),
    ("rows", "delete from numbers where n = 7"),
    ("sequences", "select nextval('counter')"),
    ("catalog", "create table made (id int)"),
    ("catalog", "alter role reader createdb"),
    ("catalog", "grant select on hidden to reader"),
    ("settings", "alter role reader set work_mem = '1GB'"),
    ("settings", "alter system set work_mem = '1GB'"),
    ("settings", "select pg_reload_conf()"),
    ("large objects", "select lo_from_bytea(4711, 'x')"),
    ("replication", "select pg_create_physical_replication_slot('mine', true)"),
    ("replication", "select pg_replication_origin_create('mine')"),
    ("statistics", "select pg_stat_reset()"),
    ("files", "copy canary to program 'cat > clonegate-attack-deed'"),
    ("files", "begin isolation level repeatable read; select pg_export_snapshot()"),
    ("locks", "select pg_advisory_lock(1)"),
    ("locks", "begin; lock table held in share mode"),
    ("locks", "begin; select * from held for update"),
    ("locks", "begin; select pg_current_xact_id()"),
    ("sessions", "begin"),
    (
        "neighbour",
        "select pg_cancel_backend(pid) from pg_stat_activity where application_name = 'neighbour'",
    ),
    (
        "neighbour",
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'neighbour'",
    ),
    ("transaction id", "select pg_current_xact_id()"),
    ("wal", "select pg_logical_emit_message(false, 'x', 'y')"),
    ("notifications", "notify clonegate_attacks, 'a deed'"),
];

/// A superuser does each thing directly, and the part of the oracle that is there for it says so.
async fn nothing_is_missed(mut world: World) {
    let nobody = BTreeSet::new();
    let name = "a deed";
    for (part, sql) in DEEDS {
        let neighbour = world.neighbour(Role::Minimal).await;
        let before = oracle::look(&world, name, neighbour).await;
        let calm = oracle::settled(&world, name, neighbour, &before, &nobody).await.1;
        assert!(calm.is_empty(), "before {sql}: {calm:?}");
        let before = oracle::look(&world, name, neighbour).await;
        let deed = world.session(Role::Superuser, name).await;
        deed.batch_execute(sql).await.unwrap();
        // A signal takes its time (a configuration that is loaded again): the oracle looks until it
        // sees.
        let begun = std::time::Instant::now();
        loop {
            let soon = std::time::Duration::from_millis(50);
            let looked =
                oracle::settled_within(&world, name, neighbour, &before, &nobody, soon).await;
            if looked.1.contains_key(part) {
                break;
            }
            let patient = begun.elapsed() < std::time::Duration::from_secs(10);
            assert!(patient, "{sql} is to be seen by {part}: {:?}", looked.1);
        }
        drop(deed);
        world.reset().await;
        world.oracle.batch_execute("alter role reader nocreatedb").await.unwrap();
        world.oracle.batch_execute("revoke select on hidden from reader").await.unwrap();
    }
    // A session under another name, and one that is idle but was used.
    let neighbour = world.neighbour(Role::Minimal).await;
    let before = oracle::look(&world, name, neighbour).await;
    let other = world.session(Role::Owner, "somebody else").await;
    let now = oracle::look(&world, name, neighbour).await;
    let seen = oracle::effects(&before, &now, Moment::After, &nobody);
    assert!(seen.contains_key("others"), "{seen:?}");
    drop(other);
    let idle = world.session(Role::Owner, name).await;
    let row = idle.query_one("select pg_backend_pid()::text", &[]).await.unwrap();
    let now = oracle::look(&world, name, neighbour).await;
    let used = BTreeSet::from([row.get(0)]);
    let seen = oracle::effects(&before, &now, Moment::After, &used);
    assert!(seen.contains_key("sessions"), "{seen:?}");
    // A file of a sort that nobody took away.
    let file = "mkdir -p base/pgsql_tmp; cat > base/pgsql_tmp/pgsql_tmp1.0";
    let copy = format!("copy (select 1) to program '{file}'");
    world.oracle.batch_execute(&copy).await.unwrap();
    let now = oracle::look(&world, name, neighbour).await;
    let seen = oracle::effects(&before, &now, Moment::After, &nobody);
    assert!(seen.contains_key("temporary files"), "{seen:?}");
    let tried: BTreeSet<&str> = DEEDS.iter().map(|(part, _)| *part).collect();
    let untried: Vec<&str> = PARTS
        .into_iter()
        .filter(|part| !tried.contains(part) && !["others", "temporary files"].contains(part))
        .collect();
    assert!(untried.is_empty(), "{untried:?}");
}
