//! The production channel: bounded, read-only access to a PostgreSQL database
