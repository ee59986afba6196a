//! Taking one layer out, so that it can be seen what it alone stops.
//!
//! All of this exists in the crate's own unit tests only: the places in the channel that ask here
//! are compiled for them and for nothing else. What is taken out is a thread's own, and a test's
//! runtime stays on its thread, so no other test of the process loses a layer.

use std::cell::{Cell, RefCell};
use std::fmt;

use clonegate_model::Identity;
use tokio::sync::{mpsc, oneshot};

use crate::guard::Expectation;

/// The layers between a caller's text and production.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Layer {
    /// What is sent was judged to read only.
    Judge,
    /// What the statement's names mean was asked of the server's catalogs, and judged.
    Names,
    /// Settings, database, role and server are asked for first, by a query of the channel's own.
    Guard,
    /// A role that could write is not connected as.
    Role,
    /// READ ONLY, asserted to have no transaction id, and never committed.
    Transaction,
    /// Rows, bytes and time.
    Bounds,
}

impl Layer {
    pub(crate) const ALL: [Layer; 6] =
        [Layer::Judge, Layer::Names, Layer::Guard, Layer::Role, Layer::Transaction, Layer::Bounds];
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Layer::Judge => "judge",
            Layer::Names => "names",
            Layer::Guard => "guard",
            Layer::Role => "role",
            Layer::Transaction => "transaction",
            Layer::Bounds => "bounds",
        })
    }
}

/// Somebody waits where the statement has run and the transaction is still open.
pub(crate) type Midway = mpsc::UnboundedSender<oneshot::Sender<()>>;

thread_local! {
    static OUT: Cell<Option<Layer>> = const { Cell::new(None) };
    static MIDWAY: RefCell<Option<Midway>> = const { RefCell::new(None) };
}

/// Takes a layer out of every channel of this thread, or puts it back.
pub(crate) fn take_out(layer: Option<Layer>) {
    OUT.set(layer);
}

/// Whether a layer is taken out.
pub(crate) fn is_out(layer: Layer) -> bool {
    OUT.get() == Some(layer)
}

/// Who is told when a statement has run and its transaction is still open.
pub(crate) fn watch_midway(midway: Option<Midway>) {
    MIDWAY.set(midway);
}

/// Whether somebody is to be told.
pub(crate) fn is_watched() -> bool {
    MIDWAY.with_borrow(Option::is_some)
}

/// Tells whoever watches, and waits until they have looked.
pub(crate) async fn midway() {
    let watcher = MIDWAY.with_borrow(Option::clone);
    let Some(watcher) = watcher else { return };
    let (looked, until) = oneshot::channel();
    if watcher.send(looked).is_ok() {
        let _ = until.await;
    }
}

/// What a channel believes that never asked.
pub(crate) fn believed(expectation: &Expectation) -> Identity {
    Identity {
        database: expectation.database.clone(),
        database_oid: 0,
        role: expectation.role.clone().unwrap_or_default(),
        system_identifier: "not asked".to_owned(),
        postmaster_start: "not asked".to_owned(),
        server_version: "not asked".to_owned(),
        server_version_num: 0,
        in_recovery: false,
    }
}
