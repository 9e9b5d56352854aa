//! The ways in which a store is brought back, one after the other, each further than the one
//! before.

use std::fs;
use std::path::{Path, PathBuf};

use redb::backends::FileBackend;

use super::files::Work;
use super::{OPERATION, Way};
use crate::files;
use crate::model::time::Millis;
use crate::store::care::salvage::{self, Chosen, Haul, Reach, Survey};
use crate::store::care::verify::{self, VerifyReport};
use crate::store::file::disk::Hold;
use crate::store::file::hollow::hollow;
use crate::store::file::lease::Place;
use crate::store::file::parity::heal::heal_into;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;

/// Where older files of the store are kept.
const BACKUPS: &str = "backups";

/// What the ways start from.
pub(super) struct Files<'a> {
    /// The store's file, as found.
    hold: &'a Hold,
    /// A copy of it, with the pages that the parity file brings back.
    copy: FileBackend,
    backups: Vec<FileBackend>,
    /// What the tables of the copy say.
    survey: Survey,
    by_parity: bool,
    id: Option<[u8; 16]>,
}

/// A store that was built.
pub(super) struct Built {
    file: PathBuf,
    dir: PathBuf,
    pub(super) chosen: Chosen,
    pub(super) report: VerifyReport,
    pub(super) healed: Vec<(Way, u64)>,
}

impl Built {
    /// Where it is, to be worked on like a store.
    pub(super) fn place<'a>(&'a self, like: &Place<'_>) -> Place<'a> {
        Place {
            dir: &self.dir,
            file: &self.file,
            network: true,
            ..*like
        }
    }
}

impl<'a> Files<'a> {
    /// Copies the damaged file, and reads what its tables say.
    pub(super) fn gather(
        place: &Place<'_>,
        hold: &'a Hold,
        work: &Work,
        id: Option<[u8; 16]>,
    ) -> Result<Self, StoreError> {
        let copy = work.file("healed.redb");
        let healed = heal_into(hold, &copy)?;
        let survey = survey(place, &copy)?;
        let backups = older(&place.dir.join(BACKUPS));
        Ok(Self {
            hold,
            copy: backend(&copy)?,
            backups: backups
                .iter()
                .filter_map(|path| backend(path).ok())
                .collect(),
            survey,
            by_parity: !healed.is_empty(),
            id,
        })
    }

    /// Everything that is found in them.
    pub(super) fn haul(&self) -> Result<Haul<'_>, StoreError> {
        let at = |error| StoreError::io(OPERATION, self.hold.file(), error);
        let mut haul = Haul::default();
        haul.add_own(&self.copy).map_err(at)?;
        if self.by_parity {
            haul.add_own(self.hold.disk()).map_err(at)?;
        }
        // What the file says goes before what lies beside it.
        let own = haul.store().or(self.id);
        for backup in &self.backups {
            // Another store's numbers mean something else, and an unreadable one is no help.
            let mut other = Haul::default();
            if other.add(backup).is_ok() && other.store().is_some_and(|id| Some(id) == own) {
                let _ = haul.add(backup);
            }
        }
        Ok(haul)
    }

    /// Builds stores, further and further from what the tables say, until one is whole.
    pub(super) fn build(
        &self,
        (place, work): (&Place<'_>, &Work),
        haul: &Haul<'_>,
        before: &VerifyReport,
        now: Millis,
    ) -> Result<Built, StoreError> {
        let tables = if self.by_parity {
            Way::Parity
        } else {
            Way::Rebuilt
        };
        let mut ways = vec![(tables, Reach::Tables), (Way::Salvage, Reach::File)];
        if haul.has_older() {
            ways.push((Way::Backup, Reach::Backups));
        }
        let mut healed = Vec::new();
        let mut whole = before.whole();
        let mut best = None;
        for (way, reach) in ways {
            let mut built = self.try_one((place, work), haul, (way, reach), now)?;
            let now_whole = built.report.whole();
            let done = built.report.is_usable() && built.chosen.lost.is_empty();
            if now_whole > whole || done {
                healed.push((way, now_whole.saturating_sub(whole)));
                whole = whole.max(now_whole);
            }
            built.healed.clone_from(&healed);
            best = Some(built);
            if done {
                break;
            }
        }
        best.ok_or_else(|| {
            let nothing = Fault::damaged_object("the store", "there is no way to repair it");
            nothing.at(OPERATION, place.file)
        })
    }

    fn try_one(
        &self,
        (place, work): (&Place<'_>, &Work),
        haul: &Haul<'_>,
        (way, reach): (Way, Reach),
        now: Millis,
    ) -> Result<Built, StoreError> {
        let at = |error| StoreError::io(OPERATION, place.file, error);
        let dir = work.store(&format!("{way:?}")).map_err(at)?;
        let chosen = salvage::choose(haul, &self.survey, reach).map_err(at)?;
        let mut built = Built {
            file: dir.join("muxtape.redb"),
            dir,
            chosen,
            report: VerifyReport::default(),
            healed: Vec::new(),
        };
        let id = haul.store().or(self.id).unwrap_or_default();
        let made = built.place(place);
        let unknown = salvage::build(&made, id, (haul, &self.survey, &built.chosen), now)?;
        let report = verify::verify(&made)?;
        for number in unknown {
            let id = self.survey.id(number);
            built.chosen.lost.entry(number).or_insert(id);
        }
        built.report = report;
        Ok(built)
    }
}

fn survey(place: &Place<'_>, copy: &Path) -> Result<Survey, StoreError> {
    let place = Place {
        file: copy,
        network: true,
        ..*place
    };
    Survey::make(&place)
}

fn backend(path: &Path) -> Result<FileBackend, StoreError> {
    let file = files::open_to_write(path);
    let file = file.map_err(|error| StoreError::io(OPERATION, path, error.into()))?;
    FileBackend::new(file).map_err(|error| Fault::from(error).at(OPERATION, path))
}

/// Older files of the store, the newest first by their names.
fn older(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten();
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|end| end == "redb"))
        .filter(|path| hollow(path).is_ok_and(|held| held.is_none()))
        .collect();
    files.sort();
    files.reverse();
    files
}
