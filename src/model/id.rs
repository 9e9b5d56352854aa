//! Snapshot ids: sortable, unique, and short enough to type.
//!
//! An id is 100 bits shown as 20 characters of Crockford's base 32 in lower case. The first 40 bits
//! count 4 ms steps since 2020-01-01 UTC (enough until the year 2159), the other 60 are random. So
//! the first eight characters alone are exactly the time part: ids of one store, whose snapshots are
//! at least one step apart, differ within them.

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
/// Characters of a full id.
pub const ID_CHARS: usize = 20;
/// Characters shown where an id is shortened.
pub const SHORT_CHARS: usize = 8;
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The id of a snapshot: ordered by the time it was made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SnapshotId(u128);

impl SnapshotId {
    /// The id for a snapshot made at `time`, with `random` as its lower 60 bits.
    ///
    /// `after` is the newest id of the store: the result is always greater, by at least one step of
    /// the time part, even when the clock stood still or went backwards.
    #[must_use]
    pub fn new(time: Millis, random: u64, after: Option<SnapshotId>) -> Self {
        let steps = (time.0.saturating_sub(EPOCH_MS) / STEP_MS).max(0);
        let mut steps = u128::try_from(steps).unwrap_or(0).min((1 << TIME_BITS) - 1);
        if let Some(SnapshotId(last)) = after {
            steps = steps.max((last >> RANDOM_BITS) + 1);
        }
        let random = u128::from(random) & ((1 << RANDOM_BITS) - 1);
        SnapshotId((steps << RANDOM_BITS) | random)
    }

    /// The first eight characters.
    #[must_use]
    pub fn short(self) -> String {
        let mut text = self.to_string();
        text.truncate(SHORT_CHARS);
        text
    }

    /// The smallest and greatest id that start with `prefix`, or `None` where it is not a prefix of
    /// any id (empty, too long, or with a character outside the alphabet).
    #[must_use]
    pub fn prefix_range(prefix: &str) -> Option<(SnapshotId, SnapshotId)> {
        if prefix.is_empty() || prefix.len() > ID_CHARS {
            return None;
        }
        let mut value: u128 = 0;
        for byte in prefix.bytes() {
            value = (value << 5) | u128::from(digit(byte)?);
        }
        let rest = 5 * u32::try_from(ID_CHARS - prefix.len()).ok()?;
        let low = value << rest;
        Some((SnapshotId(low), SnapshotId(low | ((1u128 << rest) - 1))))
    }

    /// The moment that its time part tells, within one step of the real one unless ids had to go ahead
    /// of the clock.
    #[must_use]
    pub fn moment(self) -> Millis {
        let steps = i64::try_from(self.0 >> RANDOM_BITS).unwrap_or(0);
        Millis(EPOCH_MS.saturating_add(steps.saturating_mul(STEP_MS)))
    }

    /// The id as a number: what stores use as a key.
    #[must_use]
    pub fn as_u128(self) -> u128 {
        self.0
    }

    /// The id for a number made by [`SnapshotId::as_u128`], or `None` where it is too large for one.
    #[must_use]
    pub fn from_u128(value: u128) -> Option<Self> {
        (value >> (TIME_BITS + RANDOM_BITS) == 0).then_some(SnapshotId(value))
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
        let mut text = String::with_capacity(ID_CHARS);
        for place in (0..ID_CHARS).rev() {
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
        match Self::prefix_range(text) {
            Some((low, high)) if low == high => Ok(low),
            _ => Err(InvalidId {
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

    proptest! {
        #[test]
        fn text_round_trips(ms in EPOCH_MS..EPOCH_MS + 4_000_000_000_000i64, random: u64) {
            let id = SnapshotId::new(Millis(ms), random, None);
            prop_assert_eq!(id.to_string().parse::<SnapshotId>().unwrap(), id);
            prop_assert_eq!(SnapshotId::from_u128(id.as_u128()), Some(id));
            let (low, high) = SnapshotId::prefix_range(&id.short()).unwrap();
            prop_assert!(low <= id && id <= high);
        }

        #[test]
        fn any_text_is_an_id_or_an_error(text in ".*") {
            if let Ok(id) = text.parse::<SnapshotId>() {
                prop_assert_eq!(id.to_string().len(), ID_CHARS);
            }
        }
    }
}
