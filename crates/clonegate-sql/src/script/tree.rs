//! What the judge asks of a syntax tree.

use squawk_syntax::ast::{AstNode, Literal};
use squawk_syntax::{SyntaxKind, SyntaxNode};

use crate::parse::names;

pub(crate) fn child(node: &SyntaxNode, kind: SyntaxKind) -> Option<SyntaxNode> {
    node.children().find(|n| n.kind() == kind)
}

pub(crate) fn child_of(node: &SyntaxNode, kinds: &[SyntaxKind]) -> Option<SyntaxNode> {
    node.children().find(|n| kinds.contains(&n.kind()))
}

pub(crate) fn has_child(node: &SyntaxNode, kind: SyntaxKind) -> bool {
    child(node, kind).is_some()
}

pub(crate) fn has_descendant(node: &SyntaxNode, kind: SyntaxKind) -> bool {
    node.descendants().any(|n| n.kind() == kind)
}

/// Whether a keyword or another token stands in the node itself, outside its children.
pub(crate) fn has_token(node: &SyntaxNode, kind: SyntaxKind) -> bool {
    node.children_with_tokens().any(|e| e.kind() == kind)
}

/// The parts of the first dotted name in a node, as the server reads them.
pub(crate) fn dotted(node: &SyntaxNode) -> Vec<String> {
    let path = node
        .descendants()
        .find(|n| matches!(n.kind(), SyntaxKind::PATH | SyntaxKind::PATH_REF))
        .unwrap_or_else(|| node.clone());
    names(&path).map(|name| name.text).collect()
}

/// A string literal's value; `None` for numbers and words.
pub(crate) fn string_value(literal: &SyntaxNode) -> Option<String> {
    if !literal.text().contains_char('\'') && !literal.text().contains_char('$') {
        return None;
    }
    Literal::cast(literal.clone())?.string_value()
}
