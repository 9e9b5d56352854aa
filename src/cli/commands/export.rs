//! `muxtape export`

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::views::{self, ListView};
use crate::model::SnapshotId;
use crate::ops::{Destination, Existing, OpsError};
use crate::store::{Exported, PortableError};

/// Write snapshots to a portable file
///
/// With all their texts, for `muxtape import` on another machine or at another time. Everything is
/// verified while it is read; what is damaged is not exported. The file begins with lines that
/// anybody can read; it holds no secrets that the rules found when the snapshots were made. Rules
/// that were added later are applied by `muxtape redact --recheck` first.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Export {
    /// The snapshots: ids, names, latest, latest~3, @2h; all but ids mean the server that -L, -S or
    /// $TMUX name
    #[arg(required = true, value_name = "SNAP")]
    snaps: Vec<String>,
    /// The file; - for standard output
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Serialize)]
struct ExportAnswer {
    file: String,
    bytes: u64,
    texts: u64,
    snapshots: Vec<ListView>,
}

impl Export {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let metas = context.find_all(&self.snaps)?;
        let ids: Vec<SnapshotId> = metas.iter().map(|meta| meta.id).collect();
        let to_stdout = self.file.as_os_str() == "-";
        let done = if to_stdout {
            match self.to_stdout(context, &ids)? {
                Some(done) => Ok(done),
                // Whoever read has seen enough.
                None => return Ok(Exit::Ok),
            }
        } else {
            let existing = match self.force {
                true => Existing::Replace,
                false => Existing::Keep,
            };
            let to = Destination::File(&self.file, existing);
            context
                .host
                .export(&ids, to)
                .map_err(|error| self.told(error))
        }?;
        let lines = told(&done, &self.file.display().to_string());
        if to_stdout {
            lines.iter().for_each(|line| context.output.say(line));
            return Ok(Exit::Ok);
        }
        let answer = ExportAnswer {
            file: self.file.display().to_string(),
            bytes: done.bytes,
            texts: done.texts,
            snapshots: done.snapshots.iter().map(ListView::new).collect(),
        };
        context.output.answer("export", &answer, |_| lines)?;
        Ok(Exit::Ok)
    }

    /// Nothing where whoever read it went away.
    fn to_stdout(
        &self,
        context: &Context,
        ids: &[SnapshotId],
    ) -> Result<Option<Exported>, CliError> {
        let mut out = io::stdout().lock();
        if out.is_terminal() {
            let message = "a portable file is not for a terminal";
            return Err(CliError::new(Exit::Usage, message).hint("name a file, or use a pipe"));
        }
        if context.output.json() {
            let message = "the file and the answer cannot both go to standard output";
            return Err(
                CliError::new(Exit::Usage, message).hint("name a file, or leave out --json")
            );
        }
        match context.host.export(ids, Destination::Stream(&mut out)) {
            Err(OpsError::Portable(PortableError::Io { source, .. }))
                if source.kind() == io::ErrorKind::BrokenPipe =>
            {
                Ok(None)
            }
            exported => Ok(Some(exported.map_err(|error| self.told(error))?)),
        }
    }

    fn told(&self, error: OpsError) -> CliError {
        let file = match self.file.as_os_str() == "-" {
            true => "standard output".into(),
            false => self.file.display().to_string(),
        };
        let error = match error {
            OpsError::Portable(PortableError::Io { source, .. })
            | OpsError::File { source, .. } => source,
            OpsError::Portable(PortableError::Store(_)) => return error.into(),
            OpsError::Portable(error) => {
                let message = format!("could not export to {file}: {error}");
                return CliError::new(Exit::Failed, message).hint(match error {
                    PortableError::Changed { .. } => "try again",
                    _ => "export fewer snapshots, or others",
                });
            }
            error => return error.into(),
        };
        match error.kind() {
            io::ErrorKind::AlreadyExists => {
                let message = format!("{file} is there already, and was not changed");
                CliError::new(Exit::Refused, message)
                    .hint("name another file, or replace it with --force")
            }
            kind => {
                let message = format!("could not write {file}: {error}");
                CliError::new(Exit::Failed, message).hint(match kind {
                    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                        "make room on that disk, or name a file on another one"
                    }
                    io::ErrorKind::FileTooLarge => {
                        "raise the limit on the size of files (ulimit -f), or export fewer snapshots"
                    }
                    io::ErrorKind::NotFound => "make the directory first",
                    _ => "name another file",
                })
            }
        }
    }
}

fn told(done: &Exported, file: &str) -> Vec<String> {
    let snapshots = views::count(done.snapshots.len() as u64, "snapshot");
    let texts = views::count(done.texts, "text");
    let bytes = views::bytes(done.bytes);
    let mut lines = vec![format!("{snapshots}, {texts}, {bytes}: {file}")];
    let partial = done.snapshots.iter().filter(|meta| meta.partial);
    lines.extend(partial.map(|meta| {
        let id = meta.id.short();
        format!("{id} is partial: it holds a part of what there was")
    }));
    lines
}
