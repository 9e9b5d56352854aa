//! What was acknowledged, and where each snapshot may therefore be.

use std::collections::{BTreeMap, BTreeSet};

use super::child::shown;
use crate::model::id::SnapshotId;
use crate::store::testing::text;
use crate::store::{Query, Store};

/// The places where a snapshot may be; more than one while nobody has said that a move is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Spot {
    Timeline,
    Trash,
    Gone,
}

#[derive(Debug)]
struct Fate {
    step: u32,
    /// Whether a pruning leaves it alone.
    kept: bool,
    may_be: BTreeSet<Spot>,
}

/// Every snapshot that some process said it stored.
#[derive(Debug, Default)]
pub(super) struct Ledger(BTreeMap<SnapshotId, Fate>);

impl Ledger {
    /// Takes in what a process said.
    pub(super) fn note(&mut self, said: &str) {
        let words: Vec<&str> = said.split(' ').collect();
        let id = |text: &str| text.parse::<SnapshotId>().unwrap();
        match words[..] {
            ["stored", stored, step, kind] => {
                let fate = Fate {
                    step: step.parse().unwrap(),
                    kept: kind == "kept",
                    may_be: BTreeSet::from([Spot::Timeline]),
                };
                self.0.insert(id(stored), fate);
            }
            ["trashing", moving] => self.may(id(moving), Spot::Trash),
            ["trashed", moved] => self.is(id(moved), Spot::Trash),
            ["returning", moving] => self.may(id(moving), Spot::Timeline),
            ["returned", moved] => self.is(id(moved), Spot::Timeline),
            ["emptying"] => {
                for fate in self.0.values_mut() {
                    if fate.may_be.contains(&Spot::Trash) {
                        fate.may_be.insert(Spot::Gone);
                    }
                }
            }
            ["emptied"] => {
                for fate in self.0.values_mut() {
                    if fate.may_be.remove(&Spot::Trash) {
                        fate.may_be.insert(Spot::Gone);
                    }
                }
            }
            ["pruning"] => {
                for fate in self.0.values_mut().filter(|fate| !fate.kept) {
                    fate.may_be.insert(Spot::Gone);
                }
            }
            ["alive" | "pruned" | "collected" | "compacted" | "rewritten" | "read"] => {}
            _ => panic!("it said {said:?}"),
        }
    }

    fn may(&mut self, id: SnapshotId, spot: Spot) {
        self.0.get_mut(&id).unwrap().may_be.insert(spot);
    }

    fn is(&mut self, id: SnapshotId, spot: Spot) {
        self.0.get_mut(&id).unwrap().may_be = BTreeSet::from([spot]);
    }

    /// Every snapshot is where it may be. From now on it has to be where it was found.
    pub(super) fn check(&mut self, store: &Store) {
        let listed = store.listed(&Query::default()).unwrap();
        assert_eq!(listed.hidden, 0);
        let timeline: BTreeSet<_> = listed.metas.iter().map(|meta| meta.id).collect();
        let trash: BTreeSet<_> = store
            .trashed()
            .unwrap()
            .iter()
            .map(|(meta, _)| meta.id)
            .collect();
        for (id, fate) in &mut self.0 {
            let found = match (timeline.contains(id), trash.contains(id)) {
                (true, true) => panic!("{id} is there twice"),
                (true, false) => Spot::Timeline,
                (false, true) => Spot::Trash,
                (false, false) => Spot::Gone,
            };
            assert!(fate.may_be.contains(&found), "{id} is {found:?}: {fate:?}");
            fate.may_be = BTreeSet::from([found]);
        }
    }

    /// What is in the timeline shows what was recorded.
    pub(super) fn check_texts(&self, store: &Store) {
        for (id, fate) in &self.0 {
            if fate.may_be.contains(&Spot::Timeline) {
                let loaded = store.load(*id).unwrap();
                let wanted = text(shown(fate.step));
                let mut panes = loaded.state.panes();
                let (_, _, pane) = panes.next().unwrap();
                assert_eq!(pane.contents, Some(wanted.reference()));
                let shown = store.contents(&[wanted.digest()]).unwrap();
                assert_eq!(shown, [wanted]);
            }
        }
    }
}
