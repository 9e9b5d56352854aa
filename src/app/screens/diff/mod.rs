//! Two moments side by side: what differs in structure as a tree, and the text of the chosen pane.

mod interact;
pub mod structure;
pub mod text;

use std::collections::BTreeSet;

use bstr::ByteSlice;

use crate::app::effect::{Generation, Job, Side};
use crate::app::list::Cursor;
use crate::app::msg::{Comparison, Failure};
use crate::app::shared::{Cx, Shared};
use crate::model::contents::Contents;
use crate::model::geometry::Size;
use crate::model::target::Target;
use crate::model::tree::Pane;

use structure::{Both, Node};
use text::{Compared, Line};

/// Equal lines that are shown around a change.
const CONTEXT: usize = 3;
/// From this width on the texts stand side by side.
const TWO_COLUMNS: u16 = 72;

/// Two moments side by side.
#[derive(Debug)]
pub struct Diff {
    /// The first side.
    pub a: Side,
    /// The second side.
    pub b: Side,
    /// The ticket of the comparison that was asked for last.
    generation: Generation,
    /// Whether its answer is still to come; what is shown until then is the one before.
    pub loading: bool,
    /// What was compared.
    pub comparison: Option<Box<Comparison>>,
    /// Why it could not be.
    pub failure: Option<Failure>,
    /// The tree.
    pub nodes: Vec<Node>,
    /// The chosen row of the tree.
    pub selected: Cursor,
    /// The text of the chosen pane on both sides.
    pub text: Compared,
    /// What of it is shown.
    pub lines: Vec<Line>,
    /// The first line that is seen.
    pub first: Cursor,
    /// The change in the text that the user stands on.
    pub change: usize,
    /// How it is shown.
    pub show: Show,
    open: BTreeSet<usize>,
}

/// How a comparison is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own, with a key of its own"
)]
pub struct Show {
    /// Both sides in one column.
    pub inline: bool,
    /// Long lines go on below.
    pub wrap: bool,
    /// White space makes no difference.
    pub ignore_blank: bool,
    /// Nothing is folded.
    pub unfolded: bool,
    /// Equal lines around a change.
    pub context: usize,
    /// Whether the tree is seen.
    pub tree: bool,
    /// Whether the layouts are drawn; `None` where there is room.
    pub layout: Option<bool>,
}

impl Show {
    /// Whether both sides are in one column on a terminal of this size.
    #[must_use]
    pub fn inline_seen(&self, size: Size) -> bool {
        self.inline || size.width < TWO_COLUMNS
    }

    /// Whether the layouts are drawn on a terminal of this size.
    #[must_use]
    pub fn layout_seen(&self, size: Size) -> bool {
        self.layout
            .unwrap_or(size.width >= 120 && size.height >= 30)
    }
}

impl Diff {
    /// Opens the comparison of two sides, and asks for it.
    #[must_use]
    pub fn open(a: Side, b: Side, cx: &mut Cx<'_>) -> Self {
        let mut diff = Self {
            a,
            b,
            generation: Generation::default(),
            loading: false,
            comparison: None,
            failure: None,
            nodes: Vec::new(),
            selected: Cursor::default(),
            text: Compared::default(),
            lines: Vec::new(),
            first: Cursor::default(),
            change: 0,
            show: Show {
                inline: false,
                wrap: false,
                ignore_blank: false,
                unfolded: false,
                context: CONTEXT,
                tree: true,
                layout: None,
            },
            open: BTreeSet::new(),
        };
        diff.compare(cx);
        diff
    }

    /// The chosen pane.
    #[must_use]
    pub fn pane(&self) -> Option<&Both> {
        self.nodes.get(self.selected.at())?.pane.as_ref()
    }

    /// The text of one pane of the chosen ones.
    fn contents(&self, pane: &Option<(Target, Pane)>) -> Option<&Contents> {
        let digest = pane.as_ref()?.1.contents?.digest;
        let comparison = self.comparison.as_ref()?;
        let texts = comparison.a.texts.get(&digest);
        texts
            .or_else(|| comparison.b.texts.get(&digest))
            .map(std::convert::AsRef::as_ref)
    }

    fn compare(&mut self, cx: &mut Cx<'_>) {
        self.generation = cx.shared.ticket();
        self.loading = true;
        cx.effect(Job::Compare {
            a: self.a,
            b: self.b,
            generation: self.generation,
        });
    }

    /// Takes in a comparison; the pane that was chosen stays chosen where it is still there.
    fn take(&mut self, comparison: Box<Comparison>, shared: &Shared) {
        let before = self.pane().and_then(|both| place(both).cloned());
        let change = self.change;
        self.nodes = structure::nodes(&comparison, shared.home.as_bstr());
        self.comparison = Some(comparison);
        let wanted = before.clone().or_else(|| {
            let session = shared.focus.session.clone()?;
            Some(Target {
                session,
                tab: shared.focus.tab,
                pane: shared.focus.pane,
            })
        });
        let is = |node: &Node| node.pane.as_ref().and_then(place) == wanted.as_ref();
        let first = || self.nodes.iter().position(|node| node.pane.is_some());
        let found = self
            .nodes
            .iter()
            .position(|node| node.pane.is_some() && is(node));
        self.selected = Cursor::new(found.or_else(first).unwrap_or(0));
        self.read(shared);
        if before.is_some() && found.is_some() {
            self.go_to(
                change.min(self.text.changes.len().saturating_sub(1)),
                shared,
            );
        }
    }

    /// Compares the text of the chosen pane.
    fn read(&mut self, shared: &Shared) {
        let both = self.pane().cloned().unwrap_or_default();
        let blank = self.show.ignore_blank;
        self.text = Compared::new(self.contents(&both.a), self.contents(&both.b), blank);
        let tally = self.text.tally().to_string();
        if let Some(node) = self.nodes.get_mut(self.selected.at())
            && node.text.is_some()
            && !tally.is_empty()
        {
            // Counting lines said less than comparing them does.
            node.text = Some(tally);
        }
        self.open.clear();
        self.fold();
        self.go_to(0, shared);
    }

    fn fold(&mut self) {
        let Show {
            context, unfolded, ..
        } = self.show;
        self.lines = self.text.lines(context, &self.open, unfolded);
    }

    /// Stands on a change of the text, and brings it into sight.
    fn go_to(&mut self, change: usize, shared: &Shared) {
        self.change = change;
        let Some(pairs) = self.text.changes.get(change) else {
            self.first = Cursor::default();
            return;
        };
        let start = pairs.start;
        let at = self.line_of(start);
        let before = self.show.context.min(rows(shared) / 3);
        self.scroll_to(at.saturating_sub(before), shared);
    }

    fn line_of(&self, pair: usize) -> usize {
        let shown = |line: &Line| match line {
            Line::Pair(at) => *at >= pair,
            Line::Fold { first, count } => first + count > pair,
        };
        self.lines.iter().position(shown).unwrap_or(0)
    }

    /// The greatest first line: the one with the end in sight where every line takes one row, else
    /// the last one.
    #[must_use]
    pub fn last_first(&self, rows: usize, size: Size) -> usize {
        let one_row_each = !self.show.wrap && !self.show.inline_seen(size);
        let rows = if one_row_each { rows.max(1) } else { 1 };
        self.lines.len().saturating_sub(rows)
    }

    /// The places that the text can be scrolled to.
    fn places(&self, shared: &Shared) -> usize {
        self.last_first(rows(shared), shared.size) + 1
    }

    fn scroll_to(&mut self, first: usize, shared: &Shared) {
        self.first.set(first, self.places(shared));
    }

    /// Chooses the next or previous pane; whether there was one.
    fn step_pane(&mut self, forward: bool, shared: &Shared) -> bool {
        let is_pane = |at: &usize| self.nodes.get(*at).is_some_and(|node| node.pane.is_some());
        let here = self.selected.at();
        let next = if forward {
            (here + 1..self.nodes.len()).find(is_pane)
        } else {
            (0..here).rev().find(is_pane)
        };
        let Some(next) = next else {
            return false;
        };
        self.selected = Cursor::new(next);
        self.read(shared);
        true
    }

    fn step_change(&mut self, forward: bool, shared: &mut Shared) {
        let last = self.text.changes.len().saturating_sub(1);
        if forward && self.change < last {
            self.go_to(self.change + 1, shared);
        } else if !forward && self.change > 0 {
            self.go_to(self.change - 1, shared);
        } else if self.step_pane(forward, shared) {
            if !forward {
                self.go_to(self.text.changes.len().saturating_sub(1), shared);
            }
        } else {
            shared.say(if forward {
                "This is the last change"
            } else {
                "This is the first change"
            });
        }
    }

    /// Opens or closes the fold that is seen first.
    fn toggle_fold(&mut self, shared: &Shared) {
        let mut seen = self.lines.iter().skip(self.first.at()).take(rows(shared));
        let fold = seen.find_map(|line| match line {
            Line::Fold { first, .. } => Some(*first),
            Line::Pair(_) => None,
        });
        match fold {
            Some(first) => {
                self.open.insert(first);
            }
            None => self.open.clear(),
        }
        let at = self.text.changes.get(self.change).map(|pairs| pairs.start);
        self.fold();
        let first = match at {
            Some(at) if fold.is_none() => self.line_of(at).saturating_sub(CONTEXT),
            _ => self.first.at(),
        };
        self.scroll_to(first, shared);
    }
}

/// Rows of text that are seen; a guess before they were drawn first.
fn rows(shared: &Shared) -> usize {
    match shared.view.text.rows {
        0 => usize::from(shared.size.height / 2).max(1),
        rows => rows,
    }
}

/// Where a pane is, on the second side if it is there.
fn place(both: &Both) -> Option<&Target> {
    both.b.as_ref().or(both.a.as_ref()).map(|(at, _)| at)
}
