//! The git working tree that a directory is in, read from its files: git itself is not run.
//!
//! Nothing here can be made to wait: only file systems of this machine are looked into
//! ([`super::mounts`]), only files of a few kilobytes are read, and no link is followed that could
//! lead elsewhere. What is not as it should be is no working tree. As with git, the search ends at
//! the top of the file system.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;

use bstr::{BStr, BString, ByteSlice};
use rustix::fs::{FileType, Mode, OFlags};

use super::mounts::{Mounts, parent};
use crate::model::detail::Checkout;

/// Bytes of a file at the most: a path and a little more.
const MAX_FILE_BYTES: u64 = 8192;

/// Directories above one at the most.
const DEPTH: usize = 64;

/// The working trees that were found so far; for one observation, so that each directory is looked
/// into once.
#[derive(Debug)]
pub(super) struct Checkouts {
    mounts: Mounts,
    known: HashMap<BString, Option<Checkout>>,
    #[cfg(test)]
    looked: usize,
}

impl Checkouts {
    /// Nothing was found yet.
    pub(super) fn new() -> Self {
        Self::with(Mounts::read())
    }

    fn with(mounts: Mounts) -> Self {
        Self {
            mounts,
            known: HashMap::new(),
            #[cfg(test)]
            looked: 0,
        }
    }

    /// The working tree that a directory is in.
    pub(super) fn of(&mut self, dir: &[u8]) -> Option<Checkout> {
        if let Some(known) = self.known.get(dir.as_bstr()) {
            return known.clone();
        }
        let top = self.mounts.local(dir)?;
        let mut passed: Vec<&[u8]> = Vec::new();
        let mut next = Some(dir);
        let mut found = None;
        while let Some(here) = next.filter(|_| passed.len() < DEPTH) {
            if let Some(known) = self.known.get(here.as_bstr()) {
                found.clone_from(known);
                break;
            }
            passed.push(here);
            found = self.at(here);
            if found.is_some() || here == top {
                break;
            }
            next = parent(here);
        }
        for dir in passed {
            self.known.insert(dir.into(), found.clone());
        }
        found
    }

    /// The working tree with its top here.
    fn at(&mut self, root: &[u8]) -> Option<Checkout> {
        #[cfg(test)]
        {
            self.looked += 1;
        }
        let own = joined(root, b".git");
        let (repository, elsewhere) = match self.kind(&own)? {
            FileType::Directory => (own, false),
            FileType::RegularFile => (self.named_in(&own, root)?, true),
            FileType::Symlink => (joined(root, &link(&own)?), true),
            _ => return None,
        };
        let (branch, commit) = self.head(&repository)?;
        let common = self.small(&joined(&repository, b"commondir"));
        let common = common.map(|path| joined(&repository, path.trim_end()));
        Some(Checkout {
            root: root.into(),
            branch,
            commit,
            repository: common.or_else(|| elsewhere.then_some(repository)),
        })
    }

    /// The directory that a `.git` file names, for linked working trees and submodules.
    fn named_in(&self, file: &[u8], root: &[u8]) -> Option<BString> {
        let text = self.small(file)?;
        let path = text.strip_prefix(b"gitdir:")?.trim();
        (!path.is_empty()).then(|| joined(root, path))
    }

    /// The branch, or the commit of a detached head.
    fn head(&self, repository: &[u8]) -> Option<(Option<BString>, BString)> {
        let file = joined(repository, b"HEAD");
        // In old repositories it is a link to the branch.
        let text = match self.kind(&file)? {
            FileType::Symlink => [b"ref: ", link(&file)?.as_slice()].concat().into(),
            _ => self.small(&file)?,
        };
        let text = text.trim();
        let Some(name) = text.strip_prefix(b"ref:") else {
            let commit = matches!(text.len(), 40 | 64) && text.iter().all(u8::is_ascii_hexdigit);
            return commit.then(|| (None, text.into()));
        };
        let name = name.trim_start();
        let branch = name.strip_prefix(b"refs/heads/").unwrap_or(name);
        // Where references are kept in tables, the file says nothing.
        let said = !branch.is_empty() && branch != b".invalid";
        Some((said.then(|| branch.into()), BString::default()))
    }

    fn kind(&self, path: &[u8]) -> Option<FileType> {
        self.mounts.local(path)?;
        let flags = OFlags::NOFOLLOW | OFlags::CLOEXEC;
        #[cfg(target_os = "linux")]
        let file = open(path, flags | OFlags::PATH)?;
        #[cfg(not(target_os = "linux"))]
        return kind_of(path, flags);
        #[cfg(target_os = "linux")]
        Some(FileType::from_raw_mode(
            rustix::fs::fstat(file).ok()?.st_mode,
        ))
    }

    /// A small file; `None` for anything else.
    fn small(&self, path: &[u8]) -> Option<BString> {
        self.mounts.local(path)?;
        let flags = OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        if self.kind(path)? != FileType::RegularFile {
            return None;
        }
        let file = std::fs::File::from(open(path, flags | OFlags::RDONLY)?);
        let regular = file.metadata().is_ok_and(|meta| meta.is_file());
        let mut text = Vec::new();
        let read = file.take(MAX_FILE_BYTES + 1).read_to_end(&mut text).ok()?;
        (regular && read as u64 <= MAX_FILE_BYTES).then(|| text.into())
    }
}

/// Opens a file to which no link leads.
#[cfg(target_os = "linux")]
fn open(path: &[u8], flags: OFlags) -> Option<OwnedFd> {
    use rustix::fs::{CWD, ResolveFlags, open, openat2};
    let path = OsStr::from_bytes(path);
    match openat2(CWD, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS) {
        // Kernels before 5.6, and sandboxes that know only those.
        Err(rustix::io::Errno::NOSYS | rustix::io::Errno::PERM) => {
            open(path, flags, Mode::empty()).ok()
        }
        opened => opened.ok(),
    }
}

/// Opens a file to which no link leads, as far as the system has a word for that.
#[cfg(not(target_os = "linux"))]
fn open(path: &[u8], flags: OFlags) -> Option<OwnedFd> {
    #[cfg(target_vendor = "apple")]
    let flags = (flags - OFlags::NOFOLLOW) | OFlags::NOFOLLOW_ANY;
    rustix::fs::open(OsStr::from_bytes(path), flags, Mode::empty()).ok()
}

/// What a path is, without opening it.
#[cfg(not(target_os = "linux"))]
fn kind_of(path: &[u8], _flags: OFlags) -> Option<FileType> {
    let stat = rustix::fs::lstat(OsStr::from_bytes(path)).ok()?;
    Some(FileType::from_raw_mode(stat.st_mode))
}

fn link(path: &[u8]) -> Option<BString> {
    let target = rustix::fs::readlink(OsStr::from_bytes(path), Vec::new()).ok()?;
    Some(target.into_bytes().into())
}

/// A path seen from a directory, without `.` and `..`. No link is on the way, or it will not be
/// followed.
fn joined(dir: &[u8], path: &[u8]) -> BString {
    let mut parts: Vec<&BStr> = Vec::new();
    let start = if path.starts_with(b"/") { b"" } else { dir };
    for part in start.split_str("/").chain(path.split_str("/")) {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop();
            }
            part => parts.push(part.as_bstr()),
        }
    }
    [b"/", bstr::join("/", parts).as_slice()].concat().into()
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::{Path, PathBuf};

    use muxtape_testing::make_fifo;

    use super::*;

    fn bytes(path: &Path) -> &[u8] {
        path.as_os_str().as_bytes()
    }

    fn place() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().canonicalize().unwrap();
        (dir, path)
    }

    fn git(dir: &Path, line: &str) {
        let done = std::process::Command::new("git")
            .args(["-c", "user.name=x", "-c", "user.email=x@x"])
            .args([
                "-c",
                "commit.gpgsign=false",
                "-c",
                "protocol.file.allow=always",
            ])
            .args(line.split(' '))
            .current_dir(dir)
            .env("HOME", dir)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap();
        assert!(done.status.success(), "{line}: {done:?}");
    }

    #[test]
    fn it_is_what_git_says() {
        let (_dir, home) = place();
        let main = home.join("main");
        fs::create_dir_all(main.join("a/b")).unwrap();
        git(&main, "init -q -b feature/x .");
        let of = |dir: &Path| Checkouts::new().of(bytes(dir));
        let root = BString::from(bytes(&main));
        let expected = Checkout {
            root: root.clone(),
            branch: Some("feature/x".into()),
            commit: BString::default(),
            repository: None,
        };
        assert_eq!(of(&main.join("a/b")), Some(expected.clone()));
        assert_eq!(of(&main), Some(expected));
        assert_eq!(of(&home), None);
        git(&main, "commit -q --allow-empty -m x");
        git(&main, "checkout -q --detach");
        let detached = of(&main).unwrap();
        assert_eq!(detached.branch, None);
        assert_eq!(detached.commit.len(), 40);
        // A linked working tree.
        git(&main, "worktree add -q -b other ../linked");
        let linked = of(&home.join("linked")).unwrap();
        assert_eq!(linked.branch, Some("other".into()));
        assert_eq!(linked.root, bytes(&home.join("linked")));
        assert_eq!(linked.repository.unwrap(), bytes(&main.join(".git")));
        // A submodule.
        git(&home.join("linked"), "submodule --quiet add ../main sub");
        let sub = of(&home.join("linked/sub")).unwrap();
        assert_eq!(sub.root, bytes(&home.join("linked/sub")));
        assert!(sub.repository.unwrap().ends_with(b"/modules/sub"));
        // A directory that was removed within.
        fs::remove_dir_all(main.join("a")).unwrap();
        assert_eq!(of(&main.join("a/b")).unwrap().root, root);
    }

    #[test]
    fn repositories_of_other_times_are_read() {
        let (_dir, home) = place();
        let of = |name: &str| Checkouts::new().of(bytes(&home.join(name)));
        let make = |name: &str| {
            let git = home.join(name).join(".git");
            fs::create_dir_all(&git).unwrap();
            git
        };
        symlink("refs/heads/old", make("old").join("HEAD")).unwrap();
        assert_eq!(of("old").unwrap().branch, Some("old".into()));
        fs::write(make("tables").join("HEAD"), "ref: refs/heads/.invalid\n").unwrap();
        let tables = of("tables").unwrap();
        assert_eq!((tables.branch, tables.commit), (None, BString::default()));
        fs::write(make("long").join("HEAD"), "A".repeat(64)).unwrap();
        assert_eq!(of("long").unwrap().commit.len(), 64);
        fs::create_dir(home.join("linked")).unwrap();
        symlink("../old/.git", home.join("linked/.git")).unwrap();
        let linked = of("linked").unwrap();
        assert_eq!(linked.branch, Some("old".into()));
        assert_eq!(linked.repository.unwrap(), bytes(&home.join("old/.git")));
    }

    #[test]
    fn odd_files_are_no_working_tree_and_hold_nobody_up() {
        let (_dir, home) = place();
        let of = |name: &str| Checkouts::new().of(bytes(&home.join(name)));
        let made = |name: &str| {
            fs::create_dir_all(home.join(name)).unwrap();
            home.join(name).join(".git")
        };
        make_fifo(&made("pipe"));
        assert_eq!(of("pipe"), None);
        fs::create_dir(made("inner")).unwrap();
        make_fifo(&home.join("inner/.git/HEAD"));
        assert_eq!(of("inner"), None);
        for (name, head) in [
            ("empty", String::new()),
            ("words", "something else".to_owned()),
            ("huge", format!("ref: {}", "x".repeat(1 << 20))),
            ("short", "0123".to_owned()),
        ] {
            fs::create_dir(made(name)).unwrap();
            fs::write(home.join(name).join(".git/HEAD"), head).unwrap();
            assert_eq!(of(name), None, "{name}");
        }
        for (name, text) in [
            ("nowhere", "gitdir: /not/there"),
            ("itself", "gitdir: .git"),
            ("none", "gitdir:"),
            ("device", "gitdir: /dev"),
            ("binary", "\0\0\0"),
        ] {
            fs::write(made(name), text).unwrap();
            assert_eq!(of(name), None, "{name}");
        }
        symlink(".git", made("circle")).unwrap();
        assert_eq!(of("circle"), None);
        // A link on the way could lead to another machine.
        fs::create_dir(made("real")).unwrap();
        fs::write(home.join("real/.git/HEAD"), "ref: refs/heads/x").unwrap();
        symlink("real", home.join("detour")).unwrap();
        fs::write(
            made("over"),
            format!("gitdir: {}", home.join("detour/.git").display()),
        )
        .unwrap();
        assert_eq!(of("over"), None);
        assert!(of("real").is_some());
        assert_eq!(Checkouts::new().of(b"relative"), None);
        assert_eq!(Checkouts::new().of(b""), None);
    }

    #[test]
    fn other_machines_are_left_alone() {
        let (_dir, home) = place();
        fs::create_dir(home.join(".git")).unwrap();
        fs::write(home.join(".git/HEAD"), "ref: refs/heads/x").unwrap();
        assert!(Checkouts::new().of(bytes(&home)).is_some());
        let mut checkouts = Checkouts::with(Mounts::default());
        assert_eq!(checkouts.of(bytes(&home)), None);
        assert_eq!(checkouts.looked, 0);
    }

    #[test]
    fn every_directory_is_looked_into_once() {
        let (_dir, home) = place();
        let deep = home.join("a/b/c");
        fs::create_dir_all(&deep).unwrap();
        let mut checkouts = Checkouts::new();
        checkouts.of(bytes(&deep));
        let first = checkouts.looked;
        assert!(first >= 4);
        for dir in [&deep, &home.join("a/b"), &home] {
            checkouts.of(bytes(dir));
        }
        assert_eq!(checkouts.looked, first);
        checkouts.of(bytes(&home.join("a/other")));
        assert_eq!(checkouts.looked, first + 1);
        // One that is deeper than any is given up.
        let long = [bytes(&home), "/x".repeat(1000).as_bytes()].concat();
        checkouts.of(&long);
        assert_eq!(checkouts.looked, first + 1 + DEPTH);
    }
}
