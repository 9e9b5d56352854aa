//! A terminal to run the interface in: a real pseudo-terminal, given by a tmux server of its own,
//! with keys to press and a screen to read.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use muxtape_testing::patience;

/// Terminals that were opened.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// A program in a terminal; it ends when this does.
pub(crate) struct Terminal {
    socket: String,
    home: String,
}

impl Terminal {
    /// Runs a command in a new terminal of this size. `dir` is private, its path short.
    pub(crate) fn open(
        dir: &Path,
        columns: u16,
        rows: u16,
        env: &[(&str, &str)],
        command: &[&str],
    ) -> Self {
        let terminal = Terminal {
            // A socket of its own: the server of a terminal before may still be leaving.
            socket: dir
                .join(format!("t{}", COUNT.fetch_add(1, Relaxed)))
                .display()
                .to_string(),
            home: dir.display().to_string(),
        };
        let (columns, rows) = (columns.to_string(), rows.to_string());
        let mut args: Vec<String> = [
            "start-server",
            ";",
            "set",
            "-g",
            "status",
            "off",
            ";",
            "set",
            "-g",
            "default-terminal",
            "tmux-256color",
            ";",
            "set",
            "-s",
            "escape-time",
            "0",
            ";",
            "new-session",
            "-d",
            "-s",
            "t",
            "-x",
            &columns,
            "-y",
            &rows,
        ]
        .iter()
        .map(|&arg| arg.to_owned())
        .collect();
        for (name, value) in env {
            args.extend(["-e".to_owned(), format!("{name}={value}")]);
        }
        // The shell tells how the program ended, and stays, so that the last screen can be read.
        let tell = "\"$@\"; echo \"ended with $?.\"; read -r _";
        args.extend(["--", "sh", "-c", tell, "sh"].map(str::to_owned));
        args.extend(command.iter().map(|&arg| arg.to_owned()));
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let made = terminal.tmux(&args);
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        terminal
    }

    fn tmux(&self, args: &[&str]) -> Output {
        Command::new("tmux")
            .args(["-u", "-f", "/dev/null", "-S", &self.socket])
            .args(args)
            .env_remove("TMUX")
            .env_remove("TMUX_PANE")
            .env("HOME", &self.home)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// Presses keys by tmux's names for them: `Enter`, `Escape`, `C-c`, `a`.
    pub(crate) fn keys(&self, keys: &[&str]) {
        for key in keys {
            assert!(self.tmux(&["send-keys", "-t", "t", key]).status.success());
        }
    }

    /// Types text.
    pub(crate) fn text(&self, text: &str) {
        assert!(
            self.tmux(&["send-keys", "-t", "t", "-l", "--", text])
                .status
                .success()
        );
    }

    /// Makes the terminal another size.
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        let (columns, rows) = (columns.to_string(), rows.to_string());
        let resized = self.tmux(&["resize-window", "-t", "t", "-x", &columns, "-y", &rows]);
        assert!(resized.status.success());
    }

    /// What the terminal shows.
    pub(crate) fn screen(&self) -> String {
        String::from_utf8_lossy(&self.tmux(&["capture-pane", "-p", "-t", "t"]).stdout).into_owned()
    }

    /// Waits until the screen is as wanted and returns it.
    pub(crate) fn wait(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let until = Instant::now() + patience();
        loop {
            let screen = self.screen();
            if wanted(&screen) {
                return screen;
            }
            assert!(
                Instant::now() < until,
                "never came: {what}; the screen was\n{screen}"
            );
            pause();
        }
    }

    /// Waits until the screen shows this text.
    pub(crate) fn wait_for(&self, text: &str) -> String {
        self.wait(text, |screen| screen.contains(text))
    }

    /// Waits until the program has ended and given the screen back, and returns its exit status.
    pub(crate) fn wait_end(&self) -> i32 {
        let screen = self.wait_for("ended with ");
        let (_, said) = screen.rsplit_once("ended with ").unwrap();
        said.split('.').next().unwrap().parse().unwrap()
    }
}

/// A moment between two looks: a wait that nobody ends early.
fn pause() {
    let never = (Mutex::new(()), Condvar::new());
    let guard = never.0.lock().unwrap();
    drop(
        never
            .1
            .wait_timeout(guard, Duration::from_millis(20))
            .unwrap(),
    );
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}
