//! What was found, rule by rule.

use std::collections::BTreeMap;

use crate::model::snapshot::RedactionCount;

/// What a look through snapshots found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings {
    /// Snapshots that were looked through, those in the trash included.
    pub snapshots: u64,
    /// How many of them do not stay as they are.
    pub changed: u64,
    /// How many of these hold parts that are not to be recorded, and go without them.
    pub left_out: u64,
    /// How many go as a whole, because nothing would be left of them.
    pub removed: u64,
    /// What the rules found, by their names.
    pub rules: Vec<RuleFindings>,
}

/// What one rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFindings {
    /// Its name.
    pub rule: String,
    /// In how many snapshots.
    pub snapshots: u64,
    /// How often: what stands in several snapshots counts in each.
    pub times: u64,
}

impl Findings {
    /// Whether everything may stay as it is.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.changed == 0
    }

    /// Both together.
    #[must_use]
    pub fn with(&self, other: &Findings) -> Findings {
        let mut rules: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for own in self.rules.iter().chain(&other.rules) {
            let (snapshots, times) = rules.entry(&own.rule).or_default();
            *snapshots += own.snapshots;
            *times += own.times;
        }
        let rules = rules.into_iter();
        Findings {
            snapshots: self.snapshots + other.snapshots,
            changed: self.changed + other.changed,
            left_out: self.left_out + other.left_out,
            removed: self.removed + other.removed,
            rules: rules
                .map(|(rule, (snapshots, times))| RuleFindings {
                    rule: rule.to_owned(),
                    snapshots,
                    times,
                })
                .collect(),
        }
    }

    /// Adds a snapshot.
    pub(super) fn add(&mut self, becomes: Becomes, left_out: bool, found: &Counts) {
        self.snapshots += 1;
        if becomes == Becomes::Same {
            return;
        }
        self.changed += 1;
        self.left_out += u64::from(left_out);
        self.removed += u64::from(becomes == Becomes::Nothing);
        for (rule, times) in &found.0 {
            let times = u64::from(*times);
            match self.rules.binary_search_by(|own| own.rule.cmp(rule)) {
                Ok(at) => {
                    if let Some(own) = self.rules.get_mut(at) {
                        own.snapshots += 1;
                        own.times += times;
                    }
                }
                Err(at) => self.rules.insert(
                    at,
                    RuleFindings {
                        rule: rule.clone(),
                        snapshots: 1,
                        times,
                    },
                ),
            }
        }
    }
}

/// What becomes of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Becomes {
    /// It stays as it is.
    Same,
    /// Something is taken out of it.
    Other,
    /// Nothing is left of it.
    Nothing,
}

/// How often each rule found something.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::store) struct Counts(BTreeMap<String, u32>);

impl Counts {
    /// Adds what was found elsewhere.
    pub(in crate::store) fn add(&mut self, found: &[RedactionCount]) {
        for RedactionCount { rule, count } in found {
            let own = self.0.entry(rule.clone()).or_default();
            *own = own.saturating_add(*count);
        }
    }

    /// Takes off what does not count.
    pub(super) fn sub(&mut self, less: &[RedactionCount]) {
        for RedactionCount { rule, count } in less {
            if let Some(own) = self.0.get_mut(rule) {
                *own = own.saturating_sub(*count);
            }
        }
        self.0.retain(|_, count| *count > 0);
    }

    /// As a snapshot keeps them.
    pub(in crate::store) fn into_counts(self) -> Vec<RedactionCount> {
        let counts = self.0.into_iter();
        counts
            .map(|(rule, count)| RedactionCount { rule, count })
            .collect()
    }
}
