//! What snapshots look like as JSON and as text.

pub(super) mod event;
mod show;

use bstr::{BString, ByteSlice};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde::Serialize;

use crate::model::Millis;
use crate::model::ansi::label;
use crate::model::changes::command_words;
use crate::model::snapshot::{RedactionCount, SnapshotMeta};
use crate::model::tree::Session;
pub(super) use show::ShowView;

/// A snapshot in a list.
#[derive(Debug, Serialize)]
pub(super) struct ListView {
    id: String,
    name: Option<String>,
    description: Option<String>,
    created_at: String,
    cause: String,
    mux: String,
    server: ServerView,
    life: Option<String>,
    parent: Option<String>,
    sessions: Vec<String>,
    tabs: u32,
    panes: u32,
    stored_bytes: u64,
    pinned: bool,
    partial: bool,
    archived: bool,
    tags: Vec<String>,
    host: String,
    redactions: Vec<RedactionCount>,
}

#[derive(Debug, Serialize)]
struct ServerView {
    socket: String,
    version: String,
    pid: Option<i32>,
    started_at: Option<String>,
}

impl ListView {
    pub(super) fn new(meta: &SnapshotMeta) -> Self {
        Self {
            id: meta.id.to_string(),
            name: meta.name.clone(),
            description: meta.description(),
            created_at: rfc3339(meta.time),
            cause: meta.cause.to_string(),
            mux: meta.server.mux.to_string(),
            server: ServerView {
                socket: lossy(&meta.server.socket),
                version: meta.server.version.clone(),
                pid: meta.server.pid(),
                started_at: meta.server.process.map(|own| rfc3339(own.started)),
            },
            life: meta.one_life().map(|life| life.to_string()),
            parent: meta.parent.map(|id| id.to_string()),
            sessions: meta
                .sessions
                .iter()
                .map(|session| lossy(&session.name))
                .collect(),
            tabs: meta.tabs(),
            panes: meta.panes(),
            stored_bytes: meta.stored_bytes,
            pinned: meta.pinned,
            partial: meta.partial,
            archived: meta.archived,
            tags: meta.tags.clone(),
            host: meta.host.clone(),
            redactions: meta.redactions.clone(),
        }
    }
}

/// Where secrets were hidden: `2 places (github-token 1, url-credentials 1)`; nothing where none
/// were.
pub(super) fn hidden(redactions: &[RedactionCount]) -> Option<String> {
    let places: u64 = redactions.iter().map(|rule| u64::from(rule.count)).sum();
    let each = redactions.iter();
    let each: Vec<String> = each
        .map(|RedactionCount { rule, count }| format!("{rule} {count}"))
        .collect();
    (places > 0).then(|| format!("{} ({})", count(places, "place"), each.join(", ")))
}

/// Whether a session is among those named, or none is named.
pub(super) fn chosen(session: &Session, names: &[String]) -> bool {
    names.is_empty() || names.iter().any(|name| session.name == name.as_bytes())
}

fn lossy(bytes: &BString) -> String {
    bytes.to_str_lossy().into_owned()
}

/// A moment as RFC 3339 with the offset of the user's time zone.
pub(super) fn rfc3339(time: Millis) -> String {
    zoned(time).map_or_else(
        || time.0.to_string(),
        |zoned| zoned.strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string(),
    )
}

fn zoned(time: Millis) -> Option<Zoned> {
    Some(
        Timestamp::from_millisecond(time.0)
            .ok()?
            .to_zoned(TimeZone::system()),
    )
}

/// A moment for people, as short as it can be at `now`.
pub(super) fn when(time: Millis, now: &Zoned) -> String {
    let Some(at) = zoned(time) else {
        return time.0.to_string();
    };
    let form = if at.date() == now.date() {
        "%H:%M:%S"
    } else {
        "%Y-%m-%d %H:%M:%S"
    };
    at.strftime(form).to_string()
}

/// A number of bytes for people.
pub(super) fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or_default();
    if unit == 0 {
        format!("{count} {name}")
    } else {
        format!("{value:.1} {name}")
    }
}

pub(super) use crate::model::words::count;

/// A path with the home directory as `~`, for showing.
pub(super) fn short_path(path: &BString, home: &std::path::Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    let home = home.as_os_str().as_bytes();
    match path.strip_prefix(home) {
        Some(rest) if rest.is_empty() || rest.starts_with(b"/") => format!("~{}", label(rest)),
        _ => label(path),
    }
}

/// The lines of a session's tree.
pub(super) fn tree_lines(session: &Session, home: &std::path::Path) -> Vec<String> {
    let mut lines = vec![label(&session.name)];
    for tab in &session.tabs {
        let mark = if tab.active { "*" } else { " " };
        let zoom = if tab.zoomed { "  zoomed" } else { "" };
        let size = tab.size();
        let name = label(&tab.name);
        lines.push(format!(
            " {mark}{} {name}  {}x{}{zoom}",
            tab.index, size.width, size.height
        ));
        for pane in &tab.panes {
            let mark = if pane.active { "*" } else { " " };
            let text = pane.contents.map_or(String::new(), |text| {
                format!("  {}", count(text.lines.into(), "line"))
            });
            lines.push(format!(
                "    {mark}{} {}  {}  {}x{}{text}",
                pane.index,
                command_words(pane),
                short_path(&pane.cwd, home),
                pane.rect.width,
                pane.rect.height,
            ));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_short() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(3 * 1024 + 100), "3.1 KiB");
        assert_eq!(count(1, "pane"), "1 pane");
    }

    #[test]
    fn home_is_a_tilde_and_nothing_else_is() {
        let home = std::path::Path::new("/home/me");
        assert_eq!(short_path(&"/home/me/src".into(), home), "~/src");
        assert_eq!(short_path(&"/home/me".into(), home), "~");
        assert_eq!(short_path(&"/home/melanie".into(), home), "/home/melanie");
    }
}
