//! `muxtape diff`

use serde::Serialize;

use super::sides;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::output::{Output, Role};
use crate::model::ansi;
use crate::model::changes::{Change, ChangeKind, changes};
use crate::model::diff::{PaneDiff, ServerDiff, SessionDiff, TabDiff};
use crate::model::target::Target;
use crate::model::textdiff::{Row, rows};
use crate::model::tree::Pane;
use crate::ops::LoadedState;

/// Compare two snapshots, or one with the state now
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Diff {
    /// The first snapshot
    a: String,
    /// The second snapshot; `live` is the state now
    b: String,
    /// Exit with 1 if they differ, 0 if they are the same
    #[arg(long)]
    exit_code: bool,
    /// Also compare the texts of panes, line by line
    #[arg(long)]
    text: bool,
    /// Equal lines shown around a change
    #[arg(long, value_name = "N", default_value_t = 3)]
    context: usize,
}

#[derive(Debug, Serialize)]
struct DiffAnswer {
    same: bool,
    changes: Vec<ChangeView>,
    text: Vec<TextView>,
}

#[derive(Debug, Serialize)]
struct ChangeView {
    kind: &'static str,
    path: String,
    field: Option<&'static str>,
    from: Option<String>,
    to: Option<String>,
}

#[derive(Debug, Serialize)]
struct TextView {
    path: String,
    removed: usize,
    added: usize,
    lines: Vec<LineView>,
}

#[derive(Debug, Serialize)]
struct LineView {
    sign: char,
    number: usize,
    line: String,
}

impl Diff {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let a = sides::load(context, &self.a, None)?;
        let b = sides::load(context, &self.b, None)?;
        let differences = a.diff(&b);
        let changes = changes(&differences);
        let text = if self.text {
            self.texts(context, &a, &b, &differences)?
        } else {
            Vec::new()
        };
        let answer = DiffAnswer {
            same: differences.is_empty(),
            changes: changes.iter().map(view).collect(),
            text,
        };
        context
            .output
            .answer("diff", &answer, |out| lines(&changes, &answer, out))?;
        if answer.same {
            context.output.say("nothing differs");
        }
        Ok(if self.exit_code && !answer.same {
            Exit::Failed
        } else {
            Exit::Ok
        })
    }

    /// The texts of all panes that are on both sides and show something else.
    fn texts(
        &self,
        context: &Context,
        a: &LoadedState,
        b: &LoadedState,
        diff: &ServerDiff,
    ) -> Result<Vec<TextView>, CliError> {
        let mut views = Vec::new();
        for (path, from, to) in changed_panes(diff) {
            let (Some(old), Some(new)) = (from.contents, to.contents) else {
                continue;
            };
            if old.digest == new.digest {
                continue;
            }
            let old = ansi::plain(sides::text(context, a, old.digest)?.visible());
            let new = ansi::plain(sides::text(context, b, new.digest)?.visible());
            views.push(self.text_view(path.to_string(), &old, &new));
        }
        Ok(views)
    }

    fn text_view(&self, path: String, old: &str, new: &str) -> TextView {
        let (left, right): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
        let rows = rows(&left, &right);
        let differs: Vec<usize> = rows
            .iter()
            .enumerate()
            .filter(|(_, row)| !row.is_same())
            .map(|(at, _)| at)
            .collect();
        let near = |at: usize| {
            let after = differs.partition_point(|&other| other < at);
            let close = |index: Option<usize>| {
                index
                    .and_then(|i| differs.get(i))
                    .is_some_and(|&d| d.abs_diff(at) <= self.context)
            };
            close(Some(after)) || close(after.checked_sub(1))
        };
        let line =
            |lines: &[&str], at: usize| lines.get(at).copied().unwrap_or_default().to_owned();
        let mut view = TextView {
            path,
            removed: 0,
            added: 0,
            lines: Vec::new(),
        };
        for (at, row) in rows.iter().enumerate() {
            let mut push = |sign, number: usize, line: String| {
                view.lines.push(LineView {
                    sign,
                    number: number + 1,
                    line,
                });
            };
            match *row {
                Row::Same { right: r, .. } if near(at) => push(' ', r, line(&right, r)),
                Row::Same { .. } => {}
                Row::Removed { left: l } => {
                    push('-', l, line(&left, l));
                    view.removed += 1;
                }
                Row::Added { right: r } => {
                    push('+', r, line(&right, r));
                    view.added += 1;
                }
                Row::Changed {
                    left: l, right: r, ..
                } => {
                    push('-', l, line(&left, l));
                    push('+', r, line(&right, r));
                    view.removed += 1;
                    view.added += 1;
                }
            }
        }
        view
    }
}

fn changed_panes(diff: &ServerDiff) -> Vec<(Target, &Pane, &Pane)> {
    let mut found = Vec::new();
    for session in &diff.sessions {
        let SessionDiff::Changed {
            to: session, tabs, ..
        } = session
        else {
            continue;
        };
        for tab in tabs {
            let TabDiff::Changed { to: tab, panes, .. } = tab else {
                continue;
            };
            for pane in panes {
                let PaneDiff::Changed { from, to } = pane else {
                    continue;
                };
                let at = Target {
                    session: session.name.clone(),
                    tab: Some(tab.index),
                    pane: Some(to.index),
                };
                found.push((at, from.as_ref(), to.as_ref()));
            }
        }
    }
    found
}

fn view(change: &Change) -> ChangeView {
    ChangeView {
        kind: change.kind.word(),
        path: change.at.to_string(),
        field: change.field.map(crate::model::changes::Field::word),
        from: change.from.clone(),
        to: change.to.clone(),
    }
}

fn lines(changes: &[Change], answer: &DiffAnswer, out: &Output) -> Vec<String> {
    let mut lines = Vec::new();
    for change in changes {
        let role = match change.kind {
            ChangeKind::Added => Role::Added,
            ChangeKind::Removed => Role::Removed,
            ChangeKind::Changed | ChangeKind::Moved => Role::Changed,
        };
        let what = match (change.field, &change.from, &change.to) {
            (Some(field), None, Some(value)) | (Some(field), Some(value), None) => {
                format!("{}  {value}", field.word())
            }
            (Some(field), from, to) => format!(
                "{}  {} → {}",
                field.word(),
                from.as_deref().unwrap_or_default(),
                to.as_deref().unwrap_or_default(),
            ),
            (None, from, to) => to.as_ref().or(from.as_ref()).cloned().unwrap_or_default(),
        };
        let head = out.paint(role, &format!("{} {}", change.kind.sign(), change.at));
        lines.push(format!("{head}  {what}"));
    }
    for text in &answer.text {
        lines.push(String::new());
        let head = format!("{}  +{} -{}", text.path, text.added, text.removed);
        lines.push(out.paint(Role::Strong, &head));
        for line in &text.lines {
            let role = match line.sign {
                '+' => Role::Added,
                '-' => Role::Removed,
                _ => Role::Faint,
            };
            let shown = format!("{:>6} {}{}", line.number, line.sign, line.line);
            lines.push(out.paint(role, &shown));
        }
    }
    lines
}
