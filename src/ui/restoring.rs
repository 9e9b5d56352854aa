//! The work behind a restore: planning it, and carrying it out.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::app::effect::Generation;
use crate::app::msg::{Answer, Failure, NotRestored, Preview, Texts};
use crate::app::words;
use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::snapshot::Cause;
use crate::mux::{Multiplexer, MuxError, ServerSelect};
use crate::restore::undo::{self, Means, Undoable, Undone};
use crate::restore::{
    Memory, Plan, Policy, Report, RestoreError, Rules, Selection, Surroundings, Workshop, apply,
    prepare, telling_texts,
};

use super::context::Context;
use super::jobs::{fail, record_now};

/// Looks at what is alive, and plans.
pub(super) fn plan(
    context: &Context,
    snapshot: SnapshotId,
    policy: &Policy,
    selection: &Selection,
    generation: Generation,
) -> Answer {
    Answer::Planned {
        generation,
        result: preview(context, snapshot, policy, selection).map(Box::new),
    }
}

fn preview(
    context: &Context,
    id: SnapshotId,
    policy: &Policy,
    selection: &Selection,
) -> Result<Preview, Failure> {
    let snapshot = context.store.load(id).map_err(fail)?;
    let clock = words::zoned(snapshot.meta.time, &context.zone);
    let rules = Rules::load(&context.paths.program_rules()).map_err(fail)?;
    // Without them pagers begin at the top.
    let telling = texts(context, telling_texts(&snapshot.state, &rules)).unwrap_or_default();
    let surroundings = Surroundings {
        texts: telling,
        rules,
        home: context.paths.home.clone(),
        search_path: context.search_path.clone(),
        suffix: clock.strftime("%H%M").to_string(),
    };
    let plan = prepare(&snapshot, &context.tmux, policy, selection, &surroundings).map_err(fail)?;
    let wanted: Vec<Digest> = snapshot
        .state
        .panes()
        .filter_map(|(_, _, pane)| pane.contents)
        .map(|text| text.digest)
        .collect();
    // A preview without text is better than none.
    let texts = texts(context, wanted).unwrap_or_default();
    // The script may be run elsewhere, where the default server is another one.
    let select = match context.tmux.select() {
        ServerSelect::Default if !plan.starts_server => {
            ServerSelect::Path(context.tmux.server().map_err(fail)?.socket)
        }
        select => select.clone(),
    };
    Ok(Preview {
        script: plan.script(&select),
        plan,
        snapshot: Arc::new(snapshot),
        texts: texts
            .into_iter()
            .map(|(digest, text)| (digest, Arc::new(text)))
            .collect::<Texts>(),
    })
}

fn texts(
    context: &Context,
    mut wanted: Vec<Digest>,
) -> Result<BTreeMap<Digest, crate::model::Contents>, Failure> {
    wanted.sort_unstable();
    wanted.dedup();
    let contents = context.store.contents(&wanted).map_err(fail)?;
    Ok(wanted.into_iter().zip(contents).collect())
}

/// Saves an undo point, then carries out the plan as it was shown.
pub(super) fn carry_out(context: &Context, plan: &Plan, tell: &dyn Fn(Answer)) -> Answer {
    Answer::Restored(run(context, plan, tell).map(Box::new))
}

fn run(context: &Context, plan: &Plan, tell: &dyn Fn(Answer)) -> Result<Report, NotRestored> {
    let undo = undo_point(context).map_err(NotRestored::Failed)?;
    let texts = texts(context, plan.texts()).map_err(NotRestored::Failed)?;
    let workshop = Workshop {
        tmux: &context.tmux,
        program: &context.program,
        runtime: &context.paths.runtime,
        texts: &texts,
        undo,
        memory: Some(Memory {
            dir: &context.paths.state,
            at: context.now(),
        }),
    };
    context.note(|tell| tell.restore_started(plan, undo));
    let applied = apply(plan, &workshop, &mut |progress| {
        tell(Answer::Restoring(progress));
    });
    context.note(|tell| tell.restored(plan, applied.as_ref()));
    applied.map_err(|error| match error {
        RestoreError::Changed => NotRestored::Changed,
        other => NotRestored::Failed(fail(other)),
    })
}

/// Takes back what a restore made.
pub(super) fn take_back(
    context: &Context,
    made: &Undoable,
    tell: &dyn Fn(Answer),
) -> Result<Undone, Failure> {
    let surroundings = Surroundings {
        texts: BTreeMap::new(),
        rules: Rules::load(&context.paths.program_rules()).map_err(fail)?,
        home: context.paths.home.clone(),
        search_path: context.search_path.clone(),
        suffix: words::zoned(context.now(), &context.zone)
            .strftime("%H%M")
            .to_string(),
    };
    let means = Means {
        tmux: &context.tmux,
        store: &context.store,
        program: &context.program,
        runtime: &context.paths.runtime,
        surroundings: &surroundings,
        policy: &context.settings.restore,
    };
    let undone = undo::take_back(made, &means).map_err(fail)?;
    context.note(|tell| tell.restore_undone(&undone));
    let dir = &context.paths.state;
    let forget = || {
        let kept = undo::recall(dir, None)?;
        let own = kept.iter().find(|kept| kept.made == *made);
        own.map_or(Ok(()), |own| undo::forget(dir, own.record))
    };
    if let Err(error) = forget() {
        tell(Answer::Notice(Err(fail(error))));
    }
    Ok(undone)
}

/// The snapshot to which everything can be taken back; none where no server runs.
fn undo_point(context: &Context) -> Result<Option<SnapshotId>, Failure> {
    match context.tmux.identity() {
        Ok(None) | Err(MuxError::NoServer { .. }) => return Ok(None),
        Ok(Some(_)) => {}
        Err(error) => return Err(fail(error)),
    }
    let recorded = record_now(context, None, Cause::UndoPoint)?;
    Ok(Some(recorded.meta().id))
}
