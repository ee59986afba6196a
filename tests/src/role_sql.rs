//! The script of `clonegate role-sql`, run on production as an administrator would.

use crate::harness::{Side, Trial};

/// Whatever production's role has too much is taken away by the script, and by nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_could_write_passes_when_the_script_was_run() {
    let trial = Trial::new().await;
    let too_much = "alter role context_pack_readonly createdb bypassrls;
                    create role \"some \"\"writer\"; grant insert on directus_users to \"some \"\"writer\";
                    grant \"some \"\"writer\" to context_pack_readonly;
                    grant update (id) on directus_users to context_pack_readonly;
                    grant temporary on database directus to public;
                    grant create on schema public to public;
                    grant execute on function pg_catalog.pg_read_file(text) to context_pack_readonly;
                    alter default privileges grant delete on tables to context_pack_readonly";
    trial.sql(Side::Production, too_much).await;
    let config = trial.config().to_str().expect("the path is text").to_owned();
    let refused = trial.command(&["gate", "--config", &config]).await;
    assert_eq!(refused.code, Some(100), "{}", refused.said());
    let record = trial.records().pop().expect("a refused role is recorded");
    assert!(record.production_entry.is_none(), "nothing was read");
    let why = record.reasons().join("\n");
    for kind in [
        "create-database",
        "bypass-rls",
        "write-grant 2",
        "temporary",
        "create-grant",
        "dangerous-function",
        "future-write-grant",
    ] {
        assert!(why.contains(kind), "{kind} is not in {why}");
    }

    let script = trial.command(&["role-sql", "--config", &config]).await;
    assert_eq!(script.code, Some(0), "{}", script.said());
    // Twice: it may be run again.
    trial.sql(Side::Production, &script.stdout).await;
    trial.sql(Side::Production, &script.stdout).await;
    let passed = trial.command(&["gate", "--config", &config]).await;
    assert_eq!(passed.code, Some(0), "{}", passed.said());
    trial.assert_nothing_left().await;
}

/// The clone's role, made an ordinary one that production refuses, by the script and by nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clones_role_that_could_do_too_much_passes_when_the_script_was_run() {
    let trial = Trial::new().await;
    let too_much = "alter role workflow_admin createrole nocreatedb replication bypassrls;
                    create role powerful; grant powerful to workflow_admin;
                    create role bystander login;
                    grant connect on database directus to public, powerful, workflow_admin";
    trial.sql(Side::Production, too_much).await;
    let config = trial.config().to_str().expect("the path is text").to_owned();
    let refused = trial.command(&["gate", "--config", &config]).await;
    assert_eq!(refused.code, Some(100), "{}", refused.said());

    let script = trial.command(&["role-sql", "--clone", "--config", &config]).await;
    assert_eq!(script.code, Some(0), "{}", script.said());
    // Twice: it may be run again.
    trial.sql(Side::Clone, &script.stdout).await;
    trial.sql(Side::Clone, &script.stdout).await;
    let is = "select rolsuper or rolcreaterole or rolreplication or rolbypassrls, rolcreatedb,
                     has_database_privilege(oid, 'directus', 'connect'),
                     exists (select from pg_auth_members where member = pg_roles.oid),
                     has_database_privilege('bystander', 'directus', 'connect')
                from pg_roles where rolname = 'workflow_admin'";
    assert_eq!(trial.sql(Side::Clone, is).await, "f|t|f|f|f");
    let passed = trial.command(&["gate", "--config", &config]).await;
    assert_eq!(passed.code, Some(0), "{}", passed.said());
    trial.assert_nothing_left().await;
}
