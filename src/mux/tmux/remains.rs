//! What a server of tmux leaves behind: its socket, whichever way it ended.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use bstr::ByteSlice;

use crate::model::snapshot::ServerIdentity;

/// How far the moments may lie apart at which a server says that it began and its socket was made.
const MAX_START_SKEW_MS: u64 = 3_000;

/// The right that tmux gives its socket while somebody is attached, and takes back when it ends in
/// good order.
const ATTACHED: u32 = 0o100;

/// Whether a server that does not answer any more was killed while somebody was attached to it:
/// that is all that its socket tells. `false` where nobody was, or where the socket has gone or is
/// another server's.
#[must_use]
pub fn was_killed_attached(server: &ServerIdentity) -> bool {
    let Ok(path) = server.socket.to_path() else {
        return false;
    };
    let process = server.process;
    process.is_some_and(|process| was_attached(path, process.started.0))
}

fn was_attached(socket: &Path, started: i64) -> bool {
    let Ok(found) = fs::symlink_metadata(socket) else {
        return false;
    };
    let made = found
        .mtime()
        .saturating_mul(1000)
        .saturating_add(found.mtime_nsec() / 1_000_000);
    found.file_type().is_socket()
        && found.mode() & ATTACHED != 0
        && made.abs_diff(started) <= MAX_START_SKEW_MS
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn only_the_socket_of_an_attached_server_tells() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s");
        assert!(!was_attached(&path, 0));
        drop(UnixListener::bind(&path).unwrap());
        let made = fs::metadata(&path).unwrap().mtime() * 1000;
        let allow = |mode| fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        allow(0o600);
        assert!(!was_attached(&path, made));
        allow(0o700);
        assert!(was_attached(&path, made));
        assert!(!was_attached(&path, made - 60_000), "of another server");
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        fs::set_permissions(&file, PermissionsExt::from_mode(0o700)).unwrap();
        assert!(!was_attached(&file, made));
    }
}
