//! The screens: an enum whose members own their data, and what each of them can be told.

pub mod detail;
pub mod diff;
pub mod recover;
pub mod report;
pub mod restore;
pub mod search;
mod snapshot;
pub mod storage;
pub mod tape;
pub mod welcome;

use crate::model::id::SnapshotId;

use super::input::KeyPress;
use super::keys::action::{CopyAction, Everywhere};
use super::keys::{Action, Context};
use super::mouse::{MouseKind, MouseTarget};
use super::msg::Answer;
use super::overlay::{Confirmed, Overlay};
use super::shared::{Cx, Shared};

/// A screen.
#[derive(Debug)]
#[allow(missing_docs, reason = "each is described in its own file")]
#[allow(
    clippy::large_enum_variant,
    reason = "there are only ever a few screens, one above the other"
)]
pub enum Screen {
    Recover(recover::Recover),
    Welcome(welcome::Welcome),
    Tape(tape::Tape),
    Detail(detail::Detail),
    Diff(diff::Diff),
    Search(search::Search),
    Storage(storage::Storage),
    Restore(restore::Restore),
    Report(report::Report),
}

/// Where to go after something was handled.
#[derive(Debug)]
pub enum Go {
    /// Stay.
    Stay,
    /// Back to the screen before; from the last one, nowhere.
    Back,
    /// To a screen above this one.
    Open(Box<Screen>),
    /// To a screen in place of this one.
    Replace(Box<Screen>),
    /// To a moment on the tape, leaving everything above it.
    Tape(SnapshotId),
    /// Put something before this screen: a question, a prompt.
    Ask(Overlay),
    /// Leave the program.
    Quit,
}

/// What every screen can be told. Drawing is not here: this room knows no terminal.
pub trait Interact {
    /// Where its keys are looked up.
    fn context(&self) -> Context;

    /// Back, out of what is open in it, or out of it.
    fn back(&mut self, _cx: &mut Cx<'_>) -> Go {
        Go::Back
    }

    /// The same by `q`, which quits at the root.
    fn leave(&mut self, cx: &mut Cx<'_>) -> Go {
        self.back(cx)
    }

    /// Copies something of what is looked at, where there is such a thing.
    fn copy(&mut self, _what: CopyAction, _cx: &mut Cx<'_>) -> Go {
        Go::Stay
    }

    /// A key that is bound to nothing, while the place types ([`Context::types`]).
    fn typed(&mut self, _key: KeyPress, _cx: &mut Cx<'_>) -> Go {
        Go::Stay
    }

    /// Pasted text without control characters, while the place types.
    fn pasted(&mut self, _text: &str, _cx: &mut Cx<'_>) -> Go {
        Go::Stay
    }

    /// The mouse met something of this screen.
    fn mouse(&mut self, _kind: MouseKind, _target: MouseTarget, _cx: &mut Cx<'_>) -> Go {
        Go::Stay
    }

    /// An answer to an effect of this screen. Timeline, snapshots, texts and edits are taken in
    /// before; then [`Interact::refreshed`] is called.
    fn answer(&mut self, _answer: Answer, _cx: &mut Cx<'_>) -> Go {
        Go::Stay
    }

    /// The library, the time or the size has moved.
    fn refreshed(&mut self, _cx: &mut Cx<'_>) {}

    /// The question that this screen asked was answered with Yes.
    fn confirmed(&mut self, _what: Confirmed, _cx: &mut Cx<'_>) -> Go {
        Go::Stay
    }
}

impl Screen {
    /// The screen as what it can be told.
    pub fn interact(&mut self) -> &mut dyn Interact {
        match self {
            Screen::Recover(screen) => screen,
            Screen::Welcome(screen) => screen,
            Screen::Tape(screen) => screen,
            Screen::Detail(screen) => screen,
            Screen::Diff(screen) => screen,
            Screen::Search(screen) => screen,
            Screen::Storage(screen) => screen,
            Screen::Restore(screen) => screen,
            Screen::Report(screen) => screen,
        }
    }

    /// Where its keys are looked up.
    #[must_use]
    pub fn context(&self) -> Context {
        match self {
            Screen::Recover(screen) => screen.context(),
            Screen::Welcome(screen) => screen.context(),
            Screen::Tape(screen) => screen.context(),
            Screen::Detail(screen) => screen.context(),
            Screen::Diff(screen) => screen.context(),
            Screen::Search(screen) => screen.context(),
            Screen::Storage(screen) => screen.context(),
            Screen::Restore(screen) => screen.context(),
            Screen::Report(screen) => screen.context(),
        }
    }

    /// Does what a key means here; `count` is the number typed before it, 1 where none was.
    pub fn act(&mut self, action: Action, count: usize, cx: &mut Cx<'_>) -> Go {
        match (self, action) {
            (Screen::Recover(screen), Action::Recover(action)) => screen.act(action, count, cx),
            (Screen::Welcome(screen), Action::Welcome(action)) => screen.act(action, cx),
            (Screen::Tape(screen), Action::Tape(action)) => screen.act(action, count, cx),
            (Screen::Detail(screen), Action::Detail(action)) => screen.act(action, count, cx),
            (Screen::Detail(screen), Action::FullText(action)) => screen.read(action, count, cx),
            (Screen::Diff(screen), Action::Diff(action)) => screen.act(action, count, cx),
            (Screen::Search(screen), Action::SearchPrompt(action)) => screen.ask_for(action, cx),
            (Screen::Search(screen), Action::SearchResults(action)) => {
                screen.act(action, count, cx)
            }
            (Screen::Storage(screen), Action::Storage(action)) => screen.act(action, count, cx),
            (Screen::Storage(screen), Action::HiddenSecrets(motion)) => {
                screen.go(motion, count, cx)
            }
            (Screen::Storage(screen), Action::Prune(action)) => screen.prune(action, count, cx),
            (Screen::Restore(screen), Action::Restore(action)) => screen.act(action, count, cx),
            (Screen::Report(screen), Action::Report(action)) => screen.act(action, count, cx),
            // Of another place.
            (
                _,
                Action::Everywhere(_)
                | Action::Tape(_)
                | Action::Detail(_)
                | Action::FullText(_)
                | Action::Diff(_)
                | Action::SearchPrompt(_)
                | Action::SearchResults(_)
                | Action::Storage(_)
                | Action::HiddenSecrets(_)
                | Action::Prune(_)
                | Action::Restore(_)
                | Action::Report(_)
                | Action::Recover(_)
                | Action::Welcome(_)
                | Action::Menu(_)
                | Action::Prompt(_)
                | Action::Copy(_)
                | Action::Confirm(_),
            ) => Go::Stay,
        }
    }

    /// Whether an action of this screen can do anything at the moment: else its hint is not shown.
    #[must_use]
    pub fn offers(&self, action: Action, shared: &Shared) -> bool {
        match (self, action) {
            (Screen::Storage(screen), action) => screen.offers(action, shared),
            (Screen::Report(screen), Action::Report(action)) => screen.offers(action),
            (Screen::Restore(screen), action) if screen.running.is_some() => matches!(
                action,
                Action::Everywhere(Everywhere::Help | Everywhere::Palette)
            ),
            _ => true,
        }
    }

    /// Whether an answer is for this screen.
    #[must_use]
    pub fn wants(&self, answer: &Answer) -> bool {
        matches!(
            (self, answer),
            (Screen::Search(_), Answer::Searched { .. })
                | (Screen::Diff(_), Answer::Compared { .. })
                | (
                    Screen::Storage(_),
                    Answer::Figures { .. } | Answer::PrunePlanned { .. }
                )
                | (Screen::Welcome(_), Answer::FoundServer(_))
                | (
                    Screen::Restore(_),
                    Answer::Planned { .. } | Answer::Restoring(_) | Answer::Restored(_)
                )
                | (
                    Screen::Report(_),
                    Answer::RestoreUndone(_) | Answer::Leftovers(_)
                )
        )
    }
}
