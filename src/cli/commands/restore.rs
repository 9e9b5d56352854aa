//! `muxtape restore`

use bstr::ByteSlice;
use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::multiplexer;
use crate::cli::output::{Output, Role, ask, confirm};
use crate::cli::views::count;
use crate::model::Snapshot;
use crate::model::ansi::label;
use crate::model::target::Target;
use crate::restore::{
    MissingDir, OnConflict, Plan, Policy, Programs, Report, Selection, Settings, Status, StepShown,
    Text, Warning,
};

/// Bring a snapshot back
///
/// Shows the plan and asks before anything is done. Existing sessions are not touched unless
/// --on-conflict says so: merge adds what is missing to them; replace closes them, moves attached
/// clients along, and asks you to type their names. Tabs and panes chosen by --tab and --pane go
/// back into their live session. `muxtape undo` takes any of it back.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Restore {
    /// The snapshot: an id, a name, latest, latest~3, @2h; all but ids mean the server that -L, -S
    /// or $TMUX name
    snap: String,
    #[command(flatten)]
    how: How,
    /// Print the plan as a script for sh and do nothing; the saved text is not in it
    #[arg(long, conflicts_with = "dry_run")]
    script: bool,
    /// The multiplexer to restore to
    #[arg(long, value_name = "MUX")]
    to: Option<crate::cli::args::MuxChoice>,
}

/// What to restore, and how.
#[derive(Debug, Default, clap::Args)]
pub(super) struct How {
    /// Print the plan and change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Only this session; may be given several times
    #[arg(long, value_name = "S")]
    session: Vec<String>,
    /// Only this tab (session:tab); may be given several times
    #[arg(long, value_name = "TARGET")]
    tab: Vec<String>,
    /// Only this pane (session:tab.pane); may be given several times
    #[arg(long, value_name = "TARGET")]
    pane: Vec<String>,
    /// When a session of that name exists: skip, rename, merge, replace; where only --tab or --pane
    /// are given, merge is the default
    #[arg(long, value_name = "POLICY", value_parser = word::<OnConflict>)]
    on_conflict: Option<OnConflict>,
    /// Which programs are started: shell (none), type (typed, not entered), allow (known harmless
    /// lines and allowed programs are entered, others typed), all
    #[arg(long, value_name = "POLICY", value_parser = word::<Programs>)]
    programs: Option<Programs>,
    /// The directory of a pane whose own is gone: parent, home, skip
    #[arg(long, value_name = "POLICY", value_parser = word::<MissingDir>)]
    missing_dir: Option<MissingDir>,
    /// Whether the saved text is shown again: replay, none
    #[arg(long, value_name = "POLICY", value_parser = word::<Text>)]
    text: Option<Text>,
    /// Which settings of sessions, tabs and panes are set: none, safe (those that cannot run a
    /// command, and variables that capture.environment names or that are known to be harmless), all
    /// (also hooks)
    #[arg(long, value_name = "POLICY", value_parser = word::<Settings>)]
    settings: Option<Settings>,
    /// Treat an imported snapshot as one made here. Otherwise its programs are typed but not
    /// entered, and its settings, variables, hooks, paste buffers and shell options are left out
    #[arg(long)]
    trust: bool,
}

/// Reads a policy by the word that settings use for it.
fn word<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    use serde::de::IntoDeserializer;
    use serde::de::value::{Error, StrDeserializer};
    let word: StrDeserializer<'_, Error> = text.into_deserializer();
    T::deserialize(word).map_err(|error| error.to_string())
}

impl How {
    fn policy(&self, defaults: &Policy) -> Policy {
        Policy {
            on_conflict: self.on_conflict.unwrap_or(defaults.on_conflict),
            parts: self.on_conflict,
            programs: self.programs.unwrap_or(defaults.programs),
            missing_dir: self.missing_dir.unwrap_or(defaults.missing_dir),
            text: self.text.unwrap_or(defaults.text),
            settings: self.settings.unwrap_or(defaults.settings),
            allow: defaults.allow.clone(),
            trust: self.trust,
        }
    }

    /// What is chosen; `otherwise` where the user names nothing, and everything where that is
    /// empty.
    fn selection(
        &self,
        snapshot: &Snapshot,
        otherwise: Vec<Target>,
    ) -> Result<Selection, CliError> {
        let mut targets: Vec<Target> = Vec::new();
        for name in &self.session {
            targets.push(Target {
                session: name.as_str().into(),
                tab: None,
                pane: None,
            });
        }
        for (kind, words) in [("--tab", &self.tab), ("--pane", &self.pane)] {
            for word in words {
                let target: Target = word.parse()?;
                if target.tab.is_none() || (kind == "--pane" && target.pane.is_none()) {
                    let example = if kind == "--tab" { "api:1" } else { "api:1.2" };
                    let message = format!("{kind} {word}: write it as in {kind} {example}");
                    return Err(CliError::new(Exit::Usage, message));
                }
                targets.push(target);
            }
        }
        if targets.is_empty() {
            targets = otherwise;
        }
        if targets.is_empty() {
            return Ok(Selection::all());
        }
        Selection::only(&snapshot.state, &targets).map_err(|unknown| {
            let names: Vec<String> = unknown.iter().map(ToString::to_string).collect();
            CliError::new(
                Exit::NotFound,
                format!("not in that snapshot: {}", names.join(", ")),
            )
            .hint("`muxtape show SNAP` lists what is")
        })
    }
}

impl Restore {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        self.to.map_or(Ok(()), multiplexer::can_restore_to)?;
        let session = match self.how.session.as_slice() {
            [one] => Some(one.as_str()),
            _ => None,
        };
        let meta = context.find(&self.snap, session)?;
        let snapshot = context.host.store().load(meta.id)?;
        let plan = plan(context, &snapshot, &self.how, Vec::new())?;
        if self.script {
            context.output.raw(context.host.script(&plan)?.as_bytes())?;
            return Ok(Exit::Ok);
        }
        carry_out(context, &plan, self.how.dry_run).map(|(exit, _)| exit)
    }
}

#[derive(Debug, Serialize)]
struct RestorePlanView<'a> {
    steps: &'a [StepShown],
    warnings: &'a [Warning],
    loses: &'a [String],
    fingerprint: String,
}

/// Plans the restore of a snapshot.
pub(super) fn plan(
    context: &Context,
    snapshot: &Snapshot,
    how: &How,
    otherwise: Vec<Target>,
) -> Result<Plan, CliError> {
    let policy = how.policy(&context.host.settings().restore);
    let selection = how.selection(snapshot, otherwise)?;
    Ok(context.host.plan(snapshot, &policy, &selection)?)
}

/// Shows a plan, asks, does it, and reports.
pub(super) fn carry_out(
    context: &Context,
    plan: &Plan,
    dry_run: bool,
) -> Result<(Exit, Option<Report>), CliError> {
    if dry_run {
        let view = RestorePlanView {
            steps: &plan.steps,
            warnings: &plan.warnings,
            loses: &plan.loses,
            fingerprint: plan.fingerprint.to_string(),
        };
        context
            .output
            .answer("restore.plan", &view, |out| plan_lines(plan, out, true))?;
        return Ok((Exit::Ok, None));
    }
    if plan.is_empty() {
        return Err(
            CliError::new(Exit::NotFound, "there is nothing to restore").hint(
                "everything chosen is alive already, or left out by a policy; --dry-run says why",
            ),
        );
    }
    if !context.global.yes {
        if !context.output.json() {
            context
                .output
                .lines(&plan_lines(plan, &context.output, false))?;
        }
        let counts = plan.counts();
        let question = format!(
            "Make {}, {}, {}?",
            count(counts.sessions as u64, "session"),
            count(counts.tabs as u64, "tab"),
            count(counts.panes as u64, "pane"),
        );
        // Each session that would be closed is called by its name.
        let named = plan.replaced().into_iter().all(|name| {
            let name = label(name);
            ask(&format!(
                "Type {name} to close it and put the saved one in its place:"
            ))
            .as_deref()
                == Some(name.as_str())
        });
        if !named || plan.replaced().is_empty() && !confirm(&question) {
            return Err(
                CliError::new(Exit::Refused, "nothing was restored: not confirmed")
                    .hint("say --yes to restore without being asked, --dry-run to see the plan"),
            );
        }
    }
    let report = context.host.apply(plan, &mut |_| {})?;
    context
        .output
        .answer("restore", &report, |out| report_lines(&report, out))?;
    let exit = match report.status {
        Status::Success => Exit::Ok,
        Status::Partial => Exit::Partial,
        Status::Failed => Exit::Failed,
    };
    Ok((exit, Some(report)))
}

fn plan_lines(plan: &Plan, out: &Output, all: bool) -> Vec<String> {
    let mut lines = Vec::new();
    for item in &plan.items {
        let depth = match item.level {
            crate::restore::Level::Session => "",
            crate::restore::Level::Tab => "  ",
            crate::restore::Level::Pane => "    ",
        };
        let role = match item.action() {
            "skip" => Role::Faint,
            "warn" => Role::Changed,
            _ => Role::Added,
        };
        let action = out.paint(role, item.action());
        lines.push(format!("{depth}{}  {}  {action}", item.label, item.detail));
    }
    for warning in &plan.warnings {
        lines.push(out.paint(Role::Changed, &warning_line(warning)));
    }
    if all {
        lines.push(String::new());
        lines.extend(plan.steps.iter().flat_map(|step| {
            let note = step.note.as_ref().map(|note| format!("# {note}"));
            note.into_iter()
                .chain((!step.command.is_empty()).then(|| step.command.clone()))
        }));
    }
    for lost in &plan.loses {
        lines.push(out.paint(Role::Removed, &format!("lost: {lost}")));
    }
    let counts = plan.counts();
    let lost = match counts.loses {
        0 => "nothing is lost".to_owned(),
        lost => format!("{} lost", count(lost as u64, "pane")),
    };
    lines.push(format!(
        "{}, {}, {} to make; {} typed, {} run; {}; {lost}",
        count(counts.sessions as u64, "session"),
        count(counts.tabs as u64, "tab"),
        count(counts.panes as u64, "pane"),
        counts.typed,
        counts.run,
        count(counts.warnings as u64, "warning"),
    ));
    lines
}

fn warning_line(warning: &Warning) -> String {
    let mut line = format!(
        "{}: {}. {}.",
        warning.component, warning.issue, warning.fallback
    );
    if !warning.suggestion.is_empty() {
        line.push_str(&format!(" {}.", warning.suggestion));
    }
    line
}

fn report_lines(report: &Report, out: &Output) -> Vec<String> {
    let mut lines = Vec::new();
    for made in &report.sessions {
        let (from, to) = (
            crate::model::ansi::label(made.from.as_bytes()),
            crate::model::ansi::label(made.to.as_bytes()),
        );
        let line = if from == to {
            from
        } else {
            format!("{from} → {to}")
        };
        lines.push(out.paint(Role::Added, &format!("✓ {line}")));
    }
    for warning in &report.warnings {
        lines.push(out.paint(Role::Changed, &format!("! {}", warning_line(warning))));
    }
    for error in &report.errors {
        lines.push(out.paint(Role::Removed, &format!("✗ {error}")));
    }
    lines.push(format!(
        "{} and {} restored, {} failed, in {} ms",
        count(report.tabs_restored as u64, "tab"),
        count(report.panes_restored as u64, "pane"),
        report.panes_failed,
        report.duration_ms,
    ));
    lines
}
