//! Looking for a text in what panes showed.

use regex::bytes::{Regex, RegexBuilder};

use crate::model::ansi::plain;
use crate::model::contents::Contents;

/// Looks for a text as it stands; small letters stand for both cases.
pub(super) struct Scan {
    pattern: Option<Regex>,
}

/// Where a text was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// From 0, in the main text; the alternate screen counts on from there.
    pub(super) number: u32,
    /// As a person would read it.
    pub(super) text: String,
}

impl Scan {
    /// A scan for this text; an empty one finds nothing.
    pub(super) fn new(text: &str) -> Self {
        let any_case = !text.chars().any(char::is_uppercase);
        let pattern = RegexBuilder::new(&regex::escape(text))
            .case_insensitive(any_case)
            .build()
            .ok()
            .filter(|_| !text.is_empty());
        Self { pattern }
    }

    /// The last line in which the text is: the one nearest to the moment of the snapshot.
    pub(super) fn last_line(&self, contents: &Contents) -> Option<Line> {
        let pattern = self.pattern.as_ref()?;
        let mut lines: Vec<&[u8]> = contents.main.split(|byte| *byte == b'\n').collect();
        if let Some(screen) = &contents.alternate {
            lines.extend(screen.split(|byte| *byte == b'\n'));
        }
        let numbered = lines.into_iter().zip(0u32..);
        let mut numbered: Vec<_> = numbered.collect();
        numbered.reverse();
        numbered.into_iter().find_map(|(line, number)| {
            // Most lines are told apart without being stripped.
            let bare = !line.iter().any(|byte| *byte < b' ' || *byte >= 0x80);
            if bare && !pattern.is_match(line) {
                return None;
            }
            let text = plain(line);
            pattern
                .is_match(text.as_bytes())
                .then_some(Line { number, text })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(needle: &str, shown: &str) -> Option<(u32, String)> {
        let contents = Contents {
            main: shown.into(),
            alternate: None,
        };
        let line = Scan::new(needle).last_line(&contents)?;
        Some((line.number, line.text))
    }

    #[test]
    fn colours_do_not_hide_words_and_patterns_are_plain_text() {
        let shown = "one\nsl\x1b[31mow\x1b[0m Query.*\nthree";
        assert_eq!(find("slow query", shown), Some((1, "slow Query.*".into())));
        assert_eq!(find("slow Query", shown), Some((1, "slow Query.*".into())));
        assert_eq!(find("Slow", shown), None);
        assert_eq!(find(".*", shown), Some((1, "slow Query.*".into())));
        assert_eq!(find("e.*e", shown), None);
        assert_eq!(find("", shown), None);
        assert_eq!(find("ÜBER", "ÜBER"), Some((0, "ÜBER".into())));
        assert_eq!(find("über", "x ÜBER"), Some((0, "x ÜBER".into())));
    }
}
