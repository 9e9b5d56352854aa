//! Patterns for names: of sessions, tabs, programs, and of the parts of a path.
//!
//! Names are bytes and no paths: two signs are enough, and a `/` is a letter like others. `globset`
//! does less here: its `?` is one byte, so `a?c` does not match `aäc`; its patterns are UTF-8,
//! which names need not be; and braces and brackets, which names may hold, are syntax in it.

use bstr::{BStr, BString, ByteSlice};
use serde::{Deserialize, Serialize};

/// A pattern: `*` stands for anything, `?` for one character, `\` takes its meaning from what
/// follows. Everything else stands for itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern {
    text: BString,
    parts: Vec<PatternPart>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum PatternPart {
    Byte(u8),
    Character,
    Anything,
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPattern {
    /// It is empty, and would fit nothing.
    #[error("an empty pattern fits nothing")]
    Empty,
    /// It ends in a `\`.
    #[error("{0:?} ends in a backslash that nothing follows; write \\\\ for a backslash itself")]
    Open(BString),
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// [`InvalidPattern`] where it is empty or ends in a single `\`.
    pub fn new(text: impl Into<BString>) -> Result<Self, InvalidPattern> {
        let text = text.into();
        let mut parts = Vec::with_capacity(text.len());
        let mut bytes = text.iter();
        while let Some(&byte) = bytes.next() {
            parts.push(match byte {
                b'*' => PatternPart::Anything,
                b'?' => PatternPart::Character,
                b'\\' => match bytes.next() {
                    Some(&next) => PatternPart::Byte(next),
                    None => return Err(InvalidPattern::Open(text)),
                },
                byte => PatternPart::Byte(byte),
            });
        }
        parts.dedup_by(|a, b| *a == PatternPart::Anything && *b == PatternPart::Anything);
        if parts.is_empty() {
            return Err(InvalidPattern::Empty);
        }
        Ok(Self { text, parts })
    }

    /// The pattern that this name fits, and nothing else.
    #[must_use]
    pub fn exactly(name: &[u8]) -> Self {
        let sign = |byte: &u8| b"*?\\".contains(byte);
        let text = name
            .iter()
            .flat_map(|byte| sign(byte).then_some(b'\\').into_iter().chain([*byte]))
            .collect();
        Self {
            text,
            parts: name.iter().copied().map(PatternPart::Byte).collect(),
        }
    }

    /// The only name that fits, where there is only one.
    #[must_use]
    pub fn only(&self) -> Option<BString> {
        let byte = |part: &PatternPart| match part {
            PatternPart::Byte(byte) => Some(*byte),
            PatternPart::Character | PatternPart::Anything => None,
        };
        self.parts
            .iter()
            .map(byte)
            .collect::<Option<Vec<u8>>>()
            .map(BString::from)
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn text(&self) -> &BStr {
        self.text.as_bstr()
    }

    /// Whether a name fits, as a whole.
    #[must_use]
    pub fn fits(&self, name: &BStr) -> bool {
        let (mut part, mut rest) = (0, name.as_bytes());
        // Where to go on when it does not fit: after the last `*`, which then takes one byte more.
        let mut retry: Option<(usize, &[u8])> = None;
        loop {
            let step = match self.parts.get(part) {
                Some(PatternPart::Anything) => {
                    retry = Some((part + 1, rest));
                    Some(rest)
                }
                Some(PatternPart::Character) => match bstr::decode_utf8(rest) {
                    (_, 0) => None,
                    (_, length) => rest.get(length..),
                },
                Some(PatternPart::Byte(byte)) => rest.strip_prefix(&[*byte]),
                None if rest.is_empty() => return true,
                None => None,
            };
            if let Some(after) = step {
                part += 1;
                rest = after;
                continue;
            }
            let Some((after_star, from)) = retry else {
                return false;
            };
            let Some((_, shorter)) = from.split_first() else {
                return false;
            };
            retry = Some((after_star, shorter));
            part = after_star;
            rest = shorter;
        }
    }
}

impl TryFrom<String> for Pattern {
    type Error = InvalidPattern;

    fn try_from(text: String) -> Result<Self, InvalidPattern> {
        Self::new(text)
    }
}

impl From<Pattern> for String {
    /// As it was written; what is no UTF-8 is replaced, which cannot be where it was read from a
    /// text.
    fn from(pattern: Pattern) -> Self {
        pattern.text.to_str_lossy().into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fits(pattern: &str, name: &[u8]) -> bool {
        Pattern::new(pattern).unwrap().fits(name.as_bstr())
    }

    #[test]
    fn signs_mean_what_they_say() {
        assert!(fits("work*", b"work") && fits("work*", b"work-2"));
        assert!(!fits("work*", b"my work"));
        assert!(fits("*a*b", b"xaxbxb") && !fits("*a*b", b"xaxbx"));
        assert!(fits("**", b"") && fits("a?c", "aäc".as_bytes()));
        assert!(!fits("a?c", b"ac"));
        assert!(fits("?", b"\xff") && !fits("?", b"\xff\xff"));
        assert!(fits("[a]/{b}", b"[a]/{b}"));
        assert!(fits(r"\*", b"*") && !fits(r"\*", b"a"));
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        assert_eq!(Pattern::new(""), Err(InvalidPattern::Empty));
        assert_eq!(Pattern::new(r"a\"), Err(InvalidPattern::Open("a\\".into())));
    }

    proptest! {
        #[test]
        fn it_agrees_with_a_regular_expression(pattern in "[ab*?]{1,8}", name in "[ab]{0,10}") {
            let regex = pattern.replace('*', ".*").replace('?', ".");
            let regex = regex::Regex::new(&format!("^(?:{regex})$")).unwrap();
            prop_assert_eq!(fits(&pattern, name.as_bytes()), regex.is_match(&name));
        }

        #[test]
        fn a_name_fits_itself(name in proptest::collection::vec(any::<u8>(), 1..20)) {
            let mut escaped = Vec::new();
            for byte in &name {
                escaped.extend([b'\\', *byte]);
            }
            let pattern = Pattern::new(escaped).unwrap();
            prop_assert!(pattern.fits(name.as_bstr()));
            prop_assert_eq!(pattern.only(), Some(name.as_slice().into()));
            let exactly = Pattern::exactly(&name);
            prop_assert_eq!(&Pattern::new(exactly.text()).unwrap(), &exactly);
            prop_assert_eq!(exactly.parts, pattern.parts);
        }
    }
}
