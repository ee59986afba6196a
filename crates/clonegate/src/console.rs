//! The only place that prints: data to standard output, everything else to standard error.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use clonegate_gate::Observer;
use clonegate_model::Phase;
use clonegate_report::{Color, Document, render_terminal};
use indicatif::{ProgressBar, ProgressStyle};
use tracing_subscriber::EnvFilter;

use crate::commands::Failure;

/// How wide a report is where there is no terminal.
const DEFAULT_WIDTH: u16 = 120;

/// Prints.
#[derive(Debug, Clone)]
pub(crate) struct Console {
    quiet: bool,
    json: bool,
    /// A spinner on a terminal; nothing that moves anywhere else.
    spinner: Option<Arc<ProgressBar>>,
}

impl Console {
    pub(crate) fn new(quiet: bool, json: bool) -> Self {
        let spinner = (!quiet && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::new_spinner();
            bar.set_style(
                ProgressStyle::with_template("{spinner} {msg} ({elapsed})")
                    .unwrap_or_else(|_| ProgressStyle::default_spinner()),
            );
            Arc::new(bar)
        });
        Self { quiet, json, spinner }
    }

    /// Logs go to standard error where `CLONEGATE_LOG` asks for them (`clonegate_probe=debug`).
    pub(crate) fn start_logging(&self) {
        let asked = std::env::var("CLONEGATE_LOG").unwrap_or_default();
        let mut filter = if asked.is_empty() { "off".to_owned() } else { asked.clone() };
        // One of these logs statements, the other whole messages with their rows: only where they
        // are asked for by name.
        for talkative in ["tokio_postgres", "rmcp"] {
            if !asked.contains(talkative) {
                filter.push_str(&format!(",{talkative}=warn"));
            }
        }
        let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("off"));
        // A second call in one process (the tests) finds a subscriber already there.
        let _ = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .try_init();
    }

    pub(crate) fn wants_json(&self) -> bool {
        self.json
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Data.
    pub(crate) fn print(&self, text: &str) {
        self.rest();
        // A closed pipe is the reader's decision.
        let _ = writeln!(std::io::stdout().lock(), "{}", text.trim_end());
    }

    /// Data whose every byte counts.
    pub(crate) fn print_exactly(&self, text: &str) {
        self.rest();
        // A closed pipe is the reader's decision.
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    /// Whether what is printed goes to a person's terminal.
    pub(crate) fn prints_to_a_terminal(&self) -> bool {
        std::io::stdout().is_terminal()
    }

    /// A report as tables.
    pub(crate) fn print_document(&self, document: &Document) {
        let out = std::io::stdout();
        let color = if self.has_color() { Color::Always } else { Color::Never };
        let width = (!out.is_terminal()).then_some(DEFAULT_WIDTH);
        self.print(&render_terminal(document, width, color));
    }

    /// Whether standard output shows colors.
    pub(crate) fn has_color(&self) -> bool {
        std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
    }

    /// A line for people.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.error_line(text);
        }
    }

    /// A line that a person needs even where they asked for quiet.
    pub(crate) fn insist(&self, text: &str) {
        self.error_line(text);
    }

    /// A failure, with the place in a file where there is one.
    pub(crate) fn failure(&self, failure: &Failure) {
        self.error_line(&failure.to_string());
    }

    fn error_line(&self, text: &str) {
        let write = || {
            let _ = writeln!(std::io::stderr().lock(), "{}", text.trim_end());
        };
        match &self.spinner {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Takes the spinner away.
    pub(crate) fn rest(&self) {
        if let Some(bar) = &self.spinner {
            bar.finish_and_clear();
        }
    }

    /// Shows what is being done. It only becomes visible where something takes longer.
    pub(crate) fn doing(&self, step: &str) {
        if let Some(bar) = &self.spinner {
            bar.reset_elapsed();
            bar.set_message(step.to_owned());
            bar.enable_steady_tick(Duration::from_millis(120));
        }
    }
}

impl Observer for Console {
    fn phase(&self, phase: Phase) {
        if self.spinner.is_none() {
            self.note(&format!("{phase} …"));
        }
    }

    fn step(&self, step: &str) {
        self.doing(step);
    }

    fn warning(&self, warning: &str) {
        self.error_line(warning);
    }
}
