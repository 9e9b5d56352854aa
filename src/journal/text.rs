//! Texts of events: without secrets, or not there.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use crate::redact::Clean;

/// The most characters of a text that are written.
const MAX_TEXT_CHARS: usize = 500;

/// A text that was checked for secrets. Written as a string, cut after 500 characters; as `null`
/// where it could not be checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(Option<Clean<String>>);

impl Text {
    /// In place of a text that could not be checked.
    pub const UNCHECKED: Text = Text(None);

    /// What is written; `None` for a text that could not be checked.
    #[must_use]
    pub fn shown(&self) -> Option<Cow<'_, str>> {
        let text = self.0.as_ref()?.as_str();
        Some(match text.char_indices().nth(MAX_TEXT_CHARS) {
            Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
            None => Cow::Borrowed(text),
        })
    }
}

impl From<Clean<String>> for Text {
    fn from(text: Clean<String>) -> Self {
        Self(Some(text))
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.shown() {
            Some(text) => to.serialize_str(&text),
            None => to.serialize_none(),
        }
    }
}
