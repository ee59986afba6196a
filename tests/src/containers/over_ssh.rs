//! The clone on the other end of ssh, where `docker exec` runs psql.

use clonegate_model::{Exit, Verdict};
use clonegate_sandbox::Fixture;

use super::one_instance::{NONE, assert_built, assert_left_nothing};
use super::passage::Passage;
use super::servers::{Major, Targets};
use super::ssh_host::{HOST, SshHost};

#[tokio::test]
async fn the_clone_is_built_by_docker_exec_on_an_ssh_host() {
    let (targets, host) = tokio::join!(Targets::in_one_instance(Major::V15), SshHost::start());
    let passed = Passage::new(&targets).over(&host).gate().await;
    assert_built(&targets, &passed).await;
    let route = format!("`ssh {HOST} docker exec -i {} psql ", targets.clone().name());
    let row = passed.report.lines().find(|line| line.starts_with("| clone `"));
    let row = row.expect("the report has a table of the channels");
    assert!(row.contains(&route), "{row}");
    assert!(host.log().contains("Accepted publickey for root"), "{}", host.log());
}

#[tokio::test]
async fn a_host_with_another_key_is_refused_and_nothing_runs_on_the_clone() {
    let (targets, host) = tokio::join!(Targets::in_one_instance(Major::V15), SshHost::start());
    host.know_by_another_key();
    let logins = || targets.clone().logins(Fixture::CLONE_ROLE, Fixture::CLONE_DATABASE);
    let before = logins();
    assert!(before > 0, "the fixture's own logins are in the log");
    let passed = Passage::new(&targets).over(&host).gate().await;
    passed.expect(Exit::Inconclusive, Verdict::Inconclusive);
    let stopped = passed.record().stopped.as_deref().unwrap_or_default();
    assert!(stopped.contains("the key of 127.0.0.1"), "{stopped}");
    assert!(!host.log().contains("Accepted publickey"), "{}", host.log());
    assert_eq!(logins(), before);
    assert_eq!(targets.axis_tables_on_clone().await, NONE);
    assert_left_nothing(&targets).await;
}
