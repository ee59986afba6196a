//! Embeds the one-roof profile: every file under `sql/one-roof/`, so that adding a check or a script is
//! adding a file, and an installed binary needs no checkout.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let profile = Path::new(&env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?)
        .join("../../sql/one-roof");
    let profile = profile.canonicalize()?;
    println!("cargo::rerun-if-changed={}", profile.display());

    let mut files = Vec::new();
    list(&profile, &mut files)?;
    files.sort();
    let mut table = String::from("&[\n");
    for file in files {
        let name = file.strip_prefix(&profile).map_err(io::Error::other)?;
        writeln!(
            table,
            "    ({:?}, include_str!({:?})),",
            name.to_string_lossy(),
            file.to_string_lossy()
        )
        .map_err(io::Error::other)?;
    }
    table.push_str("]\n");
    let out = PathBuf::from(env::var("OUT_DIR").map_err(io::Error::other)?);
    fs::write(out.join("one_roof.rs"), table)
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // What an editor or a file manager leaves behind is no part of the profile.
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if entry.file_type()?.is_dir() {
            list(&entry.path(), files)?;
        } else if entry.path().extension().is_some_and(|e| e == "sql" || e == "toml" || e == "md") {
            files.push(entry.path());
        }
    }
    Ok(())
}
