//! The transition function.

mod answers;
mod overlays;

use super::effect::{Effect, TerminalEffect};
use super::input::{Key, KeyPress};
use super::keys::action::Everywhere;
use super::keys::{Action, Context};
use super::mouse::{MouseKind, MouseTarget};
use super::msg::Msg;
use super::overlay::{Menu, Overlay};
use super::screens::Go;
use super::screens::Screen;
use super::screens::search::Search;
use super::screens::storage::Storage;
use super::shared::Cx;
use super::state::State;
use super::words;

/// The greatest count that can be typed before a key.
const MAX_COUNT: usize = 99_999;
/// Letters that are taken of a pasted text: whatever is typed here is a name, a moment or a search.
const MAX_PASTED_CHARS: usize = 1000;

/// Handles a message: changes the state, and says what is to be done.
pub fn update(state: &mut State, msg: Msg) -> Vec<Effect> {
    let mut effects = Vec::new();
    match msg {
        Msg::Key(key) => press(state, key, &mut effects),
        Msg::Paste(text) => paste(state, &text, &mut effects),
        Msg::Mouse(kind, target) => mouse(state, kind, target, &mut effects),
        Msg::Resize(size) => {
            state.shared.size = size;
            state.refreshed(&mut effects);
        }
        Msg::Now(now) => state.shared.now = now,
        Msg::Answer(answer) => answers::answered(state, answer, &mut effects),
        Msg::Recorder(event) => answers::recorder(state, event, &mut effects),
    }
    effects
}

fn press(state: &mut State, key: KeyPress, effects: &mut Vec<Effect>) {
    let context = state.context();
    state.shared.notice = None;
    if let Some(digit) = counts(state, context, key) {
        let count = state.count.unwrap_or(0).saturating_mul(10) + digit;
        state.count = Some(count.min(MAX_COUNT));
        return;
    }
    match state.shared.keys.resolve(context, key) {
        Some(action) => act(state, action, effects),
        None if state.overlay.is_some() => overlays::typed(state, key),
        None if context.types() => {
            state.with_screen(effects, |screen, cx| screen.interact().typed(key, cx));
        }
        None => state.count = None,
    }
}

/// The digit that a key adds to the count. Digits that choose a view begin no count, except where
/// they would choose the view that is there already.
fn counts(state: &State, context: Context, key: KeyPress) -> Option<usize> {
    let Key::Char(c) = key.key else { return None };
    let digit = c
        .to_digit(10)
        .and_then(|digit| usize::try_from(digit).ok())?;
    if state.overlay.is_some() || key.ctrl || key.alt || context.types() {
        return None;
    }
    let begins = match state.shared.keys.resolve(context, key) {
        None => digit > 0,
        Some(Action::Everywhere(Everywhere::ViewTape)) => context == Context::Tape,
        Some(_) => false,
    };
    (state.count.is_some() || begins).then_some(digit)
}

fn paste(state: &mut State, text: &str, effects: &mut Vec<Effect>) {
    if !state.context().types() {
        return;
    }
    let mut letters = text.chars().filter(|c| !c.is_control());
    let text: String = letters.by_ref().take(MAX_PASTED_CHARS).collect();
    if state.overlay.is_some() {
        for c in text.chars() {
            overlays::typed(state, KeyPress::char(c));
        }
    } else {
        state.with_screen(effects, |screen, cx| screen.interact().pasted(&text, cx));
    }
    if letters.next().is_some() {
        let most = words::number(MAX_PASTED_CHARS);
        state.shared.say(format!(
            "Too much text: the first {most} letters were pasted"
        ));
    }
}

fn mouse(state: &mut State, kind: MouseKind, target: MouseTarget, effects: &mut Vec<Effect>) {
    state.shared.notice = None;
    match (&state.overlay, target, kind) {
        (_, MouseTarget::Action(action), MouseKind::Click) => act(state, action, effects),
        (Some(_), _, _) => {
            if let Some(chosen) = overlays::mouse(state, kind, target, effects) {
                act(state, chosen, effects);
            }
        }
        (None, _, _) => state.with_screen(effects, |screen, cx| {
            screen.interact().mouse(kind, target, cx)
        }),
    }
}

/// Does what a key, a hint, or an entry of help or the palette means.
fn act(state: &mut State, action: Action, effects: &mut Vec<Effect>) {
    let count = state.count.take().unwrap_or(1).max(1);
    match action {
        Action::Everywhere(action) if action.is_always() || state.overlay.is_none() => {
            everywhere(state, action, effects);
        }
        _ if state.overlay.is_some() => {
            if let Some(chosen) = overlays::act(state, action, effects) {
                act(state, chosen, effects);
            }
        }
        action => state.with_screen(effects, |screen, cx| screen.act(action, count, cx)),
    }
}

fn everywhere(state: &mut State, action: Everywhere, effects: &mut Vec<Effect>) {
    let shared = &mut state.shared;
    match action {
        Everywhere::Help => state.overlay = Some(Overlay::Help(Menu::new(state.context()))),
        Everywhere::Palette => state.overlay = Some(Overlay::Palette(Menu::new(state.context()))),
        Everywhere::Copy => state.overlay = Some(Overlay::Copy),
        Everywhere::Theme => {
            shared.theme = shared.theme.next();
            shared.say(format!("Theme: {}", shared.theme.words()));
        }
        Everywhere::Mouse => {
            shared.mouse = !shared.mouse;
            let words = if shared.mouse {
                "on"
            } else {
                "off: the terminal's own selection works"
            };
            shared.say(format!("Mouse {words}"));
            effects.push(Effect::Terminal(TerminalEffect::Mouse(shared.mouse)));
        }
        Everywhere::ViewTape => state.back_to(1, effects),
        Everywhere::ViewSearch => match state.screens.last_mut() {
            Some(Screen::Search(search)) => search.focus_prompt(),
            _ => {
                let search = Screen::Search(Search::default());
                state.go(Go::Open(Box::new(search)), effects);
            }
        },
        Everywhere::ViewStorage => {
            let open = |screen: &Screen| matches!(screen, Screen::Storage(_));
            match state.screens.iter().position(open) {
                Some(at) if at + 1 < state.screens.len() => state.back_to(at + 1, effects),
                Some(_) => {}
                None => {
                    let storage = Storage::open(&mut Cx { shared, effects });
                    state.go(Go::Open(Box::new(Screen::Storage(storage))), effects);
                }
            }
        }
        Everywhere::Leave if state.screens.len() <= 1 => effects.push(Effect::Quit),
        Everywhere::Leave => state.with_screen(effects, |screen, cx| screen.interact().leave(cx)),
        Everywhere::Back => state.with_screen(effects, |screen, cx| screen.interact().back(cx)),
        Everywhere::Quit => effects.push(Effect::Quit),
        Everywhere::Suspend => effects.push(Effect::Suspend),
        Everywhere::Redraw => effects.push(Effect::Terminal(TerminalEffect::Redraw)),
    }
}
