//! The streamed lane of the digest: what COPY sends, row by row, folded as it comes.
//!
//! Each row is `xmin` and the listed columns in COPY's binary form: a length and the bytes of each, where NULL is
//! the length −1. All but `xmin` is hashed by BLAKE3 with the run's secret key, as one value, and the first 128
//! bits are added modulo 2¹²⁸. `xmin` serves lineage, so that the rows are read once for both. A row is never
//! held whole. See `docs/adr/0009-streamed-digest.md`.

use clonegate_model::{HashSum, Horizon, StreamKey};

use crate::lineage::{Against, hash_of};

/// A range that was streamed.
#[derive(Debug)]
pub struct Streamed {
    /// What came of it, once it has taken all that came.
    pub fold: RowFold,
    /// The file that the relation had while it was read, if the name still meant the same relation.
    pub filenode: Option<i64>,
}

/// Which transactions' rows are newer than entry.
#[derive(Debug, Clone)]
struct Window {
    /// The low half of entry's `xmax`, and how many ids were given out since.
    newer: (u32, u32),
    /// The same of entry's `xmin`.
    recent: (u32, u32),
    /// Those that were in progress at entry.
    running: Vec<u32>,
    is_later: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Age {
    Old,
    Recent,
    Newer,
}

/// A row carries the low half of its transaction's 64-bit id; what is frozen for ever has one below this.
const FIRST_NORMAL: u32 = 3;

impl Window {
    /// `now` is the horizon of the snapshot that is read: every row in it is below its `xmax`.
    fn new(against: Against<'_>, now: &Horizon) -> Self {
        let horizon = against.horizon();
        let low = |id: u64| (id & u64::from(u32::MAX)) as u32;
        let since = |id: u64| u32::try_from(now.xmax.saturating_sub(id)).unwrap_or(u32::MAX);
        Self {
            newer: (low(horizon.xmax), since(horizon.xmax)),
            recent: (low(horizon.xmin), since(horizon.xmin)),
            running: horizon.running.iter().map(|id| low(*id)).collect(),
            is_later: against.is_later(),
        }
    }

    fn age(&self, xmin: u32) -> Age {
        let within = |(first, count): (u32, u32)| xmin.wrapping_sub(first) < count;
        if xmin < FIRST_NORMAL || !within(self.recent) {
            Age::Old
        } else if self.is_later && (within(self.newer) || self.running.contains(&xmin)) {
            Age::Newer
        } else {
            Age::Recent
        }
    }
}

/// Takes the bytes of a COPY in pieces of any size, and folds its rows.
#[derive(Debug)]
pub struct RowFold {
    key: StreamKey,
    window: Window,
    /// Fields of each row, `xmin` among them.
    fields: u16,
    at: At,
    /// The beginning of a number that a piece cut.
    number: [u8; HEAD],
    have: usize,
    /// Of a row that does not lie whole in one piece.
    hasher: Box<blake3::Hasher>,
    xmin: u32,
    folded: Folded,
}

/// What came of a range.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Folded {
    pub(crate) rows: u64,
    pub(crate) newer: u64,
    pub(crate) recent: u64,
    pub(crate) recent_xids: HashSum,
    pub(crate) sum: HashSum,
    pub(crate) of_entry: HashSum,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Head,
    Extension { left: usize },
    Row,
    Xmin,
    Length { field: u16 },
    Bytes { field: u16, left: usize },
    End,
}

/// Signature, flags, and the length of the extension.
const HEAD: usize = 19;
const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";
/// The length of `xmin`, and `xmin`.
const XMIN: usize = 8;

const UNEXPECTED: &str = "a row has an unexpected number of fields";

impl RowFold {
    /// `columns` are those of the ask.
    pub(crate) fn new(key: StreamKey, against: Against<'_>, now: &Horizon, columns: usize) -> Self {
        Self {
            window: Window::new(against, now),
            // Fits: a relation has at most 1600 columns.
            fields: u16::try_from(columns + 1).unwrap_or(u16::MAX),
            at: At::Head,
            number: [0; HEAD],
            have: 0,
            hasher: Box::new(blake3::Hasher::new_keyed(&key.0)),
            xmin: 0,
            folded: Folded::default(),
            key,
        }
    }

    /// Takes the next piece.
    ///
    /// # Errors
    /// In words, why that is not what COPY sends.
    pub fn take(&mut self, mut piece: &[u8]) -> Result<(), &'static str> {
        while !piece.is_empty() {
            if self.at == At::Row && self.have == 0 {
                piece = self.whole_rows(piece)?;
                if piece.is_empty() {
                    break;
                }
            }
            self.step(&mut piece)?;
        }
        Ok(())
    }

    /// What came of all that was taken.
    pub(crate) fn end(self) -> Result<Folded, String> {
        match self.at {
            At::End => Ok(self.folded),
            _ => Err("what the server streamed breaks off".to_owned()),
        }
    }

    /// Folds the rows that lie whole in a piece; what is left begins with one that does not, or with the end.
    fn whole_rows<'p>(&mut self, mut piece: &'p [u8]) -> Result<&'p [u8], &'static str> {
        while let Some((count, fields)) = piece.split_first_chunk::<2>() {
            let count = i16::from_be_bytes(*count);
            if count == -1 {
                break;
            }
            if u16::try_from(count) != Ok(self.fields) {
                return Err(UNEXPECTED);
            }
            let Some((xmin, columns)) = fields.split_first_chunk::<XMIN>() else { break };
            let Some(length) = self.length_of(columns)? else { break };
            let (row, rest) = columns.split_at(length);
            self.xmin = xmin_of(*xmin)?;
            let hash = blake3::keyed_hash(&self.key.0, row);
            self.fold(&hash);
            piece = rest;
        }
        Ok(piece)
    }

    /// How long a row's columns are, if they lie whole in these bytes.
    fn length_of(&self, bytes: &[u8]) -> Result<Option<usize>, &'static str> {
        let mut at = 0_usize;
        for _ in 1..self.fields {
            let Some(number) = bytes.get(at..).and_then(|b| b.first_chunk::<4>()) else {
                return Ok(None);
            };
            at += 4 + length(*number)?;
        }
        Ok((at <= bytes.len()).then_some(at))
    }

    /// One part of what COPY sends, or as much of it as there is.
    fn step(&mut self, piece: &mut &[u8]) -> Result<(), &'static str> {
        match self.at {
            At::Head => {
                let Some(head) = self.number::<HEAD>(piece) else { return Ok(()) };
                let (signature, rest) = head.split_at(SIGNATURE.len());
                let (flags, extension) = rest.split_at(4);
                if signature != SIGNATURE || flags != [0; 4] {
                    return Err("its head is another one");
                }
                let left = extension.iter().fold(0, |n, byte| n << 8 | usize::from(*byte));
                self.at = if left == 0 { At::Row } else { At::Extension { left } };
            }
            At::Extension { left } => {
                let left = left - skip(piece, left).len();
                self.at = if left == 0 { At::Row } else { At::Extension { left } };
            }
            At::Row => {
                let Some(count) = self.number::<2>(piece) else { return Ok(()) };
                let count = i16::from_be_bytes(count);
                self.at = match count {
                    -1 => At::End,
                    _ if u16::try_from(count) == Ok(self.fields) => At::Xmin,
                    _ => return Err(UNEXPECTED),
                };
            }
            At::Xmin => {
                let Some(xmin) = self.number::<XMIN>(piece) else { return Ok(()) };
                self.xmin = xmin_of(xmin)?;
                self.next(1);
            }
            At::Length { field } => {
                let Some(number) = self.number::<4>(piece) else { return Ok(()) };
                self.hasher.update(&number);
                match length(number)? {
                    0 => self.next(field + 1),
                    left => self.at = At::Bytes { field, left },
                }
            }
            At::Bytes { field, left } => {
                let bytes = skip(piece, left);
                self.hasher.update(bytes);
                match left - bytes.len() {
                    0 => self.next(field + 1),
                    left => self.at = At::Bytes { field, left },
                }
            }
            At::End => return Err("something comes behind its end"),
        }
        Ok(())
    }

    /// Goes to a field, or to the next row where there is none.
    fn next(&mut self, field: u16) {
        if field < self.fields {
            self.at = At::Length { field };
            return;
        }
        let hash = self.hasher.finalize();
        self.hasher.reset();
        self.fold(&hash);
        self.at = At::Row;
    }

    fn fold(&mut self, hash: &blake3::Hash) {
        let mut half = [0; 16];
        half.copy_from_slice(&hash.as_bytes()[..16]);
        let hash = HashSum(i128::from_le_bytes(half));
        let folded = &mut self.folded;
        folded.rows += 1;
        folded.sum = folded.sum.plus(hash);
        match self.window.age(self.xmin) {
            Age::Newer => {
                folded.newer += 1;
                return;
            }
            Age::Recent => {
                folded.recent += 1;
                folded.recent_xids = folded.recent_xids.plus(hash_of(self.xmin));
            }
            Age::Old => {}
        }
        folded.of_entry = folded.of_entry.plus(hash);
    }

    /// So many bytes, once they are all there.
    fn number<const N: usize>(&mut self, piece: &mut &[u8]) -> Option<[u8; N]> {
        let bytes = skip(piece, N - self.have);
        self.number[self.have..self.have + bytes.len()].copy_from_slice(bytes);
        self.have += bytes.len();
        if self.have < N {
            return None;
        }
        self.have = 0;
        self.number.first_chunk::<N>().copied()
    }
}

/// Takes so many bytes from the beginning, or all there are.
fn skip<'p>(piece: &mut &'p [u8], most: usize) -> &'p [u8] {
    let (bytes, rest) = piece.split_at(most.min(piece.len()));
    *piece = rest;
    bytes
}

/// The bytes of a field: none where it is NULL.
fn length(number: [u8; 4]) -> Result<usize, &'static str> {
    match i32::from_be_bytes(number) {
        -1 => Ok(0),
        length => usize::try_from(length).map_err(|_| "a field has a negative length"),
    }
}

fn xmin_of(field: [u8; XMIN]) -> Result<u32, &'static str> {
    let [0, 0, 0, 4, xmin @ ..] = field else { return Err("a row does not begin with its xmin") };
    Ok(u32::from_be_bytes(xmin))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Row = (u32, Vec<Option<Vec<u8>>>);

    fn copy(rows: &[Row]) -> Vec<u8> {
        let mut bytes = SIGNATURE.to_vec();
        bytes.extend([0; 8]);
        for (xmin, columns) in rows {
            bytes.extend(i16::try_from(columns.len() + 1).unwrap().to_be_bytes());
            bytes.extend(4_i32.to_be_bytes());
            bytes.extend(xmin.to_be_bytes());
            for column in columns {
                match column {
                    None => bytes.extend((-1_i32).to_be_bytes()),
                    Some(value) => {
                        bytes.extend(i32::try_from(value.len()).unwrap().to_be_bytes());
                        bytes.extend(value);
                    }
                }
            }
        }
        bytes.extend((-1_i16).to_be_bytes());
        bytes
    }

    fn horizon() -> Horizon {
        "100:200:150".parse().unwrap()
    }

    fn later() -> Horizon {
        "300:300:".parse().unwrap()
    }

    fn fold_in(bytes: &[u8], columns: usize, size: usize) -> Result<Folded, String> {
        let entry = horizon();
        let mut fold = RowFold::new(StreamKey([9; 32]), Against::Entry(&entry), &later(), columns);
        for piece in bytes.chunks(size) {
            fold.take(piece)?;
        }
        fold.end()
    }

    fn folded(rows: &[Row]) -> Folded {
        let columns = rows.first().map_or(0, |r| r.1.len());
        fold_in(&copy(rows), columns, usize::MAX).unwrap()
    }

    fn row(columns: &[Option<&str>]) -> Row {
        (50, columns.iter().map(|c| c.map(|c| c.as_bytes().to_vec())).collect())
    }

    fn rows() -> impl Strategy<Value = Vec<Row>> {
        let column = proptest::option::of(proptest::collection::vec(any::<u8>(), 0..1500));
        let row = move |n| (any::<u32>(), proptest::collection::vec(column.clone(), n));
        (0_usize..4).prop_flat_map(move |n| proptest::collection::vec(row(n), 0..20))
    }

    proptest! {
        #[test]
        fn neither_the_order_of_rows_nor_the_size_of_pieces_matters(
            rows in rows(), size in 1_usize..3000, turn in 0_usize..20,
        ) {
            let columns = rows.first().map_or(2, |r| r.1.len());
            let whole = fold_in(&copy(&rows), columns, usize::MAX).unwrap();
            prop_assert_eq!(whole.rows, rows.len() as u64);
            prop_assert_eq!(fold_in(&copy(&rows), columns, size).unwrap(), whole);
            let mut turned = rows.clone();
            turned.rotate_left(turn.min(rows.len()));
            prop_assert_eq!(fold_in(&copy(&turned), columns, size).unwrap(), whole);
        }

        #[test]
        fn what_breaks_off_is_no_answer(rows in rows(), cut in any::<prop::sample::Index>()) {
            let columns = rows.first().map_or(2, |r| r.1.len());
            let bytes = copy(&rows);
            let cut = cut.index(bytes.len());
            prop_assert!(fold_in(&bytes[..cut], columns, 64).is_err());
        }

        #[test]
        fn nothing_that_comes_makes_it_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..300), size in 1_usize..40,
        ) {
            let mut copy = SIGNATURE.to_vec();
            copy.extend([0; 8]);
            copy.extend(bytes);
            let _ = fold_in(&copy, 1, size);
        }
    }

    #[test]
    fn values_are_told_apart_by_column_and_row_and_copies_are_counted() {
        let sum = |rows: &[Row]| folded(rows).sum;
        let one = sum(&[row(&[Some("a"), Some("b")]), row(&[Some("c"), Some("d")])]);
        for other in [
            [row(&[Some("a"), Some("d")]), row(&[Some("c"), Some("b")])],
            [row(&[Some("b"), Some("a")]), row(&[Some("c"), Some("d")])],
            [row(&[Some("ab"), Some("")]), row(&[Some("c"), Some("d")])],
            [row(&[Some("a"), None]), row(&[Some("c"), Some("d")])],
        ] {
            assert_ne!(sum(&other), one);
        }
        assert_ne!(sum(&[row(&[None])]), sum(&[row(&[Some("")])]));
        // With 16 bits a column, as usual for sums of this kind, these cancel.
        let copies = vec![row(&[Some("x")]); 1 << 16];
        assert_ne!(sum(&copies), HashSum::default());
        assert_ne!(sum(&copies), sum(&copies[1..]));
        assert_ne!(sum(&vec![row(&[]); 2]), sum(&[row(&[])]));
    }

    #[test]
    fn another_key_gives_another_sum() {
        let entry = horizon();
        let sum = |key| {
            let mut fold = RowFold::new(StreamKey(key), Against::Itself(&entry), &entry, 1);
            fold.take(&copy(&[row(&[Some("x")])])).unwrap();
            fold.end().unwrap().sum
        };
        assert_ne!(sum([1; 32]), sum([2; 32]));
    }

    #[test]
    fn rows_are_counted_by_their_transaction_as_lineage_does() {
        let at = |xmin| (xmin, vec![Some(vec![1])]);
        // Frozen for ever, old, recent, in progress at entry, newer, and one that can't be there.
        let rows: Vec<Row> = [2, 99, 199, 150, 200, 299, 300].map(at).to_vec();
        let all = folded(&rows);
        assert_eq!((all.rows, all.newer, all.recent, all.recent_xids), (7, 3, 1, hash_of(199)));
        assert_eq!(all.of_entry, folded(&[at(2), at(99), at(199), at(300)]).sum);

        // Ids come round.
        let base = (5_u64 << 32) - 10;
        let entry = Horizon { xmin: base, xmax: base + 5, running: vec![] };
        let now = Horizon { xmin: base + 20, xmax: base + 20, running: vec![] };
        let window = Window::new(Against::Entry(&entry), &now);
        let ages = [u32::MAX - 10, u32::MAX - 9, u32::MAX - 4, 2, 3, 9, 10].map(|x| window.age(x));
        use Age::{Newer, Old, Recent};
        assert_eq!(ages, [Old, Recent, Newer, Old, Newer, Newer, Old]);
        // At entry itself nothing is newer.
        let window = Window::new(Against::Itself(&entry), &entry);
        assert_eq!([base - 1, base + 4].map(|x| window.age(x as u32)), [Old, Recent]);
    }

    #[test]
    fn what_is_no_copy_is_refused() {
        let good = copy(&[row(&[Some("x")])]);
        let with = |at: usize, byte: u8| {
            let mut bad = good.clone();
            bad[at] = byte;
            bad
        };
        for (what, bad) in [
            ("the signature", with(0, b'x')),
            ("the flags", with(12, 1)),
            ("the number of fields", with(20, 3)),
            ("the length of xmin", with(24, 3)),
            ("a negative length", with(29, 0xf0)),
            ("something behind the end", [&good[..], b"x"].concat()),
        ] {
            for size in [1, usize::MAX] {
                assert!(fold_in(&bad, 1, size).is_err(), "{what}");
            }
        }
    }
}
