//! Captures of a real tmux.

mod private;

use super::*;
use crate::model::snapshot::ServerProcess;
use crate::model::time::Millis;
use crate::model::tree::PaneId;
use crate::mux::tmux::Tmux;
use crate::mux::{Limits, ServerSelect};
use crate::redact::RedactSettings;
use muxtape_testing::secrets::Maker;
use muxtape_testing::{self as testing, TmuxServer, wait_until};

fn tmux(server: &TmuxServer) -> Tmux {
    let socket = server.socket().to_str().unwrap().into();
    Tmux::new(
        testing::program(),
        ServerSelect::Path(socket),
        Limits::default(),
    )
    .with_config(server.config())
}

fn taken(server: &TmuxServer, request: &CaptureRequest, previous: Option<&Captured>) -> Captured {
    let redactor = Redactor::new(&RedactSettings::default()).unwrap();
    let none = Exclusions::default();
    capture(&tmux(server), &redactor, &none, request, previous).unwrap()
}

fn everything() -> CaptureRequest {
    CaptureRequest {
        contents: true,
        ..CaptureRequest::default()
    }
}

fn settled(server: &TmuxServer) {
    wait_until("quiet panes", || {
        let probe = tmux(server).probe().unwrap().unwrap();
        probe.panes.iter().all(|pane| !pane.settling)
    });
    server.wait_for_names();
}

#[test]
fn every_pane_has_its_text_and_no_secret_is_left() {
    let server = TmuxServer::start();
    let secret = &Maker::new(40).fill("ghp_{A36}");
    let option = &Maker::new(42).fill("--token={A14}");
    server.run(["split-window", "-t", "main:", "cat"]);
    server.run(["split-window", "-t", "main:", "sleep", "1000", option]);
    server.run(["select-pane", "-t", "main:.0", "-T", secret]);
    server.wait_for_prompt("main:.0");
    server.type_line("main:.0", &format!("echo {secret}"));
    server.wait_for_text("main:.0", &format!("\n{secret}"));
    let captured = taken(&server, &everything(), None);
    let panes: Vec<_> = captured.state.panes().map(|(_, _, pane)| pane).collect();
    assert!(panes.iter().all(|pane| {
        pane.contents
            .is_some_and(|text| captured.contents.contains_key(&text.digest))
    }));
    let all = format!("{captured:?}");
    assert!(!all.contains(secret) && !all.contains(option), "{all}");
    assert!(all.contains("‹redacted:github-token›"));
    let rules: Vec<_> = captured
        .redactions
        .iter()
        .map(|count| count.rule.as_str())
        .collect();
    assert!(rules.contains(&"github-token"), "{rules:?}");
}

#[test]
fn quiet_panes_are_not_captured_again() {
    let server = TmuxServer::start();
    server.run(["new-window", "-t", "main:"]);
    server.wait_for_prompt("main:0");
    server.wait_for_prompt("main:1");
    server.type_line("main:0", "echo TOKEN=$((4711 * 4711))hunter");
    server.wait_for_text("main:0", &format!("\nTOKEN={}hunter", 4711 * 4711));
    settled(&server);
    let first = taken(&server, &everything(), None);
    let again = taken(&server, &everything(), Some(&first));
    assert_eq!(again.contents, BTreeMap::new());
    assert_eq!(again.state.digest(), first.state.digest());
    assert_eq!(again.redactions, first.redactions);
    let count = |captured: &Captured| captured.redactions.first().map(|one| one.count);
    assert_eq!(count(&again), Some(1), "{:?}", again.redactions);
    server.type_line("main:1", "echo new");
    server.wait_for_text("main:1", "\nnew");
    let third = taken(&server, &everything(), Some(&again));
    assert_eq!(third.contents.len(), 1);
    let text = |captured: &Captured, tab| {
        let session = captured.state.session(b"main").unwrap();
        session
            .tab(tab)
            .unwrap()
            .panes
            .first()
            .unwrap()
            .contents
            .unwrap()
    };
    assert_eq!(text(&third, 0), text(&first, 0));
    assert_ne!(text(&third, 1), text(&first, 1));
    // Another life: nothing is taken over, even if everything looks the same.
    let other = Captured {
        server: ServerIdentity {
            process: Some(ServerProcess {
                pid: 1,
                started: Millis(0),
            }),
            ..third.server.clone()
        },
        ..third
    };
    assert_eq!(
        taken(&server, &everything(), Some(&other)).contents.len(),
        2
    );
}

#[test]
fn captures_can_be_limited() {
    let server = TmuxServer::start();
    server.run(["new-session", "-d", "-s", "other"]);
    let request = CaptureRequest {
        sessions: Some(vec!["other".into()]),
        ..CaptureRequest::default()
    };
    let captured = taken(&server, &request, None);
    assert_eq!(captured.state.sessions.len(), 1);
    assert!(captured.contents.is_empty());
    let request = CaptureRequest {
        sessions: Some(vec!["oth".into()]),
        ..request
    };
    let redactor = Redactor::new(&RedactSettings::default()).unwrap();
    let error = capture(
        &tmux(&server),
        &redactor,
        &Exclusions::default(),
        &request,
        None,
    )
    .unwrap_err();
    assert!(matches!(error, CaptureError::NoSession { .. }), "{error}");
}

#[test]
fn panes_that_never_rest_are_captured_whole_all_the_same() {
    let server = TmuxServer::start();
    for script in [
        "while :; do printf '\\033[?1049h'; printf '\\033[?1049l'; done",
        "while :; do echo a line; done",
    ] {
        server.run(["split-window", "-t", "main:", "sh", "-c", script]);
    }
    let mut previous = None;
    for _ in 0..5 {
        let captured = taken(&server, &going_on(), previous.as_ref());
        assert!(captured.state.panes().all(|(_, _, pane)| {
            let text = pane
                .contents
                .and_then(|text| captured.contents.get(&text.digest));
            text.is_none_or(|text| text.alternate.is_some() == pane.screen.alternate)
                && pane.contents.is_some()
        }));
        previous = Some(captured);
    }
}

/// A server in which a pane goes at each look, until only the first is left.
#[derive(Debug)]
struct Vanishing {
    tmux: Tmux,
    asked: std::sync::Mutex<Vec<usize>>,
}

impl Multiplexer for Vanishing {
    fn kind(&self) -> crate::model::snapshot::MuxKind {
        self.tmux.kind()
    }

    fn identity(&self) -> Result<Option<ServerIdentity>, MuxError> {
        self.tmux.identity()
    }

    fn probe(&self) -> Result<Option<Probe>, MuxError> {
        self.tmux.probe()
    }

    fn observe(&self) -> Result<crate::mux::Observation, MuxError> {
        self.tmux.observe()
    }

    fn texts(&self, wanted: &[crate::mux::TextRequest]) -> Result<crate::mux::PaneTexts, MuxError> {
        self.asked.lock().unwrap().push(wanted.len());
        if let Some(last) = wanted.last().filter(|last| last.of.pane > PaneId::of(0)) {
            let kill = crate::mux::tmux::command::Command::new("kill-pane");
            let kill = kill.opt("-t", crate::mux::tmux::ids::pane(last.of.pane));
            self.tmux.run("a test", &[kill])?;
        }
        self.tmux.texts(wanted)
    }
}

#[test]
fn who_answered_is_not_asked_again_when_others_have_gone() {
    let server = TmuxServer::start();
    server.run(["split-window", "-t", "main:"]);
    server.run(["split-window", "-t", "main:"]);
    let mux = Vanishing {
        tmux: tmux(&server),
        asked: std::sync::Mutex::default(),
    };
    let redactor = Redactor::new(&RedactSettings::default()).unwrap();
    let captured = capture(&mux, &redactor, &Exclusions::default(), &everything(), None).unwrap();
    assert_eq!(captured.state.panes().count(), 2);
    // The last question is which panes are private.
    assert_eq!(*mux.asked.lock().unwrap(), [3, 0]);
    // Their texts are older than the structure that was observed last.
    assert!(captured.probe.panes.iter().all(|pane| pane.settling));
}

/// Prints so many lines in the pane, and waits for them.
fn print_lines(server: &TmuxServer, from: u32, to: u32, line: &str) {
    let end = format!("\nend {to}");
    server.type_line(
        "main:",
        &format!("for i in $(seq {from} {to}); do echo \"{line}\"; done; echo end {to}"),
    );
    server.wait_for_text("main:", &end);
    server.wait_for_prompt("main:");
}

fn going_on() -> CaptureRequest {
    CaptureRequest {
        remember: true,
        ..everything()
    }
}

#[test]
fn what_is_put_together_is_what_is_read_at_once() {
    let server = TmuxServer::start();
    server.wait_for_prompt("main:");
    let token = &Maker::new(41).fill("ghp_{A36}");
    // Long lines, so that secrets stand where rows end; but not where lines do, where they could go
    // on.
    let line = format!("$i $(printf %$((i % 97))s) {token} .");
    print_lines(&server, 1, 400, &line);
    let mut before = taken(&server, &going_on(), None);
    assert!(!before.has_put_together());
    for step in 1..6 {
        print_lines(&server, step * 1000, step * 1000 + 7 * step, &line);
        let now = taken(&server, &going_on(), Some(&before));
        let whole = taken(&server, &everything(), None);
        assert!(now.has_put_together(), "step {step}");
        assert_eq!(now.contents, whole.contents);
        assert_eq!(now.redactions, whole.redactions);
        assert!(!format!("{now:?}").contains("ghp_"));
        before = now;
    }
    // A key that comes in three captures.
    server.type_line(
        "main:",
        "stty -echo; echo -----BEGIN RSA PRIVATE KEY-----; cat",
    );
    server.wait_for_text("main:", "\n-----BEGIN");
    for part in 1..4 {
        let line = |line| format!("MIIEowIBAAKCAQEAxyz0123456789abcdefghijklmnop{part}{line:02}");
        for number in 0..30 {
            server.type_line("main:", &line(number));
        }
        server.wait_for_text("main:", &line(29));
        let now = taken(&server, &going_on(), Some(&before));
        let whole = taken(&server, &everything(), None);
        assert!(now.has_put_together());
        assert_eq!(now.contents, whole.contents);
        assert_eq!(now.redactions, whole.redactions);
        let all = format!("{now:?}");
        assert!(all.contains("‹redacted:private-key-block›") && !all.contains("MIIEow"));
        before = now;
    }
}

#[test]
fn what_was_put_together_is_read_again_at_rest() {
    let server = TmuxServer::start();
    server.wait_for_prompt("main:");
    print_lines(&server, 1, 400, "line $i");
    let first = taken(&server, &going_on(), None);
    print_lines(&server, 1, 30, "more $i");
    let second = taken(&server, &going_on(), Some(&first));
    assert!(second.has_put_together());
    settled(&server);
    let third = taken(&server, &going_on(), Some(&second));
    let fourth = taken(&server, &going_on(), Some(&third));
    assert!(
        third.has_put_together(),
        "it was not at rest when it was captured before"
    );
    assert!(!fourth.has_put_together());
    assert!(third.contents.is_empty(), "nothing had moved");
    assert_eq!(fourth.contents, second.contents);
    let fifth = taken(&server, &going_on(), Some(&fourth));
    assert!(fifth.contents.is_empty());
}

#[test]
fn no_server_is_an_error() {
    let server = TmuxServer::stopped();
    let redactor = Redactor::new(&RedactSettings::default()).unwrap();
    let error = capture(
        &tmux(&server),
        &redactor,
        &Exclusions::default(),
        &everything(),
        None,
    )
    .unwrap_err();
    assert!(
        matches!(error, CaptureError::Mux(MuxError::NoServer { .. })),
        "{error}"
    );
}

#[test]
fn panes_beside_an_active_one_keep_their_texts() {
    let server = TmuxServer::start();
    server.wait_for_prompt("main:");
    print_lines(&server, 1, 400, "line $i");
    let before = taken(&server, &going_on(), None);
    server.run(["split-window", "-t", "main:", "sleep", "1000"]);
    server.run(["select-pane", "-t", "main:.0"]);
    server.wait_for_prompt("main:.0");
    let now = taken(&server, &going_on(), Some(&before));
    assert_eq!(now.contents.len(), 2, "it has another size");
    let again = taken(&server, &going_on(), Some(&now));
    // The other one is too short to be remembered.
    assert!(again.contents.len() <= 1);
    let texts = |captured: &Captured| -> Vec<_> {
        let panes = captured.state.panes();
        panes.map(|(_, _, pane)| pane.contents).collect()
    };
    assert_eq!(texts(&again), texts(&now));
}

#[test]
fn what_is_too_much_to_remember_is_read_again_only_if_it_moved() {
    let server = TmuxServer::start();
    server.wait_for_prompt("main:");
    print_lines(&server, 1, 400, "line $i");
    let mut before = taken(&server, &going_on(), None);
    before.memory.tidy_to(1000, |_| true);
    let same = taken(&server, &going_on(), Some(&before));
    assert!(same.contents.is_empty());
    print_lines(&server, 1, 30, "more $i");
    let now = taken(&server, &going_on(), Some(&same));
    assert!(!now.has_put_together());
    assert_eq!(now.contents, taken(&server, &everything(), None).contents);
    before.memory.tidy_to(1000, |_| false);
    let now = taken(&server, &going_on(), Some(&before));
    assert_eq!(now.contents.len(), 1);
}
