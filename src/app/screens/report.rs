//! What a restore did.

use std::sync::Arc;

use crate::app::effect::Effect;
use crate::app::input::{MouseKind, Target as Met};
use crate::app::keys::{Action, Context};
use crate::app::msg::Answer;
use crate::app::overlay::{Confirm, Confirmed, Overlay};
use crate::app::plural;
use crate::app::state::Cx;
use crate::model::ansi::label;
use crate::model::snapshot::Snapshot;
use crate::model::target::Target;
use crate::restore::undo::Undone;
use crate::restore::{self, Level, Outcome, Row, Selection, Warning};

use super::restore::Restore;
use super::{Go, Interact, Screen};

/// What a restore did.
#[derive(Debug)]
pub struct Report {
    /// The report.
    pub report: restore::Report,
    /// What was restored.
    pub snapshot: Option<Arc<Snapshot>>,
    /// The chosen row.
    pub selected: usize,
    /// Whether it was taken back.
    pub undo: Undo,
}

/// Whether what was made was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Undo {
    /// It was not.
    #[default]
    Not,
    /// It is just being done.
    Underway,
    /// It was, as far as this says.
    Done(Undone),
}

impl Report {
    /// The report, with the first row chosen that did not go well.
    #[must_use]
    pub fn new(report: restore::Report, snapshot: Option<Arc<Snapshot>>) -> Self {
        let find = |outcome| report.rows.iter().position(|row| row.outcome == outcome);
        let selected = find(Outcome::Failed).or_else(|| find(Outcome::Warned));
        Self {
            selected: selected.unwrap_or(0),
            report,
            snapshot,
            undo: Undo::Not,
        }
    }

    /// The chosen row.
    #[must_use]
    pub fn row(&self) -> Option<&Row> {
        self.report.rows.get(self.selected)
    }

    /// The warnings about a row.
    pub fn warnings(&self, row: &Row) -> impl Iterator<Item = &Warning> {
        let place = row.target.to_string();
        let all = self.report.warnings.iter();
        all.filter(move |warning| warning.component == place)
    }

    /// The report as text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for row in &self.report.rows {
            let line = format!("{} {}  {}", sign(row.outcome), row.label, row.detail);
            text.push_str(line.trim_end());
            text.push('\n');
        }
        for warning in &self.report.warnings {
            let Warning {
                component,
                issue,
                fallback,
                suggestion,
                ..
            } = warning;
            text.push_str(&format!(
                "! {component}: {issue}. {fallback}. {suggestion}\n"
            ));
        }
        for error in &self.report.errors {
            text.push_str(&format!("✗ {error}\n"));
        }
        text
    }

    /// Whether an action can do anything.
    #[must_use]
    pub fn offers(&self, action: Action) -> bool {
        match action {
            Action::Attach => self.stands() && !self.report.sessions.is_empty(),
            Action::UndoRestore => self.stands() && self.report.undoable().is_some(),
            Action::RetryFailed => self.stands() && self.report.count(Outcome::Failed) > 0,
            _ => true,
        }
    }

    /// Whether nothing of it was taken back.
    fn stands(&self) -> bool {
        self.undo == Undo::Not
    }

    /// The question before anything is closed.
    fn question(&self) -> Option<Confirm> {
        let made = self.report.undoable().filter(|_| self.stands())?;
        let mut body: Vec<String> = made
            .sessions
            .iter()
            .map(|session| {
                let rows = self.report.rows.iter();
                let panes = rows.filter(|row| {
                    row.level == Level::Pane
                        && row.target.session == session.from
                        && matches!(row.outcome, Outcome::Done | Outcome::Warned)
                });
                let panes = plural(panes.count(), "pane");
                format!("Closes {} with {panes}", label(&session.to))
            })
            .collect();
        body.push("and ends what runs in them. Nothing else.".to_owned());
        Some(Confirm {
            title: "Undo this restore?".to_owned(),
            body,
            yes: "Yes, close them".to_owned(),
            then: Confirmed::UndoRestore,
        })
    }

    fn choose(&mut self, row: usize) {
        self.selected = row.min(self.report.rows.len().saturating_sub(1));
    }

    /// The preview again, with only what failed.
    fn retry(&self, cx: &mut Cx<'_>) -> Go {
        let failed = self.report.rows.iter();
        let failed = failed.filter(|row| row.outcome == Outcome::Failed);
        let targets: Vec<Target> = failed.map(|row| row.target.clone()).collect();
        let selection = self
            .snapshot
            .as_ref()
            .filter(|_| !targets.is_empty() && self.stands())
            .and_then(|snapshot| Selection::only(&snapshot.state, &targets).ok());
        match selection {
            Some(selection) => {
                let preview = Restore::of(self.report.snapshot, selection, None, cx);
                Go::Replace(Box::new(Screen::Restore(preview)))
            }
            None => {
                cx.shared.say("Nothing failed");
                Go::Stay
            }
        }
    }
}

/// What was taken back: `Closed api-1140; left alone: web (it is closed already)`.
#[must_use]
pub fn undone_words(undone: &Undone) -> String {
    let closed: Vec<String> = undone.closed.iter().map(|made| label(&made.to)).collect();
    let left = undone.left.iter();
    let left: Vec<String> = left.map(|(what, why)| format!("{what} ({why})")).collect();
    match (closed.is_empty(), left.is_empty()) {
        (true, true) => "Closed nothing".to_owned(),
        (false, true) => format!("Closed {}", closed.join(", ")),
        (true, false) => format!("Closed nothing; left alone: {}", left.join(", ")),
        (false, false) => format!(
            "Closed {}; left alone: {}",
            closed.join(", "),
            left.join(", ")
        ),
    }
}

/// The sign for an outcome.
#[must_use]
pub fn sign(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "✓",
        Outcome::Warned => "!",
        Outcome::Failed => "✗",
        Outcome::Skipped => "–",
    }
}

impl Interact for Report {
    fn context(&self) -> Context {
        Context::Report
    }

    fn action(&mut self, action: Action, count: usize, cx: &mut Cx<'_>) -> Go {
        match action {
            Action::Back | Action::Leave => return Go::Back,
            Action::Down => self.choose(self.selected.saturating_add(count)),
            Action::Up => self.choose(self.selected.saturating_sub(count)),
            Action::Top => self.choose(0),
            Action::Bottom => self.choose(usize::MAX),
            Action::CopyReport => cx.copy("the report", self.text()),
            Action::RetryFailed => return self.retry(cx),
            Action::Attach => match self.report.sessions.first().filter(|_| self.stands()) {
                Some(made) => cx.effect(Effect::Attach {
                    session: made.clone(),
                }),
                None => cx.shared.say("There is no session to attach to"),
            },
            Action::UndoRestore => match self.question() {
                Some(question) => return Go::Ask(Overlay::Confirm(Box::new(question))),
                None => cx.shared.say(match self.undo {
                    Undo::Not => "There is nothing to take back",
                    Undo::Underway => "It is being taken back",
                    Undo::Done(_) => "It was taken back already",
                }),
            },
            _ => {}
        }
        Go::Stay
    }

    fn confirmed(&mut self, what: Confirmed, cx: &mut Cx<'_>) -> Go {
        let made = self.report.undoable().filter(|_| self.stands());
        if let (Confirmed::UndoRestore, Some(made)) = (what, made) {
            self.undo = Undo::Underway;
            cx.effect(Effect::UndoRestore {
                made: Box::new(made),
            });
        }
        Go::Stay
    }

    fn answer(&mut self, answer: Answer, cx: &mut Cx<'_>) -> Go {
        if let Answer::RestoreUndone(result) = answer {
            self.undo = match result {
                Ok(undone) => {
                    cx.shared.say(undone_words(&undone));
                    Undo::Done(undone)
                }
                Err(failure) => {
                    cx.shared.complain(&failure);
                    Undo::Not
                }
            };
        }
        Go::Stay
    }

    fn mouse(&mut self, kind: MouseKind, met: Met, _cx: &mut Cx<'_>) -> Go {
        match (kind, met) {
            (MouseKind::Click | MouseKind::DoubleClick, Met::Row(row)) => self.choose(row),
            (MouseKind::ScrollDown, _) => self.choose(self.selected + 1),
            (MouseKind::ScrollUp, _) => self.choose(self.selected.saturating_sub(1)),
            _ => {}
        }
        Go::Stay
    }
}
