//! Many at once, and processes that are killed.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::store::testing::{Scratch, log, open, record_text, scratch};
use crate::store::{Query, SearchQuery, Store, StoreOptions};

/// Names the directory for a child that is this very test program.
const CHILD: &str = "MUXTAPE_TEST_STORE";

#[test]
fn eight_threads_write_and_read_at_once() {
    let s = scratch();
    record_text(&s.store, 1, "first", "$");
    std::thread::scope(|scope| {
        for worker in 0..8u32 {
            let store = &s.store;
            scope.spawn(move || {
                for step in 0..6 {
                    let at = i64::from(worker * 100 + step);
                    let meta = record_text(store, at, &format!("s{worker}"), &log(0..step * 9));
                    assert_eq!(store.load(meta.id).unwrap().meta, meta);
                    assert!(!store.list(&Query::default()).unwrap().is_empty());
                }
            });
        }
    });
    let listed = s.store.list(&Query::default()).unwrap();
    assert_eq!(listed.len(), 1 + 8 * 6);
    let report = s.store.verify().unwrap();
    assert!(report.is_ok(), "{report:?}");
}

/// Not a test of its own: the body of the children below. Writes, and says what is stored.
#[test]
fn child() {
    let Some(dir) = std::env::var_os(CHILD) else {
        return;
    };
    let wait = muxtape_testing::scaled(Duration::from_secs(60));
    let options = StoreOptions {
        wait,
        ..StoreOptions::default()
    };
    let store = Store::new(PathBuf::from(dir), options);
    let name = format!("p{}", std::process::id());
    for step in 0..400u32 {
        let meta = record_text(&store, i64::from(step), &name, &log(step..step + 200));
        println!("stored {}", meta.id);
    }
}

fn spawn(s: &Scratch) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::tests::sharing::child", "--nocapture"])
        .env(CHILD, s.store.dir())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Reads what a child stored until it said so `count` times, kills it, and reads the rest.
fn stored_until_killed(mut child: Child, count: usize) -> Vec<String> {
    let mut stored = Vec::new();
    let out = BufReader::new(child.stdout.take().unwrap());
    for line in out.lines() {
        let line = line.unwrap();
        if let Some((_, id)) = line.split_once("stored ") {
            stored.push(id.to_owned());
        }
        if stored.len() == count {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    stored
}

#[test]
fn a_killed_writer_loses_nothing_that_it_said_was_stored() {
    let s = scratch();
    record_text(&s.store, 1, "first", "$");
    let mut stored = Vec::new();
    for round in 1..8 {
        stored.extend(stored_until_killed(spawn(&s), round * 3));
        // The first to come heals the file, whether it reads or writes.
        if round % 2 == 0 {
            record_text(&s.store, 1, "between", "$");
        }
        let listed = s.store.list(&Query::default()).unwrap();
        let listed: Vec<_> = listed.iter().map(|meta| meta.id.to_string()).collect();
        assert!(stored.iter().all(|id| listed.contains(id)));
    }
    let report = s.store.verify().unwrap();
    assert!(report.is_ok(), "{report:?}");
    for meta in s.store.list(&Query::default()).unwrap() {
        s.store.load(meta.id).unwrap();
    }
}

#[test]
fn processes_write_together_while_others_read() {
    let s = scratch();
    record_text(&s.store, 1, "first", "$");
    let children: Vec<_> = (0..3).map(|_| spawn(&s)).collect();
    let readers = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut looks = 0;
            loop {
                looks += 1;
                let query = SearchQuery {
                    text: "p".into(),
                    ..SearchQuery::default()
                };
                s.store.search(&query).unwrap();
                if s.store.list(&Query::default()).unwrap().len() > 20 {
                    break;
                }
            }
            looks
        });
        let writers: Vec<_> = children
            .into_iter()
            .map(|child| scope.spawn(|| stored_until_killed(child, 8)))
            .collect();
        let stored: usize = writers.into_iter().map(|w| w.join().unwrap().len()).sum();
        assert!(stored >= 24);
        reader.join().unwrap()
    });
    assert!(readers > 0);
    assert!(s.store.verify().unwrap().is_ok());
}

#[test]
fn a_kill_while_the_store_is_made_leaves_no_half_of_one() {
    let s = scratch();
    let stored = stored_until_killed(spawn(&s), 1);
    assert!(!stored.is_empty());
    let listed = s.store.list(&Query::default()).unwrap();
    assert!(listed.len() >= stored.len());
    // A file that was being built and never came into place does not count.
    let other = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
    let store = open(&other);
    std::fs::create_dir_all(store.dir()).unwrap();
    std::fs::write(store.dir().join("muxtape.new.0123"), b"half").unwrap();
    assert!(!store.exists());
    record_text(&store, 1, "api", "$");
    assert_eq!(store.list(&Query::default()).unwrap().len(), 1);
}
