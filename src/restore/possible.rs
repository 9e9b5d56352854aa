//! Names that the server would refuse, made ones that it takes.

use crate::model::tree::ServerState;
use crate::mux::tmux::capabilities::Capabilities;
use crate::restore::plan::{Warning, WarningLevel};

/// Gives sessions, tabs and panes names that `tmux` takes; how many got another one.
///
/// tmux 3.7 and newer refuse names with controls, which older ones keep; a command with such a name would
/// make nothing.
pub(super) fn rename(state: &mut ServerState, tmux: Capabilities) -> usize {
    let mut changed = 0;
    for session in &mut state.sessions {
        let tabs = session.tabs.iter_mut();
        let of_tabs = tabs.flat_map(|tab| {
            let titles = tab.panes.iter_mut().map(|pane| &mut pane.title);
            titles.chain([&mut tab.name])
        });
        for name in [&mut session.name]
            .into_iter()
            .chain(&mut session.group)
            .chain(of_tabs)
        {
            let possible = tmux.name(name);
            if possible != *name {
                *name = possible;
                changed += 1;
            }
        }
    }
    changed
}

/// What is said of renamed ones.
pub(super) fn warning(changed: usize) -> Warning {
    let plural = if changed == 1 { "" } else { "s" };
    Warning {
        level: WarningLevel::Info,
        kind: "impossible name",
        component: "server".into(),
        issue: format!("{changed} name{plural} with characters that this version of tmux refuses"),
        fallback: "written with _ in their place".into(),
        suggestion: "rename them in tmux".into(),
    }
}
