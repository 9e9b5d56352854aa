//! What may lie where the journal should be.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::{event, numbers, scratch, small};
use crate::journal::{JournalError, Query};

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn it_is_for_its_owner_alone() {
    let s = small(600);
    s.write(1..=5);
    assert_eq!(mode(&s.state), 0o700);
    for file in fs::read_dir(&s.state).unwrap() {
        assert_eq!(mode(&file.unwrap().path()), 0o600);
    }
    // Also where somebody has opened it to others.
    fs::set_permissions(s.current(), fs::Permissions::from_mode(0o644)).unwrap();
    s.write(6..=6);
    assert_eq!(mode(&s.current()), 0o600);
}

#[test]
fn links_and_other_things_are_refused_and_left_alone() {
    for name in ["journal.jsonl", "journal.head"] {
        let s = scratch();
        fs::create_dir_all(&s.state).unwrap();
        let elsewhere = s.state.join("elsewhere");
        let path = s.state.join(name);
        fs::write(&elsewhere, "precious").unwrap();
        symlink(&elsewhere, &path).unwrap();
        let error = s.journal.append(super::at(1), &event(1)).unwrap_err();
        assert!(matches!(error, JournalError::File { .. }), "{error}");
        assert!(error.to_string().contains("is a link"), "{error}");
        assert!(s.journal.find(&Query::default()).is_err());
        assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "precious");

        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        let error = s.journal.append(super::at(1), &event(1)).unwrap_err();
        assert!(error.to_string().contains("not a regular file"), "{error}");

        fs::remove_dir(&path).unwrap();
        muxtape_testing::make_fifo(&path);
        let error = s.journal.append(super::at(1), &event(1)).unwrap_err();
        assert!(error.to_string().contains("not a regular file"), "{error}");

        fs::remove_file(&path).unwrap();
        s.write(1..=2);
        assert_eq!(s.told(), numbers(1..=2));
    }
}

#[test]
fn a_newer_journal_is_left_alone() {
    let s = scratch();
    s.write(1..=2);
    let head = s.state.join("journal.head");
    let newer = fs::read_to_string(&head).unwrap().replace("/1 ", "/2 ");
    fs::write(&head, &newer).unwrap();
    let before = s.bytes();
    let error = s.journal.append(super::at(3), &event(3)).unwrap_err();
    assert!(matches!(error, JournalError::Newer { .. }), "{error}");
    assert!(s.journal.audit(&Query::default()).is_err());
    assert_eq!(s.bytes(), before);
    assert_eq!(fs::read_to_string(&head).unwrap(), newer);
}

#[test]
fn who_holds_the_lock_for_too_long_is_not_waited_for() {
    let s = scratch();
    s.write(1..=1);
    let held = fs::File::open(s.state.join("journal.head")).unwrap();
    rustix::fs::flock(&held, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let error = s.journal.append(super::at(2), &event(2)).unwrap_err();
    assert!(matches!(error, JournalError::Busy { .. }), "{error}");
    assert_eq!(s.told(), numbers([1]), "reading goes on");
    drop(held);
    s.write(2..=2);
    assert_eq!(s.told(), numbers(1..=2));
}
