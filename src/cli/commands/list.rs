//! `muxtape list`

use bstr::BString;
use jiff::Zoned;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::output::{Lack, Output, Role};
use crate::cli::views::{self, ListView};
use crate::model::Cause;
use crate::model::ansi::label;
use crate::model::snapshot::SnapshotMeta;
use crate::model::words::noun;
use crate::store::{Listed, Query, Store, StoreError};

/// List snapshots, newest first
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct List {
    /// Only snapshots with this session
    #[arg(long, value_name = "S")]
    session: Option<String>,
    /// Only snapshots with this tag
    #[arg(long, value_name = "T")]
    tag: Option<String>,
    /// Only snapshots with this cause
    #[arg(long, value_enum, value_name = "C")]
    cause: Option<CauseChoice>,
    /// Not before this time (2h, 14:30, 2026-11-20)
    #[arg(long, value_name = "T")]
    since: Option<String>,
    /// Not after this time
    #[arg(long, value_name = "T")]
    until: Option<String>,
    /// Also archived and unchanged snapshots
    #[arg(long)]
    all: bool,
    /// At most this many
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
            limit: self.limit,
        };
        let store = context.host.store();
        let Found {
            metas,
            folded,
            hidden,
        } = match self.all {
            true => store.listed(&query)?.into(),
            false => folded(store, query)?,
        };
        let views: Vec<ListView> = metas.iter().map(ListView::new).collect();
        let lacks = Lack::damaged_snapshots(hidden);
        context.output.answer_with("list", &views, &lacks, |out| {
            lines(&metas, &context.zoned(), out)
        })?;
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

/// What is to be shown.
#[derive(Debug, Default)]
struct Found {
    metas: Vec<SnapshotMeta>,
    /// Snapshots that were left out because nothing changed.
    folded: usize,
    /// Snapshots that are damaged.
    hidden: u64,
}

impl From<Listed> for Found {
    fn from(listed: Listed) -> Self {
        Self {
            metas: listed.metas,
            folded: 0,
            hidden: listed.hidden,
        }
    }
}

/// Lists without snapshots in which nothing changed. How far back that reaches is not known
/// beforehand: where it was not far enough, it is tried again, further.
fn folded(store: &Store, mut query: Query) -> Result<Found, StoreError> {
    let wanted = query.limit;
    query.limit = wanted.map(|limit| limit.saturating_mul(2).saturating_add(50));
    loop {
        let mut found = Found::from(store.listed(&query)?);
        let is_all = query.limit.is_none_or(|limit| found.metas.len() < limit);
        let changed = changed(&found.metas);
        // Of the oldest one it is not known whether anything changed, unless it is the oldest of
        // all.
        let sure = found.metas.len() - usize::from(!is_all);
        let mut shown: Vec<usize> = changed.into_iter().filter(|at| *at < sure).collect();
        if !is_all && wanted.is_some_and(|wanted| shown.len() < wanted) {
            query.limit = query.limit.map(|limit| limit.saturating_mul(4));
            continue;
        }
        let passed = match wanted.and_then(|wanted| shown.get(wanted)) {
            Some(next) => *next,
            None => sure,
        };
        shown.truncate(wanted.unwrap_or(usize::MAX));
        found.folded = passed - shown.len();
        let mut shown = shown.into_iter().peekable();
        let mut at = 0..;
        found.metas.retain(|_| {
            let at = at.next();
            shown.next_if(|next| Some(*next) == at).is_some()
        });
        return Ok(found);
    }
}

/// The places of all but automatic snapshots that show the very state of the one before them,
/// unless the user gave them a meaning.
fn changed(metas: &[SnapshotMeta]) -> Vec<usize> {
    let older = metas.iter().skip(1).map(|meta| Some(meta.root));
    let pairs = metas.iter().zip(older.chain([None])).enumerate();
    let changed = pairs.filter(|(_, (meta, older))| {
        let same = *older == Some(meta.root);
        let plain = meta.name.is_none() && meta.tags.is_empty() && !meta.pinned;
        !(same && plain && meta.cause.is_automatic())
    });
    changed.map(|(at, _)| at).collect()
}

fn lines(metas: &[SnapshotMeta], now: &Zoned, out: &Output) -> Vec<String> {
    let line = |meta: &SnapshotMeta| {
        let names: Vec<String> = meta.sessions.iter().map(|s| label(&s.name)).collect();
        let mut line = format!(
            "{}  {:>19}  {:<10} {:>9}  {:<9}  {}",
            out.paint(Role::Strong, &meta.id.short()),
            views::when(meta.time, now),
            meta.cause.to_string(),
            views::bytes(meta.stored_bytes),
            format!("{:>3} {}", meta.panes(), noun(meta.panes().into(), "pane")),
            names.join(" "),
        );
        if let Some(name) = &meta.name {
            line.push_str(&out.paint(Role::Changed, &format!("  ⚑ {}", label(name.as_bytes()))));
        }
        if meta.partial {
            line.push_str("  partial");
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{record_text, scratch};

    #[test]
    fn a_limit_reaches_as_far_back_as_it_must() {
        let s = scratch();
        // Long stretches in which nothing changes.
        for at in 0..130 {
            record_text(&s.store, at, "api", &format!("$ {}", at / 60));
        }
        let all = folded(&s.store, Query::default()).unwrap();
        let times: Vec<i64> = all.metas.iter().map(|m| m.time.0 / 1000 % 1000).collect();
        assert_eq!((times, all.folded), (vec![120, 60, 0], 127));
        for limit in 0..5 {
            let query = Query {
                limit: Some(limit),
                ..Query::default()
            };
            let some = folded(&s.store, query).unwrap();
            assert_eq!(some.metas, all.metas[..limit.min(3)]);
        }
    }
}
