//! What the interface says of the recorder is true: beside a recorder that dies, stalls, fails or
//! is replaced.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::support::muxtape::Muxtape;
use std::fs;
use std::path::PathBuf;

use crate::support::daemon::Daemon;
use crate::support::interface::open;
use crate::support::terminal::Terminal;
use muxtape_testing::{TmuxServer, wait_until};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// Settings under which only changes of structure are recorded.
const STRUCTURE: &str = "[recorder]\nprobe_seconds = 1\ninterval_seconds = 3600\n";

/// A server whose shell is idle, and which has been recorded once.
fn server() -> TmuxServer {
    let server = TmuxServer::start();
    server.wait_for_prompt("main");
    server.wait_for_names();
    server.json(&["create"]);
    server
}

/// What stands in the first line of the interface about the recorder.
fn light(screen: &str) -> String {
    let header = screen.lines().next().unwrap_or_default();
    let at = header.find(['●', '○', '!']);
    at.map_or_else(String::new, |at| header[at..].to_owned())
}

fn wait_for_light(terminal: &Terminal, text: &str) -> String {
    light(&terminal.wait(text, |screen| light(screen).contains(text)))
}

/// That it records itself.
fn wait_for_own(terminal: &Terminal) {
    let own = |screen: &str| light(screen).contains("● rec ") && !light(screen).contains(" by ");
    terminal.wait("a recorder of its own", own);
}

fn events(server: &TmuxServer, kind: &str) -> Vec<Value> {
    let said = server.muxtape(&["--json", "events", "--type", kind]);
    let event = |line: &str| serde_json::from_str::<Value>(line).unwrap()["data"].clone();
    said.out.lines().map(event).collect()
}

fn is_recorded(server: &TmuxServer, name: &str) {
    server.run(["rename-window", "-t", "=main:0", name]);
    wait_until(name, || {
        let shown = server.json(&["show", "latest"]);
        shown["sessions"][0]["tabs"][0]["name"] == name
    });
}

fn lock_file(server: &TmuxServer) -> PathBuf {
    let state = server.home().join("state/muxtape");
    let files = fs::read_dir(state).unwrap();
    let mut files = files.map(|entry| entry.unwrap().path());
    let lock = |path: &PathBuf| {
        path.extension().is_some_and(|ext| ext == "lock")
            && path
                .file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with("recorder-")
    };
    files.find(lock).unwrap()
}

#[test]
fn a_recorder_that_is_killed_is_succeeded_and_the_gap_is_told() {
    let server = server();
    let daemon = Daemon::start(&server, STRUCTURE);
    let pid = daemon.pid();
    let terminal = open(&server, 80, 24);
    wait_for_light(&terminal, &format!("● rec by {pid}"));
    daemon.signal(Signal::KILL);
    assert_eq!(daemon.end(), None);
    wait_for_own(&terminal);
    terminal.wait_for(&format!("(process {pid}) has ended"));
    is_recorded(&server, "afterwards");
    let gaps = events(&server, "recorder_gap");
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert_eq!(gaps[0]["process"], pid);
    assert!(gaps[0]["gap_ms"].as_u64().unwrap() < 20_000, "{gaps:?}");
    assert!(gaps[0]["last_look"].as_str().unwrap() < gaps[0]["time"].as_str().unwrap());
    // The other way round: who records is said, and kept.
    let status = server.json(&["daemon", "status"]);
    assert_eq!(
        (&status["by"], &status["state"]),
        (&"interface".into(), &"recording".into())
    );
    let refused = server.error(5, &["daemon", "run"])["message"].to_string();
    let interface = format!("an interface (process {})", status["pid"]);
    assert!(refused.contains(&interface), "{refused}");
    terminal.keys(&["q"]);
    assert_eq!(terminal.wait_end(), 0);
    assert_eq!(server.muxtape(&["daemon", "status"]).code, 6);
}

#[test]
fn a_recorder_that_ends_in_good_order_is_succeeded_without_a_gap() {
    let server = server();
    let daemon = Daemon::start(&server, STRUCTURE);
    let terminal = open(&server, 160, 45);
    wait_for_light(&terminal, &format!("● rec by {}", daemon.pid()));
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.end(), Some(0));
    wait_for_own(&terminal);
    is_recorded(&server, "afterwards");
    assert!(events(&server, "recorder_gap").is_empty());
}

#[test]
fn the_smallest_terminal_shows_the_light_too() {
    let server = server();
    let daemon = Daemon::start(&server, STRUCTURE);
    let terminal = open(&server, 40, 12);
    wait_for_light(&terminal, "●");
    daemon.signal(Signal::STOP);
    wait_for_light(&terminal, &format!("! {} silent", daemon.pid()));
    daemon.signal(Signal::CONT);
    wait_for_light(&terminal, "●");
}

#[test]
fn a_recorder_that_is_stopped_does_not_shine() {
    let server = server();
    let daemon = Daemon::start(&server, STRUCTURE);
    let pid = daemon.pid();
    let terminal = open(&server, 80, 24);
    wait_for_light(&terminal, &format!("● rec by {pid}"));
    daemon.signal(Signal::STOP);
    let shown = wait_for_light(&terminal, &format!("! {pid} silent"));
    assert!(!shown.contains('●'), "{shown}");
    let status = server.muxtape(&["daemon", "status"]);
    assert_eq!(status.code, 1, "{}", status.out);
    assert!(status.out.contains("has not looked for"), "{}", status.out);
    daemon.signal(Signal::CONT);
    wait_for_light(&terminal, &format!("● rec by {pid}"));
    assert_eq!(server.json(&["daemon", "status"])["state"], "recording");
}

#[test]
fn a_store_that_cannot_be_written_turns_the_light_off() {
    for beside in [false, true] {
        let server = server();
        let daemon = beside.then(|| Daemon::start(&server, STRUCTURE));
        let terminal = open(&server, 80, 24);
        match &daemon {
            Some(daemon) => {
                wait_for_light(&terminal, &format!("● rec by {}", daemon.pid()));
            }
            None => wait_for_own(&terminal),
        }
        let data = server.home().join("data/muxtape");
        let (store, away) = (data.join("muxtape.redb"), data.join("away"));
        fs::rename(&store, &away).unwrap();
        server.run(["rename-window", "-t", "=main:0", "meanwhile"]);
        let aside = match &daemon {
            Some(daemon) => format!("! {} cannot store", daemon.pid()),
            None => "! cannot store".to_owned(),
        };
        wait_for_light(&terminal, &aside);
        fs::rename(&away, &store).unwrap();
        wait_for_light(&terminal, "● rec");
    }
}

#[test]
fn a_tmux_that_does_not_answer_turns_the_light_off() {
    let server = server();
    let pid = Pid::from_raw(server.pid()).unwrap();
    let terminal = open(&server, 80, 24);
    wait_for_own(&terminal);
    kill_process(pid, Signal::STOP).unwrap();
    let shown = wait_for_light(&terminal, "!");
    assert!(
        shown.contains("no look for") || shown.contains("not recording"),
        "{shown}"
    );
    kill_process(pid, Signal::CONT).unwrap();
    wait_for_own(&terminal);
}

#[test]
fn a_lock_that_is_replaced_has_one_holder_again() {
    let server = server();
    let first = Daemon::start(&server, STRUCTURE);
    // Removed alone, it is made anew by its holder.
    fs::remove_file(lock_file(&server)).unwrap();
    wait_until("the lock", || {
        let status = server.muxtape(&["--json", "daemon", "status"]);
        status.code == 0 && status.out.contains(&first.pid().to_string())
    });
    // A second one that gets the new file first records, and the first one ends.
    first.signal(Signal::STOP);
    fs::remove_file(lock_file(&server)).unwrap();
    let second = Daemon::start(&server, STRUCTURE);
    first.signal(Signal::CONT);
    assert_eq!(first.end(), Some(5));
    let terminal = open(&server, 80, 24);
    wait_for_light(&terminal, &format!("● rec by {}", second.pid()));
    // The interface gives way, too, and takes over again.
    second.signal(Signal::TERM);
    assert_eq!(second.end(), Some(0));
    wait_for_own(&terminal);
    let interface = server.json(&["daemon", "status"])["pid"].as_i64().unwrap();
    let interface = Pid::from_raw(i32::try_from(interface).unwrap()).unwrap();
    kill_process(interface, Signal::STOP).unwrap();
    fs::remove_file(lock_file(&server)).unwrap();
    let third = Daemon::start(&server, STRUCTURE);
    kill_process(interface, Signal::CONT).unwrap();
    wait_for_light(&terminal, &format!("● rec by {}", third.pid()));
    let shown = terminal.screen();
    assert!(!shown.contains("ended by itself"), "{shown}");
}

#[test]
fn who_is_stopped_by_ctrl_z_keeps_nobody_from_recording() {
    let server = server();
    let terminal = crate::support::interface::shell(&server, 80, 24);
    terminal.text(&format!(
        "{} -S {}",
        env!("CARGO_BIN_EXE_muxtape"),
        server.socket().display()
    ));
    terminal.keys(&["Enter"]);
    wait_for_own(&terminal);
    terminal.keys(&["C-z"]);
    terminal.wait_for("Stopped");
    wait_until("the lock", || {
        server.muxtape(&["daemon", "status"]).code == 6
    });
    let daemon = Daemon::start(&server, STRUCTURE);
    terminal.text("fg");
    terminal.keys(&["Enter"]);
    wait_for_light(&terminal, &format!("● rec by {}", daemon.pid()));
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.end(), Some(0));
    wait_for_own(&terminal);
}
