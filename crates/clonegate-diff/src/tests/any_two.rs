//! Two snapshots that were not taken for each other, and two databases.

use clonegate_model::{Differences, Since, Verdict};

use super::*;
use crate::databases::{Besides, Held, compare_databases};

/// A snapshot with a manifest; what it was read against is said by `since`.
fn whole(phase: Phase) -> Snapshot {
    let covered = Covered::Yes("1 relations, 200 rows".into());
    let line = Coverage { subject: "relations".into(), witness: Witness::Lineage, covered };
    Snapshot { coverage: vec![line], ..snapshot(phase) }
}

/// A later one that was read by itself, with a key of its own, when others had been at work.
fn alone() -> Snapshot {
    let mut later = Snapshot { run: "later".parse().unwrap(), ..whole(Phase::Entry) };
    later.horizon = "12:12:".parse().unwrap();
    later.digest_key = DigestKey(2);
    later
}

fn against(before: &Snapshot, after: &Snapshot, organic: &[(&str, Across)]) -> Differences {
    let organic = organic.iter().map(|(n, a)| ((*n).to_owned(), *a)).collect();
    let policy = Policy { organic: &organic, additions: Additions::Unexplained };
    compare_snapshots(before, after, policy, &BTreeMap::new())
}

fn verdict(after: &Snapshot) -> Verdict {
    against(&whole(Phase::Entry), after, &[]).verdict
}

fn rows(snapshot: &mut Snapshot) -> &mut Lineage {
    snapshot.relations[0].lineage.as_mut().unwrap()
}

#[test]
fn without_a_baseline_the_same_count_proves_nothing_by_itself() {
    assert_eq!(verdict(&alone()), Verdict::Inconclusive);
    let still = Snapshot { horizon: "10:10:".parse().unwrap(), ..alone() };
    assert_eq!(verdict(&still), Verdict::Pass, "no transaction completed");
    for anchor in [Some(Anchor("database 1, started 1, timeline 1, checkpoint 2/0".into())), None] {
        let other = Snapshot { anchor, ..still.clone() };
        assert_eq!(verdict(&other), Verdict::Inconclusive, "it may have been a crash");
    }
    let mut before = whole(Phase::Entry);
    before.anchor = None;
    let unknown = Snapshot { anchor: None, ..still };
    assert_eq!(against(&before, &unknown, &[]).verdict, Verdict::Inconclusive, "nor on a standby");
    let one_key = Snapshot { digest_key: DigestKey(1), ..alone() };
    assert_eq!(verdict(&one_key), Verdict::Pass, "the digests are equal");
    let mut other = one_key.clone();
    other.relations[0].digest.as_mut().unwrap().sum = HashSum(78);
    assert_eq!(verdict(&other), Verdict::Fail);
    let mut more = alone();
    rows(&mut more).rows = 201;
    assert_eq!(verdict(&more), Verdict::Fail);
    let change = [("public.issues", Across::MayChange)];
    assert_eq!(against(&whole(Phase::Entry), &more, &change).verdict, Verdict::Pass);
    let grow = [("public.issues", Across::MayGrow)];
    assert_eq!(against(&whole(Phase::Entry), &more, &grow).verdict, Verdict::Inconclusive);
    rows(&mut more).rows = 199;
    assert_eq!(against(&whole(Phase::Entry), &more, &grow).verdict, Verdict::Fail);
    let (mut none, mut before) = (alone(), whole(Phase::Entry));
    (rows(&mut none).rows, rows(&mut before).rows) = (0, 0);
    assert_eq!(against(&before, &none, &[]).verdict, Verdict::Pass, "there is nothing in either");
}

#[test]
fn newer_rows_count_only_against_the_snapshot_that_they_were_counted_against() {
    let before = whole(Phase::Entry);
    let mut after = alone();
    rows(&mut after).newer = Some(0);
    after.since = Some(Since::of(&before));
    assert_eq!(verdict(&after), Verdict::Pass);
    rows(&mut after).newer = Some(1);
    assert_eq!(verdict(&after), Verdict::Fail);
    rows(&mut after).newer = Some(0);
    let other = Snapshot { run: "other".parse().unwrap(), ..before };
    after.since = Some(Since::of(&other));
    assert_eq!(verdict(&after), Verdict::Inconclusive);
    let policy = Policy { organic: &BTreeMap::new(), additions: Additions::Unexplained };
    assert_eq!(diff(&whole(Phase::Entry), &after, policy), Err(NotComparable::Baseline));
}

#[test]
fn a_gap_in_either_is_not_established_unless_it_is_waived_or_the_horizon_covers_it() {
    let gap = |witness| Coverage {
        subject: "public.secret".into(),
        witness,
        covered: Covered::Gap("not readable".into()),
    };
    let still = Snapshot { horizon: "10:10:".parse().unwrap(), ..alone() };
    for (witness, expected) in [
        (Witness::Lineage, Verdict::Pass),
        (Witness::Sequence, Verdict::Inconclusive),
        (Witness::Catalog, Verdict::Inconclusive),
    ] {
        let mut after = still.clone();
        after.coverage.push(gap(witness));
        assert_eq!(verdict(&after), expected, "{witness}");
    }
    let one_key = Snapshot { digest_key: DigestKey(1), ..alone() };
    let mut before = whole(Phase::Entry);
    before.coverage.push(gap(Witness::Lineage));
    let found = against(&before, &one_key, &[]);
    assert_eq!(found.verdict, Verdict::Inconclusive);
    assert_eq!(found.not_established[0].reason, "in the first: not readable");
    let waive = BTreeMap::from([("public.secret".to_owned(), "it is secret".to_owned())]);
    let policy = Policy { organic: &BTreeMap::new(), additions: Additions::Unexplained };
    let found = compare_snapshots(&before, &one_key, policy, &waive);
    assert_eq!((found.verdict, found.waived.len()), (Verdict::Pass, 1));
}

#[test]
fn what_no_manifest_accounts_for_is_not_established() {
    let one_key = Snapshot { digest_key: DigestKey(1), ..alone() };
    let changes: [fn(&mut Snapshot); 4] = [
        |s| s.coverage.clear(),
        |s| s.relations.clear(),
        |s| s.sequences.clear(),
        |s| s.relations[0].lineage = None,
    ];
    for change in changes {
        let mut after = one_key.clone();
        change(&mut after);
        assert_eq!(verdict(&after), Verdict::Inconclusive);
    }
}

#[test]
fn another_database_and_an_older_snapshot_are_not_comparable() {
    let mut other = alone();
    other.identity.database_oid = 1;
    let older = Snapshot { horizon: "9:9:".parse().unwrap(), ..alone() };
    for after in [other, older] {
        let found = against(&whole(Phase::Entry), &after, &[]);
        assert!(found.not_comparable.is_some() && found.verdict == Verdict::Inconclusive);
    }
}

#[test]
fn lists_are_bounded_and_the_verdict_is_of_everything() {
    let mut after = Snapshot { digest_key: DigestKey(1), ..alone() };
    for n in 0..600 {
        after.catalog.push(object("schema", &format!("s{n}"), &[]));
    }
    let found = against(&whole(Phase::Entry), &after, &[]);
    assert_eq!((found.findings.len(), found.findings_left_out), (500, 100));
    assert_eq!(found.verdict, Verdict::Fail);
}

fn compare(second: &Snapshot, besides: Besides) -> Differences {
    let mut first = whole(Phase::Entry);
    first.catalog.push(object(
        "column",
        "public.issues.a",
        &[("on", "public.issues"), ("position", "1")],
    ));
    first.catalog.push(object(
        "column",
        "public.issues.b",
        &[("on", "public.issues"), ("position", "3")],
    ));
    first.catalog.sort();
    compare_databases(&first, second, besides, &BTreeMap::new(), &BTreeMap::new())
}

#[test]
fn of_a_copy_what_it_does_not_keep_is_left_out_and_the_rest_is_compared() {
    let mut copy = Snapshot { digest_key: DigestKey(1), ..alone() };
    copy.identity.database_oid = 2;
    copy.identity.system_identifier = "8".into();
    copy.catalog.push(object(
        "column",
        "public.issues.a",
        &[("on", "public.issues"), ("position", "1")],
    ));
    copy.catalog.push(object(
        "column",
        "public.issues.b",
        &[("on", "public.issues"), ("position", "2")],
    ));
    copy.catalog.push(object("role", "other", &[]));
    copy.catalog[0].attributes.insert("owner", "other");
    copy.catalog.sort();
    let found = compare(&copy, Besides::default());
    assert_eq!(found.verdict, Verdict::Pass, "{found:#?}");
    let owners = Besides { owners: Held::Compared, ..Besides::default() };
    assert_eq!(compare(&copy, owners).verdict, Verdict::Fail);

    // A table of the copy's own is one difference, and not one for each of its columns.
    copy.catalog.push(object("relation", "public.added", &[("kind", "table")]));
    copy.catalog.push(object(
        "column",
        "public.added.x",
        &[("on", "public.added"), ("position", "1")],
    ));
    copy.catalog.sort();
    let found = compare(&copy, Besides::default());
    assert_eq!(found.findings.len(), 1, "{found:#?}");
    copy.relations[0].digest = None;
    copy.catalog.retain(|o| !o.identity.starts_with("public.added"));
    assert_eq!(compare(&copy, Besides::default()).verdict, Verdict::Inconclusive);
    // Unless it has no rows at all, as a materialized view that was never populated.
    let covered = Covered::NotNeeded("it is not populated and has no rows".into());
    let line = Coverage { subject: "public.issues".into(), witness: Witness::Lineage, covered };
    let mut unpopulated = copy.clone();
    unpopulated.coverage.push(line);
    assert_eq!(compare(&unpopulated, Besides::default()).verdict, Verdict::Inconclusive);

    copy.sequences[0].last_value = 4711;
    assert_eq!(compare(&copy, Besides::default()).verdict, Verdict::Fail);
    assert!(compare(&whole(Phase::Entry), Besides::default()).not_comparable.is_some());
}

#[test]
fn between_two_databases_growth_is_more_rows_and_no_other_contents() {
    let found = |rows: u64, across| {
        let (first, mut second) = (whole(Phase::Entry), whole(Phase::Entry));
        second.identity.database_oid = 2;
        let digest = second.relations[0].digest.as_mut().unwrap();
        *digest = Digest { rows, sum: HashSum(1), ..digest.clone() };
        let organic = BTreeMap::from([("public.issues".to_owned(), across)]);
        let waive = BTreeMap::new();
        compare_databases(&first, &second, Besides::default(), &organic, &waive).verdict
    };
    assert_eq!(found(203, Across::MayGrow), Verdict::Pass);
    assert_eq!(found(200, Across::MayGrow), Verdict::Fail);
    assert_eq!(found(200, Across::MayChange), Verdict::Pass);
    assert_eq!(found(203, Across::Unchanged), Verdict::Fail);
}
