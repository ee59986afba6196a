//! A finding: one difference between two snapshots.

use serde::{Deserialize, Serialize};

use crate::{Verdict, Witness};

/// What is to be thought of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Disposition {
    /// No difference; recorded where a reader would ask.
    Unchanged,
    /// A difference that the profile declares, or that this run is authorized to make.
    Organic,
    /// A difference that nothing explains.
    Unexplained,
}

/// One difference, where it was seen, by which witness, and what is to be thought of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The object: `table public.system_issues`, `sequence public.x_id_seq`.
    pub subject: String,
    /// What of it differs: `rows`, `owner`, `definition`, `exists`.
    pub attribute: String,
    /// Its value at entry; empty where the object was not there.
    pub before: String,
    /// Its value now; empty where the object is gone.
    pub after: String,
    /// Which witness saw it.
    pub witness: Witness,
    /// What is to be thought of it.
    pub disposition: Disposition,
    /// In a sentence, what happened and what explains it or would.
    pub note: String,
}

impl Finding {
    /// The finding's share in a verdict.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self.disposition {
            Disposition::Unchanged | Disposition::Organic => Verdict::Pass,
            Disposition::Unexplained => Verdict::Fail,
        }
    }
}
