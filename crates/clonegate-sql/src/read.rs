//! What may be read on production.

use std::ops::Range;

use squawk_syntax::ast::{AstNode, Stmt};
use squawk_syntax::{SyntaxElement, SyntaxKind, SyntaxNode, SyntaxToken};

use crate::builtins::{self, Class, Group};
use crate::lookups::{Collector, Lookups, MAX_NAME_BYTES};
use crate::parse::{
    Name, Quoted, name, names, own_range, statements, title, token_range, with_deep_stack,
};
use crate::permitted::is_system_schema;
use crate::{Permitted, Refusal, Rule};

/// The longest statement that is judged. Longer texts are machines' texts, and a parser's depth
/// grows with them.
pub const MAX_STATEMENT_BYTES: usize = 32 * 1024;

/// How many signs of operators and dots a statement may chain. People's longest have hundreds; the parser's time
/// grows with the square of a chain's length.
const MAX_SIGNS: usize = 4_000;

/// How many signs may stand without a blank between them; PostgreSQL's own operators have four at most.
const MAX_RUN_OF_SIGNS: usize = 64;

/// White space as PostgreSQL has it. A no-break space and its like are letters of names.
const BLANKS: [char; 6] = [' ', '\t', '\n', '\r', '\u{b}', '\u{c}'];

/// One statement that only reads: [`ReadOnlyStatement::judge`] and [`ReadOnlyStatement::judge_with`] make one of a text
/// that they judged, and a [`RowScan`](crate::RowScan), which has no text of anybody's, is one.
///
/// What its names mean on a server is not known yet: see [`ReadOnlyStatement::lookups`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOnlyStatement {
    sql: String,
    lookups: Lookups,
}

impl ReadOnlyStatement {
    /// Judges a text: one statement, SELECT, VALUES, TABLE, SHOW or EXPLAIN without ANALYZE, that is made of
    /// nothing but what is known to be harmless in PostgreSQL 14 to 18: parts of the grammar, functions, types
    /// and operators.
    ///
    /// # Errors
    /// The first rule that it breaks, with the place.
    pub fn judge(sql: &str) -> Result<Self, Refusal> {
        Self::judge_with(sql, &Permitted::nothing())
    }

    /// The same, where a profile permits functions and types of the database's own.
    ///
    /// # Errors
    /// The first rule that it breaks, with the place.
    pub fn judge_with(sql: &str, permitted: &Permitted) -> Result<Self, Refusal> {
        if sql.len() > MAX_STATEMENT_BYTES {
            return Err(Refusal::new(
                Rule::TooLarge,
                sql,
                0..0,
                format!("the statement has {} bytes; {MAX_STATEMENT_BYTES} are read", sql.len()),
                "split it",
            ));
        }
        with_deep_stack(sql, || judge(sql, permitted))
    }

    /// A text that this crate made of names and numbers.
    pub(crate) fn made_of_names(sql: String) -> Self {
        Self { sql, lookups: Lookups::default() }
    }

    /// The statement, without closing semicolons.
    #[must_use]
    pub fn as_sql(&self) -> &str {
        &self.sql
    }

    /// The names that may mean something of the database's own. A server has to be asked for them before the
    /// statement is sent to it.
    #[must_use]
    pub fn lookups(&self) -> &Lookups {
        &self.lookups
    }

    /// The same statement with nothing to look up: for a program's own fixed text, and never for what somebody else
    /// wrote.
    #[must_use]
    pub fn of_the_program(self) -> Self {
        Self { lookups: Lookups::default(), ..self }
    }
}

fn judge(sql: &str, permitted: &Permitted) -> Result<ReadOnlyStatement, Refusal> {
    // What ends a text for the server must not be inside of one for the judge.
    if let Some(at) = sql.find('\0') {
        let problem = "the text has a NUL character here";
        return Err(Refusal::new(Rule::Syntax, sql, at..at + 1, problem, "take it out"));
    }
    if let Some(at) = too_long_a_chain(sql) {
        return Err(Refusal::new(
            Rule::TooLarge,
            sql,
            at..at + 1,
            format!("the statement has more than {MAX_SIGNS} operators, dots and calls of calls"),
            "compare with a list, IN (…) or = ANY (ARRAY[…]), or split it",
        ));
    }
    let statements = statements(sql)?;
    let statement = match statements.as_slice() {
        [] => {
            let hint = "write one SELECT";
            return Err(Refusal::new(Rule::Empty, sql, 0..0, "there is no statement", hint));
        }
        [one] => one,
        [_, second, ..] => {
            return Err(Refusal::new(
                Rule::OneStatement,
                sql,
                own_range(second.syntax()),
                "a second statement begins here",
                "send one statement at a time",
            ));
        }
    };
    let root = statement.syntax();
    if !is_a_query(statement) && !matches!(statement, Stmt::Show(_) | Stmt::Explain(_)) {
        return Err(not_a_read(sql, root));
    }
    let mut judge =
        Judge { sql, permitted, callee: 0..0, operators_until: 0, collector: Collector::default() };
    for element in root.descendants_with_tokens() {
        match element {
            SyntaxElement::Node(node) => {
                // A data-modifying WITH, SELECT INTO or EXPLAIN of a write is a statement in a statement.
                if node != *root
                    && let Some(inner) = Stmt::cast(node.clone())
                    && !is_a_query(&inner)
                {
                    return Err(not_a_read(sql, &node));
                }
                judge.node(&node)?;
            }
            SyntaxElement::Token(token) => judge.token(&token)?,
        }
    }
    let start = usize::from(root.text_range().start());
    let end = usize::from(root.text_range().end());
    let text =
        sql[start..end].trim_end_matches(BLANKS).trim_end_matches(';').trim_end_matches(BLANKS);
    let lookups = judge.collector.finish(root, sql, permitted);
    Ok(ReadOnlyStatement { sql: text.to_owned(), lookups })
}

/// Where a text has had too many signs that chain: operators, dots that are not a number's, brackets after brackets.
/// What stands in quotes counts too; no honest text comes near.
fn too_long_a_chain(sql: &str) -> Option<usize> {
    let mut signs = 0;
    let mut before = b' ';
    let mut bytes = sql.bytes().enumerate().peekable();
    while let Some((at, byte)) = bytes.next() {
        let chains = match byte {
            b'.' => !bytes.peek().is_some_and(|(_, next)| next.is_ascii_digit()),
            b'(' | b'[' => matches!(before, b')' | b']'),
            // People draw lines with these.
            b'-' | b'=' | b'*' | b'/' | b'#' => !is_sign(before),
            _ => is_sign(byte),
        };
        signs += usize::from(chains);
        if signs > MAX_SIGNS {
            return Some(at);
        }
        if !byte.is_ascii_whitespace() || is_sign(before) {
            before = byte;
        }
    }
    None
}

fn is_sign(byte: u8) -> bool {
    b"+-*/<>=~!@#%^&|`?:".contains(&byte)
}

fn is_a_query(statement: &Stmt) -> bool {
    matches!(
        statement,
        Stmt::Select(_)
            | Stmt::CompoundSelect(_)
            | Stmt::ParenSelect(_)
            | Stmt::Values(_)
            | Stmt::Table(_)
    )
}

fn not_a_read(sql: &str, node: &SyntaxNode) -> Refusal {
    Refusal::new(
        Rule::StatementKind,
        sql,
        own_range(node),
        format!("{} is not a read", title(node)),
        "only SELECT, VALUES, TABLE, SHOW and EXPLAIN without ANALYZE are",
    )
}

/// The judgement of one statement's tree, from its first node to its last token.
struct Judge<'a> {
    sql: &'a str,
    permitted: &'a Permitted,
    /// The name of the function that is being called: its parts are no fields.
    callee: Range<usize>,
    /// Where the operators that were read already end.
    operators_until: usize,
    /// What only a server knows.
    collector: Collector,
}

impl Judge<'_> {
    fn refuse<T>(
        &self,
        rule: Rule,
        range: Range<usize>,
        problem: impl Into<String>,
        hint: impl Into<String>,
    ) -> Result<T, Refusal> {
        Err(Refusal::new(rule, self.sql, range, problem, hint))
    }

    fn node(&mut self, node: &SyntaxNode) -> Result<(), Refusal> {
        match node.kind() {
            SyntaxKind::CALL_EXPR => self.call(node),
            SyntaxKind::FIELD_EXPR => self.field(node),
            SyntaxKind::PATH_TYPE => self.data_type(node),
            SyntaxKind::OP | SyntaxKind::OPERATOR_CALL => self.operator_schema(node),
            SyntaxKind::RELATION_NAME_REF => self.relation(node),
            SyntaxKind::EXPLAIN_ANALYZE => self.refuse(
                Rule::StatementKind,
                own_range(node),
                "EXPLAIN ANALYZE runs the statement",
                "use EXPLAIN without ANALYZE",
            ),
            SyntaxKind::EXPLAIN_OPTION => self.explain_option(node),
            SyntaxKind::INTO_CLAUSE => self.refuse(
                Rule::StatementKind,
                own_range(node),
                "SELECT INTO makes a table",
                "leave the INTO out",
            ),
            SyntaxKind::LOCKING_CLAUSE => self.refuse(
                Rule::RowLock,
                own_range(node),
                "FOR UPDATE and FOR SHARE lock rows",
                "leave the locking clause out",
            ),
            kind if is_harmless(kind) => {
                self.meaning(node);
                Ok(())
            }
            kind => self.refuse(
                Rule::Construct,
                own_range(node),
                format!("{} is not known to be harmless", spoken(kind)),
                "write the query without it",
            ),
        }
    }

    fn token(&mut self, token: &SyntaxToken) -> Result<(), Refusal> {
        if let Some(name) = name(token.clone()) {
            self.collector.name(&name);
        }
        match token.kind() {
            SyntaxKind::UESCAPE_KW => self.refuse(
                Rule::Construct,
                token_range(token),
                "UESCAPE can hide a name",
                "write the characters themselves, or escape them with a backslash",
            ),
            SyntaxKind::SETOF_KW => self.refuse(
                Rule::Construct,
                token_range(token),
                "SETOF belongs to the definition of a function",
                "name the type alone",
            ),
            // A cast by the name of TREAT calls whatever function has the type's name.
            SyntaxKind::TREAT_KW
                if token.parent().is_some_and(|p| p.kind() == SyntaxKind::CAST_EXPR) =>
            {
                self.refuse(
                    Rule::Construct,
                    token_range(token),
                    "TREAT calls the function of the type's name",
                    "write CAST",
                )
            }
            SyntaxKind::STRING => self.string(token),
            SyntaxKind::LIKE_KW | SyntaxKind::ILIKE_KW | SyntaxKind::SIMILAR_KW => {
                let symbols: &[&str] = match token.kind() {
                    SyntaxKind::LIKE_KW => &["~~", "!~~"],
                    SyntaxKind::ILIKE_KW => &["~~*", "!~~*"],
                    _ => &["~", "!~"],
                };
                self.collector.operators_of_a_word(symbols, token_range(token));
                Ok(())
            }
            SyntaxKind::BETWEEN_KW => {
                let symbols = ["<", "<=", ">", ">="];
                self.collector.operators_of_a_word(&symbols, token_range(token));
                Ok(())
            }
            SyntaxKind::IN_KW => {
                self.collector.operators_of_a_word(&["=", "<>"], token_range(token));
                Ok(())
            }
            SyntaxKind::NATURAL_KW => {
                self.collector.operators_of_a_word(&["="], token_range(token));
                Ok(())
            }
            _ if is_operator(token)
                && usize::from(token.text_range().start()) >= self.operators_until =>
            {
                self.operators(token)
            }
            _ => Ok(()),
        }
    }

    /// What stands for operators and functions without naming them.
    fn meaning(&mut self, node: &SyntaxNode) {
        match node.kind() {
            SyntaxKind::CASE_EXPR
            | SyntaxKind::IS_DISTINCT_FROM
            | SyntaxKind::IS_NOT_DISTINCT_FROM
            | SyntaxKind::JOIN_USING_CLAUSE => {
                self.collector.operators_of_a_word(&["="], own_range(node));
            }
            SyntaxKind::EXTRACT_FN
            | SyntaxKind::JSON_ARRAY_AGG_FN
            | SyntaxKind::JSON_ARRAY_FN
            | SyntaxKind::JSON_EXISTS_FN
            | SyntaxKind::JSON_FN
            | SyntaxKind::JSON_OBJECT_AGG_FN
            | SyntaxKind::JSON_OBJECT_FN
            | SyntaxKind::JSON_QUERY_FN
            | SyntaxKind::JSON_SCALAR_FN
            | SyntaxKind::JSON_SERIALIZE_FN
            | SyntaxKind::JSON_VALUE_FN
            | SyntaxKind::OVERLAY_FN
            | SyntaxKind::POSITION_FN
            | SyntaxKind::SUBSTRING_FN
            | SyntaxKind::TRIM_FN => self.collector.special(node),
            _ => {}
        }
    }

    /// Strings that the server ends elsewhere, where a setting or the string before it says so.
    fn string(&self, token: &SyntaxToken) -> Result<(), Refusal> {
        if token.text().contains("\\'") {
            return self.refuse(
                Rule::Syntax,
                token_range(token),
                "this string has a backslash before a quote, and where it ends depends on a setting",
                "write E'…' with the backslash doubled",
            );
        }
        let mut before = token.prev_token();
        while let Some(trivia) = &before
            && matches!(trivia.kind(), SyntaxKind::WHITESPACE | SyntaxKind::COMMENT)
        {
            before = trivia.prev_token();
        }
        if before.is_some_and(|t| t.kind() == SyntaxKind::ESC_STRING) {
            return self.refuse(
                Rule::Syntax,
                token_range(token),
                "this string continues an escape string, so that backslashes escape in it too",
                "write one E'…' string, or put || between the two",
            );
        }
        Ok(())
    }

    /// Operators are read as the server's scanner reads them, whatever the parser made of their signs.
    fn operators(&mut self, first: &SyntaxToken) -> Result<(), Refusal> {
        let start = usize::from(first.text_range().start());
        let mut end = usize::from(first.text_range().end());
        let mut next = first.next_token();
        while let Some(token) = next
            && is_operator(&token)
        {
            end = usize::from(token.text_range().end());
            next = token.next_token();
        }
        self.operators_until = end;
        if end - start > MAX_RUN_OF_SIGNS {
            return self.refuse(
                Rule::Operator,
                start..end,
                "no operator is as long as this",
                "put blanks between the operators",
            );
        }
        let mut rest = start..end;
        while !rest.is_empty() {
            let symbol = first_operator(&self.sql[rest.clone()]);
            let range = rest.start..rest.start + symbol.len();
            // The arrow of a named argument is no operator.
            if symbol != "=>" {
                if builtins::operator(symbol).is_none() {
                    return self.refuse(
                        Rule::Operator,
                        range,
                        format!("{symbol} is no operator of PostgreSQL's own"),
                        "call the operator's function, and permit that in the profile",
                    );
                }
                if !(symbol == "*" && is_everything(first)) {
                    self.collector.operator(symbol, first, range.clone());
                }
            }
            rest.start = range.end;
        }
        Ok(())
    }

    /// A call in the form of one: `name(…)`. Those that the grammar has words for have nodes of their own.
    fn call(&mut self, node: &SyntaxNode) -> Result<(), Refusal> {
        let Some(callee) = node.first_child() else {
            return self.unreadable(node);
        };
        if !matches!(callee.kind(), SyntaxKind::NAME_REF | SyntaxKind::FIELD_EXPR) {
            // Its own kind is judged when its turn comes; what has arguments must have a name.
            return match node.children().any(|c| c.kind() == SyntaxKind::ARG_LIST) {
                true => self.unreadable(node),
                false => Ok(()),
            };
        }
        self.callee = own_range(&callee);
        let Some(path) = path_of_expression(&callee) else {
            return self.refuse(
                Rule::Function,
                own_range(&callee),
                "this names a function by more than a schema and a name",
                "write name or schema.name",
            );
        };
        if node.parent().is_some_and(|p| p.kind() == SyntaxKind::TABLESAMPLE_CLAUSE) {
            return self.sampling(&path, own_range(&callee));
        }
        self.function(&path, own_range(&callee), arguments(node))
    }

    fn sampling(&mut self, path: &[Name], range: Range<usize>) -> Result<(), Refusal> {
        let words: Vec<&str> = path.iter().map(|name| name.text.as_str()).collect();
        match words.as_slice() {
            ["bernoulli" | "system"] | ["pg_catalog", "bernoulli" | "system"] => {
                self.collector.call(path, None, range);
                Ok(())
            }
            _ => self.refuse(
                Rule::Function,
                range,
                format!("{} is no sampling method of PostgreSQL's own", words.join(".")),
                "use BERNOULLI or SYSTEM",
            ),
        }
    }

    fn function(
        &mut self,
        path: &[Name],
        range: Range<usize>,
        arguments: Option<usize>,
    ) -> Result<(), Refusal> {
        let words: Vec<&str> = path.iter().map(|name| name.text.as_str()).collect();
        let known = match path {
            [word] if word.quoted == Quoted::No && is_word_of_the_grammar(&word.text) => {
                if word.text == "nullif" {
                    self.collector.operators_of_a_word(&["="], range);
                }
                return Ok(());
            }
            _ => own(&words, builtins::function, "information schema"),
        };
        match known {
            Some(group) if group.class == Class::Harmless => {
                self.collector.call(path, arguments, range);
                Ok(())
            }
            Some(group) => self.refuse(
                Rule::Function,
                range,
                format!("{} {}", words.join("."), group.reason),
                "leave it out",
            ),
            None if self.permitted.function(&words) => Ok(()),
            // A type's name is a function's too: it casts.
            None if own(&words, builtins::data_type, "information schema")
                .is_some_and(|g| g.class == Class::Harmless && !builtins::is_alias(g)) =>
            {
                self.collector.call(path, arguments, range);
                Ok(())
            }
            None => self.refuse(
                Rule::Function,
                range,
                format!("{} is no function of PostgreSQL's own", words.join(".")),
                "use functions of PostgreSQL's own, or permit it in the profile by just this name",
            ),
        }
    }

    /// `x.name` calls the function of that name where `x` has no such column, so whatever may not be called may
    /// not stand there either.
    fn field(&mut self, node: &SyntaxNode) -> Result<(), Refusal> {
        let own = node.text_range();
        if usize::from(own.start()) < self.callee.end && usize::from(own.end()) <= self.callee.end {
            return Ok(());
        }
        let field = node
            .last_child_or_token()
            .and_then(SyntaxElement::into_node)
            .filter(|last| last.kind() == SyntaxKind::NAME_REF)
            .and_then(|last| names(&last).next());
        let Some(field) = field else {
            return Ok(());
        };
        match builtins::function(&field.text) {
            Some(group) if group.class == Class::Refused && !builtins::is_never_a_field(group) => {
                self.refuse(
                    Rule::Function,
                    token_range(&field.token),
                    format!("{} after a dot can be a call, and it {}", field.text, group.reason),
                    "leave it out; a column of that name can be read without its table's name, or as part of *",
                )
            }
            // A name that the server cuts may be another one then.
            _ if field.text.len() > MAX_NAME_BYTES => self.refuse(
                Rule::Function,
                token_range(&field.token),
                format!("a name after a dot can be a call, and the server cuts this one after {MAX_NAME_BYTES} bytes"),
                "write the name as it is cut",
            ),
            _ => {
                let base = node.first_child();
                self.collector.field(base.as_ref(), &field);
                Ok(())
            }
        }
    }

    /// Types by name; those that the grammar has words for have nodes of their own.
    fn data_type(&mut self, node: &SyntaxNode) -> Result<(), Refusal> {
        let path = node.children().find(|c| c.kind() == SyntaxKind::PATH_REF);
        let Some(path) = path.as_ref().and_then(path_of_names) else {
            return self.unreadable(node);
        };
        let words: Vec<&str> = path.iter().map(|name| name.text.as_str()).collect();
        let quoted = path.iter().any(|name| name.quoted == Quoted::Yes);
        let known = own(&words, builtins::data_type, "information schema")
            .filter(|group| !builtins::is_alias(group) || (words.len() == 1 && !quoted));
        match known {
            Some(group) if group.class == Class::Harmless => {
                if let [name] = words.as_slice()
                    && !builtins::is_alias(group)
                {
                    self.collector.data_type(name, own_range(node));
                }
                Ok(())
            }
            None if self.permitted.data_type(&words) => Ok(()),
            Some(group) => self.refuse(
                Rule::Type,
                own_range(node),
                format!("values of the type {} {}", words.join("."), group.reason),
                "leave it out",
            ),
            None => self.refuse(
                Rule::Type,
                own_range(node),
                format!("{} is no type of PostgreSQL's own, and making a value of it can call functions", words.join(".")),
                "compare as text (column::text = '…'), or permit the type in the profile by just this name",
            ),
        }
    }

    /// `OPERATOR(schema.+)`.
    fn operator_schema(&self, node: &SyntaxNode) -> Result<(), Refusal> {
        for path in node.children().filter(|c| c.kind() == SyntaxKind::PATH_REF) {
            let words: Vec<String> = names(&path).map(|name| name.text).collect();
            if !matches!(words.as_slice(), [] | [_]) || words.iter().any(|w| w != "pg_catalog") {
                return self.refuse(
                    Rule::Operator,
                    own_range(node),
                    format!("the operators of {} are not known", words.join(".")),
                    "use operators of pg_catalog, or call the operator's function and permit that in the profile",
                );
            }
        }
        Ok(())
    }

    fn relation(&self, node: &SyntaxNode) -> Result<(), Refusal> {
        let path = node.children().find(|c| c.kind() == SyntaxKind::PATH_REF);
        let Some(path) = path.as_ref().and_then(path_of_names) else {
            return self.unreadable(node);
        };
        let (last, schemas) = path.split_last().expect("a path has a last name");
        let elsewhere = schemas.last().is_some_and(|schema| !is_system_schema(&schema.text));
        match builtins::relation(&last.text) {
            Some(group) if !elsewhere => self.refuse(
                Rule::Relation,
                own_range(node),
                format!("{} is one of the relations that {}", last.text, group.reason),
                "leave it out",
            ),
            _ => Ok(()),
        }
    }

    /// Options by name, quoted or not: the server takes `"analyze"` too.
    fn explain_option(&self, node: &SyntaxNode) -> Result<(), Refusal> {
        let option = node
            .children()
            .find(|c| c.kind() == SyntaxKind::EXPLAIN_OPTION_NAME)
            .and_then(|option| names(&option).next());
        let Some(option) = option else {
            return self.unreadable(node);
        };
        match option.text.as_str() {
            "verbose" | "costs" | "settings" | "generic_plan" | "buffers" | "timing"
            | "summary" | "memory" | "format" => Ok(()),
            "analyze" | "analyse" => self.refuse(
                Rule::StatementKind,
                own_range(node),
                "EXPLAIN ANALYZE runs the statement",
                "use EXPLAIN without ANALYZE",
            ),
            other => self.refuse(
                Rule::Construct,
                own_range(node),
                format!("EXPLAIN's option {other} is not known, or needs ANALYZE"),
                "use VERBOSE, COSTS, SETTINGS, GENERIC_PLAN, BUFFERS, SUMMARY, MEMORY and FORMAT",
            ),
        }
    }

    /// What the parser accepts and this judge can't read is refused.
    fn unreadable(&self, node: &SyntaxNode) -> Result<(), Refusal> {
        self.refuse(
            Rule::Construct,
            own_range(node),
            "this is written in a way that is not known to be harmless",
            "write it in another way",
        )
    }
}

/// What is known of a name of PostgreSQL's own: without a schema, as `pg_catalog.name`, or, for the group that lives
/// there and that no search path finds, as `information_schema.name`.
fn own(
    words: &[&str],
    known: impl Fn(&str) -> Option<&'static Group>,
    of_information_schema: &str,
) -> Option<&'static Group> {
    let (name, in_information_schema) = match words {
        [name] | ["pg_catalog", name] => (name, false),
        ["information_schema", name] => (name, true),
        _ => return None,
    };
    known(name).filter(|group| (group.title == of_information_schema) == in_information_schema)
}

/// The names in `a.b`, where an expression is one or two names and nothing else.
pub(crate) fn path_of_expression(node: &SyntaxNode) -> Option<Vec<Name>> {
    if node.kind() == SyntaxKind::NAME_REF {
        return only_name(node).map(|name| vec![name]);
    }
    let mut parts = node.children();
    let (schema, name) = (parts.next()?, parts.next()?);
    if parts.next().is_some()
        || schema.kind() != SyntaxKind::NAME_REF
        || name.kind() != SyntaxKind::NAME_REF
    {
        return None;
    }
    Some(vec![only_name(&schema)?, only_name(&name)?])
}

/// The names in a path of a type or a relation: three at most, as `database.schema.name`.
pub(crate) fn path_of_names(path: &SyntaxNode) -> Option<Vec<Name>> {
    let mut found = Vec::new();
    for segment in path.descendants().filter(|n| n.kind() == SyntaxKind::PATH_SEGMENT_REF) {
        if found.len() == 3 {
            return None;
        }
        found.push(only_name(&segment)?);
    }
    (!found.is_empty()).then_some(found)
}

/// The one name that a node is.
pub(crate) fn only_name(node: &SyntaxNode) -> Option<Name> {
    let mut found = None;
    for element in node.children_with_tokens() {
        let SyntaxElement::Token(token) = element else {
            return None;
        };
        if matches!(token.kind(), SyntaxKind::WHITESPACE | SyntaxKind::COMMENT) {
            continue;
        }
        if found.is_some() {
            return None;
        }
        found = Some(name(token)?);
    }
    found
}

/// How many arguments a call is given, where the text tells.
fn arguments(call: &SyntaxNode) -> Option<usize> {
    if call.children().any(|n| n.kind() == SyntaxKind::WITHIN_CLAUSE) {
        return None;
    }
    let list = call.children().find(|n| n.kind() == SyntaxKind::ARG_LIST)?;
    let words = list.descendants_with_tokens().filter_map(SyntaxElement::into_token);
    if words.into_iter().any(|token| token.kind() == SyntaxKind::VARIADIC_KW) {
        return None;
    }
    let arguments = |n: &SyntaxNode| matches!(n.kind(), SyntaxKind::ARG | SyntaxKind::NAMED_ARG);
    Some(list.children().filter(arguments).count())
}

/// Whether a star stands for all columns or all rows, and is no operator.
fn is_everything(token: &SyntaxToken) -> bool {
    let of =
        |kind| matches!(kind, SyntaxKind::TARGET | SyntaxKind::FIELD_EXPR | SyntaxKind::ARG_LIST);
    token.kind() == SyntaxKind::STAR && token.parent().is_some_and(|p| of(p.kind()))
}

fn is_operator(token: &SyntaxToken) -> bool {
    // A comment can be made of nothing but signs.
    token.kind() != SyntaxKind::COMMENT
        && token.text().bytes().all(|b| b"+-*/<>=~!@#%^&|`?".contains(&b))
        && !token.text().is_empty()
}

/// The first operator of a run of signs: all of them, but for a plus or minus at the end of one that has none of
/// `~ ! @ # % ^ & | `` ` `` ?` (PostgreSQL's manual, 4.1.3).
fn first_operator(signs: &str) -> &str {
    if signs.contains(['~', '!', '@', '#', '%', '^', '&', '|', '`', '?']) {
        return signs;
    }
    let end = signs.trim_end_matches(['+', '-']).len().max(1);
    &signs[..end]
}

/// Words that stand before brackets like a function's name, and that no function can take the place of.
fn is_word_of_the_grammar(word: &str) -> bool {
    matches!(
        word,
        "coalesce"
            | "nullif"
            | "greatest"
            | "least"
            | "grouping"
            | "xmlconcat"
            | "current_time"
            | "current_timestamp"
            | "localtime"
            | "localtimestamp"
    )
}

/// A kind of node as a person would name it: `GRAPH_TABLE_FN` is graph table.
fn spoken(kind: SyntaxKind) -> String {
    let name = format!("{kind:?}").to_ascii_lowercase().replace('_', " ");
    name.trim_end_matches(" fn").to_owned()
}

/// The parts of the grammar of PostgreSQL 14 to 18 that a query can be made of, and that do nothing by themselves. A
/// kind that a newer parser knows is refused until somebody has judged it.
fn is_harmless(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        // What a statement is.
        SyntaxKind::SELECT
        | SyntaxKind::COMPOUND_SELECT
        | SyntaxKind::PAREN_SELECT
        | SyntaxKind::VALUES
        | SyntaxKind::TABLE
        | SyntaxKind::SHOW
        | SyntaxKind::EXPLAIN
        | SyntaxKind::EXPLAIN_OPTION_LIST
        | SyntaxKind::EXPLAIN_OPTION_NAME
        | SyntaxKind::EXPLAIN_OPTION_VALUE
        | SyntaxKind::EXPLAIN_VERBOSE
        // What is selected.
        | SyntaxKind::SELECT_CLAUSE
        | SyntaxKind::TARGET_LIST
        | SyntaxKind::TARGET
        | SyntaxKind::DISTINCT_CLAUSE
        | SyntaxKind::DISTINCT_ON
        | SyntaxKind::DISTINCT
        | SyntaxKind::ALL
        | SyntaxKind::AS_NAME
        | SyntaxKind::COLUMN_NAME
        | SyntaxKind::COLUMN_NAME_REF
        // Where from.
        | SyntaxKind::FROM_CLAUSE
        | SyntaxKind::RELATION_FROM_ITEM
        | SyntaxKind::FUNCTION_FROM_ITEM
        | SyntaxKind::PAREN_FROM_ITEM
        | SyntaxKind::EXPR_FROM_ITEM
        | SyntaxKind::ROWS_FROM_ITEM
        | SyntaxKind::ROWS_FROM_ARG
        | SyntaxKind::XML_TABLE_FROM_ITEM
        | SyntaxKind::JSON_TABLE_FROM_ITEM
        | SyntaxKind::RELATION_NAME
        | SyntaxKind::FROM_ALIAS
        | SyntaxKind::TABLE_ALIAS
        | SyntaxKind::COLUMN_LIST
        | SyntaxKind::COLUMN_DEF_LIST
        | SyntaxKind::COLUMN_DEF
        | SyntaxKind::COLUMN_REF_LIST
        | SyntaxKind::REQUIRED_AS_ALIAS
        | SyntaxKind::OPTIONAL_AS_ALIAS
        | SyntaxKind::WITH_ORDINALITY
        | SyntaxKind::TABLESAMPLE_CLAUSE
        | SyntaxKind::REPEATABLE_CLAUSE
        // Joins.
        | SyntaxKind::JOIN_EXPR
        | SyntaxKind::JOIN
        | SyntaxKind::JOIN_CROSS
        | SyntaxKind::JOIN_FULL
        | SyntaxKind::JOIN_INNER
        | SyntaxKind::JOIN_LEFT
        | SyntaxKind::JOIN_RIGHT
        | SyntaxKind::JOIN_USING_CLAUSE
        | SyntaxKind::ON_CLAUSE
        | SyntaxKind::USING_EXPR_CLAUSE
        // Which rows and groups.
        | SyntaxKind::WHERE_CLAUSE
        | SyntaxKind::GROUP_BY_CLAUSE
        | SyntaxKind::GROUP_BY_LIST
        | SyntaxKind::GROUPING_CUBE
        | SyntaxKind::GROUPING_EXPR
        | SyntaxKind::GROUPING_ROLLUP
        | SyntaxKind::GROUPING_SETS
        | SyntaxKind::HAVING_CLAUSE
        // Windows.
        | SyntaxKind::WINDOW_CLAUSE
        | SyntaxKind::WINDOW_DEF
        | SyntaxKind::WINDOW
        | SyntaxKind::WINDOW_REF
        | SyntaxKind::WINDOW_SPEC
        | SyntaxKind::OVER_CLAUSE
        | SyntaxKind::OVER_WINDOW_SPEC
        | SyntaxKind::FRAME_CLAUSE
        | SyntaxKind::FRAME_BETWEEN
        | SyntaxKind::FRAME_EXCLUDE
        | SyntaxKind::FRAME_GROUPS
        | SyntaxKind::FRAME_RANGE
        | SyntaxKind::FRAME_ROWS
        | SyntaxKind::EXPR_FOLLOWING
        | SyntaxKind::EXPR_PRECEDING
        | SyntaxKind::UNBOUNDED_FOLLOWING
        | SyntaxKind::UNBOUNDED_PRECEDING
        | SyntaxKind::CURRENT_ROW
        | SyntaxKind::TIES
        | SyntaxKind::NO_OTHERS
        | SyntaxKind::GROUP
        | SyntaxKind::PARTITION_BY
        | SyntaxKind::PARTITION_BY_CLAUSE
        // Order and limits; sets of rows.
        | SyntaxKind::ORDER_BY_CLAUSE
        | SyntaxKind::SORT_BY
        | SyntaxKind::SORT_BY_LIST
        | SyntaxKind::SORT_ASC
        | SyntaxKind::SORT_DESC
        | SyntaxKind::SORT_USING
        | SyntaxKind::NULLS_FIRST
        | SyntaxKind::NULLS_LAST
        | SyntaxKind::LIMIT_CLAUSE
        | SyntaxKind::OFFSET_CLAUSE
        | SyntaxKind::FETCH_CLAUSE
        | SyntaxKind::FETCH_ONLY
        | SyntaxKind::WITH_TIES
        | SyntaxKind::FIRST
        | SyntaxKind::NEXT
        | SyntaxKind::ROW_LIST
        | SyntaxKind::ROW
        | SyntaxKind::UNION
        | SyntaxKind::INTERSECT
        | SyntaxKind::EXCEPT
        // Common table expressions.
        | SyntaxKind::WITH_CLAUSE
        | SyntaxKind::WITH_TABLE
        | SyntaxKind::CTE_NAME
        | SyntaxKind::MATERIALIZED
        | SyntaxKind::NOT_MATERIALIZED
        | SyntaxKind::SEARCH_CLAUSE
        | SyntaxKind::SEARCH_COLUMNS
        | SyntaxKind::SEARCH_SET_COLUMN
        | SyntaxKind::BREADTH_FIRST
        | SyntaxKind::DEPTH_FIRST
        | SyntaxKind::CYCLE_CLAUSE
        | SyntaxKind::CYCLE_COLUMNS
        | SyntaxKind::CYCLE_COLUMN_TO
        | SyntaxKind::CYCLE_DEFAULT
        | SyntaxKind::CYCLE_PATH
        | SyntaxKind::CYCLE_SET_COLUMN
        // Expressions.
        | SyntaxKind::NAME_REF
        | SyntaxKind::PATH_REF
        | SyntaxKind::PATH_SEGMENT_REF
        | SyntaxKind::LITERAL
        | SyntaxKind::PAREN_EXPR
        | SyntaxKind::TUPLE_EXPR
        | SyntaxKind::BIN_EXPR
        | SyntaxKind::PREFIX_EXPR
        | SyntaxKind::POSTFIX_EXPR
        | SyntaxKind::BETWEEN_EXPR
        | SyntaxKind::CASE_EXPR
        | SyntaxKind::WHEN_CLAUSE_LIST
        | SyntaxKind::WHEN_CLAUSE
        | SyntaxKind::ELSE_CLAUSE
        | SyntaxKind::ARRAY_EXPR
        | SyntaxKind::INDEX_EXPR
        | SyntaxKind::SLICE_EXPR
        | SyntaxKind::CAST_EXPR
        | SyntaxKind::COLLATE
        | SyntaxKind::COLLATION_REF
        | SyntaxKind::COLON_COLON
        | SyntaxKind::CUSTOM_OP
        | SyntaxKind::AT_LOCAL
        | SyntaxKind::AT_TIME_ZONE
        // Words that are operators.
        | SyntaxKind::IS_DISTINCT_FROM
        | SyntaxKind::IS_NOT_DISTINCT_FROM
        | SyntaxKind::IS_NOT
        | SyntaxKind::IS_NORMALIZED
        | SyntaxKind::IS_NOT_NORMALIZED
        | SyntaxKind::UNICODE_NORMAL_FORM
        | SyntaxKind::NOT_IN
        | SyntaxKind::NOT_LIKE
        | SyntaxKind::NOT_ILIKE
        | SyntaxKind::SIMILAR_TO
        | SyntaxKind::NOT_SIMILAR_TO
        | SyntaxKind::IS_JSON
        | SyntaxKind::IS_JSON_ARRAY
        | SyntaxKind::IS_JSON_OBJECT
        | SyntaxKind::IS_JSON_SCALAR
        | SyntaxKind::IS_JSON_VALUE
        | SyntaxKind::IS_NOT_JSON
        | SyntaxKind::IS_NOT_JSON_ARRAY
        | SyntaxKind::IS_NOT_JSON_OBJECT
        | SyntaxKind::IS_NOT_JSON_SCALAR
        | SyntaxKind::IS_NOT_JSON_VALUE
        | SyntaxKind::SYMMETRIC
        | SyntaxKind::ASYMMETRIC
        // Arguments.
        | SyntaxKind::ARG_LIST
        | SyntaxKind::ARG
        | SyntaxKind::NAMED_ARG
        | SyntaxKind::PARAM_NAME_REF
        | SyntaxKind::FILTER_CLAUSE
        | SyntaxKind::WITHIN_CLAUSE
        | SyntaxKind::RESPECT_NULLS
        | SyntaxKind::IGNORE_NULLS
        // Types that the grammar has words for.
        | SyntaxKind::ARRAY_TYPE
        | SyntaxKind::ARRAY_BOUND
        | SyntaxKind::BIT_TYPE
        | SyntaxKind::BIT_VARYING_TYPE
        | SyntaxKind::CHARACTER_TYPE
        | SyntaxKind::VARCHAR_TYPE
        | SyntaxKind::DOUBLE_TYPE
        | SyntaxKind::TIME_TYPE
        | SyntaxKind::TIMESTAMP_TYPE
        | SyntaxKind::INTERVAL_TYPE
        | SyntaxKind::INTERVAL_YEAR
        | SyntaxKind::INTERVAL_MONTH
        | SyntaxKind::INTERVAL_DAY
        | SyntaxKind::INTERVAL_HOUR
        | SyntaxKind::INTERVAL_MINUTE
        | SyntaxKind::INTERVAL_SECOND
        | SyntaxKind::WITH_TIMEZONE
        | SyntaxKind::WITHOUT_TIMEZONE
        // Functions that the grammar has words for.
        | SyntaxKind::ANY_FN
        | SyntaxKind::ALL_FN
        | SyntaxKind::SOME_FN
        | SyntaxKind::EXISTS_FN
        | SyntaxKind::COLLATION_FOR_FN
        | SyntaxKind::EXTRACT_FN
        | SyntaxKind::EXTRACT_FIELD_NAME
        | SyntaxKind::EXTRACT_FIELD_LITERAL
        | SyntaxKind::POSITION_FN
        | SyntaxKind::OVERLAY_FN
        | SyntaxKind::OVERLAY_EXPRS
        | SyntaxKind::OVERLAY_PLACING
        | SyntaxKind::SUBSTRING_FN
        | SyntaxKind::SUBSTRING_EXPRS
        | SyntaxKind::SUBSTRING_FOR_FROM
        | SyntaxKind::SUBSTRING_FROM_FOR
        | SyntaxKind::SUBSTRING_SIMILAR_ESCAPE
        | SyntaxKind::TRIM_FN
        | SyntaxKind::TRIM_BOTH
        | SyntaxKind::TRIM_EXPRS
        | SyntaxKind::TRIM_EXPR_FROM
        | SyntaxKind::TRIM_FROM
        | SyntaxKind::TRIM_LEADING
        | SyntaxKind::TRIM_TRAILING
        // JSON.
        | SyntaxKind::JSON_FN
        | SyntaxKind::JSON_ARRAY_FN
        | SyntaxKind::JSON_ARRAY_AGG_FN
        | SyntaxKind::JSON_OBJECT_FN
        | SyntaxKind::JSON_OBJECT_AGG_FN
        | SyntaxKind::JSON_SCALAR_FN
        | SyntaxKind::JSON_SERIALIZE_FN
        | SyntaxKind::JSON_VALUE_FN
        | SyntaxKind::JSON_QUERY_FN
        | SyntaxKind::JSON_EXISTS_FN
        | SyntaxKind::JSON_EXPR_FORMAT
        | SyntaxKind::JSON_SELECT_FORMAT
        | SyntaxKind::JSON_FORMAT_CLAUSE
        | SyntaxKind::JSON_ENCODING
        | SyntaxKind::JSON_ENCODING_CLAUSE
        | SyntaxKind::JSON_KEY_VALUE
        | SyntaxKind::JSON_VALUE_EXPR
        | SyntaxKind::JSON_NULL_ON_NULL
        | SyntaxKind::JSON_ABSENT_ON_NULL
        | SyntaxKind::JSON_WITH_UNIQUE_KEYS
        | SyntaxKind::JSON_WITHOUT_UNIQUE_KEYS
        | SyntaxKind::JSON_RETURNING_CLAUSE
        | SyntaxKind::JSON_PASSING_ARG
        | SyntaxKind::JSON_PASSING_CLAUSE
        | SyntaxKind::JSON_VARIABLE_NAME
        | SyntaxKind::JSON_ON_EMPTY_CLAUSE
        | SyntaxKind::JSON_ON_ERROR_CLAUSE
        | SyntaxKind::JSON_BEHAVIOR_DEFAULT
        | SyntaxKind::JSON_BEHAVIOR_EMPTY_ARRAY
        | SyntaxKind::JSON_BEHAVIOR_EMPTY_OBJECT
        | SyntaxKind::JSON_BEHAVIOR_ERROR
        | SyntaxKind::JSON_BEHAVIOR_FALSE
        | SyntaxKind::JSON_BEHAVIOR_NULL
        | SyntaxKind::JSON_BEHAVIOR_TRUE
        | SyntaxKind::JSON_BEHAVIOR_UNKNOWN
        | SyntaxKind::JSON_WITHOUT_WRAPPER
        | SyntaxKind::JSON_WITH_CONDITIONAL_WRAPPER
        | SyntaxKind::JSON_WITH_UNCONDITIONAL_WRAPPER
        | SyntaxKind::JSON_QUOTES_CLAUSE
        | SyntaxKind::KEEP_QUOTES
        | SyntaxKind::OMIT_QUOTES
        | SyntaxKind::ON_SCALAR_STRING
        // JSON_TABLE.
        | SyntaxKind::JSON_TABLE
        | SyntaxKind::JSON_TABLE_COLUMN_LIST
        | SyntaxKind::JSON_TABLE_EXISTS_COLUMN
        | SyntaxKind::JSON_TABLE_NESTED_COLUMN
        | SyntaxKind::JSON_TABLE_ORDINALITY_COLUMN
        | SyntaxKind::JSON_TABLE_VALUE_COLUMN
        | SyntaxKind::JSON_PATH_CLAUSE
        | SyntaxKind::JSON_PATH_NAME
        | SyntaxKind::JSON_PATH_NAME_CLAUSE
        // XML.
        | SyntaxKind::XML_TABLE
        | SyntaxKind::XML_TABLE_COLUMN
        | SyntaxKind::XML_TABLE_COLUMN_LIST
        | SyntaxKind::XML_COLUMN_OPTION_LIST
        | SyntaxKind::OPTION_PATH
        | SyntaxKind::OPTION_DEFAULT
        | SyntaxKind::OPTION_NOT_NULL
        | SyntaxKind::OPTION_NULL
        | SyntaxKind::XML_ROW_PASSING_CLAUSE
        | SyntaxKind::XML_PASSING_DOC
        | SyntaxKind::XML_PASSING_MECH_BY_REF
        | SyntaxKind::XML_PASSING_MECH_BY_VALUE
        | SyntaxKind::XML_NAMESPACE
        | SyntaxKind::XML_NAMESPACE_LIST
        | SyntaxKind::XML_NAMESPACE_PREFIX
        | SyntaxKind::XML_EXISTS_FN
        | SyntaxKind::XML_ELEMENT_FN
        | SyntaxKind::ELEMENT_TAG
        | SyntaxKind::XML_ATTR
        | SyntaxKind::EXPR_AS_XML_ATTR
        | SyntaxKind::EXPR_AS_XML_ATTR_LIST
        | SyntaxKind::XML_FOREST_FN
        | SyntaxKind::EXPR_AS_ELEMENT_TAG
        | SyntaxKind::EXPR_AS_ELEMENT_TAG_LIST
        | SyntaxKind::XML_PARSE_FN
        | SyntaxKind::XML_DOCUMENT
        | SyntaxKind::XML_CONTENT
        | SyntaxKind::PRESERVE_WHITESPACE
        | SyntaxKind::STRIP_WHITESPACE
        | SyntaxKind::XML_PI_FN
        | SyntaxKind::XML_PI_TARGET
        | SyntaxKind::XML_ROOT_FN
        | SyntaxKind::XML_VERSION_EXPR
        | SyntaxKind::XML_VERSION_NO_VALUE
        | SyntaxKind::STANDALONE_NO
        | SyntaxKind::STANDALONE_NO_VALUE
        | SyntaxKind::STANDALONE_YES
        | SyntaxKind::XML_SERIALIZE_FN
        | SyntaxKind::INDENT
        | SyntaxKind::NO_INDENT
        // SHOW.
        | SyntaxKind::TIME_ZONE
        | SyntaxKind::SESSION_AUTHORIZATION
        | SyntaxKind::CONFIG_PARAMETER_REF
            | SyntaxKind::TRANSACTION_ISOLATION_LEVEL
    )
}
