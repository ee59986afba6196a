//! What may be run on a clone.
//!
//! A script is scanned as psql would ([`lexer`]), its meta-commands are judged and taken out
//! ([`psql`]), the rest is parsed, and each statement is judged wherever it stands ([`statement`]).
//! The rules are listed in [`rules`], and nowhere else.

mod deed;
mod functions;
mod lexer;
mod policy;
mod psql;
mod remark;
mod rules;
mod settings;
mod statement;
mod tree;
mod words;

use std::ops::Range;

use sha2::{Digest, Sha256};
use squawk_syntax::ast::{AstNode, Commit, Stmt};
use squawk_syntax::{SourceFile, SyntaxKind, SyntaxNode};

pub use deed::{Act, Class, Creation, Deed, Existing, Object, QualifiedName};
pub use policy::ScriptPolicy;
pub use remark::Remark;
pub use rules::{ScriptRule, Severity};

use crate::Refusal;
use crate::parse::{names, too_deep, with_deep_stack};
use lexer::{Piece, scan};
use remark::Lines;
use statement::{Found, Judge, own_range};

/// The longest script that is judged. Data belongs into the clone by other ways.
pub const MAX_SCRIPT_BYTES: usize = 64 * 1024 * 1024;

/// How many remarks are kept of one script; refusals come before warnings.
const MAX_REMARKS: usize = 1_000;

/// A script that was judged to stay on the clone and to leave transaction control to the executor.
/// Only [`GuardedScript::judge`] and its siblings make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardedScript {
    name: String,
    text: String,
    sha256: String,
    bytes: u64,
}

/// Everything that is said about one script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The script, where nothing in it is refused.
    pub script: Option<GuardedScript>,
    /// What is said, in the order of the text. At most a thousand places are kept.
    pub remarks: Vec<Remark>,
    /// What the script does to objects, in the order of the text, as far as its text says: nothing
    /// of what functions do that it calls, or SQL that is put together at run time.
    pub deeds: Vec<Deed>,
}

impl GuardedScript {
    /// Judges a script's text by the policy that holds everywhere.
    ///
    /// Harmless meta-commands (`\echo`, `\pset`, `\timing`, `\set ON_ERROR_STOP on`) and an outer
    /// `BEGIN … COMMIT` are understood and blanked; all other meta-commands and all other
    /// transaction control are refused, and so is every statement that reaches outside the
    /// database that it runs in.
    ///
    /// # Errors
    /// Every place at which it breaks a rule.
    pub fn judge(name: &str, text: &str) -> Result<Self, Vec<Refusal>> {
        Self::judge_with(name, text, &ScriptPolicy::default())
    }

    /// Judges a script's text by a policy.
    ///
    /// # Errors
    /// Every place at which it breaks a rule.
    pub fn judge_with(name: &str, text: &str, policy: &ScriptPolicy) -> Result<Self, Vec<Refusal>> {
        let judgement = Self::lint(name, text, policy);
        judgement.script.ok_or_else(|| {
            let refused = judgement.remarks.iter().filter(|r| r.severity == Severity::Refused);
            refused.map(|remark| remark.refusal(text)).collect()
        })
    }

    /// Judges a script's text, and says besides what is only worth a look.
    #[must_use]
    pub fn lint(name: &str, text: &str, policy: &ScriptPolicy) -> Judgement {
        let read = if text.len() > MAX_SCRIPT_BYTES {
            let problem =
                format!("the script has {} bytes; {MAX_SCRIPT_BYTES} are read", text.len());
            let found = vec![refused(ScriptRule::TooLarge, 0..0, problem)];
            Read { sent: String::new(), found, deeds: Vec::new() }
        } else {
            with_deep_stack(text, || read(text, policy))
        };
        let Read { sent, mut found, deeds } = read;
        found.sort_by_key(|f| (f.range.start, f.rule));
        let accepted = found.iter().all(|f| f.severity != Severity::Refused);
        if found.len() > MAX_REMARKS {
            found.sort_by_key(|f| std::cmp::Reverse(f.severity));
            found.truncate(MAX_REMARKS);
            found.sort_by_key(|f| (f.range.start, f.rule));
        }
        let lines = Lines::of(text);
        let remarks = found
            .into_iter()
            .map(|Found { rule, severity, range, problem, hint }| {
                let (line, column) = lines.place(range.start);
                Remark { rule, severity, range, line, column, problem, hint }
            })
            .collect();
        let deeds = deeds
            .into_iter()
            .map(|(object, act, range)| {
                let (line, column) = lines.place(range.start);
                Deed { object, act, range, line, column }
            })
            .collect();
        let script = accepted.then(|| Self {
            name: name.to_owned(),
            text: sent,
            sha256: hex(&Sha256::digest(text.as_bytes())),
            bytes: text.len() as u64,
        });
        Judgement { script, remarks, deeds }
    }

    /// Several scripts as one, for a transaction that has all of them. [`JoinedScripts::place`] finds
    /// a line of the whole in its script again.
    ///
    /// `None` where there is no script.
    #[must_use]
    pub fn join(scripts: &[GuardedScript]) -> Option<JoinedScripts> {
        let (first, last) = (scripts.first()?, scripts.last()?);
        let mut text = String::new();
        let mut starts = Vec::new();
        for script in scripts {
            starts.push(text.matches('\n').count());
            text.push_str(&script.text);
            // The last statement of a script need not end with a semicolon; an empty one does no harm.
            text.push_str("\n;\n");
        }
        let name = if scripts.len() == 1 {
            first.name.clone()
        } else {
            format!("{} to {}", first.name, last.name)
        };
        let sha256 = hex(&Sha256::digest(text.as_bytes()));
        let whole = Self { name, sha256, bytes: text.len() as u64, text };
        Some(JoinedScripts { whole, starts })
    }

    /// The file's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is sent: what was understood and taken out is blanked, so that line numbers stay the
    /// file's.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// SHA-256 of the file as it was read, in hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The file's length.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// Scripts that are run in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinedScripts {
    whole: GuardedScript,
    /// How many lines are before each script.
    starts: Vec<usize>,
}

impl JoinedScripts {
    /// All of them as one script.
    #[must_use]
    pub fn whole(&self) -> &GuardedScript {
        &self.whole
    }

    /// Which script a line of the whole belongs to, and which line of that script it is. Lines count
    /// from 1, scripts from 0.
    #[must_use]
    pub fn place(&self, line: usize) -> (usize, usize) {
        let script = self.starts.partition_point(|start| *start < line).saturating_sub(1);
        (script, line - self.starts.get(script).copied().unwrap_or_default())
    }
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|b| format!("{b:02x}")).collect()
}

/// What was read of a script.
struct Read {
    /// The text without meta-commands and outer transaction.
    sent: String,
    found: Vec<Found>,
    deeds: Vec<(Object, Act, Range<usize>)>,
}

fn refused(rule: ScriptRule, range: Range<usize>, problem: impl Into<String>) -> Found {
    Found {
        rule,
        severity: rule.severity(),
        range,
        problem: problem.into(),
        hint: rule.instead().to_owned(),
    }
}

fn read(text: &str, policy: &ScriptPolicy) -> Read {
    let mut found = Vec::new();
    let scan = scan(text);
    if let Some(at) = text.find('\0') {
        let problem = "a NUL byte ends the script for psql";
        found.push(refused(ScriptRule::AmbiguousText, at..at + 1, problem));
    }
    let mut sent = text.to_owned();
    // What the parser sees has the COPY data blanked as well; what is sent keeps it.
    let mut parsed = text.to_owned();
    let mut copies = Vec::new();
    for piece in scan.pieces {
        match piece {
            Piece::ByteOrderMark(range) => {
                blank(&mut sent, range.clone());
                blank(&mut parsed, range);
            }
            Piece::MetaCommand(range) => {
                let command = text[range.clone()].trim_end();
                if let Err((rule, problem, hint)) = psql::judge(command) {
                    let own = range.start..range.start + command.len();
                    let hint = hint.to_owned();
                    found.push(Found {
                        rule,
                        severity: rule.severity(),
                        range: own,
                        problem,
                        hint,
                    });
                }
                blank(&mut sent, range.clone());
                blank(&mut parsed, range);
            }
            Piece::Variable(range) => {
                let problem = format!("{} is a psql variable", &text[range.clone()]);
                found.push(refused(ScriptRule::PsqlVariable, range, problem));
            }
            Piece::CopyData { data, statement } => {
                blank(&mut parsed, data);
                copies.push(statement.end);
            }
            Piece::OpenCopyData(range) => {
                let problem = "the COPY data that begins here has no closing line";
                found.push(Found {
                    hint: r"end the data with a line that is only \.".to_owned(),
                    ..refused(ScriptRule::Syntax, range.start..range.start, problem)
                });
            }
            Piece::BehindCopy(range) => {
                let problem = "psql runs what stands behind COPY's semicolon after the data";
                found.push(Found {
                    hint: "begin it on the line after the data".to_owned(),
                    ..refused(ScriptRule::AmbiguousText, range, problem)
                });
            }
            Piece::AmbiguousString(range) => {
                let problem = "this string has a backslash before a quote, and where it ends depends on a setting";
                found.push(refused(ScriptRule::AmbiguousText, range, problem));
            }
            Piece::CarriageReturn(range) => {
                let problem =
                    "a carriage return alone is a line break for the server and none for others";
                found.push(refused(ScriptRule::AmbiguousText, range, problem));
            }
            Piece::Unclosed(range) => {
                let problem = "the quote or comment that begins here is never closed";
                let range = range.start..range.start + 1;
                found.push(Found {
                    hint: "close it".to_owned(),
                    ..refused(ScriptRule::Syntax, range, problem)
                });
            }
        }
    }
    // Where the scanner stumbled, a parser's words would only confuse.
    let stumbled = found.iter().any(|f| {
        matches!(f.rule, ScriptRule::Syntax | ScriptRule::AmbiguousText | ScriptRule::PsqlVariable)
    });
    let mut deeds = Vec::new();
    if !stumbled {
        deeds = judge_sql(&parsed, &mut sent, &scan.quoted, &copies, policy, &mut found);
    }
    Read { sent, found, deeds }
}

/// Judges the script's SQL, and blanks its outer transaction in what is sent.
fn judge_sql(
    parsed: &str,
    sent: &mut String,
    quoted: &[Range<usize>],
    copies: &[usize],
    policy: &ScriptPolicy,
    found: &mut Vec<Found>,
) -> Vec<(Object, Act, Range<usize>)> {
    if let Some(at) = too_deep(parsed) {
        let problem = "brackets nest deeper than is read here";
        found.push(refused(ScriptRule::TooLarge, at..at + 1, problem));
        return Vec::new();
    }
    let parse = SourceFile::parse(parsed);
    let root = parse.syntax_node();
    for error in parse.errors() {
        let range = error.range();
        let problem = format!("PostgreSQL would not accept this: {}", error.message());
        let range = usize::from(range.start())..usize::from(range.end());
        found.push(refused(ScriptRule::Syntax, range, problem));
    }
    if found.iter().any(|f| f.rule == ScriptRule::Syntax) {
        return Vec::new();
    }
    if let Some(range) = read_otherwise(&root, quoted) {
        let problem = "the parser and psql's scanner see different quotes or comments here";
        found.push(refused(ScriptRule::AmbiguousText, range, problem));
        return Vec::new();
    }
    let statements: Vec<Stmt> = root
        .children()
        .filter_map(Stmt::cast)
        .filter(|s| s.syntax().kind() != SyntaxKind::EMPTY_STMT)
        .collect();
    if statements.is_empty() {
        let problem = "the script has no statement";
        found.push(refused(ScriptRule::Empty, 0..0, problem));
        return Vec::new();
    }
    // The scanner took the lines behind these for data; so must psql, or it would run them.
    let from_stdin: Vec<usize> = statements
        .iter()
        .filter(|s| s.syntax().kind() == SyntaxKind::COPY)
        .filter(|s| {
            s.syntax().children().any(|c| {
                c.kind() == SyntaxKind::COPY_FROM && tree::has_child(&c, SyntaxKind::COPY_STDIN)
            })
        })
        .map(|s| own_range(s.syntax()).end)
        .collect();
    if from_stdin != copies {
        let at = from_stdin
            .iter()
            .chain(copies)
            .copied()
            .find(|at| !(from_stdin.contains(at) && copies.contains(at)));
        let at = at.unwrap_or_default();
        let problem = "whether data follows this statement is not certain";
        found.push(refused(ScriptRule::AmbiguousText, at.saturating_sub(1)..at, problem));
        return Vec::new();
    }
    let (outer, inner) = outer_transaction(&statements);
    for range in outer {
        blank(sent, range);
    }
    let mut judge = Judge::new(policy);
    for statement in inner {
        judge.statement(statement.syntax());
    }
    found.append(&mut judge.found);
    judge.deeds
}

/// The script's own `BEGIN` and `COMMIT`, where they are plain and stand around everything that does
/// something, and the other statements.
fn outer_transaction(statements: &[Stmt]) -> (Vec<Range<usize>>, Vec<&Stmt>) {
    let settings =
        statements.iter().take_while(|s| matches!(s, Stmt::Set(_) | Stmt::Show(_))).count();
    if let [Stmt::Begin(begin), inner @ .., Stmt::Commit(Commit::CommitTransaction(commit))] =
        &statements[settings..]
        && plain(begin.syntax())
        && plain(commit.syntax())
        && !inner.is_empty()
    {
        let outer = [begin.syntax(), commit.syntax()].map(own_range).to_vec();
        return (outer, statements[..settings].iter().chain(inner).collect());
    }
    (Vec::new(), statements.iter().collect())
}

/// `BEGIN` and `COMMIT` without modes: nothing is lost when the executor's own take their place.
fn plain(statement: &SyntaxNode) -> bool {
    names(statement).all(|word| {
        matches!(word.text.as_str(), "begin" | "start" | "transaction" | "work" | "commit" | "end")
    })
}

/// Where the parser saw other quotes and comments than the scanner: what one takes for a string may
/// be a statement for the other.
fn read_otherwise(root: &SyntaxNode, scanned: &[Range<usize>]) -> Option<Range<usize>> {
    let mut scanned = scanned.iter();
    let tokens = root.descendants_with_tokens().filter_map(|e| e.into_token());
    for token in tokens {
        let text = token.text();
        let range = token.text_range();
        let (start, end) = (usize::from(range.start()), usize::from(range.end()));
        let opens = match token.kind() {
            SyntaxKind::COMMENT => Some(0),
            SyntaxKind::WHITESPACE => None,
            SyntaxKind::DOLLAR_QUOTED_STRING => text.find('$'),
            _ => text.find(['\'', '"']),
        };
        let Some(opens) = opens else { continue };
        let closes = start + text.trim_end_matches(['\r', '\n']).len();
        let seen = start + opens..closes;
        if scanned.next() != Some(&seen) {
            return Some(start..end);
        }
    }
    scanned.next().cloned()
}

/// Overwrites everything but line breaks with spaces, so that offsets and lines stay.
fn blank(text: &mut String, range: Range<usize>) {
    let blanked: String = text[range.clone()]
        .chars()
        .flat_map(|c| {
            let kept = if c == '\n' { '\n' } else { ' ' };
            std::iter::repeat_n(kept, c.len_utf8())
        })
        .collect();
    text.replace_range(range, &blanked);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rules(text: &str) -> Vec<(ScriptRule, usize)> {
        let judgement = GuardedScript::lint("s.sql", text, &ScriptPolicy::default());
        let refused = judgement.remarks.iter().filter(|r| r.severity == Severity::Refused);
        refused.map(|r| (r.rule, r.line)).collect()
    }

    #[test]
    fn accepts_what_stays_on_the_clone() {
        for text in [
            "create table a (id int primary key);\ninsert into a values (1);",
            "\\set ON_ERROR_STOP on\n\\echo building\n\\pset pager off\ncreate view v as select 1;",
            "do $$ begin if current_catalog not like 'x\\_%' then raise exception 'no'; end if; end $$;",
            "copy a (id) from stdin;\n1\n\\.\nselect 1;",
            "savepoint s; delete from a; rollback to savepoint s;",
            "grant select on a to public; comment on table a is 'TEST_CLONE';",
            "set constraints all immediate;",
            "set search_path = public; set local work_mem = '8MB';",
            "select 'a\\b', E'it\\'s';",
            "create function f() returns int language plpgsql as $f$ begin return 1; end $f$;",
            "alter table a owner to someone;",
        ] {
            assert_eq!(rules(text), [], "{text}");
        }
    }

    #[test]
    fn refuses_with_the_line() {
        use ScriptRule::*;
        for (text, rule, line) in [
            ("", Empty, 1),
            ("-- only a comment", Empty, 1),
            ("select 1;\n\\connect directus\ndrop table a;", ConnectsElsewhere, 2),
            ("\\! rm x\nselect 1;", ShellCommand, 1),
            ("\\echo `id`\nselect 1;", ShellCommand, 1),
            ("\\echo a \\connect b\nselect 1;", MetaCommand, 1),
            ("\\set ON_ERROR_STOP off\nselect 1;", MetaCommand, 1),
            ("select 1 \\gexec", MetaCommand, 1),
            ("create table a ();\ncommit;\ndrop table a;", TransactionControl, 2),
            ("begin isolation level serializable;\nselect 1;\ncommit;", TransactionControl, 1),
            ("rollback", TransactionControl, 1),
            ("end", TransactionControl, 1),
            ("\n\ndrop database directus;", DatabaseCommand, 3),
            ("alter role x superuser;", RoleCommand, 1),
            ("alter system set fsync = off;", ServerControl, 1),
            ("grant pg_read_all_data to x;", RoleMembership, 1),
            ("copy a to '/tmp/x';", CopyFile, 1),
            ("copy a from program 'id';", CopyProgram, 1),
            ("create extension dblink;", Extension, 1),
            ("set role postgres;", SessionIdentity, 1),
            ("set session authorization postgres;", SessionIdentity, 1),
            ("set standard_conforming_strings = off;", SessionSetting, 1),
            ("set client_encoding to 'SJIS';", SessionSetting, 1),
            ("set names 'SJIS';", Syntax, 1),
            ("reset all;", SessionSetting, 1),
            ("discard all;", SessionSetting, 1),
            ("set default_transaction_read_only = off;", TransactionControl, 1),
            ("select 1;\nselect 'a\\'' ; commit; -- ' ;", AmbiguousText, 2),
            ("select 'open", Syntax, 1),
            ("copy a from stdin;\n1\n", Syntax, 2),
            ("creat table a();", Syntax, 1),
        ] {
            let found = rules(text);
            assert!(found.contains(&(rule, line)), "{text}: {found:?}");
        }
    }

    #[test]
    fn an_outer_transaction_is_replaced_and_lines_stay() {
        let script =
            GuardedScript::judge("s.sql", "\\echo hé\nbegin;\ncreate table a ();\ncommit;\n")
                .unwrap();
        assert_eq!(script.text().lines().count(), 4);
        assert_eq!(
            script.text().split_whitespace().collect::<Vec<_>>().join(" "),
            "create table a ();"
        );
        assert_eq!(script.text().lines().nth(2), Some("create table a ();"));
        assert_eq!(script.sha256().len(), 64);
    }

    #[test]
    fn a_line_of_joined_scripts_is_found_in_its_script() {
        let script = |name: &str, text: &str| GuardedScript::judge(name, text).unwrap();
        let scripts = [
            script("a.sql", "select 1;\nselect 2"),
            script("b.sql", "select 3;\n"),
            script("c.sql", "\n\nselect 4;"),
        ];
        let joined = GuardedScript::join(&scripts).unwrap();
        assert_eq!(joined.whole().name(), "a.sql to c.sql");
        for (n, script) in scripts.iter().enumerate() {
            for (line, text) in script.text().lines().enumerate().filter(|(_, t)| !t.is_empty()) {
                let at = joined.whole().text().lines().position(|l| l == text).unwrap();
                assert_eq!(joined.place(at + 1), (n, line + 1), "{text}");
            }
        }
        assert!(GuardedScript::join(&[]).is_none());
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,80}") {
            let _ = GuardedScript::judge("s.sql", &text);
        }
    }
}
