//! What all screens share, and what a screen works with while it handles something.

use std::collections::BTreeMap;

use bstr::BString;
use jiff::tz::TimeZone;

use crate::config::Settings;
use crate::model::geometry::Size;
use crate::model::id::SnapshotId;
use crate::model::snapshot::{Life, LifeId};
use crate::model::time::Millis;
use crate::ops::beat::{Beat, Holder};

use super::effect::{Effect, Focus, Generation, Job, TerminalEffect};
use super::figures::Upkeep;
use super::keys::KeyMap;
use super::library::Library;
use super::list::Window;
use super::msg::Failure;
use super::theme::Theme;

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
    /// Moves whenever they do.
    pub(super) lives_revision: u64,
    /// The snapshot marked as A.
    pub mark: Option<SnapshotId>,
    /// Only this session's snapshots are listed.
    pub filter: Option<BString>,
    /// What the recorder does.
    pub recorder: RecorderStatus,
    /// Something to read, until the next key.
    pub notice: Option<Notice>,
    /// Which key does what.
    pub keys: KeyMap,
    /// How everything looks.
    pub theme: Theme,
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

/// What was drawn last. Drawing computes it, the next update uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct View {
    /// The screen's list.
    pub list: Window,
    /// The screen's text.
    pub text: Window,
    /// The columns of what stands before the screen.
    pub menu: [Window; 2],
}

/// What the recorder does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum RecorderStatus {
    /// Nobody has said anything yet.
    #[default]
    Unknown,
    /// This process records.
    Recording {
        /// When it last stored something, or found that nothing had changed.
        seen: Millis,
        /// Its last look, and what came of it.
        beat: Beat,
    },
    /// Another process holds the lock of the recorder.
    Other(Holder),
    /// This process cannot record.
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
        let theme = Theme::built_in(settings.ui.theme);
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
            lives_revision: 0,
            mark: None,
            filter: None,
            recorder: RecorderStatus::Unknown,
            notice: None,
            keys: KeyMap::default(),
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
    pub fn effect(&mut self, effect: impl Into<Effect>) {
        self.effects.push(effect.into());
    }

    /// Takes a snapshot, and says so.
    pub fn capture_now(&mut self) {
        self.shared.say("Taking a snapshot…");
        self.effect(Job::CaptureNow { name: None });
    }

    /// Copies text, and says so.
    pub fn copy(&mut self, what: &str, text: String) {
        self.shared.say(format!("Copied {what}"));
        self.effects
            .push(Effect::Terminal(TerminalEffect::Copy(text)));
    }
}
