//! What of a profile is needed to read databases and to compare them, without checks and without a build.

use std::path::{Path, PathBuf};

use crate::ProfileError;
use crate::file::{CloneTable, ProductionTable};
use crate::profile::{
    Checks, CloneTarget, Limits, Place, ProductionTarget, clone, limits, parse, production, read,
};
use crate::query::{PermittedNames, permitted};

/// A profile's databases: the same file as the gate's, or one without `[build]`, without checks, and, where
/// only production is read, without `[clone]`.
#[derive(Debug, Clone)]
pub struct SnapshotProfile {
    /// The file that it was read from.
    pub path: PathBuf,
    /// The profile's name.
    pub name: String,
    /// Production; its checks are not read.
    pub production: ProductionTarget,
    /// The clone, where the profile names one; its checks are not read.
    pub clone: Option<CloneTarget>,
    /// Bounds on time.
    pub limits: Limits,
    /// Functions and types of the databases' own that are known to be harmless.
    pub permitted: PermittedNames,
}

impl SnapshotProfile {
    /// Reads what snapshots need. `[build]` and `checks` may be there, and their files are not read.
    ///
    /// # Errors
    /// [`ProfileError`] with the file and the place.
    pub fn load(path: &Path) -> Result<Self, ProfileError> {
        let text = read(path, "this is the profile; `--config FILE` names another one")?;
        let place = Place { path, text: &text };
        let file = parse(&place)?;
        let root = path.parent().unwrap_or(Path::new("."));
        let unasked = |table: ProductionTable| production(&place, root, table);
        let unasked_clone = |table: CloneTable| clone(&place, root, table, Checks::LeftOut);
        Ok(Self {
            path: path.to_owned(),
            name: file.name,
            production: unasked(file.production)?,
            clone: file.clone.map(unasked_clone).transpose()?,
            limits: limits(&place, &file.limits)?,
            permitted: permitted(file.permitted),
        })
    }
}
