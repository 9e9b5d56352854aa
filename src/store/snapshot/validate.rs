//! What is believed of a record that is whole by its hash.
//!
//! A hash finds accidents; what was made on purpose, or by a mistake, is checked for what cannot be
//! true before it is used: counts that differ, trees that do not tile, sizes beyond what anything
//! real has. Lengths of decoded records are bounded by [`crate::store::record::codec::MAX_RAW`],
//! the depth of layouts by [`crate::model::geometry::MAX_DEPTH`] while they are decoded.

use crate::model::snapshot::SessionSummary;
use crate::model::tree::ServerState;
use crate::store::record::fault::Fault;
use crate::store::snapshot::metadata::Entry;

/// Panes of one server. Each has a terminal of its own, of which Linux gives a million at the most
/// (`NR_UNIX98_PTY_MAX`), whatever the settings say.
pub(in crate::store) const MOST_PANES: usize = 1 << 20;
/// Sessions of one server: each has a pane.
pub(in crate::store) const MOST_SESSIONS: usize = MOST_PANES;

/// Checks a tree against what is told of its snapshot. That the digest matches was checked before.
pub(in crate::store) fn snapshot(entry: &Entry, state: &ServerState) -> Result<(), Fault> {
    let damaged = |cause: &dyn std::fmt::Display| {
        let object = format!("the structure of snapshot {}", entry.meta.id.short());
        Err(Fault::damaged_object(object, cause))
    };
    if state.sessions.len() > MOST_SESSIONS || state.pane_count() > MOST_PANES {
        return damaged(&"it has more panes than any server can have");
    }
    if let Err(cause) = state.check() {
        return damaged(&cause);
    }
    let told = &entry.meta.sessions;
    let same = |(told, session): (&SessionSummary, &crate::model::tree::Session)| {
        let panes: usize = session.tabs.iter().map(|tab| tab.panes.len()).sum();
        told.name == session.name
            && usize::try_from(told.tabs) == Ok(session.tabs.len())
            && usize::try_from(told.panes) == Ok(panes)
    };
    if told.len() != state.sessions.len() || !told.iter().zip(&state.sessions).all(same) {
        return damaged(&"its sessions are not those that are told of it");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::record::tables::View;
    use crate::store::snapshot::metadata;
    use crate::store::snapshot::structure;
    use crate::store::testing::{record_text, scratch};

    #[test]
    fn a_tree_that_is_not_what_is_told_of_it_is_damage() {
        let s = scratch();
        record_text(&s.store, 1, "api", "$ one");
        let checked = s.store.place().read("test", |txn| {
            let reader = metadata::Reader::new(txn);
            let mut entry = reader.get(1)?.unwrap();
            let state = structure::load(txn, 1)?;
            assert!(
                txn.get(crate::store::record::tables::Stream::States, 1)?
                    .is_some()
            );
            snapshot(&entry, &state).unwrap();
            entry.meta.sessions[0].panes = 2;
            assert!(snapshot(&entry, &state).is_err_and(|fault| fault.is_damage()));
            entry.meta.sessions.clear();
            assert!(snapshot(&entry, &state).is_err_and(|fault| fault.is_damage()));
            Ok(())
        });
        checked.unwrap();
    }
}
