//! Walking through the options at the front of an argument list.

use bstr::{BStr, BString, ByteSlice};

/// An option.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arg<'a> {
    /// Its name without dashes.
    pub(super) name: &'a BStr,
    /// Its value; empty for one without.
    pub(super) value: &'a BStr,
}

/// Which options have a value.
#[derive(Debug, Clone, Copy)]
enum Known<'a> {
    /// Options are letters, several in a word.
    Letters(&'a [u8]),
    /// Options are words, with one or two dashes.
    Words(&'a [&'a str]),
}

/// The options of an argument list, up to the first word that is none.
#[derive(Debug, Clone)]
pub(super) struct Options<'a> {
    args: &'a [BString],
    known: Known<'a>,
    /// What is left of a word of letters.
    letters: &'a [u8],
    ended: bool,
}

impl<'a> Options<'a> {
    /// Options as letters; those in `values` have one.
    pub(super) fn short(args: &'a [BString], values: &'a [u8]) -> Self {
        Self {
            args,
            known: Known::Letters(values),
            letters: b"",
            ended: false,
        }
    }

    /// Options as words; those in `values` have one.
    pub(super) fn long(args: &'a [BString], values: &'a [&'a str]) -> Self {
        Self {
            known: Known::Words(values),
            ..Self::short(args, b"")
        }
    }

    /// Arguments among which there are no options any more.
    pub(super) fn ended_at(args: &'a [BString]) -> Self {
        Self {
            ended: true,
            ..Self::short(args, b"")
        }
    }

    /// What is behind the options that were read.
    pub(super) fn rest(&self) -> &'a [BString] {
        self.args
    }

    /// Whether `--` ended the options.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// The next option.
    pub(super) fn next_option(&mut self) -> Option<Arg<'a>> {
        if self.letters.is_empty() {
            if self.ended {
                return None;
            }
            let (word, rest) = self.args.split_first()?;
            let name = word.strip_prefix(b"-").filter(|name| !name.is_empty())?;
            self.args = rest;
            if name == b"-" {
                self.ended = true;
                return None;
            }
            match self.known {
                Known::Letters(_) => self.letters = name,
                Known::Words(values) => return Some(self.word(name, values)),
            }
        }
        let (name, rest) = self.letters.split_at_checked(1)?;
        self.letters = rest;
        let Known::Letters(values) = self.known else {
            return None;
        };
        let mut value: &[u8] = b"";
        if name.first().is_some_and(|letter| values.contains(letter)) {
            // What is left of the word is the value, or else the next word is.
            value = std::mem::take(&mut self.letters);
            if value.is_empty() {
                value = self.take();
            }
        }
        Some(Arg {
            name: name.as_bstr(),
            value: value.as_bstr(),
        })
    }

    fn word(&mut self, name: &'a [u8], values: &[&str]) -> Arg<'a> {
        let name = name.strip_prefix(b"-").unwrap_or(name);
        let (name, value) = match name.split_once_str("=") {
            Some(both) => both,
            None if values.iter().any(|known| known.as_bytes() == name) => (name, self.take()),
            None => (name, &b""[..]),
        };
        Arg {
            name: name.as_bstr(),
            value: value.as_bstr(),
        }
    }

    fn take(&mut self) -> &'a [u8] {
        match self.args.split_first() {
            Some((value, rest)) => {
                self.args = rest;
                value
            }
            None => b"",
        }
    }
}
