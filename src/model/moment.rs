//! Moments in words: `2h`, `14:30`, `yesterday`, `2026-11-20`, `2026-11-20 14:30`.

use jiff::civil::{Date, DateTime, Time};
use jiff::{Span, ToSpan, Zoned};

use super::time::Millis;

/// Why words name no moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} names no moment: write 90s, 15m, 2h, 3d or 1w (ago), 14:30, yesterday, 2026-11-20 or 2026-11-20 14:30"
)]
pub struct InvalidMoment(pub String);

/// The moment that `words` name for someone whose clock shows `now`.
///
/// A time alone is the last time that it was this late; a date alone is the end of that day, so
/// that "the newest at or before" finds the day's last snapshot.
pub fn parse(words: &str, now: &Zoned) -> Result<Millis, InvalidMoment> {
    let text = words.trim().trim_end_matches(" ago").trim();
    let found = ago(text, now)
        .or_else(|| named_day(text, now))
        .or_else(|| civil(text, now));
    let found = found.ok_or_else(|| InvalidMoment(words.to_owned()))?;
    Ok(Millis(found.timestamp().as_millisecond()))
}

fn ago(text: &str, now: &Zoned) -> Option<Zoned> {
    let unit = text.chars().next_back()?;
    let count: i64 = text
        .strip_suffix(unit)?
        .trim()
        .parse()
        .ok()
        .filter(|count| *count >= 0)?;
    let span: Span = match unit {
        's' => Span::new().try_seconds(count).ok()?,
        'm' => Span::new().try_minutes(count).ok()?,
        'h' => Span::new().try_hours(count).ok()?,
        'd' => Span::new().try_days(count).ok()?,
        'w' => Span::new().try_weeks(count).ok()?,
        _ => return None,
    };
    now.checked_sub(span).ok()
}

fn end_of(day: &Zoned) -> Option<Zoned> {
    day.end_of_day().ok()
}

fn named_day(text: &str, now: &Zoned) -> Option<Zoned> {
    match text {
        "now" => Some(now.clone()),
        "today" => end_of(now),
        "yesterday" => end_of(&now.checked_sub(1.day()).ok()?),
        _ => None,
    }
}

fn civil(text: &str, now: &Zoned) -> Option<Zoned> {
    let zone = now.time_zone().clone();
    if let Ok(stamp) = text.parse::<jiff::Timestamp>() {
        return Some(stamp.to_zoned(zone));
    }
    if text.contains(':') {
        if text.contains('-') {
            return text.parse::<DateTime>().ok()?.to_zoned(zone).ok();
        }
        if let Ok(time) = text.parse::<Time>() {
            let today = now.date().to_datetime(time).to_zoned(zone.clone()).ok()?;
            if today <= *now {
                return Some(today);
            }
            let before = now.date().yesterday().ok()?;
            return before.to_datetime(time).to_zoned(zone).ok();
        }
        return None;
    }
    let date: Date = text.parse().ok()?;
    end_of(&date.to_zoned(zone).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(words: &str) -> Result<String, InvalidMoment> {
        let now: Zoned = "2026-11-21T14:00:00+01:00[Europe/Berlin]".parse().unwrap();
        let millis = parse(words, &now)?.0;
        Ok(jiff::Timestamp::from_millisecond(millis)
            .unwrap()
            .to_string())
    }

    #[test]
    fn words_name_moments() {
        assert_eq!(at("2h").unwrap(), "2026-11-21T11:00:00Z");
        assert_eq!(at("90s ago").unwrap(), "2026-11-21T12:58:30Z");
        assert_eq!(at("13:30").unwrap(), "2026-11-21T12:30:00Z");
        assert_eq!(
            at("14:30").unwrap(),
            "2026-11-20T13:30:00Z",
            "not yet today: yesterday's"
        );
        assert_eq!(at("2026-11-20").unwrap(), "2026-11-20T22:59:59.999Z");
        assert_eq!(at("2026-11-20 08:00").unwrap(), "2026-11-20T07:00:00Z");
        assert_eq!(at("yesterday").unwrap(), "2026-11-20T22:59:59.999Z");
        assert_eq!(at("2026-11-20T08:00:00Z").unwrap(), "2026-11-20T08:00:00Z");
    }

    #[test]
    fn other_words_are_refused() {
        for words in [
            "",
            "soon",
            "-2h",
            "25:00",
            "2026-13-01",
            "h",
            "99999999999999w",
            "é",
        ] {
            assert!(at(words).is_err(), "{words}");
        }
    }
}
