//! The attributes of a definition, as a query's JSON has them: an object, or an array of names and values by turns,
//! which the server makes in a third of the time.

use std::borrow::Cow;
use std::fmt;

use clonegate_model::Attributes;
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;
use smol_str::SmolStr;

/// Names and values. What is NULL is left out, and most of what a query names is: nothing is kept of it
/// while it is read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Answered(pub(crate) Attributes);

impl<'de> Deserialize<'de> for Answered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Entries)
    }
}

struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Answered;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object, or names and values by turns")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Answered, A::Error> {
        let mut pairs: Vec<(SmolStr, SmolStr)> = Vec::new();
        while let Some(Name(name)) = map.next_key()? {
            let text = match map.next_value::<Option<Json>>()? {
                None => continue,
                Some(Json::String(text)) => text,
                Some(other) => other.to_string(),
            };
            pairs.push((name.into(), text.into()));
        }
        Ok(Answered(pairs.into_iter().collect()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Answered, A::Error> {
        let mut pairs: Vec<(SmolStr, SmolStr)> = Vec::new();
        while let Some(Name(name)) = seq.next_element()? {
            let text: Option<Option<String>> = seq.next_element()?;
            let text = text.ok_or_else(|| Error::custom(format!("{name} has no value")))?;
            if let Some(text) = text {
                pairs.push((name.into(), text.into()));
            }
        }
        Ok(Answered(pairs.into_iter().collect()))
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
        let Answered(read) = serde_json::from_str(json).unwrap();
        let read: Vec<(&str, &str)> = read.iter().collect();
        assert_eq!(read, [("odd \"name\"", "true"), ("owner", "app"), ("position", "3")]);
    }

    #[test]
    fn names_and_values_by_turns_are_the_same() {
        let object = r#"{"owner":"app","acl":null,"odd \"name\"":"true"}"#;
        let array = r#"["owner","app","acl",null,"odd \"name\"","true"]"#;
        let read = |json: &str| serde_json::from_str::<Answered>(json);
        assert_eq!(read(object).unwrap(), read(array).unwrap());
        assert!(read(r#"["owner","app","acl"]"#).is_err(), "a name without a value");
        assert!(read(r#"[null,"app"]"#).is_err(), "a value without a name");
    }
}
