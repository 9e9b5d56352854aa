//! Carries out effects on blocking threads. Of each kind of reading one runs at a time and only the
//! latest request waits behind it; writes run one after the other, none is left out.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;

use crate::app::Effect;
use crate::app::msg::{Answer, Failure};

use super::context::Context;
use super::jobs;

/// What is done of its own, so that one kind never waits for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// Pages of the timeline, in order.
    Timeline,
    /// The snapshot that is looked at: the latest wins.
    Snapshot,
    /// Texts: the latest wins.
    Contents,
    /// A search: the latest wins.
    Search,
    /// A comparison or a plan: the latest wins.
    Compare,
    /// Figures about the store: the latest wins.
    Figures,
    /// Checks of the store: changing nothing, they keep nobody from leaving.
    Check,
    /// Writes, in order.
    Write,
}

impl Kind {
    fn latest_wins(self) -> bool {
        !matches!(self, Kind::Timeline | Kind::Write)
    }

    fn of(effect: &Effect) -> Option<Kind> {
        Some(match effect {
            Effect::LoadTimeline { .. } | Effect::Refresh | Effect::LoadLives => Kind::Timeline,
            Effect::LoadSnapshot { .. } => Kind::Snapshot,
            Effect::LoadContents { .. } => Kind::Contents,
            Effect::Search { .. } => Kind::Search,
            Effect::Compare { .. } | Effect::Plan { .. } => Kind::Compare,
            Effect::LoadFigures { .. } => Kind::Figures,
            Effect::Verify | Effect::LookForCheck => Kind::Check,
            Effect::CaptureNow { .. }
            | Effect::Compact
            | Effect::Prune
            | Effect::Edit { .. }
            | Effect::Trash { .. }
            | Effect::Untrash { .. }
            | Effect::DismissRecovery { .. }
            | Effect::LookAround
            | Effect::LookForCrashes
            | Effect::Apply { .. }
            | Effect::UndoRestore { .. } => Kind::Write,
            _ => return None,
        })
    }
}

/// What a job says when it is over.
#[derive(Debug)]
pub(crate) struct Done {
    /// The kind whose job is over; `None` for news of one that goes on.
    over: Option<Kind>,
    /// What came of it.
    pub(crate) answer: Answer,
    /// Whether the job panicked: then the terminal has been given back.
    pub(crate) cut_short: bool,
}

/// Runs effects, and sends what comes of them.
#[derive(Debug)]
pub(crate) struct Worker {
    context: Arc<Context>,
    done: UnboundedSender<Done>,
    lanes: BTreeMap<Kind, Lane>,
}

#[derive(Debug, Default)]
struct Lane {
    running: bool,
    waiting: VecDeque<Effect>,
}

impl Worker {
    /// A worker that says on `done` when something is over.
    pub(crate) fn new(context: Arc<Context>, done: UnboundedSender<Done>) -> Self {
        Self {
            context,
            done,
            lanes: BTreeMap::new(),
        }
    }

    /// Starts an effect, or lets it wait for its turn. Gives back what is not work of this kind.
    pub(crate) fn start(&mut self, effect: Effect) -> Option<Effect> {
        let Some(kind) = Kind::of(&effect) else {
            return Some(effect);
        };
        let lane = self.lanes.entry(kind).or_default();
        if kind.latest_wins() {
            lane.waiting.clear();
        }
        lane.waiting.push_back(effect);
        self.advance(kind);
        None
    }

    /// A job is over: the next of its kind may start.
    pub(crate) fn over(&mut self, done: &Done) {
        let Some(kind) = done.over else {
            return;
        };
        if let Some(lane) = self.lanes.get_mut(&kind) {
            lane.running = false;
        }
        self.advance(kind);
    }

    /// Whether something that changes the store is going on: leaving waits for it.
    pub(crate) fn is_writing(&self) -> bool {
        self.lanes
            .get(&Kind::Write)
            .is_some_and(|lane| lane.running)
    }

    /// Whether anything is going on.
    pub(crate) fn is_busy(&self) -> bool {
        self.lanes.values().any(|lane| lane.running)
    }

    fn advance(&mut self, kind: Kind) {
        let Some(lane) = self.lanes.get_mut(&kind).filter(|lane| !lane.running) else {
            return;
        };
        let Some(effect) = lane.waiting.pop_front() else {
            return;
        };
        lane.running = true;
        let (context, done) = (Arc::clone(&self.context), self.done.clone());
        let news = self.done.clone();
        tokio::spawn(async move {
            let job = tokio::task::spawn_blocking(move || {
                let tell = |answer| {
                    // Nobody listens any more when the interface has ended.
                    let _ = news.send(Done {
                        over: None,
                        answer,
                        cut_short: false,
                    });
                };
                jobs::run(&context, effect, &tell)
            });
            let answer = job.await;
            let cut_short = answer.is_err();
            let answer = answer.unwrap_or_else(|error| {
                Answer::Notice(Err(Failure {
                    message: format!("A task was cut short: {error}"),
                }))
            });
            let over = Some(kind);
            // Nobody listens any more when the interface has ended.
            let _ = done.send(Done {
                over,
                answer,
                cut_short,
            });
        });
    }
}
