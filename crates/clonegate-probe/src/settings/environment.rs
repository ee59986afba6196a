//! What the process was started with.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use super::{ConnectionString, SettingsError};

/// Environment variables, taken once, so that settings are a function of values.
///
/// They may hold passwords: `Debug` shows the names only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The process's own. A variable that is no UTF-8 is left out.
    #[must_use]
    pub fn of_process() -> Self {
        let text = |os: std::ffi::OsString| os.into_string().ok();
        Self(
            std::env::vars_os()
                .filter_map(|(name, value)| Some((text(name)?, text(value)?)))
                .collect(),
        )
    }

    /// A given one.
    pub fn of<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        Self(pairs.into_iter().map(|(n, v)| (n.into(), v.into())).collect())
    }

    /// The connection string in the variable that a profile names.
    ///
    /// # Errors
    /// When the variable is not set, or holds no connection string.
    pub fn connection_string(&self, variable: &str) -> Result<ConnectionString, SettingsError> {
        let missing = || SettingsError::MissingVariable { variable: variable.to_owned() };
        self.get(variable).ok_or_else(missing)?.parse()
    }

    /// An empty variable counts as none, as with libpq.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|v| !v.is_empty())
    }

    pub(super) fn home(&self) -> Option<PathBuf> {
        let variable = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
        self.get(variable).map(PathBuf::from)
    }

    pub(super) fn os_user(&self) -> Option<&str> {
        ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|name| self.get(name))
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Environment").field(&self.0.keys()).finish()
    }
}
