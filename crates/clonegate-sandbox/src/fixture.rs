//! The one-roof fixture: a faithful "production", and the clone that a prior run left seeded.
//!
//! The files are those of `sql/one-roof/`, embedded. The order, the databases and the roles are those of
//! `fixture/README.md` there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::command::CommandError;
use crate::copy::{CopyError, copy_database};
use crate::psql::Psql;

/// Every file of the profile: its path in `sql/one-roof/`, and its text.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/one_roof.rs"));

/// How large production is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scale {
    /// A few thousand rows; loaded in less than a second.
    #[default]
    Small,
    /// As large as the real one: 1.1 million birth rows, 200,480 issues.
    Full,
}

impl Scale {
    fn variables(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Small => &[],
            Self::Full => &[("birth_rows", "1100000"), ("issue_rows", "200480")],
        }
    }
}

/// A part of the fixture that could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FixtureError {
    /// A script or statement.
    #[error("the one-roof fixture can't be loaded")]
    Load(#[from] CommandError),
    /// The clone's copy of production.
    #[error("the clone can't be made from production")]
    Copy(#[from] CopyError),
    /// A file that can't be written out.
    #[error("can't write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// The one-roof fixture.
#[derive(Debug, Clone, Copy)]
pub struct Fixture;

impl Fixture {
    /// Production's database.
    pub const PRODUCTION_DATABASE: &str = "directus";
    /// The role that may only read production.
    pub const PRODUCTION_ROLE: &str = "context_pack_readonly";
    /// The role that owns everything in production; nobody logs in as it.
    pub const PRODUCTION_OWNER: &str = "directus_owner";
    /// The clone's database.
    pub const CLONE_DATABASE: &str = "directus_gov_test_20260602";
    /// The role that owns the clone.
    pub const CLONE_ROLE: &str = "workflow_admin";

    /// Makes production's roles and its database, and loads it. `server` is psql as superuser. The roles
    /// get no passwords: see [`Psql::set_password`].
    ///
    /// # Errors
    /// When a script fails; for instance because the database is there already.
    pub async fn load_production(server: &Psql, scale: Scale) -> Result<(), FixtureError> {
        let database = Self::PRODUCTION_DATABASE;
        run(server, "postgres", "fixture/production_cluster.sql", &[]).await?;
        create_database(server, database, Self::PRODUCTION_OWNER).await?;
        run(server, database, "fixture/production.sql", scale.variables()).await?;
        run(server, database, "fixture/production_access.sql", &[]).await
    }

    /// Makes the clone's role and its database, which stays empty.
    ///
    /// # Errors
    /// When a script fails; for instance because the database is there already.
    pub async fn create_clone(server: &Psql) -> Result<(), FixtureError> {
        run(server, "postgres", "fixture/clone_cluster.sql", &[]).await?;
        create_database(server, Self::CLONE_DATABASE, Self::CLONE_ROLE).await
    }

    /// Makes the clone from production, with its prior seed. `production` and `clone` are psql as
    /// superuser on the two servers, which may be one; `owner` is psql as [`Fixture::CLONE_ROLE`] on the
    /// clone's. The role must be able to log in by then: [`Fixture::create_clone`], then
    /// [`Psql::set_password`] where the server asks for one, then this.
    ///
    /// # Errors
    /// When the copy or a script fails.
    pub async fn fill_clone(
        production: &Psql,
        clone: &Psql,
        owner: &Psql,
    ) -> Result<(), FixtureError> {
        let database = Self::CLONE_DATABASE;
        copy_database(production, Self::PRODUCTION_DATABASE, owner, database).await?;
        run(clone, database, "fixture/clone_access.sql", &[]).await?;
        run(owner, database, "fixture/clone_seed.sql", &[]).await
    }

    /// Writes the whole profile (`clonegate.toml`, checks, build, rollback, fixture) into a folder.
    ///
    /// # Errors
    /// When a file can't be written.
    pub fn unpack(folder: &Path) -> Result<(), FixtureError> {
        for (name, text) in FILES {
            let path = folder.join(name);
            let parent = path.parent().unwrap_or(folder);
            fs::create_dir_all(parent)
                .and_then(|()| fs::write(&path, text))
                .map_err(|source| FixtureError::Write { path: path.clone(), source })?;
        }
        Ok(())
    }

    /// The text of one file of the profile, by its path in `sql/one-roof/`.
    #[must_use]
    pub fn file(name: &str) -> Option<&'static str> {
        FILES.iter().find(|(other, _)| *other == name).map(|(_, text)| *text)
    }

    /// The paths of all files of the profile.
    pub fn files() -> impl Iterator<Item = &'static str> {
        FILES.iter().map(|(name, _)| *name)
    }
}

async fn run(
    psql: &Psql,
    database: &str,
    file: &'static str,
    variables: &[(&str, &str)],
) -> Result<(), FixtureError> {
    let script =
        Fixture::file(file).expect("the files that are named here are tested to be embedded");
    psql.run_script(file, database, script, variables).await?;
    Ok(())
}

async fn create_database(server: &Psql, database: &str, owner: &str) -> Result<(), FixtureError> {
    let sql = format!("create database {database} owner {owner}");
    server.run_sql("postgres", &sql).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_file_of_the_profile_is_embedded() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sql/one-roof");
        let mut there = BTreeSet::new();
        let mut folders = vec![folder.clone()];
        while let Some(next) = folders.pop() {
            for entry in fs::read_dir(next).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    there.insert(path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned());
                }
            }
        }
        let embedded: BTreeSet<String> = Fixture::files().map(str::to_owned).collect();
        assert_eq!(embedded, there);
    }

    #[test]
    fn the_files_that_are_loaded_are_there() {
        for name in [
            "clonegate.toml",
            "fixture/production_cluster.sql",
            "fixture/production.sql",
            "fixture/production_access.sql",
            "fixture/clone_cluster.sql",
            "fixture/clone_access.sql",
            "fixture/clone_seed.sql",
        ] {
            assert!(Fixture::file(name).is_some(), "{name}");
        }
    }

    #[test]
    fn unpacks_into_folders() {
        let folder = tempfile::tempdir().unwrap();
        Fixture::unpack(folder.path()).unwrap();
        let text = fs::read_to_string(folder.path().join("fixture/production.sql")).unwrap();
        assert_eq!(Some(&*text), Fixture::file("fixture/production.sql"));
    }
}
