//! Finding records in a file as bytes, without the database.

use std::io;

use redb::StorageBackend;

use crate::store::record::frame::{self, Found, MAGIC};

/// Bytes that are looked through at a time.
const WINDOW: usize = 4 * 1024 * 1024;
/// Bytes that are read beyond them, so that most records that begin in a window are in memory. No
/// header is longer.
const BEYOND: usize = 64 * 1024;
/// What the disk cannot read is passed over in steps of this size.
const SKIPPED_BYTES: usize = 4096;

/// Where a record was found, and what it is.
pub(super) struct Hit<'a> {
    pub(super) offset: u64,
    pub(super) record: &'a [u8],
    pub(super) found: Found<'a>,
}

/// Tells of every whole record in a file, in the order of the bytes. What lies inside of a whole
/// record is a part of it, and no record.
pub(super) fn scan(
    file: &dyn StorageBackend,
    tell: &mut dyn FnMut(Hit<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let len = file.len()?;
    let mut start = 0u64;
    while start < len {
        let window = read(file, start, len, WINDOW + BEYOND);
        let mut at = 0usize;
        let mut next = start.saturating_add(WINDOW as u64);
        while let Some(hit) = window
            .get(at..)
            .and_then(|rest| memchr::memmem::find(rest, &MAGIC))
        {
            at += hit;
            if at >= WINDOW {
                break;
            }
            let offset = start + at as u64;
            let bytes = window.get(at..).unwrap_or(&[]);
            let Some(whole) = frame::announced(bytes).filter(|whole| *whole <= len - offset) else {
                at += 1;
                continue;
            };
            // A long record is read by itself.
            let long;
            let record = match usize::try_from(whole)
                .ok()
                .and_then(|whole| bytes.get(..whole))
            {
                Some(record) => record,
                None => {
                    long = read(file, offset, len, usize::try_from(whole).unwrap_or(0));
                    &long[..]
                }
            };
            match frame::find(record) {
                Ok(found) => {
                    let end = offset + found.len as u64;
                    at += found.len;
                    tell(Hit {
                        offset,
                        record,
                        found,
                    })?;
                    next = next.max(end);
                    if at >= window.len() {
                        break;
                    }
                }
                Err(_) => at += 1,
            }
        }
        start = next;
    }
    Ok(())
}

/// Bytes at an offset, as many as there are. What the disk cannot read comes as zeros.
fn read(file: &dyn StorageBackend, offset: u64, len: u64, want: usize) -> Vec<u8> {
    let there = usize::try_from(len.saturating_sub(offset)).unwrap_or(want);
    let mut bytes = vec![0; want.min(there)];
    if file.read(offset, &mut bytes).is_err() {
        let mut at = offset;
        for page in bytes.chunks_mut(SKIPPED_BYTES) {
            if file.read(at, page).is_err() {
                page.fill(0);
            }
            at += page.len() as u64;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::record::codec::Codec;
    use crate::store::record::frame::{Kind, seal};
    use redb::backends::InMemoryBackend;

    fn file(bytes: &[u8]) -> InMemoryBackend {
        let file = InMemoryBackend::new();
        file.set_len(bytes.len() as u64).unwrap();
        file.write(0, bytes).unwrap();
        file
    }

    fn scanned(bytes: &[u8]) -> Vec<(u64, Kind, u64)> {
        let mut hits = Vec::new();
        scan(&file(bytes), &mut |hit| {
            assert_eq!(hit.record.len(), hit.found.len);
            hits.push((hit.offset, hit.found.kind, hit.found.key));
            Ok(())
        })
        .unwrap();
        hits
    }

    fn sealed(kind: Kind, key: u64, body: &[u8]) -> Vec<u8> {
        seal(kind, key, Codec::Raw, body.len() as u64, body)
    }

    #[test]
    fn whole_records_are_found_wherever_they_lie() {
        let inner = sealed(Kind::Meta, 9, b"a record that a pane showed");
        let mut bytes = b"\xd7m\xd7".to_vec();
        bytes.extend(sealed(Kind::Literal, 7, &inner));
        let second = bytes.len() as u64;
        bytes.extend(sealed(Kind::Life, u64::MAX, b""));
        let mut spoilt = sealed(Kind::State, 3, b"spoilt");
        spoilt[8] ^= 1;
        bytes.extend(spoilt);
        bytes.extend(&sealed(Kind::State, 4, b"cut")[..8]);
        assert_eq!(
            scanned(&bytes),
            [(3, Kind::Literal, 7), (second, Kind::Life, u64::MAX)]
        );
    }

    #[test]
    fn records_across_the_borders_of_windows_are_found_once() {
        for before in [1usize, 20, 5000] {
            let mut bytes = vec![0; WINDOW - before];
            let long = vec![b'x'; WINDOW + BEYOND + 7];
            bytes.extend(sealed(Kind::State, 1, &long));
            let second = bytes.len() as u64;
            bytes.extend(sealed(Kind::State, 2, b"after"));
            let first = (WINDOW - before) as u64;
            assert_eq!(
                scanned(&bytes),
                [(first, Kind::State, 1), (second, Kind::State, 2)]
            );
        }
    }
}
