//! What runs in a pane, found from what a system tells.
//!
//! The foreground of a pane is the process group that its terminal belongs to. The leader of the
//! group tells the program; the other members with the leader's parent are the rest of its
//! pipeline. Members with another parent are helpers of the program (such as ssh's ProxyCommand).
//! Between the pane's own process and the foreground there can be further shells; the program is
//! what was typed into the innermost shell that can be reached through shells alone. So it is `su`
//! and not what runs in its shell, which belongs to somebody else.

use std::collections::HashMap;

use bstr::{BString, ByteSlice};

use super::honest::{self, Told};
use super::launch::{Origin, is_alone, is_plain, launch, may_nest};
use super::named;
use super::pipes::{Ends, in_order, is_to_its_own, loose};
use super::shell::{is_helper, is_interactive};
use super::source::{Stat, System};
use super::{Root, Running, by_name};
use crate::model::detail::Variable;
use crate::model::launch::{Launch, StandardStream};
use crate::model::program::Program;

/// Processes between a pane's own and its foreground at the most.
const DEPTH: usize = 32;

/// How often is looked again where the foreground changed meanwhile.
const ATTEMPTS: u32 = 3;

/// What runs in a pane; `None` where its own process cannot be seen.
pub(super) fn look(system: &impl System, root: &Root, names: &[String]) -> Option<Running> {
    let mut stat = system.stat(root.pid)?;
    if stat.copy {
        // It has not become yet what it was made for.
        return Some(Running::default());
    }
    let shell = system.arguments(root.pid).unwrap_or_default();
    let mut front = Front::default();
    for _ in 0..ATTEMPTS {
        match front_of(system, stat, &shell) {
            Found::Front(found) => {
                front = *found;
                break;
            }
            Found::Hidden => {
                front.program = Some(by_name::unseen(root));
                break;
            }
            Found::Gone => {}
        }
        let now = system.stat(root.pid)?;
        if now.foreground == stat.foreground {
            break;
        }
        stat = now;
    }
    let innermost_pid = front.innermost;
    let innermost = innermost_pid.and_then(|pid| system.cwd(pid));
    let cwd = innermost.or_else(|| system.cwd(root.pid));
    let innermost = innermost_pid.unwrap_or(root.pid);
    let named = |dir: &BString| named::directory(system, dir, &[stat.foreground, innermost]);
    if let Some(program) = &mut front.program {
        program.cwd = program.cwd.take().filter(|own| Some(own) != cwd.as_ref());
    }
    let helper = is_helper(&shell);
    let program = front.program.filter(|program| !is_helper(&program.argv));
    Some(Running {
        shell: if helper { Vec::new() } else { shell },
        shells: front.shells,
        cwd: cwd.as_ref().map(named),
        launch: match program {
            Some(_) => front.launch,
            None => Launch::default(),
        },
        program,
        environment: variables(system, root.pid, names),
    })
}

/// The variables of these names, by name.
fn variables(system: &impl System, pid: i32, names: &[String]) -> Vec<Variable> {
    if names.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<Variable> = Vec::new();
    for line in system.environment(pid) {
        let Some((name, value)) = line.split_once_str("=") else {
            continue;
        };
        // Of a name that stands twice, programs read the first.
        let known = found.iter().any(|variable| variable.name == name);
        if !known && names.iter().any(|wanted| wanted.as_bytes() == name) {
            found.push(Variable {
                name: name.into(),
                value: Some(value.into()),
                hidden: false,
            });
        }
    }
    found.sort_unstable();
    found
}

/// What is in front of a pane.
#[derive(Debug, Default)]
struct Front {
    shells: Vec<Vec<BString>>,
    /// The innermost of the shells.
    innermost: Option<i32>,
    program: Option<Program>,
    launch: Launch,
}

impl Front {
    /// The arguments of the innermost shell, which is the pane's own where there is no other.
    fn shell_of<'a>(&'a self, root: &'a [BString]) -> &'a [BString] {
        self.shells.last().map_or(root, |shell| shell)
    }

    /// Takes in the program that was found, with how it was started.
    fn take(&mut self, system: &impl System, found: Option<(Program, Origin)>, root: &Stat) {
        let Some((program, origin)) = found else {
            return;
        };
        let shell = self.innermost.unwrap_or(root.pid);
        let shell = (shell != origin.pid).then_some(shell);
        self.launch = launch(system, origin, &program, shell, root.pid);
        self.program = Some(program);
    }
}

#[derive(Debug)]
enum Found {
    Front(Box<Front>),
    /// The processes in front are there, and cannot be seen.
    Hidden,
    /// They ended while they were looked at.
    Gone,
}

fn front_of(system: &impl System, root: Stat, shell: &[BString]) -> Found {
    if root.foreground == root.group || root.foreground <= 0 {
        // The pane's own process is in front: a shell that waits, or a program without a shell.
        let mut front = Front::default();
        if !(shell.is_empty() || is_interactive(shell)) {
            front.take(system, program(system, root.pid, shell.to_vec()), &root);
        }
        return Found::Front(Box::new(front));
    }
    let group = root.foreground;
    let (members, joined) = typed_together(system, group);
    let Some(first) = members.first() else {
        return match system.lives(group) {
            true => Found::Hidden,
            false => Found::Gone,
        };
    };
    let mut front = Front::default();
    for (ancestor, argv) in ancestors(system, first.parent, root.pid) {
        if !is_interactive(&argv) {
            // Whatever runs below it, this is what was typed.
            let (members, _) = typed_together(system, ancestor.group);
            let around = members.iter().any(|member| member.pid == ancestor.pid);
            let members = if around { members } else { vec![ancestor] };
            let found = pipeline(system, &members, ancestor.group, front.shell_of(shell));
            front.take(system, found, &root);
            return Found::Front(Box::new(front));
        }
        front.shells.push(argv);
        front.innermost = Some(ancestor.pid);
    }
    let found = match members.as_slice() {
        [only] if !only.copy && only.pid == group => {
            let Some(argv) = system.arguments(only.pid) else {
                return not_to_be_seen(system, &members);
            };
            if is_interactive(&argv)
                && (joined == Joined::Plain || reads_its_terminal(system, only.pid))
            {
                front.shells.push(argv);
                front.innermost = Some(only.pid);
                return Found::Front(Box::new(front));
            }
            match joined {
                Joined::Plain | Joined::Alone => program(system, only.pid, argv),
                Joined::Unknown => pipeline(system, &members, group, front.shell_of(shell)),
            }
        }
        _ => pipeline(system, &members, group, front.shell_of(shell)),
    };
    match found {
        None if members.iter().all(|member| !member.copy) => {
            return not_to_be_seen(system, &members);
        }
        // Nothing more to be asked of a process whose streams are all its terminal.
        Some((program, origin))
            if joined == Joined::Plain && !origin.titled && !may_nest(&program) =>
        {
            front.program = Some(program);
        }
        found => front.take(system, found, &root),
    }
    Found::Front(Box::new(front))
}

/// Whether a shell reads its commands from a terminal, and not from a file. Some keep the terminal
/// elsewhere, and have `/dev/null` in its place (tcsh).
fn reads_its_terminal(system: &impl System, pid: i32) -> bool {
    let target = system.target(pid, StandardStream::Input);
    target.is_none_or(|target| !target.starts_with(b"/") || target.starts_with(b"/dev/"))
}

/// Why nothing is known of processes that were there a moment ago.
fn not_to_be_seen(system: &impl System, members: &[Stat]) -> Found {
    let lives = |member: &Stat| system.stat(member.pid).is_some_and(|stat| !stat.zombie);
    match members.iter().any(lives) {
        true => Found::Hidden,
        false => Found::Gone,
    }
}

/// The processes between a pane's own and this one, which is among them, outermost first; without
/// copies of shells. None where the way up does not end at the pane's own process.
fn ancestors(system: &impl System, from: i32, root: i32) -> Vec<(Stat, Vec<BString>)> {
    let mut found = Vec::new();
    let mut pid = from;
    while pid != root {
        let Some(stat) = system.stat(pid).filter(|_| found.len() < DEPTH) else {
            return Vec::new();
        };
        if !stat.copy {
            found.push((stat, system.arguments(pid).unwrap_or_default()));
        }
        pid = stat.parent;
    }
    found.reverse();
    found
}

/// What is known of the pipes of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Joined {
    /// There are none, and nothing was redirected: all its standard streams are its terminal.
    Plain,
    /// There are none.
    Alone,
    /// There may be some.
    Unknown,
}

/// The processes of a group that a shell started for one command line, the leader first where it
/// lives; and how they are joined.
fn typed_together(system: &impl System, group: i32) -> (Vec<Stat>, Joined) {
    let leader = system.stat(group);
    let leader = leader.filter(|stat| stat.group == group && !stat.zombie);
    let Some(leader) = leader else {
        // The first of a pipeline can end before the others.
        let all = system.members(group);
        let inner = |stat: &Stat| all.iter().any(|other| other.pid == stat.parent);
        let outer = all.iter().filter(|stat| !inner(stat)).copied();
        return (outer.collect(), Joined::Unknown);
    };
    if !leader.copy {
        if is_plain(system, &leader) {
            return (vec![leader], Joined::Plain);
        }
        if is_alone(system, leader.pid) {
            return (vec![leader], Joined::Alone);
        }
    }
    let mut members = system.children(leader.parent, group);
    members.retain(|stat| stat.pid != leader.pid);
    members.insert(0, leader);
    (members, Joined::Unknown)
}

/// The program that these processes are, with its pipeline.
fn pipeline(
    system: &impl System,
    members: &[Stat],
    group: i32,
    shell: &[BString],
) -> Option<(Program, Origin)> {
    let ended = members.iter().all(|member| member.pid != group);
    let mut unseen = Vec::new();
    let mut seen = Vec::new();
    for member in members {
        within(system, *member, &mut seen, &mut unseen);
    }
    let ends: HashMap<i32, Ends> = seen
        .iter()
        .map(|stat: &Stat| (stat.pid, Ends::of(system, stat.pid)))
        .collect();
    let mut ordered = in_order(&ends);
    if let Some(at) = ordered.iter().position(|pid| *pid == group) {
        // The leader is what the model calls the program, wherever the pipes put it.
        ordered.get_mut(..=at)?.rotate_right(1);
    }
    let mut members = ordered
        .into_iter()
        .filter_map(|pid| Some((pid, system.arguments(pid)?)));
    let (pid, argv) = members.next()?;
    let (mut program, mut origin) = program(system, pid, argv)?;
    let others: Vec<_> = members.map(|(_, argv)| argv).collect();
    // A program's own pager or filter is no part of what was typed.
    let loose = loose(&ends).into_iter();
    let loose = loose.filter(|end| !is_to_its_own(system, *end, group, shell));
    // An empty list stands for a member that has ended, or is a shell that does something itself.
    let lost = unseen.len() + usize::from(ended) + loose.count();
    origin.joined = lost > 0 || !others.is_empty();
    program.pipeline.extend(others);
    if lost > 0 && program.pipeline.iter().all(|member| !member.is_empty()) {
        program.pipeline.insert(0, Vec::new());
    }
    Some((program, origin))
}

/// What runs in a subshell, or the process itself where it is none.
fn within(system: &impl System, stat: Stat, seen: &mut Vec<Stat>, unseen: &mut Vec<Stat>) {
    if !stat.copy {
        seen.push(stat);
        return;
    }
    let children = system.children(stat.pid, stat.group);
    if children.is_empty() || seen.len() + unseen.len() > DEPTH {
        unseen.push(stat);
    }
    for child in children {
        within(system, child, seen, unseen);
    }
}

/// The program that a process is.
fn program<S: System>(system: &S, pid: i32, argv: Vec<BString>) -> Option<(Program, Origin)> {
    let exe = system.exe(pid);
    let (argv, told) = honest::arguments(system, pid, argv, exe.as_ref());
    let program = (!argv.is_empty()).then(|| Program {
        argv,
        exe,
        cwd: system.cwd(pid),
        pipeline: if told == Told::Whole && S::EXACT {
            Vec::new()
        } else {
            vec![Vec::new()]
        },
        redacted: false,
    })?;
    let titled = told == Told::Title;
    let joined = false;
    Some((
        program,
        Origin {
            pid,
            titled,
            joined,
        },
    ))
}
