//! The audit log on a real disk: whatever is done to it afterwards shows.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clonegate_store::audit::{AuditEntry, AuditEvent, AuditLog, VerifyError, verify};

fn asked(text: &str) -> AuditEntry {
    AuditEntry {
        run: Some("audit-1".parse().unwrap()),
        caller: Some("cli:alice".to_owned()),
        database: Some("directus".to_owned()),
        sha256: Some("0".repeat(64)),
        text: Some(text.to_owned()),
        ..AuditEntry::new(AuditEvent::Asked)
    }
}

fn answered(asked: u64) -> AuditEntry {
    AuditEntry { asked: Some(asked), rows: Some(3), ..AuditEntry::new(AuditEvent::Answered) }
}

/// Ten questions with their answers.
fn log(folder: &Path) -> AuditLog {
    let log = AuditLog::new(folder.join("audit.jsonl"));
    for n in 0..10 {
        let number =
            log.append(&asked(&format!("select {n}\n-- \u{1f4a5} \u{0} \"quoted\""))).unwrap();
        log.append(&answered(number)).unwrap();
    }
    log
}

fn check(path: &Path) -> Result<clonegate_store::audit::Verification, VerifyError> {
    verify(&[path.to_owned()], None)
}

/// The line that is named as broken.
fn broken_at(path: &Path) -> u64 {
    match check(path) {
        Err(VerifyError::Broken { line, .. }) => line,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_intact_chain_says_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path());
    let found = check(log.path()).unwrap();
    assert_eq!((found.lines, found.first.unwrap().0, found.last.unwrap().0), (20, 1, 20));
    assert!(found.unanswered.is_empty() && found.cut == 0 && found.torn == 0);
    assert_eq!(found.head, log.head().unwrap().unwrap().hash);
    assert!(check(&folder.path().join("none.jsonl")).is_err());
    let empty = folder.path().join("empty.jsonl");
    fs::write(&empty, "").unwrap();
    assert_eq!(check(&empty).unwrap().lines, 0);
}

#[test]
fn every_byte_counts() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path());
    let good = fs::read(log.path()).unwrap();
    let changed = folder.path().join("changed.jsonl");
    let last_line = good[..good.len() - 1].iter().rposition(|b| *b == b'\n').unwrap();
    // Every byte of the first three lines and of the last one, by a bit, and to a digit or a blank.
    let ends: Vec<usize> =
        good.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(n, _)| n).collect();
    for at in (0..=ends[2]).chain(last_line + 1..good.len()) {
        for to in [good[at] ^ 1, good[at] ^ 0x20, b'7', b' '] {
            if to == good[at] {
                continue;
            }
            let mut bytes = good.clone();
            bytes[at] = to;
            fs::write(&changed, &bytes).unwrap();
            let said = check(&changed);
            let cut_at_the_end = at == good.len() - 1;
            match said {
                Err(VerifyError::Broken { line, .. }) => {
                    let really = good[..at].iter().filter(|b| **b == b'\n').count() as u64 + 1;
                    assert_eq!(line, really, "byte {at}");
                }
                // Without its newline the last line is one that a crash cut.
                Ok(found) if cut_at_the_end => assert!(found.cut > 0 && found.lines == 19),
                other => panic!("byte {at} to {to}: {other:?}"),
            }
        }
    }
}

#[test]
fn lines_that_are_removed_swapped_doubled_or_inserted_show() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path());
    let text = fs::read_to_string(log.path()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let changed = folder.path().join("changed.jsonl");
    let write = |lines: &[&str]| fs::write(&changed, format!("{}\n", lines.join("\n"))).unwrap();
    let with = |change: &dyn Fn(&mut Vec<&str>)| {
        let mut lines = lines.clone();
        change(&mut lines);
        write(&lines);
    };
    with(&|l| {
        l.remove(0);
    });
    assert_eq!(broken_at(&changed), 1);
    with(&|l| {
        l.remove(9);
    });
    assert_eq!(broken_at(&changed), 10);
    with(&|l| l.swap(4, 5));
    assert_eq!(broken_at(&changed), 5);
    with(&|l| l.insert(7, l[6]));
    assert_eq!(broken_at(&changed), 8);
    with(&|l| l.insert(3, ""));
    assert_eq!(broken_at(&changed), 4);
    with(&|l| l.insert(3, "{}"));
    assert_eq!(broken_at(&changed), 4);
    // A line of another chain, with the right number and a hash that is right by itself.
    let other_folder = tempfile::tempdir().unwrap();
    let other = fs::read_to_string(self::log(other_folder.path()).path()).unwrap();
    let foreign = other.lines().nth(12).unwrap();
    let mut mixed = lines.clone();
    mixed[12] = foreign;
    write(&mixed);
    assert_eq!(broken_at(&changed), 13);
}

#[test]
fn lines_cut_off_the_end_show_by_the_head_that_was_noted() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path());
    let head = log.head().unwrap().unwrap().hash;
    log.append(&asked("select 'later'")).unwrap();
    let files = [log.path().to_owned()];
    verify(&files, Some(&head)).unwrap();
    verify(&files, Some(&head.to_uppercase())).unwrap();

    let text = fs::read_to_string(log.path()).unwrap();
    let shorter: Vec<&str> = text.lines().take(18).collect();
    fs::write(log.path(), format!("{}\n", shorter.join("\n"))).unwrap();
    check(log.path()).unwrap();
    assert!(matches!(verify(&files, Some(&head)), Err(VerifyError::HeadMissing { .. })));
    assert!(matches!(verify(&files, Some("abc")), Err(VerifyError::NoHash { .. })));
}

#[test]
fn a_question_whose_process_was_killed_is_unanswered_and_not_broken() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path());
    let number = log.append(&asked("select pg_sleep(60)")).unwrap();
    let found = check(log.path()).unwrap();
    assert_eq!(found.unanswered.len(), 1);
    assert_eq!(found.unanswered[0].sequence, number);
    assert_eq!(found.unanswered[0].caller.as_deref(), Some("cli:alice"));
    // An outcome of a question that has one already is nobody's.
    log.append(&answered(1)).unwrap();
    assert_eq!(broken_at(log.path()), 22);
}

#[test]
fn a_line_that_a_crash_cut_is_set_aside_and_the_chain_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path());
    let whole = fs::read(log.path()).unwrap();
    let start = whole[..whole.len() - 1].iter().rposition(|b| *b == b'\n').unwrap() + 1;
    for keep in [start + 1, start + 40, whole.len() - 1] {
        fs::write(log.path(), &whole[..keep]).unwrap();
        assert_eq!(check(log.path()).unwrap().cut as usize, keep - start);
        let number = log.append(&asked("select 1")).unwrap();
        assert_eq!(number, 21, "19 are whole, one says that a line was torn");
        let found = check(log.path()).unwrap();
        assert_eq!((found.torn, found.cut, found.lines), (1, 0, 21));
        let aside = folder.path().join("audit.jsonl.torn-000000000020");
        assert_eq!(fs::read(&aside).unwrap(), &whole[start..keep]);
        fs::remove_file(aside).unwrap();
    }
}

#[test]
fn nothing_is_appended_to_a_log_whose_end_was_changed() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path());
    let text = fs::read_to_string(log.path()).unwrap();
    let (rest, last) = text.trim_end().rsplit_once('\n').unwrap();
    let changed = format!("{rest}\n{}\n", last.replace("\"rows\":3", "\"rows\":4"));
    fs::write(log.path(), &changed).unwrap();
    let error = log.append(&asked("select 1")).unwrap_err().to_string();
    assert!(error.contains("changed") && error.contains("verify"), "{error}");
    assert_eq!(fs::read_to_string(log.path()).unwrap(), changed);
    fs::write(log.path(), format!("{text}{}", "x".repeat(600_000))).unwrap();
    assert!(log.append(&asked("select 1")).is_err());
    assert!(check(log.path()).is_err());
}

#[test]
fn long_texts_fit_and_longer_ones_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let log = AuditLog::new(folder.path().join("audit.jsonl"));
    // The judge reads 32 KiB; JSON writes six characters for a control character.
    log.append(&asked(&"\u{1}".repeat(32 * 1024))).unwrap();
    log.append(&asked("select 2")).unwrap();
    assert_eq!(check(log.path()).unwrap().lines, 2);
    assert!(log.append(&asked(&"\u{1}".repeat(64 * 1024))).is_err());
    assert_eq!(check(log.path()).unwrap().lines, 2);
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("store");
    let log = log(&inner);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(log.path()), 0o600);
    assert_eq!(mode(&inner), 0o700);
}

/// Not a test by itself: what the other processes of the next one do.
#[test]
fn append_in_a_process_of_its_own() {
    let Some(path) = std::env::var_os("CLONEGATE_TEST_AUDIT") else { return };
    let log = AuditLog::new(PathBuf::from(path));
    for n in 0..100 {
        let number = log.append(&asked(&format!("select {n}"))).unwrap();
        log.append(&answered(number)).unwrap();
    }
}

#[test]
fn several_processes_and_threads_append_to_one_chain() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let processes: Vec<_> = (0..3)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "append_in_a_process_of_its_own"])
                .env("CLONEGATE_TEST_AUDIT", &path)
                .stdout(std::process::Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    let log = AuditLog::new(&path);
    std::thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| {
                for n in 0..100 {
                    let number = log.append(&asked(&format!("select {n}"))).unwrap();
                    log.append(&answered(number)).unwrap();
                }
            });
        }
        // Reading meanwhile never sees a half.
        for _ in 0..20 {
            if path.exists() {
                assert_eq!(check(&path).unwrap().cut, 0);
            }
        }
    });
    for mut process in processes {
        assert!(process.wait().unwrap().success());
    }
    let found = check(&path).unwrap();
    assert_eq!((found.lines, found.torn), (1000, 0));
    assert!(found.unanswered.is_empty());
}
