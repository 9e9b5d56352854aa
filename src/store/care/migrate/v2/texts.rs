//! Literals in fragments, values as patches against them, texts as lists of their pieces.

use std::collections::BTreeMap;
use std::rc::Rc;

use bstr::BString;
use serde::de::DeserializeOwned;

use super::frame::{self, MAX_RAW};
use super::records::{Extent, LiteralHeader, PatchHeader, Version};
use super::{DIGESTS, LITERALS, Reader, VERSIONS};
use crate::model::contents::Contents;
use crate::model::digest::Digest;
use crate::model::tree::ContentsRef;
use crate::model::words::count;
use crate::store::record::fault::Fault;
use crate::store::record::frame::Kind;

/// How much of the end of a literal serves as a dictionary.
const DICTIONARY: usize = 32 * 1024;
/// Pieces of one text.
const MAX_EXTENTS: usize = 1 << 20;
/// Bytes of decoded literals that are remembered.
const REMEMBERED: usize = 48 * 1024 * 1024;

/// Literals that have been read: neighbouring texts and trees need the same ones.
#[derive(Default)]
pub(super) struct Literals {
    known: BTreeMap<u64, Rc<[u8]>>,
    bytes: usize,
}

/// A literal.
fn literal(reader: &Reader<'_>, number: u64) -> Result<Rc<[u8]>, Fault> {
    if let Some(known) = reader.literals.borrow().known.get(&number) {
        return Ok(Rc::clone(known));
    }
    let damaged = |cause: &str| Fault::damaged(Kind::Literal, number, cause);
    let (header, bytes) = stored(reader, number)?;
    let base = match header.dictionary {
        0 => Vec::new(),
        own if own == number => return Err(damaged("it is its own dictionary")),
        other => {
            let (base, bytes) = stored(reader, other)?;
            if base.dictionary != 0 {
                return Err(damaged("its dictionary has one itself"));
            }
            let of = (Kind::Literal, other);
            frame::decompress(of, base.codec, &bytes, base.raw_len, &[])?
        }
    };
    let end = base.get(base.len().saturating_sub(DICTIONARY)..);
    let of = (Kind::Literal, number);
    let raw = frame::decompress(
        of,
        header.codec,
        &bytes,
        header.raw_len,
        end.unwrap_or_default(),
    )?;
    let raw: Rc<[u8]> = raw.into();
    let mut literals = reader.literals.borrow_mut();
    if literals.bytes.saturating_add(raw.len()) > REMEMBERED {
        *literals = Literals::default();
    }
    literals.bytes += raw.len();
    literals.known.insert(number, Rc::clone(&raw));
    Ok(raw)
}

/// The header of a literal and its compressed bytes.
fn stored(reader: &Reader<'_>, number: u64) -> Result<(LiteralHeader, Vec<u8>), Fault> {
    let damaged = |cause: &dyn std::fmt::Display| Fault::damaged(Kind::Literal, number, cause);
    let table = reader.txn.open_table(LITERALS)?;
    let mut header: Option<LiteralHeader> = None;
    let mut bytes = Vec::new();
    for (next, entry) in (number..=u64::MAX).zip(table.range(number..)?) {
        let (key, record) = entry?;
        if key.value() != next {
            return Err(damaged(&"a fragment of it is missing"));
        }
        match &header {
            None => {
                let frame = frame::open(Kind::Literal, next, record.value())?;
                let (found, rest) = postcard::take_from_bytes::<LiteralHeader>(frame.body)
                    .map_err(|cause| damaged(&cause))?;
                header = Some(found);
                bytes.extend_from_slice(rest);
            }
            Some(_) => {
                let frame = frame::open(Kind::LiteralPart, next, record.value());
                bytes.extend_from_slice(
                    frame
                        .map_err(|_| damaged(&"a fragment of it is damaged"))?
                        .body,
                );
            }
        }
        if header
            .as_ref()
            .is_some_and(|header| bytes.len() as u64 >= header.stored_len)
        {
            break;
        }
    }
    let header = header.ok_or_else(|| damaged(&"it is missing"))?;
    if bytes.len() as u64 != header.stored_len || header.raw_len > MAX_RAW {
        return Err(damaged(&"it has another length than it says"));
    }
    Ok((header, bytes))
}

/// A value that is stored as a patch, with what stands beside it.
pub(super) fn patched<L: DeserializeOwned>(
    reader: &Reader<'_>,
    (kind, key): (Kind, u64),
    record: &[u8],
) -> Result<(L, Vec<u8>), Fault> {
    let frame = frame::open(kind, key, record)?;
    let ((header, label), body) = postcard::take_from_bytes::<(PatchHeader, L)>(frame.body)
        .map_err(|cause| Fault::damaged(kind, key, cause))?;
    let raw_len = match frame.codec {
        frame::RAW => body.len() as u64,
        _ => frame.raw_len,
    };
    let base = match (frame.codec, header.keyframe) {
        (frame::ZSTD_PATCH, 0) => return Err(Fault::damaged(kind, key, "it names no keyframe")),
        (frame::ZSTD_PATCH, keyframe) => Some(literal(reader, keyframe)?),
        _ => None,
    };
    let base = base.as_deref().unwrap_or_default();
    let raw = frame::decompress((kind, key), frame.codec, body, raw_len, base)?;
    Ok((label, raw))
}

/// What trees say of the text under a number.
pub(super) fn label(reader: &Reader<'_>, number: u64) -> Result<ContentsRef, Fault> {
    let record = version_record(reader, number)?;
    let frame = frame::open(Kind::Version, number, &record)?;
    let read = postcard::take_from_bytes::<(PatchHeader, ContentsRef)>(frame.body);
    let ((_, label), _) = read.map_err(|cause| Fault::damaged(Kind::Version, number, cause))?;
    Ok(label)
}

fn version_record(reader: &Reader<'_>, number: u64) -> Result<Vec<u8>, Fault> {
    let record = reader.get(VERSIONS, number)?;
    record.ok_or_else(|| Fault::damaged(Kind::Version, number, "it is missing"))
}

/// A text, held against its digest.
pub(super) fn text(reader: &Reader<'_>, digest: Digest) -> Result<Contents, Fault> {
    let missing = |cause: &str| Fault::damaged_object(format!("text {digest:.16}"), cause);
    let number = {
        let table = reader.txn.open_table(DIGESTS)?;
        let found = table.get(digest.0.get(..16).unwrap_or_default())?;
        let found = found.ok_or_else(|| missing("it is missing"))?;
        super::number(found.value()).ok_or_else(|| missing("its number is none"))?
    };
    let record = version_record(reader, number)?;
    let (label, raw): (ContentsRef, _) = patched(reader, (Kind::Version, number), &record)?;
    let version: Version = frame::decode(Kind::Version, number, &raw)?;
    let contents = Contents {
        main: assemble(reader, &version.main)?,
        alternate: match &version.alternate {
            Some(extents) => Some(assemble(reader, extents)?),
            None => None,
        },
    };
    if label.digest == digest && contents.digest() == digest {
        Ok(contents)
    } else {
        Err(Fault::damaged(Kind::Version, number, "it is another text"))
    }
}

fn assemble(reader: &Reader<'_>, extents: &[Extent]) -> Result<BString, Fault> {
    let lengths = extents.iter().map(|extent| extent.len);
    let length = lengths.fold(0, u64::saturating_add);
    if length > MAX_RAW || extents.len() > MAX_EXTENTS {
        let cause = format!("a text made of it has {}", count(length, "byte"));
        return Err(Fault::damaged_object("a list of pieces", cause));
    }
    let mut text = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    for extent in extents {
        let literal = literal(reader, extent.literal)?;
        let piece = usize::try_from(extent.offset).ok().and_then(|from| {
            let to = from.checked_add(usize::try_from(extent.len).ok()?)?;
            literal.get(from..to)
        });
        text.extend_from_slice(piece.ok_or_else(|| {
            Fault::damaged(Kind::Literal, extent.literal, "it is too short for a text")
        })?);
    }
    Ok(text.into())
}
