//! What trees hold beyond what every tree has: settings, hooks, variables, modes, paste buffers.
//!
//! Most sessions, tabs and panes have none of it, so it stands behind the tree, only for those that have
//! some, each with its place. Trees of before such details were known simply end there.
//!
//! Layout: nothing at all, or a form (1 byte) and its body (postcard). Form 2 is written only where panes are
//! withheld.

use serde::{Deserialize, Serialize};

use crate::model::detail::{Buffer, PaneDetail, SessionDetail, TabDetail, Withheld};
use crate::model::tree::{Pane, ServerState};

const FORM: u8 = 1;
const WITHHOLDING: u8 = 2;

/// Why bytes are not the details of a tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadDetails {
    #[error("the form {0} of its details is unknown: a newer muxtape wrote it")]
    Newer(u8),
    #[error("its details cannot be read: {0}")]
    Body(postcard::Error),
    #[error("it is longer than it should be")]
    Long,
    #[error("it has details of something that it does not have")]
    Place,
}

/// The body of form 1. Places count sessions, tabs and panes in the order of the tree.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Body1 {
    sessions: Vec<(u32, SessionDetail)>,
    tabs: Vec<(u32, TabDetail)>,
    panes: Vec<(u32, PaneDetail)>,
    buffers: Vec<Buffer>,
}

/// The body of form 2: as form 1, and behind it why panes are withheld.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Body2 {
    before: Body1,
    withheld: Vec<(u32, Option<Withheld>)>,
}

/// Takes the details that are not empty, each with its place.
fn some<'a, T: Clone + Default + PartialEq + 'a>(
    all: impl Iterator<Item = &'a T>,
) -> Vec<(u32, T)> {
    let empty = T::default();
    (0u32..)
        .zip(all)
        .filter(|(_, detail)| **detail != empty)
        .map(|(at, detail)| (at, detail.clone()))
        .collect()
}

/// Puts details into their places.
fn spread<'a, T: 'a>(
    details: Vec<(u32, T)>,
    places: impl Iterator<Item = &'a mut T>,
) -> Result<(), BadDetails> {
    let mut details = details.into_iter().peekable();
    for (at, place) in (0u32..).zip(places) {
        if let Some((_, detail)) = details.next_if(|(wanted, _)| *wanted == at) {
            *place = detail;
        }
    }
    match details.next() {
        None => Ok(()),
        Some(_) => Err(BadDetails::Place),
    }
}

/// Appends the details of a tree to its bytes.
pub(super) fn append(state: &ServerState, to: &mut Vec<u8>) -> Result<(), postcard::Error> {
    let sessions = || state.sessions.iter();
    let written = |pane: &Pane| PaneDetail {
        withheld: None,
        ..pane.detail.clone()
    };
    let panes: Vec<PaneDetail> = state.panes().map(|(_, _, pane)| written(pane)).collect();
    let body = Body1 {
        sessions: some(sessions().map(|session| &session.detail)),
        tabs: some(sessions().flat_map(|s| &s.tabs).map(|tab| &tab.detail)),
        panes: some(panes.iter()),
        buffers: state.buffers.clone(),
    };
    if withholds(state) {
        let panes = state.panes().map(|(_, _, pane)| &pane.detail.withheld);
        let body = Body2 {
            before: body,
            withheld: some(panes),
        };
        to.push(WITHHOLDING);
        to.extend_from_slice(&postcard::to_allocvec(&body)?);
    } else if body != Body1::default() {
        to.push(FORM);
        to.extend_from_slice(&postcard::to_allocvec(&body)?);
    }
    Ok(())
}

/// Whether a pane of a tree is withheld: then its details are of form 2.
pub(super) fn withholds(state: &ServerState) -> bool {
    state
        .panes()
        .any(|(_, _, pane)| pane.detail.withheld.is_some())
}

/// Reads the details that stand behind a tree, all of `rest`, into it.
pub(super) fn read(state: &mut ServerState, rest: &[u8]) -> Result<(), BadDetails> {
    let Some((&form, rest)) = rest.split_first() else {
        return Ok(());
    };
    let (Body2 { before, withheld }, rest) = match form {
        FORM => {
            let (before, rest) = postcard::take_from_bytes(rest).map_err(BadDetails::Body)?;
            let withheld = Vec::new();
            (Body2 { before, withheld }, rest)
        }
        WITHHOLDING => postcard::take_from_bytes(rest).map_err(BadDetails::Body)?,
        newer => return Err(BadDetails::Newer(newer)),
    };
    if !rest.is_empty() {
        return Err(BadDetails::Long);
    }
    let body = before;
    state.buffers = body.buffers;
    let sessions = state.sessions.iter_mut();
    spread(body.sessions, sessions.map(|session| &mut session.detail))?;
    let tabs = state.sessions.iter_mut().flat_map(|s| &mut s.tabs);
    spread(body.tabs, tabs.map(|tab| &mut tab.detail))?;
    let tabs = state.sessions.iter_mut().flat_map(|s| &mut s.tabs);
    let panes = tabs.flat_map(|tab| &mut tab.panes);
    spread(body.panes, panes.map(|pane| &mut pane.detail))?;
    let tabs = state.sessions.iter_mut().flat_map(|s| &mut s.tabs);
    let panes = tabs.flat_map(|tab| &mut tab.panes);
    spread(withheld, panes.map(|pane| &mut pane.detail.withheld))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::any_state;
    use crate::store::testing::{session, state};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_was_appended_is_read(state in any_state()) {
            let mut bytes = Vec::new();
            append(&state, &mut bytes).unwrap();
            let plain = postcard::to_allocvec(&state).unwrap();
            let mut read: ServerState = postcard::from_bytes(&plain).unwrap();
            super::read(&mut read, &bytes).unwrap();
            prop_assert_eq!(read, state);
        }
    }

    #[test]
    fn form_2_is_written_only_where_something_is_withheld() {
        let log = crate::store::testing::text("a\n");
        let mut state = state(vec![session("api", 1, &[log.clone(), log])]);
        state.sessions[0].detail.recent = vec![1];
        let written = |state: &ServerState| {
            let mut bytes = Vec::new();
            append(state, &mut bytes).unwrap();
            bytes
        };
        let before = written(&state);
        assert_eq!(before[0], FORM);
        let digest = state.digest();
        state.sessions[0].tabs[0].panes[1].detail.withheld = Some(Withheld::Private);
        assert_ne!(state.digest(), digest);
        let after = written(&state);
        assert_eq!(after[0], WITHHOLDING);
        assert_eq!(after[1..before.len()], before[1..]);
        assert_eq!(
            after[before.len()..],
            [1, 1, 1, 0],
            "one, the second, some, private"
        );
    }

    #[test]
    fn a_tree_without_details_has_nothing_behind_it() {
        let mut bytes = Vec::new();
        append(&ServerState::default(), &mut bytes).unwrap();
        assert!(bytes.is_empty());
    }

    #[test]
    fn odd_bytes_are_refused() {
        let mut state = ServerState::default();
        assert_eq!(read(&mut state, &[9]), Err(BadDetails::Newer(9)));
        assert!(matches!(
            read(&mut state, &[FORM]),
            Err(BadDetails::Body(_))
        ));
        let body = Body1 {
            tabs: vec![(0, TabDetail::default())],
            ..Body1::default()
        };
        let mut bytes = vec![FORM];
        bytes.extend(postcard::to_allocvec(&body).unwrap());
        assert_eq!(read(&mut state, &bytes), Err(BadDetails::Place));
        bytes.push(0);
        assert_eq!(read(&mut state, &bytes), Err(BadDetails::Long));
    }
}
