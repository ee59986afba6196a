//! The command line: a safety gate for work on PostgreSQL clones
