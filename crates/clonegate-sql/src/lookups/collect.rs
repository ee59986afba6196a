//! Takes down the names of a statement while it is judged.

use std::ops::Range;

use squawk_syntax::{SyntaxKind, SyntaxNode, SyntaxToken};

use super::{Base, Call, Field, Lookups, MAX_NAME_BYTES, Place, Symbol, TypeName, sources};
use crate::Permitted;
use crate::parse::{Name, Quoted, name, names, token_range};
use crate::read::path_of_expression;

/// What was taken down so far.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    found: Lookups,
    /// Whether the server may read some name otherwise: it cuts long ones, and how it folds the letters of other
    /// alphabets depends on its encoding. Then it is not known which alias is which.
    doubtful: bool,
}

impl Collector {
    /// A call of a function, by its name.
    pub(crate) fn call(&mut self, path: &[Name], arguments: Option<usize>, range: Range<usize>) {
        let place = match path {
            [_] => Place::Path,
            [schema, _] if schema.text == "pg_catalog" => Place::Catalog,
            _ => return,
        };
        if let Some(name) = path.last() {
            self.call_of(&name.text, arguments, place, range);
        }
    }

    /// A call that the grammar has a word for. Some of them are calls by name in some versions.
    pub(crate) fn special(&mut self, node: &SyntaxNode) {
        let word = node.first_token().and_then(name);
        if let Some(word) = word {
            self.call_of(&word.text, None, Place::Path, token_range(&word.token));
        }
    }

    fn call_of(&mut self, name: &str, arguments: Option<usize>, place: Place, range: Range<usize>) {
        let calls = &mut self.found.calls;
        let same = |c: &Call| c.name == name && c.arguments == arguments && c.place == place;
        if !calls.iter().any(same) {
            calls.push(Call { name: name.to_owned(), arguments, place, range });
        }
    }

    /// An operator that stands in the text.
    pub(crate) fn operator(&mut self, symbol: &str, token: &SyntaxToken, range: Range<usize>) {
        let place = if is_qualified(token) { Place::Catalog } else { Place::Path };
        // The scanner makes one of the two.
        let symbol = if symbol == "!=" { "<>" } else { symbol };
        self.symbol(symbol, place, range);
    }

    /// Operators that a word stands for.
    pub(crate) fn operators_of_a_word(&mut self, symbols: &[&str], range: Range<usize>) {
        for symbol in symbols {
            self.symbol(symbol, Place::Path, range.clone());
        }
    }

    fn symbol(&mut self, symbol: &str, place: Place, range: Range<usize>) {
        let operators = &mut self.found.operators;
        if !operators.iter().any(|o| o.symbol == symbol && o.place == place) {
            operators.push(Symbol { symbol: symbol.to_owned(), place, range });
        }
    }

    /// A type of PostgreSQL's own that is named without its schema.
    pub(crate) fn data_type(&mut self, name: &str, range: Range<usize>) {
        let types = &mut self.found.types;
        if !types.iter().any(|t| t.name == name) {
            types.push(TypeName { name: name.to_owned(), range });
        }
    }

    /// `base.name`.
    pub(crate) fn field(&mut self, base: Option<&SyntaxNode>, name: &Name) {
        let base = base.and_then(names_of_a_chain).and_then(|mut names| names.pop());
        let base = base.map_or(Base::Value, |alias| Base::Alias(alias.text));
        let mut names = vec![name.text.clone()];
        if name.quoted == Quoted::No && !name.text.is_ascii() {
            let lower = name.text.to_lowercase();
            if lower != name.text {
                names.push(lower);
            }
        }
        let fields = &mut self.found.fields;
        if !fields.iter().any(|f| f.names == names && f.base == base) {
            fields.push(Field { names, base, range: token_range(&name.token) });
        }
    }

    /// Any name, wherever it stands.
    pub(crate) fn name(&mut self, name: &Name) {
        // `E'…'` begins like one.
        if name.quoted == Quoted::No && name.text.contains('\'') {
            return;
        }
        self.doubtful |= name.text.len() > MAX_NAME_BYTES || !name.text.is_ascii();
    }

    /// Everything that the server is to be asked for.
    pub(crate) fn finish(
        mut self,
        root: &SyntaxNode,
        text: &str,
        permitted: &Permitted,
    ) -> Lookups {
        if self.found.is_empty() {
            return Lookups::default();
        }
        let aliases = self.found.fields.iter().any(|f| matches!(f.base, Base::Alias(_)));
        if aliases && !self.doubtful {
            self.found.sources = sources::sources(root);
        }
        self.found.text = text.into();
        self.found.permitted = permitted.clone();
        self.found
    }
}

/// Whether an operator stands in `OPERATOR(pg_catalog.…)`; that no other schema does is judged elsewhere.
fn is_qualified(token: &SyntaxToken) -> bool {
    let operator = |kind| matches!(kind, SyntaxKind::OP | SyntaxKind::OPERATOR_CALL);
    let mut around = token.parent_ancestors().take(3).filter(|n| operator(n.kind()));
    around.any(|n| {
        let mut paths = n.children().filter(|c| c.kind() == SyntaxKind::PATH_REF);
        paths.any(|path| names(&path).next().is_some())
    })
}

/// The names in `a`, `a.b` or `a.b.c`.
fn names_of_a_chain(node: &SyntaxNode) -> Option<Vec<Name>> {
    match node.kind() {
        SyntaxKind::NAME_REF => path_of_expression(node),
        SyntaxKind::FIELD_EXPR => {
            let mut parts = node.children();
            let (base, last) = (parts.next()?, parts.next()?);
            if parts.next().is_some() || last.kind() != SyntaxKind::NAME_REF {
                return None;
            }
            let mut names = names_of_a_chain(&base)?;
            names.extend(path_of_expression(&last)?);
            (names.len() <= 3).then_some(names)
        }
        _ => None,
    }
}
