//! How a program was started, beyond its arguments.

use bstr::BString;
use rustix::fs::OFlags;

use super::pipes::is_its_own;
use super::source::{Stat, System};
use super::typed;
use crate::model::detail::Variable;
use crate::model::launch::{
    Launch, LostTarget, NESTING, RedirectTarget, Redirection, StandardStream,
};
use crate::model::program::{Program, program_name};

/// The device number of the first pseudo-terminals, without their own numbers.
const PTS_MAJOR: i32 = 136;

/// The process of a program.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin {
    /// Its number.
    pub(super) pid: i32,
    /// Whether its arguments are a title.
    pub(super) titled: bool,
    /// Whether it is a part of a pipeline: then its arguments would not be what was typed.
    pub(super) joined: bool,
}

/// What was around the arguments of a program: of a process that the innermost shell started, or
/// the pane's own process, of which the environment is known.
pub(super) fn launch(
    system: &impl System,
    origin: Origin,
    program: &Program,
    shell: Option<i32>,
    root: i32,
) -> Launch {
    let pid = origin.pid;
    let title = program.argv.first().filter(|_| origin.titled);
    let titled = title.map(|title| match origin.joined {
        true => Vec::new(),
        false => typed::arguments(system, pid, title, program.exe.as_ref()),
    });
    Launch {
        titled,
        redirections: redirections(system, pid, shell),
        variables: match shell {
            Some(_) => variables(system, pid, program, root),
            None => Vec::new(),
        },
    }
}

/// Whether this is a multiplexer, which may have been started within itself.
pub(super) fn may_nest(program: &Program) -> bool {
    let name = program_name(&program.argv);
    NESTING.iter().any(|(own, _)| name == *own)
}

/// Whether all standard streams of a process are its terminal: nothing was redirected, and no pipe
/// leads to it.
pub(super) fn is_plain(system: &impl System, stat: &Stat) -> bool {
    StandardStream::ALL
        .into_iter()
        .all(|stream| is_terminal_of(stat, system.target(stat.pid, stream).as_ref()))
}

/// Whether nothing is joined to a process by a pipe, as far as is known. What is a socket may be
/// one: ksh93 joins pipelines so.
pub(super) fn is_alone(system: &impl System, pid: i32) -> bool {
    StandardStream::ALL.into_iter().all(|stream| {
        let target = system.target(pid, stream);
        target
            .is_some_and(|target| !target.starts_with(b"pipe:") && !target.starts_with(b"socket:"))
    })
}

/// Whether this is the terminal of a process.
fn is_terminal_of(stat: &Stat, target: Option<&BString>) -> bool {
    let Some(terminal) = terminal(stat) else {
        return false;
    };
    target.is_some_and(|target| *target == terminal || *target == "/dev/tty")
}

/// The path of a process' terminal, where that is a pseudo-terminal.
fn terminal(stat: &Stat) -> Option<BString> {
    let number = stat.terminal;
    let (major, minor) = (
        (number >> 8) & 0xfff,
        (number & 0xff) | ((number >> 12) & 0xf_ff00),
    );
    (major == PTS_MAJOR).then(|| format!("/dev/pts/{minor}").into())
}

/// The standard streams that lead elsewhere than to the terminal, and than those of the shell.
/// Pipes are not among them.
fn redirections(system: &impl System, pid: i32, shell: Option<i32>) -> Vec<Redirection> {
    let Some(stat) = system.stat(pid) else {
        return Vec::new();
    };
    let targets = StandardStream::ALL.map(|stream| system.target(pid, stream));
    let mut found = Vec::new();
    for (stream, target) in StandardStream::ALL.into_iter().zip(&targets) {
        let Some(target) = target
            .as_ref()
            .filter(|target| !target.starts_with(b"pipe:"))
        else {
            continue;
        };
        if is_terminal_of(&stat, Some(target))
            || shell.is_some_and(|shell| is_of_shell(system, shell, stream, target))
            || is_its_own(system, pid, stream)
            || is_silenced_by_itself(system, &stat, stream, target)
        {
            continue;
        }
        let Some(flags) = system.flags(pid, stream) else {
            continue;
        };
        let [_, output, _] = &targets;
        let joined = stream == StandardStream::Errors
            && output.as_ref() == Some(target)
            && system.flags(pid, StandardStream::Output) == Some(flags);
        let target = match joined {
            true => RedirectTarget::Output,
            false => opened(system, pid, stream, target, flags),
        };
        found.push(Redirection { stream, target });
    }
    found
}

/// Whether a shell has this itself, so that what it starts has it without a word (`exec > file`).
///
/// Only of shells that redirect a command in its own process: dash and ksh do it in theirs, and
/// have the same as the command while it runs. And a shell whose input is no terminal would read
/// commands from it.
fn is_of_shell(system: &impl System, shell: i32, stream: StandardStream, target: &BString) -> bool {
    system.target(shell, stream).as_ref() == Some(target) && {
        let argv = system.arguments(shell).unwrap_or_default();
        let name = program_name(&argv);
        is_terminal(target)
            || stream != StandardStream::Input
                && ["bash", "zsh", "fish"].iter().any(|known| name == *known)
    }
}

/// Whether a program itself sends what it says nowhere: it keeps a copy of the terminal that the
/// stream led to before, as top does. Where that is not so the line loses nothing that changes what
/// the program does.
fn is_silenced_by_itself(
    system: &impl System,
    stat: &Stat,
    stream: StandardStream,
    target: &BString,
) -> bool {
    stream != StandardStream::Input
        && target == "/dev/null"
        && terminal(stat).is_some_and(|terminal| system.keeps(stat.pid, &terminal))
}

/// How the shell is told to open this.
fn opened(
    system: &impl System,
    pid: i32,
    stream: StandardStream,
    target: &BString,
    flags: OFlags,
) -> RedirectTarget {
    if target.starts_with(b"socket:") {
        return RedirectTarget::Lost(LostTarget::Socket);
    }
    if !target.starts_with(b"/") || target.starts_with(b"/memfd:") {
        return RedirectTarget::Lost(LostTarget::Nameless);
    }
    if is_terminal(target) {
        return RedirectTarget::Lost(LostTarget::Terminal);
    }
    if target.ends_with(b" (deleted)") && system.is_deleted(pid, stream) {
        return RedirectTarget::Lost(LostTarget::Deleted);
    }
    let access = flags & OFlags::ACCMODE;
    let path = target.clone();
    match stream {
        _ if access == OFlags::RDWR => RedirectTarget::ReadWrite(path),
        StandardStream::Input if access == OFlags::RDONLY => RedirectTarget::Read(path),
        StandardStream::Output | StandardStream::Errors if access == OFlags::WRONLY => {
            match flags.contains(OFlags::APPEND) {
                true => RedirectTarget::Append(path),
                false => RedirectTarget::Write(path),
            }
        }
        _ => RedirectTarget::Lost(LostTarget::Nameless),
    }
}

fn is_terminal(path: &[u8]) -> bool {
    [&b"/dev/pts/"[..], b"/dev/tty", b"/dev/console"]
        .iter()
        .any(|start| path.starts_with(start))
}

/// The variable that a multiplexer was started without, so that it would run within itself.
fn variables(system: &impl System, pid: i32, program: &Program, root: i32) -> Vec<Variable> {
    let name = program_name(&program.argv);
    let nesting = NESTING.iter().find(|(own, _)| name == *own);
    let Some((_, variable)) = nesting else {
        return Vec::new();
    };
    let value = |environment: &[BString]| -> Option<BString> {
        let value = |line: &BString| {
            Some(
                line.strip_prefix(variable.as_bytes())?
                    .strip_prefix(b"=")?
                    .into(),
            )
        };
        environment.iter().find_map(value)
    };
    let own = system.environment(pid);
    let before = value(&system.environment(root)).unwrap_or_default();
    let now = value(&own);
    if own.is_empty() || before.is_empty() || now.as_ref().is_some_and(|now| !now.is_empty()) {
        return Vec::new();
    }
    vec![Variable {
        name: (*variable).into(),
        value: now,
        hidden: false,
    }]
}
