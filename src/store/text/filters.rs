//! Filters that tell what cannot be in a literal, so that a search need not decode it. A filter can
//! always be made anew from its literal, whose number it has.

use serde::{Deserialize, Serialize};

use crate::store::record::codec;
use crate::store::record::fault::Fault;
use crate::store::record::frame::Kind;

/// A filter of a literal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct Filter {
    /// How it is made and asked.
    pub(in crate::store) kind: FilterKind,
    /// Its bits.
    pub(in crate::store) bits: Vec<u8>,
}

/// How a filter is made and asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) enum FilterKind {
    /// A Bloom filter of all runs of three bytes.
    Trigrams,
}

/// A filter from its record.
pub(in crate::store) fn decode(literal: u64, record: &[u8]) -> Result<Filter, Fault> {
    codec::unpack_value(Kind::Filter, literal, record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::file::lease::Outcome;
    use crate::store::record::tables::{Change, Stream, View};
    use crate::store::testing::{log, record_text, scratch};

    #[test]
    fn a_filter_stays_as_long_as_its_literal() {
        let s = scratch();
        let metas = [
            record_text(&s.store, 1, "api", &log(0..400)),
            record_text(&s.store, 2, "web", &log(9_000..9_400)),
        ];
        let filter = |literal: u64| Filter {
            kind: FilterKind::Trigrams,
            bits: literal.to_le_bytes().to_vec(),
        };
        let literals = |txn: &redb::WriteTransaction| {
            let all = txn.keys(Stream::Literals, 0..=u64::MAX, usize::MAX)?;
            for &literal in &all {
                let record = codec::pack_value(Kind::Filter, literal, &filter(literal))?;
                txn.put(Stream::Filters, literal, &record)?;
            }
            Ok(Outcome::Commit(all))
        };
        let before = s.store.place().write("test", literals).unwrap();
        assert!(s.store.verify().unwrap().is_ok());
        // The first may be what the second is compressed against.
        s.store.trash(&[metas[1].id], metas[1].time).unwrap();
        s.store.empty_trash().unwrap();
        s.store.collect().unwrap();
        s.store.compact().unwrap();
        let left = |txn: &redb::ReadTransaction| {
            let literals = txn.keys(Stream::Literals, 0..=u64::MAX, usize::MAX)?;
            let filters = txn.keys(Stream::Filters, 0..=u64::MAX, usize::MAX)?;
            for &literal in &filters {
                let record = txn.get(Stream::Filters, literal)?.unwrap();
                assert_eq!(decode(literal, &record)?, filter(literal));
            }
            Ok((literals, filters))
        };
        let (literals, filters) = s.store.place().read("test", left).unwrap();
        assert!(
            !filters.is_empty() && filters.len() < before.len(),
            "{before:?} {literals:?} {filters:?}"
        );
        assert!(filters.iter().all(|literal| literals.contains(literal)));
        assert!(s.store.verify().unwrap().is_ok());
    }
}
