//! Every byte that was written below a directory, decompressed too.

#![allow(
    clippy::unwrap_used,
    unreachable_pub,
    missing_docs,
    reason = "a test may panic"
)]

use std::fs;
use std::io::Read;
use std::path::Path;

/// Everything that is written below a directory, each file also with whatever is compressed in it.
pub fn written(dir: &Path, into: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let kind = fs::symlink_metadata(&path).unwrap().file_type();
        if kind.is_dir() {
            written(&path, into);
        } else if kind.is_file() {
            let bytes = fs::read(&path).unwrap();
            let name = path.display().to_string();
            for (at, plain) in decompressed(&bytes) {
                into.push((format!("{name}, decompressed from {at}"), plain));
            }
            into.push((name, bytes));
        }
    }
}

/// What is in every zstd frame, wherever it begins, with or without the four bytes that tell it is
/// one.
fn decompressed(bytes: &[u8]) -> Vec<(usize, Vec<u8>)> {
    const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
    let mut found = Vec::new();
    let bare = (0..bytes.len()).filter(|&at| {
        // A frame without a length: no flags, the size of the window, the first block.
        matches!(bytes[at..], [0, window, _, ..] if window > 0 && window < 0xa0)
    });
    let told = memchr::memmem::find_iter(bytes, &MAGIC).map(|at| at + MAGIC.len());
    for at in bare.chain(told) {
        let frame = MAGIC.chain(&bytes[at..]);
        let Ok(decoder) = zstd::Decoder::with_buffer(std::io::BufReader::new(frame)) else {
            continue;
        };
        let mut plain = Vec::new();
        // What can be read counts, also where the frame does not end.
        let mut decoder = decoder.single_frame().take(4_000_000);
        let _ = decoder.read_to_end(&mut plain);
        if plain.len() > 16 {
            found.push((at, plain));
        }
    }
    found
}
