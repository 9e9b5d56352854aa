//! What the mouse does, and what of the screen it meets.

use super::keys::Action;

/// What the mouse did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MouseKind {
    /// A click.
    Click,
    /// The second click of two at the same place.
    DoubleClick,
    /// Moved with the button held.
    Drag,
    /// The wheel, away from the user.
    ScrollUp,
    /// The wheel, towards the user.
    ScrollDown,
}

/// What the mouse met: drawing notes it beside every part of the screen that can be pointed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MouseTarget {
    /// A row of the screen's list, by its place in the whole list.
    Row(usize),
    /// The list itself, where it has no row.
    List,
    /// The slider, at this column of `width`.
    Slider {
        /// The column, from 0.
        column: u16,
        /// Columns in all.
        width: u16,
    },
    /// A pane in a drawing of a tab, by its index.
    Pane(u32),
    /// A tab, by its index.
    Tab(u32),
    /// Text that can be scrolled.
    Text,
    /// Something that does what an action does: a hint in the footer, a view in the header.
    Action(Action),
}
