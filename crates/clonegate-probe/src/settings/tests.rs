use std::path::Path;

use super::*;

fn resolve(
    fields: &Fields,
    string: &str,
    variables: &[(&str, &str)],
) -> Result<ConnectionSettings, SettingsError> {
    let string: ConnectionString = string.parse().unwrap();
    let environment = Environment::of(variables.iter().copied());
    ConnectionSettings::resolve(fields, Some(&string), &environment)
}

fn endpoint(settings: &ConnectionSettings) -> String {
    settings.endpoints[0].to_string()
}

#[test]
fn the_profile_comes_before_the_url_and_the_url_before_the_environment() {
    let variables = [
        ("PGHOST", "from-env"),
        ("PGPORT", "1"),
        ("PGUSER", "env"),
        ("PGDATABASE", "env"),
        ("PGSSLMODE", "require"),
    ];
    let settings = resolve(&Fields::default(), "", &variables).unwrap();
    assert_eq!(endpoint(&settings), "from-env:1");
    assert_eq!(settings.sslmode, SslMode::Require);
    let url = "postgresql://url@from-url:2/url?sslmode=disable";
    let settings = resolve(&Fields::default(), url, &variables).unwrap();
    assert_eq!(endpoint(&settings), "from-url:2");
    assert_eq!((settings.user(), settings.sslmode), ("url", SslMode::Disable));
    let fields = Fields {
        host: Some("from-profile".into()),
        port: Some(3),
        user: Some("profile".into()),
        database: Some(DatabaseName::new("profile").unwrap()),
        sslmode: Some(SslMode::Prefer),
        ..Fields::default()
    };
    let settings = resolve(&fields, url, &variables).unwrap();
    assert_eq!(endpoint(&settings), "from-profile:3");
    assert_eq!(settings.user(), "profile");
    assert_eq!(settings.database().as_str(), "profile");
    assert_eq!(settings.sslmode, SslMode::Prefer);
}

#[test]
fn a_profiles_host_is_not_reached_at_an_address_from_the_environment() {
    let fields = Fields { host: Some("production".into()), ..Fields::default() };
    let variables = [("PGHOSTADDR", "127.0.0.1"), ("PGUSER", "u")];
    let settings = resolve(&fields, "", &variables).unwrap();
    assert_eq!(settings.endpoints[0].host, Host::Tcp { name: "production".into(), address: None });
}

#[test]
fn nothing_is_passed_over_in_silence() {
    let unknown = resolve(&Fields::default(), "user=u sslmod=require", &[]).unwrap_err();
    assert!(unknown.to_string().contains("\"sslmod\""), "{unknown}");
    for (string, variables) in [
        ("user=u options='-c statement_timeout=0'", &[][..]),
        ("user=u", &[("PGOPTIONS", "-c statement_timeout=0")][..]),
        ("user=u sslcert=x", &[]),
        ("user=u gssencmode=require", &[]),
    ] {
        let error = resolve(&Fields::default(), string, variables).unwrap_err();
        assert!(matches!(error, SettingsError::Unsupported { .. }), "{error}");
    }
    let fine = "user=u gssencmode=prefer application_name=x client_encoding=UTF8";
    resolve(&Fields::default(), fine, &[("PGAPPNAME", "y")]).unwrap();
    for wrong in [
        "user=u sslmode=x",
        "user=u port=0",
        "user=u port=70000",
        "user=u connect_timeout=x",
        "user=u hostaddr=x",
        "user=u host=a,b port=1,2,3",
        "user=u dbname='a b'",
    ] {
        assert!(resolve(&Fields::default(), wrong, &[]).is_err(), "{wrong}");
    }
    assert!(matches!(resolve(&Fields::default(), "host=h", &[]), Err(SettingsError::MissingUser)));
    assert!(matches!(
        Environment::default().connection_string("PRODUCTION_URL"),
        Err(SettingsError::MissingVariable { .. })
    ));
}

#[test]
fn several_hosts_each_have_a_port_and_a_password() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pgpass");
    std::fs::write(&path, "a:1:d:u:pa\n[::1]:2:d:u:no\n\\:\\:1:2:d:u:pb\n").unwrap();
    owner_only(&path);
    let string = format!("postgresql://u@a:1,[::1]:2,c/d?passfile={}", path.display());
    let settings = resolve(&Fields::default(), &string, &[]).unwrap();
    let shown: Vec<_> = settings.endpoints.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["a:1", "[::1]:2", "c:5432"]);
    let passwords: Vec<_> =
        settings.endpoints.iter().map(|e| e.password().map(|p| p.reveal().to_owned())).collect();
    assert_eq!(passwords, [Some("pa".into()), Some("pb".into()), None]);
}

fn owner_only(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
}

#[test]
fn a_password_is_never_shown() {
    let variables = [("PGPASSWORD", "s3cret"), ("PGUSER", "u"), ("PGHOST", "/tmp")];
    let environment = Environment::of(variables);
    let settings = ConnectionSettings::resolve(&Fields::default(), None, &environment).unwrap();
    assert_eq!(settings.endpoints[0].password().map(Secret::reveal), Some("s3cret"));
    let from_url = resolve(&Fields::default(), "postgresql://u:s3cret@h/d", &[]).unwrap();
    for shown in [
        format!("{settings:?} {environment:?}"),
        format!("{from_url:?} {:?}", from_url.endpoints()),
        format!("{} {:?}", Secret::new("s3cret"), Secret::new("s3cret")),
    ] {
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}

#[test]
fn a_missing_default_passfile_is_fine_and_a_missing_named_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().display().to_string();
    let variables = [("HOME", home.as_str()), ("PGUSER", "u")];
    resolve(&Fields::default(), "", &variables).unwrap();
    let fields = Fields { passfile: Some(folder.path().join("none")), ..Fields::default() };
    assert!(matches!(
        resolve(&fields, "", &variables),
        Err(SettingsError::Passfile(PassfileError::Unreadable { .. }))
    ));
}

#[test]
fn tls_words_mean_what_libpq_means() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().display().to_string();
    let variables = [("HOME", home.as_str()), ("PGUSER", "u")];
    let tls = |string: &str| {
        resolve(&Fields::default(), string, &variables).map(|s| (s.sslmode, s.roots))
    };
    assert_eq!(tls("").unwrap(), (SslMode::Prefer, RootCertificates::None));
    assert_eq!(tls("sslrootcert=system").unwrap(), (SslMode::VerifyFull, RootCertificates::System));
    assert!(matches!(
        tls("sslrootcert=system sslmode=require"),
        Err(SettingsError::WeakMode { .. })
    ));
    assert!(matches!(tls("sslmode=verify-ca"), Err(SettingsError::MissingRoots { .. })));
    let path = folder.path().join(".postgresql/root.crt");
    std::fs::create_dir(folder.path().join(".postgresql")).unwrap();
    std::fs::write(&path, "").unwrap();
    assert_eq!(tls("sslmode=require").unwrap(), (SslMode::Require, RootCertificates::File(path)));
}

#[test]
fn a_service_stands_between_the_string_and_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("services");
    std::fs::write(
        &path,
        "[prod]\nhost=from-service\nuser=su\n[bad]\npassword=x\n[odd]\nsslmod=x\n",
    )
    .unwrap();
    let file = path.display().to_string();
    let variables =
        |service| [("PGSERVICEFILE", file.as_str()), ("PGSERVICE", service), ("PGHOST", "env")];
    let settings = resolve(&Fields::default(), "user=u", &variables("prod")).unwrap();
    assert_eq!(endpoint(&settings), "from-service:5432");
    assert_eq!(settings.user(), "u");
    assert!(matches!(
        resolve(&Fields::default(), "", &variables("bad")),
        Err(SettingsError::Unsupported { .. })
    ));
    assert!(matches!(
        resolve(&Fields::default(), "", &variables("odd")),
        Err(SettingsError::UnknownParameter { .. })
    ));
    assert!(matches!(
        resolve(&Fields::default(), "", &variables("none")),
        Err(SettingsError::UnknownService { .. })
    ));
}
