//! How often something was taken out.

use std::collections::BTreeMap;

use crate::model::snapshot::RedactionCount;

/// How often each rule took something out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally(BTreeMap<String, u32>);

impl Tally {
    /// The counts, by the name of the rule.
    #[must_use]
    pub fn counts(&self) -> Vec<RedactionCount> {
        let count = |(rule, count): (&String, &u32)| RedactionCount {
            rule: rule.clone(),
            count: *count,
        };
        self.0.iter().map(count).collect()
    }

    /// Everything together.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.0
            .values()
            .fold(0, |sum, &count| sum.saturating_add(count))
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: &Tally) {
        for (rule, &more) in &other.0 {
            let count = self.0.entry(rule.clone()).or_default();
            *count = count.saturating_add(more);
        }
    }

    pub(super) fn add(&mut self, rule: &str) {
        if let Some(count) = self.0.get_mut(rule) {
            *count = count.saturating_add(1);
        } else {
            self.0.insert(rule.to_owned(), 1);
        }
    }
}
