//! Runs that are killed or stopped: the next command tells the truth, and nothing is left behind.

use clonegate_model::{ScriptOutcome, Verdict};

use crate::harness::{Side, Trial, UNTIL_GO};

const AXIS_TABLES: &str = "select count(*) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and (relname like 'axis\\_%' or relname = 'coverage_rule')";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_kill_in_the_build_the_next_command_says_what_was_committed() {
    let trial = Trial::new().await;
    trial.wait_in_the_build(1, "create table axis_unfinished (id integer);");
    let gate = trial.gate_until_it_waits().await;
    gate.kill().await;

    let status = trial.command(&["status"]).await;
    assert!(status.stdout.contains("killed"), "{}", status.said());

    trial.wait_no_more();
    let next = trial.gate().await;
    assert_eq!(next.code, Some(3), "{}", next.said());
    for text in [
        "A_axis_schema.sql: committed",
        "0_wait.sql: rolled back, nothing of it is on the clone",
        "take it back with `clonegate rollback`",
    ] {
        assert!(next.stderr.contains(text), "it does not say {text:?}\n{}", next.said());
    }
    // What it says is what the database has.
    assert_eq!(trial.sql(Side::Clone, AXIS_TABLES).await, "6");
    assert_eq!(
        trial.sql(Side::Clone, "select to_regclass('public.axis_unfinished') is null").await,
        "t"
    );
    let record = &trial.records()[0];
    assert_eq!(record.verdict(), Verdict::Inconclusive);
    assert_eq!(record.build[0].outcome, ScriptOutcome::Committed);
    assert!(trial.report().contains("(INCONCLUSIVE)"));

    let config = trial.config().to_str().unwrap().to_owned();
    let rollback = trial.command(&["rollback", "--config", &config]).await;
    assert_eq!(rollback.code, Some(0), "{}", rollback.said());
    assert_eq!(trial.sql(Side::Clone, AXIS_TABLES).await, "0");
    let again = trial.gate().await;
    assert_eq!(again.code, Some(0), "{}", again.said());
    trial.assert_nothing_left().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_kill_before_any_commit_the_next_run_goes_on() {
    let trial = Trial::new().await;
    trial.wait_in_the_build(0, "create table axis_unfinished (id integer);");
    trial.gate_until_it_waits().await.kill().await;
    trial.wait_no_more();
    let next = trial.gate().await;
    assert_eq!(next.code, Some(0), "{}", next.said());
    assert!(next.stderr.contains("nothing of it is on the clone"), "{}", next.said());
    let verdicts: Vec<Verdict> = trial.records().iter().map(|r| r.verdict()).collect();
    assert_eq!(verdicts, [Verdict::Inconclusive, Verdict::Pass]);
    assert!(trial.reports()[0].contains("(INCONCLUSIVE)"), "the killed run has a report too");
    trial.assert_nothing_left().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_scratch_copy_of_a_killed_rehearsal_is_dropped_by_the_next_command() {
    let trial = Trial::new().await;
    let rollback = "rollback/Z_axis_substrate_drop_clone.sql";
    let text = std::fs::read_to_string(trial.profile_folder().join(rollback)).unwrap();
    trial.write(rollback, &format!("{UNTIL_GO}\n{text}"));
    let gate = trial.gate_until("\"event\":\"scratch-made\"").await;
    trial.somebody_waits().await;
    gate.kill().await;
    trial.write(rollback, &text);
    let copies =
        "select count(*) from pg_database where datname like 'directus\\_gov\\_test\\_20260602x%'";
    assert_eq!(trial.sql(Side::Clone, copies).await, "1");
    // As if it had been killed between making the copy and marking it: only the journal knows it.
    let name = trial.sql(Side::Clone, "select datname from pg_database where datname like 'directus\\_gov\\_test\\_20260602x%'").await;
    trial.sql(Side::Clone, &format!("comment on database {name} is null")).await;
    // What looks like a copy and stands in no journal is somebody's own.
    let own = "directus_gov_test_20260602x0";
    trial.sql(Side::Clone, &format!("create database {own} owner workflow_admin")).await;

    let next = trial.gate().await;
    assert_eq!(next.code, Some(3), "{}", next.said());
    assert!(next.stderr.contains("E_axis_scan.sql: committed"), "{}", next.said());
    assert_eq!(trial.sql(Side::Clone, copies).await, "1", "{}", next.said());
    trial.sql(Side::Clone, &format!("drop database {own}")).await;
    trial.assert_nothing_left().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_stops_the_run_and_leaves_nothing_behind() {
    for signal in ["INT", "TERM"] {
        let trial = Trial::new().await;
        trial.wait_in_the_build(0, "create table axis_unfinished (id integer);");
        let gate = trial.gate_until_it_waits().await;
        gate.signal(signal).await;
        let ended = gate.end().await;
        assert_eq!(ended.code, Some(3), "{}", ended.said());
        assert!(ended.stdout.contains("stopped by a signal"), "{}", ended.said());
        assert_eq!(
            trial.sql(Side::Clone, "select to_regclass('public.axis_unfinished') is null").await,
            "t"
        );
        let status = trial.command(&["status"]).await;
        assert!(
            status.stdout.contains("INCONCLUSIVE") && !status.stdout.contains("killed"),
            "{}",
            status.said()
        );
        trial.assert_nothing_left().await;
    }
}
