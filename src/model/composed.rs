//! Text as Unicode composes it, so that what looks the same is found whichever way it was typed.
//!
//! `é` is one character or two (`e` and an accent), a Korean syllable one or three, and the sign
//! for ångström is the letter `Å`. Both sides of a search are brought into the composed form (NFC),
//! in which such texts are equal. What only looks alike stays apart: `ﬁ` does not find `fi`, nor
//! `ß` `ss`.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// The composed form; most texts have it already, and of those nothing is copied.
#[must_use]
pub fn composed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}

/// The composed form in small letters, for filters.
#[must_use]
pub fn lowered(text: &str) -> String {
    composed(text).to_lowercase()
}

/// Whether two names are the same to whoever reads them.
#[must_use]
pub fn same_name(one: &[u8], other: &[u8]) -> bool {
    if one == other {
        return true;
    }
    // Of two that differ and are composed alike, both have more than ASCII, but for signs that
    // Unicode has twice.
    if one.is_ascii() && other.is_ascii() {
        return false;
    }
    match (std::str::from_utf8(one), std::str::from_utf8(other)) {
        (Ok(one), Ok(other)) => composed(one) == composed(other),
        _ => false,
    }
}

/// The place in a text of the character that stands at `at` in its composed form.
#[must_use]
pub fn place_before(text: &str, at: usize) -> usize {
    if matches!(composed(text), Cow::Borrowed(_)) {
        return text.floor_char_boundary(at);
    }
    let mut low = 0;
    let mut high = text.len();
    // The composed form of a beginning is about a beginning of the composed form.
    while low < high {
        let middle = text.floor_char_boundary(low + (high - low).div_ceil(2));
        if middle <= low {
            break;
        }
        if text.get(..middle).map_or(0, |part| composed(part).len()) <= at {
            low = middle;
        } else {
            high = text.floor_char_boundary(middle - 1);
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_looks_the_same_is_the_same() {
        for (one, other) in [
            ("caf\u{e9}", "cafe\u{301}"),
            ("\u{212b}", "\u{c5}"),
            ("\u{212b}", "A\u{30a}"),
            (
                "\u{d55c}\u{ae00}",
                "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}",
            ),
            ("\u{212a}", "K"),
        ] {
            assert!(same_name(one.as_bytes(), other.as_bytes()), "{one} {other}");
        }
        for (one, other) in [
            ("\u{fb01}", "fi"),
            ("\u{df}", "ss"),
            ("e", "\u{e9}"),
            ("a", "A"),
        ] {
            assert!(
                !same_name(one.as_bytes(), other.as_bytes()),
                "{one} {other}"
            );
        }
        assert!(same_name(b"\xff", b"\xff") && !same_name(b"\xff", b"\xfe"));
    }

    proptest! {
        #[test]
        fn every_form_of_a_text_is_composed_alike(text in "\\PC{0,20}") {
            let nfd: String = text.nfd().collect();
            prop_assert_eq!(composed(&nfd), composed(&text));
            prop_assert!(same_name(nfd.as_bytes(), text.as_bytes()));
            let place = place_before(&nfd, composed(&nfd).len() / 2);
            prop_assert!(nfd.is_char_boundary(place));
        }
    }
}
