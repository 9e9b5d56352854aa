//! By which name a shell is in its directory.
//!
//! The system tells where a directory is, not by which links somebody went there. Shells know, and
//! tell the programs that they start (`PWD`); of a shell itself only what it was told when it began
//! can be seen.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use bstr::{BString, ByteSlice};

use super::source::System;

/// The name of a directory in which the last of these processes is, a shell: by what it told the
/// first, its program in the foreground, or by what it was told itself. A name counts only where it
/// leads to the same directory; without one it is `dir`, which the system tells.
pub(super) fn directory(system: &impl System, dir: &BString, processes: &[i32]) -> BString {
    for (at, pid) in processes.iter().enumerate() {
        if *pid <= 0
            || processes
                .get(..at)
                .is_some_and(|before| before.contains(pid))
        {
            continue;
        }
        let environment = system.environment(*pid);
        let mut told = environment
            .iter()
            .filter_map(|line| line.strip_prefix(b"PWD="));
        let Some(name) = told.next().filter(|name| is_plain(name)) else {
            continue;
        };
        if *name == *dir {
            return dir.clone();
        }
        // A shell has gone on since it was told; what it has told is as it is.
        let own = processes.last() == Some(pid);
        if let Some(found) = same(name, dir, own) {
            return found;
        }
    }
    dir.clone()
}

/// `dir` by the name of `name`, where that is the same directory or, if `below`, one above it.
fn same(name: &[u8], dir: &BString, below: bool) -> Option<BString> {
    let (named, real) = (name.to_path().ok()?, dir.to_path().ok()?);
    let place = |path: &Path| path.metadata().ok().filter(Metadata::is_dir);
    let wanted = place(real)?;
    let is_it = |path: &Path| {
        place(path).is_some_and(|data| (data.dev(), data.ino()) == (wanted.dev(), wanted.ino()))
    };
    let found = match is_it(named) {
        true => named.to_owned(),
        false if !below => return None,
        false => {
            let above = named.canonicalize().ok().filter(|above| above != named)?;
            let within = real.strip_prefix(above).ok()?;
            let found: PathBuf = named.join(within);
            is_it(&found).then_some(found)?
        }
    };
    Some(found.into_os_string().into_encoded_bytes().into())
}

/// Whether a path names each directory on its way, as shells have it.
fn is_plain(path: &[u8]) -> bool {
    let mut parts = path.split(|&byte| byte == b'/').skip(1);
    path == b"/" || path.starts_with(b"/") && parts.all(|part| !matches!(part, b"" | b"." | b".."))
}
