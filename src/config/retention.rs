//! What is kept, as the settings say it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::pattern::{InvalidPattern, Pattern};
use crate::store::{Keep, KeepUndo, Quota, Retention, Rule};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Age that automatic snapshots, undo points and the trash reach where nothing else is said.
const DAYS: u32 = 30;

/// `[retention]`: checked when it is read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(try_from = "Table", into = "Table")]
pub struct RetentionSettings {
    table: Table,
    policy: Retention,
}

impl RetentionSettings {
    /// The policy that the settings stand for.
    #[must_use]
    pub fn policy(&self) -> &Retention {
        &self.policy
    }

    /// The settings with `recorder.keep_last`, where that was used before.
    pub(super) fn with_keep_last(&self, keep_last: u32) -> Result<Self, InvalidRetention> {
        if self.table.keep_last.is_some() {
            return Err(InvalidRetention::Twice);
        }
        let keep_last = Some(keep_last);
        let table = Table {
            keep_last,
            ..self.table.clone()
        };
        table.try_into()
    }
}

/// Why `[retention]` cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRetention {
    /// Nothing of a session would be kept.
    #[error("{0}: keep_last must be 1 or more")]
    Nothing(String),
    /// A count wants what the age forbids.
    #[error(
        "{place}: {unit} = {count} reaches back {reach} days, but max_age_days = {max_age} lets nothing become so old; make it larger, or 0 for no limit"
    )]
    Reach {
        /// Where.
        place: String,
        /// The setting.
        unit: &'static str,
        /// Its value.
        count: u32,
        /// The days that it reaches back.
        reach: u32,
        /// The age.
        max_age: u32,
    },
    /// A name of sessions is no pattern.
    #[error("retention.rule: session: {0}")]
    Pattern(#[from] InvalidPattern),
    /// The old name and the new one of one setting are both used.
    #[error("recorder.keep_last is now retention.keep_last: leave out the first")]
    Twice,
}

/// The table as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
struct Table {
    keep_last: Option<u32>,
    hourly: u32,
    daily: u32,
    weekly: u32,
    monthly: u32,
    max_age_days: Option<u32>,
    undo_keep_last: u32,
    undo_max_age_days: u32,
    trash_days: u32,
    quota_mib: u64,
    quota_takes_chosen: bool,
    rule: Vec<RuleTable>,
}

impl Default for Table {
    fn default() -> Self {
        let keep = Keep::default();
        Self {
            keep_last: None,
            hourly: keep.hourly,
            daily: keep.daily,
            weekly: keep.weekly,
            monthly: keep.monthly,
            max_age_days: None,
            undo_keep_last: KeepUndo::default().last,
            undo_max_age_days: DAYS,
            trash_days: DAYS,
            quota_mib: 0,
            quota_takes_chosen: false,
            rule: Vec::new(),
        }
    }
}

/// A rule as it is written: what it leaves out is as in `[retention]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct RuleTable {
    session: String,
    keep_last: Option<u32>,
    hourly: Option<u32>,
    daily: Option<u32>,
    weekly: Option<u32>,
    monthly: Option<u32>,
    max_age_days: Option<u32>,
}

impl TryFrom<Table> for RetentionSettings {
    type Error = InvalidRetention;

    fn try_from(table: Table) -> Result<Self, InvalidRetention> {
        let other = RetentionCounts {
            last: table.keep_last.unwrap_or(Keep::default().last),
            hourly: table.hourly,
            daily: table.daily,
            weekly: table.weekly,
            monthly: table.monthly,
            max_age_days: table.max_age_days,
        };
        let rule = |rule: &RuleTable| {
            let counts = RetentionCounts {
                last: rule.keep_last.unwrap_or(other.last),
                hourly: rule.hourly.unwrap_or(other.hourly),
                daily: rule.daily.unwrap_or(other.daily),
                weekly: rule.weekly.unwrap_or(other.weekly),
                monthly: rule.monthly.unwrap_or(other.monthly),
                max_age_days: rule.max_age_days.or(other.max_age_days),
            };
            Ok(Rule {
                session: Pattern::new(rule.session.as_str())?,
                keep: counts.keep(&format!("retention.rule for {:?}", rule.session))?,
            })
        };
        let rules = table.rule.iter().map(rule);
        let policy = Retention {
            rules: rules.collect::<Result<_, InvalidRetention>>()?,
            other: other.keep("retention")?,
            undo_points: KeepUndo {
                last: table.undo_keep_last,
                max_age: days(table.undo_max_age_days),
            },
            trash: days(table.trash_days),
            quota: (table.quota_mib > 0).then(|| Quota {
                bytes: table.quota_mib.saturating_mul(1024 * 1024),
                chosen_too: table.quota_takes_chosen,
            }),
        };
        Ok(Self { table, policy })
    }
}

impl From<RetentionSettings> for Table {
    /// As it is written, with what holds where nothing is written.
    fn from(settings: RetentionSettings) -> Self {
        let other = settings.policy.other;
        let age = other.max_age.map_or(0, |age| age.as_secs() / DAY.as_secs());
        Table {
            keep_last: Some(other.last),
            max_age_days: Some(u32::try_from(age).unwrap_or(u32::MAX)),
            ..settings.table
        }
    }
}

/// The counts of `[retention]` or of a rule.
struct RetentionCounts {
    last: u32,
    hourly: u32,
    daily: u32,
    weekly: u32,
    monthly: u32,
    max_age_days: Option<u32>,
}

impl RetentionCounts {
    fn keep(&self, place: &str) -> Result<Keep, InvalidRetention> {
        if self.last == 0 {
            return Err(InvalidRetention::Nothing(place.to_owned()));
        }
        let reaches = [
            ("hourly", self.hourly, self.hourly.div_ceil(24)),
            ("daily", self.daily, self.daily),
            ("weekly", self.weekly, self.weekly.saturating_mul(7)),
            ("monthly", self.monthly, self.monthly.saturating_mul(31)),
        ];
        let farthest = reaches.into_iter().max_by_key(|(_, _, reach)| *reach);
        let (unit, count, reach) = farthest.unwrap_or_default();
        let max_age = match self.max_age_days {
            // Where no age is said, none gets in the way of what is.
            None => DAYS.max(reach),
            Some(max_age) if max_age > 0 && max_age < reach => {
                return Err(InvalidRetention::Reach {
                    place: place.to_owned(),
                    unit,
                    count,
                    reach,
                    max_age,
                });
            }
            Some(max_age) => max_age,
        };
        Ok(Keep {
            last: self.last,
            hourly: self.hourly,
            daily: self.daily,
            weekly: self.weekly,
            monthly: self.monthly,
            max_age: days(max_age),
        })
    }
}

/// So many days; 0 stands for no end.
fn days(days: u32) -> Option<Duration> {
    (days > 0).then(|| DAY.saturating_mul(days))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Retention, String> {
        let settings = toml::from_str::<RetentionSettings>(text);
        settings
            .map(|settings| settings.policy)
            .map_err(|error| error.to_string())
    }

    fn refused(text: &str, with: &str) {
        let error = read(text).unwrap_err();
        assert!(error.contains(with), "{error}");
    }

    #[test]
    fn nothing_said_is_the_default() {
        assert_eq!(read("").unwrap(), Retention::default());
        let shown = toml::to_string(&RetentionSettings::default()).unwrap();
        assert_eq!(read(&shown).unwrap(), Retention::default(), "{shown}");
    }

    #[test]
    fn rules_say_what_differs() {
        let policy = read(
            "keep_last = 5\ndaily = 7\ntrash_days = 0\nquota_mib = 512\n[[rule]]\nsession = \"work*\"\n\
             monthly = 12\n[[rule]]\nsession = \"tmp\"\nkeep_last = 1\ndaily = 0\nmax_age_days = 2",
        )
        .unwrap();
        assert_eq!((policy.other.last, policy.other.daily), (5, 7));
        assert_eq!(policy.trash, None);
        assert_eq!(policy.quota.unwrap().bytes, 512 << 20);
        let [work, tmp] = policy.rules.as_slice() else {
            panic!("{:?}", policy.rules);
        };
        assert_eq!(
            (work.keep.last, work.keep.daily, work.keep.monthly),
            (5, 7, 12)
        );
        assert_eq!(work.keep.max_age, Some(DAY * 12 * 31));
        assert_eq!((tmp.keep.last, tmp.keep.daily), (1, 0));
        assert_eq!(tmp.keep.max_age, Some(DAY * 2));
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        refused("keep_last = 0", "retention: keep_last must be 1 or more");
        refused(
            "monthly = 12\nmax_age_days = 30",
            "monthly = 12 reaches back 372 days",
        );
        refused("[[rule]]\nsession = \"\"", "an empty pattern");
        refused("[[rule]]\nsession = \"a\"\nkeep_last = 0", "\"a\"");
        refused("[[rule]]\nkeep_last = 3", "session");
        refused("keep_lsat = 3", "keep_lsat");
    }
}
