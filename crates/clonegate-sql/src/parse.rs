//! The parser, and what both judges ask of its tree.

use std::ops::Range;

use squawk_syntax::ast::{AstNode, Stmt};
use squawk_syntax::unescape::escape_unicode_esc_str;
use squawk_syntax::{SourceFile, SyntaxKind, SyntaxNode, SyntaxToken};

use crate::{Refusal, Rule};

/// What the deepest text of the largest accepted size needs, and more; the memory is only reserved, not used.
const STACK_BYTES: usize = 512 * 1024 * 1024;

/// As many words and signs are parsed without a stack of their own: the parser descends at most once for each,
/// and tests/judge/depth.rs shows that the deepest such text fits into half of the two megabytes that a thread has.
const SHALLOW: usize = 128;

/// Runs the whole judgement of a text on a stack that its nesting can't overflow.
pub(crate) fn with_deep_stack<T: Send>(text: &str, judge: impl FnOnce() -> T + Send) -> T {
    // A thread costs more than most judgements.
    if is_shallow(text) {
        return judge();
    }
    std::thread::scope(|scope| {
        let judging = std::thread::Builder::new()
            .name("sql-judge".to_owned())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, judge)
            .expect("address space for one more thread is available");
        match judging.join() {
            Ok(judged) => judged,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Whether a text has so few words and signs that it can't nest deep.
fn is_shallow(text: &str) -> bool {
    let mut found = 0;
    let mut in_word = false;
    for byte in text.bytes() {
        let word = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | 0x80..);
        if (word && !in_word) || (!word && !byte.is_ascii_whitespace()) {
            found += 1;
            if found > SHALLOW {
                return false;
            }
        }
        in_word = word;
    }
    true
}

/// How deep brackets may nest. People's SQL stays under a dozen; the parser's time grows with the
/// square of the depth.
const MAX_NESTING: usize = 200;

/// Parses a text into its top-level statements.
pub(crate) fn statements(sql: &str) -> Result<Vec<Stmt>, Refusal> {
    if let Some(at) = too_deep(sql) {
        return Err(Refusal::new(
            Rule::TooLarge,
            sql,
            at..at + 1,
            format!("brackets nest deeper than {MAX_NESTING} here"),
            "split it, for instance into common table expressions",
        ));
    }
    let parse = SourceFile::parse(sql);
    if let Some(error) = parse.errors().first() {
        let at = error.range();
        return Err(Refusal::new(
            Rule::Syntax,
            sql,
            at.start().into()..at.end().into(),
            format!("PostgreSQL would not accept this: {}", error.message()),
            "try the text in psql on a scratch database first",
        ));
    }
    let statements = parse.syntax_node().children().filter_map(Stmt::cast);
    Ok(statements.filter(|s| s.syntax().kind() != SyntaxKind::EMPTY_STMT).collect())
}

/// Where brackets nest too deep. Brackets in quotes count too: a text with that many of them in a
/// row is no person's either way.
pub(crate) fn too_deep(sql: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in sql.bytes().enumerate() {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_NESTING {
            return Some(at);
        }
    }
    None
}

/// A node's own text: leading comments and blanks don't count.
pub(crate) fn own_range(node: &SyntaxNode) -> Range<usize> {
    let first = node
        .descendants_with_tokens()
        .filter_map(|e| e.into_token())
        .find(|t| !matches!(t.kind(), SyntaxKind::WHITESPACE | SyntaxKind::COMMENT));
    let whole = node.text_range();
    let start = first.map_or(whole.start(), |t| t.text_range().start());
    start.into()..whole.end().into()
}

/// A token's place in the text.
pub(crate) fn token_range(token: &SyntaxToken) -> Range<usize> {
    let range = token.text_range();
    range.start().into()..range.end().into()
}

/// The statement's first words, as a reader would name it: `CREATE DATABASE`.
pub(crate) fn title(node: &SyntaxNode) -> String {
    let words: Vec<String> = node
        .descendants_with_tokens()
        .filter_map(|e| e.into_token())
        .filter(|t| !matches!(t.kind(), SyntaxKind::WHITESPACE | SyntaxKind::COMMENT))
        .take_while(|t| t.text().bytes().all(|b| b.is_ascii_alphabetic()))
        .take(2)
        .map(|t| t.text().to_ascii_uppercase())
        .collect();
    words.join(" ")
}

/// A name as the server reads it, with the token that it came from.
#[derive(Debug, Clone)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) quoted: Quoted,
    pub(crate) token: SyntaxToken,
}

/// Whether a name stands in quotes: then it is no word of the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quoted {
    Yes,
    No,
}

/// The name that a token is, if it is one. Keywords are names too: a function may have a keyword's name.
pub(crate) fn name(token: SyntaxToken) -> Option<Name> {
    let inside = |text: &str| {
        let inner = text.strip_prefix('"')?.strip_suffix('"')?;
        Some(inner.replace("\"\"", "\""))
    };
    let text = token.text();
    let escaped = text.strip_prefix("U&").or_else(|| text.strip_prefix("u&"));
    let (text, quoted) = if let Some(inner) = escaped.and_then(inside) {
        let mut name = String::new();
        escape_unicode_esc_str(&inner, '\\', |_, c| name.extend(c.ok()));
        (name, Quoted::Yes)
    } else if let Some(inner) = inside(text) {
        (inner, Quoted::Yes)
    } else if text.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '\u{80}'..)) {
        // The server folds ASCII only, where the encoding has several bytes.
        (text.to_ascii_lowercase(), Quoted::No)
    } else {
        return None;
    };
    Some(Name { text, quoted, token })
}

/// Every name in a tree.
pub(crate) fn names(node: &SyntaxNode) -> impl Iterator<Item = Name> {
    node.descendants_with_tokens().filter_map(|e| e.into_token()).filter_map(name)
}
