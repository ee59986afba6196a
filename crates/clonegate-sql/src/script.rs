//! What may be run on a clone.

use sha2::{Digest, Sha256};
use squawk_syntax::ast::{AstNode, Commit, Rollback, Stmt};
use squawk_syntax::{SyntaxKind, SyntaxNode};

use crate::lexer::{Piece, pieces};
use crate::parse::{names, own_range, statements, title, with_deep_stack};
use crate::{Refusal, Rule};

/// The longest script that is judged. Data belongs into the clone by other ways.
pub const MAX_SCRIPT_BYTES: usize = 64 * 1024 * 1024;

/// A script that was judged to stay on the clone and to leave transaction control to the executor.
/// Only [`GuardedScript::judge`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardedScript {
    name: String,
    text: String,
    sha256: String,
    bytes: u64,
}

impl GuardedScript {
    /// Judges a script's text.
    ///
    /// Harmless meta-commands (`\echo`, `\pset`, `\timing`, `\set ON_ERROR_STOP on`) and an outer
    /// `BEGIN … COMMIT` are understood and blanked; all other meta-commands and all other
    /// transaction control are refused, and so is every statement that reaches outside the
    /// database that it runs in.
    ///
    /// # Errors
    /// Every place at which it breaks a rule.
    pub fn judge(name: &str, text: &str) -> Result<Self, Vec<Refusal>> {
        if text.len() > MAX_SCRIPT_BYTES {
            return Err(vec![Refusal::new(
                Rule::TooLarge,
                text,
                0..0,
                format!("the script has {} bytes; {MAX_SCRIPT_BYTES} are read", text.len()),
                "split it into several scripts",
            )]);
        }
        let sendable = with_deep_stack(text, || sendable(text))?;
        let sha256 = hex(&Sha256::digest(text.as_bytes()));
        Ok(Self { name: name.to_owned(), text: sendable, sha256, bytes: text.len() as u64 })
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

/// The text without meta-commands and outer transaction, or what is wrong with it.
fn sendable(text: &str) -> Result<String, Vec<Refusal>> {
    let mut refusals = Vec::new();
    if text.contains('\0') {
        let at = text.find('\0').unwrap_or_default();
        let hint = "save the script as UTF-8 text";
        return Err(vec![Refusal::new(
            Rule::Syntax,
            text,
            at..at + 1,
            "a NUL byte ends the script for psql",
            hint,
        )]);
    }
    let mut sent = text.to_owned();
    // What the parser sees has the COPY data blanked as well; what is sent keeps it.
    let mut parsed = text.to_owned();
    for piece in pieces(text) {
        match piece {
            Piece::MetaCommand(range) => {
                match judge_meta_command(text, range.clone()) {
                    Ok(()) => {
                        blank(&mut sent, range.clone());
                        blank(&mut parsed, range);
                    }
                    Err(refusal) => refusals.push(refusal),
                }
            }
            Piece::CopyData(range) => blank(&mut parsed, range),
            Piece::OpenCopyData(range) => refusals.push(Refusal::new(
                Rule::Syntax,
                text,
                range,
                "the COPY data that begins here has no closing line",
                r"end the data with a line that is only \.",
            )),
            Piece::AmbiguousString(range) => refusals.push(Refusal::new(
                Rule::Syntax,
                text,
                range,
                "this string has a backslash before a quote, and where it ends depends on a setting",
                "write E'…' with the backslash doubled",
            )),
            Piece::Unclosed(range) => refusals.push(Refusal::new(
                Rule::Syntax,
                text,
                range,
                "the quote or comment that begins here is never closed",
                "close it",
            )),
        }
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let statements = statements(&parsed).map_err(|refusal| vec![refusal])?;
    if statements.is_empty() {
        let hint = "take it out of the profile's list";
        return Err(vec![Refusal::new(
            Rule::Empty,
            text,
            0..0,
            "the script has no statement",
            hint,
        )]);
    }
    let inner = match statements.as_slice() {
        [Stmt::Begin(begin), inner @ .., Stmt::Commit(Commit::CommitTransaction(commit))]
            if plain(begin.syntax()) && plain(commit.syntax()) && !inner.is_empty() =>
        {
            for outer in [begin.syntax(), commit.syntax()] {
                let range = outer.text_range();
                blank(&mut sent, range.start().into()..range.end().into());
            }
            inner
        }
        all => all,
    };
    for statement in inner {
        if let Some((rule, problem, hint)) = objection(statement) {
            refusals.push(Refusal::new(
                rule,
                &parsed,
                own_range(statement.syntax()),
                problem,
                hint,
            ));
        }
    }
    if refusals.is_empty() { Ok(sent) } else { Err(refusals) }
}

/// `BEGIN` and `COMMIT` without modes: nothing is lost when the executor's own take their place.
fn plain(statement: &SyntaxNode) -> bool {
    let words = names(statement).map(|name| name.text);
    words.into_iter().all(|w| {
        matches!(w.as_str(), "begin" | "start" | "transaction" | "work" | "commit" | "end")
    })
}

/// Overwrites everything but line breaks with spaces, so that offsets and lines stay.
fn blank(text: &mut String, range: std::ops::Range<usize>) {
    let blanked: String = text[range.clone()]
        .chars()
        .flat_map(|c| {
            let kept = if c == '\n' { '\n' } else { ' ' };
            std::iter::repeat_n(kept, c.len_utf8())
        })
        .collect();
    text.replace_range(range, &blanked);
}

fn judge_meta_command(text: &str, range: std::ops::Range<usize>) -> Result<(), Refusal> {
    let command = text[range.clone()].trim_end();
    let refuse = |problem: String, hint: &str| {
        Err(Refusal::new(Rule::MetaCommand, text, range.clone(), problem, hint))
    };
    let words: Vec<&str> = command.split_whitespace().collect();
    let name = words.first().copied().unwrap_or(r"\");
    if command.contains('`') {
        return refuse(
            format!("{name} runs a shell command in backticks"),
            "leave the backticks out",
        );
    }
    // A second command on the line would be blanked unread.
    if command[1..].contains('\\') {
        return refuse(format!("a second backslash follows {name}"), "one meta-command a line");
    }
    match name {
        r"\echo" | r"\qecho" | r"\warn" | r"\pset" | r"\timing" | r"\x" | r"\a" | r"\t" => Ok(()),
        r"\encoding"
            if words
                .get(1)
                .is_some_and(|e| matches!(e.to_ascii_lowercase().as_str(), "utf8" | "utf-8")) =>
        {
            Ok(())
        }
        r"\set" => match words.get(1).copied() {
            Some("ON_ERROR_STOP")
                if matches!(
                    words.get(2).map(|v| v.to_ascii_lowercase()).as_deref(),
                    Some("on" | "1" | "true")
                ) =>
            {
                Ok(())
            }
            Some("ON_ERROR_STOP") => refuse(
                "the script turns ON_ERROR_STOP off".to_owned(),
                r"leave it to the executor, or write \set ON_ERROR_STOP on",
            ),
            Some("QUIET" | "VERBOSITY" | "ECHO" | "SHOW_CONTEXT") => Ok(()),
            _ => refuse(
                format!("{command} sets a psql variable"),
                "write the value where it is used: variables are not expanded here",
            ),
        },
        _ => refuse(
            format!(
                "{name} is a command of psql that could leave the clone, the transaction or the script"
            ),
            r"use SQL; only \echo, \pset, \timing, \x, \encoding UTF8 and \set ON_ERROR_STOP on are understood",
        ),
    }
}

/// Why a statement may not run on a clone.
fn objection(statement: &Stmt) -> Option<(Rule, String, &'static str)> {
    let node = statement.syntax();
    let kind = node.kind();
    let transaction = || {
        Some((
            Rule::TransactionControl,
            format!("{} takes the transaction out of the executor's hands", title(node)),
            "leave it out: each script runs in one transaction of the executor's",
        ))
    };
    let outside = |what: &str| {
        Some((
            Rule::OutsideTheClone,
            format!("{} {what}", title(node)),
            "a clone's script may only change the clone's own database",
        ))
    };
    match kind {
        SyntaxKind::BEGIN
        | SyntaxKind::COMMIT_TRANSACTION
        | SyntaxKind::COMMIT_PREPARED
        | SyntaxKind::ROLLBACK_TRANSACTION
        | SyntaxKind::ROLLBACK_PREPARED
        | SyntaxKind::PREPARE_TRANSACTION
        | SyntaxKind::SET_TRANSACTION => transaction(),
        // Savepoints stay inside the transaction.
        _ if matches!(statement, Stmt::Rollback(Rollback::RollbackToSavepoint(_))) => None,
        SyntaxKind::SET | SyntaxKind::RESET | SyntaxKind::DISCARD
            if touches_the_executors_settings(node) =>
        {
            Some((
                Rule::TransactionControl,
                format!(
                    "{} changes how the executor's session reads text or ends transactions",
                    title(node)
                ),
                "leave it out: the executor sets these, and asks for them again at the script's end",
            ))
        }
        SyntaxKind::CREATE_DATABASE
        | SyntaxKind::ALTER_DATABASE
        | SyntaxKind::DROP_DATABASE
        | SyntaxKind::CREATE_ROLE
        | SyntaxKind::ALTER_ROLE
        | SyntaxKind::DROP_ROLE
        | SyntaxKind::CREATE_USER
        | SyntaxKind::ALTER_USER
        | SyntaxKind::DROP_USER
        | SyntaxKind::CREATE_GROUP
        | SyntaxKind::ALTER_GROUP
        | SyntaxKind::DROP_GROUP
        | SyntaxKind::REASSIGN
        | SyntaxKind::DROP_OWNED
        | SyntaxKind::CREATE_TABLESPACE
        | SyntaxKind::ALTER_TABLESPACE
        | SyntaxKind::DROP_TABLESPACE
        | SyntaxKind::ALTER_SYSTEM
        | SyntaxKind::CHECKPOINT => outside("changes what all databases of the server share"),
        SyntaxKind::CREATE_SUBSCRIPTION
        | SyntaxKind::ALTER_SUBSCRIPTION
        | SyntaxKind::DROP_SUBSCRIPTION
        | SyntaxKind::CREATE_SERVER
        | SyntaxKind::ALTER_SERVER
        | SyntaxKind::CREATE_FOREIGN_DATA_WRAPPER
        | SyntaxKind::ALTER_FOREIGN_DATA_WRAPPER
        | SyntaxKind::CREATE_FOREIGN_TABLE
        | SyntaxKind::IMPORT_FOREIGN_SCHEMA
        | SyntaxKind::CREATE_USER_MAPPING
        | SyntaxKind::ALTER_USER_MAPPING => outside("connects the clone with another server"),
        SyntaxKind::LOAD
        | SyntaxKind::CREATE_LANGUAGE
        | SyntaxKind::CREATE_EXTENSION
        | SyntaxKind::ALTER_EXTENSION => outside("loads code into the server"),
        SyntaxKind::SET_ROLE
        | SyntaxKind::SET_SESSION_AUTH
        | SyntaxKind::RESET_SESSION_AUTH
        | SyntaxKind::RESET_ROLE => outside("changes who the session is"),
        SyntaxKind::NOTIFY | SyntaxKind::LISTEN => outside("speaks with other sessions"),
        SyntaxKind::GRANT | SyntaxKind::REVOKE
            if !has_child(node, SyntaxKind::ON_PRIVILEGE_OBJECTS_CLAUSE) =>
        {
            outside("of a role changes what all databases of the server share")
        }
        SyntaxKind::COPY if !copies_over_the_wire(node) => {
            outside("reads or writes the server's files or runs a program there")
        }
        _ => None,
    }
}

/// Settings by which a script could make the server read it otherwise than the judge did, or get
/// around the executor; all of them for RESET ALL and DISCARD ALL.
fn touches_the_executors_settings(node: &SyntaxNode) -> bool {
    const SETTINGS: [&str; 9] = [
        "standard_conforming_strings",
        "backslash_quote",
        "client_encoding",
        "names",
        "default_transaction_read_only",
        "transaction_read_only",
        "session_authorization",
        "role",
        "all",
    ];
    names(node).any(|name| {
        SETTINGS.contains(&name.text.to_lowercase().as_str()) || name.text.starts_with("clonegate")
    })
}

fn has_child(node: &SyntaxNode, kind: SyntaxKind) -> bool {
    node.descendants().any(|n| n.kind() == kind)
}

fn copies_over_the_wire(node: &SyntaxNode) -> bool {
    has_child(node, SyntaxKind::COPY_STDIN) || has_child(node, SyntaxKind::COPY_STDOUT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rules(text: &str) -> Vec<(Rule, usize)> {
        match GuardedScript::judge("s.sql", text) {
            Ok(_) => Vec::new(),
            Err(refusals) => refusals.into_iter().map(|r| (r.rule, r.line)).collect(),
        }
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
        use Rule::{Empty, MetaCommand, OutsideTheClone, Syntax, TransactionControl};
        for (text, rule, line) in [
            ("", Empty, 1),
            ("-- only a comment", Empty, 1),
            ("select 1;\n\\connect directus\ndrop table a;", MetaCommand, 2),
            ("\\! rm x\nselect 1;", MetaCommand, 1),
            ("\\echo `id`\nselect 1;", MetaCommand, 1),
            ("\\echo a \\connect b\nselect 1;", MetaCommand, 1),
            ("\\set ON_ERROR_STOP off\nselect 1;", MetaCommand, 1),
            ("select 1 \\gexec", MetaCommand, 1),
            ("create table a ();\ncommit;\ndrop table a;", TransactionControl, 2),
            ("begin isolation level serializable;\nselect 1;\ncommit;", TransactionControl, 1),
            ("rollback", TransactionControl, 1),
            ("end", TransactionControl, 1),
            ("\n\ndrop database directus;", OutsideTheClone, 3),
            ("alter role x superuser;", OutsideTheClone, 1),
            ("alter system set fsync = off;", OutsideTheClone, 1),
            ("grant pg_read_all_data to x;", OutsideTheClone, 1),
            ("copy a to '/tmp/x';", OutsideTheClone, 1),
            ("copy a from program 'id';", OutsideTheClone, 1),
            ("create extension dblink;", OutsideTheClone, 1),
            ("set role postgres;", OutsideTheClone, 1),
            ("set session authorization postgres;", OutsideTheClone, 1),
            ("set standard_conforming_strings = off;", TransactionControl, 1),
            ("set client_encoding to 'SJIS';", TransactionControl, 1),
            ("set names 'SJIS';", Syntax, 1),
            ("reset all;", TransactionControl, 1),
            ("discard all;", TransactionControl, 1),
            ("set default_transaction_read_only = off;", TransactionControl, 1),
            ("select 1;\nselect 'a\\'' ; commit; -- ' ;", Syntax, 2),
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
