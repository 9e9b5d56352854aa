//! What cleaning the past costs: `cargo bench --bench recheck`.
//!
//! A history of one pane with a log that grows by twenty lines, the last five thousand of which are
//! there, and of three shells. Every thousandth line of the log holds what a rule finds that came
//! later. `MUXTAPE_BENCH_SNAPSHOTS` says how many snapshots. Each figure is of one run, of a store
//! that was compacted.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a bench may panic and print"
)]

use std::fs;
use std::time::Instant;

use muxtape::capture::{Exclusions, Recheck};
use muxtape::model::contents::Contents;
use muxtape::redact::{RedactSettings, Redactor, Rule};
use muxtape::store::{RewriteStep, Store, StoreOptions};

#[path = "series/build.rs"]
mod build;

const HALF_MINUTE: i64 = 30_000;
/// Snapshots that are recorded in one transaction.
const BATCH: u32 = 500;
const LINES: u32 = 5000;

fn main() {
    let asked = std::env::var("MUXTAPE_BENCH_SNAPSHOTS").ok();
    let asked: Option<u32> = asked.and_then(|count| count.parse().ok());
    for count in asked.map_or_else(|| vec![1000, 10_000], |count| vec![count]) {
        run(count);
    }
}

fn run(count: u32) {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let store = Store::new(dir.path().join("data"), StoreOptions::default());
    for first in (0..count).step_by(BATCH as usize) {
        let some = (first..count.min(first + BATCH)).map(snapshot);
        store.record_all(some.collect()).unwrap();
    }
    store.compact().unwrap();
    let stats = store.stats().unwrap();
    println!(
        "{count} snapshots: {} MB of text, {} texts, {} MB stored",
        stats.logical_bytes / 1_000_000,
        stats.objects,
        stats.record_bytes / 1_000_000
    );
    let redactor = Redactor::new(&RedactSettings {
        extra: vec![Rule {
            name: "late".into(),
            pattern: Some("late_[0-9]{12}".into()),
            keywords: vec!["late_".into()],
            except: Vec::new(),
            enabled: true,
        }],
        ..RedactSettings::default()
    });
    let recheck = Recheck {
        redactor: &redactor.unwrap(),
        exclusions: &Exclusions::default(),
    };
    let start = Instant::now();
    let plan = store.plan_rewrite(&recheck, &mut |_| {}).unwrap();
    println!("  look       {:.1} s", start.elapsed().as_secs_f64());
    assert!(plan.stored.changed > 0);
    let start = Instant::now();
    let mut built = None;
    let done = store
        .rewrite(&recheck, build::later(0), &mut |step| {
            if step == RewriteStep::Built {
                built = Some(start.elapsed());
            }
        })
        .unwrap();
    println!(
        "  rewrite    {:.1} s, {:.1} s of them to build the file; {} changed",
        start.elapsed().as_secs_f64(),
        built.unwrap().as_secs_f64(),
        done.stored.changed
    );
    let after = store.stats().unwrap();
    println!(
        "  stored     {} MB afterwards; {} MB of memory at the most",
        after.record_bytes / 1_000_000,
        peak()
    );
    let start = Instant::now();
    assert!(
        store
            .plan_rewrite(&recheck, &mut |_| {})
            .unwrap()
            .is_nothing()
    );
    println!("  look again {:.1} s", start.elapsed().as_secs_f64());
}

fn snapshot(at: u32) -> muxtape::store::NewSnapshot {
    let end = at * 20 + 20;
    let shell = |pane: u32| format!("$ cargo test {}\nok\n$ ", (at + pane) / 50);
    let texts = [
        log(end.saturating_sub(LINES)..end),
        shell(0),
        shell(17),
        shell(34),
    ];
    let texts = texts.map(|text| Contents {
        main: text.into(),
        alternate: None,
    });
    let mut session = build::session("work", build::columns(24, &texts));
    for (pane, text) in session.tabs[0].panes.iter_mut().zip(&texts) {
        pane.contents = Some(text.reference());
    }
    let random = u64::from(at).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let time = build::later(i64::from(at) * HALF_MINUTE);
    build::snapshot(time, random, build::state(vec![session]), texts.to_vec())
}

fn log(lines: std::ops::Range<u32>) -> String {
    lines
        .map(|line| {
            let noise = line.wrapping_mul(2_654_435_761) >> 12;
            if line % 1000 == 7 {
                format!("[{line:06}] with late_{line:012}\n")
            } else {
                format!("[{line:06}] \x1b[32mGET\x1b[0m /api/{noise:x} 200\n")
            }
        })
        .collect()
}

/// The most memory that this process ever had, in megabytes; 0 where the system does not tell.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
    kilobytes.unwrap_or(0u64) / 1000
}
