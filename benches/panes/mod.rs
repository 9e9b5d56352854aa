//! Servers with many panes that print when they are told, and clients that ask them.

use std::fs;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use muxtape::mux::tmux::Tmux;
use muxtape::mux::{Limits, Multiplexer, ServerSelect};

use muxtape_testing::{self as testing, TmuxServer, wait_until};

/// Panes in a window.
pub(crate) const STACK: usize = 10;

/// A server with panes.
pub(crate) struct Panes {
    pub(crate) server: TmuxServer,
    pub(crate) tmux: Tmux,
    count: usize,
    round: u32,
}

impl Panes {
    /// Windows of ten panes each, every pane with so many lines of coloured text.
    pub(crate) fn new(count: usize, lines: usize) -> Self {
        let server = TmuxServer::empty();
        server.run(["set-option", "-g", "history-limit", "100000"]);
        let script = server.dir().join("print");
        let print = "awk -v n=$1 -v round=$round 'BEGIN { for (i = 1; i <= n; i++) printf \"\\033[3%dmline \
             %d\\033[0m of %d, as long as lines of output often are, now and then\\n\", i % 8, i, round }'";
        let body = format!(
            "stty -echo\nround=0\nwhile :; do {print}; printf '\\033]2;%s\\033\\\\' \"$round\"; \
             set -- 20; read -r round || exit; done\n"
        );
        fs::write(&script, body).unwrap();
        let script = script.to_str().unwrap();
        let run = ["sh", script, &lines.to_string()].map(str::to_owned);
        let run: Vec<&str> = run.iter().map(String::as_str).collect();
        for window in 0..count.div_ceil(STACK) {
            let target = format!("bench:{window}");
            let new: &[&str] = if window == 0 {
                &["new-session", "-d", "-s", "bench", "-x", "200", "-y", "200"]
            } else {
                &["new-window", "-d", "-t", &target]
            };
            server.run([new, &run].concat());
            for _ in 1..STACK.min(count) {
                server.run([&["split-window", "-d", "-t", &target][..], &run].concat());
                server.run(["select-layout", "-t", &target, "even-vertical"]);
            }
        }
        let socket = server.socket().to_str().unwrap().into();
        let tmux = Tmux::new(
            testing::program(),
            ServerSelect::Path(socket),
            Limits::default(),
        );
        let panes = Self {
            server,
            tmux,
            count,
            round: 0,
        };
        panes.wait(count);
        wait_until("quiet panes", || {
            let probe = panes.tmux.probe().unwrap().unwrap();
            probe.panes.iter().all(|pane| !pane.settling)
        });
        panes
    }

    /// Lets one pane of each of the windows (or all of one window) print twenty lines, and waits
    /// for them.
    pub(crate) fn print(&mut self, panes: impl IntoIterator<Item = String>) {
        self.round += 1;
        let round = self.round.to_string();
        let mut told = 0;
        for pane in panes {
            self.server.run(["send-keys", "-t", &pane, &round, "Enter"]);
            told += 1;
        }
        self.wait(told);
    }

    fn wait(&self, panes: usize) {
        let round = self.round.to_string();
        let list = ["list-panes", "-a", "-F", "#{pane_title}"];
        wait_until("the panes", || {
            let titles = self.server.run(list);
            titles.lines().filter(|title| **title == round).count() == panes
        });
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Runs a shell script in which `tmux` is this server and `panes` the list of its panes.
    pub(crate) fn shell(&self, script: &str) {
        let tmux = testing::program();
        let socket = self.server.socket();
        let script = format!(
            "tmux() {{ command '{}' -u -S '{}' \"$@\"; }}; panes=$(tmux list-panes -a -F '#{{pane_id}}'); {script}",
            tmux.display(),
            socket.display()
        );
        let mut shell = self.server.command("sh");
        let done = shell.args(["-c", &script]).stdout(Stdio::null()).status();
        assert!(done.unwrap().success());
    }

    /// Processor time that the server has used.
    pub(crate) fn cpu(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/schedstat", self.server.pid()));
        let used = stat
            .ok()
            .and_then(|stat| stat.split(' ').next()?.parse().ok());
        Duration::from_nanos(used.unwrap_or(0))
    }

    /// Runs something while another client asks the server for a word again and again; the longest
    /// that it waited, its own start included.
    pub(crate) fn longest_wait(&self, run: impl FnOnce()) -> Duration {
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let asking = scope.spawn(|| {
                let mut longest = Duration::ZERO;
                while !done.load(Ordering::Relaxed) {
                    let mut client: Command = self.server.client();
                    let asked = Instant::now();
                    client.args(["display-message", "-p", "x"]);
                    client.output().unwrap();
                    longest = longest.max(asked.elapsed());
                }
                longest
            });
            run();
            done.store(true, Ordering::Relaxed);
            asking.join().unwrap()
        })
    }
}
