//! `muxtape redact --recheck`

use std::cell::Cell;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::others::{self, Others};
use crate::capture::Recheck;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::output::{Output, Role, confirm};
use crate::cli::views::count;
use crate::model::snapshot::RedactionCount;
use crate::store::{Findings, RewriteStep};

#[derive(Debug, Serialize)]
struct Answer {
    dry_run: bool,
    /// Whether anything was taken out.
    rewritten: bool,
    /// Snapshots that were looked through, those that wait to be taken in included.
    snapshots: u64,
    changed: u64,
    /// Of these, how many lose sessions, tabs, panes or texts that are never recorded.
    left_out: u64,
    /// Of these, how many go, because nothing is left.
    removed: u64,
    rules: Vec<RuleView>,
    /// Restores that cannot be taken back any more, because of names in them.
    restores_forgotten: usize,
    /// Other files that may hold what is taken out.
    old_files: Vec<PathBuf>,
    old_files_removed: bool,
}

#[derive(Debug, Serialize)]
struct RuleView {
    rule: String,
    snapshots: u64,
    times: u64,
}

impl Answer {
    fn new(findings: Findings, others: &Others) -> Self {
        let rules = findings.rules.into_iter().map(|own| RuleView {
            rule: own.rule,
            snapshots: own.snapshots,
            times: own.times,
        });
        Self {
            dry_run: false,
            rewritten: false,
            snapshots: findings.snapshots,
            changed: findings.changed,
            left_out: findings.left_out,
            removed: findings.removed,
            rules: rules.collect(),
            restores_forgotten: 0,
            old_files: others.all().cloned().collect(),
            old_files_removed: false,
        }
    }

    /// What was taken out, by rule.
    fn counts(&self) -> Vec<RedactionCount> {
        let rules = self.rules.iter().map(|own| RedactionCount {
            rule: own.rule.clone(),
            count: u32::try_from(own.times).unwrap_or(u32::MAX),
        });
        rules.collect()
    }

    /// What was found, for people.
    fn found(&self, out: &Output) -> Vec<String> {
        let rules = self.rules.iter().map(|own| {
            let snapshots = count(own.snapshots, "snapshot");
            let line = format!("{:6}  {} in {snapshots}", own.times, own.rule);
            out.paint(Role::Changed, &line)
        });
        let mut lines: Vec<String> = rules.collect();
        if self.left_out > 0 {
            let of = count(self.left_out, "snapshot");
            let line = format!("parts that are never recorded are in {of}");
            lines.push(out.paint(Role::Changed, &line));
        }
        if self.removed > 0 {
            let of = count(self.removed, "snapshot");
            lines.push(out.paint(Role::Removed, &format!("nothing is left of {of}")));
        }
        lines
    }

    /// The other files, for people.
    fn files(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.old_files.is_empty() {
            return lines;
        }
        let files = count(self.old_files.len() as u64, "other file");
        if self.old_files_removed {
            lines.push(format!("removed {files}:"));
        } else {
            lines.push(format!("{files} may still hold what is taken out:"));
        }
        let names = self.old_files.iter();
        lines.extend(names.map(|file| format!("  {}", file.display())));
        if !self.old_files_removed && !self.dry_run {
            lines.push("remove them by hand, or say `muxtape redact --recheck` again".to_owned());
        }
        lines
    }

    fn told(&self, out: &Output) -> Vec<String> {
        let mut lines = self.found(out);
        let of = count(self.snapshots, "snapshot");
        let verdict = match (self.changed, self.dry_run) {
            (0, _) => format!("{of} looked through: nothing to take out"),
            (changed, true) => {
                format!("{changed} of {of} would be changed; without --dry-run they are")
            }
            (changed, false) => format!("{changed} of {of} changed: what was found is gone"),
        };
        lines.push(out.paint(Role::Strong, &verdict));
        if self.restores_forgotten > 0 {
            let restores = count(self.restores_forgotten as u64, "restore");
            lines.push(format!("{restores} can not be taken back any more"));
        }
        lines.extend(self.files());
        lines
    }
}

/// Looks through the history; rewrites it where something is found and the user says so.
pub(super) fn run(context: &Context, dry_run: bool) -> Result<Exit, CliError> {
    let redactor = context.redactor()?;
    let exclusions = context.settings.exclusions(&context.paths.home);
    let recheck = Recheck {
        redactor: &redactor,
        exclusions: &exclusions,
    };
    if !context.settings.redaction.enabled {
        let output = &context.output;
        output.say("redaction is off in the settings: only what is never recorded is looked for");
    }
    let store = context.store();
    let progress = Progress::new(&context.output);
    let plan = store.plan_rewrite(&recheck, &mut |step| progress.tell(step))?;
    progress.end();
    let findings = plan.stored.with(&plan.waiting);
    let mut answer = Answer::new(findings, &Others::find(context, &redactor)?);
    answer.dry_run = dry_run;
    if !dry_run && !plan.is_nothing() {
        if !context.global.yes {
            ask(context, &answer)?;
        }
        let progress = Progress::new(&context.output);
        let done = store.rewrite(&recheck, context.now(), &mut |step| progress.tell(step))?;
        progress.end();
        answer = Answer::new(done.stored.with(&done.waiting), &Others::default());
        answer.rewritten = true;
    }
    if !dry_run {
        answer.restores_forgotten = others::forget_restores(context, &redactor)?;
        let others = Others::find(context, &redactor)?;
        answer.old_files = others.all().cloned().collect();
        answer.old_files_removed = remove(context, &others, &answer)?;
        if answer.rewritten {
            context.note(|teller| teller.rewritten(answer.changed, &answer.counts()));
        }
    }
    let name = "redact.recheck";
    context
        .output
        .answer(name, &answer, |out| answer.told(out))?;
    Ok(Exit::Ok)
}

fn ask(context: &Context, answer: &Answer) -> Result<(), CliError> {
    if !context.output.json() {
        for line in answer.found(&context.output) {
            context.output.say(&line);
        }
    }
    let changed = count(answer.changed, "snapshot");
    let question = format!("Take this out of {changed}? There is no way back.");
    if confirm(&question) {
        return Ok(());
    }
    let refused = CliError::new(Exit::Refused, "nothing was changed: not confirmed");
    Err(refused.hint(
        "say --yes to rewrite the history without being asked, --dry-run to see what would go",
    ))
}

/// Removes other files, if the user says so; says whether.
fn remove(context: &Context, others: &Others, answer: &Answer) -> Result<bool, CliError> {
    if others.is_empty() {
        return Ok(false);
    }
    if !context.global.yes {
        let lines = answer.files();
        let named = lines.iter().take(1 + answer.old_files.len());
        named
            .filter(|_| !context.output.json())
            .for_each(|line| context.output.say(line));
        if !confirm("Remove these files for good?") {
            return Ok(false);
        }
    }
    others.remove(context)?;
    Ok(true)
}

/// Tells how far it has come, once it takes long.
struct Progress<'a> {
    output: &'a Output,
    begun: Instant,
    told: Cell<Option<Instant>>,
}

impl<'a> Progress<'a> {
    /// So long nobody minds.
    const PATIENCE: Duration = Duration::from_millis(800);
    const BETWEEN: Duration = Duration::from_millis(100);

    fn new(output: &'a Output) -> Self {
        Self {
            output,
            begun: Instant::now(),
            told: Cell::new(None),
        }
    }

    fn tell(&self, step: RewriteStep) {
        let is_due = self.begun.elapsed() >= Self::PATIENCE
            && self
                .told
                .get()
                .is_none_or(|told| told.elapsed() >= Self::BETWEEN);
        if !is_due || !self.output.may_tell_progress() {
            return;
        }
        self.told.set(Some(Instant::now()));
        self.output.progress(&match step {
            RewriteStep::Looked { done, of } => format!("looked through {done} of {of}"),
            RewriteStep::Written { done, of } => format!("written {done} of {of}"),
            RewriteStep::Built => "reading it back".to_owned(),
            RewriteStep::Checked | RewriteStep::Replaced => "putting it in place".to_owned(),
        });
    }

    fn end(&self) {
        if self.told.take().is_some() {
            self.output.progress("");
        }
    }
}
