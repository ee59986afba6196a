//! Every `sslmode` against servers that speak TLS, don't, and insist on it.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use clonegate_probe::{Bounds, ConnectError, Facts, ReadError};
use clonegate_sql::ReadOnlyStatement;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::production::{DATABASE, populate, run, sessions, settings, try_connect};
use super::server::{Server, TRUST, free_port};

fn openssl(folder: &Path, arguments: &str) {
    let output =
        Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().expect(
            "these tests make certificates with the openssl command: install the package openssl",
        );
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A root, a certificate that it signed for `localhost`, and a root that signed nothing.
fn certificates() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let ec = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    for name in ["root", "stranger"] {
        openssl(
            path,
            &format!("req -x509 {ec} -keyout {name}.key -out {name}.crt -days 30 -subj /CN={name}"),
        );
    }
    openssl(path, &format!("req {ec} -keyout server.key -out server.csr -subj /CN=localhost"));
    std::fs::write(path.join("san"), "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n")
        .unwrap();
    openssl(
        path,
        "x509 -req -in server.csr -CA root.crt -CAkey root.key -CAcreateserial -days 30 -extfile san -out server.crt",
    );
    folder
}

async fn start(folder: &Path, hba: &str) -> Server {
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let (key, crt) = (read("server.key"), read("server.crt"));
    let server = Server::start(
        free_port(),
        "ssl = on",
        hba,
        &[("server.key", key.as_slice()), ("server.crt", crt.as_slice())],
    )
    .await;
    populate(&server).await;
    server
}

/// `Ok(encrypted)`, or the error.
async fn outcome(server: &Server, parameters: &str) -> Result<bool, ConnectError> {
    let string = format!(
        "port={} user=reader dbname={DATABASE} hostaddr=127.0.0.1 {parameters}",
        server.port()
    );
    let channel = try_connect(settings(&string), &run(), Bounds::default()).await?;
    let encrypted = channel.describe().encrypted;
    // The server's own view of the connection that a statement goes over.
    let statement =
        ReadOnlyStatement::judge("select ssl from pg_stat_ssl where pid = pg_backend_pid()");
    let answer = channel.read(&statement.unwrap(), &Facts::none()).await.unwrap();
    assert_eq!(answer.reading.rows[0][0].to_string(), encrypted.to_string());
    channel.close().await;
    Ok(encrypted)
}

#[tokio::test]
async fn each_mode_means_what_libpq_means() {
    let folder = certificates();
    let path = folder.path();
    let root = format!("sslrootcert={}", path.join("root.crt").display());
    let stranger = format!("sslrootcert={}", path.join("stranger.crt").display());
    let tls = start(path, TRUST).await;
    let insists = start(path, "local all all trust\nhostssl all all all trust\n").await;
    let refuses = start(path, "local all all trust\nhostnossl all all all trust\n").await;
    let plain = Server::start(free_port(), "", TRUST, &[]).await;
    populate(&plain).await;

    const PLAIN: Option<bool> = Some(false);
    const TLS: Option<bool> = Some(true);
    const NO: Option<bool> = None;
    let cases = [
        // parameters, then: a server that speaks TLS, insists on it, refuses it, doesn't speak it
        ("sslmode=disable host=localhost".to_owned(), [PLAIN, NO, PLAIN, PLAIN]),
        ("sslmode=allow host=localhost".to_owned(), [PLAIN, TLS, PLAIN, PLAIN]),
        ("sslmode=prefer host=localhost".to_owned(), [TLS, TLS, PLAIN, PLAIN]),
        ("host=localhost".to_owned(), [TLS, TLS, PLAIN, PLAIN]),
        ("sslmode=require host=localhost".to_owned(), [TLS, TLS, NO, NO]),
        ("sslmode=require host=elsewhere".to_owned(), [TLS, TLS, NO, NO]),
        (format!("sslmode=require host=elsewhere {root}"), [TLS, TLS, NO, NO]),
        (format!("sslmode=require host=localhost {stranger}"), [NO, NO, NO, NO]),
        (format!("sslmode=verify-ca host=localhost {root}"), [TLS, TLS, NO, NO]),
        (format!("sslmode=verify-ca host=elsewhere {root}"), [TLS, TLS, NO, NO]),
        (format!("sslmode=verify-ca host=localhost {stranger}"), [NO, NO, NO, NO]),
        (format!("sslmode=verify-full host=localhost {root}"), [TLS, TLS, NO, NO]),
        (format!("sslmode=verify-full host=elsewhere {root}"), [NO, NO, NO, NO]),
        (format!("sslmode=verify-full {root}"), [NO, NO, NO, NO]),
        (format!("sslmode=verify-full host=localhost {stranger}"), [NO, NO, NO, NO]),
        ("sslrootcert=system host=localhost".to_owned(), [NO, NO, NO, NO]),
    ];
    for (parameters, expected) in &cases {
        for (server, expected) in [&tls, &insists, &refuses, &plain].into_iter().zip(expected) {
            let actual = outcome(server, parameters).await;
            assert_eq!(
                actual.as_ref().ok(),
                expected.as_ref(),
                "{parameters} at {}: {actual:?}",
                server.port()
            );
        }
    }
    let wrong_name = outcome(&tls, &format!("sslmode=verify-full host=elsewhere {root}")).await;
    assert!(matches!(wrong_name, Err(ConnectError::Tls { .. })), "{wrong_name:?}");
    let shown = wrong_name.unwrap_err().to_string();
    assert!(shown.contains("elsewhere") && shown.contains("not valid for name"), "{shown}");
    let refused = outcome(&insists, "sslmode=disable host=localhost").await.unwrap_err();
    assert!(refused.to_string().contains("no pg_hba.conf entry"), "{refused}");
}

/// The setup that PostgreSQL's manual begins with: `openssl req -x509`, a CA's certificate by its
/// extensions, used as the server's.
#[tokio::test]
async fn a_self_signed_certificate_can_be_its_own_root() {
    let folder = certificates();
    let path = folder.path();
    openssl(
        path,
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout server.key -out server.crt -days 30 -subj /CN=localhost -addext subjectAltName=DNS:localhost",
    );
    let server = start(path, TRUST).await;
    let own = format!("sslrootcert={}", path.join("server.crt").display());
    let other = format!("sslrootcert={}", path.join("root.crt").display());
    for (parameters, fine) in [
        (format!("sslmode=verify-ca host=elsewhere {own}"), true),
        (format!("sslmode=verify-full host=localhost {own}"), true),
        (format!("sslmode=verify-full host=elsewhere {own}"), false),
        (format!("sslmode=verify-ca host=localhost {other}"), false),
        (format!("sslmode=verify-full host=localhost {other}"), false),
    ] {
        let actual = outcome(&server, &parameters).await;
        assert_eq!(actual.is_ok(), fine, "{parameters}: {actual:?}");
    }
}

#[tokio::test]
async fn a_root_file_without_a_certificate_is_named() {
    let folder = certificates();
    let server = start(folder.path(), TRUST).await;
    for (name, content) in [
        ("empty", ""),
        ("broken", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        for file in [path.clone(), folder.path().join("absent")] {
            let parameters =
                format!("sslmode=verify-ca host=localhost sslrootcert={}", file.display());
            let error = outcome(&server, &parameters).await.unwrap_err();
            assert!(
                matches!(&error, ConnectError::RootCertificates { path, .. } if *path == file),
                "{error:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_password_is_bound_to_the_tls_session() {
    let folder = certificates();
    let hba = "local all all trust\nhost all all all scram-sha-256\n";
    let server = start(folder.path(), hba).await;
    let superuser = server.superuser(DATABASE).await;
    superuser.batch_execute("alter role reader password 'p'").await.unwrap();
    let with = |rest: &str| format!("host=localhost password=p channel_binding=require {rest}");
    assert!(outcome(&server, &with("sslmode=require")).await.unwrap());
    let unbound = outcome(&server, &with("sslmode=disable")).await;
    assert!(matches!(unbound, Err(ConnectError::Broken { .. })), "{unbound:?}");
}

/// Stands before a server and keeps the first eight bytes of each connection.
async fn listen_in(port: u16) -> (u16, Arc<Mutex<Vec<[u8; 8]>>>) {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let listens_at = listener.local_addr().unwrap().port();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let keep = heard.clone();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let keep = keep.clone();
            tokio::spawn(async move {
                let mut first = [0; 8];
                client.read_exact(&mut first).await.unwrap();
                keep.lock().unwrap().push(first);
                let mut server = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                server.write_all(&first).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    (listens_at, heard)
}

/// A cancel request over TLS too: the backend is gone long before its time.
#[tokio::test]
async fn a_statement_is_cancelled_over_tls() {
    let folder = certificates();
    let server = start(folder.path(), "local all all trust\nhostssl all all all trust\n").await;
    let (port, heard) = listen_in(server.port()).await;
    let string = format!(
        "host=localhost hostaddr=127.0.0.1 port={port} user=reader dbname={DATABASE} sslmode=verify-full sslrootcert={}",
        folder.path().join("root.crt").display()
    );
    let run = run();
    // Without a spare, which would take the place of the one that is cancelled.
    let bounds = Bounds {
        statement_timeout: std::time::Duration::from_secs(60),
        spares: 0,
        ..Bounds::default()
    };
    let channel = try_connect(settings(&string), &run, bounds).await.unwrap();
    let counting = format!(
        "select count(*) from pg_stat_activity where application_name = '{}' and query like '%numbers c%'
           and state = 'active' and clock_timestamp() > state_change + interval '500 ms'",
        run.application_name()
    );
    let statement =
        ReadOnlyStatement::judge("select count(*) from numbers a, numbers b, numbers c").unwrap();
    let facts = Facts::none();
    tokio::select! {
        done = channel.read(&statement, &facts) => panic!("{done:?}"),
        () = server.until(&counting, 1) => {}
    }
    server.until(&sessions(&run), 0).await;
    let huge = ReadOnlyStatement::judge("select repeat('x', 100 * 1024 * 1024)").unwrap();
    let huge = channel.read(&huge, &Facts::none()).await;
    assert!(matches!(huge, Err(ReadError::TooManyBytes { .. })), "{huge:?}");
    channel.close().await;
    server.until(&sessions(&run), 0).await;
    // Length 8, code 80877103: what every connection begins with, cancel requests included.
    let asks_for_tls = [0, 0, 0, 8, 4, 210, 22, 47];
    let heard = heard.lock().unwrap();
    assert!(heard.len() >= 4 && heard.iter().all(|first| *first == asks_for_tls), "{heard:?}");
}
