//! What is saved, lost and restored is what it was: a server with everything in it goes through
//! many surroundings, and comes back with nothing changed but what docs/fidelity.md names.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may panic"
)]

mod compare;
mod fixture;
mod injection;

use crate::support::muxtape::Muxtape;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::terminal::Terminal;
use crate::support::world::World;
use fixture::{Fixture, settle};
use muxtape::mux::run::Limits;
use muxtape::mux::tmux::Tmux;
use muxtape::mux::{Multiplexer, Scope};
use muxtape::restore::{Policy, Programs, RestoreError, Selection, Settings, Status};
use muxtape_testing::wait_until;

/// Where a restore takes place.
struct Surroundings {
    /// What the server's configuration says beside what all say.
    config: &'static str,
    /// What is set when the client is there.
    later: &'static str,
    /// What tabs and panes are counted from.
    base: u32,
    /// muxtape, and the server that it starts, know no characters beyond ASCII.
    ascii: bool,
    /// A client of this size looks at another session meanwhile.
    client: Option<(u16, u16)>,
}

fn world(config: &str) -> World {
    let mut world = World::with_config(config);
    world.tmux = world.tmux.with_scope(scope());
    world
}

fn scope() -> Scope {
    Scope {
        environment: fixture::VARIABLES.map(String::from).to_vec(),
        buffers: true,
    }
}

/// The way to the same server by a tmux that runs as a daemon without a locale does.
fn in_ascii(world: &World) -> Tmux {
    let program = world.server.dir().join("tmux-in-ascii");
    let script = format!(
        "#!/bin/sh\nLC_ALL=C exec {} \"$@\"\n",
        muxtape_testing::program().display()
    );
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    Tmux::new(program, world.tmux.select().clone(), Limits::default())
        .with_config(world.server.config())
        .with_scope(scope())
}

/// Looks at a session of its own in a real terminal.
fn attach(world: &World, (columns, rows): (u16, u16)) -> Terminal {
    world.run(&["new-session", "-d", "-s", "live"]);
    let socket = world.server.socket();
    let socket = socket.to_str().unwrap();
    let command = [
        "env", "-u", "TMUX", "tmux", "-u", "-S", socket, "attach", "-t", "=live",
    ];
    let terminal = Terminal::open(world.server.dir(), columns, rows, &[], &command);
    wait_until("a client", || world.run(&["list-clients"]).contains("live"));
    terminal
}

fn comes_back(surroundings: &Surroundings) {
    let mut world = world(surroundings.config);
    if surroundings.ascii {
        world.tmux = in_ascii(&world);
    }
    Fixture::build(&world, surroundings.base);
    let (before, texts) = world.snapshot();
    assert_eq!(before.state.sessions.len(), 15);
    assert_eq!(
        (before.state.tab_count(), before.state.pane_count()),
        (46, 52)
    );
    let raw = compare::raw(&world);
    world.server.crash();
    let client = surroundings.client.map(|size| attach(&world, size));
    if !surroundings.later.is_empty() {
        let later = world.server.dir().join("later");
        fs::write(&later, surroundings.later).unwrap();
        world.run(&["source-file", later.to_str().unwrap()]);
    }
    let policy = Policy {
        settings: Settings::All,
        ..Policy::default()
    };
    let plan = world.plan(&before, &policy, &Selection::all());
    let report = world.apply(&plan, &texts).unwrap();
    assert_eq!(report.status, Status::Success, "{report:#?}");
    settle(&world);
    let (after, new_texts) = world.snapshot();
    let mut differences = compare::differences(&before.state, &texts, &after.state, &new_texts);
    differences.extend(compare::raw_differences(&raw, &compare::raw(&world)));
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    // Nothing that was captured has acted.
    for dir in [
        world.server.home(),
        world.server.dir().to_owned(),
        ".".into(),
    ] {
        assert!(!dir.join("pwned").exists());
    }
    drop(client);
}

#[test]
fn a_server_comes_back_where_nobody_looks() {
    comes_back(&Surroundings {
        config: "",
        later: "",
        base: 0,
        ascii: false,
        client: None,
    });
}

#[test]
fn a_server_comes_back_counted_from_one_in_another_locale() {
    comes_back(&Surroundings {
        config: "set -g base-index 1\nset -gw pane-base-index 1\nset -g renumber-windows on\n\
            set -g automatic-rename off\nset -g remain-on-exit on\n",
        later: "",
        base: 1,
        ascii: true,
        client: None,
    });
}

#[test]
fn a_server_comes_back_beside_a_smaller_client_and_under_hooks() {
    comes_back(&Surroundings {
        config: "set -g status 3\nset -g mouse on\n",
        later: "set -g destroy-unattached on\n\
            set-hook -g after-split-window 'select-layout tiled'\n\
            set-hook -g after-new-window 'split-window'\n\
            set-hook -g after-new-session 'split-window ; new-window'\n\
            set-hook -g session-created 'rename-window hooked'\n\
            set-hook -g after-select-pane 'resize-pane -L 3'\n\
            set-hook -g after-rename-session 'kill-pane'\n",
        base: 0,
        ascii: false,
        client: Some((60, 20)),
    });
}

#[test]
fn a_server_comes_back_beside_a_larger_client() {
    comes_back(&Surroundings {
        config: "set -g window-size largest\nset -g history-limit 130\nset -g allow-rename on\n\
            set -g default-command 'exec env X=1 bash --norc --noprofile -i'\n\
            set -s command-alias[100] 'sw=split-window -h'\nset -g aggressive-resize on\n",
        later: "",
        base: 0,
        ascii: false,
        client: Some((250, 70)),
    });
}

/// A state with all details, and what tmux says of the sessions, tabs and panes that come of it.
fn restored_details(settings: Settings) -> (World, Vec<String>) {
    let world = world("");
    world.run(&["new-session", "-d", "-s", "s", "-x", "80", "-y", "24"]);
    world.run(&["split-window", "-d", "-t", "=s:"]);
    world.run(&["new-window", "-d", "-t", "=s:3"]);
    world.run(&["new-window", "-d", "-t", "=s:5"]);
    settle(&world);
    let (mut snapshot, texts) = world.snapshot();
    world.server.crash();
    injection::fill(&mut snapshot.state);
    let policy = Policy {
        settings,
        ..Policy::default()
    };
    let plan = world.plan(&snapshot, &policy, &Selection::all());
    let report = world.apply(&plan, &texts).unwrap();
    assert_eq!(report.status, Status::Success, "{report:#?}");
    settle(&world);
    let told = report.warnings.iter().map(|warning| warning.issue.clone());
    let told = told.collect();
    (world, told)
}

#[test]
fn settings_variables_hooks_and_modes_are_set_as_the_policy_says() {
    let (world, told) = restored_details(Settings::Safe);
    let show = |args: &[&str]| world.run(args);
    assert_eq!(
        show(&["show-options", "-t", "=s:"]),
        "@odd \"a\\tb\\n#S\"\nhistory-limit 77\nupdate-environment[3] ODD"
    );
    assert_eq!(
        show(&["show-options", "-w", "-t", "=s:3"]),
        "monitor-silence 9\npane-border-status top"
    );
    assert_eq!(
        compare::pane_options(&world, "=s:0.1"),
        "window-style bg=red"
    );
    // tmux itself takes some from whoever makes a session.
    let variables = show(&["show-environment", "-t", "=s"]);
    assert!(variables.contains("-GONE\n"), "{variables}");
    assert!(variables.contains("ODD=a\tb\n#(touch x)"), "{variables}");
    assert_eq!(show(&["show-environment", "-h", "-t", "=s"]), "HIDDEN=h");
    assert!(!show(&["show-hooks", "-t", "=s:"]).contains("after-split-window["));
    let left: Vec<_> = told
        .iter()
        .filter(|line| line.starts_with("not set again"))
        .collect();
    assert_eq!(
        left,
        ["not set again: status-left, default-command, after-split-window[4], alert-bell[0]"]
    );
    let format =
        "#{session_stack}|#{pane_input_off}|#{pane_mode}|#{pane_search_string}|#{history_limit}";
    assert_eq!(
        show(&["display-message", "-p", "-t", "=s:0.1", format]),
        "3,5|1|||77"
    );
    assert_eq!(
        show(&["display-message", "-p", "-t", "=s:5.0", format]),
        "3,5|0|copy-mode|find me|77"
    );
    assert_eq!(
        show(&["display-message", "-p", "-t", "=s:3.0", format]),
        "3,5|0|clock-mode||77"
    );
    assert_eq!(
        show(&["display-message", "-p", "-t", "=s:3.0", "#{pane_height}"]),
        "23"
    );
    // The shells have the variables of their session, and those of their pane.
    world.server.type_line(
        "=s:0.0",
        "echo \"${ODD:0:1}${GONE-none}${HIDDEN-none}$OWN\"",
    );
    world.server.wait_for_text("=s:0.0", "anonenoneyes");
    assert_eq!(
        show(&["list-buffers", "-F", "#{buffer_name} #{buffer_sample}"]),
        "buffer0 new\nnamed old"
    );

    let (world, _) = restored_details(Settings::All);
    let show = |args: &[&str]| world.run(args);
    assert!(show(&["show-options", "-t", "=s:"]).contains("default-command \"exec bash\""));
    let hooks = show(&["show-hooks", "-t", "=s:"]);
    assert!(
        hooks.contains("after-split-window[4] display-message \"a;b\""),
        "{hooks}"
    );
    let (world, _) = restored_details(Settings::None);
    assert_eq!(world.run(&["show-options", "-t", "=s:"]), "");
    assert!(!world.run(&["show-environment", "-t", "=s"]).contains("ODD"));
    let show = |what| world.run(&["display-message", "-p", "-t", "=s:0.1", what]);
    assert_eq!(
        (show("#{pane_input_off}"), show("#{session_stack}")),
        ("1".into(), "3,5".into())
    );
}

#[test]
fn no_text_of_a_snapshot_ever_acts() {
    let world = world("");
    world.run(&["new-session", "-d", "-s", "s", "-x", "80", "-y", "24"]);
    world.run(&["split-window", "-d", "-t", "=s:"]);
    world.run(&["new-session", "-d", "-t", "=s", "-s", "t"]);
    settle(&world);
    let (snapshot, _) = world.snapshot();
    world.server.crash();
    let terminal = attach(&world, (100, 30));
    let client = world.run(&["list-clients", "-F", "#{client_name}"]);
    let file = world.server.dir().join("pwned");
    let restore = |at: usize, command: &str, settings, programs| {
        let mut poisoned = snapshot.clone();
        let texts = injection::poison(&mut poisoned.state, command);
        let policy = Policy {
            settings,
            programs,
            ..Policy::default()
        };
        let plan = world.plan(&poisoned, &policy, &Selection::all());
        let report = world.apply(&plan, &texts).unwrap();
        assert_eq!(report.panes_restored, 2, "{command:?}: {report:#?}");
        // The status line of each is drawn: a command of the test's own is run for it.
        let drawn = world.server.dir().join(format!("drawn-{at}-{settings}"));
        let status = format!("#(touch {})", drawn.display());
        world.run(&["set-option", "-g", "status-right", &status]);
        world.run(&["set-option", "-g", "status", "on"]);
        for made in &report.sessions {
            let id = made.called.clone();
            world.run(&["switch-client", "-c", &client, "-t", &id]);
        }
        world.run(&["switch-client", "-c", &client, "-t", "=live"]);
        wait_until("a status line", || drawn.exists());
        settle(&world);
        report.sessions
    };
    for (at, command) in injection::commands(&file).iter().enumerate() {
        for (settings, programs) in [
            (Settings::Safe, Programs::Allow),
            (Settings::None, Programs::Type),
        ] {
            let sessions = restore(at, command, settings, programs);
            assert!(!file.exists(), "{command:?} was run under {settings}");
            for made in &sessions {
                world.run(&["kill-session", "-t", &made.called]);
            }
        }
    }
    // With everything, it is: so this test would have seen it.
    restore(
        99,
        &injection::commands(&file)[0],
        Settings::All,
        Programs::Type,
    );
    wait_until("a command", || file.exists());
    drop(terminal);
}

#[test]
fn what_does_not_come_back_is_named_in_the_documentation() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/fidelity.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, section) = page
        .split_once("## Captured, but not the same afterwards")
        .unwrap();
    let section = section.split("\n## ").next().unwrap();
    let names = section.lines().filter_map(|line| {
        let (name, _) = line.strip_prefix("- **")?.split_once("**")?;
        Some(name)
    });
    let names: Vec<&str> = names.collect();
    let allowed: Vec<&str> = compare::ALLOWED.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, allowed);
}

#[test]
fn a_server_that_would_end_of_a_new_tab_is_left_alone() {
    let world = world("");
    world.run(&["new-session", "-d", "-s", "s"]);
    settle(&world);
    let (snapshot, texts) = world.snapshot();
    world.run(&["rename-session", "-t", "=s", "alive"]);
    world.run(&["set-option", "-g", "window-size", "manual"]);
    let before = world.dump();
    let plan = world.plan(&snapshot, &Policy::default(), &Selection::all());
    let refused = world.apply(&plan, &texts);
    let ends = ["3.2a", "3.3a", "3.4", "3.5a", "3.6a"];
    let version = world.tmux.identity().unwrap().unwrap().version;
    if ends.contains(&version.as_str()) {
        assert!(
            matches!(refused, Err(RestoreError::WouldEnd { .. })),
            "{refused:#?}"
        );
        assert_eq!(world.dump(), before);
    }
}

#[test]
fn a_drill_tells_that_everything_would_come_back_and_leaves_nothing() {
    let world = world("");
    Fixture::build(&world, 0);
    assert_eq!(world.server.muxtape(&["create", "all"]).code, 0);
    let place = world.server.dir().join("drills");
    fs::create_dir(&place).unwrap();
    let before = compare::raw(&world);
    let drill = |json: &[&str]| {
        let mut command = world.server.command(env!("CARGO_BIN_EXE_muxtape"));
        command.arg("-S").arg(world.server.socket()).args(json);
        let output = command.arg("drill").env("TMPDIR", &place).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code().is_some_and(|code| code < 2), "{error}");
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
        )
    };
    let (code, said) = drill(&["--json"]);
    let answer: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(answer["schema"], "muxtape.drill/1");
    let data = &answer["data"];
    assert_eq!(data["differences"], serde_json::json!([]), "{data:#}");
    assert_eq!((code, &data["exact"]), (Some(0), &true.into()));
    let total = |field: &str| {
        let fields = data["fields"].as_array().unwrap();
        let score = fields.iter().find(|score| score["field"] == field).unwrap();
        assert_eq!(score["matched"], score["total"], "{field}");
        score["total"].as_u64().unwrap()
    };
    assert_eq!(
        (total("names"), total("text"), total("ends")),
        (15 + 46 + 52, 52, 3)
    );
    let (_, table) = drill(&[]);
    assert!(
        table.contains("✓ text") && table.contains("52/52"),
        "{table}"
    );
    // Nobody has noticed, and nothing stays.
    assert_eq!(compare::raw(&world), before);
    assert_eq!(fs::read_dir(&place).unwrap().count(), 0);
    // What cannot come back is told.
    fs::remove_dir(world.server.dir().join(fixture::ODD[2])).unwrap();
    let (code, table) = drill(&[]);
    assert_eq!(code, Some(1));
    assert!(table.contains("! directories"), "{table}");
}
