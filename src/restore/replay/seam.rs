//! Where a saved text ends and the shell goes on: what was left out for its prompt, held against
//! the prompt that it then drew.
//!
//! Before a shell has started, the height of its prompt is a guess ([`super::prompt`]). Afterwards
//! its prompt can be measured, and what the guess missed is put right from outside, by moving rows
//! on the screen: shells move the cursor only relative to where it is. Nothing is done where what
//! was drawn does not look like what was saved, as then it may be no prompt.

use bstr::{BString, ByteSlice};

use super::prompt::{Line, read};
use super::rows::rows;
use super::style::Style;
use super::{LINE_DRAWING_ON, Laid, PLAIN_AGAIN, Place, pass_over, push_line};
use crate::model::ansi;
use crate::model::geometry::Size;

/// Lines above the seam that can belong to a prompt, or to what a shell says before it.
const ABOVE: usize = 12;
/// Lines further up in which the greeting of a shell is looked for.
const GREETED: usize = 2000;

/// The end of a saved text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::restore) struct Seam {
    /// The last lines that were shown again.
    kept: Vec<Part>,
    /// Lines that were shown again, as [`numberless`] text.
    texts: Vec<String>,
    /// Those that were left out.
    left: Vec<Part>,
    /// The column of the cursor in the last of those.
    column: u32,
    /// Whether a row in front of the prompt was left free.
    spare: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    line: Line,
    /// Rows that it fills.
    rows: u32,
    /// As it is sent to a terminal.
    bytes: BString,
}

/// What a shell has drawn: from the row that it began in to the cursor.
#[derive(Debug, Clone, Copy)]
pub(in crate::restore) struct Drawn<'a> {
    /// Its lines; wrapped rows are joined.
    pub(in crate::restore) lines: &'a [&'a [u8]],
    /// Where the cursor stands in the last of them.
    pub(in crate::restore) column: u32,
    /// The row of the screen that it began in; negative where that has scrolled away.
    pub(in crate::restore) top: i64,
    /// The row of the screen that the cursor is in.
    pub(in crate::restore) cursor: i64,
    /// The size of the screen.
    pub(in crate::restore) size: Size,
}

/// What a prompt that was drawn says about the saved one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::restore) enum Verdict {
    /// It is where that was.
    Right,
    /// Every line of it is known, and rows have to be moved.
    Wrong(Correction),
    /// It has lines that are not known: it may not be finished, as some shells draw theirs in
    /// several goes. What can be said of it as it is comes along.
    Unclear(Option<Correction>),
}

/// Rows to move so that a prompt is where the saved one was.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::restore) struct Correction {
    /// The first row that goes, and how many.
    delete: (u16, u16),
    /// What stands above the prompt: in which row it goes, how many rows it has, and its lines.
    insert: (u16, u16),
    lines: Vec<(u16, BString)>,
}

/// The end of a text; `None` where nothing of it was left out.
pub(in crate::restore) fn seam(text: &[u8], place: &Place, size: Size) -> Option<Seam> {
    let text = ansi::sanitised(text);
    let laid = Laid::new(&text, place, size);
    if laid.left_out.is_empty() {
        return None;
    }
    let end = laid.left_out.end;
    let from = laid.left_out.start.saturating_sub(ABOVE);
    let mut style = Style::default();
    for line in laid.lines.get(..from).unwrap_or(&[]) {
        pass_over(line, &mut style);
    }
    let tail = laid.lines.get(from..end).unwrap_or(&[]);
    let mut parts: Vec<Part> = tail
        .iter()
        .zip(read(tail))
        .map(|(line, read)| {
            let mut bytes = Vec::new();
            style.emit(&mut bytes);
            push_line(&mut bytes, line, &mut style);
            bytes.extend_from_slice(b"\x0f\x1b[0m");
            Part {
                line: read,
                rows: rows(line, size.width),
                bytes: bytes.into(),
            }
        })
        .collect();
    let left = parts.split_off(laid.left_out.start - from);
    let shown = laid.lines.get(..laid.left_out.start).unwrap_or(&[]);
    let shown = shown
        .get(shown.len().saturating_sub(GREETED)..)
        .unwrap_or(&[]);
    Some(Seam {
        kept: parts,
        texts: shown
            .iter()
            .map(|line| numberless(&ansi::plain(line)))
            .collect(),
        left,
        column: place.screen.cursor_x.into(),
        spare: laid.spare,
    })
}

/// A text in which all numbers are the same: what differs are times and counts.
fn numberless(text: &str) -> String {
    let mut out = String::new();
    for c in text.trim_end().chars() {
        if !c.is_ascii_digit() {
            out.push(c);
        } else if !out.ends_with('0') {
            out.push('0');
        }
    }
    out
}

impl Seam {
    /// What has to be moved now that the shell has drawn its prompt.
    pub(in crate::restore) fn judge(&self, drawn: Drawn<'_>) -> Verdict {
        let lines = read(drawn.lines);
        let (count, left) = (lines.len(), self.left.len());
        let alike = self.alike(&lines, drawn.column);
        // Lines of the old prompt that were kept.
        let twice = if count > left && alike > left {
            alike - left
        } else {
            0
        };
        let kept = self
            .kept
            .get(self.kept.len().saturating_sub(twice)..)
            .unwrap_or(&[]);
        let twice: u32 = kept.iter().map(|part| part.rows).sum();
        let (mut greeting, mut known) = (0, alike == count);
        if let (1.., Some(said @ 1..)) = (alike, count.checked_sub(alike.max(left)))
            && self.has_said(lines.get(..said).unwrap_or(&[]))
        {
            let said = drawn.lines.get(..said).unwrap_or(&[]);
            greeting = said.iter().map(|line| rows(line, drawn.size.width)).sum();
            known |= alike >= left;
        }
        let spare = u32::from(self.spare);
        // What has scrolled away stays.
        let begin = drawn.top - i64::from(twice + spare);
        let end = drawn.top + i64::from(greeting);
        let (begin, end) = (begin.max(0), end.max(0));
        let missing = match alike {
            // All that was drawn was there before, and there was more of it.
            1.. if alike == count && count < left => self.left.get(..left - count).unwrap_or(&[]),
            _ => &[],
        };
        let room: u32 = missing.iter().map(|part| part.rows).sum();
        let deleted = end - begin;
        let height = i64::from(drawn.size.height);
        let missing = match drawn.cursor - deleted + i64::from(room) < height {
            true => missing,
            false => &[],
        };
        let row = |row: i64| u16::try_from(row).unwrap_or(0);
        let mut at = begin;
        let lines: Vec<(u16, BString)> = missing
            .iter()
            .map(|part| {
                let own = (row(at), part.bytes.clone());
                at += i64::from(part.rows);
                own
            })
            .collect();
        let correction = Correction {
            delete: (row(begin), row(deleted)),
            insert: (row(begin), row(at - begin)),
            lines,
        };
        let moves = correction.delete.1 > 0 || correction.insert.1 > 0;
        match (known, moves) {
            (true, false) => Verdict::Right,
            (true, true) => Verdict::Wrong(correction),
            (false, moves) => Verdict::Unclear(moves.then_some(correction)),
        }
    }

    /// How many of the last lines that were drawn are those that were saved.
    fn alike(&self, drawn: &[Line], column: u32) -> usize {
        let mut saved = self.kept.iter().chain(&self.left).rev();
        let mut drawn = drawn.iter().rev();
        let last = saved.next().zip(drawn.next()).is_some_and(|(one, other)| {
            let typed = one.line.up_to(self.column.min(column).max(1));
            let drawn = other.up_to(column);
            !drawn.is_blank()
                && (one.line.text.starts_with(&drawn.text)
                    || drawn.resembles(&typed)
                    || drawn.resembles(&one.line))
        });
        if !last {
            return 0;
        }
        let same = saved.zip(drawn);
        1 + same
            .take_while(|(one, other)| one.line.resembles(other))
            .count()
    }

    /// Whether a shell has said this before, but for numbers.
    fn has_said(&self, lines: &[Line]) -> bool {
        let said: Vec<String> = lines.iter().map(|line| numberless(&line.text)).collect();
        said.iter().any(|line| !line.is_empty())
            && self.texts.windows(said.len()).any(|block| block == said)
    }
}

impl Correction {
    /// The bytes that do it. The cursor stays where it is in the prompt, with its colours.
    pub(in crate::restore) fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let (row, count) = self.delete;
        if count > 0 {
            let moved = format!(
                "\x1b7\x1b[0m\x1b[{};1H\x1b[{count}M\x1b8\x1b[{count}A",
                row + 1
            );
            out.extend_from_slice(moved.as_bytes());
        }
        let (row, count) = self.insert;
        if count > 0 {
            let moved = format!("\x1b7\x1b[0m\x1b[{};1H\x1b[{count}L", row + 1);
            out.extend_from_slice(moved.as_bytes());
            out.extend_from_slice(LINE_DRAWING_ON);
            for (row, line) in &self.lines {
                out.extend_from_slice(format!("\x1b[{};1H", row + 1).as_bytes());
                out.extend_from_slice(line.trim_end_with(|c| c == '\n'));
            }
            out.extend_from_slice(PLAIN_AGAIN);
            out.extend_from_slice(format!("\x1b8\x1b[{count}B").as_bytes());
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tree::Screen;
    use crate::restore::replay::{Next, bytes};

    const SIZE: Size = Size {
        width: 30,
        height: 12,
    };

    fn place(text: &str, cursor: (u16, u16), erases: bool) -> Place {
        let rows = u32::try_from(text.split('\n').count()).unwrap();
        Place {
            size: SIZE,
            screen: Screen {
                cursor_x: cursor.0,
                cursor_y: cursor.1,
                history: rows - u32::from(SIZE.height),
                ..Screen::default()
            },
            next: Next::Prompt,
            erases,
        }
    }

    /// A text that fills the screen, so many of its rows being history.
    fn filled(lines: &str, history: usize) -> String {
        let rows = lines.split('\n').count();
        let empty = usize::from(SIZE.height) + history - rows;
        format!("{lines}{}", "\n".repeat(empty))
    }

    /// What the screen shows after a shell has drawn `drawn` at the end of a text and was put
    /// right, and the row of the cursor.
    fn shown(text: &str, place: &Place, drawn: &str) -> (String, u16) {
        let mut parser = vt100::Parser::new(
            SIZE.height.try_into().unwrap(),
            SIZE.width.try_into().unwrap(),
            100,
        );
        parser.process(&bytes(text.as_bytes(), place, SIZE));
        let top = i64::from(parser.screen().cursor_position().0);
        parser.process(drawn.replace('\n', "\r\n").as_bytes());
        let (row, column) = parser.screen().cursor_position();
        let lines: Vec<&[u8]> = drawn.split('\n').map(str::as_bytes).collect();
        let verdict = seam(text.as_bytes(), place, SIZE).unwrap().judge(Drawn {
            lines: &lines,
            column: column.into(),
            top,
            cursor: row.into(),
            size: SIZE,
        });
        if let Verdict::Wrong(correction) | Verdict::Unclear(Some(correction)) = verdict {
            parser.process(&correction.bytes());
        }
        let screen = parser.screen();
        (screen.contents(), screen.cursor_position().0)
    }

    #[test]
    fn a_line_of_the_prompt_that_was_kept_goes() {
        let text = filled("out\nme in ~\n$ ls\na b\nme in ~/src\n$ ", 0);
        let place = place(&text, (2, 5), false);
        let (shown, row) = shown(&text, &place, "me in ~/src\n$ ");
        assert_eq!(shown.trim_end(), text.trim_end());
        assert_eq!(row, 5);
    }

    #[test]
    fn output_that_was_taken_for_the_prompt_comes_back() {
        let text = filled("$ date\n10:20\n$ date\n10:21\n$ date\n10:22\n$ ", 0);
        let place = place(&text, (2, 6), false);
        let (shown, row) = shown(&text, &place, "$ ");
        assert_eq!(shown.trim_end(), text.trim_end());
        assert_eq!(row, 6);
    }

    #[test]
    fn a_greeting_is_there_once_and_news_stay() {
        let text = filled("Hello, 3 mails\n\n$ ls\na b\n$ ", 0);
        let place = place(&text, (2, 4), false);
        let again = shown(&text, &place, "Hello, 12 mails\n\n$ ");
        assert_eq!((again.0.trim_end(), again.1), (text.trim_end(), 4));
        let (new, row) = shown(&text, &place, "no such file\n$ ");
        assert_eq!(
            new.trim_end(),
            "Hello, 3 mails\n\n$ ls\na b\nno such file\n$"
        );
        assert_eq!(row, 5);
    }

    #[test]
    fn what_does_not_look_like_the_prompt_moves_nothing() {
        let text = filled("one\nout\n$ ", 0);
        let place = place(&text, (2, 2), false);
        let (shown, _) = shown(&text, &place, "out\nUpdate? [Y/n] ");
        assert_eq!(shown.trim_end(), "one\nout\nout\nUpdate? [Y/n]");
    }

    #[test]
    fn a_shell_that_erases_the_screen_begins_below_its_first_row() {
        let text = filled("old\n$ ", 1);
        let place = place(&text, (2, 0), true);
        let mut parser = vt100::Parser::new(12.try_into().unwrap(), 30.try_into().unwrap(), 100);
        parser.process(&bytes(text.as_bytes(), &place, SIZE));
        assert_eq!(parser.screen().cursor_position(), (1, 0));
        let (shown, row) = shown(&text, &place, "$ ");
        assert_eq!((shown.trim_end(), row), ("$", 0));
    }

    #[test]
    fn the_text_tells_the_height_that_a_border_left() {
        // A screen of eleven rows in a cell of twelve.
        let text = filled("one\ntwo\n$ ", 0);
        let text = text.strip_suffix('\n').unwrap();
        let place = Place {
            screen: Screen {
                cursor_x: 2,
                cursor_y: 2,
                ..Screen::default()
            },
            size: SIZE,
            next: Next::Prompt,
            erases: false,
        };
        let seam = seam(text.as_bytes(), &place, SIZE).unwrap();
        assert_eq!(seam.kept.last().unwrap().line.text, "two");
    }
}
