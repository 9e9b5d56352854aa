//! Lines, files and rotations.

use std::fs;

use super::{event, numbers, scratch, small};
use crate::journal::Query;
use crate::journal::files::KEPT;

#[test]
fn nothing_is_an_empty_journal() {
    let s = scratch();
    assert!(s.told().is_empty());
    assert!(s.findings().is_empty());
    assert!(!s.state.exists(), "reading makes nothing");
}

#[test]
fn files_are_put_behind_each_other_and_the_chain_goes_on() {
    let s = small(2000);
    s.write(1..=12);
    assert!(s.state.join("journal.1.jsonl").exists());
    assert_eq!(s.told(), numbers(1..=12));
    assert!(s.findings().is_empty(), "{:?}", s.findings());
    s.write(13..=100);
    let names: Vec<_> = fs::read_dir(&s.state).unwrap().collect();
    assert_eq!(names.len(), usize::try_from(KEPT).unwrap() + 2);
    let told = s.told();
    let kept = told.len() as u64;
    assert!(kept < 80, "{kept} are kept");
    assert_eq!(told, numbers(101 - kept..=100));
    let audit = s.journal.audit(&Query::default()).unwrap();
    assert_eq!(audit.findings, []);
    assert_eq!((audit.first, audit.last), (Some(101 - kept), Some(100)));
    for name in names {
        let bytes = name.unwrap().metadata().unwrap().len();
        assert!(bytes <= 2000, "{bytes}");
    }
}

#[test]
fn what_is_removed_from_any_file_is_found() {
    let s = small(2000);
    s.write(1..=100);
    for number in 1..=KEPT {
        let path = s.state.join(format!("journal.{number}.jsonl"));
        let whole = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = whole.split_inclusive('\n').collect();
        for at in 0..lines.len() {
            let mut fewer = lines.clone();
            fewer.remove(at);
            fs::write(&path, fewer.concat()).unwrap();
            assert!(!s.is_sound(), "line {at} of {number}");
        }
        fs::remove_file(&path).unwrap();
        assert!(!s.is_sound(), "{number}");
        fs::write(&path, whole).unwrap();
    }
    assert!(s.is_sound());
}

#[test]
fn who_is_killed_between_two_renames_harms_nothing() {
    let s = small(2000);
    let behind = |number: u32| s.state.join(format!("journal.{number}.jsonl"));
    let last = (1..)
        .find(|number| {
            s.write(*number..=*number);
            behind(3).exists()
        })
        .unwrap();
    // As after the first of the renames, and as after all of them.
    fs::rename(behind(3), behind(4)).unwrap();
    assert!(s.is_sound());
    let before = s.told();
    fs::rename(behind(2), behind(3)).unwrap();
    fs::rename(behind(1), behind(2)).unwrap();
    fs::rename(s.current(), behind(1)).unwrap();
    assert_eq!(s.told(), before);
    assert!(s.is_sound());
    s.write(last + 1..=60);
    assert!(s.findings().is_empty(), "{:?}", s.findings());
    assert_eq!(s.told().pop().unwrap(), "no. 60");
}

#[test]
fn a_line_larger_than_a_file_is_written_all_the_same() {
    let s = small(10);
    s.write(1..=4);
    assert_eq!(s.told(), numbers(1..=4));
    assert!(s.is_sound());
}

#[test]
fn what_could_not_be_written_is_told_later() {
    let s = scratch();
    s.journal.note(super::at(1), &event(1));
    fs::rename(s.current(), s.state.join("kept")).unwrap();
    fs::create_dir(s.current()).unwrap();
    for number in 2..=4 {
        s.journal.note(super::at(number), &event(number));
    }
    fs::remove_dir(s.current()).unwrap();
    fs::rename(s.state.join("kept"), s.current()).unwrap();
    s.journal.note(super::at(5), &event(5));
    assert_eq!(s.told(), ["no. 1", "events_lost", "no. 5"]);
    let found = s.journal.find(&Query::default()).unwrap();
    assert_eq!(found.entries[1].fields["count"], 3);
    assert!(s.is_sound());
}
