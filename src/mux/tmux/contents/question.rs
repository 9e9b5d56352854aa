//! One question about several panes, and its answer cut apart again.
//!
//! tmux runs the commands of one question without anything in between, so what it answers about a
//! pane belongs to one moment. After everything that it prints stands a line that no pane can show,
//! since there is a number in it that was drawn for this question.

use std::borrow::Cow;
use std::hash::{BuildHasher, RandomState};

use super::super::capabilities::Capabilities;
use super::super::command::Command;
use super::super::ids;
use super::super::padding;
use super::super::private;
use crate::model::tree::PaneId;

/// What a pane was at the moment of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Facts {
    /// Whether the alternate screen is on.
    pub(super) alternate: bool,
    /// Rows of scrollback.
    pub(super) history: u32,
    /// Columns and rows of the pane.
    pub(super) size: (u32, u32),
    /// Column and row of the main screen's cursor.
    pub(super) cursor: (u32, u32),
    /// Whether rows end where their text does.
    pub(super) exact_lines: bool,
}

/// What was answered about one pane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer<'a> {
    /// `None` where the pane has gone.
    pub(super) facts: Option<Facts>,
    /// What each capture printed, without the newline at its end; `None` for one that was refused.
    pub(super) texts: Vec<Option<Cow<'a, [u8]>>>,
}

/// What is asked about each pane.
const FACTS: &str = "#{pane_id} #{alternate_on} #{history_size} #{pane_width} #{pane_height} \
    #{cursor_x} #{cursor_y} #{alternate_saved_x} #{alternate_saved_y} #{version}";

/// A question in the making.
#[derive(Debug)]
pub(super) struct Question {
    mark: String,
    commands: Vec<Command>,
    panes: Vec<(PaneId, usize)>,
}

impl Question {
    /// A question about nothing yet.
    pub(super) fn new() -> Self {
        Self {
            mark: format!("muxtape-{:016x}", RandomState::new().hash_one(0)),
            commands: Vec::new(),
            panes: Vec::new(),
        }
    }

    /// Adds captures of a pane.
    pub(super) fn add(&mut self, pane: PaneId, captures: impl IntoIterator<Item = Command>) {
        // Where the pane has gone, tmux refuses this, or evaluates it for none or for another one.
        let facts = Command::new("display-message")
            .flag("-p")
            .opt("-t", ids::pane(pane))
            .arg(FACTS);
        let mark = Command::new("display-message").flag("-p").arg(&self.mark);
        let before = self.commands.len();
        for command in std::iter::once(facts).chain(captures) {
            self.commands.extend([command, mark.clone()]);
        }
        self.panes
            .push((pane, (self.commands.len() - before) / 2 - 1));
    }

    /// Adds the question which panes are private; nothing is added behind it.
    pub(super) fn end(&mut self) {
        let mark = Command::new("display-message").flag("-p").arg(&self.mark);
        self.commands.extend([private::marks(), mark]);
    }

    /// What is sent.
    pub(super) fn commands(&self) -> &[Command] {
        &self.commands
    }

    /// Cuts the answer at its marks, for each pane that was added, and what was told of private
    /// ones; `None` when they do not add up.
    pub(super) fn split<'a>(&self, answer: &'a [u8]) -> Option<(Vec<Answer<'a>>, &'a [u8])> {
        let finder = memchr::memmem::Finder::new(self.mark.as_bytes());
        let mut rest = answer;
        // What stands before the next mark.
        let mut next = || {
            let (before, from) = rest.split_at(finder.find(rest)?);
            rest = from.get(self.mark.len()..)?.strip_prefix(b"\n")?;
            Some(before)
        };
        let mut answers = Vec::with_capacity(self.panes.len());
        for &(pane, captures) in &self.panes {
            let said = next()?;
            let facts = facts(said, pane);
            let padded = facts.is_some_and(|facts| !facts.exact_lines);
            // Whoever has a screen prints something. A newline at the end that the rows themselves
            // may have had is not there any more: it cannot be told from the one that tmux adds.
            let texts = (0..captures).map(|_| {
                let text = next()?;
                Some((!text.is_empty()).then(|| {
                    let text = text.strip_suffix(b"\n").unwrap_or(text);
                    if padded {
                        Cow::Owned(padding::stripped(text))
                    } else {
                        Cow::Borrowed(text)
                    }
                }))
            });
            let texts = texts.collect::<Option<_>>()?;
            answers.push(Answer { facts, texts });
        }
        let marks = next()?;
        rest.is_empty().then_some((answers, marks))
    }
}

fn facts(said: &[u8], pane: PaneId) -> Option<Facts> {
    let said = std::str::from_utf8(said).ok()?.strip_suffix('\n')?;
    let (said, version) = said.rsplit_once(' ')?;
    let mut words = said.split(' ');
    if words.next()? != ids::pane(pane) {
        return None;
    }
    let mut number = || words.next()?.parse::<u32>().ok();
    let alternate = number()? == 1;
    let history = number()?;
    let size = (number()?, number()?);
    let shown = (number()?, number()?);
    // Without an alternate screen these are no places.
    let saved = (number(), number());
    let cursor = match (alternate, saved) {
        (true, (Some(x), Some(y))) => (x, y),
        _ => shown,
    };
    Some(Facts {
        alternate,
        history,
        size,
        cursor,
        exact_lines: Capabilities::of(version).exact_lines,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question() -> Question {
        let mut question = Question::new();
        question.mark = "mark".into();
        let capture = || Command::new("capture-pane");
        question.add(PaneId::of(1), [capture(), capture()]);
        question.add(PaneId::of(2), [capture()]);
        question
    }

    #[test]
    fn answers_are_cut_at_their_marks() {
        let answer = b"%1 1 500 80 24 0 0 3 4 3.3a\nmark\na\n\nb\nmark\nc\nmark\n\
            %2 0 0 80 24 5 6 4294967295 4294967295 3.1c\nmark\n  \nmark\n%1 on \nmark\n";
        let (answers, private) = question().split(answer).unwrap();
        assert_eq!(private, b"%1 on \n");
        let expected = Facts {
            alternate: true,
            history: 500,
            size: (80, 24),
            cursor: (3, 4),
            exact_lines: true,
        };
        assert_eq!(answers[0].facts, Some(expected));
        let texts =
            |at: usize| -> Vec<_> { answers[at].texts.iter().map(Option::as_deref).collect() };
        assert_eq!(texts(0), [Some(&b"a\n\nb"[..]), Some(b"c")]);
        assert_eq!(answers[1].facts.unwrap().cursor, (5, 6));
        // The blanks are not the pane's.
        assert_eq!(texts(1), [Some(&b""[..])]);
    }

    #[test]
    fn panes_that_have_gone_are_told_even_where_another_one_answers() {
        for said in ["", "         \n", "%7 0 0 80 24 0 0 0 0 3.3a\n"] {
            let answer = format!("{said}mark\nmark\nmark\n{said}mark\nmark\nmark\n");
            let (answers, _) = question().split(answer.as_bytes()).unwrap();
            assert_eq!(answers[0].facts, None);
            assert_eq!(answers[0].texts, [None, None]);
        }
    }

    #[test]
    fn marks_that_do_not_add_up_spoil_the_answer() {
        let whole = "%1 0 0 80 24 0 0 0 0 3.3a\nmark\na\nmark\nb\nmark\n\
            %2 0 0 1 1 0 0 0 0 3.3a\nmark\nc\nmark\nmark\n";
        assert!(question().split(whole.as_bytes()).is_some());
        for answer in [
            String::new(),
            whole.replacen("mark\n", "", 1),
            format!("{whole}more"),
            format!("mark\n{whole}"),
            whole.replace("mark\n", "mark "),
        ] {
            assert_eq!(question().split(answer.as_bytes()), None, "{answer:?}");
        }
    }
}
