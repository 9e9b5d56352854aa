//! Rot below whatever rewrites the store: nothing makes a damaged page look good, and nothing
//! forgets what heals it.
//!
//! Bits flip in some pages, a page is torn or lost, the end of the file is cut off; then something
//! rewrites the file or a part of it, then the store is repaired: all of it is there again, byte
//! for byte. Without the parity file whatever would write the store anew refuses, and leaves the
//! file alone; and what removes something for good removes nothing that could still be read.
//! `MUXTAPE_TEST_ROUNDS` sets how many bits flip.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::LazyLock;

use tempfile::TempDir;

use super::rounds;
use crate::model::contents::Contents;
use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::snapshot::Snapshot;
use crate::model::time::Millis;
use crate::store::care::rewrite::tests::censor;
use crate::store::file::lease::Outcome;
use crate::store::file::pages::{Child, Depth, InUse, is_right, walk};
use crate::store::file::parity;
use crate::store::record::tables::{Change, Stream};
use crate::store::testing::{
    Scratch, log, open, record, record_text, scratch, session, snapshot, state, text,
};
use crate::store::{Edit, Query, Recorded, Retention, Store, StoreError, Unchanged};

const NOW: Millis = Millis(1_790_000_100_000);
const SIDECAR: &str = "muxtape.id";
const PAGE: usize = 4096;

/// What a store holds.
pub(super) struct Held {
    pub(super) s: Scratch,
    pub(super) all: BTreeMap<SnapshotId, Snapshot>,
    pub(super) texts: BTreeMap<Digest, Contents>,
}

/// A store with a history and with room inside; its parity file is complete.
pub(super) fn held(count: u32) -> Held {
    let s = scratch();
    let (mut all, mut texts) = (BTreeMap::new(), BTreeMap::new());
    for at in 0..count {
        let shown = [
            text(log(at * 11..at * 11 + 160)),
            text(format!("$ make {at}\n{}", log(at * 77..at * 77 + 12))),
        ];
        let state = state(vec![
            session("api", 1, &shown[..1]),
            session("web", 2, &shown[1..]),
        ]);
        let mut new = snapshot(i64::from(at) + 1, &state, &shown);
        new.name = (at % 5 == 0).then(|| format!("name-{at}").into());
        let meta = record(&s.store, new);
        texts.extend(shown.map(|text| (text.digest(), text)));
        all.insert(meta.id, Snapshot { meta, state });
    }
    let gone: Vec<SnapshotId> = all.keys().copied().step_by(4).collect();
    s.store.trash(&gone, NOW).unwrap();
    s.store.empty_trash().unwrap();
    all.retain(|id, _| !gone.contains(id));
    s.store.protect();
    Held { s, all, texts }
}

impl Held {
    /// A copy of the store, with its parity file, in which something has happened to the bytes.
    pub(super) fn copy(&self, to: &TempDir, change: impl FnOnce(&mut Vec<u8>)) -> Store {
        let store = open(to);
        let _ = fs::remove_dir_all(store.dir());
        fs::create_dir_all(store.dir()).unwrap();
        for name in [SIDECAR, parity::FILE] {
            fs::copy(self.s.store.dir().join(name), store.dir().join(name)).unwrap();
        }
        let mut bytes = fs::read(self.s.store.file()).unwrap();
        change(&mut bytes);
        fs::write(store.file(), bytes).unwrap();
        store
    }

    pub(super) fn in_use(&self) -> InUse {
        let hold = self.s.store.place().hold("test").unwrap();
        walk(hold.disk(), Depth::All, &|_| None).unwrap()
    }

    /// The snapshots that are what they were.
    fn whole(&self, store: &Store) -> BTreeSet<SnapshotId> {
        let is_whole = |id: &SnapshotId, known: &Snapshot| {
            let found = store
                .load(*id)
                .is_ok_and(|found| found.state == known.state);
            let panes = known.state.panes();
            let digests = panes.filter_map(|(_, _, pane)| Some(pane.contents?.digest));
            found && store.contents(&digests.collect::<Vec<_>>()).is_ok()
        };
        let whole = self.all.iter().filter(|(id, known)| is_whole(id, known));
        whole.map(|(id, _)| *id).collect()
    }

    /// Every snapshot is what it was.
    pub(super) fn check(&self, store: &Store, what: &str) {
        let report = store.verify().unwrap();
        assert!(report.is_ok(), "{what}: {:?}", report.damaged);
        for (id, known) in &self.all {
            let found = store.load(*id).unwrap_or_else(|e| panic!("{what}: {e}"));
            assert_eq!(found.state, known.state, "{what}");
            let panes = known.state.panes();
            let digests: Vec<Digest> = panes
                .filter_map(|(_, _, pane)| Some(pane.contents?.digest))
                .collect();
            let texts = store
                .contents(&digests)
                .unwrap_or_else(|e| panic!("{what}: {e}"));
            assert!(
                texts.iter().eq(digests.iter().map(|it| &self.texts[it])),
                "{what}"
            );
        }
    }
}

/// Numbers in a fixed order that looks like none.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }
}

static HELD: LazyLock<Held> = LazyLock::new(|| held(40));

/// What happens to a file: bytes at offsets that are something else.
#[derive(Debug, Clone)]
struct Rot {
    what: String,
    bytes: Vec<(usize, Vec<u8>)>,
    /// Bytes that are left.
    len: Option<usize>,
}

impl Rot {
    fn apply(&self, file: &mut Vec<u8>) {
        for (at, bytes) in &self.bytes {
            file[*at..at + bytes.len()].copy_from_slice(bytes);
        }
        file.truncate(self.len.unwrap_or(usize::MAX));
    }
}

/// Rot in pages that are in use: entries, keys, what leads to pages, the database's own tables;
/// every eighth in the header.
struct Rotting {
    dice: Dice,
    pages: Vec<Child>,
    file: Vec<u8>,
}

impl Rotting {
    fn new(seed: u64) -> Self {
        Self {
            dice: Dice(seed),
            pages: HELD.in_use().pages.into_values().collect(),
            file: fs::read(HELD.s.store.file()).unwrap(),
        }
    }

    /// One flipped bit.
    fn bit(&mut self, at: u32) -> (usize, u8) {
        let Self { dice, pages, file } = self;
        if at % 8 == 7 {
            return (dice.below(320), 1 << dice.below(8));
        }
        loop {
            let page = &pages[dice.below(pages.len())];
            let start = usize::try_from(page.extent.offset).unwrap();
            let len = usize::try_from(page.extent.len).unwrap();
            let (within, bit) = (dice.below(len), 1 << dice.below(8));
            let mut bytes = file[start..start + len].to_vec();
            bytes[within] ^= bit;
            // Behind the last entry of a page nothing is of use.
            if !is_right(page, &bytes) {
                return (start + within, bit);
            }
        }
    }

    fn flipped(&mut self, at: u32, count: u32) -> Rot {
        // As many pages of a stripe as can be healed may be bad, and all may be of one.
        let bits: BTreeMap<usize, u8> = (0..count).map(|_| self.bit(at)).collect();
        Rot {
            what: format!("flipped bits {bits:?}"),
            bytes: bits
                .into_iter()
                .map(|(at, bit)| (at, vec![self.file[at] ^ bit]))
                .collect(),
            len: None,
        }
    }

    /// A 4 KiB page of which only some sectors are what was written.
    fn torn(&mut self) -> Rot {
        let page = self.pages[self.dice.below(self.pages.len())].number();
        let start = usize::try_from(page).unwrap() * PAGE;
        let from = 512 * self.dice.below(PAGE / 512);
        let old = self.dice.below(self.file.len() / PAGE) * PAGE;
        let bytes = self.file[old + from..old + PAGE].to_vec();
        Rot {
            what: format!("page {page} torn from {from} on"),
            bytes: vec![(start + from, bytes)],
            len: None,
        }
    }

    fn zeroed(&mut self) -> Rot {
        let page = self.pages[self.dice.below(self.pages.len())].number();
        Rot {
            what: format!("page {page} zeroed"),
            bytes: vec![(usize::try_from(page).unwrap() * PAGE, vec![0; PAGE])],
            len: None,
        }
    }

    /// Cuts off the last pages that are in use, and a part of the one before.
    fn cut(&mut self) -> Rot {
        let end = |page: &Child| page.extent.offset + page.extent.len;
        let end = self.pages.iter().map(end).max().unwrap();
        let len = usize::try_from(end).unwrap() - self.dice.below(3 * PAGE);
        Rot {
            what: format!("cut to {len}"),
            bytes: Vec::new(),
            len: Some(len),
        }
    }

    fn any(&mut self, at: u32) -> Rot {
        match at % 6 {
            0 | 1 => self.flipped(at / 6, 1),
            2 => self.flipped(at / 6, 3),
            3 => self.torn(),
            4 => self.zeroed(),
            _ => self.cut(),
        }
    }
}

fn add(store: &Store, second: i64, shown: &str) -> Result<Recorded, StoreError> {
    let texts = [text(shown)];
    let state = state(vec![session("add", 1, &texts)]);
    store.record(snapshot(second, &state, &texts), Unchanged::Store)
}

/// Whatever writes the store anew, or a part of it.
type Rewriting = (&'static str, fn(&Store) -> Result<(), StoreError>);
const REWRITING: [Rewriting; 13] = [
    ("compact", |store| store.compact().map(drop)),
    ("tidy", |store| store.tidy().map(drop)),
    ("shrink", |store| store.place().shrink("shrink")),
    ("protect", |store| {
        store.protect();
        Ok(())
    }),
    ("collect", |store| store.collect().map(drop)),
    ("rewrite", |store| {
        add(store, 900, "hunter2 is a word")?;
        store
            .rewrite(&censor("hunter2"), NOW, &mut |_| {})
            .map(drop)
    }),
    ("record", |store| {
        for at in 0..12 {
            add(store, 901 + at, &log(0..20))?;
        }
        Ok(())
    }),
    ("edit", |store| {
        let listed = store.list(&Query::default())?;
        let ids: Vec<_> = listed.iter().map(|meta| meta.id).collect();
        store.edit(&ids, &Edit::Tag("seen".into())).map(drop)
    }),
    ("prune", |store| {
        store.prune(&Retention::last(1000), NOW).map(drop)
    }),
    ("export", |store| {
        let listed = store.list(&Query::default())?;
        let ids: Vec<_> = listed.iter().map(|meta| meta.id).collect();
        store.export(&ids, NOW, &mut Vec::new()).unwrap();
        Ok(())
    }),
    ("much at once", |store| {
        // More than is remembered of what pages were.
        let value = vec![3; 3000];
        store.place().write("test", |txn| {
            let many = (0..2500u64).map(|key| (key + (1 << 40), &value[..]));
            txn.put_all(Stream::Literals, many)?;
            txn.remove(Stream::Literals, (0..2500u64).map(|key| key + (1 << 40)))?;
            Ok(Outcome::Commit(()))
        })
    }),
    ("empty the trash", |store| {
        if let Recorded::Stored(new) = add(store, 950, &log(3..30))? {
            store.trash(&[new.id], NOW)?;
        }
        store.empty_trash().map(drop)
    }),
    ("all of them", |store| {
        for (_, rewrite) in &REWRITING[..12] {
            rewrite(store)?;
        }
        Ok(())
    }),
];

#[test]
fn what_rewrites_a_rotten_store_forgets_nothing_that_heals_it() {
    let seed = 0x5eed_0001;
    let dir = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
    let mut rotting = Rotting::new(seed);
    let all = rounds(39);
    let (mut refused, mut healed) = (0, 0);
    for at in 0..all {
        let rot = rotting.any(at);
        let (name, rewrite) = REWRITING[at as usize % REWRITING.len()];
        let what = format!("seed {seed:x}, no. {at}: {name} after {}", rot.what);
        let store = HELD.copy(&dir, |bytes| rot.apply(bytes));
        let damaged = !store.verify().unwrap().is_ok();
        if let Err(error) = rewrite(&store) {
            assert!(error.is_damage(), "{what}: {error}");
            refused += 1;
        }
        let report = store
            .repair(NOW)
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(report.is_whole(), "{what}: {report:?}");
        HELD.check(&store, &what);
        healed += u32::from(damaged);
    }
    assert!(healed >= all / 8 * 7, "{healed}");
    println!("{all} files rotted: {healed} were damaged, {refused} were refused, all healed");
}

#[test]
fn without_a_parity_file_a_rotten_store_is_not_written_anew() {
    let seed = 0x5eed_0002;
    let dir = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
    let anew = [0, 1, 2, 5].map(|at| REWRITING[at]);
    let mut rotting = Rotting::new(seed);
    let mut refused = 0;
    for at in 0..rounds(24) {
        let rot = rotting.any(at);
        let (name, rewrite) = anew[at as usize % anew.len()];
        let what = format!("seed {seed:x}, no. {at}: {name} after {}", rot.what);
        let store = HELD.copy(&dir, |bytes| rot.apply(bytes));
        fs::remove_file(store.dir().join(parity::FILE)).unwrap();
        let damaged = store
            .place()
            .pages("test")
            .is_ok_and(|found| !found.is_right());
        let before = fs::read(store.file()).unwrap();
        if !damaged {
            continue;
        }
        if name == "rewrite" {
            // (It records before.)
            let done = store.rewrite(&censor("make"), NOW, &mut |_| {});
            assert!(done.is_err_and(|error| error.is_damage()), "{what}");
        } else if name == "tidy" {
            // It does not pay in so small a store; nothing is blessed.
            let _ = rewrite(&store);
        } else {
            let done = rewrite(&store);
            assert!(
                done.as_ref().is_err_and(StoreError::is_damage),
                "{what}: {done:?}"
            );
        }
        assert!(
            fs::read(store.file()).unwrap() == before,
            "{what}: the file was changed"
        );
        refused += 1;
        // Nor does a new parity file say that it is right.
        store.protect();
        assert!(!store.place().pages("test").unwrap().is_right(), "{what}");
        assert!(!store.verify().unwrap().is_ok(), "{what}");
    }
    assert!(refused > 0);
}

/// Whatever removes something for good.
const REMOVING: [Rewriting; 3] = [
    ("collect", |store| store.collect().map(drop)),
    ("prune", |store| {
        store.prune(&Retention::last(1000), NOW)?;
        // Whatever was removed makes a collection due.
        store.collect().map(drop)
    }),
    ("empty the trash", |store| {
        store.empty_trash()?;
        store.collect().map(drop)
    }),
];

/// Without a parity file: what is left can be brought back afterwards as well as before.
#[test]
fn what_removes_for_good_from_a_rotten_store_takes_nothing_with_it() {
    let seed = 0x5eed_0004;
    let dir = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
    let mut rotting = Rotting::new(seed);
    let whole = |rot: &Rot, work: &dyn Fn(&Store)| {
        let store = HELD.copy(&dir, |bytes| rot.apply(bytes));
        fs::remove_file(store.dir().join(parity::FILE)).unwrap();
        work(&store);
        let report = store.repair(NOW).unwrap();
        let whole = HELD.whole(&store);
        (whole, report)
    };
    let (mut refused, mut done) = (0, 0);
    for at in 0..rounds(9) {
        let rot = rotting.flipped(0, 1 + at % 3);
        let (name, remove) = REMOVING[at as usize / 3 % 3];
        let what = format!("seed {seed:x}, no. {at}: {name} after {}", rot.what);
        let (before, _) = whole(&rot, &|_| {});
        let counted = RefCell::new((0, 0));
        let (after, report) = whole(&rot, &|store| match remove(store) {
            Ok(()) => counted.borrow_mut().0 += 1,
            Err(error) => {
                assert!(error.is_damage(), "{what}: {error}");
                counted.borrow_mut().1 += 1;
            }
        });
        done += counted.borrow().0;
        refused += counted.borrow().1;
        let lost: Vec<_> = before.difference(&after).collect();
        assert!(lost.is_empty(), "{what}: {lost:?}, {report:?}");
    }
    println!("{done} done and {refused} refused: nothing was lost that was not lost before");
}

#[test]
fn a_parity_file_that_is_behind_takes_nothing_back() {
    let dir = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
    let store = HELD.copy(&dir, |_| {});
    let behind = fs::read(store.dir().join(parity::FILE)).unwrap();
    let last = record_text(&store, 800, "late", "what came last");
    let pages = store.place().pages("test").unwrap();
    let before = HELD.in_use();
    // Of pages that are as they were, one in every ten.
    let old = pages
        .pages
        .values()
        .filter(|page| before.pages.values().any(|it| it == *page));
    let good = fs::read(store.file()).unwrap();
    let (mut healed, mut refused) = (0, 0);
    for page in old.take(8) {
        let mut bytes = good.clone();
        let at = usize::try_from(page.extent.offset).unwrap() + 9;
        bytes[at] ^= 1;
        fs::write(store.file(), &bytes).unwrap();
        fs::write(store.dir().join(parity::FILE), &behind).unwrap();
        let what = format!(
            "page {} rotten below a parity file that is behind",
            page.number()
        );
        match store.compact() {
            Ok(_) => {
                HELD.check(&store, &what);
                assert_eq!(store.load(last.id).unwrap().meta, last, "{what}");
                healed += 1;
            }
            // Too much of its stripe is newer.
            Err(error) => {
                assert!(error.is_damage(), "{what}: {error}");
                assert!(
                    fs::read(store.file()).unwrap() == bytes,
                    "{what}: it was changed"
                );
                refused += 1;
            }
        }
    }
    assert!(healed + refused > 0);
    println!("with a parity file that is behind: {healed} healed, {refused} refused");
}
