//! Portable files: snapshots with their texts, to be kept elsewhere or taken in by another store.
//!
//! A file begins with three lines that anybody can read: what it is, a description as JSON, and the
//! hash of both. Behind them stand texts and snapshots as frames like those of the store, numbered,
//! each text once and before the first snapshot that shows it. The last line is the BLAKE3 hash of
//! everything before it. So files that were cut, changed, extended or put together anew are told
//! from each other. docs/portable.md has the form to the byte.
//!
//! What comes in from a file is captured content of somebody else: it goes through a
//! [`Cleaner`](crate::store::Cleaner), and the store takes nothing but what came out of it.
//! Snapshots from files stand beside the line, as
//! [`Cause::Import`](crate::model::snapshot::Cause::Import) says.

mod clean;
mod description;
mod error;
mod form;
pub(super) mod fuzzing;
mod place;
mod read;
mod source;
mod take;
mod validate;
mod write;

#[cfg(test)]
pub(super) mod tests;

#[cfg(test)]
pub(super) use form::example;

pub use description::{Described, DescribedServer, DescribedSession, Description};
pub use error::PortableError;
pub use read::Portable;
pub use take::{Import, ImportOutcome, Imported};
pub use write::Exported;
