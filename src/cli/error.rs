//! Errors as a user meets them: what happened, what to do, and the exit code.

use std::error::Error;
use std::process::ExitCode;

use crate::capture::CaptureError;
use crate::config::{ConfigError, PathsError};
use crate::files::{FileError, Refused};
use crate::model::target::{InvalidSnapRef, InvalidTarget};
use crate::mux::MuxError;
use crate::ops::OpsError;
use crate::ops::tell::with_causes;
use crate::redact::{RedactSettings, Redactor, Tally};
use crate::restore::{RestoreError, RulesError};
use crate::store::{PortableError, StoreError};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Exit {
    /// It did what was asked.
    Ok = 0,
    /// It failed, or (`diff --exit-code`) there is a difference.
    Failed = 1,
    /// It was asked in a way that it does not understand.
    Usage = 2,
    /// What was named is not there, or there is nothing to do.
    NotFound = 3,
    /// A restore was done in part.
    Partial = 4,
    /// It needs `--yes` or another policy.
    Refused = 5,
    /// The recorder is not running, or is running already.
    NoDaemon = 6,
    /// The store is locked, damaged, or cannot be used.
    Store = 7,
    /// The user interrupted it.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// An error with what to do about it.
#[derive(Debug)]
pub(super) struct CliError {
    /// The exit code.
    pub(super) code: Exit,
    /// What happened, to what, and why.
    pub(super) message: String,
    /// What to do.
    pub(super) hint: Option<String>,
}

impl CliError {
    /// An error with this exit code and message.
    pub(super) fn new(code: Exit, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: None,
        }
    }

    /// The error with a hint.
    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// The error without what the rules for secrets find in it: names from a living server may be
    /// in it, and whoever started the command may keep what it says.
    pub(super) fn without_secrets(self, rules: &RedactSettings) -> Self {
        // Where the rules are broken, that is what the error says.
        let Ok(redactor) = Redactor::new(rules) else {
            return self;
        };
        let clean = |text: &str| redactor.words(text, &mut Tally::default()).into_inner();
        Self {
            code: self.code,
            message: clean(&self.message),
            hint: self.hint.as_deref().map(clean),
        }
    }

    /// An error of another room, with its causes.
    pub(super) fn caused(code: Exit, error: &(dyn Error + 'static)) -> Self {
        let hint = refused(error).map(Refused::remedy);
        Self {
            hint,
            ..Self::new(code, with_causes(error))
        }
    }
}

/// What muxtape would not use for a file of its own, if that is the cause.
fn refused<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Refused> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let found = match error.downcast_ref() {
            Some(FileError::Refused { refused, .. }) => Some(refused),
            _ => error.downcast_ref().and_then(Refused::find),
        };
        if found.is_some() {
            return found;
        }
        cause = error.source();
    }
    None
}

impl From<PathsError> for CliError {
    fn from(error: PathsError) -> Self {
        Self::caused(Exit::Failed, &error)
            .hint("set HOME, or name the places with --data-dir and --config")
    }
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> Self {
        Self::caused(Exit::Failed, &error).hint("mend the file, or use another one with --config")
    }
}

impl From<RulesError> for CliError {
    fn from(error: RulesError) -> Self {
        Self::caused(Exit::Failed, &error)
            .hint("mend or remove the file; `muxtape config validate` checks it")
    }
}

impl From<InvalidSnapRef> for CliError {
    fn from(error: InvalidSnapRef) -> Self {
        Self::caused(Exit::Usage, &error)
            .hint("name a snapshot by id, name, latest~N or @2h; `muxtape list` shows them")
    }
}

impl From<InvalidTarget> for CliError {
    fn from(error: InvalidTarget) -> Self {
        Self::caused(Exit::Usage, &error)
    }
}

impl From<crate::model::moment::InvalidMoment> for CliError {
    fn from(error: crate::model::moment::InvalidMoment) -> Self {
        Self::caused(Exit::Usage, &error)
    }
}

impl From<std::io::Error> for CliError {
    fn from(error: std::io::Error) -> Self {
        Self::caused(Exit::Failed, &error)
    }
}

impl From<MuxError> for CliError {
    fn from(error: MuxError) -> Self {
        let made = Self::caused(Exit::Failed, &error);
        match &error {
            MuxError::NotInstalled { .. } => made.hint(
                "install it (Debian: sudo apt-get install tmux, macOS: brew install tmux); what was recorded can still be read: muxtape list",
            ),
            MuxError::NoServer { .. } => Self { code: Exit::NotFound, ..made }.hint(
                "start tmux, or name its socket with -L NAME or -S PATH; what was recorded can still be read: muxtape list",
            ),
            MuxError::TooOld { .. } => made.hint("install a newer version"),
            MuxError::Timeout { .. } => made.hint("is it stopped or very busy? Try again"),
            _ => made,
        }
    }
}

impl From<CaptureError> for CliError {
    fn from(error: CaptureError) -> Self {
        match error {
            CaptureError::Mux(error) => error.into(),
            CaptureError::NoSession { .. } => {
                Self::caused(Exit::NotFound, &error).hint("`tmux ls` lists them")
            }
            CaptureError::Excluded { .. } => Self::caused(Exit::Refused, &error)
                .hint("`muxtape config show` has these settings; nothing was stored"),
            other => Self::caused(Exit::Failed, &other).hint("nothing was stored; try again"),
        }
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        let code = match &error {
            StoreError::NoStore { .. } | StoreError::NotFound { .. } => Exit::NotFound,
            StoreError::Ambiguous { .. } | StoreError::BadName { .. } => Exit::Usage,
            StoreError::NameTaken { .. } | StoreError::UndoPointName { .. } => Exit::Refused,
            StoreError::MissingContents { .. } | StoreError::Invalid(_) => Exit::Failed,
            _ => Exit::Store,
        };
        let hint = hint(&error);
        CliError {
            hint,
            ..Self::caused(code, &error)
        }
    }
}

/// What to do about an error of the store.
fn hint(error: &StoreError) -> Option<String> {
    Some(match error {
        StoreError::NoStore { .. } => {
            "nothing has been recorded yet; `muxtape create` makes the first snapshot".to_owned()
        }
        StoreError::NotFound { suggestions, .. } if suggestions.is_empty() => {
            "`muxtape list` shows what there is".to_owned()
        }
        StoreError::NotFound { suggestions, .. } => {
            format!("did you mean {}?", suggestions.join(", "))
        }
        StoreError::Ambiguous { candidates, .. } => {
            let ids: Vec<String> = candidates.iter().map(ToString::to_string).collect();
            format!("write more of the id: {}", ids.join(", "))
        }
        StoreError::NameTaken { by, .. } => {
            format!("use another name, or free this one: muxtape rename {}", by.short())
        }
        StoreError::BadName { .. } => {
            "use a name of one line that is not live, latest or @…, which mean something else".to_owned()
        }
        StoreError::Busy { .. } => "try again in a moment; nothing was changed".to_owned(),
        StoreError::Newer { .. } => {
            "install that version of muxtape, or use another store with --data-dir; nothing was changed".to_owned()
        }
        StoreError::Older { .. } => {
            "run `muxtape migrate` as somebody who may write there; nothing was changed".to_owned()
        }
        StoreError::Emptied { file } => format!(
            "bring {} back from a backup, or move the directory away to start a new store",
            file.display()
        ),
        StoreError::Damaged { .. } => {
            "`muxtape verify` tells what is damaged, and with --repair brings back what it can; snapshots that are whole can still be used".to_owned()
        }
        StoreError::AllCopiesDamaged { .. } => {
            "nothing was changed; bring the file back from a copy of your own, or move the directory away to start a new store".to_owned()
        }
        StoreError::NoSpace { .. } => {
            "what was recorded is safe; make room on that disk, or in the store: `muxtape prune` and `muxtape delete`, then `muxtape trash empty`, work on a full disk".to_owned()
        }
        StoreError::FileLimit { .. } => {
            "what was recorded is safe; raise the limit (ulimit -f), or make the store smaller: `muxtape prune`, `muxtape compact`".to_owned()
        }
        StoreError::Hollow { file, .. } => format!(
            "move {} away, or use another place with --data-dir; nothing was changed",
            file.display()
        ),
        StoreError::UndoPointName { .. } => {
            "use the id, or give it a tag; pin it to keep it".to_owned()
        }
        StoreError::Permission { .. } => {
            "give yourself the permission, or use another place with --data-dir".to_owned()
        }
        StoreError::WrongOwner { path, .. } => format!(
            "make it yours (sudo chown -R \"$USER\" {}), or use another place with --data-dir",
            path.display()
        ),
        StoreError::Refused { refused, .. } => refused.remedy(),
        StoreError::ReadOnly { .. } => {
            "mount it for writing, or use another place with --data-dir; what was recorded can still be read".to_owned()
        }
        StoreError::NoDirectory { .. } => {
            "name a directory with --data-dir or MUXTAPE_DATA_DIR; it is made where it is missing".to_owned()
        }
        StoreError::Disk { .. } => {
            "copy the store to another disk while it can be read, and look into the system's log; `muxtape verify` tells what is damaged".to_owned()
        }
        StoreError::NetworkFileSystem { .. } => {
            "keep it on a disk of this machine: --data-dir DIR or MUXTAPE_DATA_DIR; at your own risk, `network = true` under [store] in the settings allows it".to_owned()
        }
        StoreError::NotKept { why, .. } => return hint(why),
        StoreError::SpoolFull { .. } => {
            "make the store writable again; the next command takes in what waits".to_owned()
        }
        StoreError::NotAStore { file, .. } => format!(
            "move {} away, or use another place with --data-dir; nothing was changed",
            file.display()
        ),
        StoreError::TooLarge { .. } => {
            "keep less scrollback: history_limit in the settings".to_owned()
        }
        _ => return None,
    })
}

impl From<RestoreError> for CliError {
    fn from(error: RestoreError) -> Self {
        match error {
            RestoreError::Mux(error) => error.into(),
            RestoreError::Store(error) => error.into(),
            RestoreError::NoUndoPoint => CliError::caused(Exit::Refused, &error),
            RestoreError::Changed => {
                CliError::caused(Exit::Refused, &error).hint("run it again: it shows the new plan")
            }
            RestoreError::Nothing => CliError::caused(Exit::NotFound, &error),
            _ => CliError::caused(Exit::Failed, &error),
        }
    }
}

impl From<OpsError> for CliError {
    fn from(error: OpsError) -> Self {
        match error {
            OpsError::Capture(error) => error.into(),
            OpsError::Store(error) | OpsError::Portable(PortableError::Store(error)) => {
                error.into()
            }
            OpsError::Mux(error) => error.into(),
            OpsError::Restore(error) => error.into(),
            OpsError::Programs(error) => error.into(),
            OpsError::NoTag { .. } => Self::caused(Exit::NotFound, &error)
                .hint("`muxtape show SNAP` names the tags of a snapshot; nothing was changed"),
            OpsError::NoSession => Self::caused(Exit::NotFound, &error)
                .hint("start one with tmux, or name the server's socket with -L or -S"),
            OpsError::Redaction { ref file, .. } => {
                let hint = format!("mend it in {}", file.display());
                Self::caused(Exit::Failed, &error).hint(hint)
            }
            _ => Self::caused(Exit::Failed, &error),
        }
    }
}
