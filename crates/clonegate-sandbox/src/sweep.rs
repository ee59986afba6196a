//! Removes what sandboxes left behind whose owners were killed.

use std::io;
use std::path::{Path, PathBuf};

use crate::record::{Claim, lock_root, sandboxes};

/// Which sandboxes are removed. One whose owner lives never is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SweepScope {
    /// Those that nobody wanted to keep.
    AbandonedOnly,
    /// The kept ones too.
    All,
}

/// What a sweep did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// The folders of the sandboxes that were removed.
    pub removed: Vec<PathBuf>,
    /// The folders of the sandboxes that live, or are kept.
    pub left: Vec<PathBuf>,
}

/// Something could not be removed.
#[derive(Debug, thiserror::Error)]
#[error(
    "can't remove what an earlier sandbox left in {}; its sandbox.json says what else belongs to it",
    folder.display()
)]
pub struct SweepError {
    /// The sandbox's folder, or the root.
    pub folder: PathBuf,
    /// What the system or the engine said.
    #[source]
    pub source: io::Error,
}

/// Removes the sandboxes under `root` whose owner is gone: servers, containers, folders. A server is only
/// ended if it is the one that runs on the sandbox's data folder, whatever process numbers say.
///
/// # Errors
/// When something can't be removed. The other sandboxes are removed all the same.
pub async fn sweep(root: &Path, scope: SweepScope) -> Result<Swept, SweepError> {
    let root = root.to_path_buf();
    tokio::task::spawn_blocking(move || sweep_now(&root, scope))
        .await
        .expect("a sweep does not panic, and is not cancelled")
}

fn sweep_now(root: &Path, scope: SweepScope) -> Result<Swept, SweepError> {
    let mut swept = Swept::default();
    if !root.is_dir() {
        return Ok(swept);
    }
    let failed = |folder: &Path, source| SweepError { folder: folder.to_path_buf(), source };
    let _lock = lock_root(root).map_err(|source| failed(root, source))?;
    let mut first = Ok(());
    for folder in sandboxes(root).map_err(|source| failed(root, source))? {
        match sweep_one(&folder, scope) {
            Ok(true) => swept.removed.push(folder),
            Ok(false) => swept.left.push(folder),
            Err(source) => first = first.and(Err(failed(&folder, source))),
        }
    }
    first.map(|()| swept)
}

/// Whether it was removed.
fn sweep_one(folder: &Path, scope: SweepScope) -> io::Result<bool> {
    let Some(claim) = Claim::take_over(folder)? else { return Ok(false) };
    if claim.record.kept && scope == SweepScope::AbandonedOnly {
        return Ok(false);
    }
    claim.remove()?;
    tracing::info!(folder = %folder.display(), "removed what an earlier sandbox left");
    Ok(true)
}
