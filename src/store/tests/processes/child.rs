//! What the processes do that are started and killed: this very test program, in a role.
//!
//! A child says what it is about to do and what is done, a line each, so that the test knows what
//! was acknowledged when it was killed. A child that meets an error that cannot be dies of it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::model::id::SnapshotId;
use crate::model::time::Millis;
use crate::store::care::rewrite::tests::{NOW, censor};
use crate::store::testing::{log, record, session, snapshot, state, text};
use crate::store::{
    Edit, NewSnapshot, Query, Retention, SearchQuery, Store, StoreError, StoreOptions, VerifyReport,
};

/// Names the directory for a child.
pub(super) const DIR: &str = "MUXTAPE_TEST_STORE_DIR";
/// Names what it does.
pub(super) const ROLE: &str = "MUXTAPE_TEST_STORE_ROLE";
/// A child whose killer was killed ends some time.
const STEPS: u32 = 3000;

/// What a child does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Write,
    Prune,
    Trash,
    Collect,
    Compact,
    Rewrite,
    Read,
    Crowd,
}

impl Role {
    pub(super) const ALL: [Role; 8] = [
        Role::Write,
        Role::Prune,
        Role::Trash,
        Role::Collect,
        Role::Compact,
        Role::Rewrite,
        Role::Read,
        Role::Crowd,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Role::Write => "write",
            Role::Prune => "prune",
            Role::Trash => "trash",
            Role::Collect => "collect",
            Role::Compact => "compact",
            Role::Rewrite => "rewrite",
            Role::Read => "read",
            Role::Crowd => "crowd",
        }
    }
}

/// Not a test of its own: the body of the children.
#[test]
fn child() {
    let (Some(dir), Ok(role)) = (std::env::var_os(DIR), std::env::var(ROLE)) else {
        return;
    };
    let options = StoreOptions {
        wait: muxtape_testing::scaled(Duration::from_secs(60)),
        ..StoreOptions::default()
    };
    let role = Role::ALL.into_iter().find(|own| own.name() == role);
    let child = Child {
        store: Store::new(PathBuf::from(dir), options),
        name: format!("p{}", std::process::id()),
    };
    // The first sign of life, so that nobody is killed before anything began.
    println!("@alive");
    match role.unwrap() {
        Role::Write => (0..STEPS).for_each(|step| child.write(step)),
        Role::Prune => (0..STEPS).for_each(|step| child.prune(step)),
        Role::Trash => (0..STEPS).for_each(|step| child.trash(step)),
        Role::Collect => (0..STEPS).for_each(|step| child.collect(step)),
        Role::Compact => (0..STEPS).for_each(|step| child.compact(step)),
        Role::Rewrite => (0..STEPS).for_each(|step| child.rewrite(step)),
        Role::Read => (0..STEPS).for_each(|step| child.read(step)),
        Role::Crowd => child.crowd(),
    }
}

struct Child {
    store: Store,
    /// The session that its snapshots are of.
    name: String,
}

/// The text of a snapshot of this step: told from its name and step alone.
pub(super) fn shown(step: u32) -> String {
    log(step * 3..step * 3 + 40 + step * 37 % 400)
}

impl Child {
    fn new_snapshot(&self, step: u32) -> NewSnapshot {
        let texts = [text(shown(step))];
        let state = state(vec![session(&self.name, 1, &texts)]);
        snapshot(i64::from(step), &state, &texts)
    }

    /// Stores a snapshot; one that is not to be kept may be pruned.
    fn store_one(&self, step: u32, keep: bool) -> SnapshotId {
        let mut new = self.new_snapshot(step);
        new.pinned = keep;
        let meta = record(&self.store, new);
        let kind = if keep { "kept" } else { "free" };
        println!("@stored {} {step} {kind}", meta.id);
        meta.id
    }

    fn write(&self, step: u32) {
        self.store_one(step, true);
    }

    fn prune(&self, step: u32) {
        for at in 0..4 {
            self.store_one(step * 4 + at, false);
        }
        println!("@pruning");
        let now = Millis(1_790_100_000_000);
        self.store.prune(&Retention::last(2), now).unwrap();
        println!("@pruned");
    }

    fn trash(&self, step: u32) {
        let ids = [0, 1, 2].map(|at| self.store_one(step * 3 + at, true));
        for id in ids {
            println!("@trashing {id}");
            self.store.trash(&[id], Millis(1)).unwrap();
            println!("@trashed {id}");
        }
        println!("@returning {}", ids[1]);
        self.store.untrash(&ids[1..2]).unwrap();
        println!("@returned {}", ids[1]);
        self.empty_trash();
    }

    fn empty_trash(&self) {
        println!("@emptying");
        self.store.empty_trash().unwrap();
        println!("@emptied");
    }

    fn collect(&self, step: u32) {
        let id = self.store_one(step, true);
        println!("@trashing {id}");
        self.store.trash(&[id], Millis(1)).unwrap();
        println!("@trashed {id}");
        self.empty_trash();
        self.store.collect().unwrap();
        println!("@collected");
    }

    fn compact(&self, step: u32) {
        self.store_one(step, true);
        self.store.compact().unwrap();
        println!("@compacted");
    }

    /// Takes a word out of the whole history that stands in a note of its own alone.
    fn rewrite(&self, step: u32) {
        let id = self.store_one(step, true);
        let word = format!("{}-{step}.", self.name);
        let note = Edit::Describe(Some(word.as_str().into()));
        self.store.edit(&[id], &note).unwrap();
        let done = self.store.rewrite(&censor(&word), NOW, &mut |_| {});
        assert_eq!(done.unwrap().stored.changed, 1);
        println!("@rewritten");
    }

    /// Reads in every way. What was listed may be gone a moment later, and nothing else.
    fn read(&self, step: u32) {
        let listed = self.store.list(&Query::default()).unwrap();
        let newest = listed.iter().take(3);
        for meta in newest {
            let loaded = match self.store.load(meta.id) {
                Err(StoreError::NotFound { .. }) => continue,
                loaded => loaded.unwrap(),
            };
            let panes = loaded.state.panes();
            let texts = panes.filter_map(|(_, _, pane)| pane.contents);
            let digests: Vec<_> = texts.map(|text| text.digest).collect();
            match self.store.contents(&digests) {
                // Only where its snapshot is gone as well.
                Err(error) => assert!(self.store.load(meta.id).is_err(), "{error}"),
                Ok(texts) => assert_eq!(texts.len(), digests.len()),
            }
        }
        let query = SearchQuery {
            text: "api".into(),
            contents: step.is_multiple_of(4),
            limit: Some(5),
            ..SearchQuery::default()
        };
        self.store.search(&query).unwrap();
        self.store.stats().unwrap();
        println!("@read");
    }

    /// A bit of everything, and how long each thing took.
    fn crowd(&self) {
        let mut longest = Duration::ZERO;
        let mut timed = |work: &dyn Fn()| {
            let start = Instant::now();
            work();
            longest = longest.max(start.elapsed());
        };
        for step in 0..12 {
            timed(&|| self.write(step));
            timed(&|| drop(self.store.list(&Query::default()).unwrap()));
            timed(&|| drop(self.store.lives().unwrap()));
        }
        timed(&|| drop::<VerifyReport>(self.store.verify().unwrap()));
        println!("@longest {}", longest.as_millis());
    }
}
