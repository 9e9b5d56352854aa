//! What a restore did.

use std::sync::Arc;

use crate::app::effect::{Effect, Job};
use crate::app::keys::Context;
use crate::app::keys::action::ReportAction;
use crate::app::list::Cursor;
use crate::app::mouse::{MouseKind, MouseTarget};
use crate::app::msg::Answer;
use crate::app::overlay::{Confirm, Confirmed, Overlay};
use crate::app::shared::Cx;
use crate::app::words::plural;
use crate::model::ansi::label;
use crate::model::snapshot::Snapshot;
use crate::model::target::Target;
use crate::restore::leftover::{self, Leftover};
use crate::restore::undo::Undone;
use crate::restore::{self, Level, Made, Outcome, Row, Selection, Warning};

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
    pub selected: Cursor,
    /// Whether it was taken back.
    pub undo: Undo,
    /// Blank sessions that it left, and that can be closed.
    pub leftovers: Vec<Leftover>,
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
            selected: Cursor::new(selected.unwrap_or(0)),
            report,
            snapshot,
            undo: Undo::Not,
            leftovers: Vec::new(),
        }
    }

    /// The session that is attached to: of those that were made, the one that somebody was at last.
    #[must_use]
    pub fn best(&self) -> Option<&Made> {
        let made = &self.report.sessions;
        let state = self.snapshot.as_ref().map(|snapshot| &snapshot.state);
        match state {
            Some(state) => leftover::best(made, state),
            None => made.first(),
        }
    }

    /// The question before a blank session is closed.
    fn close_question(&self) -> Option<Confirm> {
        let one = self.leftovers.first().filter(|_| self.stands())?;
        let name = label(&one.name);
        let when = match one.own {
            true => "muxtape runs in it: it is closed when you leave muxtape,",
            false => "There is one shell in it, in which nothing was typed.",
        };
        let clients = match one.own {
            true => "and your terminal shows what was restored.",
            false => "Terminals that show it show what was restored then.",
        };
        Some(Confirm {
            title: format!("Close session {name}, which is blank?"),
            body: vec![when.to_owned(), clients.to_owned()],
            yes: "Yes, close it".to_owned(),
            then: Confirmed::CloseLeftover,
        })
    }

    /// The chosen row.
    #[must_use]
    pub fn row(&self) -> Option<&Row> {
        self.report.rows.get(self.selected.at())
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
    pub fn offers(&self, action: ReportAction) -> bool {
        match action {
            ReportAction::Attach => self.stands() && !self.report.sessions.is_empty(),
            ReportAction::Undo => self.stands() && self.report.undoable().is_some(),
            ReportAction::CloseLeftover => self.stands() && !self.leftovers.is_empty(),
            ReportAction::RetryFailed => self.stands() && self.report.count(Outcome::Failed) > 0,
            ReportAction::Move(_) | ReportAction::CopyReport => true,
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

    /// Does what a key means.
    pub(super) fn act(&mut self, action: ReportAction, count: usize, cx: &mut Cx<'_>) -> Go {
        match action {
            ReportAction::Move(motion) => {
                let seen = cx.shared.view.list.rows;
                self.selected
                    .go(motion, count, seen, self.report.rows.len());
            }
            ReportAction::CopyReport => cx.copy("the report", self.text()),
            ReportAction::RetryFailed => return self.retry(cx),
            ReportAction::CloseLeftover => match self.close_question() {
                Some(question) => return Go::Ask(Overlay::Confirm(Box::new(question))),
                None => cx.shared.say("No blank session is left"),
            },
            ReportAction::Attach => match self.best().filter(|_| self.stands()) {
                Some(made) => cx.effect(Effect::Attach {
                    session: made.clone(),
                }),
                None => cx.shared.say("There is no session to attach to"),
            },
            ReportAction::Undo => match self.question() {
                Some(question) => return Go::Ask(Overlay::Confirm(Box::new(question))),
                None => cx.shared.say(match self.undo {
                    Undo::Not => "There is nothing to take back",
                    Undo::Underway => "It is being taken back",
                    Undo::Done(_) => "It was taken back already",
                }),
            },
        }
        Go::Stay
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
    let mut words = match closed.as_slice() {
        [] => "Closed nothing".to_owned(),
        closed => format!("Closed {}", closed.join(", ")),
    };
    if !left.is_empty() {
        words.push_str("; left alone: ");
        words.push_str(&left.join(", "));
    }
    words
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

    fn confirmed(&mut self, what: Confirmed, cx: &mut Cx<'_>) -> Go {
        if what == Confirmed::CloseLeftover && self.stands() && !self.leftovers.is_empty() {
            let leftover = self.leftovers.remove(0);
            let to = self.best().map(|made| made.id);
            if leftover.own {
                let name = label(&leftover.name);
                cx.shared
                    .say(format!("{name} is closed when you leave muxtape"));
                cx.effect(Effect::CloseAtEnd { leftover, to });
            } else {
                cx.effect(Job::CloseLeftover { leftover, to });
            }
            return Go::Stay;
        }
        let made = self.report.undoable().filter(|_| self.stands());
        if let (Confirmed::UndoRestore, Some(made)) = (what, made) {
            self.undo = Undo::Underway;
            cx.effect(Job::UndoRestore {
                made: Box::new(made),
            });
        }
        Go::Stay
    }

    fn answer(&mut self, answer: Answer, cx: &mut Cx<'_>) -> Go {
        if let Answer::Leftovers(Ok(found)) = answer {
            self.leftovers = found;
        } else if let Answer::RestoreUndone(result) = answer {
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

    fn mouse(&mut self, kind: MouseKind, met: MouseTarget, _cx: &mut Cx<'_>) -> Go {
        self.selected.mouse(kind, met, self.report.rows.len());
        Go::Stay
    }
}
