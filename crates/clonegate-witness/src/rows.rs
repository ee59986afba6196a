//! Takes the rows of a packed answer apart.

use clonegate_model::{Attributes, Reading, Value};
use serde::de::DeserializeOwned;
use smol_str::SmolStr;

use crate::arrays::{Arrays, Elements};

const BATCH: &str = include_str!("../../../sql/engine/witness/batch.sql");
const OBJECTS: &str = include_str!("../../../sql/engine/witness/objects.sql");

/// Why an answer says nothing that has other rows or values than it was asked for.
pub(crate) const SHAPE: &str = "the answer has an unexpected shape";

/// The query with its rows packed into one, so that thousands of them fit the channel's bound on rows.
pub(crate) fn packed(question: &str) -> String {
    BATCH.replace("{question}", question.trim_end())
}

/// The same for definitions whose attributes are an array.
pub(crate) fn packed_objects(question: &str) -> String {
    OBJECTS.replace("{question}", question.trim_end())
}

/// The rows of a packed answer.
pub(crate) fn unpack<T: DeserializeOwned>(reading: &Reading) -> Result<Vec<T>, String> {
    let [batch] = texts(reading)?;
    json(batch)
}

/// An identity and its attributes.
pub(crate) type Object = (String, Attributes);

/// The objects of such an answer, and what there is besides of some.
pub(crate) fn unpack_objects<T: DeserializeOwned>(
    reading: &Reading,
) -> Result<(Vec<Object>, Vec<T>), String> {
    let [count, objects, more] = texts(reading)?;
    let objects: Vec<Object> =
        Arrays::new(objects).map(|array| object(array?)).collect::<Result<_, _>>()?;
    // The end of one array may be that of all, and what was cut off there is not noticed by itself.
    if count.parse() != Ok(objects.len()) {
        return Err(format!(
            "the answer can't be read: it has {} objects of {count}",
            objects.len()
        ));
    }
    Ok((objects, json(more)?))
}

/// An identity, and names and values by turns. What is NULL is left out.
fn object(elements: Elements<'_>) -> Result<Object, String> {
    let mut elements = elements.into_iter();
    let identity = elements.next().flatten().ok_or(SHAPE)?;
    let mut pairs: Vec<(SmolStr, SmolStr)> = Vec::new();
    while let Some(name) = elements.next() {
        let (name, value) = (name.ok_or(SHAPE)?, elements.next().ok_or(SHAPE)?);
        pairs.extend(value.map(|value| (name.into(), value.into())));
    }
    Ok((identity.into_owned(), pairs.into_iter().collect()))
}

/// The texts of the only row.
fn texts<const N: usize>(reading: &Reading) -> Result<[&str; N], String> {
    if reading.truncated {
        return Err("there are more rows than the channel lets through".to_owned());
    }
    // Also where there is nothing to list the answer is a row, so that none is no answer.
    let [row] = reading.rows.as_slice() else { return Err(SHAPE.to_owned()) };
    let texts: Option<Vec<&str>> = row.iter().map(Value::as_text).collect();
    texts.and_then(|texts| texts.try_into().ok()).ok_or_else(|| SHAPE.to_owned())
}

fn json<T: DeserializeOwned>(batch: &str) -> Result<Vec<T>, String> {
    serde_json::from_str(batch).map_err(|e| format!("the answer can't be read: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_row_is_no_answer() {
        let reading = |rows: Vec<Vec<Value>>| Reading {
            columns: vec!["batch".into()],
            rows,
            truncated: false,
        };
        let row = |text: &str| vec![Value::Text(text.to_owned())];
        let read = |rows| unpack::<u32>(&reading(rows));
        assert_eq!(read(vec![row("[1, 2]")]), Ok(vec![1, 2]));
        assert_eq!(read(vec![row("[]")]), Ok(vec![]));
        assert!(read(vec![]).is_err());
        assert!(read(vec![row("[1]"), row("[2]")]).is_err());
        assert!(read(vec![vec![Value::Null]]).is_err());
    }

    #[test]
    fn objects_are_arrays_one_behind_the_other() {
        let read = |count: &str, objects: &str, more: Option<&str>| {
            let texts = [Some(count), Some(objects), more].into_iter().flatten();
            let rows = vec![texts.map(|text| Value::Text(text.to_owned())).collect()];
            unpack_objects::<u32>(&Reading { columns: Vec::new(), rows, truncated: false })
        };
        let one = |name: &str, attributes: &[(&str, &str)]| {
            (name.into(), attributes.iter().copied().collect::<Attributes>())
        };
        assert_eq!(
            read("2", r#"{public.t,kind,table,owner,NULL}{public.v,kind,"a view"}"#, Some("[3]")),
            Ok((
                vec![one("public.t", &[("kind", "table")]), one("public.v", &[("kind", "a view")])],
                vec![3]
            ))
        );
        assert_eq!(read("0", "", Some("[]")), Ok((vec![], vec![])));
        for (count, objects) in [("2", "{public.t}"), ("1", ""), ("0", "{public.t}"), ("", "")] {
            assert!(read(count, objects, Some("[]")).is_err(), "{count} {objects}");
        }
        for cut in
            ["{}", "{NULL}", "{public.t,kind}", "{public.t,NULL,table}", "{public.t,kind,table"]
        {
            assert!(read("1", cut, Some("[]")).is_err(), "{cut}");
        }
        assert!(read("1", "{public.t}", None).is_err());
    }
}
