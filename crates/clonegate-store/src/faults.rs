//! For tests, and only with the feature `faults`: the process ends, or its disk is full, at a line of a journal.
//!
//! `CLONEGATE_FAULT` is `kill-before:N`, `kill-after:N` or `full:N`, where N counts the lines that this
//! process writes, from 1.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

static LINES: AtomicU64 = AtomicU64::new(0);

/// How many lines were written, and what is to happen at which.
fn fault() -> Option<(String, u64)> {
    let text = std::env::var("CLONEGATE_FAULT").ok()?;
    let (what, line) = text.split_once(':')?;
    Some((what.to_owned(), line.parse().ok()?))
}

/// A line is about to be written.
pub(crate) fn before_a_line() -> io::Result<()> {
    let next = LINES.load(Ordering::SeqCst) + 1;
    match fault() {
        Some((what, line)) if what == "kill-before" && line == next => die(),
        Some((what, line)) if what == "full" && line <= next => Err(full()),
        _ => Ok(()),
    }
}

/// A line is on disk.
pub(crate) fn after_a_line() -> io::Result<()> {
    let written = LINES.fetch_add(1, Ordering::SeqCst) + 1;
    match fault() {
        Some((what, line)) if what == "kill-after" && line == written => die(),
        _ => Ok(()),
    }
}

/// A file is about to be written; the disk is full for files, too.
pub(crate) fn before_a_file() -> io::Result<()> {
    let next = LINES.load(Ordering::SeqCst) + 1;
    match fault() {
        Some((what, line)) if what == "full" && line <= next => Err(full()),
        _ => Ok(()),
    }
}

fn full() -> io::Error {
    io::Error::from(io::ErrorKind::StorageFull)
}

/// SIGKILL: nothing is flushed, closed or said.
fn die() -> io::Result<()> {
    let me = rustix::process::getpid();
    rustix::process::kill_process(me, rustix::process::Signal::KILL)?;
    loop {
        std::thread::park();
    }
}
