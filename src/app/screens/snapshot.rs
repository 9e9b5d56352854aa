//! What can be done with the snapshot that is looked at, on the tape and in the detail alike.

use crate::app::effect::{Edit, Job, Side};
use crate::app::keys::action::{CopyAction, OnSnapshot};
use crate::app::overlay::{Asking, Overlay, Prompt};
use crate::app::shared::Cx;
use crate::model::ansi::{label, plain};
use crate::model::changes::command_words;
use crate::model::id::SnapshotId;

use super::diff::Diff;
use super::restore::Restore;
use super::{Go, Screen};

/// Does something with it; where there is none, that is said.
pub(super) fn on_snapshot(action: OnSnapshot, cx: &mut Cx<'_>) -> Go {
    if action == OnSnapshot::SnapNow {
        cx.capture_now();
        return Go::Stay;
    }
    let Some(id) = looked_at(cx) else {
        return Go::Stay;
    };
    match action {
        OnSnapshot::SnapNow => {}
        OnSnapshot::MarkA => {
            let same = cx.shared.mark == Some(id);
            cx.shared.mark = (!same).then_some(id);
            cx.shared.say(if same {
                "A is no longer marked"
            } else {
                "Marked as A: d compares with it"
            });
        }
        OnSnapshot::Diff => return compare(id, cx),
        OnSnapshot::DiffLive => return diff(Side::Snapshot(id), Side::Live, cx),
        OnSnapshot::Restore => {
            return Go::Open(Box::new(Screen::Restore(Restore::open(id, cx))));
        }
        OnSnapshot::Tag => return Go::Ask(Overlay::Prompt(Prompt::new(Asking::Tag(id)))),
        OnSnapshot::GoToTime => return Go::Ask(Overlay::Prompt(Prompt::new(Asking::Moment))),
        OnSnapshot::Pin => {
            let pinned = cx.shared.entry().is_some_and(|entry| entry.pinned);
            cx.shared.say(if pinned {
                "Unpinned"
            } else {
                "Pinned: never removed"
            });
            cx.effect(Job::Edit {
                ids: vec![id],
                edit: Edit::Pin(!pinned),
            });
        }
    }
    Go::Stay
}

/// The snapshot that is looked at; where there is none, that is said.
pub(super) fn looked_at(cx: &mut Cx<'_>) -> Option<SnapshotId> {
    if cx.shared.at.is_none() {
        cx.shared.say("The tape is empty: s takes a snapshot");
    }
    cx.shared.at
}

fn diff(a: Side, b: Side, cx: &mut Cx<'_>) -> Go {
    Go::Open(Box::new(Screen::Diff(Diff::open(a, b, cx))))
}

/// With A where one is marked, else with the snapshot before.
fn compare(id: SnapshotId, cx: &mut Cx<'_>) -> Go {
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
    diff(Side::Snapshot(a), Side::Snapshot(b), cx)
}

/// Copies something of the snapshot, or of the pane that is looked at in it.
pub(super) fn copy_of_snapshot(what: CopyAction, cx: &mut Cx<'_>) {
    let Some(id) = looked_at(cx) else { return };
    if what == CopyAction::Id {
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
    match what {
        CopyAction::Id => {}
        CopyAction::Command => {
            let words = command_words(pane);
            cx.copy("the command", words);
        }
        CopyAction::Directory => {
            let words = label(&pane.cwd);
            cx.copy("the directory", words);
        }
        CopyAction::Text => {
            let text = pane
                .contents
                .and_then(|text| shared.library.text(text.digest));
            match text.map(|text| plain(text.visible())) {
                Some(text) => cx.copy("the text", text),
                None => cx.shared.say("There is no text"),
            }
        }
    }
}
