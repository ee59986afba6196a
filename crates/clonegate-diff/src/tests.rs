use std::collections::BTreeMap;

use clonegate_model::{
    Anchor, CatalogObject, Comparable, Coverage, Covered, DatabaseName, Digest, DigestKey,
    Disposition, Footprint, HashSum, Identity, Lane, Lineage, Phase, RangeState, RelationKind,
    RelationState, RowSeen, SNAPSHOT_FORMAT, SequenceState, StreamKey, Target, Wal, WalWrites,
    Witness,
};
use jiff::Timestamp;

use super::*;

mod any_two;

pub(crate) fn snapshot(phase: Phase) -> Snapshot {
    Snapshot {
        format: SNAPSHOT_FORMAT,
        run: "test".parse().unwrap(),
        target: Target::Production,
        phase,
        since: None,
        begun_at: Timestamp::UNIX_EPOCH,
        ended_at: Timestamp::UNIX_EPOCH,
        identity: Identity {
            database: DatabaseName::new("directus").unwrap(),
            database_oid: 16_400,
            role: "reader".into(),
            system_identifier: "7".into(),
            postmaster_start: "2026-01-01".into(),
            server_version: "15.18".into(),
            server_version_num: 150_018,
            in_recovery: false,
        },
        readings: Vec::new(),
        horizon: "10:10:".parse().unwrap(),
        anchor: Some(Anchor("database 1, started 1, timeline 1, checkpoint 1/A0".into())),
        relations: vec![RelationState {
            name: "public.issues".into(),
            oid: 1,
            kind: RelationKind::Table,
            comment: None,
            lineage: Some(Lineage {
                rows: 200,
                newer: (phase == Phase::Exit).then_some(0),
                recent: 1,
                recent_xids: HashSum(9),
            }),
            digest: Some(Digest {
                rows: 200,
                sum: HashSum(77),
                of_entry: (phase == Phase::Exit).then_some(HashSum(77)),
                columns: BTreeMap::from([("a".into(), HashSum(3)), ("b".into(), HashSum(4))]),
                recipe: "a integer, b text".into(),
                comparable: Comparable::AnyServer,
                lane: Lane::Server,
            }),
            ranges: Vec::new(),
            newer_rows: Vec::new(),
        }],
        sequences: vec![SequenceState {
            name: "public.issues_id_seq".into(),
            last_value: 200,
            is_called: true,
        }],
        catalog: vec![
            object("relation", "public.issues", &[("kind", "table"), ("owner", "app")]),
            object(
                "relation",
                "public.issues_id_seq",
                &[("kind", "sequence"), ("owned by", "public.issues")],
            ),
        ],
        activity: Vec::new(),
        coverage: Vec::new(),
        footprint: Footprint::default(),
        digest_key: DigestKey(1),
        wal: None,
    }
}

fn object(class: &str, identity: &str, attributes: &[(&str, &str)]) -> CatalogObject {
    CatalogObject {
        class: class.into(),
        identity: identity.into(),
        attributes: attributes.iter().copied().collect(),
    }
}

fn found(
    change: impl FnOnce(&mut Snapshot),
    organic: &[(&str, Across)],
    additions: Additions<'_>,
) -> Vec<(String, Disposition)> {
    let organic: BTreeMap<String, Across> =
        organic.iter().map(|(n, a)| ((*n).to_owned(), *a)).collect();
    let mut after = snapshot(Phase::Exit);
    change(&mut after);
    let findings =
        diff(&snapshot(Phase::Entry), &after, Policy { organic: &organic, additions }).unwrap();
    findings
        .into_iter()
        .map(|f| (format!("{} {}: {}", f.subject, f.attribute, f.note), f.disposition))
        .collect()
}

fn lineage(rows: u64, newer: u64) -> impl FnOnce(&mut Snapshot) {
    move |s| {
        s.relations[0].lineage =
            Some(Lineage { rows, newer: Some(newer), recent: 1, recent_xids: HashSum(9) })
    }
}

#[test]
fn equal_snapshots_give_no_findings() {
    assert_eq!(found(|_| {}, &[], Additions::Unexplained), []);
}

#[test]
fn an_update_keeps_the_count_and_is_seen() {
    let findings = found(lineage(200, 1), &[], Additions::Unexplained);
    assert_eq!(findings[0].1, Disposition::Unexplained);
    insta::assert_snapshot!(findings[0].0, @"table public.issues rows: 1 rows of entry were changed or removed, and 1 rows are newer than entry; the profile does not declare it");
}

#[test]
fn a_row_of_a_subtransaction_that_was_in_progress_at_entry_is_seen() {
    let change = |s: &mut Snapshot| {
        s.relations[0].lineage =
            Some(Lineage { rows: 200, newer: Some(0), recent: 1, recent_xids: HashSum(11) });
    };
    for organic in [&[][..], &[("public.issues", Across::MayGrow)]] {
        assert_eq!(found(change, organic, Additions::Unexplained)[0].1, Disposition::Unexplained);
    }
}

#[test]
fn growth_is_organic_only_where_it_is_declared_and_only_if_it_is_growth() {
    let grow = [("public.issues", Across::MayGrow)];
    assert_eq!(found(lineage(203, 3), &grow, Additions::Unexplained)[0].1, Disposition::Organic);
    assert_eq!(found(lineage(203, 3), &[], Additions::Unexplained)[0].1, Disposition::Unexplained);
    assert_eq!(
        found(lineage(203, 4), &grow, Additions::Unexplained)[0].1,
        Disposition::Unexplained,
        "one was updated"
    );
    assert_eq!(
        found(lineage(199, 0), &grow, Additions::Unexplained)[0].1,
        Disposition::Unexplained,
        "one was deleted"
    );
}

#[test]
fn a_keys_sequence_moves_with_its_table_and_never_back() {
    let grow = [("public.issues", Across::MayGrow)];
    let to = |value| move |s: &mut Snapshot| s.sequences[0].last_value = value;
    assert_eq!(found(to(205), &grow, Additions::Unexplained)[0].1, Disposition::Organic);
    assert_eq!(found(to(205), &[], Additions::Unexplained)[0].1, Disposition::Unexplained);
    assert_eq!(found(to(100), &grow, Additions::Unexplained)[0].1, Disposition::Unexplained);
}

#[test]
fn a_marked_table_may_be_added_with_what_belongs_to_it() {
    let add = |s: &mut Snapshot| {
        s.catalog.push(object(
            "relation",
            "public.axis",
            &[("kind", "table"), ("comment", "TEST_CLONE axes")],
        ));
        s.catalog.push(object("column", "public.axis.id", &[("on", "public.axis")]));
        s.catalog.push(object(
            "relation",
            "public.axis_id_seq",
            &[("kind", "sequence"), ("owned by", "public.axis")],
        ));
    };
    let marked = found(add, &[], Additions::Marked("TEST_CLONE"));
    assert!(marked.len() == 3 && marked.iter().all(|f| f.1 == Disposition::Organic), "{marked:?}");
    let unexplained = found(add, &[], Additions::Unexplained);
    assert!(unexplained.iter().all(|f| f.1 == Disposition::Unexplained));
}

#[test]
fn what_hangs_on_a_marked_table_comes_with_it_and_what_acts_beyond_it_does_not() {
    let on = |class: &str| object(class, "public.axis.x", &[("on", "public.axis")]);
    let findings = |added: CatalogObject| {
        let add = |s: &mut Snapshot| {
            let marked = [("kind", "table"), ("comment", "TEST_CLONE axes")];
            s.catalog.push(object("relation", "public.axis", &marked));
            s.catalog.push(added);
        };
        let found = found(add, &[], Additions::Marked("TEST_CLONE"));
        found.iter().filter(|f| f.1 == Disposition::Unexplained).count()
    };
    for class in ["policy", "rule", "trigger", "statistics"] {
        assert_eq!(findings(on(class)), 0, "{class}");
    }
    for class in ["operator", "cast", "membership", "setting", "publication", "other database"] {
        let added = object(class, "x", &[("comment", "TEST_CLONE")]);
        assert_eq!(findings(added), 1, "{class}");
    }
}

#[test]
fn what_alters_an_existing_table_is_never_explained_by_a_marker() {
    for addition in [
        object(
            "column",
            "public.issues.axis",
            &[("on", "public.issues"), ("comment", "TEST_CLONE")],
        ),
        object(
            "index",
            "public.issues_axis",
            &[("on", "public.issues"), ("comment", "TEST_CLONE")],
        ),
        object("relation", "public.unmarked", &[("kind", "table")]),
        object(
            "relation",
            "public.child",
            &[("parents", "public.issues"), ("comment", "TEST_CLONE")],
        ),
        object(
            "constraint",
            "public.new.fk",
            &[("on", "public.new"), ("references", "public.issues")],
        ),
        object("event trigger", "e", &[("comment", "TEST_CLONE")]),
    ] {
        let findings = found(|s| s.catalog.push(addition), &[], Additions::Marked("TEST_CLONE"));
        assert_eq!(findings[0].1, Disposition::Unexplained, "{findings:?}");
    }
    let altered = found(
        |s| {
            s.catalog[0] =
                object("relation", "public.issues", &[("kind", "table"), ("owner", "somebody")])
        },
        &[],
        Additions::Marked("TEST_CLONE"),
    );
    assert_eq!(altered[0].1, Disposition::Unexplained);
    let gone = found(|s| drop(s.catalog.remove(0)), &[], Additions::Marked("TEST_CLONE"));
    assert_eq!(gone[0].1, Disposition::Unexplained);
}

#[test]
fn a_class_that_could_not_be_listed_is_no_finding() {
    let unlisted = |s: &mut Snapshot| {
        s.catalog.clear();
        let covered = Covered::Gap("time-out".into());
        s.coverage.push(Coverage {
            subject: "catalog relation".into(),
            witness: Witness::Catalog,
            covered,
        });
    };
    assert_eq!(found(unlisted, &[], Additions::Unexplained), []);
}

#[test]
fn of_a_long_definition_the_part_is_shown_where_it_differs() {
    let long = |word: &str| format!("{}{word}{}", "ä, ".repeat(400), ", z".repeat(400));
    let mut before = snapshot(Phase::Entry);
    before.catalog[0].attributes.insert("definition", &long("old"));
    let mut after = snapshot(Phase::Exit);
    after.catalog[0].attributes.insert("definition", &long("new"));
    let organic = BTreeMap::new();
    let policy = Policy { organic: &organic, additions: Additions::Unexplained };
    let finding = diff(&before, &after, policy).unwrap().remove(0);
    for (text, word) in [(&finding.before, "old"), (&finding.after, "new")] {
        assert!(text.contains(word) && text.chars().count() <= 302, "{text}");
        assert!(text.starts_with('…') && text.ends_with('…'), "{text}");
    }
}

#[test]
fn what_the_cluster_keeps_about_a_database_is_not_the_copys() {
    let mut copy = snapshot(Phase::Exit);
    copy.identity.database_oid = 99;
    for class in ["database", "other database", "setting", "subscription"] {
        copy.catalog.push(object(class, "x", &[]));
    }
    let organic = BTreeMap::new();
    let policy = Policy { organic: &organic, additions: Additions::Unexplained };
    assert_eq!(diff_copy(&snapshot(Phase::Entry), &copy, policy), Ok(Vec::new()));
}

#[test]
fn another_database_is_not_comparable() {
    let organic = BTreeMap::new();
    let policy = Policy { organic: &organic, additions: Additions::Unexplained };
    let mut other = snapshot(Phase::Exit);
    other.identity.database_oid = 99;
    assert!(matches!(
        diff(&snapshot(Phase::Entry), &other, policy),
        Err(NotComparable::Database { .. })
    ));
    assert_eq!(
        diff(&snapshot(Phase::Entry), &snapshot(Phase::Entry), policy),
        Err(NotComparable::Baseline)
    );
}

/// What a standby had not received when it was promoted, and what a server lost that was set back, is nowhere to be seen:
/// the rows that are there are older than entry, and as many as before.
#[test]
fn another_history_is_not_comparable() {
    let organic = BTreeMap::new();
    let policy = Policy { organic: &organic, additions: Additions::Unexplained };
    let with = |anchor: &str| {
        let mut exit = snapshot(Phase::Exit);
        exit.anchor = Some(Anchor(anchor.into()));
        diff(&snapshot(Phase::Entry), &exit, policy)
    };
    for set_back in [
        "database 1, started 9, timeline 2, checkpoint 1/B0",
        "database 1, started 9, timeline 1, checkpoint 0/FFFFFFF0",
        "database 1, started 9, timeline 1, checkpoint 1/9F",
    ] {
        assert!(matches!(with(set_back), Err(NotComparable::History { .. })), "{set_back}");
    }
    for goes_on in [
        "database 1, started 9, timeline 1, checkpoint 1/A0",
        "database 1, started 1, timeline 1, checkpoint 2/0",
    ] {
        assert_eq!(with(goes_on), Ok(Vec::new()), "{goes_on}");
    }
}

/// A frozen row keeps the low half of its transaction's id, which is given out again.
#[test]
fn rows_of_an_id_that_came_round_are_told_from_newer_ones_by_a_digest() {
    let came_round = |s: &mut Snapshot| {
        s.horizon = "4294967400:4294967400:".parse().unwrap();
        lineage(200, 3)(s);
    };
    let found_in = |change: fn(&mut Snapshot)| {
        let both = move |s: &mut Snapshot| {
            came_round(s);
            change(s);
        };
        found(both, &[], Additions::Unexplained)
    };
    let equal = found_in(|_| {});
    assert_eq!(equal[0].1, Disposition::Unchanged, "{equal:?}");
    let changed = found_in(|s| digest(70, 78, 200)(s));
    assert_eq!(changed[0].1, Disposition::Unexplained);
    let undigested = found_in(|s| s.relations[0].digest = None);
    assert_eq!(undigested[0].1, Disposition::Unexplained);
    assert!(undigested[0].0.contains("a digest of the relation would tell"), "{undigested:?}");
    let removed = found_in(|s| {
        lineage(199, 3)(s);
        s.relations[0].digest = None;
    });
    assert!(!removed[0].0.contains("a digest of the relation would tell"), "{removed:?}");
    // Before ids come round a newer id is a newer row, whatever it contains.
    assert_eq!(found(lineage(200, 3), &[], Additions::Unexplained)[0].1, Disposition::Unexplained);
}

fn digest(of_entry: i128, sum: i128, rows: u64) -> impl FnOnce(&mut Snapshot) {
    move |s| {
        let digest = s.relations[0].digest.as_mut().unwrap();
        *digest =
            Digest { rows, sum: HashSum(sum), of_entry: Some(HashSum(of_entry)), ..digest.clone() };
    }
}

#[test]
fn contents_that_differ_are_a_finding_of_their_own() {
    let findings = found(digest(78, 78, 200), &[], Additions::Unexplained);
    insta::assert_snapshot!(findings[0].0, @"table public.issues contents: the contents of entry's rows are not what they were; the profile does not declare it");
    assert_eq!(findings[0].1, Disposition::Unexplained);
}

#[test]
fn growth_leaves_the_digest_of_entrys_rows_as_it_was() {
    let grow = [("public.issues", Across::MayGrow)];
    let grown = |of_entry| {
        move |s: &mut Snapshot| {
            lineage(203, 3)(s);
            digest(of_entry, 99, 203)(s);
        }
    };
    let honest = found(grown(77), &grow, Additions::Unexplained);
    assert!(honest.iter().all(|f| f.1 == Disposition::Organic), "{honest:?}");
    let forged = found(grown(76), &grow, Additions::Unexplained);
    assert!(forged.iter().any(|f| f.1 == Disposition::Unexplained && f.0.contains("contents")));
    let undeclared = found(grown(77), &[], Additions::Unexplained);
    assert!(undeclared.iter().all(|f| f.1 == Disposition::Unexplained), "{undeclared:?}");
}

#[test]
fn digests_with_two_keys_say_nothing_about_each_other() {
    let other = |s: &mut Snapshot| {
        s.digest_key = DigestKey(2);
        digest(5, 5, 200)(s);
    };
    assert_eq!(found(other, &[], Additions::Unexplained), []);
}

#[test]
fn a_difference_has_a_place() {
    let mut before = snapshot(Phase::Entry);
    let range = |from, to, rows, newer| RangeState { from, to, rows, newer, sum: None };
    before.relations[0].ranges = vec![range(0, Some(100), 120, None), range(100, None, 80, None)];
    let mut after = snapshot(Phase::Exit);
    lineage(200, 1)(&mut after);
    let relation = &mut after.relations[0];
    relation.ranges = vec![range(0, Some(100), 119, Some(0)), range(100, None, 81, Some(1))];
    relation.newer_rows = vec![RowSeen {
        place: "(107,3)".into(),
        xid: 812,
        committed_at: None,
        key: Some("(7)".into()),
    }];
    relation.digest.as_mut().unwrap().columns.insert("b".into(), HashSum(5));
    let organic = BTreeMap::new();
    let policy = Policy { organic: &organic, additions: Additions::Unexplained };
    let note = &diff(&before, &after, policy).unwrap()[0].note;
    insta::assert_snapshot!(note, @"1 rows of entry were changed or removed, and 1 rows are newer than entry; the profile does not declare it; columns: b; newer: (107,3) (7) by transaction 812; changed or removed: 1 from blocks 0 to 100");
}

#[test]
fn a_snapshot_without_sums_of_columns_names_none() {
    let before = snapshot(Phase::Entry);
    let mut after = snapshot(Phase::Exit);
    lineage(200, 1)(&mut after);
    let organic = BTreeMap::new();
    let policy = Policy { organic: &organic, additions: Additions::Unexplained };
    after.relations[0].digest.as_mut().unwrap().columns.clear();
    let found = diff(&before, &after, policy).unwrap();
    assert_eq!(found.len(), 1);
    assert!(!found[0].note.contains("columns"), "{}", found[0].note);
    let located = place::Places::of(&before, &after).locate(found[0].clone());
    assert_eq!(located.place, None, "nothing says where");
}

#[test]
fn the_log_stands_beside_the_other_witnesses() {
    let written = |s: &mut Snapshot| {
        let write = |database, kind: &str| WalWrites {
            database,
            filenode: 9,
            relation: Some("public.issues".into()),
            kind: kind.into(),
            records: 2,
        };
        let writes = vec![
            write(16_400, "Heap/INSERT"),
            write(16_400, "Heap2/PRUNE"),
            write(16_401, "Heap/DELETE"),
        ];
        s.wal = Some(Wal { at: "0/2".into(), since_entry: Some(writes) });
    };
    let findings = found(written, &[], Additions::Unexplained);
    assert_eq!(findings.len(), 1, "the clone in the same cluster is no finding: {findings:?}");
    assert_eq!(findings[0].1, Disposition::Unchanged);
}

fn streamed(key: u8) -> Lane {
    Lane::Streamed { key: StreamKey([key; 32]) }
}

#[test]
fn digests_of_two_lanes_are_neither_equal_nor_different() {
    let organic = BTreeMap::new();
    let policy = Policy { organic: &organic, additions: Additions::Unexplained };
    let with = |phase, lane| {
        let mut s = snapshot(phase);
        s.relations[0].digest.as_mut().unwrap().lane = lane;
        s
    };
    for (entry, exit) in
        [(Lane::Server, streamed(1)), (streamed(1), Lane::Server), (streamed(1), streamed(2))]
    {
        let (entry, exit) = (with(Phase::Entry, entry), with(Phase::Exit, exit));
        let said = diff(&entry, &exit, policy);
        assert!(matches!(said, Err(NotComparable::Contents { .. })), "{said:?}");
        let said = &compare_contents(&entry, &exit)[0].contents;
        assert!(matches!(said, Contents::NotComparable(_)), "{said:?}");
    }
    // In one lane the snapshots' other key says nothing.
    let (entry, mut exit) = (with(Phase::Entry, streamed(1)), with(Phase::Exit, streamed(1)));
    exit.digest_key = DigestKey(2);
    assert_eq!(diff(&entry, &exit, policy), Ok(Vec::new()));
    assert_eq!(compare_contents(&entry, &exit)[0].contents, Contents::Equal { rows: 200 });
    digest(78, 78, 200)(&mut exit);
    assert_eq!(diff(&entry, &exit, policy).unwrap()[0].witness, Witness::Digest);
}

#[test]
fn two_databases_are_compared_by_their_digests() {
    let (first, second) = (snapshot(Phase::Entry), snapshot(Phase::Entry));
    let said = |second: &Snapshot| compare_contents(&first, second)[0].contents.clone();
    assert_eq!(said(&second), Contents::Equal { rows: 200 });
    let mut different = second.clone();
    let digest = different.relations[0].digest.as_mut().unwrap();
    (digest.sum, _) = (HashSum(1), digest.columns.insert("a".into(), HashSum(9)));
    let columns = vec!["a".to_owned()];
    assert_eq!(said(&different), Contents::Different { first: 200, second: 200, columns });
    for change in [
        (|s: &mut Snapshot| s.digest_key = DigestKey(2)) as fn(&mut Snapshot),
        |s| s.relations[0].digest = None,
        |s| s.relations[0].digest.as_mut().unwrap().recipe.push_str(", c text"),
        |s| s.relations[0].digest.as_mut().unwrap().lane = streamed(1),
        |s| {
            s.identity.database_oid = 1;
            s.relations[0].digest.as_mut().unwrap().comparable = Comparable::SameDatabase;
        },
    ] {
        let mut other = second.clone();
        change(&mut other);
        assert!(matches!(said(&other), Contents::NotComparable(_)), "{:?}", said(&other));
    }
    let mut gone = second.clone();
    gone.relations.clear();
    assert_eq!(said(&gone), Contents::OnlyInFirst);
}

#[test]
fn what_the_server_has_beside_a_database_is_not_the_databases() {
    let before = snapshot(Phase::Entry);
    let mut after = snapshot(Phase::Exit);
    after.catalog.push(object("other database", "neighbour", &[]));
    after.catalog.push(object("role", "somebody", &[]));
    let organic = BTreeMap::new();
    let policy = Policy { organic: &organic, additions: Additions::Unexplained };
    assert_eq!(diff(&before, &after, policy).unwrap().len(), 2);
    assert_eq!(diff_database(&before, &after, policy).unwrap(), []);
    after.catalog.push(object("schema", "role", &[]));
    assert_eq!(diff_database(&before, &after, policy).unwrap().len(), 1);
}
