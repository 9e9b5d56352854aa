//! Which tmux server is meant, and whether a snapshot is of it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use bstr::{BStr, BString};

/// A server's socket. One socket can be spelled in several ways: through links, and `/tmp` where
/// that is a link itself.
#[derive(Debug)]
pub struct Socket {
    path: PathBuf,
    resolved: PathBuf,
    /// What was asked before: a store has thousands of snapshots of the same few servers.
    known: RefCell<BTreeMap<BString, bool>>,
}

impl Socket {
    /// The socket of this path.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self {
            resolved: resolved(&path),
            path,
            known: RefCell::default(),
        }
    }

    /// The path, as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a path means this socket.
    pub fn is(&self, other: &BStr) -> bool {
        if let Some(known) = self.known.borrow().get(other) {
            return *known;
        }
        let is = resolved(Path::new(OsStr::from_bytes(other))) == self.resolved;
        self.known.borrow_mut().insert(other.to_owned(), is);
        is
    }
}

/// A path without links, as far as it exists: a socket may be gone, and its directory too.
fn resolved(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for ancestor in whole.ancestors() {
        if let (Ok(real), Ok(rest)) = (fs::canonicalize(ancestor), whole.strip_prefix(ancestor)) {
            // Joining nothing would add a slash.
            return if rest.as_os_str().is_empty() {
                real
            } else {
                real.join(rest)
            };
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn one_socket_has_many_spellings() {
        let dir = tempfile::tempdir().unwrap();
        let real = dir.path().join("real");
        fs::create_dir(&real).unwrap();
        symlink(&real, dir.path().join("link")).unwrap();
        let at = |name: &str| dir.path().join(name);
        let is =
            |a: &Path, b: &Path| Socket::new(a.to_owned()).is(BStr::new(b.as_os_str().as_bytes()));
        // While it is alive, and when it has gone.
        let listener = UnixListener::bind(at("real/s")).unwrap();
        symlink(at("real/s"), at("other")).unwrap();
        for alive in [true, false] {
            for spelled in ["real/s", "link/s", "link/../real/./s", "real//s"] {
                assert!(is(&at(spelled), &at("real/s")), "{spelled}, {alive}");
                assert!(is(&at("link/s"), &at(spelled)), "{spelled}, {alive}");
                assert!(!is(&at(spelled), &at("real/t")));
            }
            assert_eq!(is(&at("other"), &at("real/s")), alive);
            let _ = fs::remove_file(at("real/s"));
        }
        drop(listener);
        // Whose directory has gone, too.
        fs::remove_dir(&real).unwrap();
        fs::remove_file(at("link")).unwrap();
        assert!(is(&at("real/s"), &at("real/s")));
        assert!(!is(&at("link/s"), &at("real/s")));
        assert!(!is(Path::new("s"), &at("real/s")));
    }
}
