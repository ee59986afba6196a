//! The integration tests, in one binary so that they link once.
//!
//! `cases` takes every folder under `tests/cases/` through the gate on real servers; `containers`
//! needs a container engine, everything else a local PostgreSQL.

mod cases;
mod command_line;
mod containers;
mod harness;
mod invariants;
mod killed;
mod outside;
mod report;
mod witness_rows;
