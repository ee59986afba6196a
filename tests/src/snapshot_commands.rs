//! `clonegate snapshot`, `diff` and `compare` as people use them: from a shell, outside any run.

use std::fs;
use std::path::PathBuf;

use clonegate_model::{Differences, Disposition, SNAPSHOT_FORMAT, Snapshot, Verdict};

use crate::harness::{Ended, Side, Trial, set};

/// A trial, and a folder for its snapshots.
struct Files {
    trial: Trial,
    folder: tempfile::TempDir,
}

impl Files {
    async fn new() -> Self {
        Self { trial: Trial::new().await, folder: tempfile::tempdir().expect("a folder") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// A command with the trial's profile.
    async fn run(&self, args: &[&str]) -> Ended {
        let config = self.trial.config().display().to_string();
        let mut all = args.to_vec();
        all.extend(["--config", config.as_str()]);
        self.trial.command(&all).await
    }

    async fn snapshot(&self, of: &str, name: &str, more: &[&str]) -> Ended {
        let output = self.text(name);
        let mut all = vec!["snapshot", of, "-o", output.as_str()];
        all.extend(more);
        self.run(&all).await
    }

    /// A snapshot of production that covers everything, against an earlier one where one is named.
    async fn taken(&self, name: &str, since: Option<&str>) -> Snapshot {
        let since = since.map(|since| self.text(since));
        let more: Vec<&str> = since.iter().flat_map(|since| ["--since", since.as_str()]).collect();
        let ended = self.snapshot("production", name, &more).await;
        assert_eq!(ended.code, Some(0), "{}", ended.said());
        clonegate_store::read_snapshot(&self.path(name)).expect("it can be read")
    }

    /// A diff without a profile, as JSON, and its exit code.
    async fn diff(&self, first: &str, second: &str) -> (Option<i32>, Differences) {
        let args = ["diff", &self.text(first), &self.text(second), "--json"];
        read(self.trial.command(&args).await)
    }
}

fn read(ended: Ended) -> (Option<i32>, Differences) {
    let found = serde_json::from_str(&ended.stdout);
    (ended.code, found.unwrap_or_else(|e| panic!("{e}: {}", ended.said())))
}

/// What nothing explains, by subject and attribute.
fn unexplained(found: &Differences) -> Vec<String> {
    let unexplained =
        found.findings.iter().filter(|f| f.finding.disposition == Disposition::Unexplained);
    unexplained.map(|f| format!("{} {}", f.finding.subject, f.finding.attribute)).collect()
}

/// Somebody else's transaction, in another database of the server.
const ELSEWHERE: &str = "create table public.elsewhere (id int); drop table public.elsewhere";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_snapshots_are_equal_different_or_not_established_and_never_equal_by_silence() {
    let files = Files::new().await;
    let trial = &files.trial;
    // Neither command needs a clone, a build or checks to look at production.
    trial.edit(|profile| {
        profile.remove("clone");
        profile.remove("build");
        set(profile, "production.checks", None);
    });
    let a = files.taken("a", None).await;
    assert!(a.since.is_none() && a.readings.is_empty());

    // What is there is never overwritten by accident.
    let bytes = fs::read(files.path("a")).expect("it is there");
    let again = files.snapshot("production", "a", &[]).await;
    assert!(again.code == Some(2) && again.stderr.contains("--force"), "{}", again.said());
    assert_eq!(fs::read(files.path("a")).expect("it is still there"), bytes);
    let nowhere = files.snapshot("production", "no/where", &[]).await;
    assert_eq!(nowhere.code, Some(2), "{}", nowhere.said());
    let clone = files.snapshot("clone", "x", &[]).await;
    assert!(clone.code == Some(2) && !files.path("x").exists(), "{}", clone.said());

    // Equal: nobody did anything; somebody did something elsewhere.
    trial.sql(Side::Clone, ELSEWHERE).await;
    let b = files.taken("b", Some("a")).await;
    assert_ne!(a.horizon, b.horizon);
    assert_eq!(b.digest_key, a.digest_key);
    let (code, found) = files.diff("a", "b").await;
    assert_eq!((code, found.verdict), (Some(0), Verdict::Pass), "{found:#?}");
    assert!(found.compared.relations > 30 && found.compared.rows > 5000, "{found:#?}");

    // Read by itself, a snapshot proves less, and the difference between less and nothing is said.
    let alone = files.taken("alone", None).await;
    assert_ne!(alone.digest_key, a.digest_key);
    let (code, found) = files.diff("b", "alone").await;
    assert_eq!(code, Some(0), "no transaction completed in between: {found:#?}");
    let (code, found) = files.diff("a", "alone").await;
    assert_eq!(code, Some(3), "{found:#?}");
    let open: Vec<&str> = found.not_established.iter().map(|n| n.subject.as_str()).collect();
    assert!(open.contains(&"table public.products"), "{open:?}");
    assert!(!open.contains(&"table public.worker_cursor"), "what is empty in both is the same");

    // One row changed: caught, named, and placed.
    trial.sql(Side::Production, "update products set name = name || '!' where id = 1").await;
    files.taken("c", Some("b")).await;
    let (code, found) = files.diff("b", "c").await;
    assert_eq!(code, Some(100));
    assert_eq!(unexplained(&found), ["table public.products rows"]);
    let place = found.findings[0].place.clone().expect("it has a place");
    let xid = trial.sql(Side::Production, "select xmin from products where id = 1").await;
    assert_eq!((place.rows.len(), place.newer), (1, 1));
    assert_eq!(place.rows[0].xid.to_string(), xid);
    assert_eq!(place.rows[0].key, None, "values stay where they are");
    assert_eq!(place.columns, ["name"]);
    // The count alone would not tell, and another baseline does not count.
    let (code, found) = files.diff("a", "c").await;
    assert_eq!(code, Some(100), "the digests have one key");
    assert!(
        unexplained(&found).contains(&"table public.products contents".to_owned()),
        "{found:#?}"
    );
    let (code, found) = files.diff("c", "a").await;
    let why = found.not_comparable.expect("that is backwards");
    assert!(code == Some(3) && why.contains("older"), "{why}");

    // With a profile that declares it, it is shown and does not count; and people read a table.
    let (b, c) = (files.text("b"), files.text("c"));
    trial.edit(|profile| {
        set(profile, "production.organic.\"public.products\"", Some("may-change".into()))
    });
    let declared = files.run(&["diff", &b, &c]).await;
    assert_eq!(declared.code, Some(0), "{}", declared.said());
    for part in
        ["declared by the profile", "table public.products", "written by transaction", "EQUAL:"]
    {
        assert!(declared.stdout.contains(part), "{part}: {}", declared.said());
    }
    trial.edit(|profile| {
        set(profile, "production.organic.\"public.products\"", Some("may-grow".into()))
    });
    let no_growth = files.run(&["diff", &b, &c, "--quiet"]).await;
    assert!(
        no_growth.code == Some(100) && no_growth.stdout.starts_with("DIFFERENT:"),
        "{}",
        no_growth.said()
    );
    // One gone and one new: the number is the same, and that is no growth either.
    trial.sql(Side::Production, "with gone as (delete from event_outbox where id = 1 returning *) insert into event_outbox select * from gone").await;
    files.taken("d", Some("c")).await;
    trial.edit(|profile| {
        set(profile, "production.organic.\"public.event_outbox\"", Some("may-grow".into()))
    });
    let (c, d) = (files.text("c"), files.text("d"));
    let mixed = files.run(&["diff", &c, &d]).await;
    assert!(
        mixed.code == Some(100) && mixed.stdout.contains("that is no growth"),
        "{}",
        mixed.said()
    );

    // A definition.
    trial.sql(Side::Production, "comment on table products is 'changed'").await;
    files.taken("e", Some("d")).await;
    let (code, found) = files.diff("d", "e").await;
    assert_eq!(
        (code, unexplained(&found)),
        (Some(100), vec!["table public.products comment".to_owned()])
    );

    // What could not be covered is named, in the file and by the diff; a waiver is the profile's.
    trial.edit(|profile| set(profile, "production.witness.budget", Some("1ms".into())));
    trial.sql(Side::Clone, ELSEWHERE).await;
    let e = files.text("e");
    let hurried = files.snapshot("production", "f", &["--since", &e]).await;
    assert!(hurried.code == Some(3) && hurried.stderr.contains("budget"), "{}", hurried.said());
    let (code, found) = files.diff("e", "f").await;
    assert!(code == Some(3) && found.not_established.len() > 10, "{found:#?}");
    assert!(found.not_established[0].reason.contains("in the second: "), "{found:#?}");

    // Files that are none, or not this version's.
    let whole = fs::read_to_string(files.path("a")).expect("text");
    fs::write(files.path("cut"), &whole[..whole.len() / 2]).expect("written");
    let other = whole.replacen(&format!("\"format\": {SNAPSHOT_FORMAT}"), "\"format\": 99", 1);
    fs::write(files.path("other"), other).expect("written");
    for (second, code, said) in
        [("cut", 2, "damaged"), ("other", 3, "format 99"), ("none", 2, "can't be read")]
    {
        let ended = trial.command(&["diff", &files.text("a"), &files.text(second)]).await;
        assert!(ended.code == Some(code) && ended.stderr.contains(said), "{}", ended.said());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clone_is_compared_with_production_and_what_differs_is_named() {
    let files = Files::new().await;
    let trial = &files.trial;
    trial.edit(|profile| {
        profile.remove("build");
        set(profile, "clone.checks", None);
    });
    let compare = async || read(files.run(&["compare", "--json"]).await);
    // The fixture's clone is seeded with rows that production has not; its definitions are the same.
    let (code, found) = compare().await;
    assert_eq!(code, Some(100), "{found:#?}");
    let seeded = unexplained(&found);
    assert!(
        seeded.len() == 6
            && seeded.iter().all(|s| s.contains("contents") || s.contains("last value")),
        "{seeded:?}"
    );
    trial.edit(|profile| {
        for (table, word) in seeded.iter().filter_map(|s| s.strip_prefix("table ")?.split_once(' '))
        {
            assert_eq!(word, "contents");
            set(profile, &format!("clone.organic.\"{table}\""), Some("may-change".into()));
        }
    });
    let (code, found) = compare().await;
    assert_eq!((code, unexplained(&found)), (Some(0), Vec::new()), "{found:#?}");
    assert!(found.compared.relations > 30 && found.compared.definitions > 400, "{found:#?}");
    assert!(found.left_out.iter().any(|l| l.contains("--owners")), "{:?}", found.left_out);

    // Another database is nothing that a snapshot can be read against, or compared with.
    files.taken("production", None).await;
    let production = files.text("production");
    let wrong = files.snapshot("clone", "x", &["--since", &production]).await;
    assert!(wrong.code == Some(3) && !files.path("x").exists(), "{}", wrong.said());
    let clone = files.snapshot("clone", "clone", &[]).await;
    assert_eq!(clone.code, Some(0), "{}", clone.said());
    let (code, found) = files.diff("production", "clone").await;
    assert!(code == Some(3) && found.not_comparable.is_some(), "{found:#?}");
    let printed = files.run(&["snapshot", "clone", "-o", "-"]).await;
    let printed: Snapshot =
        serde_json::from_str(&printed.stdout).expect("a snapshot, and nothing else");
    assert_eq!(printed.target, clonegate_model::Target::Clone);

    for sql in [
        "update products set name = name || '!' where id = 1",
        "comment on table tasks is 'changed'",
        "create table added (id int primary key, t text)",
        "select setval('products_id_seq', 4711)",
    ] {
        trial.sql(Side::Clone, sql).await;
    }
    let (code, found) = compare().await;
    assert_eq!(code, Some(100));
    let mut said = unexplained(&found);
    said.sort();
    assert_eq!(
        said,
        [
            "sequence public.products_id_seq last value",
            "table public.added exists",
            "table public.products contents",
            "table public.tasks comment",
        ],
        "{found:#?}"
    );
    let with_owners = read(files.run(&["compare", "--json", "--owners"]).await).1;
    assert!(unexplained(&with_owners).len() > said.len(), "they are owned by another role");
}
