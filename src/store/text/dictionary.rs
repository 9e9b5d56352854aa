//! What the new bytes of a pane are compressed against: its dictionary, a piece of what it showed
//! before.
//!
//! A dictionary is a literal without one of its own, so reading never goes deeper than two. A short
//! text is the dictionary of those that follow it; a long one gets a literal that holds its end. A
//! dictionary is replaced as soon as it does not pay any more, by what has been measured of it.

use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::model::contents::Contents;
use crate::store::record::codec::Aim;
use crate::store::record::counters::Counters;
use crate::store::record::fault::Fault;
use crate::store::record::tables::{Change, View};
use crate::store::text::blocks::Blocks;
use crate::store::text::literals::{self, DICTIONARY, Draft};

/// A dictionary and what it has cost so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(in crate::store) struct Account {
    /// The literal; 0 where there is none yet.
    pub(in crate::store) literal: u64,
    /// Bytes of the dictionary and of everything that was compressed against it.
    spent: u64,
    /// Bytes that were compressed against it, before compression.
    fed: u64,
}

impl Account {
    /// Whether it is worth going on with, when `raw` bytes were compressed to `cost`: no less than
    /// it has been on average, its own cost included. That average only falls while it is good.
    fn pays(&self, cost: u64, raw: u64, trial: u64) -> bool {
        self.fed <= trial || cost.saturating_mul(self.fed) <= self.spent.saturating_mul(raw)
    }
}

/// A dictionary that was read.
#[derive(Default)]
pub(in crate::store) struct Loaded {
    account: Account,
    bytes: Option<Rc<[u8]>>,
}

/// New bytes of a text, as they were stored.
pub(in crate::store) struct Written {
    /// The literals that hold them, in order, with their lengths.
    pub(in crate::store) literals: Vec<(u64, u64)>,
    /// Bytes stored for them, those of a new dictionary included.
    pub(in crate::store) bytes: u64,
    pub(in crate::store) account: Account,
}

/// New bytes of a text, compressed to see what they cost.
pub(in crate::store) struct Fresh {
    pub(in crate::store) bytes: Vec<u8>,
    drafts: Vec<Draft>,
    /// Whether they are the whole text.
    whole: bool,
}

/// New bytes are cut into literals of this length, so that a small part of them is read quickly.
const BLOCK: usize = 128 * 1024;

impl Fresh {
    fn drafts(
        bytes: &[u8],
        dictionary: Option<literals::Dictionary<'_>>,
    ) -> Result<Vec<Draft>, Fault> {
        let aim = Aim::of(bytes.len());
        let blocks = bytes.chunks(BLOCK);
        blocks
            .map(|block| Draft::new(block, dictionary, aim))
            .collect()
    }

    /// The bytes that they are going to take, nearly.
    pub(in crate::store) fn cost(&self) -> u64 {
        self.drafts.iter().map(Draft::cost).sum()
    }
}

impl Loaded {
    /// The dictionary of an account; none where it cannot be read.
    pub(in crate::store) fn of(view: &impl View, blocks: &mut Blocks, account: Account) -> Self {
        let bytes = match account.literal {
            0 => None,
            literal => blocks.get(view, literal).ok(),
        };
        match bytes {
            None => Self::default(),
            bytes => Self { account, bytes },
        }
    }

    /// Compresses new bytes, to see what they cost.
    pub(in crate::store) fn draft(&self, bytes: Vec<u8>, whole: bool) -> Result<Fresh, Fault> {
        let dictionary = self.bytes.as_ref().map(|bytes| literals::Dictionary {
            literal: self.account.literal,
            bytes,
        });
        Ok(Fresh {
            drafts: Fresh::drafts(&bytes, dictionary)?,
            bytes,
            whole,
        })
    }

    /// Stores new bytes of a text, with a new dictionary where the old one does not pay.
    pub(in crate::store) fn store(
        &self,
        change: &impl Change,
        counters: &mut Counters,
        fresh: &Fresh,
        contents: &Contents,
    ) -> Result<Written, Fault> {
        let raw = fresh.bytes.len() as u64;
        if raw == 0 {
            return Ok(Written {
                literals: Vec::new(),
                bytes: 0,
                account: self.account,
            });
        }
        if let Some(bytes) = &self.bytes {
            // A screen is asked at once; a line that compresses badly says nothing.
            let trial = if fresh.whole {
                0
            } else {
                4 * bytes.len().min(DICTIONARY) as u64
            };
            let cost = packed(&fresh.drafts);
            if self.account.pays(cost, raw, trial) {
                let account = Account {
                    literal: self.account.literal,
                    spent: self.account.spent.saturating_add(cost),
                    fed: self.account.fed.saturating_add(raw),
                };
                return put(change, counters, &fresh.drafts, account);
            }
        }
        if fresh.whole {
            let alone = Fresh::drafts(&fresh.bytes, None)?;
            let mut written = put(change, counters, &alone, Account::default())?;
            if let ([(literal, _)], true) = (&written.literals[..], fresh.bytes.len() <= DICTIONARY)
            {
                written.account = Account {
                    literal: *literal,
                    spent: packed(&alone),
                    fed: 0,
                };
            }
            return Ok(written);
        }
        let end = end_of(contents);
        let (literal, own) = literals::store(change, counters, &end)?;
        let against = literals::Dictionary {
            literal,
            bytes: &end,
        };
        let drafts = Fresh::drafts(&fresh.bytes, Some(against))?;
        let account = Account {
            literal,
            spent: own.saturating_add(packed(&drafts)),
            fed: raw,
        };
        let mut written = put(change, counters, &drafts, account)?;
        written.bytes += own;
        Ok(written)
    }
}

fn packed(drafts: &[Draft]) -> u64 {
    drafts.iter().map(Draft::len).sum()
}

fn put(
    change: &impl Change,
    counters: &mut Counters,
    drafts: &[Draft],
    account: Account,
) -> Result<Written, Fault> {
    let mut written = Written {
        literals: Vec::with_capacity(drafts.len()),
        bytes: 0,
        account,
    };
    for draft in drafts {
        let (literal, bytes) = draft.store(change, counters)?;
        written.literals.push((literal, draft.raw_len()));
        written.bytes += bytes;
    }
    Ok(written)
}

/// The last bytes of a text, as many as a dictionary holds.
fn end_of(contents: &Contents) -> Vec<u8> {
    let mut end = Vec::with_capacity(DICTIONARY);
    let screen: &[u8] = contents.alternate.as_ref().map_or(&[], |screen| screen);
    let of_screen = screen.len().min(DICTIONARY);
    let of_main = contents.main.len().min(DICTIONARY - of_screen);
    let tail = |text: &[u8], len: usize| text.get(text.len() - len..).unwrap_or(text).to_vec();
    end.extend(tail(&contents.main, of_main));
    end.extend(tail(screen, of_screen));
    end
}
