//! What a restore does where sessions are alive: on real private tmux servers, with clients
//! attached.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may panic"
)]

use crate::support::muxtape::Muxtape;
use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};

use crate::support::terminal::Terminal;
use crate::support::world::{Texts, World};
use muxtape::model::snapshot::Snapshot;
use muxtape::model::target::Target;
use muxtape::model::time::Millis;
use muxtape::restore::undo::{self, LeftAlone};
use muxtape::restore::{
    self, Memory, OnConflict, Plan, Policy, Report, RestoreError, Selection, Status, Workshop,
};
use muxtape_testing::wait_until;

/// Two sessions, one with three panes side by side and another tab, both idle.
fn two() -> World {
    let world = World::new();
    world.run(&[
        "new-session",
        "-d",
        "-s",
        "proj",
        "-n",
        "main",
        "-x",
        "120",
        "-y",
        "40",
    ]);
    world.run(&["split-window", "-d", "-h", "-t", "=proj:0", "-l", "80"]);
    world.run(&["split-window", "-d", "-v", "-t", "=proj:0.1", "-l", "12"]);
    world.run(&["new-window", "-d", "-t", "=proj:3", "-n", "logs"]);
    world.run(&[
        "new-session",
        "-d",
        "-s",
        "project2",
        "-n",
        "other",
        "-x",
        "120",
        "-y",
        "40",
    ]);
    world.settle();
    world
}

fn policy(on_conflict: OnConflict) -> Policy {
    Policy {
        on_conflict,
        parts: Some(on_conflict),
        ..Policy::default()
    }
}

fn only(snapshot: &Snapshot, targets: &[&str]) -> Selection {
    let targets: Vec<Target> = targets
        .iter()
        .map(|target| target.parse().unwrap())
        .collect();
    Selection::only(&snapshot.state, &targets).unwrap()
}

fn plan(world: &World, snapshot: &Snapshot, on_conflict: OnConflict, targets: &[&str]) -> Plan {
    world.plan(snapshot, &policy(on_conflict), &only(snapshot, targets))
}

/// Restores, and waits until all shells are there.
fn restore(world: &World, plan: &Plan, texts: &Texts) -> Report {
    let report = world.apply(plan, texts).unwrap();
    assert_eq!(report.status, Status::Success, "{report:#?}");
    world.settle();
    let names = world.run(&["list-sessions", "-F", "#{session_name}"]);
    assert!(!names.contains("muxtape-"), "{names}");
    report
}

fn lines(world: &World, filter: &str, format: &str) -> Vec<String> {
    let all = world.run(&["list-panes", "-a", "-f", filter, "-F", format]);
    all.lines().map(str::to_owned).collect()
}

fn of(session: &str) -> String {
    format!("#{{==:#{{session_name}},{session}}}")
}

/// A client in a terminal of this size.
fn attach(world: &World, session: &str, columns: u16, rows: u16) -> Terminal {
    let socket = world.server.socket();
    let target = format!("={session}");
    let program = muxtape_testing::program();
    let command = [
        program.to_str().unwrap(),
        "-u",
        "-S",
        socket.to_str().unwrap(),
        "attach",
        "-t",
        &target,
    ];
    let before = clients(world).len();
    let terminal = Terminal::open(world.server.dir(), columns, rows, &[], &command);
    wait_until("a client", || clients(world).len() > before);
    terminal
}

/// What each client looks at, and what it looked at before.
fn clients(world: &World) -> Vec<String> {
    let format = "#{client_session}:#{window_index} #{client_last_session}";
    let mut all: Vec<String> = world
        .run(&["list-clients", "-F", format])
        .lines()
        .map(str::to_owned)
        .collect();
    all.sort();
    all
}

/// A client in control mode.
struct Control(Child);

impl Control {
    fn attach(world: &World, session: &str) -> Self {
        let before = clients(world).len();
        let mut client = world.server.client();
        client.args(["-C", "attach", "-t", &format!("={session}")]);
        let child = client.stdin(Stdio::piped()).stdout(Stdio::null());
        let child = Self(child.spawn().unwrap());
        wait_until("a client in control mode", || clients(world).len() > before);
        child
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_lost_pane_comes_back_to_its_place_and_no_other_one_moves() {
    let world = two();
    let (snapshot, texts) = world.snapshot();
    let format = "#{window_id} #{pane_index} #{pane_left},#{pane_top} #{pane_width}x#{pane_height}";
    let before = lines(&world, &of("proj"), format);
    world.run(&["select-window", "-t", "=proj:3"]);
    world.run(&["kill-pane", "-t", "=proj:0.1"]);
    let alive = lines(&world, "1", "#{pane_id} #{pane_pid}");
    let plan = world.plan(
        &snapshot,
        &Policy::default(),
        &only(&snapshot, &["proj:0.1"]),
    );
    assert!(plan.loses.is_empty());
    let report = restore(&world, &plan, &texts);
    assert_eq!((report.panes_restored, report.tabs_restored), (1, 0));
    assert_eq!(lines(&world, &of("proj"), format), before);
    let now = lines(&world, "1", "#{pane_id} #{pane_pid}");
    assert!(alive.iter().all(|pane| now.contains(pane)), "{now:?}");
    assert_eq!(now.len(), alive.len() + 1);
    // The focus stays where it was.
    assert_eq!(
        world.run(&["display-message", "-p", "-t", "=proj:", "#{window_index}"]),
        "3"
    );
}

#[test]
fn a_pane_that_is_lost_after_a_crash_is_missed_though_others_have_its_number() {
    let world = World::new();
    world.run(&["new-session", "-d", "-s", "one", "-x", "120", "-y", "40"]);
    world.run(&["split-window", "-d", "-t", "=one:"]);
    // A program that is the pane's own process: it gets a shell when it comes back.
    world.run(&[
        "split-window",
        "-d",
        "-t",
        "=one:.1",
        "printf waits; exec tail -f /dev/null",
    ]);
    let idle = || {
        for pane in ["=one:.0", "=one:.1"] {
            world.server.wait_for_prompt(pane);
        }
    };
    idle();
    let (snapshot, texts) = world.snapshot();
    world.server.crash();
    world.restore(&snapshot, &texts);
    let format = "#{pane_index} #{pane_current_command} #{pane_top}";
    wait_until("the program", || {
        lines(&world, &of("one"), format).concat().contains("tail")
    });
    let before = lines(&world, &of("one"), format);
    world.run(&["kill-pane", "-t", "=one:.1"]);
    let plan = world.plan(
        &snapshot,
        &Policy::default(),
        &only(&snapshot, &["one:0.1"]),
    );
    let report = world.apply(&plan, &texts).unwrap();
    assert_eq!(report.panes_restored, 1);
    idle();
    assert_eq!(lines(&world, &of("one"), format), before);
}

#[test]
fn the_first_and_the_last_pane_come_back_to_their_places() {
    for lost in ["0.0", "0.2"] {
        let world = two();
        let (snapshot, texts) = world.snapshot();
        let format = "#{pane_index} #{pane_left},#{pane_top} #{pane_width}x#{pane_height}";
        let before = lines(&world, &of("proj"), format);
        world.run(&["kill-pane", "-t", &format!("=proj:{lost}")]);
        let target = format!("proj:{lost}");
        let plan = world.plan(&snapshot, &Policy::default(), &only(&snapshot, &[&target]));
        restore(&world, &plan, &texts);
        assert_eq!(lines(&world, &of("proj"), format), before, "{lost}");
    }
}

#[test]
fn a_pane_goes_beside_its_neighbour_where_the_tab_was_changed() {
    let world = two();
    let (snapshot, texts) = world.snapshot();
    world.run(&["kill-pane", "-t", "=proj:0.2"]);
    // Another pane above all, and the whole zoomed.
    world.run(&[
        "split-window",
        "-d",
        "-f",
        "-b",
        "-v",
        "-l",
        "7",
        "-t",
        "=proj:0.0",
    ]);
    world.run(&["resize-pane", "-Z", "-t", "=proj:0.1"]);
    let plan = world.plan(
        &snapshot,
        &Policy::default(),
        &only(&snapshot, &["proj:0.2"]),
    );
    assert!(
        plan.warnings
            .iter()
            .any(|warning| warning.kind == "changed tab")
    );
    let old = lines(&world, &of("proj"), "#{pane_id}");
    let report = restore(&world, &plan, &texts);
    assert_eq!(report.panes_restored, 1);
    let flags = world.run(&[
        "display-message",
        "-p",
        "-t",
        "=proj:0",
        "#{window_zoomed_flag}",
    ]);
    assert_eq!(flags, "1");
    world.run(&["resize-pane", "-Z", "-t", "=proj:0"]);
    let now = lines(&world, &of("proj"), "#{pane_id} #{pane_left} #{pane_width}");
    let new = now
        .iter()
        .find(|pane| !old.iter().any(|id| pane.starts_with(&format!("{id} "))));
    // Below the pane that it was below of, as wide.
    assert_eq!(new.unwrap().split_once(' ').unwrap().1, "40 80", "{now:?}");
}

#[test]
fn merging_adds_what_is_missing_once() {
    let world = two();
    let (snapshot, texts) = world.snapshot();
    world.run(&["kill-window", "-t", "=proj:3"]);
    world.run(&["new-window", "-d", "-t", "=proj:3", "-n", "mine"]);
    world.run(&["kill-pane", "-t", "=proj:0.1"]);
    world.settle();
    let alive = lines(
        &world,
        "1",
        "#{session_name} #{window_id} #{window_name} #{pane_id} #{pane_pid}",
    );
    let plan = plan(&world, &snapshot, OnConflict::Merge, &["proj"]);
    assert!(
        plan.warnings
            .iter()
            .any(|warning| warning.kind == "number taken")
    );
    let report = restore(&world, &plan, &texts);
    assert_eq!((report.tabs_restored, report.panes_restored), (1, 2));
    let now = lines(
        &world,
        "1",
        "#{session_name} #{window_id} #{window_name} #{pane_id} #{pane_pid}",
    );
    assert!(alive.iter().all(|pane| now.contains(pane)), "{now:?}");
    let tabs = world.run(&[
        "list-windows",
        "-t",
        "=proj",
        "-F",
        "#{window_index} #{window_name}",
    ]);
    assert_eq!(tabs, "0 main\n3 mine\n4 logs");
    assert_eq!(
        world.run(&["list-windows", "-t", "=project2", "-F", "#{window_name}"]),
        "other"
    );
    // Nothing is missing now.
    let again = self::plan(&world, &snapshot, OnConflict::Merge, &["proj"]);
    assert!(again.is_empty(), "{:#?}", again.items);
    // Undoing it closes those two, and nothing else.
    let made = report.undoable().unwrap();
    let undone = undo::undo(&world.tmux, &made).unwrap();
    assert_eq!(
        (undone.panes.len(), undone.left.len()),
        (2, 0),
        "{undone:?}"
    );
    assert_eq!(
        lines(
            &world,
            "1",
            "#{session_name} #{window_id} #{window_name} #{pane_id} #{pane_pid}"
        ),
        alive
    );
}

#[test]
fn merging_after_a_crash_knows_tabs_by_their_names_and_places() {
    let world = two();
    let (snapshot, texts) = world.snapshot();
    world.server.crash();
    world.run(&[
        "new-session",
        "-d",
        "-s",
        "proj",
        "-n",
        "main",
        "-x",
        "90",
        "-y",
        "30",
    ]);
    world.run(&["split-window", "-d", "-h", "-t", "=proj:0"]);
    world.settle();
    let plan = plan(&world, &snapshot, OnConflict::Merge, &["proj"]);
    let report = restore(&world, &plan, &texts);
    assert_eq!((report.tabs_restored, report.panes_restored), (1, 2));
    let tabs = world.run(&[
        "list-windows",
        "-t",
        "=proj",
        "-F",
        "#{window_index} #{window_name} #{window_panes}",
    ]);
    assert_eq!(tabs, "0 main 3\n3 logs 1");
}

#[test]
fn what_undo_finds_changed_stays() {
    let world = two();
    let (snapshot, texts) = world.snapshot();
    world.run(&["kill-window", "-t", "=proj:3"]);
    world.run(&["kill-pane", "-t", "=proj:0.2"]);
    world.run(&["kill-session", "-t", "=project2"]);
    let plan = plan(&world, &snapshot, OnConflict::Merge, &["proj", "project2"]);
    let report = restore(&world, &plan, &texts);
    let made = report.undoable().unwrap();
    world.run(&["break-pane", "-d", "-s", "=proj:0.2", "-t", "=proj:"]);
    world.run(&["respawn-pane", "-k", "-t", "=proj:3", "exec sleep 1000"]);
    world.run(&["split-window", "-d", "-t", "=project2:"]);
    let undone = undo::undo(&world.tmux, &made).unwrap();
    let why: Vec<&LeftAlone> = undone.left.iter().map(|(_, why)| why).collect();
    assert!(why.contains(&&LeftAlone::Moved), "{why:?}");
    assert!(why.contains(&&LeftAlone::Respawned), "{why:?}");
    assert!(why.contains(&&LeftAlone::Grown(1)), "{why:?}");
    assert!(undone.panes.is_empty() && undone.closed.is_empty());
    assert_eq!(lines(&world, &of("project2"), "#{pane_id}").len(), 1);
}

#[test]
fn a_replaced_session_keeps_its_clients_and_comes_back() {
    let world = two();
    let (snapshot, texts) = world.snapshot();
    world.run(&["split-window", "-d", "-t", "=proj:3"]);
    world.run(&["new-window", "-d", "-t", "=proj:5", "-n", "gone"]);
    world.run(&["set-option", "-g", "detach-on-destroy", "on"]);
    let _small = attach(&world, "proj", 80, 24);
    let _large = attach(&world, "proj", 150, 50);
    let _control = Control::attach(&world, "proj");
    let _before = attach(&world, "proj", 100, 30);
    // The last one has gone on to another session.
    let name = world.run(&["list-clients", "-F", "#{client_width} #{client_name}"]);
    let name = name
        .lines()
        .find_map(|line| line.strip_prefix("100 "))
        .unwrap();
    world.run(&["switch-client", "-c", name, "-t", "=project2"]);
    world.run(&["select-window", "-t", "=proj:3"]);
    world.settle();
    let other = lines(&world, &of("project2"), "#{pane_id} #{pane_pid}");
    let old = world.run(&["display-message", "-p", "-t", "=proj:", "#{session_id}"]);
    let (live, live_texts) = world.snapshot();

    let plan = plan(&world, &snapshot, OnConflict::Replace, &["proj"]);
    assert_eq!(plan.replaced(), ["proj"]);
    assert_eq!(plan.loses.len(), 6, "{:?}", plan.loses);
    let report = restore(&world, &plan, &texts);
    assert_eq!(report.replaced, ["proj"]);
    assert_eq!(
        clients(&world),
        ["proj:3 ", "proj:3 ", "proj:3 ", "project2:0 proj"]
    );
    let new = world.run(&["display-message", "-p", "-t", "=proj:", "#{session_id}"]);
    assert_ne!(old, new);
    assert_eq!(
        lines(&world, &of("project2"), "#{pane_id} #{pane_pid}"),
        other
    );
    let tabs = world.run(&[
        "list-windows",
        "-t",
        "=proj",
        "-F",
        "#{window_index} #{window_panes}",
    ]);
    assert_eq!(tabs, "0 3\n3 1");
    // Back again, as an undo does it: from the undo point, in its place.
    let back = self::plan(&world, &live, OnConflict::Replace, &["proj"]);
    restore(&world, &back, &live_texts);
    assert_eq!(clients(&world).len(), 4);
    let tabs = world.run(&[
        "list-windows",
        "-t",
        "=proj",
        "-F",
        "#{window_index} #{window_panes}",
    ]);
    assert_eq!(tabs, "0 3\n3 2\n5 1");
}

#[test]
fn a_restore_beside_touches_no_client() {
    let world = two();
    let (snapshot, texts) = world.snapshot();
    world.run(&["split-window", "-d", "-t", "=proj:3"]);
    let _client = attach(&world, "proj", 100, 30);
    let before = clients(&world);
    let plan = plan(&world, &snapshot, OnConflict::Rename, &["proj"]);
    restore(&world, &plan, &texts);
    assert_eq!(clients(&world), before);
}

#[test]
fn groups_and_linked_tabs_outlive_a_session_that_is_replaced() {
    let world = two();
    world.run(&["link-window", "-d", "-s", "=proj:3", "-t", "=project2:7"]);
    world.run(&["new-session", "-d", "-t", "=project2", "-s", "mate"]);
    world.settle();
    let (snapshot, texts) = world.snapshot();
    world.run(&["new-window", "-d", "-t", "=proj:9"]);
    world.settle();
    let kept = lines(&world, &of("mate"), "#{window_id} #{pane_id} #{pane_pid}");
    let plan = plan(&world, &snapshot, OnConflict::Replace, &["proj"]);
    // The linked tab is not lost.
    assert!(
        !plan.loses.iter().any(|lost| lost.contains("proj:3")),
        "{:?}",
        plan.loses
    );
    restore(&world, &plan, &texts);
    assert_eq!(
        lines(&world, &of("mate"), "#{window_id} #{pane_id} #{pane_pid}"),
        kept
    );
    assert_eq!(lines(&world, &of("proj"), "#{pane_id}").len(), 4);
}

#[test]
fn what_has_changed_since_the_plan_stops_it() {
    let world = two();
    let (snapshot, texts) = world.snapshot();
    world.run(&["kill-pane", "-t", "=proj:0.2"]);
    let merge = world.plan(
        &snapshot,
        &Policy::default(),
        &only(&snapshot, &["proj:0.2"]),
    );
    let replace = plan(&world, &snapshot, OnConflict::Replace, &["proj"]);
    world.run(&["split-window", "-d", "-t", "=proj:3"]);
    world.settle();
    let before = world.dump();
    for plan in [merge, replace] {
        let refused = world.apply(&plan, &texts);
        assert!(matches!(refused, Err(RestoreError::Changed)), "{refused:?}");
        assert_eq!(world.dump(), before);
    }
    // Another session is no matter of a plan that touches this one alone.
    let merge = world.plan(
        &snapshot,
        &Policy::default(),
        &only(&snapshot, &["proj:0.2"]),
    );
    world.run(&["split-window", "-d", "-t", "=project2:"]);
    world.settle();
    restore(&world, &merge, &texts);
}

#[test]
fn without_an_undo_point_nothing_is_replaced() {
    let world = two();
    let (snapshot, texts) = world.snapshot();
    world.run(&["split-window", "-d", "-t", "=proj:3"]);
    world.settle();
    let plan = plan(&world, &snapshot, OnConflict::Replace, &["proj"]);
    let before = world.dump();
    let workshop = |program, undo| Workshop {
        restorer: &world.tmux,
        program,
        runtime: Path::new("/no/such/place"),
        texts: &texts,
        undo,
        memory: None,
    };
    let muxtape = Path::new(env!("CARGO_BIN_EXE_muxtape"));
    let refused = restore::apply(&plan, &workshop(muxtape, None), &mut |_| {});
    assert!(matches!(refused, Err(RestoreError::NoUndoPoint)));
    assert_eq!(world.dump(), before);
}

#[test]
fn an_error_before_the_switch_leaves_everything_as_it_was() {
    let world = two();
    let (snapshot, texts) = world.snapshot();
    world.run(&["split-window", "-d", "-t", "=proj:3"]);
    let _client = attach(&world, "proj", 100, 30);
    world.settle();
    let (before, looked) = (world.dump(), clients(&world));
    let state = world.server.dir().join("state");
    let blocked = world.server.dir().join("file");
    fs::write(&blocked, "").unwrap();
    let plan = plan(&world, &snapshot, OnConflict::Replace, &["proj"]);
    for (program, dir) in [
        // Panes that end at once, and an undo that cannot be written down.
        ("/no/such/muxtape", &state),
        (env!("CARGO_BIN_EXE_muxtape"), &blocked),
    ] {
        let failed = restore::apply(
            &plan,
            &Workshop {
                restorer: &world.tmux,
                program: Path::new(program),
                runtime: &world.runtime(),
                texts: &texts,
                undo: Some(plan.snapshot),
                memory: Some(Memory { dir, at: Millis(1) }),
            },
            &mut |_| {},
        );
        assert!(failed.is_err(), "{failed:#?}");
        wait_until("the end of what was made", || world.dump() == before);
        assert_eq!(clients(&world), looked);
    }
    assert!(undo::recall(&state).unwrap().is_empty());
}

#[test]
fn a_line_that_breaks_off_gives_names_back() {
    let world = two();
    let (snapshot, texts) = world.snapshot();
    world.run(&["split-window", "-d", "-t", "=proj:3"]);
    world.settle();
    let mut plan = plan(&world, &snapshot, OnConflict::Replace, &["proj"]);
    // A name that tmux refuses once the living session has lost its own.
    plan.sessions[0].to = "project2".into();
    let before = world.dump();
    let refused = world.apply(&plan, &texts);
    assert!(matches!(refused, Err(RestoreError::Changed)), "{refused:?}");
    wait_until("the end of what was made", || world.dump() == before);
}

#[test]
fn scripts_merge_and_replace_as_well() {
    for on_conflict in ["merge", "replace"] {
        let world = two();
        assert_eq!(world.server.muxtape(&["create", "before"]).code, 0);
        world.run(&["kill-window", "-t", "=proj:3"]);
        world.run(&["kill-pane", "-t", "=proj:0.1"]);
        world.run(&["select-window", "-t", "=proj:0"]);
        let client = (on_conflict == "replace").then(|| attach(&world, "proj", 120, 41));
        world.settle();
        let alive = lines(&world, "1", "#{session_name} #{pane_id} #{pane_pid}");
        let args = [
            "restore",
            "before",
            "--session",
            "proj",
            "--on-conflict",
            on_conflict,
            "--script",
        ];
        let said = world.server.muxtape(&args);
        assert_eq!(said.code, 0, "{}", said.err);
        let script = world.server.dir().join("script");
        fs::write(&script, &said.out).unwrap();
        let ran = world.server.command("sh").arg(&script).output().unwrap();
        let error = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{error}\n{}", said.out);
        world.settle();
        let now = lines(&world, "1", "#{session_name} #{pane_id} #{pane_pid}");
        let tabs = world.run(&[
            "list-windows",
            "-t",
            "=proj",
            "-F",
            "#{window_index} #{window_panes}",
        ]);
        assert_eq!(tabs, "0 3\n3 1", "{}", said.out);
        let names = world.run(&["list-sessions", "-F", "#{session_name}"]);
        assert_eq!(names, "proj\nproject2");
        if client.is_some() {
            assert_eq!(clients(&world), ["proj:0 "]);
            assert!(
                !now.iter()
                    .any(|pane| pane.starts_with("proj ") && alive.contains(pane))
            );
        } else {
            assert!(alive.iter().all(|pane| now.contains(pane)), "{now:?}");
            // The same numbers mean something else in another life.
            world.server.crash();
            world.run(&["new-session", "-d", "-s", "proj"]);
            let again = world.server.command("sh").arg(&script).output().unwrap();
            assert!(!again.status.success());
        }
    }
}

#[test]
fn commands_replace_and_undo_one_after_the_other() {
    let world = two();
    let server = &world.server;
    assert_eq!(server.muxtape(&["create", "before"]).code, 0);
    world.run(&["split-window", "-d", "-t", "=proj:3"]);
    world.run(&["new-window", "-d", "-t", "=proj:5", "-n", "mine"]);
    world.settle();
    let client = attach(&world, "proj", 120, 41);
    let tabs = || {
        world.run(&[
            "list-windows",
            "-t",
            "=proj",
            "-F",
            "#{window_index} #{window_name} #{window_panes}",
        ])
    };
    let before = tabs();
    // Nobody is there to type the name.
    let replace = [
        "restore",
        "before",
        "--session",
        "proj",
        "--on-conflict",
        "replace",
    ];
    assert_eq!(server.muxtape(&replace).code, 5);
    let dry = server.json(&[&replace[..], &["--dry-run"]].concat());
    assert_eq!(dry["loses"].as_array().unwrap().len(), 6);
    assert_eq!(tabs(), before);
    let done = server.json(&[&["--yes"], &replace[..]].concat());
    assert_eq!(done["status"], "success", "{done}");
    assert_eq!(done["replaced"][0], "proj");
    assert_eq!(tabs(), "0 main 3\n3 logs 1");
    world.settle();
    // A lost pane, put back where it was.
    world.run(&["kill-pane", "-t", "=proj:0.2"]);
    let done = server.json(&["--yes", "restore", "before", "--pane", "proj:0.2"]);
    assert_eq!(done["status"], "success", "{done}");
    assert_eq!(tabs(), "0 main 3\n3 logs 1");
    world.settle();
    let listed = server.json(&["undo", "--list"]);
    assert_eq!(listed[0]["sessions"][0], "proj:0.2");
    assert_eq!(listed[1]["sessions"][0], "proj");
    let undone = server.json(&["--yes", "undo"]);
    assert_eq!(undone["panes"][0], "proj:0.2", "{undone}");
    assert_eq!(tabs(), "0 main 2\n3 logs 1");
    let undone = server.json(&["--yes", "undo"]);
    assert_eq!(undone["back"][0], "proj", "{undone}");
    assert_eq!(tabs(), before);
    assert_eq!(clients(&world).len(), 1);
    server.error(3, &["undo", "--list"]);
    drop(client);
}

#[test]
fn what_undo_closes_is_no_crash() {
    let world = two();
    let server = &world.server;
    assert_eq!(server.muxtape(&["create", "before"]).code, 0);
    server.crash();
    let done = server.json(&["--yes", "recover"]);
    assert_eq!(done["status"], "success", "{done}");
    world.settle();
    assert_eq!(server.muxtape(&["create", "after"]).code, 0);
    world.run(&["set-option", "-s", "exit-empty", "on"]);
    let undone = server.json(&["--yes", "undo"]);
    assert_eq!(undone["was_last"], true, "{undone}");
    wait_until("the end of the server", || {
        !world.server.try_run(["list-sessions"]).status.success()
    });
    let offers = server.json(&["recover", "--list"]);
    assert_eq!(offers, serde_json::json!([]), "{offers}");
}
