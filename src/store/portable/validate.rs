//! What is believed of a snapshot in a file whose hashes are right: whoever can write a file can
//! make hashes.

use jiff::Timestamp;

use super::error::PortableError;
use crate::model::id::SnapshotId;
use crate::model::snapshot::Snapshot;
use crate::model::time::Millis;
use crate::store::snapshot::validate::{MOST_PANES, MOST_SESSIONS};

/// Characters of a host's name, a version, a boot id, a rule's name.
const MOST_WORD: usize = 1024;

/// Checks that a snapshot can be true.
pub(super) fn snapshot(snapshot: &Snapshot) -> Result<(), PortableError> {
    let Snapshot { meta, state } = snapshot;
    if SnapshotId::from_u128(meta.id.as_u128()).is_none()
        || meta
            .parent
            .is_some_and(|id| SnapshotId::from_u128(id.as_u128()).is_none())
    {
        return Err(PortableError::invalid("a snapshot", "its id is none"));
    }
    let invalid = |cause: &dyn std::fmt::Display| {
        let object = format!("snapshot {}", meta.id.short());
        Err(PortableError::invalid(object, cause))
    };
    let started = meta.server.process.map(|own| own.started);
    let noted = meta.notes.iter().filter_map(|note| note.time);
    let gap = meta.gap.map(|gap| gap.since);
    let mut times = [Some(meta.time), started, gap]
        .into_iter()
        .flatten()
        .chain(noted);
    if !times.all(is_in_calendar) {
        return invalid(&"it has a time beyond the calendar");
    }
    if state.sessions.len() > MOST_SESSIONS || state.pane_count() > MOST_PANES {
        return invalid(&"it has more panes than any server can have");
    }
    if let Err(cause) = state.check() {
        return invalid(&cause);
    }
    if !state
        .panes()
        .all(|(_, _, pane)| pane.detail.launch.is_possible())
    {
        return invalid(&"it tells of a program that was started as none can be");
    }
    if state.digest() != meta.root {
        return invalid(&"its digest does not match");
    }
    let server = &meta.server;
    let words = [&meta.host, &server.version, &server.boot.0];
    let rules = meta.redactions.iter().map(|rule| &rule.rule);
    if !words.into_iter().chain(rules).all(|word| is_word(word)) {
        return invalid(&"the names of its host, server or rules are none");
    }
    Ok(())
}

/// Whether a name can be that of a machine or a version.
fn is_word(word: &str) -> bool {
    word.len() <= MOST_WORD && !word.chars().any(char::is_control)
}

fn is_in_calendar(time: Millis) -> bool {
    Timestamp::from_millisecond(time.0).is_ok()
}
