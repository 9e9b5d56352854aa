//! Does jobs on blocking threads. Of each kind of reading one runs at a time and only the
//! latest request waits behind it; writes run one after the other, none is left out.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use tokio::sync::mpsc::Sender;

use crate::app::effect::Job;
use crate::app::msg::{Answer, Failure};

use super::jobs;

/// Does one job; tells what is to be known before it is over.
pub(crate) type Run = dyn Fn(Job, &dyn Fn(Answer)) -> Answer + Send + Sync;

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
}

/// Runs jobs, and sends what comes of them.
pub(crate) struct Worker {
    run: Arc<Run>,
    done: Sender<Done>,
    lanes: BTreeMap<Kind, Lane>,
}

#[derive(Debug, Default)]
struct Lane {
    running: bool,
    waiting: VecDeque<Job>,
}

impl Worker {
    /// A worker that does jobs by `run`, and says on `done` when something is over.
    pub(crate) fn new(run: Arc<Run>, done: Sender<Done>) -> Self {
        Self {
            run,
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
        let (run, done, news) = (Arc::clone(&self.run), self.done.clone(), self.done.clone());
        let asked = job.clone();
        tokio::spawn(async move {
            let work = tokio::task::spawn_blocking(move || {
                let tell = |answer| {
                    let over = None;
                    // Nobody listens any more when the interface has ended.
                    let _ = news.blocking_send(Done { over, answer });
                };
                run(job, &tell)
            });
            // Whoever asked gets an answer, so that nothing waits for it without end.
            let answer = work.await.unwrap_or_else(|error| {
                let message = format!("This is a bug in muxtape: {error}");
                jobs::failed(&asked, Failure { message })
            });
            let over = Some(kind);
            // Nobody listens any more when the interface has ended.
            let _ = done.send(Done { over, answer }).await;
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::effect::Generation;
    use tokio::sync::mpsc::channel;

    /// Panics at plans; tells more than there is room for at checks.
    fn faulty() -> Arc<Run> {
        Arc::new(|job, tell| match job {
            Job::Plan { .. } => panic!("a fault of a test"),
            Job::Verify => {
                for _ in 0..100 {
                    tell(Answer::LastCheck(None));
                }
                Answer::Verified(Err(Failure {
                    message: "none".to_owned(),
                }))
            }
            _ => Answer::Notice(Ok("done".to_owned())),
        })
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn whoever_asked_for_a_job_that_panics_gets_an_answer_and_the_next_one_runs() {
        let (send, mut answers) = channel(4);
        let mut worker = Worker::new(faulty(), send);
        for generation in [Generation(7), Generation(8)] {
            worker.start(Job::Plan {
                snapshot: crate::app::samples::preview().snapshot.meta.id,
                policy: Default::default(),
                selection: crate::restore::Selection::all(),
                generation,
            });
            let done = answers.recv().await.unwrap();
            worker.over(&done);
            let Answer::Planned {
                generation: of,
                result: Err(failure),
            } = done.answer
            else {
                panic!("no answer to the plan: {:?}", done.answer);
            };
            assert_eq!(of, generation);
            assert!(failure.message.contains("a fault of a test"), "{failure:?}");
        }
        assert!(!worker.is_busy());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_job_that_tells_much_waits_for_the_listener() {
        let (send, mut answers) = channel(4);
        let mut worker = Worker::new(faulty(), send);
        worker.start(Job::Verify);
        let mut told = 0;
        while let Some(done) = answers.recv().await {
            assert!(answers.len() <= 4);
            worker.over(&done);
            if matches!(done.answer, Answer::Verified(_)) {
                break;
            }
            told += 1;
        }
        assert_eq!(told, 100);
    }
}
