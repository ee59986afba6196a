//! What is known of PostgreSQL's own functions, types, operators and relations, by name.
//!
//! The lists are data: `src/functions/` and `src/known/`. Each group there has a reason, and each name
//! is in one group. A name counts for all of its overloads in all versions from 14 to 18: where one of
//! them does harm, the name is refused. A name that is in no group is not PostgreSQL's own.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::LazyLock;

/// Whether what a group names may stand in a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// It computes from its arguments, or reads what the role may read anyway.
    Harmless,
    /// It does more, or can't be judged.
    Refused,
}

/// Names that are in one class for one reason.
#[derive(Debug, PartialEq, Eq)]
pub struct Group {
    /// The group's title.
    pub title: &'static str,
    /// Why its names are in its class, as the end of a sentence about one of them.
    pub reason: &'static str,
    /// The class.
    pub class: Class,
}

/// Names, each with its group.
#[derive(Debug)]
struct Names(HashMap<&'static str, &'static Group>);

impl Names {
    /// Reads lists: `[title] reason`, then names; `#` begins a line that is neither.
    ///
    /// # Panics
    /// When a list is not of that form, or a name is in two groups: the lists are part of this crate, and its
    /// tests read them all.
    fn read(lists: &[(Class, &'static str)]) -> Self {
        let mut names = HashMap::new();
        for (class, list) in lists {
            let mut group: Option<&'static Group> = None;
            for line in list.lines().filter(|line| !line.starts_with('#')) {
                if let Some((title, reason)) =
                    line.strip_prefix('[').and_then(|rest| rest.split_once("] "))
                {
                    assert!(!title.is_empty() && !reason.is_empty(), "no title or reason: {line}");
                    // Once in the life of the process, a hundred times.
                    group = Some(Box::leak(Box::new(Group { title, reason, class: *class })));
                    continue;
                }
                for name in line.split_ascii_whitespace() {
                    let group = group.expect("every name stands below a group");
                    match names.entry(name) {
                        Entry::Vacant(free) => free.insert(group),
                        Entry::Occupied(taken) => {
                            let other: &Group = taken.get();
                            panic!("{name} is in {} and in {}", other.title, group.title)
                        }
                    };
                }
            }
        }
        Self(names)
    }

    fn get(&self, name: &str) -> Option<&'static Group> {
        self.0.get(name).copied()
    }
}

static FUNCTIONS: LazyLock<Names> = LazyLock::new(|| {
    Names::read(&[
        (Class::Harmless, include_str!("functions/harmless.txt")),
        (Class::Refused, include_str!("functions/refused.txt")),
    ])
});

static TYPES: LazyLock<Names> = LazyLock::new(|| {
    Names::read(&[
        (Class::Harmless, include_str!("known/types.txt")),
        (Class::Refused, include_str!("known/types-refused.txt")),
    ])
});

static OPERATORS: LazyLock<Names> =
    LazyLock::new(|| Names::read(&[(Class::Harmless, include_str!("known/operators.txt"))]));

static RELATIONS: LazyLock<Names> =
    LazyLock::new(|| Names::read(&[(Class::Refused, include_str!("known/relations.txt"))]));

/// What is known of a function of PostgreSQL's own, by its name in the catalog. `None`: there is none
/// of that name in any version from 14 to 18.
#[must_use]
pub fn function(name: &str) -> Option<&'static Group> {
    FUNCTIONS.get(name)
}

/// What is known of a type of PostgreSQL's own, by its name in the catalog or an alias of the grammar.
#[must_use]
pub fn data_type(name: &str) -> Option<&'static Group> {
    TYPES.get(name)
}

/// What is known of an operator of PostgreSQL's own, by its symbol.
#[must_use]
pub fn operator(symbol: &str) -> Option<&'static Group> {
    OPERATORS.get(symbol)
}

/// What is known of a relation that may not be read; `None` for all others.
#[must_use]
pub fn relation(name: &str) -> Option<&'static Group> {
    RELATIONS.get(name)
}

/// An alias is a word of the grammar, and no type where it is quoted or qualified.
pub(crate) fn is_alias(group: &Group) -> bool {
    group.title == "aliases"
}

/// `t.system` is a column wherever it stands: the function of that name takes no value of SQL.
pub(crate) fn is_never_a_field(group: &Group) -> bool {
    group.title == "sampling"
}

/// All names of functions, each with its group, for those who hold the lists against a server.
pub fn functions() -> impl Iterator<Item = (&'static str, &'static Group)> {
    FUNCTIONS.0.iter().map(|(name, group)| (*name, *group))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_in_one_group_and_every_group_has_a_reason_and_names() {
        // Reading the lists panics on a name in two groups and on a group without a reason.
        for (names, lists) in [
            (
                &*FUNCTIONS,
                [include_str!("functions/harmless.txt"), include_str!("functions/refused.txt")],
            ),
            (&*TYPES, [include_str!("known/types.txt"), include_str!("known/types-refused.txt")]),
            (&*OPERATORS, [include_str!("known/operators.txt"), ""]),
            (&*RELATIONS, [include_str!("known/relations.txt"), ""]),
        ] {
            let titles: Vec<&str> = lists
                .iter()
                .flat_map(|list| list.lines())
                .filter_map(|line| line.strip_prefix('[')?.split_once("] ").map(|(title, _)| title))
                .collect();
            for title in &titles {
                assert_eq!(titles.iter().filter(|t| t == &title).count(), 1, "two groups {title}");
                assert!(names.0.values().any(|g| g.title == *title), "{title} has no names");
            }
            for group in names.0.values() {
                assert!(group.reason.len() > 10 && !group.reason.ends_with('.'), "{group:?}");
            }
            for name in names.0.keys() {
                assert!(name.len() < 64 && !name.contains(['[', ']', '"', ',']), "{name}");
            }
        }
    }

    #[test]
    fn nothing_harmless_sounds_like_a_writer() {
        // Not a rule, but a net under the lists: nobody moves one of these by mistake.
        for (name, group) in functions().filter(|(_, group)| group.class == Class::Harmless) {
            for part in [
                "advisory",
                "terminate",
                "cancel",
                "_reset",
                "sleep",
                "lo_",
                "_to_xml",
                "slot_",
                "read_file",
            ] {
                assert!(
                    !name.starts_with(part) && !name.contains(&format!("pg_{part}")),
                    "{name} is in {group:?}"
                );
            }
        }
    }
}
