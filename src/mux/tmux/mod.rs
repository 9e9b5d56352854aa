//! The tmux adapter.
//!
//! Everything goes through plain clients: `tmux -u … source-file -`, commands on standard input,
//! answers on standard output. The socket's own protocol is never spoken: it differs between
//! versions, and one malformed message kills the server. Targets are always ids or exact names.

mod client;
pub mod command;
pub mod layout;
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the observation that needs all of it follows")
)]
mod netstring;

pub use client::{Reply, Tmux};
