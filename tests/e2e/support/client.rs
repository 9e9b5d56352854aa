//! A client of a tmux server in a pseudo-terminal, and the cells that its terminal shows.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    unreachable_pub,
    missing_docs,
    reason = "a test may panic"
)]

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::process::{Child, Stdio};
use std::time::Instant;

use muxtape::model::ansi::plain;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use muxtape_testing::{TmuxServer, patience};

/// A client that is attached to a session, in a terminal of its own; it ends when this does.
pub struct Client {
    child: Child,
    master: OwnedFd,
    parser: vt100::Parser,
}

impl Client {
    /// Attaches to a session in a terminal of this size. For all colours the server needs to be
    /// told that its terminals know them (`terminal-overrides` with `Tc`).
    pub fn attach(server: &TmuxServer, session: &str, columns: u16, rows: u16) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let size = Winsize {
            ws_row: rows,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&master, size).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let tty = OpenOptions::new()
            .read(true)
            .write(true)
            .open(std::ffi::OsStr::from_bytes(name.to_bytes()))
            .unwrap();
        let child = server
            .client()
            .args(["attach-session", "-t", session])
            .env("TERM", "screen-256color")
            .stdin(Stdio::from(tty.try_clone().unwrap()))
            .stdout(Stdio::from(tty.try_clone().unwrap()))
            .stderr(Stdio::from(tty))
            .spawn()
            .unwrap();
        let (rows, columns) = (rows.try_into().unwrap(), columns.try_into().unwrap());
        Client {
            child,
            master,
            parser: vt100::Parser::new(rows, columns, 0),
        }
    }

    /// Reads what comes until the screen is as wanted.
    #[track_caller]
    pub fn wait(&mut self, what: &str, wanted: impl Fn(&vt100::Screen) -> bool) -> vt100::Screen {
        let until = Instant::now() + patience();
        let pause = Timespec {
            tv_sec: 0,
            tv_nsec: 20_000_000,
        };
        let mut file = File::from(self.master.try_clone().unwrap());
        let mut buffer = vec![0; 65536];
        loop {
            if wanted(self.parser.screen()) {
                return self.parser.screen().clone();
            }
            assert!(
                Instant::now() < until,
                "never came: {what}; the screen was\n{}",
                self.parser.screen().contents()
            );
            let mut polled = [PollFd::new(&self.master, PollFlags::IN)];
            if rustix::event::poll(&mut polled, Some(&pause)).unwrap_or(0) > 0 {
                let read = file.read(&mut buffer).unwrap();
                self.parser.process(&buffer[..read]);
            }
        }
    }

    /// Waits until the terminal shows exactly what tmux says that the pane holds, scrolled back by
    /// some rows; then the place is written over the end of the first row, which does not count.
    #[track_caller]
    pub fn settled(&mut self, server: &TmuxServer, pane: &str, scroll: u32) -> vt100::Screen {
        let (rows, columns) = self.parser.screen().size();
        let (start, end) = (
            -i64::from(scroll),
            i64::from(rows.get()) - 1 - i64::from(scroll),
        );
        let (start, end) = (start.to_string(), end.to_string());
        let ask = [
            "capture-pane",
            "-e",
            "-p",
            "-S",
            &start,
            "-E",
            &end,
            "-t",
            pane,
        ];
        let said = untabbed(&plain(server.run(ask).as_bytes()));
        let skipped = usize::from(scroll > 0);
        let cursor = server.run([
            "display-message",
            "-p",
            "-t",
            pane,
            "#{cursor_y} #{cursor_x}",
        ]);
        self.wait("what the pane holds", |screen| {
            let shown: Vec<String> = screen.rows(0, columns.get()).collect();
            let held = said.lines().chain(std::iter::repeat(""));
            let mut both = held.zip(&shown).skip(skipped);
            let (row, column) = screen.cursor_position();
            both.all(|(one, other)| one.trim_end() == other.trim_end())
                && (scroll > 0 || cursor == format!("{row} {column}"))
        })
    }
}

/// Tabs as the spaces that they are on a screen: newer versions of tmux print them as they came.
fn untabbed(text: &str) -> String {
    let mut spaced = String::new();
    let mut column = 0;
    for c in text.chars() {
        match c {
            '\t' => {
                let room = 8 - column % 8;
                spaced.extend(std::iter::repeat_n(' ', room));
                column += room;
            }
            '\n' => {
                spaced.push(c);
                column = 0;
            }
            _ => {
                spaced.push(c);
                column += unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
            }
        }
    }
    spaced
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
