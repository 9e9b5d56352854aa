//! What it costs to find out what runs in panes: `cargo bench --bench processes`.
//!
//! No tmux is asked within what is measured; only the system is. The half of it on a kernel without
//! lists of children (`CONFIG_PROC_CHILDREN`) is a look at every process of the machine.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a bench may panic"
)]

use divan::Bencher;
use muxtape::mux::process::{Root, running};
use muxtape_testing::{TmuxServer, wait_until};

fn main() {
    divan::main();
}

/// Windows with a shell each, in all of which this line was typed.
fn panes(count: usize, line: &str) -> (TmuxServer, Vec<Root>) {
    let server = TmuxServer::start();
    for _ in 1..count {
        server.run(["new-window", "-d", "-t", "main:"]);
    }
    for window in 0..count {
        let pane = format!("main:{window}");
        server.wait_for_prompt(&pane);
        if !line.is_empty() {
            server.type_line(&pane, line);
        }
    }
    let roots = server.run(["list-panes", "-a", "-F", "#{pane_pid}"]);
    let roots: Vec<Root> = roots
        .lines()
        .map(|pid| Root {
            pid: pid.parse().unwrap(),
            command: "bash".into(),
        })
        .collect();
    wait_until("what was typed", || {
        let found = running(&roots, &[]);
        found
            .iter()
            .all(|pane| pane.program.is_some() != line.is_empty())
    });
    (server, roots)
}

#[divan::bench(args = [10, 300], sample_count = 50)]
fn idle(bencher: Bencher<'_, '_>, count: usize) {
    let (_server, roots) = panes(count, "");
    bencher.bench_local(|| running(&roots, &[]));
}

#[divan::bench(args = [10, 300], sample_count = 50)]
fn with_programs(bencher: Bencher<'_, '_>, count: usize) {
    let (_server, roots) = panes(count, "sleep 100000");
    bencher.bench_local(|| running(&roots, &[]));
}

#[divan::bench(args = [10, 300], sample_count = 50)]
fn with_pipelines(bencher: Bencher<'_, '_>, count: usize) {
    let (_server, roots) = panes(count, "sh -c 'sleep 100000; true' | cat");
    bencher.bench_local(|| running(&roots, &[]));
}
