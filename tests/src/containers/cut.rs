//! Connections that are cut in the middle of a script, with everything real between the gate and psql.

use clonegate_model::{Exit, ScriptOutcome, Verdict};

use super::one_instance::{NONE, assert_left_nothing};
use super::passage::Passage;
use super::servers::{Major, Targets, wait};
use super::ssh_host::SshHost;
use crate::harness::until;

const SCRIPT: &str = "0_cut.sql";

fn script() -> String {
    format!(
        "create table cut_in_the_middle (n int);\n\
         comment on table cut_in_the_middle is 'TEST_CLONE';\n{}\
         insert into cut_in_the_middle values (1);\n",
        wait()
    )
}

async fn assert_nothing_of_it_is_committed(targets: &Targets) {
    let table = "select count(*) from pg_class where relname = 'cut_in_the_middle'";
    assert_eq!(targets.on_clone(table).await, "0");
    assert_eq!(targets.axis_tables_on_clone().await, NONE);
    assert_left_nothing(targets).await;
}

#[tokio::test]
async fn a_script_whose_ssh_connection_is_cut_is_ended_and_not_committed() {
    let (targets, host) = tokio::join!(Targets::in_one_instance(Major::V15), SshHost::start());
    let passage = Passage::new(&targets).over(&host).begin_with(SCRIPT, &script());
    let mut gate = passage.begin();
    gate.sent(SCRIPT).await;
    targets.until_a_script_waits().await;
    host.cut();
    // Nobody lets the script go on: that its session goes is the gate's doing, over a new connection.
    let passed = passage.end(gate).await;
    passed.expect(Exit::Inconclusive, Verdict::Inconclusive);
    let outcome = &passed.record().build[0].outcome;
    assert!(
        matches!(outcome, ScriptOutcome::Unknown(why) if why.contains("nothing of it is committed")),
        "{outcome:?}"
    );
    until("the script's session is gone", async || targets.sessions_on_clone().await == "0").await;
    assert_nothing_of_it_is_committed(&targets).await;
}

#[tokio::test]
async fn a_script_whose_ssh_host_dies_is_not_committed_even_when_it_runs_to_its_end() {
    let (targets, host) = tokio::join!(Targets::in_one_instance(Major::V17), SshHost::start());
    let passage = Passage::new(&targets).over(&host).begin_with(SCRIPT, &script());
    let mut gate = passage.begin();
    gate.sent(SCRIPT).await;
    targets.until_a_script_waits().await;
    host.kill().await;
    let passed = passage.end(gate).await;
    passed.expect(Exit::Inconclusive, Verdict::Inconclusive);
    let outcome = &passed.record().build[0].outcome;
    assert!(matches!(outcome, ScriptOutcome::Unknown(_)), "{outcome:?}");
    // psql runs on the other side of the host that died, and its server is still at the statement. Now it
    // gets to the end of the script, and nobody is there to send COMMIT.
    assert_eq!(targets.sessions_on_clone().await, "1");
    let go = targets.go().await;
    until("the script's session is gone", async || targets.sessions_on_clone().await == "0").await;
    drop(go);
    assert_nothing_of_it_is_committed(&targets).await;
}
