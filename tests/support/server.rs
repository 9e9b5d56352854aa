//! A private tmux server for a test: its own socket, home and directories, gone at the end.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::{eventually, wait_until};

/// What every server of a test reads: it stays without sessions, draws nothing around panes, and
/// its shells have a plain prompt and read no files.
const CONFIG: &str = "\
set -s exit-empty off
set -g status off
set -g history-limit 10000
set -g default-command \"exec env PS1='$ ' bash --norc --noprofile -i\"
";

/// The tmux that tests and benches run: the path in `MUXTAPE_TEST_TMUX`, else `tmux`.
pub fn program() -> PathBuf {
    std::env::var_os("MUXTAPE_TEST_TMUX").map_or_else(|| "tmux".into(), PathBuf::from)
}

/// `PATH` with the directory of that tmux in front: what is called `tmux` in it is the same one.
pub fn search_path() -> OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let program = program();
    let dir = program.parent().filter(|dir| !dir.as_os_str().is_empty());
    let dirs = dir.map(Path::to_owned).into_iter();
    std::env::join_paths(dirs.chain(std::env::split_paths(&path))).unwrap()
}

/// A tmux server (or only a place for one) that ends with the test.
pub struct TmuxServer {
    dir: TempDir,
}

impl TmuxServer {
    /// A server with one session, `main`, of 80 by 24 cells.
    pub fn start() -> Self {
        let server = Self::stopped();
        server.run(["new-session", "-d", "-s", "main", "-x", "80", "-y", "24"]);
        server
    }

    /// A server without sessions.
    pub fn empty() -> Self {
        let server = Self::stopped();
        server.run(["start-server"]);
        server
    }

    /// A place for a server; none is running.
    pub fn stopped() -> Self {
        // Paths of sockets are limited to about 100 bytes.
        let dir = tempfile::Builder::new()
            .prefix("mt")
            .tempdir_in("/tmp")
            .unwrap();
        fs::create_dir(dir.path().join("home")).unwrap();
        fs::write(dir.path().join("conf"), CONFIG).unwrap();
        Self { dir }
    }

    /// A directory for the test's own files.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The private home directory.
    pub fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    /// The socket.
    pub fn socket(&self) -> PathBuf {
        self.dir.path().join("s")
    }

    /// The configuration file.
    pub fn config(&self) -> PathBuf {
        self.dir.path().join("conf")
    }

    /// A command in the test's private surroundings.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_remove("TMUX")
            .env_remove("TMUX_PANE")
            .env("HOME", self.home())
            .env("TMUX_TMPDIR", self.dir.path())
            .env("XDG_CONFIG_HOME", self.home().join("config"))
            .env("XDG_DATA_HOME", self.home().join("data"))
            .env("XDG_STATE_HOME", self.home().join("state"))
            .env("XDG_CACHE_HOME", self.home().join("cache"))
            .env("XDG_RUNTIME_DIR", self.dir.path())
            .env("PATH", search_path())
            .env("SHELL", "/bin/sh")
            .env("LC_ALL", "C.UTF-8")
            .current_dir(self.home())
            .stdin(Stdio::null());
        command
    }

    /// A tmux client of this server, without its arguments.
    pub fn client(&self) -> Command {
        let mut client = self.command(program());
        client.arg("-u").arg("-S").arg(self.socket());
        client.arg("-f").arg(self.config());
        client
    }

    /// Runs a tmux command, which must succeed, and returns what it printed without the last
    /// newline.
    pub fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> String {
        let output = self.try_run(args);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "tmux said: {error}");
        let said = String::from_utf8_lossy(&output.stdout);
        said.strip_suffix('\n').unwrap_or(&said).to_owned()
    }

    /// Runs a tmux command.
    pub fn try_run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Output {
        self.client()
            .args(args)
            .output()
            .expect("tmux is installed")
    }

    /// The server's process id.
    pub fn pid(&self) -> i32 {
        self.run(["display-message", "-p", "#{pid}"])
            .parse()
            .unwrap()
    }

    /// Types a line into a pane.
    pub fn type_line(&self, pane: &str, line: &str) {
        self.run(["send-keys", "-t", pane, "-l", line]);
        self.run(["send-keys", "-t", pane, "Enter"]);
    }

    /// Waits until the text of a pane, scrollback included, holds `text`.
    pub fn wait_for_text(&self, pane: &str, text: &str) {
        wait_until(&format!("{text:?} in pane {pane}"), || {
            self.run(["capture-pane", "-p", "-J", "-S", "-", "-t", pane])
                .contains(text)
        });
    }

    /// Waits until a pane shows the prompt of an idle shell.
    pub fn wait_for_prompt(&self, pane: &str) {
        wait_until(&format!("a prompt in pane {pane}"), || {
            let text = self.run(["capture-pane", "-p", "-t", pane]);
            text.trim_end().ends_with('$')
        });
    }

    /// Waits until every tab that is called after what runs in it is so: that is a little late.
    pub fn wait_for_names(&self) {
        let format = "#{?automatic-rename,#{==:#{window_name},#{pane_current_command}},1}";
        wait_until("the names of tabs", || {
            let named = self.run(["list-windows", "-a", "-F", format]);
            named.lines().all(|named| named == "1")
        });
    }

    /// Makes the server look again for children that have ended: tmux 3.3a now and then misses one.
    pub fn nudge(&self) {
        kill(self.pid(), Signal::CHILD);
    }

    /// The processes that live in the test's private surroundings, this one aside: those whose
    /// environment names its directory. None where the system does not tell.
    fn processes(&self) -> Vec<i32> {
        let dir = self.dir.path().as_os_str().as_encoded_bytes();
        let all = fs::read_dir("/proc").into_iter().flatten().flatten();
        all.filter_map(|process| process.file_name().to_str()?.parse::<u32>().ok())
            .filter(|pid| *pid != std::process::id())
            .filter(|pid| {
                let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
                environment.windows(dir.len()).any(|bytes| bytes == dir)
            })
            .filter_map(|pid| pid.try_into().ok())
            .collect()
    }

    /// Kills the server as a crash would, and waits until it is gone.
    pub fn crash(&self) {
        let pid = self.pid();
        kill(pid, Signal::KILL);
        wait_until("the end of the server", || is_gone(pid));
    }
}

impl Drop for TmuxServer {
    fn drop(&mut self) {
        let pid = self.try_run(["display-message", "-p", "#{pid}"]);
        let pid = String::from_utf8_lossy(&pid.stdout).trim().parse::<i32>();
        if let Ok(pid) = pid {
            self.try_run(["kill-server"]);
            if !eventually(|| is_gone(pid)) {
                kill(pid, Signal::KILL);
            }
        }
        // What still ends would write into the directory while it is removed, or after that.
        for pid in self.processes() {
            kill(pid, Signal::CONT);
            kill(pid, Signal::TERM);
        }
        if !eventually(|| self.processes().is_empty()) {
            for pid in self.processes() {
                kill(pid, Signal::KILL);
            }
        }
    }
}

/// Makes a named pipe, by the program: not every system has a call for it in rustix.
pub fn make_fifo(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status().unwrap();
    assert!(made.success(), "{path:?}");
}

/// Damages every page of a database but the first, so that nothing in it can be read.
pub fn damage(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    for page in bytes.chunks_mut(4096).skip(1) {
        page.iter_mut().take(16).for_each(|byte| *byte = 0xff);
    }
    fs::write(file, bytes).unwrap();
}

fn kill(pid: i32, signal: Signal) {
    if let Some(pid) = rustix::process::Pid::from_raw(pid) {
        let _ = rustix::process::kill_process(pid, signal);
    }
}

/// Whether a process has ended; one that nobody has reaped yet has.
pub fn is_gone(pid: i32) -> bool {
    let alive = rustix::process::Pid::from_raw(pid)
        .is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok());
    let zombie = fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        stat.rsplit(')')
            .next()
            .is_some_and(|rest| rest.starts_with(" Z"))
    });
    !alive || zombie
}
