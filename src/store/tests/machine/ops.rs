//! What the machine can be told to do, and how that is made up.
//!
//! Every operation stands for itself: it points at things by an index that is taken modulo what
//! there is when its turn comes, so that any part of a failing sequence is a sequence, and
//! shrinking works.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::store::Storing;

/// Something that changes what a server shows.
#[derive(Debug, Clone)]
pub(super) enum Change {
    /// Lines come at the end.
    Grow { pane: Index, lines: u8 },
    /// The history is full: lines go at the beginning, others come at the end.
    Scroll { pane: Index, lines: u8 },
    /// The last lines are written anew, as a prompt or a progress bar does.
    Tail { pane: Index, words: u8 },
    /// Lines in the middle go, as when a window is made narrower.
    Cut { pane: Index, lines: u8 },
    /// Nothing is left.
    Clear { pane: Index },
    /// Another text altogether, up to some hundred kilobytes.
    Replace {
        pane: Index,
        seed: u16,
        thousands: u8,
    },
    /// The same text as another pane's.
    Share { pane: Index, with: Index },
    /// A full-screen program starts or ends.
    Alternate { pane: Index, seed: u16 },
    /// A pane comes, or the last one of a session goes.
    Panes { session: Index, one_more: bool },
    /// A session comes or goes.
    Session { number: u8 },
    /// A pane's title changes, and nothing else.
    Title { session: Index, to: u8 },
}

/// A snapshot to be recorded.
#[derive(Debug, Clone)]
pub(super) struct Shot {
    pub(super) changes: Vec<Change>,
    /// Which socket, and which run of the server there.
    pub(super) server: (u8, u8),
    /// Store nothing if nothing changed.
    pub(super) skip: bool,
    /// Only this session.
    pub(super) part: Option<Index>,
    pub(super) manual: bool,
    pub(super) name: Option<u8>,
    pub(super) tag: Option<u8>,
    pub(super) pinned: bool,
    /// Seconds by which the clock jumps.
    pub(super) jump: i32,
    /// Hand in every text, or only those that no snapshot has.
    pub(super) every_text: bool,
    pub(super) storing: Storing,
}

/// A change to records.
#[derive(Debug, Clone)]
pub(super) enum Note {
    Rename(Option<u8>),
    Describe(Option<u8>),
    Tag(u8),
    Untag(u8),
    Pin(bool),
    Archive(bool),
}

/// Which of the snapshots; more than one is all of them or none.
#[derive(Debug, Clone)]
pub(super) struct Which {
    pub(super) picks: Vec<Index>,
    /// One that nobody has is among them.
    pub(super) unknown: bool,
}

/// What is to be kept; ages are days.
#[derive(Debug, Clone)]
pub(super) struct Prune {
    pub(super) last: u8,
    pub(super) hourly: u8,
    pub(super) max_age: Option<u8>,
    pub(super) trash: Option<u8>,
    /// Kilobytes, and whether what somebody chose to have may go as well.
    pub(super) quota: Option<(u16, bool)>,
    /// Seconds since the last snapshot.
    pub(super) later: u32,
}

/// Something that the machine can be told to do.
#[derive(Debug, Clone)]
pub(super) enum Op {
    Record(Box<Shot>),
    RecordAll(Vec<Shot>),
    /// A text that is neither stored nor given.
    RecordWithoutText,
    Edit(Which, Note),
    Trash(Which),
    Untrash(Which),
    EmptyTrash,
    Prune(Prune),
    Collect,
    Compact,
    /// A new handle on the same directory.
    Reopen,
    Verify,
    Search {
        word: u8,
    },
    /// All pages of this size.
    Pages {
        limit: u8,
    },
    Find {
        pick: Index,
        back: u8,
        name: u8,
    },
    LifeEnds {
        server: (u8, u8),
        dismissed: bool,
    },
    LoadAll,
}

fn change() -> impl Strategy<Value = Change> {
    let pane = any::<Index>;
    prop_oneof![
        5 => (pane(), 1..60u8).prop_map(|(pane, lines)| Change::Grow { pane, lines }),
        3 => (pane(), 1..60u8).prop_map(|(pane, lines)| Change::Scroll { pane, lines }),
        3 => (pane(), any::<u8>()).prop_map(|(pane, words)| Change::Tail { pane, words }),
        2 => (pane(), 1..60u8).prop_map(|(pane, lines)| Change::Cut { pane, lines }),
        1 => pane().prop_map(|pane| Change::Clear { pane }),
        2 => (pane(), any::<u16>(), prop_oneof![6 => 0..2u8, 1 => 2..4u8])
            .prop_map(|(pane, seed, thousands)| Change::Replace { pane, seed, thousands }),
        2 => (pane(), pane()).prop_map(|(pane, with)| Change::Share { pane, with }),
        1 => (pane(), any::<u16>()).prop_map(|(pane, seed)| Change::Alternate { pane, seed }),
        2 => (pane(), any::<bool>())
            .prop_map(|(session, one_more)| Change::Panes { session, one_more }),
        1 => (0..4u8).prop_map(|number| Change::Session { number }),
        1 => (pane(), any::<u8>()).prop_map(|(session, to)| Change::Title { session, to }),
    ]
}

fn server() -> impl Strategy<Value = (u8, u8)> {
    (prop_oneof![4 => Just(0), 1 => Just(1)], 0..3u8)
}

fn shot() -> impl Strategy<Value = Shot> {
    let what = (vec(change(), 0..4), server());
    let how = (
        any::<bool>(),
        prop_oneof![5 => Just(None), 1 => any::<Index>().prop_map(Some)],
        prop::bool::weighted(0.15),
        prop_oneof![5 => Just(None), 1 => (0..6u8).prop_map(Some)],
        prop_oneof![5 => Just(None), 1 => (0..3u8).prop_map(Some)],
        prop::bool::weighted(0.05),
        prop_oneof![6 => 0..30i32, 1 => -4000..4000i32],
        any::<bool>(),
        prop_oneof![
            8 => Just(Storing::Auto),
            1 => Just(Storing::Incremental),
            1 => Just(Storing::Full),
        ],
    );
    (what, how).prop_map(|((changes, server), how)| {
        let (skip, part, manual, name, tag, pinned, jump, every_text, storing) = how;
        Shot {
            changes,
            server,
            skip,
            part,
            manual,
            name,
            tag,
            pinned,
            jump,
            every_text,
            storing,
        }
    })
}

fn which() -> impl Strategy<Value = Which> {
    (vec(any::<Index>(), 1..6), prop::bool::weighted(0.05))
        .prop_map(|(picks, unknown)| Which { picks, unknown })
}

fn note() -> impl Strategy<Value = Note> {
    prop_oneof![
        3 => option::of(0..6u8).prop_map(Note::Rename),
        1 => option::of(any::<u8>()).prop_map(Note::Describe),
        1 => (0..3u8).prop_map(Note::Tag),
        1 => (0..3u8).prop_map(Note::Untag),
        1 => any::<bool>().prop_map(Note::Pin),
        1 => any::<bool>().prop_map(Note::Archive),
    ]
}

fn prune() -> impl Strategy<Value = Prune> {
    let rare = |days| prop_oneof![3 => Just(None), 1 => days];
    let ages = (
        rare((0..40u8).prop_map(Some).boxed()),
        rare((0..40u8).prop_map(Some).boxed()),
    );
    let quota = prop_oneof![
        4 => Just(None),
        1 => (0..4000u16, any::<bool>()).prop_map(Some),
    ];
    let later = prop_oneof![3 => 0..100u32, 1 => 0..4_000_000u32];
    (0..5u8, 0..3u8, ages, quota, later).prop_map(|(last, hourly, ages, quota, later)| Prune {
        last,
        hourly,
        max_age: ages.0,
        trash: ages.1,
        quota,
        later,
    })
}

/// A sequence of operations.
pub(super) fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        16 => shot().prop_map(|shot| Op::Record(Box::new(shot))),
        1 => vec(shot(), 0..4).prop_map(Op::RecordAll),
        1 => Just(Op::RecordWithoutText),
        4 => (which(), note()).prop_map(|(which, note)| Op::Edit(which, note)),
        3 => which().prop_map(Op::Trash),
        2 => which().prop_map(Op::Untrash),
        1 => Just(Op::EmptyTrash),
        2 => prune().prop_map(Op::Prune),
        2 => Just(Op::Collect),
        1 => Just(Op::Compact),
        1 => Just(Op::Reopen),
        1 => Just(Op::Verify),
        1 => any::<u8>().prop_map(|word| Op::Search { word }),
        1 => (1..6u8).prop_map(|limit| Op::Pages { limit }),
        2 => (any::<Index>(), 0..6u8, 0..6u8)
            .prop_map(|(pick, back, name)| Op::Find { pick, back, name }),
        1 => (server(), any::<bool>())
            .prop_map(|(server, dismissed)| Op::LifeEnds { server, dismissed }),
        1 => Just(Op::LoadAll),
    ];
    vec(op, 1..50)
}
