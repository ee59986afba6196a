//! Asks real servers for everything of their own that a statement can name, and fails on what is in no list.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clonegate_sandbox::{PostgresInstallation, Psql, find_postgres};
use clonegate_sql::builtins::{self, Class};

use crate::honest::local;

/// One line for each: what it is, its name, and what can be asked about it.
const OWN: &str = r"
select 'function', p.proname,
       -- whether x.name could call it: one argument of a type that has values
       bool_or(p.pronargs - p.pronargdefaults <= 1 and p.pronargs >= 1
               and not p.proargtypes[0] = any (array['internal', 'trigger']::regtype[]))
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
 where n.nspname in ('pg_catalog', 'information_schema') group by p.proname
union all
select distinct 'operator', o.oprname, null::bool from pg_operator o where o.oprnamespace = 'pg_catalog'::regnamespace
union all
select 'type', t.typname, null::bool from pg_type t join pg_namespace n on n.oid = t.typnamespace
  left join pg_type e on e.oid = t.typelem
 where n.nspname in ('pg_catalog', 'information_schema') and t.typtype <> 'c' and e.typtype is distinct from 'c'
union all
-- views, and the functions that they call
select distinct 'view', c.relname || ' ' || p.proname, null::bool
  from pg_rewrite r join pg_class c on c.oid = r.ev_class join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
  join pg_proc p on d.refclassid = 'pg_proc'::regclass and p.oid = d.refobjid
 where c.relnamespace in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
";

/// What a server has of its own and the lists don't know, or know wrongly.
pub(crate) async fn unclassified(psql: &Psql) -> Vec<String> {
    let answer = psql.run_sql("postgres", OWN).await.expect("the catalog can be read");
    let mut wrong = Vec::new();
    let mut kinds = BTreeSet::new();
    for line in answer.lines() {
        // An operator's symbol may have the separator in it.
        let (kind, rest) = line.split_once('|').expect("two columns");
        let (name, field) = rest.rsplit_once('|').expect("three columns");
        kinds.insert(kind.to_owned());
        let known = match kind {
            "function" => match builtins::function(name) {
                Some(group) => {
                    if group.title == "sampling" && field == "t" {
                        wrong.push(format!("x.{name} can be a call"));
                    }
                    true
                }
                None => false,
            },
            "operator" => builtins::operator(name).is_some(),
            "type" => builtins::data_type(name).is_some(),
            _ => {
                let (view, function) = name.split_once(' ').expect("a view and a function");
                builtins::function(function).is_none_or(|g| g.class == Class::Harmless)
                    || builtins::relation(view).is_some()
            }
        };
        if !known {
            wrong.push(format!("{kind} {name}"));
        }
    }
    assert_eq!(kinds.len(), 4, "{kinds:?}");
    assert!(answer.lines().count() > 2800, "{}", answer.lines().count());
    wrong
}

/// Every server that is installed here: the one that the sandbox finds, Debian's other versions, and those that
/// CLONEGATE_PG_BINS names, folders apart by colons.
fn installations() -> Vec<PostgresInstallation> {
    let mut folders: Vec<PathBuf> = std::env::var_os("CLONEGATE_PG_BINS")
        .map(|value| std::env::split_paths(&value).collect())
        .unwrap_or_default();
    if let Ok(found) = std::fs::read_dir("/usr/lib/postgresql") {
        folders.extend(found.flatten().map(|version| version.path().join("bin")));
    }
    let mut installations: Vec<PostgresInstallation> =
        folders.iter().filter_map(|folder| PostgresInstallation::at(folder).ok()).collect();
    installations.extend(find_postgres(None));
    installations.sort_by_key(PostgresInstallation::major);
    installations.dedup_by_key(|i| i.major());
    installations
}

#[tokio::test]
async fn every_function_operator_and_type_of_the_installed_servers_is_classified() {
    let installations = installations();
    assert!(!installations.is_empty(), "no PostgreSQL is installed");
    for installation in &installations {
        let (_home, server) = local(installation).await;
        let wrong = unclassified(&server.psql()).await;
        assert!(wrong.is_empty(), "{installation}: {}", wrong.join("\n"));
        crate::honest::run_all(&server.psql(), installation.major()).await;
    }
}
