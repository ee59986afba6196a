//! The data of the catch matrix: one file a change, under `tests/matrix/`.
//!
//! A file is SQL, with comment lines first:
//!
//! ```sql
//! -- what: a NULL becomes an empty text
//! -- caught-by: lineage: table zoo.edges rows
//! update zoo.edges set t = '' where id = 1;
//! ```
//!
//! Every finding stands in a `caught-by` line (witness, subject, attribute), and there must be no other;
//! `caught-by: gap: SUBJECT` says that from then on the coverage manifest names something that no witness can see,
//! `caught-by: standing gap: SUBJECT` that it is not seen and that the manifest names this with and without it, and
//! `caught-by: nobody: REASON` that it is not seen; `caught-by since 18` is for that version and later. Nothing else may be
//! left open. A file under `non-changes/` has none of these lines: nothing may be found. `reader: superuser` has the
//! witnesses read as one, `since: 15` leaves older servers out, `server: reload` and `server: restart` do that after the
//! SQL, and `undo` is SQL that takes back what the cluster keeps.
//!
//! Only this module knows the format, and it needs nothing but the standard library: the bench runs
//! other tools on the same files.

use std::fs;
use std::path::{Path, PathBuf};

/// As whom the witnesses read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// `zoo_reader`, a role with SELECT on what the zoo shows.
    Plain,
    /// The superuser.
    Superuser,
}

/// What is done to the server besides the SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    /// Nothing.
    Left,
    /// It reads its configuration again.
    Reloaded,
    /// It is stopped and started again.
    Restarted,
}

/// Who must catch a mutation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Catch {
    /// A finding: its witness, and its subject and attribute.
    Finding(String, String),
    /// The coverage manifest names what was not looked at, and did not before the change.
    Gap(String),
    /// Nobody, and the coverage manifest names what was not looked at with and without the change.
    Standing(String),
    /// Nobody, for this reason.
    Nobody(String),
}

/// One change, or one thing that is none.
#[derive(Debug, Clone)]
pub(crate) struct Mutation {
    /// Folder and file name without its ending.
    pub(crate) name: String,
    /// What is done, in a few words.
    pub(crate) what: String,
    /// The SQL, run as superuser in a copy of the zoo.
    pub(crate) sql: String,
    /// Who must catch it, each from which major version on; empty for what is no change.
    pub(crate) catches: Vec<(u32, Catch)>,
    /// As whom the witnesses read.
    pub(crate) reader: Reader,
    /// The oldest major version that has it.
    pub(crate) since: u32,
    /// What is done to the server besides.
    pub(crate) server: Server,
    /// SQL that takes back what the cluster keeps; run in `postgres`.
    pub(crate) undo: String,
}

impl Mutation {
    /// Whether something is changed.
    pub(crate) fn is_change(&self) -> bool {
        !self.name.starts_with("non-changes/")
    }
}

/// All of them, in the order of their names.
pub(crate) fn all(folder: &Path) -> Vec<Mutation> {
    let mut files: Vec<PathBuf> = Vec::new();
    for group in list(folder).into_iter().filter(|p| p.is_dir()) {
        files
            .extend(list(&group).into_iter().filter(|p| p.extension().is_some_and(|e| e == "sql")));
    }
    files.sort();
    files.iter().map(|path| read(folder, path)).collect()
}

fn list(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    entries.map(|entry| entry.expect("an entry can be read").path()).collect()
}

fn read(folder: &Path, path: &Path) -> Mutation {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let name = path.strip_prefix(folder).expect("the file is in the folder").with_extension("");
    let mut mutation = Mutation {
        name: name.display().to_string(),
        what: String::new(),
        sql: String::new(),
        catches: Vec::new(),
        reader: Reader::Plain,
        since: 14,
        server: Server::Left,
        undo: String::new(),
    };
    let wrong = |line: &str| -> ! { panic!("{}: {line:?} is not understood", path.display()) };
    for line in text.lines() {
        let Some((key, value)) = line.strip_prefix("-- ").and_then(|l| l.split_once(": ")) else {
            mutation.sql.push_str(line);
            mutation.sql.push('\n');
            continue;
        };
        match (key, value) {
            ("what", what) => what.clone_into(&mut mutation.what),
            ("undo", sql) => {
                mutation.undo.push_str(sql);
                mutation.undo.push('\n');
            }
            ("since", version) => {
                mutation.since = version.parse().unwrap_or_else(|_| wrong(line));
            }
            ("reader", "superuser") => mutation.reader = Reader::Superuser,
            ("server", "reload") => mutation.server = Server::Reloaded,
            ("server", "restart") => mutation.server = Server::Restarted,
            (key, catch) => {
                let since = match key.strip_prefix("caught-by") {
                    Some("") => mutation.since,
                    Some(since) => since
                        .strip_prefix(" since ")
                        .and_then(|version| version.parse().ok())
                        .unwrap_or_else(|| wrong(line)),
                    None => wrong(line),
                };
                let catch = match catch.split_once(": ") {
                    Some(("gap", subject)) => Catch::Gap(subject.to_owned()),
                    Some(("standing gap", subject)) => Catch::Standing(subject.to_owned()),
                    Some(("nobody", why)) => Catch::Nobody(why.to_owned()),
                    Some((witness, what)) => Catch::Finding(witness.to_owned(), what.to_owned()),
                    None => wrong(line),
                };
                mutation.catches.push((since, catch));
            }
        }
    }
    if mutation.what.is_empty() {
        wrong("a file without `-- what:`");
    }
    mutation
}
