//! Command lines as they stand on a screen: where one starts, and its words.

use std::ops::Range;

/// Whether the name of a program may start at `at`: not within a word.
pub(super) fn may_start(text: &[u8], at: usize) -> bool {
    let before = at
        .checked_sub(1)
        .and_then(|before| text.get(before))
        .copied();
    before.is_none_or(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')))
}

/// The words of the command that `line` starts with, without quotes around them, and where it ends:
/// at the end of the line, or at what ends a command in a shell.
pub(super) fn words(line: &[u8]) -> (Vec<Range<usize>>, usize) {
    let mut words = Vec::new();
    let mut at = 0;
    loop {
        while line.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        let start = at;
        let mut quote = None;
        while let Some(&byte) = line.get(at) {
            match (quote, byte) {
                (None, b'\\') | (Some(b'"'), b'\\') => at += 1,
                (None, b'\'' | b'"') => quote = Some(byte),
                (Some(open), _) if open == byte => quote = None,
                (Some(_), _) => {}
                (None, b'|' | b';' | b'&' | b')' | b'`') => break,
                (None, _) if byte.is_ascii_whitespace() => break,
                (None, _) => {}
            }
            at += 1;
        }
        at = at.min(line.len());
        if start == at {
            return (words, (at + 1).min(line.len()));
        }
        let word = unquoted(line.get(start..at).unwrap_or(&[]));
        words.push(start + word.start..start + word.end);
    }
}

/// A word without the quotes around it.
pub(super) fn unquoted(word: &[u8]) -> Range<usize> {
    match word {
        [open @ (b'\'' | b'"'), inner @ .., close] if open == close && !inner.contains(open) => {
            1..word.len() - 1
        }
        _ => 0..word.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Vec<&str> {
        let (words, _) = words(line.as_bytes());
        words
            .into_iter()
            .filter_map(|range| line.get(range))
            .collect()
    }

    #[test]
    fn words_are_those_of_a_shell() {
        assert_eq!(
            read("a -b 'c d' \"e f\" g\\ h"),
            ["a", "-b", "c d", "e f", "g\\ h"]
        );
        assert_eq!(read("a -p'b c' | d"), ["a", "-p'b c'"]);
        assert_eq!(read("a b) c"), ["a", "b"]);
        assert_eq!(read("a 'b"), ["a", "'b"]);
        assert_eq!(read("a b\\"), ["a", "b\\"]);
        assert_eq!(read(""), Vec::<&str>::new());
    }

    #[test]
    fn a_command_starts_where_a_word_does() {
        for (text, at) in [
            ("mysql", 0),
            ("$ mysql", 2),
            ("/bin/mysql", 5),
            ("$(mysql", 2),
        ] {
            assert!(may_start(text.as_bytes(), at), "{text}");
        }
        assert!(!may_start(b"xmysql", 1) && !may_start(b"x-mysql", 2));
    }
}
