//! Reading the text of one pane, in one or more steps, so that the parts fit together byte for
//! byte.
//!
//! With `-e` tmux prints what changes from one cell to the next, starting from no colour; with `-J`
//! a row that wraps has no newline after it; and the newline at the end is always there. So a part
//! that starts further down differs from the same rows of the whole in the first colour, and does
//! not tell whether its last row wraps. Both are had by printing some rows twice: a step prints the
//! rows before it by themselves (A), and again with those that are wanted (AB). Both start from no
//! colour, so AB starts with A byte for byte, and what follows A in AB follows those rows in the
//! whole text, too: by the end of A the colours are those of its last cell, and whether a newline
//! comes next is told by AB itself. This holds wherever there is a cell in A.
//!
//! Rows are counted from the oldest one. That numbers still mean the same rows later is not told by
//! tmux: at the limit of the history the oldest rows go, and a count says nothing when others have
//! come. So every step looks again at the rows at the top and at A. As long as rows come at the end
//! and go at the top, and nothing else happens to them, the top is the same only if nothing went:
//! its rows stand nowhere else in the text, or there is no bookmark. A resized pane is read anew.

use super::super::command::Command;
use super::super::ids;
use super::question::{Answer, Facts};
use crate::model::tree::PaneId;
use crate::mux::TextRequest;
use crate::mux::text::{Bookmark, PaneText, Seen, Stretch, Style};

/// Rows that are printed by themselves before a part, and at the top.
const OVERLAP: u32 = 20;

/// Rows of overlap beyond which it is given up to look for a cell in them.
const MOST_OVERLAP: u32 = 2_000;

/// Rows of scrollback below which the whole text costs no more than what is new.
const WORTH_IT: u32 = 200;

/// Rows that one step reads at least, whatever is left for it.
const MIN_STEP_ROWS: u32 = 64;

/// How often a pane may have moved before it is read in one step, however long that is.
const MAX_MOVES: u32 = 4;

/// The text of a pane while it is read.
pub(super) struct Reading<'a> {
    request: &'a TextRequest,
    alternate: bool,
    history: u32,
    size: Option<(u32, u32)>,
    top: u32,
    /// The row after the last one that was read.
    read: u32,
    /// Whether `text` goes on from the bookmark of the request.
    continued: bool,
    text: Vec<u8>,
    style: Style,
    head: Option<Stretch>,
    overlap: Option<Stretch>,
    /// Rows of the next overlap.
    reach: u32,
    /// Whether the rows at the top stand somewhere else, too.
    repeats: bool,
    moved: u32,
    at_once: bool,
}

/// What comes after an answer.
#[derive(Debug)]
pub(super) enum Next {
    /// Another step.
    More,
    /// The text.
    Done(Box<PaneText>),
    /// Nothing: the pane has gone.
    Gone,
}

/// What a capture of a step is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReadingPart {
    /// The rows at the top.
    Head,
    /// The rows before those that are wanted (A).
    Before,
    /// Those and the ones that are wanted (AB).
    Span,
    /// The last rows of the part, for the next step.
    Overlap,
    /// The last rows of the scrollback and the screen.
    Screen,
    /// The main screen, while the alternate one is on.
    Saved,
    /// The alternate screen.
    Alternate,
}

/// One question about a pane.
#[derive(Debug)]
pub(super) struct Step {
    parts: Vec<(ReadingPart, Command)>,
    rows: u32,
    /// The row after the last one of scrollback that it reads.
    to: u32,
    /// The first row of its overlap.
    overlap: u32,
    at_once: bool,
}

impl Step {
    /// Rows that are printed, about.
    pub(super) fn rows(&self) -> u32 {
        self.rows
    }

    /// The commands.
    pub(super) fn captures(&self) -> impl Iterator<Item = Command> + '_ {
        self.parts.iter().map(|(_, capture)| capture.clone())
    }
}

impl<'a> Reading<'a> {
    /// Nothing is read yet.
    pub(super) fn new(request: &'a TextRequest) -> Self {
        let of = request.of;
        let mut reading = Self {
            request,
            alternate: of.alternate,
            history: of.history,
            size: None,
            top: 0,
            read: 0,
            continued: false,
            text: Vec::new(),
            style: Style::default(),
            head: None,
            overlap: None,
            reach: OVERLAP,
            repeats: false,
            moved: 0,
            at_once: false,
        };
        reading.start();
        if let Some(mark) = request.since.as_deref() {
            reading.go_on(mark);
        }
        reading
    }

    /// The pane.
    pub(super) fn pane(&self) -> PaneId {
        self.request.of.pane
    }

    /// Rows that are still to be read, with those that are read twice.
    pub(super) fn rows_left(&self) -> u32 {
        let new = self.history.saturating_sub(self.read);
        new.saturating_add(self.reach * 4 + self.height() * 2)
    }

    /// Forgets what was read.
    fn start(&mut self) {
        self.size = None;
        self.top = top(self.history, self.request.of.limit);
        self.read = self.top;
        self.continued = false;
        self.text.clear();
        self.style = Style::default();
        self.head = None;
        self.overlap = None;
        self.reach = OVERLAP;
        self.repeats = false;
    }

    /// Goes on from where it was left off, if that can be.
    fn go_on(&mut self, mark: &Bookmark) {
        if mark.top == self.top && mark.read <= self.history {
            self.size = Some(mark.size);
            self.read = mark.read;
            self.continued = true;
            self.style = mark.style;
            self.head = Some(mark.head.clone());
            self.overlap = Some(mark.overlap.clone());
        }
    }

    fn height(&self) -> u32 {
        self.size.map_or(50, |(_, height)| height)
    }

    /// The next question, about so many rows if more are left.
    pub(super) fn step(&self, rows: u32) -> Step {
        if self.at_once {
            return self.everything();
        }
        let span = self.history.saturating_sub(self.read);
        let span = span.min(rows.saturating_sub(self.reach * 4).max(MIN_STEP_ROWS));
        let to = self.read + span;
        let from = self.overlap.as_ref().map_or(self.read, |rows| rows.from);
        let overlap = if span > 0 {
            to.saturating_sub(self.reach).max(self.top)
        } else {
            from
        };
        let mut step = Step {
            parts: Vec::new(),
            rows: 0,
            to,
            overlap,
            at_once: false,
        };
        if self.top < self.history {
            let head = self
                .head
                .as_ref()
                .map_or(to.min(self.top + OVERLAP), |head| head.to);
            self.add(&mut step, ReadingPart::Head, self.top, head);
            if let Some(before) = &self.overlap {
                self.add(&mut step, ReadingPart::Before, before.from, before.to);
            }
            if span > 0 {
                self.add(&mut step, ReadingPart::Span, from, to);
                self.add(&mut step, ReadingPart::Overlap, overlap, to);
            }
        }
        if to == self.history {
            let capture = self.capture();
            if self.alternate {
                step.parts
                    .push((ReadingPart::Saved, capture.clone().flag("-a")));
                step.parts.push((ReadingPart::Alternate, capture));
                step.rows += 2 * self.height();
            } else {
                let above = self.history - overlap;
                let screen = if above > 0 {
                    capture.opt("-S", format!("-{above}"))
                } else {
                    capture
                };
                step.parts.push((ReadingPart::Screen, screen));
                step.rows += above + self.height();
            }
        }
        step
    }

    /// Adds a capture of the rows `from..to`, which are not empty and all of the scrollback.
    fn add(&self, step: &mut Step, part: ReadingPart, from: u32, to: u32) {
        // tmux counts from the top of the screen.
        let first = self.history - from.min(self.history);
        let last = self.history + 1 - to.min(self.history);
        let capture = self.capture();
        let capture = capture
            .opt("-S", format!("-{first}"))
            .opt("-E", format!("-{last}"));
        step.rows += to.saturating_sub(from);
        step.parts.push((part, capture));
    }

    fn capture(&self) -> Command {
        let target = ids::pane(self.request.of.pane);
        Command::new("capture-pane").flag("-epJ").opt("-t", target)
    }

    /// A question that is answered whatever the pane does: what is captured is decided by tmux at
    /// that moment. Its rows are not counted from the top, so there is no bookmark.
    fn everything(&self) -> Step {
        let target = ids::pane(self.request.of.pane);
        let oldest = match self.request.of.limit {
            None => "-".to_owned(),
            Some(_) => format!("-{}", self.history - self.top),
        };
        let capture = self.capture();
        let given = |condition: &str, capture: Command| {
            Command::new("if-shell")
                .flag("-F")
                .opt("-t", &target)
                .arg(condition)
                .arg(capture.source_line())
        };
        let from_top = capture.clone().opt("-S", &oldest);
        let history = from_top.clone().opt("-E", "-1");
        let has_history = if oldest == "-0" {
            "0"
        } else {
            "#{?alternate_on,#{history_size},0}"
        };
        let saved = capture.clone().flag("-a");
        Step {
            parts: vec![
                (ReadingPart::Span, given(has_history, history)),
                (ReadingPart::Saved, given("#{alternate_on}", saved)),
                (ReadingPart::Alternate, given("#{alternate_on}", capture)),
                (ReadingPart::Screen, given("#{?alternate_on,0,1}", from_top)),
            ],
            rows: self.rows_left(),
            to: self.history,
            overlap: self.history,
            at_once: true,
        }
    }

    /// Takes the answer to a step.
    pub(super) fn take(&mut self, step: &Step, answer: &Answer<'_>) -> Next {
        let Some(facts) = answer.facts else {
            return Next::Gone;
        };
        let part = |wanted: ReadingPart| {
            let at = step.parts.iter().position(|(part, _)| *part == wanted)?;
            answer.texts.get(at)?.as_deref()
        };
        if step.at_once {
            return self.all_of(&facts, part);
        }
        if !self.is_expected(&facts) {
            self.meet(&facts);
            return Next::More;
        }
        self.size = Some(facts.size);
        match self.fit(step, &facts, part) {
            Some(next) => next,
            None => {
                self.moved();
                self.start();
                Next::More
            }
        }
    }

    fn is_expected(&self, facts: &Facts) -> bool {
        facts.alternate == self.alternate
            && facts.history == self.history
            && self.size.is_none_or(|size| size == facts.size)
    }

    /// The pane is not what it was thought to be: the rows that were printed are others than those
    /// that were meant. What was read before may still be right; the next step will tell.
    fn meet(&mut self, facts: &Facts) {
        self.moved();
        let shrunk = facts.history < self.read;
        let resized = self.size.is_some_and(|size| size != facts.size);
        self.history = facts.history;
        self.alternate = facts.alternate;
        if shrunk || resized || top(self.history, self.request.of.limit) != self.top {
            self.start();
        }
    }

    fn moved(&mut self) {
        self.moved += 1;
        self.at_once = self.moved >= MAX_MOVES;
    }

    /// Fits a part to what is there; `None` where it does not fit.
    fn fit<'t>(
        &mut self,
        step: &Step,
        facts: &Facts,
        part: impl Fn(ReadingPart) -> Option<&'t [u8]>,
    ) -> Option<Next> {
        if self.top < self.history {
            let head = part(ReadingPart::Head)?;
            if self.head.as_ref().is_some_and(|known| known.text != head) {
                return None;
            }
            let before = match &self.overlap {
                Some(known) => part(ReadingPart::Before).filter(|before| *before == known.text)?,
                None => &[],
            };
            if step.to > self.read {
                let span = part(ReadingPart::Span)?;
                let text = part(ReadingPart::Overlap)?;
                if after_first_colour(text).is_none() {
                    return Some(self.look_further());
                }
                let new = span.strip_prefix(before)?;
                let first = self.overlap.is_none();
                self.repeats |= after_first_colour(head).is_none_or(|rows| {
                    let from = if first {
                        head.len() - rows.len() + 1
                    } else {
                        0
                    };
                    let span = span.get(from..).unwrap_or(&[]);
                    memchr::memmem::find(span, rows).is_some()
                });
                self.text.extend_from_slice(new);
                self.style.go_on(new);
                self.head.get_or_insert_with(|| Stretch {
                    from: self.top,
                    to: step.to.min(self.top + OVERLAP),
                    text: head.into(),
                });
                self.overlap = Some(Stretch {
                    from: step.overlap,
                    to: step.to,
                    text: text.into(),
                });
                self.read = step.to;
                self.reach = OVERLAP;
            }
        }
        if step.to < self.history {
            return Some(Next::More);
        }
        let (screen, alternate) = if self.alternate {
            let saved = part(ReadingPart::Saved)?;
            (
                self.aside(saved),
                Some(part(ReadingPart::Alternate)?.to_vec()),
            )
        } else {
            let before = self.overlap.as_ref().map_or(&[][..], |rows| &rows.text);
            (
                part(ReadingPart::Screen)?.strip_prefix(before)?.to_vec(),
                None,
            )
        };
        Some(Next::Done(Box::new(PaneText {
            continued: self.continued,
            scrollback: std::mem::take(&mut self.text),
            screen,
            alternate,
            seen: seen(facts),
            bookmark: self.bookmark(),
        })))
    }

    /// There is no cell in the overlap: it has to reach further up.
    fn look_further(&mut self) -> Next {
        self.reach *= 10;
        self.at_once |= self.reach > MOST_OVERLAP;
        Next::More
    }

    /// The main screen that was put aside, as it follows the scrollback. tmux starts it from no
    /// colour, and unwraps the row before it.
    fn aside(&self, saved: &[u8]) -> Vec<u8> {
        if self.top == self.history {
            return saved.to_vec();
        }
        let shift: &[u8] = if self.style.drawing { b"\x0f" } else { b"" };
        let colour: &[u8] = if self.style.coloured { b"\x1b[0m" } else { b"" };
        [b"\n", colour, shift, saved].concat()
    }

    fn bookmark(&mut self) -> Option<Bookmark> {
        let worth_it = self.request.bookmark && self.read - self.top >= WORTH_IT && !self.repeats;
        worth_it.then_some(())?;
        Some(Bookmark {
            size: self.size?,
            top: self.top,
            read: self.read,
            head: self.head.take()?,
            overlap: self.overlap.take()?,
            style: self.style,
        })
    }

    /// The answer to a question for everything.
    fn all_of<'t>(
        &mut self,
        facts: &Facts,
        part: impl Fn(ReadingPart) -> Option<&'t [u8]>,
    ) -> Next {
        self.start();
        self.history = facts.history;
        let (scrollback, screen, alternate) = if facts.alternate {
            let history = part(ReadingPart::Span);
            if history.is_none() {
                self.top = self.history;
            }
            let history = history.unwrap_or(&[]);
            self.style.go_on(history);
            let (Some(saved), Some(alternate)) =
                (part(ReadingPart::Saved), part(ReadingPart::Alternate))
            else {
                return Next::Gone;
            };
            (
                history.to_vec(),
                self.aside(saved),
                Some(alternate.to_vec()),
            )
        } else {
            let Some(screen) = part(ReadingPart::Screen) else {
                return Next::Gone;
            };
            (Vec::new(), screen.to_vec(), None)
        };
        Next::Done(Box::new(PaneText {
            continued: false,
            scrollback,
            screen,
            alternate,
            seen: seen(facts),
            bookmark: None,
        }))
    }
}

impl Style {
    /// What is on after more text.
    fn go_on(&mut self, text: &[u8]) {
        self.coloured |= memchr::memchr(0x1b, text).is_some();
        if let Some(at) = memchr::memrchr2(0x0e, 0x0f, text) {
            self.drawing = text.get(at) == Some(&0x0e);
        }
    }
}

/// The first row that is wanted of a history of so many rows.
pub(super) fn top(history: u32, limit: Option<u32>) -> u32 {
    let Some(limit) = limit else {
        return 0;
    };
    let step = (limit / 10).max(1);
    history
        .saturating_sub(limit)
        .next_multiple_of(step)
        .min(history)
}

fn seen(facts: &Facts) -> Seen {
    let short = |number| u16::try_from(number).unwrap_or(u16::MAX);
    Seen {
        history: facts.history,
        cursor_x: short(facts.cursor.0),
        cursor_y: short(facts.cursor.1),
    }
}

/// What follows the first cell's colours: the part of some rows that is the same wherever they
/// stand. `None` where they have no cell.
fn after_first_colour(rows: &[u8]) -> Option<&[u8]> {
    let mut rest = rows;
    loop {
        match rest {
            [] => return None,
            [b'\n' | 0x0e | 0x0f, after @ ..] => rest = after,
            [0x1b, b']', body @ ..] => {
                // A link, up to its ST.
                let end = memchr::memmem::find(body, b"\x1b\\")?;
                rest = body.get(end + 2..)?;
            }
            [0x1b, b'[', body @ ..] => {
                let end = body.iter().position(|byte| (0x40..=0x7e).contains(byte))?;
                rest = body.get(end + 1..)?;
            }
            [0x1b, after @ ..] => rest = after,
            _ => return Some(rest),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_row_moves_in_steps() {
        assert_eq!(top(500, None), 0);
        assert_eq!(top(500, Some(0)), 500);
        assert_eq!(top(500, Some(7)), 493);
        assert_eq!(top(50_000, Some(50_000)), 0);
        assert_eq!(top(50_001, Some(50_000)), 5_000);
        assert_eq!(top(55_000, Some(50_000)), 5_000);
        assert_eq!(top(55_001, Some(50_000)), 10_000);
    }

    #[test]
    fn colours_of_the_first_cell_do_not_count() {
        assert_eq!(
            after_first_colour(b"\n\x1b[1m\x1b[31m\x0ex y"),
            Some(&b"x y"[..])
        );
        assert_eq!(
            after_first_colour(b"\x1b]8;;http://x\x1b\\a"),
            Some(&b"a"[..])
        );
        assert_eq!(after_first_colour(b"\n\n"), None);
    }

    #[test]
    fn what_is_left_on_is_known() {
        let mut style = Style::default();
        style.go_on(b"plain");
        assert_eq!(style, Style::default());
        style.go_on(b"\x1b[31m\x0eq");
        assert!(style.coloured && style.drawing);
        style.go_on(b"\x0fx");
        assert!(style.coloured && !style.drawing);
    }
}
