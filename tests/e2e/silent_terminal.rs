//! A terminal that answers no questions: the interface must not wait for any.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use muxtape_testing::TmuxServer;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

#[test]
fn the_first_frame_needs_no_answer() {
    let server = TmuxServer::stopped();
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let size = Winsize {
        ws_row: 24,
        ws_col: 80,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&master, size).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let path = Path::new(std::ffi::OsStr::from_bytes(name.as_bytes()));
    let slave = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .unwrap();
    let mut interface = server
        .command(env!("CARGO_BIN_EXE_muxtape"))
        .arg("-S")
        .arg(server.socket())
        .env("TERM", "xterm-256color")
        .stdin(slave.try_clone().unwrap())
        .stdout(slave.try_clone().unwrap())
        .stderr(slave)
        .spawn()
        .unwrap();
    let mut master = File::from(master);
    let (mut seen, mut buffer) = (Vec::new(), [0; 4096]);
    // Reading ends with an error when the interface gives up.
    while !seen.windows(4).any(|word| word == b"Tape") {
        let count = master.read(&mut buffer).unwrap();
        seen.extend_from_slice(&buffer[..count]);
    }
    interface.kill().unwrap();
    interface.wait().unwrap();
}
