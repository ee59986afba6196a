//! A run record in, the report as Markdown or terminal tables out
