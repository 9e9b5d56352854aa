//! The form of the lines, against a golden file.

use insta::assert_snapshot;

use super::{at, scratch, text};
use crate::journal::{
    Answer, Change, Event, Gone, Hidden, MadeSession, PruneReason, Query, RestoreStatus,
};
use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::snapshot::{Cause, EndCause, LifeId};

/// One of every kind.
fn all() -> Vec<Event> {
    let snapshot = SnapshotId::new(at(0), 7, None);
    let snapshots = vec![snapshot];
    let life = LifeId(0x1234);
    let hidden = || {
        vec![Hidden {
            rule: text("github-token"),
            count: 2,
        }]
    };
    let edited = |change| Event::SnapshotsEdited {
        snapshots: vec![snapshot],
        change,
    };
    vec![
        Event::SnapshotCreated {
            snapshot,
            life,
            cause: Cause::Manual,
            name: Some(text("before")),
            sessions: vec![text("api"), text("a\n\u{1b}[31m\"b")],
            session_count: 2,
            panes: 3,
            partial: false,
            stored_bytes: 1234,
            redactions: hidden(),
        },
        Event::SnapshotKeptAside {
            waiting: 1,
            dropped: 0,
            why: text("the store is in use"),
        },
        Event::SnapshotsTakenIn {
            taken: 1,
            partial: 0,
            unnamed: 0,
            damaged: 0,
            waiting: 0,
        },
        Event::SnapshotsPruned {
            snapshots: vec![Gone {
                snapshot,
                reason: PruneReason::BeyondCounts,
            }],
            trash: 0,
        },
        Event::SnapshotsDeleted {
            snapshots: snapshots.clone(),
        },
        Event::SnapshotsUndeleted {
            snapshots: snapshots.clone(),
        },
        Event::TrashEmptied { count: 4 },
        edited(Change::Name {
            to: Some(text("after")),
        }),
        edited(Change::Description { given: true }),
        edited(Change::Tag {
            tag: text("work"),
            given: false,
        }),
        edited(Change::Pinned { given: true }),
        edited(Change::Archived { given: false }),
        Event::RestoreStarted {
            snapshot,
            session_count: 1,
            tabs: 2,
            panes: 3,
            undo: Some(snapshot),
        },
        Event::RestoreFinished {
            snapshot,
            status: RestoreStatus::Partial,
            sessions: vec![MadeSession {
                from: text("api"),
                to: text("api-1140"),
            }],
            replaced: Vec::new(),
            tabs_restored: 2,
            tabs_failed: 0,
            panes_restored: 2,
            panes_failed: 1,
            programs_run: 1,
            programs_typed: 1,
            warnings: 2,
            errors: vec![text("no space for a new pane")],
            undo: None,
            duration_ms: 120,
        },
        Event::RestoreFailed {
            snapshot,
            why: text("the server has changed"),
        },
        Event::RestoreUndone {
            sessions: vec![text("api-1140")],
            panes: 0,
            back: Vec::new(),
            left: 0,
        },
        Event::RecoveryOffered {
            life,
            cause: EndCause::ServerGone,
            snapshot: Some(snapshot),
            sessions: vec![text("api")],
        },
        Event::RecoveryAnswered {
            life,
            answer: Answer::Dismissed,
        },
        Event::LifeBegan {
            life,
            server_pid: 42,
            socket: text("/tmp/tmux-1000/default"),
        },
        Event::LifeEnded {
            life,
            cause: EndCause::Closed,
        },
        Event::RecorderStarted {},
        Event::RecorderStopped {},
        Event::RecorderGap {
            process: Some(42),
            last_look: at(1),
            gap_ms: 8_000,
        },
        Event::RecorderFailed {
            why: text("tmux did not answer"),
        },
        Event::RedactionFailed {
            snapshot,
            fields: 1,
        },
        Event::PrivateSwitched {
            target: None,
            private: true,
        },
        Event::HistoryRewritten {
            changed: 3,
            redactions: hidden(),
        },
        Event::SnapshotsExported {
            snapshots: snapshots.clone(),
            file: text("/home/me/day.muxtape"),
        },
        Event::SnapshotsImported {
            snapshots,
            file: super::Text::UNCHECKED,
        },
        Event::StoreVerified {
            checked: 10,
            damaged: 0,
        },
        Event::StoreRepaired {
            count: 10,
            partial: 1,
            lost: 0,
            left: 0,
        },
        Event::StoreMigrated {
            from: 1,
            to: 2,
            count: 10,
            lost: 0,
        },
        Event::StoreFailed {
            why: text("the disk is full"),
        },
        Event::JournalMended {
            bytes: 12,
            digest: Digest([0xab; 32]),
        },
        Event::JournalHeadRemade {},
        Event::EventsLost { count: 2 },
    ]
}

#[test]
fn every_kind_has_its_form() {
    let s = scratch();
    for event in all() {
        s.journal.append(at(1), &event).unwrap();
    }
    let lines = String::from_utf8(s.bytes()).unwrap();
    let process = format!("\"pid\":{}", std::process::id());
    // Without what differs from run to run: with the process all hashes do.
    let shown: Vec<String> = lines
        .lines()
        .map(|line| {
            let (body, _) = line.split_once(",\"prev\":").unwrap();
            body.replace(&process, "\"pid\":1")
        })
        .collect();
    assert_snapshot!(shown.join("\n"));
}

#[test]
fn all_kinds_are_named_and_every_line_can_be_read() {
    let s = scratch();
    for event in all() {
        s.journal.append(at(1), &event).unwrap();
    }
    let found = s.journal.find(&Query::default()).unwrap();
    assert_eq!((found.entries.len(), found.bad), (all().len(), 0));
    let mut kinds: Vec<&str> = found.entries.iter().map(|e| e.kind.as_str()).collect();
    kinds.dedup();
    assert_eq!(kinds, Event::KINDS);
    assert!(s.is_sound());
}

#[test]
fn a_hash_is_that_of_the_bytes_before_it() {
    let s = scratch();
    s.write(1..=2);
    let lines = String::from_utf8(s.bytes()).unwrap();
    let mut prev = "0".repeat(64);
    for line in lines.lines() {
        let (body, rest) = line.split_once(",\"hash\":\"").unwrap();
        let hash = rest.strip_suffix("\"}").unwrap();
        assert_eq!(hash, blake3::hash(body.as_bytes()).to_hex().as_str());
        assert!(body.ends_with(&format!(",\"prev\":\"{prev}\"")));
        prev = hash.to_owned();
    }
}

#[test]
fn long_texts_are_cut() {
    let long = text(&"ä".repeat(501));
    let shown = long.shown().unwrap();
    assert_eq!(shown.chars().count(), 501);
    assert!(shown.ends_with("ä…"));
    let fits = "ä".repeat(500);
    assert_eq!(text(&fits).shown().unwrap(), fits);
}
