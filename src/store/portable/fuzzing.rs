//! Any bytes as a portable file, and as the parts of one.

use std::io::Cursor;

use super::description::Description;
use super::read::Portable;
use super::write::Writer;
use crate::model::time::Millis;
use crate::store::record::codec::Codec;
use crate::store::record::frame::{self, Kind};

/// Reads bytes as a file. What is taken for whole can be read again, part by part.
///
/// # Errors
/// What was not so.
pub(in crate::store) fn file(bytes: &[u8]) -> Result<(), String> {
    let Ok(mut file) = Portable::open(Cursor::new(bytes)) else {
        return Ok(());
    };
    for number in 0..file.count() {
        match file.snapshot(number) {
            Ok(Some(_)) => {}
            other => return Err(format!("snapshot {number}: {other:?}")),
        }
    }
    for digest in file.digests() {
        match file.text(digest) {
            Ok(Some(_)) => {}
            other => return Err(format!("text {digest}: {other:?}")),
        }
    }
    Ok(())
}

/// Reads bytes as bodies of parts whose frames are right, in a file whose hashes are: so what is
/// tried is all that comes after them. Each part is: kind and codec (1 byte), length of the decoded
/// body and of the body (2 bytes each), body.
///
/// # Errors
/// As [`file()`].
pub(in crate::store) fn parts(bytes: &[u8]) -> Result<(), String> {
    let mut made = Vec::new();
    let description = Description::new(Millis(0), &[]);
    let mut writer = Writer::begin(&mut made, &description).map_err(|error| error.to_string())?;
    let mut rest = bytes;
    while let Some((&[kind, raw_low, raw_high, low, high], after)) = rest.split_first_chunk() {
        let len = usize::from(u16::from_le_bytes([low, high])).min(after.len());
        let (body, after) = after.split_at_checked(len).unwrap_or((after, &[]));
        let raw_len = match kind >> 1 & 1 {
            0 => body.len() as u64,
            _ => u64::from(u16::from_le_bytes([raw_low, raw_high])),
        };
        let codec = if kind >> 1 & 1 == 0 {
            Codec::Raw
        } else {
            Codec::Zstd
        };
        let kind = if kind & 1 == 0 {
            Kind::PortableText
        } else {
            Kind::PortableSnapshot
        };
        let part = |number| Ok(frame::seal(kind, number, codec, raw_len, body));
        writer.part(part).map_err(|error| error.to_string())?;
        rest = after;
    }
    writer.end().map_err(|error| error.to_string())?;
    file(&made)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::tests::rounds;

    const REAL: &[u8] = include_bytes!("../../../fuzz/corpus/portable/parts");

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(rounds(64)))]

        #[test]
        fn any_parts_are_read_without_panic(
            changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut bytes = REAL.to_vec();
            for (at, to) in changes {
                let at = at.index(bytes.len());
                bytes[at] = to;
            }
            prop_assert_eq!(parts(&bytes), Ok(()));
            bytes.truncate(cut.index(bytes.len()));
            prop_assert_eq!(parts(&bytes), Ok(()));
        }
    }
}
