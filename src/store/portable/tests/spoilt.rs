//! Files that are not what was written: each kind of harm has its own name.

use super::roundtrip::fill;
use super::*;
use crate::store::record::frame;
use crate::store::testing::{record_text, scratch};

/// Where the parts of a file begin, and where its last line does.
fn parts(bytes: &[u8]) -> Vec<usize> {
    let mut at = bytes.len();
    let mut rest = bytes;
    for _ in 0..3 {
        let line = rest.iter().position(|byte| *byte == b'\n').unwrap();
        rest = &rest[line + 1..];
    }
    let mut parts = Vec::new();
    at -= rest.len();
    while let Ok(found) = frame::find(&bytes[at..]) {
        parts.push(at);
        at += found.len;
    }
    parts.push(at);
    parts
}

/// A small file.
fn small() -> Vec<u8> {
    let s = scratch();
    record_text(&s.store, 1, "api", "$ make\n$ ");
    all(&s.store)
}

fn why(bytes: &[u8]) -> PortableError {
    match open(bytes) {
        Ok(_) => panic!("it was taken for whole"),
        Err(error) => error,
    }
}

#[test]
fn every_cut_is_told_as_one() {
    let bytes = small();
    open(&bytes).unwrap();
    assert!(matches!(why(&[]), PortableError::Foreign));
    for at in 1..bytes.len() {
        let error = why(&bytes[..at]);
        let cut = matches!(error, PortableError::Cut { at: end } if end == at as u64);
        assert!(cut, "cut at {at}: {error}");
    }
}

#[test]
fn every_flipped_bit_is_told_as_damage() {
    let bytes = small();
    let s = scratch();
    record_text(&s.store, 1, "api", "$");
    let before = std::fs::read(s.store.file()).unwrap();
    let end = bytes.len() - 69;
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            let error = take(&s.store, &flipped, &Trusting).unwrap_err();
            let fits = match error {
                PortableError::Foreign => at < 17,
                PortableError::Damaged { at: from, .. } => from <= at as u64,
                // The hash of all stands there.
                PortableError::Mixed => at >= end,
                _ => false,
            };
            assert!(fits, "bit {bit} of byte {at}: {error}");
        }
    }
    assert!(std::fs::read(s.store.file()).unwrap() == before);
}

#[test]
fn parts_that_were_moved_taken_out_or_doubled_are_told() {
    let s = scratch();
    fill(&s.store);
    let bytes = all(&s.store);
    let parts = parts(&bytes);
    let part = |number: usize| &bytes[parts[number]..parts[number + 1]];
    let head = &bytes[..parts[0]];
    let count = parts.len() - 1;
    let end = &bytes[parts[count]..];
    let put_together = |order: &[usize]| {
        let parts: Vec<u8> = order
            .iter()
            .flat_map(|number| part(*number).to_vec())
            .collect();
        [head, &parts, end].concat()
    };
    let order: Vec<usize> = (0..count).collect();
    assert!(put_together(&order) == bytes);
    let mut swapped = order.clone();
    swapped.swap(0, 1);
    let without = &order[1..];
    let mut doubled = order.clone();
    doubled.insert(1, 0);
    for (wrong, wanted, found) in [(&swapped[..], 1, 2), (without, 1, 2), (&doubled, 2, 1)] {
        let error = why(&put_together(wrong));
        let told = matches!(error, PortableError::Order { wanted: w, found: f, .. }
            if (w, f) == (wanted, found));
        assert!(told, "{error}");
    }
    // Without the last ones the rest is in order.
    let error = why(&put_together(&order[..count - 1]));
    assert!(matches!(error, PortableError::Mixed), "{error}");
}

#[test]
fn what_was_appended_is_told() {
    let bytes = small();
    for more in [&b"\n"[..], b"x", &bytes] {
        let error = why(&[&bytes, more].concat());
        let told = matches!(error, PortableError::Extended { at } if at == bytes.len() as u64);
        assert!(told, "{error}");
    }
}

#[test]
fn parts_of_two_files_are_told() {
    let (a, b) = (scratch(), scratch());
    record_text(&a.store, 1, "api", "one");
    record_text(&b.store, 1, "api", "two");
    let (a, b) = (all(&a.store), all(&b.store));
    let (of_a, of_b) = (parts(&a), parts(&b));
    // The text of one, the snapshot of the other.
    let mixed = [&a[..of_a[1]], &b[of_b[1]..]].concat();
    assert!(matches!(why(&mixed), PortableError::Invalid { .. }));
    // The end of the other.
    let mixed = [&a[..of_a[2]], &b[of_b[2]..]].concat();
    assert!(matches!(why(&mixed), PortableError::Mixed));
}

#[test]
fn another_file_is_none_and_a_newer_one_is_left_for_a_newer_muxtape() {
    for other in ["", "x", "muxtape\n", "muxtape portabel 1\n", "PK\u{3}\u{4}"] {
        assert!(
            matches!(why(other.as_bytes()), PortableError::Foreign),
            "{other:?}"
        );
    }
    let newer = |form: u32| {
        let lines =
            format!("muxtape portable {form}\n{{\"schema\":\"muxtape.portable/{form}\"}}\n");
        let hash = blake3::hash(lines.as_bytes()).to_hex();
        format!("{lines}blake3 {hash}\nwhatever comes then")
    };
    let error = why(newer(3).as_bytes());
    assert!(
        matches!(
            error,
            PortableError::Newer {
                found: 3,
                supported: 2
            }
        ),
        "{error}"
    );
    let error = why(newer(1).as_bytes());
    assert!(
        matches!(error, PortableError::Unreleased { found: 1 }),
        "{error}"
    );
    let error = why(newer(0).as_bytes());
    assert!(
        matches!(error, PortableError::Damaged { at: 0, .. }),
        "{error}"
    );
}
