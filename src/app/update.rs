//! The transition function.

use super::answers;
use super::effect::Effect;
use super::input::{Key, KeyPress, MouseKind, Target};
use super::keys::{self, Action, Context};
use super::msg::Msg;
use super::overlay::{Menu, Overlay};
use super::screens::search::Search;
use super::screens::storage::Storage;
use super::screens::tape::Tape;
use super::screens::welcome::Welcome;
use super::screens::{Go, Screen};
use super::state::{Cx, RecorderStatus, Shared, State};

/// Snapshots that one page of the timeline has.
pub(super) const PAGE: usize = 2000;
/// Snapshots that the first page has: few, so that there is something to see at once.
const FIRST_PAGE: usize = 200;
/// The greatest count that can be typed before a key.
const MOST: usize = 99_999;

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

impl State {
    /// The interface at its start, on these screens (the tape under them), and the first effects.
    #[must_use]
    pub fn start(shared: Shared, above: Vec<Screen>) -> (Self, Vec<Effect>) {
        let effects = vec![
            Effect::LoadTimeline {
                before: None,
                limit: FIRST_PAGE,
            },
            Effect::LoadLives,
        ];
        let mut screens = vec![Screen::Tape(Tape::new())];
        screens.extend(above);
        let state = State {
            shared,
            screens,
            overlay: None,
            count: None,
            begun: false,
        };
        (state, effects)
    }

    /// The screen that is seen.
    #[must_use]
    pub fn screen(&self) -> Option<&Screen> {
        self.screens.last()
    }

    /// Where keys are looked up: the overlay's place, else the screen's.
    #[must_use]
    pub fn context(&self) -> Context {
        match (&self.overlay, self.screen()) {
            (Some(overlay), _) => overlay.context(),
            (None, Some(screen)) => screen.context(),
            (None, None) => Context::Everywhere,
        }
    }

    /// Nothing was ever recorded here: says so, unless something else stands before the tape.
    pub(super) fn welcome(&mut self, effects: &mut Vec<Effect>) {
        let shared = &mut self.shared;
        shared.recorder = RecorderStatus::Off;
        let welcome = Welcome::open(&mut Cx { shared, effects });
        if self.screens.len() == 1 {
            self.go(Go::Open(Box::new(Screen::Welcome(welcome))), effects);
        }
    }

    /// Lets the screen that is seen do something.
    pub(super) fn with_screen(
        &mut self,
        effects: &mut Vec<Effect>,
        run: impl FnOnce(&mut Screen, &mut Cx<'_>) -> Go,
    ) {
        let State {
            shared, screens, ..
        } = self;
        let Some(screen) = screens.last_mut() else {
            return;
        };
        let go = run(screen, &mut Cx { shared, effects });
        self.go(go, effects);
    }

    /// Tells the screen that is seen that what it shares has moved. The others are told when they
    /// are seen again, so that no two of them ask for different things at once.
    pub(super) fn refreshed(&mut self, effects: &mut Vec<Effect>) {
        let State {
            shared, screens, ..
        } = self;
        if let Some(screen) = screens.last_mut() {
            screen.interact().refreshed(&mut Cx { shared, effects });
        }
    }

    pub(super) fn go(&mut self, go: Go, effects: &mut Vec<Effect>) {
        match go {
            Go::Stay => return,
            Go::Back => {
                if self.screens.len() > 1 {
                    self.screens.pop();
                }
            }
            Go::Open(screen) => self.screens.push(*screen),
            Go::Replace(screen) => {
                self.screens.pop();
                self.screens.push(*screen);
            }
            Go::Tape(id) => {
                self.screens.truncate(1);
                self.shared.visit(id);
            }
            Go::Ask(overlay) => {
                self.overlay = Some(overlay);
                return;
            }
            Go::Quit => {
                effects.push(Effect::Quit);
                return;
            }
        }
        self.shared.view = super::state::View::default();
        self.refreshed(effects);
    }
}

fn press(state: &mut State, key: KeyPress, effects: &mut Vec<Effect>) {
    let context = state.context();
    state.shared.notice = None;
    if let Some(digit) = counts(state, context, key) {
        let count = state.count.unwrap_or(0).saturating_mul(10) + digit;
        state.count = Some(count.min(MOST));
        return;
    }
    match keys::resolve(context, key) {
        Some(action) => act(state, action, effects),
        None if state.overlay.is_some() => super::overlay::typed(state, key, effects),
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
    let begins = match keys::resolve(context, key) {
        None => digit > 0,
        Some(Action::ViewTape) => context == Context::Tape,
        Some(_) => false,
    };
    (state.count.is_some() || begins).then_some(digit)
}

fn paste(state: &mut State, text: &str, effects: &mut Vec<Effect>) {
    if !state.context().types() {
        return;
    }
    if state.overlay.is_some() {
        for c in text.chars().filter(|c| !c.is_control()) {
            super::overlay::typed(state, KeyPress::char(c), effects);
        }
    } else {
        state.with_screen(effects, |screen, cx| screen.interact().pasted(text, cx));
    }
}

fn mouse(state: &mut State, kind: MouseKind, target: Target, effects: &mut Vec<Effect>) {
    state.shared.notice = None;
    match (&state.overlay, target, kind) {
        (_, Target::Action(action), MouseKind::Click) => act(state, action, effects),
        (Some(_), _, _) => super::overlay::mouse(state, kind, target, effects),
        (None, _, _) => state.with_screen(effects, |screen, cx| {
            screen.interact().mouse(kind, target, cx)
        }),
    }
}

/// Does what a key, a hint, or an entry of help or the palette means.
pub(super) fn act(state: &mut State, action: Action, effects: &mut Vec<Effect>) {
    let count = state.count.take().unwrap_or(1).max(1);
    match action {
        Action::Quit => return effects.push(Effect::Quit),
        Action::Suspend => return effects.push(Effect::Suspend),
        Action::Redraw => return effects.push(Effect::Redraw),
        _ => {}
    }
    if state.overlay.is_some() {
        return super::overlay::act(state, action, effects);
    }
    let context = state.context();
    match action {
        Action::Help => state.overlay = Some(Overlay::Help(Menu::new(context))),
        Action::Palette => state.overlay = Some(Overlay::Palette(Menu::new(context))),
        Action::Copy => state.overlay = Some(Overlay::Copy),
        Action::Theme => {
            state.shared.theme = super::state::next_theme(state.shared.theme);
            let name = super::state::theme_name(state.shared.theme);
            state.shared.say(format!("Theme: {name}"));
        }
        Action::Mouse => {
            state.shared.mouse = !state.shared.mouse;
            let on = state.shared.mouse;
            let words = if on {
                "on"
            } else {
                "off: the terminal's own selection works"
            };
            state.shared.say(format!("Mouse {words}"));
            effects.push(Effect::Mouse(on));
        }
        Action::ViewTape => {
            state.screens.truncate(1);
            state.shared.view = super::state::View::default();
            state.refreshed(effects);
        }
        Action::Search | Action::ViewSearch => {
            if !matches!(state.screen(), Some(Screen::Search(_))) {
                let search = Screen::Search(Search::default());
                state.go(Go::Open(Box::new(search)), effects);
            } else {
                state.with_screen(effects, |screen, cx| {
                    screen.interact().action(Action::Search, 1, cx)
                });
            }
        }
        Action::ViewStorage => {
            let open = |screen: &Screen| matches!(screen, Screen::Storage(_));
            match state.screens.iter().position(open) {
                Some(at) if at + 1 < state.screens.len() => {
                    state.screens.truncate(at + 1);
                    state.shared.view = super::state::View::default();
                    state.refreshed(effects);
                }
                Some(_) => {}
                None => {
                    let shared = &mut state.shared;
                    let storage = Storage::open(&mut Cx { shared, effects });
                    state.go(Go::Open(Box::new(Screen::Storage(storage))), effects);
                }
            }
        }
        Action::Leave if state.screens.len() <= 1 => effects.push(Effect::Quit),
        _ => state.with_screen(effects, |screen, cx| {
            screen.interact().action(action, count, cx)
        }),
    }
}

/// `1 snapshot`, `3 snapshots`.
#[must_use]
pub(crate) fn plural(count: usize, what: &str) -> String {
    if count == 1 {
        format!("1 {what}")
    } else {
        format!("{count} {what}s")
    }
}
