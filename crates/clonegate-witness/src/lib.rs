//! The proofs that a database did not change: which SQL to ask, and how to fold the answers
