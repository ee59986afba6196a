//! The drop gate: what must be shown of a clone before it is dropped, and the drop.

use std::path::{Path, PathBuf};

use clonegate_clone::{
    ArchiveError, CronJobs, Hold, Kept, OpenError, Piece, RestoreOptions, Room, Standing,
};
use clonegate_diff::Definitions;
use clonegate_model::{
    Assertion, CloneAct, CloneName, CloneState, DatabaseName, DumpRecord, Facts, Phase, Value,
    chain,
};
use clonegate_probe::ProductionChannel;
use clonegate_sql::{Permitted, ReadOnlyStatement};
use clonegate_store::Event;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;

use super::fidelity::fidelity;
use super::{BeforeExpiry, DropTerms, Found, Handled, Handling, Wish, cant, mark_of, row};
use crate::channels;
use crate::read::{self, Plans};
use crate::run::Gate;
use crate::{Depth, GateError, scratch, take};

const FOREIGN_SERVERS: &str = include_str!("../../../../sql/engine/gate/foreign_servers.sql");

/// Databases that are asked for foreign servers.
const ASKED: usize = 20;

/// Pieces of an archive that are in memory at once.
const PIECES: usize = 8;

impl Gate<'_> {
    /// Drops a clone, if everything that the drop gate requires was shown.
    ///
    /// # Errors
    /// Where there is nothing to record: a name that is no clone's, a clone that a run holds, a dump's file
    /// that is there already. A clone that may not be dropped is no error: the record says why.
    pub async fn drop_clone(&self, wish: Wish, terms: DropTerms) -> Result<Handled, GateError> {
        let usage =
            |problem: String, hint: &str| GateError::Profile { problem, hint: hint.to_owned() };
        if terms.before_expiry == BeforeExpiry::Yes
            && wish.reason.as_ref().is_none_or(|r| r.trim().is_empty())
        {
            let problem = "a clone is dropped before its time only for a reason".to_owned();
            return Err(usage(problem, "say it with --reason"));
        }
        if let Some(path) = terms.dump.as_ref().filter(|path| path.exists()) {
            let problem = format!("{} exists already", path.display());
            return Err(usage(problem, "name a file that is not there yet"));
        }
        let mut at = self.handle(CloneAct::Drop, &wish).await?;
        at.drop_it(&wish, &terms).await?;
        at.end()
    }
}

impl Handling<'_> {
    async fn drop_it(&mut self, wish: &Wish, terms: &DropTerms) -> Result<(), GateError> {
        let databases = self.keeper.databases().await;
        let databases = databases.map_err(|e| cant("list the server's databases", e))?;
        let Some(standing) = databases.iter().find(|d| d.name == self.name.as_str()).cloned()
        else {
            let why = format!("there is no database {} on this server", self.name);
            let found = Found::NotMet { actual: "no".to_owned(), why };
            self.require(row("drop-there", "the clone is there", "yes", found));
            return Ok(());
        };
        self.target(&standing);
        // Whoever works on it has it: what may change meanwhile is looked at only under the lock.
        let Some(hold) = self.hold().await? else { return Ok(()) };
        let production = self.not_production(&standing).await;
        self.in_use(&standing);
        self.references(&standing, &databases, production.as_ref()).await;
        self.expired(&standing, wish, terms);
        if let Some(production) = production {
            production.close().await;
        }
        if let (true, Some(path)) = (self.all_met(), &terms.dump) {
            self.dump(path, &standing).await?;
        }
        if self.all_met() && self.gate.stop.requested() {
            let found = Found::Unknown("it was stopped by a signal".to_owned());
            self.require(row("drop-done", "the clone is gone", "dropped", found));
        }
        if self.all_met() {
            self.folder.store_clone(&self.record)?;
            self.gate.observer.step(&format!("dropping {}", self.name));
            let dropped = self.keeper.drop_clone(&self.name, &standing).await;
            let there =
                self.keeper.databases().await.map(|all| all.iter().any(|d| d.oid == standing.oid));
            let found = match (dropped, there) {
                (Ok(()), Ok(false)) => {
                    self.record.done = true;
                    Found::Met("dropped".to_owned())
                }
                (Ok(()), Ok(true)) => Found::Unknown("it is still listed".to_owned()),
                (Ok(()), Err(error)) | (Err(error), _) => Found::Unknown(chain(&error)),
            };
            self.require(row("drop-done", "the clone is gone", "dropped", found));
        }
        hold.release().await;
        Ok(())
    }

    /// Takes the clone's lock, as every run does.
    async fn hold(&mut self) -> Result<Option<Hold>, GateError> {
        let (title, required) = ("no run is at work on the clone", "its lock is free");
        let held = match self.keeper.open_free_clone(self.name.clone()).await {
            Err(OpenError::Held(holder)) => return Err(GateError::Held(holder)),
            Ok(channel) => match take::lock(&channel).await? {
                Ok(mut hold) => {
                    take::free(self.gate, &channel, &mut hold).await?;
                    Ok(hold)
                }
                Err(why) => Err(why),
            },
            Err(error) => Err(chain(&error)),
        };
        Ok(match held {
            Ok(hold) => {
                self.require(row("drop-lock", title, required, Found::Met("taken".to_owned())));
                Some(hold)
            }
            Err(why) => {
                self.require(row("drop-lock", title, required, Found::Unknown(why)));
                None
            }
        })
    }

    /// Its name, its owner, its size.
    fn target(&mut self, standing: &Standing) {
        let pattern = &self.gate.profile.clone.name_pattern;
        let required = format!("matches {pattern}, not on production's allowlist");
        // What made the name has checked both.
        let found = Found::Met(format!("{} (oid {})", self.name, standing.oid));
        self.require(row("drop-name", "the name is a clone's", required, found));
        let role = &self.gate.profile.clone.role;
        let found = if standing.owner == *role {
            Found::Met(standing.owner.clone())
        } else {
            let why = format!("{} belongs to {}", self.name, standing.owner);
            Found::NotMet { actual: standing.owner.clone(), why }
        };
        self.require(row("drop-owner", "the clone's role owns it", role, found));
        let found = match standing.bytes {
            Some(bytes) => Found::Met(scratch::bytes(bytes)),
            None => Found::Unknown("this role may not ask how large it is".to_owned()),
        };
        self.require(row("drop-size", "how large it is", "known", found));
    }

    /// That it is another database than production, which is asked who it is.
    async fn not_production(&mut self, standing: &Standing) -> Option<ProductionChannel> {
        let (title, required) = ("it is not production", "another database");
        self.gate.observer.step("asking production who it is");
        let production = match channels::open_production(
            &self.gate.profile.production,
            &self.gate.profile.limits,
            &self.run,
        )
        .await
        {
            Ok(production) => production,
            Err(error) => {
                let found = Found::Unknown(error.to_string());
                self.require(row("drop-not-production", title, required, found));
                return None;
            }
        };
        let (p, c) = (production.identity(), self.keeper.identity());
        let one_server = p.system_identifier == c.system_identifier;
        let topology = if one_server { "one server" } else { "two servers" };
        let actual = format!("production is {} (oid {}), {topology}", p.database, p.database_oid);
        let found = if one_server && p.database_oid == standing.oid {
            let why = "it is the database that the production channel reads".to_owned();
            Found::NotMet { actual, why }
        } else {
            Found::Met(actual)
        };
        self.require(row("drop-not-production", title, required, found));
        Some(production)
    }

    /// Sessions and prepared transactions; this run's own sessions are not counted.
    fn in_use(&mut self, standing: &Standing) {
        let Standing { sessions, own_sessions, prepared, .. } = standing;
        let actual = format!(
            "{sessions} sessions, {prepared} prepared transactions, {own_sessions} sessions of this command's own"
        );
        let found = if *sessions == 0 && *prepared == 0 {
            Found::Met(actual)
        } else {
            Found::NotMet { actual, why: format!("{} is in use", self.name) }
        };
        self.require(row("drop-sessions", "nobody uses it", "no session", found));
    }

    /// What would break, or stay behind, without it.
    async fn references(
        &mut self,
        standing: &Standing,
        databases: &[Standing],
        production: Option<&ProductionChannel>,
    ) {
        self.gate.observer.step("looking for what refers to the clone");
        let name = self.name.as_str();
        let mut found: Vec<String> = Vec::new();
        let mut unseen: Vec<String> = Vec::new();
        for (count, what) in [
            (standing.subscriptions, "subscriptions in it"),
            (standing.slots, "replication slots of it"),
        ] {
            if count > 0 {
                found.push(format!("{count} {what}"));
            }
        }
        match self.keeper.cron_jobs(name).await {
            Ok(CronJobs::Seen(0) | CronJobs::NoCron) => {}
            Ok(CronJobs::Seen(jobs)) => found.push(format!("{jobs} jobs of pg_cron")),
            Ok(CronJobs::Unseen(why)) => unseen.push(why),
            Err(error) => unseen.push(format!("pg_cron: {}", chain(&error))),
        }
        let others = databases.iter().filter(|d| d.name != name && !d.template && d.connectable);
        let (asked, rest): (Vec<_>, Vec<_>) = others.enumerate().partition(|(n, _)| *n < ASKED);
        for (_, other) in &asked {
            let servers = match DatabaseName::new(&*other.name) {
                Ok(database) => {
                    self.keeper.foreign_servers(&database, name).await.map_err(|e| chain(&e))
                }
                Err(error) => Err(error.to_string()),
            };
            match servers {
                Ok(servers) if servers.is_empty() => {}
                Ok(servers) => {
                    found.push(format!(
                        "foreign servers in {}: {}",
                        other.name,
                        servers.join(", ")
                    ));
                }
                Err(why) => unseen.push(format!("{}: {why}", other.name)),
            }
        }
        if !rest.is_empty() {
            unseen.push(format!("{} more databases were not asked", rest.len()));
        }
        if let Some(production) = production {
            match foreign_servers(production, name).await {
                Ok(None) => {}
                Ok(Some(names)) => {
                    found.push(format!("foreign servers in production: {names}"));
                }
                Err(why) => unseen.push(format!("production: {why}")),
            }
        }
        let mut actual = if found.is_empty() {
            format!("none in {} databases of its server and in production", asked.len())
        } else {
            found.join("; ")
        };
        if !unseen.is_empty() {
            actual.push_str(&format!("; not seen: {}", unseen.join("; ")));
        }
        let result = if found.is_empty() {
            Found::Met(actual)
        } else {
            Found::NotMet { why: format!("{name} is referred to: {}", found.join("; ")), actual }
        };
        let title = "nothing refers to it, as far as this role sees";
        self.require(row("drop-references", title, "no reference", result));
    }

    fn expired(&mut self, standing: &Standing, wish: &Wish, terms: &DropTerms) {
        let mark = mark_of(standing.comment.as_ref());
        let required = "expired, or a reason to drop it before";
        let forced = wish.reason.as_ref().filter(|_| terms.before_expiry == BeforeExpiry::Yes);
        let state = match &mark {
            Some(mark) if mark.state == CloneState::Unfinished => {
                Ok("it was never finished".to_owned())
            }
            Some(mark) if mark.has_expired(Timestamp::now()) => Ok(format!("{}", mark.expires)),
            Some(mark) => Err(format!("lasts until {}", mark.expires)),
            None => Err("nothing on it says whose it is and how long it lasts".to_owned()),
        };
        let found = match (state, forced) {
            (Ok(actual), _) => Found::Met(actual),
            (Err(actual), Some(reason)) => Found::Met(format!("{actual}; forced: {reason}")),
            (Err(actual), None) => {
                let why = format!("it {actual}; --force with --reason drops it all the same");
                Found::NotMet { actual, why }
            }
        };
        self.require(row("drop-expiry", "it has lasted long enough", required, found));
        self.record.mark = mark;
    }

    /// Writes a dump, restores it into a scratch copy, and compares that with the clone.
    async fn dump(&mut self, path: &Path, standing: &Standing) -> Result<(), GateError> {
        let deadline = self.gate.profile.clone.create.timeout;
        let room = self.keeper.room().await.map_err(|e| chain(&e));
        let room = room.map(|room| Room { database: standing.bytes, ..room });
        let limit = self.gate.profile.clone.scratch_limit;
        let title = "there is room to try the dump on a scratch copy";
        if !self.require(scratch::room_for("dump-room", title, room, limit)) {
            return Ok(());
        }
        self.gate.observer.step(&format!("dumping {} to {}", self.name, path.display()));
        let title = format!("a dump in {}", path.display());
        let written = {
            let (pieces, arriving) = mpsc::channel(PIECES);
            let dumped = self.keeper.dump(&self.name, pieces, deadline);
            let (dumped, written) = tokio::join!(dumped, write(path, arriving));
            match (dumped, written) {
                (Ok(()), written) => written,
                // The file could not be written any more, and the dump's error says only that.
                (Err(ArchiveError::Cut), Err(why)) => Err(why),
                (Err(error), _) => Err(chain(&error)),
            }
        };
        match written {
            Ok(record) => {
                let found = Found::Met(format!(
                    "{} ({}…)",
                    scratch::bytes(record.bytes),
                    &record.sha256[..12]
                ));
                self.require(row("dump-written", title, "written", found));
                self.record.dump = Some(record);
            }
            Err(why) => {
                self.require(row("dump-written", title, "written", Found::Unknown(why)));
                return Ok(());
            }
        }
        self.try_dump(path).await
    }

    async fn try_dump(&mut self, path: &Path) -> Result<(), GateError> {
        let title = "the dump, restored into a scratch copy, is the clone";
        let target = &self.gate.profile.clone;
        let run = self.run.as_str();
        let tail = run.rsplit('-').next().unwrap_or(run);
        let scratch = match target.name_pattern.admit(&format!("{}x{tail}", self.name)) {
            Ok(scratch) => scratch,
            Err(error) => {
                let found = Found::Unknown(format!("{error}; widen the pattern"));
                self.require(row("dump-restored", title, "no difference", found));
                return Ok(());
            }
        };
        self.gate.observer.step("restoring the dump into a scratch copy");
        self.folder.note(Event::ScratchMade { database: scratch.as_database().clone() })?;
        let comment = format!("clonegate scratch copy of run {run}");
        let made = match self.keeper.like(self.name.as_str()).await {
            Ok(like) => self.keeper.create(&scratch, &like, &comment).await,
            Err(error) => Err(error),
        };
        let made = match made {
            Ok(made) => made,
            Err(error) => {
                let found = Found::Unknown(chain(&error));
                self.require(row("dump-restored", title, "no difference", found));
                return Ok(());
            }
        };
        let row_of = self.restored_equals(path, &scratch, title).await;
        self.require(row_of);
        let title = "the scratch copy is gone";
        let found = match self.keeper.drop_clone(&scratch, &made).await {
            Ok(()) => {
                let database = scratch.as_database().clone();
                self.folder.note(Event::ScratchDropped { database })?;
                Found::Met("dropped".to_owned())
            }
            Err(error) => Found::Unknown(chain(&error)),
        };
        self.require(row("dump-scratch", title, "dropped", found));
        Ok(())
    }

    async fn restored_equals(
        &mut self,
        path: &Path,
        scratch: &CloneName,
        title: &str,
    ) -> Assertion {
        let unknown =
            |why: String| row("dump-restored", title, "no difference", Found::Unknown(why));
        let deadline = self.gate.profile.clone.create.timeout;
        let options = RestoreOptions { owners: Kept::Yes, privileges: Kept::Yes, deadline };
        let (pieces, arriving) = mpsc::channel(PIECES);
        let (sent, restored) =
            tokio::join!(send(path, pieces), self.keeper.restore(scratch, arriving, options));
        match (restored, sent) {
            (Ok(()), Ok(())) => {}
            (Err(error @ (ArchiveError::Failed { .. } | ArchiveError::Missing { .. })), _) => {
                let found = Found::NotMet { actual: "failed".to_owned(), why: chain(&error) };
                return row("dump-restored", title, "no difference", found);
            }
            (Err(error), _) => return unknown(chain(&error)),
            (Ok(()), Err(why)) => return unknown(why),
        }
        let profile = self.gate.profile;
        let witness = (&profile.production.witness, &profile.clone.witness);
        let plans = match Plans::new(witness.0, witness.1, Depth::Deep) {
            Ok(plans) => plans,
            Err(error) => return unknown(error.to_string()),
        };
        let mut both = Vec::new();
        for name in [&self.name, scratch] {
            let channel = match self.keeper.open_clone(name.clone()).await {
                Ok(channel) => channel,
                Err(error) => return unknown(chain(&error)),
            };
            let terms = read::Terms { facts: &Facts::none(), permitted: &Permitted::nothing() };
            let taken =
                read::clone(&channel, &[], terms, &self.run, Phase::Entry, None, &plans).await;
            channel.rest().await;
            match taken {
                Ok(snapshot) => both.push(snapshot),
                Err(why) => return unknown(why),
            }
        }
        let organic = std::collections::BTreeMap::new();
        let pair = (&both[0], &both[1]);
        let (equal, compared) =
            fidelity("dump-restored", title, pair, Definitions::Whole, &organic, None);
        self.record.findings.extend(compared.findings);
        equal
    }
}

/// The foreign servers in production that connect to a database of this name.
async fn foreign_servers(
    production: &ProductionChannel,
    name: &str,
) -> Result<Option<String>, String> {
    let literal = format!("'{}'", name.replace('\'', "''"));
    let text = FOREIGN_SERVERS.replace("{database}", &literal);
    let statement = ReadOnlyStatement::judge(&text).map_err(|r| r.to_string())?;
    let answer = production.read(&statement, &Facts::none()).await.map_err(|e| chain(&e))?;
    match (answer.reading.single("servers"), answer.reading.single("names")) {
        (Some(Value::Integer(0)), _) => Ok(None),
        (Some(Value::Integer(_)), Some(Value::Text(names))) => Ok(Some(names.clone())),
        _ => Err("the answer has an unexpected shape".to_owned()),
    }
}

/// Writes an archive whole or not at all.
async fn write(path: &Path, mut pieces: mpsc::Receiver<Piece>) -> Result<DumpRecord, String> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let problem = |e: std::io::Error| format!("{} can't be written: {e}", part.display());
    let write = async {
        let mut options = tokio::fs::OpenOptions::new();
        options.write(true).create_new(true);
        // It has what the clone has.
        #[cfg(unix)]
        options.mode(0o600);
        let mut file = options.open(&part).await.map_err(problem)?;
        let mut digest = Sha256::new();
        let mut bytes = 0;
        loop {
            match pieces.recv().await {
                Some(Piece::Bytes(piece)) => {
                    digest.update(&piece);
                    bytes += piece.len() as u64;
                    file.write_all(&piece).await.map_err(problem)?;
                }
                Some(Piece::End) => break,
                None => return Err("pg_dump did not end well".to_owned()),
            }
        }
        file.flush().await.map_err(problem)?;
        file.sync_all().await.map_err(problem)?;
        tokio::fs::rename(&part, path).await.map_err(problem)?;
        let sha256 = digest.finalize().iter().map(|b| format!("{b:02x}")).collect();
        Ok(DumpRecord { path: path.display().to_string(), bytes, sha256 })
    };
    let written = write.await;
    if written.is_err() {
        let _ = tokio::fs::remove_file(&part).await;
    }
    written
}

/// Sends a file's pieces. Where nobody takes them any more, the one who did says why.
async fn send(path: &Path, pieces: mpsc::Sender<Piece>) -> Result<(), String> {
    let problem = |e: std::io::Error| format!("{} can't be read: {e}", path.display());
    let mut file = tokio::fs::File::open(path).await.map_err(problem)?;
    loop {
        let mut buffer = vec![0; 64 * 1024];
        let read = file.read(&mut buffer).await.map_err(problem)?;
        if read == 0 {
            let _ = pieces.send(Piece::End).await;
            return Ok(());
        }
        buffer.truncate(read);
        if pieces.send(Piece::Bytes(buffer)).await.is_err() {
            return Ok(());
        }
    }
}
