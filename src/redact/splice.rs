//! Taking secrets out of a text with colours.

use bstr::BString;

use super::rules::Rules;
use super::scan::{Found, secrets};
use super::{RedactError, Tally, border};

const ESC: u8 = 0x1b;
const SHIFT_OUT: u8 = 0x0e;
const SHIFT_IN: u8 = 0x0f;

/// What stands in place of one secret may make another with what is beside it. After so many rounds
/// nothing of that kind was ever left.
const ROUNDS: usize = 8;

/// The text with every secret replaced. Colours that change within a secret stay behind its
/// replacement, so that the text after it looks as it did. Nothing is left of a text that could not
/// be checked.
pub(super) fn redacted(rules: &Rules, text: &[u8], tally: &mut Tally) -> BString {
    let mut clean: Option<BString> = None;
    for _ in 0..ROUNDS {
        let current = clean.as_ref().map_or(text, |clean| clean.as_slice());
        match once(rules, current, tally) {
            Ok(None) => return clean.unwrap_or_else(|| text.into()),
            Ok(Some(cleaner)) => clean = Some(cleaner),
            Err(_) => break,
        }
    }
    dropped(tally)
}

/// What is left of a text that could not be checked.
pub(super) fn dropped(tally: &mut Tally) -> BString {
    tally.add(UNCHECKED);
    marker(UNCHECKED).into()
}

/// The name that stands in place of what could not be checked.
const UNCHECKED: &str = "unchecked";

/// The text with the secrets replaced that it has; `None` where it has none.
fn once(rules: &Rules, text: &[u8], tally: &mut Tally) -> Result<Option<BString>, RedactError> {
    let readable = Readable::of(text);
    let found = secrets(rules, readable.plain(text))?;
    if found.is_empty() {
        return Ok(None);
    }
    let mut result = Vec::with_capacity(text.len());
    let mut at = 0;
    for Found { range, rule } in found {
        let name = rules
            .rules
            .get(rule)
            .map_or(UNCHECKED, |rule| rule.name.as_str());
        tally.add(name);
        let (start, end) = (readable.start_of(range.start), readable.end_of(range.end));
        let (Some(before), Some(secret)) = (text.get(at..start), text.get(start..end)) else {
            // Cannot be; but rather lose a text than let a secret through.
            return Ok(Some(dropped(tally)));
        };
        result.extend_from_slice(before);
        result.extend_from_slice(marker(name).as_bytes());
        sequences(secret, |range| {
            result.extend_from_slice(secret.get(range).unwrap_or(&[]));
        });
        at = end;
    }
    result.extend_from_slice(text.get(at..).unwrap_or(&[]));
    Ok(Some(result.into()))
}

/// See [`super::Redactor::settled`].
pub(super) fn settled(rules: &Rules, text: &[u8]) -> usize {
    // No rule looks farther back than this.
    let tail = text.len().saturating_sub(SETTLED_WITHIN);
    let cut = text.get(..tail).unwrap_or(&[]);
    let start = memchr::memrchr(b'\n', cut).map_or(0, |at| at + 1);
    let tail = text.get(start..).unwrap_or(&[]);
    let readable = Readable::of(tail);
    let plain = readable.plain(tail);
    let Ok(Some(settled)) = border::settled(rules, plain) else {
        return 0;
    };
    // Sequences hold no line ends, so a line has the same number with them and without.
    let number = memchr::memchr_iter(b'\n', plain.get(..settled).unwrap_or(&[])).count();
    let break_before = number
        .checked_sub(1)
        .and_then(|number| memchr::memchr_iter(b'\n', tail).nth(number));
    break_before.map_or(0, |at| start + at + 1)
}

/// In what part of a text's end a place to cut it is looked for, in bytes.
const SETTLED_WITHIN: usize = 512 * 1024;

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
