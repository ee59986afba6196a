//! The connections, a few of them, and who may have one.
//!
//! A caller's statement spends its connection, so the next one is dialled ahead: after a connection was
//! spent, a **spare** is opened in the background, and rehearses the guard, so that the server has read its
//! catalogs before somebody waits for it. Spares rest for a while and are then ended; they are only dialled
//! after a use, so a channel that nobody asks holds nothing of production's.
//!
//! There are as many slots as connections are allowed. Whoever dials, uses or ends a connection holds a slot,
//! and never more connections rest than slots are free: together they can't exceed the bound. A slot is free
//! again only when the server has closed the connection, or has not done so within two seconds. The queue for
//! slots is first come, first served.
//!
//! Pools from a library (deadpool, bb8) keep connections to use them again. None of them dials ahead for
//! connections that are used once without either exceeding its bound or holding connections for ever.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::dial::{Dialer, Session};
use crate::transaction::Ledger;
use crate::{Bounds, ConnectError, ReadError};

/// Somebody else's connections may fill the role's CONNECTION LIMIT for a moment, so "too many
/// connections" is worth another try.
const RETRIES: [Duration; 3] =
    [Duration::from_millis(100), Duration::from_millis(300), Duration::from_millis(900)];
const TOO_MANY_CONNECTIONS: &str = "53300";

/// What a connection is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// One caller's statement, which spends it.
    Caller,
    /// The program's own statements, after which it rests.
    Engine,
}

struct Shared {
    dialer: Arc<Dialer>,
    ledger: Arc<Ledger>,
    slots: Arc<Semaphore>,
    resting: Mutex<Resting>,
    queue_timeout: Duration,
    spares: usize,
    rest: Duration,
}

#[derive(Default)]
struct Resting {
    sessions: Vec<(Session, Instant)>,
    /// Spares on their way.
    dialling: usize,
    /// Whether a task waits to end the ones that have rested for too long.
    watched: bool,
}

/// See the module.
pub(crate) struct Pool(Arc<Shared>);

impl Pool {
    /// A pool whose first connection is there already.
    pub(crate) fn new(
        dialer: Arc<Dialer>,
        ledger: Arc<Ledger>,
        first: Session,
        bounds: &Bounds,
    ) -> Self {
        let shared = Arc::new(Shared {
            dialer,
            ledger,
            slots: Arc::new(Semaphore::new(bounds.connections)),
            resting: Mutex::default(),
            queue_timeout: bounds.queue_timeout,
            spares: bounds.spares.min(bounds.connections),
            rest: bounds.spare_timeout,
        });
        shared.put_to_rest(first);
        Self(shared)
    }

    /// Waits for a slot, and gives a resting connection or a new one.
    pub(crate) async fn lease(&self, purpose: Purpose) -> Result<Lease, ReadError> {
        let shared = self.0.clone();
        let free = tokio::time::timeout(shared.queue_timeout, shared.slots.clone().acquire_owned());
        let slot = match free.await {
            Err(_) => return Err(ReadError::Busy { waited: shared.queue_timeout }),
            Ok(Err(_)) => return Err(ReadError::Closed),
            Ok(Ok(slot)) => slot,
        };
        let mut lease =
            Lease { session: None, slot: Some(slot), shared: shared.clone(), rested: true };
        while let Some(session) = shared.take(purpose) {
            let session = lease.session.insert(session);
            if session.is_closed() {
                lease.session = None;
                continue;
            }
            if purpose == Purpose::Caller && !session.used {
                return Ok(lease);
            }
            // Should this be given up half-way, the connection is in no known state.
            session.spent = true;
            if shared.ledger.rehearse(session).await.is_ok() {
                session.spent = false;
                return Ok(lease);
            }
            if let Some(session) = lease.session.take() {
                session.end().await;
            }
        }
        lease.rested = false;
        lease.session = Some(shared.dial().await.map_err(ReadError::Unavailable)?);
        Ok(lease)
    }

    /// Nobody gets a connection from here on, and the resting ones are ended.
    pub(crate) fn close(&self) {
        self.0.slots.close();
        self.0.resting().sessions.clear();
    }
}

impl Shared {
    fn resting(&self) -> MutexGuard<'_, Resting> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For a caller a rehearsed spare before any other, because it can be used at once.
    fn take(&self, purpose: Purpose) -> Option<Session> {
        let mut resting = self.resting();
        let used = purpose == Purpose::Engine;
        let at = resting.sessions.iter().position(|(session, _)| session.used == used);
        let at = at.or_else(|| resting.sessions.len().checked_sub(1))?;
        Some(resting.sessions.remove(at).0)
    }

    async fn dial(&self) -> Result<Session, ConnectError> {
        let route = self
            .dialer
            .route
            .get()
            .expect("the pool is made after the first connection got through");
        for pause in RETRIES {
            match self.dialer.again(route).await {
                Err(ConnectError::Refused { error, .. })
                    if error.sqlstate() == TOO_MANY_CONNECTIONS =>
                {
                    tokio::time::sleep(pause).await;
                }
                done => return done,
            }
        }
        self.dialer.again(route).await
    }

    fn put_to_rest(self: &Arc<Self>, session: Session) {
        let mut resting = self.resting();
        if self.slots.is_closed() {
            return;
        }
        resting.sessions.push((session, Instant::now()));
        if !resting.watched
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            resting.watched = true;
            runtime.spawn(watch(Arc::downgrade(self), self.rest));
        }
    }

    /// A slot to dial a spare, where nobody waits for one and the bound allows it.
    fn slot_to_spare(&self, resting: &Resting) -> Option<OwnedSemaphorePermit> {
        let slot = self.slots.clone().try_acquire_owned().ok()?;
        (self.slots.available_permits() >= resting.sessions.len()).then_some(slot)
    }

    /// Dials until enough spares rest, or something stands in the way; the next use tries again.
    async fn dial_spares(self: Arc<Self>) {
        loop {
            let slot = {
                let mut resting = self.resting();
                if resting.sessions.len() + resting.dialling >= self.spares {
                    return;
                }
                let Some(slot) = self.slot_to_spare(&resting) else { return };
                resting.dialling += 1;
                slot
            };
            let dialled = self.spare().await;
            self.resting().dialling -= 1;
            match dialled {
                // It rests before its slot is free, so that whoever gets the slot finds it.
                Some(session) => self.put_to_rest(session),
                None => return,
            }
            drop(slot);
        }
    }

    async fn spare(&self) -> Option<Session> {
        let route = self.dialer.route.get()?;
        let mut session = match self.dialer.again(route).await {
            Ok(session) => session,
            Err(error) => {
                tracing::debug!(%error, "no spare connection");
                return None;
            }
        };
        match self.ledger.rehearse(&mut session).await {
            Ok(()) => Some(session),
            Err(error) => {
                tracing::debug!(%error, "a spare connection is of no use");
                session.end().await;
                None
            }
        }
    }
}

/// Ends connections that rested for too long, or that the server ended; itself when none is left.
async fn watch(pool: Weak<Shared>, rest: Duration) {
    let mut pause = rest;
    loop {
        tokio::time::sleep(pause).await;
        let Some(shared) = pool.upgrade() else { return };
        let (expired, slot) = {
            let mut resting = shared.resting();
            resting.sessions.retain(|(session, _)| !session.is_closed());
            let oldest = resting.sessions.iter().enumerate().min_by_key(|(_, (_, since))| *since);
            let Some((at, since)) = oldest.map(|(at, (_, since))| (at, *since)) else {
                resting.watched = false;
                return;
            };
            pause = rest.saturating_sub(since.elapsed()).max(Duration::from_millis(10));
            if since.elapsed() < rest {
                continue;
            }
            let Ok(slot) = shared.slots.clone().try_acquire_owned() else { continue };
            (resting.sessions.remove(at).0, slot)
        };
        drop(shared);
        expired.end().await;
        drop(slot);
    }
}

/// A connection in use, and its slot. When it is let go it rests, or, spent, is ended.
pub(crate) struct Lease {
    session: Option<Session>,
    slot: Option<OwnedSemaphorePermit>,
    shared: Arc<Shared>,
    /// Whether the connection had rested, and may have been lost meanwhile.
    pub(crate) rested: bool,
}

const HELD: &str = "a lease holds its connection until it is dropped";

impl Deref for Lease {
    type Target = Session;
    fn deref(&self) -> &Session {
        self.session.as_ref().expect(HELD)
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut Session {
        self.session.as_mut().expect(HELD)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let (Some(mut session), Some(slot)) = (self.session.take(), self.slot.take()) else {
            return;
        };
        if !session.spent && !session.is_closed() {
            session.used = true;
            self.shared.put_to_rest(session);
            return;
        }
        let shared = self.shared.clone();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                session.end().await;
                drop(slot);
                shared.dial_spares().await;
            });
        }
    }
}
