//! The bytes of a portable file: its lines, its parts, and what is believed of them.

use serde::{Deserialize, Serialize};

use super::description::Description;
use super::error::PortableError;
use crate::model::contents::Contents;
use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::snapshot::{
    Cause, ChangeCount, Gap, Note, Provenance, RedactionCount, ServerIdentity, Snapshot,
    SnapshotMeta, Trust,
};
use crate::model::time::Millis;
use crate::model::tree::ServerState;
use crate::store::record::codec::{self, Aim, Codec, MAX_RAW};
use crate::store::record::fault::Fault;
use crate::store::record::frame::{self, Found, Kind};

/// How the first line begins; the number of the form follows.
pub(super) const MAGIC: &str = "muxtape portable ";
/// The form that is written, and the only one that is read: form 1 was never released.
pub(super) const FORM: u32 = 2;
/// How the third line begins; the hash of the first two follows.
const HASH: &str = "blake3 ";
/// How the last line begins; the hash of everything before it follows.
pub(super) const END: &str = "end ";
/// Characters of a hash.
const HEX: usize = 64;
/// Length of the last line.
pub(super) const END_LEN: u64 = (END.len() + HEX + 1) as u64;
/// Length of the third line.
pub(super) const HASH_LEN: usize = HASH.len() + HEX + 1;
/// The first line is never longer.
pub(super) const MOST_MAGIC: u64 = 64;
/// Bytes of the description that are written or believed, its line break included.
pub(super) const MOST_DESCRIPTION: u64 = 64 << 20;
/// Snapshots in one file.
pub(super) const MOST_SNAPSHOTS: usize = 1 << 16;
/// Bytes of all texts of one snapshot: ten panes of fifty megabytes. They are in memory together
/// when it is taken in.
pub(super) const MOST_TEXT: u64 = 512 << 20;
/// What zstd makes of a byte at the most: a block of 128 KiB takes four.
const MOST_PER_BYTE: u64 = (128 << 10) / 4;

/// The first three lines of a file.
pub(super) fn preamble(description: &Description) -> Result<Vec<u8>, PortableError> {
    let mut lines = format!("{MAGIC}{FORM}\n").into_bytes();
    let json = serde_json::to_vec(description)
        .map_err(|cause| PortableError::invalid("the description", cause))?;
    if json.len() as u64 >= MOST_DESCRIPTION {
        return Err(PortableError::TooLarge {
            object: "the description".to_owned(),
            limit: MOST_DESCRIPTION,
        });
    }
    lines.extend_from_slice(&json);
    lines.push(b'\n');
    let hash = hash_line(blake3::hash(&lines));
    lines.extend_from_slice(hash.as_bytes());
    Ok(lines)
}

/// The line that holds the hash of the first two.
pub(super) fn hash_line(hash: blake3::Hash) -> String {
    format!("{HASH}{}\n", hash.to_hex())
}

/// The last line.
pub(super) fn end_line(hash: blake3::Hash) -> String {
    format!("{END}{}\n", hash.to_hex())
}

/// Whether bytes are a last line, whatever hash it tells.
pub(super) fn is_end_line(line: &[u8]) -> bool {
    let hash = line
        .strip_prefix(END.as_bytes())
        .and_then(|rest| rest.strip_suffix(b"\n"));
    hash.is_some_and(|hash| hash.len() == HEX && hash.iter().all(u8::is_ascii_hexdigit))
}

/// The number of the form in a first line.
pub(super) fn form(line: &[u8]) -> Option<u32> {
    let number = line.strip_prefix(MAGIC.as_bytes())?.strip_suffix(b"\n")?;
    std::str::from_utf8(number).ok()?.parse().ok()
}

/// A snapshot as it stands in a file of form 2. It never changes: another form gets another
/// structure.
#[derive(Debug, Serialize, Deserialize)]
struct Snapshot2 {
    id: SnapshotId,
    parent: Option<SnapshotId>,
    time: Millis,
    cause: Cause,
    name: Option<String>,
    notes: Vec<Note>,
    tags: Vec<String>,
    pinned: bool,
    archived: bool,
    partial: bool,
    host: String,
    server: ServerIdentity,
    root: Digest,
    changes: ChangeCount,
    took_ms: u32,
    redactions: Vec<RedactionCount>,
    gap: Option<Gap>,
    state: ServerState,
}

impl Snapshot2 {
    fn new(meta: SnapshotMeta, state: ServerState) -> Self {
        Self {
            id: meta.id,
            parent: meta.parent,
            time: meta.time,
            cause: meta.cause,
            name: meta.name,
            notes: meta.notes,
            tags: meta.tags,
            pinned: meta.pinned,
            archived: meta.archived,
            partial: meta.partial,
            host: meta.host,
            server: meta.server,
            root: meta.root,
            changes: meta.changes,
            took_ms: meta.took_ms,
            redactions: meta.redactions,
            gap: meta.gap,
            state,
        }
    }
}

/// How a snapshot is written.
#[cfg(test)]
pub(in crate::store) fn example(
    meta: &SnapshotMeta,
    state: ServerState,
) -> impl Serialize + std::fmt::Debug {
    Snapshot2::new(meta.clone(), state)
}

/// The part for a snapshot.
pub(super) fn seal_snapshot(
    number: u64,
    meta: &SnapshotMeta,
    state: ServerState,
) -> Result<Vec<u8>, PortableError> {
    let body = Snapshot2::new(meta.clone(), state);
    let object = format!("snapshot {}", body.id.short());
    let unpackable = |cause| PortableError::invalid(&object, cause);
    let raw = postcard::to_allocvec(&body).map_err(unpackable)?;
    seal(Kind::PortableSnapshot, number, &raw, object)
}

/// The part for a text.
pub(super) fn seal_text(number: u64, text: &Contents) -> Result<Vec<u8>, PortableError> {
    let raw =
        postcard::to_allocvec(text).map_err(|cause| PortableError::invalid("a text", cause))?;
    seal(Kind::PortableText, number, &raw, "a text".to_owned())
}

fn seal(kind: Kind, number: u64, raw: &[u8], object: String) -> Result<Vec<u8>, PortableError> {
    if raw.len() as u64 > MAX_RAW {
        return Err(PortableError::TooLarge {
            object,
            limit: MAX_RAW,
        });
    }
    let (codec, body) = codec::compress(kind, raw, None, Aim::of(raw.len()))
        .map_err(|fault| PortableError::invalid(object, cause_of(fault)))?;
    Ok(frame::seal(kind, number, codec, raw.len() as u64, &body))
}

/// A part of a file.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one at a time, and never kept")]
pub(super) enum Part {
    Text(Contents),
    Snapshot(Snapshot),
}

/// What stands in a part whose frame is whole.
pub(super) fn part(found: &Found<'_>) -> Result<Part, PortableError> {
    match found.kind {
        Kind::PortableText => {
            let raw = raw(found, "a text")?;
            match postcard::take_from_bytes(&raw) {
                Ok((text, [])) => Ok(Part::Text(text)),
                Ok(_) => Err(PortableError::invalid(
                    "a text",
                    "it is longer than it should be",
                )),
                Err(cause) => Err(PortableError::invalid("a text", cause)),
            }
        }
        Kind::PortableSnapshot => {
            let raw = raw(found, "a snapshot")?;
            let invalid =
                |cause: &dyn std::fmt::Display| PortableError::invalid("a snapshot", cause);
            match postcard::take_from_bytes::<Snapshot2>(&raw) {
                Ok((body, [])) => Ok(Part::Snapshot(body.into())),
                Ok(_) => Err(invalid(&"it is longer than it should be")),
                Err(cause) => Err(invalid(&cause)),
            }
        }
        _ => Err(PortableError::invalid(
            "a part",
            "it is neither a text nor a snapshot",
        )),
    }
}

fn raw(found: &Found<'_>, object: &str) -> Result<Vec<u8>, PortableError> {
    let frame = found.frame;
    let too_large = |limit| PortableError::TooLarge {
        object: object.to_owned(),
        limit,
    };
    if frame.raw_len > MAX_RAW {
        return Err(too_large(MAX_RAW));
    }
    // So a few bytes never have much memory set aside for them.
    let most = MOST_PER_BYTE.saturating_mul(frame.body.len() as u64);
    if frame.codec != Codec::Raw && frame.raw_len > most {
        return Err(too_large(most));
    }
    let damaged = |cause: &dyn std::fmt::Display| Fault::damaged_object(object, cause);
    codec::decompress(frame.codec, frame.body, frame.raw_len, &[], damaged)
        .map_err(|fault| PortableError::invalid(object, cause_of(fault)))
}

fn cause_of(fault: Fault) -> String {
    match fault {
        Fault::Damaged { cause, .. } | Fault::Encode { cause, .. } => cause,
        other => format!("{other:?}"),
    }
}

impl From<Snapshot2> for Snapshot {
    fn from(body: Snapshot2) -> Self {
        let state = body.state;
        let texts = state.texts();
        let texts = texts.fold(0, |sum: u64, text| text.bytes.saturating_add(sum));
        let meta = SnapshotMeta {
            id: body.id,
            parent: body.parent,
            time: body.time,
            cause: body.cause,
            provenance: Provenance::Imported {
                trust: Trust::Foreign,
            },
            name: body.name,
            notes: body.notes,
            tags: body.tags,
            pinned: body.pinned,
            archived: body.archived,
            partial: body.partial,
            host: body.host,
            server: body.server,
            root: body.root,
            sessions: state.summaries(),
            changes: body.changes,
            stored_bytes: 0,
            logical_bytes: texts,
            took_ms: body.took_ms,
            redactions: body.redactions,
            gap: body.gap,
        };
        Self { meta, state }
    }
}
