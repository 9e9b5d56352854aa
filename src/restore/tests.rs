//! Plans for any state beside any live state, and offers after any end.

use std::collections::{BTreeMap, BTreeSet};

use bstr::BString;
use proptest::prelude::*;

use super::memory::MemoryProfile;
use super::recovery::{Alive, Offer, Past, offers};
use super::*;
use crate::model::snapshot::{
    BootId, Cause, ChangeCount, EndCause, Life, LifeEnd, MuxKind, Provenance, RecoveryState,
    ServerIdentity, ServerProcess, SessionSummary, Snapshot, SnapshotMeta, Trust,
};
use crate::model::testing::{any_state, in_life};
use crate::model::time::Millis;
use crate::model::tree::ServerState;

/// Of a snapshot that was made here, where nothing is known of new panes.
const OWN: judge::Terms<'_> = judge::Terms {
    foreign: false,
    new: None,
    profile: &MemoryProfile,
};

pub(super) fn server(pid: i32, boot: &str) -> ServerIdentity {
    ServerIdentity {
        mux: MuxKind::Tmux,
        socket: "/tmp/s".into(),
        version: "3.3a".into(),
        process: Some(ServerProcess {
            pid,
            started: Millis(1_000),
        }),
        boot: BootId(boot.into()),
    }
}

pub(super) fn snapshot(state: ServerState) -> Snapshot {
    let sessions = state.sessions.iter().map(|session| SessionSummary {
        life: Default::default(),
        name: session.name.clone(),
        mark: session.digest().mark(),
        tabs: 1,
        panes: 1,
    });
    Snapshot {
        meta: SnapshotMeta {
            id: SnapshotId::new(Millis(1_700_000_000_000), 7, None),
            parent: None,
            time: Millis(1_700_000_000_000),
            cause: Cause::Manual,
            provenance: Default::default(),
            name: None,
            notes: Vec::new(),
            tags: Vec::new(),
            pinned: false,
            partial: false,
            archived: false,
            host: "test".into(),
            server: server(1, "a"),
            root: state.digest(),
            sessions: sessions.collect(),
            changes: ChangeCount::default(),
            stored_bytes: 0,
            logical_bytes: 0,
            took_ms: 0,
            redactions: Vec::new(),
            gap: None,
        },
        state,
    }
}

/// Makes a snapshot one that was imported.
pub(super) fn imported(snapshot: &mut Snapshot) {
    snapshot.meta.cause = Cause::Import;
    snapshot.meta.provenance = Provenance::Imported {
        trust: Trust::Foreign,
    };
}

pub(super) fn any_policy() -> impl Strategy<Value = Policy> {
    (0usize..4, 0usize..4, 0usize..3, any::<bool>(), 0usize..3).prop_map(
        |(conflict, programs, dir, text, settings)| Policy {
            parts: None,
            on_conflict: [
                OnConflict::Skip,
                OnConflict::Rename,
                OnConflict::Merge,
                OnConflict::Replace,
            ][conflict],
            programs: [
                Programs::Shell,
                Programs::Type,
                Programs::Allow,
                Programs::All,
            ][programs],
            missing_dir: [MissingDir::Parent, MissingDir::Home, MissingDir::Skip][dir],
            text: if text { Text::Replay } else { Text::None },
            settings: [Settings::None, Settings::Safe, Settings::All][settings],
            allow: Vec::new(),
            trust: false,
        },
    )
}

pub(super) fn any_facts() -> impl Strategy<Value = Facts> {
    any::<bool>().prop_map(|found| Facts {
        home: "/home/me".into(),
        directories: ["/", "/home/me"].into_iter().map(BString::from).collect(),
        programs: BTreeMap::from([("1:ünï".into(), found)]),
        suffix: "1140".into(),
        ..Facts::default()
    })
}

/// Some of the sessions of a state as members of one group.
pub(super) fn grouped(mut state: ServerState, mask: u8) -> ServerState {
    for (at, session) in state.sessions.iter_mut().enumerate() {
        if mask >> (at % 8) & 1 == 1 {
            session.group = Some("g".into());
        }
    }
    state
}

proptest! {
    #[test]
    fn there_is_a_sound_plan_for_everything(
        saved in any_state(),
        alive in any_state(),
        runs: bool,
        mask: u8,
        (policy, facts) in (any_policy(), any_facts()),
        chosen: u64,
    ) {
        let saved = grouped(saved, mask);
        let live = if runs {
            LiveState {
                server: Some(server(2, "a")),
                state: in_life(alive, 2),
                ..LiveState::default()
            }
        } else {
            LiveState::default()
        };
        let mut selection = Selection::all();
        for (at, (session, tab, pane)) in saved.panes().enumerate() {
            if chosen >> (at % 64) & 1 == 0 {
                let target = crate::model::target::Target {
                    session: session.name.clone(),
                    tab: Some(tab.index),
                    pane: Some(pane.index),
                };
                selection.set(&saved, &target, false);
            }
        }
        let mut snapshot = snapshot(saved);
        let plan = plan(&snapshot, &live, &facts, &policy, &selection, &MemoryProfile);

        // Every pane that is made is made once, and every row that says so has one.
        let made: Vec<PaneRef> = plan.tabs.iter().flat_map(|tab| tab.panes.clone()).collect();
        let all: Vec<PaneRef> = (0u32..).map(PaneRef).take(plan.panes.len()).collect();
        prop_assert_eq!(made, all);
        for item in plan.items.iter().filter(|item| item.level == Level::Pane) {
            let chosen = item.outlook != Outlook::Skip;
            prop_assert_eq!(chosen, item.pane.is_some() || item.tab.is_some() && item.chosen == Chosen::Yes);
        }
        prop_assert_eq!(
            plan.items.iter().filter(|item| item.level == Level::Pane).count(),
            snapshot.state.pane_count()
        );

        // Names are new but where a living session is replaced or added to, and each is there once.
        let new = |s: &&PlannedSession| s.place == Place::New;
        let mut names: Vec<&BString> = plan.sessions.iter().filter(new).map(|s| &s.to).collect();
        names.extend(plan.sessions.iter().map(|s| &s.temporary));
        names.extend(plan.sessions.iter().filter_map(|s| Some(&s.replaces()?.aside)));
        for planned in &plan.sessions {
            let living = planned.replaces().or(planned.adds_to());
            prop_assert!(living.is_none_or(|living| live.state.session(&living.name).is_some()));
        }
        names.extend(live.state.sessions.iter().map(|session| &session.name));
        let unique: BTreeSet<&&BString> = names.iter().collect();
        prop_assert_eq!(unique.len(), names.len());

        // Nothing would be lost that is not replaced.
        prop_assert!(plan.loses.is_empty() || !plan.replaced().is_empty());
        for item in &plan.items {
            prop_assert!(item.steps.iter().all(|at| *at < plan.steps.len()));
            prop_assert!(item.warnings.iter().all(|at| *at < plan.warnings.len()));
        }
        // What is typed is one line without controls.
        for line in plan.panes.iter().filter_map(|pane| pane.line.as_ref()) {
            prop_assert!(!line.iter().any(|byte| *byte < 0x20 || *byte == 0x7f));
        }
        foreign_plans_do_nothing(&mut snapshot, &live, &facts, &policy, &selection, &MemoryProfile)?;
    }
}

/// Of a snapshot that came from a file nothing is run and nothing set, under whatever policy.
pub(super) fn foreign_plans_do_nothing(
    snapshot: &mut Snapshot,
    live: &LiveState,
    facts: &Facts,
    policy: &Policy,
    selection: &Selection,
    profile: &dyn Profile,
) -> Result<(), TestCaseError> {
    let own = plan(snapshot, live, facts, policy, selection, profile);
    imported(snapshot);
    let trust = Policy {
        trust: true,
        ..policy.clone()
    };
    let trusted = plan(snapshot, live, facts, &trust, selection, profile);
    prop_assert_eq!((&trusted.steps, &trusted.panes), (&own.steps, &own.panes));
    let foreign = plan(snapshot, live, facts, policy, selection, profile);
    prop_assert!(foreign.foreign && !trusted.foreign);
    prop_assert_eq!(foreign.warnings[0].kind, "imported");
    prop_assert!(
        trusted
            .warnings
            .iter()
            .all(|warning| warning.kind != "imported")
    );
    prop_assert!(foreign.buffers.is_empty());
    let owns = foreign.sessions.iter().map(|session| &session.own);
    let owns = owns.chain(foreign.tabs.iter().map(|tab| &tab.own));
    for own in owns.chain(foreign.panes.iter().map(|pane| &pane.own)) {
        prop_assert!(own.hooks.is_empty() && own.environment.is_empty());
        let mark = profile.private().name;
        prop_assert!(own.settings.iter().all(|setting| setting.name == mark));
    }
    prop_assert!(foreign.panes.iter().all(|pane| pane.shell.len() <= 1));
    prop_assert!(foreign.panes.iter().all(|pane| pane.start != Start::Run));
    Ok(())
}

/// A pane, and what a judge needs for it under the most daring policy.
fn daring() -> (crate::model::tree::Pane, Facts, Policy) {
    let mut pane = crate::store::testing::session("s", 1, &[crate::store::testing::text("")])
        .tabs
        .remove(0)
        .panes
        .remove(0);
    pane.program = None;
    let policy = Policy {
        programs: Programs::All,
        ..Policy::default()
    };
    let facts = Facts {
        home: "/".into(),
        directories: BTreeSet::from([pane.cwd.clone()]),
        ..Facts::default()
    };
    (pane, facts, policy)
}

fn words(line: &str) -> Vec<BString> {
    line.split(' ').map(BString::from).collect()
}

#[test]
fn what_held_a_secret_is_typed_to_be_completed_and_never_run() {
    // The pane's own process is no shell, and what it ran in the foreground could not be seen.
    let (mut pane, facts, policy) = daring();
    pane.shell = words("watch mysql -uroot");
    assert_eq!(
        judge::judge(&pane, true, &facts, &policy, OWN).start,
        Start::Run
    );
    pane.shell[2] = "-p‹redacted:password-option›".into();
    let judged = judge::judge(&pane, true, &facts, &policy, OWN);
    assert_eq!(judged.start, Start::Type);
    let line = judged.line.unwrap();
    assert_eq!(line, "watch mysql '-p‹redacted:password-option›'");
    let told = &judged.warnings.last().unwrap().issue;
    assert!(
        told.ends_with("watch mysql '-p‹redacted:password-option›'"),
        "{told}"
    );
}

#[test]
fn pipelines_and_inner_shells_are_told_and_not_started() {
    let (mut pane, mut facts, policy) = daring();
    pane.shell = words("bash");
    let file = ShellFile::Installed("/bin/bash".into());
    facts.shells.insert("bash".into(), file);
    pane.detail.shells = vec![words("bash"), words("fish"), words("zsh -l")];
    pane.program = Some(crate::model::program::Program {
        argv: words("grep a"),
        exe: None,
        cwd: None,
        pipeline: vec![Vec::new(), words("less")],
        redacted: false,
    });
    let judged = judge::judge(&pane, true, &facts, &policy, OWN);
    assert_eq!((judged.line, judged.start), (None, Start::Leave));
    let told: Vec<&str> = judged
        .warnings
        .iter()
        .map(|warning| warning.issue.as_str())
        .collect();
    let inner = "zsh within fish ran within bash";
    assert_eq!(
        told,
        [inner, "grep was part of a pipeline: … | grep a | less"]
    );
}

/// A pane with this shell, judged where everything of that name is installed.
fn judged_shell(shell: &str, terms: judge::Terms<'_>) -> judge::Judged {
    let (mut pane, mut facts, policy) = daring();
    pane.shell = words(shell);
    let name = pane.shell[0].clone();
    let file = ShellFile::Installed("/usr/bin/it".into());
    facts.shells.insert(name, file);
    judge::judge(&pane, true, &facts, &policy, terms)
}

#[test]
fn a_shell_comes_back_with_the_options_that_run_nothing() {
    let judged = judged_shell("-zsh", OWN);
    assert_eq!((judged.shell, judged.warnings), (words("-zsh"), Vec::new()));
    assert_eq!(judged.shell_file, "/usr/bin/it");
    let judged = judged_shell("bash --rcfile /tmp/x -i --norc", OWN);
    assert_eq!(judged.shell, words("bash -i --norc"));
    let told = &judged.warnings[0];
    assert_eq!(
        (told.kind, told.issue.as_str()),
        ("shell options", "the shell bash had '--rcfile /tmp/x'")
    );
    // Of a snapshot that came from a file not even those.
    let foreign = judge::Terms {
        foreign: true,
        ..OWN
    };
    let judged = judged_shell("-bash --rcfile /tmp/x --norc", foreign);
    assert_eq!(judged.shell, words("-bash"));
    assert_eq!(judged.warnings.len(), 1);
}

#[test]
fn a_shell_that_is_not_installed_is_the_default_one() {
    let (mut pane, mut facts, policy) = daring();
    let doubt = Doubt::OpenToOthers {
        path: "/opt".into(),
    };
    for (name, found, kind) in [
        ("/tmp/x/bash", ShellFile::Stray, "unknown shell"),
        ("/gone/zsh", ShellFile::Missing, "missing shell"),
        ("bash", ShellFile::Doubted(doubt), "doubtful shell"),
    ] {
        pane.shell = words(name);
        facts.shells = BTreeMap::from([(name.into(), found)]);
        let judged = judge::judge(&pane, true, &facts, &policy, OWN);
        assert!(judged.shell.is_empty() && judged.shell_file.is_empty());
        assert_eq!(judged.warnings[0].kind, kind);
    }
    // What was not looked at is not started either.
    facts.shells.clear();
    assert!(
        judge::judge(&pane, true, &facts, &policy, OWN)
            .shell
            .is_empty()
    );
}

#[test]
fn a_pane_that_began_as_new_ones_do_has_no_program_of_its_own() {
    let new = crate::mux::NewPane {
        shell: "/bin/bash".into(),
        command: "umask 027; bash; true".into(),
    };
    let terms = judge::Terms {
        new: Some(&new),
        ..OWN
    };
    let (mut pane, facts, policy) = daring();
    pane.shell = vec!["bash".into(), "-c".into(), new.command.clone()];
    pane.detail.start_command.clone_from(&new.command);
    pane.detail.shells = vec![words("bash")];
    let judged = judge::judge(&pane, true, &facts, &policy, terms);
    assert_eq!((judged.line, judged.new.as_ref()), (None, Some(&new)));
    assert!(judged.warnings.is_empty(), "{:?}", judged.warnings);
    // What its shell had opened further is lost, and told; whatever is known of new panes.
    pane.detail.shells.push(words("zsh"));
    for terms in [terms, OWN] {
        let judged = judge::judge(&pane, true, &facts, &policy, terms);
        let told: Vec<&str> = judged
            .warnings
            .iter()
            .map(|one| one.issue.as_str())
            .collect();
        assert_eq!(told, ["zsh ran within bash"]);
        pane.detail.shells.truncate(1);
        let judged = judge::judge(&pane, true, &facts, &policy, terms);
        assert!(judged.warnings.is_empty(), "{:?}", judged.warnings);
        pane.detail.shells.push(words("zsh"));
    }
    // Made with that by hand: it is typed, as before.
    pane.detail.start_command = "other".into();
    let judged = judge::judge(&pane, true, &facts, &policy, terms);
    assert!(judged.new.is_none() && judged.line.is_some());
}

fn past(pid: i32, boot: &str, names: &[&str], seen: i64) -> Past {
    let mut meta = snapshot(ServerState::default()).meta;
    meta.server = server(pid, boot);
    meta.sessions = names
        .iter()
        .map(|name| SessionSummary {
            life: Default::default(),
            name: (*name).into(),
            mark: ServerState::default().digest().mark(),
            tabs: 1,
            panes: 2,
        })
        .collect();
    Past {
        life: Life {
            server: server(pid, boot),
            first_seen: Millis(0),
            last_seen: Millis(seen),
            end: None,
            recovery: RecoveryState::Open,
        },
        snapshots: vec![meta],
        trivial: false,
        evident: false,
        blank: BTreeSet::new(),
    }
}

fn ids(offers: &[Offer]) -> Vec<i32> {
    offers
        .iter()
        .map(|offer| offer.life.server.pid().unwrap())
        .collect()
}

#[test]
fn what_a_crash_took_is_offered_before_a_blank_session() {
    let now = BootId("b".into());
    let mut blank = past(2, "b", &["0"], 300);
    blank.trivial = true;
    let crashed = past(3, "b", &["api", "web"], 200);
    let rebooted = past(1, "a", &["api"], 100);
    let alive = Alive {
        server: server(9, "b"),
        sessions: vec!["web".into()],
        blank: BTreeSet::new(),
    };
    let mut killed = past(4, "b", &["0"], 50);
    (killed.trivial, killed.evident) = (true, true);
    let all = [blank, rebooted, crashed, killed];
    let found = offers(&all, std::slice::from_ref(&alive), &now);
    assert_eq!(ids(&found), [3, 1, 4, 2]);
    let evident: Vec<bool> = found.iter().map(|offer| offer.evident).collect();
    assert_eq!(evident, [true, true, true, false]);
    assert_eq!(found[0].cause, EndCause::ServerGone);
    assert_eq!(found[1].cause, EndCause::Reboot);
    assert_eq!(found[0].lost().collect::<Vec<_>>(), ["api"]);
    assert_eq!(
        found[0].newest(),
        Some(all[2].snapshots.first().unwrap().id)
    );
}

#[test]
fn what_is_alive_back_dismissed_or_closed_is_not_offered() {
    let now = BootId("b".into());
    let open = past(1, "b", &["api"], 100);
    let offered =
        |past: &Past, alive: &[Alive]| offers(std::slice::from_ref(past), alive, &now).len();
    assert_eq!(offered(&open, &[]), 1);
    let alive = |pid, name: &str| Alive {
        server: server(pid, "b"),
        sessions: vec![name.into()],
        blank: BTreeSet::new(),
    };
    assert_eq!(offered(&open, &[alive(1, "other")]), 0);
    assert_eq!(offered(&open, &[alive(2, "api")]), 0);
    assert_eq!(offered(&open, &[alive(2, "0")]), 1);
    // A blank session of the same name is not the lost one, unless that was blank.
    let mut anew = alive(2, "api");
    anew.blank.insert("api".into());
    assert_eq!(offered(&open, std::slice::from_ref(&anew)), 1);
    let mut was_blank = open.clone();
    was_blank.blank.insert("api".into());
    assert_eq!(offered(&was_blank, &[anew]), 0);
    for state in [RecoveryState::Dismissed, RecoveryState::Recovered] {
        let mut answered = open.clone();
        answered.life.recovery = state;
        assert_eq!(offered(&answered, &[]), 0);
    }
    let mut closed = open.clone();
    closed.life.end = Some(LifeEnd {
        noticed: Millis(200),
        cause: EndCause::Closed,
    });
    assert_eq!(offered(&closed, &[]), 0);
    let mut empty = open;
    empty.snapshots.clear();
    assert_eq!(offered(&empty, &[]), 0);
}
