//! `clonegate lint`.

use std::path::{Path, PathBuf};

use clonegate_lint::{
    Color, Report, Rollback, Set, Source, lint, render_json, render_sarif, render_text,
};
use clonegate_model::{Check, Exit};
use clonegate_profile::Script;
use clonegate_sql::{MAX_SCRIPT_BYTES, Permitted, Severity};

use super::{Failure, load};
use crate::cli::{self, LintFormat};
use crate::console::Console;

pub(super) fn run(options: cli::Lint, console: &Console) -> Result<Exit, Failure> {
    let set = if options.files.is_empty() { of_profile(&options)? } else { of_files(&options)? };
    if set.scripts.is_empty()
        && set.checks.is_empty()
        && !matches!(set.rollback, Rollback::Script(_))
    {
        console.insist("there is nothing to judge: the profile names no script and no check");
        return Ok(Exit::NothingChecked);
    }
    let report = lint(set);
    let exit = exit(&report, &options);
    let notes = report.count(Severity::Note);
    let report = if options.notes { report } else { report.at_least(Severity::Warning) };
    let format = if console.wants_json() { LintFormat::Json } else { options.format };
    match format {
        LintFormat::Sarif => console.print(&render_sarif(&report)),
        LintFormat::Json => console.print(&render_json(&report)),
        LintFormat::Text => {
            let color = if console.has_color() { Color::Always } else { Color::Never };
            let text = render_text(&report, color);
            let summary = text.lines().last().unwrap_or_default();
            console.print(if console.is_quiet() { summary } else { &text });
            if notes > 0 && !options.notes {
                console
                    .note(&format!("{notes} not shown: --notes shows what is only worth knowing"));
            }
        }
    }
    Ok(exit)
}

fn exit(report: &Report, options: &cli::Lint) -> Exit {
    let denied = options.deny_warnings && report.count(Severity::Warning) > 0;
    if report.count(Severity::Refused) > 0 || denied { Exit::Fail } else { Exit::Pass }
}

fn of_files(options: &cli::Lint) -> Result<Set, Failure> {
    let scripts = options.files.iter().map(|path| read(path)).collect::<Result<_, _>>()?;
    let rollback = match &options.rollback {
        Some(path) => Rollback::Script(read(path)?),
        None => Rollback::NotAsked,
    };
    Ok(Set { scripts, rollback, marker: options.marker.clone(), ..Set::default() })
}

fn of_profile(options: &cli::Lint) -> Result<Set, Failure> {
    let here = PathBuf::from("clonegate.toml");
    let path = match &options.config {
        Some(path) => path.clone(),
        None if here.exists() => here,
        None => {
            return Err(Failure::Usage(
                "there is no clonegate.toml here; name scripts, or a profile with --config FILE"
                    .to_owned(),
            ));
        }
    };
    let profile = load(&path)?;
    let names = profile.permitted.clone();
    let permitted = Permitted::new(names.functions, names.types)
        .map_err(|e| Failure::Usage(format!("{}, [permitted]: {e}", path.display())))?;
    let script = |script: &Script| Source { path: shown(&script.path), text: script.text.clone() };
    let build = &profile.build;
    let rollback = match &build.rollback {
        Some(rollback) => Rollback::Script(script(rollback)),
        None => Rollback::Missing(shown(&build.rollback_path)),
    };
    let checks = |folder: &Path, checks: &[Check]| -> Vec<Source> {
        let source = |check: &Check| Source {
            path: shown(&folder.join(format!("{}.sql", check.id))),
            text: check.sql.clone(),
        };
        checks.iter().map(source).collect()
    };
    let folder = profile.production.checks_folder.as_deref();
    let mut both = folder.map(|f| checks(f, &profile.production.checks)).unwrap_or_default();
    let folder = profile.clone.checks_folder.as_deref();
    both.extend(folder.map(|f| checks(f, &profile.clone.checks)).unwrap_or_default());
    Ok(Set {
        scripts: build.scripts.iter().map(script).collect(),
        rollback,
        checks: both,
        marker: Some(build.marker.clone()),
        organic: profile.clone.organic.keys().cloned().collect(),
        permitted,
        ..Set::default()
    })
}

fn read(path: &Path) -> Result<Source, Failure> {
    let unreadable = |problem: &dyn std::fmt::Display| {
        Failure::Usage(format!("{} can't be read: {problem}", path.display()))
    };
    let size = std::fs::metadata(path).map_err(|e| unreadable(&e))?.len();
    if size > MAX_SCRIPT_BYTES as u64 {
        let problem = format!("it has {size} bytes, and {MAX_SCRIPT_BYTES} are read; split it");
        return Err(unreadable(&problem));
    }
    let bytes = std::fs::read(path).map_err(|e| unreadable(&e))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
            + 1;
        unreadable(&format!("line {line} is not UTF-8; save it as UTF-8"))
    })?;
    Ok(Source { path: shown(path), text })
}

/// As people write it: without the `./` of a profile in this folder.
fn shown(path: &Path) -> String {
    path.components().collect::<PathBuf>().strip_prefix(".").map_or_else(
        |_| path.components().collect::<PathBuf>().display().to_string(),
        |inside| inside.display().to_string(),
    )
}
