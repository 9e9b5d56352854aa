//! Restores: planned, shown as a script, carried out, rehearsed and taken back.

use std::collections::BTreeMap;

use bstr::ByteSlice;

use super::error::OpsError;
use super::host::Host;
use super::socket::Socket;
use crate::model::contents::Contents;
use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::snapshot::Snapshot;
use crate::model::time::Millis;
use crate::model::tree::ServerState;
use crate::restore::crashes;
use crate::restore::drill::{Drill, Stage, drill};
use crate::restore::undo::{UndoContext, Undoable, Undone, forget, recall, take_back};
use crate::restore::{
    Memory, Plan, Policy, Progress, Report, RestoreError, Rules, Selection, Surroundings, Workshop,
    apply, prepare, telling_texts,
};
use crate::store::StoreError;

/// Something that was done and can be taken back.
#[derive(Debug)]
pub struct Reversible {
    /// When it was done.
    pub at: Millis,
    /// What it was.
    pub what: ReversibleKind,
}

/// What can be taken back.
#[derive(Debug)]
pub enum ReversibleKind {
    /// A restore: what it made.
    Restore(Box<Undoable>),
    /// A delete: the snapshots that were moved to the trash together.
    Delete(Vec<SnapshotId>),
}

/// A restore that was taken back.
#[derive(Debug)]
pub struct RestoreUndone {
    /// What was closed, brought back and left alone.
    pub undone: Undone,
    /// Why it will be offered for undoing again, where it could not be forgotten.
    pub remembered: Option<RestoreError>,
}

/// The digests of all texts of a state.
pub(super) fn digests(state: &ServerState) -> impl Iterator<Item = Digest> {
    let texts = state.panes().filter_map(|(_, _, pane)| pane.contents);
    texts.map(|text| text.digest)
}

impl Host {
    /// Looks at what is alive, at directories and at programs, and plans. Changes nothing.
    pub fn plan(
        &self,
        snapshot: &Snapshot,
        policy: &Policy,
        selection: &Selection,
    ) -> Result<Plan, OpsError> {
        let surroundings = self.surroundings_of(snapshot)?;
        Ok(prepare(
            snapshot,
            self.mux(),
            policy,
            selection,
            &surroundings,
        )?)
    }

    /// A plan as a script for the server that it was made for.
    pub fn script(&self, plan: &Plan) -> Result<String, OpsError> {
        Ok(self.mux().script(plan)?)
    }

    /// Saves an undo point, then carries out the plan as it was shown.
    ///
    /// # Errors
    ///
    /// [`OpsError::Restore`] with [`RestoreError::Changed`] where what is alive is not what was
    /// planned for.
    pub fn apply(
        &self,
        plan: &Plan,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Report, OpsError> {
        // What can fail without changing anything comes first.
        let texts = self.texts(plan.texts())?;
        let program = self.program()?;
        let undo = self.save_undo_point()?;
        let workshop = Workshop {
            restorer: self.mux(),
            program: &program,
            runtime: &self.paths().runtime,
            texts: &texts,
            undo,
            memory: Some(Memory {
                dir: &self.paths().state,
                at: self.now(),
            }),
        };
        self.note(|tell| tell.restore_started(plan, undo));
        let applied = apply(plan, &workshop, progress);
        self.note(|tell| tell.restored(plan, applied.as_ref()));
        Ok(applied?)
    }

    /// Restores a snapshot onto a server of its own, and tells how much of it came back.
    pub fn drill(&self, snapshot: &Snapshot, trust: bool) -> Result<Drill, OpsError> {
        let stage = Stage {
            mux: self.mux(),
            program: &self.program()?,
            texts: &self.texts(digests(&snapshot.state))?,
            trust,
        };
        Ok(drill(snapshot, &self.surroundings_of(snapshot)?, &stage)?)
    }

    /// What can be taken back on this server, the newest first. Whatever was thrown away at one
    /// moment was one delete.
    pub fn reversible(&self) -> Result<Vec<Reversible>, OpsError> {
        let mut deleted: BTreeMap<Millis, Vec<SnapshotId>> = BTreeMap::new();
        for (meta, since) in self.store().trashed()? {
            deleted.entry(since).or_default().push(meta.id);
        }
        let deleted = deleted.into_iter().map(|(at, ids)| Reversible {
            at,
            what: ReversibleKind::Delete(ids),
        });
        let mut all: Vec<_> = deleted.collect();
        let server = Socket::new(self.socket().clone());
        let restores = recall(&self.paths().state)?.into_iter();
        let restores = restores.filter(|kept| server.is(kept.made.server.socket.as_bstr()));
        all.extend(restores.map(|kept| Reversible {
            at: kept.at,
            what: ReversibleKind::Restore(Box::new(kept.made)),
        }));
        // Restores come newest first already, and stay so where the clock stood still. What is of
        // the future was done before the clock was put right.
        let now = self.now();
        all.sort_by_key(|one| std::cmp::Reverse((one.at <= now, one.at)));
        Ok(all)
    }

    /// Takes back what a restore made.
    pub fn undo(&self, made: &Undoable) -> Result<RestoreUndone, OpsError> {
        let context = UndoContext {
            restorer: self.mux(),
            store: self.store(),
            program: &self.program()?,
            runtime: &self.paths().runtime,
            surroundings: &self.surroundings(self.now())?,
            policy: &self.settings().restore,
        };
        let undone = take_back(made, &context)?;
        self.note(|tell| tell.restore_undone(&undone));
        if undone.was_last
            && let Err(error) = crashes::note_closed(self.store(), made.server.life(), self.now())
        {
            tracing::warn!("cannot note that the server's last session was closed: {error}");
        }
        let dir = &self.paths().state;
        let forget_it = || {
            let kept = recall(dir)?;
            let own = kept.iter().find(|kept| kept.made == *made);
            own.map_or(Ok(()), |own| forget(dir, own.record))
        };
        Ok(RestoreUndone {
            undone,
            remembered: forget_it().err(),
        })
    }

    /// Texts of the store by their digests.
    pub fn texts(
        &self,
        wanted: impl IntoIterator<Item = Digest>,
    ) -> Result<BTreeMap<Digest, Contents>, StoreError> {
        let mut wanted: Vec<Digest> = wanted.into_iter().collect();
        wanted.sort_unstable();
        wanted.dedup();
        let texts = self.store().contents(&wanted)?;
        Ok(wanted.into_iter().zip(texts).collect())
    }

    /// Where the restore of a snapshot takes place.
    fn surroundings_of(&self, snapshot: &Snapshot) -> Result<Surroundings, OpsError> {
        let mut surroundings = self.surroundings(snapshot.meta.time)?;
        let telling = telling_texts(&snapshot.state, &surroundings.rules);
        // Without them pagers begin at the top.
        surroundings.texts = self.texts(telling).unwrap_or_default();
        Ok(surroundings)
    }

    /// Where a restore takes place; names that are taken get this moment behind them.
    fn surroundings(&self, moment: Millis) -> Result<Surroundings, OpsError> {
        Ok(Surroundings {
            texts: BTreeMap::new(),
            rules: Rules::load(&self.paths().program_rules())?,
            home: self.paths().home.clone(),
            search_path: self.machine().search_path.clone(),
            environment: self.settings().capture.environment.clone(),
            suffix: self.zoned(moment).strftime("%H%M").to_string(),
        })
    }

    /// The muxtape program.
    fn program(&self) -> Result<std::path::PathBuf, OpsError> {
        (self.machine().program)().map_err(OpsError::Program)
    }
}
