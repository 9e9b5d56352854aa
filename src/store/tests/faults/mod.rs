//! Storage that fails: at any operation, in any step, in several ways.
//!
//! A store goes through a script of everything that writes. Whatever happens in a step, the store
//! shows afterwards what it showed before that step or after it, and nothing else: what was
//! acknowledged is there, what was not is there as a whole or not at all. `MUXTAPE_TEST_ROUNDS`
//! makes the runs longer.

mod disk;
mod power;
mod quota;
mod script;

use rustix::io::Errno;

use self::disk::{Control, Fault};
use self::script::{COMPACT, REWRITE, SCRIPT, Seen, Stage, Step, stages};
use super::rounds;
use crate::store::file::disk::with_disk;
use crate::store::testing::open;
use crate::store::{Edit, Query, Store, StoreError};

const FAULTS: [Fault; 4] = [
    Fault::Once(Errno::IO),
    Fault::ForEver(Errno::IO),
    Fault::ForEver(Errno::NOSPC),
    Fault::Torn,
];

/// Of how many operations one is made to fail: in the long run every one, in every way.
fn stride() -> usize {
    if rounds(0) == 0 { 7 } else { 1 }
}

#[test]
fn whatever_operation_fails_nothing_acknowledged_is_lost() {
    let stages = stages();
    let last = &stages[stages.len() - 1];
    let rewritten = last.after(REWRITE);
    let stride = stride();
    let mut tried = 0;
    for (fault, shift) in FAULTS.into_iter().zip(0..) {
        let pairs = stages.windows(2).map(|two| (&two[0], &two[1]));
        let steps = SCRIPT.iter().zip(pairs);
        let compact = (&COMPACT, (last, last));
        let rewrite = (&REWRITE, (last, &rewritten));
        for ((name, step), (before, after)) in steps.chain([compact, rewrite]) {
            let mut operation = shift % stride;
            while fails(before, after, *step, operation, fault, name) {
                operation += stride;
                tried += 1;
            }
        }
    }
    println!("{tried} failing operations, nothing lost");
}

#[test]
fn a_store_that_is_made_on_a_failing_disk_is_whole_or_not_there() {
    let (_, first) = SCRIPT[0];
    for fault in FAULTS {
        let mut operation = 0;
        loop {
            let dir = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
            let store = open(&dir);
            let control = Control::failing(operation, fault);
            let made = with_disk(control.wrap(), || first(&store));
            let what = format!("made with {fault:?} at operation {operation}");
            let seen = store.list(&Query::default());
            let there = seen.unwrap_or_else(|error| panic!("{what}: {error}")).len();
            assert!(there == 1 || (there == 0 && made.is_err()), "{what}");
            first(&store).unwrap_or_else(|error| panic!("{what}, tried again: {error}"));
            assert!(store.verify().unwrap().is_ok(), "{what}");
            if control.get().operations <= operation {
                break;
            }
            operation += stride();
        }
    }
}

#[test]
fn a_quota_that_shows_only_when_it_is_hit_does_not_keep_anybody_from_deleting() {
    let stages = stages();
    for at in 0..SCRIPT.len() {
        let (name, step) = SCRIPT[at];
        if name.starts_with("record") || name.starts_with("note") {
            continue;
        }
        let mut operation = 0;
        loop {
            let dir = stages[at].copy();
            let store = open(&dir);
            // Any change makes the ballast.
            store.edit(&[], &Edit::Pin(true)).unwrap();
            let control = Control::failing(operation, Fault::Once(Errno::NOSPC));
            let done = with_disk(control.wrap(), || step(&store));
            done.unwrap_or_else(|error| panic!("{name}, full at {operation}: {error}"));
            let seen = Seen::of(&store).unwrap();
            assert!(seen == stages[at + 1].seen, "{name}, full at {operation}");
            if control.get().operations <= operation {
                break;
            }
            operation += stride();
        }
    }
}

/// Runs a step on a disk that fails at an operation, and looks at what is left. Says whether the
/// step came to that operation at all.
fn fails(
    before: &Stage,
    after: &Stage,
    step: Step,
    operation: usize,
    fault: Fault,
    name: &str,
) -> bool {
    let dir = before.copy();
    let store = open(&dir);
    let control = Control::failing(operation, fault);
    let result = with_disk(control.wrap(), || step(&store));
    let operations = control.get().operations;
    assert!(operations < 100_000, "{name}: it never gives up");
    let what = format!("{name}, with {fault:?} at operation {operation}");
    let done = check(&store, before, after, (fault, result), &what);
    // Once the disk works again, so does everything else.
    if !done {
        step(&store).unwrap_or_else(|error| panic!("{what}, tried again: {error}"));
        let seen = Seen::of(&store).unwrap();
        assert!(seen == after.seen, "{what}, tried again: {}", seen.brief());
        assert!(store.verify().unwrap().is_ok(), "{what}, tried again");
    }
    operations > operation
}

/// Holds a store against what it showed before a step and after it; says which it is.
fn check(
    store: &Store,
    before: &Stage,
    after: &Stage,
    (fault, result): (Fault, Result<(), StoreError>),
    what: &str,
) -> bool {
    let seen = Seen::of(store).unwrap_or_else(|error| panic!("{what}: {error}"));
    let report = store.verify().unwrap();
    assert!(report.is_ok(), "{what}: {report:?}");
    let done = seen == after.seen;
    match result {
        Ok(()) => assert!(done, "{what}: acknowledged, and lost: {}", seen.brief()),
        Err(error) => {
            assert!(
                done || seen == before.seen,
                "{what}: half of it is there: {} ({error})",
                seen.brief()
            );
            let full = fault == Fault::ForEver(Errno::NOSPC);
            let rightly_named = match &error {
                StoreError::NoSpace { .. } => full,
                StoreError::Disk { .. } => !full,
                _ => false,
            };
            assert!(rightly_named, "{what}: called something else: {error:?}");
        }
    }
    done
}
