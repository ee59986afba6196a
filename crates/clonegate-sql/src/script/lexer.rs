//! Splits a psql script as psql's own scanner does: SQL, meta-commands, variables, COPY data.
//!
//! A parser of SQL can't do this, because a backslash outside quotes ends the SQL and begins a
//! command of psql, and because the lines after `COPY … FROM STDIN;` are data.

use std::ops::Range;

/// What is not SQL in a script, or not surely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// The mark that some editors put before UTF-8. psql skips it in a file's first line only.
    ByteOrderMark(Range<usize>),
    /// A backslash command: from the backslash to the end of its line.
    MetaCommand(Range<usize>),
    /// `:name`, `:'name'`, `:"name"` or `:{?name}`.
    Variable(Range<usize>),
    /// The data after `COPY … FROM STDIN;`, with the line `\.` that ends it. `statement` is the
    /// statement with its semicolon.
    CopyData {
        /// The lines of data.
        data: Range<usize>,
        /// The statement before them.
        statement: Range<usize>,
    },
    /// COPY data without the line that ends it: psql would take the end of the input for it.
    OpenCopyData(Range<usize>),
    /// SQL behind the semicolon of a COPY: psql runs it after the data that follow it.
    BehindCopy(Range<usize>),
    /// A backslash right before a quote in a string that is no escape string: where somebody turns
    /// `standard_conforming_strings` off, the server and psql end that string elsewhere.
    AmbiguousString(Range<usize>),
    /// A carriage return that is no line break: it ends a comment for the server.
    CarriageReturn(Range<usize>),
    /// A quote or comment that is never closed: psql would read the executor's own lines as part
    /// of it.
    Unclosed(Range<usize>),
}

/// A script as psql's scanner sees it.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// What is not SQL, in order.
    pub(crate) pieces: Vec<Piece>,
    /// Everything between quotes, with them, and every comment, in order.
    pub(crate) quoted: Vec<Range<usize>>,
}

/// Scans a script to its end, or to the first quote that is never closed.
pub(crate) fn scan(script: &str) -> Scan {
    let bytes = script.as_bytes();
    let mut scan = Scan::default();
    let mut at = 0;
    let mut statement_start = 0;
    let mut brackets = 0_usize;
    if script.starts_with('\u{feff}') {
        at = '\u{feff}'.len_utf8();
        statement_start = at;
        scan.pieces.push(Piece::ByteOrderMark(0..at));
    }
    while at < bytes.len() {
        match bytes[at] {
            b'-' if bytes[at..].starts_with(b"--") => {
                let end = comment_end(bytes, at);
                scan.quoted.push(at..end);
                at = end;
            }
            b'/' | b'\'' | b'"' | b'$' => {
                let escapes = bytes[at] == b'\'' && is_escape_string(bytes, at);
                let end = match bytes[at] {
                    b'/' if bytes[at..].starts_with(b"/*") => block_comment_end(bytes, at),
                    b'\'' | b'"' => quoted_end(bytes, at, bytes[at], escapes),
                    b'$' if !continues_a_name(bytes, at) => match dollar_tag(&script[at..]) {
                        Some(tag) => {
                            let body = at + tag.len();
                            script[body..].find(tag).map(|end| body + end + tag.len())
                        }
                        None => Some(at),
                    },
                    _ => Some(at),
                };
                match end {
                    None => {
                        let line = &bytes[at..line_end(bytes, at)];
                        if bytes[at] == b'\'' && line.windows(2).any(|pair| pair == b"\\'") {
                            scan.pieces.push(Piece::AmbiguousString(at..at + line.len()));
                        }
                        scan.pieces.push(Piece::Unclosed(at..bytes.len()));
                        return scan;
                    }
                    Some(end) if end == at => at += 1,
                    Some(end) => {
                        let ambiguous = bytes[at] == b'\'' && !escapes;
                        if ambiguous && bytes[at..end].windows(2).any(|pair| pair == b"\\'") {
                            scan.pieces.push(Piece::AmbiguousString(at..end));
                        }
                        scan.quoted.push(at..end);
                        at = end;
                    }
                }
            }
            b'\\' => {
                let end = line_end(bytes, at);
                scan.pieces.push(Piece::MetaCommand(at..end));
                at = end;
            }
            b':' => {
                let end = colon_end(bytes, at, brackets);
                if let Colon::Variable(end) = end {
                    scan.pieces.push(Piece::Variable(at..end));
                }
                at = match end {
                    Colon::Variable(end) | Colon::Sql(end) => end,
                };
            }
            b'[' => {
                brackets += 1;
                at += 1;
            }
            b']' => {
                brackets = brackets.saturating_sub(1);
                at += 1;
            }
            b'\r' => {
                if bytes.get(at + 1) != Some(&b'\n') {
                    scan.pieces.push(Piece::CarriageReturn(at..at + 1));
                }
                at += 1;
            }
            b';' => {
                let copies =
                    copies_from_stdin(&script[statement_start..at], &scan, statement_start);
                at += 1;
                let statement = statement_start..at;
                statement_start = at;
                brackets = 0;
                if copies {
                    let end_of_line = line_end(bytes, at);
                    let rest = script[at..end_of_line].trim();
                    if rest.starts_with("--") {
                        let comment = end_of_line - script[at..end_of_line].trim_start().len();
                        scan.quoted.push(comment..comment_end(bytes, comment));
                    } else if !rest.is_empty() {
                        scan.pieces.push(Piece::BehindCopy(at..end_of_line));
                        return scan;
                    }
                    let from = (end_of_line + 1).min(bytes.len());
                    match copy_data_end(script, from) {
                        Some(end) => {
                            scan.pieces.push(Piece::CopyData { data: from..end, statement });
                            at = end;
                        }
                        None => {
                            scan.pieces.push(Piece::OpenCopyData(from..bytes.len()));
                            return scan;
                        }
                    }
                    statement_start = at;
                }
            }
            _ => at += 1,
        }
    }
    scan
}

/// The position of the line's newline, or the end of the text.
fn line_end(bytes: &[u8], from: usize) -> usize {
    bytes[from..].iter().position(|b| *b == b'\n').map_or(bytes.len(), |n| from + n)
}

/// A comment ends at either kind of line break, for psql and for the server.
fn comment_end(bytes: &[u8], from: usize) -> usize {
    let found = bytes[from..].iter().position(|b| matches!(b, b'\n' | b'\r'));
    found.map_or(bytes.len(), |n| from + n)
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

enum Colon {
    /// psql would put something in its place, up to here.
    Variable(usize),
    /// It is SQL up to here.
    Sql(usize),
}

/// What a colon begins.
fn colon_end(bytes: &[u8], at: usize, brackets: usize) -> Colon {
    let Some(next) = bytes.get(at + 1) else { return Colon::Sql(at + 1) };
    match next {
        b':' | b'=' => Colon::Sql(at + 2),
        b'\'' | b'"' => match quoted_end(bytes, at + 1, *next, false) {
            Some(end) => Colon::Variable(end),
            None => Colon::Variable(bytes.len()),
        },
        b'{' => Colon::Variable(line_end(bytes, at)),
        _ => {
            let name = bytes[at + 1..]
                .iter()
                .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | 0x80..))
                .count();
            let end = at + 1 + name;
            let word = &bytes[at + 1..end];
            // psql's own variables are in capitals, so `[low:high]` and `[1:2]` are slices.
            let slice = brackets > 0 && !word.iter().any(u8::is_ascii_uppercase);
            if name == 0 || slice || word.iter().all(u8::is_ascii_digit) {
                Colon::Sql(end)
            } else {
                Colon::Variable(end)
            }
        }
    }
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
    let fits = tag.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | 0x80..))
        && !tag.starts_with(|c: char| c.is_ascii_digit());
    fits.then(|| &text[..end + 2])
}

/// Whether the statement's words are `copy … from stdin`, outside quotes and comments. The parser is
/// asked afterwards whether it is a COPY indeed.
fn copies_from_stdin(statement: &str, scan: &Scan, start: usize) -> bool {
    let mut plain = statement.as_bytes().to_vec();
    for quoted in scan.quoted.iter().rev().take_while(|quoted| quoted.start >= start) {
        plain[quoted.start - start..quoted.end - start].fill(b' ');
    }
    plain.make_ascii_lowercase();
    let mut words = plain
        .split(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$' | 0x80..)))
        .filter(|w| !w.is_empty());
    // Only COPY is worth looking further.
    if words.next() != Some(b"copy") {
        return false;
    }
    let words: Vec<&[u8]> = words.collect();
    words.windows(2).any(|pair| pair == [b"from".as_slice(), b"stdin".as_slice()])
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

    fn pieces(script: &str) -> Vec<Piece> {
        scan(script).pieces
    }

    fn meta_commands(script: &str) -> Vec<&str> {
        pieces(script)
            .into_iter()
            .filter_map(|p| match p {
                Piece::MetaCommand(range) => Some(&script[range]),
                _ => None,
            })
            .collect()
    }

    fn variables(script: &str) -> Vec<&str> {
        pieces(script)
            .into_iter()
            .filter_map(|p| match p {
                Piece::Variable(range) => Some(&script[range]),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn finds_a_meta_command_wherever_psql_would() {
        assert_eq!(meta_commands("\\echo a\nselect 1; \\connect x\n"), ["\\echo a", "\\connect x"]);
        assert_eq!(meta_commands("select 1 \\gexec"), ["\\gexec"]);
        assert_eq!(meta_commands("-- a comment\r\\! id"), ["\\! id"]);
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
    fn finds_variables_where_psql_would_expand_them() {
        assert_eq!(
            variables("select :a, :'b c', :\"d\", :{?e}\n, x[1:HOST]"),
            [":a", ":'b c'", ":\"d\"", ":{?e}", ":HOST"]
        );
    }

    #[test]
    fn casts_slices_assignments_and_times_are_no_variables() {
        let script =
            "select a::text, b[1:2], b[low:high], '12:30', \":x\" -- :y\n, f(a := 1), $$:z$$";
        assert_eq!(variables(script), Vec::<&str>::new());
    }

    #[test]
    fn copy_data_is_data() {
        let script = "copy t (a) from stdin;\n1\t\\N\n\\c x\n\\.\nselect 1; \\c y";
        assert_eq!(meta_commands(script), ["\\c y"]);
        assert!(matches!(
            pieces("copy /* x */ t from stdin with (format csv);\n1\n").as_slice(),
            [Piece::OpenCopyData(_)]
        ));
        assert!(matches!(
            pieces("copy t from stdin; -- data\n1\n\\.\n").as_slice(),
            [Piece::CopyData { .. }]
        ));
    }

    #[test]
    fn words_in_quotes_begin_no_copy_data() {
        assert_eq!(pieces("copy (select ' from stdin ') to stdout;\nselect 1;"), []);
        assert_eq!(pieces("copy (select 1 /* from stdin */) to stdout;\nselect 1;"), []);
    }

    #[test]
    fn what_stands_behind_a_copy_is_said() {
        let script = "copy t from stdin; \\connect x\n1\n\\.\n";
        assert!(matches!(pieces(script).as_slice(), [Piece::BehindCopy(_)]));
    }

    #[test]
    fn what_is_never_closed_is_said() {
        for script in ["select 'a", "select \"a", "/* a", "do $x$ a $y$"] {
            assert!(matches!(pieces(script).as_slice(), [Piece::Unclosed(_)]), "{script}");
        }
    }
}
