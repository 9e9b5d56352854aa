//! A snapshot's tree as JSON.

use bstr::BString;
use serde::Serialize;

use super::{ListView, chosen, lossy};
use crate::model::detail::{Hook, Setting, Variable, Withheld};
use crate::model::tree::{Pane, Session, Tab};
use crate::model::{Program, Snapshot};
use crate::mux::tmux::layout;

/// A snapshot as `show` tells of it.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct ShowView {
    #[serde(flatten)]
    list: serde_json::Value,
    sessions: Vec<SessionView>,
    buffers: Vec<BufferView>,
    ancestry: Vec<String>,
}

/// A paste buffer, without what it holds.
#[derive(Debug, Serialize)]
struct BufferView {
    name: String,
    bytes: usize,
}

#[derive(Debug, Serialize)]
struct SessionView {
    name: String,
    life: String,
    cwd: String,
    group: Option<String>,
    #[serde(flatten)]
    own: OwnView,
    tabs: Vec<TabView>,
}

/// What is set for a session, tab or pane alone.
#[derive(Debug, Serialize)]
struct OwnView {
    settings: Vec<NamedView>,
    hooks: Vec<NamedView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<Vec<NamedView>>,
}

/// Something with a name and a value; `None` for a variable that is taken out.
#[derive(Debug, Serialize)]
struct NamedView {
    name: String,
    value: Option<String>,
}

impl OwnView {
    fn new(settings: &[Setting], hooks: &[Hook], environment: Option<&[Variable]>) -> Self {
        let named = |name: &BString, value: Option<&BString>| NamedView {
            name: lossy(name),
            value: value.map(lossy),
        };
        let setting = |one: &Setting| named(&one.name, Some(&one.value));
        let hook = |one: &Hook| named(&one.event, Some(&one.command));
        let variable = |one: &Variable| named(&one.name, one.value.as_ref());
        Self {
            settings: settings.iter().map(setting).collect(),
            hooks: hooks.iter().map(hook).collect(),
            environment: environment.map(|all| all.iter().map(variable).collect()),
        }
    }
}

#[derive(Debug, Serialize)]
struct TabView {
    index: u32,
    name: String,
    active: bool,
    zoomed: bool,
    layout: String,
    width: u16,
    height: u16,
    #[serde(flatten)]
    own: OwnView,
    panes: Vec<PaneView>,
}

#[derive(Debug, Serialize)]
struct PaneView {
    index: u32,
    title: String,
    active: bool,
    cwd: String,
    /// What runs in it, argument by argument.
    argv: Vec<String>,
    /// The same as a person would type it.
    command: Vec<String>,
    /// The shells within its shell, outermost first.
    shells: Vec<Vec<String>>,
    /// The connection to another machine that runs in it.
    ssh: Option<SshView>,
    /// The git working tree that its directory is in.
    checkout: Option<CheckoutView>,
    #[serde(flatten)]
    own: OwnView,
    /// The mode that it is in, such as `copy-mode`; empty for none.
    mode: String,
    input_off: bool,
    /// Why nothing but its place was recorded: `private` or `excluded`.
    #[serde(skip_serializing_if = "Option::is_none")]
    withheld: Option<Withheld>,
    /// How its process ended; `null` while it runs.
    ended: Option<EndView>,
    left: u16,
    top: u16,
    width: u16,
    height: u16,
    lines: u32,
}

#[derive(Debug, Serialize)]
struct EndView {
    status: Option<i32>,
}

#[derive(Debug, Serialize)]
struct SshView {
    host: String,
    user: Option<String>,
    port: Option<u16>,
    command: Vec<String>,
    jump: Option<String>,
}

#[derive(Debug, Serialize)]
struct CheckoutView {
    root: String,
    branch: Option<String>,
    commit: Option<String>,
    repository: Option<String>,
}

impl ShowView {
    /// The view; `sessions` limits it to those of these exact names.
    pub(in crate::cli) fn new(
        snapshot: &Snapshot,
        sessions: &[String],
        ancestry: Vec<String>,
    ) -> Self {
        let mut list = serde_json::to_value(ListView::new(&snapshot.meta)).unwrap_or_default();
        if let Some(object) = list.as_object_mut() {
            object.remove("sessions");
        }
        let wanted = |session: &&Session| chosen(session, sessions);
        Self {
            list,
            sessions: snapshot
                .state
                .sessions
                .iter()
                .filter(wanted)
                .map(session_view)
                .collect(),
            buffers: snapshot
                .state
                .buffers
                .iter()
                .map(|buffer| BufferView {
                    name: lossy(&buffer.name),
                    bytes: buffer.data.len(),
                })
                .collect(),
            ancestry,
        }
    }
}

fn session_view(session: &Session) -> SessionView {
    SessionView {
        name: lossy(&session.name),
        life: session.life.to_string(),
        cwd: lossy(&session.cwd),
        group: session.group.as_ref().map(lossy),
        own: OwnView::new(
            &session.detail.settings,
            &session.detail.hooks,
            Some(&session.detail.environment),
        ),
        tabs: session.tabs.iter().map(tab_view).collect(),
    }
}

fn tab_view(tab: &Tab) -> TabView {
    TabView {
        index: tab.index,
        name: lossy(&tab.name),
        active: tab.active,
        zoomed: tab.zoomed,
        // The multiplexer's own numbers do not outlive the server: the layout names panes by index.
        layout: layout::print(&tab.layout, &|pane| pane).unwrap_or_default(),
        width: tab.size().width,
        height: tab.size().height,
        own: OwnView::new(&tab.detail.settings, &tab.detail.hooks, None),
        panes: tab.panes.iter().map(pane_view).collect(),
    }
}

fn pane_view(pane: &Pane) -> PaneView {
    let program = pane.program.as_ref();
    let argv = program.map_or(&pane.shell, |program| &program.argv);
    let command = program.map_or_else(|| pane.shell.clone(), Program::shown);
    let words = |argv: &[BString]| argv.iter().map(lossy).collect::<Vec<_>>();
    PaneView {
        index: pane.index,
        title: lossy(&pane.title),
        active: pane.active,
        cwd: lossy(&pane.cwd),
        argv: words(argv),
        command: words(&command),
        shells: pane.detail.shells.iter().map(|argv| words(argv)).collect(),
        ssh: program.and_then(Program::ssh).map(|ssh| SshView {
            host: lossy(&ssh.host),
            user: ssh.user.as_ref().map(lossy),
            port: ssh.port,
            command: words(&ssh.command),
            jump: ssh.jump.as_ref().map(lossy),
        }),
        checkout: pane.detail.checkout.as_ref().map(|checkout| CheckoutView {
            root: lossy(&checkout.root),
            branch: checkout.branch.as_ref().map(lossy),
            commit: Some(&checkout.commit)
                .filter(|commit| !commit.is_empty())
                .map(lossy),
            repository: checkout.repository.as_ref().map(lossy),
        }),
        own: OwnView::new(
            &pane.detail.settings,
            &pane.detail.hooks,
            Some(&pane.detail.environment),
        ),
        mode: lossy(&pane.detail.mode),
        input_off: pane.detail.input_off,
        withheld: pane.detail.withheld,
        ended: pane.exit.map(|exit| EndView {
            status: exit.status,
        }),
        left: pane.rect.left,
        top: pane.rect.top,
        width: pane.rect.width,
        height: pane.rect.height,
        lines: pane.contents.map_or(0, |text| text.lines),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::changes::command_words;

    #[test]
    fn a_connection_is_told_with_the_shells_around_it() {
        let words = |line: &str| line.split(' ').map(BString::from).collect::<Vec<_>>();
        let text = crate::store::testing::text("x");
        let mut session = crate::store::testing::session("api", 0, &[text]);
        let pane = &mut session.tabs[0].panes[0];
        pane.detail.shells = vec![words("zsh -i")];
        pane.program = None;
        assert_eq!(command_words(pane), "zsh");
        pane.program = Some(Program {
            argv: words("/usr/bin/ssh -p 2222 me@host tail -f log"),
            exe: None,
            cwd: None,
            pipeline: Vec::new(),
            redacted: false,
        });
        let view = serde_json::to_value(pane_view(pane)).unwrap();
        assert_eq!(view["shells"], serde_json::json!([["zsh", "-i"]]));
        assert_eq!(view["command"][0], "ssh");
        assert_eq!(view["argv"][0], "/usr/bin/ssh");
        let ssh = serde_json::json!({
            "host": "host", "user": "me", "port": 2222, "jump": null,
            "command": ["tail", "-f", "log"],
        });
        assert_eq!(view["ssh"], ssh);
        assert_eq!(view["checkout"], serde_json::Value::Null);
    }
}
