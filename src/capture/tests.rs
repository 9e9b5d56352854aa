//! Captures of a real tmux.

use super::*;
use crate::mux::testing::{self, TmuxServer, wait_until};
use crate::mux::tmux::Tmux;
use crate::mux::{Limits, ServerSelect};
use crate::redact::RedactSettings;

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
    capture(&tmux(server), &redactor, request, previous).unwrap()
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
}

#[test]
fn every_pane_has_its_text_and_no_secret_is_left() {
    let server = TmuxServer::start();
    let secret = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
    server.run(["split-window", "-t", "main:", "cat"]);
    server.run([
        "split-window",
        "-t",
        "main:",
        "sleep",
        "1000",
        "--token=hunter2",
    ]);
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
    assert!(!all.contains(secret) && !all.contains("hunter2"), "{all}");
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
    settled(&server);
    let first = taken(&server, &everything(), None);
    let again = taken(&server, &everything(), Some(&first));
    assert_eq!(again.contents, BTreeMap::new());
    assert_eq!(again.state.digest(), first.state.digest());
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
            pid: 1,
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
    let error = capture(&tmux(&server), &redactor, &request, None).unwrap_err();
    assert!(matches!(error, CaptureError::NoSession { .. }), "{error}");
}

#[test]
fn panes_that_come_and_go_never_make_a_half_capture() {
    let server = TmuxServer::start();
    let script = "while :; do printf '\\033[?1049h'; printf '\\033[?1049l'; done";
    server.run(["split-window", "-t", "main:", "sh", "-c", script]);
    let redactor = Redactor::new(&RedactSettings::default()).unwrap();
    let mut whole = 0;
    for _ in 0..5 {
        match capture(&tmux(&server), &redactor, &everything(), None) {
            Ok(captured) => {
                whole += 1;
                assert!(
                    captured
                        .state
                        .panes()
                        .all(|(_, _, pane)| pane.contents.is_some())
                );
            }
            Err(error) => assert!(matches!(error, CaptureError::Unsteady { .. }), "{error}"),
        }
    }
    assert!(whole <= 5);
}

#[test]
fn no_server_is_an_error() {
    let server = TmuxServer::stopped();
    let redactor = Redactor::new(&RedactSettings::default()).unwrap();
    let error = capture(&tmux(&server), &redactor, &everything(), None).unwrap_err();
    assert!(
        matches!(error, CaptureError::Mux(MuxError::NoServer { .. })),
        "{error}"
    );
}
