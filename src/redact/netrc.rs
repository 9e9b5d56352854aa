//! Entries of `~/.netrc` over lines: `machine`, `login`, `password` and `account`, each with its
//! value, in any order and number a line.

use std::ops::Range;

use super::ahead::{Ahead, below};
use super::front::Front;
use super::pattern::Ready;

/// An entry has so many lines at the most.
const MAX_ENTRY_LINES: usize = 8;

/// The passwords of the entry of which a line is. One that stands first is known by what follows.
pub(super) fn look(ready: &Ready, text: &[u8], line: Range<usize>) -> Option<Ahead> {
    let shown = text.get(line.clone())?;
    let found = ready.pattern.find(shown)?;
    let behind = shown.get(found.end()..)?.trim_ascii_end();
    if !matches!(
        behind.first(),
        None | Some(b'\\' | b'"' | b'\'' | b'$' | b'^' | b'<')
    ) {
        return None;
    }
    let front = Front::new(shown.get(..found.start())?, behind);
    let first = Fields::of(shown.get(found.range())?)?;
    let mut values: Vec<_> = first.password.into_iter().collect();
    for value in &mut values {
        *value = line.start + found.start() + value.start..line.start + found.start() + value.end;
    }
    let mut known = first.known;
    let seen = below(&front, text, &line, (MAX_ENTRY_LINES, 0), |place, shown| {
        let is_blank = shown.trim_ascii().is_empty();
        let Some(fields) = Fields::of(shown).filter(|fields| !fields.begins) else {
            return is_blank;
        };
        let password = fields.password;
        // An entry has one.
        if password.is_some() && !values.is_empty() {
            return false;
        }
        values.extend(password.map(|value| place.start + value.start..place.start + value.end));
        known = known.and(fields.known);
        true
    });
    values.retain(|value| known.tells(text.get(value.clone()).unwrap_or(&[])));
    Some(Ahead { values, seen })
}

/// What is said of a password.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Known {
    machine: bool,
    user: bool,
    /// That the machine's name is no word.
    host: bool,
}

impl Known {
    fn and(self, other: Self) -> Self {
        Self {
            machine: self.machine || other.machine,
            user: self.user || other.user,
            host: self.host || other.host,
        }
    }

    /// Whether a value is a password. A word is one only beside a user or a host: the names of the
    /// other fields are everyday words, too.
    fn tells(self, value: &[u8]) -> bool {
        let is_word = value
            .iter()
            .all(|byte| byte.is_ascii_alphabetic() || b"-_.,;:!?)".contains(byte));
        match is_word {
            true => self.host || self.user,
            false => self.machine || self.user,
        }
    }
}

/// What a line of an entry says.
#[derive(Debug, PartialEq, Eq)]
struct Fields {
    password: Option<Range<usize>>,
    /// What it says beside a password.
    known: Known,
    /// Whether another entry begins, or a macro.
    begins: bool,
}

impl Fields {
    /// `None` where a line says anything else.
    fn of(line: &[u8]) -> Option<Self> {
        let mut fields = Self {
            password: None,
            known: Known::default(),
            begins: false,
        };
        let mut words = words(line);
        let mut any = false;
        while let Some(word) = words.next() {
            let name = line.get(word)?;
            if name.starts_with(b"#") && any {
                break;
            }
            any = true;
            match name {
                b"default" => (fields.begins, fields.known.machine) = (true, true),
                b"machine" | b"macdef" => {
                    let host = line.get(words.next()?)?;
                    let of_host = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
                    fields.known.host |= host.iter().any(of_host);
                    (fields.begins, fields.known.machine) = (true, true);
                }
                b"login" | b"account" => {
                    words.next()?;
                    fields.known.user = true;
                }
                b"password" | b"passwd" => {
                    let value = words.next()?;
                    fields.password = Some(value);
                }
                _ => return None,
            }
        }
        any.then_some(fields)
    }
}

fn words(line: &[u8]) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = line.get(at..)?;
        let start = at + rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
        let rest = line.get(start..)?;
        let length = rest.iter().position(u8::is_ascii_whitespace);
        at = start + length.unwrap_or(rest.len());
        Some(start..at)
    })
}
