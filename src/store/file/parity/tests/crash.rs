//! Kills and power losses between any two steps of store and parity file.

use std::collections::BTreeSet;
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use redb::backends::FileBackend;
use redb::{BackendError, StorageBackend};

use super::*;
use crate::store::StoreOptions;
use crate::store::file::disk::with_disk;
use crate::store::file::parity::sidecar::tally;
use crate::store::file::parity::{FILE, keep};
use crate::store::tests::rounds;

/// Both files as others would see them at one moment.
#[derive(Debug)]
struct Moment {
    store: Arc<Vec<u8>>,
    parity: Arc<Vec<u8>>,
    /// Syncs of each until then.
    syncs: (usize, usize),
    /// Commits that were acknowledged.
    done: usize,
}

/// Notes what both files are before everything that is done to the store's file.
#[derive(Debug)]
struct Watching {
    inner: FileBackend,
    dir: PathBuf,
    film: Arc<Mutex<Film>>,
}

#[derive(Debug, Default)]
struct Film {
    moments: Vec<Moment>,
    syncs: usize,
    done: usize,
}

impl Film {
    fn shoot(&mut self, dir: &Path) {
        let read = |name: &str, before: Option<&Arc<Vec<u8>>>| {
            let now = fs::read(dir.join(name)).unwrap_or_default();
            match before {
                Some(before) if **before == now => Arc::clone(before),
                _ => Arc::new(now),
            }
        };
        let last = self.moments.last();
        let moment = Moment {
            store: read("muxtape.redb", last.map(|last| &last.store)),
            parity: read(FILE, last.map(|last| &last.parity)),
            syncs: (self.syncs, tally::SYNCS.get()),
            done: self.done,
        };
        self.moments.push(moment);
    }
}

impl Watching {
    fn shoot(&self) {
        self.film.lock().unwrap().shoot(&self.dir);
    }
}

impl StorageBackend for Watching {
    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.inner.read(offset, out)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.shoot();
        self.inner.set_len(len)
    }
    fn sync_data(&self) -> io::Result<()> {
        self.shoot();
        self.film.lock().unwrap().syncs += 1;
        self.inner.sync_data()
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.shoot();
        self.inner.write(offset, data)
    }
    fn close(&self) -> io::Result<()> {
        self.shoot();
        self.inner.close()
    }
    fn try_lock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<bool, BackendError> {
        self.inner.try_lock_range(from, to)
    }
    fn unlock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<(), BackendError> {
        self.inner.unlock_range(from, to)
    }
}

/// A few commits, one of which makes the file grow.
fn film() -> (Scratch, Vec<Moment>) {
    let s = scratch();
    record_text(&s.store, 1, "api", &noise(1, 300_000));
    let film = Arc::new(Mutex::new(Film::default()));
    let (dir, inner) = (s.store.dir().to_owned(), Arc::clone(&film));
    let wrap = move |file| -> Box<dyn StorageBackend> {
        Box::new(Watching {
            inner: file,
            dir: dir.clone(),
            film: Arc::clone(&inner),
        })
    };
    with_disk(wrap, || {
        for (at, len) in [(2, 3_000), (3, 900_000), (4, 2_000), (5, 40_000)] {
            record_text(&s.store, i64::try_from(at).unwrap(), "api", &noise(at, len));
            film.lock().unwrap().done += 1;
        }
    });
    film.lock().unwrap().shoot(s.store.dir());
    let moments = std::mem::take(&mut film.lock().unwrap().moments);
    (s, moments)
}

/// A store as it is found after a crash.
fn found(s: &Scratch, store: &[u8], parity: &[u8]) -> (tempfile::TempDir, Store) {
    let dir = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
    fs::copy(
        s.store.dir().join("muxtape.id"),
        dir.path().join("muxtape.id"),
    )
    .unwrap();
    fs::write(dir.path().join("muxtape.redb"), store).unwrap();
    fs::write(dir.path().join(FILE), parity).unwrap();
    let store = Store::new(dir.path().to_owned(), StoreOptions::default());
    (dir, store)
}

/// What must hold whatever the parity file missed.
fn judge(s: &Scratch, store: &[u8], parity: &[u8], done: usize) -> Report {
    let (_dir, found) = found(s, store, parity);
    // Healing where nothing is damaged keeps everything that was acknowledged.
    let (_, healed) = heal(&found);
    fs::write(found.file(), healed).unwrap();
    let shown = found.list(&crate::store::Query::default()).unwrap();
    assert!(shown.len() > done, "{} of {done}", shown.len());
    assert!(found.verify().unwrap().is_ok());
    // And without it, the next lease finds out what is stale.
    fs::write(found.file(), store).unwrap();
    record_text(&found, 1000, "api", "$ after");
    keep(&found.place()).unwrap();
    let after = report(&found);
    assert_eq!((after.unknown, after.behind), (0, false));
    assert!(found.verify().unwrap().is_ok());
    // Free pages that were written to and never committed may look damaged, and nobody misses them.
    let (_, healed) = heal(&found);
    fs::write(found.file(), healed).unwrap();
    assert!(found.verify().unwrap().is_ok());
    assert_eq!(
        found.list(&crate::store::Query::default()).unwrap().len(),
        shown.len() + 1
    );
    after
}

/// Some of these cases, far apart; all of them when there is time (`MUXTAPE_TEST_ROUNDS`).
fn some_of<T>(cases: Vec<T>, few: u32) -> impl Iterator<Item = T> {
    let step = cases.len().div_ceil(rounds(few) as usize);
    cases.into_iter().skip(step / 2).step_by(step)
}

#[test]
fn a_kill_between_any_two_steps_does_no_harm() {
    let (s, mut moments) = film();
    moments.dedup_by(|b, a| Arc::ptr_eq(&a.store, &b.store) && Arc::ptr_eq(&a.parity, &b.parity));
    assert!(moments.len() > 60, "{}", moments.len());
    for moment in some_of(moments, 12) {
        let after = judge(&s, &moment.store, &moment.parity, moment.done);
        assert!(
            after.damaged.is_empty(),
            "a kill makes nothing look damaged"
        );
    }
}

#[test]
fn a_power_loss_that_keeps_one_file_and_not_the_other_does_no_harm() {
    let (s, moments) = film();
    let mut pairs = Vec::new();
    let mut seen = BTreeSet::new();
    for (a, store) in moments.iter().enumerate() {
        for (b, parity) in moments.iter().enumerate() {
            // What was synced before the power went is there.
            let last = &moments[a.max(b)];
            let possible = store.syncs.0 == last.syncs.0 && parity.syncs.1 == last.syncs.1;
            let both = (Arc::as_ptr(&store.store), Arc::as_ptr(&parity.parity));
            if possible && seen.insert(both) {
                pairs.push((store, parity));
            }
        }
    }
    assert!(pairs.len() > 200, "{}", pairs.len());
    for (store, parity) in some_of(pairs, 16) {
        judge(&s, &store.store, &parity.parity, store.done);
    }
}
