//! Which format a store has, and the making of a new one.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::files;
use crate::model::time::Millis;
use crate::store::care::migrate;
use crate::store::file::new_file::NewFile;
use crate::store::record::codec;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::record::frame::Kind;
use crate::store::record::tables::{Change, View};

/// The format that this version writes, and the newest that it reads.
pub(in crate::store) const SUPPORTED: u32 = 3;
/// Name of the sidecar: it says that a store was made here, so that an emptied file is not taken
/// for a new store.
const SIDECAR: &str = "muxtape.id";
const RECORD: &str = "schema";
/// How the names of stores begin that are being made.
const BUILDING: &str = "muxtape.new.";
const OPERATION: &str = "make the store";

/// What a store says about itself. This record keeps its form for ever: newer formats add to the
/// tables, never to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct Schema {
    /// The format.
    pub(in crate::store) format: u32,
    /// The oldest format whose readers can read it.
    pub(in crate::store) oldest_reader: u32,
    /// The version of muxtape that wrote it.
    pub(in crate::store) app: String,
    /// Tells this store from others.
    pub(in crate::store) store: [u8; 16],
}

/// What a store of whatever format says about itself: the record keeps its form, the frame around
/// it does not.
pub(in crate::store) fn read(view: &impl View) -> Result<Schema, Fault> {
    let record = view.own(RECORD).map_err(Fault::or_foreign)?;
    let record = record.ok_or(Fault::Foreign)?;
    migrate::older_schema(&record).unwrap_or_else(|| codec::unpack_value(Kind::Schema, 0, &record))
}

/// Refuses a store of another format.
pub(in crate::store) fn check(view: &impl View) -> Result<Schema, Fault> {
    let schema = read(view)?;
    if schema.format > SUPPORTED {
        return Err(StoreError::Newer {
            found: schema.format,
            supported: SUPPORTED,
            app: schema.app,
        }
        .into());
    }
    if schema.format < SUPPORTED {
        return Err(StoreError::Older {
            found: schema.format,
            supported: SUPPORTED,
        }
        .into());
    }
    Ok(schema)
}

/// The format record of a store of this format.
pub(in crate::store) fn current(store: [u8; 16]) -> Schema {
    Schema {
        format: SUPPORTED,
        oldest_reader: 3,
        app: env!("CARGO_PKG_VERSION").to_owned(),
        store,
    }
}

/// The format record of a store that takes the place of another one, which nothing is to be brought
/// back from.
pub(in crate::store) fn successor(of: &Schema, now: Millis) -> Schema {
    let seed = format!("{} {}", hex(&of.store), now.0);
    current(store_id(seed.as_bytes()))
}

/// Writes the format record.
pub(in crate::store) fn write(change: &impl Change, schema: &Schema) -> Result<(), Fault> {
    let record = codec::pack_value(Kind::Schema, 0, schema)?;
    change.put_own(RECORD, &record)
}

/// Whether a store was made in this directory at some time.
pub(in crate::store) fn was_made(dir: &Path) -> bool {
    dir.join(SIDECAR).exists()
}

/// Makes the directory of a new store.
pub(in crate::store) fn make_dir(dir: &Path) -> Result<(), StoreError> {
    files::private_dir(dir).map_err(|error| StoreError::directory(OPERATION, dir, error.into()))
}

/// Makes a new store, unless one is there: built under another name and linked into place, so that
/// a kill at any moment leaves either a whole store or none. `seed` tells the new store from
/// others. Whoever calls this has the lock on the directory.
pub(in crate::store) fn make(dir: &Path, file: &Path, seed: &[u8]) -> Result<(), StoreError> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |source: io::Error| StoreError::io(OPERATION, &path, source)
    };
    clean(dir).map_err(at(dir))?;
    let store = store_id(seed);
    let building = dir.join(format!("{BUILDING}{}", hex(&store)));
    let made = build(&building, store)
        .and_then(NewFile::close)
        .map_err(|fault| fault.at(OPERATION, &building))
        .and_then(|()| match files::link(&building, file) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            linked => linked.map_err(|error| at(file)(error.into())),
        });
    let _ = files::remove(&building);
    made?;
    files::sync_dir(dir).map_err(|error| at(dir)(error.into()))
}

/// Writes the sidecar where it is missing, or names a store whose place another one has taken.
pub(in crate::store) fn mark(dir: &Path, schema: &Schema) -> Result<(), StoreError> {
    if marked(dir) == Some(schema.store) {
        return Ok(());
    }
    let sidecar = dir.join(SIDECAR);
    let at = |source| StoreError::io("mark the store", &sidecar, source);
    // The file is there, so what is still called so is of nobody any more.
    clean(dir).map_err(at)?;
    let line = format!("{}\n", hex(&schema.store));
    match files::replace(&sidecar, line.as_bytes()) {
        // Whatever it is, it says that there is a store.
        Err(error) if sidecar.exists() => {
            tracing::debug!("the store stays without its mark: {error}");
            Ok(())
        }
        marked => marked.map_err(|error| at(error.into())),
    }
}

/// Removes what killed processes were building.
fn clean(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        if name.as_encoded_bytes().starts_with(BUILDING.as_bytes()) {
            files::remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Bytes of the sidecar that are believed; it has 33.
const MAX_SIDECAR_BYTES: u64 = 1024;

/// The id of the store that was made in this directory, where the sidecar tells.
pub(in crate::store) fn marked(dir: &Path) -> Option<[u8; 16]> {
    let text = String::from_utf8(files::read(&dir.join(SIDECAR), MAX_SIDECAR_BYTES).ok()?).ok()?;
    let number = u128::from_str_radix(text.trim_ascii(), 16).ok()?;
    Some(number.to_be_bytes())
}

/// Begins an empty store in a new file.
pub(in crate::store) fn build(file: &Path, store: [u8; 16]) -> Result<NewFile, Fault> {
    let new = NewFile::begin(file)?;
    new.write(|txn| {
        txn.make_tables()?;
        write(txn, &current(store))
    })?;
    Ok(new)
}

fn store_id(seed: &[u8]) -> [u8; 16] {
    let digest = blake3::derive_key("muxtape.store/1", seed);
    let mut id = [0; 16];
    id.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    id
}

pub(in crate::store) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
