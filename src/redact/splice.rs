//! Taking secrets out of a text with colours.

use bstr::BString;

use super::Tally;
use super::rules::Rules;
use super::scan::{Found, secrets};

const ESC: u8 = 0x1b;
const SHIFT_OUT: u8 = 0x0e;
const SHIFT_IN: u8 = 0x0f;

/// The text with every secret replaced. Colours that change within a secret stay behind its
/// replacement, so that the text after it looks as it did.
pub(super) fn redacted(rules: &Rules, text: &[u8], tally: &mut Tally) -> BString {
    let readable = Readable::of(text);
    let found = secrets(rules, readable.plain(text));
    if found.is_empty() {
        return text.into();
    }
    let mut result = Vec::with_capacity(text.len());
    let mut at = 0;
    for Found { range, rule } in found {
        let name = rules
            .rules
            .get(rule)
            .map_or("unknown", |rule| rule.name.as_str());
        tally.add(name);
        let (start, end) = (readable.start_of(range.start), readable.end_of(range.end));
        let (Some(before), Some(secret)) = (text.get(at..start), text.get(start..end)) else {
            // Cannot be; but rather lose a text than let a secret through.
            return marker("unreadable").into();
        };
        result.extend_from_slice(before);
        result.extend_from_slice(marker(name).as_bytes());
        sequences(secret, |range| {
            result.extend_from_slice(secret.get(range).unwrap_or(&[]));
        });
        at = end;
    }
    result.extend_from_slice(text.get(at..).unwrap_or(&[]));
    result.into()
}

/// Whether a rule that goes over several lines may find something in a text.
pub(super) fn spans_lines(rules: &Rules, text: &[u8]) -> bool {
    rules.across(Readable::of(text).plain(text))
}

/// What every marker begins with.
pub(super) const MARK: &str = "‹redacted:";

/// What stands in place of a secret.
pub(super) fn marker(rule: &str) -> String {
    format!("{MARK}{rule}›")
}

/// A text as it reads, and where its parts stand in the text with colours.
struct Readable {
    /// The text without sequences; `None` where it has none.
    plain: Option<Vec<u8>>,
    /// For each run of text: where it starts, without and with sequences.
    runs: Vec<(usize, usize)>,
}

impl Readable {
    fn of(text: &[u8]) -> Self {
        let mut plain = Vec::new();
        let mut runs = vec![(0, 0)];
        let mut at = 0;
        let mut any = false;
        sequences(text, |range| {
            any = true;
            plain.extend_from_slice(text.get(at..range.start).unwrap_or(&[]));
            at = range.end;
            runs.push((plain.len(), at));
        });
        if any {
            plain.extend_from_slice(text.get(at..).unwrap_or(&[]));
        }
        Self {
            plain: any.then_some(plain),
            runs,
        }
    }

    fn plain<'a>(&'a self, text: &'a [u8]) -> &'a [u8] {
        self.plain.as_deref().unwrap_or(text)
    }

    /// Where the byte at `plain` stands in the text with sequences: behind those before it.
    fn start_of(&self, plain: usize) -> usize {
        let run = self.runs.partition_point(|(start, _)| *start <= plain);
        self.offset(run, plain)
    }

    /// Where the text before `plain` ends in the text with sequences: before those behind it.
    fn end_of(&self, plain: usize) -> usize {
        let run = self.runs.partition_point(|(start, _)| *start < plain);
        self.offset(run, plain)
    }

    fn offset(&self, run: usize, plain: usize) -> usize {
        let (start, raw) = run
            .checked_sub(1)
            .and_then(|run| self.runs.get(run))
            .copied()
            .unwrap_or((0, 0));
        raw + plain.saturating_sub(start)
    }
}

/// Calls `each` with the place of every SGR sequence and shift in a sanitised text.
fn sequences(text: &[u8], mut each: impl FnMut(std::ops::Range<usize>)) {
    let mut at = 0;
    while let Some(rest) = text.get(at..)
        && let Some(next) = memchr::memchr3(ESC, SHIFT_OUT, SHIFT_IN, rest)
    {
        let start = at + next;
        let mut end = start + 1;
        if text.get(start) == Some(&ESC) && text.get(end) == Some(&b'[') {
            end += 1;
            while text
                .get(end)
                .is_some_and(|byte| (0x20..=0x3f).contains(byte))
            {
                end += 1;
            }
            if text
                .get(end)
                .is_some_and(|byte| (0x40..=0x7e).contains(byte))
            {
                end += 1;
            }
        }
        each(start..end);
        at = end;
    }
}
