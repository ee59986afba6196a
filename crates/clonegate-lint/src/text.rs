//! For a person at a terminal: each place with its line, underlined.

use std::fmt::Write;

use clonegate_sql::Severity;

use crate::{Entry, Linted, Report};

/// How much of a line is shown; generated scripts have lines of megabytes.
const MAX_COLUMNS: usize = 160;
/// How much of a line is shown before the place, where the place is further right.
const LEAD: usize = 60;

/// Whether the terminal shows colors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// With escape sequences.
    Always,
    /// Plain.
    Never,
}

/// A report as text. Whatever the scripts contain, no control character of theirs reaches the
/// terminal.
#[must_use]
pub fn render_text(report: &Report, color: Color) -> String {
    let mut out = String::new();
    for file in &report.files {
        for entry in &file.entries {
            render(&mut out, file, entry, color);
        }
    }
    let files = report.files.len();
    let _ = writeln!(
        out,
        "{files} {}: {} refused, {} {}, {} {}",
        if files == 1 { "file" } else { "files" },
        report.count(Severity::Refused),
        report.count(Severity::Warning),
        plural(report.count(Severity::Warning), "warning"),
        report.count(Severity::Note),
        plural(report.count(Severity::Note), "note"),
    );
    out
}

fn plural(count: usize, word: &str) -> String {
    if count == 1 { word.to_owned() } else { format!("{word}s") }
}

fn render(out: &mut String, file: &Linted, entry: &Entry, color: Color) {
    let paint = |code: &str, text: &str| match color {
        Color::Always => format!("\x1b[{code}m{text}\x1b[0m"),
        Color::Never => text.to_owned(),
    };
    let code = match entry.severity {
        Severity::Refused => "1;31",
        Severity::Warning => "1;33",
        Severity::Note => "1;36",
    };
    let head = paint(code, &format!("{}[{}]", entry.severity, entry.rule));
    let problem = printable(&entry.problem);
    let path = printable(&file.source.path);
    let excerpt = Excerpt::of(&file.source.text, entry);
    let number = entry.line.to_string();
    let margin = " ".repeat(number.len());
    let _ = writeln!(out, "{head}: {problem}");
    let _ = writeln!(out, "{margin}--> {path}:{}:{}", entry.line, entry.column);
    let _ = writeln!(out, "{margin} |");
    let _ = writeln!(out, "{number} | {}", excerpt.line);
    let marks = format!("{}{}", " ".repeat(excerpt.before), "^".repeat(excerpt.marked.max(1)));
    let _ = writeln!(out, "{margin} | {}", paint(code, &marks));
    let _ = writeln!(out, "{margin} = {}", printable(&entry.hint));
    out.push('\n');
}

/// A part of a line around a place, in columns.
struct Excerpt {
    line: String,
    before: usize,
    marked: usize,
}

impl Excerpt {
    fn of(text: &str, entry: &Entry) -> Self {
        let start = floor(text, entry.range.start);
        let end = floor(text, entry.range.end).max(start);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        // From the place backwards and forwards, so that a long line is not read whole.
        let lead: Vec<char> = text[line_start..start].chars().rev().take(MAX_COLUMNS).collect();
        let cut = lead.len() > MAX_COLUMNS - LEAD;
        let lead: String = lead.iter().take(if cut { LEAD } else { MAX_COLUMNS }).rev().collect();
        let lead = if cut { format!("…{lead}") } else { lead };
        let before = printable(&lead).chars().count();
        let rest: String = text[start..]
            .chars()
            .take_while(|c| *c != '\n')
            .take(MAX_COLUMNS.saturating_sub(before) + 1)
            .collect();
        let more = rest.chars().count() > MAX_COLUMNS.saturating_sub(before);
        let rest: String = rest.chars().take(MAX_COLUMNS.saturating_sub(before)).collect();
        let own = rest.trim_end_matches('\r');
        let marked = text[start..end].chars().take_while(|c| *c != '\n').take(own.chars().count());
        let marked = printable(&marked.collect::<String>()).trim_end().chars().count();
        let line = format!("{}{}{}", printable(&lead), printable(own), if more { "…" } else { "" });
        Self { line, before, marked }
    }
}

fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default()
}

/// Tabs as blanks, and every other control character as a sign for it.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' => ' ',
            // Marks that turn the direction of writing hide what stands there.
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                '\u{fffd}'
            }
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}
