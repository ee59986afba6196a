//! Runs that are more than one command: resumed, closed, abandoned, unlocked, and open for hours.

use clonegate_model::{ScriptOutcome, Verdict};

use crate::harness::{Side, Trial, authorize, run, set, until};

const AXIS_TABLES: &str = "select count(*) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and (relname like 'axis\\_%' or relname = 'coverage_rule')";
const COMMENT: &str = "select coalesce(shobj_description(oid, 'pg_database'), '') from pg_database where datname = current_catalog";

fn config(trial: &Trial) -> String {
    trial.config().to_str().expect("the path is text").to_owned()
}

async fn state_of_the_latest(trial: &Trial) -> String {
    let status = trial.command(&["status", "--json"]).await;
    let runs: serde_json::Value = serde_json::from_str(&status.stdout).expect("status is JSON");
    runs.as_array()
        .and_then(|runs| runs.last()?["state"].as_str())
        .expect("there is a run")
        .to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_run_goes_on_and_a_long_one_is_opened_and_closed() {
    let trial = Trial::new().await;
    trial.edit(|document| {
        let reason = "a run that was killed is not looked after";
        set(document, "clone.accept.unwatched", Some(reason.into()));
    });
    let (config, elsewhere) = (config(&trial), trial.profile_folder().join("another-store"));
    trial.wait_in_the_build(2, "");
    let gate = trial.gate_until_it_waits().await;
    gate.kill().await;
    assert_eq!(state_of_the_latest(&trial).await, "killed");
    let killed = trial.records().pop().unwrap();
    let run_id = killed.run.to_string();

    // Its process and its lock are gone, and the clone is its own all the same.
    let other = run(&elsewhere, &["gate", "--config", &config]).await;
    assert_eq!(other.code, Some(5), "{}", other.said());
    assert!(other.stderr.contains(&run_id) && other.stderr.contains("alice"), "{}", other.said());
    let free = run(&elsewhere, &["unlock", "--config", &config]).await;
    assert_eq!(free.code, Some(5), "{}", free.said());

    let one = trial.command(&["status", &run_id]).await;
    for text in ["killed", "A_axis_schema.sql", "no session has the clone's lock", "resume"] {
        assert!(one.stdout.contains(text), "{text}: {}", one.said());
    }
    // With another script it is another run.
    let script = trial.profile_folder().join("build/E_axis_scan.sql");
    let text = std::fs::read_to_string(&script).unwrap();
    std::fs::write(&script, format!("{text}\n-- more\n")).unwrap();
    let refused = trial.command(&["resume", &run_id]).await;
    assert_eq!(refused.code, Some(3), "{}", refused.said());
    assert!(
        refused.stderr.contains("changed since it began: E_axis_scan.sql"),
        "{}",
        refused.said()
    );
    std::fs::write(&script, text).unwrap();
    // With another snapshot of entry, too.
    let entry = trial.store().join("runs").join(&run_id).join("clone-entry.json");
    let text = std::fs::read_to_string(&entry).unwrap();
    std::fs::write(&entry, text.replace("\"rows\": 3", "\"rows\": 4") + " ").unwrap();
    let refused = trial.command(&["resume", &run_id]).await;
    assert_eq!(refused.code, Some(3), "{}", refused.said());
    assert!(refused.stderr.contains("is not the one that was stored"), "{}", refused.said());
    std::fs::write(&entry, text).unwrap();
    assert_eq!(state_of_the_latest(&trial).await, "killed");

    let store = trial.store();
    let mut resumed = crate::harness::Gate::of(&store, &["resume", &run_id]);
    resumed.noted("\"event\":\"run-taken\"").await;
    trial.somebody_waits().await;
    let go = trial.go().await;
    let resumed = resumed.end().await;
    drop(go);
    assert_eq!(resumed.code, Some(0), "{}", resumed.said());
    let record = trial.records().pop().unwrap();
    assert_eq!(record.verdict(), Verdict::Pass);
    assert!(record.build.iter().all(|s| s.outcome == ScriptOutcome::Committed));
    // What was committed was not run again.
    assert_eq!(record.build[0].transaction, killed.build[0].transaction);
    assert!(record.preflight.iter().any(|a| a.id == "taken-up"));
    assert_eq!(trial.sql(Side::Clone, AXIS_TABLES).await, "6");
    assert_eq!(trial.sql(Side::Clone, COMMENT).await, "");
    let again = trial.command(&["resume", &run_id]).await;
    assert_eq!(again.code, Some(2), "{}", again.said());
    trial.wait_no_more();
    let back = trial.command(&["rollback", "--config", &config]).await;
    assert_eq!(back.code, Some(0), "{}", back.said());
    trial.assert_nothing_left().await;

    // An open run needs no process to keep the clone; that nobody looks after it is not accepted here.
    trial.edit(|document| set(document, "clone.accept.unwatched", None));
    authorize(trial.config());
    trial
        .sql(
            Side::Clone,
            &format!(
                "comment on database {} is 'of the team'",
                trial.endpoint(Side::Clone).database
            ),
        )
        .await;
    let opened = trial.command(&["open", "--config", &config]).await;
    assert_eq!(opened.code, Some(0), "{}", opened.said());
    assert_eq!(state_of_the_latest(&trial).await, "open");
    trial.assert_nothing_left().await;
    for store in [&trial.store(), &elsewhere] {
        for command in ["gate", "open", "rollback", "unlock"] {
            let other = run(store, &[command, "--config", &config]).await;
            assert_eq!(other.code, Some(5), "{command}: {}", other.said());
            assert!(other.stderr.contains("open"), "{command}: {}", other.said());
        }
    }
    let resumed = trial.command(&["resume", &trial.records().pop().unwrap().run.to_string()]).await;
    assert_eq!(resumed.code, Some(3), "{}", resumed.said());

    // The work of hours, in one second, and a server that was restarted in between.
    let mut worker = trial.session(Side::Clone, None, "worker", "set role workflow_admin;").await;
    for script in ["A_axis_schema", "B_axis_views", "C_axis_registry", "D_axis_assignments"] {
        let path = trial.profile_folder().join(format!("build/{script}.sql"));
        let text = std::fs::read_to_string(path).unwrap();
        trial.tell(Side::Clone, &mut worker, &text).await;
    }
    trial.sql(Side::Clone, "vacuum freeze").await;
    let busy = trial.command(&["close"]).await;
    assert_eq!(busy.code, Some(3), "{}", busy.said());
    assert!(busy.stderr.contains("worker of "), "{}", busy.said());
    assert_eq!(state_of_the_latest(&trial).await, "open");
    drop(worker);
    let gone = "select count(*) from pg_stat_activity where application_name = 'worker'";
    until("the worker is gone", async || trial.sql(Side::Clone, gone).await == "0").await;

    let closed = trial.command(&["close"]).await;
    assert_eq!(closed.code, Some(3), "{}", closed.said());
    let record = trial.records().pop().unwrap();
    let reasons = record.reasons();
    assert!(reasons.len() == 1 && reasons[0].contains("nobody looked"), "{reasons:?}");
    assert!(record.build.is_empty());
    let work = record.by_hand.as_ref().unwrap();
    assert!(work.opened_at < work.closed_at);
    assert_eq!(trial.sql(Side::Clone, AXIS_TABLES).await, "6");
    assert!(trial.report().contains("by hand"), "{}", trial.report());
    assert_eq!(trial.sql(Side::Clone, COMMENT).await, "of the team");
    trial.assert_nothing_left().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_done_by_hand_without_a_marker_fails_the_run_and_an_unlocked_one_can_not_pass() {
    let trial = Trial::new().await;
    let config = config(&trial);
    trial.edit(|document| {
        set(document, "build.authorization", None);
    });
    let refused = trial.command(&["open", "--config", &config]).await;
    assert_eq!(refused.code, Some(2), "{}", refused.said());
    assert!(!trial.store().exists());
    trial.edit(|document| {
        for key in ["by", "reference", "reason"] {
            set(document, &format!("build.authorization.{key}"), Some("x".into()));
        }
    });
    authorize(trial.config());

    let opened = trial.command(&["open", "--config", &config]).await;
    assert_eq!(opened.code, Some(0), "{}", opened.said());
    // A lock that is alive, or an open run, is taken away by force only, and the journal has the reason.
    let usage = trial.command(&["unlock", "--config", &config, "--force"]).await;
    assert_eq!(usage.code, Some(2), "{}", usage.said());
    let forced = ["unlock", "--config", &config, "--force", "--reason", "the worker is on leave"];
    let freed = trial.command(&forced).await;
    assert_eq!(freed.code, Some(0), "{}", freed.said());
    assert_eq!(trial.sql(Side::Clone, COMMENT).await, "");
    let status = trial.command(&["status", "--json"]).await;
    assert!(status.stdout.contains("the worker is on leave"), "{}", status.said());

    trial.sql(Side::Clone, "set role workflow_admin; create table by_somebody (id integer)").await;
    let closed = trial.command(&["close"]).await;
    assert_eq!(closed.code, Some(100), "{}", closed.said());
    let record = trial.records().pop().unwrap();
    let reasons = record.reasons().join("\n");
    assert!(reasons.contains("by_somebody"), "{reasons}");
    assert!(reasons.contains("does not carry this run's mark"), "{reasons}");
    trial.assert_nothing_left().await;
}

/// A psql that keeps the lock when the gate that started it is gone, as one behind ssh or in a container may.
fn psql_that_lives_on(trial: &Trial) {
    let real = clonegate_sandbox::find_postgres(None).expect("a local PostgreSQL").program("psql");
    let path = trial.profile_folder().join("psql");
    let text = format!(
        "#!/bin/sh\ncase \"$*\" in *'|hold|'*) {{ cat; test ! -e \"$0.lives-on\" || sleep 30; }} | '{0}' \"$@\";; *) exec '{0}' \"$@\";; esac\n",
        real.display()
    );
    std::fs::write(&path, text).expect("it can be written");
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .expect("it can be run");
    let path = path.to_str().expect("the path is text").to_owned();
    trial.edit(|document| set(document, "clone.psql", Some(path.into())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_after_a_clone_that_is_held_is_no_stranger_on_it() {
    let trial = Trial::new().await;
    let config = config(&trial);
    trial.wait_in_the_build(1, "");
    let gate = trial.gate_until_it_waits().await;
    let run_id = trial.records().pop().unwrap().run.to_string();
    let file = trial.profile_folder().join("clone.snapshot");
    let file = file.to_str().unwrap();
    let clone = trial.endpoint(Side::Clone).database.clone();
    for (command, code) in [
        (vec!["status", run_id.as_str()], 0),
        (vec!["unlock", "--config", &config], 5),
        (vec!["gate", "--config", &config], 5),
        (vec!["snapshot", "clone", "--config", &config, "-o", file], 5),
        (vec!["compare", "--config", &config], 5),
        (vec!["clone", "drop", &clone, "--config", &config], 5),
    ] {
        let ended = trial.command(&command).await;
        assert_eq!(ended.code, Some(code), "{command:?}: {}", ended.said());
    }
    let _go = trial.go().await;
    let ended = gate.end().await;
    // The run saw none of them: it passes.
    assert_eq!(ended.code, Some(0), "{}", ended.said());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_whose_owner_is_dead_is_freed_and_one_whose_owner_lives_only_by_force() {
    let trial = Trial::new().await;
    let config = config(&trial);
    psql_that_lives_on(&trial);
    trial.wait_in_the_build(1, "");
    let gate = trial.gate_until_it_waits().await;
    let alive = trial.command(&["unlock", "--config", &config]).await;
    assert_eq!(alive.code, Some(5), "{}", alive.said());
    for text in ["its process lives", "alice, process", "since"] {
        assert!(alive.stderr.contains(text), "{text}: {}", alive.said());
    }
    std::fs::write(trial.profile_folder().join("psql.lives-on"), "").unwrap();
    gate.kill().await;
    let locks = "select count(*) from pg_locks where locktype = 'advisory'";
    assert_eq!(trial.sql(Side::Clone, locks).await, "1", "the lock's session lives on");
    // From elsewhere the process itself is what is looked at.
    let elsewhere = trial.profile_folder().join("another-store");
    let run_id = trial.records().pop().unwrap().run.to_string();
    let unlocked = run(&elsewhere, &["unlock", "--config", &config]).await;
    // The lock is freed; the run is not over, so the clone is not.
    assert_eq!(unlocked.code, Some(5), "{}", unlocked.said());
    assert_eq!(trial.sql(Side::Clone, locks).await, "0");
    assert!(unlocked.stderr.contains(&run_id), "{}", unlocked.said());
    let journal = run(&elsewhere, &["status", "--json"]).await;
    assert!(journal.stdout.contains("taken away: the lock of"), "{}", journal.said());
    std::fs::remove_file(trial.profile_folder().join("psql.lives-on")).unwrap();

    // Closed: no further script is run, and what is there is proven.
    let closed = trial.command(&["close", &run_id]).await;
    assert_eq!(closed.code, Some(3), "{}", closed.said());
    let record = trial.records().pop().unwrap();
    assert_eq!(record.build[0].outcome, ScriptOutcome::Committed);
    assert!(record.build[1..].iter().all(|s| s.outcome == ScriptOutcome::NotRun));
    for part in [&record.proof, &record.nothing_changed, &record.wrote_nothing] {
        let part = part.as_ref().expect("its exit was taken");
        assert_eq!(Verdict::of(part.iter().map(|a| a.outcome.verdict())), Verdict::Pass);
    }
    assert_eq!(trial.sql(Side::Clone, AXIS_TABLES).await, "6");
    trial.assert_nothing_left().await;
    let back = trial.command(&["rollback", "--config", &config]).await;
    assert_eq!(back.code, Some(0), "{}", back.said());

    // By force: the run that lives ends, and nothing of its script is there.
    let gate = trial.gate_until_it_waits().await;
    let forced = ["unlock", "--config", &config, "--force", "--reason", "it hangs"];
    let freed = trial.command(&forced).await;
    assert_eq!(freed.code, Some(0), "{}", freed.said());
    let ended = gate.end().await;
    assert_eq!(ended.code, Some(3), "{}", ended.said());
    assert_eq!(trial.records().pop().unwrap().verdict(), Verdict::Inconclusive);
    let back = trial.command(&["rollback", "--config", &config]).await;
    assert_eq!(back.code, Some(0), "{}", back.said());

    // Abandoned: without an exit, with a reason, and with what it left.
    let gate = trial.gate_until_it_waits().await;
    gate.kill().await;
    let abandoned = trial.command(&["abandon", "--reason", "the change was called off"]).await;
    assert_eq!(abandoned.code, Some(3), "{}", abandoned.said());
    for text in ["A_axis_schema.sql: committed", "the change was called off", "clonegate rollback"]
    {
        assert!(abandoned.stdout.contains(text), "{text}: {}", abandoned.said());
    }
    let record = trial.records().pop().unwrap();
    assert_eq!(record.verdict(), Verdict::Inconclusive);
    assert!(record.production_exit.is_none());
    assert!(trial.report().contains("the change was called off"));
    assert_eq!(trial.sql(Side::Clone, AXIS_TABLES).await, "6");
    assert_eq!(trial.sql(Side::Clone, COMMENT).await, "");
    trial.assert_nothing_left().await;
}
