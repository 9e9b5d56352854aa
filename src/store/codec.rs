//! How bodies are compressed. The codec of each record is written in its frame.

use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zstd::bulk::{Compressor, Decompressor};

use super::fault::Fault;
use super::frame::{self, Frame, Kind};

/// The largest decoded body that is written or believed: a length that a damaged or hostile record
/// declares is never allocated beyond this. Large enough for a million lines of a pane.
pub(super) const MAX_RAW: u64 = 256 * 1024 * 1024;

/// How a body is compressed. The numbers are part of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    /// As it is.
    Raw,
    /// zstd.
    Zstd,
    /// zstd against other bytes, which the record names.
    ZstdPatch,
}

impl Codec {
    pub(super) fn number(self) -> u8 {
        match self {
            Codec::Raw => 0,
            Codec::Zstd => 1,
            Codec::ZstdPatch => 2,
        }
    }

    pub(super) fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Codec::Raw),
            1 => Some(Codec::Zstd),
            2 => Some(Codec::ZstdPatch),
            _ => None,
        }
    }
}

/// Bytes above which speed counts more than size: compressing a first full capture at the higher
/// level takes a second.
const LARGE: usize = 256 * 1024;

/// A framed record of any bytes, compressed where that makes it smaller.
pub(super) fn pack(kind: Kind, key: u64, raw: &[u8]) -> Result<Vec<u8>, Fault> {
    let level = if raw.len() > LARGE { 3 } else { 9 };
    let small = zstd::bulk::compress(raw, level).map_err(|e| unpackable(kind, &e))?;
    let length = raw.len() as u64;
    Ok(if small.len() < raw.len() {
        frame::seal(kind, key, Codec::Zstd, length, &small)
    } else {
        frame::seal(kind, key, Codec::Raw, length, raw)
    })
}

/// The bytes that [`pack`] was given.
pub(super) fn unpack(kind: Kind, key: u64, record: &[u8]) -> Result<Vec<u8>, Fault> {
    let frame = opened(kind, key, record)?;
    match frame.codec {
        Codec::Raw => Ok(frame.body.to_vec()),
        Codec::Zstd => {
            let capacity = capacity(kind, key, &frame)?;
            let raw = zstd::bulk::decompress(frame.body, capacity);
            whole(kind, key, &frame, raw)
        }
        Codec::ZstdPatch => Err(Fault::damaged(kind, key, "it needs another record")),
    }
}

/// A framed record of a value that is too small to be worth compressing.
pub(super) fn pack_value<T: Serialize>(kind: Kind, key: u64, value: &T) -> Result<Vec<u8>, Fault> {
    let raw = encode(kind, value)?;
    Ok(frame::seal(kind, key, Codec::Raw, raw.len() as u64, &raw))
}

/// The value that [`pack_value`] was given.
pub(super) fn unpack_value<T: DeserializeOwned>(
    kind: Kind,
    key: u64,
    record: &[u8],
) -> Result<T, Fault> {
    let raw = unpack(kind, key, record)?;
    decode(kind, key, &raw)
}

/// A value as bytes.
pub(super) fn encode<T: Serialize>(kind: Kind, value: &T) -> Result<Vec<u8>, Fault> {
    postcard::to_allocvec(value).map_err(|e| unpackable(kind, &e))
}

/// A value from exactly these bytes.
pub(super) fn decode<T: DeserializeOwned>(kind: Kind, key: u64, raw: &[u8]) -> Result<T, Fault> {
    match postcard::take_from_bytes(raw) {
        Ok((value, [])) => Ok(value),
        Ok(_) => Err(Fault::damaged(kind, key, "it is longer than it should be")),
        Err(cause) => Err(Fault::damaged(kind, key, &cause)),
    }
}

/// `raw`, compressed against `base`: what both have in common costs next to nothing.
pub(super) fn patch(kind: Kind, base: &[u8], raw: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut compressor =
        Compressor::with_dictionary(PATCH_LEVEL, base).map_err(|e| unpackable(kind, &e))?;
    compressor.compress(raw).map_err(|e| unpackable(kind, &e))
}

/// The bytes that [`patch`] was given, from their patch and the same base.
pub(super) fn unpatch(
    base: &[u8],
    patch: &[u8],
    raw_len: u64,
    damaged: impl Fn(&dyn std::fmt::Display) -> Fault,
) -> Result<Vec<u8>, Fault> {
    let capacity = usize::try_from(raw_len.min(MAX_RAW)).unwrap_or(0);
    let raw = Decompressor::with_dictionary(base)
        .and_then(|mut decompressor| decompressor.decompress(patch, capacity))
        .map_err(|e| damaged(&e))?;
    if raw.len() as u64 == raw_len {
        Ok(raw)
    } else {
        Err(damaged(&"it has another length than it says"))
    }
}

const PATCH_LEVEL: i32 = 9;

/// The frame of a record, or the damage to it.
pub(super) fn opened(kind: Kind, key: u64, record: &[u8]) -> Result<Frame<'_>, Fault> {
    frame::open(kind, key, record).map_err(|cause| Fault::damaged(kind, key, cause))
}

fn capacity(kind: Kind, key: u64, frame: &Frame<'_>) -> Result<usize, Fault> {
    let length = usize::try_from(frame.raw_len).ok();
    length
        .filter(|_| frame.raw_len <= MAX_RAW)
        .ok_or_else(|| Fault::damaged(kind, key, "it says that it is larger than any record"))
}

fn whole(
    kind: Kind,
    key: u64,
    frame: &Frame<'_>,
    raw: io::Result<Vec<u8>>,
) -> Result<Vec<u8>, Fault> {
    let raw = raw.map_err(|cause| Fault::damaged(kind, key, &cause))?;
    if raw.len() as u64 == frame.raw_len {
        Ok(raw)
    } else {
        Err(Fault::damaged(
            kind,
            key,
            "it has another length than it says",
        ))
    }
}

fn unpackable(kind: Kind, cause: &dyn std::fmt::Display) -> Fault {
    Fault::Encode {
        kind,
        cause: cause.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_shrink_is_kept_as_it_is() {
        let record = pack(Kind::Literal, 1, b"abc").unwrap();
        let frame = frame::open(Kind::Literal, 1, &record).unwrap();
        assert_eq!(frame.codec, Codec::Raw);
        let long = vec![b'a'; 10_000];
        let record = pack(Kind::Literal, 1, &long).unwrap();
        assert!(record.len() < 100);
        assert_eq!(unpack(Kind::Literal, 1, &record).unwrap(), long);
    }

    #[test]
    fn a_patch_costs_what_differs() {
        let base: Vec<u8> = (0..20_000u32).flat_map(u32::to_le_bytes).collect();
        let mut raw = base.clone();
        raw[40_000] ^= 1;
        let small = patch(Kind::State, &base, &raw).unwrap();
        assert!(small.len() < 100, "{} bytes", small.len());
        let damaged = |cause: &dyn std::fmt::Display| Fault::damaged(Kind::State, 1, cause);
        assert_eq!(
            unpatch(&base, &small, raw.len() as u64, damaged).unwrap(),
            raw
        );
        assert!(unpatch(&base, &small, raw.len() as u64 + 1, damaged).is_err());
    }
}
