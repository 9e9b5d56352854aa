//! Secrets of every rule, planted wherever a server can show one, are in nothing that any command
//! says or writes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use crate::support::muxtape::Muxtape;
use std::fmt::Write as _;
use std::fs;
use std::process::{Child, Stdio};

use crate::support::written::written;
use muxtape_testing::secrets::{Example, Maker};
use muxtape_testing::{TmuxServer, wait_until};

/// Rules that know a secret by what is all of a line.
const WHOLE_LINES: [&str; 8] = [
    "column",
    "cookie-jar",
    "htpasswd-password",
    "netrc-password",
    "pgpass-password",
    "piped-password",
    "server-password",
    "settings-line",
];

/// A server full of secrets, and what was said about it.
struct Planted {
    server: TmuxServer,
    secrets: Vec<String>,
    said: Vec<(String, Vec<u8>)>,
}

impl Planted {
    fn new() -> Self {
        Self {
            server: TmuxServer::start(),
            secrets: Vec::new(),
            said: Vec::new(),
        }
    }

    /// One line for every example of every rule, whose secrets count from now on; `within` a line
    /// for those that need not be all of it.
    fn lines(&mut self, seed: u64, within: bool) -> Vec<String> {
        let mut examples = Maker::new(seed).examples();
        examples.retain(|example| !within || !WHOLE_LINES.contains(&&*example.rule));
        let secret = |example: &Example| example.secret.clone();
        self.secrets.extend(examples.iter().map(secret));
        examples.into_iter().map(|example| example.line).collect()
    }

    /// A secret of a shape.
    fn secret(&mut self, shape: &str) -> String {
        let secret = Maker::new(1000 + self.secrets.len() as u64).fill(shape);
        self.secrets.push(secret.clone());
        secret
    }

    /// Runs `muxtape` and keeps what it says.
    fn run(&mut self, args: &[&str]) -> crate::support::muxtape::Said {
        let said = self.server.muxtape(args);
        let both = format!("{}\n{}", said.out, said.err);
        self.said.push((format!("{args:?}"), both.into_bytes()));
        said
    }

    /// Everything that tmux reads from a file of commands, one for each line.
    fn tell(&self, commands: &str) {
        let file = self.server.home().join("commands");
        fs::write(&file, commands).unwrap();
        self.server.run(["source-file", file.to_str().unwrap()]);
        fs::remove_file(file).unwrap();
    }

    /// Looks through everything that was said and written.
    #[track_caller]
    fn search(&mut self) {
        let mut files = Vec::new();
        for dir in ["data", "state", "cache", "config", "muxtape"] {
            for base in [self.server.home(), self.server.dir().to_owned()] {
                let dir = base.join(dir);
                if dir.is_dir() {
                    written(&dir, &mut files);
                }
            }
        }
        let marked = files.iter().filter(|(_, bytes)| holds(bytes, "‹redacted:"));
        assert!(marked.count() > 0, "nothing can be read");
        for (place, bytes) in files.iter().chain(&self.said) {
            for secret in &self.secrets {
                if let Some(at) = memchr::memmem::find(bytes, secret.as_bytes()) {
                    let around = &bytes[at.saturating_sub(80)..bytes.len().min(at + 200)];
                    panic!(
                        "{secret} is in {place}: {}",
                        String::from_utf8_lossy(around)
                    );
                }
            }
        }
    }
}

impl Planted {
    /// What a person types beside a snapshot, and the journal of everything.
    fn notes(&mut self) {
        let token = self.secret("ghp_{A36}");
        for args in [
            &["describe", "latest", &format!("before {token} goes")][..],
            &["tag", "latest", &token],
            &["rename", "latest", &format!("with {token}")],
            &["--json", "list"],
            &["events"],
            &["--json", "events"],
            &["audit"],
        ] {
            let said = self.run(args);
            assert_eq!(said.code, 0, "{args:?}: {}", said.err);
        }
        self.search();
    }

    /// A file of snapshots, and the store that they are brought to.
    fn carried(&mut self) {
        let file = self.server.dir().join("muxtape/some.muxtape");
        let file = file.to_str().unwrap();
        let other = self.server.home().join("cache/other");
        let other = other.to_str().unwrap();
        for args in [
            &["export", "latest", "latest~1", file][..],
            &["--data-dir", other, "-vvv", "import", file],
            &["--data-dir", other, "--json", "list"],
        ] {
            let said = self.run(args);
            assert_eq!(said.code, 0, "{args:?}: {}", said.err);
        }
        let mut files = Vec::new();
        written(&self.server.dir().join("muxtape"), &mut files);
        let texts = files.iter().filter(|(place, bytes)| {
            place.contains("some.muxtape, decompressed") && holds(bytes, "‹redacted:")
        });
        assert!(texts.count() > 0, "the texts of the file cannot be read");
        self.search();
    }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    memchr::memmem::find(bytes, text.as_bytes()).is_some()
}

/// As an argument in a file of tmux commands.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\' | '$') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted + "\""
}

/// The recorder, with everything that it logs; killed at the end.
struct Recorder(Child);

impl Recorder {
    fn start(server: &TmuxServer) -> Self {
        let mut command = server.command(env!("CARGO_BIN_EXE_muxtape"));
        command.arg("-S").arg(server.socket());
        command.args(["-vvv", "daemon", "run"]);
        let log = fs::File::create(server.dir().join("muxtape").join("recorder")).unwrap();
        let errors = log.try_clone().unwrap();
        let child = command.stdout(Stdio::from(log)).stderr(Stdio::from(errors));
        Self(child.spawn().unwrap())
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn no_command_says_or_writes_a_secret_wherever_it_stands() {
    let mut planted = Planted::new();
    fs::create_dir_all(planted.server.dir().join("muxtape")).unwrap();
    planted.server.wait_for_prompt("main:");

    // In the alternate screen of a window that is large enough for all of them.
    let screen = planted.lines(1, false);
    let file = planted.server.home().join("screen");
    fs::write(&file, screen.join("\n")).unwrap();
    let show = format!(
        "tput smcup; cat {}; echo that was all; read x",
        file.display()
    );
    planted
        .server
        .run(["new-window", "-d", "-t", "main:1", "sh", "-c", &show]);
    planted
        .server
        .run(["resize-window", "-t", "main:1", "-x", "700", "-y", "400"]);
    planted.server.wait_for_text("main:1", "that was all");

    // As arguments of what a pane was started with, and of what runs behind shells.
    for (number, some) in planted.lines(2, true).chunks(70).enumerate() {
        let target = format!("main:{}", 10 + number);
        let mut command = vec![
            "new-window",
            "-d",
            "-t",
            &target,
            "sh",
            "-c",
            "read x",
            "sh",
        ];
        // An argument that ends so would end the command of tmux.
        command.extend(some.iter().map(|line| line.trim_end_matches(';')));
        planted.server.run(command);
    }
    let program = planted.server.home().join("ssh");
    fs::write(&program, "read x\n").unwrap();
    let token = planted.secret("ghp_{A36}");
    let typed = format!(
        "sh -c 'sh {} -o SetEnv=DEPLOY_TOKEN={token} me@host'",
        program.display()
    );
    planted.server.run(["new-window", "-d", "-t", "main:20"]);
    planted.server.wait_for_prompt("main:20");
    planted.server.type_line("main:20", &typed);

    // In settings, hooks, buffers and names.
    let mut commands = String::new();
    for (number, line) in planted.lines(3, false).iter().enumerate() {
        writeln!(
            commands,
            "set-option -t main @note{number} {}",
            quoted(line)
        )
        .unwrap();
    }
    let token = planted.secret("{A16}");
    writeln!(
        commands,
        "set-hook -t main pane-died \"display 'x --password={token}'\""
    )
    .unwrap();
    for (number, line) in planted.lines(4, false).iter().step_by(8).enumerate() {
        // tmux expands formats in both.
        let (window, name) = (30 + number, quoted(&line.replace('#', "##")));
        writeln!(
            commands,
            "new-window -d -t main:{window} -n {name} 'sh -c \"read x\"'"
        )
        .unwrap();
        writeln!(commands, "select-pane -t main:{window} -T {name}").unwrap();
    }
    planted.tell(&commands);
    let buffer = planted.lines(5, false).join("\n");
    let file = planted.server.home().join("buffer");
    fs::write(&file, buffer).unwrap();
    planted
        .server
        .run(["load-buffer", "-b", "copied", file.to_str().unwrap()]);
    for name in ["screen", "buffer"] {
        fs::remove_file(planted.server.home().join(name)).unwrap();
    }

    // Everything that says or writes something, at the most talkative.
    let made = planted.run(&["-vvv", "--json", "create"]);
    assert_eq!(made.code, 0, "{}", made.err);
    assert!(made.out.contains("\"count\""), "{}", made.out);
    planted.search();
    for args in [
        &["-vvv", "create", "again"][..],
        &["-vvv", "--json", "list"],
        &["-vvv", "--json", "show", "latest"],
        &["show", "latest"],
        &["show", "latest", "--pane", "main:1.0"],
        &["--json", "diff", "latest~1", "latest"],
        &["search", "redacted"],
        &[
            "-vvv",
            "restore",
            "latest",
            "--dry-run",
            "--on-conflict",
            "rename",
        ],
        &[
            "--json",
            "restore",
            "latest",
            "--dry-run",
            "--programs",
            "all",
        ],
        &["restore", "latest", "--script", "--programs", "all"],
        &[
            "-vvv",
            "--json",
            "restore",
            "latest",
            "--on-conflict",
            "rename",
            "--programs",
            "all",
            "-y",
        ],
        &["undo", "--list"],
        &["-vvv", "--json", "undo", "-y"],
        &["--json", "verify"],
        &["--json", "stats"],
        &["show", "nothing-of-that-name"],
        &["restore", "latest", "--tab", "main:99"],
    ] {
        let said = planted.run(args);
        assert_ne!(said.code, 2, "{args:?}: {}", said.err);
    }
    planted.search();
    planted.notes();
    planted.carried();
    planted.run(&["--json", "redact", "--recheck", "-y"]);
    planted.search();

    // With the store away, captures are spooled.
    let store = planted.server.home().join("data/muxtape/muxtape.redb");
    let away = planted.server.dir().join("away");
    fs::rename(&store, &away).unwrap();
    planted
        .server
        .run(["rename-window", "-t", "main:0", "meanwhile"]);
    planted.run(&["-vvv", "create"]);
    planted.run(&["-vvv", "list"]);
    planted.search();
    fs::rename(&away, &store).unwrap();

    // A recorder that is killed while it records.
    let recorder = Recorder::start(&planted.server);
    wait_until("the recorder", || {
        planted.server.muxtape(&["daemon", "status"]).code == 0
    });
    let before = planted.server.json(&["list"]).as_array().unwrap().len();
    let token = planted.secret("ghp_{A36}");
    planted
        .server
        .run(["rename-window", "-t", "main:0", &token]);
    wait_until("another snapshot", || {
        planted.server.json(&["list"]).as_array().unwrap().len() > before
    });
    drop(recorder);
    planted.run(&["-vvv", "recover"]);
    planted.search();
}
