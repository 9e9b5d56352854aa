//! How long it takes until the interface shows its first frame, and until a command has answered.
//! Whole processes are measured, in a real pseudo-terminal, on a store with a thousand snapshots.

#![allow(clippy::unwrap_used, reason = "a bench may panic")]

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use divan::Bencher;
use muxtape::model::geometry::Axis;
use muxtape::model::{Contents, ServerState};
use muxtape::store::{Store, StoreOptions, Unchanged};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

#[path = "series/build.rs"]
mod build;

/// Snapshots in the store that is opened.
const SNAPSHOTS: u32 = 1_000;

fn main() {
    divan::main();
}

/// A private home with a store in it, made once.
fn home() -> &'static Path {
    static HOME: OnceLock<tempfile::TempDir> = OnceLock::new();
    let made = || {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path().join("data"), StoreOptions::default());
        for at in 0..SNAPSHOTS {
            let (state, contents) = state(at);
            let time = build::later(i64::from(at) * 30_000);
            let new = build::snapshot(time, at.into(), state, vec![contents]);
            store.record(new, Unchanged::Store).unwrap();
        }
        dir
    };
    HOME.get_or_init(made).path()
}

fn state(at: u32) -> (ServerState, Contents) {
    let lines: Vec<String> = (0..24 + at % 50)
        .map(|line| format!("line {line} of {at}"))
        .collect();
    let contents = Contents {
        main: lines.join("\n").into(),
        alternate: None,
    };
    let tab = build::tab(build::line(Axis::Columns, 1, 80, 24), |index, rect| {
        build::pane(index, rect, Some(&contents))
    });
    (build::state(vec![build::session("bench", tab)]), contents)
}

fn muxtape(args: &[&str]) -> Command {
    let home = home();
    let mut command = Command::new(env!("CARGO_BIN_EXE_muxtape"));
    command
        .args(["-S", "/nowhere/s", "--data-dir"])
        .arg(home.join("data"))
        .args(args)
        .env_clear()
        .env("HOME", home)
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("TERM", "xterm-256color")
        .env("LC_ALL", "C.UTF-8");
    command
}

#[divan::bench(args = ["--version", "list --limit 20", "stats", "show latest"])]
fn command(bencher: Bencher, line: &str) {
    let args: Vec<&str> = line.split(' ').collect();
    home();
    bencher.bench(|| {
        muxtape(&args)
            .stdin(Stdio::null())
            .output()
            .unwrap()
            .stdout
            .len()
    });
}

/// The interface, up to the first frame.
#[divan::bench(sample_count = 40)]
fn first_frame(bencher: Bencher) {
    home();
    bencher.bench(|| {
        let mut terminal = Terminal::start();
        terminal.read_until(b"Tape");
        terminal
    });
}

struct Terminal {
    master: File,
    child: Child,
}

impl Terminal {
    fn start() -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let size = Winsize {
            ws_row: 45,
            ws_col: 160,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(master.as_fd(), size).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let path = Path::new(std::ffi::OsStr::from_bytes(name.as_bytes()));
        let slave = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .unwrap();
        let child = muxtape(&[])
            .stdin(slave.try_clone().unwrap())
            .stdout(slave.try_clone().unwrap())
            .stderr(slave)
            .spawn()
            .unwrap();
        Terminal {
            master: File::from(master),
            child,
        }
    }

    fn read_until(&mut self, wanted: &[u8]) {
        let mut seen = Vec::new();
        let mut buffer = [0; 65_536];
        while !seen.windows(wanted.len()).any(|window| window == wanted) {
            let count = self.master.read(&mut buffer).unwrap();
            seen.extend_from_slice(buffer.get(..count).unwrap_or_default());
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
