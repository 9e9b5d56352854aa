//! Snapshot ids: sortable, unique, and short enough to type.
//!
//! An id is 100 bits shown as 20 characters of Crockford's base 32 in lower case. The first 40 bits
//! count 4 ms steps since 2020-01-01 UTC, the other 60 are random. So the first eight characters
//! alone are exactly the time part: ids of one store, whose snapshots are at least one step apart,
//! differ within them.
//!
//! The order of ids is the order of recording. A clock moves the time part only as far as it can be
//! believed ([`Doubt`]); otherwise the next id is one step after the newest of the store. So a
//! wrong clock neither reorders ids nor uses them up. Where a store has used up the 40 bits all the
//! same, the time part goes on into a 21st character, and such ids are always shown whole.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::time::Millis;

/// 2020-01-01T00:00:00Z in milliseconds since the Unix epoch.
const EPOCH_MS: i64 = 1_577_836_800_000;
/// Milliseconds per step of the time part.
const STEP_MS: i64 = 4;
const TIME_BITS: u32 = 40;
const RANDOM_BITS: u32 = 60;
/// The greatest time part that a clock can bring about (in the year 2158). What is left above it is
/// for two thousand million snapshots that follow one made by such a clock.
const MAX_CLOCK_STEPS: u128 = (1 << TIME_BITS) - (1 << 31);
/// The greatest time part of all: what fits into the 13 bytes in which ids are stored.
const MAX_STEPS: u128 = (1 << 44) - 1;
/// A clock this far ahead of the newest snapshot is wrong: twenty years.
const MAX_AHEAD_MS: i64 = 20 * 365 * 24 * 60 * 60 * 1000;
/// A clock may be this far behind the newest snapshot without being doubted: a spooled
/// capture is stored later than it was made.
const MAX_BEHIND_MS: i64 = 60 * 60 * 1000;
/// Characters of a full id.
pub const ID_CHARS: usize = 20;
/// Characters of an id whose time part has outgrown 40 bits.
const LONG_CHARS: usize = ID_CHARS + 1;
/// Characters shown where an id is shortened.
pub const SHORT_CHARS: usize = 8;
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The id of a snapshot: ordered by the time it was made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u128", into = "u128")]
pub struct SnapshotId(u128);

/// What is wrong with a clock, as seen from the newest snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// It is behind by so many milliseconds.
    Behind(u64),
    /// It is so many milliseconds ahead that nobody can have waited for so long.
    Ahead(u64),
    /// Ids cannot tell its time: it is before 2020 or after 2158.
    Beyond,
}

impl Doubt {
    /// What to doubt about a clock that shows `now`, where the newest snapshot was stamped
    /// `newest`.
    #[must_use]
    pub fn about(now: Millis, newest: Option<Millis>) -> Option<Self> {
        let Some(newest) = newest else {
            let told = EPOCH_MS..=EPOCH_MS + (1 << TIME_BITS) * STEP_MS;
            return (!told.contains(&now.0)).then_some(Doubt::Beyond);
        };
        let (ahead, behind) = (now.since(newest), newest.since(now));
        if ahead > MAX_AHEAD_MS.unsigned_abs() {
            Some(Doubt::Ahead(ahead))
        } else {
            (behind > MAX_BEHIND_MS.unsigned_abs()).then_some(Doubt::Behind(behind))
        }
    }
}

impl SnapshotId {
    /// The id for a snapshot made at `time`, with `random` as its lower 60 bits.
    ///
    /// `after` is the newest id of the store: the result is always greater, by exactly one step of
    /// the time part where the clock stood still, went backwards, or is further ahead than can be
    /// believed.
    #[must_use]
    pub fn new(time: Millis, random: u64, after: Option<SnapshotId>) -> Self {
        let clock = (time.0.saturating_sub(EPOCH_MS) / STEP_MS).max(0);
        let clock = u128::from(clock.unsigned_abs()).min(MAX_CLOCK_STEPS);
        let steps = match after {
            None => clock,
            Some(last) => {
                let next = last.steps() + 1;
                let believed = next..=next + u128::from((MAX_AHEAD_MS / STEP_MS).unsigned_abs());
                if believed.contains(&clock) {
                    clock
                } else {
                    next.min(MAX_STEPS)
                }
            }
        };
        let random = u128::from(random) & ((1 << RANDOM_BITS) - 1);
        SnapshotId((steps << RANDOM_BITS) | random)
    }

    /// Which ids a snapshot made at `time` with `random` may have got: from the first one on, where
    /// its clock was believed or behind; below the second one, where its clock was too far ahead of
    /// the newest one to be believed.
    #[must_use]
    pub fn possible(time: Millis, random: u64) -> (Self, Self) {
        let own = Self::new(time, random, None).steps();
        let ahead = u128::from((MAX_AHEAD_MS / STEP_MS).unsigned_abs());
        let first = |steps: u128| SnapshotId(steps << RANDOM_BITS);
        (first(own), first(own.saturating_sub(ahead)))
    }

    /// Whether it ends with these random bits.
    #[must_use]
    pub fn has_random(self, random: u64) -> bool {
        (self.0 ^ u128::from(random)) & ((1 << RANDOM_BITS) - 1) == 0
    }

    /// The time part.
    fn steps(self) -> u128 {
        self.0 >> RANDOM_BITS
    }

    fn chars(self) -> usize {
        if self.steps() >> TIME_BITS == 0 {
            ID_CHARS
        } else {
            LONG_CHARS
        }
    }

    /// The first eight characters; all of an id whose time part needs more than those.
    #[must_use]
    pub fn short(self) -> String {
        let mut text = self.to_string();
        if self.chars() == ID_CHARS {
            text.truncate(SHORT_CHARS);
        }
        text
    }

    /// The smallest and greatest id that start with `prefix`: of those of 20 characters, and of
    /// those of 21. Nothing where it is not a prefix of any id (empty, too long, or with a
    /// character outside the alphabet).
    #[must_use]
    pub fn prefix_ranges(prefix: &str) -> Vec<(SnapshotId, SnapshotId)> {
        let range = |chars: usize| {
            let rest = 5 * u32::try_from(chars.checked_sub(prefix.len())?).ok()?;
            let mut value: u128 = 0;
            for byte in prefix.bytes() {
                value = (value << 5) | u128::from(digit(byte)?);
            }
            let low = SnapshotId(value << rest);
            let high = Self::from_u128(low.0 | ((1u128 << rest) - 1))?;
            // An id of 21 characters never begins with a zero.
            (!prefix.is_empty() && low.chars() == chars).then_some((low, high))
        };
        [ID_CHARS, LONG_CHARS]
            .into_iter()
            .filter_map(range)
            .collect()
    }

    /// The moment that its time part tells, within one step of the real one unless ids had to go
    /// ahead of the clock.
    #[must_use]
    pub fn moment(self) -> Millis {
        let steps = i64::try_from(self.steps()).unwrap_or(i64::MAX);
        Millis(EPOCH_MS.saturating_add(steps.saturating_mul(STEP_MS)))
    }

    /// The id as a number: what stores use as a key.
    #[must_use]
    pub fn as_u128(self) -> u128 {
        self.0
    }

    /// The id for a number made by [`SnapshotId::as_u128`], or `None` where it is too large for
    /// one.
    #[must_use]
    pub fn from_u128(value: u128) -> Option<Self> {
        (value >> RANDOM_BITS <= MAX_STEPS).then_some(SnapshotId(value))
    }
}

impl From<SnapshotId> for u128 {
    fn from(id: SnapshotId) -> u128 {
        id.0
    }
}

impl TryFrom<u128> for SnapshotId {
    type Error = &'static str;

    fn try_from(value: u128) -> Result<Self, Self::Error> {
        Self::from_u128(value).ok_or("a number too large for a snapshot's id")
    }
}

/// The value of a base 32 character; Crockford's look-alikes (`i`, `l`, `o`) are accepted.
fn digit(byte: u8) -> Option<u8> {
    let lower = match byte.to_ascii_lowercase() {
        b'i' | b'l' => b'1',
        b'o' => b'0',
        other => other,
    };
    ALPHABET
        .iter()
        .position(|&c| c == lower)
        .and_then(|at| u8::try_from(at).ok())
}

impl fmt::Display for SnapshotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(self.chars());
        for place in (0..self.chars()).rev() {
            let index = usize::try_from((self.0 >> (5 * place)) & 31).unwrap_or(0);
            text.push(char::from(ALPHABET.get(index).copied().unwrap_or(b'0')));
        }
        f.pad(&text)
    }
}

impl fmt::Debug for SnapshotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SnapshotId({self})")
    }
}

/// Why a text is not a full snapshot id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a snapshot id: {text:?} (an id has {ID_CHARS} characters of 0-9 and a-z without i, l, o, u)"
)]
pub struct InvalidId {
    /// The text that was given.
    pub text: String,
}

impl FromStr for SnapshotId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let whole = |(low, high): &(SnapshotId, SnapshotId)| low == high;
        match Self::prefix_ranges(text).into_iter().find(whole) {
            Some((id, _)) => Ok(id),
            None => Err(InvalidId {
                text: text.to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn short_ids_of_neighbours_differ_and_stay_in_order() {
        let mut last = None;
        let mut shorts = Vec::new();
        for _ in 0..100 {
            let id = SnapshotId::new(Millis(1_790_000_000_000), u64::MAX, last);
            shorts.push(id.short());
            last = Some(id);
        }
        let mut sorted = shorts.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted, shorts);
    }

    #[test]
    fn a_clock_that_jumps_back_does_not_reorder() {
        let first = SnapshotId::new(Millis(1_790_000_000_000), 1, None);
        let second = SnapshotId::new(Millis(1_600_000_000_000), 0, Some(first));
        assert!(second > first);
    }

    /// Milliseconds of a year, nearly.
    const YEAR: i64 = 31_557_600_000;

    #[test]
    fn no_clock_uses_the_ids_up_or_reorders_them() {
        // 1900, 1970, 2020, 2026, 2106, 2158, 2159, 9999, and as far as numbers go.
        let years = [-70, 0, 50, 56, 136, 188, 189, 8029];
        let mut clocks: Vec<i64> = years.map(|year| year * YEAR).to_vec();
        clocks.extend([i64::MIN, -1, EPOCH_MS, i64::MAX]);
        for first in &clocks {
            let mut last = SnapshotId::new(Millis(*first), 5, None);
            assert_eq!(last.to_string().len(), ID_CHARS, "{first}");
            for clock in clocks.iter().chain(&clocks) {
                let next = SnapshotId::new(Millis(*clock), 0, Some(last));
                assert!(
                    next > last && next.short() > last.short(),
                    "{first}, {clock}"
                );
                assert!(next.moment() > last.moment());
                assert_eq!(next.to_string().len(), ID_CHARS, "{first}, {clock}");
                last = next;
            }
        }
    }

    #[test]
    fn ids_go_on_behind_the_last_of_20_characters() {
        let end = SnapshotId::from_u128((1 << 100) - 1).unwrap();
        assert_eq!(end.to_string(), "z".repeat(20));
        let mut last = end;
        for clock in [1_790_000_000_000, i64::MAX, 0] {
            let next = SnapshotId::new(Millis(clock), 7, Some(last));
            assert!(next > last);
            let text = next.to_string();
            assert_eq!((text.len(), next.short()), (21, text.clone()));
            assert_eq!(text.parse(), Ok(next));
            assert_eq!(SnapshotId::from_u128(next.as_u128()), Some(next));
            for length in 1..=21 {
                let ranges = SnapshotId::prefix_ranges(&text[..length]);
                let found = ranges
                    .iter()
                    .any(|(low, high)| (*low..=*high).contains(&next));
                assert!(found, "{length}");
            }
            last = next;
        }
    }

    #[test]
    fn a_number_that_is_no_id_is_refused() {
        let id = SnapshotId::new(Millis(1_790_000_000_000), 7, None);
        let bytes = postcard::to_allocvec(&id).unwrap();
        assert_eq!(bytes, postcard::to_allocvec(&id.as_u128()).unwrap());
        assert_eq!(postcard::from_bytes::<SnapshotId>(&bytes).unwrap(), id);
        let beyond = postcard::to_allocvec(&(1u128 << 104)).unwrap();
        assert!(postcard::from_bytes::<SnapshotId>(&beyond).is_err());
        assert!("g".repeat(21).parse::<SnapshotId>().is_err());
        assert!(
            format!("0{}", "g".repeat(20))
                .parse::<SnapshotId>()
                .is_err()
        );
    }

    #[test]
    fn a_clock_is_doubted_where_it_cannot_be_right() {
        let now = 1_790_000_000_000;
        let about = |clock, newest: Option<i64>| Doubt::about(Millis(clock), newest.map(Millis));
        assert_eq!(about(now, None), None);
        assert_eq!(about(now + YEAR, Some(now)), None);
        assert_eq!(about(now - 1000, Some(now)), None);
        assert_eq!(about(0, None), Some(Doubt::Beyond));
        assert_eq!(about(200 * YEAR, None), Some(Doubt::Beyond));
        let year = YEAR.unsigned_abs();
        assert_eq!(about(now - YEAR, Some(now)), Some(Doubt::Behind(year)));
        assert_eq!(
            about(now + 99 * YEAR, Some(now)),
            Some(Doubt::Ahead(99 * year))
        );
        let all = u64::try_from(i64::MAX).unwrap();
        assert_eq!(about(i64::MAX, Some(i64::MIN)), Some(Doubt::Ahead(all)));
    }

    proptest! {
        #[test]
        fn text_round_trips(ms in EPOCH_MS..EPOCH_MS + 4_000_000_000_000i64, random: u64) {
            let id = SnapshotId::new(Millis(ms), random, None);
            prop_assert_eq!(id.to_string().parse::<SnapshotId>().unwrap(), id);
            prop_assert_eq!(SnapshotId::from_u128(id.as_u128()), Some(id));
            let (low, high) = SnapshotId::prefix_ranges(&id.short())[0];
            prop_assert!(low <= id && id <= high);
        }

        #[test]
        fn any_text_is_an_id_or_an_error(text in ".*") {
            if let Ok(id) = text.parse::<SnapshotId>() {
                prop_assert!([ID_CHARS, LONG_CHARS].contains(&id.to_string().len()));
            }
        }
    }
}
