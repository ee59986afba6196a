//! Reads the corpora: SQL files with a line `-- @ …` before each statement.

/// One statement of a corpus.
#[derive(Debug)]
pub(crate) struct Statement {
    /// What stands after `-- @`.
    pub(crate) tag: String,
    pub(crate) sql: String,
}

/// The statements of a corpus, in order.
pub(crate) fn read(text: &str) -> Vec<Statement> {
    let mut statements: Vec<Statement> = Vec::new();
    for line in text.lines() {
        if let Some(tag) = line.strip_prefix("-- @") {
            statements.push(Statement { tag: tag.trim().to_owned(), sql: String::new() });
        } else if let Some(last) = statements.last_mut() {
            last.sql.push_str(line);
            last.sql.push('\n');
        }
    }
    statements
}

pub(crate) fn honest() -> Vec<Statement> {
    read(include_str!("../corpus/honest.sql"))
}

pub(crate) fn hostile() -> Vec<Statement> {
    read(include_str!("../corpus/hostile.sql"))
}
