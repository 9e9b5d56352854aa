//! The text of a pane, with its colours.

use bstr::BString;
use serde::{Deserialize, Serialize};

use super::digest::{Digest, DigestBuilder};
use super::tree::ContentsRef;

/// What a pane showed: lines with SGR colour sequences, wrapped lines joined, and line drawing
/// between SO and SI, as a terminal would be fed them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Contents {
    /// Scrollback and main screen in one piece, oldest line first, lines separated by `\n` and the
    /// last one without it. Rows of the screen that were empty are empty lines.
    pub main: BString,
    /// The alternate screen, where a full-screen program had it.
    pub alternate: Option<BString>,
}

impl Contents {
    /// The digest that names this text.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let node = DigestBuilder::new("muxtape.contents/1").bytes(&self.main);
        match &self.alternate {
            Some(screen) => node.bytes(screen).finish(),
            None => node.finish(),
        }
    }

    /// Bytes of text.
    #[must_use]
    pub fn len(&self) -> usize {
        self.main.len() + self.alternate.as_ref().map_or(0, |screen| screen.len())
    }

    /// Whether there is no text at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The text that was visible last: the alternate screen, else the main one.
    #[must_use]
    pub fn visible(&self) -> &BString {
        self.alternate.as_ref().unwrap_or(&self.main)
    }

    /// The reference that a [`super::tree::Pane`] carries.
    #[must_use]
    pub fn reference(&self) -> ContentsRef {
        let breaks = memchr::memchr_iter(b'\n', &self.main).count();
        ContentsRef {
            digest: self.digest(),
            bytes: self.len() as u64,
            lines: u32::try_from(breaks + 1).unwrap_or(u32::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_on_the_alternate_screen_is_not_text_on_the_main_one() {
        let main = Contents {
            main: "a".into(),
            alternate: None,
        };
        let both = Contents {
            main: "a".into(),
            alternate: Some("".into()),
        };
        assert_ne!(main.digest(), both.digest());
        assert_eq!(main.reference().lines, 1);
    }
}
