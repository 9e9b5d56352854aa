//! Finding secrets in a text without colours.

use std::ops::Range;

use super::file::Side;
use super::rules::{Rules, Target};
use super::{RedactError, ahead, below, block, command, wrap};

/// A secret, and the index of the rule that found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) range: Range<usize>,
    pub(super) rule: usize,
}

/// Lines longer than this are searched in windows around keywords, so that time is linear however
/// many there are.
const LONG: usize = 64 * 1024;
/// What of a window lies before the keyword.
const BEFORE: usize = 2 * 1024;
/// Keywords in the last part of a window get one of their own: so long may a secret be in a long
/// line.
const OVERLAP: usize = 16 * 1024;

/// The secrets of a text, in order and apart from each other.
///
/// Keywords are found in one pass over the whole text, which is what most texts cost; a rule looks
/// only at lines in which one of its own stands.
pub(super) fn secrets(rules: &Rules, text: &[u8]) -> Result<Vec<Found>, RedactError> {
    let mut scan = Scan {
        rules,
        text,
        line: 0..0,
        done: vec![0; rules.rules.len()],
        commands_done: 0,
        found: Vec::new(),
    };
    for hit in rules.finder.find_overlapping_iter(text) {
        let Some(keyword) = rules.keywords.get(hit.pattern().as_usize()) else {
            continue;
        };
        for &target in &keyword.targets {
            match target {
                Target::Rule { index, exact } => {
                    let as_written = || text.get(hit.range()) == Some(&keyword.word);
                    let done = scan.done.get(index).copied().unwrap_or(0);
                    if hit.start() >= done && (!exact || as_written()) {
                        scan.rule(index, hit.range())?;
                    }
                }
                Target::Command => scan.command(hit.start())?,
            }
        }
    }
    scan.broken_keywords()?;
    for &index in &rules.unkeyed {
        scan.every_line(index)?;
    }
    Ok(apart(scan.found))
}

struct Scan<'a> {
    rules: &'a Rules,
    text: &'a [u8],
    /// The line that was looked at last.
    line: Range<usize>,
    /// Up to where each rule has looked.
    done: Vec<usize>,
    /// Up to where command lines were looked at.
    commands_done: usize,
    found: Vec<Found>,
}

impl Scan<'_> {
    /// Applies a rule of which a keyword stands at `hit`.
    fn rule(&mut self, index: usize, hit: Range<usize>) -> Result<(), RedactError> {
        let rules = self.rules;
        let Some(rule) = rules.rules.get(index) else {
            return Ok(());
        };
        let line = self.line_at(hit.start);
        let window = if line.len() <= LONG {
            line.clone()
        } else {
            let start = hit.start.saturating_sub(BEFORE).max(line.start);
            start..(start + LONG).min(line.end)
        };
        let done = if window.end == line.end {
            line.end
        } else {
            window.end - OVERLAP
        };
        if let Some(done_before) = self.done.get_mut(index) {
            *done_before = done.max(hit.end);
        }
        if rule.may_match(self.text.get(window.clone()).unwrap_or(&[])) {
            if let Some(side) = rule.block {
                return self.lines(index, side, window);
            }
            self.window(index, window)?;
        }
        if rule.wraps && line.len() <= LONG {
            for range in wrap::continued(rule, self.text, &line)? {
                self.take(index, Some(range))?;
            }
        }
        Ok(())
    }

    /// Applies a rule for secrets that stand in other lines than the one with the keyword.
    fn lines(&mut self, index: usize, side: Side, line: Range<usize>) -> Result<(), RedactError> {
        let Some(rule) = self.rules.rules.get(index) else {
            return Ok(());
        };
        let ready = rule.ready()?;
        let found = match side {
            Side::After => block::after(ready, self.text, line),
            Side::Before => block::before(ready, self.text, line),
            Side::Below => below::find(ready, self.text, line),
            Side::Manifest | Side::Entry => {
                let ahead = ahead::look(side, ready, self.text, line).unwrap_or_default();
                for value in ahead.values {
                    self.take(index, Some(value))?;
                }
                None
            }
        };
        self.take(index, found)
    }

    /// Tokens that are broken within their keyword.
    fn broken_keywords(&mut self) -> Result<(), RedactError> {
        for end in memchr::memchr_iter(b'\n', self.text) {
            for index in wrap::across(self.rules, self.text, end) {
                let Some(rule) = self.rules.rules.get(index) else {
                    continue;
                };
                let line = line_around(self.text, end);
                let found = wrap::behind(rule, self.text, line)?;
                self.take(index, found)?;
            }
        }
        Ok(())
    }

    /// Applies a rule to a part of a line.
    fn window(&mut self, index: usize, window: Range<usize>) -> Result<(), RedactError> {
        let Some(rule) = self.rules.rules.get(index) else {
            return Ok(());
        };
        let line = self.text.get(window.clone()).unwrap_or(&[]);
        for (range, value) in rule.ready()?.all(line) {
            if !self.rules.passes(value)? {
                let range = range.start + window.start..range.end + window.start;
                self.found.push(Found { range, rule: index });
            }
        }
        Ok(())
    }

    /// Applies a rule without keywords.
    fn every_line(&mut self, index: usize) -> Result<(), RedactError> {
        let mut start = 0;
        while start <= self.text.len() {
            let rest = self.text.get(start..).unwrap_or(&[]);
            let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let end = start + length;
            while end - start > LONG {
                self.window(index, start..start + LONG)?;
                start += LONG - OVERLAP;
            }
            self.window(index, start..end)?;
            start = end + 1;
        }
        Ok(())
    }

    /// Looks at a command line from `start` on, where the name of a program stands.
    fn command(&mut self, start: usize) -> Result<(), RedactError> {
        let Some(tables) = &self.rules.tables else {
            return Ok(());
        };
        if start < self.commands_done || !command::may_start(self.text, start) {
            return Ok(());
        }
        let line = self.line_at(start);
        let end = line.end.min(start + LONG);
        let line = self.text.get(start..end).unwrap_or(&[]);
        let (places, length) = command::words(line);
        self.commands_done = start + length;
        let words: Vec<&[u8]> = places
            .iter()
            .map(|place| line.get(place.clone()).unwrap_or(&[]))
            .collect();
        for (word, range) in tables.find(self.rules, &words)? {
            let at = start + places.get(word).map_or(0, |place| place.start);
            self.found.push(Found {
                range: range.start + at..range.end + at,
                rule: tables.rule,
            });
        }
        Ok(())
    }

    fn take(&mut self, rule: usize, range: Option<Range<usize>>) -> Result<(), RedactError> {
        if let Some(range) = range
            && !self
                .rules
                .passes(self.text.get(range.clone()).unwrap_or(&[]).trim_ascii())?
        {
            self.found.push(Found { range, rule });
        }
        Ok(())
    }

    fn line_at(&mut self, at: usize) -> Range<usize> {
        if !(self.line.contains(&at)) {
            self.line = line_around(self.text, at);
        }
        self.line.clone()
    }
}

/// The line that the byte at `at` is in, without its end.
pub(super) fn line_around(text: &[u8], at: usize) -> Range<usize> {
    let before = text.get(..at).unwrap_or(text);
    let start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    let after = text.get(at..).unwrap_or(&[]);
    let end = memchr::memchr(b'\n', after).map_or(text.len(), |offset| at + offset);
    start..end
}

/// The line behind one that ends at `end`; `None` where there is none.
pub(super) fn line_after(text: &[u8], end: usize) -> Option<Range<usize>> {
    let start = end + 1;
    let rest = text.get(start..)?;
    let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    Some(start..start + length)
}

/// The line before one that starts at `start`; `None` where there is none.
pub(super) fn line_before(text: &[u8], start: usize) -> Option<Range<usize>> {
    let end = start.checked_sub(1)?;
    let before = text.get(..end)?;
    Some(memchr::memrchr(b'\n', before).map_or(0, |at| at + 1)..end)
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
