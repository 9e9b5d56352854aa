//! `muxtape redact`

mod recheck;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::output::Role;
use crate::cli::views::count;
use crate::files;
use crate::model::ansi;
use crate::model::snapshot::RedactionCount;
use crate::redact::Tally;

/// Show what would be taken out of a text, or take it out of everything that was recorded
///
/// With --test, a text is read as if a pane had shown it, with the rules that hold now; nothing is
/// written.
///
/// With --recheck, the rules of now, and what is never to be recorded, hold for the past as well:
/// the whole history, the trash included, is looked through and written anew without what they
/// find. There is no way back. Older files of the store, which migrations and repairs keep, are
/// named and removed if you say so. Copies that you or the system made, snapshots of file systems
/// and blocks that a disk has not used again are out of reach.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Redact {
    /// The file to read; `-` for standard input
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "recheck",
        conflicts_with = "recheck"
    )]
    test: Option<PathBuf>,
    /// Take out of the history what the rules find today, for good
    #[arg(long)]
    recheck: bool,
    /// Say what would be taken out of the history, and change nothing
    #[arg(long, requires = "recheck", conflicts_with = "test")]
    dry_run: bool,
}

#[derive(Debug, Serialize)]
struct RedactAnswer {
    /// Secrets in all.
    total: u32,
    redactions: Vec<RedactionCount>,
    /// The text without them, and without colours.
    text: String,
}

impl Redact {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let Some(file) = &self.test else {
            return recheck::run(context, self.dry_run);
        };
        let redactor = context.host.redactor()?;
        let bytes = read(file)?;
        let mut tally = Tally::default();
        let clean = redactor.name(&ansi::sanitised(&bytes), &mut tally);
        let answer = RedactAnswer {
            total: tally.total(),
            redactions: tally.counts(),
            text: ansi::plain(&clean),
        };
        context.output.answer("redact", &answer, |out| {
            let mut lines: Vec<String> = answer.text.lines().map(str::to_owned).collect();
            let rules = answer.redactions.iter().map(|rule| {
                let RedactionCount { rule, count } = rule;
                out.paint(Role::Changed, &format!("{count:6}  {rule}"))
            });
            let total = count(u64::from(answer.total), "secret");
            lines.push(out.paint(Role::Strong, &format!("{total} would be taken out")));
            lines.extend(rules);
            lines
        })?;
        Ok(Exit::Ok)
    }
}

/// The longest text that the rules are tried on.
const MAX_TEST_BYTES: u64 = 256 << 20;

fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    let read = if path.as_os_str() == "-" {
        files::read_at_most(io::stdin().lock(), MAX_TEST_BYTES)
    } else {
        File::open(path).and_then(|file| files::read_at_most(file, MAX_TEST_BYTES))
    };
    read.map_err(|error| {
        let code = match error.kind() {
            io::ErrorKind::NotFound => Exit::NotFound,
            _ => Exit::Failed,
        };
        CliError::new(code, format!("could not read {}: {error}", path.display()))
    })
}
