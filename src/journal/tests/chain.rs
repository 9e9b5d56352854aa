//! Whatever is done to a line is found, and named.

use std::fs;

use proptest::prelude::*;

use super::{Scratch, scratch};

/// Lines with their ends.
fn lines(bytes: &[u8]) -> Vec<Vec<u8>> {
    bytes
        .split_inclusive(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect()
}

fn six() -> (Scratch, Vec<Vec<u8>>) {
    let s = scratch();
    s.write(1..=6);
    assert!(s.findings().is_empty(), "{:?}", s.findings());
    let lines = lines(&s.bytes());
    assert_eq!(lines.len(), 6);
    (s, lines)
}

/// Whether an audit finds that the journal is as this.
fn found(s: &Scratch, lines: &[Vec<u8>]) -> Vec<String> {
    fs::write(s.current(), lines.concat()).unwrap();
    let findings = s.findings();
    assert!(!s.is_sound(), "{findings:?}");
    findings
}

#[test]
fn every_byte_that_is_changed_is_found_and_its_line_named() {
    let (s, whole) = six();
    for at in 0..whole.len() {
        for byte in 0..whole[at].len() {
            for change in [1, 0x20, 0x80] {
                let mut lines = whole.clone();
                lines[at][byte] ^= change;
                let findings = found(&s, &lines);
                let own = format!("journal.jsonl:{} ", at + 1);
                // Where the end of a line is changed, two become one; the last one has no next.
                let named = findings.iter().any(|finding| finding.starts_with(&own));
                assert!(named, "line {} byte {byte}: {findings:?}", at + 1);
            }
        }
    }
}

#[test]
fn an_edited_line_is_the_only_one_that_is_named() {
    let (s, whole) = six();
    let mut lines = whole.clone();
    let text = String::from_utf8(lines[2].clone()).unwrap();
    lines[2] = text.replace("no. 3", "no. 9").into_bytes();
    let expected = ["journal.jsonl:3 edited: it is not as it was written"];
    assert_eq!(found(&s, &lines), expected);
    // Also where its hash is what was edited.
    let mut lines = whole.clone();
    let end = lines[2].len() - 4;
    lines[2][end] = if lines[2][end] == b'0' { b'1' } else { b'0' };
    assert_eq!(found(&s, &lines), expected);
}

#[test]
fn a_removed_line_is_found_wherever_it_was() {
    let (s, whole) = six();
    for at in 0..6 {
        let mut lines = whole.clone();
        lines.remove(at);
        let place = if at == 5 {
            "-:-".to_owned()
        } else {
            format!("journal.jsonl:{}", at + 1)
        };
        let expected = format!("{place} no. {} is missing", at + 1);
        assert_eq!(found(&s, &lines), [expected]);
    }
    assert_eq!(found(&s, &[]), ["-:- no. 1 to 6 are missing"]);
    assert_eq!(
        found(&s, &[whole[0].clone(), whole[5].clone()]),
        ["journal.jsonl:2 no. 2 to 5 are missing"]
    );
}

#[test]
fn an_inserted_line_is_found_wherever_it_is() {
    let (s, whole) = six();
    let other = scratch();
    other.write(1..=3);
    other.write(9..=9);
    let foreign = lines(&other.bytes()).pop().unwrap();
    for at in 0..=6 {
        let others = [
            b"{}\n".to_vec(),
            b"\n".to_vec(),
            foreign.clone(),
            b"no JSON\n".to_vec(),
        ];
        for line in whole.iter().cloned().chain(others) {
            let mut lines = whole.clone();
            lines.insert(at, line);
            found(&s, &lines);
        }
    }
}

#[test]
fn two_lines_in_each_others_place_are_found() {
    let (s, whole) = six();
    for one in 0..6 {
        for other in 0..one {
            let mut lines = whole.clone();
            lines.swap(one, other);
            let findings = found(&s, &lines);
            let own = format!("journal.jsonl:{} ", other + 1);
            let named = findings.iter().any(|finding| finding.starts_with(&own));
            assert!(named, "{other} and {one}: {findings:?}");
        }
    }
}

#[test]
fn a_journal_that_was_written_anew_is_told_by_the_head() {
    let (s, _) = six();
    let other = scratch();
    other.write(2..=7);
    fs::write(s.current(), other.bytes()).unwrap();
    assert_eq!(
        s.findings(),
        ["journal.jsonl:6 no. 6 is not the one that journal.head tells of"]
    );
    // Without the head nothing can be told about the end, which is told.
    fs::remove_file(s.state.join("journal.head")).unwrap();
    assert_eq!(s.findings().len(), 1);
    assert!(!s.is_sound());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_other_order_or_choice_of_lines_is_found(
        chosen in proptest::collection::vec(0..6usize, 0..9)
    ) {
        let (s, whole) = six();
        let lines: Vec<_> = chosen.iter().map(|at| whole[*at].clone()).collect();
        if lines != whole {
            found(&s, &lines);
        }
    }

    #[test]
    fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let (s, _) = six();
        fs::write(s.current(), &bytes).unwrap();
        prop_assert!(!s.is_sound());
        s.journal.find(&super::Query::default()).unwrap();
        s.write(7..=8);
        prop_assert_eq!(s.told().pop().unwrap(), "no. 8");
    }
}
