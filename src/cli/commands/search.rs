//! `muxtape search`

use bstr::BString;
use jiff::Zoned;
use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::output::{Output, Role};
use crate::cli::views;
use crate::model::ansi::label;
use crate::model::target::Target;
use crate::store::{HitKind, SearchHit, SearchQuery};

/// Search names, commands and directories, or everything that panes ever showed
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Search {
    /// What to search for: names match fuzzily, --text matches exactly
    query: String,
    /// Search what panes showed too
    #[arg(long)]
    text: bool,
    /// Not before this time (2h, 14:30, 2026-11-20)
    #[arg(long, value_name = "T")]
    since: Option<String>,
    /// Only in this session
    #[arg(long, value_name = "S")]
    session: Option<String>,
    /// At most this many
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
}

#[derive(Debug, Serialize)]
struct HitView {
    snapshot: String,
    oldest: String,
    snapshots: u32,
    last_seen: String,
    first_seen: String,
    target: String,
    kind: &'static str,
    line: String,
    line_number: Option<u32>,
}

impl Search {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        if self.query.is_empty() {
            return Err(CliError::new(Exit::Usage, "there is nothing to search for"));
        }
        let query = SearchQuery {
            text: self.query.clone(),
            session: self.session.as_deref().map(BString::from),
            since: self
                .since
                .as_deref()
                .map(|words| context.moment(words))
                .transpose()?,
            limit: Some(self.limit),
            contents: self.text,
        };
        let hits = context.host.store().search(&query)?;
        let views: Vec<HitView> = hits.iter().map(view).collect();
        context
            .output
            .answer("search", &views, |out| lines(&hits, &context.zoned(), out))?;
        if hits.is_empty() {
            let wider = if self.text {
                ""
            } else {
                "; --text searches what panes showed"
            };
            context
                .output
                .say(&format!("nothing found for {:?}{wider}", self.query));
            return Ok(Exit::NotFound);
        }
        Ok(Exit::Ok)
    }
}

fn target(hit: &SearchHit) -> String {
    Target {
        session: hit.session.clone(),
        tab: hit.tab,
        pane: hit.pane,
    }
    .to_string()
}

fn kind(kind: HitKind) -> &'static str {
    match kind {
        HitKind::Name => "name",
        HitKind::Command => "command",
        HitKind::Directory => "directory",
        HitKind::Text => "text",
    }
}

fn view(hit: &SearchHit) -> HitView {
    HitView {
        snapshot: hit.newest.to_string(),
        oldest: hit.oldest.to_string(),
        snapshots: hit.snapshots,
        last_seen: views::rfc3339(hit.time_newest),
        first_seen: views::rfc3339(hit.time_oldest),
        target: target(hit),
        kind: kind(hit.what),
        line: hit.line.clone(),
        line_number: hit.line_number,
    }
}

fn lines(hits: &[SearchHit], now: &Zoned, out: &Output) -> Vec<String> {
    let line = |hit: &SearchHit| {
        format!(
            "{}  {:>19}  {:<14} {:<9} {}",
            out.paint(Role::Strong, &hit.newest.short()),
            views::when(hit.time_newest, now),
            target(hit),
            out.paint(Role::Faint, kind(hit.what)),
            label(hit.line.trim().as_bytes()),
        )
    };
    hits.iter().map(line).collect()
}
