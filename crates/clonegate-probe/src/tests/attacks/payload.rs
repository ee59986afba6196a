//! The payloads: text files, a comment as each payload's header.
//!
//! ```sql
//! -- attack: advisory-lock
//! -- expect: judge
//! select pg_advisory_lock(1)
//! ```
//!
//! | key | says | without it |
//! | --- | --- | --- |
//! | `attack` | begins a payload and names it | |
//! | `expect [ROLE] [VERSION]` | what the whole set of layers does; alternatives stand apart by `or`; a line with a role or version weighs more | an error |
//! | `roles` | who sends it | all four |
//! | `versions` | `15`, `15-16`, `16-` | every version |
//! | `needs` | an extension of PostgreSQL's contrib | nothing |
//! | `through` | what stands between the channel and the server | nothing |
//! | `bounds` | `tight`: cut after 300 ms and not after 5 s | the channel's own |
//! | `answer` | the first cell of an answer, if there is one | any |
//! | `note` | why | |
//!
//! In the text, `{{5000 x (}}` stands for 5,000 times `(`, and `{{nul}}` for a zero byte.

use std::collections::BTreeSet;
use std::path::PathBuf;

/// Who sends a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Role {
    Minimal,
    ReadsAll,
    Owner,
    Superuser,
}

impl Role {
    pub(super) const ALL: [Role; 4] = [Role::Minimal, Role::ReadsAll, Role::Owner, Role::Superuser];

    /// The role's name on the server.
    pub(super) fn user(self) -> &'static str {
        match self {
            Role::Minimal => "reader",
            Role::ReadsAll => "reads_all",
            Role::Owner => "owner",
            Role::Superuser => "admin",
        }
    }

    /// What it is called in payloads and tables.
    pub(super) fn title(self) -> &'static str {
        match self {
            Role::Minimal => "minimal",
            Role::ReadsAll => "pg_read_all_data",
            Role::Owner => "owner",
            Role::Superuser => "superuser",
        }
    }

    fn named(title: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.title() == title)
    }
}

/// What stands between the channel and the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Through {
    /// Nothing.
    Nothing,
    /// A pooler that drops the startup packet's options.
    DropsOptions,
    /// A pooler whose name for the database leads to another one.
    OtherDatabase,
    /// The same, from the second connection on: somebody changed it.
    MovesLater,
    /// A pooler that hands out a session in which somebody set something: the statement.
    UsedSession(&'static str),
}

impl Through {
    fn named(name: &str) -> Self {
        match name {
            "drops-options" => Through::DropsOptions,
            "other-database" => Through::OtherDatabase,
            "moves-later" => Through::MovesLater,
            _ => match name.strip_prefix("session ") {
                Some(sql) => Through::UsedSession(sql.to_owned().leak()),
                None => panic!("there is no {name:?} to go through"),
            },
        }
    }
}

/// How long it may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Patience {
    Usual,
    Tight,
}

/// One payload.
#[derive(Debug, Clone)]
pub(super) struct Payload {
    pub(super) name: String,
    pub(super) sql: String,
    pub(super) roles: Vec<Role>,
    versions: (u32, u32),
    pub(super) needs: Option<String>,
    pub(super) through: Through,
    pub(super) patience: Patience,
    pub(super) answer: Option<String>,
    expect: Vec<(Option<Role>, Option<u32>, String)>,
}

impl Payload {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            sql: String::new(),
            roles: Role::ALL.to_vec(),
            versions: (0, u32::MAX),
            needs: None,
            through: Through::Nothing,
            patience: Patience::Usual,
            answer: None,
            expect: Vec::new(),
        }
    }

    fn key(&mut self, key: &str, value: &str) {
        let mut words = key.split(' ');
        match words.next().unwrap_or_default() {
            "expect" => {
                let (mut role, mut version) = (None, None);
                for word in words {
                    match (Role::named(word), word.parse()) {
                        (Some(named), _) => role = Some(named),
                        (None, Ok(number)) => version = Some(number),
                        _ => panic!("{}: {word:?} is neither a role nor a version", self.name),
                    }
                }
                self.expect.push((role, version, value.to_owned()));
            }
            "roles" => {
                let named = |word: &str| {
                    Role::named(word).unwrap_or_else(|| panic!("{}: no role {word:?}", self.name))
                };
                self.roles = value.split(", ").map(named).collect();
            }
            "versions" => {
                let number =
                    |text: &str, open| if text.is_empty() { open } else { text.parse().unwrap() };
                self.versions = match value.split_once('-') {
                    Some((from, to)) => (number(from, 0), number(to, u32::MAX)),
                    None => (number(value, 0), number(value, 0)),
                };
            }
            "needs" => self.needs = Some(value.to_owned()),
            "through" => self.through = Through::named(value),
            "bounds" if value == "tight" => self.patience = Patience::Tight,
            "answer" => self.answer = Some(value.to_owned()),
            "note" => {}
            _ => panic!("{}: there is no key {key:?}", self.name),
        }
    }

    pub(super) fn is_for(&self, major: u32) -> bool {
        (self.versions.0..=self.versions.1).contains(&major)
    }

    /// Whether an outcome is one of those that the payload's author expects.
    pub(super) fn expects(&self, role: Role, major: u32, outcome: &str) -> Result<(), &str> {
        // Who may write is not let in, whatever they would have said.
        if matches!(role, Role::Owner | Role::Superuser) && outcome == "role" {
            return Ok(());
        }
        let fits = self.expect.iter().filter(|(for_role, for_version, _)| {
            for_role.is_none_or(|r| r == role) && for_version.is_none_or(|v| v == major)
        });
        let line = fits.max_by_key(|(r, v, _)| (r.is_some(), v.is_some()));
        let (_, _, wanted) = line.unwrap_or_else(|| panic!("{} expects nothing", self.name));
        if wanted.split(" or ").any(|one| one == outcome) { Ok(()) } else { Err(wanted) }
    }
}

fn folder() -> PathBuf {
    concat!(env!("CARGO_MANIFEST_DIR"), "/src/tests/attacks/payloads").into()
}

/// Reads every file of the folder, in order of their names.
pub(super) fn all() -> Vec<Payload> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let payloads: Vec<Payload> =
        files.iter().flat_map(|path| parse(&std::fs::read_to_string(path).unwrap())).collect();
    let names: BTreeSet<&str> = payloads.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names.len(), payloads.len(), "two payloads have one name");
    payloads
}

fn parse(text: &str) -> Vec<Payload> {
    let mut payloads: Vec<Payload> = Vec::new();
    let mut in_header = false;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("-- attack: ") {
            payloads.push(Payload::new(name));
            in_header = true;
            continue;
        }
        // What stands above the first payload is about the file.
        let Some(payload) = payloads.last_mut() else { continue };
        match line.strip_prefix("-- ").and_then(|rest| rest.split_once(": ")) {
            Some((key, value)) if in_header => payload.key(key, value),
            _ => {
                in_header = false;
                payload.sql.push_str(line);
                payload.sql.push('\n');
            }
        }
    }
    for payload in &mut payloads {
        payload.sql = expand(payload.sql.trim_end());
        assert!(!payload.expect.is_empty(), "{} expects nothing", payload.name);
    }
    payloads
}

fn expand(text: &str) -> String {
    let mut done = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let (inner, behind) = after.split_once("}}").unwrap();
        done.push_str(before);
        match inner.split_once(" x ") {
            Some((times, what)) => done.push_str(&what.repeat(times.parse().unwrap())),
            None if inner == "nul" => done.push('\0'),
            None => panic!("{inner:?} stands for nothing"),
        }
        rest = behind;
    }
    done.push_str(rest);
    done
}

#[test]
fn a_payload_is_read_with_its_header_and_its_repetitions() {
    let text = "about the file\n-- attack: one\n-- expect: judge\n-- expect minimal 15: server 42501 or answered\n\
                -- versions: 15-16\nselect\n-- note: not a header any more\n{{3 x ab}}\n";
    let payloads = parse(text);
    let [one] = payloads.as_slice() else { panic!("{payloads:?}") };
    assert_eq!(one.sql, "select\n-- note: not a header any more\nababab");
    assert!(one.is_for(15) && one.is_for(16) && !one.is_for(17) && !one.is_for(14));
    assert_eq!(one.expects(Role::Owner, 15, "judge"), Ok(()));
    assert_eq!(one.expects(Role::Minimal, 15, "answered"), Ok(()));
    assert!(one.expects(Role::Minimal, 15, "judge").is_err());
    assert_eq!(one.expects(Role::Minimal, 16, "judge"), Ok(()));
}
