//! What an authorization is bound to: the scripts, the rollback and the profile, by their digests.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use toml_edit::{DocumentMut, InlineTable, Item, Key, value};

use crate::ProfileError;

/// The digests that an authorization has to name. Each is SHA-256 in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// Over the profile's keys and values without `[build.authorization]`, and over its checks.
    /// Comments, blank lines and the order of keys don't count.
    pub profile: String,
    /// Over each script's and the rollback script's file, by its name.
    pub scripts: BTreeMap<String, String>,
}

impl Binding {
    pub(crate) fn new(profile: &toml::Table, checks: &str, scripts: &[(&str, &str)]) -> Self {
        let mut digest = Sha256::new();
        let mut profile = profile.clone();
        if let Some(toml::Value::Table(build)) = profile.get_mut("build") {
            build.remove("authorization");
        }
        absorb(&toml::Value::Table(profile), &mut digest);
        digest.update(checks.as_bytes());
        let scripts = scripts
            .iter()
            .map(|(name, text)| {
                ((*name).to_owned(), hex(Sha256::digest(text.as_bytes()).as_slice()))
            })
            .collect();
        Self { profile: hex(digest.finalize().as_slice()), scripts }
    }

    /// The keys to paste into the profile.
    #[must_use]
    pub fn to_toml(&self, expires: Timestamp) -> String {
        let mut text = format!(
            "[build.authorization]\n# by, reference and reason are yours to write\nexpires = \"{expires}\"\nprofile = \"{}\"\n\n[build.authorization.scripts]\n",
            self.profile
        );
        for (name, sha256) in &self.scripts {
            let key = Key::new(name.as_str());
            let _ = writeln!(text, "{} = \"{sha256}\"", key.display_repr());
        }
        text
    }

    /// Writes the keys into a profile's `[build.authorization]`, where it has one; for trials that make
    /// their own profile. Whoever decides for others reads first, and pastes.
    ///
    /// # Errors
    /// When the file can't be read or written, or is no TOML.
    pub fn write(&self, path: &Path, expires: Timestamp) -> Result<(), ProfileError> {
        let hint = "this is the profile that the authorization stands in";
        let text = crate::profile::read(path, hint)?;
        let mut document: DocumentMut = text.parse().map_err(|e: toml_edit::TomlError| {
            ProfileError::file(path, e.to_string(), "docs/profile.md describes every key")
        })?;
        let table = document.get_mut("build").and_then(|build| build.get_mut("authorization"));
        let Some(table) = table.and_then(Item::as_table_like_mut) else { return Ok(()) };
        table.insert("expires", value(expires.to_string()));
        table.insert("profile", value(self.profile.clone()));
        let scripts: InlineTable =
            self.scripts.iter().map(|(name, sha256)| (name.as_str(), sha256.as_str())).collect();
        table.insert("scripts", value(scripts));
        fs::write(path, document.to_string()).map_err(ProfileError::read(path, hint))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Each value with its kind and its length, so that no two profiles are one text.
fn absorb(value: &toml::Value, digest: &mut Sha256) {
    let mut word = |kind: &str, text: &str| {
        digest.update(format!("{kind}{}:{text}", text.len()).as_bytes());
    };
    match value {
        toml::Value::String(text) => word("s", text),
        toml::Value::Integer(number) => word("i", &number.to_string()),
        toml::Value::Float(number) => word("f", &number.to_string()),
        toml::Value::Boolean(truth) => word("b", &truth.to_string()),
        toml::Value::Datetime(time) => word("d", &time.to_string()),
        toml::Value::Array(values) => {
            word("a", &values.len().to_string());
            values.iter().for_each(|v| absorb(v, digest));
        }
        toml::Value::Table(table) => {
            word("t", &table.len().to_string());
            let sorted: BTreeMap<&String, &toml::Value> = table.iter().collect();
            for (key, v) in sorted {
                digest.update(format!("k{}:{key}", key.len()).as_bytes());
                absorb(v, digest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(profile: &str, checks: &str, scripts: &[(&str, &str)]) -> Binding {
        Binding::new(&profile.parse().expect("TOML"), checks, scripts)
    }

    #[test]
    fn the_authorization_itself_and_what_no_machine_reads_do_not_count() {
        let scripts = [("A.sql", "select 1;")];
        let one = of("a = 1\nb = \"x\"\n[build]\nmarker = \"M\"\n", "c", &scripts);
        let same = "# why\nb = \"x\"\na = 1\n\n[build]\nmarker = \"M\"\n[build.authorization]\nby = \"me\"\n";
        assert_eq!(one, of(same, "c", &scripts));
    }

    #[test]
    fn every_value_check_and_script_counts() {
        let scripts = [("A.sql", "select 1;")];
        let one = of("a = [\"x\", \"y\"]\n", "c", &scripts);
        for other in ["a = [\"xy\"]", "a = [\"y\", \"x\"]", "a = \"xy\"", "b = [\"x\", \"y\"]", ""]
        {
            assert_ne!(one.profile, of(other, "c", &scripts).profile, "{other}");
        }
        assert_ne!(one.profile, of("a = [\"x\", \"y\"]\n", "d", &scripts).profile);
        assert_ne!(one.scripts, of("", "", &[("A.sql", "select 2;")]).scripts);
    }

    #[test]
    fn what_is_printed_is_what_the_profile_reads() {
        let binding = of("a = 1", "c", &[("it's \"odd\".sql", "select 1;")]);
        let expires = Timestamp::from_second(1_800_000_000).expect("a time");
        let text: toml::Table = binding.to_toml(expires).parse().expect("TOML");
        let table = &text["build"]["authorization"];
        assert_eq!(table["expires"].as_str(), Some("2027-01-15T08:00:00Z"));
        assert_eq!(
            table["scripts"]["it's \"odd\".sql"].as_str(),
            Some(&*binding.scripts["it's \"odd\".sql"])
        );
    }
}
