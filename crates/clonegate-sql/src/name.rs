//! Names, as the server's `quote_ident` writes them.

use std::fmt;
use std::str::FromStr;

/// Bytes of a name at the most (`NAMEDATALEN`).
const MAX_BYTES: usize = 63;

/// A text that is no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no name as the server quotes it")]
pub struct NotAName(String);

/// One name. It is printed quoted, whatever it is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identifier(String);

impl Identifier {
    /// A name, without quotes.
    ///
    /// # Errors
    /// [`NotAName`] where PostgreSQL could not have it.
    pub fn new(name: &str) -> Result<Self, NotAName> {
        let fits = !name.is_empty() && name.len() <= MAX_BYTES && !name.contains('\0');
        if fits { Ok(Self(name.to_owned())) } else { Err(NotAName(name.to_owned())) }
    }

    /// Without quotes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name at the beginning of a text, and what is behind it.
    fn first_of(text: &str) -> Option<(Self, &str)> {
        let Some(quoted) = text.strip_prefix('"') else {
            let end = text
                .find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'))
                .unwrap_or(text.len());
            return Some((Self::new(&text[..end]).ok()?, &text[end..]));
        };
        let (mut name, mut rest) = (String::new(), quoted);
        loop {
            let end = rest.find('"')?;
            name.push_str(&rest[..end]);
            rest = &rest[end + 1..];
            match rest.strip_prefix('"') {
                None => return Some((Self::new(&name).ok()?, rest)),
                Some(more) => {
                    name.push('"');
                    rest = more;
                }
            }
        }
    }
}

impl FromStr for Identifier {
    type Err = NotAName;
    /// From what `quote_ident` gives.
    fn from_str(text: &str) -> Result<Self, NotAName> {
        match Self::first_of(text) {
            Some((name, "")) => Ok(name),
            _ => Err(NotAName(text.to_owned())),
        }
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.replace('"', "\"\""))
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A name in a schema. It is printed quoted, whatever it is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Qualified {
    schema: Identifier,
    name: Identifier,
}

impl Qualified {
    /// A name in a schema.
    #[must_use]
    pub fn new(schema: Identifier, name: Identifier) -> Self {
        Self { schema, name }
    }

    /// The schema.
    #[must_use]
    pub fn schema(&self) -> &Identifier {
        &self.schema
    }

    /// The name in it.
    #[must_use]
    pub fn name(&self) -> &Identifier {
        &self.name
    }
}

impl FromStr for Qualified {
    type Err = NotAName;
    /// From what `format('%I.%I', …)` gives.
    fn from_str(text: &str) -> Result<Self, NotAName> {
        let bad = || NotAName(text.to_owned());
        let (schema, rest) = Identifier::first_of(text).ok_or_else(bad)?;
        let rest = rest.strip_prefix('.').ok_or_else(bad)?;
        match Identifier::first_of(rest) {
            Some((name, "")) => Ok(Self { schema, name }),
            _ => Err(bad()),
        }
    }
}

impl fmt::Display for Qualified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.schema, self.name)
    }
}

impl fmt::Debug for Qualified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_the_server_quotes_it_and_printed_quoted() {
        for (text, name) in [
            ("orders", "orders"),
            ("\"Order\"", "Order"),
            ("\"a \"\"b\"\".c\"", "a \"b\".c"),
            ("\"select\"", "select"),
            ("\"ä\"", "ä"),
        ] {
            assert_eq!(text.parse::<Identifier>().unwrap().as_str(), name);
        }
        let both: Qualified = "\"A.b\".\"x\"\"\"".parse().unwrap();
        assert_eq!((both.schema().as_str(), both.name().as_str()), ("A.b", "x\""));
        assert_eq!(both.to_string(), "\"A.b\".\"x\"\"\"");
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long = "a".repeat(64);
        for text in ["", "A", "a b", "\"a", "\"a\"b\"", "a.b", "a;", "\"\"", "\"a\0\"", &long] {
            assert!(text.parse::<Identifier>().is_err(), "{text:?}");
        }
        for text in ["a", "a.", ".a", "a.b.c", "a.b; drop table c", "\"a.b\"", "a .b"] {
            assert!(text.parse::<Qualified>().is_err(), "{text:?}");
        }
    }
}
