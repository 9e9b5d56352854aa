//! What stands before a screen: help, the palette, prompts, questions.

use bstr::BString;
use tui_input::{Input, InputRequest};

use crate::model::ansi::label;
use crate::model::composed::lowered;
use crate::model::id::SnapshotId;

use super::input::{Key, KeyPress};
use super::keys::{Action, Binding, Context, KeyMap};
use super::list::Cursor;

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
    pub chosen: Cursor,
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
    pub chosen: Cursor,
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
    /// A blank session beside what was restored is closed.
    CloseLeftover,
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
            chosen: Cursor::default(),
        }
    }

    /// The entries that match what was typed: first those of the screen, then those that hold
    /// everywhere.
    #[must_use]
    pub fn entries<'a>(&self, keys: &'a KeyMap) -> Vec<&'a Binding> {
        let wanted = self.filter.value().to_lowercase();
        keys.holding(self.context)
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
    pub fn action(&self, keys: &KeyMap) -> Option<Action> {
        self.entries(keys).get(self.chosen.at())?.action()
    }
}

impl Prompt {
    /// An empty line for something.
    #[must_use]
    pub fn new(asking: Asking) -> Self {
        Self {
            asking,
            input: Input::default(),
            chosen: Cursor::default(),
            problem: None,
        }
    }

    /// What can be chosen: sessions that match what was typed, after "all sessions".
    #[must_use]
    pub fn proposals(&self) -> Vec<Option<&BString>> {
        let Asking::Session(sessions) = &self.asking else {
            return Vec::new();
        };
        let typed = lowered(self.input.value());
        let matching = sessions
            .iter()
            .filter(|name| lowered(&label(name)).contains(&typed));
        let all = typed.is_empty().then_some(None);
        all.into_iter().chain(matching.map(Some)).collect()
    }
}

impl Overlay {
    /// Where its keys are looked up.
    #[must_use]
    pub fn context(&self) -> Context {
        match self {
            Overlay::Help(_) | Overlay::Palette(_) => Context::Menu,
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
