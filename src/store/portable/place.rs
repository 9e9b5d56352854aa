//! Which id a snapshot gets that comes in, and whether it is there already.

use super::clean::Incoming;
use super::take::ImportOutcome;
use crate::model::digest::{Digest, DigestBuilder};
use crate::model::id::SnapshotId;
use crate::model::time::Millis;
use crate::store::record::fault::Fault;
use crate::store::record::ids;
use crate::store::record::tables::{Stream, View};
use crate::store::snapshot::metadata::Reader;

/// Ids that are tried. Each is taken by chance once in 2^60.
const TRIES: u64 = 8;

/// What the store has under an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum There {
    Nothing,
    Live(Digest),
    Trashed(Digest),
    /// Nobody can tell any more.
    Damaged,
}

/// The id of a snapshot that comes in at `now`. Its own, where nothing else has it; otherwise one
/// that follows from its own and its root, so that the same file comes to the same ids another
/// time. `None` for the view where there is no store yet.
pub(super) fn place<V: View>(
    view: Option<&V>,
    incoming: &Incoming,
    now: Millis,
) -> Result<(SnapshotId, ImportOutcome), Fault> {
    let own = incoming.meta.id;
    if incoming.is_nothing {
        return Ok((own, ImportOutcome::NothingLeft));
    }
    let mut id = own;
    // One of the future would be ahead of all that are still to be recorded.
    let newest = SnapshotId::new(now, u64::MAX, None);
    for at in 1..=TRIES {
        if id <= newest {
            let there = match view {
                Some(view) => there(view, id)?,
                None => There::Nothing,
            };
            let is_same = |root| root == incoming.meta.root || root == incoming.root;
            match there {
                There::Nothing if id == own => return Ok((id, ImportOutcome::New)),
                There::Nothing => return Ok((id, ImportOutcome::NewUnderAnotherId)),
                There::Live(root) if is_same(root) => return Ok((id, ImportOutcome::There)),
                There::Trashed(root) if is_same(root) => return Ok((id, ImportOutcome::InTrash)),
                There::Live(_) | There::Trashed(_) | There::Damaged => {}
            }
        }
        id = derived(incoming, now, at);
    }
    Ok((id, ImportOutcome::NewUnderAnotherId))
}

fn derived(incoming: &Incoming, now: Millis, at: u64) -> SnapshotId {
    let own = incoming.meta.id;
    let digest = DigestBuilder::new("muxtape.portable.id/1")
        .bytes(&own.as_u128().to_le_bytes())
        .child(incoming.meta.root)
        .bytes(&at.to_le_bytes())
        .finish();
    let time = incoming.meta.time.min(now);
    SnapshotId::new(time, digest.mark(), None)
}

fn there<V: View>(view: &V, id: SnapshotId) -> Result<There, Fault> {
    let Some(seq) = ids::seq(view, id)? else {
        return Ok(There::Nothing);
    };
    let reader = Reader::new(view);
    let read = reader.get(seq).and_then(|live| match live {
        Some(entry) if entry.meta.id == id => Ok(There::Live(entry.meta.root)),
        // The index leads astray.
        Some(_) => Ok(There::Nothing),
        None => match view.get(Stream::Trash, seq)? {
            Some(record) => {
                let (entry, _) = reader.read_trashed(seq, &record)?;
                Ok(There::Trashed(entry.meta.root))
            }
            None => Ok(There::Nothing),
        },
    });
    match read {
        Err(fault) if fault.is_damage() => Ok(There::Damaged),
        read => read,
    }
}
