//! Losing power: of what was written since the last sync, any sector may be there or not.

use std::collections::BTreeMap;
use std::fs;

use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use super::disk::{Control, Event, Fault};
use super::rounds;
use super::script::{COMPACT, SCRIPT, Seen, Stage, stages};
use crate::store::Query;
use crate::store::file::disk::with_disk;
use crate::store::testing::open;

const SECTOR: usize = 512;

/// Everything that reached the disk while the script ran.
struct Recording {
    stages: Vec<Stage>,
    /// The file before the first event.
    base: Vec<u8>,
    events: Vec<Event>,
}

impl Recording {
    fn make() -> Self {
        let stages = stages();
        let dir = stages[0].copy();
        let store = open(&dir);
        let base = fs::read(store.file()).unwrap();
        let control = Control::logging();
        with_disk(control.wrap(), || {
            for (name, step) in SCRIPT {
                step(&store).unwrap_or_else(|error| panic!("{name}: {error}"));
                control.done();
            }
        });
        let events = control.get().log.take().unwrap();
        Self {
            stages,
            base,
            events,
        }
    }

    /// The file after the power went at an event, and how many steps had been acknowledged. `pick`
    /// decides about every sector: given how many things were written to it since the last sync,
    /// which of them is there (0 is what was there before).
    fn image(&self, cut: usize, pick: &mut impl FnMut(usize) -> usize) -> (Vec<u8>, usize) {
        let events = &self.events[..cut];
        let done = events.iter().filter(|event| matches!(event, Event::Done));
        let done = done.count();
        let synced = events
            .iter()
            .rposition(|event| matches!(event, Event::Sync));
        let (safe, open) = events.split_at(synced.map_or(0, |at| at + 1));
        let mut image = self.base.clone();
        for event in safe {
            match event {
                Event::Write { offset, bytes } => write(&mut image, *offset, bytes),
                Event::Length(len) => image.resize(usize::try_from(*len).unwrap(), 0),
                Event::Sync | Event::Done => {}
            }
        }
        // What each sector may hold: every state that it went through.
        let mut sectors: BTreeMap<usize, Vec<Vec<u8>>> = BTreeMap::new();
        let mut lengths = Vec::new();
        let mut now = image.clone();
        for event in open {
            match event {
                Event::Write { offset, bytes } => {
                    write(&mut now, *offset, bytes);
                    let from = usize::try_from(*offset).unwrap();
                    for sector in from / SECTOR..(from + bytes.len()).div_ceil(SECTOR) {
                        let end = ((sector + 1) * SECTOR).min(now.len());
                        let held = now[sector * SECTOR..end].to_vec();
                        sectors.entry(sector).or_default().push(held);
                    }
                }
                Event::Length(len) => {
                    now.resize(usize::try_from(*len).unwrap(), 0);
                    lengths.push(now.len());
                }
                Event::Sync | Event::Done => {}
            }
        }
        for (sector, held) in sectors {
            if let Some(at) = pick(held.len()).checked_sub(1) {
                write(&mut image, (sector * SECTOR) as u64, &held[at]);
            }
        }
        // A file that was made longer or shorter, or not yet.
        if let Some(at) = pick(lengths.len()).checked_sub(1) {
            image.resize(lengths[at], 0);
        }
        (image, done)
    }

    /// Opens the store in a file as the power left it: it shows a prefix of what was acknowledged,
    /// and all of that. The disk may fail once more while the file is healed.
    fn judge(&self, image: &[u8], done: usize, healing: Option<usize>) -> Result<(), String> {
        let dir = self.stages[0].copy();
        let store = open(&dir);
        fs::write(store.file(), image).unwrap();
        if let Some(operation) = healing {
            let control = Control::failing(operation, Fault::Torn);
            let _ = with_disk(control.wrap(), || store.list(&Query::default()));
        }
        let seen = Seen::of(&store).map_err(|error| error.to_string())?;
        let mut allowed = self.stages.iter().skip(done).take(2);
        if !allowed.any(|stage| stage.seen == seen) {
            return Err(format!("{done} steps were done, now: {}", seen.brief()));
        }
        let report = store.verify().map_err(|error| error.to_string())?;
        if report.is_ok() {
            Ok(())
        } else {
            Err(format!("{report:?}"))
        }
    }
}

fn write(image: &mut Vec<u8>, offset: u64, bytes: &[u8]) {
    let from = usize::try_from(offset).unwrap();
    let to = from + bytes.len();
    if image.len() < to {
        image.resize(to, 0);
    }
    image[from..to].copy_from_slice(bytes);
}

/// Which part of the unsynced sectors comes through, in percent.
fn luck() -> impl Strategy<Value = u8> {
    prop_oneof![Just(0u8), Just(100), Just(50), 1..100u8]
}

#[test]
fn after_a_power_cut_everything_acknowledged_is_there() {
    let recording = Recording::make();
    let events = recording.events.len();
    let config = Config {
        cases: rounds(200),
        rng_seed: match Config::default().rng_seed {
            RngSeed::Random => RngSeed::Fixed(7),
            chosen => chosen,
        },
        failure_persistence: None,
        max_shrink_iters: 50,
        ..Config::default()
    };
    let power_cuts = (0..=events, luck(), any::<u64>(), option::of(0..60usize));
    TestRunner::new(config)
        .run(&power_cuts, |(cut, luck, seed, healing)| {
            let mut dice = Dice(seed | 1);
            let (image, done) = recording.image(cut, &mut |count| {
                if dice.throw(100) >= usize::from(luck) {
                    return 0;
                }
                // The last of its states most often.
                count - dice.throw(count + 1).min(dice.throw(3)).min(count)
            });
            recording
                .judge(&image, done, healing)
                .map_err(TestCaseError::fail)
        })
        .unwrap();
    println!("{events} events on disk");
}

/// Small, and the same each time.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 20).unwrap_or(0) % below.max(1)
    }
}

#[test]
fn a_power_cut_between_any_two_syncs_leaves_what_was_synced() {
    let recording = Recording::make();
    let boundary = |event: &Event| matches!(event, Event::Sync | Event::Done);
    let cuts = recording.events.iter().enumerate();
    for (cut, _) in cuts.filter(|(_, event)| boundary(event)) {
        // Nothing since the last sync, and everything.
        for all in [false, true] {
            let (image, done) = recording.image(cut, &mut |count| if all { count } else { 0 });
            let judged = recording.judge(&image, done, None);
            judged.unwrap_or_else(|error| panic!("a cut at {cut}, all {all}: {error}"));
        }
    }
}

#[test]
fn a_compacted_file_is_safe_before_it_takes_the_place_of_the_old_one() {
    let stages = stages();
    let last = stages.into_iter().next_back().unwrap();
    let dir = last.copy();
    let control = Control::logging();
    with_disk(control.wrap(), || (COMPACT.1)(&open(&dir)).unwrap());
    let recording = Recording {
        stages: vec![last],
        base: Vec::new(),
        events: control.get().log.take().unwrap(),
    };
    for percent in 0..=20 {
        let mut dice = Dice(percent + 1);
        let cut = recording.events.len();
        let (image, _) = recording.image(cut, &mut |count| {
            if dice.throw(20) < usize::try_from(percent).unwrap() {
                count
            } else {
                0
            }
        });
        let judged = recording.judge(&image, 0, None);
        judged.unwrap_or_else(|error| panic!("with {percent} of 20 sectors: {error}"));
    }
}

#[test]
fn a_disk_that_never_syncs_is_found_out() {
    let mut recording = Recording::make();
    recording
        .events
        .retain(|event| !matches!(event, Event::Sync));
    let (image, done) = recording.image(recording.events.len(), &mut |_| 0);
    assert_eq!(done, SCRIPT.len());
    assert!(recording.judge(&image, done, None).is_err());
}
