//! The rows of a tab and of its panes, and whether the tab is made or shared with another session.

use super::{Planner, reference};
use crate::model::ansi::label;
use crate::model::target::Target;
use crate::model::tree::{Session, Tab};
use crate::model::words;
use crate::restore::judge::Judged;
use crate::restore::plan::{Item, Level, Member, Outlook};
use crate::restore::policy::Chosen;
use crate::restore::reference::{PaneRef, SessionRef, TabRef};

impl<'a> Planner<'a> {
    /// Plans a tab of a session; `shared_with` is the session that founded its group.
    pub(super) fn tab(
        &mut self,
        session: &'a Session,
        tab: &'a Tab,
        judged: &[Judged],
        made: Option<SessionRef>,
        shared_with: Option<SessionRef>,
    ) {
        let target = Target {
            session: session.name.clone(),
            tab: Some(tab.index),
            pane: None,
        };
        let some = judged.iter().any(|judged| judged.made);
        let made = made.filter(|_| some);
        let row = self.plan.items.len();
        let count = judged.iter().filter(|judged| judged.made).count();
        let panes = words::count(count as u64, "pane");
        let zoomed = if tab.zoomed { ", zoomed" } else { "" };
        self.plan.items.push(Item {
            level: Level::Tab,
            chosen: match (some, judged.iter().all(|judged| judged.made)) {
                (true, true) => Chosen::Yes,
                (true, false) => Chosen::Partly,
                (false, _) => Chosen::No,
            },
            target: target.clone(),
            label: format!("{} {}", tab.index, label(&tab.name)),
            detail: match made {
                Some(_) => format!("{panes}{zoomed}"),
                None => String::new(),
            },
            outlook: if made.is_some() {
                Outlook::Create
            } else {
                Outlook::Skip
            },
            start: None,
            warnings: Vec::new(),
            steps: Vec::new(),
            tab: None,
            pane: None,
        });
        let shared = match shared_with {
            // Members of a group have the same tabs, and none of their own.
            Some(leader) => {
                let mut tabs = self.plan.tabs.iter();
                let at = tabs.position(|one| one.session == leader && one.index == tab.index);
                at.map(|at| TabRef(reference(at)))
            }
            None => self.shared(tab),
        };
        let made = made.filter(|_| shared_with.is_none() || shared.is_some());
        match (made, shared) {
            (Some(made), Some(shared)) => {
                self.rows_of(tab, judged, |_| None, Some(shared));
                if shared_with.is_none() {
                    self.add_member(
                        made,
                        Member::Tab {
                            tab: shared,
                            index: tab.index,
                        },
                    );
                }
                if let Some(item) = self.plan.items.get_mut(row) {
                    item.detail = "shared with another session".to_owned();
                    item.tab = Some(shared);
                }
            }
            (Some(made), None) => {
                let own = self.new_tab(tab, judged, made, target, row);
                self.add_member(
                    made,
                    Member::Tab {
                        tab: own,
                        index: tab.index,
                    },
                );
                if let Some(handle) = tab.handle {
                    self.tabs.entry(handle).or_insert((own, tab));
                }
            }
            (None, _) => self.rows_of(tab, judged, |_| None, None),
        }
    }

    /// The tab that is made already for a session before this one and is the same one.
    pub(super) fn shared(&self, tab: &Tab) -> Option<TabRef> {
        let (made, other) = self.tabs.get(&tab.handle?)?;
        let same = other.panes == tab.panes && other.layout == tab.layout && other.name == tab.name;
        same.then_some(*made)
    }

    /// Rows for the panes of a tab.
    pub(super) fn rows_of(
        &mut self,
        tab: &Tab,
        judged: &[Judged],
        pane_of: impl Fn(u32) -> Option<PaneRef>,
        tab_ref: Option<TabRef>,
    ) {
        let session = self
            .plan
            .items
            .last()
            .map(|item| item.target.session.clone());
        for (pane, judged) in tab.panes.iter().zip(judged) {
            let made = pane_of(pane.index);
            let target = Target {
                session: session.clone().unwrap_or_default(),
                tab: Some(tab.index),
                pane: Some(pane.index),
            };
            let warnings = judged.warnings.iter().filter(|_| made.is_some());
            let first = self.plan.warnings.len();
            for warning in warnings {
                let mut warning = warning.clone();
                warning.component = target.to_string();
                self.plan.warnings.push(warning);
            }
            self.plan.items.push(Item {
                level: Level::Pane,
                label: format!("{}.{} {}", tab.index, pane.index, judged.label),
                detail: judged.detail.clone(),
                outlook: if made.is_some() || tab_ref.is_some() && judged.made {
                    Outlook::Create
                } else {
                    Outlook::Skip
                },
                start: judged.made.then_some(judged.start),
                chosen: if judged.made { Chosen::Yes } else { Chosen::No },
                warnings: (first..self.plan.warnings.len()).collect(),
                steps: Vec::new(),
                tab: tab_ref,
                pane: made,
                target,
            });
        }
    }
}
