//! Reading what formats printed: texts quoted (`#{q:x} `), numbers up to a space or the end of the
//! line.
//!
//! Names, titles and paths can hold tabs and newlines, so no separator is safe by itself; quoting
//! makes the space one, and it reads the same in every version: a length (`#{n:x}`) is not to be
//! had before 3.2, and says nothing of how newer versions print controls.

use std::str::FromStr;

use bstr::{BString, ByteSlice};

use super::client::garbled;
use crate::mux::MuxError;

/// Reads fields one after the other from tmux's answer.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
    length: usize,
    what: &'a str,
}

impl<'a> Fields<'a> {
    /// Reads `answer`, which was given to `what`.
    pub(super) fn new(answer: &'a [u8], what: &'a str) -> Self {
        Self {
            rest: answer,
            length: answer.len(),
            what,
        }
    }

    /// An error that says where the answer stops making sense.
    pub(super) fn garbled(&self, expected: &str) -> MuxError {
        let at = self.length - self.rest.len();
        garbled(self.what, format!("{expected} was expected at byte {at}"))
    }

    /// Whether everything has been read.
    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Skips a known text, if it comes next.
    pub(super) fn skip(&mut self, text: &[u8]) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Reads the end of a line.
    pub(super) fn end_of_line(&mut self) -> Result<(), MuxError> {
        if self.skip(b"\n") {
            Ok(())
        } else {
            Err(self.garbled("the end of a line"))
        }
    }

    /// Reads a word and the space after it, if there is one.
    pub(super) fn word(&mut self) -> Result<&'a [u8], MuxError> {
        let end = self
            .rest
            .find_byteset(b" \n")
            .ok_or_else(|| self.garbled("a word"))?;
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest.strip_prefix(b" ").unwrap_or(rest);
        Ok(word)
    }

    /// Reads a number.
    pub(super) fn number<T: FromStr>(&mut self) -> Result<T, MuxError> {
        let before = self.rest;
        let number = self
            .word()?
            .to_str()
            .ok()
            .and_then(|word| word.parse().ok());
        number.ok_or_else(|| {
            self.rest = before;
            self.garbled("a number")
        })
    }

    /// Reads a number that may be missing.
    pub(super) fn number_or_none<T: FromStr>(&mut self) -> Result<Option<T>, MuxError> {
        if self.skip(b" ") || self.rest.starts_with(b"\n") {
            return Ok(None);
        }
        self.number().map(Some)
    }

    /// Reads `0`, `1` or nothing.
    pub(super) fn truth(&mut self) -> Result<bool, MuxError> {
        Ok(self
            .number_or_none::<u32>()?
            .is_some_and(|value| value != 0))
    }

    /// Reads the number in a name such as `%3`.
    pub(super) fn id(&mut self, sigil: u8) -> Result<u32, MuxError> {
        if self.skip(&[sigil]) {
            self.number()
        } else {
            Err(self.garbled("an id"))
        }
    }

    /// Reads what `#{q:…}` printed, and the space after it. tmux puts a backslash before every
    /// space, backslash and character that is special to a shell.
    pub(super) fn text(&mut self) -> Result<BString, MuxError> {
        self.escaped(b' ')
    }

    /// Reads a text in which every `end` and every backslash has a backslash before it, and the
    /// `end` after it.
    pub(super) fn escaped(&mut self, end: u8) -> Result<BString, MuxError> {
        let mut text = Vec::new();
        let mut rest = self.rest;
        while rest.first() != Some(&end) {
            let (byte, used) =
                unescape(rest).ok_or_else(|| self.garbled("the end of a quoted text"))?;
            text.push(byte);
            rest = rest.get(used..).unwrap_or(&[]);
        }
        self.rest = rest.get(1..).unwrap_or(&[]);
        Ok(text.into())
    }

    /// Whether a known text comes next.
    pub(super) fn starts_with(&self, text: &[u8]) -> bool {
        self.rest.starts_with(text)
    }

    /// Reads a whole line.
    pub(super) fn line(&mut self) -> Result<&'a [u8], MuxError> {
        let line = self.until(b"\n").ok_or_else(|| self.garbled("a line"))?;
        self.end_of_line()?;
        Ok(line)
    }

    /// Reads the lines before a known one, which is not read.
    pub(super) fn lines_before(&mut self, line: &str) -> Result<&'a [u8], MuxError> {
        let line = format!("{line}\n");
        if self.starts_with(line.as_bytes()) {
            return Ok(&[]);
        }
        let whole = self.rest;
        let lines = self.until(format!("\n{line}").as_bytes());
        let lines = lines.and_then(|lines| whole.get(..lines.len() + 1));
        let lines = lines.ok_or_else(|| self.garbled(&format!("{line:?} somewhere")))?;
        self.end_of_line()?;
        Ok(lines)
    }

    /// Reads up to a known text, which is not read.
    pub(super) fn until(&mut self, text: &[u8]) -> Option<&'a [u8]> {
        let (before, rest) = self.rest.split_at(self.rest.find(text)?);
        self.rest = rest;
        Some(before)
    }
}

/// The first byte of a text with backslashes in it, and how many bytes it takes; `None` at the end.
///
/// What stands for itself after a backslash is no letter or digit; controls and bytes that are not
/// UTF-8 are as vis(3) prints them, with a letter or three digits after the backslash. Versions
/// from 3.4 to 3.6 print them so everywhere, others only in what they escape for their own parser.
/// A backslash at the end is one.
pub(super) fn unescape(text: &[u8]) -> Option<(u8, usize)> {
    Some(match text {
        [] => return None,
        [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..] => {
            ((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'), 4)
        }
        [b'\\', byte, ..] => (control(*byte).unwrap_or(*byte), 2),
        [byte, ..] => (*byte, 1),
    })
}

/// The control that a letter after a backslash stands for.
fn control(letter: u8) -> Option<u8> {
    Some(match letter {
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_follow_one_another() {
        let mut fields = Fields::new(b"a\n:,\\ b 3 %7\n", "a test");
        assert_eq!(fields.text().unwrap(), "a\n:, b");
        assert_eq!(fields.number::<u32>().unwrap(), 3);
        assert_eq!(fields.id(b'%').unwrap(), 7);
        fields.end_of_line().unwrap();
        assert!(fields.line().is_err());
        assert!(Fields::new(b"x\n", "a test").number::<u32>().is_err());
    }

    #[test]
    fn controls_are_read_as_every_version_prints_them() {
        for answer in [
            &b"\x1b\x07\n\xffa\\\\a\\\\033 "[..],
            b"\\033\\a\n\\377a\\\\a\\\\033 ",
        ] {
            let text = Fields::new(answer, "a test").text().unwrap();
            assert_eq!(text, &b"\x1b\x07\n\xffa\\a\\033"[..]);
        }
    }

    #[test]
    fn quoted_texts_end_at_the_first_space_that_is_not_quoted() {
        let mut fields = Fields::new(b"/a\\ b\\\\c\nd\\;\\033 sh  7\n", "a test");
        assert_eq!(fields.text().unwrap(), "/a b\\c\nd;\x1b");
        assert_eq!(fields.text().unwrap(), "sh");
        assert_eq!(fields.text().unwrap(), "");
        assert_eq!(fields.number::<u32>().unwrap(), 7);
        assert!(Fields::new(b"no end\\ ", "a test").text().is_ok());
        assert!(Fields::new(b"end\\ ", "a test").text().is_err());
    }

    #[test]
    fn what_is_missing_is_none() {
        let mut fields = Fields::new(b" 1 \n", "a test");
        assert_eq!(fields.number_or_none::<u32>().unwrap(), None);
        assert!(fields.truth().unwrap());
        assert!(!fields.truth().unwrap());
    }
}
