//! Brings back what a restore replaced: from its undo point, in the place of what took its place.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bstr::BString;

use super::{LeftAlone, Undoable, Undone, is_same_life, undo};
use crate::model::ansi::label;
use crate::model::target::Target;
use crate::model::tree::PaneId;
use crate::restore::{
    OnConflict, Policy, RestoreError, Restorer, Selection, Surroundings, Workshop, apply, prepare,
    telling_texts,
};
use crate::store::Store;

/// What is needed to take a restore back.
#[derive(Debug)]
pub struct UndoContext<'a> {
    /// The way to the server.
    pub restorer: &'a dyn Restorer,
    /// Where the undo point is.
    pub store: &'a Store,
    /// The muxtape program.
    pub program: &'a Path,
    /// A directory for short-lived private files.
    pub runtime: &'a Path,
    /// Home and search path; what stands behind a name that is taken.
    pub surroundings: &'a Surroundings,
    /// How programs, texts and settings come back.
    pub policy: &'a Policy,
}

/// Takes a restore back: closes what it made ([`undo`]), and brings back what it replaced, with the
/// clients that look at what is in its place. Where that has become somebody's own, what was
/// replaced comes back beside it.
///
/// # Errors
///
/// [`RestoreError::Mux`] when the server cannot be asked, [`RestoreError::Store`] when the undo
/// point cannot be read; that the server has ended is not an error.
pub fn take_back(made: &Undoable, context: &UndoContext<'_>) -> Result<Undone, RestoreError> {
    if made.replaced.is_empty() {
        return undo(context.restorer, made);
    }
    if !is_same_life(context.restorer, made)? {
        return undo(context.restorer, made);
    }
    let mut undone = Undone::default();
    let alive = context.restorer.alive()?;
    let own: BTreeSet<PaneId> = made.panes.iter().map(|pane| pane.id).collect();
    // Those that are still what was made give their places back.
    let (instead, beside): (Vec<&BString>, Vec<&BString>) =
        made.replaced.iter().partition(|name| {
            let mut sessions = made.sessions.iter();
            let session = sessions.find(|session| session.to == **name);
            session.is_some_and(|session| {
                alive.sessions.get(&session.id) == Some(*name)
                    && alive.foreign(session.id, &own) == 0
            })
        });
    for (names, policy) in [
        (&instead, OnConflict::Replace),
        (&beside, OnConflict::Rename),
    ] {
        bring_back(made, context, names, policy, &mut undone)?;
    }
    let back: Vec<BString> = undone.back.iter().map(|back| back.from.clone()).collect();
    let mut rest = made.clone();
    let taken = |name: &BString| instead.contains(&name) && back.contains(name);
    for session in &made.sessions {
        if taken(&session.to) {
            undone.closed.push(session.clone());
        }
    }
    rest.sessions.retain(|session| !taken(&session.to));
    let rest = undo(context.restorer, &rest)?;
    undone.closed.extend(rest.closed);
    undone.panes.extend(rest.panes);
    undone.left.extend(rest.left);
    undone.was_last = rest.was_last;
    Ok(undone)
}

/// Restores sessions from the undo point.
fn bring_back(
    made: &Undoable,
    context: &UndoContext<'_>,
    names: &[&BString],
    on_conflict: OnConflict,
    undone: &mut Undone,
) -> Result<(), RestoreError> {
    if names.is_empty() {
        return Ok(());
    }
    let Some(point) = made.undo else {
        let why = || LeftAlone::Lost("no undo point was noted".to_owned());
        undone
            .left
            .extend(names.iter().map(|name| (label(name), why())));
        return Ok(());
    };
    let snapshot = context.store.load(point)?;
    let targets: Vec<Target> = names
        .iter()
        .map(|name| Target {
            session: (*name).clone(),
            tab: None,
            pane: None,
        })
        .collect();
    let selection = match Selection::only(&snapshot.state, &targets) {
        Ok(selection) => selection,
        Err(missing) => {
            let why = || LeftAlone::Lost("the undo point does not have it".to_owned());
            let missing = missing.iter().map(|target| (target.to_string(), why()));
            undone.left.extend(missing);
            return Ok(());
        }
    };
    let policy = Policy {
        on_conflict,
        parts: Some(on_conflict),
        ..context.policy.clone()
    };
    let telling = telling_texts(&snapshot.state, &context.surroundings.rules);
    let texts = context.store.contents(&telling).unwrap_or_default();
    let surroundings = Surroundings {
        texts: telling.into_iter().zip(texts).collect(),
        ..context.surroundings.clone()
    };
    let plan = prepare(
        &snapshot,
        context.restorer,
        &policy,
        &selection,
        &surroundings,
    )?;
    let texts = plan.texts();
    let contents = context.store.contents(&texts)?;
    let texts: BTreeMap<_, _> = texts.into_iter().zip(contents).collect();
    let report = apply(
        &plan,
        &Workshop {
            restorer: context.restorer,
            program: context.program,
            runtime: context.runtime,
            texts: &texts,
            undo: Some(point),
            memory: None,
        },
        &mut |_| {},
    )?;
    undone.back.extend(report.sessions);
    Ok(())
}
