//! `clonegate.toml` as it stands in the file, key by key.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

/// A gate's profile: two targets, their checks, the build, the policy.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ProfileFile {
    /// The version of this format; 1.
    pub(crate) format: u32,
    /// The gate's name, for people and for the report's file names.
    pub(crate) name: String,
    /// The report's title.
    pub(crate) title: Option<String>,
    /// The database that must stay untouched.
    pub(crate) production: ProductionTable,
    /// The database on which the work is done. The gate needs it; queries and snapshots of production
    /// don't.
    pub(crate) clone: Option<CloneTable>,
    /// What is run on the clone, and what takes it back. The gate needs it; queries and snapshots don't.
    pub(crate) build: Option<BuildTable>,
    /// What callers may ask production, by `clonegate query` and `clonegate mcp`.
    #[serde(default)]
    pub(crate) query: QueryTable,
    /// Functions and types of the databases' own that are known to be harmless.
    #[serde(default)]
    pub(crate) permitted: PermittedTable,
    /// Bounds on time.
    #[serde(default)]
    pub(crate) limits: LimitsTable,
}

/// The database that must stay untouched. What is not said here comes from the URL in the
/// environment variable that `url-env` names, then from libpq's `PG*` variables.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ProductionTable {
    /// The database's name.
    pub(crate) database: String,
    /// Every database that the production channel may see; the clone may not be among them.
    pub(crate) allowlist: Vec<String>,
    /// The role, which may only read.
    pub(crate) role: String,
    /// The folder of the check files, relative to the profile. The gate needs it; queries don't.
    pub(crate) checks: Option<PathBuf>,
    /// A host name, an address, or the folder of a socket.
    pub(crate) host: Option<String>,
    /// The port.
    pub(crate) port: Option<u16>,
    /// How TLS is used and what is verified, as in libpq.
    pub(crate) sslmode: Option<SslMode>,
    /// The file of certificates that may sign the server's.
    pub(crate) sslrootcert: Option<PathBuf>,
    /// A `.pgpass` file, relative to the profile.
    pub(crate) passfile: Option<PathBuf>,
    /// The name of an environment variable that holds a connection URL.
    pub(crate) url_env: Option<String>,
    /// Relations that production's own work may change during a run: `may-grow` or `may-change`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub(crate) organic: BTreeMap<String, String>,
    /// Parts of the coverage manifest that need not be covered, each with the reason.
    #[serde(default)]
    pub(crate) waive: BTreeMap<String, String>,
    /// What the role may have besides reading, each with the reason; docs/roles.md has the names.
    #[serde(default)]
    pub(crate) accept: BTreeMap<String, String>,
    /// What the witnesses take, and what that may cost.
    #[serde(default)]
    pub(crate) witness: WitnessTable,
}

/// The database on which the work is done.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct CloneTable {
    /// The database's name, which the pattern must match.
    pub(crate) database: String,
    /// The regular expression that tells clones from all other databases, anchored by ^ and $.
    pub(crate) name_pattern: String,
    /// The role, which is no superuser.
    pub(crate) role: String,
    /// The folder of the check files, relative to the profile. The gate needs it; snapshots don't.
    pub(crate) checks: Option<PathBuf>,
    /// The host on which psql runs, as in `ssh HOST`; this machine if it is left out.
    pub(crate) ssh: Option<String>,
    /// Another file than `~/.ssh/config`, relative to the profile.
    pub(crate) ssh_config: Option<PathBuf>,
    /// The container in which psql runs; none if it is left out.
    pub(crate) container: Option<String>,
    /// The container engine's command; `docker` if it is left out.
    pub(crate) runtime: Option<String>,
    /// psql's path there; `psql` if it is left out.
    pub(crate) psql: Option<String>,
    /// psql's `--host`: a host name, an address, or the folder of a socket.
    pub(crate) host: Option<String>,
    /// psql's `--port`.
    pub(crate) port: Option<u16>,
    /// A `.pgpass` file for a psql on this machine, relative to the profile.
    pub(crate) passfile: Option<PathBuf>,
    /// The database from which the scratch copy is made and the lock is held; `postgres` if it is
    /// left out.
    pub(crate) maintenance_database: Option<String>,
    /// Relations of the clone that the build may change: `may-grow` or `may-change`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub(crate) organic: BTreeMap<String, String>,
    /// Parts of the coverage manifest that need not be covered, each with the reason.
    #[serde(default)]
    pub(crate) waive: BTreeMap<String, String>,
    /// What the role may do and the clone may have beyond the clone, each with the reason; docs/roles.md has
    /// the names.
    #[serde(default)]
    pub(crate) accept: BTreeMap<String, String>,
    /// What the witnesses take, and what that may cost.
    #[serde(default)]
    pub(crate) witness: WitnessTable,
}

/// What is run on the clone, and what takes it back.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct BuildTable {
    /// The scripts in their order, relative to the profile.
    pub(crate) scripts: Vec<PathBuf>,
    /// The script that takes all of them back.
    pub(crate) rollback: PathBuf,
    /// The text that the comment of every new relation must contain.
    pub(crate) marker: String,
    /// By which column the rows that the build adds say that they are its own.
    pub(crate) row_marker: Option<RowMarkerTable>,
    /// Scripts that can be run again, by their names, and what that may change: relations
    /// (`public.orders`), and of each the columns. Each is run again and rolled back.
    #[serde(default)]
    pub(crate) repeatable: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// What the build may take.
    #[serde(default)]
    pub(crate) bounds: BoundsTable,
    /// Who allowed that the scripts are committed; without it every script is rolled back.
    pub(crate) authorization: Option<AuthorizationTable>,
}

/// By which column the rows that the build adds say that they are its own.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RowMarkerTable {
    /// The column's name.
    pub(crate) column: String,
    /// With what its value begins. It is no pattern: in LIKE `_` stands for any character.
    pub(crate) prefix: String,
    /// Tables of the build that have no such column, each with the reason.
    #[serde(default)]
    pub(crate) without: BTreeMap<String, String>,
}

/// What the build may take; what is left out is not bounded.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct BoundsTable {
    /// Rows that are added.
    pub(crate) rows: Option<u64>,
    /// Definitions that are added: tables, columns, indexes, functions.
    pub(crate) objects: Option<u64>,
    /// By how much the clone grows: `16MiB`.
    pub(crate) bytes: Option<String>,
    /// How much write-ahead log the clone's server writes meanwhile: `64MiB`.
    pub(crate) wal: Option<String>,
    /// The scripts' own time, all together: `2m`.
    pub(crate) time: Option<String>,
}

/// Who allowed commits on the clone.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct AuthorizationTable {
    /// A person or a body.
    pub(crate) by: String,
    /// Where the decision is written down.
    pub(crate) reference: String,
    /// Why commits are needed and why they do no harm.
    pub(crate) reason: String,
    /// Until when, as in `2026-12-01T00:00:00Z`. Without it nothing is committed.
    pub(crate) expires: Option<String>,
    /// The digest of the profile that it is for, as `clonegate authorize` prints it.
    pub(crate) profile: Option<String>,
    /// The digests of the scripts and the rollback script that it is for, by their names.
    #[serde(default)]
    pub(crate) scripts: BTreeMap<String, String>,
}

/// What callers may ask production, and how much at once.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct QueryTable {
    /// The databases that may be asked, each on production's allowlist; production's database if
    /// it is left out. The first one is asked where a caller names none.
    pub(crate) databases: Option<Vec<String>>,
    /// Rows of an answer; 500 if it is left out, and never more than 10000.
    pub(crate) rows: Option<u64>,
    /// Bytes of an answer's rows on the wire; 1048576 if it is left out, and never more than
    /// 67108864.
    pub(crate) bytes: Option<u64>,
    /// Connections at once; 2 if it is left out, and never more than 16.
    pub(crate) connections: Option<u64>,
    /// How long a statement waits for a free connection; 30s if it is left out, and never more
    /// than 5m.
    pub(crate) queue_timeout: Option<String>,
    /// The audit log, relative to the profile; `audit.jsonl` in the store if it is left out.
    pub(crate) audit: Option<PathBuf>,
    /// Whether the audit log keeps the statements' texts beside their digests; true if it is left
    /// out.
    pub(crate) audit_texts: Option<bool>,
}

/// What a statement may use beyond what is known to be harmless everywhere: names as `schema.name`
/// or bare.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct PermittedTable {
    /// Functions.
    #[serde(default)]
    pub(crate) functions: Vec<String>,
    /// Types.
    #[serde(default)]
    pub(crate) types: Vec<String>,
}

/// Bounds on time, each a text like `5s` or `2m`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct LimitsTable {
    /// A statement on production; 5s if it is left out, and never more than 60s.
    pub(crate) read_timeout: Option<String>,
    /// A statement of a script; 5m if it is left out.
    pub(crate) statement_timeout: Option<String>,
    /// Waiting for a lock, on either side; 2s if it is left out.
    pub(crate) lock_timeout: Option<String>,
    /// A whole script; 10m if it is left out.
    pub(crate) script_timeout: Option<String>,
}

/// What the witnesses take, and what that may cost.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct WitnessTable {
    /// Relations whose contents get a digest, by their quoted names: `public.orders`.
    #[serde(default)]
    pub(crate) digest: Vec<String>,
    /// Up to which size every relation gets a digest: `8MiB` if it is left out, `0B` for none.
    pub(crate) digest_small: Option<String>,
    /// Of the relations that get a digest, those whose rows may be sent to this program and hashed here,
    /// by their quoted names, or `*` for all; only on production.
    #[serde(default)]
    pub(crate) stream: Vec<String>,
    /// How long reading the rows of a snapshot may take; 10m if it is left out.
    pub(crate) budget: Option<String>,
    /// Connections that read at once on production; 2 if it is left out.
    pub(crate) connections: Option<usize>,
    /// Whether the write-ahead log is read too, which needs pg_walinspect.
    #[serde(default)]
    pub(crate) wal: bool,
    /// Whether the keys of changed rows stand in the snapshots and in the report.
    #[serde(default)]
    pub(crate) show_keys: bool,
    /// How many other sessions may be at work before reading waits; 100 on production if it is left out.
    pub(crate) active_sessions: Option<u64>,
    /// How far a standby may be behind before reading waits; not asked if it is left out.
    pub(crate) replica_lag: Option<String>,
    /// How long reading waits in all before it gives up; 1m if it is left out.
    pub(crate) patience: Option<String>,
}

/// How TLS is used and what is verified; libpq's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SslMode {
    /// No TLS.
    Disable,
    /// TLS only if the server insists.
    Allow,
    /// TLS if the server has it.
    Prefer,
    /// TLS, whatever certificate the server shows.
    Require,
    /// TLS with a certificate that a known authority signed.
    VerifyCa,
    /// TLS with a certificate that a known authority signed for this host.
    VerifyFull,
}

impl SslMode {
    /// libpq's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            SslMode::Disable => "disable",
            SslMode::Allow => "allow",
            SslMode::Prefer => "prefer",
            SslMode::Require => "require",
            SslMode::VerifyCa => "verify-ca",
            SslMode::VerifyFull => "verify-full",
        }
    }
}
