//! `muxtape import`

use std::fs::File;
use std::io::{self, Cursor, Read, Seek};
use std::path::PathBuf;

use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::output::{Output, Role};
use crate::cli::views::{self, ListView, count};
use crate::files;
use crate::model::ansi::label;
use crate::model::snapshot::RedactionCount;
use crate::ops::OpsError;
use crate::store::{Description, ImportOutcome, Imported, Portable, PortableError};

/// The most that is read from a pipe, which has to be kept in memory, in bytes.
const MOST_PIPED: u64 = 256 << 20;

/// Import the snapshots of a portable file
///
/// The whole file is checked before anything is stored; then all of its snapshots are imported, or
/// none. Today's rules about secrets and about what is never recorded are applied to them. Ids are
/// kept if they are free, and existing snapshots stay as they are. Imported snapshots can be shown,
/// compared and restored like others. They are never `latest` nor offered for recovery, and
/// retention neither counts nor removes them. Find them by id or name, or with `muxtape list`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Import {
    /// A file made by `muxtape export`; - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Check the file and show what would be imported, changing nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Serialize)]
struct Answer {
    dry_run: bool,
    file: String,
    /// The version of muxtape that wrote the file.
    exported_by: String,
    exported_at: String,
    /// How many were stored, or would be.
    imported: usize,
    /// How many were there.
    already_there: usize,
    snapshots: Vec<ImportView>,
}

#[derive(Debug, Serialize)]
struct ImportView {
    #[serde(flatten)]
    list: ListView,
    /// `new`, `new_under_another_id`, `already_there`, `in_trash`, `nothing_left`.
    outcome: &'static str,
    /// Its id in the file.
    id_in_file: String,
    /// Why it was made, where it comes from.
    original_cause: String,
    /// The name that it lost.
    unnamed: Option<String>,
    /// What was taken out of it now.
    redacted_now: Vec<RedactionCount>,
}

/// What can be read from anywhere in it.
trait Bytes: Read + Seek {}

impl<T: Read + Seek> Bytes for T {}

impl Import {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        // A broken rule is said before the file is read.
        context.host.redactor()?;
        let told = |error| self.told(error);
        let mut file = Portable::open(self.bytes()?).map_err(told)?;
        let imported = context.host.import(&mut file, &self.file, self.dry_run);
        let imported = imported.map_err(|error| match error {
            OpsError::Portable(error) => self.told(error),
            error => error.into(),
        })?;
        let answer = self.answer(file.description(), &imported);
        context
            .output
            .answer("import", &answer, |out| self.lines(&imported, out))?;
        Ok(Exit::Ok)
    }

    fn bytes(&self) -> Result<Box<dyn Bytes>, CliError> {
        let refused = |error: io::Error| {
            let code = match error.kind() {
                io::ErrorKind::NotFound => Exit::NotFound,
                _ => Exit::Failed,
            };
            CliError::new(code, format!("could not read {}: {error}", self.name()))
        };
        if self.file.as_os_str() == "-" {
            return self.piped(io::stdin().lock());
        }
        let file = File::open(&self.file).map_err(refused)?;
        let kind = file.metadata().map_err(refused)?.file_type();
        if kind.is_file() {
            Ok(Box::new(file))
        } else if kind.is_dir() {
            Err(refused(io::ErrorKind::IsADirectory.into()))
        } else {
            self.piped(file)
        }
    }

    fn piped(&self, from: impl Read) -> Result<Box<dyn Bytes>, CliError> {
        match files::read_at_most(from, MOST_PIPED) {
            Ok(bytes) => Ok(Box::new(Cursor::new(bytes))),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                let most = views::bytes(MOST_PIPED);
                let message = format!("{} has more than {most}", self.name());
                Err(CliError::new(Exit::Failed, message).hint("write it to a file first"))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What the file is called before people.
    fn name(&self) -> String {
        if self.file.as_os_str() == "-" {
            "standard input".to_owned()
        } else {
            self.file.display().to_string()
        }
    }

    fn told(&self, error: PortableError) -> CliError {
        let message = format!("could not import {}: {error}", self.name());
        let hint = match error {
            PortableError::Store(error) => return error.into(),
            PortableError::Foreign => {
                "`muxtape export` makes such files; those of other programs cannot be imported"
            }
            PortableError::Newer { .. } => "import it with that version of muxtape",
            PortableError::Io { .. } => "nothing was changed",
            PortableError::Cut { .. } => "copy or export it again; nothing was changed",
            _ => "use another copy of it, or export it again; nothing was changed",
        };
        CliError::new(Exit::Failed, message).hint(hint)
    }

    fn answer(&self, description: &Description, imported: &[Imported]) -> Answer {
        let there = |one: &&Imported| one.outcome == ImportOutcome::There;
        Answer {
            dry_run: self.dry_run,
            file: self.file.display().to_string(),
            exported_by: description.muxtape.clone(),
            exported_at: description.exported_at.clone(),
            imported: imported.iter().filter(|one| one.is_new()).count(),
            already_there: imported.iter().filter(there).count(),
            snapshots: imported.iter().map(ImportView::new).collect(),
        }
    }

    fn lines(&self, imported: &[Imported], out: &Output) -> Vec<String> {
        let mut lines: Vec<String> = imported.iter().map(|one| line(one, out)).collect();
        let new = imported.iter().filter(|one| one.is_new()).count();
        let all = count(imported.len() as u64, "snapshot");
        lines.push(match (self.dry_run, new) {
            (_, 0) => format!("{all}: nothing to import"),
            (true, new) => format!("{all}: {new} would be imported"),
            (false, new) => format!("{all}: {new} imported"),
        });
        lines
    }
}

impl ImportView {
    fn new(one: &Imported) -> Self {
        Self {
            list: ListView::new(&one.meta),
            outcome: match one.outcome {
                ImportOutcome::New => "new",
                ImportOutcome::NewUnderAnotherId => "new_under_another_id",
                ImportOutcome::There => "already_there",
                ImportOutcome::InTrash => "in_trash",
                ImportOutcome::NothingLeft => "nothing_left",
            },
            id_in_file: one.from.to_string(),
            original_cause: one.made.to_string(),
            unnamed: one.unnamed.clone(),
            redacted_now: one.redactions.clone(),
        }
    }
}

/// What became of a snapshot, for people.
fn line(one: &Imported, out: &Output) -> String {
    let meta = &one.meta;
    let id = out.paint(Role::Strong, &meta.id.short());
    let made = views::rfc3339(meta.time);
    let host = label(meta.host.as_bytes());
    let mut line = format!("{id}  {made}  {}  {host}", one.made);
    if let Some(name) = &meta.name {
        line.push_str(&format!("  {}", label(name.as_bytes())));
    }
    if meta.partial {
        line.push_str("  partial");
    }
    let note = match one.outcome {
        ImportOutcome::New => None,
        ImportOutcome::NewUnderAnotherId => Some(format!(
            "has a new id: another one has {}, or it is of the future",
            one.from.short()
        )),
        ImportOutcome::There => Some("is there already".to_owned()),
        ImportOutcome::InTrash => Some(format!(
            "is in the trash: muxtape trash restore {}",
            meta.id.short()
        )),
        ImportOutcome::NothingLeft => Some("nothing of it may be recorded here".to_owned()),
    };
    if let Some(note) = note {
        line.push_str(&format!("  {}", out.paint(Role::Faint, &note)));
    }
    if let Some(name) = &one.unnamed {
        let name = label(name.as_bytes());
        let note = format!("its name is taken: {name}");
        line.push_str(&format!("  {}", out.paint(Role::Changed, &note)));
    }
    let hidden: u32 = one.redactions.iter().map(|rule| rule.count).sum();
    if hidden > 0 {
        let note = format!("{} taken out", count(hidden.into(), "secret"));
        line.push_str(&format!("  {}", out.paint(Role::Changed, &note)));
    }
    line
}
