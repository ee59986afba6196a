//! The crate's fixed SQL, and how values get into it.

/// `sql/engine/clone/NAME.sql` without the comment at its top.
macro_rules! engine {
    ($($(#[$doc:meta])* $name:ident = $file:literal;)*) => {
        $(pub(crate) const $name: &str =
            include_str!(concat!("../../../sql/engine/clone/", $file, ".sql"));)*
    };
}

engine! {
    IDENTITY = "identity";
    GUARD = "guard";
    GUARDED = "guarded";
    GUARDED_READ = "guarded-read";
    SCRIPT_END = "script-end";
    UNWRITTEN = "unwritten";
    HEARD = "heard";
    ENDED = "ended";
    SETTLE = "settle";
    SWEEP = "sweep";
    END_SESSIONS = "end-sessions";
    HOLD = "hold";
    STILL_HELD = "still-held";
    HOLDER = "holder";
    END_HOLDER = "end-holder";
    MARK = "mark";
    SCRATCH_MAY_BE_MADE = "scratch-may-be-made";
    SCRATCH_MAKE = "scratch-make";
    SCRATCH_MARK = "scratch-mark";
    SCRATCH_MADE = "scratch-made";
    END_MAKING = "end-making";
    SCRATCH_MAY_BE_DROPPED = "scratch-may-be-dropped";
    SCRATCH_DROP = "scratch-drop";
    SCRATCHES = "scratches";
    UNMARKED = "unmarked";
    DATABASE_LIKE = "database-like";
    DATABASE_MAKE = "database-make";
    DATABASE_CLOSE = "database-close";
    DATABASE_MARK = "database-mark";
    DATABASE_PINNED = "database-pinned";
    DATABASE_DROP = "database-drop";
    DATABASES = "databases";
    SERVER = "server";
    FOREIGN_SERVERS = "foreign-servers";
    CRON = "cron";
    CRON_JOBS = "cron-jobs";
    ROOM = "room";
    READ_COLUMNS = "read-columns";
    READ_TYPES = "read-types";
    READ_ROWS = "read-rows";
    ROW_LOCK = "row-lock";
    LOOK = "look";
    LOOKED = "looked";
    WATCH = "watch";
}

/// The path under which engine statements run: no object of the clone can stand in for the server's own.
pub(crate) const OWN_PATH: &str = "set local search_path = pg_catalog, pg_temp";
/// The path that the session began with, for a script's or a reading's statements.
pub(crate) const SESSION_PATH: &str = "set local search_path to default";

/// Fills a statement in: `:'name'` with a literal, `:"name"` with an identifier, `:name` with the text as
/// it is. These are psql's own marks, so that the files can be tried with `psql -v name=value`. What was
/// filled in is not looked at again.
pub(crate) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut rest = body(template);
    let mut filled = String::with_capacity(rest.len());
    while let Some(at) = rest.find(':') {
        filled.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if let Some(cast) = after.strip_prefix(':') {
            filled.push_str("::");
            rest = cast;
            continue;
        }
        let mark = after.chars().next().filter(|c| matches!(c, '\'' | '"'));
        let name_begins = usize::from(mark.is_some());
        let name_length = after[name_begins..]
            .bytes()
            .take_while(|b| b.is_ascii_lowercase() || *b == b'_')
            .count();
        let name = &after[name_begins..name_begins + name_length];
        if name.is_empty() {
            filled.push(':');
            rest = after;
            continue;
        }
        let value = values.iter().find(|(n, _)| *n == name).map(|(_, v)| *v);
        let value = value.unwrap_or_else(|| unreachable!("the statement's value :{name} is given"));
        match mark {
            Some('\'') => filled.push_str(&literal(value)),
            Some(_) => filled.push_str(&identifier(value)),
            None => filled.push_str(value),
        }
        rest = &after[name_begins + name_length + usize::from(mark.is_some())..];
    }
    filled.push_str(rest);
    filled
}

/// A statement without the comment at its top.
pub(crate) fn body(template: &str) -> &str {
    let mut rest = template;
    while let Some(comment) = rest.strip_prefix("--") {
        rest = comment.split_once('\n').map_or("", |(_, after)| after);
    }
    rest.trim_end()
}

/// Sessions are pinned to standard_conforming_strings, so a quote is all that needs care.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

pub(crate) fn identifier(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_in_once_and_quotes() {
        let template = "-- asks\n-- a thing\nselect :'a'::text, :\"b\", :c, x::pg_catalog.int8, '12:30', :'a';\n";
        let filled = fill(template, &[("a", "it's :c"), ("b", "q\"q"), ("c", "a.b(:'a')")]);
        assert_eq!(
            filled,
            "select 'it''s :c'::text, \"q\"\"q\", a.b(:'a'), x::pg_catalog.int8, '12:30', 'it''s :c';"
        );
    }
}
