//! The parity file beside real stores.

mod cost;
mod crash;
mod healing;
mod neglect;

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;

use super::field::PAGE;
use super::heal::{Report, check, heal_into};
use crate::store::Store;
use crate::store::file::disk::Hold;
use crate::store::testing::{Scratch, record_text, scratch};

/// Text that does not get smaller.
fn noise(seed: u64, len: u64) -> String {
    (0..len)
        .map(|n| {
            let n = (n + seed * 1_000_003).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let n = (n ^ (n >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            char::from(b'0' + (n >> 57) as u8 % 75)
        })
        .collect()
}

/// A store of five megabytes.
fn filled() -> Scratch {
    let s = scratch();
    for at in 1..=10 {
        let text = noise(at, 500_000);
        record_text(&s.store, i64::try_from(at).unwrap(), "api", &text);
    }
    s
}

fn hold(store: &Store) -> Hold {
    store.place().hold("test").unwrap()
}

fn report(store: &Store) -> Report {
    check(&hold(store)).unwrap()
}

fn pages(store: &Store) -> u64 {
    let len = fs::metadata(store.file()).unwrap().len();
    len.div_ceil(PAGE as u64)
}

/// Everything is known, and nothing is damaged.
fn assert_clean(store: &Store) {
    let pages = pages(store);
    let clean = Report {
        pages,
        ..Report::default()
    };
    assert_eq!(report(store), clean);
}

/// Overwrites pages of the store's file.
fn damage(store: &Store, pages: impl IntoIterator<Item = u64>) {
    let file = OpenOptions::new().write(true).open(store.file()).unwrap();
    for page in pages {
        file.write_all_at(&[0xa5; PAGE], page * PAGE as u64)
            .unwrap();
    }
}

fn heal(store: &Store) -> (Vec<u64>, Vec<u8>) {
    let copy = store.dir().join("copy");
    let _ = fs::remove_file(&copy);
    let healed = heal_into(&hold(store), &copy).unwrap();
    let bytes = fs::read(&copy).unwrap();
    fs::remove_file(copy).unwrap();
    (healed, bytes)
}
