//! How bodies are compressed. The codec of each record is written in its frame.

use std::cell::RefCell;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::CParameter;

use crate::store::record::fault::Fault;
use crate::store::record::frame::{self, Frame, Kind};

/// The largest decoded body that is written or believed: a length that a damaged or hostile record
/// declares is never allocated beyond this. Large enough for a million lines of a pane.
pub(in crate::store) const MAX_RAW: u64 = 256 * 1024 * 1024;

/// How a body is compressed. The numbers are part of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Codec {
    /// As it is.
    Raw,
    /// zstd, without the four bytes with which every frame of it begins.
    Zstd,
    /// The same against other bytes (a raw dictionary), which the record names.
    ZstdPatch,
}

impl Codec {
    pub(in crate::store) fn number(self) -> u8 {
        match self {
            Codec::Raw => 0,
            Codec::Zstd => 1,
            Codec::ZstdPatch => 2,
        }
    }

    pub(in crate::store) fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Codec::Raw),
            1 => Some(Codec::Zstd),
            2 => Some(Codec::ZstdPatch),
            _ => None,
        }
    }
}

/// What counts when bytes are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Aim {
    /// Few bytes.
    Size,
    /// Little time: a first full capture at the higher level takes a second.
    Speed,
}

impl Aim {
    /// What counts for so many bytes.
    pub(in crate::store) fn of(len: usize) -> Self {
        if len > 256 * 1024 {
            Aim::Speed
        } else {
            Aim::Size
        }
    }

    /// The level of zstd.
    fn level(self) -> i32 {
        match self {
            Aim::Size => 7,
            Aim::Speed => 3,
        }
    }
}

/// The beginning of every zstd frame (RFC 8878, 3.1.1).
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Bytes, compressed where that makes them smaller, and how. What they have in common with `base`
/// costs next to nothing.
pub(in crate::store) fn compress(
    kind: Kind,
    raw: &[u8],
    base: Option<&[u8]>,
    aim: Aim,
) -> Result<(Codec, Vec<u8>), Fault> {
    let level = aim.level();
    // A base that zstd would take for a trained dictionary is none that we made.
    let (codec, small) = match base.map(|base| zstd_bytes(raw, level, base)) {
        Some(Ok(small)) => (Codec::ZstdPatch, small),
        None | Some(Err(_)) => {
            let small = zstd_bytes(raw, level, &[]);
            (Codec::Zstd, small.map_err(|e| unpackable(kind, &e))?)
        }
    };
    Ok(if small.len() < raw.len() {
        (codec, small)
    } else {
        (Codec::Raw, raw.to_vec())
    })
}

thread_local! {
    /// Making these takes as long as a short text.
    static COMPRESSOR: RefCell<Compressor<'static>> = RefCell::default();
    static DECOMPRESSOR: RefCell<Decompressor<'static>> = RefCell::default();
}

fn zstd_bytes(raw: &[u8], level: i32, base: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut small = COMPRESSOR.with_borrow_mut(|compressor| {
        compressor.set_dictionary(level, base)?;
        // The length stands in our own frame.
        compressor.set_parameter(CParameter::ContentSizeFlag(false))?;
        compressor.compress(raw)
    })?;
    small.drain(..ZSTD_MAGIC.len().min(small.len()));
    Ok(small)
}

/// The bytes that [`compress`] was given, from what it gave back and the same base.
pub(in crate::store) fn decompress(
    codec: Codec,
    small: &[u8],
    raw_len: u64,
    base: &[u8],
    damaged: impl Fn(&dyn std::fmt::Display) -> Fault,
) -> Result<Vec<u8>, Fault> {
    if raw_len > MAX_RAW {
        return Err(damaged(&"it says that it is larger than any record"));
    }
    let raw = match codec {
        Codec::Raw => small.to_vec(),
        Codec::Zstd | Codec::ZstdPatch => {
            let base = if codec == Codec::Zstd { &[] } else { base };
            let capacity = usize::try_from(raw_len).unwrap_or(0);
            let mut whole = Vec::with_capacity(ZSTD_MAGIC.len() + small.len());
            whole.extend_from_slice(&ZSTD_MAGIC);
            whole.extend_from_slice(small);
            let raw = DECOMPRESSOR.with_borrow_mut(|decompressor| {
                decompressor.set_dictionary(base)?;
                decompressor.decompress(&whole, capacity)
            });
            raw.map_err(|e| damaged(&e))?
        }
    };
    if raw.len() as u64 == raw_len {
        Ok(raw)
    } else {
        Err(damaged(&"it has another length than it says"))
    }
}

/// A framed record of a value that is too small to be worth compressing.
pub(in crate::store) fn pack_value<T: Serialize>(
    kind: Kind,
    key: u64,
    value: &T,
) -> Result<Vec<u8>, Fault> {
    let raw = encode(kind, value)?;
    Ok(frame::seal(kind, key, Codec::Raw, raw.len() as u64, &raw))
}

/// The value that [`pack_value`] was given.
pub(in crate::store) fn unpack_value<T: DeserializeOwned>(
    kind: Kind,
    key: u64,
    record: &[u8],
) -> Result<T, Fault> {
    decode(kind, key, opened_raw(kind, key, record)?)
}

/// A value as bytes.
pub(in crate::store) fn encode<T: Serialize>(kind: Kind, value: &T) -> Result<Vec<u8>, Fault> {
    postcard::to_allocvec(value).map_err(|e| unpackable(kind, &e))
}

/// A value from exactly these bytes. It may borrow from them.
pub(in crate::store) fn decode<'a, T: serde::Deserialize<'a>>(
    kind: Kind,
    key: u64,
    raw: &'a [u8],
) -> Result<T, Fault> {
    match postcard::take_from_bytes(raw) {
        Ok((value, [])) => Ok(value),
        Ok(_) => Err(Fault::damaged(kind, key, "it is longer than it should be")),
        Err(cause) => Err(Fault::damaged(kind, key, &cause)),
    }
}

/// The frame of a record, or the damage to it.
pub(in crate::store) fn opened(kind: Kind, key: u64, record: &[u8]) -> Result<Frame<'_>, Fault> {
    frame::open(kind, key, record).map_err(|cause| Fault::damaged(kind, key, cause))
}

/// The body of a record that is not compressed.
pub(in crate::store) fn opened_raw(kind: Kind, key: u64, record: &[u8]) -> Result<&[u8], Fault> {
    let frame = opened(kind, key, record)?;
    match frame.codec {
        Codec::Raw => Ok(frame.body),
        _ => Err(Fault::damaged(kind, key, "it is compressed")),
    }
}

/// A value that cannot be turned into bytes.
pub(in crate::store) fn unpackable(kind: Kind, cause: &dyn std::fmt::Display) -> Fault {
    Fault::Encode {
        kind,
        cause: cause.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn back(codec: Codec, small: &[u8], raw_len: usize, base: &[u8]) -> Result<Vec<u8>, Fault> {
        let damaged = |cause: &dyn std::fmt::Display| Fault::damaged(Kind::State, 1, cause);
        decompress(codec, small, raw_len as u64, base, damaged)
    }

    #[test]
    fn what_does_not_shrink_is_kept_as_it_is() {
        let (codec, small) = compress(Kind::Literal, b"abc", None, Aim::Size).unwrap();
        assert_eq!((codec, &small[..]), (Codec::Raw, &b"abc"[..]));
        let long = vec![b'a'; 10_000];
        let (codec, small) = compress(Kind::Literal, &long, None, Aim::Speed).unwrap();
        assert!(small.len() < 100);
        assert_eq!(back(codec, &small, long.len(), b"").unwrap(), long);
    }

    #[test]
    fn a_patch_costs_what_differs() {
        let base: Vec<u8> = (0..20_000u32).flat_map(u32::to_le_bytes).collect();
        let mut raw = base.clone();
        raw[40_000] ^= 1;
        let (codec, small) = compress(Kind::State, &raw, Some(&base), Aim::Size).unwrap();
        assert_eq!(codec, Codec::ZstdPatch);
        assert!(small.len() < 100, "{} bytes", small.len());
        assert_eq!(back(codec, &small, raw.len(), &base).unwrap(), raw);
        assert!(back(codec, &small, raw.len() + 1, &base).is_err());
        assert!(back(codec, &small, raw.len(), &base[1..]).is_err_and(|e| e.is_damage()));
    }

    #[test]
    fn a_base_that_looks_like_a_trained_dictionary_does_no_harm() {
        let mut base = vec![0x37, 0xa4, 0x30, 0xec];
        base.extend_from_slice(&[b'x'; 400]);
        let raw = vec![b'x'; 500];
        let (codec, small) = compress(Kind::Literal, &raw, Some(&base), Aim::Size).unwrap();
        assert_eq!(back(codec, &small, raw.len(), &base).unwrap(), raw);
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(
            raw in proptest::collection::vec(0u8..4, 0..400),
            base in proptest::option::of(proptest::collection::vec(0u8..4, 0..400)),
        ) {
            let (codec, small) = compress(Kind::Literal, &raw, base.as_deref(), Aim::Size).unwrap();
            let base = base.unwrap_or_default();
            prop_assert_eq!(back(codec, &small, raw.len(), &base).unwrap(), raw);
        }

        #[test]
        fn any_bytes_are_read_without_panic(
            small in proptest::collection::vec(any::<u8>(), 0..80),
            raw_len in 0u64..5000,
            codec in 0u8..3,
        ) {
            let codec = Codec::from_number(codec).unwrap();
            let damaged = |cause: &dyn std::fmt::Display| Fault::damaged(Kind::State, 1, cause);
            let _ = decompress(codec, &small, raw_len, b"base", damaged);
        }
    }
}
