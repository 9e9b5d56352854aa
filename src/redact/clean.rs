//! What has been through a [`Redactor`](super::Redactor).

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;

use bstr::BString;
use serde::{Serialize, Serializer};

use crate::model::contents::Contents;
use crate::model::tree::{ContentsRef, ServerState};

/// Something captured or typed that has been through a [`Redactor`](super::Redactor).
///
/// Only this room can make one, and whatever is written takes nothing else: so a string that was
/// not looked at cannot be stored. It can be read like what it holds, and taken out; it cannot be
/// changed, but in ways that bring no text in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Clean<T>(T);

impl<T> Clean<T> {
    /// For this room alone: the caller has looked at all of it.
    pub(super) const fn new(inner: T) -> Self {
        Self(inner)
    }

    /// What it holds; from there on nothing says any more that it is clean.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl Clean<ServerState> {
    /// Brings sessions, tabs and panes into their order.
    pub fn sort(&mut self) {
        self.0.sort();
    }

    /// Gives every pane the texts that `to` says in place of its own; an attachment without one
    /// goes.
    pub fn refer(&mut self, mut to: impl FnMut(ContentsRef) -> Option<ContentsRef>) {
        for pane in self.0.panes_mut() {
            pane.contents = pane.contents.and_then(&mut to);
            pane.attachments.retain_mut(|own| {
                let text = to(own.text);
                own.text = text.unwrap_or(own.text);
                text.is_some()
            });
        }
    }
}

impl Clean<Contents> {
    /// The text of a pane from those of its screens.
    #[must_use]
    pub fn of_screens(main: Clean<BString>, alternate: Option<Clean<BString>>) -> Self {
        Self(Contents {
            main: main.0,
            alternate: alternate.map(Clean::into_inner),
        })
    }
}

impl<T> Deref for Clean<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Borrow<T> for Clean<T> {
    fn borrow(&self) -> &T {
        &self.0
    }
}

impl<T: fmt::Debug> fmt::Debug for Clean<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: fmt::Display> fmt::Display for Clean<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: Serialize> Serialize for Clean<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// Tests of the store make up what they store.
#[cfg(test)]
impl<T> From<T> for Clean<T> {
    fn from(inner: T) -> Self {
        Self(inner)
    }
}

#[cfg(test)]
impl From<&str> for Clean<String> {
    fn from(words: &str) -> Self {
        Self(words.to_owned())
    }
}
