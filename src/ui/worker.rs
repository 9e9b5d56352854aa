//! Does jobs on blocking threads. Of each kind of reading one runs at a time and only the
//! latest request waits behind it; writes run one after the other, none is left out.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;

use crate::app::effect::Job;
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

    fn of(job: &Job) -> Self {
        match job {
            Job::LoadTimeline { .. } | Job::Refresh | Job::LoadLives => Kind::Timeline,
            Job::LoadSnapshot { .. } => Kind::Snapshot,
            Job::LoadContents { .. } => Kind::Contents,
            Job::Search { .. } => Kind::Search,
            Job::Compare { .. } | Job::Plan { .. } => Kind::Compare,
            Job::LoadFigures { .. } => Kind::Figures,
            Job::Verify | Job::LookForCheck => Kind::Check,
            Job::CaptureNow { .. }
            | Job::Compact
            | Job::Prune
            | Job::Edit { .. }
            | Job::Trash { .. }
            | Job::Untrash { .. }
            | Job::DismissRecovery { .. }
            | Job::LookAround
            | Job::LookForCrashes
            | Job::Apply { .. }
            | Job::LookForLeftovers { .. }
            | Job::CloseLeftover { .. }
            | Job::UndoRestore { .. } => Kind::Write,
        }
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

/// Runs jobs, and sends what comes of them.
#[derive(Debug)]
pub(crate) struct Worker {
    context: Arc<Context>,
    done: UnboundedSender<Done>,
    lanes: BTreeMap<Kind, Lane>,
}

#[derive(Debug, Default)]
struct Lane {
    running: bool,
    waiting: VecDeque<Job>,
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

    /// Starts a job, or lets it wait for its turn.
    pub(crate) fn start(&mut self, job: Job) {
        let kind = Kind::of(&job);
        let lane = self.lanes.entry(kind).or_default();
        if kind.latest_wins() {
            lane.waiting.clear();
        }
        lane.waiting.push_back(job);
        self.advance(kind);
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
        let Some(job) = lane.waiting.pop_front() else {
            return;
        };
        lane.running = true;
        let (context, done) = (Arc::clone(&self.context), self.done.clone());
        let news = self.done.clone();
        tokio::spawn(async move {
            let work = tokio::task::spawn_blocking(move || {
                let tell = |answer| {
                    // Nobody listens any more when the interface has ended.
                    let _ = news.send(Done {
                        over: None,
                        answer,
                        cut_short: false,
                    });
                };
                jobs::run(&context, job, &tell)
            });
            let answer = work.await;
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
