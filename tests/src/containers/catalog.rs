//! The catalog witness on another version than the local one.

use super::servers::{Major, Targets};
use crate::catalog::unread_columns;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_column_of_every_catalog_of_version_17_is_read_or_left_out() {
    let targets = Targets::in_one_instance(Major::V17).await;
    let server = targets.production();
    let wrong = unread_columns(17, async |sql| server.sql("postgres", sql).await).await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
