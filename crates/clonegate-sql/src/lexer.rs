//! Splits a psql script as psql's own scanner does: SQL, meta-commands, COPY data.
//!
//! A parser of SQL can't do this, because a backslash outside quotes ends the SQL and begins a
//! command of psql, and because the lines after `COPY … FROM STDIN;` are data.

use std::ops::Range;

/// What is not SQL in a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// A backslash command: from the backslash to the end of its line.
    MetaCommand(Range<usize>),
    /// The data after `COPY … FROM STDIN;`, with the line `\.` that ends it.
    CopyData(Range<usize>),
    /// COPY data without the line that ends it: psql would take the end of the input for it.
    OpenCopyData(Range<usize>),
    /// A backslash right before a quote in a string that is no escape string: where somebody turns
    /// `standard_conforming_strings` off, the server and psql end that string elsewhere.
    AmbiguousString(Range<usize>),
    /// A quote or comment that is never closed: psql would read the executor's own lines as part
    /// of it.
    Unclosed(Range<usize>),
}

/// Finds the pieces, in order.
pub(crate) fn pieces(script: &str) -> Vec<Piece> {
    let bytes = script.as_bytes();
    let mut pieces = Vec::new();
    let mut at = 0;
    let mut statement_start = 0;
    while at < bytes.len() {
        let unclosed = |from: usize| Piece::Unclosed(from..bytes.len());
        match bytes[at] {
            b'-' if bytes[at..].starts_with(b"--") => at = line_end(bytes, at),
            b'/' if bytes[at..].starts_with(b"/*") => match block_comment_end(bytes, at) {
                Some(end) => at = end,
                None => {
                    pieces.push(unclosed(at));
                    return pieces;
                }
            },
            b'\'' => {
                let escapes = is_escape_string(bytes, at);
                match quoted_end(bytes, at, b'\'', escapes) {
                    Some(end) => {
                        if !escapes && bytes[at..end].windows(2).any(|pair| pair == b"\\'") {
                            pieces.push(Piece::AmbiguousString(at..end));
                        }
                        at = end;
                    }
                    None => {
                        pieces.push(unclosed(at));
                        return pieces;
                    }
                }
            }
            b'"' => match quoted_end(bytes, at, b'"', false) {
                Some(end) => at = end,
                None => {
                    pieces.push(unclosed(at));
                    return pieces;
                }
            },
            b'$' if !continues_a_name(bytes, at) => match dollar_tag(&script[at..]) {
                Some(tag) => match script[at + tag.len()..].find(tag) {
                    Some(end) => at += tag.len() + end + tag.len(),
                    None => {
                        pieces.push(unclosed(at));
                        return pieces;
                    }
                },
                None => at += 1,
            },
            b'\\' => {
                let end = line_end(bytes, at);
                pieces.push(Piece::MetaCommand(at..end));
                at = end;
            }
            b';' => {
                let copies = copies_from_stdin(&script[statement_start..at]);
                at += 1;
                statement_start = at;
                if copies {
                    let from = (line_end(bytes, at) + 1).min(bytes.len());
                    match copy_data_end(script, from) {
                        Some(end) => {
                            pieces.push(Piece::CopyData(from..end));
                            at = end;
                        }
                        None => {
                            pieces.push(Piece::OpenCopyData(from..bytes.len()));
                            return pieces;
                        }
                    }
                    statement_start = at;
                }
            }
            _ => at += 1,
        }
    }
    pieces
}

/// The position of the line's newline, or the end of the text.
fn line_end(bytes: &[u8], from: usize) -> usize {
    bytes[from..].iter().position(|b| *b == b'\n').map_or(bytes.len(), |n| from + n)
}

/// Block comments nest in PostgreSQL.
fn block_comment_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = from;
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"/*" => {
                depth += 1;
                at += 2;
            }
            b"*/" => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => at += 1,
        }
    }
    None
}

/// `E'…'`: backslashes escape. In `'…'` they don't, as long as `standard_conforming_strings` is on;
/// strings that would end elsewhere with it off are [`Piece::AmbiguousString`].
fn is_escape_string(bytes: &[u8], quote: usize) -> bool {
    quote > 0 && matches!(bytes[quote - 1], b'e' | b'E') && !continues_a_name(bytes, quote - 1)
}

/// Whether the byte belongs to a name or number that began before it.
fn continues_a_name(bytes: &[u8], at: usize) -> bool {
    at > 0
        && (bytes[at - 1].is_ascii_alphanumeric() || matches!(bytes[at - 1], b'_' | b'$' | 0x80..))
}

fn quoted_end(bytes: &[u8], from: usize, quote: u8, escapes: bool) -> Option<usize> {
    let mut at = from + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if escapes => at += 2,
            b if b == quote => {
                if bytes.get(at + 1) == Some(&quote) {
                    at += 2;
                } else {
                    return Some(at + 1);
                }
            }
            _ => at += 1,
        }
    }
    None
}

/// `$$` or `$tag$` at the beginning of the text.
fn dollar_tag(text: &str) -> Option<&str> {
    let inner = &text[1..];
    let end = inner.find('$')?;
    let tag = &inner[..end];
    let fits = tag.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !tag.starts_with(|c: char| c.is_ascii_digit());
    fits.then(|| &text[..end + 2])
}

/// Whether the statement's words are `copy … from stdin`.
fn copies_from_stdin(statement: &str) -> bool {
    let text = without_comments(statement).to_ascii_lowercase();
    let words: Vec<&str> = text
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|w| !w.is_empty())
        .collect();
    words.first() == Some(&"copy") && words.windows(2).any(|pair| pair == ["from", "stdin"])
}

fn without_comments(statement: &str) -> String {
    let bytes = statement.as_bytes();
    let mut kept = String::new();
    let mut at = 0;
    while at < bytes.len() {
        let skip_to = if bytes[at..].starts_with(b"--") {
            line_end(bytes, at)
        } else if bytes[at..].starts_with(b"/*") {
            block_comment_end(bytes, at).unwrap_or(bytes.len())
        } else {
            let end = at + statement[at..].chars().next().map_or(1, char::len_utf8);
            kept.push_str(&statement[at..end]);
            at = end;
            continue;
        };
        kept.push(' ');
        at = skip_to;
    }
    kept
}

/// The end of the line `\.`.
fn copy_data_end(script: &str, from: usize) -> Option<usize> {
    let mut at = from;
    for line in script[from..].split_inclusive('\n') {
        at += line.len();
        if line.trim_end_matches(['\n', '\r']) == r"\." {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta_commands(script: &str) -> Vec<&str> {
        pieces(script)
            .into_iter()
            .filter_map(|p| match p {
                Piece::MetaCommand(range) => Some(&script[range]),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn finds_a_meta_command_wherever_psql_would() {
        assert_eq!(meta_commands("\\echo a\nselect 1; \\connect x\n"), ["\\echo a", "\\connect x"]);
        assert_eq!(meta_commands("select 1 \\gexec"), ["\\gexec"]);
    }

    #[test]
    fn a_backslash_in_quotes_comments_and_bodies_is_none() {
        for script in [
            r"select '\c x'",
            r#"select "\c x""#,
            r"select E'\' \c x'",
            r"-- \c x",
            r"/* a /* \c */ x */ select 1",
            r"do $$ begin raise '\c'; end $$",
            r"do $a$ $$ \c $$ $a$",
        ] {
            assert_eq!(meta_commands(script), Vec::<&str>::new(), "{script}");
        }
    }

    #[test]
    fn a_string_that_only_looks_escaped_ends_where_the_server_ends_it() {
        // Not an escape string: the backslash is an ordinary character, and the quote closes.
        assert_eq!(meta_commands(r"select 'a\' \c x"), [r"\c x"]);
        assert_eq!(meta_commands(r"select typE'a\' \c x"), [r"\c x"]);
    }

    #[test]
    fn copy_data_is_data() {
        let script = "copy t (a) from stdin;\n1\t\\N\n\\c x\n\\.\nselect 1; \\c y";
        assert_eq!(meta_commands(script), ["\\c y"]);
        assert!(matches!(
            pieces("copy /* x */ t from stdin with (format csv);\n1\n").as_slice(),
            [Piece::OpenCopyData(_)]
        ));
    }

    #[test]
    fn what_is_never_closed_is_said() {
        for script in ["select 'a", "select \"a", "/* a", "do $x$ a $y$"] {
            assert!(matches!(pieces(script).as_slice(), [Piece::Unclosed(_)]), "{script}");
        }
    }
}
