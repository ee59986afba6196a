//! A clone from production: `pg_dump` there, as the attested reader and on a snapshot that is also read for the
//! comparison; `pg_restore` here, into a new database; and then both compared.

use clonegate_clone::{Kept, Like, Piece, RestoreOptions, Room, Standing};
use clonegate_diff::Definitions;
use clonegate_model::{
    Assertion, CloneAct, CloneMark, CloneState, Facts, Phase, Reading, Snapshot, Value, chain,
};
use clonegate_probe::{
    DumpError, DumpOptions, ExportedSnapshot, ProductionChannel, SnapshotReader,
};
use clonegate_sql::{Permitted, ReadOnlyStatement};
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use super::fidelity::fidelity;
use super::{Found, Handled, Handling, Wish, cant, row};
use crate::channels;
use crate::read::{self, Plans};
use crate::run::{Earlier, Gate};
use crate::{Depth, GateError, exit, scratch, separation};

const LIKE: &str = include_str!("../../../../sql/engine/gate/database_like.sql");

/// Pieces of an archive that are in memory at once.
const PIECES: usize = 8;

impl Gate<'_> {
    /// Makes a clone of production, and compares the two.
    ///
    /// # Errors
    /// Where there is nothing to record: a name that is no clone's, a server that can't be reached.
    /// Everything else is a record with its verdict.
    pub async fn create_clone(
        &self,
        wish: Wish,
        expires: Option<&str>,
    ) -> Result<Handled, GateError> {
        let expires = self.expiry(expires, Timestamp::now())?;
        let mut at = self.handle(CloneAct::Create, &wish).await?;
        let mark = CloneMark {
            of: at.record.production.clone(),
            made: at.record.started_at,
            by: wish.by,
            why: wish.reason.unwrap_or_default(),
            expires,
            run: at.run.clone(),
            state: CloneState::Unfinished,
        };
        at.create(mark).await?;
        at.end()
    }
}

impl Handling<'_> {
    async fn create(&mut self, mut mark: CloneMark) -> Result<(), GateError> {
        if !self.may_be_made().await? {
            return Ok(());
        }
        let Some(production) = self.production().await else { return Ok(()) };
        if let Some(like) = self.room_and_likeness(&production).await {
            self.make(&production, &like, &mut mark).await?;
        }
        production.close().await;
        Ok(())
    }

    async fn may_be_made(&mut self) -> Result<bool, GateError> {
        let pattern = &self.gate.profile.clone.name_pattern;
        let databases = self.keeper.databases().await;
        let databases = databases.map_err(|e| cant("list the server's databases", e))?;
        let taken = databases.iter().any(|d| d.name == self.name.as_str());
        let required = format!("matches {pattern}, and is free");
        let found = if taken {
            let why = format!(
                "a database {0} exists; drop it with `clonegate clone drop {0}`, or choose another name",
                self.name
            );
            Found::NotMet { actual: format!("{} is taken", self.name), why }
        } else {
            Found::Met(self.name.to_string())
        };
        let free = self.require(row("create-name", "the clone's name", required, found));
        let role = &self.keeper.identity().role;
        let found = if self.keeper.may_create() {
            Found::Met(format!("{role}: no superuser, CREATEDB"))
        } else {
            let why = format!("{role} has no CREATEDB; `clonegate role-sql --clone` gives it");
            Found::NotMet { actual: "no CREATEDB".to_owned(), why }
        };
        let title = "the clone's role may make a database";
        Ok(self.require(row("create-role", title, "an ordinary role with CREATEDB", found)) && free)
    }

    /// The production channel: its role is shown to be a reader before anything is read.
    async fn production(&mut self) -> Option<ProductionChannel> {
        self.gate.observer.step("connecting to production");
        match channels::open_production(
            &self.gate.profile.production,
            &self.gate.profile.limits,
            &self.run,
        )
        .await
        {
            Ok(production) => {
                self.record.steps.extend(separation::attested(Ok(production.attestation())));
                Some(production)
            }
            Err(error) => {
                let rows = match error.attestation() {
                    Some(attestation) => separation::attested(Ok(attestation)),
                    None => separation::attested(Err(&error.to_string())),
                };
                self.record.steps.extend(rows);
                None
            }
        }
    }

    /// Whether there is room, and how a database must be made to hold the same.
    async fn room_and_likeness(&mut self, production: &ProductionChannel) -> Option<Like> {
        let asked = match ReadOnlyStatement::judge(LIKE) {
            Ok(statement) => production
                .read(&statement, &Facts::none())
                .await
                .map(|answer| answer.reading)
                .map_err(|e| chain(&e)),
            Err(refusal) => Err(refusal.to_string()),
        };
        let (bytes, like) = match asked.and_then(|reading| likeness(&reading)) {
            Ok(found) => found,
            Err(why) => {
                let title = "how production's database was made";
                self.require(row("create-like", title, "read", Found::Unknown(why)));
                return None;
            }
        };
        let room = self.keeper.room().await.map_err(|e| chain(&e));
        let room = room.map(|room| Room { database: Some(bytes), ..room });
        let limit = self.gate.profile.clone.scratch_limit;
        let title = "there is room for a clone of production";
        self.require(scratch::room_for("create-room", title, room, limit)).then_some(like)
    }

    async fn make(
        &mut self,
        production: &ProductionChannel,
        like: &Like,
        mark: &mut CloneMark,
    ) -> Result<(), GateError> {
        self.gate.observer.step(&format!("making {}", self.name));
        let title = "a new database with production's encoding and locale, closed to PUBLIC";
        let made = match self.keeper.create(&self.name, like, &mark.comment()).await {
            Ok(made) => made,
            Err(error) => {
                let found = Found::Unknown(chain(&error));
                self.require(row("create-database", title, "made", found));
                return Ok(());
            }
        };
        let found = Found::Met(format!("oid {}, {}", made.oid, like.encoding));
        self.require(row("create-database", title, "made", found));
        self.record.mark = Some(mark.clone());
        self.folder.store_clone(&self.record)?;
        let Some((first, plans)) = self.fill(production).await? else {
            // Half a clone is of no use, and must not be taken for one.
            let dropped = self.keeper.drop_clone(&self.name, &made).await;
            let found = match dropped {
                Ok(()) => Found::Met("dropped".to_owned()),
                Err(error) => Found::Unknown(chain(&error)),
            };
            self.require(row("create-undone", "what was begun is gone", "dropped", found));
            self.record.mark = None;
            return Ok(());
        };
        let made = self.mark(made, mark, CloneState::Unproven).await?;
        self.prove(production, &first, &plans).await;
        if self.all_met() {
            self.mark(made, mark, CloneState::Proven).await?;
        }
        self.record.done = true;
        Ok(())
    }

    async fn mark(
        &mut self,
        made: Standing,
        mark: &mut CloneMark,
        state: CloneState,
    ) -> Result<Standing, GateError> {
        mark.state = state;
        let comment = mark.comment();
        let marked = self.keeper.mark(&self.name, &made, &comment).await;
        marked.map_err(|e| cant("write on the clone whose it is", e))?;
        self.record.mark = Some(mark.clone());
        self.folder.store_clone(&self.record)?;
        Ok(Standing { comment: Some(comment), ..made })
    }

    /// Dumps production into the clone, and reads production on the same snapshot meanwhile. `None` where any
    /// of it failed; its rows say what.
    async fn fill(
        &mut self,
        production: &ProductionChannel,
    ) -> Result<Option<(Snapshot, Plans)>, GateError> {
        let profile = self.gate.profile;
        let create = &profile.clone.create;
        let plans = Plans::new(&profile.production.witness, &profile.clone.witness, Depth::Deep)?;
        let title = "a snapshot of production, for the dump and for the comparison";
        let exported = async {
            let mut reader = production.snapshot().await.map_err(|e| chain(&e))?;
            let at = reader.export().await.map_err(|e| chain(&e))?;
            Ok::<_, String>((reader, at))
        };
        let (reader, at) = match exported.await {
            Ok(found) => found,
            Err(why) => {
                self.require(row("create-snapshot", title, "exported", Found::Unknown(why)));
                return Ok(None);
            }
        };
        let found = Found::Met(at.as_str().to_owned());
        self.require(row("create-snapshot", title, "exported", found));
        self.gate.observer.step("dumping production into the clone");
        let options = DumpOptions {
            program: create.pg_dump.clone(),
            exclude_schemas: create.exclude_schemas.clone(),
            exclude_rows: create.exclude_rows.clone(),
            lock_timeout: profile.limits.lock_timeout,
            deadline: create.timeout,
        };
        let kept = |keep: bool| if keep { Kept::Yes } else { Kept::No };
        let restore = RestoreOptions {
            owners: kept(create.owners),
            privileges: kept(create.privileges),
            deadline: create.timeout,
        };
        let (pieces, arriving) = mpsc::channel(PIECES);
        let (begun, has_begun) = oneshot::channel();
        let work = async {
            tokio::join!(
                dump(production, &at, &options, pieces, begun),
                self.keeper.restore(&self.name, arriving, restore),
                read_meanwhile(production, reader, &self.run, &plans, has_begun),
            )
        };
        let (dumped, restored, first) = tokio::select! {
            done = work => done,
            () = self.gate.stop.clone().wait() => {
                let found = Found::Unknown("it was stopped by a signal".to_owned());
                self.require(row("create-dump", "pg_dump of production", "ends well", found));
                return Ok(None);
            }
        };
        let found = match dumped {
            Ok(bytes) => Found::Met(format!("{}, read only", scratch::bytes(bytes))),
            Err(DumpedNot::Failed(error)) => {
                let why = chain(&error);
                Found::NotMet { actual: "failed".to_owned(), why }
            }
            Err(DumpedNot::Unwanted) => Found::Unknown("nobody took it".to_owned()),
        };
        self.require(row("create-dump", "pg_dump of production", "ends well", found));
        let found = match restored {
            Ok(()) => Found::Met("0 errors".to_owned()),
            Err(error) => Found::NotMet { actual: "failed".to_owned(), why: chain(&error) },
        };
        self.require(row("create-restore", "pg_restore into the clone", "no error", found));
        let first = match first {
            Ok(first) => {
                self.folder.store_snapshot(&first)?;
                Some(first)
            }
            Err(why) => {
                let title = "production is read on the dump's snapshot";
                self.require(row("create-read", title, "read", Found::Unknown(why)));
                None
            }
        };
        Ok(first.filter(|_| self.all_met()).map(|first| (first, plans)))
    }

    /// That the clone is what production was on the dump's snapshot, and is separate from it.
    async fn prove(&mut self, production: &ProductionChannel, first: &Snapshot, plans: &Plans) {
        self.gate.observer.step("comparing the clone with production");
        let profile = self.gate.profile;
        let title = "the clone is what production was on the dump's snapshot";
        let unknown =
            |why: String| row("create-equal", title, "no difference", Found::Unknown(why));
        let clone = match self.keeper.open_clone(self.name.clone()).await {
            Ok(clone) => clone,
            Err(error) => {
                self.require(unknown(chain(&error)));
                return;
            }
        };
        let terms = read::Terms { facts: &Facts::none(), permitted: &Permitted::nothing() };
        let second = read::clone(&clone, &[], terms, &self.run, Phase::Entry, None, plans).await;
        match second {
            Err(why) => {
                self.require(unknown(why));
            }
            Ok(second) => {
                let create = &profile.clone.create;
                let definitions = if create.owners && create.privileges {
                    Definitions::Whole
                } else {
                    Definitions::WithoutOwnersAndGrants
                };
                let organic = &profile.production.organic;
                let both = (first, &second);
                let (equal, compared) =
                    fidelity("create-equal", title, both, definitions, organic, Some(create));
                self.require(equal);
                self.record.findings = compared.findings;
                let waive = &profile.production.waive;
                self.require(exit::coverage("create-coverage", first, waive));
                let stored = self.folder.store_snapshot(&second);
                if let Err(error) = stored {
                    self.gate.observer.warning(&chain(&error));
                }
            }
        }
        let attested = production.attest().await.map_err(|e| chain(&e));
        let rows = separation::rows(profile, production, attested.as_ref(), &clone).await;
        clone.rest().await;
        // The role's attestation stands at the top already, unless it has changed.
        let known: Vec<Assertion> = self.record.steps.clone();
        self.record.steps.extend(rows.into_iter().filter(|row| !known.contains(row)));
        self.require(exit::footprint(production, Earlier::default()));
    }
}

enum DumpedNot {
    Failed(DumpError),
    /// The restore ended first; its error is the one that counts.
    Unwanted,
}

/// Sends the dump's pieces, and counts their bytes.
async fn dump(
    production: &ProductionChannel,
    at: &ExportedSnapshot,
    options: &DumpOptions,
    pieces: mpsc::Sender<Piece>,
    begun: oneshot::Sender<()>,
) -> Result<u64, DumpedNot> {
    let mut dump = production.dump(at, options).map_err(DumpedNot::Failed)?;
    let mut begun = Some(begun);
    let mut bytes = 0;
    while let Some(piece) = dump.next().await.map_err(DumpedNot::Failed)? {
        if let Some(begun) = begun.take() {
            let _ = begun.send(());
        }
        bytes += piece.len() as u64;
        pieces.send(Piece::Bytes(piece)).await.map_err(|_| DumpedNot::Unwanted)?;
    }
    pieces.send(Piece::End).await.map_err(|_| DumpedNot::Unwanted)?;
    Ok(bytes)
}

/// Reads production on the dump's snapshot, which stays open until the dump has taken it.
async fn read_meanwhile(
    production: &ProductionChannel,
    reader: SnapshotReader,
    run: &clonegate_model::RunId,
    plans: &Plans,
    dump_has_begun: oneshot::Receiver<()>,
) -> Result<Snapshot, String> {
    let (snapshot, readers) = read::production_on(production, reader, run, plans).await?;
    // A dump that failed before it began is its own row's.
    let _ = dump_has_begun.await;
    for reader in readers {
        reader.0.finish().await.map_err(|e| chain(&e))?;
    }
    Ok(snapshot)
}

fn likeness(reading: &Reading) -> Result<(u64, Like), String> {
    let text = |column: &str| match reading.single(column) {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let bytes = match reading.single("bytes") {
        Some(Value::Integer(bytes)) => u64::try_from(*bytes).ok(),
        _ => None,
    };
    match (bytes, text("encoding")) {
        (Some(bytes), Some(encoding)) => Ok((
            bytes,
            Like {
                encoding,
                collate: text("lc_collate"),
                ctype: text("lc_ctype"),
                provider: text("provider"),
                locale: text("locale"),
                rules: text("rules"),
            },
        )),
        _ => Err("the answer has an unexpected shape".to_owned()),
    }
}
