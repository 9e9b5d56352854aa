//! From steps to tmux commands, for doing and for showing.

mod details;

pub(in crate::restore::tmux) use details::{HOST, is_automatic};

use bstr::BString;

use crate::model::ansi::label;
use crate::model::geometry::Axis;
use crate::model::tree::SessionId;
use crate::mux::tmux::command::{Command, format_escaped};
use crate::mux::tmux::ids;
use crate::mux::tmux::layout;
use crate::restore::plan::StepShown;
use crate::restore::plan::{Plan, PlannedPane};
use crate::restore::reference::{About, PaneRef, SessionRef, TabRef};
use crate::restore::report::Phase;
use crate::restore::tmux::settings;
use crate::restore::tmux::step::{Action, Beside, Part, Step};
use crate::restore::tmux::steps::steps;

/// The paste buffer that holds what is typed, until it is.
const TYPED: &str = "muxtape-typed";

/// How the parts of a plan are called in commands.
pub(in crate::restore::tmux) trait Names {
    /// A target for a session.
    fn session(&self, session: SessionRef) -> String;
    /// A target for a tab.
    fn tab(&self, tab: TabRef) -> String;
    /// A target for a pane.
    fn pane(&self, pane: PaneRef) -> String;
    /// tmux's number for a pane.
    fn number(&self, pane: PaneRef) -> u32;
    /// What a command that makes a pane prints.
    fn printed(&self, pane: PaneRef) -> String;
    /// What a command that makes a session without a pane of its own prints.
    fn hosted(&self, _session: SessionRef) -> String {
        "#{session_id}".to_owned()
    }
    /// The commands that take the clients of a session that is replaced to the one in its place.
    fn take_clients(&self, session: SessionRef) -> Vec<Command>;
    /// What runs in a new pane, and the directory that tmux is told.
    fn body(&self, pane: PaneRef) -> (Option<BString>, Vec<BString>);
}

fn with_body(mut command: Command, body: Vec<BString>) -> Command {
    for word in body {
        command = command.arg(word);
    }
    command
}

fn split(names: &dyn Names, pane: PaneRef, from: PaneRef, axis: Axis, length: u16) -> Command {
    let (dir, body) = names.body(pane);
    let mut command = Command::new("split-window")
        .flag("-d")
        .flag(match axis {
            Axis::Columns => "-h",
            Axis::Rows => "-v",
        })
        .flag("-P")
        .opt("-F", names.printed(pane))
        .opt("-t", names.pane(from))
        .opt("-l", length.to_string());
    if let Some(dir) = dir {
        command = command.opt("-c", format_escaped(&dir));
    }
    with_body(command, body)
}

/// The commands of a step; none where muxtape itself acts.
pub(in crate::restore::tmux) fn commands(
    plan: &Plan,
    action: &Action,
    names: &dyn Names,
) -> Vec<Command> {
    build(plan, action, names)
        .or_else(|| details::build(plan, action, names))
        .unwrap_or_default()
}

fn build(plan: &Plan, action: &Action, names: &dyn Names) -> Option<Vec<Command>> {
    let one = match action {
        Action::NewSession {
            session,
            tab,
            pane,
            size,
        } => {
            let planned = plan.session(*session)?;
            let (_, body) = names.body(*pane);
            let command = Command::new("new-session")
                .flag("-d")
                .flag("-P")
                .opt("-F", names.printed(*pane))
                .opt("-s", &planned.temporary)
                .opt("-x", size.width.to_string())
                .opt("-y", size.height.to_string())
                .opt("-n", format_escaped(&plan.tab(*tab)?.name))
                .opt("-c", format_escaped(&planned.dir));
            with_body(command, body)
        }
        Action::JoinGroup { session, leader } => {
            let planned = plan.session(*session)?;
            let first = plan.session(*leader)?;
            let rename = |name: &[u8]| {
                Command::new("rename-session")
                    .opt("-t", names.session(*leader))
                    .arg(format_escaped(name))
            };
            let join = Command::new("new-session")
                .flag("-d")
                .flag("-P")
                .opt("-F", "#{session_id}")
                .opt("-t", names.session(*leader))
                .opt("-s", &planned.temporary)
                .opt("-c", format_escaped(&planned.dir));
            // The group gets the name that its founder has at this moment.
            return Some(match &first.group {
                Some(group) => vec![rename(group), join, rename(&first.temporary)],
                None => vec![join],
            });
        }
        Action::NewTab { tab, pane } => {
            let planned = plan.tab(*tab)?;
            let session = names.session(planned.session);
            let (dir, body) = names.body(*pane);
            let mut command = Command::new("new-window")
                .flag("-d")
                .flag("-P")
                .opt("-F", names.printed(*pane))
                .opt("-t", format!("{session}:{}", planned.index))
                .opt("-n", format_escaped(&planned.name));
            if let Some(dir) = dir {
                command = command.opt("-c", format_escaped(&dir));
            }
            with_body(command, body)
        }
        Action::LinkTab {
            tab,
            session,
            index,
        } => Command::new("link-window")
            .flag("-d")
            .opt("-s", names.tab(*tab))
            .opt("-t", format!("{}:{index}", names.session(*session))),
        Action::MoveTab { tab } => {
            let planned = plan.tab(*tab)?;
            let session = names.session(planned.session);
            Command::new("move-window")
                .flag("-d")
                .opt("-s", names.tab(*tab))
                .opt("-t", format!("{session}:{}", planned.index))
        }
        Action::ResizeTab { tab, size, .. } => Command::new("resize-window")
            .opt("-t", names.tab(*tab))
            .opt("-x", size.width.to_string())
            .opt("-y", size.height.to_string()),
        Action::Split {
            pane,
            from,
            axis,
            length,
        } => split(names, *pane, *from, *axis, *length),
        // What would not be read as a layout is never sent: tmux 3.3a dies of it.
        Action::Arrange { tab, layout } => Command::new("select-layout")
            .opt("-t", names.tab(*tab))
            .arg(layout::print(layout, &|pane| names.number(PaneRef(pane))).ok()?),
        Action::Title { pane } => Command::new("select-pane")
            .opt("-t", names.pane(*pane))
            .opt("-T", format_escaped(plan.pane(*pane)?.title.as_ref()?)),
        Action::Synchronize { tab } => Command::new("set-option")
            .flag("-w")
            .opt("-t", names.tab(*tab))
            .arg("synchronize-panes")
            .arg("on"),
        Action::SelectPane { pane } => Command::new("select-pane").opt("-t", names.pane(*pane)),
        Action::Mark { pane } => Command::new("select-pane")
            .flag("-m")
            .opt("-t", names.pane(*pane)),
        Action::Zoom { pane } => Command::new("resize-pane")
            .flag("-Z")
            .opt("-t", names.pane(*pane)),
        Action::SelectTab { session, index } => {
            Command::new("select-window").opt("-t", format!("{}:{index}", names.session(*session)))
        }
        Action::SetAside { session } => {
            let living = plan.session(*session)?.replaces()?;
            Command::new("rename-session")
                .opt("-t", ids::session(living.id))
                .arg(&living.aside)
        }
        Action::CloseReplaced { session } => {
            let living = plan.session(*session)?.replaces()?;
            close_unless_attached(living.id)
        }
        Action::TakeClients { session } => return Some(names.take_clients(*session)),
        Action::AddTab { tab } => {
            let planned = plan.tab(*tab)?;
            let living = plan.session(planned.session)?.adds_to()?;
            Command::new("move-window")
                .flag("-d")
                .opt("-s", names.tab(*tab))
                .opt(
                    "-t",
                    format!("{}:{}", ids::session(living.id), planned.index),
                )
        }
        Action::ShareTab {
            tab,
            session,
            index,
        } => {
            let living = plan.session(*session)?.adds_to()?;
            Command::new("link-window")
                .flag("-d")
                .opt("-s", names.tab(*tab))
                .opt("-t", format!("{}:{index}", ids::session(living.id)))
        }
        Action::JoinPane {
            pane,
            beside,
            axis,
            before,
            full,
            length,
        } => Command::new("join-pane")
            .flag("-d")
            .flag(match axis {
                Axis::Columns => "-h",
                Axis::Rows => "-v",
            })
            .flag_if(*before, "-b")
            .flag_if(*full, "-f")
            .opt("-l", length.to_string())
            .opt("-s", names.pane(*pane))
            .opt(
                "-t",
                match beside {
                    Beside::Living(id) => ids::pane(*id),
                    Beside::Made(pane) => names.pane(*pane),
                },
            ),
        Action::Rearrange {
            window,
            layout,
            panes,
        } => {
            let number = |at: u32| {
                let pane = usize::try_from(at).ok().and_then(|at| panes.get(at));
                pane.map_or(0, |pane| match pane {
                    Beside::Living(id) => ids::in_layout(*id),
                    Beside::Made(pane) => names.number(*pane),
                })
            };
            Command::new("select-layout")
                .opt("-t", ids::window(*window))
                .arg(layout::print(layout, &number).ok()?)
        }
        Action::ZoomAgain { pane } => Command::new("resize-pane")
            .flag("-Z")
            .opt("-t", ids::pane(*pane)),
        Action::RenameSession { session } => Command::new("rename-session")
            .opt("-t", names.session(*session))
            .arg(format_escaped(&plan.session(*session)?.to)),
        Action::FreeSize { session, tabs } => {
            let mut all = Vec::new();
            // One that only held what was added to another one is gone.
            if plan.session(*session)?.adds_to().is_none() {
                all.push(
                    Command::new("set-option")
                        .flag("-u")
                        .opt("-t", names.session(*session))
                        .arg("default-size"),
                );
            }
            all.extend(tabs.iter().map(|tab| {
                let settings = plan.tab(*tab).map(|tab| &tab.own.settings[..]);
                let own = settings
                    .unwrap_or_default()
                    .iter()
                    .find(|setting| settings::is(setting, "window-size"));
                let option = Command::new("set-option")
                    .flag("-w")
                    .flag_if(own.is_none(), "-u")
                    .opt("-t", names.tab(*tab))
                    .arg("window-size");
                match own {
                    Some(own) => option.arg(&own.value),
                    None => option,
                }
            }));
            return Some(all);
        }
        Action::AutomaticRename { tab, on } => {
            let option = Command::new("set-option")
                .flag("-w")
                .flag_if(on.is_none(), "-u")
                .opt("-t", names.tab(*tab))
                .arg("automatic-rename");
            match on {
                Some(on) => option.arg(if *on { "on" } else { "off" }),
                None => option,
            }
        }
        Action::TypeCommand { pane, line, run } => {
            // Keys would go to every pane with `synchronize-panes`; what is pasted goes to this one
            // alone. A newline is pasted as Enter.
            let mut text = line.clone();
            if *run {
                text.push(b'\n');
            }
            return Some(vec![
                Command::new("set-buffer").opt("-b", TYPED).arg(&text),
                Command::new("paste-buffer")
                    .flag("-d")
                    .opt("-b", TYPED)
                    .opt("-t", names.pane(*pane)),
            ]);
        }
        _ => return None,
    };
    Some(vec![one])
}

/// Closes a session at which no client looks.
pub(in crate::restore::tmux) fn close_unless_attached(id: SessionId) -> Command {
    let close = Command::new("kill-session").opt("-t", ids::session(id));
    Command::new("if-shell")
        .flag("-F")
        .opt("-t", ids::session(id))
        .arg("#{session_attached}")
        .arg("")
        .arg(close.source_line())
}

/// Names for showing: sessions by name, tabs by number, panes as the plan counts them.
struct Shown<'a> {
    plan: &'a Plan,
    switched: bool,
}

impl Names for Shown<'_> {
    fn session(&self, session: SessionRef) -> String {
        let planned = self.plan.session(session);
        planned.map_or_else(String::new, |planned| {
            let name = if self.switched {
                &planned.to
            } else {
                &planned.temporary
            };
            format!("={}", label(name))
        })
    }

    fn take_clients(&self, session: SessionRef) -> Vec<Command> {
        let each = Command::new("switch-client")
            .opt("-c", "CLIENT")
            .opt("-t", self.session(session));
        vec![each]
    }

    fn tab(&self, tab: TabRef) -> String {
        let planned = self.plan.tab(tab);
        planned.map_or_else(String::new, |planned| {
            format!("{}:{}", self.session(planned.session), planned.index)
        })
    }

    fn pane(&self, pane: PaneRef) -> String {
        pane.to_string()
    }

    fn number(&self, pane: PaneRef) -> u32 {
        pane.0
    }

    fn printed(&self, _pane: PaneRef) -> String {
        "#{pane_id}".to_owned()
    }

    fn body(&self, pane: PaneRef) -> (Option<BString>, Vec<BString>) {
        let Some(planned) = self.plan.pane(pane) else {
            return (None, Vec::new());
        };
        (Some(planned.dir.clone()), shown_argv(planned))
    }
}

/// What runs in a pane, for a search path of its own: a path as the file that it leads to, a name
/// without the dash of a login shell; nothing for what tmux itself would start in a new pane.
pub(super) fn shown_argv(pane: &PlannedPane) -> Vec<BString> {
    let mut argv = pane.shell.clone();
    match argv.first_mut() {
        Some(_) if pane.new.is_some() => argv.clear(),
        Some(name) if name.contains(&b'/') => name.clone_from(&pane.shell_file),
        Some(name) => *name = name.strip_prefix(b"-").unwrap_or(name).into(),
        None => {}
    }
    argv
}

/// The steps of a plan as they are shown and printed, and the rows that they belong to. Numbers
/// that only tmux will know stand as `%p0`, in the order of [`Plan::panes`]. What a pane runs is
/// shown as its shell; in truth that is `muxtape __pane`, which writes the saved text and then
/// becomes the shell.
pub(super) fn shown(plan: &Plan) -> Vec<(StepShown, Vec<About>)> {
    let steps = steps(plan).into_iter();
    steps
        .map(|step| {
            let rows = step.rows();
            (shown_step(plan, step), rows)
        })
        .collect()
}

fn shown_step(plan: &Plan, step: Step) -> StepShown {
    let names = Shown {
        plan,
        switched: step.action.phase() > Phase::Replay
            && !matches!(
                step.action,
                Action::RenameSession { .. } | Action::AddTab { .. } | Action::SetAside { .. }
            ),
    };
    let lines: Vec<String> = commands(plan, &step.action, &names)
        .iter()
        .map(Command::shell_line)
        .collect();
    StepShown {
        action: step.action.word(),
        target: target(plan, &step.action),
        command: lines.join("\n"),
        note: step.note,
    }
}

fn target(plan: &Plan, action: &Action) -> String {
    let session = |session| plan.session(session).map(|planned| label(&planned.to));
    let tab = |tab| {
        let planned = plan.tab(tab)?;
        Some(format!("{}:{}", session(planned.session)?, planned.index))
    };
    let pane = |pane| {
        let planned = plan.pane(pane)?;
        let index = planned.target.pane.unwrap_or(planned.place);
        Some(format!("{}.{index}", tab(planned.tab)?))
    };
    let target = match action {
        Action::NewSession { session: s, .. }
        | Action::Host { session: s, .. }
        | Action::Protect { session: s }
        | Action::Release { session: s }
        | Action::Environment { session: s }
        | Action::FoundGroup { session: s }
        | Action::Evict { session: s }
        | Action::JoinGroup { session: s, .. }
        | Action::SetAside { session: s }
        | Action::TakeClients { session: s }
        | Action::CloseReplaced { session: s }
        | Action::RenameSession { session: s }
        | Action::FreeSize { session: s, .. } => session(*s),
        Action::LinkTab {
            session: s, index, ..
        }
        | Action::Unvisit { session: s, index }
        | Action::ShareTab {
            session: s, index, ..
        }
        | Action::SelectTab { session: s, index } => {
            session(*s).map(|name| format!("{name}:{index}"))
        }
        Action::NewTab { tab: t, .. }
        | Action::AddTab { tab: t }
        | Action::MoveTab { tab: t }
        | Action::ResizeTab { tab: t, .. }
        | Action::Arrange { tab: t, .. }
        | Action::Synchronize { tab: t }
        | Action::AutomaticRename { tab: t, .. } => tab(*t),
        Action::Rearrange { window, .. } => Some(ids::window(*window)),
        Action::ZoomAgain { pane } => Some(ids::pane(*pane)),
        Action::Split { pane: p, .. }
        | Action::JoinPane { pane: p, .. }
        | Action::Title { pane: p }
        | Action::SelectPane { pane: p }
        | Action::Mark { pane: p }
        | Action::Zoom { pane: p }
        | Action::LetDie { pane: p }
        | Action::Bury { pane: p }
        | Action::InputOff { pane: p }
        | Action::EnterMode { pane: p }
        | Action::TypeCommand { pane: p, .. } => pane(*p),
        Action::Place { part } | Action::Configure { part } | Action::Hooks { part } => {
            match part {
                Part::Session(s) => session(*s),
                Part::Tab(t) => tab(*t),
                Part::Pane(p) => pane(*p),
            }
        }
        Action::AddBuffer { buffer } => {
            let buffer = usize::try_from(*buffer).ok();
            let buffer = buffer.and_then(|at| plan.buffers.get(at));
            buffer.map(|buffer| format!("buffer {}", label(&buffer.name)))
        }
        Action::OpenGate => Some("all panes".to_owned()),
    };
    target.unwrap_or_default()
}
