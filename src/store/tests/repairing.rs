//! Damaged stores are brought back: what was recorded byte for byte, or less, and never anything
//! else.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use redb::backends::FileBackend;
use redb::{BackendError, StorageBackend};
use tempfile::TempDir;

use super::rounds;
use crate::model::contents::Contents;
use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::snapshot::{Snapshot, SnapshotMeta};
use crate::model::time::Millis;
use crate::store::file::disk::with_disk;
use crate::store::file::parity;
use crate::store::testing::{Scratch, log, open, record, scratch, session, snapshot, state, text};
use crate::store::{Edit, Query, RepairReport, Store, StoreError, Way};

const NOW: Millis = Millis(1_790_000_100_000);
const PAGE: usize = 4096;

/// A store, and what is in it.
struct Filled {
    s: Scratch,
    live: BTreeMap<SnapshotId, Snapshot>,
    trashed: BTreeMap<SnapshotId, SnapshotMeta>,
    texts: BTreeMap<Digest, Contents>,
    removed: BTreeSet<SnapshotId>,
}

/// A history in which a log grows, a build shows another page every time, and a shell rarely
/// changes. Some snapshots were thrown away, some removed for good, some named and pinned after
/// they were recorded.
fn filled(count: u32) -> Filled {
    let s = scratch();
    let mut texts = BTreeMap::new();
    let mut live = BTreeMap::new();
    for at in 0..count {
        let shown = [
            text(log(at * 7..at * 7 + 150)),
            text(log(at * 31 + 90_000..at * 31 + 90_020)),
            text(format!("$ make {}\n", at / 20)),
        ];
        let state = state(vec![
            session("api", 1, &shown[..2]),
            session("web", 2, &shown[2..]),
        ]);
        let meta = record(&s.store, snapshot(i64::from(at) + 1, &state, &shown));
        texts.extend(shown.map(|text| (text.digest(), text)));
        live.insert(meta.id, Snapshot { meta, state });
    }
    let ids: Vec<SnapshotId> = live.keys().copied().collect();
    let every = |step: usize| ids.iter().copied().skip(3).step_by(step);
    let gone: Vec<SnapshotId> = every(12).collect();
    s.store.trash(&gone, NOW).unwrap();
    s.store.empty_trash().unwrap();
    let thrown: Vec<SnapshotId> = every(12)
        .map(|id| ids[ids.iter().position(|i| *i == id).unwrap() - 2])
        .collect();
    s.store.trash(&thrown, NOW).unwrap();
    let pinned: Vec<SnapshotId> = every(12)
        .map(|id| ids[ids.iter().position(|i| *i == id).unwrap() - 1])
        .collect();
    for meta in s.store.edit(&pinned, &Edit::Pin(true)).unwrap() {
        let id = meta.id;
        live.get_mut(&id).unwrap().meta = meta;
    }
    let mut trashed = BTreeMap::new();
    for id in &thrown {
        trashed.insert(*id, live.remove(id).unwrap().meta);
    }
    live.retain(|id, _| !gone.contains(id));
    Filled {
        s,
        live,
        trashed,
        texts,
        removed: gone.into_iter().collect(),
    }
}

/// How much of a store can be restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Figures {
    whole: usize,
    partial: usize,
    lost: usize,
}

impl Filled {
    fn copy(&self, to: &TempDir, damage: impl FnOnce(&mut Vec<u8>)) -> Store {
        let store = open(to);
        let _ = fs::remove_dir_all(store.dir());
        fs::create_dir_all(store.dir()).unwrap();
        let mut bytes = fs::read(self.s.store.file()).unwrap();
        damage(&mut bytes);
        fs::write(store.file(), bytes).unwrap();
        let sidecar = "muxtape.id";
        fs::copy(self.s.store.dir().join(sidecar), store.dir().join(sidecar)).unwrap();
        store
    }

    /// What can be restored now. Nothing may be wrong, and nothing that was removed may be there.
    fn examine(&self, store: &Store, what: &str) -> Figures {
        let mut figures = Figures::default();
        for (id, known) in &self.live {
            match store.load(*id) {
                Ok(found) if found.state == known.state => {
                    assert_eq!(found.meta.root, known.meta.root, "{what}");
                    assert_eq!(found.meta.sessions, known.meta.sessions, "{what}");
                    let digests: Vec<Digest> = self.digests(known);
                    match store.contents(&digests) {
                        Ok(texts) => {
                            let right = digests.iter().map(|digest| &self.texts[digest]);
                            assert!(texts.iter().eq(right), "a wrong text after {what}");
                            figures.whole += 1;
                        }
                        Err(_) => figures.lost += 1,
                    }
                }
                Ok(found) => {
                    self.check_partial(store, known, &found, what);
                    figures.partial += 1;
                }
                Err(_) => figures.lost += 1,
            }
        }
        figures
    }

    fn digests(&self, snapshot: &Snapshot) -> Vec<Digest> {
        let panes = snapshot.state.panes();
        panes
            .filter_map(|(_, _, pane)| Some(pane.contents?.digest))
            .collect()
    }

    /// What is left of a snapshot is what it was, without some of its texts.
    fn check_partial(&self, store: &Store, known: &Snapshot, found: &Snapshot, what: &str) {
        assert!(found.meta.partial, "{what}");
        let description = found.meta.description().unwrap_or_default();
        assert!(description.contains("lost by damage"), "{description}");
        let mut as_it_was = found.state.clone();
        let panes = known.state.panes().map(|(_, _, pane)| pane.contents);
        crate::store::snapshot::structure::show(&mut as_it_was, panes);
        assert_eq!(as_it_was, known.state, "a wrong tree after {what}");
        for digest in self.digests(found) {
            let shown = store.contents(&[digest]).unwrap();
            assert_eq!(shown, [self.texts[&digest].clone()], "{what}");
        }
    }

    /// Repairs, and checks everything that must hold then.
    fn repair(&self, store: &Store, what: &str) -> (RepairReport, Figures) {
        let report = store.repair(NOW).unwrap();
        let checked = store.verify().unwrap();
        assert!(checked.is_ok(), "{what}: {:?}", checked.damaged);
        assert_eq!(report.left, [], "{what}");
        let figures = self.examine(store, what);
        let all = Query {
            archived: true,
            ..Query::default()
        };
        let listed = store.list(&all).unwrap();
        let trash: Vec<SnapshotId> = store
            .trashed()
            .unwrap()
            .iter()
            .map(|(meta, _)| meta.id)
            .collect();
        for id in listed
            .iter()
            .map(|meta| meta.id)
            .chain(trash.iter().copied())
        {
            assert!(
                !self.removed.contains(&id),
                "a removed one is back after {what}"
            );
            let known = self.live.contains_key(&id) || self.trashed.contains_key(&id);
            assert!(known, "one that never was after {what}");
        }
        if report.is_whole() {
            for meta in &listed {
                assert_eq!(*meta, self.live[&meta.id].meta, "{what}");
            }
            assert!(trash.iter().all(|id| self.trashed.contains_key(id)));
            // A cut can take every trace of some.
            if figures.whole == self.live.len() {
                assert_eq!(trash.len(), self.trashed.len(), "{what}");
            }
        }
        let again = store.repair(NOW).unwrap();
        assert_eq!((again.found, again.kept), (Vec::new(), None), "{what}");
        (report, figures)
    }
}

/// Numbers that look random, and are the same every time.
fn noise(seed: u64) -> impl Iterator<Item = usize> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 11).unwrap()
    })
}

/// Offsets of bytes that are not zero.
fn used(bytes: &[u8]) -> Vec<usize> {
    (0..bytes.len()).filter(|at| bytes[*at] != 0).collect()
}

fn scratch_dir() -> TempDir {
    tempfile::Builder::new().prefix("mt").tempdir().unwrap()
}

#[test]
fn a_store_that_is_whole_is_left_as_it_is() {
    let filled = filled(20);
    let before = fs::read(filled.s.store.file()).unwrap();
    let report = filled.s.store.repair(NOW).unwrap();
    assert_eq!(report.found, []);
    assert_eq!(report.kept, None);
    assert_eq!(report.snapshots, 20 - 2);
    assert_eq!(fs::read(filled.s.store.file()).unwrap(), before);
    let names: Vec<_> = fs::read_dir(filled.s.store.dir()).unwrap().collect();
    assert!(
        names
            .iter()
            .all(|name| name.as_ref().unwrap().file_name() != "repair")
    );
}

#[test]
fn after_a_flipped_bit_every_snapshot_can_be_restored() {
    let filled = filled(240);
    let dir = scratch_dir();
    let bytes = fs::read(filled.s.store.file()).unwrap();
    let places = used(&bytes);
    let (mut least, mut least_before) = (usize::MAX, usize::MAX);
    let count = rounds(12) as usize;
    let (mut sum, mut lost) = (0, 0);
    for at in noise(1).map(|n| places[n % places.len()]).take(count) {
        let what = format!("a flipped bit at {at}");
        let store = filled.copy(&dir, |bytes| bytes[at] ^= 1 << (at % 8));
        let before = filled.examine(&store, &what);
        let (_, after) = filled.repair(&store, &what);
        assert!(after.whole >= before.whole, "{what}: {after:?}");
        lost = lost.max(after.lost);
        least_before = least_before.min(before.whole);
        least = least.min(after.whole);
        sum += after.whole;
    }
    assert!(lost <= 1, "{lost}");
    println!(
        "{count} flips, {} snapshots: at least {least_before} whole before, {least} after; {sum} of {} in all",
        filled.live.len(),
        count * filled.live.len(),
    );
}

#[test]
fn without_its_header_and_a_fifth_of_its_pages_most_of_a_store_comes_back() {
    let filled = filled(240);
    let dir = scratch_dir();
    let rounds = u64::from(rounds(3));
    for seed in 0..rounds {
        let what = format!("a fifth of the pages zeroed, {seed}");
        let store = filled.copy(&dir, |bytes| {
            bytes[..PAGE].fill(0);
            let pages = bytes.len() / PAGE;
            let used: Vec<usize> = (1..pages)
                .filter(|page| bytes[page * PAGE..][..PAGE].iter().any(|byte| *byte != 0))
                .collect();
            for at in noise(seed + 7).take(used.len() / 5) {
                bytes[used[at % used.len()] * PAGE..][..PAGE].fill(0);
            }
        });
        let before = filled.examine(&store, &what);
        let (report, after) = filled.repair(&store, &what);
        println!(
            "{what}: before {before:?}, after {after:?}, {:?}",
            report.healed
        );
        assert_eq!(before.whole, 0);
        assert!(after.whole + after.partial > 0, "{what}");
    }
}

#[test]
fn without_its_header_alone_nothing_is_lost() {
    let filled = filled(60);
    let dir = scratch_dir();
    let store = filled.copy(&dir, |bytes| bytes[..PAGE].fill(0));
    let (report, after) = filled.repair(&store, "no header");
    assert_eq!(after.whole, filled.live.len());
    assert!(report.healed.iter().any(|(way, _)| *way == Way::Salvage));
    let kept = fs::read(report.kept.unwrap()).unwrap();
    assert!(
        kept[..PAGE].iter().all(|byte| *byte == 0),
        "the damaged file is kept as it was"
    );
}

#[test]
fn a_cut_or_overwritten_file_gives_what_is_left() {
    let filled = filled(80);
    let dir = scratch_dir();
    let len = fs::metadata(filled.s.store.file()).unwrap().len() as usize;
    for part in [2, 5, 7] {
        let what = format!("a cut to {part}/8");
        let store = filled.copy(&dir, |bytes| bytes.truncate(len / 8 * part));
        let (_, figures) = filled.repair(&store, &what);
        println!("{what}: {figures:?} of {}", filled.live.len());
    }
    let store = filled.copy(&dir, |bytes| {
        let used = used(bytes);
        let middle = used[used.len() / 2] / PAGE * PAGE;
        let noise = noise(3).map(|n| n.to_le_bytes()[0]);
        bytes[middle..][..4 * PAGE]
            .iter_mut()
            .zip(noise)
            .for_each(|(to, from)| *to = from);
    });
    let (_, figures) = filled.repair(&store, "garbage over four pages");
    println!("garbage: {figures:?} of {}", filled.live.len());
}

#[test]
fn a_file_without_any_record_is_left_alone() {
    let filled = filled(20);
    let dir = scratch_dir();
    let store = filled.copy(&dir, |bytes| bytes.fill(7));
    let before = fs::read(store.file()).unwrap();
    let error = store.repair(NOW).unwrap_err();
    assert!(
        matches!(error, StoreError::AllCopiesDamaged { .. }),
        "{error:?}"
    );
    assert_eq!(fs::read(store.file()).unwrap(), before);
    assert!(!store.dir().join("repair").exists());
}

#[test]
fn with_a_parity_file_rotten_pages_cost_nothing() {
    let filled = filled(120);
    parity::keep(&filled.s.store.place()).unwrap();
    let dir = scratch_dir();
    let bytes = fs::read(filled.s.store.file()).unwrap();
    let places = used(&bytes);
    let others = noise(5).map(|n| places[n % places.len()] / PAGE);
    for page in std::iter::once(0).chain(others).take(rounds(5) as usize) {
        let what = format!("page {page} zeroed, with parity");
        let store = filled.copy(&dir, |bytes| bytes[page * PAGE..][..PAGE].fill(0));
        let parity = parity::FILE;
        fs::copy(filled.s.store.dir().join(parity), store.dir().join(parity)).unwrap();
        let (report, after) = filled.repair(&store, &what);
        assert_eq!(after.whole, filled.live.len(), "{what}: {report:?}");
        let ways: Vec<Way> = report.healed.iter().map(|(way, _)| *way).collect();
        assert!(
            report.found.is_empty() || page == 0 || ways == [Way::Parity],
            "{what}: {ways:?}"
        );
    }
}

#[test]
fn what_the_file_has_lost_is_taken_from_an_older_one() {
    let filled = filled(40);
    let dir = scratch_dir();
    let whole = fs::read(filled.s.store.file()).unwrap();
    for what in ["nothing is left", "the second half is lost"] {
        let store = filled.copy(&dir, |bytes| match what {
            "nothing is left" => bytes.fill(0),
            _ => {
                let used = used(bytes);
                let half = used[used.len() / 2] / PAGE * PAGE;
                bytes[half..].fill(0);
            }
        });
        let backups = store.dir().join("backups");
        fs::create_dir(&backups).unwrap();
        fs::write(backups.join("before.redb"), &whole).unwrap();
        let (report, after) = filled.repair(&store, what);
        println!("{what}: {after:?}, {:?}", report.healed);
        assert!(
            report.healed.iter().any(|(way, _)| *way == Way::Backup),
            "{what}"
        );
        if what == "nothing is left" {
            assert_eq!(after.whole, filled.live.len());
        }
        assert_eq!(fs::read(backups.join("before.redb")).unwrap(), whole);
    }
}

#[test]
fn a_snapshot_whose_record_is_lost_is_made_anew_from_its_tree() {
    let s = scratch();
    let texts = [text("$ one")];
    let state = state(vec![session("api", 1, &texts)]);
    let metas: Vec<SnapshotMeta> = (1..4)
        .map(|at| record(&s.store, snapshot(at, &state, &texts)))
        .collect();
    // Neither the record nor an older copy of it.
    s.store.compact().unwrap();
    let mut bytes = fs::read(s.store.file()).unwrap();
    let id = crate::store::record::ids::Stored::from(metas[1].id).0;
    let records: Vec<usize> = memchr::memmem::find_iter(&bytes, &id[..]).collect();
    for at in records {
        if bytes[at - 6..at]
            .windows(2)
            .any(|magic| magic == crate::store::record::frame::MAGIC)
        {
            bytes[at + 20] ^= 1;
        }
    }
    fs::write(s.store.file(), bytes).unwrap();
    let _ = fs::remove_file(s.store.dir().join(parity::FILE));
    assert!(s.store.load(metas[1].id).is_err());
    let report = s.store.repair(NOW).unwrap();
    assert_eq!(report.lost, []);
    assert_eq!(report.partial.len(), 1);
    let found = s.store.load(metas[1].id).unwrap();
    assert_eq!(found.state, state);
    assert_eq!((found.meta.partial, found.meta.root), (true, metas[1].root));
    assert_eq!(found.meta.server, metas[1].server);
    assert!(s.store.verify().unwrap().is_ok());
}

#[test]
fn a_repair_that_fails_anywhere_leaves_the_file_as_it_was() {
    let filled = filled(20);
    let dir = scratch_dir();
    let store = filled.copy(&dir, |bytes| bytes[..PAGE].fill(0));
    // What a killed repair leaves.
    fs::create_dir_all(store.dir().join("repair/Rebuilt")).unwrap();
    fs::write(store.dir().join("repair/Rebuilt/muxtape.redb"), b"half").unwrap();
    let before = fs::read(store.file()).unwrap();
    let mut failed = 0;
    for good in (0..).map(|step| step * 7 + step * step) {
        let writes = Arc::new(AtomicUsize::new(0));
        let wrap = move |file| -> Box<dyn StorageBackend> {
            Box::new(Failing {
                file,
                writes: Arc::clone(&writes),
                good,
            })
        };
        match with_disk(wrap, || store.repair(NOW)) {
            Ok(report) => {
                assert!(report.is_whole());
                break;
            }
            Err(_) => {
                failed += 1;
                assert!(
                    fs::read(store.file()).unwrap() == before,
                    "after {good} writes"
                );
                assert!(!store.dir().join("repair").exists());
            }
        }
    }
    assert!(failed > 3);
    assert_eq!(filled.examine(&store, "failures").whole, filled.live.len());
}

/// A disk that fails from some write on.
#[derive(Debug)]
struct Failing {
    file: FileBackend,
    writes: Arc<AtomicUsize>,
    good: usize,
}

impl StorageBackend for Failing {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }
    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        if self.writes.fetch_add(1, Ordering::SeqCst) >= self.good {
            return Err(rustix::io::Errno::IO.into());
        }
        self.file.write(offset, data)
    }
    fn close(&self) -> io::Result<()> {
        self.file.close()
    }
    fn try_lock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(from, to)
    }
    fn unlock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(from, to)
    }
}
