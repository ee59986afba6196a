//! The end of a stream, in bounded memory.

/// Keeps a stream's last bytes and counts all of them.
#[derive(Debug)]
pub(crate) struct Tail {
    kept: Vec<u8>,
    bound: usize,
    total: u64,
}

impl Tail {
    pub(crate) fn new(bound: usize) -> Self {
        Self { kept: Vec::new(), bound, total: 0 }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        let bytes = &bytes[bytes.len().saturating_sub(self.bound)..];
        self.kept.extend_from_slice(bytes);
        // Twice the bound, so that a stream of small pieces does not move the rest each time.
        if self.kept.len() > 2 * self.bound {
            self.kept.drain(..self.kept.len() - self.bound);
        }
    }

    pub(crate) fn text(&self) -> String {
        let from = self.kept.len().saturating_sub(self.bound);
        String::from_utf8_lossy(&self.kept[from..]).into_owned()
    }

    pub(crate) fn total(&self) -> u64 {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_end_and_counts_everything() {
        let mut tail = Tail::new(4);
        for piece in ["ab", "cdefghijk", "l", "", "mn"] {
            tail.push(piece.as_bytes());
            assert!(tail.kept.len() <= 8);
        }
        assert_eq!(tail.text(), "klmn");
        assert_eq!(tail.total(), 14);
    }
}
