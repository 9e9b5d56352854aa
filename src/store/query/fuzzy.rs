//! Fuzzy matching of names. The only file that knows the crate that does it.

use fuzzy_matcher::FuzzyMatcher;
use fuzzy_matcher::skim::SkimMatcherV2;

use crate::model::composed::composed;

/// Matches names against what a user typed. Small letters stand for both cases.
pub(in crate::store) struct Fuzzy {
    matcher: SkimMatcherV2,
    words: Vec<String>,
}

impl Fuzzy {
    /// A matcher for these words; a name matches when it matches each of them.
    pub(in crate::store) fn new(text: &str) -> Self {
        Self {
            matcher: SkimMatcherV2::default().smart_case(),
            words: composed(text)
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
        }
    }

    /// How well a name matches: greater is better, `None` when it does not.
    pub(in crate::store) fn score(&self, name: &str) -> Option<i64> {
        if self.words.is_empty() {
            return None;
        }
        let name = composed(name);
        self.words.iter().try_fold(0, |sum: i64, word| {
            let score = self.matcher.fuzzy_match(&name, word)?;
            Some(sum.saturating_add(score))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_must_match_and_better_matches_come_first() {
        let fuzzy = Fuzzy::new("api log");
        assert!(fuzzy.score("tail -f api.log") > fuzzy.score("xaxpxi xlxoxg"));
        assert_eq!(fuzzy.score("api"), None);
        assert_eq!(Fuzzy::new(" ").score("api"), None);
        assert_eq!(Fuzzy::new("API").score("api"), None);
        assert!(Fuzzy::new("cafe\u{301}").score("le caf\u{e9}").is_some());
    }
}
