//! The same captures given to backup tools, where they are installed.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::series::Day;

/// A backup tool, and how it makes a repository and a backup of a directory.
struct Peer {
    name: &'static str,
    init: &'static [&'static str],
    save: &'static [&'static str],
}

const PEERS: [Peer; 2] = [
    Peer {
        name: "restic",
        init: &["-r", "REPO", "init", "-q"],
        save: &["-r", "REPO", "backup", "-q", "--force", "DATA"],
    },
    Peer {
        name: "borg",
        init: &["init", "-e", "none", "REPO"],
        save: &["create", "-C", "zstd,3", "REPO::{now:%s.%f}", "DATA"],
    },
];

/// Prints what a capture costs each of them, over so many captures.
pub(crate) fn measure(captures: usize) {
    for peer in PEERS {
        match run(&peer, captures) {
            Some((bytes, ms)) => println!("{}: mean {bytes} B a capture, {ms:.0} ms", peer.name),
            None => println!("{}: not installed", peer.name),
        }
    }
}

fn run(peer: &Peer, captures: usize) -> Option<(u64, f64)> {
    let dir = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
    let (repo, data) = (dir.path().join("repo"), dir.path().join("data"));
    std::fs::create_dir_all(&data).unwrap();
    let call = |words: &[&str]| {
        let words = words.iter().map(|word| {
            word.replace("REPO", repo.to_str().unwrap())
                .replace("DATA", data.to_str().unwrap())
        });
        let status = Command::new(peer.name)
            .args(words)
            .env("HOME", dir.path())
            .env("RESTIC_PASSWORD", "x")
            .env("BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK", "yes")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        status.is_ok_and(|status| status.success())
    };
    if !call(peer.init) {
        return None;
    }
    let mut day = Day::new();
    write(&day, &data);
    call(peer.save);
    let before = size(&repo);
    let start = Instant::now();
    let mut writing = std::time::Duration::ZERO;
    for _ in 0..captures {
        let begin = Instant::now();
        day.step();
        write(&day, &data);
        writing += begin.elapsed();
        if !call(peer.save) {
            return None;
        }
    }
    let ms = (start.elapsed() - writing).as_secs_f64() * 1000.0 / captures as f64;
    Some((size(&repo).saturating_sub(before) / captures as u64, ms))
}

fn write(day: &Day, to: &Path) {
    for (at, text) in day.texts().iter().enumerate() {
        std::fs::write(to.join(format!("{at}.main")), &text.main).unwrap();
        if let Some(screen) = &text.alternate {
            std::fs::write(to.join(format!("{at}.alternate")), screen).unwrap();
        }
    }
}

fn size(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).unwrap().map(Result::unwrap);
    let sizes = entries.map(|entry| {
        let meta = entry.metadata().unwrap();
        if meta.is_dir() {
            size(&entry.path())
        } else {
            meta.len()
        }
    });
    sizes.sum()
}
