//! Fills the queries of `sql/engine/witness/`.

/// The query without its comment, with each `{name}` replaced by its value. Values are not searched
/// again, so that a name in them is no placeholder.
pub(crate) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(template.len());
    for line in template.lines().filter(|line| !line.starts_with("--")) {
        let mut rest = line;
        while let Some(open) = rest.find('{') {
            let Some(close) = rest[open..].find('}') else { break };
            let name = &rest[open + 1..open + close];
            text.push_str(&rest[..open]);
            match values.iter().find(|(known, _)| *known == name) {
                Some((_, value)) => text.push_str(value),
                None => text.push_str(&rest[open..=open + close]),
            }
            rest = &rest[open + close + 1..];
        }
        text.push_str(rest.trim_end());
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_filled_in_once_and_comments_left_out() {
        let filled = fill("-- {a}\nselect {a},\n       '{{b}}'", &[("a", "{b}"), ("b", "1")]);
        assert_eq!(filled, "select {b},\n       '{{b}}'");
        assert_eq!(fill("x {a} y {a}", &[("a", "{1,2}")]), "x {1,2} y {1,2}");
    }
}
