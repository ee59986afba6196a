//! Sandboxes in containers.

use std::process::Command;

use clonegate_sandbox::{Backend, SweepScope, Topology, engine_answers, start, sweep};

use crate::{id_of, options};

fn containers_of(id: &str) -> String {
    let filter = format!("label=clonegate.sandbox={id}");
    let output = Command::new("docker")
        .args(["ps", "--all", "--quiet", "--filter", &filter])
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[tokio::test]
async fn both_topologies_work_in_containers_and_leave_nothing() {
    assert!(engine_answers().await, "this test needs a container engine");
    for topology in [Topology::OneInstance, Topology::TwoInstances] {
        let root = tempfile::tempdir().unwrap();
        let sandbox = start(&options(root.path(), topology, Backend::Containers), &|_: &str| {})
            .await
            .unwrap();
        let (production, clone) = (sandbox.production(), sandbox.clone_endpoint());
        assert_eq!(production.port == clone.port, topology == Topology::OneInstance);
        let gap = "select count(*) from v_object_owner_gap";
        assert_eq!(production.psql.run_sql(&production.database, gap).await.unwrap().trim(), "210");
        assert_eq!(clone.psql.run_sql(&clone.database, gap).await.unwrap().trim(), "0");
        let profile = std::fs::read_to_string(sandbox.config_path()).unwrap();
        let name = clone.container.as_deref().unwrap();
        assert!(profile.contains(&format!("container = \"{name}\"")), "{profile}");
        let id = id_of(sandbox.folder());
        sandbox.stop().await.unwrap();
        assert_eq!(containers_of(&id), "");
    }
}

#[tokio::test]
async fn a_kept_container_lives_until_all_are_swept() {
    assert!(engine_answers().await, "this test needs a container engine");
    let root = tempfile::tempdir().unwrap();
    let options = options(root.path(), Topology::OneInstance, Backend::Containers);
    let sandbox = start(&options, &|_: &str| {}).await.unwrap();
    let id = id_of(sandbox.folder());
    sandbox.keep().unwrap();
    assert!(!containers_of(&id).is_empty());
    sweep(root.path(), SweepScope::AbandonedOnly).await.unwrap();
    assert!(!containers_of(&id).is_empty());
    sweep(root.path(), SweepScope::All).await.unwrap();
    assert_eq!(containers_of(&id), "");
}
