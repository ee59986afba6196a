//! What a report consists of, whatever it is rendered to.

/// A report before it is rendered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    /// Its parts, in order.
    pub blocks: Vec<Block>,
}

/// A part of a report. Texts may have `code` in backticks; nothing else in them is markup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// The title.
    Title(String),
    /// A part's heading.
    Heading(String),
    /// A paragraph; with a bold beginning, where it has one.
    Paragraph {
        /// Set in bold.
        lead: Option<String>,
        /// The text.
        text: String,
    },
    /// A list.
    Bullets(Vec<String>),
    /// A table.
    Table {
        /// The columns' names.
        header: Vec<String>,
        /// The rows.
        rows: Vec<Vec<String>>,
    },
}

impl Document {
    pub(crate) fn heading(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Heading(text.into()));
    }

    pub(crate) fn paragraph(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Paragraph { lead: None, text: text.into() });
    }

    pub(crate) fn lead(&mut self, lead: impl Into<String>, text: impl Into<String>) {
        self.blocks.push(Block::Paragraph { lead: Some(lead.into()), text: text.into() });
    }

    pub(crate) fn bullets(&mut self, items: Vec<String>) {
        if !items.is_empty() {
            self.blocks.push(Block::Bullets(items));
        }
    }

    pub(crate) fn table(&mut self, header: &[&str], rows: Vec<Vec<String>>) {
        let header = header.iter().map(|h| (*h).to_owned()).collect();
        self.blocks.push(Block::Table { header, rows });
    }
}

/// One line without control characters: an escape sequence in a role's or script's name must not
/// reach a terminal.
pub(crate) fn harmless(text: &str) -> String {
    let one_line = text.split(['\n', '\r', '\t']).collect::<Vec<_>>().join(" ");
    one_line.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
