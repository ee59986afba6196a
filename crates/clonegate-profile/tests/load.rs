//! Profiles on disk: the good one, and the mistakes that people make.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::Path;

use clonegate_profile::{AuditTexts, ProductionProfile, Profile, SnapshotProfile, StreamGrant};

const GOOD: &str = r#"format = 1
name = "trial"

[production]
database = "directus"
allowlist = ["directus"]
role = "reader"
checks = "checks"

[production.organic]
"public.system_issues" = "may-grow"

[clone]
database = "directus_gov_test_1"
name-pattern = "^directus_gov_test_[a-z0-9]{1,40}$"
role = "builder"
checks = "checks"

[build]
scripts = ["a.sql"]
rollback = "z.sql"
marker = "TEST_CLONE"

[limits]
lock-timeout = "500ms"
"#;

fn folder(profile: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::write(root.join("clonegate.toml"), profile).unwrap();
    fs::create_dir(root.join("checks")).unwrap();
    fs::write(root.join("checks/01_one.sql"), "-- title: one\n-- require: n = 1\nselect 1 as n\n")
        .unwrap();
    fs::write(root.join("a.sql"), "create table a ();").unwrap();
    fs::write(root.join("z.sql"), "drop table a;").unwrap();
    folder
}

fn load(root: &Path) -> Result<Profile, String> {
    Profile::load(&root.join("clonegate.toml")).map_err(|e| {
        // What a person sees, without the temporary folder's name.
        let mut shown = String::new();
        let handler = miette::NarratableReportHandler::new();
        handler.render_report(&mut shown, &e).unwrap();
        shown.replace(&root.display().to_string(), "")
    })
}

fn mistake(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    let folder = folder(&GOOD.replace(from, to));
    load(folder.path()).unwrap_err()
}

#[test]
fn loads_a_profile_and_every_file_it_names() {
    let folder = folder(GOOD);
    let profile = load(folder.path()).unwrap();
    assert_eq!(profile.production.checks.len(), 1);
    assert_eq!(profile.build.scripts[0].text, "create table a ();");
    assert!(profile.build.rollback.is_some() && profile.build.authorization.is_none());
    assert_eq!(profile.limits.lock_timeout.as_millis(), 500);
    assert_eq!(profile.limits.read_timeout.as_secs(), 5);
    fs::write(folder.path().join("a.sql"), "create table b ();").unwrap();
    assert_ne!(
        load(folder.path()).unwrap().sha256,
        profile.sha256,
        "the digest covers the scripts"
    );
}

#[test]
fn a_missing_rollback_script_is_for_the_gate_to_report() {
    let folder = folder(GOOD);
    fs::remove_file(folder.path().join("z.sql")).unwrap();
    assert!(load(folder.path()).unwrap().build.rollback.is_none());
}

#[test]
fn an_unknown_key_names_the_nearest_known_one() {
    insta::assert_snapshot!(mistake("role = \"reader\"", "rol = \"reader\""));
}

#[test]
fn a_clone_that_only_matches_by_a_like_wildcard_is_refused() {
    insta::assert_snapshot!(mistake("\"directus_gov_test_1\"", "\"directusXgovXtestX1\""));
}

#[test]
fn a_secret_has_no_key() {
    assert!(
        mistake("role = \"reader\"", "role = \"reader\"\npassword = \"x\"")
            .contains("unknown field")
    );
}

#[test]
fn what_the_build_may_take_and_be_bound_to_is_read() {
    let more = "marker = \"TEST_CLONE\"\nrepeatable = { \"a.sql\" = { \"public.a\" = [\"seen\"] } }\n\
                bounds = { rows = 5, bytes = \"1MiB\", time = \"2s\" }\n\
                row-marker = { column = \"by\", prefix = \"T_\" }\n\
                authorization = { by = \"a\", reference = \"b\", reason = \"c\", expires = \"2026-12-01T00:00:00Z\" }";
    let folder = folder(&GOOD.replace("marker = \"TEST_CLONE\"", more));
    let profile = load(folder.path()).unwrap();
    let bounds = &profile.build.bounds;
    assert_eq!((bounds.rows, bounds.bytes, bounds.objects), (Some(5), Some(1 << 20), None));
    assert_eq!(bounds.time.map(|t| t.as_secs()), Some(2));
    assert_eq!(profile.build.repeatable["a.sql"]["public.a"], ["seen"]);
    assert_eq!(profile.build.row_marker.unwrap().prefix, "T_");
    let expires = profile.build.authorization.unwrap().expires.unwrap();
    assert_eq!(expires.to_string(), "2026-12-01T00:00:00Z");
    // Both scripts, and the same digest without the authorization.
    assert_eq!(profile.binding.scripts.keys().collect::<Vec<_>>(), ["a.sql", "z.sql"]);
    profile.binding.write(&folder.path().join("clonegate.toml"), expires).unwrap();
    let bound = load(folder.path()).unwrap();
    assert_eq!(bound.binding, profile.binding);
}

#[test]
fn other_mistakes_say_what_to_write() {
    let marker = "marker = \"TEST_CLONE\"";
    let with = |more: &str| mistake(marker, &format!("{marker}\n{more}"));
    assert!(with("repeatable = { \"b.sql\" = {} }").contains("no script is called so"));
    assert!(with("bounds = { bytes = \"much\" }").contains("for instance 16MiB"));
    assert!(with("row-marker = { column = \"by\", prefix = \"\" }").contains("prefix is empty"));
    let until =
        "authorization = { by = \"a\", reference = \"b\", reason = \"c\", expires = \"soon\" }";
    assert!(with(until).contains("2026-12-01T00:00:00Z"));
    assert!(mistake("\"may-grow\"", "\"grows\"").contains("may-grow or may-change"));
    assert!(mistake("\"500ms\"", "\"fast\"").contains("for instance 500ms"));
    let twice = mistake("[\"a.sql\"]", "[\"a.sql\", \"./a.sql\"]");
    assert!(twice.contains("two scripts are called a.sql"), "{twice}");
    assert!(mistake("format = 1", "format = 2").contains("format 1"));
    assert!(
        mistake("scripts = [\"a.sql\"]", "scripts = [\"missing.sql\"]").contains("missing.sql")
    );
    assert!(
        mistake("^directus_gov_test_[a-z0-9]{1,40}$", "directus_gov_test_.*")
            .contains("must begin with ^")
    );
}

/// All that queries need.
const ASKED: &str = r#"format = 1
name = "trial"

[production]
database = "directus"
allowlist = ["directus", "workflow"]
role = "reader"
"#;

fn ask(profile: &str) -> Result<ProductionProfile, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clonegate.toml");
    fs::write(&path, profile).unwrap();
    ProductionProfile::load(&path).map_err(|e| {
        let mut shown = String::new();
        miette::NarratableReportHandler::new().render_report(&mut shown, &e).unwrap();
        shown
    })
}

#[test]
fn queries_need_production_and_nothing_else() {
    let profile = ask(ASKED).unwrap();
    let query = &profile.query;
    let names: Vec<&str> = query.databases.iter().map(|d| d.as_str()).collect();
    assert_eq!(names, ["directus"]);
    assert_eq!((query.rows, query.bytes, query.connections), (500, 1 << 20, 2));
    assert_eq!((query.audit.is_none(), query.texts), (true, AuditTexts::Kept));
    // The gate's profile does as well, and its other files are not read.
    ask(GOOD).unwrap();
    let more = "[query]\ndatabases = [\"workflow\", \"directus\"]\nrows = 10000\nbytes = 67108864\n\
                connections = 16\nqueue-timeout = \"5m\"\naudit = \"log/a.jsonl\"\naudit-texts = false\n\
                [permitted]\nfunctions = [\"shop.price\"]\ntypes = [\"shop.money\"]\n";
    let profile = ask(&format!("{ASKED}{more}")).unwrap();
    assert_eq!(profile.query.databases[0].as_str(), "workflow");
    assert_eq!((profile.query.rows, profile.query.connections), (10_000, 16));
    assert_eq!(profile.query.texts, AuditTexts::LeftOut);
    assert!(profile.query.audit.unwrap().ends_with("log/a.jsonl"));
    assert_eq!(profile.permitted.functions, ["shop.price"]);
    let whole = folder(&format!("{GOOD}{more}").replace("\"workflow\", ", ""));
    assert_eq!(load(whole.path()).unwrap().permitted.types, ["shop.money"]);
}

#[test]
fn bounds_of_queries_go_no_further_than_is_documented() {
    for (line, said) in [
        ("rows = 0", "not between 1 and 10000"),
        ("rows = 10001", "not between 1 and 10000"),
        ("bytes = 67108865", "not between 1 and 67108864"),
        ("connections = 17", "not between 1 and 16"),
        ("queue-timeout = \"301s\"", "between 1ms and 300s"),
        ("databases = []", "no database may be asked"),
        ("databases = [\"elsewhere\"]", "not on production's allowlist"),
        ("databases = [\"directus\", \"directus\"]", "named twice"),
        ("rwos = 5", "did you mean rows?"),
        ("audit-text = false", "did you mean audit-texts?"),
    ] {
        let problem = ask(&format!("{ASKED}[query]\n{line}\n")).unwrap_err();
        assert!(problem.contains(said), "{line}: {problem}");
    }
    let problem = ask(&format!("{ASKED}[permitted]\nfunction = []\n")).unwrap_err();
    assert!(problem.contains("did you mean functions?"), "{problem}");
    let alone = ask(&ASKED.replace("[\"directus\", ", "[")).unwrap_err();
    assert!(alone.contains("directus is not on production's allowlist"), "{alone}");
}

#[test]
fn the_gate_says_what_it_lacks() {
    let lacks = |text: &str| load(folder(text).path()).unwrap_err();
    assert!(lacks(ASKED).contains("no [clone], which the gate needs"));
    let (head, _) = GOOD.split_once("[build]").unwrap();
    assert!(lacks(head).contains("no [build], which the gate needs"));
    let no_checks = GOOD.replacen("checks = \"checks\"\n", "", 1);
    assert!(lacks(&no_checks).contains("no `checks` in [production], which the gate needs"));
}

#[test]
fn what_the_witnesses_take_is_said_for_each_database() {
    let table = "\n[production.witness]\ndigest = [\"public.orders\"]\ndigest-small = \"64KiB\"\nbudget = \"2m\"\nconnections = 4\nwal = true\nreplica-lag = \"30s\"\n";
    let folder = folder(&format!("{GOOD}{table}"));
    let profile = load(folder.path()).unwrap();
    let witness = &profile.production.witness;
    assert!(witness.digest.contains("public.orders") && witness.wal && !witness.show_keys);
    assert_eq!((witness.digest_small, witness.connections), (64 << 10, 4));
    assert_eq!((witness.budget.as_secs(), witness.replica_lag.unwrap().as_secs()), (120, 30));
    assert_eq!(witness.active_sessions, Some(100), "production is not to be overloaded");
    assert_eq!(profile.clone.witness.active_sessions, None);
    assert_eq!(profile.clone.witness.digest_small, 8 << 20);
}

#[test]
fn a_witness_that_can_not_be_taken_as_said_is_refused() {
    for (line, said) in [
        ("digest = [\"orders\"]", "write \"public.orders\""),
        ("stream = [\"orders\"]", "write \"public.orders\""),
        ("digest-small = \"8 megabytes\"", "8MiB"),
        ("budget = \"0s\"", "is no time"),
        ("connections = 0", "from 1 to 16"),
        ("connections = 99", "from 1 to 16"),
        ("digests = []", "did you mean digest?"),
    ] {
        let folder = folder(&format!("{GOOD}\n[production.witness]\n{line}\n"));
        let error = load(folder.path()).unwrap_err();
        assert!(error.contains(said), "{line}: {error}");
    }
}

#[test]
fn rows_leave_the_server_only_where_production_grants_it() {
    let loaded = |table: &str| {
        let folder = folder(&format!("{GOOD}\n{table}\n"));
        load(folder.path()).map(|p| (p.production.witness.stream, p.clone.witness.stream))
    };
    let names = ["public.orders".to_owned()].into();
    for (line, granted) in [
        ("", StreamGrant::Nothing),
        ("stream = []", StreamGrant::Nothing),
        ("stream = [\"public.orders\"]", StreamGrant::Named(names)),
        ("stream = [\"*\"]", StreamGrant::Everything),
    ] {
        let seen = loaded(&format!("[production.witness]\n{line}")).unwrap();
        assert_eq!(seen, (granted, StreamGrant::Nothing), "{line}");
    }
    let error = loaded("[clone.witness]\nstream = [\"*\"]").unwrap_err();
    assert!(error.contains("psql"), "{error}");
}

#[test]
fn snapshots_need_no_build_and_no_checks_and_production_no_clone() {
    let without_build = &GOOD[..GOOD.find("[build]").unwrap()];
    let clone_only = without_build.replace("checks = \"checks\"\n", "");
    let root = folder(&clone_only);
    let path = root.path().join("clonegate.toml");
    let profile = SnapshotProfile::load(&path).unwrap();
    assert!(profile.clone.is_some_and(|clone| clone.checks_folder.is_none()));
    assert_eq!(profile.production.organic.len(), 1);

    fs::write(&path, &clone_only[..clone_only.find("[clone]").unwrap()]).unwrap();
    assert!(SnapshotProfile::load(&path).unwrap().clone.is_none());

    // The gate has nothing to prove without them.
    let clone_checks = "role = \"builder\"\nchecks = \"checks\"";
    let said = mistake(clone_checks, "role = \"builder\"");
    assert!(said.contains("`checks` in [clone]"), "{said}");
    // Checks that are there are not read: they may be broken.
    let root = folder(GOOD);
    fs::write(root.path().join("checks/01_one.sql"), "no check").unwrap();
    let profile = SnapshotProfile::load(&root.path().join("clonegate.toml")).unwrap();
    assert!(profile.production.checks.is_empty());
}
