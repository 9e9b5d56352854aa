//! What tells whether there is something to capture.
//!
//! Options, hooks, variables and buffers are not looked at: they can only be asked of each thing by
//! itself, which costs more than all the rest. One that is set is found with the next thing that
//! moves.

use std::hash::{Hash, Hasher};

use bstr::BString;

use super::layout;
use super::query::Rows;
use super::rows::{FixedRow, PaneRow, WindowRow};
use crate::model::digest::DigestBuilder;
use crate::model::tree::PaneId;
use crate::mux::{PaneActivity, Probe};

/// What of the rows tells whether there is something to capture. The same for both depths.
pub(super) fn probe(rows: &Rows) -> Probe {
    let mut panes: Vec<PaneActivity> = rows
        .panes
        .iter()
        .map(|row| PaneActivity {
            pane: PaneId::of(row.id.into()),
            // What an interface draws is no activity.
            text: match row.interface {
                None => digest(&row.text),
                Some(_) => 0,
            },
            settling: row.interface.is_none() && row.text.activity >= rows.now,
        })
        .collect();
    panes.sort_unstable_by_key(|activity| activity.pane);
    panes.dedup_by_key(|activity| activity.pane);
    let fixed: Vec<_> = rows
        .panes
        .iter()
        .map(|row| {
            (
                row.id,
                FixedRow {
                    active: false,
                    last: false,
                    saved_x: saved(row, row.fixed.saved_x),
                    saved_y: saved(row, row.fixed.saved_y),
                    ..row.fixed.clone()
                },
            )
        })
        .collect();
    let pane_focus = rows
        .panes
        .iter()
        .map(|row| (row.id, row.fixed.active, row.fixed.last));
    let window_focus = rows
        .windows
        .iter()
        .map(|row| (row.id, row.active, row.last));
    let stacks = rows.sessions.iter().map(|row| (row.id, &row.stack));
    let focus: (Vec<_>, Vec<_>, Vec<_>) = (
        pane_focus.collect(),
        window_focus.collect(),
        stacks.collect(),
    );
    let sessions: Vec<_> = rows
        .sessions
        .iter()
        .map(|row| (row.id, &row.name, &row.path, &row.group))
        .collect();
    let windows: Vec<WindowRow> = rows
        .windows
        .iter()
        .map(|row| WindowRow {
            // A name that follows the program moves with the text, and often.
            name: if row.renames {
                BString::default()
            } else {
                row.name.clone()
            },
            // Newer versions tell in it which pane has the focus.
            layout: layout::steady(&row.layout),
            active: false,
            last: false,
            ..row.clone()
        })
        .collect();
    Probe {
        panes,
        structure: digest(&(sessions, windows, fixed)),
        focus: digest(&focus),
    }
}

/// A place of the main screen's cursor, as tmux tells it where the alternate screen is off: an
/// interface that is opened is no change.
fn saved(row: &PaneRow, place: u32) -> u32 {
    match row.interface {
        None => place,
        Some(_) => u32::MAX,
    }
}

/// A digest of 64 bits that is the same in every process.
fn digest(value: &impl Hash) -> u64 {
    /// Collects what is hashed, so that BLAKE3 can do the work.
    #[derive(Default)]
    struct Bytes(Vec<u8>);
    impl Hasher for Bytes {
        fn write(&mut self, bytes: &[u8]) {
            self.0.extend_from_slice(bytes);
        }
        fn finish(&self) -> u64 {
            let digest = DigestBuilder::new("muxtape.probe/1")
                .bytes(&self.0)
                .finish();
            digest
                .0
                .iter()
                .take(8)
                .fold(0, |number, &byte| number << 8 | u64::from(byte))
        }
    }
    let mut bytes = Bytes::default();
    value.hash(&mut bytes);
    bytes.finish()
}
