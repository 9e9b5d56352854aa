//! The interface without a terminal: state, messages, effects, key map.
//!
//! [`update()`] is the only way in which the state changes. It does no I/O, reads no clock, starts
//! nothing and knows nothing of the terminal; what is to be done comes out as [`Effect`]s, which are
//! data, and comes back as [`Msg::Answer`]. So every transition can be tested as a function.

mod answers;
pub mod effect;
pub mod input;
pub mod keys;
pub mod library;
pub mod msg;
pub mod overlay;
mod prompt;
#[cfg(test)]
pub(crate) mod rig;
pub mod rows;
#[cfg(test)]
pub(crate) mod samples;
pub mod screens;
mod scrub;
pub mod state;
pub mod tell;
#[cfg(test)]
mod tests;
mod turn;
mod update;
pub mod upkeep;
pub mod words;

pub use effect::Effect;
pub use msg::Msg;
pub use screens::Screen;
pub use state::{Cx, Shared, State};
pub(crate) use update::plural;
pub use update::update;
