//! The question for the whole structure of a server, and the rows of its answer.
//!
//! One `source-file` runs without anything in between, so the rows belong to one moment. Every row
//! starts with a letter: `I` for the server, `S` a session, `W` a window in a session, `P` a pane,
//! `E` the end.

use bstr::BString;

use super::answer::Fields;
use super::client::{IDENTITY, read_identity};
use super::command::Command;
use crate::model::snapshot::ServerIdentity;
use crate::mux::MuxError;

/// Everything that tmux says about its structure.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) server: ServerIdentity,
    /// The server's clock, in seconds.
    pub(super) now: i64,
    /// Whether windows follow their programs by default.
    pub(super) renames: bool,
    pub(super) sessions: Vec<SessionRow>,
    pub(super) windows: Vec<WindowRow>,
    pub(super) panes: Vec<PaneRow>,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct SessionRow {
    pub(super) id: u32,
    pub(super) name: BString,
    pub(super) path: BString,
    pub(super) group: BString,
}

/// A window in a session; one that is linked to several sessions has several rows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct WindowRow {
    pub(super) session: u32,
    pub(super) id: u32,
    pub(super) index: u32,
    pub(super) active: bool,
    pub(super) last: bool,
    pub(super) zoomed: bool,
    pub(super) renames: bool,
    pub(super) name: BString,
    pub(super) layout: BString,
}

/// A pane. In the rows of windows that are linked to several sessions it stands as often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PaneRow {
    pub(super) id: u32,
    pub(super) window: u32,
    pub(super) text: TextRow,
    pub(super) fixed: FixedRow,
    /// Where the foreground program is, by tmux; empty in a probe.
    pub(super) path: BString,
    /// What runs in the foreground, by tmux; empty in a probe.
    pub(super) command: BString,
}

/// What moves when the text of a pane does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct TextRow {
    pub(super) activity: i64,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) history: u32,
    pub(super) history_bytes: u64,
    pub(super) cursor_x: u32,
    pub(super) cursor_y: u32,
    pub(super) alternate: bool,
    pub(super) scroll: Option<u32>,
    /// Some programs turn a wheel in it every second.
    pub(super) title: BString,
}

/// What stays when only the text of a pane moves.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct FixedRow {
    pub(super) index: u32,
    pub(super) pid: i32,
    pub(super) active: bool,
    pub(super) last: bool,
    pub(super) marked: bool,
    pub(super) synchronized: bool,
    pub(super) dead: bool,
    pub(super) dead_status: Option<i32>,
    /// The main screen's cursor while the alternate one is shown.
    pub(super) saved_x: u32,
    pub(super) saved_y: u32,
    pub(super) start_path: BString,
}

/// How much is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// Everything.
    Full,
    /// What needs no look at the processes of panes, which is most of the cost of a row.
    Probe,
}

const SESSION: &str = "S #{session_id} #{q:session_name} \
    #{q:session_path} #{q:session_group} ";

const WINDOW: &str = "W #{session_id} #{window_id} #{window_index} #{window_active} \
    #{window_last_flag} #{window_zoomed_flag} #{automatic-rename} \
    #{q:window_name} #{q:window_layout} ";

const PANE: &str = "P #{pane_id} #{window_id} #{window_activity} #{pane_width} #{pane_height} \
    #{history_size} #{history_bytes} #{cursor_x} #{cursor_y} #{alternate_on} #{scroll_position} \
    #{q:pane_title} #{pane_index} #{pane_pid} #{pane_active} #{pane_last} \
    #{pane_marked} #{pane_synchronized} #{pane_dead} #{pane_dead_status} #{alternate_saved_x} \
    #{alternate_saved_y} #{q:pane_start_path} ";

/// tmux looks at the process for these, which is most of what a row costs.
const PROCESS: &str = "#{q:pane_current_path} #{q:pane_current_command} ";

const NO_PROCESS: &str = "  ";

/// The commands of the question.
pub(super) fn commands(depth: Depth) -> Vec<Command> {
    let process = match depth {
        Depth::Full => PROCESS,
        Depth::Probe => NO_PROCESS,
    };
    // display-message puts its text through strftime before it expands it.
    let identity = format!("I {IDENTITY} %s");
    let say = |text: &str| Command::new("display-message").flag("-p").arg(text);
    let list = |name, format: &str| Command::new(name).opt("-F", format);
    vec![
        say(&identity),
        Command::new("show-options")
            .flag("-gwv")
            .arg("automatic-rename"),
        list("list-sessions", SESSION),
        list("list-windows", WINDOW).flag("-a"),
        list("list-panes", &format!("{PANE}{process}")).flag("-a"),
        say("E"),
    ]
}

/// Reads the answer.
pub(super) fn read(answer: &[u8], what: &str) -> Result<Rows, MuxError> {
    let mut fields = Fields::new(answer, what);
    if !fields.skip(b"I ") {
        return Err(fields.garbled("the server"));
    }
    let server = read_identity(&mut fields)?;
    let now = fields.number()?;
    fields.end_of_line()?;
    let renames = fields.word()? == b"on";
    fields.end_of_line()?;
    let mut rows = Rows {
        server,
        now,
        renames,
        sessions: Vec::new(),
        windows: Vec::new(),
        panes: Vec::new(),
    };
    loop {
        if fields.skip(b"S ") {
            rows.sessions.push(read_session(&mut fields)?);
        } else if fields.skip(b"W ") {
            rows.windows.push(read_window(&mut fields)?);
        } else if fields.skip(b"P ") {
            rows.panes.push(read_pane(&mut fields)?);
        } else if fields.skip(b"E") {
            fields.end_of_line()?;
            break;
        } else {
            return Err(fields.garbled("a row"));
        }
        fields.end_of_line()?;
    }
    if fields.is_empty() {
        Ok(rows)
    } else {
        Err(fields.garbled("the end"))
    }
}

fn read_session(fields: &mut Fields<'_>) -> Result<SessionRow, MuxError> {
    Ok(SessionRow {
        id: fields.id(b'$')?,
        name: fields.text()?,
        path: fields.text()?,
        group: fields.text()?,
    })
}

fn read_window(fields: &mut Fields<'_>) -> Result<WindowRow, MuxError> {
    Ok(WindowRow {
        session: fields.id(b'$')?,
        id: fields.id(b'@')?,
        index: fields.number()?,
        active: fields.truth()?,
        last: fields.truth()?,
        zoomed: fields.truth()?,
        renames: fields.truth()?,
        name: fields.text()?,
        layout: fields.text()?,
    })
}

fn read_pane(fields: &mut Fields<'_>) -> Result<PaneRow, MuxError> {
    let id = fields.id(b'%')?;
    let window = fields.id(b'@')?;
    let text = TextRow {
        activity: fields.number()?,
        width: fields.number()?,
        height: fields.number()?,
        history: fields.number()?,
        history_bytes: fields.number()?,
        cursor_x: fields.number()?,
        cursor_y: fields.number()?,
        alternate: fields.truth()?,
        scroll: fields.number_or_none()?,
        title: fields.text()?,
    };
    let fixed = FixedRow {
        index: fields.number()?,
        // Not told of a pane that is dead, in 3.8.
        pid: fields.number_or_none()?.unwrap_or(0),
        active: fields.truth()?,
        last: fields.truth()?,
        marked: fields.truth()?,
        synchronized: fields.truth()?,
        dead: fields.truth()?,
        dead_status: fields.number_or_none()?,
        saved_x: fields.number_or_none()?.unwrap_or(0),
        saved_y: fields.number_or_none()?.unwrap_or(0),
        start_path: fields.text()?,
    };
    Ok(PaneRow {
        id,
        window,
        text,
        fixed,
        path: fields.text()?,
        command: fields.text()?,
    })
}
