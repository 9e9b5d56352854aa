//! What the scripts rely on: they wait for a package manager that somebody else runs.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::fs::{FlockOperation, fcntl_lock};

/// An apt of the test's own, with nothing in it, that needs no network and no rights.
struct Apt {
    dir: tempfile::TempDir,
}

impl Apt {
    /// Or none, where there is no apt.
    fn new() -> Option<Self> {
        Command::new("apt-get").arg("--version").output().ok()?;
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().display();
        for part in ["lists/partial", "archives/partial", "dpkg", "etc"] {
            fs::create_dir_all(dir.path().join(part)).unwrap();
        }
        fs::write(dir.path().join("dpkg/status"), "").unwrap();
        let config = format!(
            "Dir \"{root}\";\n\
             Dir::State \"{root}\";\n\
             Dir::State::status \"{root}/dpkg/status\";\n\
             Dir::Cache \"{root}\";\n\
             Dir::Etc \"{root}/etc\";\n\
             Dir::Log \"{root}\";\n\
             APT::Sandbox::User \"root\";\n"
        );
        fs::write(dir.path().join("conf"), config).unwrap();
        Some(Self { dir })
    }

    /// Takes a lock as another package manager does; it is let go with the file.
    fn hold(&self, lock: &str) -> File {
        let file = File::create(self.dir.path().join(lock)).unwrap();
        fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive).unwrap();
        file
    }

    /// Starts what `need` does, with this patience.
    fn start(&self, seconds: u32, arguments: &str) -> Child {
        let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/lib.sh");
        Command::new("bash")
            .args(["-euc", &format!(". \"$0\"; apt_get {arguments}")])
            .arg(library)
            .env("APT_CONFIG", self.dir.path().join("conf"))
            .env("LOCK_WAIT_SECONDS", seconds.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

/// Each lock of apt, and what needs it.
const LOCKS: [(&str, &str); 4] = [
    ("lists/lock", "update"),
    ("archives/lock", "install -y"),
    ("dpkg/lock-frontend", "install -y"),
    ("dpkg/lock", "install -y"),
];

#[test]
fn an_installation_waits_for_whoever_else_installs() {
    let Some(apt) = Apt::new() else { return };
    for (lock, arguments) in LOCKS {
        let held = apt.hold(lock);
        let mut child = apt.start(60, arguments);
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        errors.read_line(&mut line).unwrap();
        assert!(line.contains("waiting for another"), "{lock}: {line}");
        drop(held);
        let mut rest = String::new();
        errors.read_to_string(&mut rest).unwrap();
        assert!(child.wait().unwrap().success(), "{lock}: {line}{rest}");
    }
}

#[test]
fn an_installation_waits_for_nothing_else_and_not_for_ever() {
    let Some(apt) = Apt::new() else { return };
    let _held = apt.hold("lists/lock");
    let ended = apt.start(0, "update").wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(!ended.status.success());
    assert!(said.contains("Could not get lock"), "{said}");
    let ended = apt.start(60, "install -y no-such-package");
    let ended = ended.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(!ended.status.success());
    assert!(said.contains("no-such-package"), "{said}");
    assert!(!said.contains("waiting for another"), "{said}");
}
