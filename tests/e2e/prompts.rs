//! Prompts of widely used frameworks are there once, however often a pane is restored.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may panic"
)]

use crate::support::muxtape::Muxtape;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use muxtape_testing::{TmuxServer, wait_until};

/// What a stand-in for a shell does: bash edits the line, and the recorded bytes are the prompt.
const STAND_IN: &str = "\
PS1=
prompt=first
PROMPT_COMMAND='cat \"${0%/*}/$prompt\"; prompt=next'
";
/// Real shells with prompts of several lines, a right side and the time.
const ZSH: &str = "PS1=$'\\n%F{blue}%~%f %*\\n%n\\n> '\nRPS1='<%?>'\n";
const FISH: &str = "function fish_prompt; echo; set_color cyan; prompt_pwd; echo '> '; end\n\
    function fish_right_prompt; date +%T; end\n";

/// What was done in a pane before it is restored, and whether its screen is full afterwards.
const SCENES: [(&str, &[&str], bool); 4] = [
    ("fresh", &[], false),
    ("used", &["echo one; echo two", "true", "cd ."], false),
    ("cleared", &["echo one", "clear"], false),
    ("full", &["seq 1 40", "echo one"], true),
];

fn is_installed(shell: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&path).any(|dir| dir.join(shell).is_file())
}

/// The shell that a recording is of.
fn shell_of(name: &str) -> &'static str {
    match name {
        "starship-fish" | "tide" | "fish-default" => "fish",
        "starship-bash" | "bashit-bobby" => "bash",
        _ => "zsh",
    }
}

/// The recordings, and how the stand-in for their shell is started.
fn recordings(server: &TmuxServer) -> Vec<(String, String)> {
    let bash = std::env::split_paths(&std::env::var_os("PATH").unwrap())
        .map(|dir| dir.join("bash"))
        .find(|file| file.is_file())
        .unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/prompts");
    let mut found = Vec::new();
    for entry in fs::read_dir(&from).unwrap() {
        let path = entry.unwrap().path();
        let Some(name) = path
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .strip_suffix(".first")
        else {
            continue;
        };
        let dir = server.dir().join(name);
        fs::create_dir(&dir).unwrap();
        fs::copy(&path, dir.join("first")).unwrap();
        fs::copy(path.with_extension("next"), dir.join("next")).unwrap();
        let program = dir.join(shell_of(name));
        symlink(&bash, &program).unwrap();
        found.push((name.to_owned(), format!("exec {} -i", program.display())));
    }
    found.sort();
    assert_eq!(found.len(), 16);
    found
}

/// A server with these lines in its configuration, whose shells find their files at home.
fn server(config: &str) -> TmuxServer {
    let server = TmuxServer::stopped();
    let config = format!(
        "set -s exit-empty off\nset -g status off\nset -g default-terminal screen-256color\n\
        set -g history-limit 2000\nset -g default-command 'exec bash --norc -i'\n{config}"
    );
    fs::write(server.config(), &config).unwrap();
    // Whoever starts the server again reads this one.
    let home = server.home();
    fs::write(home.join(".tmux.conf"), &config).unwrap();
    fs::write(home.join(".bashrc"), STAND_IN).unwrap();
    fs::write(home.join(".zshrc"), ZSH).unwrap();
    fs::create_dir_all(home.join("config/fish")).unwrap();
    fs::write(home.join("config/fish/config.fish"), FISH).unwrap();
    server
}

/// The text of each pane by the name of its tab, without spaces at the ends of lines and with one
/// time for all.
fn texts(server: &TmuxServer) -> BTreeMap<String, (String, String)> {
    let format = "#{window_name} #{history_size} #{cursor_x} #{cursor_y}";
    let panes = server.run(["list-panes", "-s", "-t", "main", "-F", format]);
    let texts = panes.lines().map(|line| {
        let (name, place) = line.split_once(' ').unwrap();
        let target = format!("main:={name}");
        let text = server.run(["capture-pane", "-p", "-J", "-S", "-", "-t", &target]);
        let mut lines = String::new();
        for line in text.trim_end().lines() {
            let time = line.split(' ').map(|word| {
                let is_time = (7..=8).contains(&word.len()) && word.matches(':').count() == 2;
                if is_time { "TIME" } else { word }
            });
            let words: Vec<&str> = time.collect();
            let _ = writeln!(lines, "{}", words.join(" ").trim_end());
        }
        (name.to_owned(), (place.to_owned(), lines))
    });
    texts.collect()
}

/// Waits until nothing moves any more and every pane has a prompt.
fn settle(server: &TmuxServer) {
    let mut last = BTreeMap::new();
    let mut still = 0;
    wait_until("prompts that stand still", || {
        let now = texts(server);
        let prompts = now
            .values()
            .all(|(place, _)| place.split(' ').nth(1) != Some("0"));
        still = if prompts && now == last { still + 1 } else { 0 };
        last = now;
        still >= 5
    });
}

/// Restores a snapshot. Shells come back only from where `PATH` leads, so the stand-ins are behind
/// all others in it.
fn restore(server: &TmuxServer, id: &str, shells: &[(String, String)]) -> serde_json::Value {
    let programs = shells
        .iter()
        .filter_map(|(_, command)| command.split(' ').nth(1));
    let own = programs.filter_map(|program| Path::new(program).parent());
    let own = own.filter(|dir| dir.is_absolute()).map(Path::to_owned);
    let path = std::env::split_paths(&muxtape_testing::search_path())
        .chain(own)
        .collect::<Vec<_>>();
    let output = server
        .command(env!("CARGO_BIN_EXE_muxtape"))
        .env("PATH", std::env::join_paths(path).unwrap())
        .arg("-S")
        .arg(server.socket())
        .args(["--json", "restore", id, "--yes"])
        .output()
        .unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    answer["data"].clone()
}

/// Makes a tab for each shell and scene, plays the scenes, and restores it all four times.
fn comes_back_four_times(server: &TmuxServer, shells: &[(String, String)], own: &[&str]) {
    let mut tabs = Vec::new();
    for (name, command) in shells {
        tabs.extend(
            SCENES
                .iter()
                .map(|scene| (format!("{name}-{}", scene.0), command, scene)),
        );
    }
    server.run([
        "new-session",
        "-d",
        "-s",
        "main",
        "-n",
        "first",
        "-x",
        "80",
        "-y",
        "24",
    ]);
    for (name, command, _) in &tabs {
        server.run(["new-window", "-d", "-t", "main:", "-n", name, command]);
        if !own.is_empty() {
            let target = format!("main:={name}");
            server.run([&["set-option", "-w", "-t", &target], own].concat());
        }
    }
    server.run(["kill-window", "-t", "main:=first"]);
    settle(server);
    for step in 0..3 {
        for (name, _, (_, lines, _)) in &tabs {
            if let Some(line) = lines.get(step) {
                server.type_line(&format!("main:={name}"), line);
            }
        }
        settle(server);
    }
    let before = texts(server);
    for round in 1..=4 {
        let made = server.json(&["create"]);
        server.crash();
        let report = restore(server, made["id"].as_str().unwrap(), shells);
        assert_eq!(report["status"], "success", "{report:#}");
        settle(server);
        let after = texts(server);
        for (name, _, (.., full)) in &tabs {
            let ((place, text), (now, shown)) = (&before[name], &after[name]);
            assert_eq!(text, shown, "{name}, restored {round} times");
            assert!(
                *full || place == now,
                "{name}: {place} is {now} after {round}"
            );
        }
    }
}

#[test]
fn prompts_of_frameworks_are_there_once_however_often_they_are_restored() {
    let server = server("");
    let shells = recordings(&server);
    comes_back_four_times(&server, &shells, &[]);
}

#[test]
fn real_shells_under_borders_with_titles_lose_and_gain_no_line() {
    for (config, own) in [
        ("set -g pane-border-status top\nset -g status 2\n", &[][..]),
        ("set -g status on\n", &["pane-border-status", "bottom"][..]),
    ] {
        let server = server(&format!("{config}set-environment -g PS1 '\\w\\n$ '\n"));
        let shells: Vec<(String, String)> = ["zsh", "fish"]
            .into_iter()
            .filter(|shell| is_installed(shell))
            .map(|shell| (format!("real-{shell}"), format!("exec {shell} -i")))
            .chain([("bash".to_owned(), "exec bash --norc -i".to_owned())])
            .collect();
        comes_back_four_times(&server, &shells, own);
    }
}
