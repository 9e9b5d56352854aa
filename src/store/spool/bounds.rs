//! How much the spool holds: beyond that the oldest automatic snapshots make room.

use std::collections::BTreeMap;

use super::OPERATION;
use super::dir::{SpoolDir, Turn, Waiting};
use super::file::{self, BadFile, SpooledCapture};
use crate::model::contents::Contents;
use crate::model::digest::Digest;
use crate::store::record::error::StoreError;

/// Most files: the recorder slows down to one a minute, so these are four hours.
pub(super) const MOST_FILES: usize = 256;
/// Most bytes: the first capture of a large server takes a tenth of it.
const MOST_BYTES: u64 = 128 * 1024 * 1024;

/// Puts a snapshot into the spool. Gives back how many wait then, and how many older ones had to
/// go.
pub(super) fn put(dir: &SpoolDir, aside: SpooledCapture) -> Result<(usize, usize), StoreError> {
    put_within(dir, aside, MOST_FILES, MOST_BYTES)
}

/// As [`put`], with other bounds.
pub(super) fn put_within(
    dir: &SpoolDir,
    mut aside: SpooledCapture,
    most_files: usize,
    most_bytes: u64,
) -> Result<(usize, usize), StoreError> {
    let at = |source| StoreError::io(OPERATION, dir.path(), source);
    dir.make()
        .map_err(|source| StoreError::directory(OPERATION, dir.path(), source))?;
    let mut bytes = seal(dir, &aside)?;
    let mut waiting = dir.waiting().map_err(at)?;
    let name = SpoolDir::name(&aside, waiting.last());
    let too_many = |waiting: &[Waiting], bytes: &[u8]| {
        let all: u64 = waiting.iter().map(Waiting::bytes).sum();
        waiting.len() >= most_files || all + bytes.len() as u64 > most_bytes
    };
    let mut dropped = 0;
    if too_many(&waiting, &bytes) {
        // Whoever has the turn makes room as well, by taking in.
        if let Some(turn) = dir.turn().map_err(at)? {
            while too_many(&waiting, &bytes) {
                let Some(oldest) = waiting.iter().position(Waiting::is_automatic) else {
                    return Err(StoreError::SpoolFull {
                        dir: dir.path().to_owned(),
                        files: waiting.len(),
                    });
                };
                let later = waiting.split_off(oldest + 1);
                let Some(gone) = waiting.pop() else { break };
                drop_one(dir, &turn, &gone, &later, &mut aside).map_err(at)?;
                waiting.extend(later);
                bytes = seal(dir, &aside)?;
                dropped += 1;
            }
        }
    }
    dir.put(&name, &bytes).map_err(at)?;
    Ok((waiting.len() + 1, dropped))
}

fn seal(dir: &SpoolDir, aside: &SpooledCapture) -> Result<Vec<u8>, StoreError> {
    file::seal(aside.clone())
        .map_err(|cause| StoreError::io(OPERATION, dir.path(), std::io::Error::other(cause)))
}

/// Throws a waiting snapshot away. Texts of it that later ones count on are handed on to them: a
/// capture brings only the texts that are new in it.
fn drop_one(
    dir: &SpoolDir,
    _turn: &Turn,
    gone: &Waiting,
    later: &[Waiting],
    newest: &mut SpooledCapture,
) -> std::io::Result<()> {
    let mut texts: BTreeMap<Digest, Contents> = match file::open(&dir.read(gone)?) {
        Ok(aside) => {
            let texts = aside.new.contents.into_iter();
            texts.map(|text| (text.digest(), text)).collect()
        }
        // What cannot be read, or not yet, is kept for those who can.
        Err(_) => return dir.set_aside(gone).map(drop),
    };
    for next in later {
        if texts.is_empty() {
            break;
        }
        let Ok(mut aside) = file::open(&dir.read(next)?) else {
            continue;
        };
        if hand_on(&mut texts, &mut aside) {
            let bytes = file::seal(aside).map_err(|cause: BadFile| std::io::Error::other(cause))?;
            dir.replace(next, &bytes)?;
        }
    }
    hand_on(&mut texts, newest);
    dir.remove(gone)
}

/// Moves the texts that a snapshot counts on to it; says whether there were any.
fn hand_on(texts: &mut BTreeMap<Digest, Contents>, to: &mut SpooledCapture) -> bool {
    let own: Vec<Digest> = to.new.contents.iter().map(Contents::digest).collect();
    let wanted = to.new.state.texts();
    let mut handed = Vec::new();
    for text in wanted.filter(|text| !own.contains(&text.digest)) {
        handed.extend(texts.remove(&text.digest));
    }
    let any = !handed.is_empty();
    to.new.contents.extend(handed);
    any
}
