//! What a script may use beyond the server's own.

use std::collections::BTreeSet;

/// Extensions that an ordinary role may create (they are *trusted*) and that neither connect to
/// anything, read files, start jobs nor speak with other sessions. `vector` is pgvector's.
const HARMLESS_EXTENSIONS: [&str; 19] = [
    "btree_gin",
    "btree_gist",
    "citext",
    "cube",
    "dict_int",
    "earthdistance",
    "fuzzystrmatch",
    "hstore",
    "intarray",
    "isn",
    "ltree",
    "pg_trgm",
    "pgcrypto",
    "plpgsql",
    "seg",
    "tablefunc",
    "unaccent",
    "uuid-ossp",
    "vector",
];

/// What a profile permits its scripts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptPolicy {
    extensions: BTreeSet<String>,
}

impl Default for ScriptPolicy {
    /// The extensions that are known to be harmless everywhere.
    fn default() -> Self {
        Self { extensions: HARMLESS_EXTENSIONS.into_iter().map(str::to_owned).collect() }
    }
}

impl ScriptPolicy {
    /// Permits further extensions by their exact names.
    #[must_use]
    pub fn with_extensions(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.extensions.extend(names);
        self
    }

    /// The extensions that a script may create, in order.
    pub fn extensions(&self) -> impl Iterator<Item = &str> {
        self.extensions.iter().map(String::as_str)
    }

    pub(crate) fn permits_extension(&self, name: &str) -> bool {
        self.extensions.contains(name)
    }
}
