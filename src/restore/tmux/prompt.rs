//! Waiting until shells have drawn their prompts.
//!
//! Whatever is typed goes to whoever reads from the terminal, so nothing is typed before that is
//! known to be the line editor of the pane's own shell: see [`wait`].

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::time::{Duration, Instant};

use bstr::{BString, ByteSlice};
use rustix::fs::OFlags;
use rustix::termios::{InputModes, LocalModes};

use crate::model::program::program_name;
use crate::model::tree::PaneId;
use crate::mux::process::{self, Waiting};
use crate::mux::tmux::Tmux;
use crate::mux::tmux::command::Command;
use crate::mux::tmux::ids;

/// How long a shell that does nothing may take to its first prompt.
const MAX_IDLE_START: Duration = Duration::from_secs(5);
/// How long one may that is at work.
const PATIENCE_AT_WORK: Duration = Duration::from_secs(15);
/// How long one looks for a line editor, where it is not known whether there is one, before a
/// prompt without one will do.
const EDITOR: Duration = Duration::from_millis(400);
/// How long one looks for a prompt that is not empty.
const EMPTY: Duration = Duration::from_secs(1);
/// Between two looks at whether a shell is at work.
const BETWEEN_LOOKS_AT_WORK: Duration = Duration::from_millis(200);
/// Between two looks at the terminals.
const PAUSE: rustix::event::Timespec = rustix::event::Timespec {
    tv_sec: 0,
    tv_nsec: 4_000_000,
};
/// Between two questions to tmux, at the least: a prompt that did not move between them is drawn.
const QUESTIONS: Duration = Duration::from_millis(16);
/// What a question costs for each pane, several times over: the server is not kept busy by them.
const QUESTION_PER_PANE: Duration = Duration::from_micros(300);

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

/// A pane whose prompt is waited for.
#[derive(Debug, Clone)]
pub(super) struct Awaited {
    /// Its handle.
    pub(super) id: PaneId,
    /// Its process: the shell.
    pub(super) pid: i32,
    /// How the shell reads.
    pub(super) editor: Editor,
    /// Whether it is waited for as long as the shell is at work.
    pub(super) urgent: bool,
}

/// Where the cursor of a pane is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    /// Rows of scrollback.
    pub(super) history: u32,
    /// Its column.
    pub(super) column: u16,
    /// Its row on the screen.
    pub(super) row: u16,
    /// Rows and columns of the screen.
    pub(super) size: (u16, u16),
    /// Whether a full-screen program has the screen.
    pub(super) alternate: bool,
}

/// How a shell was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Prompt {
    /// Where its cursor is.
    pub(super) spot: Spot,
    /// Whether the terminal edits the line, which holds a limited number of bytes.
    pub(super) canonical: bool,
}

/// Where the cursors of panes are, and their terminals.
pub(super) fn spots(tmux: &Tmux) -> BTreeMap<PaneId, (Spot, String)> {
    let format = "#{pane_id} #{history_size} #{cursor_x} #{cursor_y} #{pane_height} #{pane_width} \
        #{alternate_on} #{pane_tty}";
    let list = Command::new("list-panes").flag("-a").opt("-F", format);
    let Ok(reply) = tmux.ask("cursors", &[list]) else {
        return BTreeMap::new();
    };
    let rows = reply.stdout.lines().filter_map(|line| {
        let mut words = line.to_str().ok()?.splitn(8, ' ');
        let id = ids::read_pane(words.next()?.as_bytes())?;
        let history = words.next()?.parse().ok()?;
        let mut number = || words.next()?.parse::<u16>().ok();
        let spot = Spot {
            history,
            column: number()?,
            row: number()?,
            size: (number()?, number()?),
            alternate: number()? == 1,
        };
        Some((id, (spot, words.next()?.to_owned())))
    });
    rows.collect()
}

/// Opens the terminal of a pane: never as the restorer's own, and without waiting for a carrier.
pub(super) fn open_terminal(path: &str) -> Option<File> {
    let flags = OFlags::NOCTTY | OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).ok()?;
    let mut options = OpenOptions::new();
    let options = options.read(true).write(true).custom_flags(flags);
    options.open(path).ok()
}

/// How a terminal is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PromptMode {
    /// As a shell without a line editor, and most programs, have it.
    Canonical,
    /// As a line editor has it.
    Edited,
    /// Otherwise: somebody waits for single keys.
    Keys,
}

/// Line editors echo themselves, and tell Return from Control-J: readline, fish and ksh leave both
/// as they are, zsh and tcsh swap them. What asks for a single key does neither.
fn mode(terminal: &File) -> Option<PromptMode> {
    let modes = rustix::termios::tcgetattr(terminal).ok()?;
    let keys_told_apart = !modes.input_modes.contains(InputModes::ICRNL)
        || modes.input_modes.contains(InputModes::INLCR);
    Some(if modes.local_modes.contains(LocalModes::ICANON) {
        PromptMode::Canonical
    } else if modes.local_modes.contains(LocalModes::ECHO) || !keys_told_apart {
        PromptMode::Keys
    } else {
        PromptMode::Edited
    })
}

/// A pane that is looked at.
struct Looked {
    pane: Awaited,
    terminal: File,
    /// Where the cursor was the last time.
    last: Option<Spot>,
    /// When its shell was last seen at work.
    at_work: Instant,
}

impl Looked {
    /// Whether its terminal is set as its shell does to read a command.
    fn may_read(&self, waited: Duration) -> Option<PromptMode> {
        let mode = mode(&self.terminal)?;
        let fits = match self.pane.editor {
            Editor::Yes => mode == PromptMode::Edited,
            Editor::No => mode == PromptMode::Canonical,
            Editor::Unknown => {
                mode == PromptMode::Edited || mode == PromptMode::Canonical && waited > EDITOR
            }
        };
        fits.then_some(mode)
    }
}

/// Whether a shell is the one that reads what is typed; where the system does not tell, it is. One
/// that turns out to have a line editor asks something as long as the terminal edits the line.
fn reads(waiting: Option<Waiting>, mode: PromptMode) -> bool {
    waiting.is_none_or(|waiting| {
        let asks = mode == PromptMode::Canonical && Editor::of(&waiting.argv) == Editor::Yes;
        waiting.in_front && waiting.alone && !waiting.starting && !asks
    })
}

/// Waits for the prompts of panes; gives those that came.
///
/// A prompt is there when the shell's own line editor has the terminal, or the terminal is in its
/// canonical mode where the shell has none; when the shell is in front, without a child that reads,
/// and does not read a file of commands; and when the cursor has moved and stands still. A shell
/// that asks something while it starts has none.
pub(super) fn wait(tmux: &Tmux, panes: Vec<Awaited>) -> BTreeMap<PaneId, Prompt> {
    let mut found = BTreeMap::new();
    if panes.is_empty() {
        return found;
    }
    let start = Instant::now();
    let terminals = spots(tmux);
    let mut looked: Vec<Looked> = panes
        .into_iter()
        .filter_map(|pane| {
            let (_, path) = terminals.get(&pane.id)?;
            let terminal = open_terminal(path)?;
            Some(Looked {
                pane,
                terminal,
                last: None,
                at_work: start,
            })
        })
        .collect();
    let mut asked: Option<Instant> = None;
    let mut work_asked = start;
    loop {
        let waited = start.elapsed();
        looked.retain(|one| {
            waited < MAX_IDLE_START
                || one.pane.urgent
                    && waited < PATIENCE_AT_WORK
                    && one.at_work.elapsed() < MAX_IDLE_START
        });
        if looked.is_empty() {
            return found;
        }
        let between = QUESTIONS.max(
            QUESTION_PER_PANE.saturating_mul(u32::try_from(terminals.len()).unwrap_or(u32::MAX)),
        );
        let due = asked.is_none_or(|asked| asked.elapsed() >= between);
        if due && looked.iter().any(|one| one.may_read(waited).is_some()) {
            asked = Some(Instant::now());
            let now = spots(tmux);
            looked.retain_mut(|one| {
                let Some((spot, _)) = now.get(&one.pane.id) else {
                    return false;
                };
                let mode = one.may_read(waited).filter(|_| !spot.alternate);
                let still = one.last.replace(*spot) == Some(*spot);
                // A prompt can be empty.
                let drawn = spot.column > 0 || mode == Some(PromptMode::Edited) && waited > EMPTY;
                let (Some(mode), true) = (mode, still && drawn) else {
                    return true;
                };
                if !reads(process::waiting(one.pane.pid), mode) {
                    return true;
                }
                let prompt = Prompt {
                    spot: *spot,
                    canonical: mode == PromptMode::Canonical,
                };
                found.insert(one.pane.id, prompt);
                false
            });
        } else {
            let _ = rustix::event::poll(&mut [], Some(&PAUSE));
        }
        if waited > MAX_IDLE_START / 2 && work_asked.elapsed() > BETWEEN_LOOKS_AT_WORK {
            work_asked = Instant::now();
            for one in looked.iter_mut().filter(|one| one.pane.urgent) {
                // What reads single keys waits for somebody, not for something.
                let works = mode(&one.terminal) == Some(PromptMode::Canonical);
                if works && process::waiting(one.pane.pid).is_some_and(|waiting| waiting.busy) {
                    one.at_work = Instant::now();
                }
            }
        }
    }
}
