//! Restores onto real private tmux servers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may panic"
)]

use crate::support::muxtape::Muxtape;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::support::world::{Texts, World, comparable, meta};
use bstr::{BString, ByteSlice};
use muxtape::model::snapshot::Snapshot;
use muxtape::model::target::Target;
use muxtape::model::time::Millis;
use muxtape::model::tree::{Screen, ServerState, Session};
use muxtape::mux::run::Limits;
use muxtape::mux::tmux::Tmux;
use muxtape::mux::{Multiplexer, ServerSelect};
use muxtape::restore::undo::{self, LeftAlone};
use muxtape::restore::{
    self, MissingDir, OnConflict, Outcome, Policy, Programs, RestoreError, Selection, Start,
    Status, Surroundings, Workshop,
};
use muxtape_testing::wait_until;

fn only_structure(session: &Session) -> Session {
    let mut session = comparable(&ServerState {
        buffers: Vec::new(),
        sessions: vec![session.clone()],
    })
    .sessions
    .remove(0);
    session.name = "".into();
    for pane in session.tabs.iter_mut().flat_map(|tab| &mut tab.panes) {
        pane.contents = None;
        pane.screen = Screen::default();
    }
    session
}

/// Three sessions with nested splits, a zoomed tab, colours in the scrollback and odd names.
fn lively() -> World {
    let world = World::new();
    let odd = world.server.dir().join("#(touch pwned);a b'\"");
    fs::create_dir(&odd).unwrap();
    let odd = odd.to_str().unwrap().to_owned();
    world.run(&[
        "new-session",
        "-d",
        "-s",
        "api",
        "-n",
        "1 ##(touch pwned); 'x\" ünï",
        "-x",
        "161",
        "-y",
        "47",
    ]);
    for split in ["-h", "-v", "-h", "-v"] {
        let dir = odd.replace('#', "##");
        world.run(&["split-window", split, "-t", "=api:", "-c", &dir]);
    }
    world.run(&["select-pane", "-t", "=api:0.1"]);
    world.run(&["resize-pane", "-Z", "-t", "=api:0.1"]);
    let odd = world.possible("a\tb\nc");
    world.run(&["new-window", "-t", "=api:7", "-n", &odd, "-d"]);
    world.run(&["split-window", "-t", "=api:7", "-l", "3", "-d"]);
    world.run(&["select-pane", "-t", "=api:7.1", "-T", "##(touch pwned) t"]);
    world.run(&[
        "new-session",
        "-d",
        "-s",
        &world.possible("##(touch pwned);\n\t\\x"),
        "-x",
        "80",
        "-y",
        "24",
    ]);
    world.run(&[
        "new-session",
        "-d",
        "-s",
        "3 $HOME ünï",
        "-x",
        "100",
        "-y",
        "30",
    ]);
    let third = world.session_id("3");
    world.run(&["new-window", "-t", &third, "-n", "second"]);
    world.run(&[
        "set-option",
        "-w",
        "-t",
        &format!("{third}:1"),
        "automatic-rename",
        "on",
    ]);
    world.settle();
    for pane in ["%0", "%2", "%5"] {
        world.server.type_line(
            pane,
            r"for i in $(seq 1 120); do printf '\033[3%dm\033[44mline %d\033[0m tail  \n' $((i % 8)) $i; done; printf '\016lqqk\017\n'",
        );
        world.server.wait_for_text(pane, "line 120");
    }
    world.settle();
    world
}

#[test]
fn a_killed_server_comes_back_as_it_was() {
    let world = lively();
    let (before, texts) = world.snapshot();
    world.server.crash();
    let report = world.restore(&before, &texts);
    assert_eq!(report.status, Status::Success, "{report:#?}");
    assert_eq!(report.panes_restored, before.state.pane_count());
    // The shells are there: a capture at this moment finds nothing of muxtape's own in the panes.
    let commands = world.run(&["list-panes", "-a", "-F", "#{pane_current_command}"]);
    assert!(!commands.contains("muxtape"), "{commands}");
    world.settle();
    let (after, new_texts) = world.snapshot();
    let (wanted, got) = (comparable(&before.state), comparable(&after.state));
    for ((session, tab, pane), (_, _, other)) in wanted.panes().zip(got.panes()) {
        let place = format!("{:?} {}.{}", session.name, tab.index, pane.index);
        let text = |pane: &muxtape::model::tree::Pane, texts: &Texts| {
            texts[&pane.contents.unwrap().digest].main.to_string()
        };
        assert_eq!(text(pane, &texts), text(other, &new_texts), "{place}");
        assert_eq!(pane, other, "{place}");
    }
    assert_eq!(wanted, got);
    assert!(!world.server.home().join("pwned").exists());
    assert!(!Path::new("pwned").exists());
    // Nothing private stays behind, and sizes follow clients again.
    assert_eq!(fs::read_dir(world.runtime()).unwrap().count(), 0);
    assert_eq!(
        world.run(&["show-options", "-t", "=api:", "default-size"]),
        "default-size 161x47",
        "it was set before"
    );
    assert_eq!(
        world.run(&["show-options", "-w", "-t", "=api:", "window-size"]),
        ""
    );
}

#[test]
fn a_restored_pane_can_be_started_anew() {
    let world = World::new();
    world.run(&["new-session", "-d", "-s", "main"]);
    world.settle();
    let (snapshot, texts) = world.snapshot();
    world.server.crash();
    let report = world.restore(&snapshot, &texts);
    assert_eq!(report.status, Status::Success);
    world.settle();
    let pid = || world.run(&["display-message", "-p", "-t", "main:", "#{pane_pid}"]);
    let before = pid();
    // Without a command of its own, tmux runs the one again that the pane was made with.
    world.run(&["respawn-pane", "-k", "-t", "main:"]);
    assert_ne!(pid(), before);
    world.server.type_line("main:", "echo a$((6 * 7))b");
    world.server.wait_for_text("main:", "a42b");
}

#[test]
fn a_script_for_sh_makes_the_same() {
    let world = lively();
    world.run(&[
        "new-window",
        "-d",
        "-t",
        "=api:9",
        "-n",
        &world.possible("it's \"x\"\n##(touch pwned);"),
    ]);
    world.run(&["new-session", "-d", "-t", "=api", "-s", "group"]);
    let third = world.session_id("3");
    let there = format!("{third}:8");
    world.run(&["link-window", "-d", "-s", "=api:7", "-t", &there]);
    // The first pane of a session in another directory than the session's own.
    world.server.type_line("%0", "cd /");
    wait_until("another directory", || {
        world.run(&["display-message", "-p", "-t", "%0", "#{pane_current_path}"]) == "/"
    });
    world.settle();
    assert_eq!(world.server.muxtape(&["create", "before"]).code, 0);
    let (before, _) = world.snapshot();
    for shell in ["sh", "bash"] {
        world.server.crash();
        let said = world.server.muxtape(&["restore", "before", "--script"]);
        assert_eq!(said.code, 0, "{}", said.err);
        assert!(said.out.contains("set -eu"));
        assert!(!said.out.contains(|c: char| c.is_control() && c != '\n'));
        // The script knows the server, and the server its configuration.
        world.run(&["start-server"]);
        let script = world.server.dir().join("script");
        fs::write(&script, &said.out).unwrap();
        let ran = world.server.command(shell).arg(&script).output().unwrap();
        let error = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{shell}: {error}\n{}", said.out);
        world.settle();
        let (after, _) = world.snapshot();
        let names = |state: &ServerState| -> Vec<BString> {
            let sessions = state.sessions.iter();
            sessions.map(|session| session.name.clone()).collect()
        };
        assert_eq!(names(&before.state), names(&after.state));
        for (old, new) in before.state.sessions.iter().zip(&after.state.sessions) {
            assert_eq!(only_structure(old), only_structure(new), "{shell}");
        }
        assert!(!world.server.home().join("pwned").exists());
        assert!(!world.server.dir().join("pwned").exists());
        // A second run finds the names taken: it leaves what is there, and nothing of its own.
        let dump = world.dump();
        let again = world.server.command(shell).arg(&script).output().unwrap();
        assert!(!again.status.success());
        wait_until("the end of what was made", || world.dump() == dump);
    }
}

#[test]
fn a_dry_run_changes_nothing() {
    let world = lively();
    let (snapshot, _) = world.snapshot();
    let before = world.dump();
    let plan = world.plan(&snapshot, &Policy::default(), &Selection::all());
    assert_eq!(world.dump(), before);
    // All that is alive is identical.
    assert!(plan.is_empty(), "{:#?}", plan.items);
    world.server.crash();
    let plan = world.plan(&snapshot, &Policy::default(), &Selection::all());
    assert!(plan.starts_server && plan.counts().panes == snapshot.state.pane_count());
    assert!(world.tmux.identity().unwrap().is_none());
    assert!(
        plan.steps
            .iter()
            .all(|step| !step.command.contains('\u{1b}'))
    );
}

#[test]
fn a_session_that_exists_is_left_alone() {
    let world = lively();
    let (snapshot, texts) = world.snapshot();
    world.run(&["split-window", "-t", "=api:7"]);
    world.settle();
    let api = Target {
        session: "api".into(),
        tab: None,
        pane: None,
    };
    let selection = Selection::only(&snapshot.state, &[api]).unwrap();
    let skip = Policy {
        on_conflict: OnConflict::Skip,
        ..Policy::default()
    };
    assert!(world.plan(&snapshot, &skip, &selection).is_empty());
    let before = world.dump();
    let plan = world.plan(&snapshot, &Policy::default(), &selection);
    let report = world.apply(&plan, &texts).unwrap();
    assert_eq!(report.sessions[0].to, "api-1140");
    world.settle();
    let (after, _) = world.snapshot();
    let old = snapshot.state.session(b"api").unwrap();
    let new = after.state.session(b"api-1140").unwrap();
    assert_eq!(only_structure(old), only_structure(new));
    let dump = world.dump();
    for line in before.lines() {
        assert!(dump.contains(line), "{line}\n{dump}");
    }
    // A second one gets a name of its own.
    let plan = world.plan(&snapshot, &Policy::default(), &selection);
    assert_eq!(plan.sessions[0].to, "api-1140-2");
}

#[test]
fn a_plan_for_another_state_is_not_carried_out() {
    let world = lively();
    let (snapshot, texts) = world.snapshot();
    world.run(&["kill-session", "-t", "=api"]);
    let plan = world.plan(&snapshot, &Policy::default(), &Selection::all());
    world.run(&["new-session", "-d", "-s", "api"]);
    let before = world.run(&["list-sessions", "-F", "#{session_name}"]);
    let refused = world.apply(&plan, &texts);
    assert!(matches!(refused, Err(RestoreError::Changed)));
    assert_eq!(
        world.run(&["list-sessions", "-F", "#{session_name}"]),
        before
    );
}

#[test]
fn one_tab_or_pane_alone_comes_back_in_its_size() {
    let world = lively();
    let (snapshot, texts) = world.snapshot();
    world.server.crash();
    let targets = ["api:0.1", "api:0.3"].map(|target| target.parse().unwrap());
    let selection = Selection::only(&snapshot.state, &targets).unwrap();
    let plan = world.plan(&snapshot, &Policy::default(), &selection);
    let report = world.apply(&plan, &texts).unwrap();
    assert_eq!((report.tabs_restored, report.panes_restored), (1, 2));
    let sizes = world.run(&["list-panes", "-a", "-F", "#{window_width}x#{window_height}"]);
    assert_eq!(sizes, "161x47\n161x47");
}

#[test]
fn what_is_missing_is_replaced_and_told() {
    let world = World::new();
    let dir = world.server.dir().join("there/gone");
    fs::create_dir_all(&dir).unwrap();
    let dir = dir.to_str().unwrap();
    world.run(&[
        "new-session",
        "-d",
        "-s",
        "a",
        "-c",
        dir,
        "-x",
        "80",
        "-y",
        "24",
    ]);
    world.run(&["split-window", "-t", "=a:"]);
    world.settle();
    let (mut snapshot, texts) = world.snapshot();
    world.server.crash();
    fs::remove_dir(dir).unwrap();
    let panes = &mut snapshot.state.sessions[0].tabs[0].panes;
    panes[1].program = Some(muxtape::model::program::Program {
        argv: vec!["no-such-program".into(), "#(touch pwned)".into()],
        exe: None,
        cwd: None,
        pipeline: Vec::new(),
        redacted: false,
    });
    panes[1].shell = vec!["/no/such/bash".into()];
    let report = world.restore(&snapshot, &texts);
    assert_eq!(report.status, Status::Success, "{report:#?}");
    let kinds: Vec<&str> = report.warnings.iter().map(|warning| warning.kind).collect();
    assert!(kinds.contains(&"missing directory"), "{kinds:?}");
    assert!(kinds.contains(&"missing command"), "{kinds:?}");
    assert!(kinds.contains(&"missing shell"), "{kinds:?}");
    assert!(report.count(Outcome::Warned) > 0);
    let there = world.server.dir().join("there");
    wait_until("the nearest directory", || {
        world.run(&[
            "display-message",
            "-p",
            "-t",
            "=a:0.0",
            "#{pane_current_path}",
        ]) == there.to_str().unwrap()
    });
    let skip = Policy {
        missing_dir: MissingDir::Skip,
        ..Policy::default()
    };
    let (snapshot, _) = (snapshot, texts);
    world.server.crash();
    let plan = world.plan(&snapshot, &skip, &Selection::all());
    assert!(plan.counts().panes < 2);
}

#[test]
fn programs_are_run_typed_or_left() {
    let world = World::new();
    world.run(&["new-session", "-d", "-s", "p", "-x", "120", "-y", "40"]);
    for _ in 0..3 {
        world.run(&["split-window", "-d", "-t", "=p:"]);
    }
    world.settle();
    let (mut snapshot, texts) = world.snapshot();
    world.server.crash();
    let ran = world.server.dir().join("ran it's");
    let ran = ran.to_str().unwrap();
    let argvs: [&[&str]; 4] = [
        &["tee", ran],
        &["mkdir", "never; touch 'typed'"],
        &["sudo", "touch", "pwned"],
        &["cat", "-"],
    ];
    for (pane, argv) in snapshot.state.sessions[0].tabs[0]
        .panes
        .iter_mut()
        .zip(argvs)
    {
        pane.program = Some(muxtape::model::program::Program {
            argv: argv.iter().map(|arg| BString::from(*arg)).collect(),
            exe: None,
            cwd: None,
            pipeline: Vec::new(),
            redacted: argv[0] == "cat",
        });
    }
    let policy = Policy {
        programs: Programs::Allow,
        allow: vec!["tee".into()],
        ..Policy::default()
    };
    let plan = world.plan(&snapshot, &policy, &Selection::all());
    let typed: Vec<bool> = plan
        .panes
        .iter()
        .filter(|pane| pane.line.is_some())
        .map(|pane| pane.start == Start::Run)
        .collect();
    assert_eq!(typed, [true, false, false]);
    let report = world.apply(&plan, &texts).unwrap();
    assert_eq!(
        (report.programs_run, report.programs_typed),
        (1, 2),
        "{report:#?}"
    );
    wait_until("the program that is allowed", || Path::new(ran).exists());
    world
        .server
        .wait_for_text("=p:0.1", "mkdir 'never; touch '\\''typed'\\'''");
    // A secret was taken from it: for the user to complete.
    world.server.wait_for_text("=p:0.3", "cat -");
    for pane in ["=p:0.1", "=p:0.3"] {
        let command = [
            "display-message",
            "-p",
            "-t",
            pane,
            "#{pane_current_command}",
        ];
        assert_eq!(world.run(&command), "bash");
    }
    for file in ["pwned", "typed", "never"] {
        assert!(!world.server.home().join(file).exists());
    }
}

#[test]
fn groups_share_their_tabs_again() {
    let world = World::new();
    world.run(&["new-session", "-d", "-s", "one", "-x", "80", "-y", "24"]);
    world.run(&["new-window", "-d", "-t", "=one:4", "-n", "four"]);
    world.run(&["new-session", "-d", "-t", "=one", "-s", "two"]);
    world.run(&["select-window", "-t", "=two:4"]);
    world.settle();
    let (snapshot, texts) = world.snapshot();
    world.server.crash();
    let report = world.restore(&snapshot, &texts);
    assert_eq!(report.status, Status::Success, "{report:#?}");
    let list = world.run(&[
        "list-windows",
        "-a",
        "-F",
        "#{session_name} #{session_group} #{window_index} #{window_active} #{window_id}",
    ]);
    let fields: Vec<Vec<&str>> = list.lines().map(|line| line.split(' ').collect()).collect();
    assert_eq!(fields.len(), 4, "{list}");
    assert!(fields.iter().all(|line| line[1] == "one"), "{list}");
    assert_eq!(fields[0][4], fields[2][4]);
    assert_eq!((fields[0][3], fields[3][3]), ("1", "1"), "{list}");
}

#[test]
fn panes_that_cannot_be_made_do_not_stop_the_others() {
    let world = World::new();
    world.run(&["new-session", "-d", "-s", "a", "-x", "80", "-y", "24"]);
    world.run(&["new-window", "-d", "-t", "=a:1"]);
    world.run(&["split-window", "-d", "-t", "=a:1"]);
    world.settle();
    let (snapshot, texts) = world.snapshot();
    world.server.crash();
    let mut plan = world.plan(&snapshot, &Policy::default(), &Selection::all());
    // Two tabs cannot have one number.
    plan.tabs[1].index = 0;
    let report = world.apply(&plan, &texts).unwrap();
    assert_eq!(report.status, Status::Partial);
    assert_eq!(
        (report.panes_restored, report.panes_failed),
        (1, 2),
        "{report:#?}"
    );
    assert_eq!(report.count(Outcome::Failed), 3, "{:#?}", report.rows);
    let sessions = world.run(&["list-sessions", "-F", "#{session_name}"]);
    assert_eq!(sessions.as_bytes().as_bstr(), "a");
}

#[test]
fn a_restore_that_fails_as_a_whole_leaves_nothing() {
    let world = lively();
    let (snapshot, texts) = world.snapshot();
    world.run(&["kill-session", "-t", "=api"]);
    let before = world.dump();
    let plan = world.plan(&snapshot, &Policy::default(), &Selection::all());
    let failed = restore::apply(
        &plan,
        &Workshop {
            restorer: &world.tmux,
            // Panes end at once where their helper cannot be started.
            program: Path::new("/no/such/muxtape"),
            runtime: &world.runtime(),
            texts: &texts,
            undo: None,
            memory: None,
        },
        &mut |_| {},
    );
    assert!(failed.is_err(), "{failed:#?}");
    wait_until("the end of what was made", || world.dump() == before);
    assert_eq!(fs::read_dir(world.runtime()).unwrap().count(), 0);
}

/// The place of the world, for the process that is killed; without it that test does nothing.
const KILLED: &str = "MUXTAPE_TEST_KILLED_RESTORER";

/// Runs only as a child of the next test: restores until all panes wait, and then stands still.
#[test]
fn child_that_is_killed_while_restoring() {
    let Some(place) = std::env::var_os(KILLED).map(PathBuf::from) else {
        return;
    };
    let state = ServerState {
        buffers: Vec::new(),
        sessions: serde_json::from_slice(&fs::read(place.join("sessions")).unwrap()).unwrap(),
    };
    let socket = place.join("s").to_str().unwrap().into();
    let tmux = Tmux::new(
        muxtape_testing::program(),
        ServerSelect::Path(socket),
        Limits::default(),
    );
    let surroundings = Surroundings {
        home: place.join("home"),
        search_path: Some(muxtape_testing::search_path()),
        suffix: "1140".into(),
        ..Surroundings::default()
    };
    let server = tmux.identity().unwrap().unwrap();
    let snapshot = Snapshot {
        meta: meta(server, &state),
        state,
    };
    let plan = restore::prepare(
        &snapshot,
        &tmux,
        &Policy::default(),
        &Selection::all(),
        &surroundings,
    );
    // Once before any text is written, once after all of it.
    let point: u32 = fs::read_to_string(place.join("point"))
        .unwrap()
        .parse()
        .unwrap();
    let mut told = 0;
    let _ = restore::apply(
        &plan.unwrap(),
        &Workshop {
            restorer: &tmux,
            program: Path::new(env!("CARGO_BIN_EXE_muxtape")),
            runtime: &place.join("run"),
            texts: &Texts::new(),
            undo: None,
            memory: None,
        },
        &mut |progress| {
            if progress.phase == restore::Phase::Replay {
                told += 1;
            }
            if told == point {
                fs::write(place.join("stands"), "").unwrap();
                loop {
                    std::thread::park();
                }
            }
        },
    );
}

#[test]
fn a_restorer_that_is_killed_leaves_nothing_running() {
    let world = lively();
    let (snapshot, _) = world.snapshot();
    world.run(&["kill-session", "-t", "=api"]);
    let before = world.dump();
    let place = world.server.dir();
    let sessions = serde_json::to_vec(&snapshot.state.sessions).unwrap();
    fs::write(place.join("sessions"), sessions).unwrap();
    for point in ["1", "2"] {
        fs::write(place.join("point"), point).unwrap();
        let mut child = world
            .server
            .command(std::env::current_exe().unwrap())
            .args(["--exact", "restore::child_that_is_killed_while_restoring"])
            .env(KILLED, place)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        wait_until("the restorer", || place.join("stands").exists());
        let names = world.run(&["list-panes", "-a", "-F", "#{session_name}"]);
        let temporary = names.lines().filter(|name| name.starts_with("muxtape-"));
        assert_eq!(temporary.count(), 7, "{names}");
        child.kill().unwrap();
        child.wait().unwrap();
        fs::remove_file(place.join("stands")).unwrap();
        wait_until("the end of what was made", || world.dump() == before);
    }
    // The second removed what the first could not.
    let left = fs::read_dir(place.join("run")).unwrap();
    assert_eq!(left.count(), 1);
}

#[test]
fn undo_closes_exactly_what_the_restore_made() {
    let world = lively();
    let (snapshot, texts) = world.snapshot();
    world.server.crash();
    world.run(&["new-session", "-d", "-s", "mine"]);
    let made = world.restore(&snapshot, &texts).undoable().unwrap();
    assert_eq!(made.sessions.len(), 3);
    // It is kept byte for byte, for its owner alone.
    let dir = world.server.dir().join("state");
    assert_eq!(undo::recall(&dir).unwrap(), []);
    let record = undo::remember(&dir, &made, Millis(5)).unwrap();
    let kept = undo::recall(&dir).unwrap();
    assert_eq!((&kept[0].made, kept[0].at), (&made, Millis(5)));
    let file = fs::read_dir(&dir).unwrap().next().unwrap().unwrap();
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    undo::forget(&dir, record).unwrap();
    assert_eq!(undo::recall(&dir).unwrap(), []);
    // One has become somebody's own since, one is closed already.
    world.run(&["rename-session", "-t", "=api", "kept"]);
    let third = made.sessions.iter().find(|made| made.to.starts_with(b"3"));
    world.run(&["kill-session", "-t", &third.unwrap().called]);
    let undone = undo::undo(&world.tmux, &made).unwrap();
    assert_eq!(undone.closed.len(), 1);
    assert!(undone.closed[0].to.starts_with(b"#(touch"));
    let why: Vec<&LeftAlone> = undone.left.iter().map(|(_, why)| why).collect();
    assert!(why.contains(&&LeftAlone::Closed));
    assert!(why.contains(&&LeftAlone::Renamed("kept".into())));
    let alive = world.run(&["list-sessions", "-F", "#{session_name}"]);
    assert_eq!(alive, "kept\nmine");
}

#[test]
fn undo_leaves_another_life_of_the_server_alone() {
    let world = World::new();
    world.run(&["new-session", "-d", "-s", "api"]);
    world.settle();
    let (snapshot, texts) = world.snapshot();
    world.server.crash();
    let made = world.restore(&snapshot, &texts).undoable().unwrap();
    world.server.crash();
    // Nobody is there; then somebody with the same number and name is.
    let undone = undo::undo(&world.tmux, &made).unwrap();
    assert!(undone.closed.is_empty());
    world.run(&["new-session", "-d", "-s", "api"]);
    let id = world.run(&["list-sessions", "-F", "#{session_id}"]);
    assert_eq!(id, made.sessions[0].called);
    let undone = undo::undo(&world.tmux, &made).unwrap();
    assert_eq!(undone.left[0].1, LeftAlone::ServerEnded);
    let alive = world.run(&["list-sessions", "-F", "#{session_name}"]);
    assert_eq!(alive, "api");
}

#[test]
fn undoing_the_only_sessions_ends_a_server_that_ends_without_any() {
    let world = World::new();
    world.run(&["new-session", "-d", "-s", "api"]);
    world.settle();
    let (snapshot, texts) = world.snapshot();
    world.server.crash();
    let made = world.restore(&snapshot, &texts).undoable().unwrap();
    world.run(&["set-option", "-s", "exit-empty", "on"]);
    let undone = undo::undo(&world.tmux, &made).unwrap();
    assert_eq!(undone.closed, made.sessions);
}

#[test]
fn directories_come_back_by_the_names_that_they_had() {
    let world = World::new();
    let base = world.server.dir().canonicalize().unwrap();
    let (real, link) = (base.join("real"), base.join("link"));
    fs::create_dir_all(real.join("sub")).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let odd = base.join("x (deleted) (deleted)");
    fs::create_dir_all(&odd).unwrap();
    fs::create_dir_all(base.join("x")).unwrap();
    let new = |dir: &Path| {
        let dir = dir.to_str().unwrap();
        world.run(&["new-session", "-d", "-x", "150", "-y", "30", "-c", dir]);
    };
    new(&link);
    new(&odd);
    world.settle();
    world.server.type_line("%0", "cd sub");
    wait_until("another directory", || {
        let path = world.run(&["display-message", "-p", "-t", "%0", "#{pane_current_path}"]);
        path.ends_with("/sub")
    });
    world.settle();
    let (before, texts) = world.snapshot();
    world.server.crash();
    let report = world.restore(&before, &texts);
    assert!(report.warnings.is_empty(), "{:?}", report.warnings);
    world.settle();
    for (pane, dir) in [("=0:", link.join("sub")), ("=1:", odd)] {
        world.server.type_line(pane, "echo in:$PWD.");
        let wanted = format!("in:{}.", dir.display());
        world.server.wait_for_text(pane, &wanted);
    }
    let (after, _) = world.snapshot();
    let dirs = |snapshot: &Snapshot| -> Vec<BString> {
        let panes = snapshot.state.panes();
        panes.map(|(_, _, pane)| pane.cwd.clone()).collect()
    };
    assert_eq!(dirs(&before), dirs(&after));
}
