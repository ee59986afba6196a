//! The isolation watch: who and what else is at work on the clone, through the whole run.
//!
//! Sessions are counted and sampled from entry to exit; everything that could act without a session of its own,
//! or by itself, is looked up at entry and at exit.

use clonegate_clone::{CloneChannel, Watch, Watched};
use clonegate_model::{Assertion, Facts, Finding, Identity, Reading, Snapshot, Value, Verdict};
use clonegate_profile::Profile;
use clonegate_sql::Permitted;

use crate::accept::Beyond;
use crate::channels::read_all;
use crate::read::Terms;
use crate::separation::one_server;

/// What is looked up, and by which name a profile accepts that it is there.
struct Thing {
    id: &'static str,
    title: &'static str,
    accepted: Option<Beyond>,
    sql: &'static str,
}

const THINGS: [Thing; 6] = [
    Thing {
        id: "watch-prepared",
        title: "prepared transactions on the clone",
        accepted: None,
        sql: include_str!("../../../sql/engine/gate/isolation/prepared_transactions.sql"),
    },
    Thing {
        id: "watch-slots",
        title: "replication slots of the clone",
        accepted: Some(Beyond::ReplicationSlot),
        sql: include_str!("../../../sql/engine/gate/isolation/replication_slots.sql"),
    },
    Thing {
        id: "watch-subscriptions",
        title: "subscriptions of the clone",
        accepted: Some(Beyond::Subscription),
        sql: include_str!("../../../sql/engine/gate/isolation/subscriptions.sql"),
    },
    Thing {
        id: "watch-foreign-servers",
        title: "foreign servers on the clone",
        accepted: Some(Beyond::ForeignServer),
        sql: include_str!("../../../sql/engine/gate/isolation/foreign_servers.sql"),
    },
    Thing {
        id: "watch-extensions",
        title: "extensions that reach elsewhere (dblink and its like)",
        accepted: Some(Beyond::ReachingExtension),
        sql: include_str!("../../../sql/engine/gate/isolation/reaching_extensions.sql"),
    },
    Thing {
        id: "watch-event-triggers",
        title: "event triggers that fire on the clone",
        accepted: Some(Beyond::EventTrigger),
        sql: include_str!("../../../sql/engine/gate/isolation/event_triggers.sql"),
    },
];

const CRON: &str = include_str!("../../../sql/engine/gate/isolation/cron.sql");
const CRON_JOBS: &str = include_str!("../../../sql/engine/gate/isolation/cron_jobs.sql");

/// A watch that goes on, and what was there when it began.
pub(crate) struct Begun {
    watch: Watch,
    /// Since when, and why not since entry; `None` where it was since entry.
    late: Option<String>,
    things: Vec<Result<Found, String>>,
}

/// What is there of a thing.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    count: i64,
    names: String,
}

/// Begins. From here on somebody looks.
pub(crate) async fn begin(clone: &CloneChannel) -> Begun {
    let watch = clone.watch().await;
    Begun { watch, late: None, things: look(clone).await }
}

/// Begins in the middle of a run, because of what is said: nobody looked before.
pub(crate) async fn begin_late(clone: &CloneChannel, why: String) -> Begun {
    Begun { late: Some(why), ..begin(clone).await }
}

/// That somebody looked from entry on. Whoever was there in between and is gone left no trace here.
fn since_entry(late: Option<String>, accepted: Option<&str>) -> Assertion {
    let (id, title) = ("watch-since-entry", "somebody looked from entry to exit");
    match (late, accepted) {
        (None, _) => Assertion::decide(id, title, "without a gap", "without a gap", Ok(())),
        (Some(why), Some(reason)) => {
            let required = "without a gap but what the profile accepts";
            Assertion::decide(id, title, required, format!("{why}; accepted: {reason}"), Ok(()))
        }
        (Some(why), None) => Assertion::not_established(id, title, "without a gap", why),
    }
}

/// Ends, when nothing more is done on the clone: one row for each thing that could break the isolation.
pub(crate) async fn end(begun: Begun, clone: &CloneChannel, profile: &Profile) -> Vec<Assertion> {
    let now = look(clone).await;
    let watched = begun.watch.end().await;
    let unwatched = profile.clone.accept.get(Beyond::Unwatched.name()).map(String::as_str);
    let mut rows =
        vec![since_entry(begun.late, unwatched), sessions(&watched), listeners(&watched)];
    let titled = THINGS.iter().map(|t| (t.id, t.title, t.accepted));
    let cron = ("watch-cron", "jobs of pg_cron on the clone", Some(Beyond::PgCron));
    for (((id, title, accepted), entry), exit) in titled.chain([cron]).zip(begun.things).zip(now) {
        let reason = accepted.and_then(|kind| profile.clone.accept.get(kind.name()));
        rows.push(thing((id, title), entry, exit, reason.map(String::as_str)));
    }
    rows
}

/// Each thing in turn; pg_cron's jobs are the last.
async fn look(clone: &CloneChannel) -> Vec<Result<Found, String>> {
    let nothing = (Facts::none(), Permitted::nothing());
    let terms = Terms { facts: &nothing.0, permitted: &nothing.1 };
    let statements: Vec<String> =
        THINGS.iter().map(|t| t.sql).chain([CRON]).map(str::to_owned).collect();
    let mut answers = read_all(clone, &statements, terms).await;
    let cron = answers.pop().unwrap_or_else(|| Err("there is no answer".to_owned()));
    let mut found: Vec<Result<Found, String>> =
        answers.into_iter().map(|answer| answer.and_then(|reading| read(&reading))).collect();
    found.push(match cron {
        Err(why) => Err(why),
        Ok(reading) => match (reading.single("schedulers"), reading.single("here")) {
            (Some(Value::Integer(0)), Some(Value::Bool(_))) => {
                Ok(Found { count: 0, names: String::new() })
            }
            (Some(Value::Integer(_)), Some(Value::Bool(true))) => {
                let jobs = read_all(clone, &[CRON_JOBS.to_owned()], terms).await.into_iter().next();
                jobs.unwrap_or_else(|| Err("there is no answer".to_owned())).and_then(|r| read(&r))
            }
            (Some(Value::Integer(_)), Some(Value::Bool(false))) => Err(
                "pg_cron runs in this server and keeps its jobs in another database, where they can't be read"
                    .to_owned(),
            ),
            _ => Err("the answer has an unexpected shape".to_owned()),
        },
    });
    found
}

fn read(reading: &Reading) -> Result<Found, String> {
    match (reading.single("found"), reading.single("names")) {
        (Some(Value::Integer(count)), Some(Value::Text(names))) => {
            Ok(Found { count: *count, names: names.clone() })
        }
        _ => Err("the answer has an unexpected shape".to_owned()),
    }
}

fn thing(
    (id, title): (&str, &str),
    entry: Result<Found, String>,
    exit: Result<Found, String>,
    accepted: Option<&str>,
) -> Assertion {
    let required = if accepted.is_some() { "none but what the profile accepts" } else { "none" };
    let (entry, exit) = match (entry, exit, accepted) {
        (Ok(entry), Ok(exit), _) => (entry, exit),
        (Err(why), _, Some(reason)) | (_, Err(why), Some(reason)) => {
            let actual = format!("not known: {why}; accepted: {reason}");
            return Assertion::decide(id, title, required, actual, Ok(()));
        }
        (Err(why), ..) | (_, Err(why), _) => {
            return Assertion::not_established(id, title, required, why);
        }
    };
    let said = |found: &Found| match found.count {
        0 => "none".to_owned(),
        n => format!("{n} ({})", found.names),
    };
    if entry.count == 0 && exit.count == 0 {
        return Assertion::decide(id, title, required, "none at entry and at exit", Ok(()));
    }
    let actual = format!("{} at entry, {} at exit", said(&entry), said(&exit));
    match accepted {
        Some(reason) if entry == exit => {
            Assertion::decide(id, title, required, format!("{actual}; accepted: {reason}"), Ok(()))
        }
        Some(_) => {
            let why = format!("it is accepted, and it changed during the run: {actual}");
            Assertion::decide(id, title, required, actual, Err(why))
        }
        None => Assertion::decide(id, title, required, actual.clone(), Err(actual)),
    }
}

/// That nobody else was on the clone: by looking, and by the server's count of what no look saw.
fn sessions(watched: &Watched) -> Assertion {
    let (id, title) = ("watch-sessions", "foreign sessions on the clone");
    if !watched.foreign.is_empty() {
        let seen: Vec<String> = watched
            .foreign
            .iter()
            .take(5)
            .map(|f| format!("{} as {} (pid {})", f.application, f.role, f.pid))
            .collect();
        let more = watched.foreign.len().saturating_sub(seen.len());
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        let actual = format!("{}: {}{more}", watched.foreign.len(), seen.join(", "));
        let why = format!("somebody else was on the clone: {}{more}", seen.join(", "));
        return Assertion::decide(id, title, "none", actual, Err(why));
    }
    if let Some(why) = &watched.failure {
        return Assertion::not_established(id, title, "none", why.clone());
    }
    match watched.unseen() {
        Some(0) => Assertion::decide(
            id,
            title,
            "none",
            format!(
                "none in {} looks, at most {:.1} s apart; the server counted {} sessions, all of this run",
                watched.samples,
                watched.longest.as_secs_f64(),
                watched.own
            ),
            Ok(()),
        ),
        Some(n) if n > 0 => Assertion::not_established(
            id,
            title,
            "none",
            format!(
                "the server counted {n} sessions that are not this run's, and no look saw whose they were"
            ),
        ),
        Some(n) => Assertion::not_established(
            id,
            title,
            "none",
            format!(
                "the server counted {} sessions fewer than this run opened, so that its count says nothing",
                -n
            ),
        ),
        None => Assertion::not_established(
            id,
            title,
            "none",
            "the server's count of sessions was reset, or is not there",
        ),
    }
}

/// A listener is a session on the database that it listens in, and the server shows nobody's channels but one's
/// own: where there was no foreign session, there was no foreign listener.
fn listeners(watched: &Watched) -> Assertion {
    let (id, title) = ("watch-listeners", "listeners on the clone");
    let row = sessions(watched);
    match row.outcome.verdict() {
        Verdict::Pass => Assertion::decide(
            id,
            title,
            "none",
            "none: who listens has a session, and there was none but this run's",
            Ok(()),
        ),
        Verdict::Fail | Verdict::Inconclusive => Assertion::not_established(
            id,
            title,
            "none",
            "whether a foreign session listened can't be seen from another one",
        ),
    }
}

/// Classes of definitions that databases of one server share.
const SHARED: [&str; 10] = [
    "role",
    "membership",
    "setting",
    "parameter acl",
    "tablespace",
    "database",
    "other database",
    "replication slot",
    "replication origin",
    "server setting",
];

/// That nothing changed of what the clone shares with production, by the catalog witness of production.
pub(crate) fn shared(
    (production, clone): (&Identity, &Identity),
    exit: &Snapshot,
    findings: &[Finding],
) -> Assertion {
    let (id, title) = (
        "watch-shared",
        "what the clone shares with production (roles, settings, tablespaces, slots)",
    );
    if !one_server(production, clone) {
        let actual = "nothing is shared: they are two servers";
        return Assertion::decide(id, title, "no unexplained difference", actual, Ok(()));
    }
    let compared = exit.catalog.iter().filter(|o| SHARED.contains(&o.class.as_str())).count();
    let of_shared = |f: &&Finding| {
        SHARED.iter().any(|class| f.subject.strip_prefix(class).is_some_and(|s| s.starts_with(' ')))
    };
    let differ: Vec<String> = findings
        .iter()
        .filter(of_shared)
        .filter(|f| f.verdict() != Verdict::Pass)
        .map(|f| format!("{} {}", f.subject, f.attribute))
        .collect();
    if compared == 0 {
        let why = "the catalog witness listed nothing of it";
        return Assertion::not_established(id, title, "no unexplained difference", why);
    }
    let actual = format!("{compared} definitions compared, {} differ", differ.len());
    let holds = if differ.is_empty() { Ok(()) } else { Err(differ.join(", ")) };
    Assertion::decide(id, title, "no unexplained difference", actual, holds)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clonegate_clone::Foreign;

    use super::*;

    fn watched(counted: Option<i64>, own: i64, foreign: &[&str]) -> Watched {
        let foreign = foreign.iter().enumerate().map(|(n, application)| Foreign {
            pid: i64::try_from(n).unwrap_or(0),
            role: "app".to_owned(),
            application: (*application).to_owned(),
        });
        Watched {
            samples: 7,
            longest: Duration::from_millis(300),
            foreign: foreign.collect(),
            counted,
            own,
            failure: None,
        }
    }

    fn verdicts(watched: &Watched) -> (Verdict, Verdict) {
        (sessions(watched).outcome.verdict(), listeners(watched).outcome.verdict())
    }

    #[test]
    fn only_a_clone_whose_every_session_was_the_runs_own_is_isolated() {
        use Verdict::{Fail, Inconclusive, Pass};
        assert_eq!(verdicts(&watched(Some(5), 5, &[])), (Pass, Pass));
        assert_eq!(verdicts(&watched(Some(6), 5, &["app"])), (Fail, Inconclusive));
        // It came and went between two looks.
        assert_eq!(verdicts(&watched(Some(6), 5, &[])), (Inconclusive, Inconclusive));
        assert_eq!(verdicts(&watched(Some(4), 5, &[])), (Inconclusive, Inconclusive));
        assert_eq!(verdicts(&watched(None, 5, &[])), (Inconclusive, Inconclusive));
        let lost = Watched { failure: Some("lost".into()), ..watched(Some(5), 5, &[]) };
        assert_eq!(verdicts(&lost), (Inconclusive, Inconclusive));
    }

    #[test]
    fn a_thing_is_none_or_accepted_and_unchanged() {
        let found = |count, names: &str| Ok(Found { count, names: names.to_owned() });
        let verdict =
            |entry, exit, accepted| thing(("t", "things"), entry, exit, accepted).outcome.verdict();
        assert_eq!(verdict(found(0, ""), found(0, ""), None), Verdict::Pass);
        assert_eq!(verdict(found(1, "a"), found(1, "a"), None), Verdict::Fail);
        assert_eq!(verdict(found(0, ""), found(1, "a"), None), Verdict::Fail);
        assert_eq!(verdict(found(1, "a"), found(1, "a"), Some("why")), Verdict::Pass);
        assert_eq!(verdict(found(1, "a"), found(1, "b"), Some("why")), Verdict::Fail);
        assert_eq!(verdict(found(0, ""), Err("denied".into()), None), Verdict::Inconclusive);
    }
}
