//! The tape: every snapshot in a list, a slider, and the selected one.

use jiff::civil::Date;

use crate::app::effect::{Edit, Effect, Side};
use crate::app::input::{MouseKind, Target};
use crate::app::keys::{Action, Context};
use crate::app::overlay::{Asking, Confirm, Confirmed, Overlay, Prompt};
use crate::app::rows::{Folds, Row, rows};
use crate::app::state::Cx;
use crate::app::words;

use super::detail::Detail;
use super::diff::Diff;
use super::restore::Restore;
use super::{Go, Interact, Screen};

/// The tape.
#[derive(Debug, Default)]
pub struct Tape {
    rows: Vec<Row>,
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
        &self.rows
    }

    /// Whether the drawing of the snapshot has the whole screen.
    #[must_use]
    pub fn is_zoomed(&self) -> bool {
        self.zoomed
    }

    /// The row that the cursor is on.
    #[must_use]
    pub fn cursor(&self, shared: &crate::app::Shared) -> Option<usize> {
        match self.day {
            Some(wanted) => self
                .rows
                .iter()
                .position(|row| matches!(row, Row::Day { day, .. } if *day == wanted)),
            None => {
                let here = shared.library.position(shared.at?)?;
                // Entries stand in order, so that the row can be searched for.
                self.rows.iter().position(|row| *row == Row::Entry(here))
            }
        }
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
        self.rows = rows(cx.shared, &self.folds);
    }

    /// Puts the cursor on a row, if one can be on it.
    fn choose(&mut self, at: usize, cx: &mut Cx<'_>) -> bool {
        match self.rows.get(at) {
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

    fn move_by(&mut self, down: bool, count: usize, cx: &mut Cx<'_>) {
        let Some(mut at) = self.cursor(cx.shared) else {
            self.choose(0, cx);
            return;
        };
        let can =
            |at: &usize| !matches!(self.rows.get(*at), Some(Row::Gap { .. } | Row::End { .. }));
        for _ in 0..count {
            let next = if down {
                (at + 1..self.rows.len()).find(can)
            } else {
                (0..at).rev().find(can)
            };
            let Some(next) = next else { break };
            at = next;
        }
        self.choose(at, cx);
    }

    fn toggle(&mut self, day: Date) {
        let open = self
            .rows
            .iter()
            .any(|row| matches!(row, Row::Day { day: d, open: true, .. } if *d == day));
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

/// What can be done with the snapshot that is looked at, on the tape and in the detail alike. `None`
/// for an action that is not one of these.
pub(super) fn on_snapshot(action: Action, cx: &mut Cx<'_>) -> Option<Go> {
    if action == Action::SnapNow {
        cx.shared.say("Taking a snapshot…");
        cx.effect(Effect::CaptureNow { name: None });
        return Some(Go::Stay);
    }
    if !matches!(
        action,
        Action::MarkA
            | Action::Diff
            | Action::DiffLive
            | Action::Restore
            | Action::Tag
            | Action::Pin
            | Action::Trash
            | Action::GoToTime
            | Action::CopyId
            | Action::CopyCommand
            | Action::CopyDirectory
            | Action::CopyText
    ) {
        return None;
    }
    let Some(id) = cx.shared.at else {
        cx.shared.say("The tape is empty: s takes a snapshot");
        return Some(Go::Stay);
    };
    Some(match action {
        Action::MarkA => {
            let same = cx.shared.mark == Some(id);
            cx.shared.mark = (!same).then_some(id);
            cx.shared.say(if same {
                "A is no longer marked"
            } else {
                "Marked as A: d compares with it"
            });
            Go::Stay
        }
        Action::Diff => compare(id, cx),
        Action::DiffLive => Go::Open(Box::new(Screen::Diff(Diff::open(
            Side::Snapshot(id),
            Side::Live,
            cx,
        )))),
        Action::Restore => Go::Open(Box::new(Screen::Restore(Restore::open(id, cx)))),
        Action::Tag => Go::Ask(Overlay::Prompt(Prompt::new(Asking::Tag(id)))),
        Action::GoToTime => Go::Ask(Overlay::Prompt(Prompt::new(Asking::Moment))),
        Action::Pin => {
            let pinned = cx.shared.entry().is_some_and(|entry| entry.pinned);
            cx.shared.say(if pinned {
                "Unpinned"
            } else {
                "Pinned: never removed"
            });
            cx.effect(Effect::Edit {
                ids: vec![id],
                edit: Edit::Pin(!pinned),
            });
            Go::Stay
        }
        Action::Trash => ask_trash(id, cx),
        copy => {
            copy_of(copy, id, cx);
            Go::Stay
        }
    })
}

/// With A where one is marked, else with the snapshot before.
fn compare(id: crate::model::SnapshotId, cx: &mut Cx<'_>) -> Go {
    let marked = cx.shared.mark.filter(|mark| *mark != id);
    let before = || {
        let entries = cx.shared.library.entries();
        let here = cx.shared.library.position(id)?;
        entries.get(here + 1).map(|entry| entry.id)
    };
    let Some(other) = marked.or_else(before) else {
        cx.shared.say("There is no snapshot before this one");
        return Go::Stay;
    };
    // Time runs from left to right.
    let (a, b) = (other.min(id), other.max(id));
    Go::Open(Box::new(Screen::Diff(Diff::open(
        Side::Snapshot(a),
        Side::Snapshot(b),
        cx,
    ))))
}

fn ask_trash(id: crate::model::SnapshotId, cx: &mut Cx<'_>) -> Go {
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

fn copy_of(action: Action, id: crate::model::SnapshotId, cx: &mut Cx<'_>) {
    if action == Action::CopyId {
        return cx.copy(&id.short(), id.to_string());
    }
    let shared = &*cx.shared;
    let pane = shared
        .seen()
        .and_then(|seen| shared.focus.pane_of(&seen.snapshot.state))
        .map(|(_, _, pane)| pane);
    let Some(pane) = pane else {
        return cx.shared.say("It is not loaded yet");
    };
    let copied = match action {
        Action::CopyCommand => Some(("the command", crate::model::changes::command_words(pane))),
        Action::CopyDirectory => Some(("the directory", crate::model::ansi::label(&pane.cwd))),
        Action::CopyText => pane
            .contents
            .and_then(|text| shared.library.text(text.digest))
            .map(|text| ("the text", crate::model::ansi::plain(text.visible()))),
        _ => None,
    };
    match copied {
        Some((what, text)) => cx.copy(what, text),
        None => cx.shared.say("There is no text"),
    }
}

impl Interact for Tape {
    fn context(&self) -> Context {
        Context::Tape
    }

    fn action(&mut self, action: Action, count: usize, cx: &mut Cx<'_>) -> Go {
        let page = cx.shared.view.list.rows.max(2) - 1;
        let go = if cx.shared.scrub(action, count) {
            self.day = None;
            Go::Stay
        } else if let Some(go) = on_snapshot(action, cx) {
            go
        } else if cx.shared.turn(action) {
            Go::Stay
        } else {
            match action {
                Action::Down => self.move_by(true, count, cx),
                Action::Up => self.move_by(false, count, cx),
                Action::PageDown => self.move_by(true, page.saturating_mul(count), cx),
                Action::PageUp => self.move_by(false, page.saturating_mul(count), cx),
                Action::Zoom => self.zoomed = !self.zoomed,
                Action::Back => {
                    self.zoomed = false;
                    self.day = None;
                    cx.shared.filter = None;
                    cx.shared.mark = None;
                }
                Action::FilterSession => {
                    let names = cx.shared.session_names();
                    return Go::Ask(Overlay::Prompt(Prompt::new(Asking::Session(names))));
                }
                Action::UndoTrash if cx.shared.trashed.is_empty() => {
                    cx.shared.say("Nothing was put into the trash");
                }
                Action::UndoTrash => {
                    let ids = cx.shared.trashed.clone();
                    cx.effect(Effect::Untrash { ids });
                }
                _ => {}
            }
            if action == Action::Open {
                self.open(cx)
            } else {
                Go::Stay
            }
        };
        self.refreshed(cx);
        go
    }

    fn mouse(&mut self, kind: MouseKind, target: Target, cx: &mut Cx<'_>) -> Go {
        let mut go = Go::Stay;
        match (kind, target) {
            (MouseKind::Click, Target::Row(row)) => {
                self.choose(row, cx);
                if let Some(day) = self.day {
                    self.toggle(day);
                }
            }
            (MouseKind::DoubleClick, Target::Row(_)) if self.day.is_none() => go = self.open(cx),
            (MouseKind::ScrollUp, Target::Row(_) | Target::List) => self.move_by(false, 3, cx),
            (MouseKind::ScrollDown, Target::Row(_) | Target::List) => self.move_by(true, 3, cx),
            (MouseKind::DoubleClick, Target::Pane(_)) => go = self.open(cx),
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
            cx.effect(Effect::Trash { ids });
        }
        Go::Stay
    }
}
