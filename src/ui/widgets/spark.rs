//! Small bars in a line: a number each, and shares of a whole.

/// A bar for each number, the greatest of them full. Nothing is a dot, so that a little can be told
/// from it.
#[must_use]
pub fn spark(numbers: &[u64]) -> String {
    const BARS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
    let most = numbers.iter().copied().max().unwrap_or(0);
    let bar = |&number: &u64| {
        if number == 0 {
            return "·";
        }
        let eighth = share(number, most, BARS.len()).saturating_sub(1);
        BARS.get(eighth).copied().unwrap_or("█")
    };
    numbers.iter().map(bar).collect()
}

/// A bar of `room` columns that is filled as far as `part` is of `whole`, to an eighth of a column;
/// something is never nothing.
#[must_use]
pub fn bar(part: u64, whole: u64, room: u16) -> String {
    const PARTS: [&str; 7] = ["▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    if part == 0 {
        return String::new();
    }
    let eighths = share(part, whole, usize::from(room) * 8);
    let mut bar = "█".repeat(eighths / 8);
    if let Some(at) = (eighths % 8).checked_sub(1) {
        bar.push_str(PARTS.get(at).copied().unwrap_or_default());
    }
    bar
}

/// `part` of `whole` in steps, rounded up.
fn share(part: u64, whole: u64, steps: usize) -> usize {
    let share = (u128::from(part) * steps as u128).div_ceil(u128::from(whole.max(1)));
    usize::try_from(share).unwrap_or(steps).min(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_is_full_and_a_little_is_seen() {
        assert_eq!(spark(&[0, 1, 50, 100]), "·▁▄█");
        assert_eq!(spark(&[0, 0]), "··");
        assert_eq!(spark(&[u64::MAX, 1]), "█▁");
        assert_eq!(spark(&[]), "");
    }

    #[test]
    fn shares_have_eighths() {
        assert_eq!(bar(1, 2, 3), "█▌");
        assert_eq!(bar(2, 2, 3), "███");
        assert_eq!(bar(1, 1_000_000, 3), "▏");
        assert_eq!(bar(9, 3, 2), "██");
        assert_eq!(bar(0, 3, 2), "");
        assert_eq!(bar(1, 0, 0), "");
    }
}
