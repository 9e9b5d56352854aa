//! Holding lines against each other: is each as it was written, and where it belongs?

use std::fmt;

use serde::Serialize;

use super::head::{Head, Known};
use super::line::{self, Link, Placed};
use crate::model::digest::Digest;

/// Something that was found, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The file; `None` for something about all of them.
    pub file: Option<String>,
    /// The line in it, counted from 1; for lines that are missing, the one behind them.
    pub line: Option<u64>,
    /// What it is.
    #[serde(flatten)]
    pub flaw: Flaw,
}

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(tag = "flaw", rename_all = "snake_case")]
pub enum Flaw {
    /// The line is not one of a journal.
    Unreadable,
    /// The line is not as it was written.
    Edited,
    /// The line stands where another one belongs: it was moved, or is there twice.
    Misplaced {
        /// Its number.
        seq: u64,
    },
    /// The line names another one as the one before it.
    Unlinked {
        /// Its number.
        seq: u64,
    },
    /// Lines are missing in front of this one, or at the end.
    Missing {
        /// The number of the first one.
        from: u64,
        /// The number of the last one.
        to: u64,
    },
    /// The head tells of another line than there is: what comes before it was written anew.
    OtherHead {
        /// The number of that line.
        seq: u64,
    },
    /// The head is gone or damaged: whether lines are missing at the end cannot be told.
    NoHead,
    /// A killed process had not finished the line. What it was to tell is lost.
    Torn {
        /// Whether it was closed off; it will be by the next line.
        closed: bool,
    },
}

impl Flaw {
    /// Whether somebody, or the disk, has changed something; and not a process that was killed.
    #[must_use]
    pub fn is_grave(self) -> bool {
        !matches!(self, Flaw::Torn { .. })
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Flaw::Unreadable => f.write_str("not a line of the journal"),
            Flaw::Edited => f.write_str("edited: it is not as it was written"),
            Flaw::Misplaced { seq } => write!(f, "no. {seq} does not belong here"),
            Flaw::Unlinked { seq } => write!(f, "no. {seq} followed another line than this one"),
            Flaw::Missing { from, to } if from == to => write!(f, "no. {from} is missing"),
            Flaw::Missing { from, to } => write!(f, "no. {from} to {to} are missing"),
            Flaw::OtherHead { seq } => {
                write!(f, "no. {seq} is not the one that journal.head tells of")
            }
            Flaw::NoHead => f.write_str(
                "journal.head is gone or damaged: lines that are missing at the end cannot be told",
            ),
            Flaw::Torn { closed: true } => {
                f.write_str("cut short by the end of its process, and closed off")
            }
            Flaw::Torn { closed: false } => f.write_str("cut short by the end of its process"),
        }
    }
}

/// A line that could not be read, and waits for what the next one says of it.
#[derive(Debug)]
struct Pending {
    file: String,
    line: u64,
    hash: Digest,
    whole: bool,
}

/// Goes over all lines, oldest first.
#[derive(Debug)]
pub(super) struct Chain {
    head: Option<Head>,
    /// The number that comes next; none where that cannot be known.
    expected: Option<u64>,
    /// What the next line may name as the hash of the one before it; empty where that cannot be
    /// known. Of a line that was edited it is not known whether its hash was.
    before: Vec<Digest>,
    pending: Vec<Pending>,
    /// What was found.
    pub(super) findings: Vec<Finding>,
    /// Lines that belong to the chain.
    pub(super) lines: u64,
    /// The numbers of the first and last of them.
    pub(super) ends: Option<(u64, u64)>,
}

impl Chain {
    /// With the head, and whether the beginning is kept for certain, should there be none.
    pub(super) fn new(head: Option<Known>, whole: bool) -> Self {
        let head = match head {
            Some(Known::Head(head)) => Some(head),
            _ => None,
        };
        let expected = head.map(|head| head.first).or(whole.then_some(1));
        Self {
            head,
            expected,
            before: match expected {
                Some(1) => vec![Link::START.hash],
                _ => Vec::new(),
            },
            pending: Vec::new(),
            findings: Vec::new(),
            lines: 0,
            ends: None,
        }
    }

    /// The next line, without its end, and whether it has one.
    pub(super) fn line(&mut self, file: &str, number: u64, line: &[u8], whole: bool) {
        let at = |flaw| Finding {
            file: Some(file.to_owned()),
            line: Some(number),
            flaw,
        };
        let Some(placed) = line::place(line).filter(|_| whole) else {
            self.pending.push(Pending {
                file: file.to_owned(),
                line: number,
                hash: line::hash(line),
                whole,
            });
            return;
        };
        let unread = self.settle(placed.mends);
        let Link { seq, hash } = placed.link;
        let linked = self.before.is_empty() || self.before.contains(&placed.prev);
        if hash != placed.true_hash {
            self.findings.push(at(Flaw::Edited));
            let in_place = !self.before.is_empty() && linked;
            if in_place || self.expected.is_none_or(|expected| expected == seq) {
                let seq = self.expected.unwrap_or(seq);
                self.advance(seq, vec![hash, placed.true_hash]);
            }
            return;
        }
        // The oldest file may have been about to go when its process was killed: it begins earlier.
        let expected = self.expected.unwrap_or(seq);
        let gap = seq.saturating_sub(expected);
        if seq < expected && self.ends.is_some() {
            self.findings.push(at(Flaw::Misplaced { seq }));
            return;
        } else if gap > 0 {
            // Lines that cannot be read are what is missing.
            if gap != unread {
                let (from, to) = (expected, seq - 1);
                self.findings.push(at(Flaw::Missing { from, to }));
            }
        } else if !linked {
            self.findings.push(at(Flaw::Unlinked { seq }));
        }
        self.compare_with_head(&placed, &at);
        self.advance(seq, vec![hash]);
    }

    fn compare_with_head(&mut self, placed: &Placed, at: &dyn Fn(Flaw) -> Finding) {
        let seq = placed.link.seq;
        let other = |head: Head| head.last.seq == seq && head.last.hash != placed.link.hash;
        if self.head.is_some_and(other) {
            self.findings.push(at(Flaw::OtherHead { seq }));
        }
    }

    fn advance(&mut self, seq: u64, hashes: Vec<Digest>) {
        self.lines += 1;
        let first = self.ends.map_or(seq, |(first, _)| first);
        self.ends = Some((first, seq));
        self.expected = Some(seq.saturating_add(1));
        self.before = hashes;
    }

    /// Says of lines that could not be read what they are; gives the number of those that nobody
    /// closed off.
    fn settle(&mut self, mends: Option<Digest>) -> u64 {
        let mut unread = 0;
        let last = self.pending.len().checked_sub(1);
        for (at, pending) in std::mem::take(&mut self.pending).into_iter().enumerate() {
            let closed = Some(at) == last && mends == Some(pending.hash);
            let flaw = match (closed, pending.whole) {
                (true, _) => Flaw::Torn { closed },
                (false, false) if mends.is_none() => Flaw::Torn { closed },
                (false, _) => Flaw::Unreadable,
            };
            unread += u64::from(flaw.is_grave());
            self.findings.push(Finding {
                file: Some(pending.file),
                line: Some(pending.line),
                flaw,
            });
        }
        unread
    }

    /// All lines were told.
    pub(super) fn finish(&mut self) {
        let unread = self.settle(None);
        let all = |flaw| Finding {
            file: None,
            line: None,
            flaw,
        };
        match (self.head, self.expected) {
            (Some(head), Some(next)) if head.last.seq >= next => {
                let (from, to) = (next, head.last.seq);
                if to - from + 1 != unread {
                    self.findings.push(all(Flaw::Missing { from, to }));
                }
            }
            (None, _) if self.lines > 0 => self.findings.push(all(Flaw::NoHead)),
            _ => {}
        }
    }
}
