//! Arguments that are no arguments: titles that programs give to themselves, and names that lie.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use bstr::{BString, ByteSlice};
use rustix::fs::{Mode, OFlags};

use super::source::System;
use crate::model::program::{is_open_file, program_name};

/// Programs that are many in one: which one, the name decides.
const MANY: &[&[u8]] = &[b"busybox", b"toybox", b"coreutils", b"uutils"];

/// What a process tells of its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// All of them.
    Whole,
    /// Some cannot be given again.
    Part,
    /// None: a title stands in their place.
    Title,
}

/// Empty arguments, and no others, that a program may have been given at the most.
const MOST_EMPTY: usize = 3;

/// The arguments to start the program with, and whether they are all of them.
///
/// An argument that is an open file of the shell's (`<(…)`) is none that could be given again. A
/// title (setproctitle) takes the place of the arguments; it is kept, and is not all. A first
/// argument that is not the program's name (`exec -a`) gives way to the path of the executable.
pub(super) fn arguments(
    system: &impl System,
    pid: i32,
    mut argv: Vec<BString>,
    exe: Option<&BString>,
) -> (Vec<BString>, Told) {
    if is_title(&argv, exe) {
        argv.truncate(1);
        return (argv, Told::Title);
    }
    let told = match argv.iter().any(|arg| is_open_file(arg)) {
        true => Told::Part,
        false => Told::Whole,
    };
    if let (Some(first), Some(exe)) = (argv.first_mut(), exe)
        && !agrees(first, exe)
        && lies(system, pid, first, exe)
    {
        first.clone_from(exe);
    }
    (argv, told)
}

/// Whether this is a title. It is written over the arguments, and what is left of their room is
/// filled with zeros, which then look like empty arguments.
fn is_title(argv: &[BString], exe: Option<&BString>) -> bool {
    let Some((first, rest)) = argv.split_first() else {
        return false;
    };
    if rest.iter().any(|arg| !arg.is_empty()) {
        return false;
    }
    let same = exe.is_some_and(|exe| first == exe || name(first) == name(exe));
    if first.contains(&b' ') {
        return !same;
    }
    // Nobody gives this many empty arguments and no other.
    rest.len() > MOST_EMPTY || !rest.is_empty() && exe.is_some_and(|exe| !agrees(first, exe))
}

/// What stands behind the last slash, without what nix puts around it.
fn name(path: &[u8]) -> &[u8] {
    let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or(path);
    let inner = name
        .strip_prefix(b".")
        .map(|n| n.trim_end_with(|c| c == '_'));
    inner
        .and_then(|name| name.strip_suffix(b"-wrapped"))
        .unwrap_or(name)
}

/// Whether a first argument and an executable have the same name, or one of them has something
/// after it that is not a letter: `python3` and `python3.11`.
fn agrees(first: &[u8], exe: &[u8]) -> bool {
    let argv = [BString::from(first)];
    let (first, exe) = (name(program_name(&argv)), name(exe));
    let begins = |long: &[u8], short: &[u8]| {
        let rest = long.strip_prefix(short).filter(|_| !short.is_empty());
        rest.is_some_and(|rest| rest.first().is_none_or(|byte| !byte.is_ascii_alphabetic()))
    };
    begins(exe, first) || begins(first, exe)
}

/// Whether the first argument names something else than the executable. Nothing is known for sure:
/// what it names is looked up as the process did; a script may have handed on its own name.
fn lies(system: &impl System, pid: i32, first: &[u8], exe: &[u8]) -> bool {
    if !exe.starts_with(b"/") || exe.starts_with(b"/memfd:") || MANY.contains(&name(exe)) {
        return false;
    }
    let first = first.strip_prefix(b"-").unwrap_or(first);
    let named: &Path = Path::new(OsStr::from_bytes(first));
    let candidates: Vec<PathBuf> = if first.contains(&b'/') {
        let cwd = system.cwd(pid).unwrap_or_default();
        vec![Path::new(OsStr::from_bytes(&cwd)).join(named)]
    } else {
        let environment = system.environment(pid);
        let path = environment
            .iter()
            .find_map(|line| line.strip_prefix(b"PATH="));
        std::env::split_paths(OsStr::from_bytes(path.unwrap_or_default()))
            .map(|dir| dir.join(named))
            .collect()
    };
    let there = candidates.iter().find(|path| path.is_file());
    let real = there.and_then(|path| path.canonicalize().ok());
    let Some(real) = real else {
        return true;
    };
    real.as_os_str().as_bytes() != exe && !is_script(&real)
}

fn is_script(path: &Path) -> bool {
    beginning(path, 2) == b"#!"
}

/// The first bytes of a file; none where it cannot be read, or is no file. Waits for nobody.
pub(super) fn beginning(path: &Path, bytes: u64) -> Vec<u8> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let mut read = Vec::new();
    if let Ok(file) = rustix::fs::open(path, flags, Mode::empty()).map(File::from)
        && file.metadata().is_ok_and(|data| data.is_file())
        && file.take(bytes).read_to_end(&mut read).is_err()
    {
        read.clear();
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    fn title(argv: &[&str], exe: Option<&str>) -> bool {
        let argv: Vec<BString> = argv.iter().map(|arg| BString::from(*arg)).collect();
        is_title(&argv, exe.map(BString::from).as_ref())
    }

    #[test]
    fn titles_are_told_from_arguments() {
        assert!(title(&["npm run dev", "", "", ""], Some("/usr/bin/node")));
        assert!(title(&["npm", "", "", ""], Some("/usr/bin/node")));
        assert!(title(&["nginx: master process"], Some("/usr/sbin/nginx")));
        assert!(title(&["sshd: me [priv]"], None));
        assert!(title(
            &["node", "", "", "", "", "", ""],
            Some("/usr/bin/node")
        ));
        assert!(!title(&["vim", ""], Some("/usr/bin/vim.basic")));
        assert!(!title(&["cat", ""], None));
        assert!(!title(&["/opt/My App/run"], Some("/opt/My App/run")));
        assert!(!title(
            &["mosh-client me@host |", "192.0.2.1", "1"],
            Some("/usr/bin/mosh-client")
        ));
        assert!(!title(&["sleep", "", "1"], Some("/usr/bin/sleep")));
        assert!(!title(&[], None));
    }

    #[test]
    fn names_with_a_version_agree() {
        for (first, exe) in [
            ("sleep", "/usr/bin/sleep"),
            ("-bash", "/usr/bin/bash"),
            ("/usr/bin/python3", "/usr/bin/python3.11"),
            ("nvim", "/nix/store/x/bin/.nvim-wrapped"),
            ("vim", "/usr/bin/vim.basic"),
            ("mosh-client me@host |", "/usr/bin/mosh-client"),
        ] {
            assert!(agrees(first.as_bytes(), exe.as_bytes()), "{first}");
        }
        for (first, exe) in [
            ("s", "/usr/bin/sleep"),
            ("vim", "/usr/bin/rm"),
            ("", "/bin/x"),
        ] {
            assert!(!agrees(first.as_bytes(), exe.as_bytes()), "{first}");
        }
    }
}
