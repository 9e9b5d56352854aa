//! The store as its users see it, on real files.

mod care;
mod checking;
mod clock;
mod compaction;
mod damage;
mod faults;
mod finding;
mod form;
mod full_disk;
mod limits;
mod lists;
mod machine;
mod places;
mod processes;
mod pruning;
mod repairing;
mod replacing;
mod rot;
mod roundtrip;
mod searching;
mod sharing;
mod shuffled;
mod stored_types;
mod writing;

/// How many rounds of a test to run: few, or as many as the long run asks for.
pub(super) fn rounds(few: u32) -> u32 {
    let asked = std::env::var("MUXTAPE_TEST_ROUNDS").ok();
    asked.and_then(|count| count.parse().ok()).unwrap_or(few)
}
