//! The kinds of findings about a role, and how each is taken.

use std::fmt;

use serde::{Serialize, Serializer};

/// How a finding about the role is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// It is what everybody may by default, and other layers hold; nothing follows from it.
    Noted,
    /// Refused, unless somebody accepts it by name and says why.
    ByPolicy,
    /// Refused.
    Refused,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident, $name:literal, $weight:ident;)+) => {
        /// What a role could do besides reading. The names are stable.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum RoleFindingKind { $($(#[$doc])* $kind,)+ }

        impl RoleFindingKind {
            /// All of them, the gravest first.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$kind),+];

            /// Its name, for instance `write-grant`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)+ }
            }

            /// How it is taken.
            #[must_use]
            pub fn weight(self) -> Weight {
                match self { $(Self::$kind => Weight::$weight,)+ }
            }
        }
    };
}

kinds! {
    /// Superuser, itself or by SET ROLE. No privilege holds a superuser, and no other finding is listed then.
    Superuser, "superuser", Refused;
    /// CREATEROLE: it may change roles.
    CreateRole, "create-role", Refused;
    /// ADMIN OPTION for a role: it may make itself a member.
    AdminOption, "admin-option", Refused;
    /// Owns something, in any database.
    Ownership, "ownership", Refused;
    /// Any privilege but SELECT on a table, a column or a sequence, or UPDATE on a large object.
    WriteGrant, "write-grant", Refused;
    /// CREATE on a database, a schema or a tablespace.
    CreateGrant, "create-grant", Refused;
    /// ALTER SYSTEM on a parameter (15 and later).
    AlterSystem, "alter-system", Refused;
    /// Member of `pg_write_all_data`.
    PgWriteAllData, "pg-write-all-data", Refused;
    /// Member of `pg_write_server_files`.
    PgWriteServerFiles, "pg-write-server-files", Refused;
    /// Member of `pg_execute_server_program`.
    PgExecuteServerProgram, "pg-execute-server-program", Refused;
    /// Member of `pg_maintain` (17 and later): locks, VACUUM, REINDEX.
    PgMaintain, "pg-maintain", Refused;
    /// Member of `pg_database_owner`, because it owns this database.
    PgDatabaseOwner, "pg-database-owner", Refused;

    /// BYPASSRLS: it reads rows that row security hides.
    BypassRls, "bypass-rls", ByPolicy;
    /// REPLICATION: it reads everything over the replication protocol, and holds WAL by slots.
    Replication, "replication", ByPolicy;
    /// CREATEDB.
    CreateDatabase, "create-database", ByPolicy;
    /// TEMPORARY on this database.
    Temporary, "temporary", ByPolicy;
    /// Default privileges that will let it write what others create.
    FutureWriteGrant, "future-write-grant", ByPolicy;
    /// SET on a superuser's parameter (15 and later).
    SetParameter, "set-parameter", ByPolicy;
    /// Member of `pg_read_all_data`: it reads more than tables, for instance user mappings' passwords.
    PgReadAllData, "pg-read-all-data", ByPolicy;
    /// Member of `pg_read_server_files`.
    PgReadServerFiles, "pg-read-server-files", ByPolicy;
    /// Member of `pg_signal_backend`: it may end others' sessions.
    PgSignalBackend, "pg-signal-backend", ByPolicy;
    /// Member of `pg_signal_autovacuum_worker` (18 and later).
    PgSignalAutovacuumWorker, "pg-signal-autovacuum-worker", ByPolicy;
    /// Member of `pg_checkpoint` (15 and later).
    PgCheckpoint, "pg-checkpoint", ByPolicy;
    /// Member of `pg_create_subscription` (16 and later).
    PgCreateSubscription, "pg-create-subscription", ByPolicy;
    /// Member of `pg_use_reserved_connections` (16 and later).
    PgUseReservedConnections, "pg-use-reserved-connections", ByPolicy;
    /// May execute functions of dblink, which write over a connection of their own.
    Dblink, "dblink", ByPolicy;
    /// May execute SECURITY DEFINER functions, which do what their owner may.
    SecurityDefiner, "security-definer", ByPolicy;
    /// May execute functions that reach files, networks or other servers, or that PostgreSQL keeps from
    /// everybody.
    DangerousFunction, "dangerous-function", ByPolicy;
    /// May execute functions in an untrusted language, or C functions of no extension.
    UntrustedFunction, "untrusted-function", ByPolicy;
    /// SELECT on views whose definitions call what a read-only transaction does not stop: advisory locks, WAL messages.
    DangerousView, "dangerous-view", ByPolicy;
    /// USAGE on a foreign server or a foreign data wrapper.
    ForeignServer, "foreign-server", ByPolicy;
    /// SELECT on a foreign table.
    ForeignTable, "foreign-table", ByPolicy;

    /// PostgreSQL's own functions that everybody may execute and that a read-only transaction does not
    /// stop. The judge refuses them.
    PublicFunction, "public-function", Noted;
    /// Functions of users that have the name of one of PostgreSQL's own.
    ShadowingFunction, "shadowing-function", Noted;
    /// Member of `pg_read_all_settings`: some settings hold secrets.
    PgReadAllSettings, "pg-read-all-settings", Noted;
    /// No CONNECTION LIMIT.
    NoConnectionLimit, "no-connection-limit", Noted;
}

impl fmt::Display for RoleFindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl RoleFindingKind {
    /// The kind of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl Serialize for RoleFindingKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
