//! `muxtape show`

use bstr::ByteSlice;

use super::sides;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::output::Role;
use crate::cli::views::{self, ShowView};
use crate::model::ansi;
use crate::model::snapshot::SnapshotMeta;
use crate::model::target::Target;
use crate::ops::LoadedState;

/// Show what a snapshot holds
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Show {
    /// The snapshot: an id, a name, latest, latest~3, @2h, live; all but ids mean the server that
    /// -L, -S or $TMUX name
    snap: String,
    /// Only this session
    #[arg(long, value_name = "S")]
    session: Option<String>,
    /// The text of this pane, named session:tab.pane
    #[arg(long, value_name = "TARGET")]
    pane: Option<String>,
    /// The pane's text without colours (the default)
    #[arg(long, requires = "pane", conflicts_with = "ansi")]
    text: bool,
    /// The pane's text with its colours
    #[arg(long, requires = "pane")]
    ansi: bool,
}

/// The most ancestors that are listed; further ones can be asked for from the last.
const ANCESTRY_LIMIT: usize = 1000;

impl Show {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let side = sides::load(context, &self.snap, self.session.as_deref())?;
        if let Some(target) = &self.pane {
            return self.pane(context, &side, &target.parse()?);
        }
        let names: Vec<String> = self.session.iter().cloned().collect();
        let snapshot = context.host.snapshot_of(&side);
        if let Some(name) = &self.session
            && snapshot.state.session_meant(name.as_bytes()).is_none()
        {
            return Err(CliError::new(
                Exit::NotFound,
                format!("no session {name:?} in that snapshot"),
            ));
        }
        let ancestry = ancestry(context, &side, &snapshot.meta)?;
        let view = ShowView::new(&snapshot, &names, ancestry);
        context.output.answer("show", &view, |out| {
            let meta = &snapshot.meta;
            let mut lines = vec![format!(
                "{}  {}  {}  {} {}  {}",
                out.paint(
                    Role::Strong,
                    &if side.is_live() {
                        "live".into()
                    } else {
                        meta.id.short()
                    }
                ),
                views::rfc3339(meta.time),
                meta.cause,
                meta.server.mux,
                meta.server.version,
                out.paint(Role::Faint, &ansi::label(&meta.server.socket)),
            )];
            for (what, value) in [("name", meta.name.clone()), ("note", meta.description())] {
                if let Some(value) = value {
                    lines.push(format!("{what}  {}", ansi::label(value.as_bytes())));
                }
            }
            if !meta.tags.is_empty() {
                lines.push(format!("tags  {}", meta.tags.join(" ")));
            }
            if let Some(hidden) = views::hidden(&meta.redactions) {
                lines.push(format!("secrets hidden in {hidden}"));
            }
            for session in snapshot
                .state
                .sessions
                .iter()
                .filter(|s| views::chosen(s, &names))
            {
                lines.push(String::new());
                lines.extend(views::tree_lines(session, &context.host.paths().home));
            }
            lines
        })?;
        Ok(Exit::Ok)
    }

    fn pane(
        &self,
        context: &Context,
        side: &LoadedState,
        target: &Target,
    ) -> Result<Exit, CliError> {
        let not_found = || {
            CliError::new(Exit::NotFound, format!("no pane {target} in that snapshot"))
                .hint("write session:tab.pane with the numbers that `muxtape show` lists")
        };
        let session = side
            .state()
            .session_meant(&target.session)
            .ok_or_else(not_found)?;
        let tab = match target.tab {
            Some(index) => session.tab(index),
            None => session.active_tab(),
        };
        let tab = tab.ok_or_else(not_found)?;
        let pane = match target.pane {
            Some(index) => tab.pane(index),
            None => tab.active_pane(),
        };
        let pane = pane.ok_or_else(not_found)?;
        let reference = pane.contents.ok_or_else(|| {
            CliError::new(
                Exit::NotFound,
                format!("the text of {target} was not recorded"),
            )
        })?;
        let contents = sides::text(context, side, reference.digest)?;
        let mut text = contents.main.to_vec();
        if let Some(screen) = &contents.alternate {
            text.push(b'\n');
            text.extend_from_slice(screen);
        }
        if context.output.json() {
            let shown = if self.ansi {
                ansi::coloured(&text)
            } else {
                ansi::plain(&text)
            };
            let data = serde_json::json!({ "target": target.to_string(), "text": shown });
            context.output.answer("show.pane", &data, |_| Vec::new())?;
        } else if self.ansi {
            // Colours are reset at the end, so that nothing smears into the prompt.
            let mut shown = ansi::coloured(text.trim_end_with(|c| c == '\n')).into_bytes();
            shown.extend_from_slice(b"\x1b[0m\n");
            context.output.raw(&shown)?;
        } else {
            let shown = ansi::plain(&text);
            context
                .output
                .raw(format!("{}\n", shown.trim_end_matches('\n')).as_bytes())?;
        }
        Ok(Exit::Ok)
    }
}

/// The ids of its parents; a live state has none in the store.
fn ancestry(
    context: &Context,
    side: &LoadedState,
    meta: &SnapshotMeta,
) -> Result<Vec<String>, CliError> {
    if side.is_live() {
        return Ok(Vec::new());
    }
    let parents = context.host.store().ancestry(meta.id, ANCESTRY_LIMIT)?;
    Ok(parents.iter().map(ToString::to_string).collect())
}
