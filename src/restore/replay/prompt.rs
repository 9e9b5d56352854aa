//! Which lines are the prompt that a shell was showing, so that it is not there twice when the
//! shell writes it again.
//!
//! A multiplexer does not keep where prompts begin (tmux drops the marks of OSC 133), so this is a
//! guess, made where it cannot do much harm. The line of the cursor always counts. A line above it
//! counts when the prompts further up had one like it: the same text but for words and numbers, or
//! the same colours at its start. Prompts further up are the lines that begin as the cursor's line
//! does. No prompt is higher than the shortest way from one to the next, which is its height as
//! soon as one command printed nothing. Where no prompt is further up, the whole text counts if it
//! is one or two coloured lines above the cursor's: a shell that was not used yet.
//!
//! A header that changes its colours, or that only the newest prompt has ("transient" prompts),
//! stays, and output that is the same each time can be taken for one. What was wrong shows when the
//! shell has drawn its own: see [`mod@super::seam`].

use bstr::ByteSlice;
use unicode_width::UnicodeWidthChar;

use super::style::Style;
use crate::model::ansi::{self, Token};

/// Lines above the cursor that are looked at.
const WINDOW: usize = 400;
/// No prompt has more lines.
const HIGHEST: usize = 6;

/// A line as far as prompts are told by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) text: String,
    /// Of its first character.
    style: Style,
}

impl Line {
    pub(super) fn is_blank(&self) -> bool {
        self.text.is_empty()
    }

    /// The line up to a column.
    pub(super) fn up_to(&self, column: u32) -> Self {
        let text = up_to(&self.text, column).trim_end().to_owned();
        Self { text, ..*self }
    }

    /// Whether both can be the same line of two prompts, one drawn after the other: it is the same
    /// but for the time, a duration, a number.
    pub(super) fn resembles(&self, other: &Line) -> bool {
        self.is_like(other) || {
            let shape = shape(&self.text);
            shape.contains(|c: char| c != 'a' && c != ' ') && shape == self::shape(&other.text)
        }
    }

    /// Whether both can be where something is typed: they resemble each other, or end with the same
    /// sign.
    fn asks_like(&self, other: &Line) -> bool {
        let sign = |line: &Line| {
            let last = line.text.trim_end().chars().next_back();
            last.filter(|c| !c.is_alphanumeric())
        };
        self.resembles(other) || sign(self).is_some() && sign(self) == sign(other)
    }

    fn is_like(&self, other: &Line) -> bool {
        self.text == other.text
            || !self.is_blank()
                && !other.is_blank()
                && !self.style.is_plain()
                && self.style == other.style
    }
}

/// What a text tells about the prompt at which a line was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::restore) enum Evidence {
    /// The line was typed behind something like this.
    For,
    /// It was typed, and never behind anything like this.
    Against,
    /// It is not there.
    None,
}

/// Whether a line that a program was started with was typed behind something like what stands on
/// `drawn` up to `column`.
pub(in crate::restore) fn evidence(
    text: &[u8],
    typed: &[u8],
    drawn: &[u8],
    column: u32,
) -> Evidence {
    let mut found = Evidence::None;
    let drawn = read(&[drawn]).pop().map(|line| line.up_to(column));
    let Some(drawn) = drawn.filter(|line| !line.is_blank()) else {
        return found;
    };
    let Ok(typed) = std::str::from_utf8(typed) else {
        return found;
    };
    let first = typed.split(' ').next().unwrap_or(typed);
    for line in text.split(|&byte| byte == b'\n') {
        if line.find(first).is_none() {
            continue;
        }
        // Colours may stand within it.
        let Some(mut line) = read(&[line]).pop() else {
            continue;
        };
        let Some(before) = line.text.strip_suffix(typed).map(str::trim_end) else {
            continue;
        };
        if before.is_empty() {
            continue;
        }
        line.text = before.to_owned();
        // There may be a directory in between.
        if line.text.starts_with(&drawn.text) || drawn.asks_like(&line) {
            return Evidence::For;
        }
        found = Evidence::Against;
    }
    found
}

/// How many lines the prompt has whose last one is the last of `lines`; `column` is where the
/// cursor stands in it.
pub(super) fn height(lines: &[&[u8]], column: u32) -> usize {
    let from = lines.len().saturating_sub(WINDOW);
    let lines = read(lines.get(from..).unwrap_or(&[]));
    let Some((own, above)) = lines.split_last() else {
        return 0;
    };
    let earlier = earlier(own, above, column);
    if earlier.is_empty() {
        return if from == 0 { unused(above) } else { 1 };
    }
    let ends = earlier.iter().copied().chain([above.len()]);
    let nearest = ends
        .clone()
        .zip(ends.skip(1))
        .map(|(one, next)| next - one)
        .min();
    let mut height = 1;
    while height < nearest.unwrap_or(1).min(HIGHEST) {
        let line = |end: usize| lines.get(end.checked_sub(height)?);
        let Some(here) = line(above.len()) else { break };
        let same = |end: &usize| line(*end).is_some_and(|there| there.resembles(here));
        if !earlier.iter().all(same) {
            break;
        }
        height += 1;
    }
    height
}

/// The places of the lines above that begin as the cursor's line does up to the cursor, or as much
/// of that as there is any.
fn earlier(own: &Line, above: &[Line], column: u32) -> Vec<usize> {
    let mut prompt = up_to(&own.text, column).trim_end();
    while !prompt.is_empty() {
        let begins = |line: &Line| line.style == own.style && line.text.starts_with(prompt);
        let found: Vec<usize> = (0..)
            .zip(above)
            .filter(|(_, line)| begins(line))
            .map(|(at, _)| at)
            .collect();
        if !found.is_empty() {
            return found;
        }
        // Something is half typed at it, or it names another directory.
        prompt = prompt
            .rfind(' ')
            .and_then(|space| prompt.get(..space))
            .unwrap_or("")
            .trim_end();
    }
    Vec::new()
}

/// The height of a prompt with nothing but itself above.
fn unused(above: &[Line]) -> usize {
    let coloured = |line: &Line| line.is_blank() || !line.style.is_plain();
    if above.len() <= 2 && above.iter().all(coloured) {
        return above.len() + 1;
    }
    // What is there twice already does not get more.
    match above {
        [.., one, two] if one == two && !one.is_blank() => 2,
        _ => 1,
    }
}

/// A text with every word and number as `a`.
fn shape(text: &str) -> String {
    let mut shape = String::new();
    for c in text.chars() {
        match c.is_alphanumeric() {
            true if shape.ends_with('a') => {}
            true => shape.push('a'),
            // A right side is pushed about by what stands on the left.
            false if c == ' ' && shape.ends_with(' ') => {}
            false => shape.push(c),
        }
    }
    shape
}

pub(super) fn read(lines: &[&[u8]]) -> Vec<Line> {
    let mut style = Style::default();
    let read = |line: &&[u8]| {
        let mut first = None;
        for token in ansi::tokens(line) {
            match token {
                Token::Sgr(params) => style.take(params),
                Token::Text(run) if !run.trim().is_empty() => {
                    first.get_or_insert(style);
                }
                _ => {}
            }
        }
        let mut text = ansi::plain(line);
        text.truncate(text.trim_end().len());
        Line {
            text,
            style: first.unwrap_or_default(),
        }
    };
    lines.iter().map(read).collect()
}

/// The beginning of a text, so many columns of it.
fn up_to(text: &str, columns: u32) -> &str {
    let mut room = 0u32;
    let end = text.char_indices().find(|(_, c)| {
        room = room.saturating_add(u32::try_from(c.width().unwrap_or(0)).unwrap_or(0));
        room > columns
    });
    end.and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The height at the end of a text; the cursor stands behind it.
    fn height_of(text: &str) -> usize {
        let lines: Vec<&[u8]> = text.lines().map(str::as_bytes).collect();
        let last = ansi::plain(lines.last().unwrap());
        height(&lines, u32::try_from(last.chars().count()).unwrap())
    }

    const HEAD: &str = "\x1b[1;36m~/src\x1b[0m on \x1b[35mmain\x1b[0m\n";

    #[test]
    fn a_prompt_of_one_line_is_one_line() {
        assert_eq!(height_of("$ "), 1);
        assert_eq!(height_of("$ ls\na b\n$ ls\na b\n$ "), 1);
        assert_eq!(
            height_of("$ ls\n\x1b[34msrc\x1b[0m\n$ ls\n\x1b[34msrc\x1b[0m\n$ "),
            1
        );
        assert_eq!(height_of("$ ls\nsame\n$ \n$ "), 1);
        assert_eq!(height_of("banner\nof two lines\n$ "), 1);
    }

    #[test]
    fn a_prompt_of_two_lines_is_known_by_those_above() {
        let used = format!("{HEAD}❯ ls\na b\n{HEAD}❯ ");
        assert_eq!(height_of(&used), 2);
        let elsewhere = "\x1b[1;36m~/doc\x1b[0m\n❯ ";
        assert_eq!(height_of(&format!("{HEAD}❯ cd ../doc\n{elsewhere}")), 2);
        let spaced = format!("\n{HEAD}❯ ls\nx\n\n{HEAD}❯ ls\ny\n\n{HEAD}❯ ");
        assert_eq!(height_of(&spaced), 3);
        let plain = "me in ~\n> ls\nfoo\nme in ~\n> ";
        assert_eq!(height_of(plain), 2);
    }

    #[test]
    fn a_half_typed_command_belongs_to_the_prompt() {
        assert_eq!(height_of(&format!("{HEAD}❯ ls\na b\n{HEAD}❯ git comm")), 2);
        assert_eq!(height_of("$ ls\nfoo\n$ git comm"), 1);
    }

    #[test]
    fn a_shell_that_was_not_used_has_nothing_but_its_prompt() {
        assert_eq!(height_of(&format!("{HEAD}❯ ")), 2);
        assert_eq!(height_of(&format!("\n{HEAD}❯ ")), 3);
        assert_eq!(height_of("plain output\n❯ "), 1);
        assert_eq!(height_of("me in ~\nme in ~\n> "), 2);
    }

    #[test]
    fn output_that_looks_different_each_time_stays() {
        let text = "\x1b[32mok\x1b[0m\n$ a\nout\n$ b\n\x1b[32mok\x1b[0m\n$ ";
        assert_eq!(height_of(text), 1);
    }

    #[test]
    fn a_line_that_was_typed_tells_the_prompt() {
        let text = b"$ ls\nme@host ~ $ tail -f log\none\n";
        let tells = |typed: &[u8], drawn: &[u8]| {
            evidence(text, typed, drawn, u32::try_from(drawn.len()).unwrap())
        };
        assert_eq!(tells(b"tail -f log", b"me@host ~/src $ "), Evidence::For);
        assert_eq!(tells(b"tail -f log", b"Update? [Y/n] "), Evidence::Against);
        assert_eq!(tells(b"htop", b"Update? [Y/n] "), Evidence::None);
        assert_eq!(tells(b"tail -f log", b""), Evidence::None);
    }
}
