//! `clonegate lint` as a program calls it: the exit codes, and what a profile's set is.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clonegate_model::Exit;

async fn lint(folder: &Path, arguments: &[&str]) -> Exit {
    let mut words: Vec<OsString> = ["clonegate", "--quiet", "lint"].map(OsString::from).to_vec();
    for argument in arguments {
        // Names of files are of the test's folder, options are not.
        words.push(if argument.ends_with(".sql") || argument.ends_with(".toml") {
            folder.join(argument).into_os_string()
        } else {
            OsString::from(argument)
        });
    }
    clonegate::run(words).await
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a file in it");
    }
    folder
}

#[tokio::test]
async fn the_exit_code_says_whether_something_is_refused() {
    let folder = folder(&[
        ("clean.sql", "create table a ();\ncomment on table a is 'TEST_CLONE';\n"),
        ("warned.sql", "alter table orders add column note text;\n"),
        ("refused.sql", "select 1;\n\\connect production\n"),
        ("undo.sql", "drop table a;\n"),
    ]);
    let at = folder.path();
    assert_eq!(lint(at, &["clean.sql"]).await, Exit::Pass);
    assert_eq!(
        lint(
            at,
            &["clean.sql", "--rollback", "undo.sql", "--marker", "TEST_CLONE", "--deny-warnings"]
        )
        .await,
        Exit::Pass
    );
    assert_eq!(lint(at, &["warned.sql"]).await, Exit::Pass);
    assert_eq!(lint(at, &["warned.sql", "--deny-warnings"]).await, Exit::Fail);
    assert_eq!(lint(at, &["clean.sql", "--marker", "OTHER", "--deny-warnings"]).await, Exit::Fail);
    assert_eq!(lint(at, &["clean.sql", "refused.sql", "--format", "sarif"]).await, Exit::Fail);
    assert_eq!(lint(at, &["refused.sql", "--format", "json"]).await, Exit::Fail);
}

#[tokio::test]
async fn files_that_are_not_there_or_not_text_are_usage() {
    let folder = folder(&[]);
    let latin = folder.path().join("latin.sql");
    std::fs::write(&latin, b"select 1;\nselect '\xe9';\n").expect("a file");
    assert_eq!(lint(folder.path(), &["missing.sql"]).await, Exit::Usage);
    assert_eq!(lint(folder.path(), &["latin.sql"]).await, Exit::Usage);
    assert_eq!(lint(folder.path(), &["--config", "missing.toml"]).await, Exit::Usage);
    assert_eq!(lint(folder.path(), &["--marker", "x"]).await, Exit::Usage);
}

#[tokio::test]
async fn the_one_roof_profile_is_clean_and_what_is_added_to_it_is_seen() {
    let one_roof = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sql/one-roof");
    let profile = one_roof.join("clonegate.toml");
    let strict = ["--config", profile.to_str().expect("UTF-8"), "--deny-warnings"];
    assert_eq!(lint(&one_roof, &strict).await, Exit::Pass);

    let copy = tempfile::tempdir().expect("a temporary folder");
    copy_folder(&one_roof, copy.path());
    let profile = copy.path().join("clonegate.toml");
    let strict = ["--config", profile.to_str().expect("UTF-8"), "--deny-warnings"];
    assert_eq!(lint(copy.path(), &strict).await, Exit::Pass);
    // A check that writes, a table that nobody drops, no rollback script.
    let check = copy.path().join("checks/production/02_ownership_rows.sql");
    let before = std::fs::read_to_string(&check).expect("the check");
    std::fs::write(&check, format!("{before}\n; delete from a")).expect("a file");
    assert_eq!(lint(copy.path(), &strict).await, Exit::Fail);
    std::fs::write(&check, before).expect("a file");
    assert_eq!(lint(copy.path(), &strict).await, Exit::Pass);
    std::fs::remove_file(copy.path().join("rollback/Z_axis_substrate_drop_clone.sql"))
        .expect("it was there");
    assert_eq!(lint(copy.path(), &strict).await, Exit::Fail);
}

#[tokio::test]
async fn a_profile_without_scripts_and_checks_is_nothing_to_judge() {
    let folder = folder(&[(
        "clonegate.toml",
        r#"
format = 1
name = "empty"
[production]
database = "app"
allowlist = ["app"]
role = "reader"
checks = "checks"
[clone]
database = "app_clone_1"
name-pattern = "^app_clone_[a-z0-9]{1,40}$"
role = "owner"
checks = "checks"
[build]
scripts = []
rollback = "undo.sql"
marker = "TEST_CLONE"
"#,
    )]);
    std::fs::create_dir(folder.path().join("checks")).expect("a folder");
    let exit = lint(folder.path(), &["--config", "clonegate.toml"]).await;
    assert_eq!(exit, Exit::NothingChecked);
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry: PathBuf = entry.expect("an entry").path();
        let target = to.join(entry.file_name().expect("a name"));
        if entry.is_dir() {
            copy_folder(&entry, &target);
        } else {
            std::fs::copy(&entry, &target).expect("a file");
        }
    }
}
