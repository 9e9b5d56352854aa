//! What is believed of a record that is whole by its hash.
//!
//! A hash finds accidents; what was made on purpose, or by a mistake, is checked for what cannot be true
//! before it is used: counts that differ, trees that do not tile, sizes beyond what anything real has.
//! Lengths of decoded records are bounded by [`super::codec::MAX_RAW`], the depth of layouts by
//! [`crate::model::geometry::MAX_DEPTH`] while they are decoded.

use super::fault::Fault;
use super::frame::Kind;
use super::metadata::Entry;
use super::texts::Version;
use crate::model::snapshot::SessionSummary;
use crate::model::tree::ServerState;

/// Panes of one server. Each has a terminal of its own, of which Linux gives a million at the most
/// (`NR_UNIX98_PTY_MAX`), whatever the settings say.
pub(super) const MOST_PANES: usize = 1 << 20;
/// Sessions of one server: each has a pane.
pub(super) const MOST_SESSIONS: usize = MOST_PANES;
/// Pieces of one text. It has 64 small ones, and others of 24 KB or more; of 256 MB no more than ten thousand.
/// After little of a literal is kept pieces may be cut further, not a hundred times.
pub(super) const MOST_EXTENTS: usize = 1 << 20;

/// Checks a tree against what is told of its snapshot. That the digest matches was checked before.
pub(super) fn snapshot(entry: &Entry, state: &ServerState) -> Result<(), Fault> {
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

/// Checks the pieces of a text.
pub(super) fn version(number: u64, version: &Version) -> Result<(), Fault> {
    if version.extents().count() > MOST_EXTENTS {
        let cause = "it has more pieces than any text can have";
        return Err(Fault::damaged(Kind::Version, number, cause));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dictionary::Account;
    use crate::store::tables::View;
    use crate::store::testing::{record_text, scratch};
    use crate::store::texts::Extent;
    use crate::store::{metadata, structure};

    #[test]
    fn a_tree_that_is_not_what_is_told_of_it_is_damage() {
        let s = scratch();
        record_text(&s.store, 1, "api", "$ one");
        let checked = s.store.place().read("test", |txn| {
            let reader = metadata::Reader::new(txn);
            let mut entry = reader.get(1)?.unwrap();
            let state = structure::load(txn, 1)?;
            assert!(txn.get(crate::store::tables::Stream::States, 1)?.is_some());
            snapshot(&entry, &state).unwrap();
            entry.meta.sessions[0].panes = 2;
            assert!(snapshot(&entry, &state).is_err_and(|fault| fault.is_damage()));
            entry.meta.sessions.clear();
            assert!(snapshot(&entry, &state).is_err_and(|fault| fault.is_damage()));
            Ok(())
        });
        checked.unwrap();
    }

    #[test]
    fn a_text_of_too_many_pieces_is_damage() {
        let piece = Extent {
            literal: 1,
            offset: 0,
            len: 1,
        };
        let mut many = Version {
            dictionary: Account::default(),
            main: vec![piece; MOST_EXTENTS],
            alternate: None,
        };
        version(1, &many).unwrap();
        many.alternate = Some(vec![piece]);
        assert!(version(1, &many).is_err_and(|fault| fault.is_damage()));
    }
}
