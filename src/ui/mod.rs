//! The terminal interface: drawing with ratatui, input with crossterm.
//!
//! Drawing never changes the state: it reads it and says what was drawn where. Captured text is
//! drawn cell by cell and can never act on the terminal.

mod caring;
mod context;
pub(crate) mod draw;
mod event_loop;
mod events;
mod input;
mod jobs;
mod overlays;
mod recording;
mod screens;
mod terminal;
pub mod theme;
mod watch;
pub mod widgets;
mod worker;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use context::{Closing, Context, Outcome, Start, UiError};
pub use event_loop::run;
