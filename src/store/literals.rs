//! Literals: immutable bytes, compressed, that texts and structures are made of.
//!
//! A literal's record is cut into fragments under neighbouring numbers. The database keeps a value in
//! a run of pages whose size is a power of two, so that large values waste up to half of it; fragments
//! of this size fill their pages.

use std::ops::ControlFlow;

use super::codec;
use super::counters::Counters;
use super::fault::Fault;
use super::frame::{self, Kind};
use super::tables::{Change, Stream, View};

/// Four fragments and their keys fill a page of 4096 bytes.
const FRAGMENT: usize = 1000;
/// Bytes that the database needs for a fragment besides its value.
pub(super) const ENTRY_BYTES: u64 = 12;

/// Stores bytes; gives back the literal's number and the bytes that it takes.
pub(super) fn store(
    change: &impl Change,
    counters: &mut Counters,
    raw: &[u8],
) -> Result<(u64, u64), Fault> {
    let number = counters.literal;
    let record = codec::pack(Kind::Literal, number, raw)?;
    let fragments = record.chunks(FRAGMENT);
    counters.literal += fragments.len() as u64;
    change.put_all(Stream::Literals, (number..).zip(fragments))?;
    let overhead = ENTRY_BYTES * (counters.literal - number);
    Ok((number, record.len() as u64 + overhead))
}

/// The bytes of a literal.
pub(super) fn load(view: &impl View, number: u64) -> Result<Vec<u8>, Fault> {
    let mut record = Vec::new();
    let mut length = None;
    let mut next = number;
    view.walk(Stream::Literals, number..=u64::MAX, &mut |key, part| {
        if key != next {
            return Err(Fault::damaged(Kind::Literal, number, "a piece is missing"));
        }
        if length.is_none() {
            let declared = frame::declared_len(part)
                .map_err(|cause| Fault::damaged(Kind::Literal, number, cause))?;
            length = Some(declared);
        }
        record.extend_from_slice(part);
        next += 1;
        let whole = length.is_some_and(|length| record.len() as u64 >= length);
        // A damaged length must not make this read the rest of the store.
        let short = part.len() < FRAGMENT;
        Ok(if whole || short {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    })?;
    if record.is_empty() {
        return Err(Fault::damaged(Kind::Literal, number, "it is missing"));
    }
    codec::unpack(Kind::Literal, number, &record)
}

/// How many fragments a literal has, given its first one.
pub(super) fn pieces(number: u64, first: &[u8]) -> Result<u64, Fault> {
    let length =
        frame::declared_len(first).map_err(|cause| Fault::damaged(Kind::Literal, number, cause))?;
    Ok(length.div_ceil(FRAGMENT as u64))
}

/// Whether a fragment is the first of a literal.
pub(super) fn begins(number: u64, fragment: &[u8]) -> bool {
    frame::belongs_to(Kind::Literal, number, fragment)
}
