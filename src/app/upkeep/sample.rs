//! The store of the wireframes, for tests.

use std::sync::Arc;

use crate::app::samples::NOW;
use crate::model::id::SnapshotId;
use crate::model::snapshot::SnapshotMeta;
use crate::model::time::Millis;
use crate::store::{
    Added, Count, KeepReason, PrunePlan, RemoveReason, RuleFigures, Stats, Verdict,
};

use crate::app::figures::{Figures, SessionFigures, TrashFigures};

const MIB: u64 = 1 << 20;
const DAY_MS: i64 = 86_400_000;

/// Figures about a store of a year.
pub(crate) fn figures() -> Figures {
    let rule = |rule: &str, newest, snapshots| RuleFigures {
        rule: rule.to_owned(),
        newest,
        snapshots,
    };
    let session = |name: &str, mib, snapshots| SessionFigures {
        name: name.into(),
        bytes: mib * MIB,
        snapshots,
    };
    let growth = [0, 0, 2, 2, 3, 2, 5, 2, 0, 4];
    let added = growth.map(|mib| Added {
        snapshots: mib * 53 + 2,
        bytes: mib * MIB,
    });
    Figures {
        stats: Stats {
            snapshots: 12_480,
            trash: 88,
            store_bytes: 318 * MIB,
            record_bytes: 300 * MIB,
            logical_bytes: 9_933 * MIB,
            growth_per_day: Some(4 * MIB + 100_000),
            added: added.to_vec(),
            redactions: vec![
                rule("github-token", 3, 12_110),
                rule("url-credentials", 1, 402),
                rule("aws-access-key", 0, 17),
            ],
            ..Stats::default()
        },
        sessions: vec![
            session("api", 201, 12_480),
            session("web", 74, 11_002),
            session("infra", 31, 9_120),
            session("old", 0, 96),
        ],
        trash: TrashFigures {
            snapshots: 88,
            last: vec![SnapshotId::new(NOW, 7, None), SnapshotId::new(NOW, 8, None)],
            oldest: Some(Millis(NOW.0 - 28 * DAY_MS)),
        },
        waiting: 0,
    }
}

/// A plan that lets go of every other one of these snapshots, newest first.
pub(crate) fn plan(metas: &[SnapshotMeta]) -> Arc<PrunePlan> {
    let keep = |at: usize| match at % 4 {
        0 => vec![
            KeepReason::NewestOfSession("api".into()),
            KeepReason::Counted(Count::Hourly, Some("api".into())),
            KeepReason::Counted(Count::Hourly, Some("web".into())),
        ],
        _ => vec![KeepReason::Tagged],
    };
    let verdict = |at: usize| match at {
        1 | 3 | 5 => Verdict::Remove(RemoveReason::BeyondCounts),
        7 => Verdict::Remove(RemoveReason::TooOld),
        kept => Verdict::Keep(keep(kept)),
    };
    let snapshots = metas.iter().enumerate();
    Arc::new(PrunePlan {
        snapshots: snapshots.map(|(at, meta)| (meta.id, verdict(at))).collect(),
        bytes: 22 * MIB,
        trash: vec![SnapshotId::new(Millis(NOW.0 - 40 * DAY_MS), 1, None)],
        ..PrunePlan::default()
    })
}
