//! The frame around every record.
//!
//! The database does not check what it reads, so every record carries its own proof: what it is,
//! under which key it was written, how long it is, and a hash over all of that. A record that was
//! changed, cut, or that stands in another's place is never decoded.
//!
//! Layout: magic (2 bytes), kind, version, codec (1 byte each), key, length of the decoded body,
//! length of the body (varints, LEB128), hash (8 bytes), body. The hash is BLAKE3 with a domain of its
//! own, cut to 64 bits: it finds accidents, it is no signature.

use super::codec::Codec;

const MAGIC: [u8; 2] = [0xd7, b'm'];
const HASH_BYTES: usize = 8;
/// Longest header: fixed bytes, three varints, hash.
const HEADER_MAX: usize = 5 + 3 * 10 + HASH_BYTES;

/// What a record is. The numbers are part of the format and are never given to something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Schema = 1,
    Counters = 2,
    Meta = 3,
    State = 4,
    Origin = 5,
    Life = 6,
    Version = 7,
    Literal = 8,
    Trashed = 9,
}

/// The version of every record's form. A change of one record's form gets a number of its own here
/// and a branch where it is read.
const VERSION: u8 = 1;

/// A record whose frame was found whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub(super) codec: Codec,
    /// Length of the body once decoded.
    pub(super) raw_len: u64,
    pub(super) body: &'a [u8],
}

/// Why bytes are not the record that they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadFrame {
    #[error("it is cut short")]
    Short,
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

/// Puts a body into its frame.
pub(super) fn seal(kind: Kind, key: u64, codec: Codec, raw_len: u64, body: &[u8]) -> Vec<u8> {
    let mut record = Vec::with_capacity(body.len() + HEADER_MAX);
    record.extend_from_slice(&MAGIC);
    record.extend_from_slice(&[kind as u8, VERSION, codec.number()]);
    push_varint(&mut record, key);
    push_varint(&mut record, raw_len);
    push_varint(&mut record, body.len() as u64);
    let hash = hash(&record, body);
    record.extend_from_slice(&hash);
    record.extend_from_slice(body);
    record
}

/// Takes a record out of its frame, if it is exactly what [`seal`] made for this kind and key.
pub(super) fn open(kind: Kind, key: u64, record: &[u8]) -> Result<Frame<'_>, BadFrame> {
    let header = Header::read(record)?;
    if header.kind != kind as u8 {
        return Err(BadFrame::Kind);
    }
    if header.version != VERSION {
        return Err(BadFrame::Version(header.version));
    }
    if header.key != key {
        return Err(BadFrame::Key);
    }
    let (before, rest) = record.split_at_checked(header.len).ok_or(BadFrame::Short)?;
    let (found, body) = rest.split_at_checked(HASH_BYTES).ok_or(BadFrame::Short)?;
    if body.len() as u64 != header.body_len {
        return Err(BadFrame::Short);
    }
    if hash(before, body) != found {
        return Err(BadFrame::Hash);
    }
    let codec = Codec::from_number(header.codec).ok_or(BadFrame::Codec(header.codec))?;
    Ok(Frame {
        codec,
        raw_len: header.raw_len,
        body,
    })
}

/// Length of the whole record, as far as its beginning can be believed.
pub(super) fn declared_len(beginning: &[u8]) -> Result<u64, BadFrame> {
    let header = Header::read(beginning)?;
    let fixed = (header.len + HASH_BYTES) as u64;
    fixed.checked_add(header.body_len).ok_or(BadFrame::Short)
}

/// Whether bytes begin as the record of this kind and key does; nothing else is checked.
pub(super) fn belongs_to(kind: Kind, key: u64, beginning: &[u8]) -> bool {
    Header::read(beginning).is_ok_and(|header| header.kind == kind as u8 && header.key == key)
}

struct Header {
    kind: u8,
    version: u8,
    codec: u8,
    key: u64,
    raw_len: u64,
    body_len: u64,
    /// Bytes before the hash.
    len: usize,
}

impl Header {
    fn read(record: &[u8]) -> Result<Self, BadFrame> {
        let Some((magic, rest)) = record.split_at_checked(MAGIC.len()) else {
            return Err(BadFrame::Short);
        };
        if magic != MAGIC {
            return Err(BadFrame::Magic);
        }
        let [kind, version, codec, rest @ ..] = rest else {
            return Err(BadFrame::Short);
        };
        let (key, rest) = varint(rest)?;
        let (raw_len, rest) = varint(rest)?;
        let (body_len, rest) = varint(rest)?;
        Ok(Self {
            kind: *kind,
            version: *version,
            codec: *codec,
            key,
            raw_len,
            body_len,
            len: record.len() - rest.len(),
        })
    }
}

fn hash(header: &[u8], body: &[u8]) -> [u8; HASH_BYTES] {
    let mut hasher = blake3::Hasher::new_derive_key("muxtape.frame/1");
    hasher.update(header).update(body);
    let mut cut = [0; HASH_BYTES];
    cut.iter_mut()
        .zip(hasher.finalize().as_bytes())
        .for_each(|(to, from)| *to = *from);
    cut
}

fn push_varint(into: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        into.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    into.push(value.to_le_bytes()[0]);
}

fn varint(bytes: &[u8]) -> Result<(u64, &[u8]), BadFrame> {
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
            let record = seal(Kind::Literal, key, Codec::Zstd, raw, &body);
            let frame = open(Kind::Literal, key, &record).unwrap();
            prop_assert_eq!(frame.body, &body[..]);
            prop_assert_eq!(frame.raw_len, raw);
            prop_assert_eq!(declared_len(&record).unwrap(), record.len() as u64);
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
            let _ = declared_len(&bytes);
        }
    }
}
