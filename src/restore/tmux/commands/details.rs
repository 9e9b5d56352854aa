//! The commands for what sessions, tabs and panes have beyond their place.

use super::Names;
use crate::model::detail::{Setting, Variable};
use crate::mux::tmux::command::{Command, format_escaped};
use crate::restore::plan::{Mode, Own, Plan};
use crate::restore::reference::{PaneRef, SessionRef};
use crate::restore::tmux::settings;
use crate::restore::tmux::step::{Action, Part};

/// The number of the tab that holds the place of others: one that nobody uses.
pub(in crate::restore::tmux) const HOST: u32 = 2_000_000_000;
/// A program that does nothing and ends with its terminal; two words, so that no shell reads them.
const NOTHING: [&str; 2] = ["cat", "-"];
/// What keeps a session as it is while it is made.
const PROTECTION: [&str; 2] = ["destroy-unattached", "renumber-windows"];
/// What keeps a pane whose process ends, says nothing about it, and does nothing then.
const WAKE: [(&str, &str); 3] = [
    ("remain-on-exit", "on"),
    ("remain-on-exit-format", ""),
    ("pane-died", ""),
];

pub(super) fn build(plan: &Plan, action: &Action, names: &dyn Names) -> Option<Vec<Command>> {
    let one = match action {
        Action::Host { session, size } => return host(plan, *session, *size, names),
        Action::Protect { session } => {
            let each = PROTECTION.iter();
            return Some(
                each.map(|name| set(Part::Session(*session), names).arg(name).arg("off"))
                    .collect(),
            );
        }
        Action::Release { session } => {
            let each = PROTECTION.iter();
            return Some(
                each.map(|name| unset(Part::Session(*session), names).arg(name))
                    .collect(),
            );
        }
        Action::Environment { session } => {
            let variables = &plan.session(*session)?.own.environment;
            let each = variables.iter();
            return Some(
                each.map(|one| variable(&names.session(*session), one))
                    .collect(),
            );
        }
        Action::FoundGroup { session } => return found_group(plan, *session, names),
        Action::Evict { session } => {
            Command::new("kill-window").opt("-t", format!("{}:{HOST}", names.session(*session)))
        }
        Action::Place { part } => {
            let own = own(plan, *part)?;
            return Some(all(&own.settings, settings::is_of_place, *part, names));
        }
        Action::Configure { part } => {
            let own = own(plan, *part)?;
            let late = |setting: &Setting| !settings::is_of_place(setting);
            return Some(all(&own.settings, late, *part, names));
        }
        Action::Hooks { part } => {
            let hooks = own(plan, *part)?.hooks.iter();
            return Some(
                hooks
                    .map(|hook| {
                        to(Command::new("set-hook"), *part, names)
                            .arg(&hook.event)
                            .arg(&hook.command)
                    })
                    .collect(),
            );
        }
        Action::Unvisit { session, index } => {
            let at = |index: u32| format!("{}:{index}", names.session(*session));
            let moved = |from, to| {
                Command::new("move-window")
                    .flag("-d")
                    .opt("-s", at(from))
                    .opt("-t", at(to))
            };
            return Some(vec![moved(*index, HOST), moved(HOST, *index)]);
        }
        Action::LetDie { pane } => {
            let each = WAKE.iter();
            return Some(
                each.map(|(name, value)| set(Part::Pane(*pane), names).arg(name).arg(value))
                    .collect(),
            );
        }
        Action::Bury { pane } => {
            let each = WAKE.iter();
            return Some(
                each.map(|(name, _)| unset(Part::Pane(*pane), names).arg(name))
                    .collect(),
            );
        }
        Action::InputOff { pane } => Command::new("select-pane")
            .flag("-d")
            .opt("-t", names.pane(*pane)),
        Action::EnterMode { pane } => return mode(plan, *pane, names),
        Action::AddBuffer { buffer } => {
            let buffer = plan.buffers.get(usize::try_from(*buffer).ok()?)?;
            let command = Command::new("set-buffer");
            // tmux numbers those that it has named itself; the numbers are no names.
            match is_automatic(&buffer.name) {
                true => command.arg(&buffer.data),
                false => command.opt("-b", &buffer.name).arg(&buffer.data),
            }
        }
        _ => return None,
    };
    Some(vec![one])
}

/// Whether tmux itself has named a buffer.
pub(in crate::restore::tmux) fn is_automatic(name: &[u8]) -> bool {
    name.strip_prefix(b"buffer")
        .is_some_and(|rest| !rest.is_empty() && rest.iter().all(u8::is_ascii_digit))
}

fn own(plan: &Plan, part: Part) -> Option<&Own> {
    Some(match part {
        Part::Session(session) => &plan.session(session)?.own,
        Part::Tab(tab) => &plan.tab(tab)?.own,
        Part::Pane(pane) => &plan.pane(pane)?.own,
    })
}

/// A command that sets something, with what it is set for.
fn to(command: Command, part: Part, names: &dyn Names) -> Command {
    match part {
        Part::Session(session) => command.opt("-t", format!("{}:", names.session(session))),
        Part::Tab(tab) => command.flag("-w").opt("-t", names.tab(tab)),
        Part::Pane(pane) => command.flag("-p").opt("-t", names.pane(pane)),
    }
}

fn set(part: Part, names: &dyn Names) -> Command {
    to(Command::new("set-option"), part, names)
}

fn unset(part: Part, names: &dyn Names) -> Command {
    to(Command::new("set-option").flag("-u"), part, names)
}

fn all(
    settings: &[Setting],
    wanted: impl Fn(&Setting) -> bool,
    part: Part,
    names: &dyn Names,
) -> Vec<Command> {
    let wanted = settings.iter().filter(|setting| wanted(setting));
    wanted
        .map(|one| set(part, names).arg(&one.name).arg(&one.value))
        .collect()
}

fn variable(session: &str, variable: &Variable) -> Command {
    let command = Command::new("set-environment")
        .flag_if(variable.hidden, "-h")
        .flag_if(variable.value.is_none(), "-r")
        .opt("-t", session)
        .arg(&variable.name);
    match &variable.value {
        Some(value) => command.arg(value),
        None => command,
    }
}

fn host(
    plan: &Plan,
    session: SessionRef,
    size: crate::model::geometry::Size,
    names: &dyn Names,
) -> Option<Vec<Command>> {
    let planned = plan.session(session)?;
    let name = names.session(session);
    let new = Command::new("new-session")
        .flag("-d")
        .flag("-P")
        .opt("-F", names.hosted(session))
        .opt("-s", &planned.temporary)
        .opt("-x", size.width.to_string())
        .opt("-y", size.height.to_string())
        .opt("-c", format_escaped(&planned.dir))
        .arg(NOTHING[0])
        .arg(NOTHING[1]);
    // Every number that a tab could have becomes free.
    let away = Command::new("move-window")
        .flag("-d")
        .opt("-s", format!("{name}:"))
        .opt("-t", format!("{name}:{HOST}"));
    let mut all = vec![new, away];
    let early = |setting: &Setting| settings::is(setting, "history-limit");
    let own = &planned.own.settings;
    all.extend(self::all(own, early, Part::Session(session), names));
    Some(all)
}

fn found_group(plan: &Plan, session: SessionRef, names: &dyn Names) -> Option<Vec<Command>> {
    let planned = plan.session(session)?;
    let group = planned.group.as_ref()?;
    let own = names.session(session);
    let rename = |name: &[u8]| {
        Command::new("rename-session")
            .opt("-t", &own)
            .arg(format_escaped(name))
    };
    let other = format!("{}-group", planned.temporary);
    Some(vec![
        rename(group),
        Command::new("new-session")
            .flag("-d")
            .opt("-t", &own)
            .opt("-s", &other),
        Command::new("kill-session").opt("-t", format!("={other}")),
        rename(&planned.temporary),
    ])
}

fn mode(plan: &Plan, pane: PaneRef, names: &dyn Names) -> Option<Vec<Command>> {
    let target = names.pane(pane);
    let (scroll, search) = match plan.pane(pane)?.mode.as_ref()? {
        Mode::Clock => return Some(vec![Command::new("clock-mode").opt("-t", target)]),
        Mode::Copy { scroll, search } => (scroll, search),
    };
    let act = |word: &str| {
        Command::new("send-keys")
            .flag("-X")
            .opt("-t", &target)
            .arg(word)
    };
    let mut all = vec![Command::new("copy-mode").opt("-t", &target)];
    // Searching goes somewhere; the line is what counts in the end.
    if !search.is_empty() {
        all.push(act("search-backward").arg(search));
    }
    if *scroll > 0 || !search.is_empty() {
        all.push(act("goto-line").arg(scroll.to_string()));
    }
    Some(all)
}
