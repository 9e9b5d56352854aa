//! How much of a store is left after an injury to its file, in figures.
//!
//! A store of 240 snapshots is injured in one place, and everything is asked for: whatever is
//! answered is right, and what is lost is found by the check. `MUXTAPE_TEST_ROUNDS` sets how many
//! injuries of each kind.

use std::fs;
use std::sync::LazyLock;

use super::{Known, Outcome, examine, places, with_copy};
use crate::model::snapshot::Snapshot;
use crate::model::target::SnapRef;
use crate::store::file::parity::{self, heal::heal_into};
use crate::store::testing::{Scratch, log, record, scratch, session, snapshot, state, text};
use crate::store::tests::rounds;
use crate::store::{SearchQuery, Store, StoreError};

const PAGE: usize = 4096;
const SNAPSHOTS: u32 = 240;

/// What an injury does to the file.
type Change = Box<dyn Fn(&mut Vec<u8>)>;

/// Two sessions, three panes: a log that grows and loses its beginning, a shell, a screen.
static FILLED: LazyLock<(Scratch, Known)> = LazyLock::new(|| {
    let s = scratch();
    let mut all = Known::new();
    for at in 0..SNAPSHOTS {
        let from = at.saturating_sub(60) * 5;
        let texts = [
            text(log(from..300 + at * 5)),
            text(format!("$ make {at}\n{}", log(at..at + 8))),
            text(format!(
                "\x1b[7mload {}\x1b[0m\n{}",
                at % 17,
                "~\n".repeat(20)
            )),
        ];
        let state = state(vec![
            session("api", 1, &texts[..2]),
            session("web", 2, &texts[2..]),
        ]);
        let mut new = snapshot(i64::from(at) + 1, &state, &texts);
        new.name = (at % 20 == 0).then(|| format!("name-{at}").into());
        let meta = record(&s.store, new);
        let texts = texts.map(|text| (text.digest(), text)).to_vec();
        all.insert(meta.id, (Snapshot { meta, state }, texts));
    }
    (s, all)
});

/// Injures copies of the store, and tells what is left; gives back of how many, and how many of
/// them the parity file heals.
fn injure(kind: &str, injuries: impl Iterator<Item = (String, Change)>) -> (usize, usize) {
    let (s, all) = &*FILLED;
    let copy = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
    let (mut count, mut noticed, mut good, mut healed) = (0, 0, 0, 0);
    let mut left = Outcome::default();
    let mut worst = all.len();
    for (what, change) in injuries {
        let store = with_copy(s, &copy, |bytes| change(bytes));
        let outcome = examine(&store, all, &what);
        ask(&store, all, &outcome, &what);
        healed += usize::from(heals(s, &store, all));
        count += 1;
        noticed += usize::from(outcome.noticed);
        left.whole += outcome.whole;
        left.trees += outcome.trees;
        worst = worst.min(outcome.whole);
        // One snapshot is what an injury may cost; 99 % of the others are to be left.
        good += usize::from((outcome.whole + 1) * 100 >= all.len() * 99);
    }
    let percent = |part: usize, of: usize| {
        f64::from(u32::try_from(part * 10_000 / of.max(1)).unwrap()) / 100.0
    };
    let asked = count * all.len();
    println!(
        "{kind}: {count}, {noticed} noticed; {} % of all snapshots whole, {} % with their trees; \
         in {} % of the cases at least 99 % of the others are whole; {worst} of {} at worst; \
         in {} % the parity file heals all of it",
        percent(left.whole, asked),
        percent(left.trees, asked),
        percent(good, count),
        all.len(),
        percent(healed, count),
    );
    assert!(count > 0);
    (count, healed)
}

/// Whether the store is whole again once what the parity file knows is put in.
fn heals(s: &Scratch, store: &Store, all: &Known) -> bool {
    let parity = |of: &Store| of.dir().join(parity::FILE);
    fs::copy(parity(&s.store), parity(store)).unwrap();
    let copy = store.dir().join("copy");
    let _ = fs::remove_file(&copy);
    let healed = store
        .place()
        .hold("test")
        .and_then(|hold| heal_into(&hold, &copy));
    let healed = healed.and_then(|_| {
        fs::rename(&copy, store.file()).unwrap();
        store.verify()
    });
    let _ = fs::remove_file(parity(store));
    healed.is_ok_and(|report| report.is_ok() && report.checked == all.len() as u64)
}

/// Whatever else is asked is answered rightly, or the check says that something is damaged.
fn ask(store: &Store, all: &Known, outcome: &Outcome, what: &str) {
    let query = SearchQuery {
        text: "$ make 77".into(),
        contents: true,
        ..SearchQuery::default()
    };
    let (id, (known, _)) = all.iter().nth(77).unwrap();
    match store.search(&query) {
        Ok(hits) => {
            assert!(hits.iter().all(|hit| hit.newest == *id), "{what}: {hits:?}");
            assert!(!hits.is_empty() || outcome.noticed, "{what}: nothing found");
        }
        Err(error) => assert!(error.is_damage(), "{what}: {error}"),
    }
    let newest = all.values().next_back().map(|(known, _)| &known.meta);
    let named = all.values().nth(100).map(|(known, _)| &known.meta);
    let asked = [
        (SnapRef::IdOrName(id.to_string()), Some(&known.meta)),
        (SnapRef::IdOrName("name-100".into()), named),
        (SnapRef::Latest(0), newest),
    ];
    for (reference, wanted) in asked {
        match store.find(&reference, None, None) {
            Ok(found) if Some(&found) == wanted => {}
            Ok(found) => {
                let known = all.get(&found.id).map(|(known, _)| &known.meta);
                assert!(
                    outcome.noticed && known == Some(&found),
                    "{what}: {reference:?} leads to {found:?}"
                );
            }
            Err(StoreError::NotFound { .. }) => {
                assert!(outcome.noticed, "{what}: {reference:?} is not found");
            }
            Err(error) => assert!(error.is_damage(), "{what}: {error}"),
        }
    }
    match store.stats() {
        Ok(stats) => {
            let right = stats.snapshots == all.len() as u64 && stats.lives == 1 && stats.trash == 0;
            assert!(right || outcome.noticed, "{what}: {stats:?}");
        }
        Err(error) => assert!(error.is_damage(), "{what}: {error}"),
    }
}

fn many(few: u32) -> usize {
    usize::try_from(rounds(few)).unwrap()
}

#[test]
fn one_flipped_bit_costs_little() {
    let (s, _) = &*FILLED;
    let places = places(s.store.file(), many(16));
    let (count, healed) = injure(
        "flipped bits",
        places.into_iter().map(|at| {
            let change = move |bytes: &mut Vec<u8>| bytes[at] ^= 1 << (at % 8);
            (format!("a flipped bit at {at}"), Box::new(change) as Box<_>)
        }),
    );
    assert_eq!(healed, count);
}

#[test]
fn one_lost_page_costs_little() {
    let (s, _) = &*FILLED;
    let mut pages: Vec<usize> = places(s.store.file(), many(400))
        .iter()
        .map(|at| at / PAGE)
        .collect();
    pages.dedup();
    let step = (pages.len() / many(12)).max(1);
    let (count, healed) = injure(
        "zeroed pages",
        pages.into_iter().step_by(step).map(|page| {
            let change = move |bytes: &mut Vec<u8>| bytes[page * PAGE..][..PAGE].fill(0);
            (format!("page {page} zeroed"), Box::new(change) as Box<_>)
        }),
    );
    assert_eq!(healed, count);
}

#[test]
fn a_header_that_is_lost_is_noticed() {
    let garbled = |bytes: &mut Vec<u8>| {
        for (at, byte) in bytes[..PAGE].iter_mut().enumerate() {
            *byte = at.wrapping_mul(167).to_le_bytes()[0] ^ 0x5a;
        }
    };
    let zeroed = |bytes: &mut Vec<u8>| bytes[..PAGE].fill(0);
    let after_magic = |bytes: &mut Vec<u8>| bytes[16..PAGE].fill(0xff);
    let changes: [(&str, Change); 3] = [
        ("a garbled header", Box::new(garbled)),
        ("a zeroed header", Box::new(zeroed)),
        ("a header of ones", Box::new(after_magic)),
    ];
    let (count, healed) = injure(
        "headers",
        changes
            .into_iter()
            .map(|(what, change)| (what.to_owned(), change)),
    );
    assert_eq!(healed, count);
}

#[test]
fn a_file_that_was_cut_is_noticed() {
    let (s, _) = &*FILLED;
    let length = usize::try_from(std::fs::metadata(s.store.file()).unwrap().len()).unwrap();
    let step = (length / PAGE / many(6)).max(1) * PAGE;
    injure(
        "cut files",
        (step..length).step_by(step).map(|left| {
            let change = move |bytes: &mut Vec<u8>| bytes.truncate(left);
            (format!("a cut to {left} bytes"), Box::new(change) as Box<_>)
        }),
    );
}
