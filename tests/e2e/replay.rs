//! What a restored pane shows, as a terminal renders it: cells with their colours, held against
//! those of the pane that was saved.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may panic"
)]

use crate::support::muxtape::Muxtape;
use std::fmt::Write as _;
use std::fs;

use crate::support::client::Client;
use muxtape_testing::{TmuxServer, wait_until};

const CONFIG: &str = "\
set -s exit-empty off
set -g status off
set -g history-limit 60000
set -g default-terminal tmux-256color
set -ga terminal-overrides ',*:Tc'
set-environment -g PS1 '$ '
set -g default-command 'exec bash --norc --noprofile -i'
";

/// A server whose shells have a prompt that outlives it, with one session of this size.
fn server(prompt: &str, columns: u16, rows: u16) -> TmuxServer {
    let server = TmuxServer::stopped();
    let config = CONFIG.replace("'$ '", prompt);
    fs::write(server.config(), &config).unwrap();
    // Whoever starts the server again reads this one.
    fs::write(server.home().join(".tmux.conf"), &config).unwrap();
    let (columns, rows) = (columns.to_string(), rows.to_string());
    server.run([
        "new-session",
        "-d",
        "-s",
        "main",
        "-x",
        &columns,
        "-y",
        &rows,
    ]);
    server
}

/// Prints bytes in the pane by a program, and waits until the prompt is back.
fn print(server: &TmuxServer, bytes: &[u8]) {
    let file = server.dir().join("text");
    fs::write(&file, bytes).unwrap();
    run(server, &format!("cat {}", file.display()));
}

/// Runs a line and waits for the next prompt.
fn run(server: &TmuxServer, line: &str) {
    let before = place(server);
    server.type_line("main", line);
    wait_until("the next prompt", || {
        let now = place(server);
        now != before && now.contains(" 2 ") && idle(server)
    });
}

fn idle(server: &TmuxServer) -> bool {
    server.run([
        "display-message",
        "-p",
        "-t",
        "main",
        "#{pane_current_command}",
    ]) == "bash"
}

/// History, and column and row of the cursor.
fn place(server: &TmuxServer) -> String {
    server.run([
        "display-message",
        "-p",
        "-t",
        "main",
        "#{history_size} #{cursor_x} #{cursor_y}",
    ])
}

fn text(server: &TmuxServer) -> String {
    server.run(["capture-pane", "-e", "-p", "-J", "-S", "-", "-t", "main"])
}

/// Saves, ends the server and brings everything back.
fn over(server: &TmuxServer) {
    let made = server.json(&["create"]);
    server.crash();
    let report = server.json(&["restore", made["id"].as_str().unwrap(), "--yes"]);
    assert_eq!(report["status"], "success", "{report:#}");
    wait_until("the shell", || {
        server.run(["display-message", "-p", "-t", "main", "#{cursor_x}"]) != "0" && idle(server)
    });
}

/// The screens at some places of the scrollback, with their names.
fn screens(server: &TmuxServer, columns: u16, rows: u16) -> Vec<(u32, vt100::Screen)> {
    let history: u32 = server
        .run(["display-message", "-p", "-t", "main", "#{history_size}"])
        .parse()
        .unwrap();
    let mut client = Client::attach(server, "main", columns, rows);
    let mut screens = vec![(0, client.settled(server, "main", 0))];
    for scroll in [history / 2, history] {
        if scroll == 0 {
            continue;
        }
        server.run(["copy-mode", "-t", "main"]);
        let line = scroll.to_string();
        server.run(["send-keys", "-t", "main", "-X", "goto-line", &line]);
        screens.push((scroll, client.settled(server, "main", scroll)));
        server.run(["send-keys", "-t", "main", "-X", "cancel"]);
    }
    screens
}

/// Where two lists of screens differ, cell by cell.
fn differences(before: &[(u32, vt100::Screen)], after: &[(u32, vt100::Screen)]) -> String {
    let mut found = String::new();
    assert_eq!(before.len(), after.len());
    for ((scroll, one), (now, other)) in before.iter().zip(after) {
        if scroll != now {
            let _ = writeln!(found, "scrollback of {scroll} rows is now one of {now}");
            continue;
        }
        let (rows, columns) = one.size();
        for row in u16::from(*scroll > 0)..rows.get() {
            for column in 0..columns.get() {
                let (a, b) = (
                    one.cell(row, column).unwrap(),
                    other.cell(row, column).unwrap(),
                );
                if !alike(a, b) {
                    let _ = writeln!(
                        found,
                        "{scroll} rows back, row {row}, column {column}: {} is now {}",
                        said(a),
                        said(b)
                    );
                }
            }
        }
        if *scroll == 0 && one.cursor_position() != other.cursor_position() {
            let _ = writeln!(
                found,
                "cursor {:?} is now {:?}",
                one.cursor_position(),
                other.cursor_position()
            );
        }
    }
    found
}

fn said(cell: &vt100::Cell) -> String {
    format!(
        "{:?} {:?} on {:?}",
        cell.contents(),
        cell.fgcolor(),
        cell.bgcolor()
    )
}

fn alike(a: &vt100::Cell, b: &vt100::Cell) -> bool {
    let empty = |cell: &vt100::Cell| !cell.has_contents() || cell.contents() == " ";
    let spaces = empty(a) && empty(b);
    (spaces || a.contents() == b.contents())
        && a.bgcolor() == b.bgcolor()
        && a.inverse() == b.inverse()
        && a.underline() == b.underline()
        // The colour of nothing cannot be seen, unless it is the other way round.
        && (spaces && !a.inverse() && !a.underline()
            || a.fgcolor() == b.fgcolor() && a.bold() == b.bold() && a.dim() == b.dim() && a.italic() == b.italic())
}

/// What tmux says it holds, line by line, with what the emulator does not know (kinds of
/// underlines). How many empty cells it prints behind the text is a matter of its version.
#[track_caller]
fn same_lines(before: &str, after: &str) {
    for (one, other) in before.lines().zip(after.lines()) {
        assert_eq!(one.trim_end(), other.trim_end());
    }
    assert_eq!(before.lines().count(), after.lines().count());
}

/// Text of all kinds that a pane of `columns` may hold. Nothing is erased with a background: tmux
/// does not tell how far it goes.
fn corpus(columns: usize) -> Vec<u8> {
    let mut text = String::new();
    for index in 0..256 {
        let _ = write!(text, "\x1b[38;5;{index}mf\x1b[48;5;{}mb", 255 - index);
        if index % 32 == 31 {
            text.push_str("\x1b[0m\n");
        }
    }
    for row in 0..4 {
        for column in 0..columns {
            let _ = write!(text, "\x1b[48;2;{};{};77m ", row * 60, column * 3);
        }
        text.push_str("\x1b[0m\n");
    }
    text.push_str("\x1b[7mreverse\x1b[27m \x1b[7;31mred\x1b[0m \x1b[1mbold\x1b[2mdim\x1b[0;3mitalic\x1b[0;9mstruck\x1b[0m\n");
    for style in 1..=5 {
        let _ = write!(
            text,
            "\x1b[4:{style}m\x1b[58:2::200:{style}:9munder{style}\x1b[0m "
        );
    }
    text.push_str("\x1b[53moverlined\x1b[0m\n");
    text.push_str("\x1b(0lqqqqqqk\x1b(B\n\x1b(0x\x1b(B\x1b[30;46mdialog\x1b[0m\x1b(0x\x1b(B\n\x1b(0mqqqqqqj\x1b(B\n");
    text.push_str("┌─┬─┐ ╔═╗ ▁▂▃▄▅▆▇█ ░▒▓ \n");
    // A character of two columns where only one is left.
    text.push_str(&"w".repeat(columns - 1));
    text.push_str("漢字 after the edge\n");
    text.push_str(&"漢".repeat(columns));
    text.push_str("\ne\u{301}o\u{308}n\u{303} combining\n\ttab\tafter tab\t\x1b[42mx\t\x1b[0my\n");
    // Exactly as long as the line, longer, and twice as long.
    for length in [columns, columns + 1, columns * 2, columns * 3 - 1] {
        text.push_str(
            &"0123456789"
                .chars()
                .cycle()
                .take(length)
                .collect::<String>(),
        );
        text.push('\n');
    }
    text.push_str("\x1b[45m");
    text.push_str(&"long and coloured ".repeat(columns / 6));
    text.push_str("\x1b[0m\n");
    // A sequence that goes on over lines, spaces at the end with and without a background.
    text.push_str("\x1b[33;44mone\x1b[49m\n\x1b[44mtwo   \x1b[49m\n\nfour\x1b[0m\nplain   \n\x1b[48;5;8mgrey   \x1b[0m   \n");
    text.push_str("\x1b[32m\n\n\x1b[0m\x1b[90mlast\x1b[0m\n");
    text.into_bytes()
}

#[test]
fn a_terminal_shows_the_same_cells() {
    for (columns, rows) in [(80, 24), (61, 17), (120, 90)] {
        let server = server("'$ '", columns, rows);
        print(&server, &corpus(columns.into()));
        let (before, held, at) = (
            screens(&server, columns, rows),
            text(&server),
            place(&server),
        );
        over(&server);
        assert_eq!(place(&server), at);
        let after = screens(&server, columns, rows);
        let found = differences(&before, &after);
        assert!(found.is_empty(), "{columns} by {rows}:\n{found}");
        same_lines(&held, &text(&server));
    }
}

#[test]
fn odd_characters_and_a_long_text_come_back_byte_for_byte() {
    let server = server("'$ '", 50, 10);
    let mut bytes = String::new();
    for line in 0..50_000 {
        let _ = writeln!(bytes, "\x1b[3{}mline {line}\x1b[0m of many", line % 8);
    }
    bytes.push_str("👩\u{200d}👩\u{200d}👧 family, 🇩🇪 flag, 👍🏽 tone, ❤\u{fe0f} heart, ⌚ watch\n");
    bytes.push_str("עברית العربية ไทย देवनागरी \u{1100}\u{1161}\u{11a8}\n");
    print(&server, bytes.as_bytes());
    let (held, at) = (text(&server), place(&server));
    over(&server);
    assert_eq!(place(&server), at);
    same_lines(&held, &text(&server));
}

#[test]
fn prompts_are_there_once_however_often_it_is_restored() {
    // Two lines, the first one with colours and a right side; written by bash with its own escapes.
    let prompt = r#""\\[\\e[1;36m\\]\\W\\[\\e[0m\\]            \\t\\n> ""#;
    let server = server(prompt, 60, 12);
    let heads = || {
        let text = text(&server);
        (
            text.matches("\x1b[36m").count(),
            text.lines().filter(|line| line.starts_with('>')).count(),
        )
    };
    wait_until("a prompt", || heads() == (1, 1));
    over(&server);
    assert_eq!(heads(), (1, 1), "{}", text(&server));
    run(&server, "echo one; echo two");
    run(&server, "cd /");
    assert_eq!(heads(), (3, 3), "{}", text(&server));
    server.run(["send-keys", "-t", "main", "-l", "half typed"]);
    server.wait_for_text("main", "> half typed");
    for _ in 0..2 {
        over(&server);
        assert_eq!(heads(), (3, 3), "{}", text(&server));
        assert!(!text(&server).contains("half"));
    }
}

#[test]
fn a_pager_comes_back_at_its_line_and_what_started_it_is_there_once() {
    let server = server("'$ '", 60, 12);
    let file = server.dir().join("rows");
    let rows: String = (1..500).map(|row| format!("row {row}\n")).collect();
    fs::write(&file, rows).unwrap();
    server.wait_for_prompt("main");
    server.type_line("main", &format!("less -N {}", file.display()));
    server.wait_for_text("main", "1 row 1");
    server.run(["send-keys", "-t", "main", "100g"]);
    server.wait_for_text("main", "100 row 100");
    let made = server.json(&["create"]);
    server.crash();
    let report = server.json(&["restore", made["id"].as_str().unwrap(), "--yes"]);
    assert_eq!(report["programs_run"], 1, "{report:#}");
    server.wait_for_text("main", "100 row 100");
    server.run(["send-keys", "-t", "main", "q"]);
    wait_until("the screen beneath", || text(&server).contains("$ less"));
    let text = text(&server);
    assert_eq!(text.matches("less").count(), 1, "{text}");
    assert!(
        text.contains(&format!("$ less +100 -N {}", file.display())),
        "{text}"
    );
}
