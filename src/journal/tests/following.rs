//! Following a journal that is written.

use super::{numbers, scratch, small};
use crate::journal::{Found, Query};

fn told(found: &Found) -> Vec<String> {
    let why = found.entries.iter().map(|entry| {
        let why = entry.fields.get("why").and_then(|why| why.as_str());
        why.unwrap_or(&entry.kind).to_owned()
    });
    why.collect()
}

#[test]
fn each_event_comes_once_through_rotations() {
    let s = small(2000);
    s.write(1..=3);
    let query = Query {
        limit: Some(2),
        ..Query::default()
    };
    let (mut follow, first) = s.journal.follow(query).unwrap();
    assert_eq!(told(&first), numbers(2..=3));
    let mut seen = Vec::new();
    // One at a time, then as many as two files hold.
    for (from, to) in [(4, 4), (5, 5), (6, 6), (7, 7), (8, 8), (9, 20), (21, 21)] {
        s.write(from..=to);
        seen.extend(told(&follow.more().unwrap()));
        assert_eq!(seen, numbers(4..=to));
        assert_eq!(follow.more().unwrap(), Found::default());
    }
}

#[test]
fn a_journal_that_begins_later_or_anew_is_followed_too() {
    let s = scratch();
    let (mut follow, first) = s.journal.follow(Query::default()).unwrap();
    assert_eq!(first, Found::default());
    assert_eq!(follow.more().unwrap(), Found::default());
    s.write(1..=3);
    assert_eq!(told(&follow.more().unwrap()), numbers(1..=3));
    std::fs::remove_dir_all(&s.state).unwrap();
    assert_eq!(follow.more().unwrap(), Found::default());
    s.write(7..=7);
    assert_eq!(told(&follow.more().unwrap()), numbers([7]));
}

#[test]
fn a_line_that_is_not_finished_is_waited_for() {
    let s = scratch();
    s.write(1..=2);
    let whole = s.bytes();
    let (mut follow, _) = s.journal.follow(Query::default()).unwrap();
    s.write(3..=3);
    let longer = s.bytes();
    std::fs::write(s.current(), &longer[..whole.len() + 20]).unwrap();
    assert_eq!(follow.more().unwrap(), Found::default());
    std::fs::write(s.current(), &longer).unwrap();
    assert_eq!(told(&follow.more().unwrap()), numbers([3]));
}
