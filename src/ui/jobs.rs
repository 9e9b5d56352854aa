//! The work behind effects: what each reads or writes. Runs on blocking threads.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use crate::app::Effect;
use crate::app::effect::{Focus, Side};
use crate::app::msg::{
    Answer, CaptureOutcome, Comparison, Failure, Loaded, SideState, Surroundings, Texts,
};
use crate::app::tell::Teller;
use crate::app::upkeep::Work;
use crate::capture::{CaptureRequest, Captured, Stamp, capture};
use crate::journal::{Answer as Recovery, Event};
use crate::model::changes::changes;
use crate::model::diff::diff;
use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::snapshot::{Cause, LifeId, RecoveryState};
use crate::model::snapshot::{Snapshot, SnapshotMeta};
use crate::mux::Multiplexer;
use crate::redact::{Clean, Tally};
use crate::restore::lookout;
use crate::store::{Kept, NewSnapshot, Query, Recorded, SearchQuery, StoreError, Unchanged};

use super::caring;
use super::context::Context;
use super::restoring;

/// The most hits that a search gives.
const HITS: usize = 500;

/// Snapshots that are read again when somebody has written to the store.
const NEWEST: usize = 200;

/// Carries out an effect, and says what came of it.
///
/// `tell` takes what is to be known before it is over.
pub(crate) fn run(context: &Context, effect: Effect, tell: &dyn Fn(Answer)) -> Answer {
    let store = &context.store;
    match effect {
        Effect::LoadTimeline { before, limit } => Answer::Timeline {
            before,
            result: page(context, before, limit, tell).map_err(fail),
        },
        Effect::Refresh => Answer::Refreshed(page(context, None, NEWEST, &|_| {}).map_err(fail)),
        Effect::LoadLives => Answer::Lives(store.lives().map_err(fail)),
        Effect::LoadSnapshot {
            id,
            focus,
            have,
            generation,
        } => Answer::Snapshot {
            id,
            generation,
            result: load(context, id, &focus, &have).map(Box::new).map_err(fail),
        },
        Effect::LoadContents { digests } => {
            Answer::Contents(texts(context, digests.into_iter()).map_err(fail))
        }
        Effect::Search {
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
                limit: Some(HITS),
                contents,
            });
            let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            Answer::Searched {
                generation,
                result: found.map(|hits| (hits, took)).map_err(fail),
            }
        }
        Effect::Edit { ids, edit } => {
            let edit = edit.map(|typed| words(context, &typed));
            let edited = store.edit(&ids, &edit);
            Answer::Edited(noted(context, edited, |tell, _| tell.edited(&ids, &edit)))
        }
        Effect::Trash { ids } => {
            let trashed = store.trash(&ids, context.now());
            let trashed = trashed.map(ids_of);
            Answer::Trashed(noted(context, trashed, |tell, ids| tell.deleted(ids)))
        }
        Effect::Untrash { ids } => {
            let back = store.untrash(&ids).map(ids_of);
            Answer::Untrashed(noted(context, back, |tell, ids| tell.undeleted(ids)))
        }
        Effect::CaptureNow { name } => Answer::Captured(capture_now(context, name)),
        Effect::Compare { a, b, generation } => Answer::Compared {
            generation,
            result: compare(context, a, b).map(Box::new),
        },
        Effect::LookAround => Answer::Surroundings(look_around(context)),
        Effect::Plan {
            snapshot,
            policy,
            selection,
            generation,
        } => restoring::plan(context, snapshot, &policy, &selection, generation),
        Effect::Apply { plan, recovers } => {
            let answer = restoring::carry_out(context, &plan, tell);
            if let (Some(life), Answer::Restored(Ok(report))) = (recovers, &answer) {
                let (boot, now) = (crate::mux::process::boot_id(), context.now());
                let settled =
                    lookout::settle_restored(store, &context.tmux, &boot, life, report, now);
                match settled {
                    Ok(true) => context.note(|tell| tell.answered(life, Recovery::Recovered)),
                    Ok(false) => {}
                    Err(error) => tell(Answer::Notice(Err(fail(error)))),
                }
            }
            answer
        }
        Effect::UndoRestore { made } => {
            Answer::RestoreUndone(restoring::take_back(context, &made, tell))
        }
        Effect::LoadFigures { days, generation } => {
            caring::figures(context, &days, generation, tell)
        }
        Effect::LookForCheck => Answer::LastCheck(caring::last_check(context)),
        Effect::Verify => {
            let mut come = |progress| tell(Answer::Working(Work::Verify, progress));
            let report = store.verify_with(&mut come);
            Answer::Verified(noted(context, report, Teller::verified))
        }
        Effect::Compact => {
            let mut come = |progress| tell(Answer::Working(Work::Compact, progress));
            let compacted = store.compact_with(&mut come);
            Answer::Compacted(noted(context, compacted, |_, _| Vec::new()))
        }
        Effect::Prune => {
            let pruned = store.prune(context.settings.retention.policy(), context.now());
            Answer::Pruned(noted(context, pruned, Teller::pruned))
        }
        Effect::LookForCrashes => {
            let offers = lookout::look(store, &context.tmux, &crate::mux::process::boot_id());
            if let Ok(offers) = &offers {
                context.note(|tell| tell.offered(offers));
            }
            Answer::Crashes(offers.map_err(fail))
        }
        Effect::DismissRecovery { life } => {
            dismiss(context, life, tell);
            Answer::Notice(Ok("This crash will not be offered again".to_owned()))
        }
        other => Answer::Notice(Err(Failure {
            message: format!("This cannot be done yet: {other:?}"),
        })),
    }
}

/// Notes what became of an offer; a failure is told, and no reason to stop.
fn dismiss(context: &Context, life: LifeId, tell: &dyn Fn(Answer)) {
    let state = RecoveryState::Dismissed;
    let settled = lookout::settle(&context.store, life, state, context.now());
    match settled {
        Ok(()) => context.note(|tell| tell.answered(life, Recovery::Dismissed)),
        Err(error) => tell(Answer::Notice(Err(fail(error)))),
    }
}

/// Notes what came of writing to the store, also where the store could not do it.
fn noted<T>(
    context: &Context,
    result: Result<T, StoreError>,
    told: impl FnOnce(&Teller, &T) -> Vec<Event>,
) -> Result<T, Failure> {
    match &result {
        Ok(done) => context.note(|tell| told(tell, done)),
        Err(error) if error.is_about_the_store() => {
            context.note(|tell| tell.store_failed(error));
        }
        Err(_) => {}
    }
    result.map_err(fail)
}

pub(super) fn fail(error: impl std::error::Error) -> Failure {
    Failure::of(&error)
}

fn ids_of(metas: Vec<SnapshotMeta>) -> Vec<SnapshotId> {
    metas.into_iter().map(|meta| meta.id).collect()
}

fn page(
    context: &Context,
    before: Option<SnapshotId>,
    limit: usize,
    tell: &dyn Fn(Answer),
) -> Result<(Vec<SnapshotMeta>, bool), StoreError> {
    if !context.store.exists() {
        return Ok((Vec::new(), false));
    }
    let page = context.store.listed(&Query {
        before,
        limit: Some(limit),
        ..Query::default()
    })?;
    if page.hidden > 0 {
        // Other pages may hide some as well.
        let message = match context.store.damaged_count()? {
            1 => "1 snapshot is damaged and left out: muxtape verify".to_owned(),
            count => format!("{count} snapshots are damaged and left out: muxtape verify"),
        };
        tell(Answer::Notice(Err(Failure { message })));
    }
    let more = page.metas.len() == limit;
    Ok((page.metas, more))
}

fn load(
    context: &Context,
    id: SnapshotId,
    focus: &Focus,
    have: &BTreeSet<Digest>,
) -> Result<Loaded, StoreError> {
    let snapshot = context.store.load(id)?;
    let wanted: BTreeSet<Digest> = focus
        .tab_of(&snapshot.state)
        .map(|(_, tab)| {
            let texts = tab.panes.iter().filter_map(|pane| pane.contents);
            texts.map(|text| text.digest).collect()
        })
        .unwrap_or_default();
    let texts = texts(context, wanted.difference(have).copied())?;
    let changes = since_parent(context, &snapshot);
    Ok(Loaded {
        snapshot,
        changes,
        texts,
    })
}

/// What changed since the parent; a parent that is not there or damaged is no reason to fail.
fn since_parent(
    context: &Context,
    snapshot: &Snapshot,
) -> Option<Vec<crate::model::changes::Change>> {
    let parent = context.store.load(snapshot.meta.parent?).ok()?;
    let same_life = parent.meta.life() == snapshot.meta.life();
    Some(changes(&diff(&parent.state, &snapshot.state, same_life)))
}

fn texts(context: &Context, digests: impl Iterator<Item = Digest>) -> Result<Texts, StoreError> {
    let digests: Vec<Digest> = digests.collect();
    if digests.is_empty() {
        return Ok(Texts::new());
    }
    let contents = context.store.contents(&digests)?;
    Ok(digests
        .into_iter()
        .zip(contents.into_iter().map(Arc::new))
        .collect())
}

/// The state now, redacted.
fn live(context: &Context) -> Result<Captured, Failure> {
    let recorder = &context.settings.recorder;
    let request = CaptureRequest {
        sessions: None,
        contents: recorder.contents,
        history_limit: Some(recorder.history_limit),
        remember: false,
    };
    let exclusions = &context.exclusions;
    capture(&context.tmux, &context.redactor, exclusions, &request, None).map_err(fail)
}

fn capture_now(context: &Context, name: Option<String>) -> Result<CaptureOutcome, Failure> {
    let new = new_snapshot(context, name, Cause::Manual)?;
    if let Ok(taken) = context.store.take_in() {
        context.note(|tell| tell.taken_in(&taken));
    }
    let kept = context.store.record_or_spool(new, Unchanged::Skip);
    Ok(match noted(context, kept, Teller::kept)? {
        Kept::Recorded(Recorded::Stored(meta)) => CaptureOutcome::Stored(Box::new(meta)),
        Kept::Recorded(Recorded::Unchanged(meta)) => CaptureOutcome::Unchanged(Box::new(meta)),
        Kept::Spooled(spooled) => CaptureOutcome::KeptAside(spooled.to_string()),
    })
}

/// Captures the state now, and stores it if anything has changed.
pub(super) fn record_now(
    context: &Context,
    name: Option<String>,
    cause: Cause,
) -> Result<Recorded, Failure> {
    let new = new_snapshot(context, name, cause)?;
    let recorded = context.store.record(new, Unchanged::Skip);
    noted(context, recorded, Teller::recorded)
}

/// The state now, as it is recorded.
fn new_snapshot(
    context: &Context,
    name: Option<String>,
    cause: Cause,
) -> Result<NewSnapshot, Failure> {
    let stamp = Stamp {
        time: context.now(),
        random: context.random(),
        cause,
        host: context.host.clone(),
    };
    let name = name.map(|name| words(context, &name));
    Ok(NewSnapshot {
        name,
        ..live(context)?.snapshot(stamp)
    })
}

/// What was typed, without secrets.
fn words(context: &Context, typed: &str) -> Clean<String> {
    context.redactor.words(typed, &mut Tally::default())
}

fn compare(context: &Context, a: Side, b: Side) -> Result<Comparison, Failure> {
    let (mut a, life_a) = side(context, a)?;
    let (mut b, life_b) = side(context, b)?;
    let diff = diff(&a.state, &b.state, life_a == life_b);
    // Texts are of use only where panes differ.
    let panes = |state: &crate::model::ServerState| -> BTreeSet<Digest> {
        let texts = state.panes().filter_map(|(_, _, pane)| pane.contents);
        texts.map(|text| text.digest).collect()
    };
    let (of_a, of_b) = (panes(&a.state), panes(&b.state));
    for (side, own, other) in [(&mut a, &of_a, &of_b), (&mut b, &of_b, &of_a)] {
        let known: BTreeSet<Digest> = side.texts.keys().copied().collect();
        let wanted = own
            .iter()
            .filter(|text| !other.contains(*text) && !known.contains(*text));
        let read = texts(context, wanted.copied()).map_err(fail)?;
        side.texts.extend(read);
    }
    Ok(Comparison { a, b, diff })
}

/// One side: as it was stored, or as it is now.
fn side(context: &Context, side: Side) -> Result<(SideState, crate::model::LifeId), Failure> {
    match side {
        Side::Snapshot(id) => {
            let Snapshot { meta, state } = context.store.load(id).map_err(fail)?;
            let life = meta.life();
            let state = SideState {
                meta: Some(meta),
                state: Arc::new(state),
                texts: Texts::new(),
            };
            Ok((state, life))
        }
        Side::Live => {
            let captured = live(context)?;
            let life = captured.server.life();
            let texts = captured.contents.into_iter();
            let state = SideState {
                meta: None,
                state: Arc::new(captured.state.into_inner()),
                texts: texts
                    .map(|(digest, text)| (digest, Arc::new(text.into_inner())))
                    .collect(),
            };
            Ok((state, life))
        }
    }
}

fn look_around(context: &Context) -> Result<Surroundings, Failure> {
    if context.tmux.identity().map_err(fail)?.is_none() {
        return Ok(Surroundings::default());
    }
    let seen = context.tmux.observe().map_err(fail)?;
    Ok(Surroundings {
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
