//! What the user wants of a restore: policies, and which parts of the snapshot are chosen.

use std::collections::BTreeSet;

use bstr::BString;
use serde::{Deserialize, Serialize};

use crate::model::target::Target;
use crate::model::tree::ServerState;

/// What happens when a session of the same name is alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnConflict {
    /// The live one stays; the saved one is left out.
    Skip,
    /// The saved one comes back under another name; the live one stays as it is.
    #[default]
    Rename,
    /// Only what is missing is added to the live one; nothing of it is changed, closed or renamed.
    Merge,
    /// The saved one takes the place of the live one, which is closed. Whoever asks for it is asked
    /// for the name of the session.
    Replace,
}

/// Which programs are started again. A program that is never to be started by itself
/// (`assets/rules/programs.toml`), a part of a pipeline, and one from whose arguments a secret was
/// taken are not run under any policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Programs {
    /// None: every pane gets its shell.
    Shell,
    /// Each is typed at its prompt, none is run.
    Type,
    /// Those on the list are run, the others typed.
    #[default]
    Allow,
    /// All are run.
    All,
}

/// Where a pane opens whose directory has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MissingDir {
    /// In the nearest directory above it that exists.
    #[default]
    Parent,
    /// In the home directory.
    Home,
    /// Nowhere: the pane is left out.
    Skip,
}

/// Whether panes show their saved text again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Text {
    /// They do.
    #[default]
    Replay,
    /// They start empty.
    None,
}

/// Which settings, hooks and variables of sessions, tabs and panes are set again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Settings {
    /// None: what comes back has the server's own settings.
    None,
    /// Those that cannot make the multiplexer run a command by themselves, and variables that the
    /// user has on the list of what is kept, or that are inert. Hooks are left out, and what was
    /// left out is told.
    #[default]
    Safe,
    /// All, hooks included.
    All,
}

/// All policies of a restore.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// When a session of the same name is alive.
    pub on_conflict: OnConflict,
    /// The same for a session of which only tabs or panes are chosen; `None` is
    /// [`OnConflict::Merge`]: what was lost of a living session is put back into it.
    #[serde(skip)]
    pub parts: Option<OnConflict>,
    /// Which programs are started.
    pub programs: Programs,
    /// Where a pane opens whose directory has gone.
    pub missing_dir: MissingDir,
    /// Whether the saved text is shown.
    pub text: Text,
    /// Which settings, hooks and variables are set again.
    pub settings: Settings,
    /// Names of further programs that may be run under [`Programs::Allow`].
    pub allow: Vec<String>,
    /// Whether a snapshot that came from a file is treated like one that was made here. Said anew
    /// with every restore: it is no setting.
    #[serde(skip)]
    pub trust: bool,
}

impl Policy {
    /// What of it holds for a snapshot that came from a file and is not trusted: programs are typed
    /// at the most, and nothing is set.
    #[must_use]
    pub fn of_foreign(&self) -> Self {
        Self {
            programs: match self.programs {
                Programs::Shell => Programs::Shell,
                Programs::Type | Programs::Allow | Programs::All => Programs::Type,
            },
            settings: Settings::None,
            allow: Vec::new(),
            ..self.clone()
        }
    }
}

macro_rules! cycle {
    ($type:ty: $($value:ident $word:literal),+; $($next:ident),+) => {
        impl $type {
            /// The word for it on the command line and in settings.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$value => $word),+ }
            }

            /// The one after it, for going round with a key.
            #[must_use]
            pub fn next(self) -> Self {
                let round = [$(Self::$next),+];
                let at = round.iter().position(|value| *value == self).map_or(0, |at| at + 1);
                round.get(at % round.len()).copied().unwrap_or(self)
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.word())
            }
        }
    };
}

cycle!(OnConflict: Skip "skip", Rename "rename", Merge "merge", Replace "replace"; Rename, Merge, Replace, Skip);
cycle!(Programs: Shell "shell", Type "type", Allow "allow", All "all"; Allow, All, Shell, Type);
cycle!(MissingDir: Parent "parent", Home "home", Skip "skip"; Parent, Home, Skip);
cycle!(Text: Replay "replay", None "none"; Replay, None);
cycle!(Settings: None "none", Safe "safe", All "all"; Safe, All, None);

/// How much of a session or tab is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Chosen {
    /// All of it: `[x]`.
    Yes,
    /// Some of it: `[~]`.
    Partly,
    /// Nothing of it: `[ ]`.
    No,
}

/// Which panes of a snapshot are chosen: all of them but those that were left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    without: BTreeSet<(BString, u32, u32)>,
    asked: BTreeSet<BString>,
    /// Tabs and panes that were asked for by name.
    parts: Vec<Target>,
}

impl Selection {
    /// Everything.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Only these sessions, tabs and panes. The error names the targets that the state does not
    /// have.
    pub fn only(state: &ServerState, targets: &[Target]) -> Result<Self, Vec<Target>> {
        let meant = |target: &Target| {
            let mut target = target.clone();
            if let Some(session) = state.session_meant(&target.session) {
                target.session.clone_from(&session.name);
            }
            target
        };
        let targets: Vec<Target> = targets.iter().map(meant).collect();
        let mut selection = Self::default();
        let mut used = vec![false; targets.len()];
        for (session, tab, pane) in state.panes() {
            let mut wanted = false;
            for (target, used) in targets.iter().zip(&mut used) {
                if covers(target, &session.name, tab.index, pane.index) {
                    (wanted, *used) = (true, true);
                }
            }
            if !wanted {
                let key = (session.name.clone(), tab.index, pane.index);
                selection.without.insert(key);
            }
        }
        selection.asked = targets.iter().map(|t| t.session.clone()).collect();
        let parts = targets.iter().filter(|target| target.tab.is_some());
        selection.parts = parts.cloned().collect();
        let unknown: Vec<Target> = targets
            .iter()
            .zip(used)
            .filter(|(_, used)| !used)
            .map(|(target, _)| target.clone())
            .collect();
        if unknown.is_empty() {
            Ok(selection)
        } else {
            Err(unknown)
        }
    }

    /// Whether a pane is chosen.
    #[must_use]
    pub fn has(&self, session: &BString, tab: u32, pane: u32) -> bool {
        self.without.is_empty() || !self.without.contains(&(session.clone(), tab, pane))
    }

    /// Whether the session was asked for by its name, so that it comes back even where the live one
    /// is just like it.
    #[must_use]
    pub fn asked_for(&self, session: &BString) -> bool {
        self.asked.contains(session)
    }

    /// Whether it is tabs or panes of the session that are wanted, not the session as such.
    #[must_use]
    pub fn is_of_parts(&self, state: &ServerState, session: &BString) -> bool {
        let whole = Target {
            session: session.clone(),
            tab: None,
            pane: None,
        };
        self.parts.iter().any(|part| part.session == *session)
            || self.chosen(state, &whole) == Chosen::Partly
    }

    /// Whether a tab was asked for by its name: then one that is like it is not it.
    #[must_use]
    pub fn asked_for_tab(&self, session: &BString, tab: u32) -> bool {
        let mut parts = self.parts.iter();
        parts.any(|part| part.session == *session && part.tab == Some(tab) && part.pane.is_none())
    }

    /// Whether a pane was asked for by its name, or by that of its tab: then one that is like it is
    /// not it.
    #[must_use]
    pub fn asked_for_pane(&self, session: &BString, tab: u32, pane: u32) -> bool {
        let mut parts = self.parts.iter();
        parts.any(|part| covers(part, session, tab, pane))
    }

    /// How much of a session, tab or pane is chosen.
    #[must_use]
    pub fn chosen(&self, state: &ServerState, target: &Target) -> Chosen {
        let (mut some, mut all) = (false, true);
        for (session, tab, pane) in state.panes() {
            if covers(target, &session.name, tab.index, pane.index) {
                let has = self.has(&session.name, tab.index, pane.index);
                some |= has;
                all &= has;
            }
        }
        match (some, all) {
            (true, true) => Chosen::Yes,
            (true, false) => Chosen::Partly,
            (false, _) => Chosen::No,
        }
    }

    /// Turns a session, tab or pane on or off; one that is partly on goes on. A session that is
    /// turned on counts as asked for.
    pub fn toggle(&mut self, state: &ServerState, target: &Target) {
        let on = self.chosen(state, target) != Chosen::Yes;
        self.set(state, target, on);
    }

    /// Turns a session, tab or pane on or off.
    pub fn set(&mut self, state: &ServerState, target: &Target, on: bool) {
        for (session, tab, pane) in state.panes() {
            if covers(target, &session.name, tab.index, pane.index) {
                let key = (session.name.clone(), tab.index, pane.index);
                if on {
                    self.without.remove(&key);
                } else {
                    self.without.insert(key);
                }
            }
        }
        if on {
            self.asked.insert(target.session.clone());
        } else if target.tab.is_none() {
            self.asked.remove(&target.session);
        }
    }
}

fn covers(target: &Target, session: &BString, tab: u32, pane: u32) -> bool {
    target.session == *session
        && target.tab.is_none_or(|wanted| wanted == tab)
        && target.pane.is_none_or(|wanted| wanted == pane)
}
