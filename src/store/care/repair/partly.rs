//! Keeping what is left of snapshots of which a part is lost.
//!
//! A pane whose text is lost stays without it; its snapshot gets the root of what is left, is
//! marked as partial, and a note says what is missing. What it was stays in the history. A snapshot
//! whose tree is lost goes, and keeps its place in the history, too.

use std::collections::{BTreeMap, BTreeSet};

use redb::WriteTransaction;

use super::{LostSnapshot, OPERATION};
use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::snapshot::{Cause, ChangeCount, Note, NoteKind, Provenance, SnapshotMeta};
use crate::model::time::Millis;
use crate::model::tree::{ContentsRef, ServerState};
use crate::store::care::salvage::{Chosen, Haul};
use crate::store::care::trash;
use crate::store::care::verify::DamagedObject;
use crate::store::file::lease::{Outcome, Place};
use crate::store::record::counters::Counters;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::record::ids;
use crate::store::record::request::Storing;
use crate::store::record::tables::{Change, Stream, View, go_on};
use crate::store::snapshot::chain;
use crate::store::snapshot::lives;
use crate::store::snapshot::metadata::{self, Entry, Reader};
use crate::store::snapshot::names;
use crate::store::snapshot::remnants;
use crate::store::snapshot::rosters;
use crate::store::snapshot::structure;
use crate::store::text::blocks::Blocks;
use crate::store::text::literals;
use crate::store::text::texts;

/// Parts that a note names; of more it says how many.
const NAMED: usize = 8;

/// What became of snapshots.
#[derive(Debug, Default)]
pub(super) struct Mended {
    pub(super) partial: Vec<(SnapshotId, Vec<DamagedObject>)>,
    pub(super) lost: Vec<LostSnapshot>,
    /// Snapshots whose records were made anew from their trees.
    pub(super) remade: BTreeSet<u64>,
}

/// Makes every snapshot of a store whole or partial, or takes it out. `chosen` has other copies of
/// records, which are tried first.
pub(super) fn mend(
    place: &Place<'_>,
    haul: &Haul<'_>,
    chosen: &Chosen,
) -> Result<Mended, StoreError> {
    place.write(OPERATION, |txn| {
        let mut mending = Mending {
            txn,
            others: (haul, chosen),
            counters: Counters::read(txn)?,
            blocks: Blocks::default(),
            lost: BTreeSet::new(),
            whole: BTreeMap::new(),
            guessed: BTreeSet::new(),
            mended: Mended::default(),
        };
        mending.texts()?;
        for stream in [Stream::Timeline, Stream::Trash] {
            for seq in txn.keys(stream, 0..=u64::MAX, usize::MAX)? {
                mending.snapshot(stream, seq)?;
            }
        }
        for (&seq, id) in &chosen.lost {
            mending.remake(seq, *id)?;
        }
        mending.forget_lost_texts()?;
        mending.counters.write(txn)?;
        Ok(Outcome::Commit(mending.mended))
    })
}

struct Mending<'a> {
    txn: &'a WriteTransaction,
    others: (&'a Haul<'a>, &'a Chosen),
    counters: Counters,
    blocks: Blocks,
    /// Texts that cannot be read.
    lost: BTreeSet<u64>,
    /// The newest text of each digest that can.
    whole: BTreeMap<Digest, u64>,
    /// Servers whose records are lost, with a guess in their place.
    guessed: BTreeSet<u64>,
    mended: Mended,
}

/// A tree as far as it is left.
struct Tree {
    state: ServerState,
    texts: BTreeMap<Digest, u64>,
    lost: Vec<DamagedObject>,
    /// Whether its record has to be written anew, whatever is lost.
    anew: bool,
    /// The root of all of it, where that can be told.
    was: Option<Digest>,
}

/// The number of a text, 0 for none, and what is told of it.
type Told = (u64, Option<ContentsRef>);

/// Whether there was a text, and nothing is left of it.
fn is_lost((number, _): Told, left: Option<&Option<ContentsRef>>) -> bool {
    number != 0 && left.is_some_and(Option::is_none)
}

/// `None` for damage, which is what is looked for here.
fn readable<T>(read: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(fault) if fault.is_damage() => Ok(None),
        Err(fault) => Err(fault),
    }
}

impl Mending<'_> {
    /// Puts other copies of a record in its place, until one is right.
    fn other<T>(
        &mut self,
        stream: Stream,
        key: u64,
        mut right: impl FnMut(&mut Self) -> Result<Option<T>, Fault>,
    ) -> Result<Option<T>, Fault> {
        if let Some(found) = right(self)? {
            return Ok(Some(found));
        }
        let (haul, chosen) = self.others;
        let spots = chosen.records.get(&(stream, key));
        for spot in spots.into_iter().flatten().skip(1) {
            let record = haul.read(*spot);
            let record = record.map_err(|error| Fault::Database(error.into()))?;
            self.txn.put(stream, key, &record)?;
            if let Some(found) = right(self)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Finds out which texts are lost.
    fn texts(&mut self) -> Result<(), Fault> {
        for number in self.txn.keys(Stream::Versions, 0..=u64::MAX, usize::MAX)? {
            let digest = self.other(Stream::Versions, number, |own| own.text(number))?;
            match digest {
                Some(digest) => {
                    self.whole.insert(digest, number);
                    texts::set(self.txn, digest, number)?;
                }
                None => {
                    self.lost.insert(number);
                }
            }
        }
        Ok(())
    }

    /// The digest of a text, if it is whole. What only later texts would need is let go.
    fn text(&mut self, number: u64) -> Result<Option<Digest>, Fault> {
        let Some((label, mut version)) = readable(texts::version(self.txn, number))? else {
            return Ok(None);
        };
        let contents = readable(self.blocks.text(self.txn, &version))?;
        if contents.is_none_or(|contents| contents.digest() != label.digest) {
            return Ok(None);
        }
        let there =
            |literal| Ok::<_, Fault>(readable(literals::head(self.txn, literal))?.is_some());
        let keyframe = texts::keyframe(self.txn, number)?;
        let dictionary = Some(version.dictionary.literal).filter(|literal| *literal != 0);
        let keyframe = keyframe.map_or(Ok(true), there)?;
        let dictionary = dictionary.map_or(Ok(true), there)?;
        if !dictionary {
            version.dictionary = Default::default();
        }
        if !(keyframe && dictionary) {
            texts::put(self.txn, &mut self.counters, number, (&label, &version))?;
        }
        Ok(Some(label.digest))
    }

    fn snapshot(&mut self, stream: Stream, seq: u64) -> Result<(), Fault> {
        let Some(record) = self.txn.get(stream, seq)? else {
            return Ok(());
        };
        let Some(parts) = remnants::parts(seq, &record) else {
            return Ok(());
        };
        let tree = self.other(Stream::States, seq, |own| own.tree(seq, Some(parts.root)))?;
        let Some(tree) = tree else {
            return self.take_out(stream, seq, &parts);
        };
        let server_lost = self.need_origin(parts.origin, parts.time)?;
        let summaries = tree.state.summaries();
        if readable(rosters::load(self.txn, parts.roster))?.is_none() {
            rosters::put(self.txn, parts.roster, &summaries)?;
        }
        let reader = Reader::new(self.txn);
        let (mut entry, since) = match stream {
            Stream::Trash => reader
                .read_trashed(seq, &record)
                .map(|(entry, since)| (entry, Some(since)))?,
            _ => (reader.read(seq, &record)?, None),
        };
        let mut lost = tree.lost;
        if tree.anew || !lost.is_empty() {
            let state = (&tree.state, &tree.texts);
            let counters = &mut self.counters;
            structure::store(self.txn, counters, seq, state, None, Storing::Full)?;
        }
        if !lost.is_empty() {
            chain::keep(self.txn, seq, Some((parts.id, parts.root)))?;
            entry.meta.root = tree.state.digest();
            entry.meta.logical_bytes = tree.state.texts().map(|text| text.bytes).sum();
        }
        if server_lost {
            lost.push(DamagedObject::Record);
        }
        if lost.is_empty() && entry.meta.sessions == summaries {
            return Ok(());
        }
        entry.meta.sessions = summaries;
        if !lost.is_empty() {
            entry.meta.partial = true;
            describe(&mut entry, &lost);
            self.mended.partial.push((parts.id, lost));
        }
        match since {
            Some(since) => trash::note(self.txn, &entry, since).map(drop),
            None => metadata::put(self.txn, &entry).map(drop),
        }
    }

    /// What is left of a tree; `None` where it cannot be read, or has another root.
    fn tree(&mut self, seq: u64, root: Option<Digest>) -> Result<Option<Tree>, Fault> {
        let Some(stored) = readable(structure::stored(self.txn, seq))? else {
            return Ok(None);
        };
        if !stored.adds_up() || stored.state.check().is_err() {
            return Ok(None);
        }
        let (shown, attached) = (self.labels(&stored.shown)?, self.labels(&stored.attached)?);
        let mut state = stored.state.clone();
        structure::show(&mut state, shown.iter().map(|(_, label)| *label));
        structure::attach(&mut state, attached.iter().map(|(_, label)| *label));
        let mut all = shown.iter().chain(&attached);
        let told = all.all(|(number, label)| *number == 0 || label.is_some());
        let was = told.then(|| state.digest());
        if was.is_some() && root.is_some() && was != root {
            return Ok(None);
        }
        let keyframe = structure::keyframe(self.txn, seq)?;
        let keyframe = keyframe.map_or(Ok(Some(())), |literal| {
            readable(literals::head(self.txn, literal).map(drop))
        })?;
        let mut tree = Tree {
            state: ServerState::default(),
            texts: BTreeMap::new(),
            lost: Vec::new(),
            anew: keyframe.is_none(),
            was,
        };
        let (mut left, mut kept) = (Vec::new(), Vec::new());
        let mut attached = attached.into_iter();
        for ((session, tab, pane), text) in stored.state.panes().zip(shown) {
            left.push(self.left(&mut tree, text));
            let mut lost = is_lost(text, left.last());
            for text in attached.by_ref().take(pane.attachments.len()) {
                kept.push(self.left(&mut tree, text));
                lost |= is_lost(text, kept.last());
            }
            if lost {
                tree.lost.push(DamagedObject::Text {
                    session: session.name.clone(),
                    tab: tab.index,
                    pane: pane.index,
                });
            }
        }
        let mut state = stored.state;
        structure::show(&mut state, left.into_iter());
        structure::attach(&mut state, kept.into_iter());
        tree.state = state;
        Ok(Some(tree))
    }

    /// What is told of the texts of these numbers.
    fn labels(&self, numbers: &[u64]) -> Result<Vec<Told>, Fault> {
        let label = |&number: &u64| match number {
            0 => Ok((0, None)),
            _ => Ok((number, readable(texts::label(self.txn, number))?)),
        };
        numbers.iter().map(label).collect()
    }

    /// A text as far as it is left, noted as one of a tree.
    fn left(&self, tree: &mut Tree, (number, label): Told) -> Option<ContentsRef> {
        let text = label.filter(|label| self.whole.contains_key(&label.digest))?;
        // The same text may have been stored twice.
        let copy = self.whole.get(&text.digest).copied().unwrap_or(number);
        let own = !self.lost.contains(&number);
        tree.texts
            .insert(text.digest, if own { number } else { copy });
        tree.anew |= !own;
        Some(text)
    }

    /// Makes the record of a snapshot anew from its tree and its id, as of the server of its
    /// neighbour; takes away the tree where that cannot be done.
    fn remake(&mut self, seq: u64, id: Option<SnapshotId>) -> Result<(), Fault> {
        let tree = self.other(Stream::States, seq, |own| own.tree(seq, None))?;
        let near = self.neighbour(seq)?;
        let (Some(id), Some((tree, root)), Some(near)) = (
            id,
            tree.and_then(|tree| tree.was.map(|root| (tree, root))),
            near,
        ) else {
            return self.txn.remove(Stream::States, std::iter::once(seq));
        };
        let (txn, counters) = (self.txn, &mut self.counters);
        if tree.anew || !tree.lost.is_empty() {
            let state = (&tree.state, &tree.texts);
            structure::store(txn, counters, seq, state, None, Storing::Full)?;
            chain::keep(txn, seq, Some((id, root)))?;
        }
        let sessions = tree.state.summaries();
        let like = Some((near.roster, &near.meta.sessions[..]));
        let (roster, _) = rosters::number(txn, counters, &sessions, like)?;
        let mut entry = Entry {
            seq,
            origin: near.origin,
            roster,
            meta: SnapshotMeta {
                id,
                parent: None,
                time: id.moment(),
                cause: Cause::Auto,
                provenance: Provenance::Recorded,
                name: None,
                notes: Vec::new(),
                tags: Vec::new(),
                pinned: false,
                archived: false,
                partial: true,
                host: near.meta.host,
                server: near.meta.server,
                root: tree.state.digest(),
                logical_bytes: tree.state.texts().map(|text| text.bytes).sum(),
                sessions,
                changes: ChangeCount::default(),
                stored_bytes: 0,
                took_ms: 0,
                redactions: Vec::new(),
                gap: None,
            },
        };
        let mut lost = tree.lost;
        lost.insert(0, DamagedObject::Record);
        describe(&mut entry, &lost);
        metadata::put(txn, &entry)?;
        ids::set(txn, id, seq)?;
        self.mended.partial.push((id, lost));
        self.mended.remade.insert(seq);
        Ok(())
    }

    /// The snapshot before a number, or else after it.
    fn neighbour(&self, seq: u64) -> Result<Option<Entry>, Fault> {
        let reader = Reader::new(self.txn);
        let mut near = None;
        let mut look = |seq, record: &[u8]| {
            near = readable(reader.read(seq, record))?;
            Ok(go_on(near.is_none()))
        };
        self.txn.walk_back(Stream::Timeline, 0..=seq, &mut look)?;
        if near.is_none() {
            let mut look = |seq, record: &[u8]| {
                near = readable(reader.read(seq, record))?;
                Ok(go_on(near.is_none()))
            };
            self.txn.walk(Stream::Timeline, seq..=u64::MAX, &mut look)?;
        }
        Ok(near)
    }

    /// Takes a snapshot out of which no tree is left.
    fn take_out(&mut self, stream: Stream, seq: u64, parts: &remnants::Parts) -> Result<(), Fault> {
        let txn = self.txn;
        chain::keep(txn, seq, Some((parts.id, parts.root)))?;
        ids::unset(txn, parts.id)?;
        if let Some(name) = &parts.name {
            names::forget(txn, name, seq)?;
        }
        txn.remove(stream, std::iter::once(seq))?;
        txn.remove(Stream::States, std::iter::once(seq))?;
        self.mended.lost.push(LostSnapshot {
            number: seq,
            id: Some(parts.id),
            what: DamagedObject::Structure,
        });
        Ok(())
    }

    /// Puts the likeliest server in the place of one whose record is lost, so that its snapshots
    /// can be used; says whether it did. It is that of the life that was known at the time.
    fn need_origin(&mut self, number: u64, time: Millis) -> Result<bool, Fault> {
        if self.guessed.contains(&number) {
            return Ok(true);
        }
        if readable(remnants::origin(self.txn, number))?.is_some() {
            return Ok(false);
        }
        let lives = lives::all(self.txn)?;
        let at_the_time = |life: &&crate::model::snapshot::Life| {
            (life.first_seen..=life.last_seen).contains(&time)
        };
        let life = lives.iter().find(at_the_time).or(lives.first());
        let mut others = Vec::new();
        for other in self.txn.keys(Stream::Origins, 0..=u64::MAX, usize::MAX)? {
            others.extend(readable(remnants::origin(self.txn, other))?);
        }
        let other = others.pop();
        let guess = remnants::guess(life.map(|life| &life.server), other, time);
        remnants::put_origin(self.txn, number, &guess)?;
        self.guessed.insert(number);
        Ok(true)
    }

    /// Removes texts that cannot be read: nothing refers to them any more.
    fn forget_lost_texts(&mut self) -> Result<(), Fault> {
        for &number in &self.lost {
            let label = readable(texts::label(self.txn, number))?;
            if let Some(text) = label
                && texts::number(self.txn, text.digest)? == Some(number)
            {
                texts::unset(self.txn, text.digest)?;
            }
        }
        self.txn.remove(Stream::Versions, self.lost.iter().copied())
    }
}

/// Notes what is lost.
fn describe(entry: &mut Entry, lost: &[DamagedObject]) {
    let named: Vec<String> = lost.iter().take(NAMED).map(ToString::to_string).collect();
    let mut told = format!("lost by damage: {}", named.join(", "));
    if let Some(more) = lost.len().checked_sub(NAMED).filter(|more| *more > 0) {
        told.push_str(&format!(", and {more} more"));
    }
    entry.meta.notes.push(Note {
        time: None,
        kind: NoteKind::Damage,
        text: told,
    });
}
