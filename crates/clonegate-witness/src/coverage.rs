//! The coverage manifest as it grows.

use clonegate_model::{Coverage, Covered, Witness};

#[derive(Default)]
pub(crate) struct Coverages(pub(crate) Vec<Coverage>);

impl Coverages {
    pub(crate) fn push(&mut self, subject: &str, witness: Witness, covered: Covered) {
        self.0.push(Coverage { subject: subject.to_owned(), witness, covered });
    }

    pub(crate) fn gap(&mut self, subject: &str, witness: Witness, why: impl Into<String>) {
        self.push(subject, witness, Covered::Gap(why.into()));
    }
}
