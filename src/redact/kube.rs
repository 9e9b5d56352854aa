//! The values of secrets of Kubernetes, as `kubectl get -o yaml` and `-o json` print them and files
//! hold them: below `data:` or `stringData:`, in a manifest with `kind: Secret` on the same level.

use std::ops::Range;

use super::ahead::{Ahead, LINES, below};
use super::front::Front;
use super::pattern::Ready;

/// So many lines in a row may be of another program, where something stands before each line.
const FOREIGN: usize = 8;

/// The values that a line tells of: one with `data:` whose kind comes later, or one with the kind
/// whose data do.
pub(super) fn look(ready: &Ready, text: &[u8], line: Range<usize>) -> Option<Ahead> {
    let shown = text.get(line.clone())?;
    let (mark, behind) = mark(ready, shown)?;
    let front = Front::new(shown.get(..mark.start)?, behind);
    let mut is_secret = is_kind(shown.get(mark.clone())?);
    let mut in_data = !is_secret;
    let mut values = Vec::new();
    let seen = below(&front, text, &line, (LINES, FOREIGN), |place, shown| {
        if shown.trim_ascii().is_empty() {
            return true;
        }
        if shown.first().is_some_and(u8::is_ascii_whitespace) {
            if in_data && let Some(value) = value(shown) {
                values.push(place.start + value.start..place.start + value.end);
            }
            return true;
        }
        in_data = false;
        if let Some((mark, _)) = self::mark(ready, shown)
            && mark.start == 0
        {
            // The kind of the next manifest.
            if is_kind(shown) {
                let first = !is_secret;
                is_secret = true;
                return first && values.is_empty();
            }
            in_data = true;
            return true;
        }
        let begins_next = [
            &b"kind:"[..],
            b"kind\"",
            b"kind\\",
            b"---",
            b"- ",
            b"apiVersion:",
            b"{",
        ];
        !begins_next
            .iter()
            .any(|next| named(shown).starts_with(next))
    });
    if !is_secret {
        values.clear();
    }
    Some(Ahead { values, seen })
}

/// Where the name of a field stands in a line, with its value if that is a kind; and what is behind
/// it.
fn mark<'a>(ready: &Ready, line: &'a [u8]) -> Option<(Range<usize>, &'a [u8])> {
    let found = ready.pattern.find(line)?;
    let behind = line.get(found.end()..)?.trim_ascii_end();
    // In a string, at the end of a line as `cat -A` shows it, before a border or another column;
    // what goes on with a word is prose.
    let ends = match behind {
        [] | [b'\\' | b'"' | b'\'' | b'$' | b'^' | b'<' | b'`', ..] => true,
        [b' ', next, ..] => !next.is_ascii_alphanumeric(),
        [first, ..] => first.is_ascii_whitespace(),
    };
    let before = found.start().checked_sub(1).and_then(|at| line.get(at));
    let starts =
        before.is_none_or(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.')));
    (starts && ends).then(|| (found.range(), behind))
}

fn is_kind(mark: &[u8]) -> bool {
    named(mark).starts_with(b"kind")
}

/// A field from its name on, without quotes.
fn named(field: &[u8]) -> &[u8] {
    let start = field.iter().position(|byte| !matches!(byte, b'\\' | b'"'));
    field.get(start.unwrap_or(field.len())..).unwrap_or(&[])
}

/// The value in a line below `data:`.
fn value(line: &[u8]) -> Option<Range<usize>> {
    let start = line.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let shown = line.get(start..)?.trim_ascii_end();
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-\"'\\".contains(byte);
    let name = shown.iter().take_while(|byte| is_name(byte)).count();
    let field = match shown.get(name..) {
        Some([b':']) => return None,
        Some([b':', b' ' | b'\t', ..]) if name > 0 => name + 1,
        _ => 0,
    };
    let mut value = start + field..start + shown.len();
    let of = |value: &Range<usize>| line.get(value.clone()).unwrap_or(&[]);
    let around = |byte: &u8| byte.is_ascii_whitespace() || b"\"'\\,".contains(byte);
    value.start += of(&value).iter().take_while(|byte| around(byte)).count();
    value.end -= of(&value)
        .iter()
        .rev()
        .take_while(|byte| around(byte))
        .count();
    let held = of(&value);
    let block = matches!(held, [b'|' | b'>', rest @ ..] if rest.len() < 3);
    let holds = held.iter().any(u8::is_ascii_alphanumeric) && !matches!(held, b"null" | b"{}");
    (holds && !block).then_some(value)
}
