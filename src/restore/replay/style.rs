//! Colours and attributes that are in force at a place in a text.

use std::borrow::Cow;
use std::fmt::Write as _;

use bstr::ByteSlice;

/// A colour as SGR parameters say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum StyleColour {
    /// The terminal's own.
    #[default]
    Default,
    /// One of the 256.
    Indexed(u8),
    /// Red, green and blue.
    Rgb(u8, u8, u8),
}

/// Attributes that are on or off, by the parameter that switches them on.
const FLAGS: [(u16, u16); 9] = [
    (1, 1),
    (2, 1 << 1),
    (3, 1 << 2),
    (5, 1 << 3),
    (7, 1 << 4),
    (8, 1 << 5),
    (9, 1 << 6),
    (53, 1 << 7),
    // Blinking fast is blinking.
    (6, 1 << 3),
];
const REVERSE: u16 = 1 << 4;
const STRUCK: u16 = 1 << 6;
const OVERLINE: u16 = 1 << 7;

/// How tmux writes 53, an overline.
const ODD_OVERLINE: &[u8] = b"5:3";

/// The parameters of a sequence as terminals know them.
pub(super) fn mended(params: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memmem::find(params, ODD_OVERLINE).is_none() {
        return params.into();
    }
    let fields = params.split(|&byte| byte == b';');
    let fields: Vec<&[u8]> = fields
        .map(|field| if field == ODD_OVERLINE { b"53" } else { field })
        .collect();
    fields.join(&b';').into()
}

/// Colours and attributes (ECMA-48 SGR, with the underlines and colours that xterm and kitty
/// added).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Style {
    flags: u16,
    /// 0 for none, 1 single, 2 double, 3 curly, 4 dotted, 5 dashed.
    underline: u8,
    foreground: StyleColour,
    background: StyleColour,
    underline_colour: StyleColour,
}

impl Style {
    /// Whether nothing is in force.
    pub(super) fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a space in it can be seen.
    pub(super) fn shows_spaces(&self) -> bool {
        self.background != StyleColour::Default
            || self.underline != 0
            || self.flags & (REVERSE | STRUCK | OVERLINE) != 0
    }

    /// Takes the parameters of an SGR sequence; unknown ones change nothing.
    pub(super) fn take(&mut self, params: &[u8]) {
        let params = mended(params);
        let mut fields = params.split(|&byte| byte == b';');
        while let Some(field) = fields.next() {
            if field.contains(&b':') {
                self.take_subparameters(field);
                continue;
            }
            let number = number(field);
            if let 38 | 48 | 58 = number {
                let Some(colour) = colour(&mut fields.by_ref().map(self::number)) else {
                    return;
                };
                *self.colour_of(number) = colour;
            } else {
                self.take_one(number);
            }
        }
    }

    fn take_one(&mut self, number: u16) {
        if let Some((_, flag)) = FLAGS.iter().find(|(on, _)| *on == number) {
            self.flags |= flag;
            return;
        }
        let mut off = |numbers: &[u16]| {
            for (_, flag) in FLAGS.iter().filter(|(on, _)| numbers.contains(on)) {
                self.flags &= !flag;
            }
        };
        let low = |base: u16| u8::try_from(number.saturating_sub(base)).unwrap_or(0);
        match number {
            0 => *self = Self::default(),
            4 => self.underline = 1,
            21 => self.underline = 2,
            22 => off(&[1, 2]),
            23 => off(&[3]),
            24 => self.underline = 0,
            25 => off(&[5]),
            27 => off(&[7]),
            28 => off(&[8]),
            29 => off(&[9]),
            55 => off(&[53]),
            30..=37 => self.foreground = StyleColour::Indexed(low(30)),
            39 => self.foreground = StyleColour::Default,
            40..=47 => self.background = StyleColour::Indexed(low(40)),
            49 => self.background = StyleColour::Default,
            59 => self.underline_colour = StyleColour::Default,
            90..=97 => self.foreground = StyleColour::Indexed(low(82)),
            100..=107 => self.background = StyleColour::Indexed(low(92)),
            _ => {}
        }
    }

    /// `4:3`, `38:5:N`, `58:2::R:G:B`.
    fn take_subparameters(&mut self, field: &[u8]) {
        let numbers: Vec<u16> = field.split(|&byte| byte == b':').map(number).collect();
        match numbers.as_slice() {
            [4, style] => self.underline = u8::try_from(*style).unwrap_or(1).min(5),
            // With the colour space, which is left empty, or without it.
            [kind @ (38 | 48 | 58), 2, _, rgb @ ..] if rgb.len() == 3 => {
                self.set(*kind, &[&[2], rgb].concat());
            }
            [kind @ (38 | 48 | 58), rest @ ..] => self.set(*kind, rest),
            _ => {}
        }
    }

    fn set(&mut self, kind: u16, numbers: &[u16]) {
        if let Some(colour) = colour(&mut numbers.iter().copied()) {
            *self.colour_of(kind) = colour;
        }
    }

    fn colour_of(&mut self, kind: u16) -> &mut StyleColour {
        match kind {
            38 => &mut self.foreground,
            48 => &mut self.background,
            _ => &mut self.underline_colour,
        }
    }

    /// Appends the sequence that sets it on a terminal where nothing is in force.
    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        if self.is_plain() {
            return;
        }
        let mut params = String::new();
        for (number, flag) in FLAGS.iter().filter(|(number, _)| *number != 6) {
            if self.flags & flag != 0 {
                let _ = write!(params, "{number};");
            }
        }
        match self.underline {
            0 => {}
            1 => params.push_str("4;"),
            style => {
                let _ = write!(params, "4:{style};");
            }
        }
        for (colour, kind) in [(self.foreground, 38), (self.background, 48)] {
            let _ = match colour {
                StyleColour::Default => Ok(()),
                StyleColour::Indexed(index @ ..8) => write!(params, "{}{index};", kind / 10),
                StyleColour::Indexed(index) => write!(params, "{kind};5;{index};"),
                StyleColour::Rgb(red, green, blue) => {
                    write!(params, "{kind};2;{red};{green};{blue};")
                }
            };
        }
        // Terminals that do not know it skip it whole in this form.
        let _ = match self.underline_colour {
            StyleColour::Default => Ok(()),
            StyleColour::Indexed(index) => write!(params, "58:5:{index};"),
            StyleColour::Rgb(red, green, blue) => write!(params, "58:2::{red}:{green}:{blue};"),
        };
        out.extend_from_slice(b"\x1b[");
        out.extend_from_slice(params.trim_end_matches(';').as_bytes());
        out.push(b'm');
    }
}

/// A parameter; an empty one is 0, and one that is none is too large to be known.
fn number(field: &[u8]) -> u16 {
    match field {
        [] => 0,
        field => field
            .to_str()
            .ok()
            .and_then(|field| field.parse().ok())
            .unwrap_or(u16::MAX),
    }
}

/// The colour behind 38, 48 or 58.
fn colour(numbers: &mut dyn Iterator<Item = u16>) -> Option<StyleColour> {
    let part = |numbers: &mut dyn Iterator<Item = u16>| u8::try_from(numbers.next()?).ok();
    match numbers.next()? {
        5 => Some(StyleColour::Indexed(part(numbers)?)),
        2 => Some(StyleColour::Rgb(
            part(numbers)?,
            part(numbers)?,
            part(numbers)?,
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn after(sequences: &[&str]) -> Style {
        let mut style = Style::default();
        for params in sequences {
            style.take(params.as_bytes());
        }
        style
    }

    fn said(style: Style) -> String {
        let mut out = Vec::new();
        style.emit(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_is_in_force_is_said_in_one_sequence() {
        assert_eq!(said(after(&["1;31", "48;5;200", "44"])), "\x1b[1;31;44m");
        assert_eq!(
            said(after(&["38;2;1;2;3", "4:3", "58:2::9:8:7"])),
            "\x1b[4:3;38;2;1;2;3;58:2::9:8:7m"
        );
        assert_eq!(
            said(after(&["38:2:1:2:3", "58:5:9"])),
            "\x1b[38;2;1;2;3;58:5:9m"
        );
        assert_eq!(said(after(&["97", "21", "6"])), "\x1b[5;4:2;38;5;15m");
        assert_eq!(said(after(&["1;2;7", "22;27"])), "");
        assert_eq!(said(after(&["1;31", "0;3"])), "\x1b[3m");
        assert_eq!(said(after(&["1;31", ""])), "");
    }

    #[test]
    fn what_is_not_known_changes_nothing() {
        assert!(after(&["38;5;999", "38;7;1", "999", "58:9", "4:x:1", "38"]).is_plain());
    }

    #[test]
    fn the_overline_of_tmux_is_an_overline() {
        assert_eq!(*mended(b"0;5:3;38:5:3"), *b"0;53;38:5:3");
        assert_eq!(said(after(&["5:3"])), "\x1b[53m");
    }

    #[test]
    fn spaces_are_seen_on_a_background_and_under_lines() {
        for params in ["41", "7", "4", "9", "53", "48;2;1;1;1"] {
            assert!(after(&[params]).shows_spaces(), "{params}");
        }
        assert!(!after(&["1;31"]).shows_spaces());
    }

    proptest! {
        #[test]
        fn saying_it_again_gives_the_same(sequences in proptest::collection::vec("[0-9;:]{0,12}", 0..20)) {
            let sequences: Vec<&str> = sequences.iter().map(String::as_str).collect();
            let style = after(&sequences);
            let out = said(style);
            let params = out.strip_prefix("\x1b[").and_then(|out| out.strip_suffix('m'));
            prop_assert_eq!(params.map_or_else(Style::default, |params| after(&[params])), style);
            prop_assert!(out.len() < 100);
        }
    }
}
