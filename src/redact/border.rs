//! Where a text can be cut so that its parts can be redacted one by one.

use super::RedactError;
use super::block;
use super::file::Side;
use super::rules::Rules;
use super::scan::{line_around, line_before};
use super::wrap::is_solid;

/// The start of a line of a text (without colours) of which nothing before matters to what comes from
/// there on, nor the other way round, whatever is added at the end. `None` where there is none.
pub(super) fn settled(rules: &Rules, text: &[u8]) -> Result<Option<usize>, RedactError> {
    // The last line may become anything.
    let mut at = line_around(text, text.len()).start;
    while let Some(line) = line_before(text, at) {
        at = line.start;
        let shown = text.get(line).unwrap_or(&[]);
        if at == 0 || is_joint(rules, shown)? {
            continue;
        }
        match opened(rules, text, at)? {
            None => return Ok(Some(at)),
            // Lines between belong to the block that begins there.
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

/// The start of a block before `at` that may reach over it.
fn opened(rules: &Rules, text: &[u8], at: usize) -> Result<Option<usize>, RedactError> {
    let mut first = None;
    for rule in &rules.rules {
        if rule.block != Some(Side::After) {
            continue;
        }
        for word in rule.keywords() {
            let open = block::open_at(rule.ready()?, word.as_bytes(), text, at);
            let start = open.filter(|block| block.end > at).map(|block| block.start);
            first = [first, start].into_iter().flatten().min();
        }
    }
    Ok(first)
}
