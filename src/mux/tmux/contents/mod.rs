//! The texts of panes.
//!
//! `capture-pane -e` costs the server 2.5 ms for 1,000 rows, and while it answers it does nothing
//! else. So panes are asked in questions of bounded size ([`Pace`]), and the scrollback of a large
//! one in several. With every question it is asked which panes are private: what it tells belongs
//! to the same moment, and the text of one of them is dropped, with what was read of it before. How
//! the parts of a text fit together is told in [`reading`].

mod pace;
mod question;
mod reading;

use std::collections::VecDeque;
use std::time::Instant;

use super::client::{Tmux, garbled};
use super::private::{self, Marks};
use crate::mux::{MuxError, PaneTexts, TextRequest};
use pace::Pace;
use question::Question;
use reading::{Next, Reading};

const WHAT: &str = "a question for the texts of panes";

impl Tmux {
    /// The texts, in the order of `wanted`; `None` for a pane that has gone or is private.
    pub(super) fn read_texts(&self, wanted: &[TextRequest]) -> Result<PaneTexts, MuxError> {
        self.read_at(wanted, &mut Pace::default())
    }

    fn read_at(&self, wanted: &[TextRequest], pace: &mut Pace) -> Result<PaneTexts, MuxError> {
        let mut readings: Vec<Reading<'_>> = wanted.iter().map(Reading::new).collect();
        let mut texts = vec![None; wanted.len()];
        let mut waiting: VecDeque<usize> = (0..wanted.len()).collect();
        let mut alone = false;
        let mut all = Marks::default();
        let mut told = false;
        while !waiting.is_empty() || !told {
            let mut question = Question::new();
            let mut asked = Vec::new();
            let mut rows = 0;
            while let Some(&at) = waiting.front()
                && let Some(reading) = readings.get(at)
            {
                // One at least; of those after it only what fits as a whole.
                let left = pace.rows().saturating_sub(rows);
                if !asked.is_empty() && (alone || reading.rows_left() > left) {
                    break;
                }
                let step = reading.step(left);
                rows = rows.saturating_add(step.rows());
                question.add(reading.pane(), step.captures());
                asked.push((at, step));
                waiting.pop_front();
            }
            question.end();
            let started = Instant::now();
            let reply = self.ask(WHAT, question.commands())?;
            pace.took(rows, started.elapsed());
            let Some((answers, marks)) = question.split(&reply.stdout) else {
                // tmux 3.1 says nothing of a pane that has gone, not even that it has.
                let gone = |said: &String| said.starts_with("can't find pane");
                if !reply.complaints.iter().any(gone) {
                    return Err(garbled(WHAT, "the marks between the texts do not add up"));
                }
                if asked.len() > 1 {
                    alone = true;
                    asked
                        .iter()
                        .rev()
                        .for_each(|(at, _)| waiting.push_front(*at));
                }
                continue;
            };
            let marked = private::read_marks(marks, WHAT)?;
            told = true;
            for ((at, step), answer) in asked.into_iter().zip(answers).rev() {
                let Some(reading) = readings.get_mut(at) else {
                    continue;
                };
                if marked.private.contains(&reading.pane()) {
                    continue;
                }
                match reading.take(&step, &answer) {
                    Next::Done(text) => {
                        if let Some(slot) = texts.get_mut(at) {
                            *slot = Some(*text);
                        }
                    }
                    Next::Gone => {}
                    Next::More => waiting.push_front(at),
                }
            }
            all.private.extend(marked.private);
            all.interfaces.extend(marked.interfaces);
        }
        Ok(PaneTexts {
            texts,
            private: all.private,
            interfaces: all.interfaces,
        })
    }
}

#[cfg(test)]
mod tests;
