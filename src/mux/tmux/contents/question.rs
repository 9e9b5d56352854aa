//! One question about several panes, and its answer cut apart again.
//!
//! tmux runs the commands of one question without anything in between, so what it answers about a pane
//! belongs to one moment. Before everything that is captured stands a line that no pane can show, since
//! it starts with a number that was drawn for this question.

use std::borrow::Cow;
use std::hash::{BuildHasher, RandomState};

use super::super::capabilities::Capabilities;
use super::super::command::Command;
use super::super::padding;

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

/// A question in the making.
#[derive(Debug)]
pub(super) struct Question {
    mark: String,
    commands: Vec<Command>,
    panes: Vec<(u32, usize)>,
}

impl Question {
    /// A question about nothing yet.
    pub(super) fn new() -> Self {
        Self {
            mark: format!("muxtape-{:016x} ", RandomState::new().hash_one(0)),
            commands: Vec::new(),
            panes: Vec::new(),
        }
    }

    /// Adds captures of a pane.
    pub(super) fn add(&mut self, pane: u32, captures: impl IntoIterator<Item = Command>) {
        // Evaluated for the pane. Where that has gone, tmux may take another one, or none.
        let facts = format!(
            "{}#{{pane_id}} #{{alternate_on}} #{{history_size}} #{{pane_width}} #{{pane_height}} \
             #{{cursor_x}} #{{cursor_y}} #{{alternate_saved_x}} #{{alternate_saved_y}} \
             #{{version}}",
            self.mark
        );
        self.say(Some(pane), &facts);
        let before = self.commands.len();
        for capture in captures {
            self.commands.push(capture);
            let mark = self.mark.clone();
            self.say(None, &mark);
        }
        self.panes.push((pane, (self.commands.len() - before) / 2));
    }

    fn say(&mut self, pane: Option<u32>, text: &str) {
        let say = Command::new("display-message").flag("-p");
        let say = match pane {
            Some(pane) => say.opt("-t", format!("%{pane}")),
            None => say,
        };
        self.commands.push(say.arg(text));
    }

    /// What is sent.
    pub(super) fn commands(&self) -> &[Command] {
        &self.commands
    }

    /// Cuts the answer at its marks, for each pane that was added; `None` when they do not add up.
    pub(super) fn split<'a>(&self, answer: &'a [u8]) -> Option<Vec<Answer<'a>>> {
        let finder = memchr::memmem::Finder::new(self.mark.as_bytes());
        let mut rest = answer;
        // What stands before the next mark, and what that says.
        let mut next = || {
            let at = finder.find(rest)?;
            let (before, from) = rest.split_at(at);
            let line = from.get(self.mark.len()..)?;
            let end = memchr::memchr(b'\n', line)?;
            let (said, after) = line.split_at(end);
            rest = after.get(1..)?;
            Some((before, said))
        };
        let mut answers = Vec::with_capacity(self.panes.len());
        for &(pane, captures) in &self.panes {
            let (before, said) = next()?;
            if !before.is_empty() {
                return None;
            }
            let facts = facts(said, pane);
            let padded = facts.is_some_and(|facts| !facts.exact_lines);
            let mut texts = Vec::with_capacity(captures);
            for _ in 0..captures {
                let (text, said) = next()?;
                if !said.is_empty() {
                    return None;
                }
                // Whoever has a screen prints something. A newline at the end that the rows themselves
                // may have had is not there any more: it cannot be told from the one that tmux adds.
                texts.push((!text.is_empty()).then(|| {
                    let text = text.strip_suffix(b"\n").unwrap_or(text);
                    if padded {
                        Cow::Owned(padding::stripped(text))
                    } else {
                        Cow::Borrowed(text)
                    }
                }));
            }
            answers.push(Answer { facts, texts });
        }
        rest.is_empty().then_some(answers)
    }
}

fn facts(said: &[u8], pane: u32) -> Option<Facts> {
    let said = std::str::from_utf8(said).ok()?;
    let (said, version) = said.rsplit_once(' ')?;
    let mut words = said.split(' ');
    if words.next()?.strip_prefix('%')?.parse() != Ok(pane) {
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
        question.mark = "mark ".into();
        question.add(
            1,
            [Command::new("capture-pane"), Command::new("capture-pane")],
        );
        question.add(2, [Command::new("capture-pane")]);
        question
    }

    #[test]
    fn answers_are_cut_at_their_marks() {
        let answer = b"mark %1 1 500 80 24 0 0 3 4 3.3a\na\n\nb\nmark \nc\nmark \n\
            mark %2 0 0 80 24 5 6 4294967295 4294967295 3.1c\n  \nmark \n";
        let answers = question().split(answer).unwrap();
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
        for said in ["         ", "%7 0 0 80 24 0 0 0 0 3.3a"] {
            let answer = format!("mark {said}\nmark \nmark \nmark {said}\nmark \n");
            let answers = question().split(answer.as_bytes()).unwrap();
            assert_eq!(answers[0].facts, None);
            assert_eq!(answers[0].texts, [None, None]);
        }
    }

    #[test]
    fn marks_that_do_not_add_up_spoil_the_answer() {
        let whole = "mark %1 0 0 80 24 0 0 0 0 3.3a\na\nmark \nb\nmark \nmark %2 0 0 1 1 0 0 0 0 3.3a\nc\nmark \n";
        assert!(question().split(whole.as_bytes()).is_some());
        for answer in [
            String::new(),
            whole.replacen("mark \n", "", 1),
            format!("x{whole}"),
            format!("{whole}more"),
            whole.replace("mark %2", "mark \nmark %2"),
        ] {
            assert_eq!(question().split(answer.as_bytes()), None, "{answer:?}");
        }
    }
}
