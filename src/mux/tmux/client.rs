//! Plain clients of a tmux server: commands in, answers out.

use std::path::{Path, PathBuf};
use std::process;
use std::time::Instant;

use bstr::{BString, ByteSlice};

use super::answer::Fields;
use super::capabilities::Release;
use super::command::Command;
use crate::model::ansi;
use crate::model::snapshot::{MuxKind, ServerIdentity, ServerProcess};
use crate::model::time::Millis;
use crate::mux::run::{self, Limits, Output, RunError};
use crate::mux::{MuxError, Scope, ServerSelect, process as inspect};

/// A way to one tmux server. Making one does nothing: the server is met with every call.
#[derive(Debug, Clone)]
pub struct Tmux {
    program: PathBuf,
    select: ServerSelect,
    config: Option<PathBuf>,
    limits: Limits,
    scope: Scope,
}

/// What tmux answered to a list of commands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reply {
    /// What the commands printed, in order.
    pub stdout: Vec<u8>,
    /// What tmux said about the commands that it refused, fit for showing; the others were done.
    pub complaints: Vec<String>,
}

impl Tmux {
    /// A way to the server that `select` names, by running `program` (a path, or a name to be
    /// looked up in `PATH`).
    #[must_use]
    pub fn new(program: PathBuf, select: ServerSelect, limits: Limits) -> Self {
        Self {
            program,
            select,
            config: None,
            limits,
            scope: Scope::default(),
        }
    }

    /// The same, but a server that has to be started reads this file instead of the user's own
    /// configuration.
    #[must_use]
    pub fn with_config(mut self, file: PathBuf) -> Self {
        self.config = Some(file);
        self
    }

    /// The same, but what it observes goes as far as the user wants.
    #[must_use]
    pub fn with_scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// The program that is run.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Which server is meant.
    #[must_use]
    pub fn select(&self) -> &ServerSelect {
        &self.select
    }

    /// How long it may take for an answer, and how much it may say.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// How far what it observes goes.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Runs commands through one plain client and returns what they printed. All must succeed; of
    /// those that tmux refuses, the first is told by [`MuxError::Refused`], and the others have
    /// been done nevertheless. Never starts a server.
    pub fn run(&self, what: &str, commands: &[Command]) -> Result<Vec<u8>, MuxError> {
        self.all_of(what, self.ask(what, commands)?)
    }

    /// Like [`Tmux::run`], and starts a server first if there is none. A server that was started
    /// stays only if it has a session at the end (unless its configuration says otherwise).
    pub fn start_with(&self, what: &str, commands: &[Command]) -> Result<Vec<u8>, MuxError> {
        let output = self.client(what, &["start-server", ";"], commands)?;
        self.all_of(what, self.reply(what, output)?)
    }

    /// Runs commands through one plain client; that some are refused is not an error. Never starts
    /// a server.
    pub fn ask(&self, what: &str, commands: &[Command]) -> Result<Reply, MuxError> {
        let asked = Instant::now();
        let output = self.client(what, &[], commands)?;
        tracing::debug!(took = ?asked.elapsed(), commands = commands.len(), "tmux: {what}");
        self.reply(what, output)
    }

    /// Who answers.
    ///
    /// # Errors
    ///
    /// [`MuxError::NoServer`] when nobody does, [`MuxError::TooOld`] when it is too old to be
    /// understood.
    pub fn server(&self) -> Result<ServerIdentity, MuxError> {
        let what = "a question for its version";
        let asked = Command::new("display-message").flag("-p").arg(IDENTITY);
        let reply = self.ask(what, &[asked])?;
        let answer = self.all_of(what, self.unless_bare(reply, |said| !said.is_empty())?)?;
        let mut fields = Fields::new(&answer, what);
        let server = read_identity(&mut fields)?;
        fields.end_of_line()?;
        Ok(server)
    }

    /// What the program calls its version, whether a server runs or not.
    pub fn program_version(&self) -> Result<String, MuxError> {
        let what = "a question for the program's version";
        let mut tmux = process::Command::new(&self.program);
        tmux.arg("-V");
        let output = self.finish(what, run::run(&mut tmux, &[], self.limits))?;
        let said = output.stdout.to_str_lossy();
        let version = said.trim().strip_prefix("tmux ").map(str::to_owned);
        version.ok_or_else(|| garbled(what, format!("it said {:?}", ansi::label(&output.stdout))))
    }

    /// The reply; [`MuxError::NoServer`] when for want of a session it has nothing that `answers`
    /// the question: without one, tmux 3.1 does not even tell its version.
    pub(super) fn unless_bare(
        &self,
        reply: Reply,
        answers: impl Fn(&[u8]) -> bool,
    ) -> Result<Reply, MuxError> {
        let first = reply.complaints.first();
        let silent = first.is_some_and(|said| said == "no current target");
        if silent && !answers(&reply.stdout) {
            return Err(MuxError::NoServer {
                mux: MuxKind::Tmux,
                socket: self.socket_label(),
            });
        }
        Ok(reply)
    }

    fn all_of(&self, what: &str, reply: Reply) -> Result<Vec<u8>, MuxError> {
        match reply.complaints.into_iter().next() {
            None => Ok(reply.stdout),
            Some(message) => Err(refused(what, message)),
        }
    }

    /// Runs `tmux … source-file -` with the commands on its input: arguments would be limited to
    /// 16 KB.
    fn client(&self, what: &str, first: &[&str], commands: &[Command]) -> Result<Output, MuxError> {
        let mut tmux = process::Command::new(&self.program);
        // Without -u and in a locale that is not UTF-8, tmux prints `_` for everything beyond
        // ASCII.
        tmux.arg("-u");
        // A pane's own variables must not choose what commands act on; $TMUX names the default
        // server.
        tmux.env_remove("TMUX_PANE");
        match &self.select {
            ServerSelect::Default => {}
            ServerSelect::Name(name) => {
                tmux.env_remove("TMUX")
                    .arg("-L")
                    .arg(name.to_os_str_lossy());
            }
            ServerSelect::Path(path) => {
                tmux.env_remove("TMUX")
                    .arg("-S")
                    .arg(path.to_os_str_lossy());
            }
        }
        if let Some(config) = &self.config {
            tmux.arg("-f").arg(config);
        }
        tmux.args(first).args(["source-file", "-"]);
        let mut input = Vec::new();
        for command in commands {
            input.extend_from_slice(&command.source_line());
            input.push(b'\n');
        }
        self.finish(what, run::run(&mut tmux, &input, self.limits))
    }

    fn finish(&self, what: &str, ended: Result<Output, RunError>) -> Result<Output, MuxError> {
        ended.map_err(|error| match error {
            RunError::NotFound => MuxError::NotInstalled {
                program: self.program.display().to_string(),
            },
            RunError::Timeout(limit) => MuxError::Timeout {
                mux: MuxKind::Tmux,
                what: what.to_owned(),
                limit,
            },
            RunError::TooMuch(bytes) => garbled(what, format!("more than {bytes} bytes")),
            RunError::Io(source) => MuxError::Io {
                what: self.program.display().to_string(),
                source,
            },
        })
    }

    fn reply(&self, what: &str, output: Output) -> Result<Reply, MuxError> {
        let lines = |text: &[u8]| -> Vec<String> {
            text.lines()
                .filter(|line| !line.is_empty())
                .map(ansi::label)
                .collect()
        };
        let mut complaints = lines(&output.stderr);
        if let Some(socket) = complaints.first().and_then(|line| no_server(line)) {
            return Err(MuxError::NoServer {
                mux: MuxKind::Tmux,
                socket: socket.unwrap_or_else(|| self.socket_label()),
            });
        }
        if !output.status.success() && complaints.is_empty() {
            // What cannot be parsed is told on standard output, and then nothing was done at all.
            complaints = lines(&output.stdout);
            complaints.truncate(1);
            if complaints.is_empty() {
                complaints.push(output.status.to_string());
            }
            return Err(refused(what, complaints.concat()));
        }
        Ok(Reply {
            stdout: output.stdout,
            complaints,
        })
    }

    fn socket_label(&self) -> String {
        match &self.select {
            ServerSelect::Default => "the default socket".to_owned(),
            ServerSelect::Name(name) => ansi::label(name),
            ServerSelect::Path(path) => ansi::label(path),
        }
    }
}

/// The formats that [`read_identity`] reads.
pub(super) const IDENTITY: &str = "#{q:version} #{q:socket_path} #{pid} #{start_time}";

/// Reads what [`IDENTITY`] printed.
pub(super) fn read_identity(fields: &mut Fields<'_>) -> Result<ServerIdentity, MuxError> {
    let version = fields.text()?.to_str_lossy().into_owned();
    if Release::read(&version).is_some_and(|release| release < Release::OLDEST) {
        return Err(MuxError::TooOld {
            mux: MuxKind::Tmux,
            version,
            needed: "3.1",
        });
    }
    let socket: BString = fields.text()?;
    let pid = fields.number()?;
    let started: i64 = fields.number()?;
    Ok(ServerIdentity {
        mux: MuxKind::Tmux,
        socket,
        version,
        process: Some(ServerProcess {
            pid,
            started: Millis(started.saturating_mul(1000)),
        }),
        boot: inspect::boot_id(),
    })
}

/// Whether tmux says that there is no server, and the socket that it names.
fn no_server(line: &str) -> Option<Option<String>> {
    if let Some(socket) = line.strip_prefix("no server running on ") {
        return Some(Some(socket.to_owned()));
    }
    if let Some(rest) = line.strip_prefix("error connecting to ") {
        let (socket, reason) = rest.rsplit_once(" (")?;
        let nobody = ["No such file or directory)", "Connection refused)"];
        return nobody.contains(&reason).then(|| Some(socket.to_owned()));
    }
    ["server exited", "lost server"]
        .iter()
        .any(|said| line.starts_with(said))
        .then_some(None)
}

/// An answer that makes no sense.
pub(super) fn garbled(what: &str, why: impl Into<String>) -> MuxError {
    MuxError::Garbled {
        mux: MuxKind::Tmux,
        what: what.to_owned(),
        why: why.into(),
    }
}

/// A command that tmux would not do.
pub(super) fn refused(what: &str, message: String) -> MuxError {
    MuxError::Refused {
        mux: MuxKind::Tmux,
        what: what.to_owned(),
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mux::tmux::capabilities::Capabilities;
    use crate::mux::tmux::command::format_escaped;
    use muxtape_testing::{self as testing, TmuxServer};
    use proptest::prelude::*;

    fn tmux(server: &TmuxServer) -> Tmux {
        let socket = server.socket().to_str().unwrap().into();
        Tmux::new(
            testing::program(),
            ServerSelect::Path(socket),
            Limits::default(),
        )
        .with_config(server.config())
    }

    #[test]
    fn a_server_says_who_it_is() {
        let server = TmuxServer::start();
        let found = tmux(&server).server().unwrap();
        assert_eq!(found.pid(), Some(server.pid()));
        assert_eq!(found.socket, server.socket().to_str().unwrap());
        assert!(Release::read(&found.version).unwrap() >= Release::OLDEST);
        assert!(found.process.unwrap().started.0 > 1_000_000_000_000);
    }

    #[test]
    fn nobody_and_nothing_are_told_apart() {
        let server = TmuxServer::stopped();
        let error = tmux(&server).server().unwrap_err();
        assert!(matches!(error, MuxError::NoServer { .. }), "{error}");
        let missing = Tmux::new("/no/tmux".into(), ServerSelect::Default, Limits::default());
        let error = missing.server().unwrap_err();
        assert!(matches!(error, MuxError::NotInstalled { .. }), "{error}");
    }

    #[test]
    fn a_server_can_be_started_with_its_first_session() {
        let server = TmuxServer::stopped();
        let tmux = tmux(&server);
        let first = Command::new("new-session").flag("-d").opt("-s", "one");
        let list = Command::new("list-sessions").opt("-F", "#{session_name}");
        let answer = tmux.start_with("a start", &[first, list.clone()]).unwrap();
        assert_eq!(answer, b"one\n");
        assert_eq!(tmux.run("a list", &[list]).unwrap(), b"one\n");
    }

    #[test]
    fn refused_commands_are_told_and_the_others_done() {
        let server = TmuxServer::start();
        let tmux = tmux(&server);
        let list = Command::new("list-sessions").opt("-F", "#{session_name}");
        let commands = [Command::new("kill-pane").opt("-t", "%99"), list];
        let reply = tmux.ask("a test", &commands).unwrap();
        assert_eq!(reply.complaints, ["can't find pane: %99"]);
        assert_eq!(reply.stdout, b"main\n");
        let error = tmux.run("a test", &commands).unwrap_err();
        assert!(matches!(error, MuxError::Refused { .. }), "{error}");
        let error = tmux.run("x", &[Command::new("no-such")]).unwrap_err();
        assert!(
            error.to_string().contains("unknown command: no-such"),
            "{error}"
        );
    }

    #[test]
    fn every_byte_reaches_tmux() {
        let server = TmuxServer::start();
        let tmux = tmux(&server);
        let able = Capabilities::of(&tmux.server().unwrap().version);
        let strategy = proptest::collection::vec(
            prop_oneof![
                1u8..=255,
                Just(b'#'),
                Just(b'['),
                Just(b';'),
                Just(b'\\'),
                Just(b'$')
            ],
            1..40,
        );
        let config = ProptestConfig {
            cases: 64,
            failure_persistence: None,
            ..ProptestConfig::default()
        };
        proptest!(config, |(name in strategy)| {
            let set = Command::new("set-option").flag("-g").arg("@any").arg(&name);
            let show = Command::new("list-sessions").opt("-F", "#{q:@any} ");
            let answer = tmux.run("a test", &[set, show]).unwrap();
            prop_assert_eq!(Fields::new(&answer, "a test").text().unwrap(), &*name);
            let name = able.name(&name);
            let create = Command::new("new-window")
                .flag("-dP")
                .opt("-F", "#{q:window_name} ")
                .opt("-t", "=main:")
                .opt("-n", format_escaped(&name));
            let answer = tmux.run("a test", &[create]).unwrap();
            let stored = Fields::new(&answer, "a test").text().unwrap();
            prop_assert_eq!(able.windows.given(&stored), name);
            let kill = Command::new("kill-session").flag("-a").opt("-t", "=main");
            tmux.run("a test", &[kill]).unwrap();
        });
    }

    #[test]
    fn the_program_says_its_version_without_a_server() {
        let server = TmuxServer::stopped();
        let version = tmux(&server).program_version().unwrap();
        assert!(Release::read(&version).unwrap() >= Release::OLDEST);
    }

    #[test]
    fn messages_about_missing_servers_are_known() {
        let found = no_server("error connecting to /tmp/a (b) (No such file or directory)");
        assert_eq!(found, Some(Some("/tmp/a (b)".to_owned())));
        assert_eq!(
            no_server("error connecting to /x (Permission denied)"),
            None
        );
        assert_eq!(no_server("server exited unexpectedly"), Some(None));
    }
}
