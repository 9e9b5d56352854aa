//! A structure diff as a flat list: one entry per thing that came, went, moved or has another
//! value. Values are made fit for showing; the exact ones are in the diff itself.

mod details;

use bstr::BString;

use super::ansi::label;
use super::diff::{PaneDiff, ServerDiff, SessionDiff, TabDiff};
use super::geometry::Rect;
use super::program::{Program, program_name};
use super::target::Target;
use super::tree::{AutomaticRename, Pane, Session, Tab};
use super::words::count;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// It came.
    Added,
    /// It went.
    Removed,
    /// It has another value.
    Changed,
    /// It stands in another place.
    Moved,
}

impl ChangeKind {
    /// The word for it, as JSON has it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            ChangeKind::Added => "added",
            ChangeKind::Removed => "removed",
            ChangeKind::Changed => "changed",
            ChangeKind::Moved => "moved",
        }
    }

    /// The sign for it.
    #[must_use]
    pub fn sign(self) -> char {
        match self {
            ChangeKind::Added => '+',
            ChangeKind::Removed => '-',
            ChangeKind::Changed => '~',
            ChangeKind::Moved => '>',
        }
    }
}

/// Which property has another value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the words of `Field::word` say what each is")]
pub enum Field {
    Name,
    Cwd,
    Group,
    Index,
    Active,
    Last,
    Zoomed,
    Synchronized,
    AutomaticRename,
    Layout,
    Title,
    Shell,
    Command,
    CommandCwd,
    Marked,
    Place,
    Exit,
    Scroll,
    Cursor,
    Text,
    Setting,
    Hook,
    Variable,
    Recent,
    StartCommand,
    Shells,
    Checkout,
    Mode,
    Search,
    InputOff,
    Piped,
    Terminal,
    Floating,
    /// That nothing but its place is kept.
    Withheld,
    /// How its program was started, beyond the arguments.
    Launch,
    Buffer,
}

impl Field {
    /// The name of the property.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Field::Name => "name",
            Field::Cwd => "cwd",
            Field::Group => "group",
            Field::Index => "index",
            Field::Active => "active",
            Field::Last => "last",
            Field::Zoomed => "zoomed",
            Field::Synchronized => "synchronized",
            Field::AutomaticRename => "automatic_rename",
            Field::Layout => "layout",
            Field::Title => "title",
            Field::Shell => "shell",
            Field::Command => "command",
            Field::CommandCwd => "command_cwd",
            Field::Marked => "marked",
            Field::Place => "place",
            Field::Exit => "exit",
            Field::Scroll => "scroll",
            Field::Cursor => "cursor",
            Field::Text => "text",
            Field::Setting => "setting",
            Field::Hook => "hook",
            Field::Variable => "variable",
            Field::Recent => "recent",
            Field::StartCommand => "start_command",
            Field::Shells => "shells",
            Field::Checkout => "checkout",
            Field::Mode => "mode",
            Field::Search => "search",
            Field::InputOff => "input_off",
            Field::Piped => "piped",
            Field::Terminal => "terminal",
            Field::Floating => "floating",
            Field::Withheld => "withheld",
            Field::Launch => "launch",
            Field::Buffer => "buffer",
        }
    }
}

/// One entry of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// To what: named as in the second state, or in the first for what went.
    pub at: Target,
    /// Which property; `None` when the thing itself came or went. Of those that are lists with
    /// names (settings, hooks, variables, buffers) there is a change for each name, which begins
    /// its values; one that came or went has one value.
    pub field: Option<Field>,
    /// The value before.
    pub from: Option<String>,
    /// The value after.
    pub to: Option<String>,
}

/// The list for a diff, in its order.
#[must_use]
pub fn changes(diff: &ServerDiff) -> Vec<Change> {
    let mut list = List(Vec::new());
    for session in &diff.sessions {
        list.session(session);
    }
    if let Some((from, to)) = &diff.buffers {
        list.buffers(from, to);
    }
    list.0
}

struct List(Vec<Change>);

fn target(session: &BString, tab: Option<u32>, pane: Option<u32>) -> Target {
    Target {
        session: session.clone(),
        tab,
        pane,
    }
}

impl List {
    fn push(&mut self, kind: ChangeKind, at: Target, from: Option<String>, to: Option<String>) {
        self.0.push(Change {
            kind,
            at,
            field: None,
            from,
            to,
        });
    }

    fn field(&mut self, at: &Target, field: Field, from: String, to: String) {
        if from != to {
            let kind = if field == Field::Index {
                ChangeKind::Moved
            } else {
                ChangeKind::Changed
            };
            let (from, to) = (Some(from), Some(to));
            self.0.push(Change {
                kind,
                at: at.clone(),
                field: Some(field),
                from,
                to,
            });
        }
    }

    /// Names and paths: as labels, or escaped byte by byte where the labels look the same.
    fn bytes(&mut self, at: &Target, field: Field, from: &BString, to: &BString) {
        let (before, after) = (label(from), label(to));
        if before == after && from != to {
            self.field(at, field, format!("{from:?}"), format!("{to:?}"));
        } else {
            self.field(at, field, before, after);
        }
    }

    fn session(&mut self, diff: &SessionDiff) {
        match diff {
            SessionDiff::Added(session) => {
                let at = target(&session.name, None, None);
                self.push(ChangeKind::Added, at, None, Some(session_words(session)));
            }
            SessionDiff::Removed(session) => {
                let at = target(&session.name, None, None);
                self.push(ChangeKind::Removed, at, Some(session_words(session)), None);
            }
            SessionDiff::Changed { from, to, tabs } => {
                let at = target(&to.name, None, None);
                self.bytes(&at, Field::Name, &from.name, &to.name);
                self.bytes(&at, Field::Cwd, &from.cwd, &to.cwd);
                let group = |s: &Session| s.group.as_ref().map_or_else(String::new, |g| label(g));
                self.field(&at, Field::Group, group(from), group(to));
                self.session_detail(&at, &from.detail, &to.detail);
                tabs.iter().for_each(|tab| self.tab(&to.name, tab));
            }
        }
    }

    fn tab(&mut self, session: &BString, diff: &TabDiff) {
        match diff {
            TabDiff::Added(tab) => {
                let at = target(session, Some(tab.index), None);
                self.push(ChangeKind::Added, at, None, Some(tab_words(tab)));
            }
            TabDiff::Removed(tab) => {
                let at = target(session, Some(tab.index), None);
                self.push(ChangeKind::Removed, at, Some(tab_words(tab)), None);
            }
            TabDiff::Changed { from, to, panes } => {
                let at = target(session, Some(to.index), None);
                self.field(
                    &at,
                    Field::Index,
                    from.index.to_string(),
                    to.index.to_string(),
                );
                self.bytes(&at, Field::Name, &from.name, &to.name);
                self.field(
                    &at,
                    Field::Active,
                    from.active.to_string(),
                    to.active.to_string(),
                );
                self.field(&at, Field::Last, from.last.to_string(), to.last.to_string());
                self.field(
                    &at,
                    Field::Zoomed,
                    from.zoomed.to_string(),
                    to.zoomed.to_string(),
                );
                let sync = |tab: &Tab| tab.synchronized.to_string();
                self.field(&at, Field::Synchronized, sync(from), sync(to));
                let rename = |tab: &Tab| match tab.automatic_rename {
                    AutomaticRename::On => "on".to_owned(),
                    AutomaticRename::Off => "off".to_owned(),
                    AutomaticRename::Unset => "unset".to_owned(),
                };
                self.field(&at, Field::AutomaticRename, rename(from), rename(to));
                self.tab_detail(&at, &from.detail, &to.detail);
                if from.layout != to.layout {
                    let (mut before, mut after) = (layout_words(from), layout_words(to));
                    if before == after {
                        before.push_str(", other sizes");
                        after.push_str(", other sizes now");
                    }
                    self.field(&at, Field::Layout, before, after);
                }
                panes
                    .iter()
                    .for_each(|pane| self.pane(session, to.index, pane));
            }
        }
    }

    fn pane(&mut self, session: &BString, tab: u32, diff: &PaneDiff) {
        match diff {
            PaneDiff::Added(pane) => {
                let at = target(session, Some(tab), Some(pane.index));
                self.push(ChangeKind::Added, at, None, Some(pane_words(pane)));
            }
            PaneDiff::Removed(pane) => {
                let at = target(session, Some(tab), Some(pane.index));
                self.push(ChangeKind::Removed, at, Some(pane_words(pane)), None);
            }
            PaneDiff::Changed { from, to } => {
                let at = target(session, Some(tab), Some(to.index));
                self.pane_fields(&at, from, to);
            }
        }
    }

    fn pane_fields(&mut self, at: &Target, from: &Pane, to: &Pane) {
        self.field(
            at,
            Field::Index,
            from.index.to_string(),
            to.index.to_string(),
        );
        self.bytes(at, Field::Title, &from.title, &to.title);
        self.bytes(at, Field::Cwd, &from.cwd, &to.cwd);
        self.field(
            at,
            Field::Active,
            from.active.to_string(),
            to.active.to_string(),
        );
        self.field(at, Field::Last, from.last.to_string(), to.last.to_string());
        self.field(
            at,
            Field::Marked,
            from.marked.to_string(),
            to.marked.to_string(),
        );
        self.field(at, Field::Place, rect_words(from.rect), rect_words(to.rect));
        self.field(
            at,
            Field::Shell,
            argv_words(&from.shell),
            argv_words(&to.shell),
        );
        let (before, after) = (command_words(from), command_words(to));
        if before == after && from.program != to.program {
            // The same words: what differs are bytes, the pipeline around it, or what was redacted.
            let exact = |pane: &Pane| pane.program.as_ref().map_or_else(String::new, exact_words);
            self.field(at, Field::Command, exact(from), exact(to));
        } else {
            self.field(at, Field::Command, before, after);
        }
        let cwd = |pane: &Pane| {
            let own = pane
                .program
                .as_ref()
                .and_then(|program| program.cwd.as_ref());
            own.map_or_else(String::new, |cwd| label(cwd))
        };
        self.field(at, Field::CommandCwd, cwd(from), cwd(to));
        let exit = |pane: &Pane| match pane.exit {
            None => "running".to_owned(),
            Some(exit) => exit
                .status
                .map_or("ended".to_owned(), |code| format!("ended with {code}")),
        };
        self.field(at, Field::Exit, exit(from), exit(to));
        let scroll = |pane: &Pane| {
            pane.screen
                .scroll
                .map_or("none".to_owned(), |n| n.to_string())
        };
        self.field(at, Field::Scroll, scroll(from), scroll(to));
        self.pane_detail(at, &from.detail, &to.detail);
        if from.contents.map(|text| text.digest) != to.contents.map(|text| text.digest) {
            let lines = |pane: &Pane| match pane.contents {
                None => "not captured".to_owned(),
                Some(text) => format!("{} {:.8}", count(text.lines.into(), "line"), text.digest),
            };
            self.field(at, Field::Text, lines(from), lines(to));
        } else {
            let cursor = |pane: &Pane| format!("{},{}", pane.screen.cursor_x, pane.screen.cursor_y);
            self.field(at, Field::Cursor, cursor(from), cursor(to));
        }
    }
}

/// An argument list in one line, for showing: arguments with spaces stand in quotes.
#[must_use]
pub fn argv_words(argv: &[BString]) -> String {
    let word = |arg: &BString| {
        let shown = label(arg);
        if shown.is_empty() || shown.contains(' ') {
            format!("'{shown}'")
        } else {
            shown
        }
    };
    argv.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// What runs in a pane, in one line: the program, or the name of the innermost shell.
#[must_use]
pub fn command_words(pane: &Pane) -> String {
    if let Some(why) = pane.detail.withheld {
        return why.words().to_owned();
    }
    match &pane.program {
        Some(program) => argv_words(&program.shown()),
        None => {
            let innermost = pane.detail.shells.last().unwrap_or(&pane.shell);
            label(program_name(innermost))
        }
    }
}

/// A program with all that the short form leaves out.
fn exact_words(program: &Program) -> String {
    let Program {
        argv,
        exe,
        cwd: _,
        pipeline,
        redacted,
    } = program;
    let mut words = format!("{argv:?}");
    if let Some(exe) = exe {
        words.push_str(&format!(" as {exe:?}"));
    }
    if !pipeline.is_empty() {
        words.push_str(&format!(" with {pipeline:?}"));
    }
    if *redacted {
        words.push_str(", redacted");
    }
    words
}

fn session_words(session: &Session) -> String {
    let panes: usize = session.tabs.iter().map(|tab| tab.panes.len()).sum();
    format!(
        "{}, {}",
        count(session.tabs.len() as u64, "tab"),
        count(panes as u64, "pane")
    )
}

fn tab_words(tab: &Tab) -> String {
    format!(
        "{}, {}",
        label(&tab.name),
        count(tab.panes.len() as u64, "pane")
    )
}

fn pane_words(pane: &Pane) -> String {
    format!("{} in {}", command_words(pane), label(&pane.cwd))
}

fn layout_words(tab: &Tab) -> String {
    let size = tab.size();
    format!(
        "{}x{}, {}",
        size.width,
        size.height,
        count(tab.layout.panes().len() as u64, "pane")
    )
}

fn rect_words(rect: Rect) -> String {
    format!(
        "{}x{} at {},{}",
        rect.width, rect.height, rect.left, rect.top
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::diff::diff;
    use crate::model::testing::{any_state, in_life};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_difference_has_an_entry(a in any_state(), b in any_state(), same_life: bool) {
            let b = in_life(b, u64::from(!same_life));
            let diff = diff(&a, &b);
            prop_assert_eq!(changes(&diff).is_empty(), diff.is_empty());
            for change in changes(&diff) {
                prop_assert!(change.from != change.to);
            }
        }
    }
}
