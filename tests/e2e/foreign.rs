//! Snapshots that somebody else may have written do nothing, and those of one's own nothing
//! unasked.

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

use crate::support::world::{Texts, World};
use bstr::BString;
use muxtape::model::detail::{Buffer, Hook, Setting, Variable};
use muxtape::model::program::Program;
use muxtape::model::snapshot::{Cause, Provenance, Snapshot, Trust};
use muxtape::restore::{Plan, Policy, Programs, Selection, Settings, Status};
use muxtape_testing::wait_until;

/// A server, and a snapshot of it in which all that could act does, by making a file here.
struct Hostile {
    world: World,
    acted: PathBuf,
    snapshot: Snapshot,
    texts: Texts,
}

impl Hostile {
    fn new() -> Self {
        let world = World::new();
        world.run(&["new-session", "-d", "-s", "a", "-x", "200", "-y", "60"]);
        for _ in 0..3 {
            world.run(&["split-window", "-d", "-t", "=a:"]);
        }
        world.settle();
        let acted = world.server.dir().join("acted");
        fs::create_dir(&acted).unwrap();
        let (mut snapshot, texts) = world.snapshot();
        let touch = |name: &str| format!("touch {}", acted.join(name).display());
        let script = |name: &str, text: &str| {
            let path = world.server.dir().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, format!("#!/bin/sh\n{text}\nexec bash --norc -i\n")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let startup = script("startup", &touch("startup-file"));
        let stray = script("elsewhere/bash", &touch("stray-shell"));
        let setting = |name: &str, value: String| Setting {
            name: name.into(),
            value: value.into(),
        };
        let variable = |name: &str, value: String| Variable {
            name: name.into(),
            value: Some(value.into()),
            hidden: false,
        };
        let environment = vec![
            variable("BASH_ENV", startup.clone()),
            variable("ENV", startup.clone()),
            variable("MARK", "there".to_owned()),
            variable("PROMPT_COMMAND", touch("prompt-command")),
        ];
        let session = &mut snapshot.state.sessions[0];
        session.detail.settings = vec![
            setting("@mark", "there".to_owned()),
            setting(
                "default-command",
                format!("{}; exec sh -i", touch("default-command")),
            ),
            setting("status", "on".to_owned()),
            setting("status-left", format!("#({})", touch("status"))),
        ];
        session.detail.hooks = vec![Hook {
            event: "after-new-window[0]".into(),
            command: format!("run-shell '{}'", touch("hook")).into(),
        }];
        session.detail.environment.clone_from(&environment);
        let words = |line: &[&str]| -> Vec<BString> { line.iter().map(|&w| w.into()).collect() };
        let panes = &mut session.tabs[0].panes;
        for pane in panes.iter_mut() {
            // Not made as new panes are.
            pane.detail.start_command = "own".into();
            pane.detail.environment.clone_from(&environment);
        }
        let file = acted.join("program");
        panes[0].program = Some(Program {
            argv: words(&["touch", file.to_str().unwrap()]),
            exe: None,
            cwd: None,
            pipeline: Vec::new(),
            redacted: false,
        });
        // What a capture never finds, but a file can hold.
        panes[0].detail.launch.variables =
            vec![variable(&format!("\n{}\n", touch("launch")), String::new())];
        panes[1].shell = words(&["bash", "--norc", "--rcfile", &startup, "-i"]);
        panes[2].shell = words(&[&stray]);
        // An interactive POSIX shell reads $ENV.
        panes[3].shell = words(&["sh", "-i"]);
        snapshot.state.buffers = vec![Buffer {
            name: "buffer0".into(),
            data: "evil\n".into(),
        }];
        Self {
            world,
            acted,
            snapshot,
            texts,
        }
    }

    fn acted(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.acted).unwrap().map(Result::unwrap);
        let mut names: Vec<String> = entries
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        names.sort_unstable();
        names
    }

    /// Restores it, and gives the plan with the name of the session that was made.
    fn restore(&self, policy: &Policy) -> (Plan, String) {
        let selection = Selection::all();
        let plan = self.world.plan(&self.snapshot, policy, &selection);
        let report = self.world.apply(&plan, &self.texts).unwrap();
        assert_eq!(report.status, Status::Success, "{report:#?}");
        let name = report.sessions[0].to.to_string();
        self.world
            .run(&["new-window", "-d", "-t", &format!("={name}:"), "cat", "-"]);
        self.world.settle_panes();
        (plan, name)
    }

    fn kinds(plan: &Plan) -> Vec<&'static str> {
        plan.warnings.iter().map(|warning| warning.kind).collect()
    }
}

/// Waiting for shells that may have any prompt.
trait Settle {
    fn settle_panes(&self);
}

impl Settle for World {
    fn settle_panes(&self) {
        wait_until("shells", || {
            let format = "#{pane_current_command} #{cursor_x}";
            let panes = self.run(&["list-panes", "-a", "-F", format]);
            panes.lines().all(|line| {
                let (command, column) = line.split_once(' ').unwrap();
                command == "cat" || command != "muxtape" && column != "0"
            })
        });
    }
}

#[test]
fn an_imported_snapshot_does_nothing_whatever_the_policy() {
    let mut hostile = Hostile::new();
    hostile.snapshot.meta.cause = Cause::Import;
    hostile.snapshot.meta.provenance = Provenance::Imported {
        trust: Trust::Foreign,
    };
    let all = Policy {
        programs: Programs::All,
        settings: Settings::All,
        allow: vec!["touch".into()],
        ..Policy::default()
    };
    let allow = Policy {
        allow: vec!["touch".into()],
        ..Policy::default()
    };
    let shell = Policy {
        programs: Programs::Shell,
        ..all.clone()
    };
    let runtime_dir = hostile.acted.clone();
    for policy in [&all, &allow, &shell, &Policy::default()] {
        let (plan, name) = hostile.restore(policy);
        assert!(plan.foreign && Hostile::kinds(&plan).contains(&"imported"));
        let world = &hostile.world;
        let target = format!("={name}:");
        let own = world.run(&["show-options", "-t", &target]);
        assert!(
            !own.contains("there") && !own.contains("default-command"),
            "{own}"
        );
        assert_eq!(world.run(&["show-hooks", "-t", &target]), "");
        assert!(
            !world
                .run(&["show-environment", "-t", &target])
                .contains("there")
        );
        assert_eq!(world.run(&["list-buffers"]), "");
        let typed = world.run(&["capture-pane", "-p", "-J", "-t", &format!("{target}0.0")]);
        let wanted = policy.programs != Programs::Shell;
        assert_eq!(typed.contains("touch "), wanted, "{typed}");
        assert_eq!(hostile.acted(), Vec::<String>::new());
        let kept = world.run(&[
            "list-panes",
            "-t",
            &format!("{target}0"),
            "-F",
            "#{pane_pid}",
        ]);
        for pid in kept.lines() {
            let environ = fs::read(Path::new("/proc").join(pid).join("environ"));
            let environ = environ.unwrap_or_default();
            let shown = String::from_utf8_lossy(&environ).into_owned();
            assert!(!shown.contains("MARK=there"), "{shown}");
        }
        world.run(&["kill-session", "-t", &format!("={name}")]);
    }
    assert!(runtime_dir.exists());

    // Trusted, it is as one of one's own: what the policy allows acts, and the rest does not.
    let (plan, name) = hostile.restore(&Policy {
        trust: true,
        ..all.clone()
    });
    assert!(!plan.foreign && !Hostile::kinds(&plan).contains(&"imported"));
    wait_until("what the policy allows", || {
        let acted = hostile.acted();
        ["hook", "program", "prompt-command"]
            .iter()
            .all(|wanted| acted.iter().any(|one| one == wanted))
    });
    let own = hostile
        .world
        .run(&["show-options", "-t", &format!("={name}:")]);
    assert!(own.contains("@mark there"), "{own}");
    assert!(!hostile.acted().contains(&"stray-shell".to_owned()));
}

#[test]
fn a_shell_of_ones_own_snapshot_runs_nothing_but_itself() {
    let hostile = Hostile::new();
    for programs in [Programs::Shell, Programs::Allow] {
        let (plan, name) = hostile.restore(&Policy {
            programs,
            ..Policy::default()
        });
        let kinds = Hostile::kinds(&plan);
        for kind in ["shell options", "unknown shell", "settings left out"] {
            assert!(kinds.contains(&kind), "{kinds:?}");
        }
        let shells: Vec<usize> = plan.panes.iter().map(|pane| pane.shell.len()).collect();
        assert_eq!(shells[1..], [3, 0, 2]);
        assert_eq!(hostile.acted(), Vec::<String>::new());
        hostile
            .world
            .run(&["kill-session", "-t", &format!("={name}")]);
    }
}

#[test]
fn imported_is_said_on_the_command_line_and_trust_is_asked_for() {
    let world = World::new();
    world.run(&["new-session", "-d", "-s", "a", "-x", "80", "-y", "24"]);
    world.settle();
    world.server.type_line("=a:", "tail -f /dev/null");
    wait_until("the program", || {
        world.run(&[
            "display-message",
            "-p",
            "-t",
            "=a:",
            "#{pane_current_command}",
        ]) == "tail"
    });
    world.server.json(&["create", "own"]);
    let file = world.server.dir().join("file");
    let file = file.to_str().unwrap();
    world.server.json(&["export", "own", file]);
    let id = world.server.json(&["list"])[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let planned = |more: &[&str]| {
        let args = [&["restore", &id, "--dry-run", "--session", "a"][..], more].concat();
        let plan = world.server.json(&args);
        let said = plan["warnings"].as_array().unwrap().iter();
        let imported = said.filter(|one| one["kind"] == "imported").count();
        let steps = plan["steps"].as_array().unwrap().iter();
        let typed: Vec<String> = steps
            .filter(|step| step["command"].as_str().unwrap().contains("set-buffer"))
            .map(|step| step["command"].as_str().unwrap().to_owned())
            .collect();
        (imported, typed[0].contains("\\n'"))
    };
    // One's own stays one's own, however often it comes back from a file.
    let again = world.server.json(&["import", file]);
    assert_eq!(again["already_there"], 1);
    assert_eq!(planned(&[]), (0, true));
    // What was removed here and comes from a file may be anybody's.
    world.server.json(&["--yes", "delete", &id]);
    world.server.json(&["--yes", "trash", "empty"]);
    world.server.json(&["import", file]);
    assert_eq!(planned(&[]), (1, false));
    assert_eq!(
        planned(&["--programs", "all", "--settings", "all"]),
        (1, false)
    );
    assert_eq!(planned(&["--trust"]), (0, true));
    let said = world
        .server
        .muxtape(&["restore", &id, "--dry-run", "--session", "a"])
        .out;
    assert!(
        said.contains("imported") && said.contains("--trust"),
        "{said}"
    );
    // Exported and imported anew it is imported still.
    let second = world.server.dir().join("second");
    let second = second.to_str().unwrap();
    world.server.json(&["export", &id, second]);
    world.server.json(&["--yes", "delete", &id]);
    world.server.json(&["undo", "--yes"]);
    world.server.json(&["import", second]);
    assert_eq!(planned(&[]), (1, false));
}
