//! Writes a file whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Writes beside the place, syncs, renames, and syncs the folder: after a crash there is the old
/// file or the new one, and never a half.
pub(crate) fn write(path: &Path, contents: &[u8]) -> io::Result<()> {
    #[cfg(feature = "faults")]
    crate::faults::before_a_file()?;
    let name = path.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let mut beside = name.to_owned();
    beside.push(".part");
    let beside = path.with_file_name(beside);
    let mut file = File::create(&beside)?;
    let written = file
        .write_all(contents)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&beside, path));
    if let Err(error) = written {
        // The half file is of no use; that it can't be removed either adds nothing.
        let _ = fs::remove_file(&beside);
        return Err(error);
    }
    sync_folder(path.parent().unwrap_or(Path::new(".")))
}

/// A rename or a new file lasts only when its folder is on disk too.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}
