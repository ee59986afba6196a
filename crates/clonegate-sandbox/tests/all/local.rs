//! Sandboxes and servers from local binaries.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Instant;

use clonegate_sandbox::{
    Backend, Endpoint, LocalServer, Scale, ServerOptions, StopMode, SweepScope, Topology, start,
    sweep,
};

use crate::{id_of, installation, open_root, options, outside_folders, processes_in};

/// psql over TCP as the endpoint's role, as somebody who was told only what the profile tells.
fn ask(endpoint: &Endpoint, database: &str, sql: &str) -> Result<String, String> {
    let output = Command::new(installation().program("psql"))
        .args(["-X", "-A", "-t", "-w", "-h", &endpoint.host, "-p", &endpoint.port.to_string()])
        .args(["-U", &endpoint.role, "-d", database, "-c", sql])
        .env("PGPASSFILE", &endpoint.passfile)
        .output()
        .unwrap();
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

#[tokio::test]
async fn one_instance_holds_production_and_its_seeded_clone_and_leaves_nothing() {
    let root = open_root();
    let begin = Instant::now();
    let sandbox =
        start(&options(root.path(), Topology::OneInstance, Backend::Local), &|_: &str| {})
            .await
            .unwrap();
    println!("started in {:?}", begin.elapsed());
    let (production, clone) = (sandbox.production(), sandbox.clone_endpoint());
    assert_eq!(production.port, clone.port);

    let gap = "select count(*) from v_object_owner_gap";
    assert_eq!(ask(production, &production.database, gap).unwrap(), "210");
    assert_eq!(ask(clone, &clone.database, gap).unwrap(), "0");
    let collections = "select count(*) from directus_users";
    assert_eq!(
        ask(production, &production.database, collections).unwrap(),
        ask(clone, &clone.database, collections).unwrap(),
    );

    let written = ask(production, &production.database, "delete from directus_users").unwrap_err();
    assert!(written.contains("permission denied"), "{written}");
    let crossed = ask(clone, &production.database, "select 1").unwrap_err();
    assert!(crossed.contains("permission denied for database"), "{crossed}");
    let crossed = ask(production, &clone.database, "select 1").unwrap_err();
    assert!(crossed.contains("permission denied for database"), "{crossed}");
    let superuser =
        ask(clone, &clone.database, "select rolsuper from pg_roles where rolname = current_user");
    assert_eq!(superuser.unwrap(), "f");

    let profile = std::fs::read_to_string(sandbox.config_path()).unwrap();
    assert!(profile.contains(&format!("port = {}", production.port)), "{profile}");
    assert!(sandbox.config_path().with_file_name("checks").is_dir());

    let folder = sandbox.folder().to_path_buf();
    sandbox.stop().await.unwrap();
    assert!(!folder.exists());
    assert_eq!(processes_in(&folder), Vec::<String>::new());
    assert_eq!(outside_folders(&id_of(&folder)), Vec::<std::path::PathBuf>::new());
}

#[tokio::test]
async fn the_full_scale_is_as_large_as_the_real_one() {
    let root = open_root();
    let mut options = options(root.path(), Topology::OneInstance, Backend::Local);
    options.scale = Scale::Full;
    let begin = Instant::now();
    let sandbox =
        start(&options, &|step: &str| println!("{:?} {step}", begin.elapsed())).await.unwrap();
    println!("{:?} started", begin.elapsed());
    for endpoint in [sandbox.production(), sandbox.clone_endpoint()] {
        let rows =
            "select (select count(*) from birth_registry), (select count(*) from system_issues)";
        assert_eq!(ask(endpoint, &endpoint.database, rows).unwrap(), "1100000|200480");
    }
    sandbox.stop().await.unwrap();
}

#[tokio::test]
async fn two_instances_are_two_clusters_and_work_in_a_folder_that_only_we_can_reach() {
    let root = tempfile::tempdir().unwrap();
    std::fs::set_permissions(root.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let sandbox =
        start(&options(root.path(), Topology::TwoInstances, Backend::Local), &|_: &str| {})
            .await
            .unwrap();
    let (production, clone) = (sandbox.production().clone(), sandbox.clone_endpoint().clone());
    assert_ne!(production.port, clone.port);
    let identifier = "select system_identifier from pg_control_system()";
    assert_ne!(
        production.psql.run_sql("postgres", identifier).await.unwrap(),
        clone.psql.run_sql("postgres", identifier).await.unwrap(),
    );
    // The clone's role is not even known to production.
    let crossed =
        ask(&Endpoint { port: production.port, ..clone }, "directus", "select 1").unwrap_err();
    assert!(
        crossed.contains("no password supplied") || crossed.contains("authentication failed"),
        "{crossed}"
    );

    let id = id_of(sandbox.folder());
    let outside = production.socket_dir.unwrap();
    drop(sandbox);
    assert!(!outside.exists());
    assert_eq!(outside_folders(&id), Vec::<std::path::PathBuf>::new());
    assert_eq!(processes_in(&outside), Vec::<String>::new());
    let left: Vec<_> =
        std::fs::read_dir(root.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["lock"]);
}

#[tokio::test]
async fn a_kept_sandbox_lives_until_all_are_swept() {
    let root = open_root();
    let sandbox =
        start(&options(root.path(), Topology::OneInstance, Backend::Local), &|_: &str| {})
            .await
            .unwrap();
    let clone = sandbox.clone_endpoint().clone();
    let folder = sandbox.folder().to_path_buf();
    let help = sandbox.connection_help();
    assert!(help.contains("context_pack_readonly") && help.contains("clonegate.toml"), "{help}");
    sandbox.keep().unwrap();

    let swept = sweep(root.path(), SweepScope::AbandonedOnly).await.unwrap();
    assert_eq!((swept.removed.len(), &*swept.left), (0, std::slice::from_ref(&folder)));
    assert_eq!(ask(&clone, &clone.database, "select 1").unwrap(), "1");

    let swept = sweep(root.path(), SweepScope::All).await.unwrap();
    assert_eq!(swept.removed, std::slice::from_ref(&folder));
    assert!(!folder.exists());
    assert_eq!(processes_in(&folder), Vec::<String>::new());
}

#[tokio::test]
async fn a_sandbox_whose_owner_lives_is_not_swept() {
    let root = open_root();
    let sandbox =
        start(&options(root.path(), Topology::OneInstance, Backend::Local), &|_: &str| {})
            .await
            .unwrap();
    let swept = sweep(root.path(), SweepScope::All).await.unwrap();
    assert!(swept.removed.is_empty());
    assert!(sandbox.production().psql.run_sql("postgres", "select 1").await.is_ok());
    sandbox.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_stops_and_starts_again_where_it_was() {
    let installation = installation();
    let home = open_root();
    let options = ServerOptions {
        settings: vec![("max_connections".to_owned(), "23".to_owned())],
        ..ServerOptions::default()
    };
    let mut server =
        LocalServer::start(&installation, &home.path().join("one"), &options).await.unwrap();
    let port = server.port();
    let psql = server.psql();
    assert_eq!(psql.run_sql("postgres", "show max_connections").await.unwrap().trim(), "23");
    psql.run_sql("postgres", "create table kept (a int)").await.unwrap();

    // Ctrl-C in a terminal goes to a process group, and the server must outlive it.
    let lock = std::fs::read_to_string(server.folder().data().join("postmaster.pid")).unwrap();
    let group =
        |pid: &str| Command::new("ps").args(["-o", "pgid=", "-p", pid]).output().unwrap().stdout;
    assert_ne!(group(lock.lines().next().unwrap()), group(&std::process::id().to_string()));

    server.stop(StopMode::Fast).await.unwrap();
    assert!(!server.is_running());
    assert!(psql.run_sql("postgres", "select 1").await.is_err());
    server.start_again().await.unwrap();
    assert_eq!(server.port(), port);
    psql.run_sql("postgres", "select from kept").await.unwrap();
    server.restart(StopMode::Immediate).await.unwrap();
    psql.run_sql("postgres", "select 1").await.unwrap();

    let data = server.folder().data();
    drop(server);
    assert!(!data.exists());
}

#[tokio::test]
async fn a_server_that_can_not_start_says_why_and_leaves_nothing() {
    let installation = installation();
    let home = open_root();
    let options = ServerOptions {
        settings: vec![("no_such_setting".to_owned(), "1".to_owned())],
        ..ServerOptions::default()
    };
    let error =
        LocalServer::start(&installation, &home.path().join("one"), &options).await.unwrap_err();
    assert!(error.to_string().contains("no_such_setting"), "{error}");
    assert!(!home.path().join("one/server").exists());
}

#[tokio::test]
async fn a_clone_is_not_called_made_when_the_dump_failed() {
    let installation = installation();
    let home = open_root();
    let server =
        LocalServer::start(&installation, &home.path().join("one"), &ServerOptions::default())
            .await
            .unwrap();
    let psql = server.psql();
    psql.run_sql("postgres", "create database empty").await.unwrap();
    // pg_dump fails before it writes anything, and psql is content with nothing.
    let error =
        clonegate_sandbox::copy_database(&psql, "no_such", &psql, "empty").await.unwrap_err();
    assert!(matches!(error, clonegate_sandbox::CopyError::Dump(_)), "{error}");

    // psql fails at the first statement that the target refuses, and nothing is kept.
    psql.run_sql("postgres", "create database source").await.unwrap();
    psql.run_sql("source", "create table a (x int); create table b (x int)").await.unwrap();
    psql.run_sql("empty", "create table b (x int)").await.unwrap();
    let error =
        clonegate_sandbox::copy_database(&psql, "source", &psql, "empty").await.unwrap_err();
    assert!(error.to_string().contains("restore"), "{error}");
    let tables = psql.run_sql("empty", "select string_agg(relname, ',') from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace");
    assert_eq!(tables.await.unwrap().trim(), "b");
}

#[tokio::test]
async fn a_password_is_neither_in_the_log_nor_in_an_error() {
    let installation = installation();
    let home = open_root();
    let options = ServerOptions {
        settings: vec![("log_statement".to_owned(), "all".to_owned())],
        ..ServerOptions::default()
    };
    let server =
        LocalServer::start(&installation, &home.path().join("one"), &options).await.unwrap();
    let password = clonegate_sandbox::Password::random().unwrap();
    let error = server.psql().set_password("nobody_of_that_name", &password).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains(password.expose()), "{error}");
    server.psql().run_sql("postgres", "create role somebody login").await.unwrap();
    server.psql().set_password("somebody", &password).await.unwrap();
    let log = std::fs::read_to_string(server.log_path()).unwrap();
    assert!(log.contains("create role somebody"), "{log}");
    assert!(!log.contains(password.expose()), "{log}");
}
