//! The parser, and what both judges ask of its tree.

use squawk_syntax::ast::{AstNode, Stmt};
use squawk_syntax::unescape::escape_unicode_esc_str;
use squawk_syntax::{SourceFile, SyntaxKind, SyntaxNode, SyntaxToken};

use crate::{Refusal, Rule};

/// The parser descends once for every level of nesting, so the deepest text of the largest
/// accepted size must fit; the memory is only reserved, not used.
const STACK_BYTES: usize = 512 * 1024 * 1024;

/// Runs the whole judgement of a text on a stack that its nesting can't overflow.
pub(crate) fn with_deep_stack<T: Send>(judge: impl FnOnce() -> T + Send) -> T {
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

/// How deep brackets may nest. People's SQL stays under a dozen; the parser's time grows with the
/// square of the depth.
const MAX_NESTING: usize = 200;

/// Parses a text into its top-level statements.
pub(crate) fn statements(sql: &str) -> Result<Vec<Stmt>, Refusal> {
    if let Some(at) = too_deep(sql) {
        return Err(Refusal::new(
            Rule::TooLarge,
            line_at(sql, at),
            format!("brackets nest deeper than {MAX_NESTING} here"),
            "split it, for instance into common table expressions",
        ));
    }
    let parse = SourceFile::parse(sql);
    if let Some(error) = parse.errors().first() {
        let at = usize::from(error.range().start());
        return Err(Refusal::new(
            Rule::Syntax,
            line_at(sql, at),
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

/// The line of a byte offset, counted from 1.
pub(crate) fn line_at(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|b| **b == b'\n').count() + 1
}

/// The line at which a node's own text begins: leading comments and blanks don't count.
pub(crate) fn line_of(text: &str, node: &SyntaxNode) -> usize {
    let first = node
        .descendants_with_tokens()
        .filter_map(|e| e.into_token())
        .find(|t| !matches!(t.kind(), SyntaxKind::WHITESPACE | SyntaxKind::COMMENT));
    let start = first.map_or(node.text_range().start(), |t| t.text_range().start());
    line_at(text, usize::from(start))
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

/// Every name in a tree as the server reads it, with the token that it came from. Keywords are
/// among them: a function may have a keyword's name.
pub(crate) fn names(node: &SyntaxNode) -> impl Iterator<Item = (String, SyntaxToken)> {
    node.descendants_with_tokens().filter_map(|e| e.into_token()).filter_map(|token| {
        let text = token.text();
        let quoted = |text: &str| {
            let inner = text.strip_prefix('"')?.strip_suffix('"')?;
            Some(inner.replace("\"\"", "\""))
        };
        let escaped = text.strip_prefix("U&").or_else(|| text.strip_prefix("u&"));
        let name = if let Some(inner) = escaped.and_then(quoted) {
            let mut name = String::new();
            escape_unicode_esc_str(&inner, '\\', |_, c| name.extend(c.ok()));
            name
        } else if let Some(inner) = quoted(text) {
            inner
        } else if text.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            text.to_lowercase()
        } else {
            return None;
        };
        Some((name, token))
    })
}
