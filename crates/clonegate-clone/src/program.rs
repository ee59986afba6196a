//! PostgreSQL's other programs, started as psql is: by the wrapper, with its environment.

use crate::psql::{Session, connection};
use crate::settings::{CloneSettings, Limits};

impl CloneSettings {
    /// Where `pg_dump` or `pg_restore` is: beside psql.
    pub(crate) fn beside_psql(&self, program: &str) -> String {
        match self.psql.rsplit_once('/') {
            Some((folder, _)) => format!("{folder}/{program}"),
            None => program.to_owned(),
        }
    }
}

/// The wrapper's arguments for a program that is no psql.
pub(crate) fn wrapped(
    session: &Session<'_>,
    settings: &CloneSettings,
    limits: &Limits,
    nonce: &str,
    argv: Vec<String>,
) -> Vec<String> {
    let passfile = settings.passfile.as_ref().map(|p| p.display().to_string());
    let mut words = vec![
        "-".to_owned(),
        String::new(),
        nonce.to_owned(),
        String::new(),
        session.application.to_owned(),
        session.options(limits),
        limits.connect_timeout.as_secs().max(2).to_string(),
        passfile.unwrap_or_default(),
    ];
    words.extend(argv);
    words
}

/// What every program needs to connect, without the database.
pub(crate) fn reaching(settings: &CloneSettings, role: &str) -> Vec<String> {
    let mut words = connection(settings, role, "");
    words.truncate(words.len() - 2);
    words
}

/// The last thing that a program said, for an error of one line.
pub(crate) fn last_said(messages: &str) -> String {
    let lines = || messages.lines().map(str::trim).filter(|l| !l.is_empty());
    // What the wrapper or pg_restore says at the end is that something failed before.
    let error = lines().find(|l| l.contains("error:") || l.contains("ERROR:"));
    error.or_else(|| lines().next_back()).unwrap_or("it said nothing").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clonegate_model::CloneNamePattern;

    #[test]
    fn programs_are_looked_for_beside_psql() {
        let clone = CloneNamePattern::new("^c_[0-9]+$").unwrap().admit("c_1").unwrap();
        let mut settings = CloneSettings::new(clone, "r");
        assert_eq!(settings.beside_psql("pg_dump"), "pg_dump");
        settings.psql = "/opt/pg/bin/psql".to_owned();
        assert_eq!(settings.beside_psql("pg_dump"), "/opt/pg/bin/pg_dump");
        settings.host = Some("h".to_owned());
        assert_eq!(reaching(&settings, "r"), ["-h", "h", "-U", "r"]);
    }

    #[test]
    fn the_first_error_is_what_is_said() {
        let said =
            "pg_restore: error: could not execute query: ERROR:  no\nclonegate: the copy failed\n";
        assert_eq!(last_said(said), "pg_restore: error: could not execute query: ERROR:  no");
        assert_eq!(last_said("a\nb\n\n"), "b");
    }
}
