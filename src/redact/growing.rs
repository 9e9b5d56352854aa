//! A text that grows at its end, redacted in parts.

use std::fmt;
use std::sync::Arc;

use bstr::BString;

use super::{Clean, Redactor, Tally};
use crate::model::ansi;

/// What is known of a text that grows: its parts that will stay as they are, without secrets, and
/// the end of which that cannot be told yet, as it came.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Growing {
    /// Whole lines, in order, without secrets.
    settled: Vec<Arc<[u8]>>,
    /// What was taken out of them.
    taken: Tally,
    /// What follows them.
    open: Vec<u8>,
}

/// What comes of adding to a text.
#[derive(Debug)]
pub struct Grown {
    /// What the next addition goes on from.
    pub growing: Growing,
    /// The whole text without secrets, with the end that it had this time.
    pub text: Clean<BString>,
    /// What was taken out of it.
    pub tally: Tally,
}

impl Growing {
    /// Bytes of memory that it takes, about.
    #[must_use]
    pub fn weight(&self) -> usize {
        let settled: usize = self.settled.iter().map(|part| part.len()).sum();
        settled + self.open.len() + size_of::<Self>()
    }
}

impl fmt::Debug for Growing {
    /// Its lengths: there may be secrets in its open end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.settled.len();
        write!(f, "Growing of {parts} parts and {} bytes", self.open.len())
    }
}

impl Redactor {
    /// Adds `new` to a text, and shows it with `end` behind it, which is not added: the next
    /// addition takes its place.
    ///
    /// The text that comes of it is what redacting all of it at once would give, and nothing but
    /// `new`, `end` and some lines before them is looked at. Both are as a terminal would be fed
    /// them; what may not be kept of that is dropped ([`ansi::sanitised`]).
    #[must_use]
    pub fn grow(&self, before: &Growing, new: &[u8], end: &[u8]) -> Grown {
        let raw = ansi::sanitised(&[&*before.open, new].concat());
        let (lines, open) = raw.split_at(self.settled(&raw).min(raw.len()));
        let mut growing = Growing {
            settled: before.settled.clone(),
            taken: before.taken.clone(),
            open: open.to_vec(),
        };
        if !lines.is_empty() {
            let lines = self.text(lines, &mut growing.taken);
            growing.settled.push(Vec::from(lines).into());
        }
        let mut tally = growing.taken.clone();
        let rest = self.text(&ansi::sanitised(&[open, end].concat()), &mut tally);
        let length: usize = growing.settled.iter().map(|part| part.len()).sum();
        let mut text = Vec::with_capacity(length + rest.len());
        for part in &growing.settled {
            text.extend_from_slice(part);
        }
        text.extend_from_slice(&rest);
        Grown {
            growing,
            text: Clean::new(text.into()),
            tally,
        }
    }
}
