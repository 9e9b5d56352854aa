//! What tmux says about sessions, windows and panes, a row for each.
//!
//! Every row starts with a letter: `S` a session, `W` a window in a session, `P` a pane.

use bstr::BString;

use super::answer::Fields;
use super::interface::Mark;
use super::private;
use crate::model::detail::TerminalModes;
use crate::mux::MuxError;

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SessionRow {
    pub(super) id: u32,
    pub(super) name: BString,
    pub(super) path: BString,
    pub(super) group: BString,
    /// In seconds.
    pub(super) created: i64,
    /// In seconds; `None` where nobody was ever attached.
    pub(super) last_attached: Option<i64>,
    /// The indexes of its windows, the current one first, then those looked at before.
    pub(super) stack: Vec<u32>,
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
    /// Whether its name follows its program, wherever that is set.
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
    /// The interface that says of itself that it runs there.
    pub(super) interface: Option<Mark>,
    /// Empty in a probe.
    pub(super) full: FullRow,
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
    pub(super) mode: BString,
    pub(super) search: BString,
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
    pub(super) input_off: bool,
    pub(super) piped: bool,
    pub(super) synchronized: bool,
    pub(super) dead: bool,
    pub(super) dead_status: Option<i32>,
    /// The main screen's cursor while the alternate one is shown.
    pub(super) saved_x: u32,
    pub(super) saved_y: u32,
    pub(super) start_path: BString,
    /// Whether it is marked as private, itself or by what it is in.
    pub(super) private: bool,
}

/// What does not tell whether there is something to capture, or costs too much for that.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct FullRow {
    /// Where the foreground program is, by tmux.
    pub(super) path: BString,
    /// What runs in the foreground, by tmux.
    pub(super) command: BString,
    /// What the pane was made with, in tmux's notation.
    pub(super) start_command: BString,
    pub(super) terminal: TerminalModes,
}

/// What [`read_session`] reads.
pub(super) const SESSION: &str = "S #{session_id} #{q:session_name} #{q:session_path} \
    #{q:session_group} #{session_created} #{session_last_attached} #{session_stack} ";

/// What [`read_window`] reads.
pub(super) const WINDOW: &str = "W #{session_id} #{window_id} #{window_index} #{window_active} \
    #{window_last_flag} #{window_zoomed_flag} #{automatic-rename} \
    #{q:window_name} #{q:window_layout} ";

/// What [`read_pane`] reads.
pub(super) const PANE: &str = "P #{pane_id} #{window_id} #{window_activity} #{pane_width} \
    #{pane_height} #{history_size} #{history_bytes} #{cursor_x} #{cursor_y} #{alternate_on} \
    #{scroll_position} #{q:pane_mode} #{q:pane_search_string} #{q:pane_title} #{pane_index} \
    #{pane_pid} #{pane_active} #{pane_last} #{pane_marked} #{pane_input_off} #{pane_pipe} \
    #{pane_synchronized} #{pane_dead} #{pane_dead_status} #{alternate_saved_x} \
    #{alternate_saved_y} #{q:pane_start_path} #{q:@muxtape-private} \
    #{q:@muxtape-interface} ";

/// What [`read_full`] reads, behind [`PANE`]. tmux looks at the process for the first two, which is
/// most of what a row costs.
pub(super) const FULL: &str = "#{q:pane_current_path} #{q:pane_current_command} \
    #{q:pane_start_command} #{cursor_flag} #{insert_flag} #{keypad_cursor_flag} #{keypad_flag} \
    #{origin_flag} #{wrap_flag} #{mouse_any_flag} #{scroll_region_upper} #{scroll_region_lower} ";

/// Reads a session, without the letter.
pub(super) fn read_session(fields: &mut Fields<'_>) -> Result<SessionRow, MuxError> {
    let id = fields.id(b'$')?;
    let name = fields.text()?;
    let path = fields.text()?;
    let group = fields.text()?;
    let created = fields.number()?;
    let last_attached = fields.number_or_none()?.filter(|&time| time != 0);
    let mut stack = Vec::new();
    for index in fields.word()?.split(|&byte| byte == b',') {
        let index = std::str::from_utf8(index).ok().and_then(|n| n.parse().ok());
        stack.push(index.ok_or_else(|| fields.garbled("a list of windows"))?);
    }
    Ok(SessionRow {
        id,
        name,
        path,
        group,
        created,
        last_attached,
        stack,
    })
}

/// Reads a window, without the letter.
pub(super) fn read_window(fields: &mut Fields<'_>) -> Result<WindowRow, MuxError> {
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

/// Reads a pane as a probe has it, without the letter.
pub(super) fn read_pane(fields: &mut Fields<'_>) -> Result<PaneRow, MuxError> {
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
        mode: fields.text()?,
        search: fields.text()?,
        title: fields.text()?,
    };
    let fixed = FixedRow {
        index: fields.number()?,
        // Not told of a pane that is dead, in 3.8.
        pid: fields.number_or_none()?.unwrap_or(0),
        active: fields.truth()?,
        last: fields.truth()?,
        marked: fields.truth()?,
        input_off: fields.truth()?,
        piped: fields.truth()?,
        synchronized: fields.truth()?,
        dead: fields.truth()?,
        dead_status: fields.number_or_none()?,
        saved_x: fields.number_or_none()?.unwrap_or(0),
        saved_y: fields.number_or_none()?.unwrap_or(0),
        start_path: fields.text()?,
        private: private::says_so(&fields.text()?),
    };
    Ok(PaneRow {
        id,
        window,
        text,
        fixed,
        interface: Mark::read(&fields.text()?),
        full: FullRow::default(),
    })
}

/// Reads the rest of a pane of this height.
pub(super) fn read_full(fields: &mut Fields<'_>, height: u32) -> Result<FullRow, MuxError> {
    let path = fields.text()?;
    let command = fields.text()?;
    let start_command = fields.text()?;
    let mut terminal = TerminalModes {
        cursor_hidden: !fields.truth()?,
        insert: fields.truth()?,
        keypad_cursor: fields.truth()?,
        keypad: fields.truth()?,
        origin: fields.truth()?,
        no_wrap: !fields.truth()?,
        mouse: fields.truth()?,
        scroll_region: None,
    };
    let upper: u16 = fields.number()?;
    let lower: u16 = fields.number()?;
    if upper != 0 || u32::from(lower) + 1 != height {
        terminal.scroll_region = Some((upper, lower));
    }
    Ok(FullRow {
        path,
        command,
        start_command,
        terminal,
    })
}
