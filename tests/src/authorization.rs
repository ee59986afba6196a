//! An authorization that does not hold: nothing is committed, and the report says why.

use clonegate_model::{Mode, ScriptOutcome, Verdict};

use crate::harness::{Gate, Side, Trial, authorize, set};

const AXIS_TABLES: &str = "select count(*) from pg_class where relnamespace = 'public'::regnamespace and relname like 'axis\\_%'";

/// One sandbox for all of them: none commits anything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_stale_or_expired_or_not_bound_is_a_prototype_run() {
    let trial = Trial::new().await;
    let script = "build/B_axis_views.sql";
    let text = std::fs::read_to_string(trial.profile_folder().join(script)).unwrap();

    // As the profile of this project stands there: nobody bound it to anything.
    let unbound = Gate::start_as_it_is(&trial.store(), trial.config()).end().await;
    assert_eq!(unbound.code, Some(0), "{}", unbound.said());
    expect(
        &trial,
        &["it says no expiry", "it is bound to no profile", "it is bound to no scripts"],
    )
    .await;
    assert!(unbound.stderr.contains("nothing will be committed"), "{}", unbound.said());

    // A script that was changed by one byte since.
    authorize(trial.config());
    trial.write(script, &format!("{text} "));
    Gate::start_as_it_is(&trial.store(), trial.config()).end().await;
    expect(&trial, &["B_axis_views.sql is another one"]).await;
    trial.write(script, &text);

    // A profile in which one bound was widened since.
    authorize(trial.config());
    trial.edit(|profile| set(profile, "limits.script-timeout", Some("20m".into())));
    Gate::start_as_it_is(&trial.store(), trial.config()).end().await;
    expect(&trial, &["it is for another profile"]).await;

    authorize(trial.config());
    trial.edit(|profile| {
        set(profile, "build.authorization.expires", Some("2026-01-01T00:00:00Z".into()))
    });
    Gate::start_as_it_is(&trial.store(), trial.config()).end().await;
    expect(&trial, &["it expired at 2026-01-01T00:00:00Z"]).await;

    // What the command prints is what holds.
    let config = trial.config().to_str().unwrap().to_owned();
    let printed = trial.command(&["authorize", "--config", &config]).await;
    assert_eq!(printed.code, Some(0), "{}", printed.said());
    let printed: toml::Table = printed.stdout.parse().unwrap();
    trial.edit(|profile| {
        for key in ["expires", "profile"] {
            let value = printed["build"]["authorization"][key].as_str().unwrap();
            set(profile, &format!("build.authorization.{key}"), Some(value.into()));
        }
        let scripts = printed["build"]["authorization"]["scripts"].as_table().unwrap();
        assert_eq!(scripts.len(), 6, "five scripts and the rollback");
    });
    let holds = Gate::start_as_it_is(&trial.store(), trial.config()).end().await;
    assert_eq!(holds.code, Some(0), "{}", holds.said());
    let record = trial.records().pop().unwrap();
    assert_eq!(record.mode, Mode::Persistent);
    assert_eq!(record.authorization_refused, Vec::<String>::new());
    assert!(trial.report().contains("It is bound to what was run, by SHA-256:"));
    assert_ne!(trial.sql(Side::Clone, AXIS_TABLES).await, "0");
    trial.assert_nothing_left().await;
}

async fn expect(trial: &Trial, reasons: &[&str]) {
    let record = trial.records().pop().expect("the run has a record");
    assert_eq!((record.mode, record.verdict()), (Mode::Prototype, Verdict::Pass));
    assert!(record.build.iter().all(|s| s.outcome == ScriptOutcome::RolledBack));
    let said = &record.authorization_refused;
    assert_eq!(said.len(), reasons.len(), "{said:#?}");
    let report = trial.report();
    for reason in reasons {
        assert!(said.iter().any(|s| s.contains(reason)), "{reason}: {said:#?}");
        assert!(report.contains(reason), "the report does not say {reason}");
    }
    // What counts is what the database has.
    assert_eq!(trial.sql(Side::Clone, AXIS_TABLES).await, "0");
}
