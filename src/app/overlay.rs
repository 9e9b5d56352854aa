//! What stands before a screen: help, the palette, prompts, questions.

use bstr::BString;
use tui_input::{Input, InputRequest};

use crate::model::id::SnapshotId;

use super::effect::Effect;
use super::input::{Key, KeyPress, MouseKind, Target};
use super::keys::{Action, Binding, Context, of};
use super::state::State;
use super::{prompt, update};

/// What stands before a screen, and takes the keys.
#[derive(Debug, Clone)]
pub enum Overlay {
    /// Help for the screen under it.
    Help(Menu),
    /// Every action of the screen under it.
    Palette(Menu),
    /// A line of text is asked for.
    Prompt(Prompt),
    /// Waits for the letter that says what to copy.
    Copy,
    /// A question.
    Confirm(Box<Confirm>),
}

/// The entries of help or of the palette, filtered by what was typed.
#[derive(Debug, Clone)]
pub struct Menu {
    /// The screen under it.
    pub context: Context,
    /// What was typed.
    pub filter: Input,
    /// The chosen entry among those that match.
    pub chosen: usize,
}

/// What a line of text is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asking {
    /// A moment to go to.
    Moment,
    /// A tag for a snapshot.
    Tag(SnapshotId),
    /// A session to list alone; chosen among these.
    Session(Vec<BString>),
    /// The names of these living sessions, which are closed after that, one after the other.
    Name(Vec<BString>),
}

/// A line of text is asked for.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// What for.
    pub asking: Asking,
    /// What was typed.
    pub input: Input,
    /// The chosen proposal.
    pub chosen: usize,
    /// Why what was typed will not do.
    pub problem: Option<String>,
}

/// A question whose answer is No unless `y` is pressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirm {
    /// What is asked.
    pub title: String,
    /// What would happen, one line each.
    pub body: Vec<String>,
    /// What Yes means: `Yes, restore`.
    pub yes: String,
    /// What is done after Yes.
    pub then: Confirmed,
}

/// What was confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Confirmed {
    /// Snapshots go into the trash.
    Trash(Vec<SnapshotId>),
    /// The plan that the restore preview shows is carried out.
    Apply,
    /// The same, after the names of the sessions were typed that it closes.
    Replace,
    /// What the reported restore made is taken back.
    UndoRestore,
    /// What is not to be kept is removed for good.
    Prune,
}

impl Menu {
    /// The menu for a screen, unfiltered.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            context,
            filter: Input::default(),
            chosen: 0,
        }
    }

    /// The entries that match what was typed: first those of the screen, then those that hold
    /// everywhere.
    #[must_use]
    pub fn entries(&self) -> Vec<&'static Binding> {
        let everywhere = self.context.inherits().then(|| of(Context::Everywhere));
        let wanted = self.filter.value().to_lowercase();
        of(self.context)
            .chain(everywhere.into_iter().flatten())
            .filter(|binding| {
                wanted.split_whitespace().all(|word| {
                    binding.help.to_lowercase().contains(word)
                        || binding.hint.to_lowercase().contains(word)
                        || binding.keys.iter().any(|(key, _)| key.to_string() == word)
                })
            })
            .collect()
    }

    /// The action of the chosen entry.
    #[must_use]
    pub fn action(&self) -> Option<Action> {
        self.entries().get(self.chosen)?.action()
    }
}

impl Overlay {
    /// Where its keys are looked up.
    #[must_use]
    pub fn context(&self) -> Context {
        match self {
            Overlay::Help(_) => Context::Help,
            Overlay::Palette(_) => Context::Palette,
            Overlay::Prompt(_) => Context::Prompt,
            Overlay::Copy => Context::Copy,
            Overlay::Confirm(_) => Context::Confirm,
        }
    }
}

/// Edits a line of text. Whether the text is another one now.
pub fn edit(input: &mut Input, key: KeyPress) -> bool {
    let request = match (key.key, key.ctrl) {
        (Key::Char('a'), true) | (Key::Home, _) => InputRequest::GoToStart,
        (Key::Char('e'), true) | (Key::End, _) => InputRequest::GoToEnd,
        (Key::Char('u'), true) => InputRequest::DeleteLine,
        (Key::Char('k'), true) => InputRequest::DeleteTillEnd,
        (Key::Char('w'), true) => InputRequest::DeletePrevWord,
        (Key::Left, true) => InputRequest::GoToPrevWord,
        (Key::Right, true) => InputRequest::GoToNextWord,
        (Key::Left, false) => InputRequest::GoToPrevChar,
        (Key::Right, false) => InputRequest::GoToNextChar,
        (Key::Backspace, _) => InputRequest::DeletePrevChar,
        (Key::Delete, _) => InputRequest::DeleteNextChar,
        _ => match key.typed() {
            Some(c) => InputRequest::InsertChar(c),
            None => return false,
        },
    };
    input.handle(request).is_some_and(|changed| changed.value)
}

/// A key that is bound to nothing.
pub(super) fn typed(state: &mut State, key: KeyPress, _effects: &mut Vec<Effect>) {
    match &mut state.overlay {
        Some(Overlay::Help(menu) | Overlay::Palette(menu)) => {
            if edit(&mut menu.filter, key) {
                menu.chosen = 0;
            }
        }
        Some(Overlay::Prompt(prompt)) => {
            if edit(&mut prompt.input, key) {
                prompt.chosen = 0;
                prompt.problem = None;
            }
        }
        // A letter that means nothing here closes the menu, and does nothing else.
        Some(Overlay::Copy) => state.overlay = None,
        Some(Overlay::Confirm(_)) | None => {}
    }
}

/// The mouse, while something stands before the screen.
pub(super) fn mouse(state: &mut State, kind: MouseKind, target: Target, effects: &mut Vec<Effect>) {
    let chosen = match &mut state.overlay {
        Some(Overlay::Help(menu) | Overlay::Palette(menu)) => &mut menu.chosen,
        Some(Overlay::Prompt(prompt)) => &mut prompt.chosen,
        _ => return,
    };
    match (kind, target) {
        (MouseKind::Click, Target::Row(row)) => *chosen = row,
        (MouseKind::DoubleClick, Target::Row(row)) => {
            *chosen = row;
            act(state, Action::Open, effects);
        }
        (MouseKind::ScrollUp, _) => act(state, Action::Up, effects),
        (MouseKind::ScrollDown, _) => act(state, Action::Down, effects),
        _ => {}
    }
}

/// An action of what stands before the screen.
pub(super) fn act(state: &mut State, action: Action, effects: &mut Vec<Effect>) {
    let page = state.shared.view.list.rows.max(1);
    match &mut state.overlay {
        Some(Overlay::Help(menu) | Overlay::Palette(menu)) => {
            let last = menu.entries().len().saturating_sub(1);
            match action {
                Action::Up => menu.chosen = menu.chosen.saturating_sub(1),
                Action::Down => menu.chosen = (menu.chosen + 1).min(last),
                Action::PageUp => menu.chosen = menu.chosen.saturating_sub(page),
                Action::PageDown => menu.chosen = (menu.chosen + page).min(last),
                Action::Back => state.overlay = None,
                Action::Open => {
                    let chosen = menu.action();
                    state.overlay = None;
                    if let Some(action) = chosen {
                        update::act(state, action, effects);
                    }
                }
                _ => {}
            }
        }
        Some(Overlay::Prompt(prompt)) => match action {
            Action::Up => prompt.chosen = prompt.chosen.saturating_sub(1),
            Action::Down => prompt.chosen = prompt.next(),
            Action::Back => state.overlay = None,
            Action::Open => prompt::take(state, effects),
            _ => {}
        },
        Some(Overlay::Copy) => {
            state.overlay = None;
            if action != Action::Back {
                let before = effects.len();
                state.with_screen(effects, |screen, cx| {
                    screen.interact().action(action, 1, cx)
                });
                if effects.len() == before && state.shared.notice.is_none() {
                    state.shared.say("There is nothing of that here to copy");
                }
            }
        }
        Some(Overlay::Confirm(confirm)) => match action {
            Action::Yes => {
                let then = confirm.then.clone();
                state.overlay = None;
                state.with_screen(effects, |screen, cx| screen.interact().confirmed(then, cx));
            }
            Action::No => state.overlay = None,
            _ => {}
        },
        None => {}
    }
}
