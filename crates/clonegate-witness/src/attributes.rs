//! The attributes of a definition, as a query's JSON has them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::Value as Json;

/// Names and values. What is NULL is left out, and most of what a query names is: nothing is kept of it
/// while it is read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Attributes(pub(crate) BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries)
    }
}

struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Attributes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Attributes, A::Error> {
        let mut attributes = BTreeMap::new();
        while let Some(Name(name)) = map.next_key()? {
            let text = match map.next_value::<Option<Json>>()? {
                None => continue,
                Some(Json::String(text)) => text,
                Some(other) => other.to_string(),
            };
            attributes.insert(name.into_owned(), text);
        }
        Ok(Attributes(attributes))
    }
}

/// A name that is copied only if it is kept.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameText)
    }
}

struct NameText;

impl<'de> Visitor<'de> for NameText {
    type Value = Name<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Name<'de>, E> {
        Ok(Name(Cow::Borrowed(name)))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Name<'de>, E> {
        Ok(Name(Cow::Owned(name.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_null_is_left_out_and_the_rest_is_text() {
        let json = r#"{"owner":"app","acl":null,"position":3,"odd \"name\"":true}"#;
        let read: Attributes = serde_json::from_str(json).unwrap();
        let read: Vec<(&str, &str)> =
            read.0.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        assert_eq!(read, [("odd \"name\"", "true"), ("owner", "app"), ("position", "3")]);
    }
}
