//! The frame around every record of form 1, and its codecs.
//!
//! Layout: magic (2 bytes), kind, version, codec (1 byte each), key, length of the decoded body, length of
//! the body (varints, LEB128), hash (8 bytes), body. The hash is BLAKE3 with a domain of its own, cut to 64
//! bits.

use serde::de::DeserializeOwned;

use crate::store::record::fault::Fault;
use crate::store::record::frame::{Kind, varint};

const MAGIC: [u8; 2] = [0xd7, b'm'];
const VERSION: u8 = 1;
const HASH_BYTES: usize = 8;
/// No decoded body is larger.
pub(super) const MAX_RAW: u64 = 256 * 1024 * 1024;

/// A body as it is; zstd; zstd against other bytes, which the record names.
const RAW: u8 = 0;
const ZSTD: u8 = 1;

/// A record whose frame was found whole.
pub(super) struct Frame<'a> {
    codec: u8,
    /// Length of the body once decoded.
    pub(super) raw_len: u64,
    pub(super) body: &'a [u8],
}

/// Whether a record has a frame of form 1.
pub(in crate::store::care::migrate) fn is_own(record: &[u8]) -> bool {
    matches!(record, [a, b, _, VERSION, ..] if [*a, *b] == MAGIC)
}

/// The frame of a record, or the damage to it.
pub(super) fn open(kind: Kind, key: u64, record: &[u8]) -> Result<Frame<'_>, Fault> {
    let damaged = |cause: &str| Fault::damaged(kind, key, cause);
    let header = Header::read(record).map_err(damaged)?;
    if header.kind != kind as u8 {
        return Err(damaged("it is another kind of record"));
    }
    if header.key != key {
        return Err(damaged("it belongs to another place"));
    }
    let cut = || damaged("it is cut short");
    let (before, rest) = record.split_at_checked(header.len).ok_or_else(cut)?;
    let (found, body) = rest.split_at_checked(HASH_BYTES).ok_or_else(cut)?;
    if body.len() as u64 != header.body_len {
        return Err(cut());
    }
    if hash(before, body).as_bytes().get(..HASH_BYTES) != Some(found) {
        return Err(damaged("its hash does not match"));
    }
    Ok(Frame {
        codec: header.codec,
        raw_len: header.raw_len,
        body,
    })
}

/// Length of a whole record, as far as its beginning can be believed.
pub(super) fn declared_len(kind: Kind, key: u64, beginning: &[u8]) -> Result<u64, Fault> {
    let header = Header::read(beginning).map_err(|cause| Fault::damaged(kind, key, cause))?;
    let fixed = (header.len + HASH_BYTES) as u64;
    Ok(fixed.saturating_add(header.body_len))
}

/// The decoded body of a record that needs no other one.
pub(super) fn unpack(kind: Kind, key: u64, record: &[u8]) -> Result<Vec<u8>, Fault> {
    let frame = open(kind, key, record)?;
    let raw = match frame.codec {
        RAW => frame.body.to_vec(),
        ZSTD => {
            let capacity = capacity(kind, key, frame.raw_len)?;
            zstd::bulk::decompress(frame.body, capacity)
                .map_err(|cause| Fault::damaged(kind, key, cause))?
        }
        _ => return Err(Fault::damaged(kind, key, "its codec is unknown")),
    };
    of_length(kind, key, raw, frame.raw_len)
}

/// Bytes from what is different in them from others.
pub(super) fn unpatch(
    (kind, key): (Kind, u64),
    base: &[u8],
    patch: &[u8],
    raw_len: u64,
) -> Result<Vec<u8>, Fault> {
    let capacity = capacity(kind, key, raw_len)?;
    let raw = zstd::bulk::Decompressor::with_dictionary(base)
        .and_then(|mut decompressor| decompressor.decompress(patch, capacity))
        .map_err(|cause| Fault::damaged(kind, key, cause))?;
    of_length(kind, key, raw, raw_len)
}

/// The value in a record.
pub(in crate::store::care::migrate) fn unpack_value<T: DeserializeOwned>(
    kind: Kind,
    key: u64,
    record: &[u8],
) -> Result<T, Fault> {
    decode(kind, key, &unpack(kind, key, record)?)
}

/// A value from exactly these bytes.
pub(super) fn decode<T: DeserializeOwned>(kind: Kind, key: u64, raw: &[u8]) -> Result<T, Fault> {
    match postcard::take_from_bytes(raw) {
        Ok((value, [])) => Ok(value),
        Ok(_) => Err(Fault::damaged(kind, key, "it is longer than it should be")),
        Err(cause) => Err(Fault::damaged(kind, key, cause)),
    }
}

fn capacity(kind: Kind, key: u64, raw_len: u64) -> Result<usize, Fault> {
    let length = usize::try_from(raw_len).ok();
    length
        .filter(|_| raw_len <= MAX_RAW)
        .ok_or_else(|| Fault::damaged(kind, key, "it says that it is larger than any record"))
}

fn of_length(kind: Kind, key: u64, raw: Vec<u8>, raw_len: u64) -> Result<Vec<u8>, Fault> {
    if raw.len() as u64 == raw_len {
        Ok(raw)
    } else {
        let cause = "it has another length than it says";
        Err(Fault::damaged(kind, key, cause))
    }
}

struct Header {
    kind: u8,
    codec: u8,
    key: u64,
    raw_len: u64,
    body_len: u64,
    /// Bytes before the hash.
    len: usize,
}

impl Header {
    fn read(record: &[u8]) -> Result<Self, &'static str> {
        let cut = "it is cut short";
        let Some(([a, b, kind, version, codec], rest)) = record.split_first_chunk() else {
            return Err(cut);
        };
        if [*a, *b] != MAGIC {
            return Err("it does not begin as a record");
        }
        if *version != VERSION {
            return Err("its form is unknown");
        }
        let (key, rest) = varint(rest).map_err(|_| cut)?;
        let (raw_len, rest) = varint(rest).map_err(|_| cut)?;
        let (body_len, rest) = varint(rest).map_err(|_| cut)?;
        Ok(Self {
            kind: *kind,
            codec: *codec,
            key,
            raw_len,
            body_len,
            len: record.len() - rest.len(),
        })
    }
}

fn hash(header: &[u8], body: &[u8]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new_derive_key("muxtape.frame/1");
    hasher.update(header).update(body).finalize()
}
