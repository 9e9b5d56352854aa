//! Restores onto the multiplexer in memory, for tests: a plan, done by values.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use bstr::BString;

use super::built::Built;
use super::plan::{LivingTab, Member, Mode, Own, Place, Plan, PlannedPane, PlannedTab, StepShown};
use super::policy::Settings;
use super::profile::{ByHand, Fit, Profile};
use super::reference::{About, PaneRef, SessionRef, TabRef};
use super::report::{Made, MadePane, Phase, Progress, Within};
use super::restorer::{AlivePane, AliveParts, NewPanes, Rehearsal, Restorer};
use super::{LiveState, RestoreError, Workshop, variables};
use crate::model::detail::{Hook, Setting, Variable, Withheld};
use crate::model::geometry::{Cell, Layout, Rect};
use crate::model::snapshot::ServerIdentity;
use crate::model::tree::{Pane, PaneHandle, ServerState, Session, Tab};
use crate::model::tree::{PaneId, SessionId, TabId};
use crate::mux::memory::{Memory, Server};
use crate::mux::{Marked, Multiplexer, MuxError, NewPane, OwnPane, Scope, Variables};

/// It takes every name, and sets whatever the policy lets it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MemoryProfile;

impl Profile for MemoryProfile {
    fn name(&self, name: &BString) -> BString {
        name.clone()
    }

    fn allowed(
        &self,
        policy: Settings,
        listed: &BTreeSet<String>,
        settings: &[Setting],
        hooks: &[Hook],
        environment: &[Variable],
    ) -> (Own, Vec<String>) {
        let variables = environment.iter();
        let variables = variables.filter(|one| variables::may_be_set(policy, listed, one));
        let mut own = Own {
            settings: settings.to_vec(),
            hooks: hooks.to_vec(),
            environment: variables.cloned().collect(),
        };
        if policy == Settings::None {
            own.settings.clear();
        }
        if policy != Settings::All {
            own.hooks.clear();
        }
        (own, Vec::new())
    }

    fn private(&self) -> Setting {
        Setting {
            name: "private".into(),
            value: "on".into(),
        }
    }

    fn new_pane(&self, new: NewPane, _: &[Setting]) -> NewPane {
        new
    }

    fn start_command(&self, told: &BString) -> BString {
        told.clone()
    }

    fn is_own_buffer_name(&self, _: &BString) -> bool {
        false
    }

    fn pane(&self, id: PaneId) -> String {
        format!("pane {}", id.number())
    }

    fn by_hand(&self, _: ByHand) -> &'static str {
        "a key"
    }

    fn fit(&self, _: &LivingTab, _: &BTreeSet<u32>) -> Fit {
        Fit::default()
    }

    fn steps(&self, plan: &Plan) -> Vec<(StepShown, Vec<About>)> {
        let sessions = (0u32..).map(SessionRef).zip(&plan.sessions);
        let made = sessions.map(|(at, session)| {
            let name = session.to.to_string();
            let step = StepShown {
                action: "make",
                command: format!("make {name}"),
                target: name,
                note: None,
            };
            (step, vec![About::Session(at)])
        });
        made.collect()
    }
}

impl Restorer for Memory {
    fn own_pane(&self, _: Variables<'_>) -> Option<Arc<dyn OwnPane>> {
        None
    }

    fn set_private(&self, what: Marked, private: bool, _: &ServerState) -> Result<(), MuxError> {
        let mut server = self.server();
        for session in &mut server.state.sessions {
            let seen = session.clone();
            for (tab, seen_tab) in session.tabs.iter_mut().zip(&seen.tabs) {
                for pane in &mut tab.panes {
                    if what.holds(&seen, seen_tab, pane) {
                        pane.detail.withheld = private.then_some(Withheld::Private);
                    }
                }
            }
        }
        Ok(())
    }

    fn attaching(&self, _: SessionId, _: Variables<'_>) -> Option<Command> {
        None
    }

    fn scoped(&self, _: Scope) -> Arc<dyn Restorer> {
        Arc::new(self.clone())
    }

    fn profile(&self, _: Option<&ServerIdentity>) -> Result<Box<dyn Profile>, MuxError> {
        Ok(Box::new(MemoryProfile))
    }

    fn new_panes(&self, _: &ServerState) -> Result<NewPanes, MuxError> {
        Ok(NewPanes::default())
    }

    fn script(&self, plan: &Plan) -> Result<String, MuxError> {
        let lines = plan.steps.iter().map(|step| format!("{}\n", step.command));
        Ok(lines.collect())
    }

    fn carry_out(
        &self,
        plan: &Plan,
        workshop: &Workshop<'_>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Built, RestoreError> {
        let live = LiveState {
            server: self.identity()?,
            state: self.server().state.clone(),
            ..LiveState::default()
        };
        if live.fingerprint(&plan.relies) != plan.fingerprint {
            return Err(RestoreError::Changed);
        }
        let mut server = self.server();
        let mut builder = Builder {
            plan,
            workshop,
            server: &mut server,
            built: Built::default(),
        };
        for (at, _) in (0u32..).zip(&plan.sessions) {
            builder.session(SessionRef(at));
        }
        let Builder { mut built, .. } = builder;
        server.state.sort();
        let buffers = plan.buffers.iter().cloned();
        server.state.buffers.splice(0..0, buffers);
        built.made_panes.sort_by_key(|pane| pane.id);
        progress(Progress {
            phase: Phase::Start,
            done: plan.steps.len(),
            total: plan.steps.len(),
        });
        Ok(built)
    }

    fn alive(&self) -> Result<AliveParts, RestoreError> {
        let server = self.server();
        let mut alive = AliveParts::default();
        for session in &server.state.sessions {
            let id = session.handle.unwrap();
            alive.sessions.insert(id, session.name.clone());
            for tab in &session.tabs {
                for pane in tab.panes.iter().filter_map(|pane| pane.handle) {
                    let known = alive.panes.entry(pane.id).or_insert_with(|| AlivePane {
                        pid: pane.pid,
                        places: Vec::new(),
                    });
                    known.places.push((tab.handle.unwrap(), id));
                }
            }
        }
        Ok(alive)
    }

    fn close(&self, sessions: &[SessionId], panes: &[PaneId]) -> String {
        let mut server = self.server();
        let of = |handle: Option<SessionId>| handle.is_some_and(|id| sessions.contains(&id));
        server.state.sessions.retain(|session| !of(session.handle));
        for session in &mut server.state.sessions {
            session.tabs.retain(|tab| {
                let mut all = tab.panes.iter();
                !all.all(|pane| pane.handle.is_some_and(|own| panes.contains(&own.id)))
            });
        }
        server
            .state
            .sessions
            .retain(|session| !session.tabs.is_empty());
        String::new()
    }

    fn move_clients(&self, _: SessionId, _: SessionId) -> Result<usize, MuxError> {
        Ok(0)
    }

    fn close_single(&self, session: SessionId) -> Result<(), MuxError> {
        self.close(&[session], &[]);
        Ok(())
    }

    fn closing(&self, _: SessionId) -> Result<Command, MuxError> {
        Ok(Command::new("true"))
    }

    fn rehearsal(&self, _: &Path, _: &ServerState) -> Result<Box<dyn Rehearsal>, RestoreError> {
        Ok(Box::new(Memory::default()))
    }
}

impl Rehearsal for Memory {
    fn restorer(&self) -> &dyn Restorer {
        self
    }
}

/// A restore under way.
struct Builder<'a> {
    plan: &'a Plan,
    workshop: &'a Workshop<'a>,
    server: &'a mut Server,
    built: Built,
}

impl Builder<'_> {
    fn session(&mut self, at: SessionRef) {
        let planned = self.plan.session(at).unwrap();
        let mut tabs = Vec::new();
        for member in &planned.members {
            match member {
                Member::Tab { tab, index } => tabs.extend(self.tab(*tab, *index)),
                Member::Panes(merge) => {
                    for pane in merge.panes.values() {
                        self.join(*pane, merge.into.id);
                    }
                }
            }
        }
        if let Place::Into(living) = &planned.place {
            let mut sessions = self.server.state.sessions.iter_mut();
            let alive = sessions
                .find(|session| session.handle == Some(living.id))
                .unwrap();
            alive.tabs.extend(tabs);
            return;
        }
        if let Some(living) = planned.replaces() {
            let sessions = &mut self.server.state.sessions;
            sessions.retain(|session| session.handle != Some(living.id));
        }
        let id = SessionId::of(self.server.number());
        for tab in &mut tabs {
            tab.active = planned.visited.last() == Some(&tab.index);
            tab.last = planned.visited.iter().rev().nth(1) == Some(&tab.index);
        }
        let mut session = Session {
            life: Default::default(),
            handle: Some(id),
            name: planned.to.clone(),
            cwd: planned.dir.clone(),
            group: planned.group.clone(),
            tabs,
            detail: Default::default(),
        };
        session.detail.settings.clone_from(&planned.own.settings);
        session
            .detail
            .environment
            .clone_from(&planned.own.environment);
        self.server.state.sessions.push(session);
        self.built.sessions.insert(at, id);
        self.built.made.push(Made {
            from: planned.from.clone(),
            to: planned.to.clone(),
            id,
            called: format!("session {}", id.number()),
        });
        for pane in &mut self.built.made_panes {
            if pane.target.session == planned.from {
                pane.within = Within::Own(id);
            }
        }
    }

    fn tab(&mut self, at: TabRef, index: u32) -> Option<Tab> {
        let planned = self.plan.tab(at)?;
        let id = match self.built.tabs.get(&at) {
            Some(id) => *id,
            None => TabId::of(self.server.number()),
        };
        self.built.tabs.insert(at, id);
        let layout = planned.layout.as_ref();
        let places = layout.map_or_else(Vec::new, Layout::panes);
        let panes = planned.panes.iter().map(|pane| {
            let rect = places.iter().find(|(place, _)| *place == pane.0);
            self.pane(
                *pane,
                planned,
                rect.map_or_else(Rect::default, |(_, rect)| *rect),
                id,
            )
        });
        let mut panes: Vec<Pane> = panes.collect();
        panes.sort_by_key(|pane| pane.index);
        let index_of = |pane: u32| self.plan.pane(PaneRef(pane))?.target.pane;
        let mut tab = Tab {
            handle: Some(id),
            index,
            name: planned.name.clone(),
            active: false,
            last: false,
            zoomed: planned.zoomed,
            synchronized: planned.synchronized,
            automatic_rename: planned.automatic_rename,
            layout: layout
                .and_then(|layout| layout.renumbered(&index_of))
                .unwrap(),
            panes,
            detail: Default::default(),
        };
        tab.detail.settings.clone_from(&planned.own.settings);
        Some(tab)
    }

    fn pane(&mut self, at: PaneRef, tab: &PlannedTab, rect: Rect, tab_id: TabId) -> Pane {
        let planned: &PlannedPane = self.plan.pane(at).unwrap();
        let id = match self.built.panes.get(&at) {
            Some(id) => *id,
            None => PaneId::of(self.server.number()),
        };
        let pid = i32::try_from(id.number()).ok();
        let text = planned.text.and_then(|text| self.workshop.texts.get(&text));
        self.server
            .texts
            .extend(text.map(|text| (id, text.clone())));
        if self.built.panes.insert(at, id).is_none() {
            let living = self.plan.session(tab.session).and_then(|one| one.adds_to());
            self.built.made_panes.push(MadePane {
                target: planned.target.clone(),
                id,
                pid,
                within: living.map_or(Within::Own(SessionId::of(0)), |one| {
                    Within::Session(one.id, tab_id)
                }),
            });
        }
        let mut pane = Pane {
            attachments: Vec::new(),
            handle: Some(PaneHandle { id, pid }),
            index: planned.target.pane.unwrap(),
            title: planned.title.clone().unwrap_or_default(),
            cwd: planned.dir.clone(),
            active: tab.active == Some(at),
            last: tab.last == Some(at),
            marked: tab.marked == Some(at),
            rect,
            shell: planned.shell.clone(),
            program: None,
            exit: planned.exit,
            screen: planned.screen,
            contents: None,
            detail: Default::default(),
        };
        pane.detail.settings.clone_from(&planned.own.settings);
        pane.detail.input_off = planned.input_off;
        pane.screen.scroll = match &planned.mode {
            Some(Mode::Copy { scroll, .. }) => Some(*scroll),
            _ => None,
        };
        pane
    }

    /// Puts a pane to the right of all others of a living tab.
    fn join(&mut self, at: PaneRef, window: TabId) {
        let planned = self.plan.pane(at).unwrap();
        let tab = self.plan.tab(planned.tab).unwrap();
        let pane = self.pane(at, tab, Rect::default(), window);
        if let Some(made) = self.built.made_panes.last_mut() {
            made.within = Within::Tab(window);
        }
        let sessions = self.server.state.sessions.iter_mut();
        let mut tabs = sessions.flat_map(|session| &mut session.tabs);
        let tab = tabs.find(|tab| tab.handle == Some(window)).unwrap();
        tab.panes.push(Pane {
            index: u32::try_from(tab.panes.len()).unwrap() + tab.panes[0].index,
            active: false,
            ..pane
        });
        spread(tab);
    }
}

/// Lays out the panes of a tab side by side.
fn spread(tab: &mut Tab) {
    let mut left = 0;
    let mut children = Vec::new();
    for pane in &mut tab.panes {
        pane.rect = Rect {
            left,
            top: 0,
            width: 20,
            height: 24,
        };
        left += 21;
        children.push(Cell::Pane {
            rect: pane.rect,
            pane: pane.index,
        });
    }
    tab.layout = Layout {
        gap: 1,
        root: Cell::Split {
            rect: Rect {
                left: 0,
                top: 0,
                width: left - 1,
                height: 24,
            },
            axis: crate::model::geometry::Axis::Columns,
            children,
        },
    };
}

mod tests {
    use std::collections::BTreeMap;

    use crate::capture::{CaptureRequest, Captured, Exclusions, capture};
    use crate::model::contents::Contents;
    use crate::model::diff::diff;
    use crate::model::snapshot::{Cause, Snapshot};
    use crate::model::tree::ServerState;
    use crate::mux::memory::Memory;
    use crate::mux::{ContentsRequest, Multiplexer};
    use crate::redact::{RedactSettings, Redactor};
    use crate::restore::undo::{Undone, undo};
    use crate::restore::{
        OnConflict, Outlook, Plan, Policy, Report, RestoreError, Selection, Settings, Surroundings,
        Workshop, apply, prepare,
    };
    use crate::store::testing::{Scratch, record, scratch, session, snapshot, state, text};
    use crate::store::{NewSnapshot, Storing};

    /// A server with two sessions, and a store.
    fn world() -> (Memory, Scratch) {
        let texts = ["$ make\nok\n$", "$ tail -f log\n1", "~ %"].map(text);
        let mut api = session("api", 1, &texts[..2]);
        api.tabs[0].panes[1].last = true;
        let web = session("web", 2, &texts[2..]);
        let mut state = state(vec![api, web]);
        for session in &mut state.sessions {
            session.cwd = "/".into();
            for pane in session.tabs.iter_mut().flat_map(|tab| &mut tab.panes) {
                pane.cwd = "/".into();
                // A program is typed, and does not run by itself.
                pane.program = None;
                pane.shell = vec!["sh".into()];
            }
        }
        (Memory::with(state, &texts), scratch())
    }

    fn captured(mux: &Memory) -> Captured {
        let redactor = Redactor::new(&RedactSettings::default()).unwrap();
        let request = CaptureRequest {
            contents: true,
            ..CaptureRequest::default()
        };
        capture(mux, &redactor, &Exclusions::default(), &request, None).unwrap()
    }

    /// Captures and stores, and reads that back.
    fn stored(mux: &Memory, s: &Scratch, second: i64) -> Snapshot {
        let captured = captured(mux);
        let new = NewSnapshot {
            server: captured.server.clone(),
            state: captured.state,
            contents: captured.contents.into_values().collect(),
            cause: Cause::Manual,
            storing: Storing::Auto,
            ..snapshot(second, &ServerState::default(), &[])
        };
        let meta = record(&s.store, new);
        s.store.load(meta.id).unwrap()
    }

    fn planned(mux: &Memory, snapshot: &Snapshot, on_conflict: OnConflict) -> Plan {
        let policy = Policy {
            on_conflict,
            settings: Settings::All,
            ..Policy::default()
        };
        let around = Surroundings {
            home: "/".into(),
            suffix: "1140".into(),
            search_path: Some("/bin:/usr/bin".into()),
            ..Surroundings::default()
        };
        prepare(snapshot, mux, &policy, &Selection::all(), &around).unwrap()
    }

    fn done(mux: &Memory, s: &Scratch, plan: &Plan) -> Result<Report, RestoreError> {
        let wanted = plan.texts();
        let found = s.store.contents(&wanted).unwrap();
        let texts: BTreeMap<_, Contents> = wanted.into_iter().zip(found).collect();
        let workshop = Workshop {
            restorer: mux,
            program: "muxtape".as_ref(),
            runtime: "/nowhere".as_ref(),
            texts: &texts,
            undo: Some(plan.snapshot),
            memory: None,
        };
        apply(plan, &workshop, &mut |_| {})
    }

    #[test]
    fn what_was_captured_and_stored_comes_back_equal() {
        let (mux, s) = world();
        let before = stored(&mux, &s, 1);
        assert_eq!(before.state.pane_count(), 3);
        // Nothing is lost, so there is nothing to do.
        let plan = planned(&mux, &before, OnConflict::Skip);
        assert!(plan.is_empty(), "{:#?}", plan.items);
        mux.end();
        assert!(mux.identity().unwrap().is_none());
        let plan = planned(&mux, &before, OnConflict::Skip);
        assert!(plan.starts_server && plan.loses.is_empty());
        assert_eq!(plan.steps.len(), 2);
        assert!(
            plan.items
                .iter()
                .all(|item| item.outlook == Outlook::Create)
        );
        let report = done(&mux, &s, &plan).unwrap();
        assert_eq!((report.panes_restored, report.panes_failed), (3, 0));
        assert_eq!(report.errors, Vec::<String>::new());
        let after = stored(&mux, &s, 2);
        let found = diff(&before.state, &after.state);
        assert!(found.is_empty(), "{found:#?}");
        assert_eq!(before.state.digest(), after.state.digest());
    }

    #[test]
    fn what_was_made_is_taken_back_and_nothing_else() {
        let (mux, s) = world();
        let before = stored(&mux, &s, 1);
        let plan = planned(&mux, &before, OnConflict::Rename);
        // What is alive as it was is left alone, unless it is asked for.
        assert!(plan.is_empty());
        mux.server().state.sessions[0].tabs[0].name = "other".into();
        let changed = captured(&mux).state;
        let plan = planned(&mux, &before, OnConflict::Rename);
        let report = done(&mux, &s, &plan).unwrap();
        assert_eq!(report.sessions[0].to, "api-1140");
        let made = report.undoable().unwrap();
        assert_eq!(undo(&mux, &made).unwrap().closed, report.sessions);
        assert_eq!(captured(&mux).state.digest(), changed.digest());
        // Another life has other sessions, whatever their numbers.
        mux.end();
        let Undone { closed, left, .. } = undo(&mux, &made).unwrap();
        assert!(closed.is_empty() && left.len() == 1);
    }

    #[test]
    fn what_is_missing_is_added_and_what_has_changed_stops_it() {
        let (mux, s) = world();
        let before = stored(&mux, &s, 1);
        {
            let mut server = mux.server();
            let tab = &mut server.state.sessions[0].tabs[0];
            tab.panes.pop();
            super::spread(tab);
        }
        let plan = planned(&mux, &before, OnConflict::Merge);
        assert_eq!((plan.counts().panes, plan.loses.len()), (1, 0));
        let replaces = planned(&mux, &before, OnConflict::Replace);
        assert_eq!(replaces.loses, ["the shell in api:1.0"]);
        let report = done(&mux, &s, &plan).unwrap();
        assert_eq!(report.panes_restored, 1);
        let now = mux.observe().unwrap().state;
        now.check().unwrap();
        assert_eq!(now.pane_count(), 3);
        let pane = now.sessions[0].tabs[0].panes[1].handle.unwrap();
        let wanted = ContentsRequest {
            pane: pane.id,
            alternate: false,
            history: 0,
            limit: None,
        };
        let shown = mux.contents(&[wanted]).unwrap();
        assert_eq!(shown[0].as_ref().unwrap().main, "$ tail -f log\n1");
        // The plan to replace it was made when it had one pane.
        let refused = done(&mux, &s, &replaces);
        assert!(matches!(refused, Err(RestoreError::Changed)), "{refused:?}");
        assert_eq!(mux.observe().unwrap().state, now);
    }

    #[test]
    fn a_rehearsal_finds_everything_back() {
        let (mux, s) = world();
        let before = stored(&mux, &s, 1);
        let digests: Vec<_> = before
            .state
            .panes()
            .filter_map(|(_, _, pane)| Some(pane.contents?.digest))
            .collect();
        let found = s.store.contents(&digests).unwrap();
        let texts = digests.into_iter().zip(found).collect();
        let stage = crate::restore::drill::Stage {
            mux: &mux,
            program: "muxtape".as_ref(),
            texts: &texts,
            trust: false,
        };
        let around = Surroundings {
            home: "/".into(),
            ..Surroundings::default()
        };
        let drill = crate::restore::drill::drill(&before, &around, &stage).unwrap();
        assert!(
            drill.fidelity.is_exact(),
            "{:#?}",
            drill.fidelity.differences
        );
    }
}
