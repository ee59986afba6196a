//! The report as Markdown (CommonMark with GitHub's tables).

use crate::document::{Block, Document, harmless};

/// Renders a document as Markdown.
#[must_use]
pub fn render_markdown(document: &Document) -> String {
    let mut out = String::new();
    for block in &document.blocks {
        if !out.is_empty() {
            out.push('\n');
        }
        match block {
            Block::Title(text) => out.push_str(&format!("# {}\n", escaped(text))),
            Block::Heading(text) => out.push_str(&format!("## {}\n", escaped(text))),
            Block::Paragraph { lead: None, text } => out.push_str(&format!("{}\n", escaped(text))),
            Block::Paragraph { lead: Some(lead), text } => {
                out.push_str(&format!("**{}** {}\n", escaped(lead), escaped(text)));
            }
            Block::Bullets(items) => {
                for item in items {
                    out.push_str(&format!("- {}\n", escaped(item)));
                }
            }
            Block::Table { header, rows } => {
                out.push_str(&line(header));
                out.push_str(&line(&vec!["---".to_owned(); header.len()]));
                rows.iter().for_each(|row| out.push_str(&line(row)));
            }
        }
    }
    out
}

fn line(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|c| escaped(c).replace('|', "\\|")).collect();
    format!("| {} |\n", cells.join(" | "))
}

/// Keeps `code` spans, and makes everything outside them plain text.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for (n, part) in harmless(text).split('`').enumerate() {
        if n > 0 {
            out.push('`');
        }
        if n % 2 == 1 {
            out.push_str(part);
            continue;
        }
        for c in part.chars() {
            if matches!(c, '<' | '*' | '[' | ']' | '\\') {
                out.push('\\');
            }
            out.push(c);
        }
    }
    // An open code span would swallow what follows.
    if out.matches('`').count() % 2 == 1 {
        out = out.replace('`', "'");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_escapes_from_a_database_stay_text() {
        let cell = |text: &str| {
            let mut doc = Document::default();
            doc.table(&["a"], vec![vec![text.to_owned()]]);
            render_markdown(&doc).lines().nth(2).unwrap_or_default().to_owned()
        };
        assert_eq!(cell("a|b"), "| a\\|b |");
        assert_eq!(cell("<script>"), "| \\<script> |");
        assert_eq!(cell("x\n| y"), "| x \\| y |");
        assert_eq!(cell("\u{1b}[31mred"), "| \u{fffd}\\[31mred |");
        assert_eq!(cell("`open"), "| 'open |");
        assert_eq!(cell("`a < b`"), "| `a < b` |");
        assert_eq!(cell("n >= 1"), "| n >= 1 |");
    }
}
