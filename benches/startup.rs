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
use muxtape::model::geometry::{Cell, Layout, Rect};
use muxtape::model::snapshot::BootId;
use muxtape::model::tree::{AutomaticRename, Screen};
use muxtape::model::{
    Cause, Contents, Millis, MuxKind, Pane, ServerIdentity, ServerState, Session, Tab,
};
use muxtape::store::{NewSnapshot, Store, StoreOptions, Storing, Unchanged};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

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
            let new = NewSnapshot {
                time: Millis(1_790_000_000_000 + i64::from(at) * 30_000),
                random: at.into(),
                cause: Cause::Manual,
                name: None,
                description: None,
                tags: Vec::new(),
                pinned: false,
                partial: false,
                host: "bench".to_owned(),
                server: server(),
                state,
                contents: vec![contents],
                took_ms: 1,
                redactions: Vec::new(),
                storing: Storing::Auto,
            };
            store.record(new, Unchanged::Store).unwrap();
        }
        dir
    };
    HOME.get_or_init(made).path()
}

fn server() -> ServerIdentity {
    ServerIdentity {
        mux: MuxKind::Tmux,
        socket: "/nowhere/s".into(),
        version: "3.3a".to_owned(),
        pid: 1,
        started: Millis(1_790_000_000_000),
        boot: BootId("bench".to_owned()),
    }
}

fn state(at: u32) -> (ServerState, Contents) {
    let rect = Rect {
        left: 0,
        top: 0,
        width: 80,
        height: 24,
    };
    let lines: Vec<String> = (0..24 + at % 50)
        .map(|line| format!("line {line} of {at}"))
        .collect();
    let contents = Contents {
        main: lines.join("\n").into(),
        alternate: None,
    };
    let pane = Pane {
        detail: Default::default(),
        handle: None,
        index: 0,
        title: "bench".into(),
        cwd: "/".into(),
        active: true,
        last: false,
        marked: false,
        rect,
        shell: vec!["sh".into()],
        program: None,
        exit: None,
        screen: Screen::default(),
        contents: Some(contents.reference()),
    };
    let tab = Tab {
        detail: Default::default(),
        handle: None,
        index: 0,
        name: "tab".into(),
        active: true,
        last: false,
        zoomed: false,
        synchronized: false,
        automatic_rename: AutomaticRename::Unset,
        layout: Layout {
            gap: 1,
            root: Cell::Pane { rect, pane: 0 },
        },
        panes: vec![pane],
    };
    let session = Session {
        detail: Default::default(),
        handle: None,
        name: "bench".into(),
        cwd: "/".into(),
        group: None,
        tabs: vec![tab],
    };
    (
        ServerState {
            buffers: Vec::new(),
            sessions: vec![session],
        },
        contents,
    )
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
