//! What a restore did.

use std::sync::Arc;

use crate::app::effect::Effect;
use crate::app::input::{MouseKind, Target as Met};
use crate::app::keys::{Action, Context};
use crate::app::state::Cx;
use crate::model::ansi::label;
use crate::model::snapshot::Snapshot;
use crate::model::target::Target;
use crate::restore::{self, Outcome, Row, Selection, Warning};

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
            .filter(|_| !targets.is_empty())
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
            Action::Attach => match self.report.sessions.first() {
                Some(made) => cx.effect(Effect::Attach {
                    session: made.to.clone(),
                }),
                None => cx.shared.say("There is no session to attach to"),
            },
            Action::UndoRestore => {
                let made = self.report.sessions.iter().map(|made| label(&made.to));
                let made: Vec<String> = made.collect();
                cx.shared.say(if made.is_empty() {
                    "Nothing was made".to_owned()
                } else {
                    format!("Undo is still to come; made were {}", made.join(", "))
                });
            }
            _ => {}
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
