//! One line: how it is written, and what can be told of one that is read.
//!
//! A line is a JSON object without white space. Its last field is `hash`, the BLAKE3 hash of all
//! bytes before the comma in front of that field; the field before it is `prev`, the hash of the
//! line before. So the hashes are a chain, and each line can be checked by itself.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::event::{By, Event, shown};
use crate::model::digest::Digest;
use crate::model::time::Millis;

/// The version of the form.
pub(super) const VERSION: u32 = 1;
/// What stands between the bytes that are hashed and the hash.
const BEFORE_HASH: &[u8] = b",\"hash\":\"";
/// What stands behind it.
const AFTER_HASH: &[u8] = b"\"}";
/// Characters of a hash.
const HASH_CHARS: usize = 64;
/// The hash that the first line of all names as the one before it.
pub(super) const GENESIS: Digest = Digest([0; 32]);

/// Where a line stands in the chain: what the next one has to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link {
    /// Its number; 0 for the beginning of all.
    pub(super) seq: u64,
    /// Its hash.
    pub(super) hash: Digest,
}

impl Link {
    /// Before the first line.
    pub(super) const START: Link = Link {
        seq: 0,
        hash: GENESIS,
    };
}

#[derive(Serialize)]
struct Body<'a> {
    v: u32,
    seq: u64,
    time: String,
    pid: u32,
    by: By,
    #[serde(flatten)]
    event: &'a Event,
    #[serde(serialize_with = "shown")]
    prev: Digest,
}

/// The line of an event behind another line, with its end, and its place in the chain.
pub(super) fn write(
    before: Link,
    now: Millis,
    by: By,
    event: &Event,
) -> Result<(Vec<u8>, Link), serde_json::Error> {
    let seq = before.seq.saturating_add(1);
    let mut line = serde_json::to_vec(&Body {
        v: VERSION,
        seq,
        time: stamp(now),
        pid: std::process::id(),
        by,
        event,
        prev: before.hash,
    })?;
    // Without the brace, until the hash is known.
    line.pop();
    let hash = hash(&line);
    line.extend_from_slice(BEFORE_HASH);
    line.extend_from_slice(hash.to_string().as_bytes());
    line.extend_from_slice(AFTER_HASH);
    line.push(b'\n');
    Ok((line, Link { seq, hash }))
}

/// The hash of some bytes.
pub(super) fn hash(bytes: &[u8]) -> Digest {
    Digest(*blake3::hash(bytes).as_bytes())
}

/// A moment as RFC 3339, in UTC.
pub(super) fn stamp(time: Millis) -> String {
    let stamp = time.timestamp();
    stamp.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// What a line says of its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placed {
    /// Its place, with the hash that stands in it.
    pub(super) link: Link,
    /// The hash of the line before it.
    pub(super) prev: Digest,
    /// The hash that it should have.
    pub(super) true_hash: Digest,
    /// For a line that closed off another: the hash of that one.
    pub(super) mends: Option<Digest>,
}

impl Placed {
    /// Whether it stands as it was written, and next to `before`.
    pub(super) fn follows(&self, before: Link) -> bool {
        self.link.hash == self.true_hash
            && self.prev == before.hash
            && self.link.seq == before.seq.saturating_add(1)
    }
}

#[derive(Deserialize)]
struct LineHeader {
    seq: u64,
    prev: String,
    event: String,
    #[serde(default)]
    digest: Option<String>,
}

/// The place of a line, without its end; `None` for what is no line of a journal.
pub(super) fn place(line: &[u8]) -> Option<Placed> {
    let rest = line.strip_suffix(AFTER_HASH)?;
    let (rest, hash_shown) = rest.split_at_checked(rest.len().checked_sub(HASH_CHARS)?)?;
    let body = rest.strip_suffix(BEFORE_HASH)?;
    let header: LineHeader = serde_json::from_slice(line).ok()?;
    let mends = header.digest.filter(|_| header.event == "journal_mended");
    Some(Placed {
        link: Link {
            seq: header.seq,
            hash: parse_hash(hash_shown)?,
        },
        prev: parse_hash(header.prev.as_bytes())?,
        true_hash: hash(body),
        mends: mends.and_then(|mends| parse_hash(mends.as_bytes())),
    })
}

/// A hash from its 64 lower-case characters.
pub(super) fn parse_hash(text: &[u8]) -> Option<Digest> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    if text.len() != HASH_CHARS {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks(2)) {
        let &[high, low] = pair else { return None };
        *byte = digit(high)? << 4 | digit(low)?;
    }
    Some(Digest(bytes))
}

/// An event that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its number.
    pub seq: u64,
    /// When it was.
    pub time: Millis,
    /// Of which kind it is: one of [`Event::KINDS`], or one that a newer muxtape wrote.
    pub kind: String,
    /// The whole line.
    pub fields: Map<String, Value>,
}

impl Entry {
    /// Reads a line; `None` for what is no line of a journal.
    pub(super) fn read(line: &[u8]) -> Option<Entry> {
        let Value::Object(fields) = serde_json::from_slice(line).ok()? else {
            return None;
        };
        let time: Timestamp = fields.get("time")?.as_str()?.parse().ok()?;
        Some(Entry {
            seq: fields.get("seq")?.as_u64()?,
            time: Millis(time.as_millisecond()),
            kind: fields.get("event")?.as_str()?.to_owned(),
            fields,
        })
    }

    /// Whether it is about a session of this name: one that it lists, made, closed or brought back.
    #[must_use]
    pub fn concerns(&self, session: &str) -> bool {
        let is = |value: &Value| match value {
            Value::String(name) => name == session,
            Value::Object(made) => ["from", "to"]
                .iter()
                .any(|side| made.get(*side).and_then(Value::as_str) == Some(session)),
            _ => false,
        };
        let target = self.fields.get("target").and_then(Value::as_str);
        let of_target = target.is_some_and(|target| {
            target == session
                || target
                    .strip_prefix(session)
                    .is_some_and(|rest| rest.starts_with(':'))
        });
        let lists = ["sessions", "back", "replaced"];
        let mut lists = lists.iter().filter_map(|name| self.fields.get(*name));
        of_target || lists.any(|list| list.as_array().is_some_and(|list| list.iter().any(is)))
    }
}
