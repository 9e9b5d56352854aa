//! Where a text can be cut so that its parts can be redacted one by one.

use super::file::Side;
use super::rules::{Compiled, Rules};
use super::scan::{line_around, line_before};
use super::{RedactError, ahead, below, block, wrap};

/// The start of a line of a text (without colours) of which nothing before matters to what comes
/// from there on, nor the other way round, whatever is added at the end. `None` where there is
/// none.
pub(super) fn settled(rules: &Rules, text: &[u8]) -> Result<Option<usize>, RedactError> {
    // The last line may become anything.
    let last = line_around(text, text.len()).start;
    let mut openings = Openings::new(rules, text);
    let mut before = line_before(text, last);
    while let Some(at) = before.map(|line| line.start).filter(|at| *at > 0) {
        before = line_before(text, at);
        if may_be_within_tail(text, at) {
            continue;
        }
        match openings.before(at)? {
            None => return Ok(Some(at)),
            // Lines between belong to what begins there.
            Some(start) => before = Some(start..at),
        }
    }
    Ok(None)
}

/// Whether lines before this place may belong to a block whose last line is still to come.
fn may_be_within_tail(text: &[u8], at: usize) -> bool {
    let mut start = at;
    for _ in 0..=block::BEFORE_LAST {
        let Some(line) = line_before(text, start) else {
            break;
        };
        start = line.start;
        let shown = text.get(line).unwrap_or(&[]);
        if block::is_edge(shown) {
            break;
        }
        if block::may_be_body(shown) {
            return true;
        }
    }
    false
}

/// What begins a secret that goes over lines, looked for from a place that moves to the front.
struct Openings<'a> {
    rules: &'a Rules,
    text: &'a [u8],
    below: Vec<&'a Compiled>,
    ahead: Vec<(&'a Compiled, Side)>,
    /// First lines of blocks: the rule, its word, and where the text ends in which that word may
    /// still stand.
    blocks: Vec<(&'a Compiled, &'a [u8], usize)>,
}

impl<'a> Openings<'a> {
    fn new(rules: &'a Rules, text: &'a [u8]) -> Self {
        let of = |side: Side| {
            let is = move |rule: &&Compiled| rule.block == Some(side);
            rules.rules.iter().filter(is)
        };
        let words = |rule: &'a Compiled| {
            let words = rule.keywords().iter();
            words.map(move |word| (rule, word.as_bytes(), text.len()))
        };
        Self {
            rules,
            text,
            below: of(Side::Below).collect(),
            ahead: [Side::Manifest, Side::Entry]
                .into_iter()
                .flat_map(|side| of(side).map(move |rule| (rule, side)))
                .collect(),
            blocks: of(Side::After).flat_map(words).collect(),
        }
    }

    /// The start of a line before `at` that begins what may reach over that place.
    fn before(&mut self, at: usize) -> Result<Option<usize>, RedactError> {
        if let Some(start) = wrap::open_at(self.rules, self.text, at) {
            return Ok(Some(start));
        }
        for rule in &self.below {
            if let Some(start) = below::open_at(rule.ready()?, self.text, at) {
                return Ok(Some(start));
            }
        }
        for (rule, side) in &self.ahead {
            let (ready, words) = (rule.ready()?, rule.keywords());
            if let Some(start) = ahead::open_at(*side, ready, words, self.text, at) {
                return Ok(Some(start));
            }
        }
        for (rule, word, until) in &mut self.blocks {
            let open = block::open_at(rule.ready()?, word, self.text, at, until);
            if let Some(block) = open.filter(|block| block.end > at) {
                return Ok(Some(block.start));
            }
        }
        Ok(None)
    }
}
