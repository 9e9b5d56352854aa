//! Taking in spooled captures.

use std::io;
use std::ops::ControlFlow;

use bstr::BString;
use redb::WriteTransaction;

use super::TakenIn;
use super::dir::{SpoolDir, Waiting};
use super::file::{self, BadFile, SpooledCapture};
use crate::model::id::SnapshotId;
use crate::model::snapshot::{Note, NoteKind};
use crate::store::Store;
use crate::store::file::lease::Outcome;
use crate::store::file::space;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::record::ids;
use crate::store::record::request::Recording;
use crate::store::snapshot::recording;

const OPERATION: &str = "take in spooled captures";

/// What became of one file.
enum Done {
    Stored,
    /// A text that it counts on may come with a later one: the clock went back between them.
    Later,
    SetAside,
    /// For a newer muxtape.
    Left,
}

/// What to do about a text that is neither stored nor given.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lost {
    Wait,
    DoWithout,
}

/// Why not all could be taken in.
enum Stop {
    /// The store cannot be written.
    Store(StoreError),
    /// The spool itself cannot be used.
    Spool(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Stop::Spool(error)
    }
}

/// Takes in what waits. An error is one of the store; trouble with the spool itself is only told,
/// since the store can be used all the same.
pub(super) fn take_in(store: &Store, dir: &SpoolDir) -> Result<TakenIn, StoreError> {
    let mut taken = TakenIn::default();
    match take_all(store, dir, &mut taken) {
        Ok(()) => {}
        Err(Stop::Store(error)) => return Err(error),
        Err(Stop::Spool(error)) => {
            taken.trouble = Some(format!("{}: {error}", dir.path().display()));
        }
    }
    if !taken.is_nothing() {
        tracing::info!("{taken}");
    }
    Ok(taken)
}

fn take_all(store: &Store, dir: &SpoolDir, taken: &mut TakenIn) -> Result<(), Stop> {
    if dir.waiting()?.is_empty() {
        return Ok(());
    }
    let Some(turn) = dir.turn()? else {
        taken.waiting = dir.waiting()?.len();
        return Ok(());
    };
    dir.clean(&turn)?;
    let mut left = dir.waiting()?;
    let mut lost = Lost::Wait;
    while !left.is_empty() {
        let before = taken.taken;
        let mut later = Vec::new();
        for file in left {
            match one(store, dir, &file, lost, taken).map_err(Stop::Store)? {
                Done::Stored => dir.remove(&file)?,
                Done::Later => later.push(file),
                Done::SetAside => taken.set_aside.push(dir.set_aside(&file)?),
                Done::Left => taken.waiting += 1,
            }
        }
        left = later;
        // What was taken in may have brought a text for others; else nobody has it.
        if taken.taken == before {
            lost = Lost::DoWithout;
        }
    }
    Ok(())
}

fn one(
    store: &Store,
    dir: &SpoolDir,
    file: &Waiting,
    lost: Lost,
    taken: &mut TakenIn,
) -> Result<Done, StoreError> {
    let read = match dir.read(file) {
        Ok(read) => read,
        // It may be readable another time, and stops no other.
        Err(error) => {
            tracing::warn!(?file, "cannot be read: {error}");
            return Ok(Done::Left);
        }
    };
    let mut aside = match file::open(&read) {
        Ok(aside) => aside,
        Err(BadFile::Newer(_)) => return Ok(Done::Left),
        Err(cause) => {
            tracing::warn!(?file, "cannot take in: {cause}");
            return Ok(Done::SetAside);
        }
    };
    let mut unnamed = false;
    let mut without = Vec::new();
    loop {
        match put(store, &aside) {
            Ok(()) => break,
            Err(StoreError::NameTaken { name, .. }) if !unnamed => {
                aside.new.name = None;
                note(&mut aside.new, &format!("it was named {name}"));
                unnamed = true;
            }
            Err(StoreError::MissingContents { session, tab, pane }) => {
                if lost == Lost::Wait {
                    return Ok(Done::Later);
                }
                let missing = (session, tab, pane);
                // Said of the same pane again: then this is not the way.
                if without.contains(&missing) || !leave_out(&mut aside.new, &missing) {
                    return Ok(Done::SetAside);
                }
                if without.is_empty() {
                    note(&mut aside.new, "texts were lost while it was spooled");
                }
                without.push(missing);
            }
            // It will not be stored another time either.
            Err(
                error @ (StoreError::Invalid(_)
                | StoreError::BadName { .. }
                | StoreError::TooLarge { .. }),
            ) => {
                tracing::warn!(?file, "cannot take in: {error}");
                return Ok(Done::SetAside);
            }
            Err(error) => return Err(error),
        }
    }
    taken.taken += 1;
    taken.partial += usize::from(!without.is_empty());
    taken.unnamed += usize::from(unnamed);
    Ok(Done::Stored)
}

/// Adds to the note of a snapshot.
fn note(new: &mut Recording, words: &str) {
    new.notes.push(Note {
        time: None,
        kind: NoteKind::Damage,
        text: words.to_owned(),
    });
}

/// Takes the texts of a pane out of a snapshot, which is partial from then on.
fn leave_out(new: &mut Recording, (session, tab, pane): &(BString, u32, u32)) -> bool {
    let panes = new
        .state
        .sessions
        .iter_mut()
        .filter(|own| own.name == *session)
        .flat_map(|own| own.tabs.iter_mut())
        .filter(|own| own.index == *tab)
        .flat_map(|own| own.panes.iter_mut());
    let Some(found) = panes.into_iter().find(|own| own.index == *pane) else {
        return false;
    };
    found.contents = None;
    found.attachments.clear();
    new.partial = true;
    true
}

/// Stores a snapshot, unless it is there.
fn put(store: &Store, aside: &SpooledCapture) -> Result<(), StoreError> {
    let new = &aside.new;
    let bytes = new.contents.iter().map(|text| text.len() as u64).sum();
    space::check(store.dir(), OPERATION, bytes)?;
    store.place().write_or_make(OPERATION, &seed(new), |txn| {
        if is_there(txn, new)? {
            return Ok(Outcome::Abort(()));
        }
        let (Outcome::Commit(_) | Outcome::Abort(_)) =
            recording::record(txn, new, aside.unchanged)?;
        Ok(Outcome::Commit(()))
    })
}

/// What tells a store that is made for this snapshot from others.
pub(in crate::store) fn seed(new: &Recording) -> Vec<u8> {
    format!("{} {} {}", new.time.0, new.random, new.host).into_bytes()
}

/// Whether the snapshot was stored before, even if it is in the trash now. Its id ends with its
/// random bits.
fn is_there(txn: &WriteTransaction, new: &Recording) -> Result<bool, Fault> {
    // Without randomness there is nothing to tell it by.
    if new.random == 0 {
        return Ok(false);
    }
    let (from, below) = SnapshotId::possible(new.time, new.random);
    Ok(is_among(txn, new, Some(from), None)? || is_among(txn, new, None, Some(below))?)
}

/// Whether it is among the ids from one on, and below another.
fn is_among(
    txn: &WriteTransaction,
    new: &Recording,
    from: Option<SnapshotId>,
    below: Option<SnapshotId>,
) -> Result<bool, Fault> {
    let mut there = false;
    ids::walk_from(txn, from, &mut |id| {
        let ended = below.is_some_and(|below| id >= below);
        there = !ended && id.has_random(new.random);
        Ok(if there || ended {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    })?;
    Ok(there)
}
