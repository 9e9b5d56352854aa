//! The questions for the structure of a server, and their answers.
//!
//! Options and variables have to be asked of each session, window and pane by its id. So first it
//! is asked which there are; the second question asks for everything, which panes there are
//! included, and counts only if those are the ones it was made for. One `source-file` runs without
//! anything in between, so all of its answer belongs to one moment.

use std::collections::{BTreeMap, BTreeSet};

use bstr::BString;

use super::answer::Fields;
use super::capabilities::Release;
use super::client::{IDENTITY, read_identity};
use super::command::Command;
use super::environment::read_variable;
use super::options::Local;
use super::rows::{
    FULL, PANE, PaneRow, SESSION, SessionRow, WINDOW, WindowRow, read_full, read_pane,
    read_session, read_window,
};
use crate::model::detail::Variable;
use crate::model::snapshot::ServerIdentity;
use crate::mux::MuxError;

/// Everything that tmux says about its structure.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) server: ServerIdentity,
    /// The server's clock, in seconds.
    pub(super) now: i64,
    pub(super) sessions: Vec<SessionRow>,
    pub(super) windows: Vec<WindowRow>,
    pub(super) panes: Vec<PaneRow>,
    /// What is set on each, and with which variables; nothing in a probe.
    pub(super) own: Own,
}

/// What was asked of each session, window and pane by its id.
#[derive(Debug, Default)]
pub(super) struct Own {
    /// Whether panes take each other's typing where nothing else is set.
    pub(super) synchronized: bool,
    pub(super) options: BTreeMap<Owner, Local>,
    /// The variables of sessions, all of them.
    pub(super) environment: BTreeMap<u32, Vec<Variable>>,
}

impl Own {
    /// What is set on one.
    pub(super) fn of(&self, owner: Owner) -> Local {
        self.options.get(&owner).cloned().unwrap_or_default()
    }
}

/// Who has options. A window in several sessions has them once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    Session(u32),
    Window(u32),
    Pane(u32),
}

/// Who is there to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Roll {
    pub(super) server: ServerIdentity,
    pub(super) owners: BTreeSet<Owner>,
}

/// How much is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth<'a> {
    /// Everything, of those that are known to be there.
    Full {
        roll: &'a Roll,
        /// Whether the variables of sessions are asked for.
        environment: bool,
    },
    /// What needs no look at the processes of panes, which is most of the cost of a row.
    Probe,
}

/// The question who is there.
pub(super) fn roll_call() -> Vec<Command> {
    vec![
        say(&format!("I {IDENTITY} ")),
        list("list-panes", "#{session_id} #{window_id} #{pane_id}").flag("-a"),
        say(END),
    ]
}

/// Reads the answer to [`roll_call`].
pub(super) fn read_roll(answer: &[u8], what: &str) -> Result<Roll, MuxError> {
    let mut fields = Fields::new(answer, what);
    let server = read_server(&mut fields)?;
    fields.end_of_line()?;
    let mut owners = BTreeSet::new();
    while !fields.skip(b"E\n") {
        owners.insert(Owner::Session(fields.id(b'$')?));
        owners.insert(Owner::Window(fields.id(b'@')?));
        owners.insert(Owner::Pane(fields.id(b'%')?));
        fields.end_of_line()?;
    }
    Ok(Roll { server, owners })
}

impl Roll {
    /// Whether its tmux tells the hooks of windows and the hidden variables of sessions: not before
    /// 3.2.
    fn tells_all(&self) -> bool {
        Release::read(&self.server.version).is_none_or(|release| release >= Release(3, 2))
    }
}

impl Rows {
    /// Who is in the rows.
    pub(super) fn roll(&self) -> Roll {
        let sessions = self.sessions.iter().map(|row| Owner::Session(row.id));
        let windows = self.windows.iter().map(|row| Owner::Window(row.id));
        let panes = self.panes.iter().map(|row| Owner::Pane(row.id));
        Roll {
            server: self.server.clone(),
            owners: sessions.chain(windows).chain(panes).collect(),
        }
    }
}

/// The line behind every answer. What stands behind that is no part of it: what hooks and the like
/// complain of or show while nobody is attached, tmux prints for the next client that reads
/// commands from a file.
pub(super) const END: &str = "E";

pub(super) fn say(text: &str) -> Command {
    Command::new("display-message").flag("-p").arg(text)
}

fn list(name: &'static str, format: &str) -> Command {
    Command::new(name).opt("-F", format)
}

/// The commands of the question.
pub(super) fn commands(depth: Depth<'_>) -> Vec<Command> {
    // display-message puts its text through strftime before it expands it.
    let mut commands = vec![
        say(&format!("I {IDENTITY} %s")),
        list("list-sessions", SESSION),
        list("list-windows", WINDOW).flag("-a"),
    ];
    match depth {
        Depth::Probe => commands.push(list("list-panes", PANE).flag("-a")),
        Depth::Full { roll, environment } => {
            commands.push(list("list-panes", &format!("{PANE}{FULL}")).flag("-a"));
            own(roll, environment, &mut commands);
        }
    }
    commands.push(say(END));
    commands
}

/// The part of the question that goes to each by its id. An answer does not say whom it is about:
/// so before each stands a line that does.
fn own(roll: &Roll, environment: bool, commands: &mut Vec<Command>) {
    commands.extend([say("H"), Command::new("show-hooks").flag("-g")]);
    if roll.tells_all() {
        commands.push(Command::new("show-hooks").flag("-gw"));
    }
    let synchronized = Command::new("show-options").flag("-gwv");
    commands.extend([say("D"), synchronized.arg("synchronize-panes")]);
    for owner in &roll.owners {
        let show = Command::new("show-options").flag("-H");
        let show = match owner {
            Owner::Session(_) => show,
            Owner::Window(_) => show.flag("-w"),
            Owner::Pane(_) => show.flag("-p"),
        };
        commands.push(head("O", *owner));
        commands.push(show.opt("-t", owner.id()));
        if let Owner::Session(_) = owner
            && environment
        {
            let show = || Command::new("show-environment").flag("-s");
            commands.push(head("V", *owner));
            commands.push(show().opt("-t", owner.id()));
            commands.push(head("v", *owner));
            if roll.tells_all() {
                commands.push(show().flag("-h").opt("-t", owner.id()));
            }
        }
    }
}

impl Owner {
    fn id(self) -> String {
        match self {
            Owner::Session(id) => format!("${id}"),
            Owner::Window(id) => format!("@{id}"),
            Owner::Pane(id) => format!("%{id}"),
        }
    }
}

/// Prints a heading. display-message puts its text through strftime, which takes the id of a pane
/// for one of its own.
fn head(letter: &str, owner: Owner) -> Command {
    say(&heading(letter, owner).replace('%', "%%"))
}

fn heading(letter: &str, owner: Owner) -> String {
    format!("{letter} {}", owner.id())
}

/// Reads the answer to a question of the same depth.
pub(super) fn read(answer: &[u8], depth: Depth<'_>, what: &str) -> Result<Rows, MuxError> {
    let mut fields = Fields::new(answer, what);
    let server = read_server(&mut fields)?;
    let now = fields.number()?;
    fields.end_of_line()?;
    let mut rows = Rows {
        server,
        now,
        sessions: Vec::new(),
        windows: Vec::new(),
        panes: Vec::new(),
        own: Own::default(),
    };
    loop {
        if fields.skip(b"S ") {
            rows.sessions.push(read_session(&mut fields)?);
        } else if fields.skip(b"W ") {
            rows.windows.push(read_window(&mut fields)?);
        } else if fields.skip(b"P ") {
            let mut row = read_pane(&mut fields)?;
            if depth != Depth::Probe {
                row.full = read_full(&mut fields, row.text.height)?;
            }
            rows.panes.push(row);
        } else {
            break;
        }
        fields.end_of_line()?;
    }
    if let Depth::Full { roll, environment } = depth {
        rows.own = read_own(&mut fields, &roll.owners, environment)?;
    }
    if !fields.skip(b"E\n") {
        return Err(fields.garbled("a row"));
    }
    Ok(rows)
}

fn read_server(fields: &mut Fields<'_>) -> Result<ServerIdentity, MuxError> {
    if fields.skip(b"I ") {
        read_identity(fields)
    } else {
        Err(fields.garbled("the server"))
    }
}

fn read_own(
    fields: &mut Fields<'_>,
    owners: &BTreeSet<Owner>,
    environment: bool,
) -> Result<Own, MuxError> {
    let mut own = Own::default();
    if !fields.skip(b"H\n") {
        return Err(fields.garbled("the names of hooks"));
    }
    let mut hooks = BTreeSet::new();
    while !fields.skip(b"D\n") {
        // One that is set globally has its place in the list and its command behind the name.
        let line = fields.line()?;
        let end = line.iter().position(|byte| b"[ ".contains(byte));
        hooks.insert(BString::from(
            line.get(..end.unwrap_or(line.len())).unwrap_or(line),
        ));
    }
    own.synchronized = fields.line()? == b"on";
    let mut owners = owners.iter().copied().peekable();
    while let Some(owner) = owners.next() {
        expect(fields, "O", owner)?;
        let next = owners.peek().map(|owner| heading("O", *owner));
        let next = match owner {
            Owner::Session(_) if environment => heading("V", owner),
            _ => next.unwrap_or_else(|| "E".to_owned()),
        };
        let lines = fields.lines_before(&next)?;
        let local =
            Local::read(lines, &hooks).ok_or_else(|| fields.garbled("options before this"))?;
        own.options.insert(owner, local);
        if let Owner::Session(id) = owner
            && environment
        {
            expect(fields, "V", owner)?;
            let mut variables = Vec::new();
            let hidden = format!("{}\n", heading("v", owner));
            while !fields.skip(hidden.as_bytes()) {
                variables.push(read_variable(fields, false)?);
            }
            while !fields.starts_with(b"O ") && !fields.starts_with(b"E\n") {
                variables.push(read_variable(fields, true)?);
            }
            own.environment.insert(id, variables);
        }
    }
    Ok(own)
}

fn expect(fields: &mut Fields<'_>, letter: &str, owner: Owner) -> Result<(), MuxError> {
    let heading = heading(letter, owner);
    if fields.skip(heading.as_bytes()) {
        fields.end_of_line()
    } else {
        Err(fields.garbled(&heading))
    }
}
