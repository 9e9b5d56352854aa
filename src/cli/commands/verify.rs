//! `muxtape verify`

use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::views::count;

/// Read every record of the store and check it
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Verify {}

#[derive(Debug, Serialize)]
struct Answer {
    ok: bool,
    checked: u64,
    damaged: Vec<DamageView>,
    repaired: u64,
}

#[derive(Debug, Serialize)]
struct DamageView {
    snapshot: Option<String>,
    object: String,
    what: String,
}

impl Verify {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let report = context.store().verify()?;
        let answer = Answer {
            ok: report.damaged.is_empty(),
            checked: report.checked,
            damaged: report
                .damaged
                .iter()
                .map(|damage| DamageView {
                    snapshot: damage.snapshot.map(|id| id.to_string()),
                    object: damage.object.to_string(),
                    what: damage.what.clone(),
                })
                .collect(),
            repaired: 0,
        };
        context.output.answer("verify", &answer, |_| {
            let mut lines: Vec<String> = answer
                .damaged
                .iter()
                .map(|damage| {
                    let whose = damage.snapshot.as_deref();
                    let whose = whose.map_or_else(String::new, |id| format!(" of snapshot {id}"));
                    format!("damaged: {}{whose}: {}", damage.object, damage.what)
                })
                .collect();
            let verdict = if answer.ok {
                "all good"
            } else {
                "damage found"
            };
            let checked = count(answer.checked, "snapshot");
            lines.push(format!("{checked} checked: {verdict}"));
            lines
        })?;
        Ok(if answer.ok { Exit::Ok } else { Exit::Store })
    }
}
