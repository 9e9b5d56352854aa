//! What is healed, and that it comes out byte for byte.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;
use crate::store::tests::rounds;

#[test]
fn a_flip_in_every_stripe_is_healed() {
    let s = filled();
    let good = fs::read(s.store.file()).unwrap();
    assert!(pages(&s.store) > 1024, "{}", pages(&s.store));
    let mut file = good.clone();
    let group = 1024..1040;
    for page in group.clone() {
        file[page * PAGE + page] ^= 0x40;
    }
    fs::write(s.store.file(), &file).unwrap();
    let found = report(&s.store);
    let expected: Vec<u64> = group.map(|page| page as u64).collect();
    assert_eq!((&found.damaged, &found.healable), (&expected, &expected));
    assert!(!found.behind);
    let (healed, copy) = heal(&s.store);
    assert_eq!(healed, expected);
    assert!(copy == good);
}

#[test]
fn a_burst_of_neighbours_is_healed() {
    let s = filled();
    let good = fs::read(s.store.file()).unwrap();
    // Three pages of each of the sixteen stripes of this group.
    damage(&s.store, 1030..1078);
    let (healed, copy) = heal(&s.store);
    assert_eq!(healed, (1030..1078).collect::<Vec<_>>());
    assert!(copy == good);
}

#[test]
fn a_burst_that_is_too_long_is_told_of_and_left() {
    let s = filled();
    damage(&s.store, 1030..1079);
    let found = report(&s.store);
    assert_eq!(found.damaged.len(), 49);
    assert_eq!(found.healable.len(), 45, "one stripe lost a page too many");
    let (healed, _) = heal(&s.store);
    assert_eq!(healed.len(), 45);
}

#[test]
fn the_first_page_is_healed_too() {
    let s = filled();
    let good = fs::read(s.store.file()).unwrap();
    damage(&s.store, 0..5);
    s.store.stats().unwrap_err();
    let found = report(&s.store);
    assert!(found.behind);
    assert_eq!(found.healable, [0, 1, 2, 3, 4]);
    let (healed, copy) = heal(&s.store);
    assert_eq!(healed, [0, 1, 2, 3, 4]);
    assert!(copy == good);
}

#[test]
fn an_end_that_was_cut_off_is_healed() {
    let s = filled();
    let good = fs::read(s.store.file()).unwrap();
    let file = OpenOptions::new().write(true).open(s.store.file()).unwrap();
    file.set_len(good.len() as u64 - 20 * PAGE as u64 - 100)
        .unwrap();
    let (healed, copy) = heal(&s.store);
    assert!(copy == good, "{healed:?}");
}

#[test]
fn a_healed_copy_takes_the_stores_place() {
    let s = filled();
    let shown = s.store.list(&crate::store::Query::default()).unwrap();
    damage(&s.store, (0..pages(&s.store)).step_by(67));
    let copy = s.store.dir().join("copy");
    {
        let hold = hold(&s.store);
        heal_into(&hold, &copy).unwrap();
        fs::rename(&copy, s.store.file()).unwrap();
    }
    assert_eq!(
        s.store.list(&crate::store::Query::default()).unwrap(),
        shown
    );
    assert!(s.store.verify().unwrap().is_ok());
    record_text(&s.store, 100, "api", "$ on");
    assert_clean(&s.store);
}

#[test]
fn rot_that_is_written_over_does_not_spoil_what_else_is_rotten() {
    let s = filled();
    let good = fs::read(s.store.file()).unwrap();
    // Every 16th page, one stripe of each group: free ones among them are written over next.
    let rotten: Vec<u64> = (1024 + 3..pages(&s.store)).step_by(16 * 24).collect();
    assert!(rotten.len() >= 2, "{rotten:?}");
    let free: Vec<u64> = (1024..pages(&s.store))
        .filter(|&page| {
            let at = page as usize * PAGE;
            good[at..at + PAGE] == [0; PAGE]
        })
        .take(30)
        .collect();
    damage(&s.store, free.iter().copied());
    for at in 0..10 {
        record_text(&s.store, 100 + at, "api", &noise(100 + at as u64, 20_000));
    }
    let now = fs::read(s.store.file()).unwrap();
    let found = report(&s.store);
    assert!(found.damaged.len() < free.len(), "some were written over");
    assert_eq!(found.damaged, found.healable);
    let (healed, copy) = heal(&s.store);
    assert_eq!(healed, found.damaged);
    for &page in &healed {
        let at = page as usize * PAGE;
        assert!(copy[at..at + PAGE] == [0; PAGE], "page {page}");
    }
    assert_eq!(copy.len(), now.len());
}

#[test]
fn whatever_is_damaged_nothing_wrong_comes_out() {
    let s = filled();
    let good = fs::read(s.store.file()).unwrap();
    let sidecar = fs::read(s.store.dir().join(crate::store::file::parity::FILE)).unwrap();
    let bytes =
        |len: usize| proptest::collection::vec((0..len, 1..12_000usize, any::<u8>()), 0..30);
    let mut runner = TestRunner::new(Config {
        cases: rounds(8),
        failure_persistence: None,
        ..Config::default()
    });
    let strategy = (bytes(good.len()), bytes(sidecar.len()));
    let result = runner.run(&strategy, |(in_store, in_sidecar)| {
        let spoil = |bytes: &[u8], where_: &[(usize, usize, u8)]| {
            let mut bytes = bytes.to_vec();
            for &(at, len, byte) in where_ {
                let end = bytes.len().min(at + len);
                bytes[at..end].fill(byte);
            }
            bytes
        };
        fs::write(s.store.file(), spoil(&good, &in_store)).unwrap();
        let spoilt = spoil(&sidecar, &in_sidecar);
        fs::write(s.store.dir().join(crate::store::file::parity::FILE), spoilt).unwrap();
        let (healed, copy) = heal(&s.store);
        for page in healed {
            let at = page as usize * PAGE;
            prop_assert!(copy[at..at + PAGE] == good[at..at + PAGE], "page {}", page);
        }
        Ok(())
    });
    result.unwrap();
}
