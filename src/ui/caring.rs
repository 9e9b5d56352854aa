//! Figures about the store, for the storage view. Reads what is told about snapshots, and the structure of the
//! newest one; no texts.

use std::collections::BTreeMap;
use std::sync::Arc;

use bstr::BString;

use crate::app::effect::Generation;
use crate::app::msg::Answer;
use crate::app::upkeep::{Figures, SessionFigures, TrashFigures};
use crate::model::time::Millis;
use crate::store::{Query, StoreError};

use super::context::Context;
use super::jobs::fail;

/// Tells the figures, and gives what pruning would do.
pub(super) fn figures(
    context: &Context,
    days: &[Millis],
    generation: Generation,
    tell: &dyn Fn(Answer),
) -> Answer {
    let result = gather(context, days).map(Box::new).map_err(fail);
    tell(Answer::Figures { generation, result });
    let retention = context.settings.retention.policy();
    let plan = context.store.plan_prune(retention, context.now());
    Answer::PrunePlanned {
        generation,
        result: plan.map(Arc::new).map_err(fail),
    }
}

fn gather(context: &Context, days: &[Millis]) -> Result<Figures, StoreError> {
    let store = &context.store;
    let waiting = store.waiting()?;
    if !store.exists() {
        return Ok(Figures {
            waiting,
            ..Figures::default()
        });
    }
    let stats = store.stats_of(days)?;
    let bytes = newest(context)?;
    let session = |one: &crate::store::SessionFigures| SessionFigures {
        bytes: bytes.get(&one.name).copied().unwrap_or_default(),
        name: one.name.clone(),
        snapshots: one.snapshots,
    };
    let mut sessions: Vec<SessionFigures> = stats.by_session.iter().map(session).collect();
    sessions.sort_by_key(|one| std::cmp::Reverse((one.bytes, one.snapshots)));
    let trashed = store.trashed()?;
    let times = || trashed.iter().map(|(_, since)| *since);
    // Whatever was thrown away at one moment was one delete.
    let last = times().max();
    let last = trashed.iter().filter(|(_, since)| Some(*since) == last);
    Ok(Figures {
        sessions,
        trash: TrashFigures {
            snapshots: trashed.len(),
            last: last.map(|(meta, _)| meta.id).collect(),
            oldest: times().min(),
        },
        stats,
        waiting,
    })
}

/// Bytes of the text of each session in the newest snapshot; nothing where that is damaged.
fn newest(context: &Context) -> Result<BTreeMap<BString, u64>, StoreError> {
    let newest = Query {
        limit: Some(1),
        archived: true,
        ..Query::default()
    };
    let mut bytes: BTreeMap<BString, u64> = BTreeMap::new();
    let Some(meta) = context.store.list(&newest)?.pop() else {
        return Ok(bytes);
    };
    let snapshot = match context.store.load(meta.id) {
        Err(error) if error.is_damage() => return Ok(bytes),
        loaded => loaded?,
    };
    for (session, _, pane) in snapshot.state.panes() {
        let text = pane.contents.map_or(0, |text| text.bytes);
        *bytes.entry(session.name.clone()).or_default() += text;
    }
    Ok(bytes)
}
