//! Values that are alike: each a patch against a keyframe.
//!
//! A keyframe is a literal that holds a whole value; it belongs to nobody, and stays as long as one
//! patch needs it. So every value is one step from a keyframe, however old it is, and none needs
//! another one that could be removed.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::store::record::codec::{self, Aim, Codec};
use crate::store::record::counters::Counters;
use crate::store::record::fault::Fault;
use crate::store::record::frame::{self, Frame, Kind};
use crate::store::record::request::Storing;
use crate::store::record::tables::{Change, Stream, View};
use crate::store::text::literals::{self, Draft};

/// Where a kind of value is kept.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Shelf {
    pub(in crate::store) kind: Kind,
    pub(in crate::store) stream: Stream,
}

/// A value up to this length is stored whole: naming a keyframe would save nothing.
const SHORT: usize = 96;

/// The beginning of a value's record; the compressed bytes follow.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Header {
    /// The literal that is the keyframe; 0 where the value stands alone.
    keyframe: u64,
    /// What the keyframe and all patches since have cost, and how many values that was for: decides
    /// when a new keyframe pays.
    spent: u64,
    uses: u64,
}

/// A value to be stored, with a label that is kept beside it as it is, to be read without the rest.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Value<'a, L> {
    pub(in crate::store) label: &'a L,
    pub(in crate::store) raw: &'a [u8],
}

/// Stores a value under a number; gives back the bytes of its record and of its keyframe, where
/// that is new. `like` is the number of a value whose keyframe may fit.
pub(in crate::store) fn store<L: Serialize>(
    change: &impl Change,
    counters: &mut Counters,
    shelf: Shelf,
    number: u64,
    value: &Value<'_, L>,
    like: Option<u64>,
    storing: Storing,
) -> Result<u64, Fault> {
    let raw = value.raw;
    let aim = Aim::of(raw.len());
    if raw.len() <= SHORT {
        let alone = Header {
            keyframe: 0,
            spent: 0,
            uses: 0,
        };
        return put(change, shelf, number, alone, value, (Codec::Raw, raw));
    }
    // A keyframe that cannot be read is no reason to lose the new value.
    let like = like.filter(|_| storing != Storing::Full);
    let like = like.and_then(|like| header(change, shelf, like).ok().flatten());
    if let Some(last) = like.filter(|last| last.keyframe != 0)
        && let Ok(base) = literals::load(change, last.keyframe)
    {
        let (codec, bytes) = codec::compress(shelf.kind, raw, Some(&base), aim)?;
        let cost = bytes.len() as u64;
        // A new keyframe is cheaper from here on as soon as the patch costs more than the keyframe
        // and its patches have cost on average: the values drift away from it, and the average only
        // grows from there.
        let pays = cost.saturating_mul(last.uses.max(1)) <= last.spent;
        if pays || storing == Storing::Incremental {
            let header = Header {
                keyframe: last.keyframe,
                spent: last.spent.saturating_add(cost),
                uses: last.uses.saturating_add(1),
            };
            return put(change, shelf, number, header, value, (codec, &bytes));
        }
    }
    let keyframe = Draft::new(raw, None, aim)?;
    let (literal, spent) = keyframe.store(change, counters)?;
    let header = Header {
        keyframe: literal,
        spent,
        uses: 1,
    };
    let (codec, bytes) = codec::compress(shelf.kind, raw, Some(raw), aim)?;
    let record = put(change, shelf, number, header, value, (codec, &bytes))?;
    Ok(spent + record)
}

fn put<L: Serialize>(
    change: &impl Change,
    shelf: Shelf,
    number: u64,
    header: Header,
    value: &Value<'_, L>,
    (codec, bytes): (Codec, &[u8]),
) -> Result<u64, Fault> {
    let mut body = codec::encode(shelf.kind, &(header, value.label))?;
    body.extend_from_slice(bytes);
    let raw_len = value.raw.len() as u64;
    let record = frame::seal(shelf.kind, number, codec, raw_len, &body);
    change.put(shelf.stream, number, &record)?;
    Ok(record.len() as u64 + literals::ENTRY_BYTES)
}

/// The beginning of a record, and what follows.
fn open<T: DeserializeOwned>(
    shelf: Shelf,
    number: u64,
    record: &[u8],
) -> Result<(T, Frame<'_>), Fault> {
    let frame = codec::opened(shelf.kind, number, record)?;
    let (beginning, body) = postcard::take_from_bytes::<T>(frame.body)
        .map_err(|cause| Fault::damaged(shelf.kind, number, cause))?;
    let raw_len = match frame.codec {
        Codec::Raw => body.len() as u64,
        _ => frame.raw_len,
    };
    let frame = Frame {
        codec: frame.codec,
        raw_len,
        body,
    };
    Ok((beginning, frame))
}

fn header(view: &impl View, shelf: Shelf, number: u64) -> Result<Option<Header>, Fault> {
    match view.get(shelf.stream, number)? {
        Some(record) => open(shelf, number, &record).map(|(header, _)| Some(header)),
        None => Ok(None),
    }
}

/// The label of a value; `None` where there is none.
pub(in crate::store) fn label<L: DeserializeOwned>(
    view: &impl View,
    shelf: Shelf,
    number: u64,
) -> Result<Option<L>, Fault> {
    match view.get(shelf.stream, number)? {
        Some(record) => {
            let ((_, label), _) = open::<(Header, L)>(shelf, number, &record)?;
            Ok(Some(label))
        }
        None => Ok(None),
    }
}

/// A value with its label; `None` where there is none. Only its form is checked here.
pub(in crate::store) fn load<L: DeserializeOwned>(
    view: &impl View,
    shelf: Shelf,
    number: u64,
) -> Result<Option<(L, Vec<u8>)>, Fault> {
    let Some(record) = view.get(shelf.stream, number)? else {
        return Ok(None);
    };
    let ((header, label), frame) = open::<(Header, L)>(shelf, number, &record)?;
    let damaged = |cause: &dyn std::fmt::Display| Fault::damaged(shelf.kind, number, cause);
    let base = match (frame.codec, header.keyframe) {
        (Codec::ZstdPatch, 0) => return Err(damaged(&"it names no keyframe")),
        (Codec::ZstdPatch, keyframe) => literals::load(view, keyframe)?,
        (Codec::Raw | Codec::Zstd, _) => Vec::new(),
    };
    let raw = codec::decompress(frame.codec, frame.body, frame.raw_len, &base, damaged)?;
    Ok(Some((label, raw)))
}

/// The keyframe that a value needs.
pub(in crate::store) fn keyframe(
    view: &impl View,
    shelf: Shelf,
    number: u64,
) -> Result<Option<u64>, Fault> {
    let header = header(view, shelf, number)?;
    let keyframe = header.map(|header| header.keyframe);
    Ok(keyframe.filter(|number| *number != 0))
}

/// One with something in every field.
#[cfg(test)]
pub(in crate::store) fn example() -> impl Serialize + std::fmt::Debug {
    Header {
        keyframe: 300,
        spent: 1_000,
        uses: 3,
    }
}
