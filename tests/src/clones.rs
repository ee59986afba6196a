//! `clonegate clone`: made from production, listed, dropped.

use std::os::unix::fs::PermissionsExt as _;

use clonegate_model::{CloneMark, CloneRecord, CloneState, Outcome, Verdict};
use clonegate_sandbox::Topology;

use crate::containers::ssh_host::SshHost;
use crate::harness::{Ended, Gate, Side, Trial, set, until};

const NAME: &str = "directus_gov_test_new";

/// A trial whose profile names the `pg_dump` of the server's version, over whatever way the cases go.
async fn trial() -> (Trial, Option<SshHost>) {
    let (trial, host) = crate::cases::trial(Topology::OneInstance).await;
    let bin = clonegate_sandbox::find_postgres(None).expect("a local PostgreSQL");
    pg_dump(&trial, &bin.program("pg_dump").display().to_string());
    (trial, host)
}

fn pg_dump(trial: &Trial, path: &str) {
    trial.edit(|document| set(document, "clone.create.pg-dump", Some(path.into())));
}

/// A `pg_dump` with something wrong; the real one is `$real`.
fn broken_pg_dump(trial: &Trial, script: &str) {
    let bin = clonegate_sandbox::find_postgres(None).expect("a local PostgreSQL");
    let real = bin.program("pg_dump").display().to_string();
    trial.write("pg_dump", &format!("#!/bin/sh\nreal={real}\n{script}\n"));
    let path = trial.profile_folder().join("pg_dump");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("a program");
    pg_dump(trial, &path.display().to_string());
}

async fn clone(trial: &Trial, args: &[&str]) -> Ended {
    let config = trial.config().to_str().expect("the path is text").to_owned();
    let mut all = vec!["clone"];
    all.extend_from_slice(args);
    all.extend(["--config", &config, "--json"]);
    trial.command(&all).await
}

fn record(ended: &Ended) -> CloneRecord {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|e| panic!("{e}: {}", ended.said()))
}

/// The row that is not met.
fn against(record: &CloneRecord) -> Vec<&str> {
    let unmet = record.steps.iter().filter(|s| s.outcome != Outcome::Met);
    unmet.map(|s| s.id.as_str()).collect()
}

async fn there(trial: &Trial) -> bool {
    let ask = format!("select count(*) from pg_database where datname = '{NAME}'");
    trial.sql(Side::Clone, &ask).await == "1"
}

async fn in_clone(trial: &Trial, sql: &str) -> String {
    let endpoint = trial.endpoint(Side::Clone);
    endpoint.psql.run_sql(NAME, sql).await.expect("the clone answers").trim().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clone_is_made_shown_to_be_production_kept_and_dropped() {
    let (trial, _host) = trial().await;
    // Other databases are no clones.
    for name in ["directus", "workflow", "postgres", "dbname=directus"] {
        assert_eq!(clone(&trial, &["drop", name]).await.code, Some(2), "{name}");
        assert_eq!(clone(&trial, &["create", name]).await.code, Some(2), "{name}");
    }

    let made = clone(&trial, &["create", NAME, "--reason", "CHG-1", "--expires", "2d"]).await;
    assert_eq!(made.code, Some(0), "{}", made.said());
    let said = record(&made);
    assert_eq!((said.verdict(), said.done, said.by.as_str()), (Verdict::Pass, true, "alice"));
    let rows = "select (select count(*) from birth_registry), (select sum(hashtextextended(b::text, 0)) from birth_registry b)";
    assert_eq!(in_clone(&trial, rows).await, trial.sql(Side::Production, rows).await);
    let owner = format!(
        "select pg_get_userbyid(datdba), has_database_privilege('context_pack_readonly', oid, 'connect') from pg_database where datname = '{NAME}'"
    );
    assert_eq!(trial.sql(Side::Clone, &owner).await, "workflow_admin|f");
    let comment = format!(
        "select shobj_description(oid, 'pg_database') from pg_database where datname = '{NAME}'"
    );
    let mark = CloneMark::parse(&trial.sql(Side::Clone, &comment).await).expect("a mark");
    assert_eq!(
        (mark.of.as_str(), mark.why.as_str(), mark.state),
        ("directus", "CHG-1", CloneState::Proven)
    );
    assert_eq!(Some(&mark), said.mark.as_ref());

    let again = clone(&trial, &["create", NAME]).await;
    assert_eq!((again.code, against(&record(&again))), (Some(100), vec!["create-name"]));

    let listed = clone(&trial, &["list"]).await;
    let listed: serde_json::Value = serde_json::from_str(&listed.stdout).expect("a list");
    let of = |name: &str| {
        listed
            .as_array()
            .and_then(|all| all.iter().find(|c| c["name"] == name))
            .cloned()
            .expect("it is listed")
    };
    assert_eq!(
        (of(NAME)["kind"].as_str(), of(NAME)["expired"].as_bool()),
        (Some("clone"), Some(false))
    );
    assert_eq!(of("directus_gov_test_20260602")["kind"], "unmarked");
    assert!(listed.as_array().is_some_and(|all| all.iter().all(|c| c["name"] != "directus")));

    let late = clone(&trial, &["extend", NAME, "--expires", "2w", "--reason", "late"]).await;
    assert_eq!(late.code, Some(0), "{}", late.said());
    let later = CloneMark::parse(&trial.sql(Side::Clone, &comment).await).expect("a mark");
    assert!(later.expires > mark.expires && later.why == "CHG-1");

    // Before its time, in use, referred to: each keeps it from being dropped.
    let early = clone(&trial, &["drop", NAME]).await;
    assert_eq!((early.code, against(&record(&early))), (Some(100), vec!["drop-expiry"]));
    assert_eq!(clone(&trial, &["drop", NAME, "--force"]).await.code, Some(2), "no reason");
    let force = ["drop", NAME, "--force", "--reason", "it is of no use"];
    let session = trial.session(Side::Clone, Some(NAME), "somebody", "select 1;").await;
    let used = clone(&trial, &force).await;
    assert_eq!(
        (used.code, against(&record(&used))),
        (Some(100), vec!["drop-sessions"]),
        "{}",
        used.said()
    );
    drop(session);
    let server = format!(
        "create foreign data wrapper w; create server s foreign data wrapper w options (dbname '{NAME}')"
    );
    trial.sql(Side::Production, &server).await;
    crate::harness::until("the session is gone", async || {
        let ask = format!("select count(*) from pg_stat_activity where datname = '{NAME}'");
        trial.sql(Side::Clone, &ask).await == "0"
    })
    .await;
    let referred = clone(&trial, &force).await;
    assert_eq!(
        (referred.code, against(&record(&referred))),
        (Some(100), vec!["drop-references"]),
        "{}",
        referred.said()
    );
    trial.sql(Side::Production, "drop foreign data wrapper w cascade").await;
    trial.sql(Side::Clone, &format!("alter database {NAME} owner to postgres")).await;
    let others = clone(&trial, &force).await;
    assert!(against(&record(&others)).contains(&"drop-owner"), "{}", others.said());
    trial.sql(Side::Clone, &format!("alter database {NAME} owner to workflow_admin")).await;
    assert!(there(&trial).await);

    // A dump that can't be written keeps it too.
    let nowhere = trial.profile_folder().join("no/such/folder/dump");
    let mut dumping = force.to_vec();
    dumping.extend(["--dump", nowhere.to_str().expect("text")]);
    assert_eq!(clone(&trial, &dumping).await.code, Some(3));
    assert!(there(&trial).await);

    let dump = trial.profile_folder().join("dump");
    *dumping.last_mut().expect("the file") = dump.to_str().expect("text");
    let dropped = clone(&trial, &dumping).await;
    assert_eq!(dropped.code, Some(0), "{}", dropped.said());
    assert!(!there(&trial).await);
    let written = record(&dropped).dump.expect("a dump");
    assert_eq!(written.bytes, std::fs::metadata(&dump).expect("it is there").len());
    assert_eq!(std::fs::read(&dump).expect("it can be read")[..5], *b"PGDMP");
    let status = trial.command(&["status"]).await;
    assert!(!status.stdout.contains("killed"), "{}", status.said());
    trial.assert_nothing_left().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_on_the_way_is_no_clone_and_leaves_none() {
    let (trial, _host) = trial().await;
    for (script, row) in [
        // The pipe's end looks like any other.
        (r#""$real" "$@" | head -c 20000"#, "create-restore"),
        // Everything arrived, and still it failed.
        (r#""$real" "$@"; exit 1"#, "create-dump"),
        ("exit 1", "create-dump"),
    ] {
        broken_pg_dump(&trial, script);
        let failed = clone(&trial, &["create", NAME]).await;
        assert_eq!(failed.code, Some(100), "{}", failed.said());
        assert!(against(&record(&failed)).contains(&row), "{}", failed.said());
        assert!(!there(&trial).await, "{script}");
    }
    // What arrives is production, but not all of it: the comparison sees it.
    broken_pg_dump(&trial, r#"exec "$real" --exclude-table-data=birth_registry "$@""#);
    let less = clone(&trial, &["create", NAME]).await;
    assert_eq!(
        (less.code, against(&record(&less))),
        (Some(100), vec!["create-equal"]),
        "{}",
        less.said()
    );
    let comment = format!(
        "select shobj_description(oid, 'pg_database') from pg_database where datname = '{NAME}'"
    );
    let mark = CloneMark::parse(&trial.sql(Side::Clone, &comment).await).expect("a mark");
    assert_eq!(mark.state, CloneState::Unproven);
    trial.sql(Side::Clone, &format!("drop database {NAME}")).await;

    // The same, where the profile says so.
    let bin = clonegate_sandbox::find_postgres(None).expect("a local PostgreSQL");
    pg_dump(&trial, &bin.program("pg_dump").display().to_string());
    trial.edit(|document| {
        let rows: toml_edit::Array = ["public.birth_registry"].into_iter().collect();
        set(document, "clone.create.exclude-rows", Some(rows.into()));
    });
    let declared = clone(&trial, &["create", NAME]).await;
    assert_eq!(declared.code, Some(0), "{}", declared.said());
    assert_eq!(in_clone(&trial, "select count(*) from birth_registry").await, "0");
    trial.sql(Side::Clone, &format!("drop database {NAME}")).await;

    // A table that the reader may not read.
    trial.sql(Side::Production, "create table secret (id integer)").await;
    let denied = clone(&trial, &["create", NAME]).await;
    assert_eq!(denied.code, Some(100), "{}", denied.said());
    assert!(denied.stdout.contains("permission denied for table secret"), "{}", denied.said());
    assert!(!there(&trial).await);

    // A reader that is none.
    trial
        .sql(Side::Production, "drop table secret; alter role context_pack_readonly superuser")
        .await;
    let writer = clone(&trial, &["create", NAME]).await;
    assert_eq!((writer.code, against(&record(&writer))), (Some(100), vec!["separate-read-role"]));
    assert!(!there(&trial).await);
    trial.assert_nothing_left().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_was_killed_in_the_middle_is_no_clone_says_so_and_can_be_dropped() {
    let (trial, _host) = trial().await;
    // Part of the dump arrives; then it waits for the end of who started it.
    broken_pg_dump(
        &trial,
        r#""$real" "$@" | head -c 200000; : > "$0.begun"; while kill -0 $PPID 2>/dev/null; do sleep 0.05; done"#,
    );
    let config = trial.config().to_str().expect("the path is text").to_owned();
    let create = ["clone", "create", NAME, "--config", &config];
    let gate = Gate::of(&trial.store(), &create);
    let begun = trial.profile_folder().join("pg_dump.begun");
    until("half of it has arrived", async || begun.exists()).await;
    gate.kill().await;

    assert!(there(&trial).await, "or there is nothing to tell the truth about");
    let listed = clone(&trial, &["list"]).await;
    let clones: serde_json::Value = serde_json::from_str(&listed.stdout).expect("a list is JSON");
    let it = clones.as_array().and_then(|all| all.iter().find(|one| one["name"] == NAME));
    let state = it.map(|one| one["mark"]["state"].to_string()).unwrap_or_default();
    assert_eq!(state, "\"unfinished\"", "{}", listed.said());
    let status = trial.command(&["status"]).await;
    assert!(status.stdout.contains("killed"), "{}", status.said());

    let bin = clonegate_sandbox::find_postgres(None).expect("a local PostgreSQL");
    pg_dump(&trial, &bin.program("pg_dump").display().to_string());
    let again = clone(&trial, &["create", NAME]).await;
    assert_eq!((again.code, against(&record(&again))), (Some(100), vec!["create-name"]));
    assert!(again.stdout.contains("clonegate clone drop"), "{}", again.said());
    let sessions = format!("select count(*) from pg_stat_activity where datname = '{NAME}'");
    until("what filled it is gone", async || trial.sql(Side::Clone, &sessions).await == "0").await;
    // Nobody waits for the expiry of half a clone.
    let dropped = clone(&trial, &["drop", NAME]).await;
    assert_eq!(dropped.code, Some(0), "{}", dropped.said());
    assert!(dropped.stdout.contains("it was never finished"), "{}", dropped.said());
    assert!(!there(&trial).await);
    let made = clone(&trial, &["create", NAME]).await;
    assert_eq!(made.code, Some(0), "{}", made.said());
    trial.sql(Side::Clone, &format!("drop database {NAME}")).await;
    trial.assert_nothing_left().await;
}
