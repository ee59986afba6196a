//! A check: one SQL file whose first comment lines are its header.

use std::ops::Range;
use std::path::Path;

use clonegate_model::{Across, Check, CheckId, Phase, Requirement};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::ProfileError;

/// The header's keys, each on a comment line of its own: `-- require: rows = 0`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CheckHeader {
    /// What a reader of the report calls the check. The file's name is its number and the slug of
    /// this.
    pub title: String,
    /// What must be true of the reading, as in `rows = 0, gap in 1..210, owner is not null`.
    pub require: String,
    /// What must be true of the reading for it to count as an observation at all.
    pub observed: Option<String>,
    /// How the reading may differ between entry and exit: `unchanged` (the default), `may-grow` or
    /// `may-change`.
    pub across: Option<String>,
    /// The phases in which the check is asked: `entry`, `exit` (both by default).
    pub phases: Option<String>,
}

const KEYS: [&str; 5] = ["title", "require", "observed", "across", "phases"];

/// A header line's value and where it stands in the file.
struct Entry<'a> {
    key: &'a str,
    value: &'a str,
    at: Range<usize>,
}

/// Reads one check file's text.
///
/// # Errors
/// [`ProfileError`] with the place in the file.
pub fn read_check(path: &Path, text: &str) -> Result<Check, ProfileError> {
    let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
    let digits = stem.bytes().take_while(u8::is_ascii_digit).count();
    let number: u32 = stem[..digits].parse().map_err(|_| {
        ProfileError::file(
            path,
            "a check's file name begins with its number in the report",
            "name it like 01_ownership_rows.sql",
        )
    })?;
    let entries = header(path, text)?;
    let find = |key: &str| entries.iter().find(|e| e.key == key);
    let need = |key: &str, example: &str| {
        find(key).ok_or_else(|| {
            let first_line = text.find('\n').unwrap_or(text.len());
            ProfileError::text(
                path,
                text,
                0..first_line,
                format!("the check has no {key}"),
                format!("begin the file with comment lines, among them `-- {key}: {example}`"),
            )
        })
    };

    let title = need("title", "ownership rows")?;
    let slug = slug(title.value);
    if stem[digits..].trim_start_matches('_') != slug {
        return Err(ProfileError::text(
            path,
            text,
            title.at.clone(),
            format!("the title's slug is {slug}, the file's name is {stem}"),
            format!("name the file {:02}_{slug}.sql, or change the title", number),
        ));
    }
    let requirement = |entry: &Entry<'_>| {
        entry.value.parse::<Requirement>().map_err(|e| {
            let column = e.at.saturating_sub(1).min(entry.value.len());
            let at = entry.at.start + column;
            ProfileError::text(
                path,
                text,
                at..entry.at.end.max(at),
                e.problem,
                "a requirement reads like `rows = 0, gap in 1..210, owner is not null`",
            )
        })
    };
    let require = requirement(need("require", "rows = 0")?)?;
    let observed = find("observed").map(requirement).transpose()?;
    let across = match find("across") {
        None => Across::default(),
        Some(entry) => entry.value.parse().map_err(|e: clonegate_model::ParseAcrossError| {
            ProfileError::text(
                path,
                text,
                entry.at.clone(),
                e.to_string(),
                "unchanged is the default",
            )
        })?,
    };
    let phases = match find("phases") {
        None => vec![Phase::Entry, Phase::Exit],
        Some(entry) => entry
            .value
            .split(',')
            .map(|word| match word.trim() {
                "entry" => Ok(Phase::Entry),
                "exit" => Ok(Phase::Exit),
                other => Err(ProfileError::text(
                    path,
                    text,
                    entry.at.clone(),
                    format!("{other:?} is no phase in which checks are asked"),
                    "write `entry`, `exit`, or `entry, exit`",
                )),
            })
            .collect::<Result<_, _>>()?,
    };
    Ok(Check {
        id: CheckId(stem.to_owned()),
        number,
        title: title.value.to_owned(),
        require,
        observed,
        across,
        phases,
        sql: text.to_owned(),
    })
}

/// The keys in the file's leading comment lines, up to an empty one.
fn header<'a>(path: &Path, text: &'a str) -> Result<Vec<Entry<'a>>, ProfileError> {
    let mut entries: Vec<Entry<'a>> = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let line_start = start;
        start += line.len();
        let line = line.trim_end();
        if line.is_empty() {
            continue;
        }
        let Some(comment) = line.strip_prefix("--") else { break };
        // An empty comment ends the header: what follows is prose.
        if comment.trim().is_empty() {
            break;
        }
        let Some((key, value)) = comment.split_once(':') else { continue };
        let key = key.trim();
        let at = {
            let begins = line_start + line.len() - value.trim_start().len();
            begins..line_start + line.len()
        };
        if !KEYS.contains(&key) {
            // A sentence with a colon is a comment; a misspelt key would silently be one too.
            if let Some(known) = nearest(key, KEYS) {
                return Err(ProfileError::text(
                    path,
                    text,
                    line_start..line_start + line.len(),
                    format!("{key:?} is no key of a check's header"),
                    format!("did you mean `-- {known}: …`?"),
                ));
            }
            continue;
        }
        if entries.iter().any(|e| e.key == key) {
            return Err(ProfileError::text(
                path,
                text,
                line_start..line_start + line.len(),
                format!("{key} is given twice"),
                "keep one of them",
            ));
        }
        entries.push(Entry { key, value: value.trim(), at });
    }
    Ok(entries)
}

/// Lower case, every run of other characters one `_`.
pub(crate) fn slug(title: &str) -> String {
    let words: Vec<String> = title
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    words.join("_")
}

/// The known word that somebody probably meant, if there is one.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|k| (strsim::normalized_damerau_levenshtein(&word.to_ascii_lowercase(), k), k))
        .filter(|(similarity, _)| *similarity >= 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, k)| k)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "-- title: ownership rows\n-- require: ownership_rows = 0\n-- Why: production owns nothing yet.\nselect 0 as ownership_rows\n";

    fn read(name: &str, text: &str) -> Result<Check, String> {
        read_check(Path::new(name), text).map_err(|e| e.to_string())
    }

    #[test]
    fn reads_a_check() {
        let check = read("02_ownership_rows.sql", GOOD).unwrap();
        assert_eq!((check.number, check.id.0.as_str()), (2, "02_ownership_rows"));
        assert_eq!(check.require.to_string(), "ownership_rows = 0");
        assert_eq!(check.across, Across::Unchanged);
        assert_eq!(check.phases, [Phase::Entry, Phase::Exit]);
    }

    #[test]
    fn a_misspelt_key_is_not_a_comment() {
        let problem =
            read("02_ownership_rows.sql", &GOOD.replace("require", "requires")).unwrap_err();
        assert_eq!(problem, "\"requires\" is no key of a check's header");
    }

    #[test]
    fn a_requirement_is_needed_and_readable() {
        assert!(
            read("02_ownership_rows.sql", "-- title: ownership rows\nselect 1")
                .unwrap_err()
                .contains("no require")
        );
        assert!(read("02_ownership_rows.sql", &GOOD.replace("= 0", "~ 0")).is_err());
    }

    #[test]
    fn the_files_name_is_the_titles_slug() {
        assert!(read("02_owners.sql", GOOD).unwrap_err().contains("slug is ownership_rows"));
        assert!(read("ownership_rows.sql", GOOD).unwrap_err().contains("number"));
    }
}
