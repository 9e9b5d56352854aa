//! Reading texts by their digests, also where the index of digests is damaged.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use redb::ReadTransaction;

use crate::model::contents::Contents;
use crate::model::digest::Digest;
use crate::store::file::lease::Place;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::record::tables::{Stream, View};
use crate::store::text::blocks::Blocks;
use crate::store::text::texts;

const OPERATION: &str = "read texts";

/// Texts in the order of their digests, checked against them.
pub(in crate::store) fn contents(
    place: &Place<'_>,
    digests: &[Digest],
) -> Result<Vec<Contents>, StoreError> {
    let read = place.read(OPERATION, |txn| {
        let mut blocks = Blocks::default();
        let texts = digests.iter();
        texts
            .map(|digest| texts::load(txn, &mut blocks, *digest))
            .collect()
    });
    match read {
        Err(error) if error.is_damage() => around_index(place, digests, error),
        read => read,
    }
}

/// The same where something is damaged: if that is the index of digests, the texts say themselves
/// which they are. Every look is a lease of its own, so that one that fails takes no other with it.
fn around_index(
    place: &Place<'_>,
    digests: &[Digest],
    error: StoreError,
) -> Result<Vec<Contents>, StoreError> {
    let mut numbers: BTreeMap<Digest, Option<u64>> = BTreeMap::new();
    for digest in digests {
        let number = place.read(OPERATION, |txn| texts::number(txn, *digest));
        let number = match number {
            Err(error) if error.is_damage() => None,
            number => number?,
        };
        numbers.insert(*digest, number);
    }
    if numbers.values().all(Option::is_some) {
        return Err(error);
    }
    for walk in [up, down] {
        let walked = place.read(OPERATION, |txn| {
            walk(txn, &mut |number| {
                // One that cannot be read is not the one that can.
                if let Ok(label) = texts::label(txn, number)
                    && let Some(lost @ None) = numbers.get_mut(&label.digest)
                {
                    *lost = Some(number);
                }
            })
        });
        match walked {
            Err(error) if error.is_damage() => {}
            walked => {
                walked?;
                break;
            }
        }
    }
    let mut blocks = Blocks::default();
    let texts = digests.iter().map(|digest| {
        let Some(number) = numbers.get(digest).copied().flatten() else {
            let object = format!("text {digest:.16}");
            let fault = Fault::damaged_object(object, "it is missing");
            return Err(fault.at(OPERATION, place.file));
        };
        place.read(OPERATION, |txn| {
            texts::load_from(txn, &mut blocks, number, *digest)
        })
    });
    texts.collect()
}

fn up(txn: &ReadTransaction, visit: &mut dyn FnMut(u64)) -> Result<(), Fault> {
    txn.walk(Stream::Versions, 0..=u64::MAX, &mut |number, _| {
        visit(number);
        Ok(ControlFlow::Continue(()))
    })
}

fn down(txn: &ReadTransaction, visit: &mut dyn FnMut(u64)) -> Result<(), Fault> {
    txn.walk_back(Stream::Versions, 0..=u64::MAX, &mut |number, _| {
        visit(number);
        Ok(ControlFlow::Continue(()))
    })
}
