//! Who records and how it goes, and what the header says of it: pure, from what was seen last and
//! the time of day.

use crate::app::words::age;
use crate::model::time::Millis;
use crate::ops::beat::{Health, Holder};

use super::shared::RecorderStatus;

/// Which kind of light is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lamp {
    /// It is recorded.
    On,
    /// Nothing is wrong, and nothing is recorded.
    Off,
    /// It should be recorded, and is not.
    Alarm,
}

/// What the header says of the recorder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Light {
    /// Its sign.
    pub lamp: Lamp,
    /// A few words.
    pub words: String,
}

/// What is true now of a recorder of which this was seen last; `None` while nothing is known.
#[must_use]
pub fn light(status: &RecorderStatus, now: Millis) -> Option<Light> {
    let (lamp, words) = match status {
        RecorderStatus::Unknown => return None,
        RecorderStatus::Off => (Lamp::Off, "not recording".to_owned()),
        RecorderStatus::Failed(_) => (Lamp::Alarm, "not recording".to_owned()),
        RecorderStatus::Recording { seen, beat } => match beat.stalled_ms(now) {
            Some(silent) => (Lamp::Alarm, format!("no look for {}", short_age(silent))),
            None => match beat.health {
                Health::Starting => (Lamp::Off, "starting".to_owned()),
                Health::Well => (Lamp::On, format!("rec {} ago", age(now.since(*seen)))),
                Health::NoServer => (Lamp::Off, "no server".to_owned()),
                Health::Spooled => (Lamp::Alarm, "cannot store".to_owned()),
                Health::Failing => (Lamp::Alarm, "not recording".to_owned()),
            },
        },
        RecorderStatus::Other(holder) => {
            let who = short(holder);
            let Some(beat) = holder.beat else {
                let words = format!("{who} may record");
                return Some(Light {
                    lamp: Lamp::Off,
                    words,
                });
            };
            match beat.stalled_ms(now) {
                Some(silent) => (Lamp::Alarm, format!("{who} silent {}", short_age(silent))),
                None => match beat.health {
                    Health::Starting => (Lamp::Off, format!("{who} starting")),
                    Health::Well => (Lamp::On, format!("rec by {who}")),
                    Health::NoServer => (Lamp::Off, "no server".to_owned()),
                    Health::Spooled => (Lamp::Alarm, format!("{who} cannot store")),
                    Health::Failing => (Lamp::Alarm, format!("{who} fails")),
                },
            }
        }
    };
    Some(Light { lamp, words })
}

/// A process in as few letters as a header has: `25228`.
fn short(holder: &Holder) -> String {
    holder
        .pid
        .map_or_else(|| "another".to_owned(), |pid| pid.to_string())
}

/// An age that has room, whatever a clock was set to.
fn short_age(ms: u64) -> String {
    const MOST_MS: u64 = 999 * 24 * 60 * 60 * 1000;
    age(ms.min(MOST_MS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::beat::Beat;

    const NOW: Millis = Millis(1_790_000_000_000);

    fn beat(age_ms: i64, health: Health) -> Beat {
        Beat {
            at: Millis(NOW.0 - age_ms),
            every_ms: 1000,
            health,
        }
    }

    fn other(beat: Option<Beat>) -> RecorderStatus {
        RecorderStatus::Other(Holder {
            pid: Some(25228),
            by: None,
            beat,
        })
    }

    fn own(beat: Beat) -> RecorderStatus {
        RecorderStatus::Recording { seen: NOW, beat }
    }

    /// Everything that can be known of a recorder, and whether it is true that it records.
    fn all() -> Vec<(RecorderStatus, bool)> {
        use Health::{Failing, NoServer, Spooled, Starting, Well};
        let mut all = vec![
            (RecorderStatus::Unknown, false),
            (RecorderStatus::Off, false),
            (other(None), false),
        ];
        for health in [Starting, Well, NoServer, Spooled, Failing] {
            for (age, fresh) in [
                (0, true),
                (4_000, true),
                (5_001, false),
                (86_400_000, false),
                (-4_000, true),
                (-5_001, false),
                (i64::MIN / 4, false),
            ] {
                let records = fresh && health == Well;
                all.push((own(beat(age, health)), records));
                all.push((other(Some(beat(age, health))), records));
            }
        }
        all
    }

    #[test]
    fn no_light_is_green_that_is_not() {
        for (status, records) in all() {
            let shown = light(&status, NOW);
            let green = shown.is_some_and(|light| light.lamp == Lamp::On);
            assert_eq!(green, records, "{status:?}");
        }
    }

    #[test]
    fn who_looks_rarely_may_be_silent_for_longer() {
        let rare = |age_ms| Beat {
            every_ms: 60_000,
            ..beat(age_ms, Health::Well)
        };
        assert_eq!(rare(179_000).stalled_ms(NOW), None);
        assert_eq!(rare(181_000).stalled_ms(NOW), Some(181_000));
        let odd = Beat {
            every_ms: u64::MAX,
            ..beat(0, Health::Well)
        };
        assert_eq!(odd.stalled_ms(NOW), None);
    }

    #[test]
    fn the_words_fit_the_smallest_header() {
        for (status, _) in all() {
            let words = light(&status, NOW).map(|light| light.words);
            let longest = words.map_or(0, |words| words.chars().count());
            // Of 40 columns, the name takes 8 and the hint 9, with the sign and a gap.
            assert!(longest <= 20, "{status:?}");
        }
    }

    #[test]
    fn words_say_who_and_for_how_long() {
        let words = |status: &RecorderStatus| light(status, NOW).unwrap().words;
        let well = |age| Some(beat(age, Health::Well));
        assert_eq!(words(&other(well(100))), "rec by 25228");
        assert_eq!(words(&other(well(12_000))), "25228 silent 12s");
        assert_eq!(words(&own(beat(12_000, Health::Well))), "no look for 12s");
        assert_eq!(words(&own(beat(100, Health::Well))), "rec 0s ago");
    }
}
