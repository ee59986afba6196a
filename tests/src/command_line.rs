//! What a person at the command line sees.

use crate::harness::{Side, Trial};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_can_be_read_as_tables_json_and_markdown_and_none_has_a_secret() {
    let trial = Trial::new().await;
    let config = trial.config().to_str().unwrap().to_owned();
    let ended = trial.command(&["gate", "--config", &config, "--json"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.said());
    let record: clonegate_model::RunRecord =
        serde_json::from_str(&ended.stdout).expect("the record is JSON");
    assert_eq!(record.production_entry.as_ref().map(Vec::len), Some(9));
    assert_eq!(record.clone_entry.as_ref().map(Vec::len), Some(8));

    let markdown = trial.command(&["report", record.run.as_str()]).await;
    assert_eq!(markdown.stdout.trim(), trial.report().trim());
    let terminal = trial.command(&["report", "--format", "terminal"]).await;
    for check in record.assertions() {
        let words = check.title.split_whitespace().next().unwrap();
        assert!(
            terminal.stdout.contains(words) && markdown.stdout.contains(words),
            "{}",
            check.title
        );
    }
    assert!(!terminal.stdout.contains('\u{1b}'), "no colours without a terminal");

    let mut said = format!("{}{}{}", ended.said(), markdown.said(), terminal.said());
    for file in walk(&trial.store()) {
        said.push_str(&std::fs::read_to_string(file).unwrap_or_default());
    }
    for side in [Side::Production, Side::Clone] {
        let endpoint = trial.endpoint(side);
        for passfile in [&endpoint.passfile, &endpoint.superuser_passfile] {
            let text = std::fs::read_to_string(passfile).unwrap();
            let password = text.lines().next().unwrap().rsplit(':').next().unwrap();
            assert!(
                password.len() >= 16 && !said.contains(password),
                "a password was printed or stored"
            );
        }
    }
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder can be read").flatten() {
        if entry.path().is_dir() {
            files.extend(walk(&entry.path()))
        } else {
            files.push(entry.path())
        }
    }
    files
}

#[tokio::test]
async fn mistakes_are_exit_2_and_say_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let run = async |args: &[&str]| crate::harness::run(&store, args).await;

    let missing = run(&["gate", "--config", "no/such/clonegate.toml"]).await;
    assert_eq!(missing.code, Some(2));
    assert!(missing.stderr.contains("no/such/clonegate.toml"), "{}", missing.said());

    let unknown = run(&["gat"]).await;
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("gate"), "{}", unknown.said());

    let profile = folder.path().join("clonegate.toml");
    std::fs::write(&profile, "format = 1\nname = \"x\"\n\n[production]\ndatabse = \"directus\"\n")
        .unwrap();
    let misspelt = run(&["gate", "--config", profile.to_str().unwrap()]).await;
    assert_eq!(misspelt.code, Some(2));
    assert!(
        misspelt.stderr.contains("did you mean database?") && misspelt.stderr.contains("databse"),
        "{}",
        misspelt.said()
    );

    let no_run = run(&["report"]).await;
    assert_eq!(no_run.code, Some(2));
    assert!(!store.exists(), "a mistake leaves no folder behind");
}

#[tokio::test]
async fn help_has_every_exit_code_and_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let help = crate::harness::run(folder.path(), &["--help"]).await;
    assert_eq!(help.code, Some(0));
    for exit in clonegate_model::Exit::ALL {
        let code = format!("{} ", exit.code());
        assert!(help.stdout.contains(&code), "{code} is missing: {}", help.stdout);
    }
    insta::assert_snapshot!(help.stdout);
}

#[tokio::test]
async fn schemas_are_json() {
    let folder = tempfile::tempdir().unwrap();
    for of in ["profile", "check"] {
        let schema = crate::harness::run(folder.path(), &["schema", of]).await;
        let json: serde_json::Value =
            serde_json::from_str(&schema.stdout).expect("a schema is JSON");
        assert!(json["properties"].is_object(), "{of}");
    }
}
