//! `muxtape drill`

use std::time::Instant;

use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::output::{Output, Role};
use crate::cli::views::count;
use crate::restore::{Difference, Score, Warning};

/// Rehearse a restore and report how much would come back
///
/// Restores the snapshot onto a hidden tmux server of its own, captures that, and compares both
/// field by field. Nothing else is touched and nothing stays. Shells and programs are looked up but
/// not started. Settings that could run a command, hooks, and all settings of an imported snapshot
/// are left out. The exit code is 0 if everything came back, else 1.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Drill {
    /// The snapshot: an id, a name, latest, latest~3, @2h; all but ids mean the server that -L, -S
    /// or $TMUX name
    #[arg(default_value = "latest")]
    snap: String,
    /// Set the settings of an imported snapshot, too, as `restore --trust` does
    #[arg(long)]
    trust: bool,
}

#[derive(Debug, Serialize)]
struct DrillAnswer<'a> {
    snapshot: String,
    exact: bool,
    fields: Vec<Score>,
    differences: &'a [Difference],
    warnings: &'a [Warning],
    errors: &'a [String],
    duration_ms: u64,
}

impl Drill {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let start = Instant::now();
        let meta = context.find(&self.snap, None)?;
        let snapshot = context.host.store().load(meta.id)?;
        let drill = context.host.drill(&snapshot, self.trust)?;
        let exact = drill.fidelity.is_exact() && drill.errors.is_empty();
        let answer = DrillAnswer {
            snapshot: meta.id.to_string(),
            exact,
            fields: drill.fidelity.scores(),
            differences: &drill.fidelity.differences,
            warnings: &drill.warnings,
            errors: &drill.errors,
            duration_ms: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
        };
        context
            .output
            .answer("drill", &answer, |out| lines(&answer, out))?;
        Ok(if exact { Exit::Ok } else { Exit::Failed })
    }
}

fn lines(answer: &DrillAnswer<'_>, out: &Output) -> Vec<String> {
    let mut lines = Vec::new();
    for score in &answer.fields {
        let numbers = format!("{}/{}", score.matched, score.total);
        let (role, sign) = match score.total {
            0 => (Role::Faint, "–"),
            total if total == score.matched => (Role::Added, "✓"),
            _ => (Role::Changed, "!"),
        };
        let line = format!("{sign} {:<12} {numbers:>9}", score.field.word());
        lines.push(out.paint(role, &line));
    }
    for one in answer.differences {
        let line = format!(
            "{} {}: was {}, came back as {}",
            one.target,
            one.field.word(),
            one.was,
            one.is
        );
        lines.push(out.paint(Role::Changed, &format!("! {line}")));
    }
    for error in answer.errors {
        lines.push(out.paint(Role::Removed, &format!("✗ {error}")));
    }
    let differences = answer.differences.len() as u64;
    lines.push(format!(
        "snapshot {} rehearsed in {} ms: {}",
        answer.snapshot,
        answer.duration_ms,
        match differences {
            0 => "everything came back".to_owned(),
            some => count(some, "difference"),
        }
    ));
    lines
}
