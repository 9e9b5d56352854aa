//! The third phase: panes write their saved text, and say so.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use bstr::ByteSlice;

use super::Site;
use crate::model::ansi::label;
use crate::model::geometry::Size;
use crate::model::tree::PaneId;
use crate::mux::tmux::command::Command;
use crate::mux::tmux::ids;
use crate::restore::RestoreError;
use crate::restore::pane::Went;
use crate::restore::reference::PaneRef;
use crate::restore::report::Phase;

/// How long panes may be silent before one looks whether they are still there.
const SILENCE: Duration = Duration::from_millis(300);
/// How long panes may be silent before the restore goes on without them.
const MAX_SILENCE: Duration = Duration::from_secs(10);

impl Site<'_, '_> {
    /// Lets the panes write their text and waits for them.
    pub(super) fn replay(&mut self) -> Result<(), RestoreError> {
        self.tell(Phase::Replay, 0);
        let sizes = self.other_sizes()?;
        self.work.open_texts(&sizes)?;
        self.shown = sizes;
        let went = self.wait_for_panes()?;
        let panes: Vec<PaneRef> = self.built.panes.keys().copied().collect();
        for pane in panes {
            let Some(planned) = self.plan.pane(pane) else {
                continue;
            };
            let target = planned.target.to_string();
            match went.get(&pane.0) {
                Some(Went::Well) => {}
                Some(Went::Elsewhere) => {
                    self.displaced.insert(pane);
                    let issue = format!("{} could not be entered", label(&planned.dir));
                    self.built
                        .warn(target, issue, "opened in a directory above it");
                }
                None => {
                    self.built.silent.insert(pane);
                    let issue = "it did not say that it was ready".to_owned();
                    self.built.warn(target, issue, "left as it is");
                }
            }
        }
        if went.is_empty() {
            return Err(RestoreError::NotReady);
        }
        self.tell(Phase::Replay, 1);
        Ok(())
    }

    /// The sizes of the panes that have another one than planned.
    fn other_sizes(&mut self) -> Result<BTreeMap<u32, Size>, RestoreError> {
        let list = Command::new("list-panes")
            .flag("-a")
            .opt("-F", "#{pane_id} #{pane_width} #{pane_height}");
        let (stdout, _) = self.send("the sizes of the panes", &[list])?;
        let sizes = stdout.lines().filter_map(|line| {
            let mut words = line.to_str().ok()?.split(' ');
            let id = ids::read_pane(words.next()?.as_bytes())?;
            let width = words.next()?.parse().ok()?;
            let height = words.next()?.parse().ok()?;
            Some((id, Size { width, height }))
        });
        let sizes: BTreeMap<PaneId, Size> = sizes.collect();
        let panes = self.built.panes.iter().filter_map(|(pane, id)| {
            let planned = self.plan.pane(*pane)?.size;
            let size = sizes.get(id).filter(|size| **size != planned)?;
            Some((pane.0, *size))
        });
        Ok(panes.collect())
    }

    /// Waits until every pane has said that it is ready, has ended, or has been silent for too
    /// long.
    fn wait_for_panes(&mut self) -> Result<BTreeMap<u32, Went>, RestoreError> {
        let mut went = BTreeMap::new();
        let mut last = Instant::now();
        while last.elapsed() < MAX_SILENCE {
            let missing = self.built.panes.len().saturating_sub(went.len());
            let heard = self.work.wait(missing, SILENCE);
            if !heard.is_empty() {
                last = Instant::now();
            }
            went.extend(heard);
            if went.len() >= self.built.panes.len() {
                break;
            }
            let list = Command::new("list-panes")
                .flag("-a")
                .opt("-F", "#{pane_id}");
            let (stdout, _) = self.send("panes that are alive", &[list])?;
            let alive: BTreeSet<&[u8]> = stdout.lines().collect();
            let waiting = self.built.panes.iter().any(|(pane, id)| {
                !went.contains_key(&pane.0) && alive.contains(ids::pane(*id).as_bytes())
            });
            if !waiting {
                break;
            }
        }
        Ok(went)
    }
}
