//! Questions to production: what is shown, what is refused, and what the audit log has of them.

use std::path::PathBuf;

use clonegate_model::{Exit, Value};
use clonegate_profile::ProductionProfile;
use clonegate_query::{Caller, Described, QueryError, QueryService, Scope, new_run_id};
use clonegate_store::audit::{AuditEvent, AuditLine, Verification, verify};
use regex::Regex;

use crate::harness::{Ended, Gate, Side, Trial, run_with_input, set, until};

/// Runs for longer than anybody waits, and counts.
const LONG: &str =
    "select count(*) from generate_series(1, 100000) a, generate_series(1, 1000000) b";

/// A production that can be asked, and nothing else in its profile than is needed for that.
struct Asked {
    trial: Trial,
}

impl Asked {
    async fn new() -> Self {
        let trial = Trial::new().await;
        trial.edit(|document| {
            document.remove("clone");
            document.remove("build");
            document["production"].as_table_mut().expect("a table").remove("checks");
        });
        Self { trial }
    }

    fn set(&self, path: &str, value: impl Into<toml_edit::Value>) {
        self.trial.edit(|document| set(document, path, Some(value.into())));
    }

    fn config(&self) -> String {
        self.trial.config().to_str().expect("the path is text").to_owned()
    }

    async fn query(&self, args: &[&str]) -> Ended {
        let config = self.config();
        let mut all = vec!["query", "--config", &config];
        all.extend(args);
        self.trial.command(&all).await
    }

    async fn sql(&self, sql: &str) -> String {
        self.trial.sql(Side::Production, sql).await
    }

    /// What is counted in a session that is not one of production's own database.
    async fn outside(&self, sql: &str) -> String {
        let psql = &self.trial.endpoint(Side::Production).psql;
        psql.run_sql("postgres", sql).await.expect("the server answers").trim().to_owned()
    }

    fn log(&self) -> PathBuf {
        self.trial.store().join("audit.jsonl")
    }

    fn lines(&self) -> Vec<AuditLine> {
        let text = std::fs::read_to_string(self.log()).expect("there is a log");
        text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
    }

    fn verified(&self) -> Verification {
        verify(&[self.log()], None).expect("the chain is intact")
    }

    /// The events of the log since its line number `since`, with their rules.
    fn events(&self, since: usize) -> Vec<(AuditEvent, Option<String>)> {
        let lines = self.lines();
        lines[since..].iter().map(|l| (l.entry.event, l.entry.rule.clone())).collect()
    }

    fn service(&self) -> QueryService {
        let profile = ProductionProfile::load(self.trial.config()).expect("the profile is good");
        QueryService::from_profile(&profile, new_run_id().expect("an id"), &self.trial.store())
            .expect("a service")
    }

    /// Waits until production runs a statement of a query.
    async fn somebody_asks(&self) {
        until("the statement runs", async || self.asking().await == "1").await;
    }

    async fn asking(&self) -> String {
        self.outside("select count(*) from pg_stat_activity where application_name like 'clonegate/%' and state = 'active' and query like '%generate_series%' and pid <> pg_backend_pid()").await
    }
}

fn redacted(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, to) in [
        (r"in \d+\.\d ms", "in <duration>"),
        (r#""elapsed_ms":[0-9.]+"#, r#""elapsed_ms":"<duration>""#),
        (r"\d{8}-\d{6}-[0-9a-f]{8}", "<run>"),
        (r"cut by the (server|channel) after [^ ]+", "cut by the $1 after <duration>"),
    ] {
        text = Regex::new(pattern).expect("a pattern").replace_all(&text, to).into_owned();
    }
    text
}

const ALL_KINDS: &str = r#"select 1 as n, null::text as nothing, '' as empty, 'NULL' as word,
    1.50 as price, true as yes, 'say "é", 漢字'::varchar as words, E'two\nlines' as lines,
    E'\x1b]0;owned\x07\x1b[2J' as escape, array[1, 2] as list
union all select -7, 'x', 'y', null, 12345678901234567890.5, false, '', '', '', '{}'"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_a_table_json_or_csv_and_can_drive_no_terminal() {
    let asked = Asked::new().await;
    let table = asked.query(&[ALL_KINDS]).await;
    assert_eq!(table.code, Some(0), "{}", table.said());
    let json = asked.query(&["--json", ALL_KINDS]).await;
    let csv = asked.query(&["--csv", ALL_KINDS]).await;
    assert_eq!((json.code, csv.code), (Some(0), Some(0)), "{}{}", json.said(), csv.said());
    for (ended, own) in [(&table, "\n"), (&json, "\n")] {
        let shown = format!("{}{}", ended.stdout, ended.stderr);
        assert!(!shown.contains(|c: char| c.is_control() && !own.contains(c)), "{shown:?}");
    }
    insta::assert_snapshot!("table", redacted(&format!("{}---\n{}", table.stdout, table.stderr)));
    insta::assert_snapshot!("json", redacted(&json.stdout));
    insta::assert_snapshot!(
        "csv",
        csv.stdout.replace('\r', "<cr>").replace('\u{1b}', "<esc>").replace('\u{7}', "<bel>")
    );

    let parsed: serde_json::Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!(parsed["rows"][0][8], "\u{1b}]0;owned\u{7}\u{1b}[2J", "the value is kept");
    let quiet = asked.query(&["--quiet", "values (1)"]).await;
    assert!(quiet.stderr.is_empty() && quiet.stdout.contains("(1 row)"), "{}", quiet.said());
    let both = asked.query(&["--json", "--csv", "values (1)"]).await;
    assert_eq!(both.code, Some(2), "{}", both.said());

    asked.set("query.rows", 3);
    let cut = asked.query(&["--json", "select n from generate_series(1, 10) n"]).await;
    let parsed: serde_json::Value = serde_json::from_str(&cut.stdout).expect("JSON");
    assert_eq!(parsed["rows"].as_array().map(Vec::len), Some(3));
    assert_eq!(parsed["truncated"], true);
    assert!(cut.stderr.contains("there are more"), "{}", cut.said());

    let said = asked.verified();
    assert!(said.unanswered.is_empty());
    let last = asked.lines().pop().expect("a line");
    assert_eq!(
        (last.entry.event, last.entry.rows, last.entry.truncated),
        (AuditEvent::Answered, Some(3), Some(true))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_comes_from_the_arguments_or_from_standard_input() {
    let asked = Asked::new().await;
    let config = asked.config();
    let store = asked.trial.store();
    let args = ["query", "--csv", "--quiet", "--config", &config];
    for more in [&[][..], &["-"][..]] {
        let args: Vec<&str> = args.iter().chain(more).copied().collect();
        let ended = run_with_input(&store, &args, "select 'é' as e;\n".as_bytes()).await;
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (Some(0), "e\r\né\r\n"),
            "{}",
            ended.said()
        );
    }
    let none = run_with_input(&store, &args, b"").await;
    assert_eq!(none.code, Some(6), "{}", none.said());
    let not_text = run_with_input(&store, &args, b"select '\xff'").await;
    assert_eq!(not_text.code, Some(2), "{}", not_text.said());
    let endless = vec![b' '; 10_000_000];
    let long = run_with_input(&store, &args, &endless).await;
    assert_eq!(long.code, Some(6), "{}", long.said());
    assert!(long.stderr.contains("too-large"), "{}", long.said());
    let long = asked.lines().pop().expect("a line").entry;
    assert_eq!((long.event, long.text), (AuditEvent::Refused, None), "its digest is enough");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_way_to_end_without_an_answer_has_its_code_and_shows_no_data() {
    let asked = Asked::new().await;
    asked
        .sql("create table public.secret (word text); insert into public.secret values ('hunter2'); grant select on public.secret to context_pack_readonly; create table public.hidden (word text)")
        .await;
    asked.set("query.bytes", 1000);
    asked.set("limits.read-timeout", "700ms");
    let mut shown = String::new();
    for (sql, code, event, rule) in [
        ("select 1;\nselect 2", 6, AuditEvent::Refused, "one-statement"),
        ("delete from public.secret", 6, AuditEvent::Refused, "statement-kind"),
        ("select\n  pg_sleep(1)", 6, AuditEvent::Refused, "function"),
        ("select * from public.secret for update", 6, AuditEvent::Refused, "row-lock"),
        ("selec 1", 6, AuditEvent::Refused, "syntax"),
        ("select *\nfrom public.nowhere", 3, AuditEvent::Failed, "server"),
        ("select * from public.hidden", 3, AuditEvent::Failed, "server"),
        (
            "select cast((select word from public.secret) as integer)",
            3,
            AuditEvent::Failed,
            "server",
        ),
        (LONG, 3, AuditEvent::Failed, "time-out"),
        ("select repeat('x', 5000)", 3, AuditEvent::Failed, "too-many-bytes"),
        ("select point(1, 2) as p", 3, AuditEvent::Failed, "unreadable-type"),
        ("select $1::text", 3, AuditEvent::Failed, "parameters"),
    ] {
        let before = if asked.log().exists() { asked.lines().len() } else { 0 };
        let ended = asked.query(&[sql]).await;
        assert_eq!(ended.code, Some(code), "{sql}\n{}", ended.said());
        assert!(ended.stdout.is_empty(), "{}", ended.said());
        let events = asked.events(before);
        let last = events.last().expect("a line");
        assert_eq!(last, &(event, Some(rule.to_owned())), "{sql}\n{}", ended.said());
        let was_asked = events.iter().any(|(e, _)| *e == AuditEvent::Asked);
        assert_eq!(was_asked, code == 3, "{sql}: what is refused is not asked");
        shown.push_str(&format!("> {sql}\n{}\n", ended.stderr));
    }
    let database = asked.query(&["--database", "elsewhere\u{1b}[2J", "select 1"]).await;
    assert_eq!(database.code, Some(6), "{}", database.said());
    shown.push_str(&format!("> (another database)\n{}\n", database.stderr));
    assert!(!shown.contains("hunter2") && !shown.contains('\u{1b}'), "{shown}");
    insta::assert_snapshot!(redacted(&shown));
    let log = std::fs::read_to_string(asked.log()).expect("a log");
    assert!(!log.contains("hunter2"), "{log}");
    assert!(asked.verified().unanswered.is_empty());

    // Nothing was changed by what was refused.
    assert_eq!(asked.sql("select count(*) from public.secret").await, "1");

    let here = asked.config();
    for (args, code) in [
        (&["query", "--config", "no/such.toml", "select 1"][..], 2),
        (&["query", "--config", &here, "--nonsense"][..], 2),
    ] {
        let ended = asked.trial.command(args).await;
        assert_eq!(ended.code, Some(code), "{}", ended.said());
    }
    asked.set("production.port", 1);
    let away = asked.query(&["select 1"]).await;
    assert_eq!(away.code, Some(3), "{}", away.said());
    assert!(away.stderr.contains("[unavailable]"), "{}", away.said());
    asked.set("query.databases", toml_edit::Array::from_iter(["postgres"]));
    let not_allowed = asked.query(&["select 1"]).await;
    assert_eq!(not_allowed.code, Some(2), "{}", not_allowed.said());
    assert!(not_allowed.stderr.contains("not on production's allowlist"), "{}", not_allowed.said());
    // A gate still needs what queries do without.
    let gate = asked.trial.command(&["gate", "--config", &here]).await;
    assert_eq!(gate.code, Some(2), "{}", gate.said());
    assert!(gate.stderr.contains("no [clone]"), "{}", gate.said());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_database_is_asked_by_its_name() {
    let asked = Asked::new().await;
    asked.outside("create database workflow").await;
    asked.outside("revoke temporary on database workflow from public").await;
    asked.set("query.databases", toml_edit::Array::from_iter(["directus", "workflow"]));
    for (args, name) in [
        (&["select current_catalog"][..], "directus"),
        (&["--database", "directus", "select current_catalog"][..], "directus"),
        (&["--database", "workflow", "select current_catalog"][..], "workflow"),
    ] {
        let ended = asked.query(args).await;
        assert_eq!(ended.code, Some(0), "{}", ended.said());
        assert!(ended.stdout.contains(name), "{}", ended.said());
    }
    // On the allowlist, and not to be asked.
    let other = asked.query(&["--database", "incomex_metadata", "select 1"]).await;
    assert_eq!(other.code, Some(6), "{}", other.said());
    assert!(other.stderr.contains("ask directus or workflow"), "{}", other.said());
    let databases: Vec<_> = asked
        .lines()
        .into_iter()
        .filter(|l| l.entry.event.is_outcome())
        .map(|l| l.entry.database.unwrap_or_default())
        .collect();
    assert_eq!(databases, ["directus", "directus", "workflow", "incomex_metadata"]);
}

#[tokio::test]
async fn help_has_every_exit_code_of_a_query() {
    let folder = tempfile::tempdir().expect("a folder");
    let help = crate::harness::run(folder.path(), &["query", "--help"]).await;
    insta::assert_snapshot!("help", help.stdout);
    let verify = crate::harness::run(folder.path(), &["audit", "verify", "--help"]).await;
    assert!(verify.stdout.contains("100"), "{}", verify.said());
}

/// How many sessions production's database has had; they are counted as they end.
const SESSIONS: &str = "select sessions from pg_stat_database where datname = 'directus'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_recorded_is_not_asked() {
    let asked = Asked::new().await;
    let before = asked.outside(SESSIONS).await;
    // A folder, a device and a damaged log can't be appended to.
    std::fs::create_dir_all(asked.log()).expect("a folder in the way");
    let folder = asked.query(&["select 1"]).await;
    asked.set("query.audit", "/dev/full");
    let device = asked.query(&["select 1"]).await;
    let damaged = asked.trial.profile_folder().join("damaged.jsonl");
    std::fs::write(&damaged, "{}\n").expect("a file");
    asked.set("query.audit", "damaged.jsonl");
    let not_ours = asked.query(&["select 1"]).await;
    for ended in [&folder, &device, &not_ours] {
        assert_eq!(ended.code, Some(i32::from(Exit::Unexpected.code())), "{}", ended.said());
        assert!(ended.stdout.is_empty(), "{}", ended.said());
        assert!(ended.stderr.contains("the audit log can't be written"), "{}", ended.said());
    }
    assert_eq!(std::fs::read_to_string(&damaged).expect("a file"), "{}\n");
    assert_eq!(asked.outside(SESSIONS).await, before, "nobody connected to production");

    asked.set("query.audit", "elsewhere/audit.jsonl");
    let good = asked.query(&["select 1"]).await;
    assert_eq!(good.code, Some(0), "{}", good.said());
    until("the session is counted", async || asked.outside(SESSIONS).await != before).await;
    let elsewhere = asked.trial.profile_folder().join("elsewhere/audit.jsonl");
    assert_eq!(verify(&[elsewhere], None).expect("a chain").lines, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_audit_log_says_who_asked_what_and_can_leave_the_texts_out() {
    let asked = Asked::new().await;
    let with = asked.query(&["select 'a-word' as w"]).await;
    assert_eq!(with.code, Some(0), "{}", with.said());
    let lines = asked.lines();
    let events: Vec<_> = lines.iter().map(|l| l.entry.event).collect();
    assert_eq!(events, [AuditEvent::Asked, AuditEvent::Connected, AuditEvent::Answered]);
    let [question, connected, answer] = &lines[..] else { unreachable!() };
    assert_eq!(question.entry.caller.as_deref(), Some("cli:alice"));
    assert_eq!(question.entry.text.as_deref(), Some("select 'a-word' as w"));
    assert_eq!(answer.entry.asked, Some(question.sequence));
    assert_eq!((answer.entry.rows, answer.entry.text.as_ref()), (Some(1), None));
    assert_eq!(answer.entry.sha256, question.entry.sha256);
    let note = connected.entry.note.as_deref().unwrap_or_default();
    assert!(note.contains("context_pack_readonly@") && note.contains("system "), "{note}");

    asked.set("query.audit-texts", false);
    for sql in ["select 'b-word' as w", "delete from b_word"] {
        asked.query(&[sql]).await;
    }
    let text = std::fs::read_to_string(asked.log()).expect("a log");
    assert!(text.contains("a-word") && !text.contains("b-word") && !text.contains("b_word"));
    assert_eq!(asked.verified().lines, 7);

    let command = async |args: &[&str]| asked.trial.command(args).await;
    let head = command(&["audit", "head"]).await;
    assert_eq!(head.code, Some(0), "{}", head.said());
    let noted = head.stdout.trim().to_owned();
    let intact = command(&["audit", "verify", "--head", &noted]).await;
    assert_eq!(intact.code, Some(0), "{}", intact.said());
    assert!(
        intact.stdout.contains("intact: 7 lines") && intact.stdout.contains(&noted),
        "{}",
        intact.said()
    );
    let json = command(&["audit", "verify", "--json"]).await;
    let json: serde_json::Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!((json["intact"].as_bool(), json["lines"].as_u64()), (Some(true), Some(7)));

    // Cut off at the end: only who noted the head can tell.
    let lines: Vec<&str> = text.lines().collect();
    std::fs::write(asked.log(), format!("{}\n", lines[..5].join("\n"))).expect("a file");
    assert_eq!(command(&["audit", "verify"]).await.code, Some(0));
    let cut = command(&["audit", "verify", "--head", &noted]).await;
    assert_eq!(cut.code, Some(100), "{}", cut.said());
    std::fs::write(asked.log(), text.replace("cli:alice", "cli:bobby")).expect("a file");
    let changed = command(&["audit", "verify"]).await;
    assert_eq!(changed.code, Some(100), "{}", changed.said());
    assert!(changed.stderr.contains("line 1: the line was changed"), "{}", changed.said());
    std::fs::write(asked.log(), "").expect("a file");
    assert_eq!(command(&["audit", "verify"]).await.code, Some(4));
    std::fs::remove_file(asked.log()).expect("a file");
    assert_eq!(command(&["audit", "verify"]).await.code, Some(2));
    assert_eq!(command(&["audit", "verify", "no/such/file"]).await.code, Some(2));
    assert_eq!(command(&["audit", "head"]).await.code, Some(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_query_is_unanswered_and_a_signal_cancels_it_on_the_server() {
    let asked = Asked::new().await;
    asked.set("limits.read-timeout", "60s");
    let config = asked.config();
    let store = asked.trial.store();
    let args = ["query", "--config", &config, LONG];

    for signal in ["INT", "TERM"] {
        let query = Gate::of(&store, &args);
        asked.somebody_asks().await;
        query.signal(signal).await;
        let ended = query.end().await;
        assert_eq!(ended.code, Some(3), "{}", ended.said());
        assert!(ended.stderr.contains("cancelled"), "{}", ended.said());
        assert_eq!(asked.asking().await, "0", "the server was told before the command ended");
        let last = asked.lines().pop().expect("a line").entry;
        assert_eq!(last.event, AuditEvent::Cancelled);
    }
    assert!(asked.verified().unanswered.is_empty());

    let query = Gate::of(&store, &args);
    asked.somebody_asks().await;
    query.kill().await;
    asked.outside("select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name like 'clonegate/%'").await;
    let verified = asked.trial.command(&["audit", "verify"]).await;
    assert_eq!(verified.code, Some(0), "{}", verified.said());
    assert!(
        verified.stdout.contains("1 unanswered")
            && verified.stdout.contains("cli:alice on directus"),
        "{}",
        verified.said()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_describes_what_the_role_may_read_and_nothing_else() {
    let asked = Asked::new().await;
    asked
        .sql(
            "create schema shop; grant usage on schema shop to context_pack_readonly;
             create schema locked; create table locked.t (a integer);
             create table shop.customer (id bigint primary key, name varchar(40) not null, card text);
             comment on table shop.customer is 'who buys'; comment on column shop.customer.name is 'as on the door';
             create table shop.\"Order\" (id bigint, customer bigint references shop.customer, total numeric(10,2), unique (id, customer));
             create view shop.v as select 1 as one; create table shop.hidden (a integer);
             grant select (id, name) on shop.customer to context_pack_readonly;
             grant select on shop.\"Order\", shop.v to context_pack_readonly",
        )
        .await;
    let service = asked.service();
    let caller = Caller::new("test:describe").expect("a caller");
    let describe = async |schema: Option<&str>, relation: Option<&str>, after: Option<&str>| {
        let scope = Scope::of(
            schema.map(str::to_owned),
            relation.map(str::to_owned),
            after.map(str::to_owned),
        );
        service.describe(&caller, "directus", &scope).await.expect("a description").of
    };
    let Described::Schemas(schemas) = describe(None, None, None).await else { panic!() };
    let names: Vec<_> = schemas.iter().map(|s| (s.name.as_str(), s.relations > 0)).collect();
    assert_eq!(names, [("public", true), ("shop", true)]);
    let Described::Schemas(rest) = describe(None, None, Some("public")).await else { panic!() };
    assert_eq!(rest.len(), 1);

    let Described::Relations(relations) = describe(Some("shop"), None, None).await else {
        panic!()
    };
    let names: Vec<_> = relations.iter().map(|r| (r.name.as_str(), r.kind.as_str())).collect();
    assert_eq!(names, [("Order", "table"), ("customer", "table"), ("v", "view")]);
    assert_eq!(relations[1].comment.as_deref(), Some("who buys"));
    let Described::Relations(rest) = describe(Some("shop"), None, Some("customer")).await else {
        panic!()
    };
    assert_eq!(rest.len(), 1);
    let Described::Relations(none) = describe(Some("locked"), None, None).await else { panic!() };
    assert!(none.is_empty());

    let Described::Relation(Some(customer)) = describe(Some("shop"), Some("customer"), None).await
    else {
        panic!()
    };
    let columns: Vec<_> =
        customer.columns.iter().map(|c| (c.name.as_str(), c.type_name.as_str())).collect();
    assert_eq!(
        columns,
        [("id", "bigint"), ("name", "character varying(40)")],
        "card may not be read"
    );
    assert_eq!(customer.columns[1].comment.as_deref(), Some("as on the door"));
    assert_eq!(customer.keys.len(), 1);
    let Described::Relation(Some(order)) = describe(Some("shop"), Some("Order"), None).await else {
        panic!()
    };
    let keys: Vec<_> = order.keys.iter().map(|k| k.definition.as_str()).collect();
    assert_eq!(keys.len(), 2, "{keys:?}");
    assert!(keys.iter().any(|k| k.contains("REFERENCES shop.customer(id)")), "{keys:?}");
    for (schema, relation) in [("shop", "hidden"), ("locked", "t"), ("x'; drop table y", "\0")] {
        let Described::Relation(none) = describe(Some(schema), Some(relation), None).await else {
            panic!()
        };
        assert!(none.is_none(), "{schema}.{relation}");
    }
    let texts: Vec<_> = asked.lines().into_iter().filter_map(|l| l.entry.text).collect();
    assert!(texts.iter().any(|t| t == "describe relation shop.customer"), "{texts:?}");
    service.close().await;
    let closed = service.query(&caller, "directus", "select 1").await;
    assert!(matches!(closed, Err(QueryError::Closed)), "{closed:?}");
    assert!(asked.verified().unanswered.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_that_is_dropped_is_cancelled_on_the_server_and_recorded() {
    let asked = Asked::new().await;
    asked.set("limits.read-timeout", "60s");
    let service = asked.service();
    let caller = Caller::new("test:dropped").expect("a caller");
    let question = {
        let (service, caller) = (service.clone(), caller.clone());
        tokio::spawn(async move { service.query(&caller, "directus", LONG).await })
    };
    asked.somebody_asks().await;
    question.abort();
    assert!(question.await.expect_err("it was dropped").is_cancelled());
    until("the server has stopped", async || asked.asking().await == "0").await;
    assert_eq!(asked.lines().pop().expect("a line").entry.event, AuditEvent::Cancelled);
    // The service goes on, and more than its connections can be asked at once.
    let questions = (0..20_i64).map(|n| {
        let (service, caller) = (service.clone(), caller.clone());
        tokio::spawn(async move {
            let served =
                service.query(&caller, "directus", &format!("select {n}::bigint as n")).await;
            served.expect("an answer").reading.single("n").and_then(Value::as_integer)
        })
    });
    for (n, answer) in questions.collect::<Vec<_>>().into_iter().enumerate() {
        assert_eq!(answer.await.expect("it ends"), i64::try_from(n).ok());
    }
    service.close().await;
    let verified = asked.verified();
    assert!(verified.unanswered.is_empty());
    assert_eq!(verified.lines, 2 + 1 + 20 * 2);
}
