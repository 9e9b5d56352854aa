//! What the parity file costs a commit: `cargo bench --bench parity`.
//!
//! The same captures are recorded in a store with a parity file and in one without (a directory in
//! its place keeps it from being made), by turns, so that a busy machine is unfair to both.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a bench may panic and print"
)]

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};

use muxtape::model::contents::Contents;
use muxtape::store::{NewSnapshot, Store, StoreOptions, Unchanged};
use rustix::time::{ClockId, clock_gettime};

#[path = "series/build.rs"]
mod build;

const PANES: u16 = 10;
const CAPTURES: u32 = 1500;
/// Captures of much new text, after which the store is a large one.
const LARGER: usize = 30;

fn main() {
    let dir = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
    let with = Store::new(dir.path().join("with"), StoreOptions::default());
    let without = Store::new(dir.path().join("without"), StoreOptions::default());
    fs::create_dir_all(without.dir().join("muxtape.parity")).unwrap();
    let stores = [with, without];
    let mut costs = [const { Vec::new() }; 2];
    for capture in 0..CAPTURES {
        for (store, costs) in stores.iter().zip(&mut costs) {
            let new = snapshot(capture);
            let (cpu, wall) = (cpu(), Instant::now());
            store.record(new, Unchanged::Store).unwrap();
            costs.push((cpu_since(cpu), wall.elapsed()));
        }
    }
    for (name, costs) in ["with", "without"].iter().zip(&mut costs) {
        costs.sort_unstable();
        let at = |part: usize| costs[costs.len() * part / 100];
        let mut walls: Vec<Duration> = costs.iter().map(|cost| cost.1).collect();
        walls.sort_unstable();
        println!(
            "{name:>8} parity: CPU p50 {:?}, p95 {:?}; wall p50 {:?}, p95 {:?}",
            at(50).0,
            at(95).0,
            walls[walls.len() / 2],
            walls[walls.len() * 95 / 100]
        );
    }
    let allocated = |name: &str| {
        let path = stores[0].dir().join(name);
        fs::metadata(path).unwrap().blocks() * 512
    };
    let space = || {
        let (store, parity) = (allocated("muxtape.redb"), allocated("muxtape.parity"));
        let part = parity as f64 * 100.0 / store as f64;
        println!("store {store} bytes, parity {parity} bytes: {part:.1} %");
    };
    space();
    for capture in (CAPTURES..).step_by(1000).take(LARGER) {
        let new = snapshot(capture);
        stores[0].record(new, Unchanged::Store).unwrap();
    }
    stores[0].tidy().unwrap();
    space();
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

fn cpu_since(start: Duration) -> Duration {
    cpu().saturating_sub(start)
}

/// One pane gets twenty lines more, as when somebody works; all get some now and then.
fn snapshot(capture: u32) -> NewSnapshot {
    let texts: Vec<Contents> = (0..PANES)
        .map(|pane| {
            let busy = u32::from(pane) == capture / 50 % u32::from(PANES);
            let lines = 2000 + capture / 50 * 20 + if busy { capture % 50 * 20 } else { 0 };
            Contents {
                main: log(u32::from(pane), lines).into(),
                alternate: None,
            }
        })
        .collect();
    let time = build::later(i64::from(capture) * 1000);
    let state = build::state(vec![build::session("work", build::columns(24, &texts))]);
    build::snapshot(time, capture.into(), state, texts)
}

fn log(seed: u32, lines: u32) -> String {
    (0..lines)
        .map(|line| {
            let noise = u64::from(line ^ (seed << 20)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let noise = (noise ^ (noise >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            format!("[{line:06}] GET /api/v{}/{noise:016x} 200\n", line % 7)
        })
        .collect()
}
