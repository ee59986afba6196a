//! Who may read what, and what is said about it.

use clonegate_model::{DatabaseName, Value};
use clonegate_probe::{
    Accepted, Allowlist, Bounds, ConnectError, ConnectionSettings, Environment, Facts, Fields,
    GuardError, ProductionChannel, Terms,
};
use clonegate_sql::ReadOnlyStatement;

use super::production::{DATABASE, allowlist, at, connect, run, settings, shared, try_connect};
use super::server::{Server, free_port};

#[tokio::test]
async fn a_statement_is_read_and_the_server_identified() {
    let server = shared().await;
    let (channel, run) = connect(server, "reader", Bounds::default()).await;
    let statement = ReadOnlyStatement::judge("select n from numbers order by n limit 2").unwrap();
    let answer = channel.read(&statement, &Facts::none()).await.unwrap();
    assert_eq!(answer.reading.columns, ["n"]);
    assert_eq!(answer.reading.rows, [[Value::Integer(1)], [Value::Integer(2)]]);
    assert!(answer.bytes > 0 && !answer.elapsed.is_zero());

    let identity = channel.identity();
    let superuser = server.superuser(DATABASE).await;
    let sql = "select system_identifier::text, pg_postmaster_start_time() at time zone 'UTC',
                      current_setting('server_version_num')
               from pg_control_system()";
    let row = superuser.simple_query(sql).await.unwrap();
    let row = row.iter().find_map(|m| match m {
        tokio_postgres::SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let row = row.unwrap();
    assert_eq!(Some(identity.system_identifier.as_str()), row.get(0));
    assert_eq!(Some(identity.postmaster_start.trim_end_matches("+00")), row.get(1));
    assert_eq!(Some(identity.server_version_num.to_string().as_str()), row.get(2));
    assert_eq!((identity.role.as_str(), identity.database.as_str()), ("reader", DATABASE));

    let description = channel.describe();
    assert_eq!(description.application_name, run.application_name());
    assert!(!description.encrypted);
    let json = serde_json::to_value(&description).unwrap();
    assert_eq!(json["sslmode"], "prefer");
    assert_eq!(json["statement_timeout_ms"], 5000);
    channel.close().await;
}

/// The listener would have a connection waiting if a socket had been opened.
#[tokio::test]
async fn a_database_that_is_not_allowed_is_not_even_connected_to() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let settings = settings(&format!("host=127.0.0.1 port={port} user=u dbname=staging"));
    let refused = try_connect(settings, &run(), Bounds::default()).await.unwrap_err();
    assert!(
        matches!(&refused, ConnectError::NotAllowed { database, .. } if database.as_str() == "staging"),
        "{refused:?}"
    );
    assert_eq!(
        refused.to_string(),
        "staging is not on the allowlist (production); add it if it may be read"
    );
    let accepted = listener.accept();
    assert_eq!(accepted.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    assert!(Allowlist::new([]).is_err());
}

#[tokio::test]
async fn another_role_than_expected_is_refused() {
    let server = shared().await;
    let connect = async |expected| {
        let settings = at(server, "reader");
        let run = run();
        let terms = Terms {
            allowlist: &allowlist(),
            role: expected,
            accepted: &Accepted::nothing(),
            run: &run,
            bounds: Bounds::default(),
        };
        ProductionChannel::connect(settings, terms).await
    };
    connect(Some("reader")).await.unwrap().close().await;
    let refused = connect(Some("auditor")).await.unwrap_err();
    assert!(
        matches!(
            &refused,
            ConnectError::Guard { source: GuardError::WrongRole { expected, .. }, .. } if expected == "auditor"
        ),
        "{refused:?}"
    );
}

#[tokio::test]
async fn bounds_that_bound_nothing_are_refused() {
    let server = shared().await;
    let zero = std::time::Duration::ZERO;
    for bounds in [
        Bounds { statement_timeout: zero, ..Bounds::default() },
        Bounds { lock_timeout: zero, ..Bounds::default() },
        Bounds { idle_timeout: std::time::Duration::from_secs(1 << 40), ..Bounds::default() },
        Bounds { rows: 0, ..Bounds::default() },
        Bounds { bytes: 0, ..Bounds::default() },
        Bounds { connections: 0, ..Bounds::default() },
    ] {
        let refused = try_connect(at(server, "reader"), &run(), bounds).await;
        assert!(matches!(refused, Err(ConnectError::Bounds { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn an_unreachable_server_is_named() {
    let port = free_port();
    for (host, shown) in [
        ("127.0.0.1", format!("127.0.0.1:{port} can't be reached")),
        ("/nonexistent", format!("/nonexistent:{port} can't be reached")),
    ] {
        let settings = settings(&format!("host={host} port={port} user=u dbname={DATABASE}"));
        let error = try_connect(settings, &run(), Bounds::default()).await.unwrap_err();
        assert_eq!(error.to_string(), shown);
    }
    // Accepts and says nothing.
    let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = silent.local_addr().unwrap().port();
    let settings = settings(&format!("host=127.0.0.1 port={port} user=u dbname={DATABASE}"));
    let bounds =
        Bounds { connect_timeout: std::time::Duration::from_millis(200), ..Bounds::default() };
    let error = try_connect(settings, &run(), bounds).await.unwrap_err();
    assert!(matches!(error, ConnectError::TimedOut { .. }), "{error:?}");
}

#[tokio::test]
async fn the_next_host_is_tried_and_the_kind_of_server_matters() {
    let server = shared().await;
    let port = server.port();
    let dead = free_port();
    let of = |attrs: &str| {
        settings(&format!(
            "host=127.0.0.1,127.0.0.1 port={dead},{port} user=reader dbname={DATABASE} target_session_attrs={attrs}"
        ))
    };
    for attrs in ["any", "primary", "read-write", "prefer-standby"] {
        let channel = try_connect(of(attrs), &run(), Bounds::default()).await.unwrap();
        assert_eq!(channel.describe().endpoint, format!("127.0.0.1:{port}"), "{attrs}");
        channel.close().await;
    }
    for attrs in ["standby", "read-only"] {
        let only = settings(&format!(
            "host=127.0.0.1 port={port} user=reader dbname={DATABASE} target_session_attrs={attrs}"
        ));
        let error = try_connect(only, &run(), Bounds::default()).await.unwrap_err();
        assert!(matches!(error, ConnectError::OtherKind { is: "primary", .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_password_comes_from_where_it_should_and_goes_nowhere_else() {
    let hba =
        "local all postgres trust\nlocal all all scram-sha-256\nhost all all all scram-sha-256\n";
    let server =
        Server::start(free_port(), "password_encryption = 'scram-sha-256'", hba, &[]).await;
    super::production::populate(&server).await;
    let superuser = server.superuser(DATABASE).await;
    superuser.batch_execute("alter role reader password 'pa:ss\\w@rd'").await.unwrap();
    let port = server.port();
    let folder = tempfile::tempdir().unwrap();
    let passfile = folder.path().join("pgpass");
    std::fs::write(&passfile, format!("localhost:{port}:*:reader:pa\\:ss\\\\w@rd\n")).unwrap();
    std::process::Command::new("chmod").arg("600").arg(&passfile).status().unwrap();

    let socket = server.socket().display();
    let base = format!("host={socket} port={port} user=reader dbname={DATABASE}");
    let from_file = format!("{base} passfile={}", passfile.display());
    let url =
        format!("postgresql://reader:pa%3Ass%5Cw%40rd@127.0.0.1:{port}/{DATABASE}?sslmode=disable");
    for string in [from_file, url] {
        let channel = try_connect(settings(&string), &run(), Bounds::default()).await.unwrap();
        let statement = ReadOnlyStatement::judge("select 1").unwrap();
        channel.read(&statement, &Facts::none()).await.unwrap();
        let snapshot = channel.snapshot().await.unwrap();
        let shown = format!(
            "{channel:?} {} {snapshot:?} {}",
            channel.describe(),
            serde_json::to_string(&channel.describe()).unwrap()
        );
        assert!(!shown.contains("w@rd"), "{shown}");
        snapshot.finish().await.unwrap();
        channel.close().await;
    }
    let environment = Environment::of([
        ("PGHOST", socket.to_string()),
        ("PGPORT", port.to_string()),
        ("PGUSER", "reader".to_owned()),
        ("PGPASSWORD", "pa:ss\\w@rd".to_owned()),
    ]);
    let fields =
        Fields { database: Some(DatabaseName::new(DATABASE).unwrap()), ..Fields::default() };
    let resolved = ConnectionSettings::resolve(&fields, None, &environment).unwrap();
    try_connect(resolved, &run(), Bounds::default()).await.unwrap().close().await;

    let none = try_connect(settings(&base), &run(), Bounds::default()).await.unwrap_err();
    assert!(
        matches!(&none, ConnectError::PasswordMissing { user, .. } if user == "reader"),
        "{none:?}"
    );
    let wrong = settings(&format!("{base} password=wr0ng"));
    let wrong = try_connect(wrong, &run(), Bounds::default()).await.unwrap_err();
    assert!(
        matches!(&wrong, ConnectError::Refused { error, .. } if error.sqlstate() == "28P01"),
        "{wrong:?}"
    );
    assert!(!format!("{wrong} {wrong:?}").contains("wr0ng"));
}
