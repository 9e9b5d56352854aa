//! What a text has in common with the one before it. Pure.
//!
//! A terminal's text grows at its end, loses lines at its front, and changes on the screen, which
//! is its last part. So: the common beginning, the common end, and in between pieces of the old
//! text that are looked for at the starts of lines.

use memchr::memmem;

/// A piece of a new text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Piece {
    /// Bytes of the old text.
    Old {
        /// Where they start in the old text.
        at: usize,
        /// How many.
        len: usize,
    },
    /// Bytes that the old text does not have.
    New {
        /// Where they start in the new text.
        at: usize,
        /// How many.
        len: usize,
    },
}

/// A piece of the old text shorter than this costs more to name than to repeat.
const SHORTEST: usize = 48;
/// Bytes that are looked for at once.
const PROBE: usize = 40;
/// Places in the old text that are tried for one probe: lines that repeat have many.
const PLACES: usize = 8;
/// Probes that may find nothing before the rest counts as new. One costs a scan of the old text.
const MISSES: usize = 24;

/// The new text in pieces of the old one, in order.
pub(in crate::store) fn pieces(old: &[u8], new: &[u8]) -> Vec<Piece> {
    let mut made = Pieces::default();
    let front = common_front(old, new);
    let front = if front < SHORTEST && front < new.len() {
        0
    } else {
        front
    };
    let (old_rest, new_rest) = (tail(old, front), tail(new, front));
    let back = common_back(old_rest, new_rest);
    let back = if back < SHORTEST { 0 } else { back };
    made.shared(0, front);
    let middle = head(new_rest, new_rest.len() - back);
    search(old, middle, front, &mut made);
    made.shared(old.len() - back, back);
    made.0
}

#[derive(Default)]
struct Pieces(Vec<Piece>);

impl Pieces {
    fn shared(&mut self, at: usize, len: usize) {
        if len == 0 {
            return;
        }
        match self.0.last_mut() {
            Some(Piece::Old {
                at: from,
                len: so_far,
            }) if *from + *so_far == at => *so_far += len,
            _ => self.0.push(Piece::Old { at, len }),
        }
    }

    fn fresh(&mut self, at: usize, len: usize) {
        if len == 0 {
            return;
        }
        match self.0.last_mut() {
            Some(Piece::New {
                at: from,
                len: so_far,
            }) if *from + *so_far == at => *so_far += len,
            _ => self.0.push(Piece::New { at, len }),
        }
    }
}

/// Looks for pieces of `old` in `middle`, which starts at `offset` of the new text.
fn search(old: &[u8], middle: &[u8], offset: usize, made: &mut Pieces) {
    let mut at = 0;
    let mut pending = 0;
    let mut misses = 0;
    while at + PROBE <= middle.len() && misses < MISSES {
        let rest = tail(middle, at);
        match best_place(old, rest) {
            Some((place, len)) => {
                made.fresh(offset + pending, at - pending);
                made.shared(place, len);
                at += len;
                pending = at;
            }
            None => {
                misses += 1;
                at += memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
            }
        }
    }
    made.fresh(offset + pending, middle.len() - pending);
}

/// Where the longest beginning of `rest` is in `old`, of the first places that hold a probe of it.
fn best_place(old: &[u8], rest: &[u8]) -> Option<(usize, usize)> {
    let probe = head(rest, PROBE);
    let places = memmem::find_iter(old, probe).take(PLACES);
    places
        .map(|place| (place, common_front(tail(old, place), rest)))
        .filter(|(_, len)| *len >= SHORTEST)
        .max_by_key(|(_, len)| *len)
}

fn head(bytes: &[u8], len: usize) -> &[u8] {
    bytes.get(..len).unwrap_or(bytes)
}

fn tail(bytes: &[u8], from: usize) -> &[u8] {
    bytes.get(from..).unwrap_or(&[])
}

/// Length of the common beginning. Compares blocks first, which the compiler turns into wide steps.
pub(in crate::store) fn common_front(a: &[u8], b: &[u8]) -> usize {
    const BLOCK: usize = 64;
    let blocks = a.chunks_exact(BLOCK).zip(b.chunks_exact(BLOCK));
    let same = blocks.take_while(|(a, b)| a == b).count() * BLOCK;
    let rest = tail(a, same).iter().zip(tail(b, same));
    same + rest.take_while(|(a, b)| a == b).count()
}

/// Length of the common end.
fn common_back(a: &[u8], b: &[u8]) -> usize {
    const BLOCK: usize = 64;
    let blocks = a.rchunks_exact(BLOCK).zip(b.rchunks_exact(BLOCK));
    let same = blocks.take_while(|(a, b)| a == b).count() * BLOCK;
    let (a, b) = (head(a, a.len() - same), head(b, b.len() - same));
    let rest = a.iter().rev().zip(b.iter().rev());
    same + rest.take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn apply(old: &[u8], new: &[u8], pieces: &[Piece]) -> Vec<u8> {
        let mut made = Vec::new();
        for piece in pieces {
            match *piece {
                Piece::Old { at, len } => made.extend_from_slice(&old[at..at + len]),
                Piece::New { at, len } => made.extend_from_slice(&new[at..at + len]),
            }
        }
        made
    }

    fn fresh(pieces: &[Piece]) -> usize {
        let lens = pieces.iter().map(|piece| match piece {
            Piece::New { len, .. } => *len,
            Piece::Old { .. } => 0,
        });
        lens.sum()
    }

    fn log(lines: std::ops::Range<u32>) -> Vec<u8> {
        lines
            .flat_map(|line| {
                format!("{line:06} GET /api/{} 200\n", line * 7919 % 1000).into_bytes()
            })
            .collect()
    }

    #[test]
    fn growth_costs_what_was_added() {
        let (old, new) = (log(0..5000), log(0..5010));
        let pieces = pieces(&old, &new);
        assert_eq!(apply(&old, &new, &pieces), new);
        assert_eq!(fresh(&pieces), new.len() - old.len());
    }

    #[test]
    fn a_full_history_that_moves_on_costs_what_was_added() {
        let (old, new) = (log(0..5000), log(700..5040));
        let pieces = pieces(&old, &new);
        assert_eq!(apply(&old, &new, &pieces), new);
        assert_eq!(fresh(&pieces), log(5000..5040).len());
        assert_eq!(pieces.len(), 2);
    }

    #[test]
    fn a_changed_screen_after_a_common_history_is_all_that_is_new() {
        let mut old = log(0..3000);
        let mut new = log(100..3020);
        old.extend_from_slice(b"\n[status: 10:31]\n$ ");
        new.extend_from_slice(b"\n[status: 10:32]\n$ make");
        let pieces = pieces(&old, &new);
        assert_eq!(apply(&old, &new, &pieces), new);
        assert!(fresh(&pieces) < log(3000..3020).len() + 60);
    }

    proptest! {
        #[test]
        fn pieces_always_make_the_new_text(
            old in "[ab\n]{0,300}",
            new in "[ab\n]{0,300}",
            cut in any::<prop::sample::Index>(),
        ) {
            let mixed = format!("{}{new}{old}", &old[cut.index(old.len() + 1)..]);
            for text in [new.as_bytes(), mixed.as_bytes(), b"", old.as_bytes()] {
                let pieces = pieces(old.as_bytes(), text);
                prop_assert_eq!(apply(old.as_bytes(), text, &pieces), text);
            }
        }
    }
}
