//! `muxtape redact --recheck`

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::output::{Output, Role, confirm};
use crate::cli::views::count;
use crate::ops::OtherFiles;
use crate::store::{Findings, RewriteStep};

#[derive(Debug, Serialize)]
struct RecheckAnswer {
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
    rules: Vec<RecheckRuleView>,
    /// Restores that cannot be taken back any more, because of names in them.
    restores_forgotten: usize,
    /// Other files that may hold what is taken out.
    old_files: Vec<PathBuf>,
    old_files_removed: bool,
}

#[derive(Debug, Serialize)]
struct RecheckRuleView {
    rule: String,
    snapshots: u64,
    times: u64,
}

impl RecheckAnswer {
    fn new(findings: Findings, others: &OtherFiles) -> Self {
        let rules = findings.rules.into_iter().map(|own| RecheckRuleView {
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
        if self.old_files.is_empty() {
            return Vec::new();
        }
        let mut lines = listed(&self.old_files, self.old_files_removed);
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
    let (host, output) = (&context.host, &context.output);
    host.redactor()?;
    if !host.settings().redaction.enabled {
        output.say("redaction is off in the settings: only what is never recorded is looked for");
    }
    let progress = RecheckProgress::new(output);
    let findings = host.plan_recheck(&mut |step| progress.tell(step))?;
    progress.end();
    let rewrite = !dry_run && !findings.is_nothing();
    let mut answer = RecheckAnswer::new(findings, &host.other_files()?);
    answer.dry_run = dry_run;
    if rewrite && !context.global.yes {
        ask(context, &answer)?;
    }
    if !dry_run {
        let progress = RecheckProgress::new(output);
        let mut remove = |others: &OtherFiles| {
            progress.end();
            may_remove(context, others)
        };
        let done = host.recheck(rewrite, &mut |step| progress.tell(step), &mut remove)?;
        progress.end();
        if let Some(findings) = done.rewritten {
            answer = RecheckAnswer::new(findings, &done.others);
            answer.rewritten = true;
        }
        answer.restores_forgotten = done.restores_forgotten;
        answer.old_files = done.others.all().cloned().collect();
        answer.old_files_removed = done.others_removed;
    }
    output.answer("redact.recheck", &answer, |out| answer.told(out))?;
    Ok(Exit::Ok)
}

fn ask(context: &Context, answer: &RecheckAnswer) -> Result<(), CliError> {
    if !context.output.json() {
        for line in answer.found(&context.output) {
            context.output.say(&line);
        }
    }
    let changed = count(answer.changed, "snapshot");
    let question = format!("Take this out of {changed}? There is no way back.");
    let hint =
        "say --yes to rewrite the history without being asked, --dry-run to see what would go";
    context.confirmed(&question, "nothing was changed", hint)
}

/// Whether other files are removed: if the user says so.
fn may_remove(context: &Context, others: &OtherFiles) -> bool {
    if context.global.yes {
        return true;
    }
    if !context.output.json() {
        let names: Vec<&PathBuf> = others.all().collect();
        let lines = listed(&names, false);
        lines.iter().for_each(|line| context.output.say(line));
    }
    confirm("Remove these files for good?")
}

/// Other files, for people.
fn listed(files: &[impl AsRef<Path>], removed: bool) -> Vec<String> {
    let count = count(files.len() as u64, "other file");
    let head = match removed {
        true => format!("removed {count}:"),
        false => format!("{count} may still hold what is taken out:"),
    };
    let names = files
        .iter()
        .map(|file| format!("  {}", file.as_ref().display()));
    [head].into_iter().chain(names).collect()
}

/// Tells how far it has come, once it takes long.
struct RecheckProgress<'a> {
    output: &'a Output,
    begun: Instant,
    told: Cell<Option<Instant>>,
}

impl<'a> RecheckProgress<'a> {
    /// So long nobody minds.
    const MAX_WAIT: Duration = Duration::from_millis(800);
    const BETWEEN: Duration = Duration::from_millis(100);

    fn new(output: &'a Output) -> Self {
        Self {
            output,
            begun: Instant::now(),
            told: Cell::new(None),
        }
    }

    fn tell(&self, step: RewriteStep) {
        let is_due = self.begun.elapsed() >= Self::MAX_WAIT
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
