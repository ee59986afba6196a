//! The attributes of a definition.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Index;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::SmolStr;

/// Names and values, each name once, in the order of the names.
///
/// A snapshot has tens of thousands of these with a handful of short texts each, and is held as a whole: in a
/// `BTreeMap` of `String` it would be four times as large.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attributes(Vec<(SmolStr, SmolStr)>);

impl Attributes {
    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.as_str().cmp(name))
    }

    /// The value of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.place(name).ok().map(|at| self.0[at].1.as_str())
    }

    /// Names and values, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(name, _)| name)
    }

    /// The values, in the order of the names.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(_, value)| value)
    }

    /// Gives a name a value, whatever it had.
    pub fn insert(&mut self, name: &str, value: &str) {
        match self.place(name) {
            Ok(at) => self.0[at].1 = value.into(),
            Err(at) => self.0.insert(at, (name.into(), value.into())),
        }
    }

    /// Takes a name out.
    pub fn remove(&mut self, name: &str) {
        self.retain(|known| known != name);
    }

    /// Keeps the names for which that holds.
    pub fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.0.retain(|(name, _)| keep(name));
    }

    /// Puts another value in the place of each of which one is made.
    pub fn rewrite(&mut self, with: impl Fn(&str) -> Cow<'_, str>) {
        for (_, value) in &mut self.0 {
            if let Cow::Owned(other) = with(value) {
                *value = other.into();
            }
        }
    }
}

impl Index<&str> for Attributes {
    type Output = str;

    fn index(&self, name: &str) -> &str {
        self.get(name).unwrap_or_else(|| panic!("there is no attribute {name:?}"))
    }
}

impl<N: Into<SmolStr>, V: Into<SmolStr>> FromIterator<(N, V)> for Attributes {
    /// Of a name that comes twice the last value is kept.
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut all: Vec<(SmolStr, SmolStr)> =
            pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        // The sort is stable: the last of a name comes first once the whole is turned round.
        all.reverse();
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
        all.dedup_by(|(later, _), (kept, _)| later == kept);
        all.shrink_to_fit();
        Self(all)
    }
}

impl Serialize for Attributes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pairs: BTreeMap<String, String> = BTreeMap::deserialize(deserializer)?;
        Ok(pairs.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order_and_the_last_value_of_one_is_kept() {
        let mut all: Attributes =
            [("owner", "app"), ("acl", "x"), ("owner", "other")].into_iter().collect();
        assert_eq!(all.iter().collect::<Vec<_>>(), [("acl", "x"), ("owner", "other")]);
        all.insert("kind", "table");
        all.insert("acl", "y");
        assert_eq!((&all["acl"], all.get("kind"), all.get("k")), ("y", Some("table"), None));
        all.remove("owner");
        all.rewrite(|value| Cow::Owned(value.to_uppercase()));
        assert_eq!(serde_json::to_string(&all).unwrap(), r#"{"acl":"Y","kind":"TABLE"}"#);
        let read: Attributes = serde_json::from_str(r#"{"kind":"TABLE","acl":"Y"}"#).unwrap();
        assert_eq!(read, all);
    }
}
