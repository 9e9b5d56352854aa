//! Why a file of muxtape's own is not used.

use std::io;
use std::path::{Path, PathBuf};

/// What lies at a path is not what muxtape would have put there; it was neither read nor changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} {why}", path.display())]
pub struct Refused {
    /// The file or directory.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: Why,
}

/// What is wrong with a file or directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Why {
    /// A link, where a file should be.
    #[error("is a link, and muxtape follows none to its own files")]
    Link,
    /// A directory, a pipe, a socket or a device, where a file should be.
    #[error("is not a regular file")]
    NotAFile,
    /// Something else, where a directory should be.
    #[error("is not a directory")]
    NotADirectory,
    /// It, or the link to it, belongs to another user.
    #[error("belongs to user {owner}")]
    Owner {
        /// That user.
        owner: u32,
        /// The user that muxtape runs as.
        user: u32,
    },
    /// Other users may write to the directory.
    #[error("may be written to by others (its mode is {mode:04o})")]
    OthersWrite {
        /// The directory's permissions.
        mode: u32,
    },
}

impl Refused {
    pub(super) fn new(path: &Path, why: Why) -> Self {
        let path = path.to_owned();
        Self { path, why }
    }

    /// What to do about it, as a sentence goes on behind the error.
    #[must_use]
    pub fn remedy(&self) -> String {
        let path = self.path.display();
        let otherwise = "or name another directory with --data-dir";
        match self.why {
            Why::Link | Why::NotAFile => format!("remove {path}, {otherwise}"),
            Why::NotADirectory => format!("move {path} away, {otherwise}"),
            Why::Owner { owner, user: 0 } => {
                format!("run muxtape as that user (sudo -u '#{owner}' muxtape …), {otherwise}")
            }
            Why::Owner { .. } => {
                format!("make it yours (sudo chown -R \"$USER\" {path}), {otherwise}")
            }
            Why::OthersWrite { .. } => format!("chmod go-w {path}, {otherwise}"),
        }
    }

    /// What was refused, if that is why an operation failed whose error went through [`io::Error`].
    #[must_use]
    pub fn find(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

/// Why something could not be done with a file or directory.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// It is not what muxtape would have put there.
    #[error("cannot {doing}: {refused}")]
    Refused {
        /// What was to be done.
        doing: &'static str,
        /// What is in the way.
        refused: Refused,
    },
    /// The system said no.
    #[error("cannot {doing} {}", path.display())]
    System {
        /// What was to be done.
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl FileError {
    /// For `map_err`: the system's error, with what was to be done with which file.
    pub(super) fn at<E: Into<io::Error>>(doing: &'static str, path: &Path) -> impl Fn(E) -> Self {
        move |source| FileError::System {
            doing,
            path: path.to_owned(),
            source: source.into(),
        }
    }

    /// The kind of the system's error; [`io::ErrorKind::Other`] for what was refused.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            FileError::Refused { .. } => io::ErrorKind::Other,
            FileError::System { source, .. } => source.kind(),
        }
    }

    /// Whether there is nothing of that name.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.kind() == io::ErrorKind::NotFound
    }
}

/// For callers that say themselves what they were doing with which file: the system's own error, or
/// one from which [`Refused::find`] gets what was refused.
impl From<FileError> for io::Error {
    fn from(error: FileError) -> Self {
        match error {
            FileError::System { source, .. } => source,
            FileError::Refused { refused, .. } => io::Error::other(refused),
        }
    }
}
