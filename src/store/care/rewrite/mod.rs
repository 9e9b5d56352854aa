//! Rewriting the history: everything that is stored goes through the rules of today, so that what a
//! new rule finds is taken out of the past, too.
//!
//! A [`Cleaner`] is given by the caller: the store knows no rules. It is shown every tree, every
//! text once, and what users noted, and gives back what may stay, as [`Clean`]; nothing else is
//! written. Snapshots keep their numbers, ids, times, parents and places; one of which nothing is
//! left goes.
//!
//! A look ([`Store::plan_rewrite`]) tells what would change, in short leases, so that others get
//! between. The rewrite itself builds a new file beside the old one, which is under a reading
//! lease: readers go on, and recorders spool what they capture. The new file is read back as a
//! whole, and takes the old one's place by a rename; until then a kill leaves the old store as it
//! was. No byte of the old file is copied: not its free pages, not the pieces that texts share.
//! What waits to be taken in is cleaned last, with nobody else taking it in meanwhile. What other
//! files hold of the old texts is told by [`Store::old_files`].
//!
//! The links of the chain are made anew, and the store notes that it was rewritten
//! ([`Store::rewrites`]). It is another store from then on, by its id: a repair takes nothing from
//! files of the old one.

mod building;
mod cleaning;
mod findings;
mod old_files;
mod rewrites;
mod waiting;

#[cfg(test)]
pub(in crate::store) mod tests;

use std::cell::RefCell;

use redb::ReadTransaction;

pub(in crate::store) use findings::Counts;
pub use findings::{Findings, RuleFindings};
pub use rewrites::Rewrite;
pub(in crate::store) use rewrites::{check, put_record, record};

use crate::model::contents::Contents;
use crate::model::snapshot::RedactionCount;
use crate::model::time::Millis;
use crate::model::tree::ServerState;
use crate::redact::Clean;
use crate::store::Store;
use crate::store::care::migrate;
use crate::store::care::repair;
use crate::store::file::lease::{Outcome, Place};
use crate::store::file::replace::Turn;
use crate::store::file::schema;
use crate::store::file::space;
use crate::store::query::stats;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::text::blocks::Blocks;
use building::Kept;
use cleaning::{Cleaning, Stored};
use waiting::Waiting;

const OPERATION: &str = "rewrite the history";
const LOOK: &str = "look through the history";
/// Snapshots that are looked through under one lease.
const SNAPSHOTS_PER_LEASE: usize = 8;

/// Takes out of what is stored what is not to be there. The same input has to give the same output,
/// and what came out of it once has to come out again unchanged.
pub trait Cleaner {
    /// A tree, without parts that are not to be recorded. What its panes show is looked at by
    /// itself: a pane whose text is not to be kept comes back without its reference.
    fn state(&self, state: ServerState) -> Cleaned<ServerState>;

    /// The text of a pane.
    fn contents(&self, contents: &Contents) -> Cleaned<Contents>;

    /// A name, a note or a tag.
    fn words(&self, words: &str) -> Cleaned<String>;
}

/// What came out of a [`Cleaner`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleaned<T> {
    /// What may stay.
    pub clean: Clean<T>,
    /// How often each rule took something out.
    pub found: Vec<RedactionCount>,
}

/// How far a look or a rewrite has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RewriteStep {
    /// So many snapshots were looked through.
    Looked {
        /// How many.
        done: u64,
        /// Of how many.
        of: u64,
    },
    /// So many snapshots were written to the new file.
    Written {
        /// How many.
        done: u64,
        /// Of how many.
        of: u64,
    },
    /// The new file is complete, and is going to be read back.
    Built,
    /// It holds what it should, and is going to take the old one's place.
    Checked,
    /// It has done so; what waits to be taken in is going to be cleaned.
    Replaced,
}

/// What a rewrite would do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RewritePlan {
    /// What was found in the store.
    pub stored: Findings,
    /// What was found in snapshots that wait to be taken in.
    pub waiting: Findings,
    /// Bytes that have to be free on the disk meanwhile, about.
    pub needed: u64,
}

impl RewritePlan {
    /// Whether everything may stay as it is.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.stored.is_nothing() && self.waiting.is_nothing()
    }
}

/// What a rewrite did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rewritten {
    /// What was found in the store; where that is nothing, it was left as it was.
    pub stored: Findings,
    /// What was found in snapshots that wait to be taken in.
    pub waiting: Findings,
}

/// Is called at every step; an error ends the rewrite there.
type Watch<'a> = &'a dyn Fn(RewriteStep) -> Result<(), Fault>;

impl Store {
    /// What [`Store::rewrite`] would do. Reads everything and changes nothing.
    ///
    /// [`StoreError::Damaged`] where something cannot be read: what nobody can look through cannot
    /// be cleaned.
    pub fn plan_rewrite(
        &self,
        cleaner: &dyn Cleaner,
        progress: &mut dyn FnMut(RewriteStep),
    ) -> Result<RewritePlan, StoreError> {
        let place = self.place();
        let mut cleaning = Cleaning::new(cleaner);
        let kept = place.read(LOOK, building::kept)?;
        let of = kept.len() as u64;
        let kept: Vec<_> = kept.into_iter().collect();
        // Numbers of blocks are never given a second time, so it outlives a lease.
        let mut blocks = Blocks::default();
        let mut done = 0;
        for batch in kept.chunks(SNAPSHOTS_PER_LEASE) {
            place.read(LOOK, |txn| look(txn, batch, &mut blocks, &mut cleaning))?;
            done += batch.len() as u64;
            progress(RewriteStep::Looked { done, of });
        }
        let stored = cleaning.take_findings();
        waiting::look(&place, &mut cleaning)?;
        Ok(RewritePlan {
            stored,
            waiting: cleaning.take_findings(),
            needed: stats::allocated(place.file)?,
        })
    }

    /// Takes out of the whole history, the trash included, what `cleaner` does not let pass. There
    /// is no way back. Nothing is written where nothing is found. Readers go on meanwhile; who
    /// wants to record waits, or spool. Needs as much room as the store takes.
    ///
    /// [`StoreError::Busy`] when others used the store all the time that is waited;
    /// [`StoreError::NoSpace`] where there is no room for the new file; [`StoreError::Damaged`] as
    /// [`Store::plan_rewrite`]. After any error the store is as it was, or rewritten as a whole;
    /// what waits to be taken in may then not be clean yet, and is when this is called again.
    pub fn rewrite(
        &self,
        cleaner: &dyn Cleaner,
        now: Millis,
        progress: &mut dyn FnMut(RewriteStep),
    ) -> Result<Rewritten, StoreError> {
        let progress = RefCell::new(progress);
        run(self, cleaner, now, &|step| {
            (progress.borrow_mut())(step);
            Ok(())
        })
    }

    /// When the history was rewritten, the last time at the end. Of very many times only the last
    /// are known.
    pub fn rewrites(&self) -> Result<Vec<Rewrite>, StoreError> {
        self.place()
            .read("tell when the history was rewritten", |txn| {
                rewrites::read(txn)
            })
    }
}

/// Looks through some snapshots. What was removed in the meantime is passed over.
fn look(
    txn: &ReadTransaction,
    batch: &[(u64, Kept)],
    blocks: &mut Blocks,
    cleaning: &mut Cleaning<'_>,
) -> Result<(), Fault> {
    for &(seq, _) in batch {
        let Some((snapshot, _)) = building::load(txn, seq)? else {
            continue;
        };
        let mut texts = Stored::new(txn, blocks);
        cleaning.snapshot(&snapshot.meta, snapshot.state, &mut texts)?;
    }
    Ok(())
}

fn run(
    store: &Store,
    cleaner: &dyn Cleaner,
    now: Millis,
    watch: Watch<'_>,
) -> Result<Rewritten, StoreError> {
    let place = store.place();
    place.refuse_network()?;
    // An older store is migrated, which takes a turn of its own.
    place.read(OPERATION, |_| Ok(()))?;
    store.take_in()?;
    // Nobody else takes anything in until what waits has been cleaned.
    let waiting = Waiting::hold(&place)?;
    let turn = Turn::take(place, OPERATION)?;
    // With the turn, what is still there of these is of processes that were killed.
    for removed in [migrate::tidy(place.dir), repair::tidy(place.dir)] {
        removed.map_err(|error| StoreError::io(OPERATION, place.dir, error))?;
    }
    space::check(place.dir, OPERATION, stats::allocated(place.file)?)?;
    let mut cleaning = Cleaning::new(cleaner);
    let new = Place {
        file: turn.building(),
        ..place
    };
    let mut stored = Findings::default();
    let built = turn.replace(
        |from, to| {
            let built = building::build((from, to), &mut cleaning, now, watch)?;
            stored = cleaning.take_findings();
            watch(RewriteStep::Built)?;
            Ok(built)
        },
        |txn, built| {
            if built.is_same() {
                return Ok(Outcome::Abort(()));
            }
            built.check(txn, &new)?;
            watch(RewriteStep::Checked)?;
            Ok(Outcome::Commit(()))
        },
    );
    let built = built?;
    if !built.is_same() {
        if let Err(error) = schema::mark(place.dir, built.schema()) {
            tracing::debug!("the next write marks the store: {error}");
        }
        watch(RewriteStep::Replaced).map_err(|fault| fault.at(OPERATION, place.file))?;
    }
    waiting.clean(&mut cleaning)?;
    drop(turn);
    if !built.is_same() {
        store.protect();
    }
    Ok(Rewritten {
        stored,
        waiting: cleaning.take_findings(),
    })
}
