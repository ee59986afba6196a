//! The catch matrix: every change alone, on a copy of the zoo, read by the witnesses through the
//! production channel as a role that may only read; each must be caught and named, by the witness
//! that should, and nothing else may be found or left open. What is no change must be silent.
//!
//! `CLONEGATE_BLESS=1` writes `docs/catch-matrix.md` anew, and into each new file what was found;
//! `CLONEGATE_MATRIX=rows/null` takes only those changes whose names contain it.

mod mutation;
mod zoo;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

use clonegate_diff::{Additions, Policy, compare_snapshots, diff};
use clonegate_model::{
    DatabaseName, DigestKey, Disposition, NotEstablished, Phase, Reading, RunId, SNAPSHOT_FORMAT,
    Since, Snapshot, Target, Value,
};
use clonegate_probe::{
    Accepted, Allowlist, Bounds, ConnectionSettings, Environment, Fields, ProductionChannel,
    SnapshotReader, SslMode, Terms,
};
use clonegate_sandbox::Psql;
use clonegate_sql::ReadOnlyStatement;
use clonegate_witness::{Plan, Unread, collect};
use jiff::Timestamp;
use rstest::rstest;

pub(crate) use mutation::Reader;
use mutation::{Catch, Mutation, Server};
pub(crate) use zoo::Zoo;
use zoo::{COPY, READER};

/// How a run is told to take only those changes whose names contain this.
const ONLY: &str = "CLONEGATE_MATRIX";

/// How a run is told to write down what it found.
const BLESS: &str = "CLONEGATE_BLESS";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("matrix")
}

/// What the gate's own reader does: judge each statement, and read it on one snapshot. Both channels turn a
/// superuser away; what the witnesses' queries show to one is asked with psql.
enum Through {
    Production(SnapshotReader),
    Superuser { psql: Psql, database: String },
}

/// Judges a statement, each text once: most are the same in every snapshot.
fn judged(text: &str) -> Result<ReadOnlyStatement, String> {
    static KNOWN: LazyLock<Mutex<HashMap<String, ReadOnlyStatement>>> =
        LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().expect("nobody panics here");
    if let Some(statement) = known.get(text) {
        return Ok(statement.clone());
    }
    let statement = ReadOnlyStatement::judge(text).map_err(|refusal| refusal.to_string())?;
    known.insert(text.to_owned(), statement.clone());
    Ok(statement)
}

impl clonegate_witness::Reader for Through {
    async fn read(&mut self, statements: &[String]) -> Vec<Result<Reading, Unread>> {
        // Whatever was written, each is a statement that the judge lets through.
        let judged: Result<Vec<ReadOnlyStatement>, String> = statements
            .iter()
            .map(|text| judged(text).map_err(|why| format!("{why}: {text}")))
            .collect();
        let judged = judged.expect("the judge lets it through");
        match self {
            Self::Production(reader) => {
                let mut answers = Vec::with_capacity(judged.len());
                for statement in &judged {
                    let answer = reader.read(statement).await;
                    answers.push(
                        answer.map(|a| a.reading).map_err(|e| Unread::refused(format!("{e:?}"))),
                    );
                }
                answers
            }
            Self::Superuser { psql, database } => {
                let mut answers = Vec::with_capacity(judged.len());
                for statement in &judged {
                    answers.push(ask(psql, database, statement).await.map_err(Unread::refused));
                }
                answers
            }
        }
    }

    async fn wait(&mut self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// One statement with psql: each row as a list of names, kinds and values, in the columns' order. A number is what its
/// digits say: a sum of hashes is longer than what JSON's readers take for a whole one.
async fn ask(
    psql: &Psql,
    database: &str,
    statement: &ReadOnlyStatement,
) -> Result<Reading, String> {
    let sql = format!(
        "begin read only;
select coalesce(json_agg((select json_agg(json_build_array(c.key, json_typeof(c.value), c.value #>> '{{}}'))
                            from json_each(row_to_json(q)) as c)), '[]')
  from (
{}
) as q;
rollback",
        statement.as_sql()
    );
    let said = psql.run_sql(database, &sql).await.map_err(|e| format!("{e:?}"))?;
    let rows: Vec<Vec<(String, String, Option<String>)>> =
        serde_json::from_str(&said).map_err(|e| format!("{e}: {said}"))?;
    let names = |row: &Vec<(String, _, _)>| row.iter().map(|(name, ..)| name.clone()).collect();
    let value = |(_, kind, text): (String, String, Option<String>)| match (kind.as_str(), text) {
        (_, None) => Value::Null,
        ("boolean", Some(text)) => Value::Bool(text == "true"),
        ("number", Some(text)) => text.parse().map_or_else(|_| Value::Text(text), Value::Integer),
        (_, Some(text)) => Value::Text(text),
    };
    Ok(Reading {
        columns: rows.first().map(names).unwrap_or_default(),
        rows: rows.into_iter().map(|row| row.into_iter().map(value).collect()).collect(),
        truncated: false,
    })
}

/// A snapshot of a database: through the production channel, or as a superuser with psql.
pub(crate) async fn snapshot(
    zoo: &Zoo,
    database: &str,
    reader: Reader,
    entry: Option<&Snapshot>,
) -> Snapshot {
    let database = DatabaseName::new(database).expect("a name");
    let run: RunId = "matrix".parse().expect("a run's name");
    let plan = Plan::usual(DigestKey(0x5eed));
    let begun_at = Timestamp::now();
    let channel = production(zoo, database.clone(), &run).await;
    let through = match reader {
        Reader::Plain => Through::Production(channel.snapshot().await.expect("a snapshot")),
        Reader::Superuser => {
            Through::Superuser { psql: zoo.psql(), database: database.as_str().to_owned() }
        }
    };
    let mut readers = [through];
    let collected = collect(&mut readers, &plan, entry).await.expect("it can be read");
    let [reader] = readers;
    if let Through::Production(reader) = reader {
        reader.finish().await.expect("nothing was written");
    }
    let identity = channel.identity().clone();
    channel.close().await;
    Snapshot {
        format: SNAPSHOT_FORMAT,
        run,
        target: Target::Production,
        phase: if entry.is_none() { Phase::Entry } else { Phase::Exit },
        since: entry.map(Since::of),
        begun_at,
        ended_at: Timestamp::now(),
        identity,
        readings: Vec::new(),
        horizon: collected.horizon,
        anchor: collected.anchor,
        relations: collected.relations,
        sequences: collected.sequences,
        catalog: collected.catalog,
        activity: collected.activity,
        coverage: collected.coverage,
        footprint: clonegate_model::Footprint::default(),
        digest_key: collected.digest_key,
        wal: collected.wal,
    }
}

/// The production channel as the plain reader, within a caller's bound on rows.
async fn production(zoo: &Zoo, database: DatabaseName, run: &RunId) -> ProductionChannel {
    let fields = Fields {
        host: Some("127.0.0.1".to_owned()),
        port: Some(zoo.port()),
        user: Some(READER.to_owned()),
        database: Some(database.clone()),
        sslmode: Some(SslMode::Disable),
        passfile: Some(zoo.passfile().to_owned()),
        ..Fields::default()
    };
    let settings = ConnectionSettings::resolve(&fields, None, &Environment::default());
    let settings = settings.expect("the settings are whole");
    let allowlist = Allowlist::new([database]).expect("an allowlist");
    let accepted = [
        ("temporary", "the zoo is as PostgreSQL makes a database"),
        ("untrusted-function", "the zoo has some of each kind"),
        ("security-definer", "a change makes one for everybody"),
        ("foreign-server", "a change grants one to everybody"),
    ];
    let accepted = Accepted::new(accepted).expect("they can be accepted");
    let terms = Terms {
        allowlist: &allowlist,
        role: Some(READER),
        accepted: &accepted,
        run,
        bounds: Bounds { engine_rows: Bounds::default().rows, ..Bounds::default() },
    };
    ProductionChannel::connect(settings, terms).await.expect("the channel opens")
}

/// What was found after one mutation.
struct Found {
    /// `witness: subject attribute`, and each once.
    findings: BTreeSet<String>,
    /// With the values, for people.
    shown: Vec<String>,
    /// What is left open that was not before, and why.
    opened: BTreeMap<String, String>,
    /// Gaps that are there without the change, too.
    standing: BTreeSet<String>,
}

async fn run(zoo: &mut Zoo, mutation: &Mutation) -> Result<Found, String> {
    zoo.copy().await;
    let before = snapshot(zoo, COPY, mutation.reader, None).await;
    let changed = zoo.psql().run_sql(COPY, &mutation.sql).await;
    if let Err(why) = changed {
        zoo.remove_copy().await;
        return Err(format!("{}: {why:?}", mutation.name));
    }
    match mutation.server {
        Server::Left => {}
        Server::Reloaded => zoo.reload().await,
        Server::Restarted => zoo.restart().await,
    }
    let after = snapshot(zoo, COPY, mutation.reader, Some(&before)).await;
    zoo.remove_copy().await;
    if !mutation.undo.is_empty() {
        zoo.sql("postgres", &mutation.undo).await;
    }
    if mutation.server == Server::Reloaded {
        zoo.reload().await;
    }
    let organic = BTreeMap::new();
    let policy = Policy { organic: &organic, additions: Additions::Unexplained };
    let findings = diff(&before, &after, policy).expect("the snapshots are comparable");
    let findings = findings.iter().filter(|f| f.disposition == Disposition::Unexplained);
    let gaps = |snapshot: &Snapshot| -> Vec<NotEstablished> {
        snapshot.coverage.iter().filter_map(NotEstablished::of).collect()
    };
    let (entry, exit) = (gaps(&before), gaps(&after));
    let stood = |open: &NotEstablished| {
        entry.iter().any(|gap| gap.subject == open.subject && gap.witness == open.witness)
    };
    let open = compare_snapshots(&before, &after, policy, &BTreeMap::new()).not_established;
    Ok(Found {
        findings: findings
            .clone()
            .map(|f| format!("{}: {} {}", f.witness, f.subject, f.attribute))
            .collect(),
        shown: findings
            .map(|f| format!("{} {}: {:?} → {:?}", f.subject, f.attribute, f.before, f.after))
            .collect(),
        standing: exit.iter().filter(|gap| stood(gap)).map(|gap| gap.subject.clone()).collect(),
        opened: exit
            .into_iter()
            .chain(open)
            .filter(|open| !stood(open))
            .map(|open| (open.subject, open.reason))
            .collect(),
    })
}

/// What is wrong, if anything.
fn judge(mutation: &Mutation, found: &Found, major: u32) -> Option<String> {
    let mut expected = BTreeSet::new();
    let mut opened = BTreeSet::new();
    let mut missing = Vec::new();
    if mutation.is_change() == mutation.catches.is_empty() {
        missing.push("a change says who catches it, and what is none doesn't".to_owned());
    }
    for (_, catch) in mutation.catches.iter().filter(|(since, _)| *since <= major) {
        match catch {
            Catch::Finding(witness, what) => drop(expected.insert(format!("{witness}: {what}"))),
            Catch::Gap(subject) => drop(opened.insert(subject)),
            Catch::Standing(subject) if found.standing.contains(subject) => {}
            Catch::Standing(subject) => {
                missing.push(format!("{subject} is no gap both with and without it"));
            }
            Catch::Nobody(_) => {}
        }
    }
    if expected != found.findings {
        missing.push(format!("expected {expected:#?}, found {:#?}", found.shown));
    }
    if !opened.iter().copied().eq(found.opened.keys()) {
        missing.push(format!("expected the new gaps {opened:?}, found {:?}", found.opened));
    }
    (!missing.is_empty()).then(|| format!("{}: {}", mutation.name, missing.join("; ")))
}

/// The folders of the matrix; each is a test of its own, with a server of its own.
const GROUPS: [&str; 12] = [
    "cluster",
    "columns",
    "constraints",
    "functions",
    "indexes",
    "non-changes",
    "rows",
    "rules-and-triggers",
    "schemas-and-replication",
    "sequences",
    "tables",
    "types-and-the-like",
];

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_is_caught_and_named_and_what_is_none_is_silent(
    #[values(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)] group: usize,
) {
    let group = format!("{}/", GROUPS[group]);
    let mut zoo = Zoo::start().await;
    let bless = std::env::var_os(BLESS).is_some();
    let only = std::env::var(ONLY).unwrap_or_default();
    let begun = Instant::now();
    let mut wrong = Vec::new();
    for mutation in mutation::all(&folder()).iter().filter(|m| m.name.starts_with(&group)) {
        if mutation.since > zoo.major() || !mutation.name.contains(&only) {
            continue;
        }
        match run(&mut zoo, mutation).await {
            Ok(found) => {
                if bless && mutation.catches.is_empty() && mutation.is_change() {
                    write_findings(mutation, &found);
                }
                wrong.extend(judge(mutation, &found, zoo.major()));
            }
            Err(why) => wrong.push(why),
        }
    }
    assert!(wrong.is_empty(), "{group} after {:?}:\n{}", begun.elapsed(), wrong.join("\n"));
}

#[test]
fn no_change_is_in_a_group_that_is_not_tested() {
    let mutations = mutation::all(&folder());
    let groups: BTreeSet<&str> =
        mutations.iter().filter_map(|m| m.name.split_once('/')).map(|(group, _)| group).collect();
    assert_eq!(groups, BTreeSet::from(GROUPS));
    assert!(mutations.iter().all(|m| m.since <= 18 && !m.sql.trim().is_empty()));
}

/// Fills a new file in; whoever wrote it reads what stands there then.
fn write_findings(mutation: &Mutation, found: &Found) {
    let path = folder().join(format!("{}.sql", mutation.name));
    let text = fs::read_to_string(&path).expect("the file can be read");
    let (first, rest) = text.split_once('\n').expect("a file has lines");
    let mut new = format!("{first}\n");
    for finding in &found.findings {
        let _ = writeln!(new, "-- caught-by: {finding}");
    }
    for subject in found.opened.keys() {
        let _ = writeln!(new, "-- caught-by: gap: {subject}");
    }
    fs::write(&path, new + rest).expect("the file can be written");
}

#[test]
fn the_document_has_the_matrix_as_it_is() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/catch-matrix.md");
    let document = document(&mutation::all(&folder()));
    if std::env::var_os(BLESS).is_some() {
        fs::write(&path, &document).expect("the document can be written");
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(there == document, "docs/catch-matrix.md is not what {BLESS}=1 writes");
}

fn document(all: &[Mutation]) -> String {
    let changes: Vec<&Mutation> = all.iter().filter(|m| m.is_change()).collect();
    let others: Vec<&Mutation> = all.iter().filter(|m| !m.is_change()).collect();
    let mut text = format!(
        "# What is caught\n\n\
         {} changes, each alone on a copy of the zoo (`tests/zoo/`), and who must catch it. The test in\n\
         `tests/src/matrix.rs` makes every change, reads the database before and after through the\n\
         production channel as a role with nothing but SELECT, and fails if anything is missing here or\n\
         anything else is found or left open. A named gap is one that is not there without the change; with one\n\
         that stands anyway no run is PASS unless it is waived, and the change is not told from none. A superuser is turned away by\n\
         that channel: what is read as one is read with psql, by the same queries.\n\
         Each row is a file under `tests/matrix/`; `CLONEGATE_BLESS=1` writes this page from them.\n\n\
         | change | caught by | finding |\n| --- | --- | --- |\n",
        changes.len()
    );
    let cell = |s: &str| s.replace('|', "\\|");
    for mutation in changes {
        let since = if mutation.since > 14 {
            format!(" ({} and later)", mutation.since)
        } else {
            String::new()
        };
        let by = match mutation.reader {
            Reader::Plain => "",
            Reader::Superuser => ", read as superuser",
        };
        let mut witnesses = BTreeSet::new();
        let mut findings = Vec::new();
        for (_, catch) in mutation.catches.iter().filter(|(since, _)| *since <= mutation.since) {
            let (witness, what) = match catch {
                Catch::Finding(witness, what) => (witness.as_str(), format!("`{}`", cell(what))),
                Catch::Gap(subject) => ("a named gap", format!("`{}`", cell(subject))),
                Catch::Standing(subject) => {
                    ("a standing gap", format!("`{}`, without the change too", cell(subject)))
                }
                Catch::Nobody(why) => ("**nobody**", cell(why)),
            };
            witnesses.insert(format!("{witness}{by}"));
            findings.push(what);
        }
        let more = findings.len().saturating_sub(3);
        findings.truncate(3);
        if more > 0 {
            findings.push(format!("and {more} more"));
        }
        let witnesses: Vec<String> = witnesses.into_iter().collect();
        let _ = writeln!(
            text,
            "| {}{since} | {} | {} |",
            cell(&mutation.what),
            witnesses.join(", "),
            findings.join(", ")
        );
    }
    let _ = write!(
        text,
        "\n{} things that are no change, and of which nothing may be found:\n\n",
        others.len()
    );
    for mutation in others {
        let _ = writeln!(text, "- {}", mutation.what);
    }
    text
}
