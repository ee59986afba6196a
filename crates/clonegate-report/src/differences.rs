//! What can be said of two snapshots, as a document.

use clonegate_model::{
    Compared, Differences, Disposition, Located, NotEstablished, Place, Side, Verdict,
};

use crate::Document;

/// The document of a comparison.
#[must_use]
pub fn differences(differences: &Differences) -> Document {
    let Differences {
        format: _,
        first,
        second,
        verdict: _,
        not_comparable,
        compared: _,
        findings,
        findings_left_out,
        not_established,
        not_established_left_out,
        waived,
        left_out,
    } = differences;
    let mut document = Document::default();
    document.table(
        &["", "database", "server", "read", "horizon", "run"],
        vec![side("first", first), side("second", second)],
    );
    if let Some(why) = not_comparable {
        document.lead(word(differences), why.clone());
        return document;
    }
    let of = |wanted: Disposition| -> Vec<&Located> {
        findings.iter().filter(|f| f.finding.disposition == wanted).collect()
    };
    for (disposition, heading) in [
        (Disposition::Unexplained, "What differs"),
        (Disposition::Organic, "What differs and is declared by the profile"),
        (Disposition::Unchanged, "Beside it"),
    ] {
        let found = of(disposition);
        if !found.is_empty() {
            document.heading(heading);
            document.table(
                &["what", "of it", "first", "second", "witness", "note"],
                found.into_iter().map(row).collect(),
            );
        }
    }
    if *findings_left_out > 0 {
        document.paragraph(format!("… and {findings_left_out} more."));
    }
    let places: Vec<Vec<String>> =
        findings.iter().filter_map(|f| Some((f, f.place.as_ref()?))).flat_map(place).collect();
    if !places.is_empty() {
        document.heading("Where");
        document.table(&["relation", "where", "what"], places);
    }
    if !not_established.is_empty() {
        document.heading("What could not be established");
        document.table(&["of what", "witness", "why"], not_established.iter().map(open).collect());
    }
    if *not_established_left_out > 0 {
        document.paragraph(format!("… and {not_established_left_out} more."));
    }
    if !waived.is_empty() {
        document.heading("Waived by the profile");
        document.bullets(waived.clone());
    }
    if !left_out.is_empty() {
        document.heading("Left out, because it is expected to differ");
        document.bullets(left_out.clone());
    }
    document.lead(word(differences), counts(differences));
    document
}

/// How much was compared, and what came of it.
fn counts(differences: &Differences) -> String {
    let Compared { definitions, relations, rows, sequences } = differences.compared;
    let count = |wanted: Disposition| {
        differences.findings.iter().filter(|f| f.finding.disposition == wanted).count() as u64
    };
    // What nothing explains is listed first, so that what is left out comes behind all of it or is some of it.
    let more = match differences.findings_left_out {
        0 => String::new(),
        n => format!(", {n} more differences"),
    };
    let open = differences.not_established.len() as u64 + differences.not_established_left_out;
    format!(
        "{definitions} definitions, {relations} relations with {rows} rows and {sequences} sequences compared; {} unexplained, {} declared{more}, {open} not established",
        count(Disposition::Unexplained),
        count(Disposition::Organic),
    )
}

/// The answer in a line, for those who asked for quiet.
#[must_use]
pub fn differences_line(differences: &Differences) -> String {
    let said = differences.not_comparable.clone().unwrap_or_else(|| counts(differences));
    crate::document::harmless(&format!("{} {said}", word(differences)))
}

fn word(differences: &Differences) -> &'static str {
    match (differences.verdict, &differences.not_comparable) {
        (_, Some(_)) => "NOT COMPARABLE:",
        (Verdict::Pass, None) => "EQUAL:",
        (Verdict::Fail, None) => "DIFFERENT:",
        (Verdict::Inconclusive, None) => "NOT ESTABLISHED:",
    }
}

fn side(name: &str, side: &Side) -> Vec<String> {
    let Side {
        run,
        target,
        database,
        system_identifier,
        server_version,
        begun_at,
        ended_at: _,
        horizon,
    } = side;
    vec![
        name.to_owned(),
        format!("{database} ({target})"),
        // Behind the number stands who built it.
        format!(
            "{system_identifier}, PostgreSQL {}",
            server_version.split(' ').next().unwrap_or_default()
        ),
        begun_at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        horizon.to_string(),
        run.to_string(),
    ]
}

fn row(located: &Located) -> Vec<String> {
    let f = &located.finding;
    vec![
        f.subject.clone(),
        f.attribute.clone(),
        f.before.clone(),
        f.after.clone(),
        f.witness.to_string(),
        f.note.clone(),
    ]
}

fn open(open: &NotEstablished) -> Vec<String> {
    let NotEstablished { subject, witness, reason } = open;
    vec![subject.clone(), witness.to_string(), reason.clone()]
}

/// A row for each range, each row that is newer, and the columns.
fn place((located, place): (&Located, &Place)) -> Vec<Vec<String>> {
    let Place { ranges, rows, newer, columns } = place;
    let line = |at: String, what: String| vec![located.finding.subject.clone(), at, what];
    let mut lines: Vec<Vec<String>> = ranges
        .iter()
        .map(|range| {
            let end = range.to.map_or_else(|| "the end".to_owned(), |to| to.to_string());
            let what = match (range.lost, range.newer) {
                (0, 0) => "other contents".to_owned(),
                (lost, newer) => format!("{lost} changed or removed, {newer} newer"),
            };
            line(format!("blocks {} to {end}", range.from), what)
        })
        .collect();
    lines.extend(rows.iter().map(|row| {
        let key = row.key.as_ref().map(|key| format!(" key {key}")).unwrap_or_default();
        let at = row.committed_at.as_ref().map(|at| format!(" at {at}")).unwrap_or_default();
        line(format!("row {}{key}", row.place), format!("written by transaction {}{at}", row.xid))
    }));
    let more = newer.saturating_sub(rows.len() as u64);
    if more > 0 && !rows.is_empty() {
        lines.push(line("rows".to_owned(), format!("… and {more} more are newer")));
    }
    if !columns.is_empty() {
        lines.push(line("columns".to_owned(), columns.join(", ")));
    }
    lines
}

#[cfg(test)]
mod tests {
    use clonegate_model::{DIFFERENCES_FORMAT, Finding, RangeChange, RowSeen, Target, Witness};

    use super::*;
    use crate::{Color, render_terminal};

    fn side(name: &str) -> Side {
        Side {
            run: name.parse().unwrap(),
            target: Target::Production,
            database: clonegate_model::DatabaseName::new("app").unwrap(),
            system_identifier: "7".into(),
            server_version: "15.18 (Debian)".into(),
            begun_at: "2026-11-26T12:00:00Z".parse().unwrap(),
            ended_at: "2026-11-26T12:00:01Z".parse().unwrap(),
            horizon: "10:10:".parse().unwrap(),
        }
    }

    fn sample() -> Differences {
        let finding = Finding {
            subject: "table public.issues".into(),
            attribute: "rows".into(),
            before: "200".into(),
            after: "200 (3 newer)".into(),
            witness: Witness::Lineage,
            disposition: Disposition::Unexplained,
            note: "3 rows were changed".into(),
        };
        let row = RowSeen {
            place: "(0,7)".into(),
            xid: 4711,
            committed_at: Some("2026-11-26 11:59:00+00".into()),
            key: Some("(42)".into()),
        };
        let place = Place {
            ranges: vec![RangeChange { from: 0, to: Some(64), lost: 3, newer: 3 }],
            rows: vec![row],
            newer: 3,
            columns: vec!["state".into()],
        };
        Differences {
            format: DIFFERENCES_FORMAT,
            first: side("a"),
            second: side("b"),
            verdict: Verdict::Fail,
            not_comparable: None,
            compared: Compared { definitions: 5, relations: 1, rows: 200, sequences: 2 },
            findings: vec![Located { finding, place: Some(place) }],
            findings_left_out: 9,
            not_established: vec![NotEstablished {
                subject: "public.secret".into(),
                witness: Witness::Lineage,
                reason: "\u{1b}[31mnot readable".into(),
            }],
            not_established_left_out: 0,
            waived: vec!["public.x: it is another's".into()],
            left_out: Vec::new(),
        }
    }

    #[test]
    fn a_person_reads_what_differs_where_and_what_is_open() {
        let text = render_terminal(&differences(&sample()), Some(140), Color::Never);
        for part in [
            "What differs",
            "blocks 0 to 64",
            "3 changed or removed, 3 newer",
            "row (0,7) key (42)",
            "written by transaction 4711 at 2026-11-26 11:59:00+00",
            "and 2 more are newer",
            "columns",
            "… and 9 more.",
            "What could not be established",
            "Waived by the profile",
            "DIFFERENT: 5 definitions, 1 relations with 200 rows and 2 sequences compared; 1 unexplained, 0 declared, 9 more differences, 1 not established",
        ] {
            assert!(text.contains(part), "{part} is missing:\n{text}");
        }
        assert!(!text.contains('\u{1b}'), "a name can't drive the terminal");
    }

    #[test]
    fn what_can_not_be_compared_is_one_answer_and_nothing_else() {
        let why = "two databases\u{7}".to_owned();
        let other = Differences { not_comparable: Some(why), ..sample() };
        assert_eq!(differences_line(&other), "NOT COMPARABLE: two databases\u{fffd}");
        let text = render_terminal(&differences(&other), Some(140), Color::Never);
        assert!(text.contains("NOT COMPARABLE: two databases") && !text.contains("What differs"));
        let equal = Differences { verdict: Verdict::Pass, ..sample() };
        assert!(differences_line(&equal).starts_with("EQUAL: "));
        let open = Differences { verdict: Verdict::Inconclusive, ..sample() };
        assert!(differences_line(&open).starts_with("NOT ESTABLISHED: "));
    }
}
