//! What a long history costs: `cargo bench --bench history`.
//!
//! Two stores are filled once and kept below `target/tmp` for the next time: a hundred thousand
//! snapshots of small panes for what reads records alone, and ten thousand of four panes, one of
//! which is a log that grows, for searching. `MUXTAPE_BENCH_SNAPSHOTS` makes both smaller. Every
//! measured call is a whole lease on a real file: open, work, close.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a bench may panic and print"
)]

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use divan::Bencher;
use muxtape::model::contents::Contents;
use muxtape::model::snapshot::ServerProcess;
use muxtape::model::target::SnapRef;
use muxtape::model::time::Millis;
use muxtape::model::tree::Session;
use muxtape::store::{NewSnapshot, Query, SearchQuery, Store, StoreOptions};

#[path = "series/build.rs"]
mod build;

const HALF_MINUTE: i64 = 30_000;
/// Snapshots that are recorded in one transaction.
const BATCH: u32 = 500;

fn main() {
    let stats = records().stats().unwrap();
    println!(
        "records: {} snapshots, {} B each, {} B on disk each",
        stats.snapshots,
        stats.record_bytes / stats.snapshots.max(1),
        stats.store_bytes / stats.snapshots.max(1),
    );
    let stats = texts().stats().unwrap();
    println!(
        "texts: {} snapshots, {} B each of {} B",
        stats.snapshots,
        stats.record_bytes / stats.snapshots.max(1),
        stats.logical_bytes / stats.snapshots.max(1),
    );
    divan::main();
}

/// A hundred thousand snapshots of three sessions, one of which has changed in each.
fn records() -> &'static Store {
    static STORE: OnceLock<Store> = OnceLock::new();
    STORE.get_or_init(|| {
        filled("records", count(100_000), |at| {
            let title = |one: u32| at.saturating_sub((at + 3 - one) % 3);
            let sessions = [("api", 0), ("web", 1), ("work", 2)].map(|(name, one)| {
                let texts = [Contents::default(), Contents::default()];
                session(name, &format!("title {}", title(one)), &texts)
            });
            (sessions.to_vec(), Vec::new())
        })
    })
}

/// Ten thousand snapshots of four panes: a log that grows by twenty lines, and shells.
fn texts() -> &'static Store {
    static STORE: OnceLock<Store> = OnceLock::new();
    STORE.get_or_init(|| {
        filled("texts", count(10_000), |at| {
            let first = (at * 20).saturating_sub(5000);
            let shell = |pane: u32| format!("$ cargo test {}\nok\n$ ", (at + pane) / 50);
            let texts = [log(first..at * 20 + 20), shell(0), shell(17), shell(34)];
            let texts = texts.map(|text| Contents {
                main: text.into(),
                alternate: None,
            });
            (vec![session("work", "zsh", &texts)], texts.to_vec())
        })
    })
}

fn count(most: u32) -> u32 {
    let count = std::env::var("MUXTAPE_BENCH_SNAPSHOTS").ok();
    let count = count.and_then(|count| count.parse().ok()).unwrap_or(most);
    count.min(most)
}

/// A store of this many snapshots, half a minute apart; one that was filled before where there is
/// one.
fn filled(name: &str, count: u32, what: impl Fn(u32) -> (Vec<Session>, Vec<Contents>)) -> Store {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("history-{name}-{count}"));
    let store = Store::new(dir.clone(), StoreOptions::default());
    let newest = Query {
        limit: Some(1),
        ..Query::default()
    };
    let last = store.list(&newest).ok().and_then(|mut list| list.pop());
    if last.is_some_and(|last| last.time == time(count - 1)) {
        return store;
    }
    let _ = fs::remove_dir_all(&dir);
    for first in (0..count).step_by(BATCH as usize) {
        let some = (first..count.min(first + BATCH)).map(|at| {
            let (sessions, contents) = what(at);
            snapshot(at, sessions, contents)
        });
        store.record_all(some.collect()).unwrap();
    }
    store.compact().unwrap();
    store
}

fn time(at: u32) -> Millis {
    build::later(i64::from(at) * HALF_MINUTE)
}

fn log(lines: std::ops::Range<u32>) -> String {
    lines
        .map(|line| {
            let noise = line.wrapping_mul(2_654_435_761) >> 12;
            format!("[{line:06}] \x1b[32mGET\x1b[0m /api/{noise:x} 200\n")
        })
        .collect()
}

fn session(name: &str, title: &str, texts: &[Contents]) -> Session {
    let mut session = build::session(name, build::columns(24, texts));
    for (pane, text) in session.tabs[0].panes.iter_mut().zip(texts) {
        pane.title = title.into();
        pane.contents = (!text.main.is_empty()).then(|| text.reference());
    }
    session
}

fn snapshot(at: u32, sessions: Vec<Session>, contents: Vec<Contents>) -> NewSnapshot {
    let random = u64::from(at).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut new = build::snapshot(time(at), random, build::state(sessions), contents);
    new.name = (at % 1000 == 999).then(|| build::words(&format!("release {}", at / 1000)));
    // A life is over now and then.
    new.server.process = Some(ServerProcess {
        pid: 100 + i32::try_from(at / 5000).unwrap(),
        started: time(at / 5000 * 5000),
    });
    new
}

#[divan::bench(sample_count = 100, sample_size = 1)]
fn list_page_of_hundred_thousand(bencher: Bencher) {
    let page = Query {
        limit: Some(50),
        ..Query::default()
    };
    bencher.bench_local(|| records().list(&page).unwrap());
}

#[divan::bench(sample_count = 100, sample_size = 1)]
fn list_page_in_the_middle(bencher: Bencher) {
    let middle = records().list(&Query::default()).unwrap();
    let page = Query {
        limit: Some(50),
        before: middle.get(middle.len() / 2).map(|meta| meta.id),
        ..Query::default()
    };
    bencher.bench_local(|| records().list(&page).unwrap());
}

#[divan::bench(sample_count = 30, sample_size = 1)]
fn scan_hundred_thousand(bencher: Bencher) {
    bencher.bench_local(|| records().damaged_count().unwrap());
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn list_all_hundred_thousand(bencher: Bencher) {
    bencher.bench_local(|| records().list(&Query::default()).unwrap());
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn stats_of_hundred_thousand(bencher: Bencher) {
    bencher.bench_local(|| records().stats().unwrap());
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn compact_hundred_thousand(bencher: Bencher) {
    bencher.bench_local(|| records().compact().unwrap());
}

#[divan::bench(sample_count = 50, sample_size = 1)]
fn find_by_name(bencher: Bencher) {
    let name = SnapRef::IdOrName("release 0".into());
    bencher.bench_local(|| records().find(&name, None, None).unwrap());
}

#[divan::bench(sample_count = 50, sample_size = 1)]
fn find_what_is_not_there(bencher: Bencher) {
    let name = SnapRef::IdOrName("relaese 0".into());
    bencher.bench_local(|| records().find(&name, None, None).unwrap_err());
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn find_by_time_at_the_other_end(bencher: Bencher) {
    let moment = SnapRef::At("then".into());
    bencher.bench_local(|| records().find(&moment, None, Some(time(3))).unwrap());
}

/// Words that are in every snapshot, in few, and in none.
#[divan::bench(sample_count = 5, sample_size = 1, args = ["zsh", "release 3", "nowhere"])]
fn search_names_of_ten_thousand(bencher: Bencher, words: &str) {
    bencher.bench_local(|| texts().search(&query(words, false)).unwrap());
}

#[divan::bench(sample_count = 3, sample_size = 1, args = ["test 7", "[000777]", "nowhere"])]
fn search_texts_of_ten_thousand(bencher: Bencher, words: &str) {
    bencher.bench_local(|| texts().search(&query(words, true)).unwrap());
}

fn query(words: &str, contents: bool) -> SearchQuery {
    SearchQuery {
        text: words.into(),
        limit: Some(100),
        contents,
        ..SearchQuery::default()
    }
}
