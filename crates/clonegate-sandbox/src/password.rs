//! Passwords of roles that live as long as the sandbox.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// A random password. It shows itself to nobody who doesn't ask for it by name.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// 128 random bits from the system, as 32 hexadecimal digits: nothing that SQL, a shell or a passfile
    /// would have to quote.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn random() -> io::Result<Self> {
        Ok(Self(random_hex(16)?))
    }

    /// The password itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(***)")
    }
}

/// As many random bytes as asked for, in hexadecimal.
pub(crate) fn random_hex(bytes: usize) -> io::Result<String> {
    let mut buffer = vec![0; bytes];
    File::open("/dev/urandom")?.read_exact(&mut buffer)?;
    Ok(buffer.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Writes a passfile (`.pgpass`, PostgreSQL manual, section "The Password File") with one line for each
/// of the hosts, for all databases of a server. Only the owner can read it; libpq refuses it otherwise.
///
/// # Errors
/// When the file can't be written.
pub fn write_passfile(
    path: &Path,
    hosts: &[&str],
    port: u16,
    logins: &[(&str, &Password)],
) -> io::Result<()> {
    let mut text = String::new();
    for host in hosts {
        for (role, password) in logins {
            let (host, role) = (escape(host), escape(role));
            text.push_str(&format!("{host}:{port}:*:{role}:{}\n", password.expose()));
        }
    }
    write_private(path, text.as_bytes())
}

/// Writes a new file that only the owner can read.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)
}

fn escape(field: &str) -> String {
    field.replace('\\', "\\\\").replace(':', "\\:")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_password_is_not_in_its_debug_output() {
        let password = Password::random().unwrap();
        assert_eq!(password.expose().len(), 32);
        assert!(!format!("{password:?}").contains(password.expose()));
    }

    #[test]
    fn a_passfile_is_private_and_its_fields_are_escaped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pass");
        let password = Password::random().unwrap();
        write_passfile(&path, &["127.0.0.1", "/a:b"], 5432, &[("me", &password)]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let secret = password.expose();
        assert_eq!(text, format!("127.0.0.1:5432:*:me:{secret}\n/a\\:b:5432:*:me:{secret}\n"));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
