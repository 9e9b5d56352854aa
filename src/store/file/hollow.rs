//! Files that are so long for what they hold that no store is like that: looking through their
//! holes would take for ever.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{SeekFrom, seek};
use rustix::io::Errno;

use crate::files;
use crate::store::record::error::StoreError;

/// A file below this length is looked through in no time, whatever is in it.
const MIN_HOLLOW_BYTES: u64 = 256 << 20;
/// How many times as long as what it holds a store's file may be. The database grows it by
/// doubling: more than ten times was never seen.
const MAX_HOLLOW: u64 = 64;

/// Refuses such a file. The database itself reads no more than what belongs to it.
pub(in crate::store) fn refuse_hollow(
    operation: &'static str,
    file: &Path,
) -> Result<(), StoreError> {
    let held = hollow(file).map_err(|error| StoreError::io(operation, file, error))?;
    held.map_or(Ok(()), |(bytes, held)| {
        Err(StoreError::Hollow {
            operation,
            file: file.to_owned(),
            bytes,
            held,
        })
    })
}

/// If a file is one, its length and how much it holds.
pub(in crate::store) fn hollow(file: &Path) -> io::Result<Option<(u64, u64)>> {
    let found = fs::symlink_metadata(file)?;
    let (len, blocks) = (found.len(), found.blocks());
    let held = held(len, blocks, |enough| data(file, enough))?;
    Ok(held.map(|held| (len, held)))
}

/// How much a file holds, if that is too little for its length. Blocks alone do not tell: some file
/// systems count none, or none yet, or those of what was compressed. So where they are few, `data`
/// is asked for the bytes that are no holes; it may stop counting where there are `enough`.
fn held(
    len: u64,
    blocks: u64,
    data: impl FnOnce(u64) -> io::Result<u64>,
) -> io::Result<Option<u64>> {
    let enough = len / MAX_HOLLOW;
    if len <= MIN_HOLLOW_BYTES || blocks.saturating_mul(512) >= enough {
        return Ok(None);
    }
    let held = data(enough)?;
    Ok((held < enough).then_some(held))
}

/// Bytes of a file that are no holes, or `enough`. A file system that knows of no holes says that
/// it has none.
fn data(file: &Path, enough: u64) -> io::Result<u64> {
    let file = files::open(file)?;
    let (mut held, mut at) = (0, 0);
    while held < enough {
        let start = match seek(&file, SeekFrom::Data(at)) {
            Ok(start) => start,
            // There is none from here to the end.
            Err(Errno::NXIO) => break,
            Err(Errno::INVAL | Errno::OPNOTSUPP) => return Ok(enough),
            Err(error) => return Err(error.into()),
        };
        at = seek(&file, SeekFrom::Hole(start))?;
        held += at - start;
    }
    Ok(held)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::unix::fs::FileExt;

    use super::*;

    const LEN: u64 = 3 << 40;

    #[test]
    fn holes_make_a_file_hollow_and_not_missing_blocks() {
        let never = |_| panic!("blocks are enough");
        let none = |_| Ok(0);
        let all = |enough| Ok(enough);
        assert_eq!(held(LEN, LEN / 512, never).unwrap(), None);
        assert_eq!(held(MIN_HOLLOW_BYTES, 0, never).unwrap(), None);
        assert_eq!(held(LEN, 8, none).unwrap(), Some(0));
        // File systems that count no blocks, or fewer than there are bytes.
        assert_eq!(held(LEN, 0, all).unwrap(), None);
        assert_eq!(held(LEN, LEN / 512 / 100, all).unwrap(), None);
    }

    #[test]
    fn a_hole_is_told_from_data() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let file = File::create(&path).unwrap();
        file.set_len(LEN).unwrap();
        for at in [0, 1 << 20, LEN - 4096] {
            file.write_all_at(&[7; 4096], at).unwrap();
        }
        let (len, held) = hollow(&path).unwrap().unwrap();
        assert_eq!(len, LEN);
        assert!((3 * 4096..=3 << 16).contains(&held), "{held}");
        assert!(refuse_hollow("test", &path).is_err());
        assert_eq!(data(&path, 4096).unwrap(), 4096);
        // What is written and not on the disk yet is data.
        file.set_len(MIN_HOLLOW_BYTES + 4096).unwrap();
        file.write_all_at(&vec![7; 8 << 20], 4096).unwrap();
        assert_eq!(hollow(&path).unwrap(), None);
    }
}
