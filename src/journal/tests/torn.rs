//! Processes that were killed in the middle of a line, and heads that are behind or gone.

use std::fs;

use super::{Scratch, numbers, scratch};

/// A journal of three lines, and its head as it was after two.
fn cut(bytes: usize) -> (Scratch, Vec<u8>, usize) {
    let s = scratch();
    s.write(1..=2);
    let head = fs::read(s.state.join("journal.head")).unwrap();
    let before = s.bytes().len();
    s.write(3..=3);
    let whole = s.bytes();
    fs::write(s.state.join("journal.head"), head).unwrap();
    let length = whole.len() - before;
    fs::write(s.current(), &whole[..before + bytes.min(length)]).unwrap();
    (s, whole, length)
}

#[test]
fn a_line_that_was_cut_anywhere_is_closed_off_and_told() {
    let (_, _, length) = cut(0);
    for bytes in 0..=length {
        let (s, whole, _) = cut(bytes);
        let torn = bytes > 0 && bytes < length - 1;
        let expected = if torn || bytes == length - 1 {
            vec!["journal.jsonl:3 cut short by the end of its process".to_owned()]
        } else {
            Vec::new()
        };
        assert_eq!(s.findings(), expected, "{bytes} bytes");
        assert!(s.is_sound());
        s.write(4..=5);
        assert!(s.is_sound(), "{bytes} bytes: {:?}", s.findings());
        let mut told = numbers(1..=2);
        if torn {
            let closed = "journal.jsonl:3 cut short by the end of its process, and closed off";
            assert_eq!(s.findings(), [closed]);
            told.push("journal_mended".to_owned());
        } else {
            assert!(s.findings().is_empty());
            if bytes > 0 {
                // All but the end of the line was there: it counts.
                assert!(s.bytes().starts_with(&whole));
                told.extend(numbers([3]));
            }
        }
        told.extend(numbers(4..=5));
        assert_eq!(s.told(), told);
    }
}

#[test]
fn what_was_closed_off_cannot_be_changed_unnoticed() {
    let (s, ..) = cut(40);
    s.write(4..=5);
    let bytes = s.bytes();
    let start = bytes
        .split_inclusive(|byte| *byte == b'\n')
        .take(2)
        .map(<[u8]>::len)
        .sum::<usize>();
    for at in start..start + 40 {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        fs::write(s.current(), changed).unwrap();
        assert!(!s.is_sound(), "byte {at}");
    }
}

#[test]
fn a_head_that_is_gone_or_broken_is_made_anew_which_is_told() {
    for damage in [None, Some(&b""[..]), Some(b"muxtape"), Some(&[0; 300])] {
        let s = scratch();
        s.write(1..=3);
        let head = s.state.join("journal.head");
        match damage {
            None => fs::remove_file(&head).unwrap(),
            Some(bytes) => fs::write(&head, bytes).unwrap(),
        }
        assert!(!s.is_sound());
        s.write(4..=4);
        let mut told = numbers(1..=3);
        told.push("journal_head_remade".to_owned());
        told.extend(numbers([4]));
        assert_eq!(s.told(), told);
        assert!(s.is_sound(), "{:?}", s.findings());
    }
}

#[test]
fn a_journal_that_was_removed_is_missed() {
    let s = scratch();
    s.write(1..=3);
    fs::remove_file(s.current()).unwrap();
    assert_eq!(s.findings(), ["-:- no. 1 to 3 are missing"]);
    s.write(4..=4);
    assert_eq!(s.findings(), ["journal.jsonl:1 no. 1 to 3 are missing"]);
    // Without anything it begins anew.
    fs::remove_file(s.current()).unwrap();
    fs::remove_file(s.state.join("journal.head")).unwrap();
    s.write(1..=2);
    assert_eq!(s.told(), numbers(1..=2));
    assert!(s.findings().is_empty());
}
