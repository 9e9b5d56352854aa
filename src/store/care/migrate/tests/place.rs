//! What form 3 has room for and form 2 had not: a place whose sessions have a process each, stacks,
//! pinwheels, floating panes in an unknown order, nobody who looks, attachments, several notes, a
//! gap, and every provenance.

use bstr::BString;

use super::fill::{START, new, rect, text};
use crate::model::contents::Contents;
use crate::model::detail::{Floating, PaneDetail};
use crate::model::geometry::{Cell, Layout, Rect};
use crate::model::snapshot::LifeId;
use crate::model::snapshot::{
    BootId, Cause, Gap, GapReason, MuxKind, Note, NoteKind, Provenance, ServerIdentity,
    SnapshotMeta, Trust,
};
use crate::model::time::Millis;
use crate::model::tree::{
    Attachment, AttachmentKind, AutomaticRename, Pane, PaneHandle, PaneId, Screen, ServerState,
    Session, Tab, TabId,
};
use crate::store::file::lease::Outcome;
use crate::store::snapshot::metadata::{self, Reader};
use crate::store::{Recorded, Store, Unchanged};

/// Zellij's directory of sockets.
fn server() -> ServerIdentity {
    ServerIdentity {
        mux: MuxKind::Zellij,
        socket: "/run/user/1000/zellij/contract_version_1".into(),
        version: "0.45.1".into(),
        process: None,
        boot: BootId("00000000-0000-4000-8000-000000000003".into()),
    }
}

fn note(time: Option<i64>, kind: NoteKind, text: &str) -> Note {
    Note {
        time: time.map(Millis),
        kind,
        text: text.to_owned(),
    }
}

/// What is told of a snapshot and no front end says yet: one for each provenance and each reason of
/// a gap.
pub(super) fn told() -> Vec<(Provenance, Gap, Vec<Note>)> {
    let synced = |trust| Provenance::Synced {
        store: [7; 16],
        trust,
    };
    let imported = |trust| Provenance::Imported { trust };
    let reasons = [
        (Provenance::Recorded, GapReason::NotRunning),
        (imported(Trust::Foreign), GapReason::Paused),
        (imported(Trust::Trusted), GapReason::Asleep),
        (synced(Trust::Foreign), GapReason::NoAnswer),
        (synced(Trust::Trusted), GapReason::NotWritten),
    ];
    let told = reasons.into_iter().map(|(provenance, reason)| {
        let gap = Gap {
            since: Millis(START + 7),
            reason,
        };
        let notes = vec![
            note(Some(START + 9), NoteKind::User, "the one before the move"),
            note(None, NoteKind::Damage, "a text was lost"),
            note(Some(START + 11), NoteKind::Import, "it was named work"),
        ];
        (provenance, gap, notes)
    });
    told.collect()
}

/// Records the place, once for everything that can be told of it.
pub(in crate::store) fn fill(store: &Store) -> Vec<SnapshotMeta> {
    let mut metas = Vec::new();
    for (step, (provenance, gap, notes)) in (500..).zip(told()) {
        let new = new(step, Cause::Event, &server(), place(step));
        let Recorded::Stored(meta) = store.record(new, Unchanged::Store).unwrap() else {
            panic!("it was not stored");
        };
        let told = store.place().write("test", |txn| {
            let mut entry = Reader::new(txn).find(meta.id)?.unwrap();
            entry.meta.provenance = provenance;
            entry.meta.gap = Some(gap);
            entry.meta.notes.clone_from(&notes);
            metadata::put(txn, &entry)?;
            Ok(Outcome::Commit(entry.meta))
        });
        metas.push(told.unwrap());
    }
    metas
}

/// A place with two sessions: at one somebody looks, at the other nobody does.
pub(super) fn place(step: u32) -> (ServerState, Vec<Contents>) {
    let history = text(format!(
        "make\nmake check\n{}",
        "cd\n".repeat(step as usize)
    ));
    let transcript = text(format!("{{\"turn\":{step}}}\n").repeat(40));
    let shown: Vec<Contents> = (0..8)
        .map(|at| text(format!("pane {at} at {step}\n")))
        .collect();
    let mut looked = tab(0, stacks(), &shown, true);
    looked.panes.push(floating(7, None, &shown[7]));
    looked.panes[0].attachments = vec![
        attachment(AttachmentKind::ShellHistory, b"bash_history", &history),
        attachment(AttachmentKind::Transcript, b"a", &transcript),
        attachment(AttachmentKind::Transcript, b"b \xff", &history),
    ];
    let sessions = [
        ("away", tab(1, pinwheel(), &shown, false), LifeId(u64::MAX)),
        ("here", looked, LifeId(7)),
    ];
    let sessions = sessions.into_iter().map(|(name, tab, life)| Session {
        handle: None,
        life,
        name: name.into(),
        cwd: BString::default(),
        group: None,
        tabs: vec![tab],
        detail: Default::default(),
    });
    let state = ServerState {
        sessions: sessions.collect(),
        buffers: Vec::new(),
    };
    let mut texts = shown;
    texts.extend([history, transcript]);
    (state, texts)
}

fn attachment(kind: AttachmentKind, name: &[u8], text: &Contents) -> Attachment {
    Attachment {
        kind,
        name: name.into(),
        text: text.reference(),
    }
}

/// Two stacks side by side, as zellij lays them out: no cells in between.
pub(in crate::store) fn stacks() -> Layout {
    let stack = |rect, panes: &[u32], expanded| Cell::Stack {
        rect,
        panes: panes.to_vec(),
        expanded,
    };
    Layout {
        gap: 0,
        root: Cell::Split {
            rect: rect(0, 0, 211, 55),
            axis: crate::model::geometry::Axis::Columns,
            children: vec![
                stack(rect(0, 0, 84, 55), &[0, 2, 3], 2),
                stack(rect(84, 0, 127, 55), &[1, 4, 5, 6], 5),
            ],
        },
    }
}

/// Four panes around a fifth.
pub(in crate::store) fn pinwheel() -> Layout {
    let pane = |pane, rect| Cell::Pane { rect, pane };
    Layout {
        gap: 0,
        root: Cell::Pinwheel {
            rect: rect(0, 0, 200, 50),
            children: vec![
                pane(0, rect(0, 0, 132, 17)),
                pane(1, rect(132, 0, 68, 34)),
                pane(2, rect(0, 17, 66, 33)),
                pane(3, rect(66, 17, 66, 17)),
                pane(4, rect(66, 34, 134, 16)),
            ],
        },
    }
}

fn floating(index: u32, behind: Option<u16>, text: &Contents) -> Pane {
    let floating = Floating {
        left: 10,
        top: 5,
        width: 60,
        height: 15,
        behind,
    };
    Pane {
        detail: PaneDetail {
            floating: Some(floating),
            ..PaneDetail::default()
        },
        ..pane(index, floating.rect(), text, false)
    }
}

fn tab(index: u32, layout: Layout, texts: &[Contents], active: bool) -> Tab {
    let mut placed = layout.panes();
    placed.sort_unstable_by_key(|(pane, _)| *pane);
    let panes = placed.into_iter().zip(texts);
    Tab {
        handle: Some(TabId::of(u64::from(index))),
        index,
        name: format!("Tab #{index}").into(),
        active,
        last: false,
        zoomed: false,
        synchronized: false,
        automatic_rename: AutomaticRename::Unset,
        layout,
        panes: panes
            .map(|((index, rect), text)| pane(index, rect, text, active && index == 5))
            .collect(),
        detail: Default::default(),
    }
}

fn pane(index: u32, rect: Rect, text: &Contents, active: bool) -> Pane {
    Pane {
        handle: Some(PaneHandle {
            id: PaneId::of(1 << 40 | u64::from(index)),
            pid: None,
        }),
        index,
        title: format!("Pane #{index}").into(),
        cwd: "/home/me".into(),
        active,
        last: false,
        marked: false,
        rect,
        shell: vec!["bash".into()],
        program: None,
        exit: None,
        screen: Screen::default(),
        contents: Some(text.reference()),
        attachments: Vec::new(),
        detail: Default::default(),
    }
}

mod tests {
    use super::*;
    use crate::model::tree::ServerState;
    use crate::store::care::rewrite::tests::censor;
    use crate::store::testing::{Scratch, scratch};

    fn load(s: &Scratch, meta: &SnapshotMeta) -> (SnapshotMeta, ServerState) {
        let loaded = s.store.load(meta.id).unwrap();
        let digests: Vec<_> = loaded.state.texts().map(|text| text.digest).collect();
        assert_eq!(s.store.contents(&digests).unwrap().len(), digests.len());
        (loaded.meta, loaded.state)
    }

    #[test]
    fn the_store_gives_back_what_no_front_end_says_yet() {
        let s = scratch();
        for (step, meta) in (500..).zip(fill(&s.store)) {
            let (state, _) = place(step);
            state.check().unwrap();
            assert_eq!(load(&s, &meta), (meta, state));
        }
        assert!(s.store.verify().unwrap().is_ok());
        // The texts of attachments are no rubbish.
        let metas = fill(&s.store);
        s.store.collect().unwrap();
        metas.iter().for_each(|meta| drop(load(&s, meta)));
    }

    #[test]
    fn snapshots_that_were_recorded_elsewhere_stand_beside_the_line() {
        let s = scratch();
        let metas = fill(&s.store);
        assert_eq!(metas[0].parent, None);
        assert!(
            metas[1..]
                .iter()
                .all(|meta| meta.parent == Some(metas[0].id))
        );
        let foreign = metas.iter().map(SnapshotMeta::is_foreign);
        let foreign: Vec<bool> = foreign.collect();
        assert_eq!(foreign, [false, true, false, true, false]);
        assert_eq!(metas[0].one_life(), None);
    }

    /// A store that is built anew takes every part along; a migration writes with the same hands.
    #[test]
    fn whoever_builds_a_store_anew_takes_it_along() {
        let s = scratch();
        let metas = fill(&s.store);
        let now = Millis(START + 1_000_000);
        s.store
            .rewrite(&censor("no such word"), now, &mut |_| {})
            .unwrap();
        s.store.compact().unwrap();
        for (step, meta) in (500..).zip(metas) {
            let (after, state) = load(&s, &meta);
            let stored_bytes = after.stored_bytes;
            assert_eq!(
                after,
                SnapshotMeta {
                    stored_bytes,
                    ..meta
                }
            );
            assert_eq!(state, place(step).0);
        }
    }
}
