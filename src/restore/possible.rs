//! Names that the server would refuse, made ones that it takes.

use std::borrow::Cow;

use bstr::BString;

use super::plan::{Warning, WarningLevel};
use super::profile::Profile;
use crate::model::snapshot::{MuxKind, Snapshot};
use crate::model::tree::ServerState;
use crate::model::words::count;

/// The snapshot with names of sessions, tabs and panes that the multiplexer takes; how many got
/// another one.
///
/// tmux 3.7 and newer refuse names with controls, which older ones keep; a command with such a name
/// would make nothing.
pub(super) fn renamed<'a>(
    snapshot: &'a Snapshot,
    profile: &dyn Profile,
) -> (Cow<'a, Snapshot>, usize) {
    let mut snapshot = Cow::Borrowed(snapshot);
    let is_refused = |name: &&BString| profile.name(name) != **name;
    let refused = names(&snapshot.state).filter(is_refused).count();
    if refused > 0 {
        for name in names_mut(&mut snapshot.to_mut().state) {
            *name = profile.name(name);
        }
    }
    (snapshot, refused)
}

fn names(state: &ServerState) -> impl Iterator<Item = &BString> {
    state.sessions.iter().flat_map(|session| {
        let tabs = session.tabs.iter().flat_map(|tab| {
            let titles = tab.panes.iter().map(|pane| &pane.title);
            titles.chain([&tab.name])
        });
        let own = [&session.name].into_iter().chain(&session.group);
        own.chain(tabs)
    })
}

fn names_mut(state: &mut ServerState) -> impl Iterator<Item = &mut BString> {
    state.sessions.iter_mut().flat_map(|session| {
        let tabs = session.tabs.iter_mut().flat_map(|tab| {
            let titles = tab.panes.iter_mut().map(|pane| &mut pane.title);
            titles.chain([&mut tab.name])
        });
        let own = [&mut session.name].into_iter().chain(&mut session.group);
        own.chain(tabs)
    })
}

/// What is said of renamed ones.
pub(super) fn warning(changed: usize, mux: MuxKind) -> Warning {
    let names = count(changed as u64, "name");
    Warning {
        level: WarningLevel::Info,
        kind: "impossible name",
        component: "server".into(),
        issue: format!("{names} with characters that this version of {mux} refuses"),
        fallback: "written with _ in their place".into(),
        suggestion: format!("rename them in {mux}"),
    }
}
