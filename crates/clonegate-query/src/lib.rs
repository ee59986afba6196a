//! One caller's statement: judged, read through the production channel, and audited.
//!
//! The one gate behind the command `clonegate query`, the MCP server and whoever uses this crate.
