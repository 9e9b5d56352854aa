//! The recorder: looks at a server once a second, captures what changed, and keeps the history
//! within its bounds.
//!
//! The same loop runs as the interface's background task and as `muxtape daemon run`; a lock makes
//! sure that only one records into a store at a time. It never stalls the multiplexer, never stores
//! an unchanged state, and goes on after every failure.

mod decision;
mod failures;
mod housekeeping;
mod instance;
mod lives;
mod maintenance;
mod recorder;
mod service;
mod settings;

pub use instance::{Instance, InstanceError};
pub use recorder::Recorder;
pub use service::{Handle, spawn};
