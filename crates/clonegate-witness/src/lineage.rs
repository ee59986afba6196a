//! The lineage witness: how many rows a relation has, and how many of them are newer than entry.
//!
//! A row version that was inserted or written by an update carries the writing transaction's id in
//! `xmin`. If none is newer than the entry snapshot and the number of rows is the same, no row was
//! inserted, updated or deleted. VACUUM FULL and CLUSTER keep `xmin`, so they are rightly silent.
//!
//! A row carries only the low half of its transaction's 64-bit id. `age()` counts backwards from the
//! next id, so a row that was written since entry has an age from 1 to that of entry's `xmax`. A row so old
//! that its id comes round again may have such an age too: once a cluster has given out 2³² ids that is a difference
//! which may be none, and the comparison asks the digest. One with a negative age is at least 2³¹ transactions old. No
//! new row is ever taken for an old one, unless 2³¹ ids were used since entry; after half as many lineage says
//! nothing: see [`Against::is_exhausted`].
//!
//! One thing a snapshot does not tell: the ids of subtransactions that were in progress. Rows whose id lies
//! between the snapshot's `xmin` and `xmax` are therefore counted and the hashes of their ids summed, at entry and
//! again at exit. A row that such a subtransaction wrote has an id that no visible row had at entry, so that the ids
//! are others, whichever rows it took the place of.

use clonegate_model::{HashSum, Horizon};

/// Against which horizon rows are held.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Against<'a> {
    /// This is entry, with this horizon.
    Itself(&'a Horizon),
    /// This is later, and entry had this horizon.
    Entry(&'a Horizon),
}

impl<'a> Against<'a> {
    pub(crate) fn horizon(self) -> &'a Horizon {
        let (Against::Itself(horizon) | Against::Entry(horizon)) = self;
        horizon
    }

    pub(crate) fn is_later(self) -> bool {
        matches!(self, Against::Entry(_))
    }

    /// Whether so many ids were used since that a new row may look like an old one.
    pub(crate) fn is_exhausted(self, now: &Horizon) -> bool {
        now.xmax.saturating_sub(self.horizon().xmin) >= 1 << 30
    }

    /// The oldest id that a row may have which has to be looked at more closely.
    pub(crate) fn oldest(self) -> u32 {
        short(self.horizon().xmin)
    }

    /// The condition under which a row is newer than the horizon. The ids that were in progress then are
    /// named one by one.
    pub(crate) fn newer(self) -> String {
        let horizon = self.horizon();
        let running: Vec<String> = horizon.running.iter().map(|x| short(*x).to_string()).collect();
        format!(
            "({} or t.xmin operator(pg_catalog.=) any ('{{{}}}'::pg_catalog.xid[]))",
            not_older_than(horizon.xmax),
            running.join(",")
        )
    }

    /// The condition under which a row is not newer, but not below the horizon either.
    pub(crate) fn recent(self) -> String {
        format!("{} and not {}", not_older_than(self.horizon().xmin), self.newer())
    }
}

/// The condition that a row's id is this one or one that was given out since.
fn not_older_than(xid: u64) -> String {
    format!(
        "pg_catalog.age(t.xmin) operator(pg_catalog.>=) 1 and \
         pg_catalog.age(t.xmin) operator(pg_catalog.<=) pg_catalog.age('{}'::pg_catalog.xid)",
        short(xid)
    )
}

/// The hash of a row's transaction id, as `hashint8extended` with the seed 0 makes it on the server: Jenkins' lookup3
/// of one word.
pub(crate) fn hash_of(xid: u32) -> HashSum {
    const BEGIN: u32 = 0x9e37_79b9 + 4 + 3_923_095;
    let (mut a, mut b, mut c) = (BEGIN.wrapping_add(xid), BEGIN, BEGIN);
    let stir =
        |x: &mut u32, by: u32, turned: u32| *x = (*x ^ by).wrapping_sub(by.rotate_left(turned));
    stir(&mut c, b, 14);
    stir(&mut a, c, 11);
    stir(&mut b, a, 25);
    stir(&mut c, b, 16);
    stir(&mut a, c, 4);
    stir(&mut b, a, 14);
    stir(&mut c, b, 24);
    let hash = (u64::from(b) << 32) | u64::from(c);
    HashSum(i128::from(hash.cast_signed()))
}

/// A row carries the low half of its transaction's 64-bit id.
fn short(xid: u64) -> u32 {
    u32::try_from(xid & u64::from(u32::MAX)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_compared_by_their_low_half() {
        let horizon: Horizon = "4294967300:4294967310:4294967305".parse().unwrap();
        let newer = Against::Entry(&horizon).newer();
        assert!(newer.contains("age('14'::pg_catalog.xid)") && newer.contains("'{9}'"), "{newer}");
        assert_eq!(Against::Entry(&horizon).oldest(), 4);
    }

    /// `select hashint8extended(x, 0)`, on PostgreSQL 15.
    #[test]
    fn an_id_is_hashed_as_the_server_does_it() {
        for (xid, hash) in [
            (0, 4_154_612_158_245_552_303),
            (3, -6_566_953_864_026_435_689),
            (199, 931_818_986_050_463_588),
            (u32::MAX, -1_888_257_769_727_981_238),
        ] {
            assert_eq!(hash_of(xid), HashSum(hash), "{xid}");
        }
    }

    #[test]
    fn lineage_says_nothing_once_ids_may_have_come_round() {
        let entry: Horizon = "10:12:".parse().unwrap();
        let later = |xmax: u64| Horizon { xmin: xmax, xmax, running: Vec::new() };
        assert!(!Against::Entry(&entry).is_exhausted(&later(1_000_000)));
        assert!(Against::Entry(&entry).is_exhausted(&later(1 << 31)));
    }
}
