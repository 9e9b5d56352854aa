//! The recorder as a process of its own, beside a real tmux server: what it stores, what it keeps,
//! and what is left when it or the server dies.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use crate::support::muxtape::Muxtape;
use std::fs;

use crate::support::daemon::Daemon;
use muxtape::model::snapshot::{EndCause, Life};
use muxtape::store::{Store, StoreOptions};
use muxtape_testing::{TmuxServer, patience, wait_until};
use rustix::process::Signal;
use serde_json::Value;

/// Settings under which only changes of structure are recorded.
const STRUCTURE: &str = "[recorder]\nprobe_seconds = 1\ninterval_seconds = 3600\n";

/// A server whose shell is idle.
fn server() -> TmuxServer {
    let server = TmuxServer::start();
    server.wait_for_prompt("main");
    server
}

fn snapshots(server: &TmuxServer) -> Vec<Value> {
    server.json(&["list"]).as_array().unwrap().clone()
}

/// The names of all tabs in the newest snapshot.
fn newest_tabs(server: &TmuxServer) -> Vec<String> {
    if snapshots(server).is_empty() {
        return Vec::new();
    }
    let shown = server.json(&["show", "latest"]);
    let sessions = shown["sessions"].as_array().unwrap().iter();
    let tabs = sessions.flat_map(|session| session["tabs"].as_array().unwrap());
    tabs.map(|tab| tab["name"].as_str().unwrap().to_owned())
        .collect()
}

/// Gives a tab a name, which is a change of structure, and waits until it is recorded.
fn change(server: &TmuxServer, name: &str) {
    server.run(["rename-window", "-t", "=main:0", name]);
    wait_until(name, || newest_tabs(server).iter().any(|tab| tab == name));
}

fn lives(server: &TmuxServer) -> Vec<Life> {
    let wait = patience();
    let dir = server.home().join("data/muxtape");
    let options = StoreOptions {
        wait,
        ..StoreOptions::default()
    };
    Store::new(dir, options).lives().unwrap()
}

fn offers(server: &TmuxServer) -> Vec<Value> {
    let list = server.json(&["recover", "--list"]);
    list.as_array().unwrap().clone()
}

#[test]
fn every_change_is_recorded_once() {
    let server = server();
    let _daemon = Daemon::start(&server, STRUCTURE);
    change(&server, "first");
    let before = snapshots(&server).len();
    server.run(["new-window", "-d", "-t", "=main:", "-n", "new"]);
    wait_until("the new window", || {
        newest_tabs(&server) == ["first", "new"]
    });
    // The looks between these find nothing new.
    change(&server, "second");
    change(&server, "third");
    let all = snapshots(&server);
    assert_eq!(all.len(), before + 3);
    assert!(all.iter().all(|one| one["cause"] == "event"), "{all:#?}");
}

#[test]
fn text_is_recorded_when_the_interval_is_over() {
    let server = server();
    let _daemon = Daemon::start(
        &server,
        "[recorder]\nprobe_seconds = 1\ninterval_seconds = 1\n",
    );
    wait_until("the first snapshot", || !snapshots(&server).is_empty());
    server.type_line("main", "echo something new");
    wait_until("the text", || {
        let text = server.muxtape(&["show", "latest", "--pane", "main:0.0"]);
        text.out.contains("\nsomething new\n")
    });
    assert_eq!(snapshots(&server)[0]["cause"], "auto");
}

#[test]
fn only_automatic_snapshots_make_room() {
    let server = server();
    let settings = format!("{STRUCTURE}keep_last = 2\n");
    let _daemon = Daemon::start(&server, &settings);
    change(&server, "first");
    let named = server.json(&["create", "named"])["id"].clone();
    change(&server, "second");
    let pinned = snapshots(&server)[0]["id"].clone();
    server.json(&["pin", pinned.as_str().unwrap()]);
    for name in ["third", "fourth", "fifth", "sixth"] {
        change(&server, name);
    }
    let left = || {
        let all = snapshots(&server);
        let ids = all.iter().map(|one| one["id"].clone());
        ids.collect::<Vec<_>>()
    };
    // It makes room after it has stored.
    wait_until("the rotation", || left().len() == 4);
    assert!(left().contains(&named));
    assert!(left().contains(&pinned));
    assert_eq!(newest_tabs(&server), ["sixth"]);
}

#[test]
fn there_is_one_recorder_and_it_ends_when_asked() {
    let server = server();
    let daemon = Daemon::start(&server, STRUCTURE);
    let refused = server.error(5, &["daemon", "run"]);
    let message = refused["message"].as_str().unwrap();
    assert!(
        message.contains(&daemon.child.id().to_string()),
        "{message}"
    );
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.end(), Some(0));
    assert_eq!(server.muxtape(&["daemon", "status"]).code, 6);
    let next = Daemon::start(&server, STRUCTURE);
    next.signal(Signal::INT);
    assert_eq!(next.end(), Some(0));
}

#[test]
fn a_recorder_that_is_killed_leaves_a_sound_store() {
    let server = server();
    for round in 0..3 {
        let daemon = Daemon::start(&server, STRUCTURE);
        change(&server, &format!("recorded {round}"));
        server.run(["rename-window", "-t", "=main:0", "perhaps"]);
        daemon.signal(Signal::KILL);
        assert_eq!(daemon.end(), None);
        server.json(&["verify"]);
        let shown = newest_tabs(&server).concat();
        assert!(
            shown == "perhaps" || shown == format!("recorded {round}"),
            "{shown}"
        );
    }
    server.json(&["create", "afterwards"]);
}

#[test]
fn what_a_crash_took_stays_on_offer() {
    let server = server();
    server.run(["split-window", "-d", "-t", "=main:"]);
    server.run(["new-session", "-d", "-s", "web", "-n", "web"]);
    let settings = format!("{STRUCTURE}keep_last = 2\n");
    let _daemon = Daemon::start(&server, &settings);
    change(&server, "before");
    assert!(offers(&server).is_empty());
    let good = snapshots(&server)[0]["id"].clone();
    server.crash();
    wait_until("the end of the life", || {
        lives(&server).iter().all(|life| life.end.is_some())
    });
    assert_eq!(offers(&server)[0]["snapshot"], good);
    // A blank session of the same name takes the place, and is recorded more often than is kept.
    server.run(["new-session", "-d", "-s", "main", "-x", "80", "-y", "24"]);
    server.wait_for_prompt("main");
    for name in ["one", "two", "three", "four"] {
        change(&server, name);
    }
    let found = offers(&server);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0]["snapshot"], good);
    assert_eq!(found[0]["reason"], "server_gone");
    assert_eq!(found[0]["lost"], serde_json::json!(["main", "web"]));
    // It comes back beside the blank one, and is not offered again.
    server.json(&["--yes", "recover"]);
    let format = "#{session_windows} #{session_name}";
    let sessions = server.run(["list-sessions", "-F", format]);
    let names: Vec<&str> = sessions
        .lines()
        .filter_map(|line| line.split(' ').nth(1))
        .collect();
    assert_eq!(names.len(), 3, "{sessions}");
    assert!(names.contains(&"web"), "{sessions}");
    assert!(offers(&server).is_empty());
}

#[test]
fn a_single_idle_shell_whose_server_is_killed_is_offered() {
    for watched in [true, false] {
        let server = server();
        server.json(&["create"]);
        let daemon = watched.then(|| Daemon::start(&server, STRUCTURE));
        if watched {
            change(&server, "recorded");
        }
        server.crash();
        if watched {
            wait_until("the end of the life", || {
                lives(&server).iter().all(|life| life.end.is_some())
            });
        }
        let found = offers(&server);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(
            (&found[0]["certain"], &found[0]["reason"]),
            (&watched.into(), &"server_gone".into())
        );
        // A blank session of the same name neither hides it nor stands before it.
        server.run(["new-session", "-d", "-s", "main", "-x", "80", "-y", "24"]);
        server.wait_for_prompt("main");
        match watched {
            true => change(&server, "anew"),
            false => drop(server.json(&["create"])),
        }
        assert_eq!(offers(&server)[0]["life"], found[0]["life"]);
        server.crash();
        if watched {
            wait_until("the end of the next life", || {
                lives(&server).iter().all(|life| life.end.is_some())
            });
        }
        let done = server.json(&["--yes", "recover"]);
        assert_eq!(done["status"], "success", "{done}");
        drop(daemon);
    }
}

#[test]
fn a_server_that_is_killed_while_somebody_is_attached_leaves_a_sign() {
    let server = server();
    server.json(&["create"]);
    let mut client = crate::support::client::Client::attach(&server, "main", 80, 24);
    client.wait("the session", |screen| screen.contents().contains('$'));
    wait_until("the client", || !server.run(["list-clients"]).is_empty());
    server.crash();
    assert_eq!(offers(&server)[0]["certain"], true);
    drop(client);
}

#[test]
fn a_server_that_does_not_answer_is_not_dead() {
    let server = server();
    server.json(&["create"]);
    let pid = rustix::process::Pid::from_raw(server.pid()).unwrap();
    rustix::process::kill_process(pid, Signal::STOP).unwrap();
    let said = server.muxtape(&["recover", "--list"]);
    rustix::process::kill_process(pid, Signal::CONT).unwrap();
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    assert!(said.err.contains("did not answer"), "{}", said.err);
    assert!(offers(&server).is_empty());
}

#[test]
fn a_session_that_its_user_closed_is_not_offered() {
    // A recorder that the machine lets look too late is in doubt, and then offers what was closed.
    let known = (0..TRIES).any(|_| is_known_as_closed());
    assert!(known, "none of {TRIES} closed sessions was known as such");
}

/// How often somebody closes a session until a recorder has to have seen it in time.
const TRIES: usize = 4;

/// Whether a recorder saw that a session was closed; in that case it is not offered.
fn is_known_as_closed() -> bool {
    let server = TmuxServer::stopped();
    let config = fs::read_to_string(server.config()).unwrap();
    fs::write(
        server.config(),
        config.replace("exit-empty off", "exit-empty on"),
    )
    .unwrap();
    server.run(["new-session", "-d", "-s", "main", "-x", "80", "-y", "24"]);
    server.run(["split-window", "-d", "-t", "=main:"]);
    let _daemon = Daemon::start(&server, STRUCTURE);
    change(&server, "both");
    let panes = |wanted: u64| {
        wait_until("fewer panes", || snapshots(&server)[0]["panes"] == wanted);
    };
    panes(2);
    server.type_line("main:0.1", "exit");
    panes(1);
    server.type_line("main:0.0", "exit");
    wait_until("the end of the life", || {
        lives(&server).iter().all(|life| life.end.is_some())
    });
    let causes: Vec<EndCause> = lives(&server)
        .iter()
        .map(|life| life.end.unwrap().cause)
        .collect();
    assert_eq!(causes.len(), 1, "{causes:?}");
    if causes != [EndCause::Closed] {
        return false;
    }
    assert!(offers(&server).is_empty());
    assert_eq!(server.muxtape(&["recover"]).code, 3);
    true
}

#[test]
fn what_happens_while_the_store_is_away_is_recorded_when_it_is_back() {
    let server = server();
    let daemon = Daemon::start(&server, STRUCTURE);
    wait_until("the first snapshot", || !snapshots(&server).is_empty());
    change(&server, "before");
    let data = server.home().join("data/muxtape");
    let (store, away) = (data.join("muxtape.redb"), data.join("away"));
    fs::rename(&store, &away).unwrap();
    let waiting = || {
        let files = fs::read_dir(data.join("spool")).into_iter().flatten();
        let names = files.filter_map(|file| file.ok()?.file_name().into_string().ok());
        names.filter(|name| name.ends_with("-auto.spool")).count()
    };
    server.run(["rename-window", "-t", "=main:0", "meanwhile"]);
    wait_until("a capture that is spooled", || waiting() == 1);
    let error = server.error(7, &["list"]);
    assert!(error.to_string().contains("gone or empty"), "{error}");

    fs::rename(&away, &store).unwrap();
    wait_until("spooled captures", || newest_tabs(&server) == ["meanwhile"]);
    assert_eq!(waiting(), 0);
    let ids: Vec<Value> = snapshots(&server);
    change(&server, "after");
    assert_eq!(snapshots(&server).len(), ids.len() + 1);
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.end(), Some(0));
}

#[test]
fn what_becomes_private_or_is_never_recorded_is_so_from_the_next_look_on() {
    let server = server();
    let _daemon = Daemon::start(&server, STRUCTURE);
    server.run(["new-session", "-d", "-s", "other"]);
    let newest = || server.json(&["show", "latest"])["sessions"].clone();
    let count = |sessions: Value| sessions.as_array().unwrap().len();
    wait_until("both sessions", || {
        !snapshots(&server).is_empty() && count(newest()) == 2
    });
    let withheld = || newest()[0]["tabs"][0]["panes"][0]["withheld"].clone();
    assert_eq!(withheld(), Value::Null);
    server.json(&["private", "on", "main:0.0"]);
    wait_until("the mark to be seen", || withheld() == "private");
    server.json(&["private", "off", "main:0.0"]);
    wait_until("the end of the mark to be seen", || {
        withheld() == Value::Null
    });
    let config = server.home().join("config/muxtape/config.toml");
    let never = "[capture.never]\nsessions = ['oth*']\n";
    fs::write(config, format!("{STRUCTURE}{never}")).unwrap();
    wait_until("the settings to hold", || count(newest()) == 1);
}

#[test]
fn a_rule_that_comes_while_it_records_holds_at_once() {
    const FAST: &str = "[recorder]\nprobe_seconds = 1\ninterval_seconds = 1\n";
    const RULE: &str = "[[redaction.rules]]\nname = \"zorp\"\npattern = 'zorp_[0-9]{12}'\n";
    let server = server();
    let token = format!("zorp_{:012}", u64::from(std::process::id()) * 7919);
    let _daemon = Daemon::start(&server, FAST);
    let text = || {
        let said = server.muxtape(&["show", "latest", "--pane", "main:0.0"]);
        said.out
    };
    server.type_line("main", &format!("echo {token}"));
    wait_until("the token to be recorded", || text().contains(&token));
    let config = server.home().join("config/muxtape/config.toml");
    fs::write(config, format!("{FAST}{RULE}")).unwrap();
    wait_until("the rule to hold", || text().contains("‹redacted:zorp›"));
    // The past is cleaned while it goes on, and stays clean.
    let done = server.json(&["--yes", "redact", "--recheck"]);
    assert!(done["changed"].as_u64().unwrap() > 0, "{done}");
    server.type_line("main", "echo aft''er");
    wait_until("the next capture", || text().contains("after"));
    let mut files = Vec::new();
    crate::support::written::written(&server.home().join("data"), &mut files);
    for (file, bytes) in files {
        let holds = memchr::memmem::find(&bytes, token.as_bytes()).is_some();
        assert!(!holds, "{file}");
    }
    assert_eq!(server.json(&["verify"])["ok"], true);
}

/// How often the recorder looks, as the file of its lock says.
fn probe_ms(server: &TmuxServer) -> u64 {
    let state = server.home().join("state/muxtape");
    let mut files = fs::read_dir(state).unwrap().map(|file| file.unwrap());
    let lock = files.find(|file| file.file_name().to_string_lossy().starts_with("recorder-"));
    let line = fs::read_to_string(lock.unwrap().path()).unwrap();
    line.split_whitespace().last().unwrap().parse().unwrap()
}

#[test]
fn changed_settings_reach_the_recorder_that_runs() {
    let server = server();
    let _daemon = Daemon::start(&server, STRUCTURE);
    server.run(["set-environment", "-t", "=main", "KEPT", "a value"]);
    server.run(["set-buffer", "-b", "kept", "a buffer"]);
    server.type_line("main", "seq 100 250");
    server.wait_for_text("main", "\n250");
    for name in ["first", "second", "third"] {
        change(&server, name);
    }
    let before = snapshots(&server).len();
    assert!(before >= 3);
    assert_eq!(probe_ms(&server), 1000);

    let settings = "[recorder]\nprobe_seconds = 2\ninterval_seconds = 1\nhistory_limit = 20\n\
        [capture]\nenvironment = [\"KEPT\"]\nbuffers = true\n\
        [retention]\nkeep_last = 1\nhourly = 0\ndaily = 0\nweekly = 0\nmonthly = 0\n";
    fs::write(server.home().join("config/muxtape/config.toml"), settings).unwrap();
    wait_until("the time between looks", || probe_ms(&server) == 2000);
    wait_until("the buffer and the variable", || {
        let shown = server.json(&["show", "latest"]);
        shown["buffers"][0]["name"] == "kept"
            && shown["sessions"][0]["environment"][0]["name"] == "KEPT"
    });
    let text = server
        .muxtape(&["show", "latest", "--pane", "main:0.0"])
        .out;
    assert!(
        text.contains("\n250\n") && !text.contains("\n110\n"),
        "{text}"
    );
    // One of the session, and the newest one of the life, which it is.
    wait_until("the rotation", || snapshots(&server).len() == 1);
    // Under the first settings only structure would be recorded.
    server.type_line("main", "echo something new");
    wait_until("the text", || {
        let text = server.muxtape(&["show", "latest", "--pane", "main:0.0"]);
        text.out.contains("\nsomething new\n")
    });
    assert_eq!(snapshots(&server)[0]["cause"], "auto");
}
