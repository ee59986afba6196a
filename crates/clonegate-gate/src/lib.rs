//! The phases of a run in order, as a library
