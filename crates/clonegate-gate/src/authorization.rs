//! Whether the profile's authorization holds for what is about to be run. Where it does not, the run is a
//! prototype run, and the report says why.

use std::time::Duration;

use clonegate_clone::CloneChannel;
use clonegate_model::{Assertion, Authorization, Facts, Mode, Reading, RunRecord, Value, chain};
use clonegate_probe::ProductionChannel;
use clonegate_profile::{Binding, Profile};
use clonegate_sql::{Permitted, ReadOnlyStatement};
use jiff::Timestamp;

use crate::channels::read_all;
use crate::read::Terms;

const CLOCK: &str = include_str!("../../../sql/engine/gate/clock.sql");

/// The row of the report.
const ID: &str = "authorization";

/// How far two clocks may be apart.
const APART: Duration = Duration::from_secs(300);

/// What keeps an authorization from being used, as far as it can be said without connecting.
pub(crate) fn refusals(
    authorization: &Authorization,
    binding: &Binding,
    now: Timestamp,
) -> Vec<String> {
    let mut why = Vec::new();
    match authorization.expires {
        None => why.push("it says no expiry".to_owned()),
        Some(expires) if expires <= now => why.push(format!("it expired at {expires}")),
        Some(_) => {}
    }
    match &authorization.profile {
        None => why.push("it is bound to no profile".to_owned()),
        Some(sha256) if *sha256 != binding.profile => why.push(format!(
            "it is for another profile: {}… was authorized, this one is {}…",
            short(sha256),
            short(&binding.profile)
        )),
        Some(_) => {}
    }
    if authorization.scripts.is_empty() {
        why.push("it is bound to no scripts".to_owned());
    } else {
        for (name, sha256) in &binding.scripts {
            match authorization.scripts.get(name) {
                None => why.push(format!("{name} is not among the scripts that it names")),
                Some(authorized) if authorized != sha256 => why.push(format!(
                    "{name} is another one: {}… was authorized, this one is {}…",
                    short(authorized),
                    short(sha256)
                )),
                Some(_) => {}
            }
        }
        for name in authorization.scripts.keys().filter(|n| !binding.scripts.contains_key(*n)) {
            why.push(format!("it names {name}, which is not part of the build"));
        }
    }
    why
}

fn short(sha256: &str) -> &str {
    sha256.get(..12).unwrap_or(sha256)
}

/// The mode of a run, and why it is not persistent although the profile has an authorization.
pub(crate) fn mode(profile: &Profile, now: Timestamp) -> (Mode, Vec<String>) {
    match &profile.build.authorization {
        None => (Mode::Prototype, Vec::new()),
        Some(authorization) => {
            let why = refusals(authorization, &profile.binding, now);
            (if why.is_empty() { Mode::Persistent } else { Mode::Prototype }, why)
        }
    }
}

/// Whether the authorization still holds, before the next script is sent.
pub(crate) fn still(record: &RunRecord) -> Result<(), String> {
    let expires = record.authorization.as_ref().and_then(|a| a.expires);
    match (record.mode, expires) {
        (Mode::Persistent, Some(expires)) if expires <= Timestamp::now() => {
            Err(format!("the authorization expired at {expires}, and nothing more was run"))
        }
        _ => Ok(()),
    }
}

/// Asks both servers for the time: an expiry is not this machine's clock's to say alone.
pub(crate) async fn by_the_servers(
    record: &mut RunRecord,
    production: &ProductionChannel,
    clone: &CloneChannel,
) {
    if record.mode != Mode::Persistent {
        return;
    }
    let before = Timestamp::now();
    let nothing = (Facts::none(), Permitted::nothing());
    let terms = Terms { facts: &nothing.0, permitted: &nothing.1 };
    let statements = [CLOCK.to_owned()];
    let of_production = async {
        let statement = ReadOnlyStatement::judge(CLOCK).map_err(|r| r.to_string())?;
        let answer = production
            .read(&statement.of_the_program(), &Facts::none())
            .await
            .map_err(|e| chain(&e))?;
        Ok(answer.reading)
    };
    let (p, c) = tokio::join!(of_production, read_all(clone, &statements, terms));
    let c = c.into_iter().next().unwrap_or_else(|| Err("there is no answer".to_owned()));
    let clocks = [("production's", p), ("the clone's", c)];
    let Some(expires) = record.authorization.as_ref().and_then(|a| a.expires) else { return };
    match judge(expires, before, Timestamp::now(), clocks) {
        Ok(seen) => {
            // Of a run that goes on, this is the second time.
            record.preflight.retain(|row| row.id != ID);
            record.preflight.push(Assertion::decide(
                ID,
                "the build is authorized, and the clocks agree",
                format!(
                    "bound to these scripts and this profile, not expired; within {} s",
                    APART.as_secs()
                ),
                format!("until {expires}; apart: {seen}"),
                Ok(()),
            ));
        }
        Err(why) => {
            record.mode = Mode::Prototype;
            record.authorization_refused = why;
        }
    }
}

/// Holds the servers' clocks against this machine's, and all of them against the expiry. What was seen,
/// or why the authorization can't be used.
fn judge(
    expires: Timestamp,
    before: Timestamp,
    after: Timestamp,
    clocks: [(&str, Result<Reading, String>); 2],
) -> Result<String, Vec<String>> {
    let mut why = Vec::new();
    let mut seen = Vec::new();
    for (whose, answer) in clocks {
        let seconds = answer.and_then(|reading| match reading.single("seconds") {
            Some(Value::Integer(seconds)) => Ok(*seconds),
            _ => Err("the answer has an unexpected shape".to_owned()),
        });
        match seconds {
            Err(reason) => why.push(format!("{whose} clock could not be read: {reason}")),
            Ok(seconds) => {
                let early = before.as_second() - seconds;
                let late = seconds - after.as_second();
                let apart = early.max(late).max(0);
                seen.push(format!("{whose} {apart} s"));
                if apart > i64::try_from(APART.as_secs()).unwrap_or(i64::MAX) {
                    why.push(format!(
                        "{whose} clock and this machine's are {apart} s apart, so that an expiry can't be told"
                    ));
                }
                if seconds >= expires.as_second() {
                    why.push(format!("it expired at {expires} by {whose} clock"));
                }
            }
        }
    }
    if why.is_empty() { Ok(seen.join(", ")) } else { Err(why) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn time(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("a time")
    }

    fn binding() -> Binding {
        let scripts = BTreeMap::from([("A.sql".to_owned(), "aa".to_owned())]);
        Binding { profile: "pp".to_owned(), scripts }
    }

    fn authorization() -> Authorization {
        let Binding { profile, scripts } = binding();
        Authorization {
            by: "somebody".to_owned(),
            reference: "1".to_owned(),
            reason: "because".to_owned(),
            expires: Some(time(1_000)),
            profile: Some(profile),
            scripts,
        }
    }

    fn why(change: impl FnOnce(&mut Authorization), now: i64) -> String {
        let mut authorization = authorization();
        change(&mut authorization);
        refusals(&authorization, &binding(), time(now)).join("; ")
    }

    #[test]
    fn an_expiry_is_told_by_the_servers_clocks_too() {
        let reading = |seconds: i64| {
            Ok(Reading {
                columns: vec!["seconds".to_owned()],
                rows: vec![vec![Value::Integer(seconds)]],
                truncated: false,
            })
        };
        let of = |production: Result<Reading, String>, clone: Result<Reading, String>| {
            judge(time(10_000), time(5_000), time(5_002), [("p", production), ("c", clone)])
                .map_err(|why| why.join("; "))
        };
        assert_eq!(of(reading(5_001), reading(5_100)).as_deref(), Ok("p 0 s, c 98 s"));
        assert!(of(reading(5_001), reading(5_400)).is_err_and(|w| w.contains("c clock and this")));
        assert!(of(reading(4_000), reading(5_001)).is_err_and(|w| w.contains("apart")));
        assert!(of(reading(5_001), reading(10_000)).is_err_and(|w| w.contains("expired at")));
        assert!(of(Err("gone".to_owned()), reading(5_001)).is_err_and(|w| w.contains("gone")));
    }

    #[test]
    fn what_was_authorized_and_nothing_else_is_let_pass() {
        assert_eq!(why(|_| {}, 999), "");
        assert!(why(|_| {}, 1_000).contains("expired"));
        assert!(why(|a| a.expires = None, 1).contains("no expiry"));
        assert!(why(|a| a.profile = None, 1).contains("no profile"));
        assert!(why(|a| a.profile = Some("qq".into()), 1).contains("another profile"));
        assert!(why(|a| a.scripts.clear(), 1).contains("no scripts"));
        assert!(
            why(|a| drop(a.scripts.insert("A.sql".into(), "bb".into())), 1).contains("another one")
        );
        assert!(
            why(|a| drop(a.scripts.insert("B.sql".into(), "bb".into())), 1).contains("not part")
        );
        let moved =
            |a: &mut Authorization| a.scripts = BTreeMap::from([("B.sql".into(), "aa".into())]);
        assert!(why(moved, 1).contains("A.sql is not among"));
    }
}
