//! Tests that send SQL which no judge would let through, so that the layers below the judge are
//! held to account on their own.

pub(crate) mod attacks;
mod bounds;
mod evidence;
mod spares;
mod types;

#[path = "../../tests/it/production.rs"]
mod production;
#[path = "../../tests/it/server.rs"]
mod server;

/// The crate, by the name that the shared fixture calls it.
use crate as probe;
use clonegate_model::Value;
use clonegate_sql::lookups::Lookups;

use crate::channel::Question;
use crate::statement::Limits;
use crate::{Answer, ConnectError, ConnectionSettings, Facts, ProductionChannel, ReadError, Terms};

/// How the shared fixture opens a channel: without the attestation, so that the layers behind it are
/// held to account for roles that it would refuse.
async fn open(
    settings: ConnectionSettings,
    terms: Terms<'_>,
) -> Result<ProductionChannel, ConnectError> {
    ProductionChannel::connect_unattested(settings, terms).await
}

impl ProductionChannel {
    async fn raw(&self, sql: &str) -> Result<Answer, ReadError> {
        self.raw_within(sql, self.callers_limits()).await
    }

    async fn raw_within(&self, sql: &str, limits: Limits) -> Result<Answer, ReadError> {
        let nothing = Lookups::default();
        self.read_sql(Question { sql, lookups: &nothing }, &Facts::none(), limits).await
    }
}

fn only(answer: &Answer) -> &Value {
    match answer.reading.rows.as_slice() {
        [row] if row.len() == 1 => &row[0],
        _ => panic!("{answer:?}"),
    }
}

fn sqlstate(result: &Result<Answer, ReadError>) -> &str {
    match result {
        Err(ReadError::Server(error)) => error.sqlstate(),
        other => panic!("{other:?}"),
    }
}
