//! The connections, a few of them.
//!
//! This is deadpool's managed pool with a manager of its own and not `deadpool-postgres`, whose
//! connector can report nothing but the driver's errors, keeps no state beside a connection (the
//! byte meter, whether it is spent), leaves an open transaction open when it recycles, and cuts
//! connections instead of ending them, which fills production's log.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{self, Metrics, Object, PoolError, QueueMode, RecycleError, TimeoutType};

use crate::dial::{Dialer, Session};
use crate::guard;
use crate::{Bounds, ConnectError, ReadError};

const RECYCLE: &str = include_str!("../../../sql/engine/probe/recycle.sql");
const RECYCLE_TIMEOUT: Duration = Duration::from_secs(2);

/// A connection that was let go still counts against the role's CONNECTION LIMIT until its backend
/// has gone, so "too many connections" is worth another try.
const RETRIES: [Duration; 3] =
    [Duration::from_millis(100), Duration::from_millis(300), Duration::from_millis(900)];
const TOO_MANY_CONNECTIONS: &str = "53300";

/// Makes connections, all to the place where the first one got through.
pub(crate) struct Manager {
    dialer: Arc<Dialer>,
    first: Mutex<Option<Session>>,
}

impl managed::Manager for Manager {
    type Type = Session;
    type Error = ConnectError;

    async fn create(&self) -> Result<Session, ConnectError> {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(first) = first {
            return Ok(first);
        }
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

    /// Ends whatever transaction is open, and looks whether anything was kept. `BEGIN` comes first
    /// because a bare ROLLBACK outside a transaction puts a warning into production's log.
    async fn recycle(
        &self,
        session: &mut Session,
        _: &Metrics,
    ) -> managed::RecycleResult<ConnectError> {
        if session.spent || session.is_closed() {
            return Err(RecycleError::message("the connection is spent"));
        }
        session.meter.grant(0);
        let sql = format!("begin read only;\n{RECYCLE};\nrollback");
        let answer = session.client().simple_query(&sql).await;
        let answer =
            answer.map_err(|_| RecycleError::message("the connection can't be rolled back"))?;
        let row = guard::only_row(&answer)
            .map_err(|_| RecycleError::message("the connection gives no account of itself"))?;
        for what in ["prepared", "cursors", "advisory_locks"] {
            if row.try_get(what).ok().flatten() != Some("0") {
                return Err(RecycleError::message("the connection kept something"));
            }
        }
        Ok(())
    }
}

pub(crate) struct Pool(managed::Pool<Manager>);

impl Pool {
    /// A pool whose first connection is there already.
    pub(crate) fn new(dialer: Arc<Dialer>, first: Session, bounds: &Bounds) -> Self {
        let manager = Manager { dialer, first: Mutex::new(Some(first)) };
        let pool = managed::Pool::builder(manager)
            .max_size(bounds.connections)
            .queue_mode(QueueMode::Fifo)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(bounds.queue_timeout))
            .recycle_timeout(Some(RECYCLE_TIMEOUT))
            .build()
            .expect("a runtime is named, so time-outs can be");
        Self(pool)
    }

    pub(crate) async fn lease(&self) -> Result<Lease, ReadError> {
        match self.0.get().await {
            Ok(object) => Ok(Lease(Some(object))),
            Err(PoolError::Backend(error)) => Err(ReadError::Unavailable(error)),
            Err(PoolError::Timeout(TimeoutType::Wait)) => {
                Err(ReadError::Busy { waited: self.0.timeouts().wait.unwrap_or_default() })
            }
            Err(
                PoolError::Timeout(TimeoutType::Create | TimeoutType::Recycle)
                | PoolError::Closed
                | PoolError::NoRuntimeSpecified
                | PoolError::PostCreateHook(_),
            ) => Err(ReadError::Closed),
        }
    }

    pub(crate) fn close(&self) {
        self.0.close();
    }
}

/// A connection in use. When it is let go it returns to the pool, or, spent, is closed.
pub(crate) struct Lease(Option<Object<Manager>>);

const HELD: &str = "a lease holds its connection until it is dropped";

impl Deref for Lease {
    type Target = Session;
    fn deref(&self) -> &Session {
        self.0.as_ref().expect(HELD)
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut Session {
        self.0.as_mut().expect(HELD)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(object) = self.0.take()
            && object.spent
        {
            drop(Object::take(object));
        }
    }
}
