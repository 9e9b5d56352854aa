//! What users type to name things: snapshots, panes, moments. Reading the words is pure; finding
//! what they name is the store's and the command's work.

use std::str::FromStr;

use bstr::{BString, ByteSlice};
use serde::{Deserialize, Serialize};

use super::id::SnapshotId;

/// The name of a snapshot on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SnapRef {
    /// `live`: the state now.
    Live,
    /// `latest` or `latest~N`: the Nth before the newest.
    Latest(usize),
    /// `@…`: the newest at or before a moment, in words that are resolved against a clock.
    At(String),
    /// `session:NAME`: a named snapshot in which that session is.
    NameIn {
        /// The session's name.
        session: String,
        /// The snapshot's name.
        name: String,
    },
    /// A prefix of an id, or a name.
    IdOrName(String),
}

/// Why a text cannot name a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSnapRef {
    /// Nothing at all.
    #[error("an empty text names no snapshot")]
    Empty,
    /// `latest~` with something that is not a number.
    #[error("{0:?}: after `latest~` comes a number, as in latest~3")]
    NotANumber(String),
    /// `@` alone.
    #[error("after `@` comes a moment, as in @2h, @14:30 or @2026-11-20")]
    NoMoment,
}

impl FromStr for SnapRef {
    type Err = InvalidSnapRef;

    fn from_str(text: &str) -> Result<Self, InvalidSnapRef> {
        if text.is_empty() {
            return Err(InvalidSnapRef::Empty);
        }
        if let Some(moment) = text.strip_prefix('@') {
            return match moment.trim() {
                "" => Err(InvalidSnapRef::NoMoment),
                moment => Ok(SnapRef::At(moment.to_owned())),
            };
        }
        match text {
            "live" => return Ok(SnapRef::Live),
            "latest" => return Ok(SnapRef::Latest(0)),
            _ => {}
        }
        if let Some(back) = text.strip_prefix("latest~") {
            let back = back
                .parse()
                .map_err(|_| InvalidSnapRef::NotANumber(text.to_owned()))?;
            return Ok(SnapRef::Latest(back));
        }
        Ok(match text.rsplit_once(':') {
            Some((session, name)) if !session.is_empty() && !name.is_empty() => SnapRef::NameIn {
                session: session.to_owned(),
                name: name.to_owned(),
            },
            _ => SnapRef::IdOrName(text.to_owned()),
        })
    }
}

/// Whether a snapshot may be given this name: one that names it again, and fits on a line.
#[must_use]
pub fn is_snapshot_name(text: &str) -> bool {
    let named = matches!(
        text.parse(),
        Ok(SnapRef::IdOrName(_) | SnapRef::NameIn { .. })
    );
    named && !text.trim().is_empty() && !text.chars().any(char::is_control)
}

impl SnapRef {
    /// The ids that this could be a prefix of, where it can be one.
    #[must_use]
    pub fn id_ranges(&self) -> Vec<(SnapshotId, SnapshotId)> {
        match self {
            SnapRef::IdOrName(text) => SnapshotId::prefix_ranges(text),
            _ => Vec::new(),
        }
    }
}

/// A session, a tab of it, or a pane of that: `session`, `session:tab`, `session:tab.pane`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Target {
    /// The session's exact name.
    pub session: BString,
    /// The tab's index.
    pub tab: Option<u32>,
    /// The pane's index.
    pub pane: Option<u32>,
}

/// Why a text is not a target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no pane: write session:tab.pane with the numbers that the multiplexer shows")]
pub struct InvalidTarget(pub String);

impl FromStr for Target {
    type Err = InvalidTarget;

    fn from_str(text: &str) -> Result<Self, InvalidTarget> {
        let invalid = || InvalidTarget(text.to_owned());
        if text.is_empty() {
            return Err(invalid());
        }
        // The last colon counts: names may hold colons (zellij), numbers never do.
        let Some((session, place)) = text.rsplit_once(':') else {
            return Ok(Target {
                session: text.into(),
                tab: None,
                pane: None,
            });
        };
        let (tab, pane) = match place.split_once('.') {
            Some((tab, pane)) => (tab, Some(pane.parse().map_err(|_| invalid())?)),
            None => (place, None),
        };
        let tab = tab.parse().map_err(|_| invalid())?;
        Ok(Target {
            session: session.into(),
            tab: Some(tab),
            pane,
        })
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", super::ansi::label(self.session.as_bytes()))?;
        if let Some(tab) = self.tab {
            write!(f, ":{tab}")?;
            if let Some(pane) = self.pane {
                write!(f, ".{pane}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshots_are_named_in_these_ways() {
        let read = |text: &str| text.parse::<SnapRef>().unwrap();
        assert_eq!(read("latest"), SnapRef::Latest(0));
        assert_eq!(read("latest~3"), SnapRef::Latest(3));
        assert_eq!(read("live"), SnapRef::Live);
        assert_eq!(read("@14:30"), SnapRef::At("14:30".into()));
        assert_eq!(
            read("api:before"),
            SnapRef::NameIn {
                session: "api".into(),
                name: "before".into()
            }
        );
        assert_eq!(read("7f3a"), SnapRef::IdOrName("7f3a".into()));
        assert!("latest~x".parse::<SnapRef>().is_err());
        assert!("@".parse::<SnapRef>().is_err());
        assert!("".parse::<SnapRef>().is_err());
    }

    #[test]
    fn targets_are_read_and_written() {
        for text in ["api", "api:1", "api:1.2", "a b:0.0"] {
            assert_eq!(text.parse::<Target>().unwrap().to_string(), text);
        }
        assert!("api:x".parse::<Target>().is_err());
        assert!("api:1.".parse::<Target>().is_err());
    }
}
