//! The interface without a terminal: state, messages, effects, key map.
//!
//! [`update()`] is the only way in which the state changes. It does no I/O, reads no clock, starts
//! nothing and knows nothing of the terminal; what is to be done comes out as [`Effect`]s, which
//! are data, and comes back as [`Msg::Answer`]. So every transition can be tested as a function.

pub mod effect;
pub mod figures;
pub mod input;
pub mod keys;
pub mod library;
pub mod light;
pub mod list;
pub mod mouse;
pub mod msg;
pub mod overlay;
#[cfg(test)]
pub(crate) mod rig;
pub mod rows;
#[cfg(test)]
pub(crate) mod samples;
pub mod screens;
mod scrub;
pub mod shared;
pub mod state;
#[cfg(test)]
mod tests;
pub mod theme;
mod turn;
mod update;
pub mod upkeep;
pub mod words;

pub use effect::Effect;
pub use msg::Msg;
pub use screens::Screen;
pub use shared::{Cx, Shared};
pub use state::State;
pub use update::update;
