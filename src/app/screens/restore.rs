//! The restore preview: what would be done, before anything is done. Nothing is changed here but the
//! plan; carrying it out takes a question that is answered with Yes.

use crate::app::effect::{Effect, Generation};
use crate::app::input::{MouseKind, Target as Met};
use crate::app::keys::{Action, Context};
use crate::app::msg::{Answer, Failure, NotRestored, Preview};
use crate::app::overlay::{Asking, Confirm, Confirmed, Overlay, Prompt};
use crate::app::plural;
use crate::app::state::Cx;
use crate::model::id::SnapshotId;
use crate::model::snapshot::LifeId;
use crate::model::target::Target;
use crate::model::time::Millis;
use crate::restore::{Chosen, Item, Level, Policy, Progress, Selection, Start, Warning};

use super::report::Report;
use super::{Go, Interact, Screen};

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
    pub selected: usize,
    /// What is said of it.
    pub panel: Panel,
    /// Lines that are scrolled past there.
    pub scrolled: usize,
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
            selected: 0,
            panel: Panel::Commands,
            scrolled: 0,
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
        self.items().get(self.selected)
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

    /// What the lower panel shows, line by line: comments with `#`, commands as they would be typed.
    #[must_use]
    pub fn commands(&self) -> Vec<String> {
        let Some(preview) = &self.preview else {
            return Vec::new();
        };
        let steps = preview.plan.steps_shown();
        let mut lines = Vec::new();
        let mut command = |step: &crate::restore::StepShown| {
            lines.extend(step.note.iter().map(|note| format!("# {note}")));
            if step.command.is_empty() {
                lines.push(format!("# muxtape itself: {} {}", step.action, step.target));
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
        cx.effect(Effect::Plan {
            snapshot: self.snapshot,
            policy: self.policy.clone(),
            selection: self.selection.clone(),
            generation: self.generation,
        });
    }

    fn choose(&mut self, row: usize) {
        self.selected = row.min(self.items().len().saturating_sub(1));
        self.scrolled = 0;
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
        let after = (self.selected + 1..items.len()).chain(0..=self.selected);
        let mut after = after.collect::<Vec<_>>().into_iter();
        match after.find(warned) {
            Some(at) => self.choose(at),
            None => cx.shared.say("No warnings"),
        }
    }

    fn cycle(&mut self, action: Action, cx: &mut Cx<'_>) {
        let policy = &mut self.policy;
        match action {
            Action::CycleConflict => {
                policy.on_conflict = policy.on_conflict.next();
                policy.parts = Some(policy.on_conflict);
            }
            Action::CyclePrograms => policy.programs = policy.programs.next(),
            Action::CycleMissingDir => policy.missing_dir = policy.missing_dir.next(),
            _ => policy.text = policy.text.next(),
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
        let mut body = vec![format!(
            "Creates {}, {}, {} on {server}",
            plural(counts.sessions, "session"),
            plural(counts.tabs, "window"),
            plural(counts.panes, "pane"),
        )];
        if plan.starts_server {
            body.push("Starts the server: none is running".to_owned());
        }
        body.push(self.programs_words(preview));
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
        let clock = jiff::Timestamp::from_millisecond(preview.snapshot.meta.time.0).map(|at| {
            at.to_zoned(cx.shared.zone.clone())
                .strftime("%H:%M:%S")
                .to_string()
        });
        Ok(Confirm {
            title: format!("Restore {}", clock.unwrap_or_default()),
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

    fn script(&self) -> Option<String> {
        Some(self.preview.as_ref()?.script.clone())
    }

    fn scroll(&mut self, down: bool, cx: &Cx<'_>) {
        let rows = cx.shared.view.text.rows.max(1);
        let last = self.commands().len().saturating_sub(rows);
        self.scrolled = if down {
            (self.scrolled + rows).min(last)
        } else {
            self.scrolled.saturating_sub(rows)
        };
    }

    fn show(&mut self, panel: Panel) {
        self.panel = if self.panel == panel {
            Panel::Commands
        } else {
            panel
        };
        self.scrolled = 0;
    }
}

/// The server that a plan is for: `tmux /default`.
#[must_use]
pub fn server_words(preview: &Preview) -> String {
    let server = &preview.snapshot.meta.server;
    let socket = server.socket.rsplit(|byte| *byte == b'/').next();
    let socket = crate::model::ansi::label(socket.unwrap_or_default());
    format!("{} /{socket}", server.mux)
}

impl Interact for Restore {
    fn context(&self) -> Context {
        Context::Restore
    }

    fn action(&mut self, action: Action, count: usize, cx: &mut Cx<'_>) -> Go {
        if self.running.is_some() {
            cx.shared.say("Wait until the restore is done");
            return Go::Stay;
        }
        let page = cx.shared.view.list.rows.max(2) - 1;
        match action {
            Action::Back | Action::Leave => return Go::Back,
            Action::Down => self.choose(self.selected.saturating_add(count)),
            Action::Up => self.choose(self.selected.saturating_sub(count)),
            Action::PageDown if self.panel == Panel::All => self.scroll(true, cx),
            Action::PageUp if self.panel == Panel::All => self.scroll(false, cx),
            Action::PageDown => self.choose(self.selected.saturating_add(page)),
            Action::PageUp => self.choose(self.selected.saturating_sub(page)),
            Action::Top => self.choose(0),
            Action::Bottom => self.choose(usize::MAX),
            Action::Toggle => self.toggle(cx),
            Action::ToggleAll => self.toggle_all(cx),
            Action::NextWarning => self.next_warning(cx),
            Action::Open => self.show(Panel::Why),
            Action::AllCommands => self.show(Panel::All),
            Action::CycleConflict
            | Action::CyclePrograms
            | Action::CycleMissingDir
            | Action::CycleText => self.cycle(action, cx),
            Action::CopyScript => {
                if let Some(script) = self.script() {
                    cx.copy("the plan as a shell script", script);
                }
            }
            Action::CopyId => cx.copy("the snapshot's id", self.snapshot.to_string()),
            Action::Apply => match self.question(cx) {
                Ok(question) => return Go::Ask(Overlay::Confirm(Box::new(question))),
                Err(reason) => cx.shared.say(reason),
            },
            _ => {}
        }
        Go::Stay
    }

    fn mouse(&mut self, kind: MouseKind, met: Met, cx: &mut Cx<'_>) -> Go {
        match (kind, met) {
            (MouseKind::Click, Met::Row(row)) => self.choose(row),
            (MouseKind::DoubleClick, Met::Row(row)) => {
                self.choose(row);
                self.show(Panel::Why);
            }
            (MouseKind::ScrollDown, Met::Text) => self.scroll(true, cx),
            (MouseKind::ScrollUp, Met::Text) => self.scroll(false, cx),
            (MouseKind::ScrollDown, _) => self.choose(self.selected + 1),
            (MouseKind::ScrollUp, _) => self.choose(self.selected.saturating_sub(1)),
            _ => {}
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
            cx.effect(Effect::Apply {
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
                        self.selected = self.selected.min(self.items().len().saturating_sub(1));
                    }
                    Err(failure) => self.failure = Some(failure),
                }
            }
            Answer::Restoring(progress) if self.running.is_some() => {
                self.running = Some(Some(progress));
            }
            Answer::Restored(Ok(report)) if self.running.is_some() => {
                let snapshot = self.preview.as_ref().map(|p| p.snapshot.clone());
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
