//! Repairing a damaged store.
//!
//! The damaged file is never written to. With everybody else kept out, new files are built beside
//! it, one way after the other, until one is whole: from what the tables say, with indexes and
//! counters made anew; from the pages that the parity file brings back; from records wherever they
//! are found in the file; from older files. What none of them brings back is taken out of its
//! snapshot, which is marked as partial and stays; a snapshot whose tree is lost goes. The new file
//! is checked before it takes the old one's place by a rename; the old one is kept under another
//! name. A kill at any moment leaves one of the two.

mod files;
mod partly;
mod stages;

use std::path::PathBuf;

use crate::model::id::SnapshotId;
use crate::model::time::Millis;
use crate::model::words::count;
use crate::store::care::gc;
use crate::store::care::verify::{self, Damage, DamagedObject, VerifyReport};
use crate::store::file::lease::Place;
use crate::store::file::replace::Turn;
use crate::store::file::schema;
use crate::store::file::space;
use crate::store::record::error::StoreError;

use files::Work;
pub(in crate::store) use files::{kept, tidy, work};
use partly::Mended;
use stages::Files;

const OPERATION: &str = "repair the store";

/// What a repair did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RepairReport {
    /// The damage that was found; where it is empty, nothing was done.
    pub found: Vec<Damage>,
    /// Snapshots that are there now.
    pub snapshots: u64,
    /// How many snapshots became whole again, by each way that brought any back; the first way may
    /// bring none back and still be what was needed: for an index.
    pub healed: Vec<(Way, u64)>,
    /// Snapshots that lost a part, with what they lost.
    pub partial: Vec<(SnapshotId, Vec<DamagedObject>)>,
    /// Snapshots that are lost.
    pub lost: Vec<LostSnapshot>,
    /// What is still damaged.
    pub left: Vec<Damage>,
    /// Where the damaged file is kept; `None` where nothing was done.
    pub kept: Option<PathBuf>,
}

impl RepairReport {
    /// Whether everything is as it was recorded.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.partial.is_empty() && self.lost.is_empty() && self.left.is_empty()
    }
}

/// A snapshot that could not be brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostSnapshot {
    /// Its number in the order of recording.
    pub number: u64,
    /// Its id, where that is known.
    pub id: Option<SnapshotId>,
    /// What of it is lost.
    pub what: DamagedObject,
}

/// By what something was brought back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// Indexes and counters were made anew.
    Rebuilt,
    /// Pages were rebuilt from the parity file.
    Parity,
    /// Records were found in the file without its tables.
    Salvage,
    /// Records were found in older files of the store.
    Backup,
}

/// Repairs what can be repaired. A store that is whole is left as it is. `now` names the file that
/// is kept.
pub(in crate::store) fn repair(place: Place<'_>, now: Millis) -> Result<RepairReport, StoreError> {
    place.refuse_network()?;
    let _turn = Turn::take(place, OPERATION)?;
    let before = verify::verify(&place)?;
    if before.is_ok() {
        return Ok(RepairReport {
            snapshots: before.checked,
            ..RepairReport::default()
        });
    }
    let hold = place.hold(OPERATION)?;
    let needed = crate::store::query::stats::allocated(place.file)?;
    // Copies of the damaged file, and the new one.
    space::check(place.dir, OPERATION, needed.saturating_mul(3))?;
    let work = Work::make(place.dir, OPERATION)?;
    let id = schema::marked(place.dir);
    let files = Files::gather(&place, &hold, &work, id)?;
    let haul = files.haul()?;
    let best = files.build((&place, &work), &haul, &before, now)?;
    let made = best.place(&place);
    let mended = if best.report.is_ok() && best.chosen.lost.is_empty() {
        Mended::default()
    } else {
        partly::mend(&made, &haul, &best.chosen)?
    };
    // What was found and nobody needs goes again.
    gc::collect(&made)?;
    let after = verify::verify(&made)?;
    refuse_worse(&place, &before, &after, haul.is_empty())?;
    let kept = files::swap(&place, made.file, now)?;
    drop(haul);
    drop(files);
    drop(hold);
    let unknown = best.chosen.lost.iter();
    let unknown = unknown.filter(|(number, _)| !mended.remade.contains(number));
    let unknown = unknown.map(|(number, id)| LostSnapshot {
        number: *number,
        id: *id,
        what: DamagedObject::Record,
    });
    let mut lost: Vec<LostSnapshot> = unknown.chain(mended.lost).collect();
    lost.sort_by_key(|lost| lost.number);
    Ok(RepairReport {
        found: before.damaged,
        snapshots: after.checked,
        healed: best.healed,
        partial: mended.partial,
        lost,
        left: after.damaged,
        kept: Some(kept),
    })
}

/// Refuses to put something in the store's place that is worse than what is there.
fn refuse_worse(
    place: &Place<'_>,
    before: &VerifyReport,
    after: &VerifyReport,
    nothing: bool,
) -> Result<(), StoreError> {
    let object = || format!("the file {}", place.file.display());
    if after.checked == 0 && (before.checked > 0 || nothing) {
        return Err(StoreError::AllCopiesDamaged {
            operation: OPERATION,
            object: object(),
            cause: "no snapshot was found in it, nor in older files".to_owned(),
        });
    }
    if after.whole() < before.whole() {
        return Err(StoreError::Damaged {
            operation: OPERATION,
            object: object(),
            cause: format!(
                "the repaired file would hold {}, and it holds {}",
                count(after.whole(), "whole snapshot"),
                before.whole()
            ),
        });
    }
    Ok(())
}
