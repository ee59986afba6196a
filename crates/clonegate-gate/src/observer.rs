//! What a run tells about itself while it goes on.

use clonegate_model::Phase;

/// Is told what happens. All of it is also in the journal or the record.
pub trait Observer: Sync {
    /// A phase began.
    fn phase(&self, phase: Phase);
    /// A step began, in words for people.
    fn step(&self, step: &str);
    /// Something that a person should see even if the run passes.
    fn warning(&self, warning: &str);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy)]
pub struct Silent;

impl Observer for Silent {
    fn phase(&self, _: Phase) {}
    fn step(&self, _: &str) {}
    fn warning(&self, _: &str) {}
}
