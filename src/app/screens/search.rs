//! Search over all of history.

use tui_input::Input;

use crate::app::effect::{Focus, Generation, Job, Scope};
use crate::app::input::KeyPress;
use crate::app::keys::Context;
use crate::app::keys::action::{CopyAction, Motion, SearchPromptAction, SearchResultsAction};
use crate::app::list::Cursor;
use crate::app::mouse::{MouseKind, MouseTarget};
use crate::app::msg::Answer;
use crate::app::overlay::edit;
use crate::app::shared::Cx;
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
    chosen: Cursor,
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
        self.chosen.at()
    }

    /// The chosen hit.
    #[must_use]
    pub fn hit(&self) -> Option<&SearchHit> {
        self.hits.get(*self.shown.get(self.chosen.at())?)
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
        cx.effect(Job::Search {
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
        self.chosen = Cursor::default();
        self.chose(cx);
        if self.shown.is_empty() {
            self.in_results = false;
        }
    }

    /// Another match was chosen: its newest snapshot is looked at.
    fn chose(&mut self, cx: &mut Cx<'_>) {
        self.oldest = false;
        self.preview(cx);
    }

    fn go(&mut self, motion: Motion, count: usize, cx: &mut Cx<'_>) {
        let seen = cx.shared.view.list.rows;
        self.chosen.go(motion, count, seen, self.shown.len());
        self.chose(cx);
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

    /// The prompt has the keys.
    pub(in crate::app) fn focus_prompt(&mut self) {
        self.in_results = false;
    }

    fn toggle_text(&mut self, cx: &mut Cx<'_>) {
        self.contents = match self.contents {
            Contents::Searched => Contents::Left,
            Contents::Left => Contents::Searched,
        };
        self.ask(cx);
    }

    fn cycle_scope(&mut self, cx: &mut Cx<'_>) {
        self.scope = match self.scope {
            Scope::All => Scope::Names,
            Scope::Names => Scope::Commands,
            Scope::Commands => Scope::Directories,
            Scope::Directories => Scope::Text,
            Scope::Text => Scope::All,
        };
        self.filter(cx);
    }

    /// Does what a key means while the prompt has the keys.
    pub(super) fn ask_for(&mut self, action: SearchPromptAction, cx: &mut Cx<'_>) -> Go {
        match action {
            SearchPromptAction::Results => self.in_results = !self.shown.is_empty(),
            SearchPromptAction::ToggleText => self.toggle_text(cx),
            SearchPromptAction::CycleScope => self.cycle_scope(cx),
        }
        Go::Stay
    }

    /// Does what a key means while the results have the keys.
    pub(super) fn act(&mut self, action: SearchResultsAction, count: usize, cx: &mut Cx<'_>) -> Go {
        match action {
            SearchResultsAction::GoThere => return self.go_there(cx),
            SearchResultsAction::Move(Motion::Up) if self.chosen.at() == 0 => self.focus_prompt(),
            SearchResultsAction::Move(motion) => self.go(motion, count, cx),
            SearchResultsAction::NextHit => self.go(Motion::Down, count, cx),
            SearchResultsAction::PreviousHit => self.go(Motion::Up, count, cx),
            SearchResultsAction::FirstSeen | SearchResultsAction::LastSeen => {
                self.oldest = action == SearchResultsAction::FirstSeen;
                self.preview(cx);
            }
            SearchResultsAction::ToggleText => self.toggle_text(cx),
            SearchResultsAction::CycleScope => self.cycle_scope(cx),
        }
        Go::Stay
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

    fn back(&mut self, _cx: &mut Cx<'_>) -> Go {
        if !self.in_results {
            return Go::Back;
        }
        self.focus_prompt();
        Go::Stay
    }

    fn leave(&mut self, _cx: &mut Cx<'_>) -> Go {
        Go::Back
    }

    fn copy(&mut self, what: CopyAction, cx: &mut Cx<'_>) -> Go {
        match (what, self.hit(), self.place()) {
            (CopyAction::Text, Some(hit), _) => cx.copy("the line", hit.line.clone()),
            (CopyAction::Id, _, Some((id, _))) => cx.copy(&id.short(), id.to_string()),
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

    fn pasted(&mut self, text: &str, cx: &mut Cx<'_>) -> Go {
        for c in text.chars() {
            edit(&mut self.input, KeyPress::char(c));
        }
        // Once, after all of it.
        self.ask(cx);
        Go::Stay
    }

    fn mouse(&mut self, kind: MouseKind, target: MouseTarget, cx: &mut Cx<'_>) -> Go {
        match (kind, target) {
            (MouseKind::DoubleClick, MouseTarget::Row(_)) => return self.go_there(cx),
            (MouseKind::Click, MouseTarget::Row(_)) => self.in_results = true,
            (MouseKind::ScrollUp | MouseKind::ScrollDown, _) => {}
            _ => return Go::Stay,
        }
        self.chosen.mouse(kind, target, self.shown.len());
        self.chose(cx);
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
