//! Parts of screens: each draws model values into a piece of a ratatui buffer and knows nothing of
//! the screen that it is on.

pub mod dialog;
pub mod frame;
pub mod progress;
pub mod screen;
pub mod sidebyside;
pub mod slider;
pub mod spark;
pub mod text;
pub mod thumb;
pub mod tree;
