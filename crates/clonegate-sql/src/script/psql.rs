//! The commands of psql that a script may have: they are understood and taken out.

use super::ScriptRule::{self, *};

/// Commands that only change how psql shows results.
const SHOWN_ONLY: [&str; 9] =
    ["echo", "qecho", "warn", "pset", "timing", "x", "a", "t", "errverbose"];

/// Variables of psql that only change what it shows.
const SHOWN_ONLY_VARIABLES: [&str; 10] = [
    "ECHO",
    "ECHO_HIDDEN",
    "HIDE_TABLEAM",
    "HIDE_TOAST_COMPRESSION",
    "HISTFILE",
    "HISTSIZE",
    "QUIET",
    "SHOW_ALL_RESULTS",
    "SHOW_CONTEXT",
    "VERBOSITY",
];

/// Why a meta-command is refused.
pub(crate) type Objection = (ScriptRule, String, &'static str);

/// Judges a command, from its backslash to the end of its line.
pub(crate) fn judge(command: &str) -> Result<(), Objection> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let shown = words.first().copied().unwrap_or("\\");
    let name = shown.trim_start_matches('\\').trim_end_matches('+');
    let refuse = |rule: ScriptRule, problem: String| Err((rule, problem, rule.instead()));
    if command.contains('`') {
        return refuse(ShellCommand, format!("{shown} runs a shell command in backticks"));
    }
    // A second command on the line would be taken out unread.
    if command[1..].contains('\\') {
        return Err((
            MetaCommand,
            format!("a second backslash follows {shown}"),
            "one meta-command a line",
        ));
    }
    match name {
        "restrict" | "unrestrict" => Ok(()),
        _ if SHOWN_ONLY.contains(&name) => {
            // `\echo :x` would only print it; a pager is a program.
            if name == "pset" && words.get(1) == Some(&"pager_command") {
                return refuse(ShellCommand, format!("{shown} names a program"));
            }
            Ok(())
        }
        "encoding" => match words.get(1) {
            Some(e) if matches!(e.to_ascii_lowercase().as_str(), "utf8" | "utf-8" | "unicode") => {
                Ok(())
            }
            _ => Err((
                SessionSetting,
                format!("{command} changes how the rest of the script is read"),
                "save the script as UTF-8",
            )),
        },
        "set" => set(command, &words),
        "unset" | "gset" | "prompt" | "getenv" | "getresults" => {
            refuse(PsqlVariable, format!("{shown} sets a psql variable"))
        }
        "if" | "elif" | "else" | "endif" => {
            refuse(PsqlConditional, format!("{shown} lets psql decide what is run"))
        }
        "c" | "connect" => {
            refuse(ConnectsElsewhere, format!("{shown} connects to another database"))
        }
        "!" | "setenv" => refuse(ShellCommand, format!("{shown} is for a shell")),
        "i" | "include" | "ir" | "include_relative" | "copy" | "lo_import" | "lo_export" | "w"
        | "write" | "s" | "cd" | "e" | "edit" | "ef" | "ev" => {
            refuse(OtherFile, format!("{shown} works with another file"))
        }
        "o" | "out" | "g" | "gx" if words.get(1).is_some_and(|to| to.starts_with('|')) => {
            refuse(ShellCommand, format!("{shown} starts a program"))
        }
        "o" | "out" => refuse(OtherFile, format!("{shown} writes another file")),
        "" | ";" => refuse(
            MetaCommand,
            r"\; joins statements into one message, which the judge would see apart".to_owned(),
        ),
        _ => refuse(
            MetaCommand,
            format!(
                "{shown} is a command of psql that could leave the clone, the transaction or the script"
            ),
        ),
    }
}

fn set(command: &str, words: &[&str]) -> Result<(), Objection> {
    let value = words.get(2).map(|v| v.trim_matches('\'').to_ascii_lowercase());
    let is_on = matches!(value.as_deref(), Some("on" | "1" | "true" | "yes"));
    let is_off = matches!(value.as_deref(), Some("off" | "0" | "false" | "no"));
    match words.get(1).copied() {
        Some("ON_ERROR_STOP") if is_on => Ok(()),
        Some("ON_ERROR_STOP") => Err((
            MetaCommand,
            "the script turns ON_ERROR_STOP off".to_owned(),
            r"leave it to the executor, or write \set ON_ERROR_STOP on",
        )),
        // What psql does without being told, and what the executor's transaction makes of it.
        Some("AUTOCOMMIT") if is_on => Ok(()),
        Some("ON_ERROR_ROLLBACK") if is_off => Ok(()),
        Some("AUTOCOMMIT" | "ON_ERROR_ROLLBACK") => Err((
            TransactionControl,
            format!("{command} changes where transactions begin and end"),
            TransactionControl.instead(),
        )),
        Some(name) if SHOWN_ONLY_VARIABLES.contains(&name) => Ok(()),
        _ => Err((
            PsqlVariable,
            format!("{command} sets a psql variable"),
            "write the value where it is used: variables are not expanded here",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(command: &str) -> Option<ScriptRule> {
        judge(command).err().map(|(rule, _, _)| rule)
    }

    #[test]
    fn harmless_commands_are_understood() {
        for command in [
            r"\set ON_ERROR_STOP on",
            r"\set ON_ERROR_STOP 1",
            r"\set ON_ERROR_STOP 'on'",
            r"\set AUTOCOMMIT on",
            r"\set ON_ERROR_ROLLBACK off",
            r"\set VERBOSITY verbose",
            r"\echo building :x",
            r"\qecho",
            r"\warn careful",
            r"\pset pager off",
            r"\pset format unaligned",
            r"\timing on",
            r"\x",
            r"\encoding UTF8",
            r"\restrict abc123",
            r"\unrestrict abc123",
        ] {
            assert_eq!(rule(command), None, "{command}");
        }
    }

    #[test]
    fn all_others_are_refused() {
        for (command, wanted) in [
            (r"\set ON_ERROR_STOP off", MetaCommand),
            (r"\set ON_ERROR_STOP", MetaCommand),
            (r"\set AUTOCOMMIT off", TransactionControl),
            (r"\set ON_ERROR_ROLLBACK on", TransactionControl),
            (r"\set FETCH_COUNT 100", PsqlVariable),
            (r"\set name value", PsqlVariable),
            (r"\gset", PsqlVariable),
            (r"\c directus", ConnectsElsewhere),
            (r"\connect directus", ConnectsElsewhere),
            (r"\i other.sql", OtherFile),
            (r"\copy a from b", OtherFile),
            (r"\o out.txt", OtherFile),
            (r"\o | sh", ShellCommand),
            (r"\g |sh", ShellCommand),
            (r"\! id", ShellCommand),
            (r"\echo `id`", ShellCommand),
            (r"\setenv A b", ShellCommand),
            (r"\pset pager_command 'sh'", ShellCommand),
            (r"\if true", PsqlConditional),
            (r"\gexec", MetaCommand),
            (r"\;", MetaCommand),
            (r"\dt+", MetaCommand),
            (r"\password", MetaCommand),
            (r"\q", MetaCommand),
            (r"\echo a \connect b", MetaCommand),
            (r"\encoding LATIN1", SessionSetting),
            (r"\", MetaCommand),
        ] {
            assert_eq!(rule(command), Some(wanted), "{command}");
        }
    }
}
