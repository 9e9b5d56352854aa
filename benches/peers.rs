//! Saving and restoring beside other ways to do it, in one run: `cargo bench --bench peers [--
//! PANES …]`.
//!
//! A server gets so many panes (10, 100 and 300 unless said otherwise), without text and with 2,000
//! lines in each. Each tool saves it and restores what it saved onto another server. All are whole
//! processes, measured until every pane is there with its text: by the wall, by the processor time
//! of the tool, the server and the panes, and by the longest wait of another client of the server
//! meanwhile. Tools:
//!
//! - muxtape: `create` into a store that has nothing of it, `restore --yes`;
//! - a shell loop: `list-panes` and a `capture-pane` for each pane; `new-window`, `split-window`
//!   and `cat` for each pane: what a script of plain tmux commands does;
//! - tmux-resurrect, where `MUXTAPE_BENCH_RESURRECT` names its directory;
//! - tmuxp, where it is in `PATH`; it saves no text.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a bench may panic and print"
)]

#[path = "peers/measure.rs"]
mod measure;
#[path = "peers/tools.rs"]
mod tools;

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use measure::Cost;
use muxtape_testing::{TmuxServer, wait_until};
use tools::Tool;

/// Panes of a window.
const STACK: usize = 5;
const LINES: usize = 2000;

fn main() {
    let asked: Vec<usize> = std::env::args()
        .filter_map(|word| word.parse().ok())
        .collect();
    let sizes = if asked.is_empty() {
        vec![10, 100, 300]
    } else {
        asked
    };
    let (tools, missing) = tools::installed();
    for missing in missing {
        println!("{missing}: not installed, left out");
    }
    for panes in sizes {
        for lines in [0, LINES] {
            println!("\n{panes} panes, {lines} lines of text in each");
            println!("{:<16}{:^44}{:^44}", "", "save", "restore");
            compare(&tools, panes, lines);
        }
    }
}

/// Measures every tool, and prints what it takes and how many times as much as the first one.
fn compare(tools: &[Tool], panes: usize, lines: usize) {
    let source = filled(panes, lines);
    let other = target(false);
    let mut first: Option<(Cost, Cost)> = None;
    for tool in tools.iter().filter(|tool| lines == 0 || tool.keeps_text()) {
        let save = measure::median(|stall| {
            tool.forget(&source, &other);
            measure::cost(&source, stall, || tool.save(&source, lines > 0))
        });
        let saved = tool.saved(&source);
        let restore = measure::median(|stall| {
            let target = target(lines > 0);
            let cost = measure::cost(&target, stall, || {
                tool.restore(&source, &target, &saved, lines > 0);
                complete(&target, panes, lines);
            });
            // The server ends outside of what is measured.
            drop(target);
            cost
        });
        let (by_save, by_restore) = *first.get_or_insert((save, restore));
        println!(
            "{:<16}{}{}",
            tool.name(),
            save.beside(by_save),
            restore.beside(by_restore)
        );
    }
}

/// A server whose session `many` has so many panes with so many lines.
fn filled(panes: usize, lines: usize) -> TmuxServer {
    let server = target(lines > 0);
    let text = server.dir().join("text");
    let mut all = String::new();
    for line in 0..lines {
        let colour = 31 + line % 6;
        let _ = writeln!(
            all,
            "\x1b[{colour}m{line:>6}\x1b[39m the quick brown fox jumps over it"
        );
    }
    fs::write(&text, all).unwrap();
    let start = format!("cat '{}'; exec bash --norc --noprofile -i", text.display());
    let mut script = String::from("new-session -d -s many -x 160 -y 49 \"$START\"\n");
    for pane in 1..panes {
        let window = pane / STACK;
        match pane % STACK {
            0 => writeln!(script, "new-window -d -t many:{window} \"$START\""),
            _ => writeln!(
                script,
                "split-window -d -t many:{window} \"$START\"\nselect-layout -t many:{window} even-vertical"
            ),
        }
        .unwrap();
    }
    let file = server.dir().join("fill");
    fs::write(&file, script.replace("$START", &start)).unwrap();
    server.run(["source-file", file.to_str().unwrap()]);
    server.run(["kill-session", "-t", "first"]);
    complete(&server, panes, lines);
    server
}

/// A server as one finds it after a start: with one session, of one pane.
fn target(texts: bool) -> TmuxServer {
    let server = TmuxServer::stopped();
    server.run(["new-session", "-d", "-s", "first", "-x", "160", "-y", "49"]);
    // tmux-resurrect puts `exec` before it.
    let shell = "bash --norc --noprofile -i";
    server.run(["set-option", "-g", "default-command", shell]);
    if texts {
        server.run(["set-option", "-g", "@resurrect-capture-pane-contents", "on"]);
    }
    server
}

/// Waits until the session has all its panes and each of them its text.
fn complete(server: &TmuxServer, panes: usize, lines: usize) {
    let format = "#{session_name} #{e|+:#{history_size},#{cursor_y}}";
    let wanted = lines.saturating_sub(1);
    wait_until("every pane with its text", || {
        let all = server.run(["list-panes", "-a", "-F", format]);
        let ready = all.lines().filter(|line| {
            let rows = line
                .strip_prefix("many ")
                .and_then(|rows| rows.parse().ok());
            rows.is_some_and(|rows: usize| rows >= wanted)
        });
        ready.count() >= panes
    });
}

/// The directory that `MUXTAPE_BENCH_RESURRECT` names.
fn resurrect() -> Option<PathBuf> {
    let dir = PathBuf::from(std::env::var_os("MUXTAPE_BENCH_RESURRECT")?);
    dir.join("scripts/save.sh").exists().then_some(dir)
}
