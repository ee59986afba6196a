//! Arrays of texts as the server writes them out, one behind the other: `{a,"b c",NULL}{d}`.

use std::borrow::Cow;

/// The elements of an array; NULL is `None`.
pub(crate) type Elements<'a> = Vec<Option<Cow<'a, str>>>;

/// Reads one array after the other, and ends with the first that is none.
pub(crate) struct Arrays<'a> {
    rest: &'a str,
}

impl<'a> Arrays<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    fn array(&mut self) -> Option<Elements<'a>> {
        self.expect('{')?;
        let mut elements = Vec::new();
        if self.expect('}').is_some() {
            return Some(elements);
        }
        loop {
            elements.push(self.element()?);
            if self.expect('}').is_some() {
                return Some(elements);
            }
            self.expect(',')?;
        }
    }

    fn expect(&mut self, sign: char) -> Option<()> {
        self.rest = self.rest.strip_prefix(sign)?;
        Some(())
    }

    fn element(&mut self) -> Option<Option<Cow<'a, str>>> {
        if self.expect('"').is_some() {
            return self.quoted().map(Some);
        }
        let end = self.rest.find([',', '{', '}', '"', '\\'])?;
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        match text {
            // An empty text is quoted, and so is one that reads NULL.
            "" => None,
            "NULL" => Some(None),
            text => Some(Some(Cow::Borrowed(text))),
        }
    }

    fn quoted(&mut self) -> Option<Cow<'a, str>> {
        let mut read = Cow::Borrowed("");
        loop {
            let end = self.rest.find(['"', '\\'])?;
            let (text, rest) = self.rest.split_at(end);
            if read.is_empty() {
                read = Cow::Borrowed(text);
            } else {
                read.to_mut().push_str(text);
            }
            if let Some(rest) = rest.strip_prefix('"') {
                self.rest = rest;
                return Some(read);
            }
            let mut signs = rest.chars();
            signs.next();
            read.to_mut().push(signs.next()?);
            self.rest = signs.as_str();
        }
    }
}

impl<'a> Iterator for Arrays<'a> {
    type Item = Result<Elements<'a>, String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let array = self.array();
        if array.is_none() {
            self.rest = "";
        }
        Some(array.ok_or_else(|| "the answer can't be read: it is no list of arrays".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Vec<Vec<Option<String>>>, String> {
        let owned = |elements: Elements<'_>| {
            elements.into_iter().map(|element| element.map(Cow::into_owned)).collect()
        };
        Arrays::new(text).map(|array| array.map(owned)).collect()
    }

    #[test]
    fn arrays_are_read_as_the_server_writes_them() {
        let one = |elements: &[Option<&str>]| {
            elements.iter().map(|element| element.map(str::to_owned)).collect::<Vec<_>>()
        };
        assert_eq!(read(""), Ok(vec![]));
        assert_eq!(read("{}"), Ok(vec![vec![]]));
        assert_eq!(
            read(
                r#"{a,NULL,"NULL","",b c,"q \" and \\","\\\\","{x,y}","two
lines"}{é}"#
            ),
            Ok(vec![
                one(&[
                    Some("a"),
                    None,
                    Some("NULL"),
                    Some(""),
                    Some("b c"),
                    Some("q \" and \\"),
                    Some("\\\\"),
                    Some("{x,y}"),
                    Some("two\nlines"),
                ]),
                one(&[Some("é")]),
            ])
        );
    }

    #[test]
    fn what_is_cut_off_or_nested_is_no_array() {
        for text in [
            "{",
            "{a",
            "{a,",
            "{a,}",
            "{,a}",
            "{\"a",
            "{\"a\\",
            "{\"a\"b}",
            "{a}b",
            "{a}{",
            "x",
            "[0:1]={a,b}",
            "{{a},{b}}",
            "{a\"b\"}",
            "{a\\b}",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(arrays in vec(vec(option::of(".{0,9}"), 0..5), 0..5)) {
            let quoted = |text: &String| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
            let element = |e: &Option<String>| e.as_ref().map_or("NULL".to_owned(), quoted);
            let written: String = arrays
                .iter()
                .map(|array| format!("{{{}}}", array.iter().map(element).collect::<Vec<_>>().join(",")))
                .collect();
            prop_assert_eq!(read(&written), Ok(arrays));
        }
    }
}
