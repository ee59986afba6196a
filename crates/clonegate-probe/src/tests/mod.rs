//! Tests that send SQL which no judge would let through, so that the layers below the judge are
//! held to account on their own.

pub(crate) mod attacks;
mod bounds;
mod evidence;
mod types;

#[path = "../../tests/it/production.rs"]
mod production;
#[path = "../../tests/it/server.rs"]
mod server;

/// The crate, by the name that the shared fixture calls it.
use crate as probe;
use clonegate_model::Value;

use crate::statement::Limits;
use crate::{Answer, Facts, ProductionChannel, ReadError};

impl ProductionChannel {
    async fn raw(&self, sql: &str) -> Result<Answer, ReadError> {
        self.read_sql(sql, &Facts::none(), self.callers_limits()).await
    }

    async fn raw_within(&self, sql: &str, limits: Limits) -> Result<Answer, ReadError> {
        self.read_sql(sql, &Facts::none(), limits).await
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
