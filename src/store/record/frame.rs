//! The frame around every record.
//!
//! The database does not check what it reads, so every record carries its own proof: what it is,
//! under which key it was written, how long it is, and a hash over all of that. A record that was
//! changed, cut, or that stands in another's place is never decoded. And because a frame says all
//! this of itself, records are found again in a file whose tables are lost.
//!
//! Layout: magic (2 bytes), kind (1 byte), form (1 byte: the frame's version above, the codec
//! below, four bits each), key, length of the decoded body (only where a codec is used), length of
//! the body (varints, LEB128), body, hash (8 bytes). The hash is XXH3-64 over everything before it,
//! little endian: it finds accidents in a few nanoseconds; it is no signature. What a snapshot
//! holds is proven by BLAKE3 digests.

use twox_hash::XxHash3_64;

use crate::store::record::codec::{Codec, MAX_RAW};

/// How every frame begins.
pub(in crate::store) const MAGIC: [u8; 2] = [0xd7, b'm'];
const HASH_BYTES: usize = 8;
/// The most that a frame adds to its body: fixed bytes, three varints, hash.
pub(in crate::store) const OVERHEAD: usize = 4 + 3 * 10 + HASH_BYTES;

/// What a record is. The numbers are part of the format and are never given to something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub(in crate::store) enum Kind {
    Schema = 1,
    Counters = 2,
    Meta = 3,
    State = 4,
    Origin = 5,
    Life = 6,
    Version = 7,
    /// The first fragment of a literal.
    Literal = 8,
    Trashed = 9,
    Roster = 10,
    /// A further fragment of a literal.
    LiteralPart = 11,
    Link = 12,
    Jumps = 13,
    Migration = 14,
    Rewrites = 15,
    /// What cannot be in a literal.
    Filter = 16,
    /// A text in a portable file, never in the store.
    PortableText = 32,
    /// A snapshot in a portable file.
    PortableSnapshot = 33,
}

impl Kind {
    pub(in crate::store) const ALL: [Kind; 18] = [
        Kind::Schema,
        Kind::Counters,
        Kind::Meta,
        Kind::State,
        Kind::Origin,
        Kind::Life,
        Kind::Version,
        Kind::Literal,
        Kind::Trashed,
        Kind::Roster,
        Kind::LiteralPart,
        Kind::Link,
        Kind::Jumps,
        Kind::Migration,
        Kind::Rewrites,
        Kind::Filter,
        Kind::PortableText,
        Kind::PortableSnapshot,
    ];

    fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == number)
    }
}

/// The version of the frame and of every record's form. A change of one record's form gets a number
/// of its own here and a branch where it is read.
const VERSION: u8 = 3;

/// A record whose frame was found whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Frame<'a> {
    pub(in crate::store) codec: Codec,
    /// Length of the body once decoded.
    pub(in crate::store) raw_len: u64,
    pub(in crate::store) body: &'a [u8],
}

/// A frame that says of itself what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Found<'a> {
    pub(in crate::store) kind: Kind,
    pub(in crate::store) key: u64,
    pub(in crate::store) frame: Frame<'a>,
    /// Length of the whole record.
    pub(in crate::store) len: usize,
}

/// Why bytes are not the record that they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(in crate::store) enum BadFrame {
    #[error("it is cut short")]
    Short,
    #[error("it is longer than it should be")]
    Long,
    #[error("it does not begin as a record")]
    Magic,
    #[error("it is another kind of record")]
    Kind,
    #[error("its form {0} is unknown")]
    Version(u8),
    #[error("its codec {0} is unknown")]
    Codec(u8),
    #[error("it belongs to another place")]
    Key,
    #[error("its hash does not match")]
    Hash,
}

/// Puts a body into its frame. `raw_len` is the length of the body once decoded.
pub(in crate::store) fn seal(
    kind: Kind,
    key: u64,
    codec: Codec,
    raw_len: u64,
    body: &[u8],
) -> Vec<u8> {
    let mut record = Vec::with_capacity(body.len() + OVERHEAD);
    record.extend_from_slice(&MAGIC);
    record.extend_from_slice(&[kind as u8, VERSION << 4 | codec.number()]);
    push_varint(&mut record, key);
    if codec != Codec::Raw {
        push_varint(&mut record, raw_len);
    }
    push_varint(&mut record, body.len() as u64);
    record.extend_from_slice(body);
    let hash = XxHash3_64::oneshot(&record);
    record.extend_from_slice(&hash.to_le_bytes());
    record
}

/// Takes a record out of its frame, if it is exactly what [`seal`] made for this kind and key.
pub(in crate::store) fn open(kind: Kind, key: u64, record: &[u8]) -> Result<Frame<'_>, BadFrame> {
    let found = find(record)?;
    if found.kind != kind {
        Err(BadFrame::Kind)
    } else if found.key != key {
        Err(BadFrame::Key)
    } else if found.len != record.len() {
        Err(BadFrame::Long)
    } else {
        Ok(found.frame)
    }
}

/// The record that these bytes begin with, whatever it is and wherever it was found.
pub(in crate::store) fn find(bytes: &[u8]) -> Result<Found<'_>, BadFrame> {
    let header = FrameHeader::read(bytes)?;
    if header.version != VERSION {
        return Err(BadFrame::Version(header.version));
    }
    let end = usize::try_from(header.body_len)
        .ok()
        .and_then(|len| header.len.checked_add(len))
        .ok_or(BadFrame::Short)?;
    let (hashed, rest) = bytes.split_at_checked(end).ok_or(BadFrame::Short)?;
    let hash = rest.first_chunk::<HASH_BYTES>().ok_or(BadFrame::Short)?;
    if XxHash3_64::oneshot(hashed) != u64::from_le_bytes(*hash) {
        return Err(BadFrame::Hash);
    }
    Ok(Found {
        kind: Kind::from_number(header.kind).ok_or(BadFrame::Kind)?,
        key: header.key,
        frame: Frame {
            codec: Codec::from_number(header.codec).ok_or(BadFrame::Codec(header.codec))?,
            raw_len: header.raw_len,
            body: hashed.get(header.len..).ok_or(BadFrame::Short)?,
        },
        len: end + HASH_BYTES,
    })
}

/// How long the record that these bytes begin with says it is, hash included; `None` where they do
/// not begin as one.
pub(in crate::store) fn announced(bytes: &[u8]) -> Option<u64> {
    let header = FrameHeader::read(bytes).ok()?;
    let known = header.version == VERSION
        && Kind::from_number(header.kind).is_some()
        && Codec::from_number(header.codec).is_some()
        && header.body_len <= MAX_RAW.saturating_mul(2);
    let len = (header.len + HASH_BYTES) as u64;
    known.then(|| len.saturating_add(header.body_len))
}

/// The hash at the end of a whole record, which tells it from others.
pub(in crate::store) fn hash(record: &[u8]) -> u64 {
    let hash = record.last_chunk::<HASH_BYTES>();
    hash.map_or(0, |hash| u64::from_le_bytes(*hash))
}

struct FrameHeader {
    kind: u8,
    version: u8,
    codec: u8,
    key: u64,
    raw_len: u64,
    body_len: u64,
    /// Bytes before the body.
    len: usize,
}

impl FrameHeader {
    fn read(record: &[u8]) -> Result<Self, BadFrame> {
        let Some((magic, rest)) = record.split_at_checked(MAGIC.len()) else {
            return Err(BadFrame::Short);
        };
        if magic != MAGIC {
            return Err(BadFrame::Magic);
        }
        let [kind, form, rest @ ..] = rest else {
            return Err(BadFrame::Short);
        };
        let codec = form & 0x0f;
        let (key, rest) = varint(rest)?;
        let (raw_len, rest) = if codec == Codec::Raw.number() {
            (None, rest)
        } else {
            let (raw_len, rest) = varint(rest)?;
            (Some(raw_len), rest)
        };
        let (body_len, rest) = varint(rest)?;
        Ok(Self {
            kind: *kind,
            version: form >> 4,
            codec,
            key,
            raw_len: raw_len.unwrap_or(body_len),
            body_len,
            len: record.len() - rest.len(),
        })
    }
}

/// Appends a number in LEB128.
pub(in crate::store) fn push_varint(into: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        into.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    into.push(value.to_le_bytes()[0]);
}

/// A number in LEB128, and what follows it.
pub(in crate::store) fn varint(bytes: &[u8]) -> Result<(u64, &[u8]), BadFrame> {
    let mut value: u64 = 0;
    for (at, &byte) in bytes.iter().enumerate().take(10) {
        let part = u64::from(byte & 0x7f);
        let shift = 7 * at;
        if shift == 63 && part > 1 {
            return Err(BadFrame::Short);
        }
        value |= part << shift;
        if byte & 0x80 == 0 {
            return Ok((value, bytes.get(at + 1..).unwrap_or(&[])));
        }
    }
    Err(BadFrame::Short)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn another_place_or_kind_is_noticed() {
        let record = seal(Kind::Meta, 7, Codec::Raw, 3, b"abc");
        assert_eq!(open(Kind::Meta, 7, &record).unwrap().body, b"abc");
        assert_eq!(open(Kind::Meta, 8, &record), Err(BadFrame::Key));
        assert_eq!(open(Kind::State, 7, &record), Err(BadFrame::Kind));
    }

    proptest! {
        #[test]
        fn round_trips(key: u64, raw: u64, body in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut record = seal(Kind::Literal, key, Codec::Zstd, raw, &body);
            let frame = open(Kind::Literal, key, &record).unwrap();
            prop_assert_eq!(frame.body, &body[..]);
            prop_assert_eq!(frame.raw_len, raw);
            prop_assert!(record.len() <= body.len() + OVERHEAD);
            let whole = record.len();
            record.extend_from_slice(b"more");
            prop_assert_eq!(open(Kind::Literal, key, &record), Err(BadFrame::Long));
            let found = find(&record).unwrap();
            prop_assert_eq!((found.kind, found.key, found.len), (Kind::Literal, key, whole));
            prop_assert_eq!(found.frame.body, &body[..]);
        }

        #[test]
        fn any_flipped_bit_is_noticed(
            body in proptest::collection::vec(any::<u8>(), 0..60),
            at: prop::sample::Index,
            bit in 0u8..8,
        ) {
            let mut record = seal(Kind::Version, 300, Codec::Raw, 5, &body);
            let at = at.index(record.len());
            record[at] ^= 1 << bit;
            prop_assert!(open(Kind::Version, 300, &record).is_err());
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = open(Kind::Meta, 1, &bytes);
            let _ = find(&bytes);
        }
    }
}
