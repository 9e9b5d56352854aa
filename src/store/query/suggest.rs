//! What a user may have meant who named a snapshot that is not there.

use crate::model::id::{SHORT_CHARS, SnapshotId};
use crate::store::file::lease::Place;
use crate::store::query::fuzzy::Fuzzy;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::record::ids;
use crate::store::record::tables::View;
use crate::store::snapshot::metadata::Reader;
use crate::store::snapshot::names;

/// At most this many suggestions are given.
const SUGGESTIONS: usize = 5;
/// Ids that are compared. Those that begin alike are neighbours in the index.
const NEIGHBOURS: usize = 100;
/// Characters of an id that must be right for it to be meant.
const ALIKE: usize = 4;

/// The error for a name that nobody has, with those that look like it. Only indexes are read, so
/// that a slip of the finger costs the same in any history. Where they are damaged there are no
/// suggestions.
pub(in crate::store) fn missing(
    place: &Place<'_>,
    operation: &'static str,
    name: &str,
) -> StoreError {
    let mut scored: Vec<(i64, String)> = Vec::new();
    let walked = place.read(operation, |txn| {
        like_name(txn, name, &mut scored)?;
        like_id(txn, name, &mut scored)
    });
    match walked {
        Err(error) if !error.is_damage() => return error,
        _ => {}
    }
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    let mut suggestions: Vec<String> = Vec::new();
    for (_, suggestion) in scored {
        if suggestions.len() < SUGGESTIONS && !suggestions.contains(&suggestion) {
            suggestions.push(suggestion);
        }
    }
    StoreError::NotFound {
        name: name.to_owned(),
        suggestions,
    }
}

/// Names that look like it, the newest first among equals.
fn like_name(view: &impl View, name: &str, scored: &mut Vec<(i64, String)>) -> Result<(), Fault> {
    let fuzzy = Fuzzy::new(name.rsplit(':').next().unwrap_or(name));
    let mut found = Vec::new();
    names::all(view, &mut |own, seq| {
        // Either may be the shorter one: `befor` for `before`, `before2` for `before`.
        let other = Fuzzy::new(own).score(name);
        if let Some(score) = fuzzy.score(own).max(other) {
            found.push((seq, score, own.to_owned()));
        }
    })?;
    found.sort_by_key(|(seq, ..)| std::cmp::Reverse(*seq));
    scored.extend(found.into_iter().map(|(_, score, own)| (score, own)));
    Ok(())
}

/// Ids that begin alike. Ids of one time do so anyway: only nearly the whole of what was written,
/// but for the last two characters, is worth a mention.
fn like_id(view: &impl View, name: &str, scored: &mut Vec<(i64, String)>) -> Result<(), Fault> {
    let wanted = name.to_ascii_lowercase();
    let right = wanted.len().min(SHORT_CHARS).saturating_sub(2).max(ALIKE);
    let ranges = wanted.get(..right).map(SnapshotId::prefix_ranges);
    let mut near = Vec::new();
    for range in ranges.unwrap_or_default() {
        near.extend(ids::range(view, range, NEIGHBOURS)?);
    }
    let reader = Reader::new(view);
    for seq in near.into_iter().rev() {
        // One in the trash, or a damaged one, is no help.
        let Ok(Some(entry)) = reader.get(seq) else {
            continue;
        };
        let short = entry.meta.id.short();
        let same = short.bytes().zip(wanted.bytes());
        let same = same.take_while(|(a, b)| a == b).count();
        scored.push((i64::try_from(same).unwrap_or(0), short));
    }
    Ok(())
}
