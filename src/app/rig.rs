//! The interface with a store of samples behind it, for tests: keys go in, effects are answered at
//! once from what is in memory.

use std::collections::BTreeMap;

use crate::config::Settings;
use crate::model::digest::Digest;
use crate::model::geometry::Size;
use crate::model::id::SnapshotId;
use crate::model::snapshot::SnapshotMeta;
use crate::model::snapshot::{Cause, ChangeCount, EndCause, Life, LifeEnd, RecoveryState};
use crate::model::time::Millis;
use crate::store::{Compacted, HitKind, SearchHit, VerifyReport};

use super::effect::{Effect, Job};
use super::figures::Figures;
use super::input::{Key, KeyPress};
use super::library::Loaded;
use super::msg::{Answer, CaptureOutcome, Failure, FoundServer, Msg};
use super::samples::{ELEVEN_FORTY, NOW, World, server};
use super::shared::Shared;
use super::state::State;
use super::update::update;
use super::upkeep::sample;

/// The interface, and what is behind it.
pub(crate) struct Rig {
    pub(crate) state: State,
    /// All effects that were wanted, in order.
    pub(crate) wanted: Vec<Effect>,
    metas: Vec<SnapshotMeta>,
    lives: Vec<Life>,
    world: World,
}

/// What is shared, at [`NOW`] in UTC.
pub(crate) fn shared() -> Shared {
    let zone = jiff::tz::TimeZone::UTC;
    Shared::new(NOW, zone, "/home/me".into(), Settings::default())
}

/// A moment of the sample day.
pub(crate) fn clock(hour: i64, minute: i64, second: i64) -> Millis {
    let midnight = ELEVEN_FORTY.0 - ((11 * 60 + 40) * 60 + 2) * 1000;
    Millis(midnight + ((hour * 60 + minute) * 60 + second) * 1000)
}

/// A snapshot at a moment; `touched` sessions differ from all others.
pub(crate) fn meta(time: Millis, changes: (u32, u32, u32), touched: &[&str]) -> SnapshotMeta {
    let mut meta = World::now().snapshot(time).meta;
    meta.changes = ChangeCount {
        added: changes.0,
        removed: changes.1,
        changed: changes.2,
    };
    for session in &mut meta.sessions {
        let name = session.name.to_string();
        let moved = touched.contains(&name.as_str());
        let seed = if moved { time.0 } else { 0 };
        session.mark = crate::model::digest::DigestBuilder::new("test")
            .value(&(seed, name))
            .finish()
            .mark();
    }
    meta
}

/// The timeline of the wireframes, newest first.
pub(crate) fn timeline() -> Vec<SnapshotMeta> {
    let all = ["api", "infra", "web"];
    let mut metas = vec![
        meta(clock(14, 32, 10), (0, 0, 1), &all),
        meta(clock(14, 31, 52), (1, 0, 2), &["api"]),
        meta(clock(14, 30, 5), (0, 0, 1), &["web"]),
    ];
    metas.extend((0..11).map(|n| meta(clock(14, 20 - n, 0), (0, 0, 0), &[])));
    let mut named = meta(clock(14, 2, 41), (2, 1, 4), &["api"]);
    named.name = Some("api before rebase".to_owned());
    let mut undo = meta(clock(13, 58, 0), (0, 0, 2), &["api"]);
    undo.cause = Cause::UndoPoint;
    let mut manual = meta(clock(11, 12, 55), (0, 0, 1), &["api"]);
    manual.cause = Cause::Manual;
    metas.extend([named, undo, meta(clock(13, 57, 31), (0, 2, 1), &["api"])]);
    let old = [
        meta(clock(11, 40, 2), (0, 0, 3), &all),
        manual,
        meta(clock(10, 58, 19), (2, 1, 4), &["api"]),
        meta(clock(-9, 0, 0), (0, 0, 1), &["web"]),
        meta(clock(-10, 0, 0), (0, 0, 1), &["api"]),
    ];
    metas.extend(old.into_iter().map(|mut meta| {
        meta.server.process.as_mut().unwrap().pid = 77;
        meta
    }));
    metas
}

fn lives() -> Vec<Life> {
    let mut dead = server();
    dead.process.as_mut().unwrap().pid = 77;
    vec![
        Life {
            server: server(),
            first_seen: clock(13, 32, 0),
            last_seen: NOW,
            end: None,
            recovery: RecoveryState::Open,
        },
        Life {
            server: dead,
            first_seen: clock(-12, 0, 0),
            last_seen: clock(11, 40, 12),
            end: Some(LifeEnd {
                noticed: clock(13, 32, 0),
                cause: EndCause::ServerGone,
            }),
            recovery: RecoveryState::Dismissed,
        },
    ]
}

impl Rig {
    /// On the tape, with these snapshots, all that can be loaded loaded.
    pub(crate) fn with(metas: Vec<SnapshotMeta>) -> Self {
        let (state, effects) = State::start(shared(), Vec::new());
        let mut rig = Self {
            state,
            wanted: Vec::new(),
            metas,
            lives: lives(),
            world: World::now(),
        };
        rig.answer(effects);
        rig
    }

    /// On the tape of the wireframes.
    pub(crate) fn new() -> Self {
        Self::with(timeline())
    }

    /// A message, and the answers to all that it leads to.
    pub(crate) fn tell(&mut self, msg: Msg) {
        let effects = update(&mut self.state, msg);
        self.answer(effects);
    }

    /// Types characters, one key each.
    pub(crate) fn keys(&mut self, keys: &str) -> &mut Self {
        for c in keys.chars() {
            self.tell(Msg::Key(KeyPress::char(c)));
        }
        self
    }

    /// Presses a key.
    pub(crate) fn key(&mut self, key: Key) -> &mut Self {
        self.tell(Msg::Key(KeyPress::plain(key)));
        self
    }

    /// Changes the size of the terminal.
    pub(crate) fn resize(&mut self, width: u16, height: u16) {
        self.tell(Msg::Resize(Size { width, height }));
    }

    /// The time of the snapshot that is looked at, as `14:31:52`.
    pub(crate) fn at(&self) -> String {
        let shared = &self.state.shared;
        shared.entry().map_or("nowhere".to_owned(), |entry| {
            super::words::clock(entry.time, &shared.zone)
        })
    }

    /// Whether an effect was wanted since the last call.
    pub(crate) fn took(&mut self, is_it: impl Fn(&Effect) -> bool) -> bool {
        let found = self.wanted.iter().any(is_it);
        self.wanted.clear();
        found
    }

    fn answer(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            self.wanted.push(effect.clone());
            let Effect::Job(job) = effect else { continue };
            if let Job::LoadFigures { generation, .. } = job {
                let empty = self.metas.is_empty();
                let figures = if empty {
                    Figures::default()
                } else {
                    sample::figures()
                };
                self.tell(Msg::Answer(Answer::Figures {
                    generation,
                    result: Ok(Box::new(figures)),
                }));
            }
            if let Some(answer) = self.answer_of(job) {
                self.tell(Msg::Answer(answer));
            }
        }
    }

    fn find(&self, id: SnapshotId) -> Result<&SnapshotMeta, Failure> {
        let found = self.metas.iter().find(|meta| meta.id == id);
        found.ok_or(Failure {
            message: format!("there is no snapshot {id}"),
        })
    }

    fn answer_of(&mut self, job: Job) -> Option<Answer> {
        Some(match job {
            Job::LoadTimeline { before, limit } => {
                let older = self
                    .metas
                    .iter()
                    .filter(|meta| before.is_none_or(|id| meta.id < id));
                let page: Vec<SnapshotMeta> = older.take(limit).cloned().collect();
                let more = page.len() == limit;
                Answer::Timeline {
                    before,
                    result: Ok((page, more)),
                }
            }
            Job::LoadLives => Answer::Lives(Ok(self.lives.clone())),
            Job::LoadSnapshot { id, generation, .. } => Answer::Snapshot {
                id,
                generation,
                result: self.find(id).map(|meta| {
                    let mut snapshot = self.world.snapshot(meta.time);
                    snapshot.meta = meta.clone();
                    let before = World::before().state;
                    let diff = crate::model::diff::diff(&before, &snapshot.state);
                    Box::new(Loaded {
                        snapshot,
                        changes: Some(crate::model::changes::changes(&diff)),
                        texts: self.world.texts.clone(),
                    })
                }),
            },
            Job::Search {
                generation, text, ..
            } => Answer::Searched {
                generation,
                result: Ok((self.hits(&text), 61)),
            },
            Job::Edit { ids, edit } => {
                let mut edited = Vec::new();
                for meta in self.metas.iter_mut().filter(|meta| ids.contains(&meta.id)) {
                    match &edit {
                        crate::store::Edit::Pin(on) => meta.pinned = *on,
                        crate::store::Edit::Tag(tag) => meta.tags.push(tag.clone()),
                        _ => {}
                    }
                    edited.push(meta.clone());
                }
                Answer::Edited(Ok(edited))
            }
            Job::Trash { ids } => Answer::Trashed(Ok(ids)),
            Job::Untrash { ids } => Answer::Untrashed(Ok(ids)),
            Job::CaptureNow { .. } => {
                let meta = meta(NOW, (0, 0, 1), &["web"]);
                self.metas.insert(0, meta.clone());
                Answer::Captured(Ok(CaptureOutcome::Stored(Box::new(meta))))
            }
            Job::LoadFigures { generation, .. } => Answer::PrunePlanned {
                generation,
                result: Ok(sample::plan(&self.metas)),
            },
            Job::Verify => Answer::Verified(Ok(VerifyReport {
                checked: 12_480,
                damaged: Vec::new(),
            })),
            Job::Compact => Answer::Compacted(Ok(Compacted {
                before: 318 << 20,
                after: 301 << 20,
            })),
            Job::LookAround => Answer::FoundServer(Ok(FoundServer {
                version: Some("3.5a".to_owned()),
                socket: Some("/tmp/tmux-1000/default".into()),
                sessions: vec!["api".into(), "infra".into(), "web".into()],
                panes: 7,
            })),
            Job::Refresh
            | Job::LoadContents { .. }
            | Job::Compare { .. }
            | Job::Plan { .. }
            | Job::Apply { .. }
            | Job::UndoRestore { .. }
            | Job::LookForLeftovers { .. }
            | Job::CloseLeftover { .. }
            | Job::LookForCrashes
            | Job::DismissRecovery { .. }
            | Job::LookForCheck
            | Job::Prune => return None,
        })
    }

    /// Every line of the samples' texts that holds the words.
    fn hits(&self, words: &str) -> Vec<SearchHit> {
        let texts: BTreeMap<Digest, String> = self
            .world
            .texts
            .iter()
            .map(|(digest, text)| (*digest, crate::model::ansi::plain(&text.main)))
            .collect();
        let (Some(newest), Some(oldest)) = (self.metas.first(), self.metas.get(4)) else {
            return Vec::new();
        };
        let mut hits = Vec::new();
        for (session, tab, pane) in self.world.state.panes() {
            let text = pane.contents.and_then(|text| texts.get(&text.digest));
            let lines = text.into_iter().flat_map(|text| text.lines().enumerate());
            for (number, line) in lines.filter(|(_, line)| line.contains(words)).take(3) {
                hits.push(SearchHit {
                    newest: newest.id,
                    oldest: oldest.id,
                    snapshots: 18,
                    time_newest: newest.time,
                    time_oldest: oldest.time,
                    session: session.name.clone(),
                    tab: Some(tab.index),
                    pane: Some(pane.index),
                    what: HitKind::Text,
                    line: line.to_owned(),
                    line_number: u32::try_from(number).ok(),
                    score: 1,
                });
            }
        }
        hits
    }
}
