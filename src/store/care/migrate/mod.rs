//! Migrating a store of an older form to the one that this version writes.
//!
//! A store is never changed in place. Each older form has a reader that is frozen ([`v2`]) and
//! knows nothing of the living form; what it reads are the model's own types, and these are written
//! by what records snapshots anyway. So there is one step from every older form to the present one,
//! and no frozen writer.
//!
//! The new store is built in a file beside the old one, some snapshots a transaction, each of which
//! notes how far it has come: who is killed is continued. It is then held against the old one,
//! snapshot by snapshot and text by text; the old file gets a second name (the backup), and the new
//! one takes its place by a rename. Until then a kill leaves the old store as it was. Meanwhile a
//! lock on the directory keeps other migrations away, and a reading lease on the old file keeps
//! older versions of muxtape from writing to it.
//!
//! What is damaged is passed over and named; it is still in the backup.

mod backup;
mod building;
mod carry;
mod check;
mod old;
#[cfg(test)]
pub(in crate::store) mod progress;
#[cfg(not(test))]
mod progress;
mod v2;

#[cfg(test)]
pub(in crate::store) mod tests;

use std::io;
use std::path::{Path, PathBuf};

use redb::ReadTransaction;

pub use old::Lost;

use crate::files;
use crate::store::Store;
use crate::store::file::lease::Place;
use crate::store::file::replace;
use crate::store::file::schema::{self, Schema};
use crate::store::file::space;
use crate::store::query::stats;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::record::frame::Kind;
use building::Building;
use old::Source;

const OPERATION: &str = "migrate the store";
/// What everybody else wants meanwhile.
const WAITING: &str = "use the store, which is being migrated to a newer format";

/// What a migration would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationPlan {
    /// The format that the store has.
    pub from: u32,
    /// The format that it would have.
    pub to: u32,
    /// What would be carried over.
    pub carried: Carried,
    /// What is damaged and would stay behind.
    pub lost: Vec<Lost>,
    /// Where the old file would be kept.
    pub backup: PathBuf,
    /// Bytes that have to be free on the disk. Once it is done, the new file takes less of them,
    /// and the backup stays.
    pub needed: u64,
}

/// What a migration did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// The format that the store had.
    pub from: u32,
    /// The format that it has.
    pub to: u32,
    /// What was carried over.
    pub carried: Carried,
    /// What was damaged and stayed behind.
    pub lost: Vec<Lost>,
    /// Where the old file is.
    pub backup: PathBuf,
}

/// How much is carried over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Carried {
    /// Snapshots, without those in the trash.
    pub snapshots: u64,
    /// Snapshots in the trash.
    pub trash: u64,
    /// Texts.
    pub texts: u64,
    /// Lives.
    pub lives: u64,
}

/// The file that a migration builds.
pub(in crate::store) fn building(dir: &Path) -> PathBuf {
    building::path(dir)
}

/// Where files of older forms are kept.
pub(in crate::store) fn backups(dir: &Path) -> PathBuf {
    backup::dir(dir)
}

/// Removes what a killed migration left. For whoever has the turn, where the store has the present
/// form.
pub(in crate::store) fn tidy(dir: &Path) -> io::Result<()> {
    Ok(files::remove(&building::path(dir)).map(drop)?)
}

impl Store {
    /// The number of the form that this version writes.
    pub const FORMAT: u32 = schema::SUPPORTED;

    /// What [`Store::migrate`] would do; `None` where the store has the present format. Reads
    /// everything and changes nothing.
    pub fn plan_migration(&self) -> Result<Option<MigrationPlan>, StoreError> {
        plan(&self.place())
    }

    /// Brings a store of an older format to the present one; `None` where it has that. Every call
    /// that finds an older store does this by itself. Needs about as much room as the store takes.
    ///
    /// [`StoreError::Busy`] while another process does it.
    pub fn migrate(&self) -> Result<Option<Migrated>, StoreError> {
        run(&self.place(), &mut |_| Ok(()))
    }
}

/// A moment in a migration, just after something was written: what tests end it at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Point {
    /// What an unfit migration left is removed.
    Cleaned,
    /// The new file is there, and empty.
    Made,
    /// It has its tables.
    Begun,
    /// Some snapshots were carried over.
    Batch,
    /// All were found to be the same.
    Checked,
    /// The new file is complete and closed.
    Finished,
    /// The new file has taken the old one's place.
    Replaced,
}

/// Is called at every [`Point`]; an error ends the migration there.
type Watch<'a> = &'a mut dyn FnMut(Point) -> Result<(), Fault>;

/// What the format record of an older form says; `None` where the record is none of an older form.
pub(in crate::store) fn older_schema(record: &[u8]) -> Option<Result<Schema, Fault>> {
    v2::is_own(record).then(|| v2::unpack_value(Kind::Schema, 0, record))
}

/// Migrates for a call that wants something else.
pub(in crate::store) fn by_itself(place: &Place<'_>) -> Result<(), StoreError> {
    match run(place, &mut |_| Ok(())) {
        Ok(Some(migrated)) => {
            tracing::info!(
                from = migrated.from,
                to = migrated.to,
                snapshots = migrated.carried.snapshots,
                lost = migrated.lost.len(),
                "migrated the store; the old one is kept as {}",
                migrated.backup.display()
            );
            Ok(())
        }
        Ok(None) => Ok(()),
        Err(
            StoreError::Permission { .. }
            | StoreError::WrongOwner { .. }
            | StoreError::ReadOnly { .. },
        ) => Err(StoreError::Older {
            found: format(place)?,
            supported: schema::SUPPORTED,
        }),
        Err(error) => Err(error),
    }
}

fn format(place: &Place<'_>) -> Result<u32, StoreError> {
    with_old(place, OPERATION, |_, schema| Ok(schema.format))
}

/// Does something with the file as it is, whatever its format.
fn with_old<T>(
    place: &Place<'_>,
    operation: &'static str,
    work: impl FnOnce(&ReadTransaction, &Schema) -> Result<T, Fault>,
) -> Result<T, StoreError> {
    place.look(operation)?;
    let opened = place.until_free(operation, || place.open_to_read())?;
    let done = opened.work(|txn| schema::read(txn).and_then(|schema| work(txn, &schema)));
    done.map_err(|fault| place.told(operation, fault))
}

/// Whether there is something to do; a newer store is refused.
fn is_current(schema: &Schema) -> Result<bool, Fault> {
    if schema.format > schema::SUPPORTED {
        return Err(StoreError::Newer {
            found: schema.format,
            supported: schema::SUPPORTED,
            app: schema.app.clone(),
        }
        .into());
    }
    Ok(schema.format == schema::SUPPORTED)
}

fn plan(place: &Place<'_>) -> Result<Option<MigrationPlan>, StoreError> {
    with_old(place, "look what a migration would do", |txn, schema| {
        if is_current(schema)? {
            return Ok(None);
        }
        let source = Source::open(txn, schema, *place)?;
        let mut lost = Vec::new();
        let mut carried = Carried::default();
        let mut seen = std::collections::BTreeSet::new();
        for seq in source.seqs(0, &mut lost)? {
            let old = match source.snapshot(seq)? {
                Ok(Some(old)) => old,
                Ok(None) => continue,
                Err(damage) => {
                    old::note(&mut lost, damage);
                    continue;
                }
            };
            match old.since {
                None => carried.snapshots += 1,
                Some(_) => carried.trash += 1,
            }
            for text in old.state.texts() {
                if !seen.insert(text.digest) {
                    continue;
                }
                match source.text(text.digest)? {
                    Ok(_) => carried.texts += 1,
                    Err(damage) => {
                        let snapshot = Some(old.meta.id);
                        old::note(&mut lost, Lost { snapshot, ..damage });
                    }
                }
            }
        }
        carried.lives = source.lives(&mut lost)?.len() as u64;
        Ok(Some(MigrationPlan {
            from: schema.format,
            to: schema::SUPPORTED,
            carried,
            lost,
            backup: backup::path(place.dir, place.file, schema),
            needed: stats::allocated(place.file)?,
        }))
    })
}

fn run(place: &Place<'_>, watch: Watch<'_>) -> Result<Option<Migrated>, StoreError> {
    place.look(OPERATION)?;
    place.refuse_network()?;
    let _turn = place.until_free(WAITING, || replace::lock(place))?;
    with_old(place, OPERATION, |txn, schema| {
        // Another process may have been quicker.
        if is_current(schema)? {
            return Ok(None);
        }
        let path = building::path(place.dir);
        let begun = stats::allocated(&path).unwrap_or(0);
        let needed = stats::allocated(place.file)?.saturating_sub(begun);
        space::check(place.dir, OPERATION, needed)?;
        let source = Source::open(txn, schema, *place)?;
        let of = building::state(place.file).map_err(building::io_fault)?;
        let mut building = Building::open(&path, of, watch)?;
        building.fill(&source, watch)?;
        let (carried, lost) = building.finish(&source, schema, watch)?;
        let backup = backup::path(place.dir, place.file, schema);
        files::private_dir(&backups(place.dir))?;
        replace::put_in_place(&path, place.file, Some(&backup))?;
        watch(Point::Replaced)?;
        Ok(Some(Migrated {
            from: schema.format,
            to: schema::SUPPORTED,
            carried,
            lost,
            backup,
        }))
    })
}
