//! Search over all of history.

use tui_input::Input;

use crate::app::effect::{Effect, Focus, Generation, Scope};
use crate::app::input::{KeyPress, MouseKind, Target};
use crate::app::keys::{Action, Context};
use crate::app::msg::Answer;
use crate::app::overlay::edit;
use crate::app::state::Cx;
use crate::model::id::SnapshotId;
use crate::store::{HitKind, SearchHit};

use super::{Go, Interact};

/// The search.
#[derive(Debug, Default)]
pub struct Search {
    /// What is searched for.
    pub input: Input,
    /// Whether what panes showed is searched too.
    pub contents: Contents,
    /// What of the results is shown.
    pub scope: Scope,
    hits: Vec<SearchHit>,
    /// Places of the hits that are shown.
    shown: Vec<usize>,
    chosen: usize,
    /// Whether the results have the keys.
    in_results: bool,
    /// Whether the oldest snapshot of the chosen run is looked at, not the newest.
    oldest: bool,
    waiting: Option<Generation>,
    took: Option<u64>,
}

/// Whether what panes showed is searched too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Contents {
    /// Yes.
    #[default]
    Searched,
    /// Only names, commands and directories.
    Left,
}

impl Search {
    /// The hits that are shown, newest first.
    pub fn hits(&self) -> impl ExactSizeIterator<Item = &SearchHit> {
        // Places come from the list itself, so that none is missing.
        self.shown
            .iter()
            .filter_map(|at| self.hits.get(*at))
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// The place of the chosen hit among those that are shown.
    #[must_use]
    pub fn chosen(&self) -> usize {
        self.chosen
    }

    /// The chosen hit.
    #[must_use]
    pub fn hit(&self) -> Option<&SearchHit> {
        self.hits.get(*self.shown.get(self.chosen)?)
    }

    /// Whether the results have the keys.
    #[must_use]
    pub fn in_results(&self) -> bool {
        self.in_results
    }

    /// Whether an answer is awaited.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// How long the last search took, in milliseconds.
    #[must_use]
    pub fn took(&self) -> Option<u64> {
        self.took
    }

    /// The snapshot that is shown for the chosen hit, and what in it.
    #[must_use]
    pub fn place(&self) -> Option<(SnapshotId, Focus)> {
        let hit = self.hit()?;
        let focus = Focus {
            session: Some(hit.session.clone()),
            tab: hit.tab,
            pane: hit.pane,
        };
        Some((if self.oldest { hit.oldest } else { hit.newest }, focus))
    }

    fn ask(&mut self, cx: &mut Cx<'_>) {
        let text = self.input.value().trim().to_owned();
        if text.is_empty() {
            self.hits.clear();
            self.waiting = None;
            self.took = None;
            return self.filter(cx);
        }
        let generation = cx.shared.ticket();
        self.waiting = Some(generation);
        cx.effect(Effect::Search {
            text,
            contents: self.contents == Contents::Searched,
            session: cx.shared.filter.clone(),
            generation,
        });
    }

    fn filter(&mut self, cx: &mut Cx<'_>) {
        let scope = self.scope;
        let fits = |hit: &SearchHit| match scope {
            Scope::All => true,
            Scope::Names => hit.what == HitKind::Name,
            Scope::Commands => hit.what == HitKind::Command,
            Scope::Directories => hit.what == HitKind::Directory,
            Scope::Text => hit.what == HitKind::Text,
        };
        let hits = self.hits.iter().enumerate();
        self.shown = hits
            .filter(|(_, hit)| fits(hit))
            .map(|(at, _)| at)
            .collect();
        self.choose(0, cx);
        if self.shown.is_empty() {
            self.in_results = false;
        }
    }

    fn choose(&mut self, at: usize, cx: &mut Cx<'_>) {
        self.chosen = at.min(self.shown.len().saturating_sub(1));
        self.oldest = false;
        self.preview(cx);
    }

    fn preview(&mut self, cx: &mut Cx<'_>) {
        if let Some((id, focus)) = self.place() {
            cx.load_at(id, &focus);
        }
    }

    fn go_there(&self, cx: &mut Cx<'_>) -> Go {
        let Some((id, focus)) = self.place() else {
            return Go::Stay;
        };
        cx.shared.focus = focus;
        if cx.shared.library.position(id).is_none() {
            cx.shared.say("That snapshot is not on the tape any more");
            return Go::Stay;
        }
        Go::Tape(id)
    }

    fn step(&mut self, forward: bool, count: usize, cx: &mut Cx<'_>) {
        let to = if forward {
            self.chosen.saturating_add(count)
        } else {
            self.chosen.saturating_sub(count)
        };
        self.choose(to, cx);
    }
}

impl Interact for Search {
    fn context(&self) -> Context {
        if self.in_results {
            Context::SearchResults
        } else {
            Context::SearchPrompt
        }
    }

    fn action(&mut self, action: Action, count: usize, cx: &mut Cx<'_>) -> Go {
        let page = cx.shared.view.list.rows.max(1).saturating_mul(count);
        match action {
            Action::Open if self.in_results => return self.go_there(cx),
            Action::Open | Action::Down if !self.in_results => {
                self.in_results = !self.shown.is_empty();
            }
            Action::Search => self.in_results = false,
            Action::Back if self.in_results => self.in_results = false,
            Action::Back | Action::Leave => return Go::Back,
            Action::Up if self.chosen == 0 => self.in_results = false,
            Action::Down | Action::NextMatch => self.step(true, count, cx),
            Action::Up | Action::PreviousMatch => self.step(false, count, cx),
            Action::PageDown => self.step(true, page, cx),
            Action::PageUp => self.step(false, page, cx),
            Action::FirstSeen | Action::LastSeen => {
                self.oldest = action == Action::FirstSeen;
                self.preview(cx);
            }
            Action::ToggleText => {
                self.contents = match self.contents {
                    Contents::Searched => Contents::Left,
                    Contents::Left => Contents::Searched,
                };
                self.ask(cx);
            }
            Action::CycleScope => {
                self.scope = match self.scope {
                    Scope::All => Scope::Names,
                    Scope::Names => Scope::Commands,
                    Scope::Commands => Scope::Directories,
                    Scope::Directories => Scope::Text,
                    Scope::Text => Scope::All,
                };
                self.filter(cx);
            }
            Action::CopyText => {
                if let Some(line) = self.hit().map(|hit| hit.line.clone()) {
                    cx.copy("the line", line);
                }
            }
            Action::CopyId => {
                if let Some((id, _)) = self.place() {
                    cx.copy(&id.short(), id.to_string());
                }
            }
            _ => {}
        }
        Go::Stay
    }

    fn typed(&mut self, key: KeyPress, cx: &mut Cx<'_>) -> Go {
        if edit(&mut self.input, key) {
            self.ask(cx);
        }
        Go::Stay
    }

    fn mouse(&mut self, kind: MouseKind, target: Target, cx: &mut Cx<'_>) -> Go {
        match (kind, target) {
            (MouseKind::Click, Target::Row(row)) => {
                self.in_results = true;
                self.choose(row, cx);
            }
            (MouseKind::DoubleClick, Target::Row(_)) => return self.go_there(cx),
            (MouseKind::ScrollUp, _) => self.step(false, 3, cx),
            (MouseKind::ScrollDown, _) => self.step(true, 3, cx),
            _ => {}
        }
        Go::Stay
    }

    fn answer(&mut self, answer: Answer, cx: &mut Cx<'_>) -> Go {
        if let Answer::Searched { generation, result } = answer
            && self.waiting == Some(generation)
        {
            self.waiting = None;
            match result {
                Ok((hits, took)) => {
                    self.hits = hits;
                    self.took = Some(took);
                }
                Err(failure) => {
                    self.hits.clear();
                    cx.shared.complain(&failure);
                }
            }
            self.filter(cx);
        }
        Go::Stay
    }
}
