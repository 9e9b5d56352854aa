//! What a multiplexer calls its sessions, tabs and panes while its server lives.
//!
//! A handle is opaque: whether two are the same means something to everybody, what is in one only
//! to the adapter that made it (tmux: the number behind `$`, `@` or `%`). A handle names one thing
//! of a server place, is valid within one life, and part of no digest.

use serde::{Deserialize, Serialize};

macro_rules! handle {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub struct $name(u64);

        impl $name {
            /// The handle for a number of the multiplexer's own. For adapters.
            #[must_use]
            pub const fn of(number: u64) -> Self {
                Self(number)
            }

            /// The number that [`Self::of`] was given. For the adapter that did.
            #[must_use]
            pub const fn number(self) -> u64 {
                self.0
            }
        }
    };
}

handle! {
    /// A session (tmux: `$3`).
    SessionId
}
handle! {
    /// A tab (tmux: `@3`).
    TabId
}
handle! {
    /// A pane (tmux: `%3`).
    PaneId
}

/// A pane within one life: a pane whose process was replaced is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PaneHandle {
    /// The multiplexer's own name for it.
    pub id: PaneId,
    /// The process that the pane was made for, where the multiplexer tells.
    pub pid: Option<i32>,
}
