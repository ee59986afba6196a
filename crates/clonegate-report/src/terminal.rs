//! The report for a terminal.

use comfy_table::{Attribute, Cell, ContentArrangement, Table, presets};

use crate::document::{Block, Document, harmless};

/// Whether marks and headings are set in colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// They are.
    Always,
    /// They are not: no terminal, or `NO_COLOR` is set.
    Never,
}

/// Renders a document in at most `width` columns; without a width, in as many as the terminal has.
#[must_use]
pub fn render_terminal(document: &Document, width: Option<u16>, color: Color) -> String {
    let mut out = String::new();
    for block in &document.blocks {
        if !out.is_empty() {
            out.push('\n');
        }
        match block {
            Block::Title(text) | Block::Heading(text) => {
                out.push_str(&format!("{}\n", strong(&harmless(text), color)))
            }
            Block::Paragraph { lead, text } => {
                if let Some(lead) = lead {
                    out.push_str(&strong(&harmless(lead), color));
                    out.push(' ');
                }
                out.push_str(&harmless(text));
                out.push('\n');
            }
            Block::Bullets(items) => {
                for item in items {
                    out.push_str(&format!("  - {}\n", harmless(item)));
                }
            }
            Block::Table { header, rows } => {
                out.push_str(&format!("{}\n", table(header, rows, width, color)))
            }
        }
    }
    out
}

fn strong(text: &str, color: Color) -> String {
    match color {
        Color::Always => format!("\u{1b}[1m{text}\u{1b}[0m"),
        Color::Never => text.to_owned(),
    }
}

fn table(header: &[String], rows: &[Vec<String>], width: Option<u16>, color: Color) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    if let Some(width) = width {
        table.set_width(width);
    }
    match color {
        Color::Always => table.enforce_styling(),
        Color::Never => table.force_no_tty(),
    };
    table.set_header(header.iter().map(|h| cell(h, color).add_attribute(Attribute::Bold)));
    for row in rows {
        table.add_row(row.iter().map(|c| cell(c, color)));
    }
    table
}

fn cell(text: &str, color: Color) -> Cell {
    let cell = Cell::new(harmless(text));
    match color {
        Color::Never => cell,
        Color::Always if text.contains('✗') => cell.fg(comfy_table::Color::Red),
        Color::Always if text.contains('✓') => cell.fg(comfy_table::Color::Green),
        Color::Always if text.contains("not established") => cell.fg(comfy_table::Color::Yellow),
        Color::Always => cell,
    }
}
