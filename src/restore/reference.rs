//! What is made by a plan, named by its place in it. Until a multiplexer has given numbers, these
//! are shown as `$s0`, `@t0`, `%p0`.

use std::fmt;

use serde::Serialize;

/// A session that is made: its place in [`super::Plan::sessions`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct SessionRef(pub u32);

/// A tab that is made: its place in [`super::Plan::tabs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct TabRef(pub u32);

/// A pane that is made: its place in [`super::Plan::panes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct PaneRef(pub u32);

/// Which row of the preview a step belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum About {
    /// That of a session.
    Session(SessionRef),
    /// That of a tab in a session.
    Tab(SessionRef, TabRef),
    /// That of a pane.
    Pane(PaneRef),
}

impl fmt::Display for SessionRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "$s{}", self.0)
    }
}

impl fmt::Display for TabRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@t{}", self.0)
    }
}

impl fmt::Display for PaneRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "%p{}", self.0)
    }
}
