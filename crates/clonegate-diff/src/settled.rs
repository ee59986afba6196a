//! Expressions that PostgreSQL writes in another way after dump and restore.
//!
//! `x IN ('a', 'b')` on a `character varying` column is kept as an array that is cast as a whole,
//! `(ARRAY['a'::character varying, …])::text[]`; read in again, each element is cast,
//! `ARRAY[('a'::character varying)::text, …]`, and from then on it stays so. Both mean the same.

use std::borrow::Cow;

const OPEN: &str = "(ARRAY[";

/// The text with each such array in the form that it has after dump and restore.
pub(crate) fn settled(text: &str) -> Cow<'_, str> {
    let mut done = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(OPEN) {
        match array(&rest[at + OPEN.len()..]) {
            Some((elements, cast, after)) => {
                done.push_str(&rest[..at]);
                let elements: Vec<String> =
                    elements.iter().map(|element| format!("({element})::{cast}")).collect();
                done.push_str(&format!("ARRAY[{}]", elements.join(", ")));
                rest = after;
            }
            None => {
                done.push_str(&rest[..at + OPEN.len()]);
                rest = &rest[at + OPEN.len()..];
            }
        }
    }
    if done.is_empty() {
        return Cow::Borrowed(text);
    }
    done.push_str(rest);
    Cow::Owned(done)
}

/// The elements, the type that the array is cast to, and what follows; `None` where it is another kind of
/// array.
fn array(text: &str) -> Option<(Vec<&str>, &str, &str)> {
    let mut elements = Vec::new();
    let mut rest = text;
    loop {
        let end = literal(rest)?;
        elements.push(&rest[..end]);
        rest = &rest[end..];
        match rest.strip_prefix(", ") {
            Some(next) => rest = next,
            None => break,
        }
    }
    let (cast, after) = rest.strip_prefix("])::")?.split_once("[]")?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ' ' | '.' | '"');
    (!cast.is_empty() && cast.chars().all(is_name)).then_some((elements, cast, after))
}

/// Where `'a''b'::some type` at the beginning of a text ends.
fn literal(text: &str) -> Option<usize> {
    let mut at = text.strip_prefix('\'').map(|_| 1)?;
    loop {
        at += text[at..].find('\'')? + 1;
        match text[at..].strip_prefix('\'') {
            Some(_) => at += 1,
            None => break,
        }
    }
    let cast = text[at..].strip_prefix("::")?;
    let is_name =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ' ' | '.' | '"' | '(' | ')');
    let end = cast.find(|c: char| !is_name(c))?;
    (end > 0).then_some(at + 2 + end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_that_was_cast_as_a_whole_is_what_it_becomes() {
        let before = "CHECK (((a)::text = ANY ((ARRAY['x''y, ]'::character varying, 'z'::character varying(3)])::text[])))";
        let after = "CHECK (((a)::text = ANY (ARRAY[('x''y, ]'::character varying)::text, ('z'::character varying(3))::text])))";
        assert_eq!(settled(before), after);
        assert_eq!(settled(after), after);
    }

    #[test]
    fn other_texts_are_left_as_they_are() {
        for text in [
            "",
            "CHECK ((a > 0))",
            "(ARRAY[a, b])::text[]",
            "(ARRAY['a'::text])",
            "(ARRAY['a",
            "(ARRAY['a'::text, 1])::text[]",
            "'(ARRAY['::text",
        ] {
            assert_eq!(settled(text), text);
        }
    }
}
