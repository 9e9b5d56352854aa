//! Queries.

use std::fs::OpenOptions;
use std::io::Write;

use super::{at, event, numbers, scratch, text};
use crate::journal::{Event, MadeSession, Query, RestoreStatus};
use crate::model::id::SnapshotId;

#[test]
fn by_time_kind_and_number() {
    let s = scratch();
    s.write(1..=5);
    s.journal
        .append(at(6), &Event::TrashEmptied { count: 1 })
        .unwrap();
    let kinds = |query: Query| {
        let found = s.journal.find(&query).unwrap();
        let seqs: Vec<u64> = found.entries.iter().map(|entry| entry.seq).collect();
        seqs
    };
    let all = Query::default;
    let since = Some(at(3));
    assert_eq!(kinds(Query { since, ..all() }), [3, 4, 5, 6]);
    let until = Some(at(3));
    assert_eq!(kinds(Query { until, ..all() }), [1, 2, 3]);
    let named = vec!["trash_emptied".to_owned()];
    let kinds_named = Query {
        kinds: named,
        ..all()
    };
    assert_eq!(kinds(kinds_named), [6]);
    let limit = Some(2);
    assert_eq!(kinds(Query { limit, ..all() }), [5, 6]);
    let limit = Some(0);
    assert_eq!(kinds(Query { limit, ..all() }), [0; 0]);
}

#[test]
fn by_session_wherever_an_event_names_it() {
    let s = scratch();
    let made = |from: &str, to: &str| MadeSession {
        from: text(from),
        to: text(to),
    };
    let events = [
        event(1),
        Event::RestoreUndone {
            sessions: vec![text("api")],
            panes: 0,
            back: vec![text("web")],
            left: 0,
        },
        Event::RestoreFinished {
            snapshot: SnapshotId::new(at(1), 1, None),
            status: RestoreStatus::Success,
            sessions: vec![made("web", "web-1140")],
            replaced: vec![text("db")],
            tabs_restored: 1,
            tabs_failed: 0,
            panes_restored: 1,
            panes_failed: 0,
            programs_run: 0,
            programs_typed: 0,
            warnings: 0,
            errors: Vec::new(),
            undo: None,
            duration_ms: 1,
        },
        Event::PrivateSwitched {
            target: Some(text("api:1.2")),
            private: true,
        },
    ];
    for event in &events {
        s.journal.append(at(1), event).unwrap();
    }
    let of = |session: &str| {
        let query = Query {
            sessions: vec![session.to_owned()],
            ..Query::default()
        };
        let found = s.journal.find(&query).unwrap();
        let seqs: Vec<u64> = found.entries.iter().map(|entry| entry.seq).collect();
        seqs
    };
    assert_eq!(of("api"), [2, 4]);
    assert_eq!(of("web"), [2, 3]);
    assert_eq!(of("web-1140"), [3]);
    assert_eq!(of("db"), [3]);
    assert_eq!(of("ap"), [0; 0]);
}

#[test]
fn bad_lines_are_passed_over_and_counted() {
    let s = scratch();
    s.write(1..=2);
    let mut file = OpenOptions::new().append(true).open(s.current()).unwrap();
    file.write_all(b"nonsense\n{\"seq\":1}\n\xff\xfe\n")
        .unwrap();
    s.write(3..=3);
    let found = s.journal.find(&Query::default()).unwrap();
    assert_eq!(found.bad, 3);
    assert_eq!(s.told(), numbers(1..=3));
    assert_eq!(
        s.findings().len(),
        3,
        "each of them, and nothing else: {:?}",
        s.findings()
    );
}
