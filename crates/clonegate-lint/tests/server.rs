//! Against PostgreSQL's own programs: what `pg_dump` and `pgbench` write is accepted, and psql sends
//! what the judge read.

use std::path::Path;
use std::process::{Command, Stdio};

use clonegate_lint::{Entry, Set, Source, lint};
use clonegate_sandbox::{Backend, Endpoint, Options, PostgresInstallation, Sandbox, find_postgres};
use clonegate_sql::{GuardedScript, Severity};
use squawk_syntax::{SourceFile, SyntaxKind};

struct Server {
    sandbox: Sandbox,
    installation: PostgresInstallation,
    _home: tempfile::TempDir,
}

impl Server {
    async fn start() -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        let options = Options {
            root: home.path().join("sandbox"),
            backend: Backend::Local,
            ..Options::default()
        };
        let installation = find_postgres(None).expect("PostgreSQL is installed for the tests");
        let sandbox = clonegate_sandbox::start(&options, &|_: &str| {}).await;
        let sandbox = sandbox.expect("the sandbox starts");
        Self { sandbox, installation, _home: home }
    }

    fn program(&self, name: &str, arguments: &[&str]) -> String {
        let Endpoint { host, port, superuser, superuser_passfile, .. } = self.sandbox.production();
        let output = Command::new(self.installation.program(name))
            .args(arguments)
            .env("PGHOST", host)
            .env("PGPORT", port.to_string())
            .env("PGUSER", superuser)
            .env("PGPASSFILE", superuser_passfile)
            .env("PGCLIENTENCODING", "UTF8")
            .stdin(Stdio::null())
            .output()
            .expect("the program is installed");
        String::from_utf8(output.stdout).expect("the fixture is UTF-8")
    }

    /// The statements that psql sends for a file, in the order in which it does.
    fn sends(&self, file: &Path, database: &str) -> String {
        let file = file.to_str().expect("a temporary path is UTF-8");
        self.program(
            "psql",
            &["-X", "-q", "-e", "-o", "/dev/null", "-L", "/dev/null", "-d", database, "-f", file],
        )
    }
}

fn refused(name: &str, text: &str) -> Vec<Entry> {
    let script = Source { path: name.to_owned(), text: text.to_owned() };
    let report = lint(Set { scripts: vec![script], ..Set::default() });
    let entries = report.files.into_iter().flat_map(|file| file.entries);
    entries.filter(|entry| entry.severity == Severity::Refused).collect()
}

/// Everything but blanks and comments, with psql's lines around nothing.
fn tokens(sql: &str) -> Vec<String> {
    SourceFile::parse(sql)
        .syntax_node()
        .descendants_with_tokens()
        .filter_map(|e| e.into_token())
        .filter(|t| !matches!(t.kind(), SyntaxKind::WHITESPACE | SyntaxKind::COMMENT))
        .map(|t| t.text().to_owned())
        .collect()
}

/// The text without the data of its COPY statements, which psql doesn't echo.
fn without_data(text: &str) -> String {
    let mut kept = String::new();
    let mut data = false;
    for line in text.split_inclusive('\n') {
        if !data {
            kept.push_str(line);
        }
        let end = line.trim_end();
        if end == r"\." {
            data = false;
        } else if end.to_lowercase().starts_with("copy ") && end.contains("stdin") {
            data = end.ends_with(';');
        }
    }
    kept
}

/// Texts on which scanners differ.
const TRICKY: &[&str] = &[
    r#"select 'a;b', "c;d", $$e;f$$, $x$ $$ ; $x$; select 2"#,
    r"select E'a\'; drop table x; --', 'b\\', E'\\'; select '\n';",
    "select 1 -- one; two\n, 2; /* a; /* b; */ c; */ select 3;",
    "select a$b, $1, x'1f', b'01', n'é', U&'\\0041;' from t;",
    "select 'one'\n'two;', 3;",
    "select (1; 2);",
    "create rule r as on insert to t do (insert into u values (1); insert into v values (2));\nselect 1;",
    "create function f() returns int language sql begin atomic; select 1; select 2; end;\nselect 1;",
    "create function f() returns int begin atomic select case when true then 1 end; end; select 2;",
    "\\echo it's \"fine\nselect 1;\n\\pset format aligned\nselect 2; \\timing off\nselect 3;",
    "select 1\n\\echo in the middle\n, 2;",
    "create table d (a text);\ncopy d from stdin;\nselect 'data';\n\\\\.\n\\.\nselect 'sql';",
    "select 1;;;\n;select 2",
    "select $é$ ; $é$, 1;",
    "select '\u{a0}', \"\u{2028}\" ; select 2;",
    "select 1 as \"a\"\"b;\", '''';select ':x', \":y\", a[1:2] from z;",
    "select 1 /* ' */; select 2 -- \"\n; select 3 /* $$ */;",
    "select 1+--2\n3;",
    "select @-1, a->>'b', c #>> '{d}', e ? 'f', g @> 'h', i || $$;$$;",
    "\u{feff}select 1;",
    "select 1;\r\nselect 2; -- x\r\nselect 3;\r\n",
];

#[tokio::test]
async fn postgresqls_own_programs_agree() {
    let server = Server::start().await;

    // What pg_dump writes is a script that may be run, with its `\restrict` lines and data.
    let production = server.sandbox.production().database.clone();
    for arguments in [
        &["--schema-only"][..],
        &[],
        &["--data-only", "--inserts"],
        &["--clean", "--if-exists", "--no-owner", "--no-privileges"],
        &["--column-inserts", "--quote-all-identifiers"],
    ] {
        let dump = server.program("pg_dump", &[arguments, &["-d", &production]].concat());
        assert!(dump.contains("PostgreSQL database dump complete"), "{arguments:?}");
        assert_eq!(refused("dump.sql", &dump), [], "{arguments:?}");
        let script = GuardedScript::judge("dump.sql", &dump).unwrap();
        assert_eq!(script.text().len(), dump.len());
        assert!(!script.text().contains("\\restrict"));
    }

    server.program("psql", &["-X", "-d", "postgres", "-c", "create database bench"]);
    server.program("pgbench", &["-i", "-I", "dtGp", "--foreign-keys", "bench"]);
    let bench = server.program("pg_dump", &["-d", "bench"]);
    assert!(bench.contains("pgbench_accounts"));
    assert_eq!(refused("pgbench.sql", &bench), []);

    // psql sends the statements that the judge read, of what people write and of what is tricky.
    let mut texts: Vec<String> = TRICKY.iter().map(|text| (*text).to_owned()).collect();
    texts.extend([bench, server.program("pg_dump", &["-s", "-d", &production])]);
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus");
    let files = std::fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path());
    texts.extend(files.map(|path| std::fs::read_to_string(path).unwrap()));
    let folder = tempfile::tempdir().unwrap();
    for database in ["original", "guarded"] {
        let create = format!("create database {database}");
        server.program("psql", &["-X", "-d", "postgres", "-c", &create]);
    }
    let (mut compared, mut of_tricky) = (0, 0);
    for (n, text) in texts.iter().enumerate() {
        let Ok(script) = GuardedScript::judge("s.sql", text) else { continue };
        let read = tokens(&without_data(script.text()));
        for (which, text) in [("original", text.as_str()), ("guarded", script.text())] {
            let file = folder.path().join("script.sql");
            // What is echoed to standard output would stand between the statements.
            std::fs::write(&file, text.replace("\\echo", "\\warn")).unwrap();
            let mut sent = tokens(&server.sends(&file, which));
            if which == "original" {
                // The executor's own stand in their place.
                let outer = |t: &String| matches!(t.to_lowercase().as_str(), "begin" | "commit");
                let begins = sent.iter().position(outer);
                if let Some(at) = begins.filter(|at| {
                    sent.get(at + 1).is_some_and(|t| t == ";") && sent.len() == read.len() + 4
                }) {
                    sent.drain(at..at + 2);
                    sent.truncate(sent.len() - 2);
                }
            }
            // The executor's own line stands behind a last statement without a semicolon.
            let closed = |tokens: &[String]| -> Vec<String> {
                let kept = tokens.split(|t| t == ";").filter(|s| !s.is_empty());
                kept.flat_map(|s| s.iter().cloned().chain([";".to_owned()])).collect()
            };
            assert_eq!(closed(&sent), closed(&read), "{which}:\n{text}");
            compared += 1;
            of_tricky += usize::from(n < TRICKY.len());
        }
    }
    assert!(compared >= 60 && of_tricky >= 30, "{compared} compared, {of_tricky} of them tricky");
    server.sandbox.stop().await.unwrap();
}
