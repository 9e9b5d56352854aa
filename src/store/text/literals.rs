//! Literals: immutable bytes, compressed, that texts and trees are made of.
//!
//! A literal is cut into fragments under neighbouring numbers. The database keeps a value in a run
//! of pages whose size is a power of two, so that large values waste up to half of it; fragments of
//! this size fill their pages. Every fragment is a frame of its own, so that a literal can be put
//! together again from a file whose tables are lost.
//!
//! A literal may be compressed against the end of another one, its dictionary, which has none
//! itself: so reading one takes two at the most.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use crate::store::record::codec::{self, Aim, Codec, MAX_RAW};
use crate::store::record::counters::Counters;
use crate::store::record::fault::Fault;
use crate::store::record::frame::{self, Kind};
use crate::store::record::tables::{Change, Stream, View, go_on};

/// Bytes of a literal in one fragment. Four fragments with their frames (20 bytes at most below
/// number 2^35) and keys fill a page of 4096 bytes.
const FRAGMENT: usize = 988;
/// Bytes that the database needs for an entry besides its value: the key and where the value is.
pub(in crate::store) const ENTRY_BYTES: u64 = 12;
/// How much of the end of a literal serves as a dictionary.
pub(in crate::store) const DICTIONARY: usize = 32 * 1024;

/// How a literal is stored; the beginning of its first fragment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct Header {
    codec: u8,
    /// The literal whose end it is compressed against; 0 where there is none.
    pub(in crate::store) dictionary: u64,
    /// Bytes before compression.
    pub(in crate::store) raw_len: u64,
    /// Bytes after compression.
    stored_len: u64,
    /// The mark of the bytes, where there are many: tells that a text still has them.
    pub(in crate::store) mark: Option<[u8; 16]>,
}

/// A literal shorter than this is decoded as quickly as its mark is compared.
const MARKED: usize = 8 * 1024;

/// BLAKE3 of bytes, cut to 128 bits.
pub(in crate::store) fn mark(bytes: &[u8]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new_derive_key("muxtape.literal/2");
    hasher.update(bytes);
    let mut mark = [0; 16];
    mark.iter_mut()
        .zip(hasher.finalize().as_bytes())
        .for_each(|(to, from)| *to = *from);
    mark
}

/// A literal that is still compressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Packed {
    number: u64,
    pub(in crate::store) header: Header,
    bytes: Vec<u8>,
}

/// Bytes that a literal may be compressed against.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Dictionary<'a> {
    /// The literal, which has no dictionary itself.
    pub(in crate::store) literal: u64,
    /// All its bytes.
    pub(in crate::store) bytes: &'a [u8],
}

impl<'a> Dictionary<'a> {
    fn end(self) -> &'a [u8] {
        let from = self.bytes.len().saturating_sub(DICTIONARY);
        self.bytes.get(from..).unwrap_or(self.bytes)
    }
}

/// A literal as it is going to be stored: compressed, without a number yet.
#[derive(Debug, Clone)]
pub(in crate::store) struct Draft {
    header: Header,
    bytes: Vec<u8>,
}

impl Draft {
    /// Compresses.
    pub(in crate::store) fn new(
        raw: &[u8],
        dictionary: Option<Dictionary<'_>>,
        aim: Aim,
    ) -> Result<Self, Fault> {
        let base = dictionary.map(Dictionary::end);
        let (codec, bytes) = codec::compress(Kind::Literal, raw, base, aim)?;
        let against = dictionary.filter(|_| codec == Codec::ZstdPatch);
        let header = Header {
            codec: codec.number(),
            dictionary: against.map_or(0, |dictionary| dictionary.literal),
            raw_len: raw.len() as u64,
            stored_len: bytes.len() as u64,
            mark: (raw.len() >= MARKED).then(|| mark(raw)),
        };
        Ok(Self { header, bytes })
    }

    /// Bytes before compression.
    pub(in crate::store) fn raw_len(&self) -> u64 {
        self.header.raw_len
    }

    /// Bytes after compression.
    pub(in crate::store) fn len(&self) -> u64 {
        self.header.stored_len
    }

    /// The bytes that it is going to take, nearly.
    pub(in crate::store) fn cost(&self) -> u64 {
        let fragments = self.bytes.len().div_ceil(FRAGMENT).max(1) as u64;
        self.bytes.len() as u64 + fragments * (ENTRY_BYTES + 20)
    }

    /// Stores it; gives back the literal's number and the bytes that it takes.
    pub(in crate::store) fn store(
        &self,
        change: &impl Change,
        counters: &mut Counters,
    ) -> Result<(u64, u64), Fault> {
        let number = counters.literal;
        let mut whole = codec::encode(Kind::Literal, &self.header)?;
        whole.extend_from_slice(&self.bytes);
        let mut records = Vec::new();
        for (key, part) in (number..).zip(whole.chunks(FRAGMENT)) {
            let kind = kind_of(key, number);
            records.push(frame::seal(kind, key, Codec::Raw, 0, part));
        }
        counters.literal += records.len() as u64;
        let bytes: usize = records.iter().map(Vec::len).sum();
        let bytes = bytes as u64 + ENTRY_BYTES * records.len() as u64;
        let records = (number..).zip(records.iter().map(Vec::as_slice));
        change.put_all(Stream::Literals, records)?;
        Ok((number, bytes))
    }
}

fn kind_of(key: u64, number: u64) -> Kind {
    if key == number {
        Kind::Literal
    } else {
        Kind::LiteralPart
    }
}

/// Stores bytes that need no others; gives back the literal's number and the bytes that it takes.
pub(in crate::store) fn store(
    change: &impl Change,
    counters: &mut Counters,
    raw: &[u8],
) -> Result<(u64, u64), Fault> {
    Draft::new(raw, None, Aim::of(raw.len()))?.store(change, counters)
}

/// A literal as it is stored.
pub(in crate::store) fn read(view: &impl View, number: u64) -> Result<Packed, Fault> {
    let damaged = |cause: &dyn std::fmt::Display| Fault::damaged(Kind::Literal, number, cause);
    let mut header: Option<Header> = None;
    let mut bytes = Vec::new();
    let mut next = number;
    view.walk(Stream::Literals, number..=u64::MAX, &mut |key, record| {
        if key != next {
            return Err(damaged(&"a fragment of it is missing"));
        }
        next = next.saturating_add(1);
        let part = frame::open(kind_of(key, number), key, record).map_err(|e| damaged(&e))?;
        let body = match header {
            Some(_) => part.body,
            None => {
                let (found, rest) = postcard::take_from_bytes::<Header>(part.body)
                    .map_err(|cause| damaged(&cause))?;
                header = Some(found);
                rest
            }
        };
        bytes.extend_from_slice(body);
        let whole = header.is_none_or(|header| bytes.len() as u64 >= header.stored_len);
        Ok(go_on(!whole))
    })?;
    let header = header.ok_or_else(|| damaged(&"it is missing"))?;
    if bytes.len() as u64 != header.stored_len || header.raw_len > MAX_RAW {
        return Err(damaged(&"it has another length than it says"));
    }
    Ok(Packed {
        number,
        header,
        bytes,
    })
}

impl Packed {
    /// The bytes of the literal; `dictionary` are all bytes of its dictionary, where it has one.
    pub(in crate::store) fn unpack(&self, dictionary: &[u8]) -> Result<Vec<u8>, Fault> {
        let damaged =
            |cause: &dyn std::fmt::Display| Fault::damaged(Kind::Literal, self.number, cause);
        let codec = Codec::from_number(self.header.codec);
        let codec = codec.ok_or_else(|| damaged(&"its codec is unknown"))?;
        let base = Dictionary {
            literal: self.header.dictionary,
            bytes: dictionary,
        };
        codec::decompress(codec, &self.bytes, self.header.raw_len, base.end(), damaged)
    }

    /// The literal that must be read as well.
    pub(in crate::store) fn needs(&self) -> Option<u64> {
        Some(self.header.dictionary).filter(|number| *number != 0)
    }
}

/// The bytes of a literal that needs no other one.
pub(in crate::store) fn load(view: &impl View, number: u64) -> Result<Vec<u8>, Fault> {
    let packed = read(view, number)?;
    match packed.needs() {
        None => packed.unpack(&[]),
        Some(_) => {
            let cause = "it needs a dictionary and should not";
            Err(Fault::damaged(Kind::Literal, number, cause))
        }
    }
}

/// The numbers of a literal's fragments.
pub(in crate::store) fn fragments(view: &impl View, number: u64) -> Result<Vec<u64>, Fault> {
    let mut keys = Vec::new();
    view.walk(Stream::Literals, number..=u64::MAX, &mut |key, record| {
        let own = key == number || matches!(header(key, record), Ok(None));
        Ok(if own {
            keys.push(key);
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        })
    })?;
    Ok(keys)
}

/// What is told of a literal without decoding it.
pub(in crate::store) fn head(view: &impl View, number: u64) -> Result<Header, Fault> {
    let first = view.get(Stream::Literals, number)?;
    let header = first.map_or(Ok(None), |first| header(number, &first))?;
    header.ok_or_else(|| Fault::damaged(Kind::Literal, number, "it is missing"))
}

/// What the first fragment of a literal says, or `None` where the fragment is a further one.
pub(in crate::store) fn header(number: u64, fragment: &[u8]) -> Result<Option<Header>, Fault> {
    let damaged = |cause: &dyn std::fmt::Display| Fault::damaged(Kind::Literal, number, cause);
    match frame::open(Kind::Literal, number, fragment) {
        Ok(first) => {
            let header = postcard::take_from_bytes(first.body);
            header
                .map(|(header, _)| Some(header))
                .map_err(|e| damaged(&e))
        }
        Err(frame::BadFrame::Kind) => Ok(None),
        Err(cause) => Err(damaged(&cause)),
    }
}

/// All that there can be.
#[cfg(test)]
pub(in crate::store) fn examples() -> impl Serialize + std::fmt::Debug {
    let header = |codec: Codec, mark| Header {
        codec: codec.number(),
        dictionary: 300,
        raw_len: 70_000,
        stored_len: 1_000,
        mark,
    };
    [
        header(Codec::Raw, None),
        header(Codec::Zstd, Some([7; 16])),
        header(Codec::ZstdPatch, None),
    ]
}
