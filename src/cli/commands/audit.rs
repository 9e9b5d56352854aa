//! `muxtape audit`

use serde::Serialize;
use serde_json::{Map, Value};

use super::events::Chosen;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::output::{Output, Role};
use crate::cli::views::{count, event};
use crate::journal::Finding;

/// Check that nobody has changed the journal, and show it
///
/// Compares every line with its hash and with the line before it, and names lines that were edited,
/// removed, inserted or moved. This is no signature: anyone who can write the files can write a
/// whole new journal. The options choose which events are shown; all are checked. The exit code is
/// 1 if an inconsistency was found.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Audit {
    #[command(flatten)]
    chosen: Chosen,
}

#[derive(Debug, Serialize)]
struct AuditAnswer<'a> {
    ok: bool,
    lines: u64,
    first: Option<u64>,
    last: Option<u64>,
    findings: Vec<FindingView<'a>>,
    events: Vec<&'a Map<String, Value>>,
}

#[derive(Debug, Serialize)]
struct FindingView<'a> {
    #[serde(flatten)]
    finding: &'a Finding,
    grave: bool,
    what: String,
}

impl Audit {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let audit = context.host.journal().audit(&self.chosen.query(context)?)?;
        let answer = AuditAnswer {
            ok: audit.is_sound(),
            lines: audit.lines,
            first: audit.first,
            last: audit.last,
            findings: audit.findings.iter().map(view).collect(),
            events: audit.entries.iter().map(|entry| &entry.fields).collect(),
        };
        let now = context.zoned();
        context.output.answer("audit", &answer, |out| {
            let events = audit.entries.iter().map(|entry| {
                let number = out.paint(Role::Faint, &format!("{:>6}", entry.seq));
                format!("{number}  {}", event::line(entry, &now, out))
            });
            let mut lines: Vec<String> = events.collect();
            lines.extend(answer.findings.iter().map(|finding| told(finding, out)));
            lines.push(verdict(&answer));
            lines
        })?;
        Ok(if answer.ok { Exit::Ok } else { Exit::Failed })
    }
}

fn view(finding: &Finding) -> FindingView<'_> {
    FindingView {
        finding,
        grave: finding.flaw.is_grave(),
        what: finding.flaw.to_string(),
    }
}

fn told(view: &FindingView<'_>, out: &Output) -> String {
    let place = match (&view.finding.file, view.finding.line) {
        (Some(file), Some(line)) => format!("{file}:{line}: "),
        _ => String::new(),
    };
    let (sign, role) = if view.grave {
        ("✗", Role::Removed)
    } else {
        ("!", Role::Changed)
    };
    out.paint(role, &format!("{sign} {place}{}", view.what))
}

fn verdict(answer: &AuditAnswer<'_>) -> String {
    let (Some(first), Some(last)) = (answer.first, answer.last) else {
        return if answer.ok {
            "the journal is empty".to_owned()
        } else {
            "nothing of the journal is left".to_owned()
        };
    };
    let lines = count(answer.lines, "event");
    let found = if answer.ok {
        "each as it was written, none missing"
    } else {
        "it does not add up"
    };
    format!("{lines}, no. {first} to {last}: {found}")
}
