//! What is on the way to the clone is killed at a step: ssh, docker, the container.

use clonegate_model::{ScriptOutcome, Verdict};

use super::one_instance::{AXIS_TABLES, assert_left_nothing};
use super::passage::{Passage, Passed};
use super::servers::{Major, Targets};
use super::ssh_host::SshHost;

const STEPS: [&str; 4] = [
    "\"event\":\"clone-marked\"",
    "\"event\":\"script-sent\",\"script\":\"B_axis_views.sql\"",
    "\"event\":\"script-closed\",\"script\":\"A_axis_schema.sql\"",
    "\"event\":\"phase-begun\",\"phase\":\"exit\"",
];

/// Never FAIL, never a PASS of what was not all done, and what it says of the scripts is what is there.
async fn assert_true(targets: &Targets, passed: &Passed, at: &str) {
    let record = passed.record();
    assert_ne!(record.verdict(), Verdict::Fail, "{at}: {}", passed.said());
    let there = targets.axis_tables_on_clone().await;
    // The first script makes all of them.
    match &record.build[0].outcome {
        ScriptOutcome::Committed => assert_eq!(there, AXIS_TABLES, "{at}"),
        ScriptOutcome::Unknown(_) => assert!(there.is_empty() || there == AXIS_TABLES, "{at}"),
        _ => assert!(there.is_empty(), "{at}: {there:?}"),
    }
}

/// The way is there again: the clone can be freed, taken back, and taken through the gate.
async fn assert_goes_on(targets: &Targets, passage: &Passage, at: &str) {
    let freed = passage.command("unlock").await;
    assert_eq!(freed.code, Some(0), "{at}: {}", freed.said());
    let back = passage.command("rollback").await;
    // 3: nothing had been committed that it could be compared with. A server that was stopped in the middle
    // gives its sequences out from where its log says, and the rollback says that they moved.
    let sequence_alone = back.stdout.contains("Unexplained differences: 1.")
        && back.stdout.contains("governance_object_ownership_id_seq");
    assert!(
        matches!(back.code, Some(0 | 3)) || back.code == Some(100) && sequence_alone,
        "{at}: {}",
        back.said()
    );
    assert!(targets.axis_tables_on_clone().await.is_empty(), "{at}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ssh_and_docker_that_are_killed_at_a_step_never_give_a_wrong_verdict() {
    let (targets, host) = tokio::join!(Targets::in_one_instance(Major::V15), SshHost::start());
    let passage = Passage::new(&targets).over(&host);
    for (step, line) in STEPS.into_iter().enumerate() {
        let mut gate = passage.begin();
        gate.noted(line).await;
        match step % 2 {
            0 => host.cut(),
            _ => host.kill_docker(),
        }
        let passed = passage.end(gate).await;
        assert_true(&targets, &passed, line).await;
        assert_goes_on(&targets, &passage, line).await;
    }
    let passed = passage.gate().await;
    assert_eq!(passed.record().verdict(), Verdict::Pass, "{}", passed.said());
    assert_left_nothing(&targets).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_container_that_is_stopped_at_a_step_leaves_a_run_that_is_told_truthfully_when_it_is_back()
 {
    let targets = Targets::in_two_instances(Major::V15, Major::V15).await;
    let passage = Passage::new(&targets);
    for line in &STEPS[1..] {
        let mut gate = passage.begin();
        gate.noted(line).await;
        targets.clone().kill().await;
        let passed = passage.end(gate).await;
        assert_eq!(passed.record().verdict(), Verdict::Inconclusive, "{line}: {}", passed.said());
        targets.clone().start_again().await;
        assert_true(&targets, &passed, line).await;
        assert_goes_on(&targets, &passage, line).await;
    }
    let passed = passage.gate().await;
    assert_eq!(passed.record().verdict(), Verdict::Pass, "{}", passed.said());
    assert_left_nothing(&targets).await;
}
