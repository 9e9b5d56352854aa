//! What differs in structure, as the rows of a tree.

use std::collections::HashMap;

use bstr::{BStr, ByteSlice};

use crate::app::msg::Comparison;
use crate::model::ansi::{label, path_label};
use crate::model::changes::{self, Change, ChangeKind, Field};
use crate::model::diff::{PaneDiff, SessionDiff, TabDiff};
use crate::model::program::program_name;
use crate::model::snapshot::ChangeCount;
use crate::model::target::Target;
use crate::model::tree::{Pane, ServerState, Session, Tab};

/// A row of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// 0 for sessions, 1 for tabs, 2 for panes.
    pub depth: u16,
    /// What it is.
    pub kind: Kind,
    /// The name.
    pub name: String,
    /// What is said of it.
    pub detail: String,
    /// What is said of its text, for a pane that is on both sides.
    pub text: Option<String>,
    /// The pane, where it is one.
    pub pane: Option<Both>,
}

/// What a row stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something with rows below it.
    Branch,
    /// Something that came, went or is another.
    Change(ChangeKind),
    /// Things that are the same on both sides.
    Same,
}

/// A pane on both sides, or on one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Both {
    /// The pane on the first side, with its place.
    pub a: Option<(Target, Pane)>,
    /// The pane on the second side.
    pub b: Option<(Target, Pane)>,
}

impl Both {
    /// Whether the pane shows the same on both sides.
    #[must_use]
    pub fn same_text(&self) -> bool {
        let digest = |side: &Option<(Target, Pane)>| {
            let (_, pane) = side.as_ref()?;
            pane.contents.map(|text| text.digest)
        };
        let a = digest(&self.a);
        a.is_some() && a == digest(&self.b)
    }
}

/// The rows for a comparison; `home` is shown as `~`.
#[must_use]
pub fn nodes(comparison: &Comparison, home: &BStr) -> Vec<Node> {
    let mut words: HashMap<Target, Vec<Change>> = HashMap::new();
    for change in changes::changes(&comparison.diff) {
        words.entry(change.at.clone()).or_default().push(change);
    }
    let mut tree = StructureTree {
        nodes: Vec::new(),
        words,
        home,
    };
    for session in &comparison.diff.sessions {
        tree.session(session, &comparison.b.state);
    }
    if comparison.diff.buffers.is_some() {
        let kind = Kind::Change(ChangeKind::Changed);
        tree.push(0, kind, "paste buffers".to_owned(), String::new(), None);
    }
    let differs = |session: &&Session| {
        !comparison.diff.sessions.iter().any(|diff| match diff {
            SessionDiff::Added(other) | SessionDiff::Removed(other) => other.name == session.name,
            SessionDiff::Changed { to, .. } => to.name == session.name,
        })
    };
    let same = comparison.b.state.sessions.iter().filter(differs);
    tree.same(0, same.map(|session| label(&session.name)));
    tree.nodes
}

struct StructureTree<'a> {
    nodes: Vec<Node>,
    words: HashMap<Target, Vec<Change>>,
    home: &'a BStr,
}

fn target(session: &Session, tab: Option<&Tab>, pane: Option<&Pane>) -> Target {
    Target {
        session: session.name.clone(),
        tab: tab.map(|tab| tab.index),
        pane: pane.map(|pane| pane.index),
    }
}

impl StructureTree<'_> {
    fn path(&self, path: &BStr) -> String {
        path_label(path, self.home)
    }

    fn push(&mut self, depth: u16, kind: Kind, name: String, detail: String, pane: Option<Both>) {
        self.nodes.push(Node {
            depth,
            kind,
            name,
            detail,
            text: None,
            pane,
        });
    }

    /// One row for everything that is the same at a place.
    fn same(&mut self, depth: u16, names: impl Iterator<Item = String>) {
        let names: Vec<String> = names.collect();
        if !names.is_empty() {
            let name = format!("{}  unchanged", names.join(", "));
            self.push(depth, Kind::Same, name, String::new(), None);
        }
    }

    fn session(&mut self, diff: &SessionDiff, b: &ServerState) {
        match diff {
            SessionDiff::Added(session) => self.whole_session(session, ChangeKind::Added),
            SessionDiff::Removed(session) => self.whole_session(session, ChangeKind::Removed),
            SessionDiff::Changed { from, to, tabs } => {
                let at = self.nodes.len();
                self.push(0, Kind::Branch, label(&to.name), String::new(), None);
                for tab in tabs {
                    self.tab(from, to, tab, b);
                }
                let differs = |tab: &&Tab| {
                    !tabs.iter().any(|diff| match diff {
                        TabDiff::Added(other) | TabDiff::Removed(other) => other.index == tab.index,
                        TabDiff::Changed { to, .. } => to.index == tab.index,
                    })
                };
                let all = b.session(&to.name).map_or(&[][..], |session| &session.tabs);
                let same = all.iter().filter(differs);
                self.same(
                    1,
                    same.map(|tab| format!("{} {}", tab.index, label(&tab.name))),
                );
                let detail = self.summary(&target(to, None, None), at);
                if let Some(node) = self.nodes.get_mut(at) {
                    node.detail = detail;
                }
            }
        }
    }

    fn whole_session(&mut self, session: &Session, kind: ChangeKind) {
        let panes: usize = session.tabs.iter().map(|tab| tab.panes.len()).sum();
        let detail = format!("{} ({})", word(kind), count(panes, "pane"));
        self.push(0, Kind::Change(kind), label(&session.name), detail, None);
        for tab in &session.tabs {
            self.whole_tab(session, tab, kind);
        }
    }

    fn tab(&mut self, before: &Session, after: &Session, diff: &TabDiff, b: &ServerState) {
        match diff {
            TabDiff::Added(tab) => self.whole_tab(after, tab, ChangeKind::Added),
            TabDiff::Removed(tab) => self.whole_tab(before, tab, ChangeKind::Removed),
            TabDiff::Changed { from, to, panes } => {
                let at = self.nodes.len();
                let name = format!("{} {}", to.index, label(&to.name));
                self.push(1, Kind::Branch, name, String::new(), None);
                for pane in panes {
                    self.pane((before, from), (after, to), pane);
                }
                let differs = |pane: &&Pane| {
                    !panes.iter().any(|diff| match diff {
                        PaneDiff::Added(other) | PaneDiff::Removed(other) => {
                            other.index == pane.index
                        }
                        PaneDiff::Changed { to, .. } => to.index == pane.index,
                    })
                };
                let tab = b
                    .session(&after.name)
                    .and_then(|session| session.tab(to.index));
                let all = tab.map_or(&[][..], |tab| &tab.panes);
                self.same(2, all.iter().filter(differs).map(pane_name));
                let detail = self.summary(&target(after, Some(to), None), at);
                if let Some(node) = self.nodes.get_mut(at) {
                    node.detail = detail;
                }
            }
        }
    }

    fn whole_tab(&mut self, session: &Session, tab: &Tab, kind: ChangeKind) {
        let name = format!("{} {}", tab.index, label(&tab.name));
        let detail = format!("{} ({})", word(kind), count(tab.panes.len(), "pane"));
        self.push(1, Kind::Change(kind), name, detail, None);
        for pane in &tab.panes {
            self.whole_pane(session, tab, pane, kind);
        }
    }

    fn whole_pane(&mut self, session: &Session, tab: &Tab, pane: &Pane, kind: ChangeKind) {
        let one = Some((target(session, Some(tab), Some(pane)), pane.clone()));
        let both = if kind == ChangeKind::Removed {
            Both { a: one, b: None }
        } else {
            Both { a: None, b: one }
        };
        let detail = self.path(pane.cwd.as_bstr());
        self.push(2, Kind::Change(kind), pane_name(pane), detail, Some(both));
    }

    fn pane(&mut self, before: (&Session, &Tab), after: (&Session, &Tab), diff: &PaneDiff) {
        match diff {
            PaneDiff::Added(pane) => {
                self.whole_pane(after.0, after.1, pane, ChangeKind::Added);
            }
            PaneDiff::Removed(pane) => {
                self.whole_pane(before.0, before.1, pane, ChangeKind::Removed);
            }
            PaneDiff::Changed { from, to } => {
                let at = target(after.0, Some(after.1), Some(to));
                let detail = self.pane_words(&at, from, to);
                let both = Both {
                    a: Some((
                        target(before.0, Some(before.1), Some(from)),
                        (**from).clone(),
                    )),
                    b: Some((at, (**to).clone())),
                };
                let kind = Kind::Change(ChangeKind::Changed);
                self.push(2, kind, pane_name(to), detail, Some(both));
                let digest = |pane: &Pane| pane.contents.map(|text| text.digest);
                if digest(from) != digest(to)
                    && let Some(node) = self.nodes.last_mut()
                {
                    node.text = Some(text_words(from, to));
                }
            }
        }
    }

    /// What is said of a pane that is another: what matters most first.
    fn pane_words(&self, at: &Target, from: &Pane, to: &Pane) -> String {
        let all = self.words.get(at).map_or(&[][..], Vec::as_slice);
        let find = |field: Field| all.iter().find(|change| change.field == Some(field));
        let mut said = Vec::new();
        if find(Field::Command).is_some() || find(Field::Shell).is_some() {
            said.push(format!("cmd {}", arrow(&command(from), &command(to))));
        }
        if let Some(change) = find(Field::Cwd) {
            let (before, after) = (self.path(from.cwd.as_bstr()), self.path(to.cwd.as_bstr()));
            said.push(match before == after {
                false => format!("cwd {before} → {after}"),
                // They only look the same.
                true => format!("cwd {:?} → {:?}", change.from, change.to),
            });
        }
        let short = [
            (Field::Exit, "ended"),
            (Field::Index, "moved"),
            (Field::Place, "another size or place"),
            (Field::Active, "focus"),
            (Field::Title, "title"),
        ];
        let matching = short.iter().filter(|(field, _)| find(*field).is_some());
        said.extend(matching.map(|(_, word)| (*word).to_owned()));
        if said.is_empty() && find(Field::Text).is_none() {
            let fields = all.iter().filter_map(|change| change.field);
            said.extend(fields.map(|field| field.word().to_owned()));
        }
        said.join(", ")
    }

    /// What is said of a branch: how much differs below it, and what differs of itself.
    fn summary(&self, at: &Target, node: usize) -> String {
        let mut count = ChangeCount::default();
        for below in self
            .nodes
            .iter()
            .skip(node + 1)
            .filter(|n| n.pane.is_some())
        {
            match below.kind {
                Kind::Change(ChangeKind::Added) => count.added += 1,
                Kind::Change(ChangeKind::Removed) => count.removed += 1,
                Kind::Change(_) => count.changed += 1,
                Kind::Branch | Kind::Same => {}
            }
        }
        let mut said = vec![tally(count)];
        for change in self.words.get(at).into_iter().flatten() {
            match (change.field, &change.from) {
                (Some(Field::Name), Some(from)) => said.push(format!("was {from}")),
                (Some(Field::Index), Some(from)) => said.push(format!("was {from}")),
                (Some(Field::Active | Field::Last | Field::Cursor | Field::Recent), _)
                | (None, _) => {}
                (Some(field), _) => said.push(field.word().replace('_', " ")),
            }
        }
        said.retain(|words| !words.is_empty());
        said.join("  ")
    }
}

/// `+1 ~2 -1`, without what is none.
#[must_use]
pub fn tally(count: ChangeCount) -> String {
    let parts = [
        ('+', count.added),
        ('~', count.changed),
        ('-', count.removed),
    ];
    let some = parts.iter().filter(|(_, count)| *count > 0);
    let words: Vec<String> = some.map(|(sign, count)| format!("{sign}{count}")).collect();
    words.join(" ")
}

fn word(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Removed => "closed",
        _ => "new",
    }
}

fn count(count: usize, what: &str) -> String {
    crate::model::words::count(count as u64, what)
}

fn pane_name(pane: &Pane) -> String {
    let name = match (&pane.program, pane.detail.withheld) {
        (_, Some(why)) => why.words().to_owned(),
        (Some(program), None) => label(&program.name()),
        (None, None) => label(program_name(&pane.shell)),
    };
    format!("{} {name}", pane.index)
}

fn command(pane: &Pane) -> Vec<String> {
    if let Some(why) = pane.detail.withheld {
        return vec![why.words().to_owned()];
    }
    if let Some(program) = &pane.program {
        return program.shown().iter().map(|arg| label(arg)).collect();
    }
    let name = label(program_name(&pane.shell));
    let rest = pane.shell.iter().skip(1).map(|arg| label(arg));
    std::iter::once(name).chain(rest).collect()
}

/// `from → to` without the words that both begin with, if anything is left of both.
fn arrow(from: &[String], to: &[String]) -> String {
    let common = from.iter().zip(to).take_while(|(a, b)| a == b).count();
    let kept = if common < from.len() && common < to.len() {
        common
    } else {
        0
    };
    let words = |argv: &[String]| argv.get(kept..).unwrap_or(&[]).join(" ");
    format!("{} → {}", words(from), words(to))
}

fn text_words(from: &Pane, to: &Pane) -> String {
    let lines = |pane: &Pane| pane.contents.map_or(0, |text| text.lines);
    match (lines(from), lines(to)) {
        (a, b) if b > a => format!("+{}", count(usize::try_from(b - a).unwrap_or(0), "line")),
        (a, b) if a > b => format!("-{}", count(usize::try_from(a - b).unwrap_or(0), "line")),
        _ => "text".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::msg::SideState;
    use crate::model::diff::diff;
    use crate::model::testing::{any_state, in_life};
    use proptest::prelude::*;

    #[test]
    fn what_both_commands_begin_with_is_not_repeated() {
        let argv = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(
            arrow(&argv("nvim lib.rs"), &argv("nvim main.rs")),
            "lib.rs → main.rs"
        );
        assert_eq!(
            arrow(&argv("nvim"), &argv("nvim main.rs")),
            "nvim → nvim main.rs"
        );
        assert_eq!(arrow(&argv("zsh"), &argv("cargo test")), "zsh → cargo test");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_pane_that_differs_has_a_row_with_words(
            a in any_state(), b in any_state(), same_life: bool,
        ) {
            let side = |state: &ServerState| SideState {
                meta: None,
                state: state.clone().into(),
                texts: Default::default(),
            };
            let b = in_life(b, u64::from(!same_life));
            let diff = diff(&a, &b);
            let comparison = Comparison { a: side(&a), b: side(&b), diff };
            let nodes = nodes(&comparison, b"/home".as_bstr());
            let panes = nodes.iter().filter(|node| node.pane.is_some()).count();
            prop_assert!(panes <= a.pane_count() + b.pane_count());
            prop_assert_eq!(
                comparison.diff.is_empty(),
                nodes.iter().all(|node| node.kind == Kind::Same)
            );
            for node in nodes.iter().filter(|node| node.pane.is_some()) {
                prop_assert!(matches!(node.kind, Kind::Change(_)));
                let same = node.detail.is_empty() && node.text.is_none();
                let one_side = node.pane.as_ref().is_some_and(|p| p.a.is_none() || p.b.is_none());
                prop_assert!(!same || one_side, "{:?}", node);
            }
        }
    }
}
