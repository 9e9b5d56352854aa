//! Why a program is typed and not entered.

/// What is not known of a command line that would have to be known before it is entered by itself.
/// Names in it are made for showing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Doubt {
    /// No rule allows the program.
    #[error("{program} is not on the list of programs that are started by themselves")]
    NotListed {
        /// Its name.
        program: String,
    },
    /// Its rule does not name an argument.
    #[error("{word:?} is not among the arguments of {program} that are known to be harmless")]
    Word {
        /// Its name.
        program: String,
        /// The argument.
        word: String,
    },
    /// It may run something that is never started.
    #[error("its arguments name a program that is never started")]
    NamesNever,
    /// There is a file that it may read by itself.
    #[error("it may act on {path}")]
    Reads {
        /// The file.
        path: String,
    },
    /// Its directory was not looked at.
    #[error("{path} was not looked at")]
    Unseen {
        /// The directory.
        path: String,
    },
    /// The names in a directory could not all be read.
    #[error("the names in {path} cannot all be read")]
    Unlisted {
        /// The directory.
        path: String,
    },
    /// An argument names no plain file.
    #[error("{path} is not a regular file")]
    NoFile {
        /// The argument.
        path: String,
    },
    /// It would be started in another directory.
    #[error("its directory {path} is gone")]
    OtherDirectory {
        /// Where it ran.
        path: String,
    },
    /// Its name is a path from the directory that it is started in.
    #[error("{path} is a program of the directory that it is started in")]
    RelativeName {
        /// The name.
        path: String,
    },
    /// A shell would find a program of this name in whatever directory it is in.
    #[error("PATH has a relative directory before the one of {program}")]
    RelativePath {
        /// The name.
        program: String,
    },
    /// The search path has no program of this name.
    #[error("{program} is not in PATH")]
    NotInPath {
        /// The name.
        program: String,
    },
    /// A path names another program than its last part does.
    #[error("{path} is not the {program} of PATH")]
    OtherFile {
        /// The path.
        path: String,
        /// Its last part.
        program: String,
    },
    /// Others could have put the program there.
    #[error("others may write {path}")]
    OpenToOthers {
        /// The file or directory that they may write, or that is theirs.
        path: String,
    },
    /// The snapshot sets a variable of which it is not known what it does to the program.
    #[error("the snapshot sets the variable {name}")]
    Variable {
        /// Its name.
        name: String,
    },
}
