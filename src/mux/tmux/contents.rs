//! The texts of panes.
//!
//! `capture-pane -e` costs the server 2.5 ms for 1,000 lines, and while it answers it does nothing
//! else. So panes are asked in batches of bounded size. A single pane is never divided, because lines
//! that wrap over the border would be torn; its history limit bounds it.

use super::client::Tmux;
use super::command::Command;
use crate::model::ansi;
use crate::model::contents::Contents;
use crate::mux::{ContentsRequest, MuxError};

const WHAT: &str = "a question for the texts of panes";

/// Rows in a batch: about 2 MB, and 50 ms of the server's time.
const BATCH_ROWS: u32 = 20_000;

/// Rows that the visible screen is counted as.
const SCREEN_ROWS: u32 = 100;

/// Starts the line that stands before and after every part. No cell of a screen can hold this control,
/// so no pane can show such a line; newer versions print it as `\001`, which a pane can show, and
/// therefore the lines are counted.
const MARK: &str = "\x01muxtape ";

impl Tmux {
    /// The texts, in the order of `wanted`; `None` for a pane that has gone, or that has taken or left
    /// the alternate screen since it was observed.
    pub(super) fn texts(
        &self,
        wanted: &[ContentsRequest],
    ) -> Result<Vec<Option<Contents>>, MuxError> {
        let mut texts = Vec::with_capacity(wanted.len());
        let mut rest = wanted;
        while !rest.is_empty() {
            let (batch, later) = rest.split_at(batch_length(rest));
            rest = later;
            match self.batch(batch)? {
                Some(found) => texts.extend(found),
                // A pane shows a text that looks like a mark. One at a time there are no marks.
                None => {
                    for request in batch {
                        texts.push(self.alone(request)?);
                    }
                }
            }
        }
        Ok(texts)
    }

    /// The texts of a batch; `None` when its marks do not add up.
    fn batch(&self, batch: &[ContentsRequest]) -> Result<Option<Vec<Option<Contents>>>, MuxError> {
        let mut commands = Vec::new();
        for request in batch {
            let target = format!("%{}", request.pane);
            // Evaluated for the pane, and empty if that has gone.
            let mark = format!("{MARK}{} #{{alternate_on}}", request.pane);
            for part in parts(request) {
                commands.push(
                    Command::new("display-message")
                        .flag("-p")
                        .opt("-t", &target)
                        .arg(&mark),
                );
                commands.push(part);
            }
        }
        commands.push(
            Command::new("display-message")
                .flag("-p")
                .arg(format!("{MARK}end")),
        );
        let answer = self.ask(WHAT, &commands)?.stdout;
        Ok(split(&answer, batch))
    }

    /// The text of one pane, one question for each part.
    fn alone(&self, request: &ContentsRequest) -> Result<Option<Contents>, MuxError> {
        let mut found = Vec::new();
        for part in parts(request) {
            let reply = self.ask(WHAT, &[part])?;
            let Some(text) = reply.stdout.strip_suffix(b"\n") else {
                return Ok(None);
            };
            found.push(text.to_vec());
        }
        Ok(assemble(request, &found))
    }
}

/// How many of the requests go into the next batch: one at least.
fn batch_length(wanted: &[ContentsRequest]) -> usize {
    let mut rows = 0u32;
    let fitting = wanted.iter().take_while(|request| {
        rows = rows
            .saturating_add(history(request))
            .saturating_add(SCREEN_ROWS);
        rows <= BATCH_ROWS
    });
    fitting.count().max(1)
}

fn history(request: &ContentsRequest) -> u32 {
    request
        .limit
        .map_or(request.history, |limit| limit.min(request.history))
}

/// The commands that capture a pane: history with the screen, or, while a program has the alternate
/// screen, the history (if there is any), the main screen that was put aside, and the alternate one.
fn parts(request: &ContentsRequest) -> Vec<Command> {
    let target = format!("%{}", request.pane);
    let capture = || Command::new("capture-pane").flag("-epJ").opt("-t", &target);
    let oldest = match request.limit {
        None => "-".to_owned(),
        Some(rows) => format!("-{rows}"),
    };
    let scrolled = history(request) > 0;
    match (request.alternate, scrolled) {
        (false, true) => vec![capture().opt("-S", oldest)],
        (false, false) => vec![capture()],
        (true, true) => vec![
            capture().opt("-S", oldest).opt("-E", "-1"),
            capture().flag("-a"),
            capture(),
        ],
        (true, false) => vec![capture().flag("-a"), capture()],
    }
}

/// Cuts an answer at its marks; `None` when they are not exactly those that were asked for.
fn split(answer: &[u8], batch: &[ContentsRequest]) -> Option<Vec<Option<Contents>>> {
    let mut sections = Sections { rest: answer };
    let mut first = sections.next()?;
    if !first.before.is_empty() {
        return None;
    }
    let mut texts = Vec::with_capacity(batch.len());
    for request in batch {
        let mut found = Vec::new();
        let mut steady = true;
        for _ in parts(request) {
            let expected = format!("{} {}", request.pane, u8::from(request.alternate));
            let pane = first.mark.split(|&byte| byte == b' ').next()?;
            if pane != request.pane.to_string().as_bytes() {
                return None;
            }
            steady &= first.mark == expected.as_bytes();
            let next = sections.next()?;
            // Whoever has a screen prints at least one line.
            match next.before.strip_suffix(b"\n") {
                Some(text) => found.push(text.to_vec()),
                None => steady = false,
            }
            first = next;
        }
        texts.push(if steady {
            assemble(request, &found)
        } else {
            None
        });
    }
    (first.mark == b"end" && sections.rest.is_empty()).then_some(texts)
}

/// A mark, and what stands before it.
struct Section<'a> {
    before: &'a [u8],
    mark: &'a [u8],
}

struct Sections<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Sections<'a> {
    type Item = Section<'a>;

    fn next(&mut self) -> Option<Section<'a>> {
        let start = find_mark(self.rest)?;
        let (before, from) = self.rest.split_at(start.at);
        let line = from.get(start.length..)?;
        let end = memchr::memchr(b'\n', line)?;
        let (mark, rest) = line.split_at(end);
        self.rest = rest.get(1..)?;
        Some(Section { before, mark })
    }
}

struct Found {
    at: usize,
    length: usize,
}

/// The next line that starts with the mark, in either of its spellings.
fn find_mark(text: &[u8]) -> Option<Found> {
    let raw = MARK.as_bytes();
    let escaped = b"\\001muxtape ";
    memchr::memmem::find_iter(text, &raw[1..]).find_map(|at| {
        let before = text.get(..at)?;
        let length = if before.ends_with(&raw[..1]) {
            raw.len()
        } else if before.ends_with(&escaped[..4]) {
            escaped.len()
        } else {
            return None;
        };
        let start = at + raw.len() - 1 - length;
        let at_line_start = start == 0 || text.get(start - 1) == Some(&b'\n');
        at_line_start.then_some(Found { at: start, length })
    })
}

fn assemble(request: &ContentsRequest, parts: &[Vec<u8>]) -> Option<Contents> {
    let (main, alternate) = match (request.alternate, parts) {
        (false, main) => (main, None),
        (true, [main @ .., alternate]) => (main, Some(alternate)),
        (true, []) => return None,
    };
    if main.is_empty() {
        return None;
    }
    Some(Contents {
        main: ansi::sanitised(&main.join(&b'\n')).into(),
        alternate: alternate.map(|screen| ansi::sanitised(screen).into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(pane: u32, history: u32) -> ContentsRequest {
        ContentsRequest {
            pane,
            alternate: false,
            history,
            limit: None,
        }
    }

    #[test]
    fn batches_are_bounded_and_never_empty() {
        let many: Vec<_> = (0..50).map(|pane| request(pane, 2000)).collect();
        let length = batch_length(&many);
        assert!((2..=10).contains(&length), "{length}");
        assert_eq!(batch_length(&[request(0, u32::MAX), request(1, 0)]), 1);
        let limited: Vec<_> = many
            .iter()
            .map(|request| ContentsRequest {
                limit: Some(0),
                ..*request
            })
            .collect();
        assert_eq!(batch_length(&limited), 50);
    }

    #[test]
    fn marks_are_read_in_both_spellings() {
        for mark in ["\x01", "\\001"] {
            let answer =
                format!("{mark}muxtape 1 0\na\n\nb\n{mark}muxtape 2 \n{mark}muxtape end\n");
            let texts = split(answer.as_bytes(), &[request(1, 0), request(2, 0)]).unwrap();
            let mains: Vec<_> = texts
                .into_iter()
                .map(|text| text.map(|text| text.main))
                .collect();
            assert_eq!(mains, [Some("a\n\nb".into()), None]);
        }
    }

    #[test]
    fn marks_that_do_not_add_up_spoil_the_whole_batch() {
        let batch = [request(1, 0), request(2, 0)];
        for answer in [
            "",
            "\x01muxtape 1 0\na\n\x01muxtape end\n",
            "\x01muxtape 1 0\na\n\x01muxtape 1 0\nb\n\x01muxtape end\n",
            "\x01muxtape 1 0\na\n\x01muxtape 2 0\nb\n",
            "\x01muxtape 1 0\na\n\x01muxtape 2 0\nb\n\x01muxtape 2 0\nc\n\x01muxtape end\n",
            "\x01muxtape 1 0\na\n\x01muxtape 2 0\nb\n\x01muxtape end\nmore",
            "x\x01muxtape 1 0\na\n\x01muxtape 2 0\nb\n\x01muxtape end\n",
        ] {
            assert_eq!(split(answer.as_bytes(), &batch), None, "{answer:?}");
        }
    }
}
