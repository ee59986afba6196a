//! A profile whose names were checked and whose files were read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clonegate_model::{
    Across, Authorization, Check, CloneName, CloneNamePattern, DatabaseName, NameError,
};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::ProfileError;
use crate::authorization::Binding;
use crate::check_file::{nearest, read_check};
use crate::file::{
    BoundsTable, CloneTable, LimitsTable, ProductionTable, ProfileFile, RowMarkerTable, SslMode,
    WitnessTable,
};
use crate::query::{PermittedNames, permitted};

/// The largest file that a profile may name. It is read whole.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// A gate's profile.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The file that it was read from.
    pub path: PathBuf,
    /// The gate's name.
    pub name: String,
    /// The report's title.
    pub title: String,
    /// The database that must stay untouched.
    pub production: ProductionTarget,
    /// The database on which the work is done.
    pub clone: CloneTarget,
    /// What is run on the clone, and what takes it back.
    pub build: Build,
    /// Bounds on time.
    pub limits: Limits,
    /// Functions and types of the databases' own that are known to be harmless.
    pub permitted: PermittedNames,
    /// SHA-256 over the profile, its checks and its scripts, in hexadecimal.
    pub sha256: String,
    /// What an authorization has to name.
    pub binding: Binding,
}

/// The database that must stay untouched.
#[derive(Debug, Clone)]
pub struct ProductionTarget {
    /// Its name.
    pub database: DatabaseName,
    /// Every database that the production channel may see.
    pub allowlist: Vec<DatabaseName>,
    /// The role, which may only read.
    pub role: String,
    /// The folder of its checks.
    pub checks_folder: Option<PathBuf>,
    /// Its checks, in the order of their numbers; none where only queries are asked.
    pub checks: Vec<Check>,
    /// A host name, an address, or the folder of a socket.
    pub host: Option<String>,
    /// The port.
    pub port: Option<u16>,
    /// How TLS is used.
    pub sslmode: Option<SslMode>,
    /// The file of certificates that may sign the server's.
    pub sslrootcert: Option<PathBuf>,
    /// A `.pgpass` file.
    pub passfile: Option<PathBuf>,
    /// The environment variable that holds a connection URL.
    pub url_env: Option<String>,
    /// Relations that may change by production's own work.
    pub organic: BTreeMap<String, Across>,
    /// Subjects of the coverage manifest that need not be covered, with the reason.
    pub waive: BTreeMap<String, String>,
    /// What the role may have besides reading, with the reason; the gate knows the names.
    pub accept: BTreeMap<String, String>,
    /// What the witnesses take, and what that may cost.
    pub witness: WitnessSettings,
}

/// The database on which the work is done.
#[derive(Debug, Clone)]
pub struct CloneTarget {
    /// Its name, which the pattern admitted.
    pub database: CloneName,
    /// What tells clones from all other databases.
    pub name_pattern: CloneNamePattern,
    /// The role.
    pub role: String,
    /// Its checks, in the order of their numbers; none where only snapshots are taken.
    pub checks: Vec<Check>,
    /// The folder of its checks.
    pub checks_folder: Option<PathBuf>,
    /// The host on which psql runs; `None` is this machine.
    pub ssh: Option<String>,
    /// Another file than `~/.ssh/config`.
    pub ssh_config: Option<PathBuf>,
    /// The container in which psql runs.
    pub container: Option<String>,
    /// The container engine's command.
    pub runtime: String,
    /// psql's path there.
    pub psql: String,
    /// psql's `--host`.
    pub host: Option<String>,
    /// psql's `--port`.
    pub port: Option<u16>,
    /// A `.pgpass` file for a psql on this machine.
    pub passfile: Option<PathBuf>,
    /// Where the scratch copy is made from and the lock is held.
    pub maintenance_database: DatabaseName,
    /// Relations that the build may change.
    pub organic: BTreeMap<String, Across>,
    /// Subjects of the coverage manifest that need not be covered, with the reason.
    pub waive: BTreeMap<String, String>,
    /// What the role may do and the clone may have beyond the clone, with the reason; the gate knows the
    /// names.
    pub accept: BTreeMap<String, String>,
    /// What the witnesses take, and what that may cost.
    pub witness: WitnessSettings,
}

/// What the witnesses take of a database, and what that may cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessSettings {
    /// Relations whose contents get a digest.
    pub digest: BTreeSet<String>,
    /// Up to how many bytes every relation gets one.
    pub digest_small: u64,
    /// Whose rows may leave the server for it.
    pub stream: StreamGrant,
    /// How long reading the rows of a snapshot may take.
    pub budget: Duration,
    /// Connections that read at once.
    pub connections: usize,
    /// Whether the write-ahead log is read too.
    pub wal: bool,
    /// Whether the keys of changed rows are shown.
    pub show_keys: bool,
    /// How many other sessions may be at work; on a clone nobody is asked.
    pub active_sessions: Option<u64>,
    /// How far a standby may be behind.
    pub replica_lag: Option<Duration>,
    /// How long is waited in all for the load to fall.
    pub patience: Duration,
}

/// Whose rows may leave the server, to be hashed here instead of there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamGrant {
    /// Nobody's: only digests leave it.
    Nothing,
    /// These relations'.
    Named(BTreeSet<String>),
    /// All relations'.
    Everything,
}

/// What is run on the clone, and what takes it back.
#[derive(Debug, Clone)]
pub struct Build {
    /// The scripts, in order.
    pub scripts: Vec<Script>,
    /// The rollback script's path; whether it is there is the gate's first question.
    pub rollback_path: PathBuf,
    /// The rollback script; `None` where the file is missing.
    pub rollback: Option<Script>,
    /// The text that the comment of every new relation must contain.
    pub marker: String,
    /// By which column the rows that the build adds say that they are its own.
    pub row_marker: Option<RowMarker>,
    /// Scripts that can be run again, by their names, and which columns of which relations may differ then.
    pub repeatable: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// What the build may take.
    pub bounds: Bounds,
    /// Who allowed that the scripts are committed.
    pub authorization: Option<Authorization>,
}

/// By which column rows say that they are the build's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowMarker {
    /// The column's name.
    pub column: String,
    /// With what its value begins.
    pub prefix: String,
    /// Tables that have no such column, by their quoted names, with the reason.
    pub without: BTreeMap<String, String>,
}

/// What the build may take; `None` is not bounded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Rows that are added.
    pub rows: Option<u64>,
    /// Definitions that are added.
    pub objects: Option<u64>,
    /// Bytes by which the clone grows.
    pub bytes: Option<u64>,
    /// Bytes of write-ahead log that the clone's server writes meanwhile.
    pub wal: Option<u64>,
    /// The scripts' own time, all together.
    pub time: Option<Duration>,
}

/// A script's text.
#[derive(Debug, Clone)]
pub struct Script {
    /// The file's name.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// What it says.
    pub text: String,
}

/// Bounds on time.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// A statement on production.
    pub read_timeout: Duration,
    /// A statement of a script.
    pub statement_timeout: Duration,
    /// Waiting for a lock, on either side.
    pub lock_timeout: Duration,
    /// A whole script.
    pub script_timeout: Duration,
}

impl Profile {
    /// Reads a profile and every file that it names.
    ///
    /// # Errors
    /// [`ProfileError`] with the file and the place. A missing rollback script is no error here:
    /// the gate reports it as a requirement that is not met.
    pub fn load(path: &Path) -> Result<Self, ProfileError> {
        let text = read(path, "this is the profile; `--config FILE` names another one")?;
        let place = Place { path, text: &text };
        let file = parse(&place)?;
        // Queries do without these; a gate without them would have nothing to prove.
        let missing = |what: &str, hint: &str| {
            place.at("name", format!("the profile has no {what}, which the gate needs"), hint)
        };
        let clone_table = file.clone.ok_or_else(|| {
            missing("[clone]", "docs/profile.md describes it; `clonegate query` does without it")
        })?;
        let build = file.build.ok_or_else(|| {
            missing("[build]", "docs/profile.md describes it; `clonegate query` does without it")
        })?;
        if file.production.checks.is_none() {
            return Err(missing(
                "`checks` in [production]",
                "name the folder of the check files; `clonegate query` does without it",
            ));
        }
        let root = path.parent().unwrap_or(Path::new("."));
        let mut digest = Sha256::new();
        digest.update(text.as_bytes());

        let mut production = production(&place, root, file.production)?;
        if let Some(folder) = &production.checks_folder {
            production.checks = checks(folder, &mut digest)?;
        }
        if clone_table.checks.is_none() {
            return Err(missing(
                "`checks` in [clone]",
                "name the folder of the check files; `clonegate snapshot` does without it",
            ));
        }
        let clone = clone(&place, root, clone_table, Checks::Read(&mut digest))?;
        // So far it is the profile's text, as it stands, and the checks.
        let checks_digest: String = [&production.checks, &clone.checks]
            .into_iter()
            .flatten()
            .map(|check| format!("{}:{}:{}\n", check.id, check.sql.len(), check.sql))
            .collect();
        let mut scripts = Vec::new();
        for relative in &build.scripts {
            let script = script(&root.join(relative), &mut digest)?;
            // The journal knows a script by its name.
            if scripts.iter().any(|s: &Script| s.name == script.name) {
                return Err(place.at(
                    "scripts",
                    format!("two scripts are called {}", script.name),
                    "give each script a name of its own",
                ));
            }
            scripts.push(script);
        }
        let rollback_path = root.join(&build.rollback);
        let rollback =
            if rollback_path.exists() { Some(script(&rollback_path, &mut digest)?) } else { None };
        if build.marker.trim().is_empty() {
            return Err(place.at(
                "marker",
                "the marker is empty, so every comment would contain it",
                "write for instance TEST_CLONE",
            ));
        }
        let row_marker = match build.row_marker {
            None => None,
            Some(table) => Some(row_marker(&place, table)?),
        };
        for name in build.repeatable.keys() {
            if !scripts.iter().any(|s| s.name == *name) {
                return Err(place.at(
                    "repeatable",
                    format!("{name} is to be run again, and no script is called so"),
                    "name one of `scripts` by its file's name",
                ));
            }
        }
        let bounds = bounds(&place, &build.bounds)?;
        let authorization = match build.authorization {
            None => None,
            Some(a) => {
                for (key, value) in
                    [("by", &a.by), ("reference", &a.reference), ("reason", &a.reason)]
                {
                    if value.trim().is_empty() {
                        return Err(place.at(
                            key,
                            format!("the authorization's {key} is empty"),
                            "leave the whole table out for a prototype run",
                        ));
                    }
                }
                let expires = match &a.expires {
                    None => None,
                    Some(text) => Some(text.parse::<Timestamp>().map_err(|e| {
                        place.at(
                            "expires",
                            format!("{text:?} is no time: {e}"),
                            "write for instance 2026-12-01T00:00:00Z",
                        )
                    })?),
                };
                Some(Authorization {
                    by: a.by,
                    reference: a.reference,
                    reason: a.reason,
                    expires,
                    profile: a.profile,
                    scripts: a.scripts,
                })
            }
        };
        let limits = limits(&place, &file.limits)?;
        if let Some(rollback) = &rollback
            && scripts.iter().any(|s| s.name == rollback.name)
        {
            return Err(place.at(
                "rollback",
                format!("a script and the rollback script are both called {}", rollback.name),
                "give each a name of its own",
            ));
        }
        let named: Vec<(&str, &str)> =
            scripts.iter().chain(&rollback).map(|s| (&*s.name, &*s.text)).collect();
        let binding = Binding::new(&table(&place)?, &checks_digest, &named);
        Ok(Self {
            path: path.to_owned(),
            binding,
            title: file.title.unwrap_or_else(|| file.name.clone()),
            name: file.name,
            production,
            clone,
            build: Build {
                scripts,
                rollback_path,
                rollback,
                marker: build.marker,
                row_marker,
                repeatable: build.repeatable,
                bounds,
                authorization,
            },
            limits,
            permitted: permitted(file.permitted),
            sha256: digest.finalize().iter().map(|b| format!("{b:02x}")).collect(),
        })
    }
}

/// The profile's text, to say where something is wrong in it.
pub(crate) struct Place<'a> {
    pub(crate) path: &'a Path,
    pub(crate) text: &'a str,
}

impl Place<'_> {
    /// An error at the first line that gives the key.
    pub(crate) fn at(
        &self,
        key: &str,
        problem: impl Into<String>,
        hint: impl Into<String>,
    ) -> ProfileError {
        let mut start = 0;
        for line in self.text.split_inclusive('\n') {
            let name = line.split('=').next().unwrap_or_default().trim().trim_matches('"');
            if name == key {
                return ProfileError::text(
                    self.path,
                    self.text,
                    start..start + line.trim_end().len(),
                    problem,
                    hint,
                );
            }
            start += line.len();
        }
        ProfileError::text(self.path, self.text, 0..0, problem, hint)
    }

    pub(crate) fn name(&self, value: &str) -> impl FnOnce(NameError) -> ProfileError {
        let (path, text) = (self.path.to_owned(), self.text.to_owned());
        let quoted = format!("\"{value}\"");
        let start = text.find(&quoted).unwrap_or_default();
        let end = if text.contains(&quoted) { start + quoted.len() } else { start };
        move |error| {
            let hint = match &error {
                NameError::NotAClone { .. } => {
                    "the gate only works on databases that the pattern tells from production"
                }
                NameError::NotAnchored { .. } => "for instance ^directus_gov_test_[a-z0-9]{1,40}$",
                _ => "write the database's plain name",
            };
            ProfileError::text(&path, &text, start..end, error.to_string(), hint)
        }
    }
}

/// The file's keys and values, whatever they mean.
fn table(place: &Place<'_>) -> Result<toml::Table, ProfileError> {
    toml::from_str(place.text).map_err(|e| explain(place.path, place.text, &e))
}

/// The file's keys, where the version is one that is read.
pub(crate) fn parse(place: &Place<'_>) -> Result<ProfileFile, ProfileError> {
    let file: ProfileFile =
        toml::from_str(place.text).map_err(|e| explain(place.path, place.text, &e))?;
    if file.format != 1 {
        return Err(place.at(
            "format",
            format!("this is format {}", file.format),
            "this version reads format 1",
        ));
    }
    Ok(file)
}

/// Production without its checks: only the gate reads those.
pub(crate) fn production(
    place: &Place<'_>,
    root: &Path,
    table: ProductionTable,
) -> Result<ProductionTarget, ProfileError> {
    let database = DatabaseName::new(&*table.database).map_err(place.name(&table.database))?;
    let mut allowlist = Vec::new();
    for name in &table.allowlist {
        allowlist.push(DatabaseName::new(&**name).map_err(place.name(name))?);
    }
    Ok(ProductionTarget {
        database,
        allowlist,
        role: table.role,
        checks_folder: table.checks.map(|p| root.join(p)),
        checks: Vec::new(),
        host: table.host,
        port: table.port,
        sslmode: table.sslmode,
        sslrootcert: table.sslrootcert.map(|p| root.join(p)),
        passfile: table.passfile.map(|p| root.join(p)),
        url_env: table.url_env,
        organic: organic(place, table.organic)?,
        waive: waive(place, table.waive)?,
        accept: table.accept,
        witness: witness(place, table.witness, Side::Production)?,
    })
}

/// Whether the check files are read.
pub(crate) enum Checks<'a> {
    /// They are, and go into the profile's digest.
    Read(&'a mut Sha256),
    /// They are not: only the gate asks them.
    LeftOut,
}

pub(crate) fn clone(
    place: &Place<'_>,
    root: &Path,
    table: CloneTable,
    asked: Checks<'_>,
) -> Result<CloneTarget, ProfileError> {
    let name_pattern =
        CloneNamePattern::new(&table.name_pattern).map_err(place.name(&table.name_pattern))?;
    let maintenance = table.maintenance_database.unwrap_or_else(|| "postgres".to_owned());
    let checks_folder = table.checks.map(|p| root.join(p));
    Ok(CloneTarget {
        database: name_pattern.admit(&table.database).map_err(place.name(&table.database))?,
        name_pattern,
        role: table.role,
        checks: match (asked, &checks_folder) {
            (Checks::Read(digest), Some(folder)) => checks(folder, digest)?,
            (Checks::Read(_), None) | (Checks::LeftOut, _) => Vec::new(),
        },
        checks_folder,
        ssh: table.ssh,
        ssh_config: table.ssh_config.map(|p| root.join(p)),
        container: table.container,
        runtime: table.runtime.unwrap_or_else(|| "docker".to_owned()),
        psql: table.psql.unwrap_or_else(|| "psql".to_owned()),
        host: table.host,
        port: table.port,
        passfile: table.passfile.map(|p| root.join(p)),
        maintenance_database: DatabaseName::new(&*maintenance).map_err(place.name(&maintenance))?,
        organic: organic(place, table.organic)?,
        waive: waive(place, table.waive)?,
        accept: table.accept,
        witness: witness(place, table.witness, Side::Clone)?,
    })
}

fn organic(
    place: &Place<'_>,
    table: BTreeMap<String, String>,
) -> Result<BTreeMap<String, Across>, ProfileError> {
    table
        .into_iter()
        .map(|(relation, word)| {
            let across: Across = word.parse().map_err(|e: clonegate_model::ParseAcrossError| {
                place.at(&relation, e.to_string(), "write may-grow or may-change")
            })?;
            if !relation.contains('.') {
                return Err(place.at(
                    &relation,
                    format!("{relation:?} has no schema"),
                    format!("write \"public.{relation}\""),
                ));
            }
            Ok((relation, across))
        })
        .collect()
}

fn waive(
    place: &Place<'_>,
    table: BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, ProfileError> {
    for (subject, reason) in &table {
        if reason.trim().is_empty() {
            return Err(place.at(
                subject,
                format!("the waiver of {subject:?} has no reason"),
                "say why it need not be covered",
            ));
        }
    }
    Ok(table)
}

/// Which of the two databases something is said of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Production,
    Clone,
}

fn with_schema(place: &Place<'_>, key: &'static str, name: &str) -> Result<(), ProfileError> {
    if name.contains('.') {
        return Ok(());
    }
    Err(place.at(key, format!("{name:?} has no schema"), format!("write \"public.{name}\"")))
}

fn stream(place: &Place<'_>, names: Vec<String>, side: Side) -> Result<StreamGrant, ProfileError> {
    if names.is_empty() {
        return Ok(StreamGrant::Nothing);
    }
    if side == Side::Clone {
        return Err(place.at(
            "stream",
            "a clone is read through psql, which streams no rows".to_owned(),
            "leave it out; the digests of a clone are taken on its server",
        ));
    }
    if names.iter().any(|name| name == "*") {
        return Ok(StreamGrant::Everything);
    }
    for name in &names {
        with_schema(place, "stream", name)?;
    }
    Ok(StreamGrant::Named(names.into_iter().collect()))
}

fn witness(
    place: &Place<'_>,
    table: WitnessTable,
    side: Side,
) -> Result<WitnessSettings, ProfileError> {
    const MOST_CONNECTIONS: usize = 16;
    for name in &table.digest {
        with_schema(place, "digest", name)?;
    }
    let stream = stream(place, table.stream, side)?;
    let digest_small = match &table.digest_small {
        None => 8 << 20,
        Some(text) => bytes(text).ok_or_else(|| {
            place.at(
                "digest-small",
                format!("{text:?} is no size"),
                "write for instance 64KiB, 8MiB or 1GiB",
            )
        })?,
    };
    let connections = table.connections.unwrap_or(2);
    if !(1..=MOST_CONNECTIONS).contains(&connections) {
        return Err(place.at(
            "connections",
            format!("{connections} connections can't be used"),
            format!("write a number from 1 to {MOST_CONNECTIONS}"),
        ));
    }
    Ok(WitnessSettings {
        digest: table.digest.into_iter().collect(),
        digest_small,
        stream,
        budget: duration(place, "budget", table.budget.as_deref(), 600, 86_400)?,
        connections,
        wal: table.wal,
        show_keys: table.show_keys,
        active_sessions: table.active_sessions.or(match side {
            Side::Production => Some(100),
            Side::Clone => None,
        }),
        replica_lag: match table.replica_lag {
            None => None,
            Some(given) => Some(duration(place, "replica-lag", Some(&given), 60, 86_400)?),
        },
        patience: duration(place, "patience", table.patience.as_deref(), 60, 3_600)?,
    })
}

fn row_marker(place: &Place<'_>, table: RowMarkerTable) -> Result<RowMarker, ProfileError> {
    for (key, value) in [("column", &table.column), ("prefix", &table.prefix)] {
        if value.is_empty() {
            let hint = "name the column, and with what its values begin";
            return Err(place.at(key, format!("the row marker's {key} is empty"), hint));
        }
    }
    for (relation, reason) in &table.without {
        if reason.trim().is_empty() || !relation.contains('.') {
            return Err(place.at(
                relation,
                format!("{relation:?} is left out without a schema or without a reason"),
                "write \"public.name\" = \"why\"",
            ));
        }
    }
    let RowMarkerTable { column, prefix, without } = table;
    Ok(RowMarker { column, prefix, without })
}

fn bounds(place: &Place<'_>, table: &BoundsTable) -> Result<Bounds, ProfileError> {
    let size = |key: &str, given: &Option<String>| match given {
        None => Ok(None),
        Some(text) => match bytes(text) {
            Some(size) => Ok(Some(size)),
            None => Err(place.at(key, format!("{text:?} is no size"), "write for instance 16MiB")),
        },
    };
    let time = match &table.time {
        None => None,
        given => Some(duration(place, "time", given.as_deref(), 0, 86_400)?),
    };
    Ok(Bounds {
        rows: table.rows,
        objects: table.objects,
        bytes: size("bytes", &table.bytes)?,
        wal: size("wal", &table.wal)?,
        time,
    })
}

/// A number of bytes: `8MiB`.
fn bytes(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: u64 = match &text[digits.len()..] {
        "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return None,
    };
    digits.trim_end().parse::<u64>().ok()?.checked_mul(unit)
}

/// A time in seconds, from a default up to a maximum.
pub(crate) fn duration(
    place: &Place<'_>,
    key: &str,
    given: Option<&str>,
    default: u64,
    most: u64,
) -> Result<Duration, ProfileError> {
    let Some(text) = given else { return Ok(Duration::from_secs(default)) };
    let parsed = text.parse::<jiff::SignedDuration>().ok().and_then(|d| Duration::try_from(d).ok());
    match parsed {
        Some(d) if d.as_millis() > 0 && d <= Duration::from_secs(most) => Ok(d),
        _ => Err(place.at(
            key,
            format!("{text:?} is no time between 1ms and {most}s"),
            "write for instance 500ms, 5s or 2m",
        )),
    }
}

pub(crate) fn limits(place: &Place<'_>, table: &LimitsTable) -> Result<Limits, ProfileError> {
    let duration = |key: &str, given: &Option<String>, default: u64, most: u64| {
        duration(place, key, given.as_deref(), default, most)
    };
    Ok(Limits {
        read_timeout: duration("read-timeout", &table.read_timeout, 5, 60)?,
        statement_timeout: duration("statement-timeout", &table.statement_timeout, 300, 86_400)?,
        lock_timeout: duration("lock-timeout", &table.lock_timeout, 2, 600)?,
        script_timeout: duration("script-timeout", &table.script_timeout, 600, 86_400)?,
    })
}

fn checks(folder: &Path, digest: &mut Sha256) -> Result<Vec<Check>, ProfileError> {
    let hint = "this is the folder of check files that the profile names";
    let entries = std::fs::read_dir(folder).map_err(ProfileError::read(folder, hint))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(ProfileError::read(folder, hint))?.path();
        if path.extension().is_some_and(|e| e == "sql") {
            paths.push(path);
        }
    }
    paths.sort();
    let mut checks: Vec<Check> = Vec::new();
    for path in paths {
        let text = read(&path, "this is a check file")?;
        digest.update(text.as_bytes());
        let check = read_check(&path, &text)?;
        if let Some(other) = checks.iter().find(|c| c.number == check.number) {
            return Err(ProfileError::file(
                &path,
                format!("{} has the same number", other.id),
                "give each check a number of its own",
            ));
        }
        checks.push(check);
    }
    checks.sort_by_key(|c| c.number);
    Ok(checks)
}

fn script(path: &Path, digest: &mut Sha256) -> Result<Script, ProfileError> {
    let text = read(path, "this is a script that the profile names")?;
    digest.update(text.as_bytes());
    let name = path
        .file_name()
        .map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
    Ok(Script { name, path: path.to_owned(), text })
}

pub(crate) fn read(path: &Path, hint: &str) -> Result<String, ProfileError> {
    let size = std::fs::metadata(path).map_err(ProfileError::read(path, hint))?.len();
    if size > MAX_FILE_BYTES {
        return Err(ProfileError::file(
            path,
            format!("the file has {size} bytes; {MAX_FILE_BYTES} are read"),
            "split it",
        ));
    }
    std::fs::read_to_string(path).map_err(ProfileError::read(path, hint))
}

/// serde's message, with the nearest known key where one was not known.
fn explain(path: &Path, text: &str, error: &toml::de::Error) -> ProfileError {
    let message = error.message().to_owned();
    let words: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let hint = match words.as_slice() {
        [unknown, known @ ..] if message.starts_with("unknown field") => {
            match nearest(unknown, known.iter().copied()) {
                Some(meant) => format!("did you mean {meant}?"),
                None => format!("known here: {}", known.join(", ")),
            }
        }
        _ => "docs/profile.md describes every key".to_owned(),
    };
    let problem = message.split(", expected").next().unwrap_or_default().to_owned();
    ProfileError::text(path, text, error.span().unwrap_or(0..0), problem, hint)
}
