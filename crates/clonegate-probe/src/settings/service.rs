//! `pg_service.conf` (manual: "The Connection Service File").

use std::path::PathBuf;

use super::{Environment, SettingsError};

/// The parameters of a service: the user's file first, then the system's.
pub(super) fn look_up(
    service: &str,
    environment: &Environment,
) -> Result<Vec<(String, String)>, SettingsError> {
    let given = environment.get("PGSERVICEFILE").map(PathBuf::from);
    let users = given.or_else(|| Some(environment.home()?.join(".pg_service.conf")));
    let systems = environment
        .get("PGSYSCONFDIR")
        .map_or_else(|| PathBuf::from("/etc/postgresql-common"), PathBuf::from)
        .join("pg_service.conf");
    for path in users.into_iter().chain([systems]) {
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(source) => return Err(SettingsError::ServiceFile { path, source }),
        };
        if let Some(parameters) = section(&text, service) {
            return Ok(parameters);
        }
    }
    Err(SettingsError::UnknownService { service: service.to_owned() })
}

fn section(text: &str, service: &str) -> Option<Vec<(String, String)>> {
    let mut lines = text.lines().map(str::trim);
    lines.find(|line| line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) == Some(service))?;
    Some(
        lines
            .take_while(|line| !line.starts_with('['))
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(|line| match line.split_once('=') {
                Some((name, value)) => (name.trim().to_owned(), value.trim().to_owned()),
                // Becomes an unknown parameter, which is an error that names the line.
                None => (line.to_owned(), String::new()),
            })
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_named_section_and_no_other() {
        let text = "[a]\nhost=x\n\n# c\n[b]\nhost = y\nport=1\n[c]\nhost=z\n";
        let b = section(text, "b").unwrap();
        assert_eq!(b, [("host".to_owned(), "y".to_owned()), ("port".to_owned(), "1".to_owned())]);
        assert_eq!(section(text, "d"), None);
    }
}
