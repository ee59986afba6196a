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
