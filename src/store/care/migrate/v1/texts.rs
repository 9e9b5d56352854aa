//! Literals in fragments, texts as lists of their pieces, trees as patches against them.

use std::collections::BTreeMap;

use bstr::BString;

use super::frame::{self, MAX_RAW};
use super::records::{Extent, Patch, Version};
use super::{DIGESTS, LITERALS, Reader, STATES, VERSIONS};
use crate::model::contents::Contents;
use crate::model::digest::Digest;
use crate::model::tree::ServerState;
use crate::store::record::fault::Fault;
use crate::store::record::frame::Kind;

/// All fragments but the last have this length.
const FRAGMENT: usize = 1000;
/// Bytes of decoded literals that are remembered.
const REMEMBERED: usize = 48 * 1024 * 1024;

/// Literals that have been read: neighbouring texts and trees need the same ones.
#[derive(Default)]
pub(super) struct Literals {
    known: BTreeMap<u64, Vec<u8>>,
    bytes: usize,
}

/// A literal.
fn literal(reader: &Reader<'_>, number: u64) -> Result<Vec<u8>, Fault> {
    let damaged = |cause| Fault::damaged(Kind::Literal, number, cause);
    let table = reader.txn.open_table(LITERALS)?;
    let mut record = Vec::new();
    let mut length = 0;
    for (next, entry) in (number..=u64::MAX).zip(table.range(number..)?) {
        let (key, part) = entry?;
        if key.value() != next {
            return Err(damaged("a piece is missing"));
        }
        if next == number {
            length = frame::declared_len(Kind::Literal, number, part.value())?;
        }
        record.extend_from_slice(part.value());
        // A damaged length must not make this read the rest of the store.
        if record.len() as u64 >= length || part.value().len() < FRAGMENT {
            break;
        }
    }
    if record.is_empty() {
        return Err(damaged("it is missing"));
    }
    frame::unpack(Kind::Literal, number, &record)
}

/// Does something with a literal.
fn with_literal<T>(
    reader: &Reader<'_>,
    number: u64,
    work: impl FnOnce(&[u8]) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let mut literals = reader.literals.borrow_mut();
    if let Some(known) = literals.known.get(&number) {
        return work(known);
    }
    let raw = literal(reader, number)?;
    if literals.bytes.saturating_add(raw.len()) > REMEMBERED {
        *literals = Literals::default();
    }
    literals.bytes += raw.len();
    work(literals.known.entry(number).or_insert(raw))
}

/// The tree of a snapshot; the caller holds it against its digest.
pub(super) fn tree(reader: &Reader<'_>, seq: u64) -> Result<ServerState, Fault> {
    let record = reader.get(STATES, seq)?;
    let record = record.ok_or_else(|| Fault::damaged(Kind::State, seq, "it is missing"))?;
    let framed = frame::open(Kind::State, seq, &record)?;
    let patch: Patch = frame::decode(Kind::State, seq, framed.body)?;
    let raw = with_literal(reader, patch.keyframe, |base| {
        frame::unpatch((Kind::State, seq), base, &patch.bytes, framed.raw_len)
    })?;
    frame::decode(Kind::State, seq, &raw)
}

/// A text, held against its digest.
pub(super) fn text(reader: &Reader<'_>, digest: Digest) -> Result<Contents, Fault> {
    let missing = |cause: &str| Fault::damaged_object(format!("text {digest:.16}"), cause);
    let number = {
        let table = reader.txn.open_table(DIGESTS)?;
        let found = table.get(digest.0.get(..16).unwrap_or(&[]))?;
        let found = found.ok_or_else(|| missing("it is missing"))?;
        let bytes = <[u8; 8]>::try_from(found.value());
        u64::from_le_bytes(bytes.map_err(|_| missing("its number is none"))?)
    };
    let record = reader.get(VERSIONS, number)?;
    let record = record.ok_or_else(|| Fault::damaged(Kind::Version, number, "it is missing"))?;
    let version: Version = frame::unpack_value(Kind::Version, number, &record)?;
    let contents = Contents {
        main: assemble(reader, &version.main)?,
        alternate: match &version.alternate {
            Some(extents) => Some(assemble(reader, extents)?),
            None => None,
        },
    };
    if version.digest == digest && contents.digest() == digest {
        Ok(contents)
    } else {
        Err(Fault::damaged(Kind::Version, number, "it is another text"))
    }
}

fn assemble(reader: &Reader<'_>, extents: &[Extent]) -> Result<BString, Fault> {
    let lengths = extents.iter().map(|extent| extent.len);
    let length = lengths.fold(0, u64::saturating_add);
    if length > MAX_RAW {
        let cause = format!("a text made of it has {length} bytes");
        return Err(Fault::damaged_object("a list of pieces", cause));
    }
    let mut text = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    for extent in extents {
        with_literal(reader, extent.literal, |literal| {
            let piece = usize::try_from(extent.offset).ok().and_then(|from| {
                let to = from.checked_add(usize::try_from(extent.len).ok()?)?;
                literal.get(from..to)
            });
            text.extend_from_slice(piece.ok_or_else(|| {
                Fault::damaged(Kind::Literal, extent.literal, "it is too short for a text")
            })?);
            Ok(())
        })?;
    }
    Ok(text.into())
}
