//! Secrets never reach the disk, and what is none stays.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use crate::support::muxtape::Muxtape;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::written::written;
use muxtape::redact::{RedactSettings, Redactor, Tally};
use muxtape_testing::secrets::Maker;
use muxtape_testing::{TmuxServer, wait_until};

/// Everything that can be read out of the store.
fn told(server: &TmuxServer) -> Vec<(String, Vec<u8>)> {
    let mut told = Vec::new();
    for snapshot in server.json(&["list"]).as_array().unwrap() {
        let id = snapshot["id"].as_str().unwrap();
        let said = server.muxtape(&["show", id, "--json"]).out;
        told.push((format!("show {id}"), said.into_bytes()));
        for window in [0, 5, 6, 7, 8, 9, 10, 11] {
            let said = server.muxtape(&["show", id, "--pane", &format!("main:{window}.0")]);
            assert_eq!(said.code, 0, "{}", said.err);
            told.push((format!("window {window} of {id}"), said.out.into_bytes()));
        }
    }
    told
}

#[test]
fn no_secret_that_a_server_shows_is_written_anywhere() {
    let server = TmuxServer::start();
    let mut maker = Maker::new(99);
    let mut planted: Vec<String> = Vec::new();

    // On the screen and in the scrollback, one line for every example of every rule, some coloured,
    // and wider than the terminal where they are long.
    let mut shown = String::new();
    for (number, example) in maker.examples().into_iter().enumerate() {
        let (front, back) = example.secret.split_at(example.secret.len() / 2);
        let painted = format!("{front}\x1b[33m{back}\x1b[0m");
        let line = match number % 3 {
            0 => example.line.replace(&example.secret, &painted),
            _ => example.line.clone(),
        };
        writeln!(shown, "{line}").unwrap();
        planted.push(example.secret);
    }
    let (begin, end) = Maker::key_ends("OPENSSH ");
    let body = maker.key_lines(30, 70);
    let (first, second) = body.split_at(13);
    writeln!(shown, "{begin}\n{}", first.join("\n")).unwrap();
    fs::write(server.home().join("one"), shown).unwrap();
    let rest = format!("{}\n{end}\nthat was all\n", second.join("\n"));
    fs::write(server.home().join("two"), rest).unwrap();
    planted.extend(body.iter().filter(|line| line.len() > 20).cloned());

    // Typed, in titles, names, directories and arguments.
    let mut token = |shape: &str| {
        let token = maker.fill(shape);
        planted.push(token.clone());
        token
    };
    server.run(["rename-window", "-t", "main", &token("ghp_{A36}")]);
    server.run([
        "select-pane",
        "-t",
        "main",
        "-T",
        &token("sk-ant-api03-{A80}AA"),
    ]);
    server.run([
        "new-session",
        "-d",
        "-s",
        &token("glpat-{A20}"),
        "-x",
        "80",
        "-y",
        "24",
    ]);
    server.run(["set-option", "-t", "main", "@deploy_token", &token("{A24}")]);
    server.run([
        "set-hook",
        "-t",
        "main",
        "pane-died",
        &format!("display 'x --password={}'", token("{P12}")),
    ]);
    let dir = server.home().join(token("npm_{A36}"));
    fs::create_dir(&dir).unwrap();
    server.run([
        "new-window",
        "-d",
        "-t",
        "main:5",
        "-c",
        &dir.display().to_string(),
    ]);
    for (window, command) in [
        (
            6,
            format!("sh -c 'read x' mysql -u root -p{} shop", token("{A14}")),
        ),
        (7, format!("sh -c 'read x' curl -u me:{} x", token("{A14}"))),
        (
            8,
            format!("env DEPLOY_TOKEN={} sh -c 'read x'", token("{A14}")),
        ),
        (
            9,
            format!("sh -c 'read x' tool --password {}", token("{A14}")),
        ),
        (
            10,
            format!(
                "sh -c 'read x' psql postgres://me:{}@db/shop",
                token("{A14}")
            ),
        ),
        (
            11,
            format!(
                "sh -c 'read x' kubectl --from-literal=word={}",
                token("{A14}")
            ),
        ),
    ] {
        let target = format!("main:{window}");
        server.run(["new-window", "-d", "-t", &target]);
        server.wait_for_prompt(&target);
        server.type_line(&target, &command);
        wait_until("the program", || {
            let name = server.run([
                "display-message",
                "-p",
                "-t",
                &target,
                "#{pane_current_command}",
            ]);
            name == "sh"
        });
    }

    // A key whose second half comes after the first was stored.
    server.type_line("main:0", "clear; cat one");
    server.wait_for_text("main:0", &first[12]);
    server.json(&["create"]);
    server.type_line("main:0", "cat two");
    server.wait_for_text("main:0", "that was all");
    let made = server.json(&["create"]);
    let hidden: u64 = made["redactions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["count"].as_u64().unwrap())
        .sum();
    assert!(hidden > 100, "{made}");

    let mut files = Vec::new();
    for dir in ["data", "state", "cache", "config"] {
        let dir = server.home().join(dir);
        if dir.is_dir() {
            written(&dir, &mut files);
        }
    }
    files.extend(told(&server));
    let marked = |place: &str| {
        let holds = |bytes: &[u8]| memchr::memmem::find(bytes, "‹redacted:".as_bytes()).is_some();
        files
            .iter()
            .filter(|(name, bytes)| name.contains(place) && holds(bytes))
            .count()
    };
    assert!(marked("decompressed") > 0, "the store cannot be read");
    assert!(marked("window 0") == 2 && marked("show") == 2);
    for secret in &planted {
        for (file, bytes) in &files {
            assert!(
                memchr::memmem::find(bytes, secret.as_bytes()).is_none(),
                "{secret} is in {file}"
            );
        }
    }
}

#[test]
fn what_would_be_taken_out_can_be_seen() {
    let server = TmuxServer::stopped();
    let token = Maker::new(3).fill("ghp_{A36}");
    let file = server.dir().join("text");
    fs::write(&file, format!("one {token}\ntwo\n")).unwrap();
    let file = file.display().to_string();
    let answer = server.json(&["redact", "--test", &file]);
    assert_eq!(answer["total"], 1);
    assert_eq!(answer["redactions"][0]["rule"], "github-token");
    assert_eq!(answer["text"], "one ‹redacted:github-token›\ntwo\n");
    let said = server.muxtape(&["redact", "--test", &file]);
    assert!(
        said.out.contains("1 secret would be taken out"),
        "{}",
        said.out
    );
    server.error(3, &["redact", "--test", "/nowhere/at/all"]);
}

/// Texts as they are on screens every day, without secrets.
fn benign() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let said = |program: &str, args: &[&str]| {
        let output = Command::new(program).args(args).current_dir(root).output();
        let text = output.map(|output| output.stdout).unwrap_or_default();
        String::from_utf8_lossy(&text[..text.len().min(4_000_000)]).into_owned()
    };
    let lock = fs::read_to_string(root.join("Cargo.lock")).unwrap();
    let mut text = said("git", &["log", "--stat"]);
    text += &said("ls", &["-lR", "/usr/share", "/usr/lib"]);
    // Without arguments: those of tests that run beside this one are secrets.
    text += &said(
        "ps",
        &["-eo", "user,pid,pcpu,pmem,vsz,rss,tty,stat,start,time,comm"],
    );
    text += &lock;
    // What building prints.
    let mut name = "";
    for line in lock.lines() {
        let value = |key: &str| {
            line.strip_prefix(key)
                .and_then(|rest| rest.strip_suffix('"'))
        };
        name = value("name = \"").unwrap_or(name);
        if let Some(version) = value("version = \"") {
            writeln!(text, "\x1b[1m\x1b[32m   Compiling\x1b[0m {name} v{version}").unwrap();
        }
    }
    // Bytes as numbers, and as base64 as pictures are shown.
    let bytes = fs::read("/bin/sh").unwrap();
    for (number, row) in bytes.chunks(16).enumerate() {
        let hex: Vec<String> = row.iter().map(|byte| format!("{byte:02x}")).collect();
        let shown = |byte: &u8| {
            if (0x20..0x7f).contains(byte) {
                *byte as char
            } else {
                '.'
            }
        };
        let ascii: String = row.iter().map(shown).collect();
        writeln!(text, "{:08x}  {}  |{ascii}|", number * 16, hex.join(" ")).unwrap();
    }
    let mut maker = Maker::new(1);
    for _ in 0..15_000 {
        writeln!(text, "{}", maker.random('b', 76)).unwrap();
    }
    for _ in 0..15_000 {
        let hash = maker.random('h', 40);
        writeln!(text, "{hash} refs/tags/v1.{}", maker.below(100)).unwrap();
        let id = maker.fill("{h8}-{h4}-{h4}-{h4}-{h12}");
        writeln!(text, "  id: {id}  sha256:{}", maker.random('h', 64)).unwrap();
    }
    text
}

#[test]
fn what_is_no_secret_stays() {
    let text = benign();
    let lines = text.lines().count();
    assert!(text.len() > 2_000_000 && lines > 100_000, "{lines} lines");
    let redactor = Redactor::new(&RedactSettings::default()).unwrap();
    let mut tally = Tally::default();
    let clean = redactor.name(text.as_bytes(), &mut tally);
    let changed: Vec<&str> = text
        .lines()
        .filter(|line| *redactor.name(line.as_bytes(), &mut Tally::default()) != *line)
        .collect();
    assert!(
        tally.total() as usize <= lines / 100_000,
        "{lines} lines: {tally:?} {changed:?}"
    );
    assert!(tally.total() > 0 || *clean == text);
}

#[test]
fn nothing_in_the_repository_looks_like_a_secret() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for dir in [
        "src",
        "tests",
        "benches",
        "assets",
        "docs",
        "fuzz/corpus",
        "fuzz/fuzz_targets",
    ] {
        written(&root.join(dir), &mut files);
    }
    for file in [
        "README.md",
        "CHANGELOG.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "fuzz/bodies.rs",
    ] {
        files.push((file.to_owned(), fs::read(root.join(file)).unwrap()));
    }
    assert!(files.len() > 300, "{} files", files.len());
    // Shapes of secrets, places in strings where one is put, and the patterns themselves.
    let shape =
        regex::Regex::new(r"«[^»]*»|[\w-]*\{[a-zA-Z_]*[0-9]*(?:-[0-9]+)?\}|pattern = '''.*'''")
            .unwrap();
    let redactor = Redactor::new(&RedactSettings::default()).unwrap();
    let mut found = String::new();
    for (file, bytes) in files {
        let Ok(text) = String::from_utf8(bytes) else {
            continue;
        };
        let text = shape.replace_all(&text, "$$x");
        let mut tally = Tally::default();
        if *redactor.name(text.as_bytes(), &mut tally) != *text {
            writeln!(found, "{file}: {:?}", tally.counts()).unwrap();
        }
    }
    assert!(found.is_empty(), "{found}");
}
