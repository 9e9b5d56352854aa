//! What command line, interface and recorder share: the operations on a [`Host`], results in the
//! words of the journal, and the signs of life of a recorder.
//!
//! A front end asks the host for an operation and shows what came of it; it never assembles one
//! itself. Operations note in the journal what they did.

pub mod beat;
mod capture;
mod compare;
mod edit;
mod error;
mod event;
mod host;
mod maintenance;
mod new_file;
mod privacy;
mod recheck;
mod recovery;
mod restore;
mod socket;
pub mod tell;
#[cfg(test)]
pub(crate) mod testing;
mod transfer;

pub use capture::{CaptureNow, CapturedNow};
pub use compare::LoadedState;
pub use edit::Edited;
pub use error::OpsError;
pub use event::RecorderEvent;
pub use host::{Host, Machine};
pub use new_file::Existing;
pub use recheck::{OtherFiles, Rechecked};
pub use restore::{RestoreUndone, Reversible, ReversibleKind};
pub use socket::Socket;
pub use transfer::Destination;
