//! The one key map: which key does what, where. Footer hints, the help screen and the palette are
//! made from it, so they cannot say anything else than what the keys do. It is a value of the
//! state; what is built in is the default.

pub mod action;
mod builtin;

use super::input::KeyPress;

pub use action::Action;

/// Where keys are pressed. Bindings of [`Context::Everywhere`] hold in all others, unless those
/// bind the same key.
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
    Menu,
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
            Context::Menu => "Menu",
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
            Context::SearchPrompt | Context::Menu | Context::Prompt
        )
    }

    /// Whether what is bound everywhere holds here too.
    #[must_use]
    pub fn inherits(self) -> bool {
        !self.types() && !matches!(self, Context::Confirm | Context::Copy)
    }
}

/// Some keys that belong together in hints and help: `h` and `l`, older and newer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// Where they hold.
    pub context: Context,
    /// The keys and what each does. The first key of each action is the one that hints name.
    pub keys: Vec<(KeyPress, Action)>,
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
        for (key, action) in &self.keys {
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

/// Which key does what, everywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyMap {
    bindings: Vec<Binding>,
}

impl Default for KeyMap {
    fn default() -> Self {
        let bindings = builtin::bindings();
        Self { bindings }
    }
}

impl KeyMap {
    /// What a key does in a place.
    #[must_use]
    pub fn resolve(&self, context: Context, key: KeyPress) -> Option<Action> {
        let find = |place: Context| {
            self.of(place)
                .flat_map(|binding| &binding.keys)
                .find(|(bound, _)| *bound == key)
                .map(|(_, action)| *action)
        };
        find(context).or_else(|| {
            let global = find(Context::Everywhere)?;
            let always = matches!(global, Action::Everywhere(action) if action.is_always());
            (context.inherits() || always).then_some(global)
        })
    }

    /// The bindings of one place, in the order of the map.
    pub fn of(&self, context: Context) -> impl Iterator<Item = &Binding> {
        self.bindings
            .iter()
            .filter(move |binding| binding.context == context)
    }

    /// The bindings that hold in a place: its own, then those of everywhere that it inherits.
    pub fn holding(&self, context: Context) -> impl Iterator<Item = &Binding> {
        let everywhere = context.inherits().then(|| self.of(Context::Everywhere));
        self.of(context).chain(everywhere.into_iter().flatten())
    }

    /// Puts what a key does in a place onto another key.
    #[cfg(test)]
    pub(crate) fn rebind(&mut self, context: Context, from: KeyPress, to: KeyPress) {
        let own = self
            .bindings
            .iter_mut()
            .filter(|one| one.context == context);
        for (key, _) in own.flat_map(|binding| &mut binding.keys) {
            if *key == from {
                *key = to;
            }
        }
    }

    /// What the footer shows in a place, most useful first.
    pub fn hints(&self, context: Context) -> impl Iterator<Item = &Binding> {
        self.holding(context)
            .filter(|binding| !binding.hint.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::action::Everywhere;
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_key_has_two_meanings_in_one_place() {
        let mut seen = HashSet::new();
        for binding in KeyMap::default().bindings {
            for (key, _) in &binding.keys {
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
        for binding in KeyMap::default().bindings {
            assert!(!binding.keys.is_empty() && !binding.help.is_empty());
            assert!(binding.help.chars().count() <= 34, "{}", binding.help);
            assert!(binding.hint.chars().count() <= 14, "{}", binding.hint);
        }
    }

    #[test]
    fn a_place_that_types_binds_no_letter() {
        let bindings = KeyMap::default().bindings;
        for binding in bindings.iter().filter(|one| one.context.types()) {
            for (key, _) in &binding.keys {
                assert_eq!(key.typed(), None, "{key} in {:?}", binding.context);
            }
        }
    }

    #[test]
    fn hints_name_one_key_an_action() {
        let map = KeyMap::default();
        let scrub = map.of(Context::Tape).next().unwrap();
        assert_eq!(scrub.hint_keys(), "h/l");
        assert_eq!(scrub.help_keys(), "h l ← →");
    }

    #[test]
    fn a_place_comes_before_everywhere_and_quitting_always_works() {
        let (quit, map) = (KeyPress::ctrl('c'), KeyMap::default());
        for context in [Context::Tape, Context::Prompt, Context::Confirm] {
            assert_eq!(
                map.resolve(context, quit),
                Some(Action::Everywhere(Everywhere::Quit))
            );
        }
        assert_eq!(
            map.resolve(Context::Prompt, KeyPress::char('q')),
            None,
            "letters are typed"
        );
        assert_eq!(
            map.resolve(Context::Report, KeyPress::char('y')),
            Some(Action::Report(action::ReportAction::CopyReport))
        );
    }

    #[test]
    fn every_action_is_of_its_place_or_of_everywhere() {
        let place = |action| match action {
            Action::Everywhere(_) => Context::Everywhere,
            Action::Tape(_) => Context::Tape,
            Action::Detail(_) => Context::Detail,
            Action::FullText(_) => Context::FullText,
            Action::Diff(_) => Context::Diff,
            Action::SearchPrompt(_) => Context::SearchPrompt,
            Action::SearchResults(_) => Context::SearchResults,
            Action::Storage(_) => Context::Storage,
            Action::HiddenSecrets(_) => Context::HiddenSecrets,
            Action::Prune(_) => Context::Prune,
            Action::Restore(_) => Context::Restore,
            Action::Report(_) => Context::Report,
            Action::Recover(_) => Context::Recover,
            Action::Welcome(_) => Context::Welcome,
            Action::Menu(_) => Context::Menu,
            Action::Prompt(_) => Context::Prompt,
            Action::Copy(_) => Context::Copy,
            Action::Confirm(_) => Context::Confirm,
        };
        for binding in KeyMap::default().bindings {
            for (key, action) in &binding.keys {
                let places = [binding.context, Context::Everywhere];
                assert!(places.contains(&place(*action)), "{key} {action:?}");
            }
        }
    }
}
