//! What the versions of tmux do differently, as far as it matters here.
//!
//! Most differences need nothing: there is a way that every version understands, and that is the
//! one taken. Texts are asked for quoted, because lengths came with 3.2 and 3.4 to 3.6 print
//! controls escaped; `#` is protected from formats in the one way that 3.1 and 3.3 agree on;
//! layouts are written in the old notation, which 3.8 still takes, and read in both. What is left
//! stands here.

use bstr::BString;

use super::names;

/// A tmux's version: `3.3a` is (3, 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release(pub u32, pub u32);

/// What tmux makes of a name before it stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// Nothing.
    AsGiven,
    /// vis(3): what is stored has to be decoded, or it would be encoded twice when it is given
    /// back.
    Encoded,
}

/// What a tmux can do, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// How names of sessions are stored.
    pub sessions: Naming,
    /// How names of windows that `new-window -n` gives are stored, and titles of panes.
    pub windows: Naming,
    /// Whether names can hold controls and bytes that are not UTF-8; where they cannot, a command
    /// with such a name is refused.
    pub any_name: bool,
    /// Whether captured lines end where their text does. Otherwise they are filled with blanks up
    /// to the cells that happen to be allocated.
    pub exact_lines: bool,
    /// Whether the server ends, or makes tabs of 10,000 columns, when a tab is made while
    /// `window-size` is `manual` for all tabs.
    pub manual_size_ends: bool,
    /// Whether panes can float above the others (`new-pane`).
    pub floating: bool,
}

impl Release {
    /// The oldest that has all the commands and formats that are used.
    pub const OLDEST: Release = Release(3, 1);

    /// Reads a version; `None` for one without numbers, such as `master`, which is taken for the
    /// newest.
    #[must_use]
    pub fn read(version: &str) -> Option<Self> {
        let from = version.find(|c: char| c.is_ascii_digit())?;
        let mut parts = version.get(from..)?.split('.');
        let major = parts.next()?.parse().ok()?;
        let minor: String = parts
            .next()?
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        // OpenBSD numbers tmux like itself: `openbsd-7.5`.
        Some(Release(major, minor.parse().ok()?))
    }
}

impl Capabilities {
    /// Those of a tmux that calls its version so.
    #[must_use]
    pub fn of(version: &str) -> Self {
        let release = Release::read(version);
        let since = |major, minor| release.is_none_or(|own| own >= Release(major, minor));
        let naming = |encodes| {
            if encodes {
                Naming::Encoded
            } else {
                Naming::AsGiven
            }
        };
        Self {
            sessions: naming(since(3, 2)),
            windows: naming(since(3, 7)),
            any_name: !since(3, 7),
            exact_lines: since(3, 2),
            manual_size_ends: since(3, 1) && !since(3, 7),
            floating: since(3, 7),
        }
    }

    /// The name nearest to `name` that can be given to a session, a window or a pane; it is another
    /// one only where [`Capabilities::any_name`] does not hold.
    #[must_use]
    pub fn name(&self, name: &[u8]) -> BString {
        if self.any_name {
            return name.into();
        }
        let mut possible = Vec::with_capacity(name.len());
        for chunk in bstr::ByteSlice::utf8_chunks(name) {
            for c in chunk.valid().chars() {
                let c = if c.is_control() { '_' } else { c };
                possible.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            possible.extend(chunk.invalid().iter().map(|_| b'_'));
        }
        possible.into()
    }
}

impl Naming {
    /// The name that makes tmux store `stored` when it is given to it.
    #[must_use]
    pub fn given(self, stored: &[u8]) -> BString {
        match self {
            Naming::AsGiven => stored.into(),
            Naming::Encoded => names::given(stored),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers_somewhere() {
        assert_eq!(Release::read("3.3a"), Some(Release(3, 3)));
        assert_eq!(Release::read("next-3.6"), Some(Release(3, 6)));
        assert_eq!(Release::read("3.1-rc2"), Some(Release(3, 1)));
        assert_eq!(Release::read("master"), None);
        assert_eq!(Capabilities::of("master"), Capabilities::of("3.99"));
        assert_eq!(Capabilities::of("openbsd-7.8"), Capabilities::of("3.99"));
    }

    #[test]
    fn names_are_left_alone_where_they_can_be() {
        let name = b"a\tb\xff\\ \xc3\xbc\xc2\x85";
        assert_eq!(Capabilities::of("3.5a").name(name), &name[..]);
        assert_eq!(Capabilities::of("3.7").name(name), "a_b_\\ ü_");
    }

    #[test]
    fn names_are_decoded_where_they_were_encoded() {
        let old = Capabilities::of("3.1c");
        assert_eq!(old.sessions.given(br"a\\b"), r"a\\b");
        let middle = Capabilities::of("3.3a");
        assert_eq!(middle.sessions.given(br"a\\b"), r"a\b");
        assert_eq!(middle.windows.given(br"a\\b"), r"a\\b");
        assert_eq!(Capabilities::of("3.8").windows.given(br"a\\b"), r"a\b");
    }
}
