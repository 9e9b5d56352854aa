//! Captured text as tokens: what may be kept of a terminal's output, and nothing else.
//!
//! Captured text must never act on the terminal that shows it. Of all control sequences only SGR
//! (colours and attributes, `ESC [ … m`) is kept; SO and SI, between which tmux puts line drawing
//! characters, are kept as a shift state. OSC, DCS, APC, PM, SOS, other CSI sequences, other C0 and
//! all C1 controls are dropped, and so are the bidirectional overrides of Unicode, which could show
//! text in an order that it does not have. Bytes that are not UTF-8 stand as they are in the text
//! that is kept, and as U+FFFD where text is shown.
//!
//! Sequence grammar: ECMA-48, section 5.4; line drawing: the DEC special graphics set of the VT100.

use bstr::ByteSlice;

const ESC: u8 = 0x1b;
const SHIFT_OUT: u8 = 0x0e;
const SHIFT_IN: u8 = 0x0f;

/// A piece of captured text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token<'a> {
    /// A run of printable text (and tabs).
    Text(&'a [u8]),
    /// The parameters of an SGR sequence: `1;31` for `ESC [ 1;31 m`.
    Sgr(&'a [u8]),
    /// A change to (`true`) or from (`false`) the line drawing characters.
    LineDrawing(bool),
    /// The end of a line.
    Newline,
}

/// The tokens of a text.
#[must_use]
pub fn tokens(text: &[u8]) -> Tokens<'_> {
    Tokens { rest: text }
}

/// Iterator over the [`Token`]s of a text.
#[derive(Debug, Clone)]
pub struct Tokens<'a> {
    rest: &'a [u8],
}

impl<'a> Tokens<'a> {
    fn advance(&mut self, by: usize) {
        self.rest = self.rest.get(by..).unwrap_or(&[]);
    }

    /// Bytes of the escape sequence at the start of `rest`, and its SGR parameters if it is one.
    fn escape(rest: &'a [u8]) -> (usize, Option<&'a [u8]>) {
        match rest.get(1) {
            Some(b'[') => {
                let body = rest.get(2..).unwrap_or(&[]);
                let end = body.iter().position(|byte| !(0x20..=0x3f).contains(byte));
                let Some(end) = end else {
                    return (rest.len(), None);
                };
                let params = body.get(..end).unwrap_or(&[]);
                let last = body.get(end).copied().unwrap_or(0);
                let colour = last == b'm'
                    && params
                        .iter()
                        .all(|b| b.is_ascii_digit() || matches!(b, b';' | b':'));
                // A sequence that is cut by a control ends before it.
                let length = if (0x40..=0x7e).contains(&last) {
                    end + 3
                } else {
                    end + 2
                };
                (length, colour.then_some(params))
            }
            // OSC, DCS, SOS, PM, APC: up to BEL or ST, and no further than the line.
            Some(b']' | b'P' | b'X' | b'^' | b'_') => {
                let body = rest.get(2..).unwrap_or(&[]);
                let end = body
                    .iter()
                    .position(|byte| matches!(*byte, 0x07 | ESC | b'\n'));
                let Some(end) = end else {
                    return (rest.len(), None);
                };
                let terminator = match (body.get(end), body.get(end + 1)) {
                    (Some(&ESC), Some(b'\\')) => 2,
                    (Some(0x07), _) => 1,
                    _ => 0,
                };
                (2 + end + terminator, None)
            }
            // Other escape sequences: intermediates, then one final byte.
            Some(_) => {
                let body = rest.get(1..).unwrap_or(&[]);
                let end = body.iter().position(|byte| !(0x20..=0x2f).contains(byte));
                let Some(end) = end else {
                    return (rest.len(), None);
                };
                let last = body.get(end).copied().unwrap_or(0);
                (
                    if (0x30..=0x7e).contains(&last) {
                        end + 2
                    } else {
                        end + 1
                    },
                    None,
                )
            }
            None => (1, None),
        }
    }
}

/// Length of a character that is dropped at the start of `rest`: a control, or a bidirectional
/// override; 0 for one that is kept.
fn dropped(rest: &[u8]) -> usize {
    match rest {
        [b'\t' | b'\n' | ESC | SHIFT_OUT | SHIFT_IN, ..] => 0,
        [0x00..=0x1f | 0x7f, ..] => 1,
        [0xc2, 0x80..=0x9f, ..] => 2,
        // U+061C
        [0xd8, 0x9c, ..] => 2,
        // U+200E, U+200F, U+202A to U+202E; U+2066 to U+2069
        [0xe2, 0x80, 0x8e | 0x8f | 0xaa..=0xae, ..] | [0xe2, 0x81, 0xa6..=0xa9, ..] => 3,
        _ => 0,
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            match self.rest.first()? {
                b'\n' => {
                    self.advance(1);
                    return Some(Token::Newline);
                }
                &shift @ (SHIFT_OUT | SHIFT_IN) => {
                    self.advance(1);
                    return Some(Token::LineDrawing(shift == SHIFT_OUT));
                }
                &ESC => {
                    let (length, colour) = Self::escape(self.rest);
                    self.advance(length);
                    if let Some(params) = colour {
                        return Some(Token::Sgr(params));
                    }
                }
                _ => {
                    let mut end = 0;
                    while let Some(byte) = self.rest.get(end) {
                        let rest = self.rest.get(end..).unwrap_or(&[]);
                        if matches!(byte, b'\n' | &ESC | &SHIFT_OUT | &SHIFT_IN)
                            || dropped(rest) > 0
                        {
                            break;
                        }
                        end += 1;
                    }
                    if end == 0 {
                        self.advance(dropped(self.rest).max(1));
                    } else {
                        let text = self.rest.get(..end).unwrap_or(&[]);
                        self.advance(end);
                        return Some(Token::Text(text));
                    }
                }
            }
        }
    }
}

/// The text with everything dropped that may not be kept; what stays is byte for byte as it was.
#[must_use]
pub fn sanitised(text: &[u8]) -> Vec<u8> {
    let mut kept = sanitised_once(text);
    let mut before = text.len();
    // What stood on both sides of a dropped control can form another one (C2 … 80): look again
    // until nothing is dropped. Every turn is shorter than the one before.
    while kept.len() != before {
        before = kept.len();
        kept = sanitised_once(&kept);
    }
    kept
}

fn sanitised_once(text: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(text.len());
    for token in tokens(text) {
        match token {
            Token::Text(run) => kept.extend_from_slice(run),
            Token::Sgr(params) => push_sgr(&mut kept, params),
            Token::LineDrawing(on) => kept.push(if on { SHIFT_OUT } else { SHIFT_IN }),
            Token::Newline => kept.push(b'\n'),
        }
    }
    kept
}

/// The text without colours, line drawing as Unicode characters: what a person would read.
#[must_use]
pub fn plain(text: &[u8]) -> String {
    render(text, false)
}

/// The text with its colours, line drawing as Unicode characters: what can be fed to a terminal
/// emulator that knows no shift states.
#[must_use]
pub fn coloured(text: &[u8]) -> String {
    render(text, true)
}

fn render(text: &[u8], colours: bool) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut drawing = false;
    for token in tokens(text) {
        match token {
            // Run by run, so that halves of characters from two runs never become one.
            Token::Text(run) if drawing => {
                let run = run.to_str_lossy();
                shown.extend(run.chars().map(|c| line_drawing(c).unwrap_or(c)));
            }
            Token::Text(run) => shown.push_str(&run.to_str_lossy()),
            Token::Sgr(params) if colours => {
                shown.push_str("\x1b[");
                shown.push_str(&params.to_str_lossy());
                shown.push('m');
            }
            Token::Sgr(_) => {}
            Token::LineDrawing(on) => drawing = on,
            Token::Newline => shown.push('\n'),
        }
    }
    shown
}

fn push_sgr(into: &mut Vec<u8>, params: &[u8]) {
    into.extend_from_slice(b"\x1b[");
    into.extend_from_slice(params);
    into.push(b'm');
}

/// The Unicode character for one of the DEC special graphics set.
fn line_drawing(c: char) -> Option<char> {
    const FROM_BACKTICK: &str = "◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·";
    let at = u32::from(c).checked_sub(u32::from('`'))?;
    FROM_BACKTICK.chars().nth(usize::try_from(at).ok()?)
}

/// A path made fit for one line of a terminal, `home` as `~`. Lossy; for showing only.
#[must_use]
pub fn path_label(path: &[u8], home: &[u8]) -> String {
    match path.strip_prefix(home.trim_end_with(|c| c == '/')) {
        Some(rest) if home.len() > 1 && (rest.is_empty() || rest.starts_with(b"/")) => {
            format!("~{}", label(rest))
        }
        _ => label(path),
    }
}

/// A name made fit for one line of a terminal: controls as their Unicode pictures; overrides, what
/// takes no room and bytes that are not UTF-8 as U+FFFD. Lossy; for showing only.
#[must_use]
pub fn label(name: &[u8]) -> String {
    let shown = name.to_str_lossy();
    if shown.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return shown.into_owned();
    }
    let mut label = String::with_capacity(shown.len());
    let mut before = None;
    let mut rest = shown.chars();
    while let Some(c) = rest.next() {
        // Letters of some scripts, and emoji, are joined by what is nothing between others.
        let joins = matches!(c, '\u{200c}' | '\u{200d}')
            && before.is_some_and(is_joined)
            && rest.clone().next().is_some_and(is_joined);
        before = Some(c);
        label.push(match u32::from(c) {
            _ if joins => c,
            code @ 0x00..=0x1f => char::from_u32(0x2400 + code).unwrap_or('\u{fffd}'),
            0x7f => '\u{2421}',
            _ if acts_unseen(c) => '\u{fffd}',
            _ => c,
        });
    }
    label
}

/// Whether a character is not to be written to a terminal as it is: controls, what changes the
/// direction of text, ends of lines that are none to a terminal, and what takes no room and so can
/// stand anywhere unseen.
#[must_use]
pub fn acts_unseen(c: char) -> bool {
    c.is_control()
        || matches!(
            u32::from(c),
            0xad | 0x61c | 0x180e | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff
                | 0xfff9..=0xfffb | 0xe0000..=0xe007f
        )
}

fn is_joined(c: char) -> bool {
    !c.is_ascii() && !acts_unseen(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_colours_and_text_stay() {
        let evil = b"a\x1b]0;title\x07b\x1b[31mred\x1b[0m\x1b[2J\x1b[5;5Hc\x1bP1$q\x1b\\d\x07e\xc2\x9b31mf";
        assert_eq!(sanitised(evil), b"ab\x1b[31mred\x1b[0mcde31mf");
        assert_eq!(plain(evil), "abredcde31mf");
        assert_eq!(sanitised("x\u{202e}y".as_bytes()), b"xy");
    }

    #[test]
    fn private_and_unfinished_sequences_go() {
        assert_eq!(sanitised(b"a\x1b[?25lb\x1b[>4;2mc\x1b["), b"abc");
        assert_eq!(sanitised(b"a\x1b]52;c;aGk=\nnext"), b"a\nnext");
        assert_eq!(sanitised(b"a\x1b(0b\x1b"), b"ab");
    }

    #[test]
    fn line_drawing_is_read_as_lines() {
        assert_eq!(plain(b"\x0elqk\x0f lqk"), "┌─┐ lqk");
        assert_eq!(coloured(b"\x1b[32m\x0ex\x0f"), "\x1b[32m│");
        assert_eq!(line_drawing('~'), Some('·'));
    }

    #[test]
    fn labels_stay_on_their_line() {
        assert_eq!(label(b"a\nb\tc\x1b[31m"), "a␊b␉c␛[31m");
        assert_eq!(label(b"\xff"), "\u{fffd}");
    }

    proptest! {
        #[test]
        fn sanitising_is_idempotent_and_safe(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            let once = sanitised(&text);
            prop_assert_eq!(&sanitised(&once), &once);
            let shown = plain(&text);
            prop_assert!(!shown.chars().any(|c| c.is_control() && c != '\n' && c != '\t'));
            prop_assert!(!label(&text).chars().any(char::is_control));
        }
    }
}
