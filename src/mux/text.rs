//! What is asked and answered about the texts of panes.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::model::ansi;
use crate::model::contents::Contents;
use crate::model::tree::PaneId;

/// Which text of which pane is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentsRequest {
    /// The pane ([`crate::model::tree::PaneHandle::id`]).
    pub pane: PaneId,
    /// Whether a full-screen program had the alternate screen when it was observed.
    pub alternate: bool,
    /// Rows of scrollback that there were.
    pub history: u32,
    /// Rows of scrollback wanted at the most, the newest ones; `None` for all. What is above them
    /// is left out in steps of a tenth of it, so that the first row does not move with every new
    /// one.
    pub limit: Option<u32>,
}

/// A question for the text of a pane: for all of it, or for what is new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextRequest {
    /// Which text.
    pub of: ContentsRequest,
    /// How far it was read before. It is only a hope: where something else than new rows at the end
    /// may have happened, the answer is the whole text.
    pub since: Option<Arc<Bookmark>>,
    /// Whether the answer shall carry a bookmark, for the next time.
    pub bookmark: bool,
}

impl From<ContentsRequest> for TextRequest {
    /// All of it, and no bookmark.
    fn from(of: ContentsRequest) -> Self {
        Self {
            of,
            since: None,
            bookmark: false,
        }
    }
}

/// The answers to questions for texts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PaneTexts {
    /// The texts, in the order in which they were asked for.
    pub texts: Vec<Option<PaneText>>,
    /// The panes that were private at the moment of one of the questions, whether they were asked
    /// for or not.
    pub private: BTreeSet<PaneId>,
    /// The panes in which an interface of muxtape ran at the moment of one of the questions.
    pub interfaces: BTreeSet<PaneId>,
}

/// The text of a pane at one moment, as the multiplexer printed it: not sanitised, and with its
/// secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct PaneText {
    /// Whether `scrollback` goes on from the bookmark that was asked for; else it starts at the
    /// top.
    pub continued: bool,
    /// The rows of scrollback, without the end of the last line.
    pub scrollback: Vec<u8>,
    /// What follows at once: the rest of the line, and the main screen.
    pub screen: Vec<u8>,
    /// The alternate screen, where a full-screen program has it.
    pub alternate: Option<Vec<u8>>,
    /// What belongs to the same moment.
    pub seen: Seen,
    /// How far the scrollback was read, where that can be found again.
    pub bookmark: Option<Bookmark>,
}

/// What a pane was when its text was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// Rows of scrollback.
    pub history: u32,
    /// Column of the main screen's cursor.
    pub cursor_x: u16,
    /// Row of the main screen's cursor.
    pub cursor_y: u16,
}

impl PaneText {
    /// The text of an answer that starts at the top; `None` for one that goes on from a bookmark.
    #[must_use]
    pub fn whole(&self) -> Option<Contents> {
        (!self.continued).then(|| Contents {
            main: ansi::sanitised(&[&*self.scrollback, &*self.screen].concat()).into(),
            alternate: self
                .alternate
                .as_ref()
                .map(|screen| ansi::sanitised(screen).into()),
        })
    }
}

impl fmt::Debug for PaneText {
    /// Lengths only: there may be secrets in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PaneText")
            .field("continued", &self.continued)
            .field("scrollback", &self.scrollback.len())
            .field("screen", &self.screen.len())
            .field("alternate", &self.alternate.as_ref().map(Vec::len))
            .finish_non_exhaustive()
    }
}

/// How far the scrollback of a pane was read, and enough of it to tell whether it is still the
/// same.
///
/// Rows are counted from the oldest one that the multiplexer had. A few rows at the top and at the
/// end are kept as they were printed by themselves, in memory only.
#[derive(Clone, PartialEq, Eq)]
pub struct Bookmark {
    /// Columns and rows of the pane.
    pub(in crate::mux) size: (u32, u32),
    /// The first row of the text.
    pub(in crate::mux) top: u32,
    /// The row after the last one that was read.
    pub(in crate::mux) read: u32,
    /// The first rows. Nothing else in the text is like them.
    pub(in crate::mux) head: Stretch,
    /// The last rows that were read.
    pub(in crate::mux) overlap: Stretch,
    /// Colours and line drawing so far.
    pub(in crate::mux) style: Style,
}

/// Some rows, printed by themselves.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::mux) struct Stretch {
    pub(in crate::mux) from: u32,
    /// The row after the last one.
    pub(in crate::mux) to: u32,
    pub(in crate::mux) text: Vec<u8>,
}

/// What a text may leave switched on at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::mux) struct Style {
    /// Whether there was any colour.
    pub(in crate::mux) coloured: bool,
    /// Whether it ends in line drawing.
    pub(in crate::mux) drawing: bool,
}

impl fmt::Debug for Stretch {
    /// Numbers only: there may be secrets in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rows {}..{}", self.from, self.to)
    }
}

impl fmt::Debug for Bookmark {
    /// Numbers only: there may be secrets in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bookmark")
            .field("size", &self.size)
            .field("top", &self.top)
            .field("read", &self.read)
            .finish_non_exhaustive()
    }
}
