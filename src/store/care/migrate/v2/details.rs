//! What trees of form 2 hold beyond what every tree has. It stands behind the tree: nothing at all,
//! or a form (1 byte) and its body, which holds the details that are not empty, each with its
//! place.

use serde::Deserialize;

use super::tree::{PaneDetail, ServerState};
use crate::model::detail::{Buffer, SessionDetail, TabDetail, Withheld};
use crate::model::launch::Launch;

#[derive(Debug, Default, Deserialize)]
struct Body1 {
    sessions: Vec<(u32, SessionDetail)>,
    tabs: Vec<(u32, TabDetail)>,
    panes: Vec<(u32, PaneDetail)>,
    buffers: Vec<Buffer>,
}

#[derive(Debug, Default, Deserialize)]
struct Body2 {
    before: Body1,
    withheld: Vec<(u32, Option<Withheld>)>,
}

#[derive(Debug, Default, Deserialize)]
struct Body3 {
    before: Body2,
    launches: Vec<(u32, Launch)>,
}

/// Reads the details that stand behind a tree, all of `rest`, into it.
pub(super) fn read(state: &mut ServerState, rest: &[u8]) -> Result<(), &'static str> {
    let Some((&form, rest)) = rest.split_first() else {
        return Ok(());
    };
    let mut read = Body3::default();
    let rest = match form {
        1 => taken(&mut read.before.before, rest)?,
        2 => taken(&mut read.before, rest)?,
        3 => taken(&mut read, rest)?,
        _ => return Err("the form of its details is unknown"),
    };
    if !rest.is_empty() {
        return Err("it is longer than it should be");
    }
    let Body2 { before, withheld } = read.before;
    state.buffers = before.buffers;
    let sessions = state.sessions.iter_mut();
    spread(before.sessions, sessions.map(|own| &mut own.detail))?;
    let tabs = state.sessions.iter_mut().flat_map(|own| &mut own.tabs);
    spread(before.tabs, tabs.map(|tab| &mut tab.detail))?;
    spread(before.panes, panes(state))?;
    spread(withheld, panes(state).map(|pane| &mut pane.withheld))?;
    spread(read.launches, panes(state).map(|pane| &mut pane.launch))
}

fn panes(state: &mut ServerState) -> impl Iterator<Item = &mut PaneDetail> {
    let tabs = state.sessions.iter_mut().flat_map(|own| &mut own.tabs);
    let panes = tabs.flat_map(|tab| &mut tab.panes);
    panes.map(|pane| &mut pane.detail)
}

/// Puts details into their places.
fn spread<'a, T: 'a>(
    details: Vec<(u32, T)>,
    places: impl Iterator<Item = &'a mut T>,
) -> Result<(), &'static str> {
    let mut details = details.into_iter().peekable();
    for (at, place) in (0u32..).zip(places) {
        if let Some((_, detail)) = details.next_if(|(wanted, _)| *wanted == at) {
            *place = detail;
        }
    }
    match details.next() {
        None => Ok(()),
        Some(_) => Err("it has details of something that it does not have"),
    }
}

/// Reads a body into its place; what stands behind it.
fn taken<'a, T: Deserialize<'a>>(into: &mut T, bytes: &'a [u8]) -> Result<&'a [u8], &'static str> {
    let (body, rest) =
        postcard::take_from_bytes(bytes).map_err(|_| "its details cannot be read")?;
    *into = body;
    Ok(rest)
}
