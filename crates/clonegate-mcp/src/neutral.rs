//! Text that can't move a cursor, hide or turn around.

use std::fmt::Write as _;

/// Whether a character shows as itself and does nothing else.
///
/// A model reads more than a person sees, so that beyond what a person's eyes are kept from, every
/// character without a shape of its own is escaped: fillers, variation selectors, tags.
fn is_plain(c: char) -> bool {
    clonegate_query::is_plain(c)
        && !matches!(c,
            '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// The same with every character that is not plain as JSON's escape of it. What was JSON stays
/// JSON, and means the same.
pub(crate) fn json(text: &str) -> String {
    escape(text, |out, c| {
        let mut units = [0_u16; 2];
        for unit in c.encode_utf16(&mut units) {
            // Writing to a String can't fail.
            let _ = write!(out, "\\u{unit:04x}");
        }
    })
}

/// One line of text for people and models, of at most so many characters.
pub(crate) fn line(text: &str, most: usize) -> String {
    let cut = text.char_indices().nth(most).map_or(text, |(at, _)| &text[..at]);
    let mut out = escape(cut, |out, c| match c {
        '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => out.push(' '),
        _ => {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
    });
    if cut.len() < text.len() {
        out.push('…');
    }
    out
}

fn escape(text: &str, mut instead: impl FnMut(&mut String, char)) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_plain(c) { out.push(c) } else { instead(&mut out, c) }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_can_do_nothing_to_a_terminal() {
        let sent = "red \u{1b}[31m\u{9b}2J\u{7}\nline\u{2028}two \u{202e}turned";
        assert_eq!(line(sent, 100), r"red \u{1b}[31m\u{9b}2J\u{7} line two \u{202e}turned");
        assert_eq!(line("abcdef", 3), "abc…");
        assert_eq!(line("äöü", 3), "äöü");
    }

    proptest::proptest! {
        #[test]
        fn json_stays_the_same_json(text in proptest::collection::vec(proptest::char::any(), 0..40)) {
            let text: String = text.into_iter().collect();
            let neutral = json(&serde_json::to_string(&text).unwrap());
            proptest::prop_assert!(neutral.chars().all(is_plain));
            proptest::prop_assert_eq!(serde_json::from_str::<String>(&neutral).unwrap(), text);
        }
    }
}
