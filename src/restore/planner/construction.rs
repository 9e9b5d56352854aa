//! What a tab that is made consists of: its panes, where they go, their titles and which one has
//! the focus.

use std::collections::{BTreeMap, BTreeSet};

use super::{Planner, reference};
use crate::model::geometry::Layout;
use crate::model::target::Target;
use crate::model::tree::{Pane, Tab};
use crate::restore::judge::Judged;
use crate::restore::plan::{Own, PlannedPane, PlannedTab};
use crate::restore::policy::Text;
use crate::restore::prune;
use crate::restore::reference::{PaneRef, SessionRef, TabRef};

impl Planner<'_> {
    /// Plans a tab that is made.
    pub(super) fn new_tab(
        &mut self,
        tab: &Tab,
        judged: &[Judged],
        session: SessionRef,
        target: Target,
        row: usize,
    ) -> TabRef {
        let tab_ref = TabRef(reference(self.plan.tabs.len()));
        let of_session = self.plan.session(session);
        let of_session = of_session.map_or_else(Own::default, |planned| planned.own.clone());
        let made: Vec<(&Pane, &Judged)> = tab
            .panes
            .iter()
            .zip(judged)
            .filter(|(_, judged)| judged.made)
            .collect();
        let wanted: BTreeSet<u32> = made.iter().map(|(pane, _)| pane.index).collect();
        let layout = prune::kept(&tab.layout, &|pane| wanted.contains(&pane));
        // Places in the order of the split tree; panes that it lost (no sound snapshot has them)
        // come after it.
        let mut order: Vec<u32> = layout
            .iter()
            .flat_map(Layout::panes)
            .map(|(pane, _)| pane)
            .collect();
        for pane in &wanted {
            if !order.contains(pane) {
                order.push(*pane);
            }
        }
        let base = self.plan.panes.len();
        let refs: BTreeMap<u32, PaneRef> = order
            .iter()
            .enumerate()
            .map(|(at, pane)| (*pane, PaneRef(reference(base + at))))
            .collect();
        for (place, index) in order.iter().enumerate() {
            let Some((pane, judged)) = made.iter().find(|(pane, _)| pane.index == *index) else {
                continue;
            };
            let own = self.own_of_pane(&of_session, pane);
            let target = Target {
                pane: Some(*index),
                ..target.clone()
            };
            self.tell_piped(pane, &target);
            let mode = self.mode(pane);
            self.plan.panes.push(PlannedPane {
                target,
                tab: tab_ref,
                place: reference(place),
                title: pane.detail.withheld.is_none().then(|| pane.title.clone()),
                dir: judged.dir.clone(),
                shell: judged.shell.clone(),
                shell_file: judged.shell_file.clone(),
                beginning: judged.beginning.clone(),
                new: judged.new.clone(),
                text: match self.policy.text {
                    Text::Replay => pane.contents.map(|text| text.digest),
                    Text::None => None,
                },
                screen: pane.screen,
                // A zoomed pane has the whole tab.
                size: if tab.zoomed && pane.active {
                    tab.size()
                } else {
                    pane.rect.size()
                },
                idle: judged.idle,
                start: judged.start,
                line: judged.line.clone(),
                why: judged.why.clone(),
                still: pane.exit.is_some(),
                exit: pane.exit,
                mode,
                input_off: pane.detail.input_off,
                own,
                started: judged.line.as_ref().and_then(|_| {
                    let program = pane.program.as_ref();
                    program.map(|program| program.name().to_owned())
                }),
            });
        }
        let numbered = layout
            .as_ref()
            .and_then(|layout| layout.renumbered(&|pane| refs.get(&pane).map(|pane| pane.0)));
        let find = |wanted: &dyn Fn(&Pane) -> bool| {
            let pane = tab.panes.iter().find(|pane| wanted(pane))?;
            refs.get(&pane.index).copied()
        };
        // There is one mark in a server: one that is alive stays where it is.
        let marked = self.live.state.panes().any(|(_, _, pane)| pane.marked);
        let own = self.own(&tab.detail.settings, &tab.detail.hooks, &[]);
        self.plan.tabs.push(PlannedTab {
            target,
            session,
            index: tab.index,
            name: tab.name.clone(),
            automatic_rename: tab.automatic_rename,
            size: tab.size(),
            panes: order
                .iter()
                .filter_map(|pane| refs.get(pane).copied())
                .collect(),
            layout: numbered,
            active: find(&|pane| pane.active),
            last: find(&|pane| pane.last),
            marked: find(&|pane| pane.marked).filter(|_| !marked),
            zoomed: tab.zoomed,
            synchronized: tab.synchronized,
            own,
            joins: None,
        });
        self.rows_of(tab, judged, |pane| refs.get(&pane).copied(), Some(tab_ref));
        if let Some(item) = self.plan.items.get_mut(row) {
            item.tab = Some(tab_ref);
        }
        tab_ref
    }
}
