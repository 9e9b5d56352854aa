//! Panes whose process has ended come back as such.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bstr::ByteSlice;

use super::Site;
use crate::model::tree::PaneId;
use crate::mux::tmux::command::Command;
use crate::mux::tmux::ids;
use crate::restore::reference::PaneRef;
use crate::restore::tmux::step::Action;

/// How long tmux may take to notice that processes have ended.
const MAX_NOTICE_WAIT: Duration = Duration::from_secs(3);
/// After which time it is told again: tmux 3.3a now and then misses a child.
const MISSED: Duration = Duration::from_millis(200);
/// Between two looks.
const PAUSE: rustix::event::Timespec = rustix::event::Timespec {
    tv_sec: 0,
    tv_nsec: 4_000_000,
};

impl Site<'_, '_> {
    /// Waits until the panes that are to end have ended; tells which have not.
    pub(super) fn wait_for_ends(&mut self) {
        let wanted: Vec<(PaneRef, PaneId)> = self
            .steps
            .iter()
            .filter_map(|step| match step.action {
                Action::Bury { pane } => Some((pane, self.built.panes.get(&pane).copied()?)),
                _ => None,
            })
            .collect();
        if wanted.is_empty() {
            return;
        }
        let start = Instant::now();
        let mut told = start;
        let mut dead = BTreeMap::new();
        let ended = |dead: &BTreeMap<PaneId, bool>, pane: PaneRef, id: &PaneId| {
            // The terminal ends before tmux knows how its process did.
            let known = self
                .plan
                .pane(pane)
                .and_then(|pane| pane.exit)
                .is_none_or(|exit| exit.status.is_none());
            dead.get(id).is_some_and(|status| known || *status)
        };
        while start.elapsed() < MAX_NOTICE_WAIT {
            dead = self.dead();
            if wanted.iter().all(|(pane, id)| ended(&dead, *pane, id)) {
                return;
            }
            if told.elapsed() > MISSED {
                told = Instant::now();
                self.remind();
            }
            let _ = rustix::event::poll(&mut [], Some(&PAUSE));
        }
        for (pane, id) in wanted {
            if !ended(&dead, pane, &id) {
                let target = self.plan.pane(pane).map(|pane| pane.target.to_string());
                let issue = "its process did not end".to_owned();
                self.built
                    .warn(target.unwrap_or_default(), issue, "left as it is");
            }
        }
    }

    /// The panes that have ended, and whether their status is known.
    fn dead(&self) -> BTreeMap<PaneId, bool> {
        let list = Command::new("list-panes")
            .flag("-a")
            .opt("-F", "#{pane_id} #{pane_dead} #{pane_dead_status}");
        let Ok(reply) = self.tmux.ask("panes that have ended", &[list]) else {
            return BTreeMap::new();
        };
        let ids = reply.stdout.lines().filter_map(|line| {
            let (id, status) = line.split_once_str(" 1 ")?;
            Some((ids::read_pane(id)?, !status.is_empty()))
        });
        ids.collect()
    }

    /// Lets the server look again for children that have ended.
    fn remind(&self) {
        let server = self.tmux.server();
        let pid = server.ok().and_then(|server| server.pid());
        let pid = pid.and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::CHILD);
        }
    }
}
