//! The state of the interface.

use super::effect::{Effect, Job};
use super::keys::Context;
use super::overlay::Overlay;
use super::screens::tape::Tape;
use super::screens::welcome::Welcome;
use super::screens::{Go, Screen};
use super::shared::{Cx, Shared, View};

/// Snapshots that one page of the timeline has.
pub(super) const PAGE: usize = 2000;
/// Snapshots that the first page has: few, so that there is something to see at once.
const FIRST_PAGE: usize = 200;

/// Everything that the interface knows.
#[derive(Debug)]
pub struct State {
    /// What all screens share.
    pub shared: Shared,
    /// The screens, the one that is seen last; never empty.
    pub screens: Vec<Screen>,
    /// What stands before the screen: help, a question, a prompt.
    pub overlay: Option<Overlay>,
    /// Digits typed before a key (`5h`).
    pub count: Option<usize>,
    /// Whether the first page of the timeline has come.
    pub(super) begun: bool,
}

impl State {
    /// The interface at its start, on these screens (the tape under them), and the first effects.
    #[must_use]
    pub fn start(shared: Shared, above: Vec<Screen>) -> (Self, Vec<Effect>) {
        let effects = vec![
            Effect::Job(Job::LoadTimeline {
                before: None,
                limit: FIRST_PAGE,
            }),
            Effect::Job(Job::LoadLives),
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

    /// Leaves the screens above the first `count`.
    pub(super) fn back_to(&mut self, count: usize, effects: &mut Vec<Effect>) {
        self.screens.truncate(count);
        self.shared.view = View::default();
        self.refreshed(effects);
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
        self.shared.view = View::default();
        self.refreshed(effects);
    }
}
