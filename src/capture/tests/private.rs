//! Marks, programs, directories and sessions: nothing of what is never recorded is in a capture of
//! a real tmux.

use std::path::Path;
use std::sync::Mutex;

use super::*;
use crate::capture::exclusions::{KeptTexts, Never, SessionRule};
use crate::mux::tmux::command::Command;
use crate::mux::{Observation, PaneTexts, TextRequest};

const PLANTED: &str = "pla-nted";

/// A server whose first pane, `%0`, has something planted in its title, its text, its command and
/// its directory.
fn planted() -> TmuxServer {
    let server = TmuxServer::start();
    let dir = server.dir().join(PLANTED);
    std::fs::create_dir(&dir).unwrap();
    // Names that follow programs come late.
    server.run(["set-option", "-g", "automatic-rename", "off"]);
    server.run(["split-window", "-d", "-t", "main:"]);
    server.wait_for_prompt("main:.0");
    server.wait_for_prompt("main:.1");
    server.type_line("main:.1", "echo beside it");
    server.type_line("main:.0", &format!("cd '{}'", dir.display()));
    server.type_line(
        "main:.0",
        &format!("sh -c 'echo {PLANTED}; exec sleep 1000' {PLANTED}"),
    );
    server.wait_for_text("main:.0", &format!("\n{PLANTED}"));
    server.wait_for_text("main:.1", "\nbeside it");
    server.run(["select-pane", "-t", "main:.0", "-T", PLANTED]);
    server
}

fn mark(tmux: &Tmux, value: &str) {
    let set = Command::new("set-option").flag("-p").opt("-t", "%0");
    let set = set.arg(crate::mux::tmux::private::OPTION).arg(value);
    tmux.run("a test", &[set]).unwrap();
}

/// When the mark is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// After the structure was observed, before any question for texts.
    Observed,
    /// After its text was read, before others.
    Read,
}

/// A server in which a pane becomes private while it is captured.
#[derive(Debug)]
struct Marking {
    tmux: Tmux,
    when: Mutex<Option<When>>,
    observed: Mutex<usize>,
}

impl Marking {
    fn new(server: &TmuxServer, when: When) -> Self {
        Self {
            tmux: tmux(server),
            when: Mutex::new(Some(when)),
            observed: Mutex::default(),
        }
    }

    fn now(&self, when: When) {
        let mut due = self.when.lock().unwrap();
        if due.take_if(|due| *due == when).is_some() {
            mark(&self.tmux, "on");
        }
    }
}

impl Multiplexer for Marking {
    fn kind(&self) -> crate::model::snapshot::MuxKind {
        self.tmux.kind()
    }

    fn identity(&self) -> Result<Option<ServerIdentity>, MuxError> {
        self.tmux.identity()
    }

    fn probe(&self) -> Result<Option<Probe>, MuxError> {
        self.tmux.probe()
    }

    fn observe(&self) -> Result<Observation, MuxError> {
        let seen = self.tmux.observe();
        *self.observed.lock().unwrap() += 1;
        self.now(When::Observed);
        seen
    }

    /// One question a pane, as for large texts.
    fn texts(&self, wanted: &[TextRequest]) -> Result<PaneTexts, MuxError> {
        let mut all = PaneTexts::default();
        for one in wanted.chunks(1) {
            let answer = self.tmux.texts(one)?;
            all.texts.extend(answer.texts);
            all.private.extend(answer.private);
            self.now(When::Read);
        }
        if wanted.is_empty() {
            all = self.tmux.texts(&[])?;
        }
        Ok(all)
    }
}

fn by(
    mux: &dyn Multiplexer,
    exclusions: &Exclusions,
    request: &CaptureRequest,
    previous: Option<&Captured>,
) -> Captured {
    let redactor = Redactor::new(&RedactSettings::default()).unwrap();
    capture(mux, &redactor, exclusions, request, previous).unwrap()
}

/// Everything that is captured, and whether something planted is in it.
fn holds(captured: &Captured) -> bool {
    let state = &*captured.state;
    let all = format!("{state:?}{:?}{:?}", captured.contents, captured.redactions);
    all.contains(PLANTED)
}

/// That only the first pane is withheld, and the other has its text.
fn check(captured: &Captured, why: Withheld) {
    assert!(!holds(captured), "{captured:#?}");
    let panes: Vec<_> = captured.state.panes().map(|(_, _, pane)| pane).collect();
    assert_eq!(panes[0].detail.withheld, Some(why));
    assert_eq!(panes[1].detail.withheld, None);
    assert!(panes[1].contents.is_some());
    assert!(panes[0].contents.is_none() && panes[0].rect.width > 0);
}

#[test]
fn nothing_is_captured_of_a_private_pane_until_the_mark_goes() {
    let server = planted();
    let none = Exclusions::default();
    let tmux = tmux(&server);
    let before = by(&tmux, &none, &going_on(), None);
    assert!(holds(&before));
    mark(&tmux, "on");
    let private = by(&tmux, &none, &going_on(), Some(&before));
    check(&private, Withheld::Private);
    check(&by(&tmux, &none, &everything(), None), Withheld::Private);
    let bare = by(&tmux, &none, &CaptureRequest::default(), None);
    assert!(!holds(&bare));
    let unset = Command::new("set-option").flag("-up").opt("-t", "%0");
    let unset = unset.arg(crate::mux::tmux::private::OPTION);
    tmux.run("a test", &[unset]).unwrap();
    let after = by(&tmux, &none, &going_on(), Some(&private));
    assert_eq!(after.state.digest(), before.state.digest());
    assert!(holds(&after));
}

#[test]
fn a_mark_that_is_set_during_a_capture_counts() {
    for when in [When::Observed, When::Read] {
        let server = planted();
        let mux = Marking::new(&server, when);
        let captured = by(&mux, &Exclusions::default(), &everything(), None);
        check(&captured, Withheld::Private);
        assert_eq!(*mux.observed.lock().unwrap(), 2, "{when:?}");
    }
}

#[test]
fn a_mark_counts_though_no_text_is_asked_for() {
    let server = planted();
    settled(&server);
    let none = Exclusions::default();
    let before = by(&tmux(&server), &none, &everything(), None);
    let mux = Marking::new(&server, When::Observed);
    let quiet = by(&mux, &none, &everything(), Some(&before));
    check(&quiet, Withheld::Private);
    assert!(quiet.contents.is_empty(), "nothing had moved");
    mark(&tmux(&server), "off");
    let mux = Marking::new(&server, When::Observed);
    let bare = by(&mux, &none, &CaptureRequest::default(), None);
    assert!(!holds(&bare));
}

#[test]
fn what_was_remembered_is_forgotten_at_once() {
    let server = TmuxServer::start();
    server.wait_for_prompt("main:");
    print_lines(&server, 1, 400, "line $i");
    let before = taken(&server, &going_on(), None);
    let pane = before.state.panes().next().unwrap().2.handle.unwrap();
    assert!(before.memory.of(&pane).is_some());
    mark(&tmux(&server), "on");
    let after = taken(&server, &going_on(), Some(&before));
    assert!(after.memory.of(&pane).is_none() && after.tallies.is_empty());
}

fn never(change: impl FnOnce(&mut Never)) -> Exclusions {
    let mut never = Never::default();
    change(&mut never);
    Exclusions::new(&never, &[], Path::new("/nowhere"))
}

#[test]
fn programs_and_directories_are_judged_as_they_are_observed() {
    let server = planted();
    let tmux = tmux(&server);
    let command = never(|never| never.commands.push("slee?".to_owned().try_into().unwrap()));
    check(
        &by(&tmux, &command, &everything(), None),
        Withheld::Excluded,
    );
    // Through a link, which the system does not tell of.
    let link = server.dir().join("link");
    std::os::unix::fs::symlink(server.dir().join(PLANTED), &link).unwrap();
    let link = link.to_str().unwrap().to_owned();
    let place = never(|never| never.directories.push(link.try_into().unwrap()));
    check(
        &by(&tmux, &place.with_links_followed(), &everything(), None),
        Withheld::Excluded,
    );
}

#[test]
fn sessions_can_be_left_out_or_kept_without_texts() {
    let server = planted();
    server.run(["new-session", "-d", "-s", "other"]);
    let tmux = tmux(&server);
    let exclusions = never(|never| never.sessions.push("ma*".to_owned().try_into().unwrap()));
    let captured = by(&tmux, &exclusions, &everything(), None);
    assert!(!holds(&captured));
    assert_eq!(
        (captured.state.sessions.len(), captured.contents.len()),
        (1, 1)
    );
    let request = CaptureRequest {
        sessions: Some(vec!["main".into()]),
        ..everything()
    };
    let redactor = Redactor::new(&RedactSettings::default()).unwrap();
    let error = capture(&tmux, &redactor, &exclusions, &request, None).unwrap_err();
    assert!(matches!(error, CaptureError::Excluded { .. }), "{error}");
    let rule = SessionRule {
        session: "main".to_owned().try_into().unwrap(),
        contents: KeptTexts::None,
    };
    let bare = Exclusions::new(&Never::default(), &[rule], Path::new("/nowhere"));
    let captured = by(&tmux, &bare, &everything(), None);
    assert_eq!(
        (captured.state.sessions.len(), captured.contents.len()),
        (2, 1)
    );
    assert!(captured.state.session(b"main").unwrap().tabs[0].panes[0].title == PLANTED);
}

#[test]
fn an_empty_server_is_no_error() {
    let server = TmuxServer::empty();
    let redactor = Redactor::new(&RedactSettings::default()).unwrap();
    let none = Exclusions::default();
    match capture(&tmux(&server), &redactor, &none, &everything(), None) {
        Ok(captured) => assert!(captured.state.sessions.is_empty()),
        // tmux 3.1 says nothing without a session.
        Err(error) => assert!(
            matches!(error, CaptureError::Mux(MuxError::NoServer { .. })),
            "{error}"
        ),
    }
}
