//! How sessions are called: while they are made, and in the end.

use std::collections::BTreeSet;

use bstr::{BString, ByteSlice};

use super::{Planner, reference};
use crate::model::digest::DigestBuilder;
use crate::model::tree::{Session, SessionId, Tab};
use crate::restore::judge::path_of;
use crate::restore::plan::{Living, Place, PlannedSession};
use crate::restore::reference::SessionRef;

impl Planner<'_> {
    /// Plans the names of a session that is put beside what is alive.
    pub(super) fn name(&mut self, session: &Session, exists: bool) -> SessionRef {
        // What tmux itself would make of the name.
        let mut wanted = session.name.replace(":", "_").replace(".", "_");
        if wanted.is_empty() {
            wanted = b"unnamed".to_vec();
        }
        if exists {
            wanted.push(b'-');
            wanted.extend_from_slice(self.facts.suffix.as_bytes());
        }
        // A session that comes later keeps its name before one that is renamed.
        let later = &self.snapshot.state;
        let free = |name: &BString, taken: &BTreeSet<BString>| {
            !taken.contains(name) && (*name == session.name || later.session(name).is_none())
        };
        let to = unique(&wanted, |name| free(name, &self.taken));
        self.taken.insert(to.clone());
        self.add(session, to, Place::New)
    }

    /// Plans the names of a session that takes the place of a living one.
    pub(super) fn name_instead(
        &mut self,
        session: &Session,
        alive: &Session,
        id: SessionId,
    ) -> SessionRef {
        let living = Living {
            id,
            name: alive.name.clone(),
            aside: self.passing_name("-old"),
        };
        self.add(session, alive.name.clone(), Place::Instead(living))
    }

    /// Plans the names of a session that holds what is added to a living one.
    pub(super) fn name_into(
        &mut self,
        session: &Session,
        alive: &Session,
        id: SessionId,
    ) -> SessionRef {
        let living = Living {
            id,
            name: alive.name.clone(),
            aside: alive.name.clone(),
        };
        self.add(session, alive.name.clone(), Place::Into(living))
    }

    /// A name for the time of the restore that nobody has, with these words behind it.
    fn passing_name(&mut self, words: &str) -> BString {
        let digest = DigestBuilder::new("muxtape.restore.temporary/1")
            .value(&self.snapshot.meta.id)
            .value(&self.plan.fingerprint)
            .finish();
        let at = self.plan.sessions.len();
        let name = format!("muxtape-{digest:.8}-{at}{words}");
        let later = &self.snapshot.state;
        let name = unique(name.as_bytes(), |name| {
            !self.taken.contains(name) && later.session(name).is_none()
        });
        self.taken.insert(name.clone());
        name
    }

    fn add(&mut self, session: &Session, to: BString, place: Place) -> SessionRef {
        let at = self.plan.sessions.len();
        let temporary = self.passing_name("");
        let group = session.group.clone().filter(|group| {
            let own = place == Place::New && *group == to && !self.leaders.contains_key(group);
            !self.taken.contains(group) || own
        });
        let detail = &session.detail;
        let own = self.own(&detail.settings, &detail.hooks, &detail.environment);
        self.plan.sessions.push(PlannedSession {
            from: session.name.clone(),
            to,
            temporary,
            group,
            dir: {
                let dir = path_of(&session.cwd, &self.facts.directories).as_bstr();
                let is_there = self.facts.directories.contains(dir);
                if is_there {
                    dir
                } else {
                    self.facts.home.as_bstr()
                }
                .to_owned()
            },
            own,
            size: session.active_tab().map(Tab::size).unwrap_or_default(),
            place,
            ..PlannedSession::default()
        });
        SessionRef(reference(at))
    }
}

/// The name, or with a number behind it the first that is free.
fn unique(wanted: &[u8], free: impl Fn(&BString) -> bool) -> BString {
    let mut name = BString::from(wanted);
    let mut number = 2u32;
    while !free(&name) && number < u32::MAX {
        name = wanted.into();
        name.extend_from_slice(format!("-{number}").as_bytes());
        number += 1;
    }
    name
}
