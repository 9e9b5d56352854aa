//! A script of everything that writes, and what a store shows between its steps.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::model::contents::Contents;
use crate::model::id::SnapshotId;
use crate::model::snapshot::{EndCause, Life, LifeEnd, Snapshot, SnapshotMeta};
use crate::model::time::Millis;
use crate::store::care::rewrite::tests::{NOW, censor};
use crate::store::testing::{log, open, session, snapshot, state, text};
use crate::store::{Edit, Query, Retention, Store, StoreError, Unchanged};

/// One thing that a store is asked to do. What it is about follows from what the store holds, so
/// that a step that failed can be asked for again.
pub(super) type Step = fn(&Store) -> Result<(), StoreError>;

/// The steps, with what they are called when one goes wrong.
pub(super) const SCRIPT: &[(&str, Step)] = &[
    ("record a line more", |store| shoot(store, 20, 21)),
    ("record a long text", |store| shoot(store, 21, 900)),
    ("rename", |store| {
        let rename = Edit::Rename(Some("before".into()));
        store.edit(&[nth(store, 0)?], &rename).map(drop)
    }),
    ("tag several", |store| {
        let ids = [nth(store, 0)?, nth(store, 3)?, nth(store, 7)?];
        store.edit(&ids, &Edit::Tag("kept".into())).map(drop)
    }),
    ("delete", |store| {
        let ids = [nth(store, 2)?, nth(store, 4)?, nth(store, 5)?];
        store.trash(&ids, Millis(7)).map(drop)
    }),
    ("note the end of a life", |store| {
        let end = LifeEnd {
            noticed: Millis(9),
            cause: EndCause::ServerGone,
        };
        let known = store.lives()?.into_iter().next();
        known.map_or(Ok(()), |life| {
            store.note_life(&Life {
                end: Some(end),
                ..life
            })
        })
    }),
    ("prune", |store| {
        let retention = Retention::last(4);
        store.prune(&retention, Millis(1_790_000_900_000)).map(drop)
    }),
    ("empty the trash", |store| store.empty_trash().map(drop)),
    ("record after that", |store| shoot(store, 22, 40)),
    ("collect", |store| store.collect().map(drop)),
];

/// Writes a file of its own, and changes nothing that can be seen.
pub(super) const COMPACT: (&str, Step) = ("compact", |store| store.compact().map(drop));

/// Takes a word out of everything that is stored, the trash included.
pub(super) const REWRITE: (&str, Step) = ("rewrite", |store| {
    store.rewrite(&censor("/api/"), NOW, &mut |_| {}).map(drop)
});

/// Records a state with texts of so many lines, two panes.
fn shoot(store: &Store, second: i64, lines: u32) -> Result<(), StoreError> {
    let texts = [
        text(log(0..lines)),
        text(format!("{}$ {second}", log(lines..lines + 30))),
    ];
    let state = state(vec![session("api", 1, &texts)]);
    let new = snapshot(second, &state, &texts);
    store.record(new, Unchanged::Store).map(drop)
}

/// The `back`th snapshot before the newest.
fn nth(store: &Store, back: usize) -> Result<SnapshotId, StoreError> {
    let listed = store.list(&Query::default())?;
    let found = listed.get(back).map(|meta| meta.id);
    found.ok_or(StoreError::NotFound {
        name: format!("latest~{back}"),
        suggestions: Vec::new(),
    })
}

/// Everything that a store shows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Seen {
    timeline: Vec<(Snapshot, Vec<Contents>)>,
    trash: Vec<(SnapshotMeta, Millis)>,
    lives: Vec<Life>,
}

impl Seen {
    /// Looks at all of it; an error where anything is damaged.
    pub(super) fn of(store: &Store) -> Result<Self, StoreError> {
        let all = Query {
            archived: true,
            ..Query::default()
        };
        let metas = store.list(&all)?;
        let timeline = metas.iter().map(|meta| {
            let loaded = store.load(meta.id)?;
            let panes = loaded.state.panes();
            let texts = panes.filter_map(|(_, _, pane)| pane.contents);
            let digests: Vec<_> = texts.map(|text| text.digest).collect();
            let texts = store.contents(&digests)?;
            Ok((loaded, texts))
        });
        Ok(Self {
            timeline: timeline.collect::<Result<_, StoreError>>()?,
            trash: store.trashed()?,
            lives: store.lives()?,
        })
    }

    /// A few words about it.
    pub(super) fn brief(&self) -> String {
        let newest = self.timeline.first().map(|(held, _)| held.meta.time.0);
        let (snapshots, trash) = (self.timeline.len(), self.trash.len());
        format!("{snapshots} snapshots, the newest of {newest:?}, {trash} in the trash")
    }
}

/// A store as it was before a step, in a directory of its own, and what it showed.
pub(super) struct Stage {
    pub(super) dir: TempDir,
    pub(super) seen: Seen,
}

/// A store before every step of the script, and after the last one.
pub(super) fn stages() -> Vec<Stage> {
    let mut stages = vec![Stage::begin()];
    for (name, step) in SCRIPT {
        stages.push(stages[stages.len() - 1].after((name, *step)));
    }
    stages
}

impl Stage {
    fn begin() -> Self {
        let dir = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
        let store = open(&dir);
        for second in 1..9 {
            let lines = u32::try_from(second).unwrap() * 17;
            shoot(&store, second, lines).unwrap();
        }
        let seen = Seen::of(&store).unwrap();
        Stage { dir, seen }
    }

    /// The store after a step.
    pub(super) fn after(&self, (name, step): (&str, Step)) -> Self {
        let dir = self.copy();
        let store = open(&dir);
        step(&store).unwrap_or_else(|error| panic!("{name}: {error}"));
        let seen = Seen::of(&store).unwrap();
        Stage { dir, seen }
    }

    /// The same store in another directory.
    pub(super) fn copy(&self) -> TempDir {
        let to = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
        copy_files(open(&self.dir).dir(), open(&to).dir());
        to
    }
}

/// Copies what is in a store's directory, but for the ballast.
fn copy_files(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if entry.file_type().unwrap().is_file() && name != "muxtape.ballast" {
            fs::copy(entry.path(), to.join(name)).unwrap();
        }
    }
}
