//! `muxtape export`

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::new_file::{self, Existing};
use crate::cli::views::{self, ListView};
use crate::journal::Event;
use crate::model::SnapshotId;
use crate::store::{Exported, PortableError};

/// Write snapshots to a portable file
///
/// With all their texts, for `muxtape import` on another machine or at another time. Everything is verified while it is
/// read; what is damaged is not exported. The file begins with lines that anybody can read; it holds no secrets that the
/// rules found when the snapshots were made. Rules that were added later are applied by `muxtape redact --recheck` first.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Export {
    /// The snapshots: ids, names, latest, latest~3, @2h
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
struct Answer {
    file: String,
    bytes: u64,
    texts: u64,
    snapshots: Vec<ListView>,
}

/// Why nothing was exported.
enum Failure {
    Export(PortableError),
    File(io::Error),
}

impl From<PortableError> for Failure {
    fn from(error: PortableError) -> Self {
        Failure::Export(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::File(error)
    }
}

impl Export {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let named = self.snaps.iter().map(|snap| context.find(snap, None));
        let metas = named.collect::<Result<Vec<_>, _>>()?;
        let ids = views::each_once(metas.iter().map(|meta| meta.id));
        let to_stdout = self.file.as_os_str() == "-";
        let done = if to_stdout {
            self.to_stdout(context, &ids)
        } else {
            let existing = if self.force {
                Existing::Replace
            } else {
                Existing::Keep
            };
            let write =
                |out: &mut dyn Write| Ok(context.store().export(&ids, context.now(), out)?);
            new_file::write(&self.file, existing, context.random()?, write)
                .map_err(|failure| self.told(failure))
        }?;
        context.note(|teller| {
            vec![Event::SnapshotsExported {
                snapshots: done.snapshots.iter().map(|meta| meta.id).collect(),
                file: teller.text(self.file.as_os_str().as_encoded_bytes()),
            }]
        });
        let lines = told(&done, &self.file.display().to_string());
        if to_stdout {
            lines.iter().for_each(|line| context.output.say(line));
            return Ok(Exit::Ok);
        }
        let answer = Answer {
            file: self.file.display().to_string(),
            bytes: done.bytes,
            texts: done.texts,
            snapshots: done.snapshots.iter().map(ListView::new).collect(),
        };
        context.output.answer("export", &answer, |_| lines)?;
        Ok(Exit::Ok)
    }

    fn to_stdout(&self, context: &Context, ids: &[SnapshotId]) -> Result<Exported, CliError> {
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
        let exported = context.store().export(ids, context.now(), &mut out);
        exported.map_err(|error| self.told(error.into()))
    }

    fn told(&self, failure: Failure) -> CliError {
        let file = self.file.display();
        let error = match failure {
            Failure::Export(PortableError::Store(error)) => return error.into(),
            Failure::Export(PortableError::Io { source, .. }) | Failure::File(source) => source,
            Failure::Export(error) => {
                let message = format!("could not export to {file}: {error}");
                return CliError::new(Exit::Failed, message).hint(match error {
                    PortableError::Changed { .. } => "try again",
                    _ => "export fewer snapshots, or others",
                });
            }
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
