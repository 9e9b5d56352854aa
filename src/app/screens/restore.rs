//! The restore preview: what would be done, before anything is done. Nothing is changed here but
//! the plan; carrying it out takes a question that is answered with Yes.

use crate::app::effect::{Generation, Job};
use crate::app::keys::Context;
use crate::app::keys::action::{CopyAction, Motion, PolicyPart, RestoreAction};
use crate::app::list::{Cursor, places, wheel};
use crate::app::mouse::{MouseKind, MouseTarget};
use crate::app::msg::{Answer, Failure, NotRestored, Preview};
use crate::app::overlay::{Asking, Confirm, Confirmed, Overlay, Prompt};
use crate::app::shared::Cx;
use crate::app::words::plural;
use crate::model::id::SnapshotId;
use crate::model::snapshot::LifeId;
use crate::model::target::Target;
use crate::model::time::Millis;
use crate::restore::{Chosen, Item, Level, Policy, Progress, Selection, Start, Warning};

use super::report::Report;
use super::{Go, Interact, Screen};

/// What is said of a snapshot that came from a file.
const IMPORTED: &str = "Imported: programs are typed at the most, settings are left out.";
/// Commands that are named in the question.
const NAMED: usize = 2;

/// The restore preview.
#[derive(Debug)]
pub struct Restore {
    /// The snapshot.
    pub snapshot: SnapshotId,
    /// How it is to be done.
    pub policy: Policy,
    /// What of it.
    pub selection: Selection,
    /// The life that it brings back, where it was offered after a crash.
    recovers: Option<LifeId>,
    generation: Generation,
    /// Whether a plan is still to come; what is shown until then is the one before.
    pub planning: bool,
    /// The plan.
    pub preview: Option<Box<Preview>>,
    /// Why there is none.
    pub failure: Option<Failure>,
    /// The chosen row.
    pub selected: Cursor,
    /// What is said of it.
    pub panel: Panel,
    /// Lines that are scrolled past there.
    pub scrolled: Cursor,
    /// How far it has come, once it has begun.
    pub running: Option<Option<Progress>>,
}

/// What the lower panel shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Panel {
    /// The exact commands of the chosen row, after why.
    Commands,
    /// Why, in full.
    Why,
    /// Every command of the plan.
    All,
}

impl Restore {
    /// Opens the preview of restoring a snapshot, and asks for the plan.
    #[must_use]
    pub fn open(snapshot: SnapshotId, cx: &mut Cx<'_>) -> Self {
        Self::of(snapshot, Selection::all(), None, cx)
    }

    /// Opens the preview for a part of a snapshot, or after a crash.
    #[must_use]
    pub fn of(
        snapshot: SnapshotId,
        selection: Selection,
        recovers: Option<LifeId>,
        cx: &mut Cx<'_>,
    ) -> Self {
        let mut preview = Self {
            snapshot,
            policy: cx.shared.settings.restore.clone(),
            selection,
            recovers,
            generation: Generation::default(),
            planning: false,
            preview: None,
            failure: None,
            selected: Cursor::default(),
            panel: Panel::Commands,
            scrolled: Cursor::default(),
            running: None,
        };
        preview.plan(cx);
        preview
    }

    /// When the snapshot was made.
    #[must_use]
    pub fn time(&self) -> Option<Millis> {
        Some(self.preview.as_ref()?.snapshot.meta.time)
    }

    /// The rows of the plan.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        self.preview
            .as_ref()
            .map_or(&[], |preview| &preview.plan.items)
    }

    /// The chosen row.
    #[must_use]
    pub fn item(&self) -> Option<&Item> {
        self.items().get(self.selected.at())
    }

    /// How much of a row is chosen, as the user left it; the plan follows.
    #[must_use]
    pub fn chosen(&self, item: &Item) -> Chosen {
        match &self.preview {
            Some(preview) => self.selection.chosen(&preview.snapshot.state, &item.target),
            None => item.chosen,
        }
    }

    /// The warnings of a row.
    pub fn warnings(&self, item: &Item) -> impl Iterator<Item = &Warning> {
        let all = self.preview.as_ref().map_or(&[][..], |p| &p.plan.warnings);
        item.warnings.iter().filter_map(|at| all.get(*at))
    }

    /// What the lower panel shows, line by line: comments with `#`, commands as they would be
    /// typed.
    #[must_use]
    pub fn commands(&self) -> Vec<String> {
        let Some(preview) = &self.preview else {
            return Vec::new();
        };
        let steps = &preview.plan.steps;
        let mut lines = Vec::new();
        let mut command = |step: &crate::restore::StepShown| {
            lines.extend(step.note.iter().map(|note| format!("# {note}")));
            if step.command.is_empty() && step.note.is_none() {
                let action = step.action.replace('_', " ");
                lines.push(format!("# muxtape itself: {action} {}", step.target));
            }
            lines.extend(step.command.lines().map(str::to_owned));
        };
        if self.panel == Panel::All {
            steps.iter().for_each(command);
            return lines;
        }
        let Some(item) = self.item() else {
            return Vec::new();
        };
        let own = item.steps.iter().filter_map(|at| steps.get(*at));
        own.for_each(&mut command);
        let mut all = self.why(item);
        match self.panel {
            Panel::Why => all,
            _ => {
                all.append(&mut lines);
                all
            }
        }
    }

    fn why(&self, item: &Item) -> Vec<String> {
        let mut lines = Vec::new();
        let foreign = self
            .preview
            .as_ref()
            .is_some_and(|preview| preview.plan.foreign);
        if foreign && item.level == Level::Session {
            lines.push(format!("# {IMPORTED}"));
            lines.push("#   `muxtape restore --trust` treats it as your own".to_owned());
        }
        for warning in self.warnings(item) {
            lines.push(format!("# {}: {}", warning.issue, warning.fallback));
            if self.panel == Panel::Why && !warning.suggestion.is_empty() {
                lines.push(format!("#   {}", warning.suggestion));
            }
        }
        if self.panel == Panel::Why && lines.is_empty() {
            let detail = if item.detail.is_empty() {
                "as it was"
            } else {
                &item.detail
            };
            lines.push(format!("# {}: {detail}, {}", item.label, item.action()));
        }
        lines
    }

    fn plan(&mut self, cx: &mut Cx<'_>) {
        self.generation = cx.shared.ticket();
        self.planning = true;
        cx.effect(Job::Plan {
            snapshot: self.snapshot,
            policy: self.policy.clone(),
            selection: self.selection.clone(),
            generation: self.generation,
        });
    }

    fn choose(&mut self, row: usize) {
        self.selected.set(row, self.items().len());
        self.scrolled = Cursor::default();
    }

    fn toggle(&mut self, cx: &mut Cx<'_>) {
        let (Some(preview), Some(item)) = (&self.preview, self.item()) else {
            return;
        };
        let target = item.target.clone();
        let state = &preview.snapshot.state;
        // What is left out although nobody did so, because it is alive as it was, is asked for.
        if item.chosen == Chosen::No {
            self.selection.set(state, &target, true);
        } else {
            self.selection.toggle(state, &target);
        }
        self.plan(cx);
    }

    fn toggle_all(&mut self, cx: &mut Cx<'_>) {
        let Some(preview) = &self.preview else {
            return;
        };
        let state = &preview.snapshot.state;
        let sessions = state.sessions.iter().map(|session| Target {
            session: session.name.clone(),
            tab: None,
            pane: None,
        });
        let sessions: Vec<Target> = sessions.collect();
        let all = sessions
            .iter()
            .all(|target| self.selection.chosen(state, target) == Chosen::Yes);
        for target in &sessions {
            self.selection.set(state, target, !all);
        }
        self.plan(cx);
    }

    fn next_warning(&mut self, cx: &mut Cx<'_>) {
        let items = self.items();
        let warned = |at: &usize| {
            // A branch has the warnings of what is in it: the one to look at is further down.
            let item = items.get(*at);
            item.is_some_and(|item| item.level == Level::Pane && !item.warnings.is_empty())
        };
        let here = self.selected.at();
        let after = (here + 1..items.len()).chain(0..=here);
        let mut after = after.collect::<Vec<_>>().into_iter();
        match after.find(warned) {
            Some(at) => self.choose(at),
            None => cx.shared.say("No warnings"),
        }
    }

    fn cycle(&mut self, part: PolicyPart, cx: &mut Cx<'_>) {
        let policy = &mut self.policy;
        match part {
            PolicyPart::Conflict => {
                policy.on_conflict = policy.on_conflict.next();
                policy.parts = Some(policy.on_conflict);
            }
            PolicyPart::Programs => policy.programs = policy.programs.next(),
            PolicyPart::MissingDir => policy.missing_dir = policy.missing_dir.next(),
            PolicyPart::Text => policy.text = policy.text.next(),
        }
        self.plan(cx);
    }

    /// The question before anything is done; a reason where there is nothing to ask.
    fn question(&self, cx: &Cx<'_>) -> Result<Confirm, &'static str> {
        let Some(preview) = self.preview.as_ref().filter(|_| !self.planning) else {
            return Err("Still planning");
        };
        let plan = &preview.plan;
        if plan.is_empty() {
            return Err("Nothing to restore: nothing is chosen, or everything is there already");
        }
        let counts = plan.counts();
        let server = server_words(preview);
        let created: Vec<String> = [
            (counts.sessions, "session"),
            (counts.tabs, "window"),
            (counts.panes, "pane"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, noun)| plural(count, noun))
        .collect();
        let mut body = vec![match created.as_slice() {
            [] => format!("Changes what is there on {server}"),
            created => format!("Creates {} on {server}", created.join(", ")),
        }];
        if plan.starts_server {
            body.push("Starts the server: none is running".to_owned());
        }
        body.push(self.programs_words(preview));
        if plan.foreign {
            body.push(IMPORTED.to_owned());
        }
        let loses = match plan.loses.as_slice() {
            [] => "Destroys nothing.".to_owned(),
            loses => format!("Loses {}.", loses.join(", ")),
        };
        // Where no server runs there is nothing that could be saved.
        body.push(if plan.starts_server {
            loses
        } else {
            format!("{loses} An undo point is saved first.")
        });
        if counts.warnings > 0 {
            let mut kinds: Vec<&str> = plan.warnings.iter().map(|warning| warning.kind).collect();
            kinds.sort_unstable();
            kinds.dedup();
            let warnings = plural(counts.warnings, "warning");
            body.extend([String::new(), format!("  {warnings}: {}", kinds.join(", "))]);
        }
        let clock = cx.shared.zoned(preview.snapshot.meta.time);
        Ok(Confirm {
            title: format!("Restore {}", clock.strftime("%H:%M:%S")),
            body,
            yes: "Yes, restore".to_owned(),
            then: Confirmed::Apply,
        })
    }

    /// `Types 4 commands, runs 1: tail -f api.log`.
    fn programs_words(&self, preview: &Preview) -> String {
        let counts = preview.plan.counts();
        let running = preview.plan.items.iter();
        let running = running.filter(|item| item.start == Some(Start::Run));
        let named: Vec<&str> = running
            .take(NAMED)
            .map(|item| item.label.split_once(' ').map_or("", |(_, words)| words))
            .collect();
        let more = if counts.run > NAMED { ", …" } else { "" };
        match (counts.typed, counts.run) {
            (0, 0) => "Types and runs nothing".to_owned(),
            (typed, 0) => format!("Types {}, runs none", plural(typed, "command")),
            (0, run) => format!(
                "Runs {}: {}{more}",
                plural(run, "command"),
                named.join(", ")
            ),
            (typed, run) => format!(
                "Types {}, runs {run}: {}{more}",
                plural(typed, "command"),
                named.join(", ")
            ),
        }
    }

    fn go(&mut self, motion: Motion, count: usize, cx: &Cx<'_>) {
        let view = cx.shared.view;
        let paging = matches!(motion, Motion::PageDown | Motion::PageUp);
        if paging && self.panel == Panel::All {
            let all = places(self.commands().len(), view.text.rows);
            self.scrolled.go(motion, count, view.text.rows, all);
        } else {
            let all = self.items().len();
            self.selected.go(motion, count, view.list.rows, all);
            self.scrolled = Cursor::default();
        }
    }

    fn show(&mut self, panel: Panel) {
        self.panel = if self.panel == panel {
            Panel::Commands
        } else {
            panel
        };
        self.scrolled = Cursor::default();
    }
}

impl Restore {
    /// Whether nothing is being restored; else that is said.
    fn is_free(&self, cx: &mut Cx<'_>) -> bool {
        if self.running.is_some() {
            cx.shared.say("Wait until the restore is done");
        }
        self.running.is_none()
    }

    /// Does what a key means.
    pub(super) fn act(&mut self, action: RestoreAction, count: usize, cx: &mut Cx<'_>) -> Go {
        if !self.is_free(cx) {
            return Go::Stay;
        }
        match action {
            RestoreAction::Move(motion) => self.go(motion, count, cx),
            RestoreAction::Toggle => self.toggle(cx),
            RestoreAction::ToggleAll => self.toggle_all(cx),
            RestoreAction::NextWarning => self.next_warning(cx),
            RestoreAction::Why => self.show(Panel::Why),
            RestoreAction::AllCommands => self.show(Panel::All),
            RestoreAction::Cycle(part) => self.cycle(part, cx),
            RestoreAction::CopyScript => {
                if let Some(preview) = &self.preview {
                    cx.copy("the plan as a shell script", preview.script.clone());
                }
            }
            RestoreAction::Apply => match self.question(cx) {
                Ok(question) => return Go::Ask(Overlay::Confirm(Box::new(question))),
                Err(reason) => cx.shared.say(reason),
            },
        }
        Go::Stay
    }
}

/// The server that a plan is for: `tmux default`.
#[must_use]
pub fn server_words(preview: &Preview) -> String {
    let server = &preview.snapshot.meta.server;
    let socket = server.socket.rsplit(|byte| *byte == b'/').next();
    let socket = crate::model::ansi::label(socket.unwrap_or_default());
    format!("{} {socket}", server.mux)
}

impl Interact for Restore {
    fn context(&self) -> Context {
        Context::Restore
    }

    fn back(&mut self, cx: &mut Cx<'_>) -> Go {
        match self.is_free(cx) {
            true => Go::Back,
            false => Go::Stay,
        }
    }

    fn copy(&mut self, what: CopyAction, cx: &mut Cx<'_>) -> Go {
        if self.is_free(cx) && what == CopyAction::Id {
            cx.copy("the snapshot's id", self.snapshot.to_string());
        }
        Go::Stay
    }

    fn mouse(&mut self, kind: MouseKind, met: MouseTarget, cx: &mut Cx<'_>) -> Go {
        match (wheel(kind), met) {
            (Some((down, by)), MouseTarget::Text) => {
                let all = places(self.commands().len(), cx.shared.view.text.rows);
                self.scrolled.step(down, by, all);
            }
            (Some(_), _) | (None, MouseTarget::Row(_)) => {
                self.selected.mouse(kind, met, self.items().len());
                self.scrolled = Cursor::default();
                if kind == MouseKind::DoubleClick {
                    self.show(Panel::Why);
                }
            }
            (None, _) => {}
        }
        Go::Stay
    }

    fn confirmed(&mut self, what: Confirmed, cx: &mut Cx<'_>) -> Go {
        // Only the plan that is seen is carried out: while another one is on its way, nothing is.
        if matches!(what, Confirmed::Apply | Confirmed::Replace)
            && !self.planning
            && self.running.is_none()
            && let Some(preview) = &self.preview
        {
            // Whoever closes a living session calls it by its name.
            let replaced = preview.plan.replaced();
            if what == Confirmed::Apply && !replaced.is_empty() {
                let names = replaced.into_iter().cloned().collect();
                return Go::Ask(Overlay::Prompt(Prompt::new(Asking::Name(names))));
            }
            cx.effect(Job::Apply {
                plan: Box::new(preview.plan.clone()),
                recovers: self.recovers,
            });
            self.running = Some(None);
        }
        Go::Stay
    }

    fn answer(&mut self, answer: Answer, cx: &mut Cx<'_>) -> Go {
        match answer {
            Answer::Planned { generation, result } if generation == self.generation => {
                self.planning = false;
                match result {
                    Ok(preview) => {
                        self.failure = None;
                        self.preview = Some(preview);
                        self.selected.set(self.selected.at(), self.items().len());
                    }
                    Err(failure) => self.failure = Some(failure),
                }
            }
            Answer::Restoring(progress) if self.running.is_some() => {
                self.running = Some(Some(progress));
            }
            Answer::Restored(Ok(report)) if self.running.is_some() => {
                let snapshot = self.preview.as_ref().map(|p| p.snapshot.clone());
                if self.recovers.is_some() {
                    let made = report.sessions.clone();
                    cx.effect(Job::LookForLeftovers { made });
                }
                let report = Report::new(*report, snapshot);
                return Go::Replace(Box::new(Screen::Report(report)));
            }
            Answer::Restored(Err(why)) => {
                self.running = None;
                match why {
                    NotRestored::Failed(failure) => cx.shared.complain(&failure),
                    NotRestored::Changed => {
                        cx.shared
                            .say("What is alive has changed: this is the new plan");
                        self.plan(cx);
                    }
                }
            }
            _ => {}
        }
        Go::Stay
    }
}
