//! What was typed to start a program that wrote a title over its arguments.
//!
//! Some titles are the command line with spaces between its words (`npm run dev`), most are
//! something else (`gunicorn: master [app]`, `unicorn master -c x`). Which it is the kernel tells:
//! it knows how many bytes the arguments took when the program was started, and a title cannot
//! change that.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use bstr::{BString, ByteSlice};

use super::honest::beginning;
use super::source::System;

/// As much of a script's first line as the kernel reads.
const FIRST_LINE_BYTES: u64 = 256;

/// A file that may be the command.
struct Candidate {
    /// Its path, as the kernel was given it.
    path: BString,
    /// The word for it.
    word: BString,
}

/// The arguments that the title stands for, where their length proves it; else an empty list.
///
/// Where an argument has a space in it, nothing tells: `npm run a b` is `npm run 'a b'`, too.
pub(super) fn arguments(
    system: &impl System,
    pid: i32,
    title: &[u8],
    exe: Option<&BString>,
) -> Vec<BString> {
    proved(system, pid, title, exe).unwrap_or_default()
}

fn proved(
    system: &impl System,
    pid: i32,
    title: &[u8],
    exe: Option<&BString>,
) -> Option<Vec<BString>> {
    let words: Vec<&[u8]> = title.split(|byte| *byte == b' ').collect();
    let (name, rest) = words.split_first()?;
    if words.iter().any(|word| word.is_empty()) {
        return None;
    }
    let taken = system.argument_bytes(pid)?;
    let rest_bytes = bytes(rest);
    // npm leaves out what ends its own options.
    let options = rest.iter().position(|word| word.starts_with(b"-"));
    let cwd = system.cwd(pid).unwrap_or_default();
    for Candidate { path, word } in candidates(system, pid, name, exe) {
        let file = Path::new(OsStr::from_bytes(&cwd)).join(OsStr::from_bytes(&path));
        for before in before(&file, &path, name, exe) {
            let argv = |rest: &[&[u8]]| {
                let rest = rest.iter().map(|word| BString::from(*word));
                std::iter::once(word.clone()).chain(rest).collect()
            };
            if before + rest_bytes == taken {
                return Some(argv(rest));
            }
            if let Some(at) = options.filter(|_| before + rest_bytes + bytes(&[b"--"]) == taken) {
                let (first, last) = rest.split_at_checked(at)?;
                return Some(argv(&[first, &[b"--"], last].concat()));
            }
        }
    }
    None
}

/// The files that a name may stand for, the likeliest first.
fn candidates(
    system: &impl System,
    pid: i32,
    name: &[u8],
    exe: Option<&BString>,
) -> Vec<Candidate> {
    if name.contains(&b'/') {
        let word = BString::from(name);
        let path = word.clone();
        return vec![Candidate { path, word }];
    }
    let own = system.environment(pid);
    // A title can be longer than the arguments, and then stands over the environment, too.
    let of_parent = || {
        let parent = system.stat(pid).map(|stat| stat.parent);
        parent.map_or_else(Vec::new, |parent| system.environment(parent))
    };
    let value = |environment: &[BString], name: &[u8]| -> Option<BString> {
        let value = |line: &BString| Some(line.strip_prefix(name)?.strip_prefix(b"=")?.into());
        environment.iter().find_map(value)
    };
    let search = value(&own, b"PATH").or_else(|| value(&of_parent(), b"PATH"));
    let search = search.unwrap_or_default();
    let searched: Vec<PathBuf> = std::env::split_paths(OsStr::from_bytes(&search))
        .map(|dir| dir.join(OsStr::from_bytes(name)))
        .filter(|path| path.is_file())
        .collect();
    let first = searched.first().map(|path| path.as_os_str().as_bytes());
    // Shells tell a command its path; what it starts itself may have that of its own.
    let told =
        value(&own, b"_").filter(|path| path.rsplit(|byte| *byte == b'/').next() == Some(name));
    let beside = exe.and_then(|exe| {
        let dir = Path::new(OsStr::from_bytes(exe)).parent()?;
        let path = dir.join(OsStr::from_bytes(name));
        path.is_file().then(|| path.as_os_str().as_bytes().into())
    });
    let paths = told
        .into_iter()
        .chain(first.map(BString::from))
        .chain(beside);
    let candidate = |path: BString| Candidate {
        word: match first == Some(path.as_slice()) {
            true => name.into(),
            false => path.clone(),
        },
        path,
    };
    paths.map(candidate).collect()
}

/// How many bytes can have stood before the second word: the name, or what the first line of a
/// script puts before the script's own arguments.
fn before(file: &Path, path: &[u8], name: &[u8], exe: Option<&BString>) -> Vec<u64> {
    let real = file.canonicalize().ok();
    let real = real.as_ref().map(|real| real.as_os_str().as_bytes());
    if real.is_some() && real == exe.map(|exe| exe.as_slice()) {
        return vec![bytes(&[name]), bytes(&[path])];
    }
    let start = beginning(file, FIRST_LINE_BYTES);
    let line = start
        .lines()
        .next()
        .and_then(|line| line.strip_prefix(b"#!"));
    let Some(line) = line.map(<[u8]>::trim) else {
        return Vec::new();
    };
    let (interpreter, argument) = line
        .split_once_str(" ")
        .map_or((line, &b""[..]), |(first, rest)| (first, rest.trim()));
    let is_env = interpreter.ends_with(b"/env");
    let mut words: Vec<&[u8]> = match argument.strip_prefix(b"-S") {
        Some(split) if is_env => split.fields().collect(),
        _ if is_env => vec![argument],
        _ if argument.is_empty() => vec![interpreter],
        _ => vec![interpreter, argument],
    };
    words.push(path);
    vec![bytes(&words)]
}

/// The bytes that words take as arguments.
fn bytes(words: &[&[u8]]) -> u64 {
    words.iter().map(|word| word.len() as u64 + 1).sum()
}
