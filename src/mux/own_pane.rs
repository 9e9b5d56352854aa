//! The pane that this process runs in.

use std::ffi::OsString;
use std::fmt;
use std::path::Path;

use super::MuxError;
use crate::model::snapshot::ServerIdentity;
use crate::model::tree::PaneId;

/// A variable of the environment by its name, for adapters: each multiplexer tells in its own ones
/// what is around a process.
pub type Variables<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The pane that a process runs in, of whichever server.
pub trait OwnPane: fmt::Debug + Send + Sync {
    /// Its handle, where it is one of this server.
    fn on(&self, server: &ServerIdentity) -> Option<PaneId>;

    /// Marks it as showing the interface, if this terminal is the pane's: in a popup the variables
    /// can be those of a pane that the popup is not.
    ///
    /// # Errors
    ///
    /// [`MuxError`] when the server cannot be told.
    fn mark(&self, terminal: &Path) -> Result<(), MuxError>;

    /// Takes the mark away, if it is the one of this process.
    ///
    /// # Errors
    ///
    /// [`MuxError`] when the server cannot be told.
    fn unmark(&self) -> Result<(), MuxError>;
}
