//! The recorder as a process of its own.

#![allow(
    clippy::unwrap_used,
    unreachable_pub,
    missing_docs,
    reason = "a test may panic"
)]

use std::fs;
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use muxtape_testing::{TmuxServer, wait_for_end, wait_until};

use super::muxtape::Muxtape;

/// `muxtape daemon run`; ends with the test.
pub struct Daemon {
    pub child: Child,
}

impl Daemon {
    /// Starts it with these settings, and waits until it records.
    pub fn start(server: &TmuxServer, settings: &str) -> Self {
        let config = server.home().join("config/muxtape");
        fs::create_dir_all(&config).unwrap();
        fs::write(config.join("config.toml"), settings).unwrap();
        let child = server
            .command(env!("CARGO_BIN_EXE_muxtape"))
            .arg("-S")
            .arg(server.socket())
            .args(["daemon", "run"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let daemon = Self { child };
        let pid = daemon.child.id();
        wait_until("the recorder", || {
            let said = server.muxtape(&["daemon", "status"]);
            said.code == 0 && said.out.contains(&pid.to_string())
        });
        daemon
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().try_into().unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Waits until it has ended; its exit status, if it has one.
    pub fn end(mut self) -> Option<i32> {
        wait_for_end("the recorder", &mut self.child)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
