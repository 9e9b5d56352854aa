//! A plan as a shell script, for those who want to read, keep or change what is done.
//!
//! The script is plain POSIX sh and needs tmux alone. What it cannot do stands in it as a comment:
//! the saved text of panes, which muxtape itself replays, and the check that nothing has changed
//! since. Everything that was captured stands in it quoted, so that neither the shell nor tmux ever
//! reads any of it as anything but a name.

use std::collections::BTreeSet;

use bstr::{BStr, BString, ByteSlice};

use crate::model::ansi::label;
use crate::mux::ServerSelect;
use crate::mux::tmux::command::{Command, format_escaped};
use crate::mux::tmux::ids;
use crate::restore::plan::Plan;
use crate::restore::quoting::{self, Dialect};
use crate::restore::reference::{PaneRef, SessionRef, TabRef};
use crate::restore::report::Phase;
use crate::restore::tmux::commands::{self, Names, shown_argv};
use crate::restore::tmux::step::{Action, Step};
use crate::restore::tmux::steps::steps;

/// Opens a directory and becomes a program in it: the first argument and the others.
const ENTER: &str = r#"cd -- "$1" && shift && exec "${@:-$SHELL}""#;

/// The plan as a script for sh that does it on the server that `select` names. It holds no control
/// characters, whatever the snapshot does, and no saved text.
pub(super) fn script(plan: &Plan, select: &ServerSelect) -> String {
    let steps = steps(plan);
    let mut writer = ScriptWriter {
        plan,
        steps: &steps,
        names: ScriptVariables {
            plan,
            firsts: steps.iter().filter_map(first_pane).collect(),
        },
        out: String::new(),
    };
    writer.head(select);
    let mut phase = None;
    for step in &steps {
        let now = step.action.phase();
        if phase.replace(now) != Some(now) {
            writer.phase(now);
        }
        writer.step(step);
    }
    writer.out
}

/// The pane that a session begins with.
fn first_pane(step: &Step) -> Option<PaneRef> {
    match &step.action {
        Action::NewSession { pane, .. } => Some(*pane),
        _ => None,
    }
}

struct ScriptWriter<'a> {
    plan: &'a Plan,
    steps: &'a [Step],
    names: ScriptVariables<'a>,
    out: String,
}

impl ScriptWriter<'_> {
    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    fn head(&mut self, select: &ServerSelect) {
        let snapshot = self.plan.snapshot;
        self.line("#!/bin/sh");
        self.line(&format!(
            "# Restores snapshot {snapshot} as far as tmux alone can: panes start empty."
        ));
        self.line("# If it stops half-way, it removes what it made; it touches nothing else.");
        self.line("set -eu");
        self.line("unset TMUX_PANE");
        let (mut before, mut server) = (String::new(), String::new());
        match select {
            ServerSelect::Default => {}
            ServerSelect::Name(name) => server = format!("-L {} ", quoted(name, &mut before)),
            ServerSelect::Path(path) => server = format!("-S {} ", quoted(path, &mut before)),
        }
        // The variables of odd words are used again: the server keeps its own.
        let server = server.replace("${w0", "${server");
        self.out.push_str(&before.replace("w0=", "server="));
        self.line(&format!("tmux() {{ command tmux -u {server}\"$@\"; }}"));
        self.same_server();
        self.line("made=");
        let asides = self.asides();
        self.line(&format!(
            "trap 'for s in $made; do tmux kill-session -t \"$s\"; done{}' EXIT",
            if asides { "; put_back" } else { "" }
        ));
        self.line("trap 'exit 1' HUP INT TERM");
    }

    /// The numbers of what is alive mean something in one life of the server alone.
    fn same_server(&mut self) {
        let relies = &self.plan.relies;
        if let Some(pid) = relies.server.filter(|_| !relies.sessions.is_empty()) {
            self.line(&format!(
                "[ \"$(tmux display-message -p '#{{pid}}')\" = {pid} ] || {{ echo 'the plan was made for another server' >&2; exit 1; }}"
            ));
        }
    }

    /// What gives sessions that are set aside their names back, should the script stop half-way;
    /// whether there are any.
    fn asides(&mut self) -> bool {
        let replaced = self.plan.sessions.iter();
        let replaced: Vec<_> = replaced.filter_map(|session| session.replaces()).collect();
        if replaced.is_empty() {
            return false;
        }
        self.line("aside=");
        let mut back = String::from("put_back() {\n    :\n");
        for (at, living) in replaced.into_iter().enumerate() {
            let mut before = String::new();
            let name = quoted(&format_escaped(&living.name), &mut before);
            // Its variable is its own: the script goes on using others.
            let name = name.replace("${w0", &format!("${{old{at}"));
            self.out
                .push_str(&before.replace("w0=", &format!("old{at}=")));
            let id = living.id.number();
            back.push_str(&format!(
                "    case \"$aside \" in *' {id} '*) tmux rename-session -t '${id}' -- {name} ;; esac\n"
            ));
        }
        back.push('}');
        self.line(&back);
        true
    }

    /// The clients of a session that is replaced look at the one in its place.
    fn take_clients(&mut self, session: SessionRef) {
        let Some(living) = self.plan.session(session).and_then(|one| one.replaces()) else {
            return;
        };
        let (old, new) = (ids::session(living.id), session_variable(session));
        self.line(&format!(
            "at=$(tmux display-message -p -t '{old}' '#{{window_index}}')"
        ));
        self.line(&format!(
            "tmux list-clients -t '{old}' -F '#{{client_name}}' | while read -r client; do\n    \
             tmux select-window -t \"${{{new}}}:$at\" 2>/dev/null </dev/null || :\n    \
             tmux switch-client -c \"$client\" -t \"${{{new}}}\" </dev/null || :\ndone"
        ));
    }

    fn phase(&mut self, phase: Phase) {
        self.line("");
        self.line(match phase {
            Phase::Build => "# sessions under temporary names, tabs and panes",
            Phase::Arrange => "# layouts, titles and focus",
            Phase::Replay => "# only muxtape can replay the saved text of the panes",
            Phase::Switch => "# the sessions get their names; from here on they are yours",
            Phase::Start => "# programs and options",
        });
    }

    fn step(&mut self, step: &Step) {
        if let Some(note) = &step.note
            && !matches!(step.action, Action::OpenGate)
        {
            self.line(&format!("# {}", label(note.as_bytes())));
        }
        // Without the saved text no process has ended, and there is no history to look at.
        if matches!(
            step.action,
            Action::LetDie { .. } | Action::Bury { .. } | Action::EnterMode { .. }
        ) {
            return;
        }
        for command in commands::commands(self.plan, &step.action, &self.names) {
            let mut before = String::new();
            let line = shell_line(&command, &mut before);
            self.out.push_str(&before);
            let name = command.words().first().map(|name| name.as_bstr());
            let line = match (&step.action, step.action.makes()) {
                (_, Some(pane)) => format!("{}=$({line})", pane_variable(pane)),
                (Action::JoinGroup { session, .. } | Action::Host { session, .. }, None)
                    if name == Some(b"new-session".into()) =>
                {
                    format!("{}=$({line})", session_variable(*session))
                }
                // A session's first tab may have its number already.
                (Action::MoveTab { tab }, None) => self.unless_there(*tab, &line),
                _ => line,
            };
            self.line(&line);
        }
        match &step.action {
            Action::NewSession {
                session, tab, pane, ..
            } => {
                self.ask(&session_variable(*session), *pane, "#{session_id}");
                self.made(*session);
                self.ask(&tab_variable(*tab), *pane, "#{window_id}");
            }
            Action::NewTab { tab, pane } => self.ask(&tab_variable(*tab), *pane, "#{window_id}"),
            Action::JoinGroup { session, .. } | Action::Host { session, .. } => {
                self.made(*session);
            }
            Action::SetAside { session } => {
                let living = self.plan.session(*session).and_then(|one| one.replaces());
                let id = living.map_or(0, |living| living.id.number());
                self.line(&format!("aside=\"$aside {id}\""));
            }
            Action::TakeClients { session } => self.take_clients(*session),
            _ => {}
        }
        if self.is_last_of_switch(step) {
            self.line("made=");
            if !self.plan.replaced().is_empty() {
                self.line("aside=");
            }
        }
    }

    /// Whether all is in its place after this: it is closing alone that comes later.
    fn is_last_of_switch(&self, step: &Step) -> bool {
        let closes = |step: &Step| matches!(step.action, Action::CloseReplaced { .. });
        let mut switched = self.steps.iter().rev();
        let last = switched.find(|step| step.action.turn().is_some() && !closes(step));
        last.is_some_and(|last| std::ptr::eq(last, step))
    }

    fn ask(&mut self, variable: &str, pane: PaneRef, format: &str) {
        let pane = pane_variable(pane);
        self.line(&format!(
            "{variable}=$(tmux display-message -p -t \"${{{pane}}}\" '{format}')"
        ));
    }

    fn made(&mut self, session: SessionRef) {
        let variable = session_variable(session);
        self.line(&format!("made=\"$made ${{{variable}}}\""));
    }

    fn unless_there(&self, tab: TabRef, line: &str) -> String {
        let index = self.plan.tab(tab).map_or(0, |tab| tab.index);
        let tab = tab_variable(tab);
        format!(
            "[ \"$(tmux display-message -p -t \"${{{tab}}}\" '#{{window_index}}')\" = {index} ] ||\n    {line}"
        )
    }
}

/// The line for sh that runs a tmux command; what has to be done before it goes to `before`.
fn shell_line(command: &Command, before: &mut String) -> String {
    let mut line = String::from("tmux");
    for word in command.words() {
        line.push(' ');
        if let Some(reference) = reference(word) {
            line.push_str(&reference);
            continue;
        }
        match word.strip_suffix(b";") {
            // tmux reads a semicolon at the end of an argument as the end of the command.
            Some(front) => line.push_str(&quoted(&[front, b"\\;"].concat(), before)),
            None => line.push_str(&quoted(word, before)),
        }
    }
    line
}

/// A word as sh reads it. One that cannot stand between quotes without controls becomes a variable,
/// which `before` sets; it ends with a point, because sh drops newlines from the end of what it
/// reads.
fn quoted(word: &[u8], before: &mut String) -> String {
    // No argument of a process can hold a NUL byte: it ends there.
    let word = word.split(|&byte| byte == 0).next().unwrap_or(&[]);
    if let Some(quoted) = quoting::word(word, true, Dialect::Posix) {
        return quoted.to_string();
    }
    let number = before.lines().count();
    let mut octal = String::new();
    for &byte in word {
        if byte.is_ascii_alphanumeric() {
            octal.push(char::from(byte));
        } else {
            octal.push_str(&format!("\\{byte:03o}"));
        }
    }
    before.push_str(&format!("w{number}=$(printf '{octal}.')\n"));
    format!("\"${{w{number}%.}}\"")
}

fn session_variable(session: SessionRef) -> String {
    format!("s{}", session.0)
}

fn tab_variable(tab: TabRef) -> String {
    format!("t{}", tab.0)
}

fn pane_variable(pane: PaneRef) -> String {
    format!("p{}", pane.0)
}

/// What a variable is called in a command until it is written: between NUL bytes, which nothing
/// else in a command can hold.
fn marked(variable: &str) -> String {
    format!("\0{variable}\0")
}

/// A word that begins with a variable, as sh reads it.
fn reference(word: &[u8]) -> Option<String> {
    let (variable, rest) = word.strip_prefix(b"\0")?.split_once_str("\0")?;
    let sound = |text: &[u8]| text.iter().all(|b| b.is_ascii_alphanumeric() || *b == b':');
    (!variable.is_empty() && sound(variable) && sound(rest))
        .then(|| format!("\"${{{}}}{}\"", BStr::new(variable), BStr::new(rest)))
}

/// The parts of a plan as variables of the script.
struct ScriptVariables<'a> {
    plan: &'a Plan,
    /// Panes that come with their session.
    firsts: BTreeSet<PaneRef>,
}

impl Names for ScriptVariables<'_> {
    fn session(&self, session: SessionRef) -> String {
        marked(&session_variable(session))
    }

    fn tab(&self, tab: TabRef) -> String {
        marked(&tab_variable(tab))
    }

    fn pane(&self, pane: PaneRef) -> String {
        marked(&pane_variable(pane))
    }

    /// tmux fills a layout with a window's panes in their order, whatever numbers stand in it.
    fn number(&self, pane: PaneRef) -> u32 {
        pane.0
    }

    fn printed(&self, _pane: PaneRef) -> String {
        "#{pane_id}".to_owned()
    }

    /// The script looks for them itself.
    fn take_clients(&self, _session: SessionRef) -> Vec<Command> {
        Vec::new()
    }

    fn body(&self, pane: PaneRef) -> (Option<BString>, Vec<BString>) {
        let Some(planned) = self.plan.pane(pane) else {
            return (None, Vec::new());
        };
        let mut shell = shown_argv(planned);
        let login = planned
            .shell
            .first()
            .is_some_and(|name| name.starts_with(b"-"));
        if login && !shell.is_empty() {
            shell.insert(1, "-l".into());
        }
        let tab = self.plan.tab(planned.tab);
        let session = tab.and_then(|tab| self.plan.session(tab.session));
        // A session opens its first pane where its new tabs will; and a single word would be read
        // by a shell.
        let elsewhere = self.firsts.contains(&pane)
            && session.is_some_and(|session| session.dir != planned.dir);
        if elsewhere || shell.len() == 1 {
            if let Some(new) = planned.new.as_ref().filter(|new| !new.command.is_empty()) {
                shell = vec![new.shell.clone(), "-c".into(), new.command.clone()];
            }
            let enter = ["sh", "-c", ENTER, "sh"].map(BString::from);
            let dir = planned.dir.clone();
            shell = enter.into_iter().chain([dir]).chain(shell).collect();
        }
        (Some(planned.dir.clone()), shell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_hold_no_controls_and_are_read_back() {
        let words: [&[u8]; 6] = [
            b"plain",
            b"it's $HOME `x`",
            b"a\n\n",
            b"\x1b[31m%d\\",
            b"\xff",
            b"",
        ];
        for word in words {
            let mut script = String::new();
            let quoted = quoted(word, &mut script);
            script.push_str(&format!("printf %s {quoted}\n"));
            assert!(
                !script
                    .trim_end()
                    .contains(|c: char| c.is_control() && c != '\n')
            );
            let output = std::process::Command::new("sh")
                .arg("-c")
                .arg(&script)
                .output();
            assert_eq!(output.unwrap().stdout, word, "{script}");
        }
    }

    #[test]
    fn only_variables_are_taken_for_variables() {
        let line = |word: &[u8]| shell_line(&Command::new("x").opt("-t", word), &mut String::new());
        assert_eq!(line(marked("s3").as_bytes()), r#"tmux x -t "${s3}""#);
        assert_eq!(
            line(format!("{}:7", marked("s3")).as_bytes()),
            r#"tmux x -t "${s3}:7""#
        );
        assert_eq!(line(b"\0$(touch pwned)\0"), "tmux x -t ''");
        assert_eq!(line(b"end;"), r"tmux x -t 'end\;'");
    }
}
