//! What a service may ask, and where it writes that it asked.

use clonegate_model::{DatabaseName, RunId};
use clonegate_probe::{Allowlist, Bounds};
use clonegate_sql::Permitted;
use clonegate_store::audit::AuditLog;

use crate::production::{Production, SettingsProblem};

/// Whether statements' texts are kept in the audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Texts {
    /// Each text stands beside its digest.
    #[default]
    Kept,
    /// The digest has to do.
    LeftOut,
}

/// Everything that a [`QueryService`](crate::QueryService) is made of.
#[derive(Debug)]
pub struct ServiceSettings {
    /// The run: it stands in `application_name` of every session, and in the audit log.
    pub run: RunId,
    /// How to reach each database that may be asked, and what must hold there; the first is asked
    /// where a caller names none.
    pub databases: Vec<Production>,
    /// What a statement may cost.
    pub bounds: Bounds,
    /// Functions and types of the databases' own that are known to be harmless.
    pub permitted: Permitted,
    /// Where every statement is recorded.
    pub audit: AuditLog,
    /// Whether texts are recorded too.
    pub texts: Texts,
}

/// Why there is no service.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// No database may be asked.
    #[error("no database may be asked; name one in `[query] databases`")]
    NoDatabase,
    /// A database that production's channel may not see.
    #[error(
        "{database} may be asked by `[query] databases` and is not on production's allowlist ({allowlist})"
    )]
    NotAllowed {
        /// The database.
        database: DatabaseName,
        /// The ones that may be seen.
        allowlist: Allowlist,
    },
    /// A database twice.
    #[error("{database} is named twice")]
    Twice {
        /// The database.
        database: DatabaseName,
    },
    /// The profile's settings don't lead to a server.
    #[error(transparent)]
    Connection(#[from] SettingsProblem),
    /// A name that can't be permitted.
    #[error("`[permitted]`: {0}")]
    Permitted(#[from] clonegate_sql::PermittedError),
}
