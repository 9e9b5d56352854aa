//! The one key map: which key does what, where. Footer hints, the help screen and the palette are made
//! from it, so they cannot say anything else than what the keys do.

mod map;

pub use map::BINDINGS;

use super::input::KeyPress;

/// Where keys are pressed. Bindings of [`Context::Everywhere`] hold in all others, unless those bind
/// the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each is the screen of its name")]
pub enum Context {
    Everywhere,
    Tape,
    Detail,
    FullText,
    Diff,
    SearchPrompt,
    SearchResults,
    Storage,
    HiddenSecrets,
    Prune,
    Restore,
    Report,
    Recover,
    Welcome,
    Help,
    Palette,
    Prompt,
    Copy,
    Confirm,
}

impl Context {
    /// The name of the place, as help shows it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Context::Everywhere => "Everywhere",
            Context::Tape => "Tape",
            Context::Detail => "Detail",
            Context::FullText => "Full text",
            Context::Diff => "Diff",
            Context::SearchPrompt | Context::SearchResults => "Search",
            Context::Storage => "Storage",
            Context::HiddenSecrets => "Secrets hidden",
            Context::Prune => "Prune preview",
            Context::Restore => "Restore preview",
            Context::Report => "Report",
            Context::Recover => "Recovery",
            Context::Welcome => "Welcome",
            Context::Help => "Help",
            Context::Palette => "Commands",
            Context::Prompt => "Prompt",
            Context::Copy => "Copy",
            Context::Confirm => "Confirmation",
        }
    }

    /// Whether the letters go into a line of text; then only keys that type nothing are bound.
    #[must_use]
    pub fn types(self) -> bool {
        matches!(
            self,
            Context::SearchPrompt | Context::Help | Context::Palette | Context::Prompt
        )
    }

    /// Whether what is bound everywhere holds here too.
    #[must_use]
    pub fn inherits(self) -> bool {
        !self.types() && !matches!(self, Context::Confirm | Context::Copy)
    }
}

/// What a key can do. The screens give it its meaning; the words are in [`BINDINGS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the key map has the help text of each")]
pub enum Action {
    // Everywhere.
    Help,
    Palette,
    Search,
    ViewTape,
    ViewSearch,
    ViewStorage,
    Theme,
    Mouse,
    Copy,
    CopyId,
    CopyCommand,
    CopyDirectory,
    CopyText,
    Back,
    Leave,
    Quit,
    Suspend,
    Redraw,
    // Lists, texts, panels.
    Down,
    Up,
    PageDown,
    PageUp,
    Top,
    Bottom,
    NextPanel,
    PreviousPanel,
    Open,
    Toggle,
    Zoom,
    // Time.
    Older,
    Newer,
    OlderChange,
    NewerChange,
    OlderDay,
    NewerDay,
    OlderTagged,
    NewerTagged,
    Oldest,
    Live,
    GoToTime,
    // Snapshots.
    MarkA,
    Diff,
    DiffLive,
    Restore,
    SnapNow,
    Tag,
    Pin,
    Trash,
    UndoTrash,
    FilterSession,
    // Detail.
    NextTab,
    NextPane,
    PreviousPane,
    NextMatch,
    PreviousMatch,
    Wrap,
    // Search.
    ToggleText,
    CycleScope,
    FirstSeen,
    LastSeen,
    // Diff.
    OlderA,
    NewerA,
    Inline,
    Fold,
    FoldAll,
    LessContext,
    MoreContext,
    IgnoreBlank,
    Swap,
    Layout,
    Tree,
    // Storage.
    Prune,
    Verify,
    Compact,
    // Restore preview.
    ToggleAll,
    NextWarning,
    AllCommands,
    CycleConflict,
    CyclePrograms,
    CycleMissingDir,
    CycleText,
    CopyScript,
    Apply,
    // Report.
    Attach,
    RetryFailed,
    UndoRestore,
    CopyReport,
    // Recovery.
    NotNow,
    StopAsking,
    // Confirmation.
    Yes,
    No,
    // Welcome.
    ChooseRecord,
    ChooseOnce,
}

/// Some keys that belong together in hints and help: `h` and `l`, older and newer.
#[derive(Debug)]
pub struct Binding {
    /// Where they hold.
    pub context: Context,
    /// The keys and what each does. The first key of each action is the one that hints name.
    pub keys: &'static [(KeyPress, Action)],
    /// A word or two for the footer; empty where no hint is to be shown.
    pub hint: &'static str,
    /// What help says.
    pub help: &'static str,
}

impl Binding {
    /// The keys as the footer names them: the first of each action, `h/l` or `[ ]`.
    #[must_use]
    pub fn hint_keys(&self) -> String {
        let mut seen: Vec<Action> = Vec::new();
        let mut names: Vec<String> = Vec::new();
        for (key, action) in self.keys {
            if !seen.contains(action) {
                seen.push(*action);
                names.push(key.to_string());
            }
        }
        let letters = names
            .iter()
            .all(|name| name.chars().all(char::is_alphanumeric));
        names.join(if letters { "/" } else { " " })
    }

    /// All the keys, as help names them.
    #[must_use]
    pub fn help_keys(&self) -> String {
        let names: Vec<String> = self.keys.iter().map(|(key, _)| key.to_string()).collect();
        names.join(" ")
    }

    /// The action of the first key: what clicking the hint or running the help entry does.
    #[must_use]
    pub fn action(&self) -> Option<Action> {
        self.keys.first().map(|(_, action)| *action)
    }
}

/// What a key does in a place.
#[must_use]
pub fn resolve(context: Context, key: KeyPress) -> Option<Action> {
    let find = |place: Context| {
        BINDINGS
            .iter()
            .filter(|binding| binding.context == place)
            .flat_map(|binding| binding.keys)
            .find(|(bound, _)| *bound == key)
            .map(|(_, action)| *action)
    };
    find(context).or_else(|| {
        let global = find(Context::Everywhere)?;
        // What ends or stops the program works even while something is typed.
        let always = matches!(global, Action::Quit | Action::Suspend | Action::Redraw);
        (context.inherits() || always).then_some(global)
    })
}

/// The bindings of one place, in the order of the map.
pub fn of(context: Context) -> impl Iterator<Item = &'static Binding> {
    BINDINGS
        .iter()
        .filter(move |binding| binding.context == context)
}

/// What the footer shows in a place, most useful first.
pub fn hints(context: Context) -> impl Iterator<Item = &'static Binding> {
    let everywhere = context.inherits().then(|| of(Context::Everywhere));
    of(context)
        .chain(everywhere.into_iter().flatten())
        .filter(|binding| !binding.hint.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_key_has_two_meanings_in_one_place() {
        let mut seen = HashSet::new();
        for binding in BINDINGS {
            for (key, _) in binding.keys {
                assert!(
                    seen.insert((binding.context, *key)),
                    "{key} stands twice in {:?}",
                    binding.context
                );
            }
        }
    }

    #[test]
    fn every_binding_says_what_it_does_and_fits() {
        for binding in BINDINGS {
            assert!(!binding.keys.is_empty() && !binding.help.is_empty());
            assert!(binding.help.chars().count() <= 34, "{}", binding.help);
            assert!(binding.hint.chars().count() <= 14, "{}", binding.hint);
        }
    }

    #[test]
    fn a_place_that_types_binds_no_letter() {
        for binding in BINDINGS.iter().filter(|binding| binding.context.types()) {
            for (key, _) in binding.keys {
                assert_eq!(key.typed(), None, "{key} in {:?}", binding.context);
            }
        }
    }

    #[test]
    fn hints_name_one_key_an_action() {
        let scrub = of(Context::Tape).next().unwrap();
        assert_eq!(scrub.hint_keys(), "h/l");
        assert_eq!(scrub.help_keys(), "h l ← →");
    }

    #[test]
    fn a_place_comes_before_everywhere_and_quitting_always_works() {
        let quit = KeyPress::ctrl('c');
        for context in [Context::Tape, Context::Prompt, Context::Confirm] {
            assert_eq!(resolve(context, quit), Some(Action::Quit));
        }
        assert_eq!(
            resolve(Context::Prompt, KeyPress::char('q')),
            None,
            "letters are typed"
        );
        assert_eq!(
            resolve(Context::Report, KeyPress::char('y')),
            Some(Action::CopyReport)
        );
    }
}
