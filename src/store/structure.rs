//! The trees of snapshots: each a patch against a keyframe.
//!
//! A keyframe is a literal that holds a whole tree; it belongs to nobody, and stays as long as one
//! patch needs it. So every tree is one step from a keyframe, however old it is, and no snapshot needs
//! another one.

use serde::{Deserialize, Serialize};

use super::codec::{self, Codec, MAX_RAW};
use super::counters::Counters;
use super::error::StoreError;
use super::fault::Fault;
use super::frame::{self, Kind};
use super::literals;
use super::tables::{Change, Stream, View};
use crate::model::tree::ServerState;

/// The body of a tree's record.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Patch {
    /// The literal that is the keyframe.
    keyframe: u64,
    /// What the keyframe and all patches since have cost, and how many snapshots that was for: decides
    /// when a new keyframe pays.
    spent: u64,
    uses: u64,
    /// zstd against the keyframe.
    bytes: Vec<u8>,
}

/// Stores a tree under a sequence number; gives back the bytes that it takes. `like` is the sequence
/// number of a snapshot whose keyframe may fit.
pub(super) fn store(
    change: &impl Change,
    counters: &mut Counters,
    seq: u64,
    state: &ServerState,
    like: Option<u64>,
) -> Result<u64, Fault> {
    let raw = codec::encode(Kind::State, state)?;
    if raw.len() as u64 > MAX_RAW {
        return Err(StoreError::TooLarge {
            operation: "record",
            object: "the tree of sessions".to_owned(),
            limit: MAX_RAW,
        }
        .into());
    }
    // A keyframe that cannot be read is no reason to lose the new tree.
    let shared = like.and_then(|like| patch_of(change, like).ok().flatten());
    let shared = match shared {
        Some((last, _)) => patched(change, &last, &raw)?,
        None => None,
    };
    let (patch, mut bytes) = match shared {
        Some(patch) => (patch, 0),
        None => {
            let (keyframe, bytes) = literals::store(change, counters, &raw)?;
            let patch = Patch {
                keyframe,
                spent: bytes,
                uses: 1,
                bytes: codec::patch(Kind::State, &raw, &raw)?,
            };
            (patch, bytes)
        }
    };
    let body = codec::encode(Kind::State, &patch)?;
    let length = raw.len() as u64;
    let record = frame::seal(Kind::State, seq, Codec::ZstdPatch, length, &body);
    change.put(Stream::States, seq, &record)?;
    bytes += record.len() as u64;
    Ok(bytes)
}

/// A patch against the same keyframe, unless a new keyframe is cheaper from here on. It is as soon as
/// the patch costs more than the keyframe and its patches have cost on average: the states drift away
/// from it, and the average only grows from there.
fn patched(view: &impl View, last: &Patch, raw: &[u8]) -> Result<Option<Patch>, Fault> {
    let Ok(base) = literals::load(view, last.keyframe) else {
        return Ok(None);
    };
    let bytes = codec::patch(Kind::State, &base, raw)?;
    let cost = bytes.len() as u64;
    let pays = cost.saturating_mul(last.uses.max(1)) <= last.spent;
    Ok(pays.then(|| Patch {
        keyframe: last.keyframe,
        spent: last.spent + cost,
        uses: last.uses + 1,
        bytes,
    }))
}

/// The tree of a snapshot. Only its form is checked here; the caller holds it against its digest.
pub(super) fn load(view: &impl View, seq: u64) -> Result<ServerState, Fault> {
    let Some((patch, length)) = patch_of(view, seq)? else {
        return Err(Fault::damaged(Kind::State, seq, "it is missing"));
    };
    if length > MAX_RAW {
        let cause = "it says that it is larger than any record";
        return Err(Fault::damaged(Kind::State, seq, cause));
    }
    let base = literals::load(view, patch.keyframe)?;
    let raw = codec::unpatch(&base, &patch.bytes, length, |cause| {
        Fault::damaged(Kind::State, seq, cause)
    })?;
    codec::decode(Kind::State, seq, &raw)
}

/// The keyframe that a snapshot needs.
pub(super) fn keyframe(view: &impl View, seq: u64) -> Result<Option<u64>, Fault> {
    Ok(patch_of(view, seq)?.map(|(patch, _)| patch.keyframe))
}

fn patch_of(view: &impl View, seq: u64) -> Result<Option<(Patch, u64)>, Fault> {
    let Some(record) = view.get(Stream::States, seq)? else {
        return Ok(None);
    };
    let frame = codec::opened(Kind::State, seq, &record)?;
    let patch = codec::decode(Kind::State, seq, frame.body)?;
    Ok(Some((patch, frame.raw_len)))
}
