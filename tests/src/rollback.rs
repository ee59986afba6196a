//! `clonegate rollback`: what it says is what the clone is.

use clonegate_model::{RollbackRecord, Verdict};

use crate::harness::{Side, Trial};

const ROLLBACK: &str = "rollback/Z_axis_substrate_drop_clone.sql";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollback_passes_only_when_the_clone_is_as_it_was() {
    let trial = Trial::new().await;
    let config = trial.config().to_str().expect("the path is text").to_owned();
    let rollback = async || trial.command(&["rollback", "--config", &config, "--json"]).await;
    let record =
        |said: &str| -> RollbackRecord { serde_json::from_str(said).expect("the record is JSON") };

    // Nothing was built, so there is nothing to compare with.
    let early = rollback().await;
    assert_eq!(early.code, Some(3), "{}", early.said());
    assert_eq!(record(&early.stdout).takes_back, None);

    assert_eq!(trial.gate().await.code, Some(0));
    let built = trial.records().pop().expect("a run").run;
    let whole = std::fs::read_to_string(trial.profile_folder().join(ROLLBACK)).expect("a script");
    trial.write(ROLLBACK, "drop function public.axis_scan();");
    let half = rollback().await;
    assert_eq!(half.code, Some(100), "{}", half.said());
    let said = record(&half.stdout);
    assert_eq!((said.verdict(), said.takes_back), (Verdict::Fail, Some(built.clone())));
    assert!(said.findings.iter().any(|f| f.subject == "table public.axis_registry"));

    // The same run is taken back, until nothing of it is left. Another database that came meanwhile is not the
    // clone's.
    trial.sql(Side::Clone, "create database neighbour").await;
    trial.write(ROLLBACK, &whole);
    let done = rollback().await;
    assert_eq!(done.code, Some(0), "{}", done.said());
    let said = record(&done.stdout);
    assert_eq!((said.verdict(), said.takes_back), (Verdict::Pass, Some(built)));
    let left = "select count(*) from pg_class where relnamespace = 'public'::regnamespace and relname like 'axis\\_%'";
    assert_eq!(trial.sql(Side::Clone, left).await, "0");
    trial.assert_nothing_left().await;
}
