//! The tape: every snapshot in a list, a slider, and the selected one.

use jiff::civil::Date;

use crate::app::effect::Job;
use crate::app::keys::Context;
use crate::app::keys::action::{CopyAction, TapeAction};
use crate::app::list::wheel;
use crate::app::mouse::{MouseKind, MouseTarget};
use crate::app::overlay::{Asking, Confirm, Confirmed, Overlay, Prompt};
use crate::app::rows::{Folds, Row, Rows};
use crate::app::shared::{Cx, Shared};
use crate::app::words;
use crate::model::id::SnapshotId;

use super::detail::Detail;
use super::snapshot::{copy_of_snapshot, looked_at, on_snapshot};
use super::{Go, Interact, Screen};

/// The tape.
#[derive(Debug, Default)]
pub struct Tape {
    rows: Rows,
    folds: Folds,
    /// The day that the list's cursor is on; `None` while it is on the snapshot that is looked at.
    day: Option<Date>,
    /// Whether the drawing of the snapshot has the whole screen.
    zoomed: bool,
}

impl Tape {
    /// The tape, before anything was read.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The rows of the list.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        self.rows.all()
    }

    /// Whether the drawing of the snapshot has the whole screen.
    #[must_use]
    pub fn is_zoomed(&self) -> bool {
        self.zoomed
    }

    /// The row that the cursor is on.
    #[must_use]
    pub fn cursor(&self, shared: &Shared) -> Option<usize> {
        match self.day {
            Some(day) => self.rows.of_day(day, shared),
            None => self.rows.of_entry(shared.library.position(shared.at?)?),
        }
    }

    /// How often the rows were built.
    #[cfg(test)]
    pub(crate) fn builds(&self) -> usize {
        self.rows.builds
    }

    /// The rows as they would be built now.
    #[cfg(test)]
    pub(crate) fn fresh_rows(&self, shared: &Shared) -> Rows {
        let mut rows = Rows::default();
        rows.refresh(shared, &self.folds);
        rows
    }

    fn build(&mut self, cx: &mut Cx<'_>) {
        // The day that is looked at is open, unless the cursor stands on it.
        if self.day.is_none()
            && let Some(entry) = cx.shared.entry()
        {
            let day = cx.shared.zoned(entry.time).date();
            if self.folds.get(&day) != Some(&true) {
                self.folds.insert(day, true);
            }
        }
        self.rows.refresh(cx.shared, &self.folds);
    }

    /// Puts the cursor on a row, if one can be on it.
    fn choose(&mut self, at: usize, cx: &mut Cx<'_>) -> bool {
        match self.rows().get(at) {
            Some(Row::Day { day, .. }) => self.day = Some(*day),
            Some(Row::Entry(entry) | Row::Unchanged { first: entry, .. }) => {
                let id = cx
                    .shared
                    .library
                    .entries()
                    .get(*entry)
                    .map(|entry| entry.id);
                self.day = None;
                if let Some(id) = id {
                    cx.shared.visit(id);
                }
            }
            _ => return false,
        }
        true
    }

    /// Moves the cursor over rows that it can be on.
    fn step(&mut self, down: bool, count: usize, cx: &mut Cx<'_>) {
        let Some(mut at) = self.cursor(cx.shared) else {
            self.choose(0, cx);
            return;
        };
        let rows = self.rows();
        let can = |at: &usize| rows.get(*at).is_some_and(Row::is_choosable);
        for _ in 0..count {
            let next = if down {
                (at + 1..rows.len()).find(can)
            } else {
                (0..at).rev().find(can)
            };
            let Some(next) = next else { break };
            at = next;
        }
        self.choose(at, cx);
    }

    /// Does what a key means.
    pub(super) fn act(&mut self, action: TapeAction, count: usize, cx: &mut Cx<'_>) -> Go {
        let mut go = Go::Stay;
        match action {
            TapeAction::Scrub(scrub) => {
                cx.shared.scrub(scrub, count);
                self.day = None;
            }
            TapeAction::Turn(turn) => cx.shared.turn(turn),
            TapeAction::On(action) => go = on_snapshot(action, cx),
            TapeAction::Move(motion) => {
                let (down, by) = motion.rows(count, cx.shared.view.list.rows);
                self.step(down, by, cx);
            }
            TapeAction::Open => go = self.open(cx),
            TapeAction::Zoom => self.zoomed = !self.zoomed,
            TapeAction::FilterSession => {
                let names = cx.shared.session_names();
                return Go::Ask(Overlay::Prompt(Prompt::new(Asking::Session(names))));
            }
            TapeAction::Trash => {
                if let Some(id) = looked_at(cx) {
                    go = ask_trash(id, cx);
                }
            }
            TapeAction::UndoTrash if cx.shared.trashed.is_empty() => {
                cx.shared.say("Nothing was put into the trash");
            }
            TapeAction::UndoTrash => {
                let ids = cx.shared.trashed.clone();
                cx.effect(Job::Untrash { ids });
            }
        }
        self.refreshed(cx);
        go
    }

    fn toggle(&mut self, day: Date) {
        let same = |row: &Row| matches!(row, Row::Day { day: own, open: true, .. } if *own == day);
        let open = self.rows().iter().any(same);
        self.folds.insert(day, !open);
    }

    fn open(&mut self, cx: &mut Cx<'_>) -> Go {
        match (self.day, cx.shared.at) {
            (Some(day), _) => {
                self.toggle(day);
                Go::Stay
            }
            (None, Some(_)) => Go::Open(Box::new(Screen::Detail(Detail::default()))),
            (None, None) => Go::Stay,
        }
    }
}

fn ask_trash(id: SnapshotId, cx: &mut Cx<'_>) -> Go {
    let Some(entry) = cx.shared.library.entry(id) else {
        return Go::Stay;
    };
    let mut body = vec![format!(
        "{} of {}",
        id.short(),
        words::clock(entry.time, &cx.shared.zone)
    )];
    body.extend(entry.name.as_ref().map(|name| format!("Its name: {name}")));
    if entry.pinned {
        body.push("It is pinned.".to_owned());
    }
    body.push("u brings it back, until the trash is emptied.".to_owned());
    Go::Ask(Overlay::Confirm(Box::new(Confirm {
        title: "Put this snapshot into the trash?".to_owned(),
        body,
        yes: "Yes, to the trash".to_owned(),
        then: Confirmed::Trash(vec![id]),
    })))
}

impl Interact for Tape {
    fn context(&self) -> Context {
        Context::Tape
    }

    /// What was narrowed or zoomed is taken back; the tape itself is never left by it.
    fn back(&mut self, cx: &mut Cx<'_>) -> Go {
        self.zoomed = false;
        self.day = None;
        cx.shared.filter = None;
        cx.shared.mark = None;
        self.refreshed(cx);
        Go::Stay
    }

    fn copy(&mut self, what: CopyAction, cx: &mut Cx<'_>) -> Go {
        copy_of_snapshot(what, cx);
        Go::Stay
    }

    fn mouse(&mut self, kind: MouseKind, target: MouseTarget, cx: &mut Cx<'_>) -> Go {
        let mut go = Go::Stay;
        match (kind, target) {
            (MouseKind::Click, MouseTarget::Row(row)) => {
                self.choose(row, cx);
                if let Some(day) = self.day {
                    self.toggle(day);
                }
            }
            (MouseKind::DoubleClick, MouseTarget::Row(_)) if self.day.is_none() => {
                go = self.open(cx);
            }
            (
                MouseKind::ScrollUp | MouseKind::ScrollDown,
                MouseTarget::Row(_) | MouseTarget::List,
            ) => {
                if let Some((down, by)) = wheel(kind) {
                    self.step(down, by, cx);
                }
            }
            (MouseKind::DoubleClick, MouseTarget::Pane(_)) => go = self.open(cx),
            _ => {
                if cx.shared.point(kind, target) {
                    self.day = None;
                }
            }
        }
        self.refreshed(cx);
        go
    }

    fn refreshed(&mut self, cx: &mut Cx<'_>) {
        cx.shared.settle();
        self.build(cx);
        cx.load();
    }

    fn confirmed(&mut self, what: Confirmed, cx: &mut Cx<'_>) -> Go {
        if let Confirmed::Trash(ids) = what {
            cx.effect(Job::Trash { ids });
        }
        Go::Stay
    }
}
