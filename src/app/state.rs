//! The state of the interface.

use std::collections::BTreeMap;

use bstr::BString;
use jiff::tz::TimeZone;

use crate::config::{Settings, ThemeName};
use crate::model::geometry::Size;
use crate::model::id::SnapshotId;
use crate::model::snapshot::{Life, LifeId};
use crate::model::time::Millis;

use super::effect::{Effect, Focus, Generation};
use super::library::Library;
use super::msg::Failure;
use super::overlay::Overlay;
use super::screens::Screen;
use super::upkeep::Upkeep;

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

/// What all screens share.
#[derive(Debug)]
pub struct Shared {
    /// How late it is.
    pub now: Millis,
    /// Where the user's clock is.
    pub zone: TimeZone,
    /// The size of the terminal.
    pub size: Size,
    /// The user's home, shown as `~`.
    pub home: BString,
    /// Where the store is, for showing.
    pub data: BString,
    /// The settings.
    pub settings: Settings,
    /// The timeline, and what was looked at.
    pub library: Library,
    /// The snapshot that is looked at.
    pub at: Option<SnapshotId>,
    /// What is looked at in it.
    pub focus: Focus,
    /// Whether the newest snapshot is looked at, and its successor will be.
    pub follow: bool,
    /// The lives that are known.
    pub lives: BTreeMap<LifeId, Life>,
    /// The snapshot marked as A.
    pub mark: Option<SnapshotId>,
    /// Only this session's snapshots are listed.
    pub filter: Option<BString>,
    /// What the recorder does.
    pub recorder: RecorderStatus,
    /// Something to read, until the next key.
    pub notice: Option<Notice>,
    /// The theme.
    pub theme: ThemeName,
    /// Whether the terminal reports the mouse.
    pub mouse: bool,
    /// What was drawn last: where lists and texts stand, and how much of them is seen.
    pub view: View,
    /// Why the store cannot be read, where it cannot.
    pub trouble: Option<Failure>,
    /// What was put into the trash last, for undoing it.
    pub trashed: Vec<SnapshotId>,
    /// Work on the store.
    pub upkeep: Upkeep,
    /// What was asked for last, to be shown, and its ticket.
    pub(super) loading: Option<((SnapshotId, Focus), Generation)>,
    last_generation: u64,
}

/// A part of a long list or text that is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Window {
    /// The first row that is seen.
    pub first: usize,
    /// How many rows fit.
    pub rows: usize,
}

/// What was drawn last. Drawing computes it, the next update uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct View {
    /// The screen's list.
    pub list: Window,
    /// The screen's text.
    pub text: Window,
}

/// What the recorder does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum RecorderStatus {
    /// Nobody has said anything yet.
    #[default]
    Unknown,
    /// This process records, and looked last at that moment.
    Recording {
        /// When it looked last.
        seen: Millis,
    },
    /// This process records, but no server is running.
    NoServer,
    /// Another process records.
    Other {
        /// Its process id, where it is known.
        pid: Option<i32>,
    },
    /// This process records; the store cannot be written, and captures are kept aside.
    KeptAside,
    /// It could not look or store.
    Failed(Failure),
    /// Nobody records.
    Off,
}

/// Something to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The words.
    pub text: String,
    /// Whether something went wrong.
    pub bad: bool,
}

impl Shared {
    /// What is known before anything was read.
    #[must_use]
    pub fn new(now: Millis, zone: TimeZone, home: BString, settings: Settings) -> Self {
        let theme = settings.ui.theme;
        Self {
            now,
            zone,
            size: Size {
                width: 80,
                height: 24,
            },
            home,
            data: BString::default(),
            settings,
            library: Library::default(),
            at: None,
            focus: Focus::default(),
            follow: true,
            lives: BTreeMap::new(),
            mark: None,
            filter: None,
            recorder: RecorderStatus::Unknown,
            notice: None,
            theme,
            mouse: true,
            view: View::default(),
            trouble: None,
            trashed: Vec::new(),
            upkeep: Upkeep::default(),
            loading: None,
            last_generation: 0,
        }
    }

    /// A new ticket, greater than all before it.
    pub fn ticket(&mut self) -> Generation {
        self.last_generation += 1;
        Generation(self.last_generation)
    }

    /// Shows something to read.
    pub fn say(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice {
            text: text.into(),
            bad: false,
        });
    }

    /// Shows what went wrong.
    pub fn complain(&mut self, failure: &Failure) {
        self.notice = Some(Notice {
            text: failure.message.clone(),
            bad: true,
        });
    }
}

/// What a screen works with while it handles something: what is shared, and the effects that it
/// wants.
#[derive(Debug)]
pub struct Cx<'a> {
    /// What all screens share.
    pub shared: &'a mut Shared,
    /// What is to be done.
    pub effects: &'a mut Vec<Effect>,
}

impl Cx<'_> {
    /// Wants an effect.
    pub fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Copies text, and says so.
    pub fn copy(&mut self, what: &str, text: String) {
        self.shared.say(format!("Copied {what}"));
        self.effects.push(Effect::Copy(text));
    }
}

/// The theme after this one.
pub(super) fn next_theme(theme: ThemeName) -> ThemeName {
    match theme {
        ThemeName::Dark => ThemeName::Light,
        ThemeName::Light => ThemeName::Ansi,
        ThemeName::Ansi => ThemeName::Mono,
        ThemeName::Mono => ThemeName::Dark,
    }
}

/// What a theme is called.
pub(super) fn theme_name(theme: ThemeName) -> &'static str {
    match theme {
        ThemeName::Dark => "dark",
        ThemeName::Light => "light",
        ThemeName::Ansi => "ansi",
        ThemeName::Mono => "mono",
    }
}
