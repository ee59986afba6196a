//! The integration tests, in one binary so that they link once.
//!
//! `cases` takes every folder under `tests/cases/` through the gate on real servers; `containers`
//! needs a container engine, `mcp_sdk` the Python SDK of MCP, everything else a local PostgreSQL.

mod authorization;
mod cases;
mod catalog;
mod command_line;
mod containers;
mod faults;
mod guards;
mod harness;
mod invariants;
mod killed;
mod matrix;
mod mcp;
mod mcp_sdk;
mod outside;
mod query;
mod report;
mod role_sql;
mod runs;
mod snapshot_commands;
mod witness_rows;
mod witness_stream;
