//! What a profile permits beyond what is known to be harmless everywhere.

use std::collections::BTreeSet;

use crate::builtins::{self, Class};

/// The longest name that PostgreSQL doesn't cut.
const MAX_NAME_BYTES: usize = 63;

/// Functions and types of a database's own that its owner knows to be harmless: `schema.name`, or
/// a bare name, folded as PostgreSQL folds it.
///
/// A bare name permits the name where no schema stands before it, and `schema.name` permits it with that
/// schema only: which function a bare name is depends on the search path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permitted {
    functions: BTreeSet<Vec<String>>,
    types: BTreeSet<Vec<String>>,
    anywhere: BTreeSet<&'static str>,
}

/// Why a name can't be permitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} can't be permitted: {problem}")]
pub struct PermittedError {
    /// The name.
    pub name: String,
    /// What is wrong with it.
    pub problem: String,
}

impl Permitted {
    /// Nothing beyond what is known to be harmless everywhere.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Permits functions and types by name: `name`, `schema.name`, and either part in double quotes where it
    /// has capitals or other characters. A function is named without its arguments, and a type permits
    /// its arrays too.
    ///
    /// # Errors
    /// A name that is no name, or one of the server's own that is known to do more than read.
    pub fn new(
        functions: impl IntoIterator<Item = String>,
        types: impl IntoIterator<Item = String>,
    ) -> Result<Self, PermittedError> {
        let functions: Result<_, _> =
            functions.into_iter().map(|name| permit(&name, builtins::function)).collect();
        let types: Result<_, _> =
            types.into_iter().map(|name| permit(&name, builtins::data_type)).collect();
        Ok(Self { functions: functions?, types: types?, anywhere: BTreeSet::new() })
    }

    /// Permits functions of extensions in whatever schema they are installed. It is for statements of a
    /// program's own, which takes the schema from the list of extensions; a person names the schema.
    ///
    /// What PostgreSQL itself has a function of stays as it is known.
    #[must_use]
    pub fn in_any_schema(functions: impl IntoIterator<Item = &'static str>) -> Self {
        let unknown = |name: &&str| builtins::function(name).is_none();
        Self { anywhere: functions.into_iter().filter(unknown).collect(), ..Self::default() }
    }

    pub(crate) fn function(&self, path: &[&str]) -> bool {
        let anywhere = match path {
            [schema, name] => !is_system_schema(schema) && self.anywhere.contains(name),
            _ => false,
        };
        anywhere || (!self.functions.is_empty() && contains(&self.functions, path))
    }

    pub(crate) fn data_type(&self, path: &[&str]) -> bool {
        !self.types.is_empty() && contains(&self.types, path)
    }
}

fn contains(names: &BTreeSet<Vec<String>>, path: &[&str]) -> bool {
    names.iter().any(|name| name.iter().map(String::as_str).eq(path.iter().copied()))
}

fn permit(
    name: &str,
    known: impl Fn(&str) -> Option<&'static builtins::Group>,
) -> Result<Vec<String>, PermittedError> {
    let fail = |problem: String| PermittedError { name: name.to_owned(), problem };
    let path = parts(name).map_err(|problem| fail(problem.to_owned()))?;
    let last = path.last().map(String::as_str).unwrap_or_default();
    match known(last) {
        Some(group) if group.class == Class::Refused => {
            Err(fail(format!("PostgreSQL's own {last} {}", group.reason)))
        }
        // A name that PostgreSQL has no function of is nobody's with its schema before it.
        None if path.len() == 2 && is_system_schema(&path[0]) => {
            Err(fail(format!("{} has nothing of that name that is known to be harmless", path[0])))
        }
        _ => Ok(path),
    }
}

/// The schemas of the server's own names.
pub(crate) fn is_system_schema(schema: &str) -> bool {
    matches!(schema, "pg_catalog" | "information_schema")
}

/// A name's parts as the server reads them.
fn parts(name: &str) -> Result<Vec<String>, &'static str> {
    const NO_NAME: &str = "it is no name: write name or schema.name, without arguments, and in double quotes what has capitals or blanks";
    let mut parts = Vec::new();
    // Other white space is a letter of a name to the server.
    let mut rest = name.trim_matches([' ', '\t', '\n', '\r']);
    loop {
        let (part, after) = if let Some(quoted) = rest.strip_prefix('"') {
            let mut part = String::new();
            let mut chars = quoted.char_indices().peekable();
            let end = loop {
                match chars.next() {
                    None => return Err(NO_NAME),
                    Some((at, '"')) if chars.peek().is_none_or(|(_, next)| *next != '"') => {
                        break at + 1;
                    }
                    Some((_, '"')) => {
                        chars.next();
                        part.push('"');
                    }
                    Some((_, '\0')) => return Err(NO_NAME),
                    Some((_, c)) => part.push(c),
                }
            };
            (part, &quoted[end..])
        } else {
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '\u{80}'..);
            let end = rest.find(|c| !fits(c)).unwrap_or(rest.len());
            if rest.starts_with(|c: char| c.is_ascii_digit() || c == '$') {
                return Err(NO_NAME);
            }
            (rest[..end].to_ascii_lowercase(), &rest[end..])
        };
        if part.is_empty() {
            return Err(NO_NAME);
        }
        if part.len() > MAX_NAME_BYTES {
            return Err("it is longer than the 63 bytes that PostgreSQL keeps of a name");
        }
        parts.push(part);
        if after.is_empty() {
            break;
        }
        rest = after.strip_prefix('.').ok_or(NO_NAME)?;
    }
    if parts.len() > 2 {
        return Err("it has more than two parts: write schema.name");
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn functions(names: &[&str]) -> Result<Permitted, PermittedError> {
        Permitted::new(names.iter().map(|n| (*n).to_owned()), [])
    }

    #[test]
    fn names_are_folded_as_the_server_folds_them() {
        let permitted =
            functions(&["Net_Price", "Shop.Tax", "\"Shop\".\"a\"\"b\"", " größe "]).unwrap();
        for path in [&["net_price"][..], &["shop", "tax"], &["Shop", "a\"b"], &["größe"]] {
            assert!(permitted.function(path), "{path:?}");
        }
        for path in [&["tax"][..], &["other", "net_price"], &["Net_Price"], &["shop", "a\"b"]] {
            assert!(!permitted.function(path), "{path:?}");
        }
        assert!(!permitted.data_type(&["net_price"]));
        assert_eq!(Permitted::nothing(), functions(&[]).unwrap());
    }

    #[test]
    fn a_programs_own_names_hold_in_every_schema_and_never_for_what_does_harm() {
        let permitted = Permitted::in_any_schema(["pg_get_wal_records_info", "pg_sleep"]);
        assert!(permitted.function(&["public", "pg_get_wal_records_info"]));
        assert!(permitted.function(&["Extensions", "pg_get_wal_records_info"]));
        for path in [
            &["pg_get_wal_records_info"][..],
            &["pg_catalog", "pg_get_wal_records_info"],
            &["public", "pg_sleep"],
            &["public", "pg_get_wal_stats"],
        ] {
            assert!(!permitted.function(path), "{path:?}");
        }
    }

    #[test]
    fn what_is_known_to_do_harm_or_is_no_name_is_not_permitted() {
        for name in [
            "pg_sleep",
            "PG_CATALOG.lo_create",
            "public.pg_sleep",
            "\"set_config\"",
            "pg_catalog.unheard_of",
            "",
            ".",
            "a.",
            ".a",
            "a.b.c",
            "f()",
            "f(int)",
            "a b",
            "\"a",
            "\"\"",
            "1a",
            "a;b",
            "a*",
        ] {
            assert!(functions(&[name]).is_err(), "{name}");
        }
        let long = "a".repeat(64);
        assert!(functions(&[&long]).is_err());
        assert!(Permitted::new([], ["trigger".to_owned()]).is_err());
        assert!(Permitted::new([], ["shop.status".to_owned()]).is_ok());
    }
}
