//! A pane that began as every new pane does begins so again: with the user's own `default-command`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may panic"
)]

use crate::support::world::{Texts, World};
use bstr::ByteSlice;
use muxtape::model::snapshot::Snapshot;
use muxtape::restore::{Policy, Selection, Status};

const BASH: &str = "bash --norc --noprofile -i";

/// A server whose new panes begin with a command, and two of them: one idle, one with a program.
fn world(command: &str) -> World {
    let quoted = command.replace('\\', "\\\\").replace('"', "\\\"");
    let world = World::with_config(&format!("set -g default-command \"{quoted}\"\n"));
    world.run(&["new-session", "-d", "-s", "a", "-x", "120", "-y", "40"]);
    world.run(&["split-window", "-d", "-t", "=a:"]);
    world.settle();
    world.server.type_line("=a:.1", "tail -f /dev/null");
    runs(&world, "=a:.1", "tail");
    world
}

fn runs(world: &World, pane: &str, command: &str) {
    muxtape_testing::wait_until("the program", || {
        world.run(&[
            "display-message",
            "-p",
            "-t",
            pane,
            "#{pane_current_command}",
        ]) == command
    });
}

/// What a pane answers to a line.
fn says(world: &World, pane: &str, line: &str, answer: &str) {
    world.server.type_line(pane, line);
    world.server.wait_for_text(pane, answer);
}

fn restore(world: &World, snapshot: &Snapshot, texts: &Texts) {
    world.server.crash();
    let report = world.restore(snapshot, texts);
    assert_eq!(report.status, Status::Success, "{report:#?}");
    assert_eq!(
        (report.programs_run, report.programs_typed),
        (1, 0),
        "{report:#?}"
    );
    runs(world, "=a:.1", "tail");
    world.server.wait_for_prompt("=a:.0");
}

#[test]
fn what_new_panes_begin_with_is_there_again() {
    let wrapped = [
        (format!("env MYVAR=x {BASH}"), "echo got-$MYVAR", "got-x"),
        (format!("nice -n 5 {BASH}"), "echo got-$(nice)", "got-5"),
        (
            format!("umask 027; export A=b; exec {BASH}"),
            "echo got-$(umask)-$A",
            "got-0027-b",
        ),
        // A shell that stays around another one.
        (format!("A=\"b c\" {BASH}; true"), "echo got-$A", "got-b c"),
    ];
    for (command, line, answer) in &wrapped {
        let world = world(command);
        let (mut before, mut texts) = world.snapshot();
        let panes = before.state.panes();
        let begun: Vec<_> = panes
            .map(|one| one.2.detail.start_command.clone())
            .collect();
        assert!(!begun[0].is_empty() && begun[0] == begun[1]);
        // Again and again: a pane that was restored began so, too.
        for _ in 0..2 {
            restore(&world, &before, &texts);
            says(&world, "=a:.0", line, answer);
            (before, texts) = world.snapshot();
            // Of one without a shell of its own it is not told any more.
            let mut panes = before.state.panes();
            assert!(panes.all(|(_, _, pane)| {
                let command = &pane.detail.start_command;
                *command == begun[0] || command.is_empty()
            }));
        }
        // Beside what is alive the plan knows it before.
        let plan = world.plan(&before, &Policy::default(), &Selection::all());
        assert!(plan.panes.is_empty(), "it is alive as it was");
        world.run(&["rename-session", "-t", "=a", "b"]);
        let plan = world.plan(&before, &Policy::default(), &Selection::all());
        let known = plan.panes.iter().filter_map(|pane| pane.new.as_ref());
        let known: Vec<&str> = known.map(|new| new.command.to_str().unwrap()).collect();
        assert_eq!(known, [command, command], "{command}");
        let typed = plan.panes.iter().filter(|pane| pane.line.is_some());
        assert_eq!(typed.count(), 1);
        world.apply(&plan, &texts).unwrap();
        runs(&world, "=a:.1", "tail");
        world.server.wait_for_prompt("=a:.0");
        says(&world, "=a:.0", line, answer);
    }
}

#[test]
fn it_is_what_new_panes_begin_with_now() {
    // A login shell then, by its name; a command of the user's own configuration now.
    let world = World::with_config("set -g default-command ''\n");
    world.run(&["new-session", "-d", "-s", "a", "-x", "80", "-y", "24"]);
    world.settle();
    let (before, texts) = world.snapshot();
    assert_eq!(before.state.panes().next().unwrap().2.shell, ["-sh"]);
    let config = std::fs::read_to_string(world.server.config()).unwrap();
    let config = config.replace(
        "default-command ''",
        "default-command 'export MYVAR=now; exec sh -i'",
    );
    std::fs::write(world.server.config(), config).unwrap();
    world.server.crash();
    world.restore(&before, &texts);
    world.server.wait_for_prompt("=a:");
    says(&world, "=a:", "echo got-$MYVAR", "got-now");
}

#[test]
fn a_pane_with_a_shell_of_its_own_keeps_it() {
    let world = World::with_config(&format!("set -g default-command 'env MYVAR=x {BASH}'\n"));
    let own = format!("exec {BASH}");
    world.run(&["new-session", "-d", "-s", "a", "-x", "80", "-y", "24", &own]);
    world.run(&["split-window", "-d", "-t", "=a:", "exec dash -i"]);
    world.settle();
    // One that has become another shell since.
    world.run(&["split-window", "-d", "-t", "=a:"]);
    world.settle();
    world.server.type_line("=a:.1", "exec dash -i");
    runs(&world, "=a:.1", "dash");
    world.settle();
    let (before, texts) = world.snapshot();
    world.server.crash();
    world.restore(&before, &texts);
    let panes = before.state.panes();
    let shells: Vec<_> = panes.map(|one| one.2.shell.clone()).collect();
    world.settle();
    says(&world, "=a:.0", "echo got-$MYVAR.", "got-.");
    let (after, _) = world.snapshot();
    let restored: Vec<_> = after.state.panes().map(|one| one.2.shell.clone()).collect();
    assert_eq!(restored, shells);
}

#[test]
fn a_shell_within_a_wrapper_that_asks_something_gets_no_key() {
    // The wrapper stays, so that the pane's own process does not tell how the shell reads.
    let world = World::with_config("");
    let file = |name: &str| world.server.home().join(name).display().to_string();
    let (start, got) = (file("start"), file("got"));
    std::fs::write(&start, "PS1='$ '\n").unwrap();
    let command = format!("A=b bash --rcfile {start}; true");
    world.run(&["new-session", "-d", "-s", "keep", "exec sleep 1000"]);
    world.run(&["set-option", "-g", "default-command", &command]);
    world.run(&["new-session", "-d", "-s", "a", "-x", "80", "-y", "24"]);
    world.server.wait_for_prompt("=a:");
    world.server.type_line("=a:", "tail -f /dev/null");
    runs(&world, "=a:", "tail");
    let (before, texts) = world.snapshot();
    world.run(&["kill-session", "-t", "=a"]);
    let asks = format!("PS1='$ '\nread -p 'Name: ' x\necho $x > {got}\n");
    std::fs::write(&start, asks).unwrap();
    let selection = Selection::only(&before.state, &["a".parse().unwrap()]).unwrap();
    let plan = world.plan(&before, &Policy::default(), &selection);
    let report = world.apply(&plan, &texts).unwrap();
    assert_eq!(report.programs_run, 0, "{report:#?}");
    let told = report.warnings.iter().map(|one| one.fallback.as_str());
    let told: Vec<&str> = told.collect();
    assert_eq!(told, ["its program was not typed"]);
    world.server.wait_for_text("=a:", "Name:");
    assert!(!std::path::Path::new(&got).exists());
}
