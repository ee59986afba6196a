//! Journal, snapshots and evidence of a run on disk
