//! What trees hold beyond what every tree has: settings, hooks, variables, modes, paste buffers.
//!
//! Most sessions, tabs and panes have none of it, so it stands behind the tree, only for those that have
//! some, each with its place. Trees of before such details were known simply end there.
//!
//! Layout: nothing at all, or a form (1 byte) and its body (postcard). Form 2 is written only where panes are
//! withheld, form 3 only where there is more to how a program was started than its arguments.

use serde::{Deserialize, Serialize};

use crate::model::detail::{Buffer, PaneDetail, SessionDetail, TabDetail, Withheld};
use crate::model::launch::Launch;
use crate::model::tree::{Pane, ServerState};

const FORM: u8 = 1;
const WITHHOLDING: u8 = 2;
const LAUNCHED: u8 = 3;

/// Why bytes are not the details of a tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::store) enum BadDetails {
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

/// The body of form 3: as form 2, and behind it how programs were started.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Body3 {
    before: Body2,
    launches: Vec<(u32, Launch)>,
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
pub(in crate::store) fn append(
    state: &ServerState,
    to: &mut Vec<u8>,
) -> Result<(), postcard::Error> {
    let sessions = || state.sessions.iter();
    let written = |pane: &Pane| PaneDetail {
        withheld: None,
        launch: Launch::default(),
        ..pane.detail.clone()
    };
    let panes: Vec<PaneDetail> = state.panes().map(|(_, _, pane)| written(pane)).collect();
    let body = Body1 {
        sessions: some(sessions().map(|session| &session.detail)),
        tabs: some(sessions().flat_map(|s| &s.tabs).map(|tab| &tab.detail)),
        panes: some(panes.iter()),
        buffers: state.buffers.clone(),
    };
    let form = form(state);
    if form == FORM && body == Body1::default() {
        return Ok(());
    }
    to.push(form);
    let panes = || state.panes().map(|(_, _, pane)| &pane.detail);
    let bytes = if form == FORM {
        postcard::to_allocvec(&body)?
    } else {
        let body = Body2 {
            before: body,
            withheld: some(panes().map(|detail| &detail.withheld)),
        };
        if form == WITHHOLDING {
            postcard::to_allocvec(&body)?
        } else {
            postcard::to_allocvec(&Body3 {
                before: body,
                launches: some(panes().map(|detail| &detail.launch)),
            })?
        }
    };
    to.extend_from_slice(&bytes);
    Ok(())
}

/// The lowest form that has room for all details of a tree.
pub(in crate::store) fn form(state: &ServerState) -> u8 {
    let any = |has: fn(&PaneDetail) -> bool| state.panes().any(|(_, _, pane)| has(&pane.detail));
    if any(|detail| !detail.launch.is_empty()) {
        LAUNCHED
    } else if any(|detail| detail.withheld.is_some()) {
        WITHHOLDING
    } else {
        FORM
    }
}

/// Reads the details that stand behind a tree, all of `rest`, into it.
pub(in crate::store) fn read(state: &mut ServerState, rest: &[u8]) -> Result<(), BadDetails> {
    let Some((&form, rest)) = rest.split_first() else {
        return Ok(());
    };
    let mut read = Body3::default();
    let rest = match form {
        FORM => taken(&mut read.before.before, rest)?,
        WITHHOLDING => taken(&mut read.before, rest)?,
        LAUNCHED => taken(&mut read, rest)?,
        newer => return Err(BadDetails::Newer(newer)),
    };
    if !rest.is_empty() {
        return Err(BadDetails::Long);
    }
    let Body3 { before, launches } = read;
    let Body2 {
        before: body,
        withheld,
    } = before;
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
    spread(withheld, panes.map(|pane| &mut pane.detail.withheld))?;
    let tabs = state.sessions.iter_mut().flat_map(|s| &mut s.tabs);
    let panes = tabs.flat_map(|tab| &mut tab.panes);
    spread(launches, panes.map(|pane| &mut pane.detail.launch))
}

/// Reads a body into its place; what stands behind it.
fn taken<'a, T: Deserialize<'a>>(into: &mut T, bytes: &'a [u8]) -> Result<&'a [u8], BadDetails> {
    let (body, rest) = postcard::take_from_bytes(bytes).map_err(BadDetails::Body)?;
    *into = body;
    Ok(rest)
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
    fn form_3_is_written_only_where_there_is_more_to_a_start() {
        use crate::model::launch::{RedirectTarget, Redirection, StandardStream};
        let log = crate::store::testing::text("a\n");
        let mut state = state(vec![session("api", 1, &[log.clone(), log])]);
        let digest = state.digest();
        state.sessions[0].tabs[0].panes[1].detail.launch = Launch {
            titled: None,
            redirections: vec![Redirection {
                stream: StandardStream::Output,
                target: RedirectTarget::Append("/a".into()),
            }],
            variables: Vec::new(),
        };
        assert_ne!(state.digest(), digest);
        let mut bytes = Vec::new();
        append(&state, &mut bytes).unwrap();
        assert_eq!(bytes[0], LAUNCHED);
        // Nothing of forms 1 and 2; one, the second: not titled, one redirection, no variable.
        assert_eq!(bytes[1..6], [0; 5]);
        assert_eq!(bytes[6..], [1, 1, 0, 1, 1, 2, 2, b'/', b'a', 0]);
        let mut read = state.clone();
        read.sessions[0].tabs[0].panes[1].detail.launch = Launch::default();
        super::read(&mut read, &bytes).unwrap();
        assert_eq!(read, state);
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
