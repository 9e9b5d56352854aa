//! A disk that has no more room, in the middle of a line: a limit on the size of files, in a
//! process of its own.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rustix::process::{Resource, Rlimit, setrlimit};
use signal_hook::consts::SIGXFSZ;

use super::{at, event, numbers, scratch};
use crate::journal::{By, Journal, JournalError};

/// Names the directory for the child.
const DIR: &str = "MUXTAPE_TEST_JOURNAL_FULL";

/// Not a test of its own: the body of the child.
#[test]
fn child() {
    let Some(dir) = std::env::var_os(DIR) else {
        return;
    };
    // Without it the signal would end the process before the call fails.
    signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false))).unwrap();
    let limit = Rlimit {
        current: Some(1000),
        maximum: Some(1000),
    };
    setrlimit(Resource::Fsize, limit).unwrap();
    let journal = Journal::new(dir.into(), By::Command);
    let written = (1..).find(|number| {
        let Err(error) = journal.append(at(*number), &event(*number)) else {
            return false;
        };
        assert!(matches!(error, JournalError::Io { .. }), "{error}");
        true
    });
    assert_eq!(written, Some(4));
    // And to note it all the same does no harm.
    journal.note(at(4), &event(4));
}

#[test]
fn a_line_without_room_leaves_nothing_behind() {
    let s = scratch();
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "journal::tests::full::child"])
        .env(DIR, &s.state)
        .output()
        .unwrap();
    assert!(child.status.success(), "{child:?}");
    assert!(s.bytes().ends_with(b"\n"));
    assert_eq!(s.told(), numbers(1..=3));
    s.write(5..=5);
    assert_eq!(s.told(), numbers([1, 2, 3, 5]));
    assert!(s.findings().is_empty());
}
