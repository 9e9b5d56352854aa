//! `muxtape list`

use bstr::BString;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::output::{Lack, Output, Role};
use crate::cli::views::{self, ListView};
use crate::model::Cause;
use crate::model::ansi::label;
use crate::model::snapshot::SnapshotMeta;
use crate::store::{Listed, Query};

/// List snapshots, newest first
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct List {
    /// Only those in which this session is
    #[arg(long, value_name = "S")]
    session: Option<String>,
    /// Only those with this tag
    #[arg(long, value_name = "T")]
    tag: Option<String>,
    /// Only those made for this reason
    #[arg(long, value_enum, value_name = "C")]
    cause: Option<CauseChoice>,
    /// Only those made at this moment or later (2h, 14:30, 2026-11-20)
    #[arg(long, value_name = "T")]
    since: Option<String>,
    /// Only those made at this moment or earlier
    #[arg(long, value_name = "T")]
    until: Option<String>,
    /// Archived ones and those in which nothing changed too
    #[arg(long)]
    all: bool,
    /// At the most so many
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

/// Why a snapshot was made, as a choice.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub(in crate::cli) enum CauseChoice {
    Manual,
    Auto,
    Event,
    UndoPoint,
    Import,
}

impl From<CauseChoice> for Cause {
    fn from(choice: CauseChoice) -> Cause {
        match choice {
            CauseChoice::Manual => Cause::Manual,
            CauseChoice::Auto => Cause::Auto,
            CauseChoice::Event => Cause::Event,
            CauseChoice::UndoPoint => Cause::UndoPoint,
            CauseChoice::Import => Cause::Import,
        }
    }
}

impl List {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let moment =
            |words: &Option<String>| words.as_deref().map(|w| context.moment(w)).transpose();
        let query = Query {
            session: self.session.as_deref().map(BString::from),
            tag: self.tag.clone(),
            cause: self.cause.map(Cause::from),
            since: moment(&self.since)?,
            until: moment(&self.until)?,
            archived: self.all,
            before: None,
            limit: if self.all { self.limit } else { None },
        };
        let store = context.store();
        let listed = if store.exists() {
            store.listed(&query)?
        } else {
            Listed::default()
        };
        let mut metas = listed.metas;
        let found = metas.len();
        if !self.all {
            fold_unchanged(&mut metas);
        }
        let folded = found - metas.len();
        if let Some(limit) = self.limit {
            metas.truncate(limit);
        }
        let views: Vec<ListView> = metas.iter().map(ListView::new).collect();
        let lacks = Lack::damaged_snapshots(listed.hidden);
        context
            .output
            .answer_with("list", &views, &lacks, |out| lines(&metas, out))?;
        if metas.is_empty() && lacks.is_empty() {
            context
                .output
                .say("no snapshots yet; `muxtape create` makes one");
        } else if folded > 0 && !context.output.json() {
            let unchanged = views::count(folded as u64, "unchanged snapshot");
            context
                .output
                .say(&format!("{unchanged} folded; --all shows them"));
        }
        Ok(Exit::Ok)
    }
}

/// Leaves out automatic snapshots that show the very state of the one before them, unless the user
/// gave them a meaning.
fn fold_unchanged(metas: &mut Vec<SnapshotMeta>) {
    let older: Vec<_> = metas
        .iter()
        .skip(1)
        .map(|meta| Some(meta.root))
        .chain([None])
        .collect();
    let mut older = older.into_iter();
    metas.retain(|meta| {
        let same = older.next().flatten() == Some(meta.root);
        let plain = meta.name.is_none() && meta.tags.is_empty() && !meta.pinned;
        !(same && plain && meta.cause.is_automatic())
    });
}

fn lines(metas: &[SnapshotMeta], out: &Output) -> Vec<String> {
    let now = jiff::Zoned::now();
    let line = |meta: &SnapshotMeta| {
        let names: Vec<String> = meta.sessions.iter().map(|s| label(&s.name)).collect();
        let mut line = format!(
            "{}  {:>19}  {:<10} {:>9}  {:>3} panes  {}",
            out.paint(Role::Strong, &meta.id.short()),
            views::when(meta.time, &now),
            meta.cause.to_string(),
            views::bytes(meta.stored_bytes),
            meta.panes(),
            names.join(" "),
        );
        if let Some(name) = &meta.name {
            line.push_str(&out.paint(Role::Changed, &format!("  ⚑ {}", label(name.as_bytes()))));
        }
        if meta.pinned {
            line.push_str("  pinned");
        }
        for tag in &meta.tags {
            line.push_str(&format!("  #{}", label(tag.as_bytes())));
        }
        line
    };
    metas.iter().map(line).collect()
}
