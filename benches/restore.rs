//! What a restore costs: `cargo bench --bench restore`.
//!
//! Each measured call plans and applies a restore onto a private server without sessions: tabs of
//! five panes, structure only and with 2,000 lines of text in each. `benches/peers.rs` has the same
//! beside other tools, as whole processes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a bench may panic")]

#[path = "series/build.rs"]
mod build;
#[path = "../tests/e2e/support/world.rs"]
mod world;

use std::fmt::Write as _;

use divan::Bencher;
use muxtape::model::contents::Contents;
use muxtape::model::geometry::Axis;
use muxtape::model::snapshot::Snapshot;
use muxtape::model::tree::{AutomaticRename, Pane, ServerState, Session, Tab};
use muxtape::restore::Status;
use world::{Texts, World};

fn main() {
    divan::main();
}

/// Panes of a tab, one above the other.
const STACK: u16 = 5;

fn tab(index: u32, text: Option<&Contents>) -> Tab {
    let tab = build::tab(build::line(Axis::Rows, STACK, 160, 9), |at, rect| {
        let shell = ["bash", "--norc", "--noprofile", "-i"];
        let mut pane = Pane {
            cwd: "/tmp".into(),
            shell: shell.map(Into::into).to_vec(),
            ..build::pane(at, rect, text)
        };
        // Behind its prompt, which the saved text ends with.
        pane.screen.cursor_y = rect.height - 1;
        pane.screen.cursor_x = 2;
        pane
    });
    Tab {
        index,
        active: index == 0,
        automatic_rename: AutomaticRename::Off,
        ..tab
    }
}

fn snapshot(panes: u32, text: Option<&Contents>) -> Snapshot {
    let tabs = (0..panes / u32::from(STACK)).map(|index| tab(index, text));
    let session = Session {
        cwd: "/tmp".into(),
        tabs: tabs.collect(),
        ..build::session("many", tab(0, None))
    };
    let state: ServerState = build::state(vec![session]).without_handles();
    state.check().unwrap();
    Snapshot {
        meta: world::meta(build::server(), &state),
        state,
    }
}

fn lines(count: usize) -> Contents {
    let mut text = String::new();
    for line in 0..count {
        let colour = 31 + line % 6;
        let _ = writeln!(
            text,
            "\x1b[{colour}m{line:>6}\x1b[39m the quick brown fox jumps over it"
        );
    }
    // As the server's configuration has it.
    text.push_str("$ ");
    Contents {
        main: text.into(),
        alternate: None,
    }
}

fn restore_panes(bencher: Bencher<'_, '_>, panes: u32, text: Option<Contents>) {
    let snapshot = snapshot(panes, text.as_ref());
    let texts: Texts = text.into_iter().map(|text| (text.digest(), text)).collect();
    bencher
        .with_inputs(|| {
            let world = World::new();
            world.run(&["start-server"]);
            world
        })
        .bench_values(|world| {
            let report = world.restore(&snapshot, &texts);
            assert_eq!(report.status, Status::Success, "{report:#?}");
            // The server ends outside of what is measured.
            world
        });
}

#[divan::bench(args = [10, 100], sample_count = 10, sample_size = 1)]
fn structure(bencher: Bencher<'_, '_>, panes: u32) {
    restore_panes(bencher, panes, None);
}

#[divan::bench(args = [10, 100], sample_count = 10, sample_size = 1)]
fn with_2000_lines(bencher: Bencher<'_, '_>, panes: u32) {
    restore_panes(bencher, panes, Some(lines(2000)));
}
