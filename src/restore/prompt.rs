//! Waiting until shells are ready for what is typed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::time::{Duration, Instant};

use bstr::{BString, ByteSlice};
use rustix::fs::OFlags;
use rustix::termios::LocalModes;

use crate::model::program::program_name;
use crate::mux::tmux::Tmux;
use crate::mux::tmux::command::Command;

/// How long a shell may take to its first prompt.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long one looks for a line editor, where it is not known whether there is one, before a prompt
/// without one will do.
const EDITOR: Duration = Duration::from_millis(400);
/// Between two looks.
const PAUSE: rustix::event::Timespec = rustix::event::Timespec {
    tv_sec: 0,
    tv_nsec: 4_000_000,
};

/// Between two questions to tmux.
const QUESTIONS: Duration = Duration::from_millis(40);

/// Whether a shell edits its line itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Editor {
    /// It does, and takes the terminal out of its canonical mode for it.
    Yes,
    /// The terminal does.
    No,
    /// One or the other.
    Unknown,
}

impl Editor {
    /// That of a shell; no arguments stand for the server's default shell.
    pub(super) fn of(shell: &[BString]) -> Self {
        if shell.iter().any(|arg| arg == "--noediting") {
            return Self::No;
        }
        match program_name(shell).as_bytes() {
            b"dash" | b"posh" => Self::No,
            b"bash" | b"zsh" | b"fish" | b"tcsh" | b"ksh93" | b"mksh" | b"elvish" | b"nu" => {
                Self::Yes
            }
            _ => Self::Unknown,
        }
    }
}

/// Waits for the prompts of panes, by tmux's numbers; gives those that came.
///
/// A line editor takes the terminal out of its canonical mode. Shells without one (dash) never do: for
/// them something written on the cursor's line is taken for the prompt; what is typed too soon waits in the
/// terminal and is read nevertheless.
pub(super) fn wait(tmux: &Tmux, panes: &[(u32, Editor)]) -> BTreeSet<u32> {
    let mut ready = BTreeSet::new();
    if panes.is_empty() {
        return ready;
    }
    let numbers: Vec<u32> = panes.iter().map(|(pane, _)| *pane).collect();
    let ttys = ttys(tmux, &numbers);
    let start = Instant::now();
    let mut asked: Option<Instant> = None;
    while start.elapsed() < PATIENCE {
        for (pane, tty) in &ttys {
            let modes = rustix::termios::tcgetattr(tty);
            if modes.is_ok_and(|modes| !modes.local_modes.contains(LocalModes::ICANON)) {
                ready.insert(*pane);
            }
        }
        let missing = panes.iter().filter(|(pane, _)| !ready.contains(pane));
        let missing: Vec<(u32, Editor)> = missing.copied().collect();
        if missing.is_empty() {
            break;
        }
        let without = missing.iter().filter(|(_, editor)| match editor {
            Editor::Yes => false,
            Editor::No => true,
            Editor::Unknown => start.elapsed() > EDITOR,
        });
        let without: Vec<u32> = without.map(|(pane, _)| *pane).collect();
        if !without.is_empty() && asked.is_none_or(|asked| asked.elapsed() > QUESTIONS) {
            ready.extend(written(tmux, &without));
            asked = Some(Instant::now());
        }
        let _ = rustix::event::poll(&mut [], Some(&PAUSE));
    }
    ready
}

fn ask(tmux: &Tmux, panes: &[u32], format: &str) -> Vec<(u32, String)> {
    let commands: Vec<Command> = panes
        .iter()
        .map(|pane| {
            Command::new("display-message")
                .flag("-p")
                .opt("-t", format!("%{pane}"))
                .arg(format!("#{{pane_id}} {format}"))
        })
        .collect();
    let Ok(reply) = tmux.ask("prompts", &commands) else {
        return Vec::new();
    };
    let lines = reply.stdout.lines().filter_map(|line| {
        let (id, rest) = line.to_str().ok()?.split_once(' ')?;
        Some((id.strip_prefix('%')?.parse().ok()?, rest.to_owned()))
    });
    lines.collect()
}

fn ttys(tmux: &Tmux, panes: &[u32]) -> BTreeMap<u32, File> {
    // Never the controlling terminal of the restorer, and no waiting for a carrier.
    let flags = OFlags::NOCTTY | OFlags::NONBLOCK;
    ask(tmux, panes, "#{pane_tty}")
        .into_iter()
        .filter_map(|(pane, path)| {
            let tty = OpenOptions::new()
                .read(true)
                .custom_flags(i32::try_from(flags.bits()).ok()?)
                .open(path);
            Some((pane, tty.ok()?))
        })
        .collect()
}

fn written(tmux: &Tmux, panes: &[u32]) -> Vec<u32> {
    ask(tmux, panes, "#{cursor_x}")
        .into_iter()
        .filter(|(_, column)| column != "0")
        .map(|(pane, _)| pane)
        .collect()
}
