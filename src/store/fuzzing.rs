//! A narrow door for the fuzz targets: what reads stored bytes, and what makes texts out of pieces.
//!
//! No part of the interface of this program.

use std::collections::{BTreeMap, BTreeSet};

use redb::WriteTransaction;
use redb::backends::InMemoryBackend;

use crate::model::contents::Contents;
use crate::store::file::disk;
use crate::store::record::codec::Codec;
use crate::store::record::fault::Fault;
use crate::store::record::frame::{self, Kind};
use crate::store::record::tables::{Change, Stream, View};
use crate::store::snapshot::chain;
use crate::store::snapshot::lives;
use crate::store::snapshot::metadata::Reader;
use crate::store::snapshot::structure;
use crate::store::text::blocks::Blocks;
use crate::store::text::dictionary::Account;
use crate::store::text::literals;
use crate::store::text::plan::Plan;
use crate::store::text::rope;
use crate::store::text::texts;
use crate::store::text::texts::Version;

/// Reads bytes as the record that they begin with. What is found there is a frame that opens again
/// under its own kind and key, and under no other.
///
/// # Errors
/// What was not so.
pub fn envelope(bytes: &[u8]) -> Result<(), String> {
    let Ok(found) = frame::find(bytes) else {
        return Ok(());
    };
    let record = bytes.get(..found.len).unwrap_or(&[]);
    let (kind, key) = (found.kind, found.key);
    if frame::open(kind, key, record) != Ok(found.frame) {
        return Err(format!("{kind:?} {key} is found and does not open"));
    }
    if frame::open(kind, key.wrapping_add(1), record).is_ok() {
        return Err(format!("{kind:?} {key} opens in another's place"));
    }
    let sealed = frame::seal(
        kind,
        key,
        found.frame.codec,
        found.frame.raw_len,
        found.frame.body,
    );
    // Lengths may be written longer than they need to be.
    match frame::find(&sealed) {
        Ok(again) if again.frame == found.frame => Ok(()),
        _ => Err(format!("{kind:?} {key} is not found again")),
    }
}

/// Puts records with any bodies into an empty store, and reads everything that they could be part
/// of. Each record is: stream, key, kind, codec, length of the decoded body and of the body (2
/// bytes each), body. The frames are right, so what is tried is all that comes after them. Gives
/// back how many could be read.
///
/// # Errors
/// The store's file could not be made in memory.
pub fn records(bytes: &[u8]) -> Result<usize, String> {
    let failed = |fault: Fault| format!("{fault:?}");
    let db = disk::builder()
        .create_with_backend(InMemoryBackend::new())
        .map_err(|error| error.to_string())?;
    let mut txn = db.begin_write().map_err(|error| error.to_string())?;
    txn.set_quick_repair(false);
    txn.make_tables().map_err(failed)?;
    let mut rest = bytes;
    let mut keys = BTreeSet::new();
    while let Some((record, after)) = Record::split(rest) {
        record.put(&txn).map_err(failed)?;
        keys.insert(record.key);
        rest = after;
    }
    Ok(read_all(&txn, &keys))
}

/// Reads bytes as a portable file, and as the parts of one whose hashes are right.
///
/// # Errors
/// What was taken for whole and could not be read again.
pub fn portable(bytes: &[u8]) -> Result<(), String> {
    crate::store::portable::fuzzing::file(bytes)?;
    crate::store::portable::fuzzing::parts(bytes)
}

struct Record<'a> {
    stream: Stream,
    key: u64,
    kind: Kind,
    codec: Codec,
    raw_len: u64,
    body: &'a [u8],
}

impl<'a> Record<'a> {
    fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (&[stream, key, kind, codec, raw_low, raw_high, low, high], rest) =
            bytes.split_first_chunk()?;
        let len = usize::from(u16::from_le_bytes([low, high])).min(rest.len());
        let (body, rest) = rest.split_at_checked(len)?;
        let stream = Stream::ALL.get(usize::from(stream) % Stream::ALL.len())?;
        let kind = Kind::ALL.get(usize::from(kind) % Kind::ALL.len())?;
        let record = Self {
            stream: *stream,
            key: u64::from(key),
            kind: *kind,
            codec: Codec::from_number(codec % 3)?,
            raw_len: u64::from(u16::from_le_bytes([raw_low, raw_high])),
            body,
        };
        Some((record, rest))
    }

    fn put(&self, txn: &WriteTransaction) -> Result<(), Fault> {
        let raw_len = match self.codec {
            Codec::Raw => self.body.len() as u64,
            _ => self.raw_len,
        };
        let record = frame::seal(self.kind, self.key, self.codec, raw_len, self.body);
        txn.put(self.stream, self.key, &record)
    }
}

/// Reads these keys of every stream in every way; says how often that went well.
fn read_all(view: &impl View, keys: &BTreeSet<u64>) -> usize {
    let reader = Reader::new(view);
    let mut blocks = Blocks::default();
    let mut read = 0;
    for &key in keys {
        read += usize::from(matches!(reader.get(key), Ok(Some(_))));
        if let Ok(Some(record)) = view.get(Stream::Trash, key) {
            read += usize::from(reader.read_trashed(key, &record).is_ok());
        }
        read += usize::from(structure::load(view, key).is_ok());
        read += usize::from(structure::texts(view, key).is_ok());
        read += usize::from(literals::load(view, key).is_ok());
        read += usize::from(literals::fragments(view, key).is_ok());
        if let Ok((_, version)) = texts::version(view, key) {
            read += usize::from(blocks.text(view, &version).is_ok());
            read += usize::from(blocks.slice(view, &version.main, 3, 100).is_ok());
        }
    }
    read += usize::from(lives::all(view).is_ok());
    read + usize::from(chain::walk(view).is_ok())
}

/// Stores texts one after the other, each as pieces of the one before it, and puts each together
/// again.
///
/// # Errors
/// The first text that came out as another one.
pub fn rope(shown: &[Contents]) -> Result<(), String> {
    let mut literals: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
    let mut last: Option<(Version, &Contents)> = None;
    for (at, contents) in (1..).zip(shown) {
        let mut fresh = Vec::new();
        let shared = last.as_ref().map(|(version, old)| {
            let main = rope::pieces(&old.main, &contents.main);
            let screen = contents.alternate.as_ref().map(|new| {
                let old = old.alternate.as_ref().map_or(&[][..], |old| old);
                rope::pieces(old, new)
            });
            Plan::against(version, (&main, screen.as_deref()), contents, &mut fresh)
                .with_few_extents(contents, &mut fresh)
        });
        let len_of = |literal| literals.get(&literal).map(|bytes| bytes.len() as u64);
        let plan = match shared {
            // Now and then a text is stored whole, as it is where sharing saves nothing.
            Some(plan) if at % 7 != 0 || plan.is_worth_it(&fresh, contents, len_of) => plan,
            _ => {
                fresh.clear();
                Plan::whole(contents, &mut fresh)
            }
        };
        let version = plan.version(Account::default(), &[(at, fresh.len() as u64)]);
        literals.insert(at, fresh);
        let made = Contents {
            main: assemble(&literals, &version.main)?.into(),
            alternate: match &version.alternate {
                Some(extents) => Some(assemble(&literals, extents)?.into()),
                None => None,
            },
        };
        if made != *contents {
            return Err(format!("text {at} came out as another: {made:?}"));
        }
        last = Some((version, contents));
    }
    Ok(())
}

fn assemble(
    literals: &BTreeMap<u64, Vec<u8>>,
    extents: &[texts::Extent],
) -> Result<Vec<u8>, String> {
    let mut text = Vec::new();
    for extent in extents {
        let piece = literals.get(&extent.literal).and_then(|literal| {
            let from = usize::try_from(extent.offset).ok()?;
            literal.get(from..from.checked_add(usize::try_from(extent.len).ok()?)?)
        });
        text.extend_from_slice(piece.ok_or_else(|| format!("{extent:?} leads nowhere"))?);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::store::testing::{log, record_text, scratch, text};

    /// A real store as the input of [`records`], and its records one by one.
    fn real() -> (Vec<u8>, Vec<Vec<u8>>) {
        let s = scratch();
        for at in 1..8 {
            record_text(&s.store, i64::from(at), "api", &log(0..at * 9));
        }
        let meta = record_text(&s.store, 9, "web", "$ ");
        let now = crate::model::time::Millis(1);
        s.store.trash(&[meta.id], now).unwrap();
        let mut input = Vec::new();
        let mut all = Vec::new();
        let read = |txn: &redb::ReadTransaction| {
            for (number, stream) in (0u8..).zip(Stream::ALL) {
                txn.walk(stream, 0..=u64::MAX, &mut |key, record| {
                    all.push(record.to_vec());
                    let found = frame::find(record).unwrap();
                    let kind = Kind::ALL.iter().position(|kind| *kind == found.kind);
                    let short = |len: u64| u16::try_from(len).unwrap().to_le_bytes();
                    if let (Ok(key), Some(kind)) = (u8::try_from(key), kind) {
                        let kind = u8::try_from(kind).unwrap();
                        input.extend([number, key, kind, found.frame.codec.number()]);
                        input.extend(short(found.frame.raw_len));
                        input.extend(short(found.frame.body.len() as u64));
                        input.extend(found.frame.body);
                    }
                    Ok(ControlFlow::Continue(()))
                })?;
            }
            Ok(())
        };
        s.store.place().read("test", read).unwrap();
        (input, all)
    }

    #[test]
    fn a_real_store_comes_through_the_door() {
        let (input, all) = real();
        assert!(all.len() > 30);
        assert!(all.iter().all(|record| envelope(record).is_ok()));
        let read = records(&input).unwrap();
        assert!(read > 40, "{read} could be read");
    }

    #[test]
    fn texts_that_share_come_out_as_they_went_in() {
        let shown: Vec<Contents> = (0..30).map(|at| text(log(at * 3..at * 5 + 20))).collect();
        assert_eq!(rope(&shown), Ok(()));
    }
}
