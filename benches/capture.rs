//! What a capture costs: `cargo bench --bench capture`.
//!
//! Each case has a tmux server of its own, with panes that have stopped printing. Times are of the
//! whole way, the clients' start included; what the server itself is busy for is less.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a bench may panic"
)]

#[path = "../tests/common/mod.rs"]
mod common;

use common::TmuxServer;
use divan::Bencher;
use divan::counter::BytesCount;
use muxtape::capture::{CaptureRequest, capture};
use muxtape::model::contents::Contents;
use muxtape::mux::tmux::Tmux;
use muxtape::mux::{Limits, Multiplexer, ServerSelect};
use muxtape::redact::{RedactSettings, Redactor, Tally};

fn main() {
    divan::main();
}

/// Windows of ten panes each, every pane with `lines` lines of coloured text.
fn server(panes: usize, lines: usize) -> (TmuxServer, Tmux) {
    let server = TmuxServer::empty();
    let script = format!(
        "i=0; while [ $i -lt {lines} ]; do i=$((i+1)); printf '\\033[3%dm%s\\033[0m %s\\n' \
         $((i % 8)) \"line $i\" 'of some text that is as long as lines of output often are'; done; \
         printf ready; exec sleep 100000"
    );
    let size = ["-x", "200", "-y", "200"];
    for window in 0..panes.div_ceil(10) {
        let target = format!("bench:{window}");
        let new: &[&str] = if window == 0 {
            &["new-session", "-d", "-s", "bench"]
        } else {
            &["new-window", "-d", "-t", &target]
        };
        let size: &[&str] = if window == 0 { &size } else { &[] };
        server.run([new, size, &["sh", "-c", &script]].concat());
        for _ in 1..10.min(panes) {
            server.run(["split-window", "-d", "-t", &target, "sh", "-c", &script]);
            server.run(["select-layout", "-t", &target, "tiled"]);
        }
    }
    let socket = server.socket().to_str().unwrap().into();
    let tmux = Tmux::new(
        common::program(),
        ServerSelect::Path(socket),
        Limits::default(),
    );
    for (_, _, pane) in tmux.observe().unwrap().state.panes() {
        server.wait_for_text(&format!("%{}", pane.handle.unwrap().id), "ready");
    }
    (server, tmux)
}

fn request(contents: bool) -> CaptureRequest {
    CaptureRequest {
        contents,
        ..CaptureRequest::default()
    }
}

#[divan::bench(args = [10, 100], sample_count = 30)]
fn probe(bencher: Bencher<'_, '_>, panes: usize) {
    let (_server, tmux) = server(panes, 0);
    bencher.bench_local(|| tmux.probe().unwrap());
}

#[divan::bench(args = [10, 100], sample_count = 30)]
fn structure(bencher: Bencher<'_, '_>, panes: usize) {
    let (_server, tmux) = server(panes, 0);
    let redactor = Redactor::new(&RedactSettings::default()).unwrap();
    bencher.bench_local(|| capture(&tmux, &redactor, &request(false), None).unwrap());
}

#[divan::bench(args = [10, 100], sample_count = 10)]
fn with_2000_lines_each(bencher: Bencher<'_, '_>, panes: usize) {
    let (_server, tmux) = server(panes, 2000);
    let redactor = Redactor::new(&RedactSettings::default()).unwrap();
    bencher.bench_local(|| capture(&tmux, &redactor, &request(true), None).unwrap());
}

#[divan::bench(args = [10, 100], sample_count = 30)]
fn nothing_new_since(bencher: Bencher<'_, '_>, panes: usize) {
    let (_server, tmux) = server(panes, 2000);
    let redactor = Redactor::new(&RedactSettings::default()).unwrap();
    common::wait_until("quiet panes", || {
        let probe = tmux.probe().unwrap().unwrap();
        probe.panes.iter().all(|pane| !pane.settling)
    });
    let before = capture(&tmux, &redactor, &request(true), None).unwrap();
    bencher.bench_local(|| capture(&tmux, &redactor, &request(true), Some(&before)).unwrap());
}

#[divan::bench]
fn compiling_the_rules() -> Redactor {
    Redactor::new(&RedactSettings::default()).unwrap()
}

fn ten_megabytes() -> Contents {
    let line =
        "\x1b[32m2026-11-21 INFO\x1b[0m http: GET https://example.com/users/17 -> 200 in 3 ms\n";
    Contents {
        main: line.repeat(10_000_000 / line.len()).into(),
        alternate: None,
    }
}

#[divan::bench(sample_count = 10)]
fn sanitising_10_mb(bencher: Bencher<'_, '_>) {
    let contents = ten_megabytes();
    bencher
        .counter(BytesCount::new(contents.len()))
        .bench_local(|| muxtape::model::ansi::sanitised(&contents.main));
}

#[divan::bench(sample_count = 10)]
fn redacting_10_mb(bencher: Bencher<'_, '_>) {
    let redactor = Redactor::new(&RedactSettings::default()).unwrap();
    let contents = ten_megabytes();
    bencher
        .counter(BytesCount::new(contents.len()))
        .bench_local(|| redactor.contents(&contents, &mut Tally::default()));
}
