//! Times, ages, sizes and paths in words.

use jiff::Zoned;
use jiff::tz::TimeZone;

use crate::model::ansi::path_label;
use crate::model::time::Millis;
use crate::model::words::noun;

/// A moment on the user's clock.
pub fn zoned(time: Millis, zone: &TimeZone) -> Zoned {
    time.timestamp().to_zoned(zone.clone())
}

/// `14:31:52`.
pub fn clock(time: Millis, zone: &TimeZone) -> String {
    zoned(time, zone).strftime("%H:%M:%S").to_string()
}

/// `Today`, `Yesterday`, `Tue 20 Oct`, or `Tue 20 Oct 2025` in another year.
pub fn day(time: Millis, now: Millis, zone: &TimeZone) -> String {
    let (then, today) = (zoned(time, zone), zoned(now, zone));
    if then.date() == today.date() {
        "Today".to_owned()
    } else if today.date().yesterday().is_ok_and(|day| day == then.date()) {
        "Yesterday".to_owned()
    } else if then.year() == today.year() {
        then.strftime("%a %-d %b").to_string()
    } else {
        then.strftime("%a %-d %b %Y").to_string()
    }
}

/// `Today` and `Tue 20 Oct`; a day that has no name of its own is `Mon 19 Oct` and nothing.
pub fn day_parts(time: Millis, now: Millis, zone: &TimeZone) -> (String, String) {
    let name = day(time, now, zone);
    let date = zoned(time, zone).strftime("%a %-d %b").to_string();
    if matches!(name.as_str(), "Today" | "Yesterday") {
        (name, date)
    } else {
        (name, String::new())
    }
}

/// A length of time in its two largest units: `40s`, `5m`, `1h52m`, `3d`.
pub fn age(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0..=59 => format!("{seconds}s"),
        60..=3599 => format!("{}m", seconds / 60),
        3600..=86_399 if seconds % 3600 < 60 => format!("{}h", seconds / 3600),
        3600..=86_399 => format!("{}h{}m", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// A number of bytes: `312 B`, `3.1 KiB`, `2.4 MiB`.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if count < 1024 {
        return format!("{count} B");
    }
    #[allow(
        clippy::cast_precision_loss,
        reason = "one digit after the point is shown"
    )]
    let mut value = count as f64 / 1024.0;
    let mut unit = "KiB";
    for next in &UNITS[1..] {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    format!("{value:.1} {unit}")
}

/// A number with its thousands apart: `1 204`.
pub fn number(count: usize) -> String {
    let digits = count.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(' ');
        }
        shown.push(digit);
    }
    shown
}

/// `1 snapshot`, `12 480 snapshots`.
pub fn count(count: u64, what: &str) -> String {
    let shown = number(usize::try_from(count).unwrap_or(usize::MAX));
    format!("{shown} {}", noun(count, what))
}

/// `1 snapshot`, `3 snapshots`.
pub fn plural(count: usize, what: &str) -> String {
    crate::model::words::count(count as u64, what)
}

/// A path with the home directory as `~`.
pub fn path(path: &[u8], home: &[u8]) -> String {
    path_label(path, home)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_have_two_units_at_the_most() {
        let words: Vec<String> = [8_000, 90_000, 3_600_000, 6_720_000, 200_000_000]
            .map(age)
            .into();
        assert_eq!(words, ["8s", "1m", "1h", "1h52m", "2d"]);
    }

    #[test]
    fn sizes_and_numbers_are_short() {
        assert_eq!(bytes(312), "312 B");
        assert_eq!(bytes(3_174), "3.1 KiB");
        assert_eq!(bytes(2_516_582), "2.4 MiB");
        assert_eq!(number(1204), "1 204");
        assert_eq!(number(4_210_000), "4 210 000");
    }

    #[test]
    fn home_is_a_tilde_and_only_home() {
        assert_eq!(path(b"/home/me/src", b"/home/me"), "~/src");
        assert_eq!(path(b"/home/me", b"/home/me"), "~");
        assert_eq!(path(b"/home/mex", b"/home/me"), "/home/mex");
        assert_eq!(path(b"/x", b""), "/x");
    }
}
