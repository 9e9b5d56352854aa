//! Looking for a text in what panes showed.
//!
//! Texts are made of pieces of literals, and neighbouring texts of the same ones: each literal is
//! looked through once, whatever the number of texts that it is a part of.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use regex::bytes::{Regex, RegexBuilder};

use crate::model::ansi::plain;
use crate::model::composed::{composed, place_before};
use crate::store::record::fault::Fault;
use crate::store::record::frame::Kind;
use crate::store::record::tables::View;
use crate::store::text::blocks::Blocks;
use crate::store::text::texts::{Extent, Version};

/// Places in literals that are remembered: a few megabytes, for as many lines as a day's panes
/// have.
const REMEMBERED: usize = 1_000_000;

/// Looks for a text as it stands, in the composed form of Unicode; small letters stand for both
/// cases.
pub(in crate::store) struct Scan {
    pattern: Option<Regex>,
    literals: BTreeMap<u64, Lines>,
    size: usize,
}

/// Where a text was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Line {
    /// From 0, in the main text; the alternate screen counts on from there.
    pub(in crate::store) number: u32,
    /// As a person would read it.
    pub(in crate::store) text: Piece,
}

/// A line, or of a long one a piece; longer ones are told apart by a hash.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) struct Piece {
    pub(in crate::store) text: String,
    whole: Option<[u8; 32]>,
}

/// Bytes of a line that are shown, and those of them in front of the match.
const MAX_SHOWN_BYTES: usize = 500;
const IN_FRONT: usize = 100;

impl Piece {
    /// Of a long line the beginning.
    pub(in crate::store) fn beginning_of(line: &str) -> Self {
        Self::around(line, 0)
    }

    /// Of a long line what is around this place.
    fn around(line: &str, at: usize) -> Self {
        if line.len() <= MAX_SHOWN_BYTES {
            return Self {
                text: line.to_owned(),
                whole: None,
            };
        }
        let latest = line.len() - MAX_SHOWN_BYTES;
        let from = line.floor_char_boundary(at.saturating_sub(IN_FRONT).min(latest));
        let to = line.floor_char_boundary(from + MAX_SHOWN_BYTES);
        Self {
            text: line.get(from..to).unwrap_or_default().to_owned(),
            whole: Some(*blake3::hash(line.as_bytes()).as_bytes()),
        }
    }
}

impl Scan {
    /// A scan for this text; an empty one finds nothing.
    pub(in crate::store) fn new(text: &str) -> Self {
        let text = composed(text);
        let any_case = !text.chars().any(char::is_uppercase);
        let pattern = RegexBuilder::new(&regex::escape(&text))
            .case_insensitive(any_case)
            .build()
            .ok()
            .filter(|_| !text.is_empty());
        Self {
            pattern,
            literals: BTreeMap::new(),
            size: 0,
        }
    }

    /// The last line in which the text is: the one nearest to the moment of the snapshot.
    pub(in crate::store) fn last_line(
        &mut self,
        view: &impl View,
        blocks: &mut Blocks,
        version: &Version,
    ) -> Result<Option<Line>, Fault> {
        if let Some(screen) = &version.alternate
            && let Some(mut line) = self.last_of(view, blocks, screen)?
        {
            let above = self.breaks(view, blocks, &version.main)?;
            line.number = line.number.saturating_add(above).saturating_add(1);
            return Ok(Some(line));
        }
        self.last_of(view, blocks, &version.main)
    }

    /// The last line of the text that extents make up. Lines that lie within one literal were
    /// looked at when that was met first; only those that go across the ends of extents are put
    /// together.
    fn last_of(
        &mut self,
        view: &impl View,
        blocks: &mut Blocks,
        extents: &[Extent],
    ) -> Result<Option<Line>, Fault> {
        // The end of the line in front of which the walk is, the last piece first.
        let mut rest: Vec<(Rc<[u8]>, Range<usize>)> = Vec::new();
        for (at, extent) in extents.iter().enumerate().rev() {
            let (bytes, range) = piece(view, blocks, extent)?;
            let literal = self.literal(extent.literal, &bytes);
            let (first, last) = literal.breaks_in(&range);
            let Some((begin, end)) = first.zip(last) else {
                rest.push((bytes, range));
                continue;
            };
            let inside = literal.last_between(begin, end);
            rest.push((Rc::clone(&bytes), end + 1..range.end));
            let found = match self.shown(&joined(&rest)) {
                Some(text) => Some((end + 1, text)),
                None => inside.and_then(|line| {
                    let start = line.start;
                    Some((start, self.shown(bytes.get(line)?)?))
                }),
            };
            if let Some((start, text)) = found {
                let above = self.breaks(view, blocks, extents.get(..at).unwrap_or(&[]))?;
                let inside = self.literal(extent.literal, &bytes);
                let number = above.saturating_add(inside.count_in(range.start..start));
                return Ok(Some(Line { number, text }));
            }
            rest.clear();
            rest.push((bytes, range.start..begin));
        }
        Ok(self
            .shown(&joined(&rest))
            .map(|text| Line { number: 0, text }))
    }

    /// Ends of lines in the text that extents make up.
    fn breaks(
        &mut self,
        view: &impl View,
        blocks: &mut Blocks,
        extents: &[Extent],
    ) -> Result<u32, Fault> {
        let mut count: u32 = 0;
        for extent in extents {
            let (bytes, range) = piece(view, blocks, extent)?;
            let literal = self.literal(extent.literal, &bytes);
            count = count.saturating_add(literal.count_in(range));
        }
        Ok(count)
    }

    /// The lines of a literal, each looked at once.
    fn literal(&mut self, number: u64, bytes: &[u8]) -> &Lines {
        if !self.literals.contains_key(&number) {
            let lines = Lines::of(bytes, |line| self.shown(line).is_some());
            if self.size > REMEMBERED {
                self.literals.clear();
                self.size = 0;
            }
            self.size += lines.breaks.len() + lines.matching.len();
            self.literals.insert(number, lines);
        }
        self.literals.entry(number).or_default()
    }

    /// What a person sees of a line, if the text is in it.
    fn shown(&self, line: &[u8]) -> Option<Piece> {
        let pattern = self.pattern.as_ref()?;
        // Most lines are told apart without being stripped.
        let bare = !line.iter().any(|byte| *byte < b' ' || *byte >= 0x80);
        if bare && !pattern.is_match(line) {
            return None;
        }
        let text = plain(line);
        let found = pattern.find(composed(&text).as_bytes())?.start();
        Some(Piece::around(&text, place_before(&text, found)))
    }
}

/// The bytes of an extent's literal, and which of them it is.
fn piece(
    view: &impl View,
    blocks: &mut Blocks,
    extent: &Extent,
) -> Result<(Rc<[u8]>, Range<usize>), Fault> {
    let bytes = blocks.get(view, extent.literal)?;
    let range = usize::try_from(extent.offset).ok().and_then(|from| {
        let to = from.checked_add(usize::try_from(extent.len).ok()?)?;
        (to <= bytes.len()).then_some(from..to)
    });
    let range = range.ok_or_else(|| {
        Fault::damaged(Kind::Literal, extent.literal, "it is too short for a text")
    })?;
    Ok((bytes, range))
}

/// A line from its pieces, of which the last one comes first.
fn joined(pieces: &[(Rc<[u8]>, Range<usize>)]) -> Vec<u8> {
    let pieces = pieces.iter().rev();
    let parts = pieces.filter_map(|(bytes, range)| bytes.get(range.clone()));
    parts.flatten().copied().collect()
}

/// Where the lines of a literal are.
#[derive(Debug, Default)]
struct Lines {
    /// Every end of a line.
    breaks: Vec<usize>,
    /// The lines that match, of those that begin and end in it.
    matching: Vec<Range<usize>>,
}

impl Lines {
    fn of(bytes: &[u8], matches: impl Fn(&[u8]) -> bool) -> Self {
        let breaks: Vec<usize> = memchr::memchr_iter(b'\n', bytes).collect();
        let lines = breaks.iter().zip(breaks.iter().skip(1));
        let lines = lines.map(|(before, end)| before + 1..*end);
        let matching = lines.filter(|line| bytes.get(line.clone()).is_some_and(&matches));
        Self {
            matching: matching.collect(),
            breaks,
        }
    }

    /// The first and the last end of a line in a part.
    fn breaks_in(&self, range: &Range<usize>) -> (Option<usize>, Option<usize>) {
        let first = self.breaks.partition_point(|at| *at < range.start);
        let end = self.breaks.partition_point(|at| *at < range.end);
        let inside = self.breaks.get(first..end).unwrap_or(&[]);
        (inside.first().copied(), inside.last().copied())
    }

    fn count_in(&self, range: Range<usize>) -> u32 {
        let first = self.breaks.partition_point(|at| *at < range.start);
        let end = self.breaks.partition_point(|at| *at < range.end);
        u32::try_from(end.saturating_sub(first)).unwrap_or(u32::MAX)
    }

    /// The last matching line between two ends of lines.
    fn last_between(&self, begin: usize, end: usize) -> Option<Range<usize>> {
        let until = self.matching.partition_point(|line| line.end <= end);
        let last = self.matching.get(..until)?.last()?;
        (last.start > begin).then(|| last.clone())
    }
}

#[cfg(test)]
impl Scan {
    /// The same by its meaning: every line of a whole text.
    pub(in crate::store) fn last_line_of(&self, contents: &crate::model::Contents) -> Option<Line> {
        let screen = contents.alternate.as_ref().map(|screen| screen.as_slice());
        let parts = [Some(contents.main.as_slice()), screen];
        let lines = parts
            .into_iter()
            .flatten()
            .flat_map(|text| text.split(|byte| *byte == b'\n'));
        let shown = (0u32..).zip(lines).filter_map(|(number, line)| {
            let text = self.shown(line)?;
            Some(Line { number, text })
        });
        shown.last()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Contents;

    fn find(needle: &str, shown: &str) -> Option<(u32, String)> {
        let contents = Contents {
            main: shown.into(),
            alternate: None,
        };
        let line = Scan::new(needle).last_line_of(&contents)?;
        Some((line.number, line.text.text))
    }

    #[test]
    fn of_a_long_line_the_match_is_shown() {
        let long = format!("{}ü needle ü{}", "ü".repeat(3000), "x".repeat(3000));
        let (_, shown) = find("needle", &long).unwrap();
        assert!(shown.len() <= MAX_SHOWN_BYTES && shown.contains("ü needle üxxx"));
        assert!(long.contains(&shown));
        let (_, shown) = find("xxx", &"x".repeat(600)).unwrap();
        assert_eq!(shown.len(), MAX_SHOWN_BYTES);
        let other = |end: char| Piece::beginning_of(&format!("{}{end}", "y".repeat(600)));
        assert_eq!(other('a').text, other('b').text);
        assert_ne!(other('a'), other('b'));
    }

    #[test]
    fn colours_do_not_hide_words_and_patterns_are_plain_text() {
        let shown = "one\nsl\x1b[31mow\x1b[0m Query.*\nthree";
        assert_eq!(find("slow query", shown), Some((1, "slow Query.*".into())));
        assert_eq!(find("slow Query", shown), Some((1, "slow Query.*".into())));
        assert_eq!(find("Slow", shown), None);
        assert_eq!(find(".*", shown), Some((1, "slow Query.*".into())));
        assert_eq!(find("e.*e", shown), None);
        assert_eq!(find("", shown), None);
        assert_eq!(find("ÜBER", "ÜBER"), Some((0, "ÜBER".into())));
        assert_eq!(find("über", "x ÜBER"), Some((0, "x ÜBER".into())));
    }
}
