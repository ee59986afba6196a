//! What of a profile is needed to ask production, without a clone and without a build.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clonegate_model::DatabaseName;

use crate::ProfileError;
use crate::file::{PermittedTable, QueryTable};
use crate::profile::{Limits, Place, ProductionTarget, duration, limits, parse, production, read};

/// Production's part of a profile: the same file as the gate's, or one without clone, build and
/// checks.
#[derive(Debug, Clone)]
pub struct ProductionProfile {
    /// The file that it was read from.
    pub path: PathBuf,
    /// The profile's name.
    pub name: String,
    /// The database; its checks are not read.
    pub production: ProductionTarget,
    /// Bounds on time.
    pub limits: Limits,
    /// What callers may ask.
    pub query: QuerySettings,
    /// Functions and types of the databases' own that are known to be harmless.
    pub permitted: PermittedNames,
}

/// What callers may ask production, and how much at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuerySettings {
    /// The databases that may be asked, all on the allowlist; the first is asked where none is
    /// named.
    pub databases: Vec<DatabaseName>,
    /// Rows of an answer. 500; at most 10,000.
    pub rows: usize,
    /// Bytes of an answer's rows. 1 MiB; at most 64 MiB.
    pub bytes: u64,
    /// Connections at once to each database. 2; at most 16.
    pub connections: usize,
    /// How long a statement waits for a free connection. 30 s; at most 5 min.
    pub queue_timeout: Duration,
    /// The audit log; `None` is the store's own.
    pub audit: Option<PathBuf>,
    /// Whether texts stand in the audit log.
    pub texts: AuditTexts,
}

/// Whether the audit log keeps the statements' texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditTexts {
    /// Beside their digests.
    Kept,
    /// Only their digests are.
    LeftOut,
}

/// Names of functions and types that are permitted; whether they can be is the judge's question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PermittedNames {
    /// Functions.
    pub functions: Vec<String>,
    /// Types.
    pub types: Vec<String>,
}

pub(crate) fn permitted(table: PermittedTable) -> PermittedNames {
    PermittedNames { functions: table.functions, types: table.types }
}

impl ProductionProfile {
    /// Reads what queries need. `[clone]`, `[build]` and production's `checks` may be there, and
    /// their files are not read.
    ///
    /// # Errors
    /// [`ProfileError`] with the file and the place.
    pub fn load(path: &Path) -> Result<Self, ProfileError> {
        let text = read(path, "this is the profile; `--config FILE` names another one")?;
        let place = Place { path, text: &text };
        let file = parse(&place)?;
        let root = path.parent().unwrap_or(Path::new("."));
        let production = production(&place, root, file.production)?;
        let limits = limits(&place, &file.limits)?;
        let query = query(&place, root, file.query, &production)?;
        Ok(Self {
            path: path.to_owned(),
            name: file.name,
            production,
            limits,
            query,
            permitted: permitted(file.permitted),
        })
    }
}

fn query(
    place: &Place<'_>,
    root: &Path,
    table: QueryTable,
    production: &ProductionTarget,
) -> Result<QuerySettings, ProfileError> {
    let (key, names) = match table.databases {
        Some(names) => ("databases", names),
        None => ("allowlist", vec![production.database.to_string()]),
    };
    if names.is_empty() {
        return Err(place.at(
            key,
            "no database may be asked",
            "name one, or leave the key out for production's database",
        ));
    }
    let mut databases: Vec<DatabaseName> = Vec::new();
    for name in names {
        let database = DatabaseName::new(&*name).map_err(place.name(&name))?;
        if !production.allowlist.contains(&database) {
            return Err(place.at(
                key,
                format!("{database} is not on production's allowlist"),
                "add it to `allowlist` in [production], if it may be read",
            ));
        }
        if databases.contains(&database) {
            return Err(place.at(key, format!("{database} is named twice"), "keep one of them"));
        }
        databases.push(database);
    }
    let number = |key: &str, given: Option<u64>, default: u64, most: u64| match given {
        None => Ok(default),
        Some(n) if (1..=most).contains(&n) => Ok(n),
        Some(n) => Err(place.at(
            key,
            format!("{n} is not between 1 and {most}"),
            format!("leave the key out for {default}"),
        )),
    };
    let size = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    Ok(QuerySettings {
        databases,
        rows: size(number("rows", table.rows, 500, 10_000)?),
        bytes: number("bytes", table.bytes, 1 << 20, 64 << 20)?,
        connections: size(number("connections", table.connections, 2, 16)?),
        queue_timeout: duration(place, "queue-timeout", table.queue_timeout.as_deref(), 30, 300)?,
        audit: table.audit.map(|p| root.join(p)),
        texts: match table.audit_texts {
            Some(false) => AuditTexts::LeftOut,
            None | Some(true) => AuditTexts::Kept,
        },
    })
}
