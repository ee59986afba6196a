//! The production channel.
#![allow(missing_docs, dead_code)]
mod allowlist; mod facts; mod secret; mod settings;
pub use allowlist::*; pub use facts::*; pub use secret::*; pub use settings::*;
