//! The terminal interface: drawing with ratatui, input with crossterm.
//!
//! Drawing never changes the state: it reads it and says what was drawn where. Captured text is drawn
//! cell by cell and can never act on the terminal.
#![allow(
    dead_code,
    unused_imports,
    reason = "the event loop that draws comes next"
)]

pub(crate) mod draw;
mod screens;
pub mod theme;
pub mod widgets;
pub(crate) mod words;

#[cfg(test)]
pub(crate) mod testing;
