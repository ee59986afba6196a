//! The parts of the measurement.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clonegate_model::Lane;
use clonegate_sandbox::Scale;

use super::figure::{Figure, Growth, middle};
use super::rivals::{Reladiff, dump};
use super::server::{Content, Place, Server};
use super::take::{Take, What, in_the_same_ranges, rows_alone, take};
use crate::note;

/// With how many connections a database is read.
const CONNECTIONS: usize = 2;
/// Rounds at the smaller scales of the growth.
const GROWTH_ROUNDS: usize = 3;

/// What the parts share.
pub(crate) struct Bench<'a> {
    pub(crate) server: &'a Server,
    pub(crate) rounds: usize,
    pub(crate) scale: f64,
    pub(crate) reladiff: Option<Reladiff>,
}

/// What was measured so far.
#[derive(Default)]
pub(crate) struct Measured {
    pub(crate) figures: Vec<Figure>,
    pub(crate) growth: Vec<Growth>,
    pub(crate) longest: Option<(Duration, String)>,
    pub(crate) peak_kib: Option<u64>,
    /// Times at the full scale, for the growth.
    full: Vec<(Content, Times)>,
}

impl Measured {
    fn saw(&mut self, take: &Take, place: &Place) {
        if self.longest.as_ref().is_none_or(|(longest, _)| take.longest > *longest) {
            self.longest = Some((take.longest, place.database.clone()));
        }
    }
}

/// How long each way takes.
#[derive(Debug, Clone, Copy, Default)]
struct Times {
    dump: Duration,
    /// Lineage alone; of small tables the usual snapshot.
    lineage: Duration,
    digest: Duration,
}

impl Bench<'_> {
    fn count(&self, content: Content, part: f64) -> u64 {
        // Fits: a few millions.
        ((content.full() as f64 * self.scale * part) as u64).max(1)
    }

    /// One large table, and a copy of it.
    pub(crate) async fn table(&self, content: Content, all: &mut Measured) -> Result<()> {
        let name = content.name();
        let (table, key) = content.table().context("it has a table")?;
        let place = self.server.fill(content, name, self.count(content, 1.0)).await?;
        let copy = self.server.copy(&place).await?;
        let relation = format!("public.{table}");
        let mut dumps = Vec::new();
        let (mut lineages, mut digests, mut streams) = (Vec::new(), Vec::new(), Vec::new());
        let (mut both_lineages, mut both_digests, mut reladiffs) =
            (Vec::new(), Vec::new(), Vec::new());
        let (mut lineage_rows, mut digest_rows) = (Vec::new(), Vec::new());
        let (mut counts, mut heads) = (Vec::new(), Vec::new());
        let (mut counts_again, mut heads_again) = (Vec::new(), Vec::new());
        for round in 0..=self.rounds {
            note(&format!(
                "{name}: {}",
                if round == 0 { "warming up".to_owned() } else { format!("round {round}") }
            ));
            let dumped = dump(self.server, &place, Some(&relation)).await?;
            let lineage = take(&place, What::Lineage, CONNECTIONS, None).await?;
            let digest = take(&place, What::Digest, CONNECTIONS, None).await?;
            let stream = take(&place, What::Streamed, CONNECTIONS, None).await?;
            is_streamed(&stream, &relation)?;
            let other_lineage = take(&copy, What::Lineage, CONNECTIONS, None).await?;
            let other_digest = take(&copy, What::Digest, CONNECTIONS, None).await?;
            equal(&digest, &other_digest)?;
            let alone = take(&place, What::Lineage, 1, None).await?;
            let (same, again) = in_the_same_ranges(&place, &alone.scans).await?;
            let lineage_took = rows_alone(&place, &lineage.scans, CONNECTIONS).await?;
            let digest_took = rows_alone(&place, &digest.scans, CONNECTIONS).await?;
            if round == 0 {
                continue;
            }
            for take in [&lineage, &digest, &stream, &other_lineage, &other_digest] {
                all.saw(take, &place);
            }
            dumps.push(dumped);
            lineages.push(lineage.reading);
            digests.push(digest.reading);
            streams.push(stream.reading);
            both_lineages.push(lineage.reading + other_lineage.reading);
            both_digests.push(digest.reading + other_digest.reading);
            counts.push((same.lineage, same.count));
            heads.push((same.lineage, same.heads));
            counts_again.push((again.lineage, again.count));
            heads_again.push((again.lineage, again.heads));
            lineage_rows.push(lineage_took);
            digest_rows.push(digest_took);
            if let Some(reladiff) = &self.reladiff {
                reladiffs.push(reladiff.compare(&place, &copy, (table, key)).await?);
            }
        }
        let against = |of: &[Duration], to: &[Duration]| -> Vec<(Duration, Duration)> {
            of.iter().copied().zip(to.iter().copied()).collect()
        };
        let narrow = content == Content::Narrow;
        let limits = |narrow_must, narrow_aim, wide_must, wide_aim| {
            if narrow { (narrow_must, Some(narrow_aim)) } else { (wide_must, Some(wide_aim)) }
        };
        let mut figure = |what: &str, rounds: Vec<(Duration, Duration)>, (must, aim)| {
            all.figures.push(Figure::ratio(&format!("{name}: {what}"), &rounds, must, aim));
        };
        figure(
            "lineage against `count(*)` in the same ranges, 1 connection",
            counts,
            (1.5, Some(1.1)),
        );
        figure(
            "lineage, 2 connections, against `pg_dump -t \\| sha256sum`",
            against(&lineage_rows, &dumps),
            limits(0.25, 0.15, 0.10, 0.05),
        );
        figure(
            "digest, on the server, 2 connections, against the same",
            against(&digest_rows, &dumps),
            limits(0.7, 0.4, 0.5, 0.25),
        );
        if !reladiffs.is_empty() {
            figure(
                "digest of both tables against reladiff (`-c % -j 2`)",
                against(&both_digests, &reladiffs),
                (0.7, Some(0.35)),
            );
            figure(
                "lineage of both against the same",
                against(&both_lineages, &reladiffs),
                (0.15, Some(0.08)),
            );
        }
        // What of it is the wait for the rows themselves, and no work of the witness.
        for (what, rounds) in [
            ("`count(xmin)`, the least that looks at each row", &heads),
            ("`count(*)` in ranges that were just read", &counts_again),
            ("`count(xmin)` in ranges that were just read", &heads_again),
        ] {
            let what = format!("{name}: lineage against {what}");
            all.figures.push(Figure::ratio(&what, rounds, 1.0, None).unlimited());
        }
        // Beside them what somebody waits for: definitions, sequences and horizon too.
        for (what, times) in [
            ("lineage", &lineages),
            ("digest on the server", &digests),
            ("digest, streamed", &streams),
        ] {
            let what = format!("{name}: whole snapshot, {what}, against the same");
            let rounds = against(times, &dumps);
            all.figures.push(Figure::ratio(&what, &rounds, 1.0, None).unlimited());
        }
        let times = Times {
            dump: middle(dumps.into_iter()),
            lineage: middle(lineages.into_iter()),
            digest: middle(digests.into_iter()),
        };
        all.full.push((content, times));
        self.memory(&place, What::Digest, all).await?;
        self.memory(&place, What::Streamed, all).await?;
        self.server.drop_database(&copy).await?;
        self.server.drop_database(&place).await
    }

    /// Many small tables.
    pub(crate) async fn many(&self, all: &mut Measured) -> Result<()> {
        let content = Content::Many;
        let place = self.server.fill(content, "many", self.count(content, 1.0)).await?;
        let mut rounds = Vec::new();
        for round in 0..=self.rounds {
            note(&format!(
                "many: {}",
                if round == 0 { "warming up".to_owned() } else { format!("round {round}") }
            ));
            let dumped = dump(self.server, &place, None).await?;
            let taken = take(&place, What::Usual, CONNECTIONS, None).await?;
            if round > 0 {
                all.saw(&taken, &place);
                rounds.push((taken.opening + taken.reading, dumped));
            }
        }
        let what = "many: whole snapshot, with connecting, against `pg_dump \\| sha256sum`";
        all.figures.push(Figure::ratio(what, &rounds, 0.5, Some(0.2)));
        let times = Times {
            dump: middle(rounds.iter().map(|(_, dump)| *dump)),
            lineage: middle(rounds.iter().map(|(taken, _)| *taken)),
            digest: Duration::ZERO,
        };
        all.full.push((content, times));
        self.memory(&place, What::Usual, all).await?;
        self.server.drop_database(&place).await
    }

    /// The one-roof fixture, which nobody touches.
    pub(crate) async fn one_roof(&self, all: &mut Measured) -> Result<()> {
        let scale = if self.scale < 1.0 { Scale::Small } else { Scale::Full };
        let place = self.server.one_roof(scale).await?;
        let (mut exits, mut entries) = (Vec::new(), Vec::new());
        for round in 0..=self.rounds {
            note(&format!(
                "one-roof: {}",
                if round == 0 { "warming up".to_owned() } else { format!("round {round}") }
            ));
            let dumped = dump(self.server, &place, None).await?;
            let entry = take(&place, What::Usual, CONNECTIONS, None).await?;
            let exit = take(&place, What::Usual, CONNECTIONS, Some(&entry.snapshot)).await?;
            if round > 0 {
                all.saw(&entry, &place);
                all.saw(&exit, &place);
                entries.push((entry.reading, dumped));
                exits.push((exit.reading, dumped));
            }
        }
        let exit = Figure::ratio(
            "one-roof: exit proof, untouched, against `pg_dump \\| sha256sum`",
            &exits,
            0.05,
            None,
        );
        let entry =
            Figure::ratio("one-roof: whole entry snapshot against the same", &entries, 1.0, None);
        all.figures.extend([exit, entry.unlimited()]);
        self.memory(&place, What::Digest, all).await?;
        self.server.drop_database(&place).await
    }

    /// The same with a sixteenth and a quarter of the data.
    pub(crate) async fn growth(&self, all: &mut Measured) -> Result<()> {
        for content in [Content::Narrow, Content::Wide, Content::Many] {
            let Some((_, full)) = all.full.iter().find(|(c, _)| *c == content) else { continue };
            let full = *full;
            let sixteenth = self.times(content, 1.0 / 16.0).await?;
            let quarter = self.times(content, 1.0 / 4.0).await?;
            let name = content.name();
            let mut row = |what: &str, of: fn(&Times) -> Duration| {
                let times = [of(&sixteenth), of(&quarter), of(&full)];
                all.growth.push(Growth { what: format!("{name}: {what}"), times });
            };
            row("`pg_dump \\| sha256sum`", |t| t.dump);
            if content == Content::Many {
                row("whole snapshot", |t| t.lineage);
            } else {
                row("lineage", |t| t.lineage);
                row("digest", |t| t.digest);
            }
        }
        ensure!(!all.growth.is_empty(), "growth is measured together with narrow, wide or many");
        Ok(())
    }

    async fn times(&self, content: Content, part: f64) -> Result<Times> {
        let place = self.server.fill(content, content.name(), self.count(content, part)).await?;
        let relation = content.table().map(|(table, _)| format!("public.{table}"));
        let (mut dumps, mut lineages, mut digests) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..=GROWTH_ROUNDS {
            let dumped = dump(self.server, &place, relation.as_deref()).await?;
            let (lineage, digest) = if content == Content::Many {
                let taken = take(&place, What::Usual, CONNECTIONS, None).await?;
                (taken.opening + taken.reading, Duration::ZERO)
            } else {
                let lineage = take(&place, What::Lineage, CONNECTIONS, None).await?;
                let digest = take(&place, What::Digest, CONNECTIONS, None).await?;
                (lineage.reading, digest.reading)
            };
            if round > 0 {
                dumps.push(dumped);
                lineages.push(lineage);
                digests.push(digest);
            }
        }
        self.server.drop_database(&place).await?;
        Ok(Times {
            dump: middle(dumps.into_iter()),
            lineage: middle(lineages.into_iter()),
            digest: middle(digests.into_iter()),
        })
    }

    /// The peak of a process that does nothing but take a snapshot.
    async fn memory(&self, place: &Place, what: What, all: &mut Measured) -> Result<()> {
        let program = std::env::current_exe()?;
        let what = clap::ValueEnum::to_possible_value(&what).context("it has a name")?;
        let output = tokio::process::Command::new(program)
            .args(["take", "--port", &place.port.to_string(), "--database", &place.database])
            .args(["--role", &place.role, "--what", what.get_name(), "--passfile"])
            .arg(&place.passfile)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            "a snapshot in a process of its own failed: {}",
            said.trim()
        );
        let peak: u64 = String::from_utf8_lossy(&output.stdout).trim().parse()?;
        note(&format!("{}: {} MiB at the peak", place.database, peak >> 10));
        all.peak_kib = all.peak_kib.max(Some(peak));
        Ok(())
    }
}

/// The table's rows came here, and nothing else was taken for it.
fn is_streamed(take: &Take, name: &str) -> Result<()> {
    let table = take.snapshot.relations.iter().find(|r| r.name == name);
    let lane = table.and_then(|table| table.digest.as_ref()).map(|digest| digest.lane);
    ensure!(matches!(lane, Some(Lane::Streamed { .. })), "{name} was not streamed");
    Ok(())
}

/// A table and its copy have the same digest, or the figures are of nothing.
fn equal(one: &Take, other: &Take) -> Result<()> {
    let sums = |take: &Take| -> Vec<_> {
        take.snapshot.relations.iter().map(|r| r.digest.as_ref().map(|d| d.sum)).collect()
    };
    ensure!(sums(one) == sums(other), "a table and its copy have different digests");
    Ok(())
}
