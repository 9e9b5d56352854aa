//! What may be written to a terminal, or between the quotes of JSON: the one place through which
//! every answer, error and hint goes, so that no command can forget it.
//!
//! Colours of muxtape's own are marked while a line is put together, by a random key that each
//! process makes for itself: no text from outside can hold it, so none can bring a colour with it.
//! Marks become sequences here, after everything else was made harmless.

use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::sync::LazyLock;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use super::output::Role;
use crate::model::ansi::{acts_unseen, label};

/// What stands before the number of a role where its colour begins, and before [`PLAIN`] where it
/// ends.
static KEY: LazyLock<String> = LazyLock::new(|| {
    let random = || RandomState::new().hash_one(0);
    format!("{:016x}{:016x}", random(), random())
});
const PLAIN: char = '.';

/// Text of a role, as [`terminal_line`] turns it into colours.
#[derive(Debug, Clone, Copy)]
pub(super) struct Painted(Role);

impl Painted {
    pub(super) fn new(role: Role) -> Self {
        Self(role)
    }

    pub(super) fn text(self, text: &str) -> String {
        let (key, role) = (&*KEY, self.0 as u8);
        format!("{key}{role}{}{key}{PLAIN}", label(text.as_bytes()))
    }
}

/// The sequence that stands for what follows the key.
fn sequence(mark: char) -> Option<&'static str> {
    if mark == PLAIN {
        return Some("\x1b[0m");
    }
    let number = mark.to_digit(10)?;
    let all = [
        (Role::Strong, "\x1b[1m"),
        (Role::Faint, "\x1b[2m"),
        (Role::Added, "\x1b[32m"),
        (Role::Removed, "\x1b[31m"),
        (Role::Changed, "\x1b[33m"),
    ];
    let found = all.iter().find(|(role, _)| *role as u32 == number);
    found.map(|(_, sequence)| *sequence)
}

/// A line as it is written: with its colours, and with nothing else that acts on a terminal. Tabs
/// stay.
pub(super) fn terminal_line(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    for (number, part) in line.split(KEY.as_str()).enumerate() {
        let mut rest = part.chars();
        let mark = if number > 0 { rest.next() } else { None };
        shown.push_str(mark.and_then(sequence).unwrap_or_default());
        for (number, cell) in rest.as_str().split('\t').enumerate() {
            if number > 0 {
                shown.push('\t');
            }
            shown.push_str(&label(cell.as_bytes()));
        }
    }
    shown
}

/// A value as one line of JSON, in which everything is escaped that would act on a terminal.
pub(super) fn json_line(value: &impl Serialize) -> io::Result<String> {
    let mut line = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut line, Escaping))?;
    String::from_utf8(line).map_err(io::Error::other)
}

/// Compact JSON. The C0 controls are escaped by every formatter; this one escapes the others, too.
#[derive(Debug)]
struct Escaping;

impl Formatter for Escaping {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + Write,
    {
        let mut from = 0;
        for (at, c) in fragment.char_indices() {
            if c.is_ascii() && c != '\x7f' || !acts_unseen(c) {
                continue;
            }
            writer.write_all(fragment.get(from..at).unwrap_or_default().as_bytes())?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            from = at + c.len_utf8();
        }
        writer.write_all(fragment.get(from..).unwrap_or_default().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn colours_stay_and_what_is_within_does_nothing() {
        let line = format!(
            "a\tb {} \u{1b}[31mc\u{9b}2J\u{202e}\n",
            Painted::new(Role::Removed).text("x\u{1b}]0;y\u{7}")
        );
        assert_eq!(
            terminal_line(&line),
            "a\tb \u{1b}[31mx␛]0;y␇\u{1b}[0m ␛[31mc\u{fffd}2J\u{fffd}␊"
        );
    }

    #[test]
    fn no_text_brings_a_colour_with_it() {
        // Characters that Unicode assigns to nobody were the marks once.
        let odd = ('\u{fdd0}'..='\u{fdef}').chain(['\u{fffe}', '\u{ffff}', '\u{e000}']);
        let odd: String = odd.chain('0'..='9').chain(['.']).collect();
        assert_eq!(terminal_line(&odd), odd);
        let painted = terminal_line(&Painted::new(Role::Added).text(&odd));
        assert_eq!(painted, format!("\u{1b}[32m{odd}\u{1b}[0m"));
    }

    proptest! {
        #[test]
        fn nothing_that_acts_is_written(text in "\\PC*|[\u{0}-\u{ff}\u{200b}-\u{206f}\u{fdd0}-\u{fdef}\u{feff}]*") {
            let line = terminal_line(&text);
            prop_assert!(line.chars().all(|c| c == '\t' || !c.is_control()));
            let json = json_line(&text).unwrap();
            prop_assert!(!json.chars().any(acts_unseen), "{}", json);
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}
