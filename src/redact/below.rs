//! Secrets that stand in a line of their own, some lines below their name: `name: DB_PASSWORD`, and
//! in the next line `value: …`, as lists of variables are written in YAML and JSON.

use std::ops::Range;

use super::pattern::Ready;
use super::scan::{line_after, line_before};

/// So many lines below the name the value may stand.
const MAX_LINES_BELOW: usize = 4;

/// The value of the name that stands in a line.
pub(super) fn find(ready: &Ready, text: &[u8], line: Range<usize>) -> Option<Range<usize>> {
    let (value, _) = below(ready, text, line)?;
    let value = value?;
    let shown = text.get(value.clone())?;
    let found = ready.end.as_ref()?.captures(shown)?;
    let secret = found.name("secret").or_else(|| found.name("secret2"))?;
    let passes = ready.lets_pass(secret.as_bytes());
    (!passes).then(|| value.start + secret.start()..value.start + secret.end())
}

/// The start of a name before `at` whose value may stand behind that place.
pub(super) fn open_at(ready: &Ready, text: &[u8], at: usize) -> Option<usize> {
    let mut first = None;
    let mut start = at;
    for _ in 0..=MAX_LINES_BELOW {
        let Some(line) = line_before(text, start) else {
            break;
        };
        start = line.start;
        if below(ready, text, line).is_some_and(|(_, seen)| seen > at) {
            first = Some(start);
        }
    }
    first
}

/// For the name that stands in a line: the line in which its value may be, and how far it was
/// necessary to look. `None` where there is no name.
fn below(ready: &Ready, text: &[u8], line: Range<usize>) -> Option<(Option<Range<usize>>, usize)> {
    let end = ready.end.as_ref()?;
    if !ready.pattern.is_match(text.get(line.clone())?) {
        return None;
    }
    let mut last = line.end;
    for _ in 0..MAX_LINES_BELOW {
        let Some(next) = line_after(text, last) else {
            return Some((None, text.len()));
        };
        last = next.end;
        // What ends the search matches, too, without a value.
        if end.is_match(text.get(next.clone()).unwrap_or(&[])) {
            return Some((Some(next), last));
        }
    }
    Some((None, last))
}
