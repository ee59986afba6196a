//! Judges statements, wherever they stand: at the top level, in a DO block, in a function's body, in
//! a string that is executed.

use std::ops::Range;

use rowan::{TextRange, TextSize};
use squawk_syntax::ast::{
    AstNode, CreateFunction, CreateProcedure, Do, DoLanguage, LanguageFuncOption, Stmt,
};
use squawk_syntax::{SourceFile, SyntaxKind as K, SyntaxNode};

use super::ScriptRule::{self, *};
use super::deed::{Act, Object, Reader};
use super::tree::{child, child_of, dotted, has_child, has_descendant, has_token, string_value};
use super::words::Hidden;
use super::{ScriptPolicy, Severity, functions, settings, words};
use crate::parse::{Name, names, title};

/// How deep strings of SQL in strings of SQL are followed.
const MAX_DEPTH: usize = 4;

/// Languages whose functions can do no more than their owner, but which are not read here.
const TRUSTED_LANGUAGES: [&str; 8] =
    ["plcoffee", "plls", "plpgsql", "plperl", "plrust", "pltcl", "plv8", "sql"];

/// A broken rule, in the bytes of the file.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) rule: ScriptRule,
    pub(crate) severity: Severity,
    pub(crate) range: Range<usize>,
    pub(crate) problem: String,
    pub(crate) hint: String,
}

/// When a text is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// With the script.
    Now,
    /// When somebody calls what the script only defines.
    Later,
}

/// Where a tree's text stands in the file.
struct Site<'a> {
    /// From the tree's bytes to the file's.
    place: &'a dyn Fn(Range<usize>) -> Range<usize>,
    when: When,
    depth: usize,
}

/// Judges statement after statement.
pub(crate) struct Judge<'a> {
    policy: &'a ScriptPolicy,
    reader: Reader,
    pub(crate) found: Vec<Found>,
    pub(crate) deeds: Vec<(Object, Act, Range<usize>)>,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(policy: &'a ScriptPolicy) -> Self {
        Self { policy, reader: Reader::default(), found: Vec::new(), deeds: Vec::new() }
    }

    /// Judges one statement of the script's own.
    pub(crate) fn statement(&mut self, node: &SyntaxNode) {
        self.tree(node, &Site { place: &|range| range, when: When::Now, depth: 0 });
    }

    fn add(&mut self, rule: ScriptRule, range: Range<usize>, problem: String) {
        self.add_as(rule, rule.severity(), range, problem);
    }

    fn add_as(
        &mut self,
        rule: ScriptRule,
        severity: Severity,
        range: Range<usize>,
        problem: String,
    ) {
        let hint = rule.instead().to_owned();
        let softened = severity < rule.severity();
        let problem = if softened {
            problem.replacen("may not be in a script", "is only defined here", 1)
        } else {
            problem
        };
        // One place breaks a rule once, however often it is looked at.
        if !self.found.iter().rev().take(8).any(|f| f.rule == rule && f.range == range) {
            self.found.push(Found { rule, severity, range, problem, hint });
        }
    }

    fn tree(&mut self, root: &SyntaxNode, site: &Site<'_>) {
        for node in root.descendants() {
            self.node(&node, site);
        }
        for Name { text: name, token, .. } in names(root) {
            let range = (site.place)(bytes(token.text_range()));
            if let Some(rule) = functions::named(&name) {
                let severity = softened(rule, site.when);
                self.add_as(rule, severity, range, format!("{name} {}", does(rule)));
            } else if name == "uescape" {
                let problem = "UESCAPE changes how the name or string before it is read";
                self.add(AmbiguousText, range, problem.to_owned());
            }
        }
        let by = runs_text(root);
        if !by.is_empty() {
            self.dynamic(root, by, site);
        }
    }

    fn node(&mut self, node: &SyntaxNode, site: &Site<'_>) {
        let kind = node.kind();
        let objection = self.objection(node);
        // What is refused for itself need not be said to touch something besides.
        let refused =
            objection.as_ref().is_some_and(|(rule, _)| rule.severity() == Severity::Refused);
        if let Some((rule, problem)) = objection {
            let range = (site.place)(own_range(node));
            self.add_as(rule, softened(rule, site.when), range, problem);
        }
        match kind {
            K::DO => self.do_block(node, site),
            K::CREATE_FUNCTION | K::CREATE_PROCEDURE => self.function(node, site),
            K::SET | K::SET_FUNC_OPTION | K::RESET => self.setting(node, site),
            K::CALL_EXPR => self.call(node, site),
            K::ERROR => self.unread(node, site),
            _ => {}
        }
        // What a function or rule would do is not done by the script that defines it.
        let defined = || {
            node.ancestors().skip(1).any(|n| {
                matches!(n.kind(), K::CREATE_FUNCTION | K::CREATE_PROCEDURE | K::CREATE_RULE)
            })
        };
        if site.when == When::Now && Stmt::can_cast(kind) && !refused && !defined() {
            let range = (site.place)(own_range(node));
            for (object, act) in self.reader.read(node) {
                self.deeds.push((object, act, range.clone()));
            }
        }
    }

    /// Why a node may not be run on a clone, by its kind.
    fn objection(&self, node: &SyntaxNode) -> Option<(ScriptRule, String)> {
        let kind = node.kind();
        let says = |rule: ScriptRule| Some((rule, format!("{} {}", title(node), does(rule))));
        match kind {
            K::BEGIN | K::COMMIT_TRANSACTION | K::ROLLBACK_TRANSACTION | K::SET_TRANSACTION => {
                says(TransactionControl)
            }
            K::PREPARE_TRANSACTION | K::COMMIT_PREPARED | K::ROLLBACK_PREPARED => {
                says(PreparedTransaction)
            }
            K::PLPGSQL_COMMIT_STMT | K::PLPGSQL_ROLLBACK_STMT => says(TransactionControl),
            K::CREATE_INDEX | K::DROP_INDEX | K::REINDEX
                if has_token(node, K::CONCURRENTLY_KW)
                    || has_descendant(node, K::REINDEX_OPTION_CONCURRENTLY) =>
            {
                Some((
                    OutsideTransactionBlock,
                    format!("{} CONCURRENTLY {}", title(node), does(OutsideTransactionBlock)),
                ))
            }
            K::REINDEX
                if child_of(
                    node,
                    &[
                        K::REINDEX_TARGET_DATABASE,
                        K::REINDEX_TARGET_SCHEMA,
                        K::REINDEX_TARGET_SYSTEM,
                    ],
                )
                .is_some()
                    || node.children().any(|n| has_token(&n, K::CONCURRENTLY_KW)) =>
            {
                says(OutsideTransactionBlock)
            }
            K::DETACH_CONCURRENTLY | K::VACUUM | K::REPACK => says(OutsideTransactionBlock),
            K::CLUSTER if child_of(node, &[K::TABLE_NAME_REF, K::CLUSTER_LEGACY]).is_none() => {
                says(OutsideTransactionBlock)
            }
            K::SET_ROLE | K::SET_SESSION_AUTH | K::RESET_SESSION_AUTH | K::RESET_ROLE => {
                says(SessionIdentity)
            }
            K::DISCARD if names(node).any(|name| name.text == "all") => says(SessionSetting),
            K::CREATE_DATABASE | K::ALTER_DATABASE | K::DROP_DATABASE => says(DatabaseCommand),
            K::CREATE_ROLE
            | K::ALTER_ROLE
            | K::DROP_ROLE
            | K::CREATE_USER
            | K::ALTER_USER
            | K::DROP_USER
            | K::CREATE_GROUP
            | K::ALTER_GROUP
            | K::DROP_GROUP
            | K::REASSIGN
            | K::DROP_OWNED => says(RoleCommand),
            K::GRANT | K::REVOKE => match child(node, K::ON_PRIVILEGE_OBJECTS_CLAUSE) {
                None => says(RoleMembership),
                Some(clause) => clause.children().find_map(|objects| match objects.kind() {
                    K::PRIVILEGE_DATABASE | K::PRIVILEGE_TABLESPACE | K::PRIVILEGE_PARAMETER => {
                        says(SharedObject)
                    }
                    K::PRIVILEGE_FOREIGN_SERVER | K::PRIVILEGE_FOREIGN_DATA_WRAPPER => {
                        says(ForeignServer)
                    }
                    _ => None,
                }),
            },
            K::OBJECT_DATABASE | K::OBJECT_ROLE | K::OBJECT_TABLESPACE | K::OBJECT_SUBSCRIPTION => {
                let statement = node.parent()?;
                Some((SharedObject, format!("{} {}", title(&statement), does(SharedObject))))
            }
            K::ALTER_SYSTEM | K::CHECKPOINT => says(ServerControl),
            K::CREATE_TABLESPACE | K::ALTER_TABLESPACE | K::DROP_TABLESPACE => says(Tablespace),
            K::TABLESPACE_REF => {
                let name = dotted(node).pop().unwrap_or_default();
                let of_a_command = node.parent().is_some_and(|p| {
                    matches!(p.kind(), K::ALTER_TABLESPACE | K::DROP_TABLESPACE)
                        || matches!(p.kind(), K::OBJECT_TABLESPACE | K::PRIVILEGE_TABLESPACE)
                });
                (name != "pg_default" && !of_a_command)
                    .then(|| (Tablespace, format!("the tablespace {name} {}", does(Tablespace))))
            }
            K::CREATE_SUBSCRIPTION | K::ALTER_SUBSCRIPTION | K::DROP_SUBSCRIPTION => {
                says(Subscription)
            }
            K::CREATE_PUBLICATION | K::ALTER_PUBLICATION | K::DROP_PUBLICATION => says(Publication),
            // Dropping one cuts a connection, which is what a clone wants.
            K::CREATE_SERVER
            | K::ALTER_SERVER
            | K::CREATE_FOREIGN_DATA_WRAPPER
            | K::ALTER_FOREIGN_DATA_WRAPPER
            | K::CREATE_FOREIGN_TABLE
            | K::IMPORT_FOREIGN_SCHEMA
            | K::CREATE_USER_MAPPING
            | K::ALTER_USER_MAPPING => says(ForeignServer),
            K::COPY_PROGRAM if has_token(node, K::PROGRAM_KW) => {
                Some((CopyProgram, format!("COPY {}", does(CopyProgram))))
            }
            K::COPY_PROGRAM => Some((CopyFile, format!("COPY {}", does(CopyFile)))),
            K::LOAD | K::CREATE_ACCESS_METHOD => says(LoadsCode),
            K::CREATE_LANGUAGE => {
                let name = child(node, K::LANGUAGE).and_then(|n| dotted(&n).pop());
                let known = name.is_some_and(|n| TRUSTED_LANGUAGES.contains(&n.as_str()));
                // Old dumps make the language that every database has.
                if known
                    && !has_token(node, K::HANDLER_KW)
                    && child(node, K::HANDLER_CLAUSE).is_none()
                {
                    None
                } else {
                    says(UntrustedLanguage)
                }
            }
            K::CREATE_EXTENSION => {
                let name = child(node, K::EXTENSION).and_then(|n| dotted(&n).pop());
                let name = name.unwrap_or_default();
                (!self.policy.permits_extension(&name))
                    .then(|| (Extension, format!("the extension {name} {}", does(Extension))))
            }
            K::ALTER_EXTENSION => says(Extension),
            K::CREATE_EVENT_TRIGGER | K::ALTER_EVENT_TRIGGER | K::DROP_EVENT_TRIGGER => {
                says(EventTrigger)
            }
            K::LISTEN | K::NOTIFY | K::UNLISTEN => says(Notify),
            K::INSERT
            | K::UPDATE
            | K::DELETE
            | K::MERGE
            | K::TRUNCATE
            | K::LOCK
            | K::ALTER_TABLE
            | K::CREATE_TRIGGER
            | K::CREATE_RULE
            | K::CREATE_INDEX
            | K::CREATE_POLICY
            | K::DROP_TABLE
            | K::DROP_VIEW
            | K::COPY => {
                if kind == K::COPY && !has_child(node, K::COPY_FROM) {
                    return None;
                }
                let catalog = catalog_target(node)?;
                Some((
                    SystemCatalog,
                    format!("{} of {catalog} {}", title(node), does(SystemCatalog)),
                ))
            }
            K::DISABLE_TRIGGER => {
                Some((BypassesTriggers, format!("DISABLE TRIGGER: {}", does(BypassesTriggers))))
            }
            K::ALTER_FUNCTION | K::ALTER_PROCEDURE | K::ALTER_ROUTINE
                if has_descendant(node, K::SECURITY_DEFINER_FUNC_OPTION) =>
            {
                says(SecurityDefiner)
            }
            K::CALL => says(CallsProcedure),
            _ => None,
        }
    }

    fn do_block(&mut self, node: &SyntaxNode, site: &Site<'_>) {
        let language = node.children().find_map(DoLanguage::cast);
        let language = language
            .and_then(|l| l.language_name())
            .map_or_else(|| "plpgsql".to_owned(), |language| language.name);
        let range = (site.place)(own_range(node));
        if language == "plpgsql" {
            match Do::cast(node.clone()).and_then(|block| block.plpgsql()) {
                Some(body) => {
                    let place = |range: Range<usize>| (site.place)(mapped(&body, range));
                    let inner = Site { place: &place, when: site.when, depth: site.depth + 1 };
                    self.body(&body.syntax(), &inner);
                }
                None => self.add(BodyNotJudged, range, "the block's body could not be read".into()),
            }
        } else {
            self.language(&language, range);
        }
    }

    fn function(&mut self, node: &SyntaxNode, site: &Site<'_>) {
        let range = (site.place)(own_range(node));
        let options: Vec<SyntaxNode> =
            child(node, K::FUNC_OPTION_LIST).iter().flat_map(SyntaxNode::children).collect();
        let fixes_path = options.iter().any(|o| {
            o.kind() == K::SET_FUNC_OPTION
                && has_descendant(o, K::CONFIG_PARAMETER_REF)
                && names(o).any(|name| name.text == "search_path")
        });
        if options.iter().any(|o| o.kind() == K::SECURITY_DEFINER_FUNC_OPTION) && !fixes_path {
            let problem = format!("{} {}", title(node), does(SecurityDefiner));
            self.add(SecurityDefiner, range.clone(), problem);
        }
        let language = options.iter().cloned().find_map(LanguageFuncOption::cast);
        let language = language.and_then(|l| l.language_name()).map(|l| l.name);
        let (function, procedure) =
            (CreateFunction::cast(node.clone()), CreateProcedure::cast(node.clone()));
        match language.as_deref() {
            Some("plpgsql") => {
                let body = function
                    .and_then(|f| f.plpgsql())
                    .or_else(|| procedure.and_then(|p| p.plpgsql()));
                let Some(body) = body else {
                    let problem = "the function's body could not be read".to_owned();
                    return self.add(BodyNotJudged, range, problem);
                };
                let place = |range: Range<usize>| (site.place)(mapped(&body, range));
                let inner = Site { place: &place, when: When::Later, depth: site.depth + 1 };
                self.body(&body.syntax(), &inner);
            }
            Some("sql") => {
                let body = function
                    .and_then(|f| f.sql_body())
                    .or_else(|| procedure.and_then(|p| p.sql_body()));
                if let Some(body) = body {
                    let place = |range: Range<usize>| (site.place)(mapped(&body, range));
                    let inner = Site { place: &place, when: When::Later, depth: site.depth + 1 };
                    self.body(&body.syntax(), &inner);
                }
            }
            // A body of SQL's own grammar is part of the statement's tree.
            None => {}
            Some(other) => self.language(other, range),
        }
    }

    fn language(&mut self, language: &str, range: Range<usize>) {
        if TRUSTED_LANGUAGES.contains(&language) {
            let problem = format!("a body in {language} is not read by the judge");
            self.add(BodyNotJudged, range, problem);
        } else {
            let problem = format!("{language} {}", does(UntrustedLanguage));
            self.add(UntrustedLanguage, range, problem);
        }
    }

    fn body(&mut self, root: &SyntaxNode, site: &Site<'_>) {
        if site.depth > MAX_DEPTH {
            let range = (site.place)(own_range(root));
            let problem = format!("bodies nest deeper than {MAX_DEPTH} here");
            return self.add(TooLarge, range, problem);
        }
        let before = self.found.len();
        self.tree(root, site);
        if site.when == When::Later {
            // A procedure may commit; whether it is called is not known here.
            for found in &mut self.found[before..] {
                if found.rule == TransactionControl {
                    found.rule = ProcedureCommits;
                    found.severity = ProcedureCommits.severity();
                    found.problem = format!("this {}", does(ProcedureCommits));
                    found.hint = ProcedureCommits.instead().to_owned();
                }
            }
        }
    }

    /// `SET`, `RESET` and a function's `SET` clause.
    fn setting(&mut self, node: &SyntaxNode, site: &Site<'_>) {
        let Some(parameter) = node.descendants().find(|n| n.kind() == K::CONFIG_PARAMETER_REF)
        else {
            // SET TIME ZONE and its like have no name; RESET ALL and SET NAMES say all in words.
            if names(node).skip(1).any(|name| name.text == "all" || name.text == "names") {
                let problem = format!("{} {}", title(node), does(SessionSetting));
                self.add(SessionSetting, (site.place)(own_range(node)), problem);
            }
            return;
        };
        let name = dotted(&parameter).join(".");
        let value =
            node.descendants().find(|n| n.kind() == K::TO_CONFIG_VALUE).map(|n| value_text(&n));
        if name == "search_path"
            && site.when == When::Now
            && node.kind() == K::SET
            && let Some(value) = &value
        {
            self.reader.set_search_path(value);
        }
        self.set(&name, value.as_deref(), (site.place)(own_range(node)));
    }

    fn set(&mut self, name: &str, value: Option<&str>, range: Range<usize>) {
        if let Some((rule, severity)) = settings::judge(name, value) {
            self.add_as(rule, severity, range, format!("setting {name}: {}", does(rule)));
        }
    }

    fn call(&mut self, node: &SyntaxNode, site: &Site<'_>) {
        let Some(callee) = child_of(node, &[K::NAME_REF, K::FIELD_EXPR]) else { return };
        let mut path: Vec<String> = names(&callee).map(|name| name.text).collect();
        let Some(name) = path.pop() else { return };
        let schema = path.pop();
        let range = (site.place)(own_range(node));
        if let Some(rule) = functions::called(schema.as_deref(), &name) {
            self.add(rule, range, format!("{name} {}", does(rule)));
        } else if name == "set_config" {
            let arguments: Vec<SyntaxNode> = child(node, K::ARG_LIST)
                .iter()
                .flat_map(SyntaxNode::children)
                .filter(|n| n.kind() == K::ARG)
                .collect();
            let literal = |n: usize| {
                arguments.get(n).and_then(|a| child(a, K::LITERAL)).and_then(|l| string_value(&l))
            };
            match literal(0) {
                Some(setting) => {
                    let setting = setting.to_lowercase();
                    self.set(&setting, literal(1).as_deref(), range);
                }
                None => {
                    let problem = "set_config with a name that is computed: which setting it changes can't be judged";
                    self.add(SessionSetting, range, problem.to_owned());
                }
            }
        }
    }

    /// What the parser of bodies doesn't understand: `SELECT … INTO` with the INTO behind the list is
    /// read without it; anything else is searched for words.
    fn unread(&mut self, node: &SyntaxNode, site: &Site<'_>) {
        let text = node.text().to_string();
        let start = usize::from(node.text_range().start());
        if let Some(sql) = words::without_into(&text)
            && site.depth <= MAX_DEPTH
        {
            let parse = SourceFile::parse(&sql);
            if parse.errors().is_empty() {
                let place =
                    |range: Range<usize>| (site.place)(range.start + start..range.end + start);
                let inner = Site { place: &place, when: site.when, depth: site.depth + 1 };
                return self.tree(&parse.syntax_node(), &inner);
            }
        }
        let range = (site.place)(own_range(node));
        let problem = "the judge can't read this part of the body".to_owned();
        self.add(BodyNotJudged, range, problem);
        self.words(&text, &|found| (site.place)(found.start + start..found.end + start), site.when);
    }

    /// A statement or body that runs SQL which stands in strings.
    fn dynamic(&mut self, root: &SyntaxNode, by: Vec<SyntaxNode>, site: &Site<'_>) {
        let mut known = Vec::new();
        for node in by {
            // EXECUTE of one literal is as good as the statement itself.
            if let Some(literal) = only_literal(&node)
                && let Some(text) = string_value(&literal)
                && site.depth < MAX_DEPTH
            {
                let parse = SourceFile::parse(&text);
                if parse.errors().is_empty() {
                    let range = (site.place)(own_range(&literal));
                    let place = |_| range.clone();
                    let inner = Site { place: &place, when: site.when, depth: site.depth + 1 };
                    self.tree(&parse.syntax_node(), &inner);
                    known.push(literal);
                    continue;
                }
            }
            let range = (site.place)(own_range(&node));
            let what = title(&node);
            self.add(DynamicSql, range, format!("{what} {}", does(DynamicSql)));
        }
        for literal in root.descendants().filter(|n| n.kind() == K::LITERAL) {
            let message = literal.ancestors().any(|n| n.kind() == K::PLPGSQL_RAISE_STMT);
            if message || known.contains(&literal) {
                continue;
            }
            if let Some(text) = string_value(&literal) {
                let range = (site.place)(own_range(&literal));
                self.words(&text, &|_| range.clone(), site.when);
            }
        }
    }

    /// Searches a text that can't be parsed for what would be refused if it could.
    fn words(&mut self, text: &str, place: &dyn Fn(Range<usize>) -> Range<usize>, when: When) {
        for Hidden { rule, words, range } in words::hidden(text) {
            let problem = format!("a text that may be run has {words}, which {}", does(rule));
            self.add_as(rule, softened(rule, when), place(range), problem);
        }
    }
}

/// A function that is only defined speaks with nobody yet.
fn softened(rule: ScriptRule, when: When) -> Severity {
    match (rule, when) {
        (Notify, When::Later) => Severity::Warning,
        _ => rule.severity(),
    }
}

/// The end of a sentence that begins with what was found.
fn does(rule: ScriptRule) -> String {
    match rule.severity() {
        Severity::Refused => format!("may not be in a script: {}", rule.description()),
        _ => format!("needs a look: {}", rule.description()),
    }
}

fn bytes(range: TextRange) -> Range<usize> {
    range.start().into()..range.end().into()
}

/// The bytes of a node without blanks and comments around it.
pub(crate) fn own_range(node: &SyntaxNode) -> Range<usize> {
    let own = |t: &squawk_syntax::SyntaxToken| !matches!(t.kind(), K::WHITESPACE | K::COMMENT);
    let tokens = || node.descendants_with_tokens().filter_map(|e| e.into_token()).filter(own);
    match (tokens().next(), node.last_token()) {
        (Some(first), Some(last)) => {
            // The last token of its own, found from the end: a body may be long.
            let mut last = Some(last);
            while let Some(token) = last.take_if(|t| !own(t)) {
                last = token.prev_token();
            }
            let end = last.map_or(node.text_range().end(), |t| t.text_range().end());
            first.text_range().start().into()..end.into()
        }
        _ => bytes(node.text_range()),
    }
}

/// A range of a body's text in the text that has the body as a string.
fn mapped<T: squawk_syntax::body::BodyLanguage>(
    body: &squawk_syntax::body::Body<T>,
    range: Range<usize>,
) -> Range<usize> {
    let size = |at: usize| TextSize::new(u32::try_from(at).unwrap_or(u32::MAX));
    bytes(body.source_range(TextRange::new(size(range.start), size(range.end))))
}

/// The value behind SET's `=` or TO.
fn value_text(node: &SyntaxNode) -> String {
    let values = node.children().map(|part| {
        string_value(&part).unwrap_or_else(|| {
            let text = part.text().to_string();
            text.trim().trim_matches('"').to_owned()
        })
    });
    values.collect::<Vec<_>>().join(",")
}

/// The system catalog that a statement writes or locks.
fn catalog_target(node: &SyntaxNode) -> Option<String> {
    let mut open: Vec<SyntaxNode> = node.children().collect();
    while let Some(part) = open.pop() {
        match part.kind() {
            K::RELATION_NAME_REF | K::TABLE_NAME_REF | K::VIEW_REF => {
                let path = dotted(&part);
                let schema = path.len().checked_sub(2).map(|n| path[n].as_str());
                let catalog = match schema {
                    Some(schema) => matches!(schema, "pg_catalog" | "information_schema"),
                    // Nobody may make a relation of his own with this prefix in pg_catalog, and
                    // pg_catalog is searched first.
                    None => path.last().is_some_and(|name| name.starts_with("pg_")),
                };
                if catalog {
                    return Some(path.join("."));
                }
            }
            K::RELATION_NAME
            | K::TABLE_RELATION_NAME
            | K::TABLE_LIST
            | K::RELATION_LIST
            | K::COPY_TABLE
            | K::ON_RELATION
            | K::ON_TABLE
            | K::RULE_ON => {
                open.extend(part.children());
            }
            _ => {}
        }
    }
    None
}

/// The parts of a tree that run SQL from strings.
fn runs_text(root: &SyntaxNode) -> Vec<SyntaxNode> {
    root.descendants()
        .filter(|node| match node.kind() {
            K::PLPGSQL_DYN_EXECUTE_STMT
            | K::PLPGSQL_FOR_DYN_STMT
            | K::PLPGSQL_OPEN_EXECUTE
            | K::PLPGSQL_RETURN_QUERY_EXECUTE_STMT => true,
            K::CALL_EXPR => child_of(node, &[K::NAME_REF, K::FIELD_EXPR])
                .and_then(|callee| names(&callee).last())
                .is_some_and(|name| functions::runs_text(&name.text)),
            _ => false,
        })
        .collect()
}

/// The literal that is all that EXECUTE, or a function's first argument, has.
fn only_literal(node: &SyntaxNode) -> Option<SyntaxNode> {
    if node.kind() == K::CALL_EXPR {
        let list = child(node, K::ARG_LIST)?;
        return child(&list.children().next()?, K::LITERAL);
    }
    let mut at = child(node, K::PLPGSQL_EXPR)?;
    loop {
        let mut children = at.children();
        let only = children.next()?;
        if children.next().is_some() {
            return None;
        }
        match only.kind() {
            K::LITERAL => return Some(only),
            K::TARGET_LIST | K::TARGET | K::PAREN_EXPR => at = only,
            _ => return None,
        }
    }
}
