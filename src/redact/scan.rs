//! Finding secrets in a text without colours.

use std::collections::BTreeSet;
use std::ops::Range;

use super::rules::Rules;

/// A secret, and the index of the rule that found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) range: Range<usize>,
    pub(super) rule: usize,
}

/// The secrets of a text, in order and apart from each other.
///
/// Rules for single lines look only at lines in which a keyword stands. Keywords are found in one pass
/// over the whole text, which is what most texts cost.
pub(super) fn secrets(rules: &Rules, text: &[u8]) -> Vec<Found> {
    let mut found = Vec::new();
    // Rules of which a keyword stands somewhere.
    let mut keyed = BTreeSet::new();
    let mut done = 0;
    for keyword in rules.keywords.find_iter(text) {
        if keyword.start() < done {
            continue;
        }
        let before = text.get(..keyword.start()).unwrap_or(&[]);
        let start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        let after = text.get(keyword.end()..).unwrap_or(&[]);
        let end = memchr::memchr(b'\n', after).map_or(text.len(), |at| keyword.end() + at);
        done = end;
        let Some(line) = text.get(start..end) else {
            continue;
        };
        for index in rules.keyed_to(line) {
            keyed.insert(index);
            if let Some(rule) = rules
                .rules
                .get(index)
                .filter(|rule| rule.keyed && !rule.lines)
            {
                found.extend(rules.find(rule, line).map(|range| Found {
                    range: range.start + start..range.end + start,
                    rule: index,
                }));
            }
        }
    }
    for (index, rule) in rules.rules.iter().enumerate() {
        if !rule.keyed || rule.lines && keyed.contains(&index) {
            let all = rules.find(rule, text);
            found.extend(all.map(|range| Found { range, rule: index }));
        }
    }
    apart(found)
}

/// Joins what overlaps, so that nothing of either stays; the first rule's name is kept.
fn apart(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by_key(|one| (one.range.start, one.rule));
    let mut apart: Vec<Found> = Vec::with_capacity(found.len());
    for one in found {
        match apart.last_mut() {
            Some(last) if one.range.start < last.range.end => {
                last.range.end = last.range.end.max(one.range.end);
            }
            _ => apart.push(one),
        }
    }
    apart
}
