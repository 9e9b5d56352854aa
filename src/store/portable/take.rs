//! Taking in the snapshots of a portable file: all of them or none.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek};

use bstr::BString;
use redb::{ReadTransaction, WriteTransaction};

use super::clean::{Cleaning, Incoming};
use super::error::PortableError;
use super::place::place;
use super::read::Portable;
use crate::model::contents::Contents;
use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::snapshot::{Cause, Provenance, RedactionCount, SnapshotMeta, Trust};
use crate::model::time::Millis;
use crate::store::Store;
use crate::store::care::carry::{self, Carry, Near};
use crate::store::care::rewrite::Cleaner;
use crate::store::file::lease::Outcome;
use crate::store::file::space;
use crate::store::record::counters::Counters;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::record::tables::View;
use crate::store::snapshot::names;
use crate::store::text::texts;

const OPERATION: &str = "import snapshots";

/// How snapshots are taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Import {
    /// The clock: ids of the future are not kept.
    pub now: Millis,
    /// Whether it is only looked at what would be done.
    pub dry_run: bool,
}

/// What became of a snapshot of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportOutcome {
    /// It was not.
    New,
    /// It was not, but another one has its id, or its id is one of the future.
    NewUnderAnotherId,
    /// It was, and stays as it is.
    There,
    /// It lies in the trash, and stays there.
    InTrash,
    /// Nothing of it may be recorded here.
    NothingLeft,
}

impl ImportOutcome {
    fn is_new(self) -> bool {
        matches!(self, ImportOutcome::New | ImportOutcome::NewUnderAnotherId)
    }
}

/// A snapshot of a file, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Its id in the file.
    pub from: SnapshotId,
    /// What is told of it: as it is stored, or would be. Of one that was there, as the file tells
    /// it, under the id that it has in the store.
    pub meta: SnapshotMeta,
    /// Why it was made, on the machine that it comes from.
    pub made: Cause,
    /// What became of it.
    pub outcome: ImportOutcome,
    /// The name that it lost, because another snapshot has it or it cannot be one.
    pub unnamed: Option<String>,
    /// What was taken out of it now: the rules where it comes from did not find it.
    pub redactions: Vec<RedactionCount>,
}

impl Store {
    /// Takes in all snapshots of a file that was checked as a whole, in one transaction: all or
    /// none. Each goes through `cleaner` with its texts. Gives back what became of each, in their
    /// order.
    ///
    /// Ids are kept where they are free; what is there already stays as it is. What comes in has
    /// the cause [`Cause::Import`] and stands beside the line: it is nobody's parent, is never what
    /// a crash is recovered from, and takes no place that retention counts.
    pub fn import<R: Read + Seek>(
        &self,
        file: &mut Portable<R>,
        cleaner: &dyn Cleaner,
        how: Import,
    ) -> Result<Vec<Imported>, PortableError> {
        let cleaning = Cleaning::new(cleaner, file)?;
        let looked = self.look(file, &cleaning, how.now)?;
        if how.dry_run || !looked.iter().any(Imported::is_new) {
            return Ok(looked);
        }
        if self.exists()
            && let Err(error @ StoreError::Busy { .. }) = self.take_in()
        {
            return Err(error.into());
        }
        // What is compressed there takes about as much here.
        space::check(self.dir(), OPERATION, file.len())?;
        let mut failed = None;
        let seed = format!("{} {}", how.now.0, file.description().exported_at);
        let done = self
            .place()
            .write_or_make(OPERATION, seed.as_bytes(), |txn| {
                match take(txn, file, &cleaning, how.now) {
                    Ok(taken) if taken.iter().any(Imported::is_new) => Ok(Outcome::Commit(taken)),
                    Ok(taken) => Ok(Outcome::Abort(taken)),
                    Err(Stop::Store(fault)) => Err(fault),
                    Err(Stop::File(error)) => {
                        failed = Some(error);
                        Err(Fault::damaged_object("the portable file", "it was changed"))
                    }
                }
            });
        match failed {
            Some(error) => Err(error),
            None => Ok(done?),
        }
    }

    fn look<R: Read + Seek>(
        &self,
        file: &mut Portable<R>,
        cleaning: &Cleaning<'_>,
        now: Millis,
    ) -> Result<Vec<Imported>, PortableError> {
        let mut intake = Intake::default();
        let mut imported = Vec::new();
        for number in 0..file.count() {
            let Some(snapshot) = file.snapshot(number)? else {
                break;
            };
            let made = snapshot.meta.cause;
            let mut incoming = cleaning.snapshot(snapshot)?;
            let decided = if self.exists() {
                self.place().read("look at what is to be imported", |txn| {
                    intake.decide(Some(txn), &mut incoming, cleaning, now)
                })?
            } else {
                let none = None::<&ReadTransaction>;
                let decided = intake.decide(none, &mut incoming, cleaning, now);
                decided.map_err(|fault| fault.at(OPERATION, self.file()))?
            };
            imported.push(decided.told(incoming, made));
        }
        Ok(imported)
    }
}

impl Imported {
    /// Whether it is stored by this, or would be.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.outcome.is_new()
    }
}

/// Why a transaction ends.
enum Stop {
    Store(Fault),
    File(PortableError),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Stop::Store(fault)
    }
}

impl From<PortableError> for Stop {
    fn from(error: PortableError) -> Self {
        Stop::File(error)
    }
}

fn take<R: Read + Seek>(
    txn: &WriteTransaction,
    file: &mut Portable<R>,
    cleaning: &Cleaning<'_>,
    now: Millis,
) -> Result<Vec<Imported>, Stop> {
    let mut counters = Counters::read(txn)?;
    let mut intake = Intake::default();
    let mut imported = Vec::new();
    let mut last: Option<Near> = None;
    for number in 0..file.count() {
        let Some(snapshot) = file.snapshot(number)? else {
            break;
        };
        let made = snapshot.meta.cause;
        let mut incoming = cleaning.snapshot(snapshot)?;
        let decided = intake.decide(Some(txn), &mut incoming, cleaning, now)?;
        if decided.outcome.is_new() {
            let fresh = fresh_texts(txn, file, cleaning, &incoming)?;
            let near = match last.take() {
                Some(last) => Some(last),
                None => Near::newest(txn, &incoming.meta.server)?,
            };
            let carry = Carry {
                seq: counters.take_seq()?,
                meta: incoming.meta.clone(),
                state: incoming.state.clone().into_inner(),
                since: None,
            };
            let entry = carry::beside(txn, &mut counters, carry, &fresh, near.as_ref())?;
            incoming.meta.clone_from(&entry.meta);
            last = Some(Near::new(entry, incoming.state.clone().into_inner()));
        }
        imported.push(decided.told(incoming, made));
    }
    counters.write(txn)?;
    Ok(imported)
}

/// What is decided about a snapshot.
struct Decided {
    from: SnapshotId,
    outcome: ImportOutcome,
    unnamed: Option<String>,
}

impl Decided {
    fn told(self, incoming: Incoming, made: Cause) -> Imported {
        Imported {
            from: self.from,
            meta: incoming.meta,
            made,
            outcome: self.outcome,
            unnamed: self.unnamed,
            redactions: incoming.found,
        }
    }
}

/// What has come in so far.
#[derive(Default)]
struct Intake {
    /// The ids here of those in the file.
    ids: BTreeMap<SnapshotId, SnapshotId>,
    /// Names that were given, with the sessions in which they were.
    names: BTreeSet<(String, BString)>,
}

impl Intake {
    /// Decides about a snapshot, and writes into what is told of it: id, cause, parent, name.
    fn decide<V: View>(
        &mut self,
        view: Option<&V>,
        incoming: &mut Incoming,
        cleaning: &Cleaning<'_>,
        now: Millis,
    ) -> Result<Decided, Fault> {
        let from = incoming.meta.id;
        let (id, outcome) = place(view, incoming, now)?;
        self.ids.insert(from, id);
        let meta = &mut incoming.meta;
        meta.id = id;
        meta.cause = Cause::Import;
        meta.provenance = Provenance::Imported {
            trust: Trust::Foreign,
        };
        // One that did not come along stays unnamed: whatever has its id here may be another one.
        meta.parent = meta.parent.and_then(|id| self.ids.get(&id).copied());
        let mut unnamed = None;
        if outcome.is_new()
            && let Some(name) = meta.name.take()
        {
            if self.is_free(view, &name, meta)? {
                let sessions = meta.sessions.iter();
                let given = sessions.map(|session| (name.clone(), session.name.clone()));
                self.names.extend(given);
                meta.name = Some(name);
            } else {
                cleaning.note(meta, &format!("it was named {name}"));
                unnamed = Some(name);
            }
        }
        Ok(Decided {
            from,
            outcome,
            unnamed,
        })
    }

    fn is_free<V: View>(
        &self,
        view: Option<&V>,
        name: &str,
        meta: &SnapshotMeta,
    ) -> Result<bool, Fault> {
        let given = |session: &BString| self.names.contains(&(name.to_owned(), session.clone()));
        if names::check_sound(Some(name)).is_err()
            || meta.sessions.iter().any(|session| given(&session.name))
        {
            return Ok(false);
        }
        match view.map_or(Ok(()), |view| names::check_free(view, Some(name), meta)) {
            Ok(()) => Ok(true),
            Err(Fault::Store(StoreError::NameTaken { .. })) => Ok(false),
            Err(fault) => Err(fault),
        }
    }
}

/// The texts of a snapshot that are not stored yet.
fn fresh_texts<R: Read + Seek>(
    txn: &WriteTransaction,
    file: &mut Portable<R>,
    cleaning: &Cleaning<'_>,
    incoming: &Incoming,
) -> Result<BTreeMap<Digest, Contents>, Stop> {
    let shown: BTreeSet<Digest> = incoming.state.texts().map(|text| text.digest).collect();
    let mut fresh = BTreeMap::new();
    for digest in shown {
        if texts::number(txn, digest)?.is_none()
            && let Some(text) = cleaning.text(file, digest)?
        {
            fresh.insert(digest, text.into_inner());
        }
    }
    Ok(fresh)
}
