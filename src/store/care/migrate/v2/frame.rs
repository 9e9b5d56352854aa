//! The frame around every record of form 2, and its codecs.
//!
//! Layout: magic (2 bytes), kind (1 byte), form (1 byte: the frame's version above, the codec
//! below, four bits each), key, length of the decoded body (only where a codec is used), length of
//! the body (varints, LEB128), body, hash (8 bytes, XXH3-64 over everything before it, little
//! endian).

use serde::de::DeserializeOwned;
use twox_hash::XxHash3_64;
use zstd::bulk::Decompressor;

use crate::store::record::fault::Fault;
use crate::store::record::frame::{Kind, varint};

const MAGIC: [u8; 2] = [0xd7, b'm'];
const VERSION: u8 = 2;
const HASH_BYTES: usize = 8;
/// No decoded body is larger.
pub(super) const MAX_RAW: u64 = 256 * 1024 * 1024;
/// The beginning of every zstd frame, which is not stored.
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// A body as it is; zstd; zstd against other bytes, which the record names.
pub(super) const RAW: u8 = 0;
const ZSTD: u8 = 1;
pub(super) const ZSTD_PATCH: u8 = 2;

/// A record whose frame was found whole.
pub(super) struct Frame<'a> {
    pub(super) codec: u8,
    /// Length of the body once decoded.
    pub(super) raw_len: u64,
    pub(super) body: &'a [u8],
}

/// Whether a record has a frame of form 2.
pub(in crate::store::care::migrate) fn is_own(record: &[u8]) -> bool {
    matches!(record, [a, b, _, form, ..] if [*a, *b] == MAGIC && form >> 4 == VERSION)
}

/// The frame of a record, or the damage to it.
pub(super) fn open(kind: Kind, key: u64, record: &[u8]) -> Result<Frame<'_>, Fault> {
    let damaged = |cause: &str| Fault::damaged(kind, key, cause);
    let cut = |_| damaged("it is cut short");
    let Some(([a, b, own_kind, form], rest)) = record.split_first_chunk() else {
        return Err(damaged("it is cut short"));
    };
    if [*a, *b] != MAGIC {
        return Err(damaged("it does not begin as a record"));
    }
    if form >> 4 != VERSION {
        return Err(damaged("its form is unknown"));
    }
    let codec = form & 0x0f;
    let (own_key, rest) = varint(rest).map_err(cut)?;
    let (raw_len, rest) = match codec {
        RAW => (None, rest),
        _ => varint(rest)
            .map(|(len, rest)| (Some(len), rest))
            .map_err(cut)?,
    };
    let (body_len, rest) = varint(rest).map_err(cut)?;
    let Some((body, hash)) = rest.split_last_chunk::<HASH_BYTES>() else {
        return Err(damaged("it is cut short"));
    };
    if body.len() as u64 != body_len {
        return Err(damaged("it has another length than it says"));
    }
    let hashed = record.get(..record.len() - HASH_BYTES).unwrap_or_default();
    if XxHash3_64::oneshot(hashed) != u64::from_le_bytes(*hash) {
        return Err(damaged("its hash does not match"));
    }
    if *own_kind != kind as u8 {
        return Err(damaged("it is another kind of record"));
    }
    if own_key != key {
        return Err(damaged("it belongs to another place"));
    }
    Ok(Frame {
        codec,
        raw_len: raw_len.unwrap_or(body_len),
        body,
    })
}

/// Bytes from how they are stored; `base` is what they were compressed against.
pub(super) fn decompress(
    (kind, key): (Kind, u64),
    codec: u8,
    small: &[u8],
    raw_len: u64,
    base: &[u8],
) -> Result<Vec<u8>, Fault> {
    let damaged = |cause: &str| Fault::damaged(kind, key, cause);
    if raw_len > MAX_RAW {
        return Err(damaged("it says that it is larger than any record"));
    }
    let base = match codec {
        RAW | ZSTD => &[],
        ZSTD_PATCH => base,
        _ => return Err(damaged("its codec is unknown")),
    };
    let raw = match codec {
        RAW => small.to_vec(),
        _ => {
            let whole = [&ZSTD_MAGIC, small].concat();
            let capacity = usize::try_from(raw_len).unwrap_or(0);
            Decompressor::with_dictionary(base)
                .and_then(|mut decompressor| decompressor.decompress(&whole, capacity))
                .map_err(|cause| Fault::damaged(kind, key, cause))?
        }
    };
    if raw.len() as u64 == raw_len {
        Ok(raw)
    } else {
        Err(damaged("it has another length than it says"))
    }
}

/// The value in a record, which is never compressed.
pub(in crate::store::care::migrate) fn unpack_value<T: DeserializeOwned>(
    kind: Kind,
    key: u64,
    record: &[u8],
) -> Result<T, Fault> {
    let frame = open(kind, key, record)?;
    match frame.codec {
        RAW => decode(kind, key, frame.body),
        _ => Err(Fault::damaged(kind, key, "it is compressed")),
    }
}

/// A value from exactly these bytes.
pub(super) fn decode<T: DeserializeOwned>(kind: Kind, key: u64, raw: &[u8]) -> Result<T, Fault> {
    match postcard::take_from_bytes(raw) {
        Ok((value, [])) => Ok(value),
        Ok(_) => Err(Fault::damaged(kind, key, "it is longer than it should be")),
        Err(cause) => Err(Fault::damaged(kind, key, cause)),
    }
}
