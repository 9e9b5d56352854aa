//! Which pieces of a stored text make up a new one, without decoding more of the old one than
//! needed.
//!
//! Ten panes hold ten megabytes of which a few lines are new. So where both texts are long, it is
//! first found out by how much the history moved on; then whole literals are told to be the same by
//! their marks, and only those that were cut, and what comes after the common part, are decoded and
//! compared.

use memchr::memmem;

use crate::store::record::fault::Fault;
use crate::store::record::tables::View;
use crate::store::text::blocks::Blocks;
use crate::store::text::literals;
use crate::store::text::rope::{self, Piece, common_front};
use crate::store::text::texts::Extent;

/// An old text up to this length is decoded as a whole.
const NEAR: u64 = 192 * 1024;
/// Bytes of the new text's beginning that are looked for in the old one.
const PROBE: usize = 64;
/// So much of the old text's beginning is searched for them.
const FRONT: u64 = 128 * 1024;
/// Places that are tried: lines repeat.
const PLACES: usize = 32;
/// A shift is believed where so many bytes are the same.
const CERTAIN: usize = 512;

/// The new text in pieces of the old one, which is made of `extents`, in order.
pub(in crate::store) fn pieces(
    view: &impl View,
    blocks: &mut Blocks,
    extents: &[Extent],
    new: &[u8],
) -> Result<Vec<Piece>, Fault> {
    let length: u64 = extents.iter().map(|extent| extent.len).sum();
    if length > NEAR
        && let Some(shift) = shift(view, blocks, extents, new)?
    {
        let same = run(view, blocks, extents, shift, new)?;
        let old_at = shift + same as u64;
        if length - old_at <= NEAR {
            let rest = blocks.slice(view, extents, old_at, length - old_at)?;
            let tail = new.get(same..).unwrap_or(&[]);
            let old_at = usize::try_from(old_at).unwrap_or(usize::MAX);
            let mut made = vec![Piece::Old {
                at: usize::try_from(shift).unwrap_or(usize::MAX),
                len: same,
            }];
            let moved = rope::pieces(&rest, tail).into_iter();
            made.extend(moved.map(|piece| match piece {
                Piece::Old { at, len } => Piece::Old {
                    at: at + old_at,
                    len,
                },
                Piece::New { at, len } => Piece::New { at: at + same, len },
            }));
            return Ok(made);
        }
    }
    let old = blocks.slice(view, extents, 0, length)?;
    Ok(rope::pieces(&old, new))
}

/// By how many bytes the beginning of the new text lies behind that of the old one.
fn shift(
    view: &impl View,
    blocks: &mut Blocks,
    extents: &[Extent],
    new: &[u8],
) -> Result<Option<u64>, Fault> {
    let front = blocks.slice(view, extents, 0, FRONT)?;
    let Some(probe) = new.get(..PROBE) else {
        return Ok(None);
    };
    let places = memmem::find_iter(&front, probe).take(PLACES);
    let best = places
        .map(|place| (place, common_front(front.get(place..).unwrap_or(&[]), new)))
        .max_by_key(|(_, same)| *same);
    let certain = best.filter(|(place, same)| *same >= CERTAIN || place + same == front.len());
    Ok(certain.map(|(place, _)| place as u64))
}

/// How many bytes of the new text are the same as those of the old one from `shift` on.
fn run(
    view: &impl View,
    blocks: &mut Blocks,
    extents: &[Extent],
    shift: u64,
    new: &[u8],
) -> Result<usize, Fault> {
    let mut same = 0;
    let mut start = 0;
    for extent in extents {
        let end = start + extent.len;
        let cut = shift.saturating_sub(start).min(extent.len);
        start = end;
        if cut == extent.len {
            continue;
        }
        let rest = new.get(same..).unwrap_or(&[]);
        let len = usize::try_from(extent.len - cut).unwrap_or(usize::MAX);
        if let Some(whole) = rest.get(..len).filter(|_| cut == 0 && extent.offset == 0) {
            let header = blocks.header(view, extent.literal)?;
            if header.raw_len == extent.len
                && header
                    .mark
                    .is_some_and(|mark| mark == literals::mark(whole))
            {
                same += len;
                continue;
            }
        }
        let old = blocks.get(view, extent.literal)?;
        let from = usize::try_from(extent.offset + cut).unwrap_or(usize::MAX);
        let old = old.get(from..).unwrap_or(&[]);
        let old = old.get(..len).unwrap_or(old);
        let common = common_front(old, rest);
        same += common;
        if common < len {
            break;
        }
    }
    Ok(same)
}
