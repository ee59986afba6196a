//! The negative controls of a run: what has to be refused, tried against the guards themselves.
//!
//! None of them could write to production if its guard were gone: what is judged there is not sent, and
//! what is sent is a lock that the role has no right to.

use clonegate_clone::{CloneChannel, Control};
use clonegate_model::{Assertion, RunId, chain};
use clonegate_probe::{ConnectError, ProductionChannel, ReadError};
use clonegate_profile::Profile;
use clonegate_query::Production;
use clonegate_sql::{GuardedScript, ReadOnlyStatement};

use crate::channels::bounds;

/// A control and what came of it, as a row of the report.
fn row(id: &str, title: &str, required: &str, control: Control) -> Assertion {
    match control {
        Control::Refused(said) => {
            Assertion::decide(id, title, required, format!("refused: {said}"), Ok(()))
        }
        Control::NotRefused(what) => {
            let why = format!("the guard did not hold: {what}");
            Assertion::decide(id, title, required, "not refused", Err(why))
        }
        Control::NotTried(why) => Assertion::not_established(id, title, required, why),
    }
}

/// Tries all of them.
pub(crate) async fn rows(
    profile: &Profile,
    run: &RunId,
    production: &ProductionChannel,
    clone: &CloneChannel,
) -> Vec<Assertion> {
    let (of_production, of_clone) = tokio::join!(
        async { (allowlist(profile, run).await, production_write(production).await) },
        async {
            tokio::join!(
                clone.control_other_database(production.identity()),
                clone.control_connect(),
                clone.control_read()
            )
        }
    );
    let database = &profile.production.database;
    vec![
        row(
            "control-judged-write",
            "a write, offered to the production channel",
            "refused by the judge, and not sent",
            judged_write(),
        ),
        row(
            "control-read-only",
            "a row lock in the production channel, the judge left out",
            "refused by the READ ONLY transaction",
            of_production.1,
        ),
        row(
            "control-allowlist",
            "the clone, asked for through the production channel",
            "refused before anything is connected to",
            of_production.0,
        ),
        row(
            "control-other-database",
            &format!("a script for {database}, sent through the clone channel"),
            "refused by the guard in its transaction",
            of_clone.0,
        ),
        row(
            "control-judged-connect",
            &format!("a script with \\connect {database}"),
            "refused by the judge, and not sent",
            judged_connect(database.as_str()),
        ),
        row(
            "control-connect",
            "a \\connect in the clone's psql, the judge left out",
            "refused by psql, whose meta-commands are locked",
            of_clone.1,
        ),
        row(
            "control-clone-read",
            "a row lock in the clone channel's reading, the judge left out",
            "refused by the READ ONLY transaction",
            of_clone.2,
        ),
    ]
}

fn judged_write() -> Control {
    match ReadOnlyStatement::judge("insert into public.clonegate_control values (1)") {
        Err(refusal) => Control::Refused(refusal.to_string()),
        Ok(_) => Control::NotRefused("the judge takes an INSERT for reading".to_owned()),
    }
}

fn judged_connect(database: &str) -> Control {
    match GuardedScript::judge("control", &format!("\\connect {database}\nselect 1;\n")) {
        Err(refusals) => match refusals.first() {
            Some(refusal) => Control::Refused(refusal.to_string()),
            None => Control::NotTried("the judge refused it and said no reason".to_owned()),
        },
        Ok(_) => Control::NotRefused("the judge lets a \\connect pass".to_owned()),
    }
}

/// The clone's name goes where production's name goes.
async fn allowlist(profile: &Profile, run: &RunId) -> Control {
    let clone = profile.clone.database.as_database();
    let settings = match Production::resolve(&profile.production, clone) {
        Ok(settings) => settings,
        Err(error) => return Control::NotTried(chain(&error)),
    };
    match settings.connect(run, bounds(&profile.production, &profile.limits)).await {
        Err(error @ ConnectError::NotAllowed { .. }) => Control::Refused(chain(&error)),
        Err(error) => Control::NotRefused(format!("the allowlist let it pass: {}", chain(&error))),
        Ok(channel) => {
            channel.close().await;
            Control::NotRefused("the production channel reached the clone".to_owned())
        }
    }
}

async fn production_write(production: &ProductionChannel) -> Control {
    match production.control_write().await {
        Err(ReadError::Server(said)) if said.sqlstate() == "25006" => {
            Control::Refused(said.to_string())
        }
        Err(ReadError::Server(said)) => {
            Control::NotRefused(format!("READ ONLY did not refuse it: {said}"))
        }
        Err(error) => Control::NotTried(chain(&error)),
        Ok(_) => Control::NotRefused("a row was locked".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clonegate_model::Verdict;

    use super::*;

    #[test]
    fn the_judges_refuse_their_controls() {
        for control in [judged_write(), judged_connect("directus")] {
            assert!(matches!(control, Control::Refused(_)), "{control:?}");
        }
    }

    #[test]
    fn a_control_that_is_not_refused_fails_and_one_that_is_not_tried_says_nothing() {
        let verdict = |control| row("c", "t", "r", control).outcome.verdict();
        assert_eq!(verdict(Control::Refused("no".to_owned())), Verdict::Pass);
        assert_eq!(verdict(Control::NotRefused("yes".to_owned())), Verdict::Fail);
        assert_eq!(verdict(Control::NotTried("how".to_owned())), Verdict::Inconclusive);
    }
}
