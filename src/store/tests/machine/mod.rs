//! A machine that does anything in any order, beside a plain model that says what should come of
//! it.
//!
//! After every step the lists of the store are those of the model; at the end every snapshot is
//! loaded with its tree and its texts, and the figures and the check agree. `MUXTAPE_TEST_ROUNDS`
//! sets the number of sequences. The seed is fixed (`PROPTEST_RNG_SEED` sets another), so a failure
//! comes again.

mod checks;
mod model;
mod ops;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::test_runner::{Config, RngSeed, TestRunner};

use self::checks::{or_no_store, or_not_found};
use self::model::{Expected, Model, Refused};
use self::ops::{Note, Op, Prune, Shot, Which, ops};
use self::world::{World, never_shown};
use super::rounds;
use crate::model::id::SnapshotId;
use crate::model::snapshot::{
    Cause, EndCause, LifeEnd, RecoveryState, ServerIdentity, SnapshotMeta,
};
use crate::model::target::SnapRef;
use crate::model::time::Millis;
use crate::store::testing::{Scratch, scratch, server, session, snapshot, state};
use crate::store::{
    Edit, NewSnapshot, Quota, Recorded, Retention, Store, StoreError, StoreOptions, Storing,
    Unchanged, Verdict,
};

#[test]
fn the_store_does_what_a_plain_model_does() {
    let config = Config {
        cases: rounds(16),
        rng_seed: match Config::default().rng_seed {
            RngSeed::Random => RngSeed::Fixed(0x6d75_7874_6170_6531),
            chosen => chosen,
        },
        source_file: Some(file!()),
        max_shrink_iters: 2000,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&ops(), |ops| {
            let mut machine = Machine::new();
            for op in &ops {
                machine.step(op);
                machine.compare();
            }
            machine.finish();
            Ok(())
        })
        .unwrap();
}

struct Machine {
    scratch: Scratch,
    store: Store,
    world: World,
    model: Model,
    /// Seconds; jumps.
    clock: i64,
    shots: u64,
    /// Whether a text may be stored more than once.
    stored_anew: bool,
}

impl Machine {
    fn new() -> Self {
        let scratch = scratch();
        Self {
            store: scratch.store.clone(),
            scratch,
            world: World::new(),
            model: Model::default(),
            clock: 10_000,
            shots: 0,
            stored_anew: false,
        }
    }

    fn step(&mut self, op: &Op) {
        match op {
            Op::Record(shot) => self.record(shot),
            Op::RecordAll(shots) => self.record_all(shots),
            Op::RecordWithoutText => {
                let text = never_shown();
                let state = state(vec![session("odd", 9, &[text])]);
                let new = snapshot(self.clock, &state, &[]);
                let refused = self
                    .store
                    .record(new, Unchanged::Store)
                    .map_err(Refused::of);
                assert_eq!(refused, Err(Refused::MissingContents));
            }
            Op::Edit(which, note) => {
                let ids = pick(which, self.model.timeline.keys());
                let edit = edit(note);
                let mut model = self.model.clone();
                let wanted = model.edit(&ids, &edit);
                let edited = self.store.edit(&ids, &edit.map(Into::into));
                self.settle(model, &wanted, edited);
            }
            Op::Trash(which) => {
                let ids = pick(which, self.model.timeline.keys());
                let now = Millis(self.clock);
                let mut model = self.model.clone();
                let wanted = model.throw_away(&ids, now);
                let moved = self.store.trash(&ids, now);
                self.settle(model, &wanted, moved);
            }
            Op::Untrash(which) => {
                let ids = pick(which, self.model.trash.keys());
                let mut model = self.model.clone();
                let wanted = model.bring_back(&ids);
                let moved = self.store.untrash(&ids);
                self.settle(model, &wanted, moved);
            }
            Op::EmptyTrash => {
                let emptied = or_no_store(self.store.empty_trash());
                let thrown = std::mem::take(&mut self.model.trash).len();
                assert_eq!(emptied.unwrap_or(0), thrown);
            }
            Op::Prune(rule) => self.prune(rule),
            Op::Collect => {
                if or_no_store(self.store.collect()).is_some() {
                    self.check_objects();
                }
            }
            Op::Compact => drop(or_no_store(self.store.compact())),
            Op::Reopen => {
                let dir = self.scratch.store.dir().to_owned();
                let options = StoreOptions {
                    wait: muxtape_testing::patience(),
                    ..StoreOptions::default()
                };
                self.store = Store::new(dir, options);
            }
            Op::Verify => self.verify(),
            Op::Search { word } => self.search(&format!("word{word}$")),
            Op::Pages { limit } => self.pages(usize::from(*limit)),
            Op::Find { pick, back, name } => {
                self.find_by_id(*pick);
                self.find_by_place(usize::from(*back));
                let name = name_of(*name);
                let reference = SnapRef::IdOrName(name.clone());
                let found = self.store.find(&reference, None, None);
                assert_eq!(or_not_found(found), self.model.named(&name));
            }
            Op::LifeEnds { server, dismissed } => self.life_ends(*server, *dismissed),
            Op::LoadAll => self.load_all(),
        }
    }

    /// What a shot shows of the server, to be recorded.
    fn shoot(&mut self, shot: &Shot) -> NewSnapshot {
        for change in &shot.changes {
            self.world.apply(change);
        }
        self.clock = (self.clock + i64::from(shot.jump)).max(1);
        self.shots += 1;
        let (state, texts) = self.world.shown(shot.part);
        let known = texts.iter().map(|text| (text.digest(), text.clone()));
        self.model.texts.extend(known);
        let needed = self.model.needed();
        let given = texts
            .into_iter()
            .filter(|text| shot.every_text || !needed.contains(&text.digest()));
        NewSnapshot {
            random: self.shots,
            cause: if shot.manual {
                Cause::Manual
            } else {
                Cause::Auto
            },
            name: shot.name.map(|name| name_of(name).into()),
            tags: shot.tag.map(|tag| tag_of(tag).into()).into_iter().collect(),
            pinned: shot.pinned,
            partial: shot.part.is_some(),
            server: identity(shot.server),
            contents: given.map(Into::into).collect(),
            storing: shot.storing,
            ..snapshot(self.clock, &state, &[])
        }
    }

    fn record(&mut self, shot: &Shot) {
        let new = self.shoot(shot);
        let unchanged = if shot.skip {
            Unchanged::Skip
        } else {
            Unchanged::Store
        };
        let wanted = self.model.expect(&new, unchanged);
        let recorded = self.store.record(new.clone(), unchanged);
        match (recorded.map_err(Refused::of), wanted) {
            (Ok(Recorded::Stored(meta)), Ok(Expected::Stored(wanted))) => {
                self.take_in(meta, *wanted, new);
            }
            (Ok(Recorded::Unchanged(since)), Ok(Expected::Unchanged(wanted))) => {
                assert_eq!(since, *wanted);
            }
            (Err(refused), Err(wanted)) => assert_eq!(refused, wanted),
            (recorded, _) => panic!("another outcome than the model's: {recorded:?}"),
        }
    }

    /// All of them or none.
    fn record_all(&mut self, shots: &[Shot]) {
        let news: Vec<NewSnapshot> = shots.iter().map(|shot| self.shoot(shot)).collect();
        let mut model = self.model.clone();
        let mut wanted = Vec::new();
        for new in &news {
            match model.expect(new, Unchanged::Store) {
                Ok(Expected::Stored(meta)) => {
                    model.stored((*meta).clone(), new.clone());
                    wanted.push(*meta);
                }
                Ok(Expected::Unchanged(_)) => panic!("it is to be stored all the same"),
                Err(refused) => {
                    let recorded = self.store.record_all(news).map_err(Refused::of);
                    assert_eq!(recorded, Err(refused));
                    return;
                }
            }
        }
        let recorded = self.store.record_all(news.clone()).unwrap();
        assert_eq!(recorded.len(), wanted.len());
        for ((recorded, wanted), new) in recorded.iter().zip(wanted).zip(news) {
            self.take_in(recorded.meta().clone(), wanted, new);
        }
    }

    fn take_in(&mut self, meta: SnapshotMeta, mut wanted: SnapshotMeta, new: NewSnapshot) {
        assert!(meta.stored_bytes > 0);
        wanted.stored_bytes = meta.stored_bytes;
        assert_eq!(meta, wanted);
        self.stored_anew |= new.storing == Storing::Full;
        self.model.stored(meta, new);
    }

    /// Holds an answer against the model's, and goes on with the model as it is now.
    fn settle<T: PartialEq + std::fmt::Debug>(
        &mut self,
        model: Model,
        wanted: &Result<T, Refused>,
        answer: Result<T, StoreError>,
    ) {
        if let Err(StoreError::NoStore { .. }) = answer {
            assert!(self.is_new(), "the store is gone");
            return;
        }
        let answer = answer.map_err(Refused::of);
        assert_eq!(&answer, wanted);
        if wanted.is_ok() {
            self.model = model;
        }
    }

    /// The policy has tests of its own; here it counts that the plan is what is done, and that
    /// nothing goes which must not.
    fn prune(&mut self, rule: &Prune) {
        let now = Millis(1_790_000_000_000 + (self.clock + i64::from(rule.later)) * 1000);
        let retention = retention(rule);
        let plan = self.store.plan_prune(&retention, now).unwrap();
        let pruned = self.store.prune(&retention, now).unwrap();
        let planned = plan.snapshots.iter().rev();
        let planned: Vec<SnapshotId> = planned
            .filter(|(_, verdict)| matches!(verdict, Verdict::Remove(_)))
            .map(|(id, _)| *id)
            .collect();
        let removed: Vec<SnapshotId> = pruned.removed.iter().map(|(id, _)| *id).collect();
        if rule.quota.is_none() {
            assert_eq!(removed, planned);
        } else {
            // What a round frees is known only after it.
            assert!(planned.iter().all(|id| removed.contains(id)));
        }
        let kept = newest_of_all(&self.model);
        for id in &removed {
            let gone = self.model.timeline.remove(id).unwrap().meta;
            let chosen = !gone.cause.is_automatic()
                || gone.archived
                || gone.name.is_some()
                || !gone.tags.is_empty();
            let may_go = !chosen || rule.quota.is_some_and(|(_, chosen_too)| chosen_too);
            assert!(may_go && !gone.pinned && !kept.contains(id), "{gone:?}");
        }
        assert_eq!(pruned.kept, self.model.timeline.len());
        assert_eq!(pruned.trash, plan.trash.len());
        for id in &plan.trash {
            self.model.trash.remove(id).unwrap();
        }
    }

    fn life_ends(&mut self, server: (u8, u8), dismissed: bool) {
        let id = identity(server).life();
        let Some(life) = self.model.lives.get_mut(&id) else {
            return;
        };
        life.end = Some(LifeEnd {
            noticed: Millis(self.clock),
            cause: EndCause::ServerGone,
        });
        if dismissed {
            life.recovery = RecoveryState::Dismissed;
        }
        self.store.note_life(life).unwrap();
    }

    fn is_new(&self) -> bool {
        self.model.timeline.is_empty() && self.model.trash.is_empty()
    }
}

fn pick<'a>(which: &Which, there: impl Iterator<Item = &'a SnapshotId>) -> Vec<SnapshotId> {
    let there: Vec<_> = there.copied().collect();
    let mut ids: Vec<SnapshotId> = Vec::new();
    for pick in which.picks.iter().filter(|_| !there.is_empty()) {
        let id = there[pick.index(there.len())];
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    if which.unknown {
        ids.push(SnapshotId::new(Millis(0), 7, None));
    }
    ids
}

fn edit(note: &Note) -> Edit<String> {
    match note {
        Note::Rename(name) => Edit::Rename(name.map(name_of)),
        Note::Describe(text) => Edit::Describe(text.map(|text| format!("note {text}"))),
        Note::Tag(tag) => Edit::Tag(tag_of(*tag)),
        Note::Untag(tag) => Edit::Untag(tag_of(*tag)),
        Note::Pin(pinned) => Edit::Pin(*pinned),
        Note::Archive(archived) => Edit::Archive(*archived),
    }
}

fn name_of(number: u8) -> String {
    format!("name-{number}")
}

fn tag_of(number: u8) -> String {
    format!("tag-{number}")
}

fn identity((socket, life): (u8, u8)) -> ServerIdentity {
    ServerIdentity {
        socket: format!("/tmp/tmux-1000/{socket}").into(),
        ..server(100 + i32::from(life))
    }
}

fn retention(rule: &Prune) -> Retention {
    let day = |days: u8| Duration::from_secs(24 * 60 * 60 * u64::from(days));
    let mut retention = Retention::last(u32::from(rule.last));
    retention.other.hourly = u32::from(rule.hourly);
    retention.other.max_age = rule.max_age.map(day);
    retention.trash = rule.trash.map(day);
    retention.quota = rule.quota.map(|(kilobytes, chosen_too)| Quota {
        bytes: u64::from(kilobytes) * 1024,
        chosen_too,
    });
    retention
}

/// The newest whole snapshots of every life, and of every session of a server.
fn newest_of_all(model: &Model) -> BTreeSet<SnapshotId> {
    let mut lives = BTreeMap::new();
    let mut sessions = BTreeMap::new();
    for held in model.timeline.values().filter(|held| !held.meta.partial) {
        let meta = &held.meta;
        lives.insert(meta.life(), meta.id);
        for session in &meta.sessions {
            sessions.insert((&meta.server.socket, &session.name), meta.id);
        }
    }
    lives.into_values().chain(sessions.into_values()).collect()
}
