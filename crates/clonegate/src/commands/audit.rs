//! `clonegate audit`.

use std::io::ErrorKind;
use std::path::PathBuf;

use clonegate_model::Exit;
use clonegate_query::audit_path;
use clonegate_store::Store;
use clonegate_store::audit::{AuditError, AuditLog, Verification, VerifyError, verify};
use jiff::Timestamp;

use super::Failure;
use crate::cli;
use crate::console::Console;

/// Unanswered statements that are listed; the others are counted.
const SHOWN: usize = 20;

pub(super) fn run(command: cli::Audit, store: &Store, console: &Console) -> Result<Exit, Failure> {
    match command {
        cli::Audit::Verify { files, head } => check(files, head.as_deref(), store, console),
        cli::Audit::Head { file } => show_head(file, store, console),
    }
}

/// How a command ends that could not say that the log is intact.
pub(super) fn exit(error: &VerifyError) -> Exit {
    match error {
        VerifyError::Read(AuditError::Io { source, .. })
            if matches!(source.kind(), ErrorKind::NotFound | ErrorKind::IsADirectory) =>
        {
            Exit::Usage
        }
        VerifyError::Read(AuditError::Damaged { .. })
        | VerifyError::Broken { .. }
        | VerifyError::HeadMissing { .. } => Exit::Fail,
        VerifyError::Read(_) => Exit::Unexpected,
        VerifyError::NoHash { .. } => Exit::Usage,
    }
}

fn no_log(path: &std::path::Path) -> Failure {
    Failure::Usage(format!(
        "there is no audit log {}; name its file, or the store with --store",
        path.display()
    ))
}

fn check(
    files: Vec<PathBuf>,
    head: Option<&str>,
    store: &Store,
    console: &Console,
) -> Result<Exit, Failure> {
    let files = if files.is_empty() {
        let log = AuditLog::new(audit_path(store.root()));
        let files = log.files().map_err(|e| Failure::Audit(e.into()))?;
        if files.is_empty() {
            return Err(no_log(log.path()));
        }
        files
    } else {
        files
    };
    let found = match verify(&files, head) {
        Ok(found) => found,
        Err(error) => {
            if console.wants_json() && exit(&error) == Exit::Fail {
                let said = serde_json::json!({"intact": false, "problem": error.to_string()});
                console.print(&said.to_string());
            }
            return Err(Failure::Audit(error));
        }
    };
    if console.wants_json() {
        console.print(&json(&found));
    } else {
        console.print(&words(&found));
    }
    Ok(if found.lines == 0 { Exit::NothingChecked } else { Exit::Pass })
}

fn words(found: &Verification) -> String {
    let (Some((first, begun)), Some((last, ended))) = (found.first, found.last) else {
        return "empty: the log has no line".to_owned();
    };
    let mut text = format!(
        "intact: {} lines, number {first} of {} to number {last} of {}\nhead {}",
        found.lines,
        time(begun),
        time(ended),
        found.head
    );
    if found.breaches > 0 {
        text.push_str(&format!("\nBREACHES: {} statements wrote something", found.breaches));
    }
    if found.torn > 0 {
        text.push_str(&format!("\n{} lines were cut by a crash and set aside", found.torn));
    }
    if found.cut > 0 {
        text.push_str(&format!(
            "\n{} bytes behind the last line were cut by a crash; the next entry sets them aside",
            found.cut
        ));
    }
    if !found.unanswered.is_empty() {
        text.push_str(&format!(
            "\n{} unanswered: still running, or their process was killed",
            found.unanswered.len()
        ));
        for one in found.unanswered.iter().take(SHOWN) {
            let caller = one.caller.as_deref().unwrap_or("somebody");
            let database = one.database.as_deref().unwrap_or("a database");
            let at = time(one.at);
            text.push_str(&format!("\n  number {} of {at}: {caller} on {database}", one.sequence));
        }
        if found.unanswered.len() > SHOWN {
            text.push_str("\n  …");
        }
    }
    text
}

fn json(found: &Verification) -> String {
    let unanswered: Vec<_> = found
        .unanswered
        .iter()
        .map(|u| serde_json::json!({"sequence": u.sequence, "at": u.at, "caller": u.caller, "database": u.database}))
        .collect();
    let end = |end: Option<(u64, Timestamp)>| {
        end.map(|(n, at)| serde_json::json!({"sequence": n, "at": at}))
    };
    serde_json::json!({
        "intact": true,
        "lines": found.lines,
        "first": end(found.first),
        "last": end(found.last),
        "head": (found.lines > 0).then_some(&found.head),
        "unanswered": unanswered,
        "breaches": found.breaches,
        "torn": found.torn,
        "cut_bytes": found.cut,
    })
    .to_string()
}

fn show_head(file: Option<PathBuf>, store: &Store, console: &Console) -> Result<Exit, Failure> {
    let log = AuditLog::new(file.unwrap_or_else(|| audit_path(store.root())));
    if log.files().map_err(|e| Failure::Audit(e.into()))?.is_empty() {
        return Err(no_log(log.path()));
    }
    match log.head().map_err(|e| Failure::Audit(e.into()))? {
        Some(head) if console.wants_json() => console.print(
            &serde_json::json!({"head": head.hash, "sequence": head.sequence, "at": head.at})
                .to_string(),
        ),
        Some(head) => {
            console.print(&head.hash);
            console.note(&format!("number {} of {}", head.sequence, time(head.at)));
        }
        None => {
            console.note("the log has no line");
            return Ok(Exit::NothingChecked);
        }
    }
    Ok(Exit::Pass)
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}
