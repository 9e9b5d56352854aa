//! Figures about the store, for the storage view. Reads what is told about snapshots, and the
//! structure of the newest one; no texts.

use std::collections::BTreeMap;
use std::sync::Arc;

use bstr::BString;

use crate::app::effect::Generation;
use crate::app::figures::{Checked, Figures, SessionFigures, TrashFigures};
use crate::app::msg::Answer;
use crate::journal;
use crate::model::time::Millis;
use crate::ops::Host;
use crate::store::{Query, StoreError};

use super::jobs::fail;

/// Tells the figures, and gives what pruning would do.
pub(super) fn figures(
    host: &Host,
    days: &[Millis],
    generation: Generation,
    tell: &dyn Fn(Answer),
) -> Answer {
    let result = gather(host, days).map(Box::new).map_err(fail);
    tell(Answer::Figures { generation, result });
    let plan = host.plan_prune();
    Answer::PrunePlanned {
        generation,
        result: plan.map(Arc::new).map_err(fail),
    }
}

/// The last check or repair that the journal knows of. A journal that cannot be read knows of none.
pub(super) fn last_check(host: &Host) -> Option<Checked> {
    let query = journal::Query {
        kinds: vec!["store_verified".to_owned(), "store_repaired".to_owned()],
        limit: Some(1),
        ..journal::Query::default()
    };
    let mut found = match host.journal().find(&query) {
        Ok(found) => found,
        Err(error) => {
            tracing::debug!("{error}");
            return None;
        }
    };
    let last = found.entries.pop()?;
    let number = |names: [&str; 2]| {
        let mut values = names.iter().filter_map(|name| last.fields.get(*name));
        values.find_map(serde_json::Value::as_u64)
    };
    Some(Checked {
        at: last.time,
        snapshots: number(["checked", "count"])?,
        damaged: usize::try_from(number(["damaged", "left"])?).ok()?,
    })
}

fn gather(host: &Host, days: &[Millis]) -> Result<Figures, StoreError> {
    let store = host.store();
    let stats = store.stats_of(days)?;
    let bytes = newest(host)?;
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
        waiting: store.waiting()?,
    })
}

/// Bytes of the text of each session in the newest snapshot; nothing where that is damaged.
fn newest(host: &Host) -> Result<BTreeMap<BString, u64>, StoreError> {
    let newest = Query {
        limit: Some(1),
        archived: true,
        ..Query::default()
    };
    let mut bytes: BTreeMap<BString, u64> = BTreeMap::new();
    let Some(meta) = host.store().list(&newest)?.pop() else {
        return Ok(bytes);
    };
    let snapshot = match host.store().load(meta.id) {
        Err(error) if error.is_damage() => return Ok(bytes),
        loaded => loaded?,
    };
    for (session, _, pane) in snapshot.state.panes() {
        let text = pane.contents.map_or(0, |text| text.bytes);
        *bytes.entry(session.name.clone()).or_default() += text;
    }
    Ok(bytes)
}
