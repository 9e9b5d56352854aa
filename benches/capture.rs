//! What a capture costs: `cargo bench --bench capture [-- PART…]`, where the parts are `structure`,
//! `full`, `increment`, `stall` and `work`; all of them by default.
//!
//! Each case has a tmux server of its own. Beside muxtape a plain loop of tmux commands in a shell
//! does the same in the same run. Times are of the whole way, the start of clients included;
//! medians, with the processor time of the server.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a bench may panic and print"
)]

mod panes;

use std::time::{Duration, Instant};

use muxtape::capture::{CaptureRequest, Captured, Exclusions, capture};
use muxtape::model::contents::Contents;
use muxtape::mux::Multiplexer;
use muxtape::redact::{RedactSettings, Redactor, Tally};
use panes::{Panes, STACK};

fn main() {
    let chosen: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let parts: [(&str, fn()); 5] = [
        ("structure", structure),
        ("full", full),
        ("increment", increment),
        ("stall", stall),
        ("work", work),
    ];
    for (name, measure) in parts {
        if chosen.is_empty() || chosen.iter().any(|word| word == name) {
            println!("\n{name}");
            measure();
        }
    }
}

/// The fields that a script of a few lines would ask for.
const FIELDS: &str = "#{session_name} #{window_index} #{window_name} #{window_layout} #{pane_index} \
    #{pane_title} #{pane_current_path} #{pane_current_command} #{pane_pid} #{cursor_x} #{cursor_y}";

const TEXTS: &str = "for pane in $panes; do tmux capture-pane -epJ -S - -t $pane; done";

fn redactor() -> Redactor {
    Redactor::new(&RedactSettings::default()).unwrap()
}

fn request(contents: bool) -> CaptureRequest {
    CaptureRequest {
        contents,
        remember: true,
        ..CaptureRequest::default()
    }
}

/// A capture, with texts or without, that goes on from an earlier one.
fn taken(panes: &Panes, redactor: &Redactor, contents: bool, last: Option<&Captured>) -> Captured {
    let (nothing, request) = (Exclusions::default(), request(contents));
    capture(&panes.tmux, redactor, &nothing, &request, last).unwrap()
}

fn structure() {
    let redactor = redactor();
    for count in [10, 100, 300] {
        let panes = Panes::new(count, 0);
        let probe = median(20, || timed(&panes, || drop(panes.tmux.probe().unwrap())));
        show("probe", count, probe, None);
        let ours = median(20, || {
            timed(&panes, || {
                drop(taken(&panes, &redactor, false, None));
            })
        });
        let script =
            format!("for pane in $panes; do tmux display-message -p -t $pane '{FIELDS}'; done");
        let shell = median(3, || timed(&panes, || panes.shell(&script)));
        show("structure", count, ours, Some(shell));
    }
}

fn full() {
    let redactor = redactor();
    for count in [10, 100, 300] {
        let panes = Panes::new(count, 2000);
        let ours = median(3, || {
            timed(&panes, || {
                drop(taken(&panes, &redactor, true, None));
            })
        });
        let shell = median(3, || timed(&panes, || panes.shell(TEXTS)));
        show("2,000 lines each", count, ours, Some(shell));
    }
}

fn increment() {
    let redactor = redactor();
    let mut panes = Panes::new(100, 10_000);
    let mut last = taken(&panes, &redactor, true, None);
    let quiet = median(10, || {
        timed(&panes, || {
            drop(taken(&panes, &redactor, true, Some(&last)));
        })
    });
    show("10,000 lines, none active", panes.count(), quiet, None);
    // Panes of one window; then one in each, so that their neighbours have to be asked, too.
    let window = || (0..STACK).map(|pane| format!("bench:3.{pane}"));
    let spread = || (0..STACK).map(|window| format!("bench:{window}.5"));
    let all = median(2, || timed(&panes, || panes.shell(TEXTS)));
    let mut measure = |what: &str, active: &dyn Fn() -> Vec<String>| {
        let mut times = Vec::new();
        for _ in 0..9 {
            panes.print(active());
            let mut now: Option<Captured> = None;
            times.push(timed(&panes, || {
                now = Some(taken(&panes, &redactor, true, Some(&last)));
            }));
            last = now.unwrap();
        }
        show(what, panes.count(), middle(times), Some(all));
    };
    measure("10,000 lines, a window of ten active", &|| {
        window().collect()
    });
    measure("10,000 lines, one active in each window", &|| {
        spread().collect()
    });
}

fn stall() {
    let redactor = redactor();
    let panes = Panes::new(100, 10_000);
    let wait = |what: &str, run: &dyn Fn()| {
        let mut longest: Vec<Duration> = (0..3).map(|_| panes.longest_wait(run)).collect();
        longest.sort_unstable();
        println!("  longest wait, {what}: {:.0?}", longest.get(1).unwrap());
    };
    wait("nobody else asks", &|| {
        for _ in 0..200 {
            panes.server.run(["display-message", "-p", "x"]);
        }
    });
    wait("a capture of 100 panes of 10,000 lines", &|| {
        drop(taken(&panes, &redactor, true, None));
    });
    wait("a loop of capture-pane, a client each", &|| {
        panes.shell(TEXTS);
    });
    let batch =
        "for pane in $panes; do echo capture-pane -epJ -S - -t $pane; done | tmux source-file -";
    wait("all of capture-pane in one client", &|| panes.shell(batch));
}

/// What is done with texts after they were captured.
fn work() {
    let compiled = median(10, || plainly(|| drop(redactor())));
    println!("  compiling the rules: {:.1?}", compiled.wall);
    let line =
        "\x1b[32m2026-11-21 INFO\x1b[0m http: GET https://example.com/users/17 -> 200 in 3 ms\n";
    let contents = Contents {
        main: line.repeat(10_000_000 / line.len()).into(),
        alternate: None,
    };
    let rate = |what: &str, run: &dyn Fn()| {
        let took = median(5, || plainly(run)).wall;
        println!(
            "  {what}: {:.0} MB/s",
            contents.len() as f64 / 1e6 / took.as_secs_f64()
        );
    };
    rate("sanitising", &|| {
        drop(muxtape::model::ansi::sanitised(&contents.main));
    });
    let redactor = redactor();
    rate("redacting", &|| {
        drop(redactor.contents(&contents, &mut Tally::default()));
    });
}

/// How long something took, and the server's part of it.
#[derive(Clone, Copy)]
struct Cost {
    wall: Duration,
    server: Duration,
}

fn timed(panes: &Panes, run: impl FnOnce()) -> Cost {
    let before = panes.cpu();
    let cost = plainly(run);
    Cost {
        server: panes.cpu().saturating_sub(before),
        ..cost
    }
}

fn plainly(run: impl FnOnce()) -> Cost {
    let start = Instant::now();
    run();
    Cost {
        wall: start.elapsed(),
        server: Duration::ZERO,
    }
}

fn median(times: usize, mut measure: impl FnMut() -> Cost) -> Cost {
    middle((0..times).map(|_| measure()).collect())
}

fn middle(mut costs: Vec<Cost>) -> Cost {
    costs.sort_unstable_by_key(|cost| cost.wall);
    *costs.get(costs.len() / 2).unwrap()
}

fn show(what: &str, panes: usize, ours: Cost, shell: Option<Cost>) {
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    print!(
        "  {panes} panes, {what}: {:.1} ms, server {:.1} ms",
        ms(ours.wall),
        ms(ours.server)
    );
    match shell {
        Some(shell) => println!(
            "; shell {:.0} ms, server {:.0} ms: {:.1} times",
            ms(shell.wall),
            ms(shell.server),
            shell.wall.as_secs_f64() / ours.wall.as_secs_f64()
        ),
        None => println!(),
    }
}
