//! The time line: labels, activity, marks, and the moment that is looked at. Columns stand for
//! stretches of time, and a column can be turned back into its moment for the mouse.

use jiff::tz::TimeZone;
use jiff::{ToSpan, Zoned};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::model::time::Millis;

use super::text::{put, width};
use crate::ui::theme::{Role, Theme};

/// What is marked on the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark {
    /// A snapshot made by hand.
    Manual,
    /// An undo point.
    Undo,
    /// A snapshot with a name, a tag or a pin.
    Named,
    /// The end of a server that nobody asked for.
    Crash,
}

impl Mark {
    /// The sign for it.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Mark::Manual => "●",
            Mark::Undo => "↺",
            Mark::Named => "⚑",
            Mark::Crash => "✖",
        }
    }
}

/// Something that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tick {
    /// When.
    pub time: Millis,
    /// How much: the height of its bar.
    pub weight: u32,
    /// The mark that it gets.
    pub mark: Option<Mark>,
}

/// The stretch of time that the line shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The moment at the left edge.
    pub from: Millis,
    /// The moment at the right edge; later than `from`.
    pub to: Millis,
}

/// The shortest range, in milliseconds.
const SHORTEST: i64 = 1_000;

impl Range {
    /// The range from `from` to `to`, a second at the least.
    #[must_use]
    pub fn new(from: Millis, to: Millis) -> Self {
        let least = from.0.saturating_add(SHORTEST);
        Self {
            from,
            to: Millis(to.0.max(least)),
        }
    }

    fn length(self) -> i64 {
        self.to.0.saturating_sub(self.from.0).max(1)
    }

    /// The range made longer (`factor` over 1) or shorter around a moment that keeps its place.
    #[must_use]
    pub fn zoomed(self, around: Millis, factor: f64) -> Self {
        let left = around.0.saturating_sub(self.from.0) as f64;
        let right = self.to.0.saturating_sub(around.0) as f64;
        let scaled = |length: f64| (length * factor.clamp(0.01, 100.0)) as i64;
        Self::new(
            Millis(around.0.saturating_sub(scaled(left))),
            Millis(around.0.saturating_add(scaled(right))),
        )
    }

    /// The range moved, at the same length, as far as is needed to show a moment.
    #[must_use]
    pub fn showing(self, moment: Millis) -> Self {
        let by = if moment < self.from {
            moment.0.saturating_sub(self.from.0)
        } else if moment > self.to {
            moment.0.saturating_sub(self.to.0)
        } else {
            0
        };
        Self::new(
            Millis(self.from.0.saturating_add(by)),
            Millis(self.to.0.saturating_add(by)),
        )
    }

    /// The column of `columns` that a moment falls into; `None` outside of the range.
    #[must_use]
    pub fn column(self, moment: Millis, columns: u16) -> Option<u16> {
        if moment < self.from || moment > self.to || columns == 0 {
            return None;
        }
        let since = i128::from(moment.0) - i128::from(self.from.0);
        let at = since * i128::from(columns);
        let column = at / i128::from(self.length());
        u16::try_from(column)
            .ok()
            .map(|column| column.min(columns - 1))
    }

    /// The moment in the middle of a column.
    #[must_use]
    pub fn moment(self, column: u16, columns: u16) -> Millis {
        let halves = i128::from(column) * 2 + 1;
        let by = i128::from(self.length()) * halves / (i128::from(columns.max(1)) * 2);
        let by = i64::try_from(by).unwrap_or(i64::MAX);
        Millis(self.from.0.saturating_add(by))
    }
}

/// The time line.
#[derive(Debug, Clone)]
pub struct Slider<'a> {
    /// What happened, in any order.
    pub ticks: &'a [Tick],
    /// Stretches in which nothing was recorded.
    pub gaps: &'a [Range],
    /// What is shown.
    pub range: Range,
    /// The moment that is looked at; `None` for the state now.
    pub at: Option<Millis>,
    /// The moment marked as A.
    pub a: Option<Millis>,
    /// The zone that labels are in.
    pub zone: &'a TimeZone,
}

/// The tick next to a moment, by its place in the list.
#[must_use]
pub fn nearest(ticks: &[Tick], moment: Millis) -> Option<usize> {
    let distance = |tick: &Tick| tick.time.0.abs_diff(moment.0);
    let next = ticks
        .iter()
        .enumerate()
        .min_by_key(|(_, tick)| distance(tick));
    next.map(|(at, _)| at)
}

impl Slider<'_> {
    /// Draws labels, bars and marks on three lines; with less room, the marks, then the bars.
    pub fn draw(&self, area: Rect, buffer: &mut Buffer, theme: Theme<'_>) {
        let area = area.intersection(buffer.area);
        let line = |at: u16| Rect::new(area.x, area.y + at, area.width, 1);
        match area.height {
            0 => {}
            1 => self.marks(line(0), buffer, theme),
            2 => {
                self.bars(line(0), buffer, theme);
                self.marks(line(1), buffer, theme);
            }
            _ => {
                self.labels(line(0), buffer, theme);
                self.bars(line(1), buffer, theme);
                self.marks(line(2), buffer, theme);
            }
        }
    }

    fn labels(&self, line: Rect, buffer: &mut Buffer, theme: Theme<'_>) {
        let live = "▸ live";
        let room = line.width.saturating_sub(width(live) + 1);
        let mut free = line.x;
        for (moment, text) in labels(self.range, line.width, self.zone) {
            let Some(column) = self.range.column(moment, line.width) else {
                continue;
            };
            let x = line.x + column;
            if x >= free && column + width(&text) <= room {
                free = put(buffer, line, x, line.y, &text, theme.style(Role::Dim)) + 1;
            }
        }
        if width(live) <= line.width {
            let style = if self.at.is_none() {
                theme.style(Role::Selected)
            } else {
                theme.style(Role::Key)
            };
            super::text::put_right(buffer, line, line.y, live, style);
        }
    }

    fn bars(&self, line: Rect, buffer: &mut Buffer, theme: Theme<'_>) {
        let mut weights = vec![0u64; usize::from(line.width)];
        for tick in self.ticks {
            let column = self.range.column(tick.time, line.width);
            if let Some(weight) = column.and_then(|at| weights.get_mut(usize::from(at))) {
                *weight += u64::from(tick.weight.max(1));
            }
        }
        let most = weights.iter().copied().max().unwrap_or(0);
        for (at, weight) in (0..line.width).zip(weights) {
            let (symbol, style) = match weight {
                0 if self.is_gap(at, line.width) => ("·", theme.style(Role::Dim)),
                0 => ("▁", theme.style(Role::Dim)),
                weight => (bar(weight, most), theme.style(Role::Bar)),
            };
            put(buffer, line, line.x + at, line.y, symbol, style);
        }
    }

    fn is_gap(&self, column: u16, columns: u16) -> bool {
        let moment = self.range.moment(column, columns);
        let within = |gap: &Range| gap.from <= moment && moment <= gap.to;
        self.gaps.iter().any(within)
    }

    fn marks(&self, line: Rect, buffer: &mut Buffer, theme: Theme<'_>) {
        let mut marks: Vec<Option<Mark>> = vec![None; usize::from(line.width)];
        for tick in self.ticks {
            let column = self.range.column(tick.time, line.width);
            if let Some(mark) = column.and_then(|at| marks.get_mut(usize::from(at))) {
                *mark = (*mark).max(tick.mark);
            }
        }
        for (at, mark) in (0..line.width).zip(marks) {
            let (symbol, style) = match mark {
                Some(mark) => (mark.sign(), mark_style(mark, theme)),
                None => ("─", theme.style(Role::Frame)),
            };
            put(buffer, line, line.x + at, line.y, symbol, style);
        }
        let mut over = |moment: Option<Millis>, sign: &str, style: Style| {
            if let Some(at) = moment.and_then(|at| self.range.column(at, line.width)) {
                put(buffer, line, line.x + at, line.y, sign, style);
            }
        };
        over(self.a, "A", theme.style(Role::Marker));
        let end = Some(self.range.to);
        over(self.at.or(end), "▲", theme.style(Role::Marker));
    }
}

fn mark_style(mark: Mark, theme: Theme<'_>) -> Style {
    match mark {
        Mark::Manual => theme.style(Role::Good),
        Mark::Undo => theme.style(Role::Undo),
        Mark::Named => theme.style(Role::Named),
        Mark::Crash => theme.style(Role::Died),
    }
}

/// The bar for a weight, given the greatest one. Heights grow with the square root: most moments
/// are small, and they should still be told apart.
fn bar(weight: u64, most: u64) -> &'static str {
    const BARS: [&str; 7] = ["▂", "▃", "▄", "▅", "▆", "▇", "█"];
    let part = (weight as f64 / most.max(1) as f64).sqrt();
    let at = (part * 7.0).ceil() as usize;
    BARS.get(at.clamp(1, 7) - 1).copied().unwrap_or("█")
}

/// A step between two labels.
#[derive(Debug, Clone, Copy)]
enum SliderStep {
    Minutes(i64),
    Days(i64),
}

impl SliderStep {
    const ALL: [SliderStep; 17] = [
        SliderStep::Minutes(1),
        SliderStep::Minutes(2),
        SliderStep::Minutes(5),
        SliderStep::Minutes(10),
        SliderStep::Minutes(15),
        SliderStep::Minutes(30),
        SliderStep::Minutes(60),
        SliderStep::Minutes(120),
        SliderStep::Minutes(180),
        SliderStep::Minutes(360),
        SliderStep::Minutes(720),
        SliderStep::Days(1),
        SliderStep::Days(2),
        SliderStep::Days(7),
        SliderStep::Days(14),
        SliderStep::Days(30),
        SliderStep::Days(90),
    ];

    fn millis(self) -> i64 {
        match self {
            SliderStep::Minutes(minutes) => minutes * 60_000,
            SliderStep::Days(days) => days * 86_400_000,
        }
    }

    fn after(self, moment: &Zoned) -> Option<Zoned> {
        match self {
            SliderStep::Minutes(minutes) => moment.checked_add(minutes.minutes()).ok(),
            SliderStep::Days(days) => moment.checked_add(days.days()).ok(),
        }
    }
}

/// Moments with their labels: round ones of the zone, in steps that leave room for each.
fn labels(range: Range, columns: u16, zone: &TimeZone) -> Vec<(Millis, String)> {
    let apart = if columns < 60 { 6 } else { 10 };
    let per_column = range.length() / i64::from(columns.max(1));
    let fits = |step: &SliderStep| step.millis() / per_column.max(1) >= apart;
    let Some(step) = SliderStep::ALL.into_iter().find(fits) else {
        return Vec::new();
    };
    // Steps are counted from the midnight before the range, so that labels are round numbers.
    let Ok(mut moment) = range.from.timestamp().to_zoned(zone.clone()).start_of_day() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    // A day has 1,440 labels at the most before the range starts; the range has one a column.
    for _ in 0..1_440 + usize::from(columns) {
        let at = Millis(moment.timestamp().as_millisecond());
        if at > range.to {
            break;
        }
        if at >= range.from {
            found.push((at, words(&moment, step)));
        }
        let Some(next) = step.after(&moment) else {
            break;
        };
        moment = next;
    }
    found
}

fn words(moment: &Zoned, step: SliderStep) -> String {
    let midnight = moment.hour() == 0 && moment.minute() == 0;
    let format = match step {
        SliderStep::Days(30..) => "%b %Y",
        _ if midnight => "%-d %b",
        _ => "%H:%M",
    };
    moment.strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NINE: i64 = 1_792_486_800_000; // 2026-10-20T09:00:00Z
    const HOUR: i64 = 3_600_000;

    fn drawn(slider: &Slider<'_>, columns: u16) -> Vec<String> {
        let mut buffer = Buffer::empty(Rect::new(0, 0, columns, 3));
        slider.draw(
            buffer.area,
            &mut buffer,
            Theme::new(&crate::ui::testing::dark()),
        );
        let rows = buffer.content.chunks(usize::from(columns));
        rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect())
            .collect()
    }

    #[test]
    fn shows_hours_activity_gaps_and_marks() {
        let tick = |minutes: i64, weight: u32, mark: Option<Mark>| Tick {
            time: Millis(NINE + minutes * 60_000),
            weight,
            mark,
        };
        let ticks = [
            tick(10, 1, None),
            tick(90, 16, Some(Mark::Manual)),
            tick(160, 4, Some(Mark::Crash)),
            tick(300, 2, Some(Mark::Undo)),
        ];
        let slider = Slider {
            ticks: &ticks,
            gaps: &[Range::new(
                Millis(NINE + 165 * 60_000),
                Millis(NINE + 295 * 60_000),
            )],
            range: Range::new(Millis(NINE), Millis(NINE + 6 * HOUR)),
            at: Some(Millis(NINE + 320 * 60_000)),
            a: Some(Millis(NINE + 10 * 60_000)),
            zone: &TimeZone::UTC,
        };
        insta::assert_snapshot!(drawn(&slider, 76).join("\n"));
        insta::assert_snapshot!(drawn(&slider, 36).join("\n"));
        let week = Slider {
            range: Range::new(Millis(NINE - 100 * HOUR), Millis(NINE + 68 * HOUR)),
            at: None,
            ..slider
        };
        insta::assert_snapshot!(drawn(&week, 76).join("\n"));
    }

    #[test]
    fn zooming_keeps_the_moment_and_scrolling_keeps_the_length() {
        let range = Range::new(Millis(0), Millis(10 * HOUR));
        let near = range.zoomed(Millis(5 * HOUR), 0.5);
        assert_eq!(
            near,
            Range::new(Millis(5 * HOUR / 2), Millis(15 * HOUR / 2))
        );
        let later = near.showing(Millis(9 * HOUR));
        assert_eq!(later.to, Millis(9 * HOUR));
        assert_eq!(later.length(), near.length());
    }

    proptest! {
        #[test]
        fn a_column_and_its_moment_belong_together(
            from in 0i64..2_000_000_000_000,
            length in 60_000i64..40_000_000_000,
            columns in 1u16..300,
            at in 0u16..300,
        ) {
            let range = Range::new(Millis(from), Millis(from + length));
            let column = at % columns;
            prop_assert_eq!(range.column(range.moment(column, columns), columns), Some(column));
        }

        #[test]
        fn any_line_draws_at_any_size(
            times in proptest::collection::vec((any::<i64>(), any::<u32>()), 0..20),
            (from, to, at) in any::<(i64, i64, Option<i64>)>(),
            (width, height) in (0u16..100, 0u16..5),
        ) {
            let ticks: Vec<Tick> = times
                .iter()
                .map(|(time, weight)| Tick { time: Millis(*time), weight: *weight, mark: Some(Mark::Named) })
                .collect();
            let range = Range::new(Millis(from), Millis(to));
            let slider = Slider {
                ticks: &ticks,
                gaps: &[range],
                range: range.zoomed(Millis(at.unwrap_or(0)), 2.0).showing(Millis(to)),
                at: at.map(Millis),
                a: Some(Millis(to)),
                zone: &TimeZone::UTC,
            };
            let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
            slider.draw(buffer.area, &mut buffer, Theme::new(&crate::ui::testing::dark()));
            prop_assert!(nearest(&ticks, Millis(0)).is_some() || ticks.is_empty());
        }
    }
}
