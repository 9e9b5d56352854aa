//! The prompts of restored shells: terminals have their final size before a shell draws one, and
//! where the height that was left for it was guessed wrong, that is put right afterwards.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io::Write;
use std::time::{Duration, Instant};

use bstr::{BString, ByteSlice};
use rustix::termios::Winsize;

use super::Site;
use crate::model::ansi;
use crate::model::geometry::Size;
use crate::mux::tmux::command::Command;
use crate::mux::tmux::ids;
use crate::restore::reference::PaneRef;
use crate::restore::replay::{self, Correction, Drawn, Evidence, Seam, Verdict};
use crate::restore::tmux::prompt::{self, Awaited, Editor, Prompt, Spot};

/// How long a prompt may take to look like the saved one, from when it was first drawn.
const UNCLEAR: Duration = Duration::from_secs(1);
/// How long such a prompt stands still before it counts as drawn: what shells find out meanwhile
/// (the state of a working tree, say) they draw later.
const STILL: Duration = Duration::from_millis(150);
/// Between two looks at such a prompt.
const BETWEEN_LOOKS: rustix::event::Timespec = rustix::event::Timespec {
    tv_sec: 0,
    tv_nsec: 30_000_000,
};

/// What is known of a pane just before its shell starts.
#[derive(Debug)]
pub(super) struct Start {
    /// Where the shell begins to write.
    spot: Spot,
    /// What was left out for its prompt.
    seam: Option<Seam>,
}

impl Site<'_, '_> {
    /// Gives the terminals of all panes their final size, and notes where their shells begin to
    /// write.
    ///
    /// tmux tells a terminal its size up to a quarter of a second after it has changed. A shell
    /// that hears of another size after it has drawn its prompt draws it again, and writes over
    /// what is above.
    pub(super) fn before_shells(&mut self) {
        let spots = prompt::spots(self.tmux);
        let mut starts = BTreeMap::new();
        for (pane, id) in &self.built.panes {
            let Some((spot, path)) = spots.get(id) else {
                continue;
            };
            let (rows, columns) = spot.size;
            let size = Winsize {
                ws_row: rows,
                ws_col: columns,
                ws_xpixel: 0,
                ws_ypixel: 0,
            };
            if let Some(terminal) = prompt::open_terminal(path) {
                let known = rustix::termios::tcgetwinsize(&terminal);
                if known.is_ok_and(|known| (known.ws_row, known.ws_col) != spot.size) {
                    // What tmux sets later is no change any more.
                    let _ = rustix::termios::tcsetwinsize(&terminal, size);
                }
            }
            let seam = self.seam(*pane);
            starts.insert(*pane, Start { spot: *spot, seam });
        }
        self.starts = starts;
    }

    /// The end of a pane's text, where something of it was left out.
    fn seam(&self, pane: PaneRef) -> Option<Seam> {
        let planned = self.plan.pane(pane)?;
        let text = self.workshop.texts.get(&planned.text?)?;
        let size = self.shown.get(&pane.0).copied().unwrap_or(planned.size);
        replay::seam(&text.main, &super::place(planned), size)
    }

    /// Waits for the prompts of shells, longest where something is to be typed; puts right what was
    /// guessed wrong. Gives the prompts by pane.
    pub(super) fn prompts(&mut self, typed: &[PaneRef]) -> BTreeMap<PaneRef, Prompt> {
        let silent = &self.built.silent;
        let awaited = self.built.panes.iter().filter_map(|(pane, id)| {
            let urgent = typed.contains(pane);
            let ended = self.plan.pane(*pane).is_none_or(|planned| planned.still);
            if silent.contains(pane) || ended {
                return None;
            }
            Some(Awaited {
                id: *id,
                pid: self.pids.get(id).copied()?,
                editor: self
                    .plan
                    .pane(*pane)
                    .map_or(Editor::Unknown, |planned| Editor::of(&planned.shell)),
                urgent,
            })
        });
        let found = prompt::wait(self.tmux, awaited.collect());
        let panes = self.built.panes.iter();
        let mut found: BTreeMap<PaneRef, Prompt> = panes
            .filter_map(|(pane, id)| Some((*pane, *found.get(id)?)))
            .collect();
        let since = Instant::now();
        let mut left = found.clone();
        let mut moved: BTreeMap<PaneRef, Instant> = BTreeMap::new();
        loop {
            let over = since.elapsed() > UNCLEAR;
            let drawn = self.drawn(&left);
            left.retain(|pane, prompt| {
                let lines = drawn.get(pane).map_or(&[][..], Vec::as_slice);
                let moved = moved.entry(*pane).or_insert(since);
                if self.drawn.get(pane).is_some_and(|before| before != lines) {
                    *moved = Instant::now();
                }
                let last = over || moved.elapsed() > STILL;
                match self.verdict(*pane, lines, prompt.spot) {
                    Some(Verdict::Unclear(_)) if !last => true,
                    Some(Verdict::Wrong(correction) | Verdict::Unclear(Some(correction))) => {
                        // Where the cursor has moved meanwhile, it is looked at again.
                        self.put_right(*pane, prompt.spot, &correction).is_none() && !over
                    }
                    _ => false,
                }
            });
            self.drawn.extend(drawn);
            if left.is_empty() {
                return found;
            }
            let _ = rustix::event::poll(&mut [], Some(&BETWEEN_LOOKS));
            let spots = prompt::spots(self.tmux);
            for (pane, prompt) in &mut left {
                let spot = self.built.panes.get(pane).and_then(|id| spots.get(id));
                if let Some((spot, _)) = spot {
                    prompt.spot = *spot;
                    found.insert(*pane, *prompt);
                }
            }
        }
    }

    /// What is to be said of what a shell has drawn; nothing where no prompt was left out for it.
    fn verdict(&self, pane: PaneRef, lines: &[BString], spot: Spot) -> Option<Verdict> {
        let seam = self.starts.get(&pane)?.seam.as_ref()?;
        let (height, width) = spot.size;
        let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_slice()).collect();
        Some(seam.judge(Drawn {
            lines: &lines,
            column: spot.column.into(),
            top: self.top(pane, spot)?,
            cursor: spot.row.into(),
            size: Size { width, height },
        }))
    }

    /// What shells have drawn since they started.
    fn drawn(&self, prompts: &BTreeMap<PaneRef, Prompt>) -> BTreeMap<PaneRef, Vec<BString>> {
        // No pane shows a line with a number that was drawn for this question.
        let mark = format!("muxtape-{:016x}", RandomState::new().hash_one(0));
        let mut asked = Vec::new();
        let mut commands = Vec::new();
        for (pane, prompt) in prompts {
            let (Some(id), Some(top)) = (self.built.panes.get(pane), self.top(*pane, prompt.spot))
            else {
                continue;
            };
            asked.push(*pane);
            commands.push(
                Command::new("capture-pane")
                    .flag("-p")
                    .flag("-e")
                    .flag("-J")
                    .opt("-t", ids::pane(*id))
                    .opt("-S", top.to_string())
                    .opt("-E", prompt.spot.row.to_string()),
            );
            commands.push(Command::new("display-message").flag("-p").arg(&mark));
        }
        if commands.is_empty() {
            return BTreeMap::new();
        }
        let Ok(reply) = self.tmux.ask("prompts", &commands) else {
            return BTreeMap::new();
        };
        let mut lines: Vec<BString> = Vec::new();
        let mut answers = Vec::new();
        for line in reply.stdout.lines() {
            if line == mark.as_bytes() {
                answers.push(std::mem::take(&mut lines));
            } else {
                lines.push(ansi::sanitised(line).into());
            }
        }
        asked.into_iter().zip(answers).collect()
    }

    /// The row of the screen in which a shell began to write; `None` where that cannot be told any
    /// more.
    fn top(&self, pane: PaneRef, now: Spot) -> Option<i64> {
        let start = self.starts.get(&pane)?.spot;
        let same = start.size == now.size && !start.alternate && !now.alternate;
        let grown = now.history.checked_sub(start.history)?;
        let top = i64::from(start.row) - i64::from(grown);
        (same && top <= i64::from(now.row)).then_some(top)
    }

    /// Moves what stands above a prompt to where it was; `None` where that could not be done.
    fn put_right(&self, pane: PaneRef, spot: Spot, correction: &Correction) -> Option<()> {
        // Once more, as late as can be: what is typed meanwhile moves the cursor.
        let now = prompt::spots(self.tmux);
        let (now, path) = now.get(self.built.panes.get(&pane)?)?;
        if *now != spot {
            return None;
        }
        let mut terminal = prompt::open_terminal(path)?;
        // At one stroke: nothing of the shell's comes in between.
        terminal.write_all(&correction.bytes()).ok()
    }

    /// What the saved text tells about the prompt that a shell has drawn, at which a line is to be
    /// typed.
    pub(super) fn evidence(&self, pane: PaneRef, line: &[u8], prompt: &Prompt) -> Evidence {
        let found = || {
            let planned = self
                .plan
                .pane(pane)
                .filter(|planned| !planned.shell.is_empty())?;
            let text = self.workshop.texts.get(&planned.text?)?;
            let drawn = self.drawn.get(&pane)?.last()?;
            let column = prompt.spot.column.into();
            Some(replay::evidence(&text.main, line, drawn, column))
        };
        found().unwrap_or(Evidence::None)
    }
}
