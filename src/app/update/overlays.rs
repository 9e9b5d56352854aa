//! What keys and the mouse do to what stands before a screen.

use crate::app::effect::{Edit, Effect, Job};
use crate::app::input::KeyPress;
use crate::app::keys::Action;
use crate::app::keys::action::{ConfirmAction, Everywhere, MenuAction, PromptAction};
use crate::app::list::Cursor;
use crate::app::mouse::{MouseKind, MouseTarget};
use crate::app::overlay::{Asking, Confirmed, Overlay, Prompt, edit};
use crate::app::state::State;
use crate::model::ansi::label;
use crate::model::moment;

/// A key that is bound to nothing.
pub(super) fn typed(state: &mut State, key: KeyPress) {
    match &mut state.overlay {
        Some(Overlay::Help(menu) | Overlay::Palette(menu)) => {
            if edit(&mut menu.filter, key) {
                menu.chosen = Cursor::default();
            }
        }
        Some(Overlay::Prompt(prompt)) => {
            if edit(&mut prompt.input, key) {
                prompt.chosen = Cursor::default();
                prompt.problem = None;
            }
        }
        // A letter that means nothing here closes the menu, and does nothing else.
        Some(Overlay::Copy) => state.overlay = None,
        Some(Overlay::Confirm(_)) | None => {}
    }
}

/// The mouse, while something stands before the screen. An action that it leads to is to be done.
pub(super) fn mouse(
    state: &mut State,
    kind: MouseKind,
    target: MouseTarget,
    effects: &mut Vec<Effect>,
) -> Option<Action> {
    let runs = kind == MouseKind::DoubleClick && matches!(target, MouseTarget::Row(_));
    match &mut state.overlay {
        Some(Overlay::Help(menu) | Overlay::Palette(menu)) => {
            let all = menu.entries(&state.shared.keys).len();
            menu.chosen.mouse(kind, target, all);
            runs.then(|| run(state))?
        }
        Some(Overlay::Prompt(prompt)) => {
            prompt.chosen.mouse(kind, target, prompt.proposals().len());
            if runs {
                take(state, effects);
            }
            None
        }
        Some(Overlay::Copy | Overlay::Confirm(_)) | None => None,
    }
}

/// An action of what stands before the screen. One that was chosen there is to be done.
pub(super) fn act(state: &mut State, action: Action, effects: &mut Vec<Effect>) -> Option<Action> {
    let columns = state.shared.view.menu.map(|column| column.rows);
    let seen = columns.into_iter().max().unwrap_or(0);
    match (&mut state.overlay, action) {
        (_, Action::Everywhere(Everywhere::Back)) => state.overlay = None,
        (Some(Overlay::Help(menu) | Overlay::Palette(menu)), Action::Menu(action)) => {
            match action {
                MenuAction::Move(motion) => {
                    let all = menu.entries(&state.shared.keys).len();
                    menu.chosen.go(motion, 1, seen, all);
                }
                MenuAction::Run => return run(state),
            }
        }
        (Some(Overlay::Prompt(prompt)), Action::Prompt(action)) => match action {
            PromptAction::Move(motion) => {
                let all = prompt.proposals().len();
                prompt.chosen.go(motion, 1, seen, all);
            }
            PromptAction::Take => take(state, effects),
        },
        (Some(Overlay::Copy), Action::Copy(what)) => {
            state.overlay = None;
            let before = effects.len();
            state.with_screen(effects, |screen, cx| screen.interact().copy(what, cx));
            if effects.len() == before && state.shared.notice.is_none() {
                state.shared.say("There is nothing of that here to copy");
            }
        }
        (Some(Overlay::Confirm(confirm)), Action::Confirm(answer)) => {
            let then = confirm.then.clone();
            state.overlay = None;
            if answer == ConfirmAction::Yes {
                state.with_screen(effects, |screen, cx| screen.interact().confirmed(then, cx));
            }
        }
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
        ) => {}
    }
    None
}

/// Closes the menu: what was chosen in it is to be done.
fn run(state: &mut State) -> Option<Action> {
    match state.overlay.take() {
        Some(Overlay::Help(menu) | Overlay::Palette(menu)) => menu.action(&state.shared.keys),
        _ => None,
    }
}

/// Enter was pressed.
fn take(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(Overlay::Prompt(prompt)) = &mut state.overlay else {
        return;
    };
    let typed = prompt.input.value().trim().to_owned();
    match prompt.asking.clone() {
        Asking::Moment => {
            let now = state.shared.zoned(state.shared.now);
            let words = typed.trim_end_matches(" ago").trim();
            match moment::parse(words, &now) {
                Ok(moment) => match state.shared.library.at(moment).map(|entry| entry.id) {
                    Some(id) => state.shared.visit(id),
                    None => {
                        prompt.problem = Some("The tape is empty".to_owned());
                        return;
                    }
                },
                Err(error) => {
                    prompt.problem = Some(error.to_string());
                    return;
                }
            }
        }
        Asking::Tag(id) => match typed.strip_prefix('-') {
            Some(tag) if !tag.is_empty() => effects.push(Effect::Job(Job::Edit {
                ids: vec![id],
                edit: Edit::Untag(tag.to_owned()),
            })),
            _ if typed.is_empty() => {}
            _ => effects.push(Effect::Job(Job::Edit {
                ids: vec![id],
                edit: Edit::Tag(typed),
            })),
        },
        Asking::Name(mut names) => {
            if names.first().is_none_or(|name| typed != label(name)) {
                prompt.problem = Some("That is not its name: nothing was done".to_owned());
                return;
            }
            names.remove(0);
            if !names.is_empty() {
                *prompt = Prompt::new(Asking::Name(names));
                return;
            }
            state.overlay = None;
            state.with_screen(effects, |screen, cx| {
                screen.interact().confirmed(Confirmed::Replace, cx)
            });
            return;
        }
        Asking::Session(_) => {
            let Some(chosen) = prompt.proposals().get(prompt.chosen.at()).copied() else {
                prompt.problem = Some("No session is called that".to_owned());
                return;
            };
            state.shared.filter = chosen.cloned();
            state.shared.focus.session = state.shared.filter.clone();
        }
    }
    state.overlay = None;
    state.refreshed(effects);
}
