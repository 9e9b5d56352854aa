//! The mark by which somebody says that a pane, a window or a session is not to be recorded: an
//! option of the user's own, which a pane inherits from its window, and that from its session.

use std::collections::BTreeSet;

use super::answer::Fields;
use super::client::Tmux;
use super::command::Command;
use super::ids;
use super::interface::Mark;
use crate::model::detail::Setting;
use crate::model::tree::{PaneId, ServerState};
use crate::mux::{Marked, MuxError};

/// The option.
pub const OPTION: &str = "@muxtape-private";

const UNMARK: &str = "the end of a mark as private";

/// What [`read_marks`] reads. In the rows of panes it stands among others.
const MARK: &str = "#{pane_id} #{pane_pid} #{q:@muxtape-private} #{q:@muxtape-interface} ";

/// Whether a value of the option says that something is private: any but nothing, `0`, `off` and
/// `no`.
#[must_use]
pub fn says_so(value: &[u8]) -> bool {
    let no = ["", "0", "off", "no"];
    !no.iter()
        .any(|no| value.eq_ignore_ascii_case(no.as_bytes()))
}

fn to(what: Marked, command: Command) -> Command {
    match what {
        Marked::Session(id) => command.opt("-t", format!("{}:", ids::session(id))),
        Marked::Tab(id) => command.flag("-w").opt("-t", ids::window(id)),
        Marked::Pane(id) => command.flag("-p").opt("-t", ids::pane(id)),
    }
}

fn set(what: Marked, value: &str) -> Command {
    to(what, Command::new("set-option")).arg(OPTION).arg(value)
}

fn unset(what: Marked) -> Command {
    to(what, Command::new("set-option").flag("-u")).arg(OPTION)
}

impl Tmux {
    /// Marks something as private.
    pub fn mark(&self, what: Marked) -> Result<(), MuxError> {
        self.run("a mark as private", &[set(what, "on")]).map(drop)
    }

    /// Takes the mark away from something and from all that is in it; `state` is what was observed
    /// of it. What inherits the mark from elsewhere says for itself that it is not private.
    pub fn unmark(&self, what: Marked, state: &ServerState) -> Result<(), MuxError> {
        let has = |settings: &[Setting]| settings.iter().any(|one| one.name == OPTION);
        let mut marked = Vec::new();
        for (session, tab, pane) in state.panes() {
            if !what.holds(session, tab, pane) {
                continue;
            }
            let all = [
                (
                    session.handle.map(Marked::Session),
                    &session.detail.settings,
                ),
                (tab.handle.map(Marked::Tab), &tab.detail.settings),
                (
                    pane.handle.map(|one| Marked::Pane(one.id)),
                    &pane.detail.settings,
                ),
            ];
            // Not of what it is in.
            let first = match what {
                Marked::Session(_) => 0,
                Marked::Tab(_) => 1,
                Marked::Pane(_) => 2,
            };
            for (owner, settings) in all.into_iter().skip(first) {
                marked.extend(owner.filter(|owner| has(settings) && !marked.contains(owner)));
            }
        }
        let commands: Vec<Command> = marked.into_iter().map(unset).collect();
        self.run(UNMARK, &commands)?;
        let private = self.read_texts(&[])?.private;
        let still = state.panes().any(|(session, tab, pane)| {
            let is = pane.handle.is_some_and(|one| private.contains(&one.id));
            is && what.holds(session, tab, pane)
        });
        if still {
            self.run(UNMARK, &[set(what, "off")])?;
        }
        Ok(())
    }
}

/// The question which panes are private, and which show an interface. One in several sessions has a
/// row in each.
pub(super) fn marks() -> Command {
    Command::new("list-panes").flag("-a").opt("-F", MARK)
}

/// What was asked with the texts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Marks {
    /// The panes that are private in any session.
    pub(super) private: BTreeSet<PaneId>,
    /// The panes in front of which an interface is.
    pub(super) interfaces: BTreeSet<PaneId>,
}

/// Reads the answer to [`marks`].
pub(super) fn read_marks(answer: &[u8], what: &str) -> Result<Marks, MuxError> {
    let mut fields = Fields::new(answer, what);
    let mut marks = Marks::default();
    while !fields.is_empty() {
        let pane = PaneId::of(fields.id(b'%')?.into());
        let root = fields.number_or_none()?.unwrap_or(0);
        if says_so(&fields.text()?) {
            marks.private.insert(pane);
        }
        if Mark::read(&fields.text()?).is_some_and(|mark| mark.holds(root)) {
            marks.interfaces.insert(pane);
        }
        fields.end_of_line()?;
    }
    Ok(marks)
}

#[cfg(test)]
mod tests {
    use super::super::rows::PANE;
    use super::*;

    #[test]
    fn whatever_is_not_a_no_is_a_yes() {
        for value in ["", "0", "off", "no", "OFF"] {
            assert!(!says_so(value.as_bytes()), "{value}");
        }
        for value in ["1", "on", "yes", "false", " ", "00"] {
            assert!(says_so(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn marks_are_read_whatever_their_value_is() {
        let answer = b"%1 7   \n%2 7 on  \n%1 7 a\\ b\nc x \n%3  0 1\\ 2 \n";
        let marks = read_marks(answer, "a test").unwrap();
        assert_eq!(marks.private, BTreeSet::from([1, 2].map(PaneId::of)));
        assert_eq!(marks.interfaces, BTreeSet::new());
        assert_eq!(read_marks(b"", "a test").unwrap(), Marks::default());
        assert!(read_marks(b"%1 7 on", "a test").is_err());
        assert!(MARK.contains(OPTION) && PANE.contains(OPTION));
    }
}
