//! The server's own CSV, record by record, in bounded memory.

use std::collections::VecDeque;

/// One record. A field that is `None` was empty and not quoted: SQL NULL.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Record {
    fields: Vec<Option<Vec<u8>>>,
    bytes: usize,
    overflowed: bool,
}

impl Record {
    /// What follows the nonce, if this is a row of the executor: one field, not quoted.
    pub(crate) fn marker(&self, nonce: &str) -> Option<String> {
        // JSON may follow, whose commas and quotes are no CSV: only the first field counts.
        let first = self.fields.first()?.as_deref()?;
        let text = std::str::from_utf8(first).ok()?;
        Some(text.strip_prefix(nonce)?.strip_prefix('|')?.to_owned())
    }

    /// As a header. A header that is an empty line has no columns.
    pub(crate) fn names(&self) -> Vec<String> {
        match self.fields.as_slice() {
            [None] => Vec::new(),
            fields => fields
                .iter()
                .map(|f| String::from_utf8_lossy(f.as_deref().unwrap_or_default()).into_owned())
                .collect(),
        }
    }

    /// As two numbers.
    pub(crate) fn pair(&self) -> Option<(usize, u32)> {
        let number = |n: usize| std::str::from_utf8(self.fields.get(n)?.as_deref()?).ok();
        Some((number(0)?.parse().ok()?, number(1)?.parse().ok()?))
    }

    pub(crate) fn into_fields(self) -> Vec<Option<Vec<u8>>> {
        self.fields
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether it has more bytes than are kept.
    pub(crate) fn overflowed(&self) -> bool {
        self.overflowed
    }
}

/// Cuts a stream into records. A record longer than the bound is counted and not kept.
#[derive(Debug)]
pub(crate) struct Records {
    bound: usize,
    record: Record,
    field: Vec<u8>,
    /// Whether the field had a quote, so that empty is not NULL.
    quoted: bool,
    within: bool,
    input: VecDeque<Vec<u8>>,
    at: usize,
}

impl Records {
    pub(crate) fn new(bound: usize) -> Self {
        Self {
            bound,
            record: Record::default(),
            field: Vec::new(),
            quoted: false,
            within: false,
            input: VecDeque::new(),
            at: 0,
        }
    }

    pub(crate) fn feed(&mut self, bytes: Vec<u8>) {
        self.input.push_back(bytes);
    }

    /// The next whole record of what was fed.
    pub(crate) fn next(&mut self) -> Option<Record> {
        while let Some(chunk) = self.input.front() {
            let Some(byte) = chunk.get(self.at).copied() else {
                self.input.pop_front();
                self.at = 0;
                continue;
            };
            self.at += 1;
            match (byte, self.within) {
                (b'"', false) => {
                    // A doubled quote closes and opens again: the quote itself is data.
                    if self.quoted {
                        self.push(b'"');
                    }
                    self.quoted = true;
                    self.within = true;
                }
                (b'"', true) => self.within = false,
                (b',', false) => self.end_field(),
                (b'\n', false) => {
                    self.end_field();
                    return Some(std::mem::take(&mut self.record));
                }
                (byte, _) => self.push(byte),
            }
        }
        None
    }

    fn push(&mut self, byte: u8) {
        self.record.bytes += 1;
        if self.record.bytes <= self.bound {
            self.field.push(byte);
        } else {
            self.record.overflowed = true;
        }
    }

    fn end_field(&mut self) {
        let field = std::mem::take(&mut self.field);
        let kept = self.record.fields.len() < 2000;
        if kept {
            self.record.fields.push((self.quoted || !field.is_empty()).then_some(field));
        }
        self.quoted = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(pieces: &[&str]) -> Vec<Vec<Option<String>>> {
        let mut records = Records::new(1000);
        let mut all = Vec::new();
        for piece in pieces {
            records.feed(piece.as_bytes().to_vec());
            while let Some(record) = records.next() {
                let text = |f: Vec<u8>| String::from_utf8(f).unwrap();
                all.push(record.into_fields().into_iter().map(|f| f.map(text)).collect());
            }
        }
        all
    }

    #[test]
    fn null_empty_quotes_and_line_breaks_are_told_apart_wherever_the_stream_is_cut() {
        let text = "a,,\"\",\"x\"\"y\",\"1\n2\"\n\"\"\"\"\n\n";
        let some = |t: &str| Some(t.to_owned());
        let whole = vec![
            vec![some("a"), None, some(""), some("x\"y"), some("1\n2")],
            vec![some("\"")],
            vec![None],
        ];
        for cut in 0..=text.len() {
            assert_eq!(records(&[&text[..cut], &text[cut..]]), whole, "cut at {cut}");
        }
    }

    #[test]
    fn a_record_without_end_is_counted_and_not_kept() {
        let mut records = Records::new(1000);
        for _ in 0..100 {
            records.feed(vec![b'"'; 1]);
            records.feed(vec![b'x'; 10_000]);
            records.feed(vec![b'"'; 1]);
            assert!(records.next().is_none());
            assert!(records.field.len() <= 1000);
        }
        records.feed(b"\nok\n".to_vec());
        assert!(records.next().unwrap().overflowed());
        assert_eq!(records.next().unwrap().names(), ["ok"]);
    }
}
