//! What failed first in the file that a thread works with: the database only says that something
//! did.

use std::cell::Cell;
use std::io;

/// What failed in a file.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) enum Failure {
    /// The system, by its number.
    System(i32),
    /// A page, by its number, that is not what was written.
    Page(u64),
}

thread_local! {
    /// The first failure of the file that this thread opened last.
    pub(in crate::store) static FAILED: Cell<Option<Failure>> = const { Cell::new(None) };
}

/// What failed first in the file that this thread opened last. The database only says that
/// something did where the failure came at a moment when it could not tell of it.
pub(in crate::store) fn first_failure() -> Option<io::Error> {
    FAILED.get().map(|failure| match failure {
        Failure::System(number) => io::Error::from_raw_os_error(number),
        Failure::Page(number) => damaged(number),
    })
}

/// Page numbers are those of 4 KiB, counted from 0.
pub(in crate::store) fn damaged(page: u64) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, DamagedPage(page))
}

/// A page that is not what was written.
#[derive(Debug, thiserror::Error)]
#[error("page {0} is not what was written")]
pub(in crate::store) struct DamagedPage(u64);
