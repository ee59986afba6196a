//! Scripts and checks in, remarks with their places out, as text, SARIF or JSON.
//!
//! [`lint`] asks the judges of `clonegate-sql` about every file, and holds the scripts of a build
//! against each other, against the rollback script and against the marker: what only shows in the
//! set. [`render_text`], [`render_sarif`] and [`render_json`] show the result.
//!
//! This crate opens no file and asks no server. It does not know what the database has: whatever
//! the scripts of the set did not make counts as having been there before. What functions do that a
//! script calls, and what SQL does that is put together at run time, it does not see; the proof after the
//! build does.

mod coverage;
mod json;
mod place;
mod sarif;
mod set;
mod text;

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use clonegate_sql::{
    Deed, GuardedScript, Permitted, ReadOnlyStatement, Remark, Rule, ScriptPolicy, ScriptRule,
    Severity,
};

pub use coverage::{Coverage, NotDropped, coverage};
pub use json::render_json;
pub use sarif::render_sarif;
pub use text::{Color, render_text};

/// A file's name and text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// What the file is called in what is shown; a relative path where it becomes a URI.
    pub path: String,
    /// What it says.
    pub text: String,
}

/// What is held against each other.
#[derive(Debug, Clone, Default)]
pub struct Set {
    /// The scripts, in the order in which they are run.
    pub scripts: Vec<Source>,
    /// What takes them back.
    pub rollback: Rollback,
    /// Check files, each judged alone as a statement that only reads.
    pub checks: Vec<Source>,
    /// The text that the comment of everything new must contain.
    pub marker: Option<String>,
    /// Relations (`schema.name`) that the scripts may write.
    pub organic: BTreeSet<String>,
    /// What the scripts may use.
    pub policy: ScriptPolicy,
    /// Functions and types of the database's own that checks may name.
    pub permitted: Permitted,
}

/// The rollback script of a set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Rollback {
    /// Nobody said that there must be one.
    #[default]
    NotAsked,
    /// There must be one, and there is none where it was looked for.
    Missing(String),
    /// This one.
    Script(Source),
}

/// Something that is said about a place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The rule.
    pub rule: Rule,
    /// What it leads to.
    pub severity: Severity,
    /// The bytes of the file that it is about.
    pub range: Range<usize>,
    /// The line at which they begin, counted from 1.
    pub line: usize,
    /// The character in that line, counted from 1.
    pub column: usize,
    /// What is wrong there.
    pub problem: String,
    /// What to write instead.
    pub hint: String,
}

impl From<Remark> for Entry {
    fn from(remark: Remark) -> Self {
        let Remark { rule, severity, range, line, column, problem, hint } = remark;
        Self { rule: Rule::Script(rule), severity, range, line, column, problem, hint }
    }
}

/// One file, and what is said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linted {
    /// The file.
    pub source: Source,
    /// What is said, in the order of the text.
    pub entries: Vec<Entry>,
}

/// What is said about a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The files: scripts, rollback, checks, in the order in which they were given.
    pub files: Vec<Linted>,
}

impl Report {
    /// How often something of a severity is said.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.files.iter().flat_map(|f| &f.entries).filter(|e| e.severity == severity).count()
    }

    /// The report without what is less severe than this.
    #[must_use]
    pub fn at_least(mut self, severity: Severity) -> Self {
        for file in &mut self.files {
            file.entries.retain(|entry| entry.severity >= severity);
        }
        self
    }
}

/// A script's file with what it does, between the judges and the set.
struct Read {
    linted: Linted,
    deeds: Vec<Deed>,
}

fn read(source: Source, policy: &ScriptPolicy) -> Read {
    let judged = GuardedScript::lint(&source.path, &source.text, policy);
    let entries = judged.remarks.into_iter().map(Entry::from).collect();
    Read { linted: Linted { source, entries }, deeds: judged.deeds }
}

/// Judges every file of a set, and the set.
#[must_use]
pub fn lint(set: Set) -> Report {
    let Set { scripts, rollback, checks, marker, organic, policy, permitted } = set;
    let read = |source: Source| read(source, &policy);
    let mut scripts: Vec<Read> = scripts.into_iter().map(read).collect();
    let mut rollback = match rollback {
        Rollback::NotAsked => set::Undo::NotAsked,
        Rollback::Missing(path) => set::Undo::Missing(path),
        Rollback::Script(source) => set::Undo::By(Box::new(read(source))),
    };
    set::compare(&mut scripts, &mut rollback, marker.as_deref(), &organic);
    let undo = match rollback {
        set::Undo::By(read) => Some(read.linted),
        set::Undo::NotAsked | set::Undo::Missing(_) => None,
    };
    let checks = checks.into_iter().map(|source| {
        let refusal = ReadOnlyStatement::judge_with(&source.text, &permitted).err();
        let entries = refusal.into_iter().map(|refusal| Entry {
            rule: refusal.rule,
            severity: Severity::Refused,
            range: refusal.range,
            line: refusal.line,
            column: refusal.column,
            problem: refusal.problem,
            hint: refusal.hint,
        });
        Linted { entries: entries.collect(), source }
    });
    let mut files: Vec<Linted> =
        scripts.into_iter().map(|read| read.linted).chain(undo).chain(checks).collect();
    for file in &mut files {
        once(&mut file.entries);
        file.entries.sort_by(|a, b| {
            (a.range.start, std::cmp::Reverse(a.severity))
                .cmp(&(b.range.start, std::cmp::Reverse(b.severity)))
        });
    }
    Report { files }
}

/// A script that fills a table has thousands of statements that touch it: the first stands for all.
fn once(entries: &mut Vec<Entry>) {
    let mut seen: HashMap<(Rule, String), usize> = HashMap::new();
    let repeats = |entry: &Entry| entry.rule == Rule::Script(ScriptRule::TouchesExisting);
    for entry in entries.iter().filter(|entry| repeats(entry)) {
        *seen.entry((entry.rule, entry.problem.clone())).or_default() += 1;
    }
    entries.retain_mut(|entry| {
        if !repeats(entry) {
            return true;
        }
        match seen.remove(&(entry.rule, entry.problem.clone())) {
            None => false,
            Some(1) => true,
            Some(2) => {
                entry.problem.push_str(" (and at 1 more place)");
                true
            }
            Some(times) => {
                entry.problem.push_str(&format!(" (and at {} more places)", times - 1));
                true
            }
        }
    });
}
