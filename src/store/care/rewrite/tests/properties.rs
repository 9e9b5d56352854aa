//! Any history: what is found goes, what is not found is the same as before.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use super::*;
use crate::store::testing::{log, record, scratch, server, session, snapshot, state, text};
use crate::store::tests::rounds;

/// A snapshot: texts of three panes in two sessions, by number, and what is done with it.
#[derive(Debug, Clone)]
struct Step {
    texts: [u8; 3],
    life: bool,
    partial: bool,
    name: Option<u8>,
    trashed: bool,
}

fn step() -> impl Strategy<Value = Step> {
    let texts = proptest::array::uniform3(0..12u8);
    let rare = proptest::bool::weighted(0.2);
    let name = proptest::option::weighted(0.3, 0..6u8);
    (texts, any::<bool>(), rare, name, rare).prop_map(|(texts, life, partial, name, trashed)| {
        Step {
            texts,
            life,
            partial,
            name,
            trashed,
        }
    })
}

/// A text by its number: some share nearly everything, and every third has what is to be taken out.
fn shown(number: u8) -> Contents {
    let word = if number.is_multiple_of(3) {
        "hunter2"
    } else {
        "plain"
    };
    let lines = log(0..u32::from(number) * 40);
    text(format!("{lines}{word} {number}\n{}", log(900..950)))
}

fn fill(store: &Store, steps: &[Step]) {
    for (step, second) in steps.iter().zip(1..) {
        let texts = step.texts.map(shown);
        let state = state(vec![
            session("api", 1, &texts[..2]),
            session("web", 2, &texts[2..]),
        ]);
        let mut new = snapshot(second, &state, &texts);
        new.server = server(if step.life { 100 } else { 200 });
        new.partial = step.partial;
        new.name = step
            .name
            .map(|name| format!("{name} {second} hunter2").into());
        let meta = record(store, new);
        if step.trashed {
            store.trash(&[meta.id], Millis(second)).unwrap();
        }
    }
}

/// What a history has to be afterwards.
fn expected(mut shown: Shown, cleaner: &Censor) -> Shown {
    let clean_meta = |meta: &mut SnapshotMeta, found: &mut Vec<RedactionCount>| {
        if let Some(name) = &mut meta.name {
            let Cleaned { clean, found: own } = cleaner.words(name);
            *name = clean.into_inner();
            found.extend(own);
        }
        let count = found.iter().map(|own| own.count).sum();
        let rule = "plain".to_owned();
        meta.redactions = (count > 0)
            .then_some(RedactionCount { rule, count })
            .into_iter()
            .collect();
    };
    for (Snapshot { meta, state }, texts) in &mut shown.timeline {
        let mut found = BTreeMap::new();
        let mut clean = Vec::new();
        for text in texts {
            let was = text.digest();
            let Cleaned {
                clean: now,
                found: own,
            } = cleaner.contents(text);
            *text = now.into_inner();
            found.insert(was, own);
            clean.push(text.reference());
        }
        let mut found = found.into_values().flatten().collect();
        let panes = state.sessions.iter_mut().flat_map(|own| &mut own.tabs);
        let panes = panes.flat_map(|tab| &mut tab.panes);
        for (pane, text) in panes.zip(clean) {
            pane.contents = Some(text);
        }
        meta.root = state.digest();
        meta.sessions = state.summaries();
        let texts = state.panes().filter_map(|(_, _, pane)| pane.contents);
        meta.logical_bytes = texts.map(|text| text.bytes).sum();
        clean_meta(meta, &mut found);
    }
    shown
}

#[test]
fn any_history_is_the_same_but_for_what_was_found() {
    let config = Config {
        cases: rounds(24),
        rng_seed: match Config::default().rng_seed {
            RngSeed::Random => RngSeed::Fixed(11),
            chosen => chosen,
        },
        failure_persistence: None,
        ..Config::default()
    };
    let steps = proptest::collection::vec(step(), 1..14);
    TestRunner::new(config)
        .run(&steps, |steps| {
            let s = scratch();
            fill(&s.store, &steps);
            let cleaner = censor("hunter2");
            let before = Shown::of(&s.store);
            let trashed: Vec<_> = before
                .trash
                .iter()
                .map(|(meta, since)| (meta.id, *since))
                .collect();
            let mut wanted = expected(before, &cleaner);
            let plan = s.store.plan_rewrite(&cleaner, &mut |_| {}).unwrap();
            let done = rewrite(&s.store, &cleaner);
            prop_assert_eq!(&done.stored, &plan.stored);
            is_done(&s.store, &cleaner);
            let after = Shown::of(&s.store);
            let now: Vec<_> = after
                .trash
                .iter()
                .map(|(meta, since)| (meta.id, *since))
                .collect();
            prop_assert_eq!(now, trashed);
            // What the trash holds shows when it is taken back; its records were changed as the
            // others.
            wanted.trash.clone_from(&after.trash);
            prop_assert_eq!(after, wanted);
            for (meta, _) in s.store.trashed().unwrap() {
                s.store.untrash(&[meta.id]).unwrap();
                let loaded = s.store.load(meta.id).unwrap();
                let texts = loaded
                    .state
                    .panes()
                    .filter_map(|(_, _, pane)| pane.contents);
                let digests: Vec<_> = texts.map(|text| text.digest).collect();
                for text in s.store.contents(&digests).unwrap() {
                    prop_assert!(!text.main.contains_str("hunter2"));
                }
            }
            Ok(())
        })
        .unwrap();
}
