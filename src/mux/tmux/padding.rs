//! Blanks that tmux adds to captured lines.
//!
//! Before 3.2, `capture-pane -J` prints a line up to the last cell that is allocated, not to the
//! last that is used; which that is depends on the width of the pane, not on what it shows.

use crate::model::ansi::{self, Token};

/// The text without blanks at the ends of its lines, as far as they have no background.
pub(super) fn stripped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    // A background goes on into the next line.
    let mut filled = false;
    // Where the blanks began that nothing has followed yet.
    let mut blanks = None;
    for token in ansi::tokens(text) {
        match token {
            Token::Text(run) => {
                let visible = run.iter().rposition(|&byte| byte != b' ');
                let end = if filled {
                    Some(run.len())
                } else {
                    visible.map(|at| at + 1)
                };
                match end {
                    Some(end) => blanks = (end < run.len()).then(|| out.len() + end),
                    None => blanks = blanks.or(Some(out.len())),
                }
                out.extend_from_slice(run);
            }
            Token::Sgr(params) => {
                filled = background(params).unwrap_or(filled);
                out.extend_from_slice(b"\x1b[");
                out.extend_from_slice(params);
                out.push(b'm');
            }
            Token::LineDrawing(on) => out.push(if on { 0x0e } else { 0x0f }),
            Token::Newline => {
                strip(&mut out, blanks.take());
                out.push(b'\n');
            }
        }
    }
    strip(&mut out, blanks);
    out
}

/// Removes the blanks from a place on; escape sequences among them stay.
fn strip(out: &mut Vec<u8>, blanks: Option<usize>) {
    let Some(from) = blanks else { return };
    let tail: Vec<u8> = out.drain(from..).collect();
    for token in ansi::tokens(&tail) {
        match token {
            Token::Sgr(params) => {
                out.extend_from_slice(b"\x1b[");
                out.extend_from_slice(params);
                out.push(b'm');
            }
            Token::LineDrawing(on) => out.push(if on { 0x0e } else { 0x0f }),
            Token::Text(_) | Token::Newline => {}
        }
    }
}

/// Whether a sequence leaves a background (or reversed colours); `None` where it says nothing of
/// it.
fn background(params: &[u8]) -> Option<bool> {
    let mut found = None;
    let mut numbers = params.split(|byte| *byte == b';');
    while let Some(number) = numbers.next() {
        match number {
            b"" | b"0" | b"00" | b"49" | b"27" => found = Some(false),
            b"7" => found = Some(true),
            // Extended colours: their own numbers mean nothing by themselves.
            b"38" | b"48" | b"58" => {
                found = if number == b"48" { Some(true) } else { found };
                let rest = match numbers.next() {
                    Some(b"5") => 1,
                    Some(b"2") => 3,
                    _ => 0,
                };
                numbers.by_ref().take(rest).for_each(drop);
            }
            _ if number.starts_with(b"48:") => found = Some(true),
            [b'4', b'0'..=b'7'] | [b'1', b'0', b'0'..=b'7'] => found = Some(true),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn strip(text: &str) -> String {
        String::from_utf8(stripped(text.as_bytes())).unwrap()
    }

    #[test]
    fn blanks_at_the_end_go_and_others_stay() {
        assert_eq!(strip("  a b   \n   \n\nc"), "  a b\n\n\nc");
        assert_eq!(
            strip("\x1b[31mred\x1b[39m     \nx"),
            "\x1b[31mred\x1b[39m\nx"
        );
        assert_eq!(strip("a  \x1b[1m  \n b"), "a\x1b[1m\n b");
    }

    #[test]
    fn blanks_with_a_background_are_seen_and_stay() {
        for colour in ["44", "7", "48;5;0", "48;2;0;0;0", "1;104", "48:5:3"] {
            let text = format!("\x1b[{colour}m  \n  \x1b[49;27m  ");
            assert_eq!(strip(&text), format!("\x1b[{colour}m  \n  \x1b[49;27m"));
        }
        assert_eq!(strip("\x1b[38;5;44m   "), "\x1b[38;5;44m");
        assert_eq!(strip("\x1b[44m\x1b[m  "), "\x1b[44m\x1b[m");
    }

    proptest! {
        #[test]
        fn only_blanks_at_the_ends_of_lines_are_lost(text in "([ ab]{0,6}(\x1b\\[(44|49|1)m)?[ \n]?){0,8}") {
            let plain = ansi::plain;
            let ends = |text: &str| -> Vec<String> {
                text.split('\n').map(|line| line.trim_end().to_owned()).collect()
            };
            let once = stripped(text.as_bytes());
            prop_assert_eq!(ends(&plain(&once)), ends(&plain(text.as_bytes())));
            prop_assert_eq!(stripped(&once), once);
        }
    }
}
