//! Snapshots by themselves: of production, of a clone, or of both, outside any run.

use clonegate_clone::OpenError;
use clonegate_model::{Exit, Facts, Phase, RunId, Snapshot, Target, chain};
use clonegate_probe::ProductionChannel;
use clonegate_profile::{CloneTarget, SnapshotProfile};
use clonegate_sql::Permitted;

use crate::channels;
use crate::preflight::contradiction;
use crate::read::{self, Plans, Terms};
use crate::run::new_run_id;
use crate::{Depth, GateError, Observer};

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The profile contradicts itself, or has no clone.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// A database could not be read; the text carries no secret.
    #[error("{target} could not be read: {why}")]
    Unread {
        /// Which.
        target: Target,
        /// Why.
        why: String,
    },
    /// The earlier snapshot is of something else.
    #[error(
        "the earlier snapshot is of {earlier}, and this is {now}; without --since it is read by itself"
    )]
    NotComparable {
        /// Of what.
        earlier: String,
        /// What is there now.
        now: String,
    },
}

impl SnapshotError {
    /// How the command that met it ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            SnapshotError::Gate(error) => error.exit(),
            SnapshotError::Unread { .. } | SnapshotError::NotComparable { .. } => {
                Exit::Inconclusive
            }
        }
    }
}

/// Takes snapshots by themselves: what the witnesses see, without the profile's checks.
pub struct Snapshots<'a> {
    profile: &'a SnapshotProfile,
    observer: &'a dyn Observer,
    run: RunId,
    plans: Plans,
}

impl<'a> Snapshots<'a> {
    /// What one command takes: all of it has one run's name and one key, so that the contents of two
    /// databases can be compared.
    ///
    /// # Errors
    /// [`SnapshotError::Gate`] where the profile contradicts itself; nothing was connected to.
    pub fn new(
        profile: &'a SnapshotProfile,
        observer: &'a dyn Observer,
        depth: Depth,
    ) -> Result<Self, SnapshotError> {
        contradiction(&profile.production, profile.clone.as_ref())?;
        let of_production = &profile.production.witness;
        let of_clone = profile.clone.as_ref().map_or(of_production, |clone| &clone.witness);
        Ok(Self {
            profile,
            observer,
            run: new_run_id()?,
            plans: Plans::new(of_production, of_clone, depth)?,
        })
    }

    /// Takes a snapshot; against an earlier one, it also counts the rows that are newer, and takes the
    /// digests that it had, with its key.
    ///
    /// # Errors
    /// [`SnapshotError`]; nothing was changed, and what could not be covered is no error.
    pub async fn take(
        &self,
        target: Target,
        since: Option<&Snapshot>,
    ) -> Result<Snapshot, SnapshotError> {
        if let Some(since) = since.filter(|since| since.target != target) {
            return Err(not_comparable(since, target.to_string()));
        }
        match target {
            Target::Production => self.production(since).await,
            Target::Clone => {
                let clone = self.profile.clone.as_ref().ok_or_else(|| GateError::Profile {
                    problem: "the profile has no [clone]".to_owned(),
                    hint: "docs/profile.md describes it; `clonegate snapshot production` does without it".to_owned(),
                })?;
                self.clone(clone, since).await
            }
        }
    }

    async fn production(&self, since: Option<&Snapshot>) -> Result<Snapshot, SnapshotError> {
        let unread = |why: String| SnapshotError::Unread { target: Target::Production, why };
        let SnapshotProfile { production, limits, .. } = self.profile;
        self.observer.step("connecting to production");
        let channel = channels::open_production(production, limits, &self.run)
            .await
            .map_err(|error| unread(error.to_string()))?;
        self.observer.step("reading production");
        let read = self.read_production(&channel, since).await;
        channel.close().await;
        read?.map_err(unread)
    }

    async fn read_production(
        &self,
        channel: &ProductionChannel,
        since: Option<&Snapshot>,
    ) -> Result<Result<Snapshot, String>, SnapshotError> {
        same_database(since, channel.identity())?;
        let (terms, phase) = (nothing(), phase(since));
        Ok(read::production(channel, &[], terms.terms(), &self.run, phase, since, &self.plans)
            .await)
    }

    async fn clone(
        &self,
        clone: &CloneTarget,
        since: Option<&Snapshot>,
    ) -> Result<Snapshot, SnapshotError> {
        let unread = |why: String| SnapshotError::Unread { target: Target::Clone, why };
        let settings = channels::clone_settings(clone)?;
        self.observer.step("connecting to the clone");
        let limits = &self.profile.limits;
        let channel = match channels::open_free_clone(limits, settings, &self.run).await {
            Ok(channel) => channel,
            // Its run would see a foreign session, and this snapshot a clone in the middle of something.
            Err(OpenError::Held(holder)) => return Err(GateError::Held(holder).into()),
            Err(error) => return Err(unread(chain(&error))),
        };
        same_database(since, channel.identity())?;
        self.observer.step("reading the clone");
        let (terms, phase) = (nothing(), phase(since));
        let plans = &self.plans;
        let read = read::clone(&channel, &[], terms.terms(), &self.run, phase, since, plans).await;
        channel.rest().await;
        read.map_err(unread)
    }
}

fn phase(since: Option<&Snapshot>) -> Phase {
    if since.is_some() { Phase::Exit } else { Phase::Entry }
}

fn same_database(
    since: Option<&Snapshot>,
    now: &clonegate_model::Identity,
) -> Result<(), SnapshotError> {
    match since {
        Some(since) if !since.identity.is_same_database(now) => Err(not_comparable(
            since,
            format!(
                "{} (oid {}, cluster {})",
                now.database, now.database_oid, now.system_identifier
            ),
        )),
        _ => Ok(()),
    }
}

fn not_comparable(since: &Snapshot, now: String) -> SnapshotError {
    let i = &since.identity;
    let earlier = format!(
        "{}, {} (oid {}, cluster {})",
        since.target, i.database, i.database_oid, i.system_identifier
    );
    SnapshotError::NotComparable { earlier, now }
}

/// What the checks would be told and may use: there are none.
struct Nothing {
    facts: Facts,
    permitted: Permitted,
}

fn nothing() -> Nothing {
    Nothing { facts: Facts::none(), permitted: Permitted::nothing() }
}

impl Nothing {
    fn terms(&self) -> Terms<'_> {
        Terms { facts: &self.facts, permitted: &self.permitted }
    }
}
