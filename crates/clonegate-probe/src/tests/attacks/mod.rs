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

    let whole = pass_all(
        &mut world,
        &payloads,
        &Role::ALL[..std::env::var("NROLES").map_or(4, |n| n.parse().unwrap())],
        None,
    )
    .await;
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
    let mut without: BTreeMap<&'static str, Passages> = BTreeMap::new();
    for layer in Layer::ALL {
        let (payloads, roles) = match layer {
            Layer::Judge => (&payloads, &let_in),
            Layer::Role => (&well, &shut_out),
            Layer::Guard | Layer::Transaction | Layer::Bounds => (&well, &let_in),
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

/// A superuser does each thing directly, and the part of the oracle that is there for it says so.
async fn nothing_is_missed(mut world: World) {
    let _ = (&mut world, PARTS, Moment::After);
}
