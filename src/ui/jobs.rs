//! The work of jobs: what each reads or writes. Runs on blocking threads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use crate::app::effect::{Focus, Job, Side};
use crate::app::figures::Work;
use crate::app::library::{Loaded, Texts};
use crate::app::msg::{
    Answer, CaptureOutcome, Comparison, Failure, FoundServer, NotRestored, Preview, SideState,
};
use crate::model::changes::changes;
use crate::model::contents::Contents;
use crate::model::diff::diff;
use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::snapshot::{Snapshot, SnapshotMeta};
use crate::model::words::{count, verb};
use crate::ops::{CaptureNow, Host, LoadedState, OpsError};
use crate::restore::{Policy, RestoreError, Selection, leftover};
use crate::store::{Kept, Query, Recorded, SearchQuery, StoreError};

use super::caring;
use super::context::Context;

/// The most hits that a search gives.
const MAX_HITS: usize = 500;

/// Snapshots that are read again when somebody has written to the store.
const REFRESHED_SNAPSHOTS: usize = 200;

/// Does a job, and says what came of it.
///
/// `tell` takes what is to be known before it is over.
pub(crate) fn run(context: &Context, job: Job, tell: &dyn Fn(Answer)) -> Answer {
    let host = &context.host;
    let store = host.store();
    match job {
        Job::LoadTimeline { before, limit } => Answer::Timeline {
            before,
            result: page(host, before, limit, tell).map_err(fail),
        },
        Job::Refresh => {
            Answer::Refreshed(page(host, None, REFRESHED_SNAPSHOTS, &|_| {}).map_err(fail))
        }
        Job::LoadLives => Answer::Lives(store.lives().map_err(fail)),
        Job::LoadSnapshot {
            id,
            focus,
            have,
            generation,
        } => Answer::Snapshot {
            id,
            generation,
            result: load(host, id, &focus, &have).map(Box::new).map_err(fail),
        },
        Job::LoadContents { digests } => Answer::Contents(texts(host, digests).map_err(fail)),
        Job::Search {
            text,
            contents,
            session,
            generation,
        } => {
            let began = Instant::now();
            let found = store.search(&SearchQuery {
                text,
                session,
                since: None,
                limit: Some(MAX_HITS),
                contents,
            });
            let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            Answer::Searched {
                generation,
                result: found.map(|hits| (hits, took)).map_err(fail),
            }
        }
        Job::Edit { ids, edit } => {
            let edited = host.edit(&ids, [edit]);
            Answer::Edited(edited.map(|edited| edited.metas).map_err(fail))
        }
        Job::Trash { ids } => Answer::Trashed(host.trash(&ids).map(ids_of).map_err(fail)),
        Job::Untrash { ids } => Answer::Untrashed(host.untrash(&ids).map(ids_of).map_err(fail)),
        Job::CaptureNow { name } => Answer::Captured(capture_now(host, name)),
        Job::Compare { a, b, generation } => Answer::Compared {
            generation,
            result: compare(host, a, b).map(Box::new).map_err(fail),
        },
        Job::LookAround => Answer::FoundServer(look_around(host)),
        Job::Plan {
            snapshot,
            policy,
            selection,
            generation,
        } => Answer::Planned {
            generation,
            result: preview(host, snapshot, &policy, &selection)
                .map(Box::new)
                .map_err(fail),
        },
        Job::Apply { plan, recovers } => {
            let mut come = |progress| tell(Answer::Restoring(progress));
            let applied = host.apply(&plan, &mut come);
            if let (Some(life), Ok(report)) = (recovers, &applied)
                && let Err(error) = host.recovered(life, report)
            {
                tell(Answer::Notice(Err(fail(error))));
            }
            Answer::Restored(applied.map(Box::new).map_err(|error| match error {
                OpsError::Restore(RestoreError::Changed) => NotRestored::Changed,
                other => NotRestored::Failed(fail(other)),
            }))
        }
        Job::UndoRestore { made } => {
            let undone = host.undo(&made).map_err(fail);
            Answer::RestoreUndone(undone.map(|done| {
                if let Some(error) = done.remembered {
                    tell(Answer::Notice(Err(fail(error))));
                }
                done.undone
            }))
        }
        Job::LoadFigures { days, generation } => caring::figures(host, &days, generation, tell),
        Job::LookForCheck => Answer::LastCheck(caring::last_check(host)),
        Job::Verify => {
            let mut come = |progress| tell(Answer::Working(Work::Verify, progress));
            Answer::Verified(host.verify(&mut come).map_err(fail))
        }
        Job::Compact => {
            let mut come = |progress| tell(Answer::Working(Work::Compact, progress));
            Answer::Compacted(host.compact(&mut come).map_err(fail))
        }
        Job::Prune => Answer::Pruned(host.prune().map_err(fail)),
        Job::LookForLeftovers { made } => {
            let found = leftover::find(host.mux(), &made, context.pane.as_deref());
            Answer::Leftovers(found.map_err(fail))
        }
        Job::CloseLeftover { leftover, to } => {
            let name = crate::model::ansi::label(&leftover.name);
            let closed = leftover.close(host.mux(), to);
            Answer::Notice(closed.map(|()| format!("Closed {name}")).map_err(fail))
        }
        Job::LookForCrashes => {
            let offers = host.crash_offers();
            if let Ok(offers) = &offers {
                host.offered(offers);
            }
            Answer::Crashes(offers.map_err(fail))
        }
        Job::DismissRecovery { life } => {
            let told = || "This crash will not be offered again".to_owned();
            Answer::Notice(host.dismiss(life).map(|()| told()).map_err(fail))
        }
    }
}

/// The answer to a job that did not come to its end.
pub(crate) fn failed(job: &Job, failure: Failure) -> Answer {
    match *job {
        Job::LoadTimeline { before, .. } => Answer::Timeline {
            before,
            result: Err(failure),
        },
        Job::Refresh => Answer::Refreshed(Err(failure)),
        Job::LoadLives => Answer::Lives(Err(failure)),
        Job::LoadSnapshot { id, generation, .. } => Answer::Snapshot {
            id,
            generation,
            result: Err(failure),
        },
        Job::LoadContents { .. } => Answer::Contents(Err(failure)),
        Job::Search { generation, .. } => Answer::Searched {
            generation,
            result: Err(failure),
        },
        Job::Edit { .. } => Answer::Edited(Err(failure)),
        Job::Trash { .. } => Answer::Trashed(Err(failure)),
        Job::Untrash { .. } => Answer::Untrashed(Err(failure)),
        Job::CaptureNow { .. } => Answer::Captured(Err(failure)),
        Job::Compare { generation, .. } => Answer::Compared {
            generation,
            result: Err(failure),
        },
        Job::LookAround => Answer::FoundServer(Err(failure)),
        Job::Plan { generation, .. } => Answer::Planned {
            generation,
            result: Err(failure),
        },
        Job::Apply { .. } => Answer::Restored(Err(NotRestored::Failed(failure))),
        Job::UndoRestore { .. } => Answer::RestoreUndone(Err(failure)),
        Job::LoadFigures { generation, .. } => Answer::Figures {
            generation,
            result: Err(failure),
        },
        Job::Verify => Answer::Verified(Err(failure)),
        Job::Compact => Answer::Compacted(Err(failure)),
        Job::Prune => Answer::Pruned(Err(failure)),
        Job::LookForLeftovers { .. } => Answer::Leftovers(Err(failure)),
        Job::LookForCrashes => Answer::Crashes(Err(failure)),
        Job::CloseLeftover { .. } | Job::DismissRecovery { .. } | Job::LookForCheck => {
            Answer::Notice(Err(failure))
        }
    }
}

pub(super) fn fail(error: impl std::error::Error) -> Failure {
    Failure::of(&error)
}

fn ids_of(metas: Vec<SnapshotMeta>) -> Vec<SnapshotId> {
    metas.into_iter().map(|meta| meta.id).collect()
}

fn page(
    host: &Host,
    before: Option<SnapshotId>,
    limit: usize,
    tell: &dyn Fn(Answer),
) -> Result<(Vec<SnapshotMeta>, bool), StoreError> {
    let page = host.store().listed(&Query {
        before,
        limit: Some(limit),
        ..Query::default()
    })?;
    if page.hidden > 0 {
        // Other pages may hide some as well.
        let damaged = host.store().damaged_count()?;
        let snapshots = count(damaged, "snapshot");
        let are = verb(damaged, "is", "are");
        let message = format!("{snapshots} {are} damaged and left out: muxtape verify");
        tell(Answer::Notice(Err(Failure { message })));
    }
    let more = page.metas.len() == limit;
    Ok((page.metas, more))
}

fn load(
    host: &Host,
    id: SnapshotId,
    focus: &Focus,
    have: &BTreeSet<Digest>,
) -> Result<Loaded, StoreError> {
    let snapshot = host.store().load(id)?;
    let wanted: BTreeSet<Digest> = focus
        .tab_of(&snapshot.state)
        .map(|(_, tab)| {
            let texts = tab.panes.iter().filter_map(|pane| pane.contents);
            texts.map(|text| text.digest).collect()
        })
        .unwrap_or_default();
    let texts = texts(host, wanted.difference(have).copied())?;
    let changes = since_parent(host, &snapshot);
    Ok(Loaded {
        snapshot,
        changes,
        texts,
    })
}

/// What changed since the parent; a parent that is not there or damaged is no reason to fail.
fn since_parent(host: &Host, snapshot: &Snapshot) -> Option<Vec<crate::model::changes::Change>> {
    let parent = host.store().load(snapshot.meta.parent?).ok()?;
    Some(changes(&diff(&parent.state, &snapshot.state)))
}

/// Texts of the store, as the state holds them.
fn texts(host: &Host, digests: impl IntoIterator<Item = Digest>) -> Result<Texts, StoreError> {
    Ok(shared(host.texts(digests)?))
}

fn shared(texts: BTreeMap<Digest, Contents>) -> Texts {
    let texts = texts.into_iter();
    texts.map(|(of, text)| (of, Arc::new(text))).collect()
}

fn capture_now(host: &Host, name: Option<String>) -> Result<CaptureOutcome, Failure> {
    let what = CaptureNow {
        name,
        if_changed: true,
        ..CaptureNow::default()
    };
    let captured = host.capture_now(&what).map_err(fail)?;
    Ok(match captured.kept {
        Kept::Recorded(Recorded::Stored(meta)) => CaptureOutcome::Stored(Box::new(meta)),
        Kept::Recorded(Recorded::Unchanged(meta)) => CaptureOutcome::Unchanged(Box::new(meta)),
        Kept::Spooled(spooled) => CaptureOutcome::Spooled(spooled.to_string()),
    })
}

fn compare(host: &Host, a: Side, b: Side) -> Result<Comparison, OpsError> {
    let (a, b) = (side(host, a)?, side(host, b)?);
    // Texts are of use only where panes differ.
    let digests = |shown: &LoadedState| -> BTreeSet<Digest> {
        let texts = shown
            .state()
            .panes()
            .filter_map(|(_, _, pane)| pane.contents);
        texts.map(|text| text.digest).collect()
    };
    let (of_a, of_b) = (digests(&a), digests(&b));
    let texts_a = host.texts_of(&a, of_a.difference(&of_b).copied())?;
    let texts_b = host.texts_of(&b, of_b.difference(&of_a).copied())?;
    Ok(Comparison {
        diff: a.diff(&b),
        a: side_state(a, texts_a),
        b: side_state(b, texts_b),
    })
}

/// One side: as it was stored, or as it is now.
fn side(host: &Host, side: Side) -> Result<LoadedState, OpsError> {
    Ok(match side {
        Side::Snapshot(id) => host.load(id)?,
        Side::Live => LoadedState::Live(Box::new(host.live(&[], true)?)),
    })
}

fn side_state(shown: LoadedState, texts: BTreeMap<Digest, Contents>) -> SideState {
    let (meta, state) = match shown {
        LoadedState::Stored(snapshot) => (Some(snapshot.meta), snapshot.state),
        LoadedState::Live(captured) => (None, captured.state.into_inner()),
    };
    SideState {
        meta,
        state: Arc::new(state),
        texts: shared(texts),
    }
}

/// Looks at what is alive, and plans.
fn preview(
    host: &Host,
    id: SnapshotId,
    policy: &Policy,
    selection: &Selection,
) -> Result<Preview, OpsError> {
    let snapshot = host.store().load(id)?;
    let plan = host.plan(&snapshot, policy, selection)?;
    let shown = snapshot
        .state
        .panes()
        .filter_map(|(_, _, pane)| pane.contents);
    Ok(Preview {
        script: host.script(&plan)?,
        plan,
        // A preview without text is better than none.
        texts: texts(host, shown.map(|text| text.digest)).unwrap_or_default(),
        snapshot: Arc::new(snapshot),
    })
}

fn look_around(host: &Host) -> Result<FoundServer, Failure> {
    if host.mux().identity().map_err(fail)?.is_none() {
        return Ok(FoundServer::default());
    }
    let seen = host.mux().observe().map_err(fail)?;
    Ok(FoundServer {
        version: Some(seen.server.version),
        socket: Some(seen.server.socket),
        panes: seen.state.pane_count(),
        sessions: seen
            .state
            .sessions
            .into_iter()
            .map(|session| session.name)
            .collect(),
    })
}
