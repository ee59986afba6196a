//! A run record in, the report out: as Markdown for files, as tables for a terminal. What can be said of
//! two snapshots ([`differences`]) is rendered the same way.
//!
//! Both renderings come from one [`Document`], so they can't say different things, and the document
//! comes from the [`RunRecord`](clonegate_model::RunRecord) alone: rendering twice gives the same
//! text. Texts that come from a database are made harmless on the way: control characters can't
//! reach a terminal, and markup can't reach the Markdown.
//!
//! The crate reads no files and decides nothing.

mod differences;
mod document;
mod markdown;
mod report;
mod terminal;

pub use differences::{differences, differences_line};
pub use document::{Block, Document};
pub use markdown::render_markdown;
pub use report::{report, summary_line};
pub use terminal::{Color, render_terminal};
