//! Where a text can be cut so that its parts can be redacted one by one.

use super::file::Side;
use super::rules::{Compiled, Rules};
use super::scan::{line_around, line_before};
use super::wrap::is_solid;
use super::{RedactError, below, block};

/// The start of a line of a text (without colours) of which nothing before matters to what comes from
/// there on, nor the other way round, whatever is added at the end. `None` where there is none.
pub(super) fn settled(rules: &Rules, text: &[u8]) -> Result<Option<usize>, RedactError> {
    // The last line may become anything.
    let mut at = line_around(text, text.len()).start;
    let mut openings = Openings::new(rules, text);
    while let Some(line) = line_before(text, at) {
        at = line.start;
        let shown = text.get(line).unwrap_or(&[]);
        if at == 0 || is_joint(rules, shown)? {
            continue;
        }
        match openings.before(at)? {
            None => return Ok(Some(at)),
            // Lines between belong to what begins there.
            Some(start) => at = start,
        }
    }
    Ok(None)
}

/// Whether a line may belong together with the one before it.
fn is_joint(rules: &Rules, line: &[u8]) -> Result<bool, RedactError> {
    if is_solid(line.trim_ascii()) || block::may_belong(line) {
        return Ok(true);
    }
    for rule in &rules.rules {
        if rule.block == Some(Side::Before) && rule.ready()?.pattern.is_match(line) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What begins a secret that goes over lines, looked for from a place that moves to the front.
struct Openings<'a> {
    text: &'a [u8],
    below: Vec<&'a Compiled>,
    /// First lines of blocks: the rule, its word, and where the text ends in which that word may still stand.
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
            text,
            below: of(Side::Below).collect(),
            blocks: of(Side::After).flat_map(words).collect(),
        }
    }

    /// The start of a line before `at` that begins what may reach over that place.
    fn before(&mut self, at: usize) -> Result<Option<usize>, RedactError> {
        for rule in &self.below {
            if let Some(start) = below::open_at(rule.ready()?, self.text, at) {
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
