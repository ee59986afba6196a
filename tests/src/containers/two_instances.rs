//! Production and clone in two servers of different versions.

use clonegate_model::{Exit, ScriptOutcome, Verdict};

use super::one_instance::{AXIS_TABLES, assert_built, assert_left_nothing};
use super::passage::Passage;
use super::servers::{Major, Targets, wait};
use super::ssh_host::SshHost;

#[tokio::test]
async fn production_15_and_a_clone_17_on_an_ssh_host_pass() {
    let (targets, host) =
        tokio::join!(Targets::in_two_instances(Major::V15, Major::V17), SshHost::start());
    let passed = Passage::new(&targets).over(&host).gate().await;
    assert_built(&targets, &passed).await;
    let version = |target: &clonegate_model::TargetRecord| {
        target.identity.as_ref().map(|identity| identity.server_version_num / 10_000)
    };
    let record = passed.record();
    assert_eq!((version(&record.production), version(&record.clone)), (Some(15), Some(17)));
}

#[tokio::test]
async fn production_that_dies_during_the_build_is_never_a_pass() {
    let targets = Targets::in_two_instances(Major::V15, Major::V17).await;
    let passage = Passage::new(&targets).begin_with("0_wait.sql", &wait());
    let mut gate = passage.begin();
    gate.sent("0_wait.sql").await;
    targets.until_a_script_waits().await;
    targets.production().kill().await;
    let go = targets.go().await;
    let passed = passage.end(gate).await;
    drop(go);
    passed.expect(Exit::Inconclusive, Verdict::Inconclusive);
    let record = passed.record();
    let stopped = record.stopped.as_deref().unwrap_or_default();
    assert!(stopped.contains("production could not be read at exit"), "{stopped}");
    // What was done is told all the same, and the clone's exit is taken without production's.
    assert!(record.build.iter().all(|script| script.outcome == ScriptOutcome::Committed));
    assert!(record.clone_exit.is_some() && record.production_exit.is_none());
    assert!(record.nothing_changed.is_none());
    assert_eq!(targets.axis_tables_on_clone().await, AXIS_TABLES);
    assert_left_nothing(&targets).await;
}
