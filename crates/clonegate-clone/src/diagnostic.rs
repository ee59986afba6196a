//! What psql and the server said on standard error, taken apart.

use std::fmt;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// `ERROR`, `NOTICE`, in the server's language.
    pub severity: String,
    /// SQLSTATE; `None` for psql's own messages.
    pub sqlstate: Option<String>,
    /// The line on which the statement ends that caused it, counted from 1 in what psql read.
    pub line: Option<usize>,
    /// The message, which may carry data.
    pub message: String,
    /// `DETAIL`, which may carry data.
    pub detail: Option<String>,
    /// `HINT`.
    pub hint: Option<String>,
    /// `CONTEXT`.
    pub context: Option<String>,
    pub(crate) source: Option<String>,
}

impl Diagnostic {
    /// Whether it ended the statement. Servers say the severity in their own language, so it is the
    /// SQLSTATE's class that tells a notice from an error where the word is not known.
    #[must_use]
    pub fn is_error(&self) -> bool {
        match (self.severity.as_str(), self.sqlstate.as_deref()) {
            ("ERROR" | "FATAL" | "PANIC" | "error" | "fatal", _) => true,
            ("NOTICE" | "WARNING" | "INFO" | "LOG" | "DEBUG" | "warning", _) => false,
            (_, Some(state)) => !matches!(&state[..2], "00" | "01" | "02"),
            (_, None) => false,
        }
    }

    /// What can be said without repeating data of the database: the SQLSTATE, and the message where its
    /// class only speaks of names, limits and the server's state.
    #[must_use]
    pub fn without_data(&self) -> String {
        let class = self.sqlstate.as_deref().map_or("", |s| &s[..2]);
        match (class, self.sqlstate.as_deref()) {
            (
                "08" | "0A" | "25" | "28" | "3D" | "3F" | "42" | "53" | "54" | "55" | "57" | "58",
                Some(state),
            ) => {
                format!("{state} {}", self.message)
            }
            (_, Some(state)) => format!("SQLSTATE {state}"),
            (_, None) => self.message.clone(),
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.severity)?;
        if let Some(state) = &self.sqlstate {
            write!(f, " {state}")?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(detail) = &self.detail {
            write!(f, " ({detail})")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, " (hint: {hint})")?;
        }
        Ok(())
    }
}

/// Takes psql's standard error apart. A line that begins no message belongs to the one before it.
pub(crate) fn parse(text: &str) -> Vec<Diagnostic> {
    let mut found: Vec<(Diagnostic, Part)> = Vec::new();
    for line in text.lines() {
        if let Some(diagnostic) = begin(line) {
            found.push((diagnostic, Part::Message));
        } else if let Some((diagnostic, part)) = found.last_mut() {
            go_on(diagnostic, part, line);
        }
    }
    found.into_iter().map(|(diagnostic, _)| diagnostic).collect()
}

#[derive(Clone, Copy)]
enum Part {
    Message,
    Detail,
    Hint,
    Context,
    /// The excerpt with its caret, and where in the server's source the message is made.
    Dropped,
}

/// `psql:FILE:LINE: SEVERITY:  STATE: MESSAGE`, without the first part for statements of `-c`, without the
/// state for psql's own.
fn begin(line: &str) -> Option<Diagnostic> {
    let (source, number, rest) = match line.strip_prefix("psql:") {
        Some(rest) => match located(rest) {
            Some((source, number, rest)) => (Some(source), Some(number), rest),
            // `psql: error: connection to server … failed`
            None => (None, None, rest.strip_prefix(' ')?),
        },
        None => (None, None, line),
    };
    let (severity, said) = rest.split_once(':')?;
    if severity.is_empty() || severity.len() > 20 || severity.contains(char::is_whitespace) {
        return None;
    }
    let state = said.strip_prefix("  ").and_then(|s| s.split_once(": ")).filter(|(state, _)| {
        state.len() == 5 && state.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    });
    let own = matches!(severity, "error" | "fatal" | "warning") && line.starts_with("psql:");
    let (sqlstate, message) = match state {
        Some((state, message)) => (Some(state.to_owned()), message),
        None if own || severity == "clonegate" => (None, said.trim_start()),
        None => return None,
    };
    Some(Diagnostic {
        severity: severity.to_owned(),
        sqlstate,
        line: number,
        message: message.to_owned(),
        detail: None,
        hint: None,
        context: None,
        source: source.map(str::to_owned),
    })
}

fn located(rest: &str) -> Option<(&str, usize, &str)> {
    let (place, said) = rest.split_once(": ")?;
    let (source, number) = place.rsplit_once(':')?;
    Some((source, number.parse().ok()?, said))
}

fn go_on(diagnostic: &mut Diagnostic, part: &mut Part, line: &str) {
    let labels = [
        ("DETAIL:  ", Part::Detail),
        ("HINT:  ", Part::Hint),
        ("CONTEXT:  ", Part::Context),
        ("QUERY:  ", Part::Dropped),
        ("SCHEMA NAME:  ", Part::Dropped),
        ("TABLE NAME:  ", Part::Dropped),
        ("COLUMN NAME:  ", Part::Dropped),
        ("DATATYPE NAME:  ", Part::Dropped),
        ("CONSTRAINT NAME:  ", Part::Dropped),
        ("LOCATION:  ", Part::Dropped),
        ("LINE ", Part::Dropped),
    ];
    let (line, begins) = match labels.iter().find_map(|(l, p)| Some((line.strip_prefix(l)?, *p))) {
        Some((rest, next)) => {
            *part = next;
            (rest, true)
        }
        None => (line, false),
    };
    let field = match part {
        Part::Message => {
            diagnostic.message.push('\n');
            diagnostic.message.push_str(line);
            return;
        }
        Part::Detail => &mut diagnostic.detail,
        Part::Hint => &mut diagnostic.hint,
        Part::Context => &mut diagnostic.context,
        Part::Dropped => return,
    };
    match field {
        Some(text) if !begins => {
            text.push('\n');
            text.push_str(line);
        }
        _ => *field = Some(line.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_messages_of_psql_and_the_server_apart() {
        let text = "\
psql:/dev/fd/3:1: NOTICE:  00000: hi
LOCATION:  exec_stmt_raise, pl_exec.c:3891
psql:/dev/fd/3:57: ERROR:  23505: multi
line
DETAIL:  Key (a)=(1) already exists.
CONTEXT:  PL/pgSQL function f() line 1 at RAISE
SQL statement x
LOCATION:  exec_stmt_raise, pl_exec.c:3891
psql:/dev/fd/3:2: error: backslash commands are restricted; only \\unrestrict is allowed
ERROR:  CG001: the server is a standby
psql: error: connection to server on socket failed: FATAL:  no
";
        let found = parse(text);
        let states: Vec<_> =
            found.iter().map(|d| (d.sqlstate.as_deref(), d.line, d.is_error())).collect();
        assert_eq!(
            states,
            [
                (Some("00000"), Some(1), false),
                (Some("23505"), Some(57), true),
                (None, Some(2), true),
                (Some("CG001"), None, true),
                (None, None, true),
            ]
        );
        assert_eq!(found[1].message, "multi\nline");
        assert_eq!(found[1].detail.as_deref(), Some("Key (a)=(1) already exists."));
        assert!(found[1].context.as_deref().unwrap().ends_with("\nSQL statement x"));
        assert_eq!(found[1].without_data(), "SQLSTATE 23505");
    }

    #[test]
    fn a_server_that_speaks_another_language_is_understood() {
        let found = parse(
            "psql:/dev/fd/3:3: FEHLER:  42P01: Relation »x« existiert nicht\npsql:<stdin>:1: HINWEIS:  00000: hallo\n",
        );
        assert_eq!(found.iter().map(Diagnostic::is_error).collect::<Vec<_>>(), [true, false]);
    }
}
