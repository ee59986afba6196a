//! Production and clone in one server, as in the reference report; the clone by `docker exec`.

use clonegate_model::{Exit, Mode, ScriptOutcome, Verdict};
use clonegate_sandbox::Fixture;

use super::passage::{Passage, Passed};
use super::servers::{Major, Targets};

/// What the build makes.
pub(super) const AXIS_TABLES: [&str; 6] = [
    "axis_assignment",
    "axis_candidate_finding",
    "axis_object_ownership",
    "axis_registry",
    "axis_value",
    "coverage_rule",
];

/// No tables.
pub(super) const NONE: [&str; 0] = [];

/// What holds of every persistent run that passes, by the record and by the databases themselves.
pub(super) async fn assert_built(targets: &Targets, passed: &Passed) {
    passed.expect(Exit::Pass, Verdict::Pass);
    let record = passed.record();
    let asked = |checks: &Option<Vec<_>>| checks.as_ref().map(Vec::len);
    assert_eq!(asked(&record.production_entry), Some(9));
    assert_eq!(asked(&record.clone_entry), Some(8));
    assert_eq!(record.mode, Mode::Persistent);
    assert_eq!(record.build.len(), 5);
    assert!(record.build.iter().all(|script| script.outcome == ScriptOutcome::Committed));
    assert_eq!(targets.axis_tables_on_clone().await, AXIS_TABLES);
    assert_eq!(targets.axis_tables_in_production().await, NONE);
    assert_left_nothing(targets).await;
}

/// No scratch copy is left in the clone's server, and no session on the clone.
pub(super) async fn assert_left_nothing(targets: &Targets) {
    let known = [Fixture::PRODUCTION_DATABASE, Fixture::CLONE_DATABASE, "postgres"];
    let databases = targets.clone().databases().await;
    assert!(databases.iter().all(|name| known.contains(&&**name)), "{databases:?}");
    assert_eq!(targets.sessions_on_clone().await, "0");
}

async fn passes_on(major: Major) {
    let targets = Targets::in_one_instance(major).await;
    let passed = Passage::new(&targets).gate().await;
    assert_built(&targets, &passed).await;
    let record = passed.record();
    for target in [&record.production, &record.clone] {
        let identity = target.identity.as_ref().expect("both were asked who they are");
        assert_eq!(identity.server_version_num / 10_000, major.number());
    }
    let route = format!("docker exec -i {} ", targets.clone().name());
    assert!(record.clone.channel.route.starts_with(&route), "{}", record.clone.channel.route);
}

#[tokio::test]
async fn the_clone_is_built_by_docker_exec_on_postgresql_15() {
    passes_on(Major::V15).await;
}

#[tokio::test]
async fn the_clone_is_built_by_docker_exec_on_postgresql_17() {
    passes_on(Major::V17).await;
}

#[tokio::test]
async fn a_prototype_run_leaves_nothing_on_the_clone() {
    let targets = Targets::in_one_instance(Major::V17).await;
    let passed = Passage::new(&targets).without_authorization().gate().await;
    passed.expect(Exit::Pass, Verdict::Pass);
    let record = passed.record();
    assert_eq!(record.mode, Mode::Prototype);
    for script in &record.build {
        assert_eq!(script.outcome, ScriptOutcome::RolledBack, "{}", script.name);
        let transaction = script.transaction.expect("it ran in a transaction");
        let status = format!("select pg_xact_status('{transaction}'::xid8)");
        assert_eq!(targets.on_clone(&status).await, "aborted", "{}", script.name);
    }
    assert_eq!(targets.axis_tables_on_clone().await, NONE);
    assert_eq!(targets.axis_tables_in_production().await, NONE);
    assert_left_nothing(&targets).await;
}
