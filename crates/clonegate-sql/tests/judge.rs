//! The judge for reads against the world: corpora of honest and hostile statements, the engine's own SQL, and real
//! servers of every version that can be started here.

#[path = "judge/corpus.rs"]
mod corpus;
#[path = "judge/depth.rs"]
mod depth;
#[path = "judge/engine.rs"]
mod engine;
#[path = "judge/fuzz.rs"]
mod fuzz;
#[path = "judge/honest.rs"]
mod honest;
#[path = "judge/hostile.rs"]
mod hostile;
#[path = "judge/lookups.rs"]
mod lookups;
#[path = "judge/sweep.rs"]
mod sweep;

/// The same sweep on servers in containers.
#[path = "judge/containers.rs"]
mod containers;
