//! Facts about the store.

use ratatui::text::Span;

use crate::app::figures::{Figures, Work};
use crate::app::keys::action::StorageAction;
use crate::app::words;
use crate::ui::draw::Look;
use crate::ui::theme::Role;
use crate::ui::widgets::spark::{bar, spark};
use crate::ui::widgets::text::width;

use super::Fact;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// The facts, those of a kind together; `room` columns are there for each.
pub(super) fn facts(look: &Look<'_>, figures: &Figures, room: u16) -> Vec<Fact> {
    let stats = &figures.stats;
    let mut all = vec![snapshots(look, figures)];
    if figures.waiting > 0 {
        let words = vec![
            look.span(Role::Warning, format!("! {}", figures.waiting)),
            look.span(Role::Dim, " to be stored soon"),
        ];
        all.push(Fact::new("spooled", words));
    }
    if stats.damaged > 0 {
        let words = vec![
            look.span(Role::Error, format!("✗ {}", stats.damaged)),
            look.span(Role::Dim, " cannot be read: v tells"),
        ];
        all.push(Fact::new("damaged", words).does(StorageAction::Verify));
    }
    all.push(Fact::new(
        "on disk",
        vec![look.span(Role::Text, words::bytes(stats.store_bytes))],
    ));
    let mut raw = vec![look.span(Role::Text, words::bytes(stats.logical_bytes))];
    // A store that has hardly begun is larger than what it holds: that says nothing.
    let ratio = stats.dedup_ratio().filter(|ratio| *ratio >= 1.0);
    raw.extend(ratio.map(|ratio| look.span(Role::Dim, format!("  {ratio:.1}×"))));
    all.push(Fact::new("raw", raw));
    all.push(growth(look, figures, room));
    all.extend(quota(look, figures));
    all.push(Fact::blank());
    all.push(work(look, room));
    all.push(secrets(look, figures));
    all
}

fn snapshots(look: &Look<'_>, figures: &Figures) -> Fact {
    let stats = &figures.stats;
    let number = |count: u64| words::number(usize::try_from(count).unwrap_or(usize::MAX));
    let today = stats.added.last().map_or(0, |added| added.snapshots);
    let words = vec![
        look.span(Role::Strong, number(stats.snapshots)),
        look.span(Role::Dim, format!("  ({} today)", number(today))),
    ];
    Fact::new("snapshots", words)
}

/// `▂▂▃▂▅▂▁  4.1 MiB/day`: a bar a day, the last one today.
fn growth(look: &Look<'_>, figures: &Figures, room: u16) -> Fact {
    let stats = &figures.stats;
    let words = match stats.growth_per_day {
        Some(bytes) => format!("  {}/day", words::bytes(bytes)),
        None => "  not known yet".to_owned(),
    };
    let fits = usize::from(room.saturating_sub(width(&words)));
    let days: Vec<u64> = stats.added.iter().map(|added| added.bytes).collect();
    // Days before anything was recorded are left out.
    let recorded = days.iter().position(|bytes| *bytes > 0);
    let first = recorded
        .unwrap_or(days.len())
        .max(days.len().saturating_sub(fits));
    let days = days.get(first..).unwrap_or_default();
    let mut spans = Vec::new();
    if days.len() > 1 {
        spans.push(look.span(Role::Bar, spark(days)));
        spans.push(look.span(Role::Text, words));
    } else {
        spans.push(look.span(Role::Text, words.trim_start().to_owned()));
    }
    Fact::new("growth", spans)
}

/// When the quota is full, where there is one, if nothing goes.
fn quota(look: &Look<'_>, figures: &Figures) -> Option<Fact> {
    let quota = look.shared.settings.retention.policy().quota?;
    let most = words::bytes(quota.bytes);
    let left = quota.bytes.saturating_sub(figures.stats.store_bytes);
    let days = figures.stats.growth_per_day.filter(|bytes| *bytes > 0);
    let days = days.map(|bytes| left / bytes);
    let words = if left == 0 {
        vec![
            look.span(Role::Warning, "! reached"),
            look.span(Role::Dim, format!("  (quota {most})")),
        ]
    } else {
        let when = match days {
            Some(0) => "less than a day".to_owned(),
            Some(days) => about(days),
            None => "not known yet".to_owned(),
        };
        vec![
            look.span(Role::Text, when),
            look.span(Role::Dim, format!("  (quota {most})")),
        ]
    };
    Some(Fact::new("full in", words))
}

/// `~9 days`, `~11 weeks`, `~3 years`.
fn about(days: u64) -> String {
    let (count, unit) = match days {
        0..14 => (days, "day"),
        14..140 => (days / 7, "week"),
        140..1000 => (days / 30, "month"),
        _ => (days / 365, "year"),
    };
    format!("~{}", words::count(count, unit))
}

/// What is being done to the store, or else when it was checked.
fn work(look: &Look<'_>, room: u16) -> Fact {
    let upkeep = &look.shared.upkeep;
    if let Some((work, progress)) = upkeep.running {
        let name = match work {
            Work::Verify => "checking",
            Work::Compact => "compacting",
            Work::Prune => "pruning",
        };
        let hundredths = progress.done.saturating_mul(100) / progress.total.max(1);
        let filled = bar(
            progress.done,
            progress.total,
            room.saturating_sub(6).min(20),
        );
        let words = if progress.total == 0 {
            vec![look.span(Role::Dim, "…")]
        } else {
            vec![
                look.span(Role::Good, filled),
                look.span(Role::Text, format!(" {hundredths} %")),
            ]
        };
        return Fact::new(name, words);
    }
    let Some(checked) = &upkeep.checked else {
        let words = vec![
            look.span(Role::Key, "v"),
            look.span(Role::Dim, " checks every record"),
        ];
        return Fact::new("checked", words).does(StorageAction::Verify);
    };
    let age = look.shared.now.since(checked.at).min(999 * DAY_MS);
    let ago: Span<'_> = look.span(Role::Text, format!("{} ago  ", words::age(age)));
    let found = if checked.damaged == 0 {
        look.span(Role::Good, "✓ all good")
    } else {
        look.span(Role::Error, format!("✗ {} damaged", checked.damaged))
    };
    Fact::new("checked", vec![ago, found]).does(StorageAction::Verify)
}

/// `newest: 3 places  (2 rules)`: never more than what can be counted.
fn secrets(look: &Look<'_>, figures: &Figures) -> Fact {
    const NAME: &str = "secrets hidden";
    if !look.shared.settings.redaction.enabled {
        return Fact::new(NAME, vec![look.span(Role::Warning, "! switched off")]);
    }
    let rules = &figures.stats.redactions;
    if rules.is_empty() {
        return Fact::new(NAME, vec![look.span(Role::Dim, "none found")]);
    }
    let newest = rules.iter().map(|rule| u64::from(rule.newest)).sum::<u64>();
    let places = words::count(newest, "place");
    let words = vec![
        look.span(Role::Text, format!("newest: {places}")),
        look.span(
            Role::Dim,
            format!("  ({})", words::count(rules.len() as u64, "rule")),
        ),
    ];
    Fact::new(NAME, words).does(StorageAction::Secrets)
}
