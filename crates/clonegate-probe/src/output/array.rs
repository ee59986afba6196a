//! Arrays (`array_out`).

use tokio_postgres::types::Type;

use super::{Bytes, Malformed, text};

const MAX_DIMENSIONS: i32 = 6;

struct Array<'a> {
    /// Length and lower bound.
    dimensions: Vec<(usize, i32)>,
    elements: Vec<Option<&'a [u8]>>,
}

fn parse<'a>(element: &Type, raw: &'a [u8]) -> Result<Array<'a>, Malformed> {
    let mut raw = Bytes(raw);
    let count = i32::from_be_bytes(raw.take()?);
    let _has_nulls = i32::from_be_bytes(raw.take()?);
    let oid = u32::from_be_bytes(raw.take()?);
    if !(0..=MAX_DIMENSIONS).contains(&count) || oid != element.oid() {
        return Err(Malformed);
    }
    let mut dimensions = Vec::new();
    for _ in 0..count {
        let length = i32::from_be_bytes(raw.take()?);
        let lower = i32::from_be_bytes(raw.take()?);
        let length = usize::try_from(length).ok().filter(|l| *l > 0);
        dimensions.push((length.ok_or(Malformed)?, lower));
    }
    // Elements are taken one by one, so a wrong length fails before it makes anything large.
    let mut expected = if dimensions.is_empty() { 0 } else { 1_usize };
    for (length, _) in &dimensions {
        expected = expected.checked_mul(*length).ok_or(Malformed)?;
    }
    let mut elements = Vec::new();
    for _ in 0..expected {
        let length = i32::from_be_bytes(raw.take()?);
        elements.push(match length {
            -1 => None,
            _ => Some(raw.slice(usize::try_from(length).map_err(|_| Malformed)?)?),
        });
    }
    raw.end()?;
    Ok(Array { dimensions, elements })
}

pub(super) fn array(element: &Type, raw: &[u8]) -> Result<String, Malformed> {
    let Array { dimensions, elements } = parse(element, raw)?;
    if elements.is_empty() {
        return Ok("{}".to_owned());
    }
    let mut out = String::new();
    if dimensions.iter().any(|(_, lower)| *lower != 1) {
        for (length, lower) in &dimensions {
            let length = i64::try_from(*length).map_err(|_| Malformed)?;
            let upper = i64::from(*lower) + length - 1;
            out.push_str(&format!("[{lower}:{upper}]"));
        }
        out.push('=');
    }
    let mut elements = elements.into_iter();
    nested(&dimensions, &mut elements, element, &mut out)?;
    Ok(out)
}

fn nested<'a>(
    dimensions: &[(usize, i32)],
    elements: &mut impl Iterator<Item = Option<&'a [u8]>>,
    element: &Type,
    out: &mut String,
) -> Result<(), Malformed> {
    let Some(((length, _), inner)) = dimensions.split_first() else {
        match elements.next().ok_or(Malformed)? {
            None => out.push_str("NULL"),
            Some(raw) => quoted(&text(element, raw)?, out),
        }
        return Ok(());
    };
    out.push('{');
    for n in 0..*length {
        if n > 0 {
            out.push(',');
        }
        nested(inner, elements, element, out)?;
    }
    out.push('}');
    Ok(())
}

fn quoted(text: &str, out: &mut String) {
    let special = |c: char| {
        matches!(c, '"' | '\\' | '{' | '}' | ',' | ' ' | '\t' | '\n' | '\r' | '\x0B' | '\x0C')
    };
    if !text.is_empty() && !text.eq_ignore_ascii_case("null") && !text.contains(special) {
        out.push_str(text);
        return;
    }
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
}

/// `int2vector` and `oidvector` are arrays on the wire and a list with spaces in text.
pub(super) fn vector(element: &Type, raw: &[u8]) -> Result<String, Malformed> {
    let elements: Result<Vec<String>, Malformed> = parse(element, raw)?
        .elements
        .into_iter()
        .map(|raw| text(element, raw.ok_or(Malformed)?))
        .collect();
    Ok(elements?.join(" "))
}
