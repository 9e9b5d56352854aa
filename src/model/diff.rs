//! What differs between two states: a tree of typed changes that can be counted, shown, and
//! applied.
//!
//! Partners are found by what identifies them within a life (their handles) where both sides have
//! them and their sessions are of the same life, otherwise by name or index. Equal subtrees are not
//! part of a diff. `apply(a, diff(a, b))` gives `b`, apart from the numbers that hold only within a
//! life.

use std::collections::{BTreeMap, BTreeSet};

use bstr::BString;
use serde::{Deserialize, Serialize};

use super::detail::Buffer;
use super::snapshot::{ChangeCount, LifeId};
use super::tree::{Pane, ServerState, Session, Tab};

/// The difference between two server states; empty when nothing differs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ServerDiff {
    /// Sessions that differ.
    pub sessions: Vec<SessionDiff>,
    /// The paste buffers of both states, where they differ.
    pub buffers: Option<(Vec<Buffer>, Vec<Buffer>)>,
}

/// How one session differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionDiff {
    /// Only in the second state.
    Added(Session),
    /// Only in the first state.
    Removed(Session),
    /// In both. `from` and `to` come without tabs; they can be equal when only tabs differ.
    Changed {
        /// The session in the first state, without tabs.
        from: Box<Session>,
        /// The session in the second state, without tabs.
        to: Box<Session>,
        /// Tabs that differ.
        tabs: Vec<TabDiff>,
    },
}

/// How one tab differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TabDiff {
    /// Only in the second state.
    Added(Tab),
    /// Only in the first state.
    Removed(Tab),
    /// In both. `from` and `to` come without panes; they can be equal when only panes differ.
    Changed {
        /// The tab in the first state, without panes.
        from: Box<Tab>,
        /// The tab in the second state, without panes.
        to: Box<Tab>,
        /// Panes that differ.
        panes: Vec<PaneDiff>,
    },
}

/// How one pane differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PaneDiff {
    /// Only in the second state.
    Added(Pane),
    /// Only in the first state.
    Removed(Pane),
    /// In both.
    Changed {
        /// The pane in the first state.
        from: Box<Pane>,
        /// The pane in the second state.
        to: Box<Pane>,
    },
}

/// The difference from `a` to `b`. Sessions of the same life are the same ones across renames and
/// moves where their handles are.
#[must_use]
pub fn diff(a: &ServerState, b: &ServerState) -> ServerDiff {
    let lives = |state: &ServerState| -> BTreeSet<LifeId> {
        state.sessions.iter().map(|session| session.life).collect()
    };
    // Handles of lives that the other state does not know tell nothing.
    let shared = &lives(a) & &lives(b);
    let handle = |session: &Session| {
        let life = shared.get(&session.life)?;
        Some((*life, session.handle?))
    };
    let pairs = pair(&a.sessions, &b.sessions, handle, |s| s.name.clone());
    let sessions = pairs.into_iter().filter_map(|pair| match pair {
        DiffPair::Left(from) => Some(SessionDiff::Removed(from.clone())),
        DiffPair::Right(to) => Some(SessionDiff::Added(to.clone())),
        DiffPair::Both(from, to) if from.digest() == to.digest() => None,
        DiffPair::Both(from, to) => Some(SessionDiff::Changed {
            from: Box::new(from.shallow()),
            to: Box::new(to.shallow()),
            tabs: diff_tabs(from, to),
        }),
    });
    ServerDiff {
        sessions: sessions.collect(),
        buffers: (a.buffers != b.buffers).then(|| (a.buffers.clone(), b.buffers.clone())),
    }
}

fn diff_tabs(a: &Session, b: &Session) -> Vec<TabDiff> {
    let same_life = a.life == b.life;
    let handle = |tab: &Tab| tab.handle.filter(|_| same_life);
    let pairs = pair(&a.tabs, &b.tabs, handle, |tab| tab.index);
    let tabs = pairs.into_iter().filter_map(|pair| match pair {
        DiffPair::Left(from) => Some(TabDiff::Removed(from.clone())),
        DiffPair::Right(to) => Some(TabDiff::Added(to.clone())),
        DiffPair::Both(from, to) if from.digest() == to.digest() => None,
        DiffPair::Both(from, to) => Some(TabDiff::Changed {
            from: Box::new(from.shallow()),
            to: Box::new(to.shallow()),
            panes: diff_panes(from, to, same_life),
        }),
    });
    tabs.collect()
}

/// `same_life` says whether handles tell which pane is which.
fn diff_panes(a: &Tab, b: &Tab, same_life: bool) -> Vec<PaneDiff> {
    let id = |pane: &Pane| pane.handle.filter(|_| same_life).map(|handle| handle.id);
    let pairs = pair(&a.panes, &b.panes, id, |pane| pane.index);
    let panes = pairs.into_iter().filter_map(|pair| match pair {
        DiffPair::Left(from) => Some(PaneDiff::Removed(from.clone())),
        DiffPair::Right(to) => Some(PaneDiff::Added(to.clone())),
        DiffPair::Both(from, to) if from.digest() == to.digest() => None,
        DiffPair::Both(from, to) => Some(PaneDiff::Changed {
            from: Box::new(from.clone()),
            to: Box::new(to.clone()),
        }),
    });
    panes.collect()
}

enum DiffPair<'a, T> {
    Left(&'a T),
    Right(&'a T),
    Both(&'a T, &'a T),
}

/// Matches the members of two lists: by handle within one life, by key otherwise. Left ones come in
/// their order, what is only on the right after them.
fn pair<'a, T, H: Copy + Ord, K: Ord>(
    a: &'a [T],
    b: &'a [T],
    handle: impl Fn(&T) -> Option<H>,
    key: impl Fn(&T) -> K,
) -> Vec<DiffPair<'a, T>> {
    let mut free: BTreeSet<usize> = (0..b.len()).collect();
    let by_handle: BTreeMap<H, usize> = b
        .iter()
        .enumerate()
        .filter_map(|(at, item)| Some((handle(item)?, at)))
        .collect();
    let by_key: BTreeMap<K, usize> = b
        .iter()
        .enumerate()
        .map(|(at, item)| (key(item), at))
        .collect();
    let mut partner: Vec<Option<usize>> = a
        .iter()
        .map(|item| handle(item).and_then(|id| by_handle.get(&id).copied()))
        .map(|found| found.filter(|at| free.remove(at)))
        .collect();
    for (item, found) in a.iter().zip(&mut partner) {
        if found.is_some() {
            continue;
        }
        // By key only where neither side says that it is another one.
        let candidate = by_key
            .get(&key(item))
            .copied()
            .filter(|at| free.contains(at));
        let fits = |at: &usize| {
            let other = b.get(*at).and_then(&handle);
            handle(item).is_none() || other.is_none()
        };
        *found = candidate.filter(fits).filter(|at| free.remove(at));
    }
    let left = a
        .iter()
        .zip(partner)
        .map(|(item, found)| match found.and_then(|at| b.get(at)) {
            Some(other) => DiffPair::Both(item, other),
            None => DiffPair::Left(item),
        });
    let mut pairs: Vec<DiffPair<'a, T>> = left.collect();
    pairs.extend(
        free.into_iter()
            .filter_map(|at| b.get(at))
            .map(DiffPair::Right),
    );
    pairs
}

/// Why a diff cannot be applied: it was made from another state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the diff was made from another state: {what} is not there")]
pub struct DoesNotApply {
    /// What the diff expects.
    pub what: String,
}

impl ServerDiff {
    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty() && self.buffers.is_none()
    }

    /// The second state, given the first.
    pub fn apply(&self, a: &ServerState) -> Result<ServerState, DoesNotApply> {
        let mut state = ServerState {
            sessions: apply_sessions(&a.sessions, &self.sessions)?,
            buffers: match &self.buffers {
                Some((_, to)) => to.clone(),
                None => a.buffers.clone(),
            },
        };
        state.sort();
        Ok(state)
    }

    /// How many panes (or emptied tabs and sessions) came, went and changed.
    #[must_use]
    pub fn count(&self) -> ChangeCount {
        let mut count = ChangeCount {
            changed: u32::from(self.buffers.is_some()),
            ..ChangeCount::default()
        };
        for session in &self.sessions {
            match session {
                SessionDiff::Added(s) => count.added += panes_of(&s.tabs),
                SessionDiff::Removed(s) => count.removed += panes_of(&s.tabs),
                SessionDiff::Changed { from, to, tabs } => {
                    count.changed += u32::from(from.digest() != to.digest());
                    tabs.iter().for_each(|tab| tab.count_into(&mut count));
                }
            }
        }
        count
    }
}

fn panes_of(tabs: &[Tab]) -> u32 {
    tabs.iter()
        .map(|tab| u32::try_from(tab.panes.len()).unwrap_or(u32::MAX))
        .sum()
}

impl TabDiff {
    fn count_into(&self, count: &mut ChangeCount) {
        match self {
            TabDiff::Added(tab) => count.added += panes_of(std::slice::from_ref(tab)),
            TabDiff::Removed(tab) => count.removed += panes_of(std::slice::from_ref(tab)),
            TabDiff::Changed { panes, from, to } => {
                for pane in panes {
                    match pane {
                        PaneDiff::Added(_) => count.added += 1,
                        PaneDiff::Removed(_) => count.removed += 1,
                        PaneDiff::Changed { .. } => count.changed += 1,
                    }
                }
                if panes.is_empty() {
                    count.changed += u32::from(from.digest() != to.digest());
                }
            }
        }
    }
}

fn missing(what: &str, name: &BString) -> DoesNotApply {
    DoesNotApply {
        what: format!("{what} {name:?}"),
    }
}

/// Takes out what the diff removes or changes, found by `at`, and puts in what it adds.
fn apply_sessions(old: &[Session], diffs: &[SessionDiff]) -> Result<Vec<Session>, DoesNotApply> {
    let mut left: BTreeMap<BString, Session> = old
        .iter()
        .map(|session| (session.name.clone(), session.clone()))
        .collect();
    let mut made = Vec::new();
    for change in diffs {
        match change {
            SessionDiff::Added(session) => made.push(session.clone()),
            SessionDiff::Removed(session) => {
                left.remove(&session.name)
                    .ok_or_else(|| missing("session", &session.name))?;
            }
            SessionDiff::Changed { from, to, tabs } => {
                let old = left
                    .remove(&from.name)
                    .ok_or_else(|| missing("session", &from.name))?;
                made.push(Session {
                    tabs: apply_tabs(&old, tabs)?,
                    ..to.as_ref().clone()
                });
            }
        }
    }
    made.extend(left.into_values());
    Ok(made)
}

fn apply_tabs(old: &Session, diffs: &[TabDiff]) -> Result<Vec<Tab>, DoesNotApply> {
    let mut left: BTreeMap<u32, Tab> = old
        .tabs
        .iter()
        .map(|tab| (tab.index, tab.clone()))
        .collect();
    let mut made = Vec::new();
    for change in diffs {
        match change {
            TabDiff::Added(tab) => made.push(tab.clone()),
            TabDiff::Removed(tab) => {
                left.remove(&tab.index)
                    .ok_or_else(|| missing("tab", &tab.name))?;
            }
            TabDiff::Changed { from, to, panes } => {
                let old = left
                    .remove(&from.index)
                    .ok_or_else(|| missing("tab", &from.name))?;
                made.push(Tab {
                    panes: apply_panes(&old, panes)?,
                    ..to.as_ref().clone()
                });
            }
        }
    }
    made.extend(left.into_values());
    Ok(made)
}

fn apply_panes(old: &Tab, diffs: &[PaneDiff]) -> Result<Vec<Pane>, DoesNotApply> {
    let mut left: BTreeMap<u32, Pane> = old
        .panes
        .iter()
        .map(|pane| (pane.index, pane.clone()))
        .collect();
    let mut made = Vec::new();
    for change in diffs {
        match change {
            PaneDiff::Added(pane) => made.push(pane.clone()),
            PaneDiff::Removed(pane) => {
                left.remove(&pane.index)
                    .ok_or_else(|| missing("pane", &pane.title))?;
            }
            PaneDiff::Changed { from, to } => {
                left.remove(&from.index)
                    .ok_or_else(|| missing("pane", &from.title))?;
                made.push(to.as_ref().clone());
            }
        }
    }
    made.extend(left.into_values());
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::{any_state, in_life};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_state_does_not_differ_from_itself(a in any_state(), same_life: bool) {
            a.check().unwrap();
            prop_assert!(diff(&a, &in_life(a.clone(), u64::from(!same_life))).is_empty());
            prop_assert_eq!(diff(&a, &in_life(a.clone(), u64::from(!same_life))).count().total(), 0);
        }

        #[test]
        fn applying_a_difference_gives_the_other_state(
            a in any_state(), b in any_state(), same_life: bool,
        ) {
            let b = in_life(b, u64::from(!same_life));
            let made = diff(&a, &b).apply(&a).unwrap();
            prop_assert_eq!(made.digest(), b.digest());
            prop_assert_eq!(made.without_handles(), b.without_handles());
        }
    }

    #[test]
    fn a_renamed_session_is_the_same_session_within_a_life() {
        let session = |name: &str| Session {
            life: Default::default(),
            detail: Default::default(),
            handle: Some(crate::model::tree::SessionId::of(3)),
            name: name.into(),
            cwd: "/".into(),
            group: None,
            tabs: Vec::new(),
        };
        let a = ServerState {
            buffers: Vec::new(),
            sessions: vec![session("old")],
        };
        let b = ServerState {
            buffers: Vec::new(),
            sessions: vec![session("new")],
        };
        assert!(matches!(
            diff(&a, &b).sessions.as_slice(),
            [SessionDiff::Changed { .. }]
        ));
        assert_eq!(diff(&a, &in_life(b, 1)).sessions.len(), 2);
    }
}
