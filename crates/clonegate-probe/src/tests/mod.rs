//! Tests that send SQL which no judge would let through.
