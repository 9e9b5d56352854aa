//! The multiplexers that can be recorded: the one place that knows them all.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::Arc;

use bstr::BString;

use super::args::{Global, MuxChoice};
use super::error::{CliError, Exit};
use crate::mux::tmux::Tmux;
use crate::mux::{Limits, ServerSelect};
use crate::restore::Restorer;

/// The way to the server that is meant.
pub(super) fn chosen(global: &Global) -> Result<Arc<dyn Restorer>, CliError> {
    if global.mux == MuxChoice::Zellij {
        return Err(CliError::new(Exit::Usage, "zellij cannot be recorded yet")
            .hint("leave out --mux zellij; tmux is recorded"));
    }
    Ok(Arc::new(Tmux::new(
        "tmux".into(),
        select(global),
        Limits::default(),
    )))
}

/// That sessions can be restored to this one.
pub(super) fn can_restore_to(mux: MuxChoice) -> Result<(), CliError> {
    match mux {
        MuxChoice::Auto | MuxChoice::Tmux => Ok(()),
        MuxChoice::Zellij => Err(CliError::new(
            Exit::Refused,
            "restoring to zellij is not possible yet",
        )
        .hint("leave out --to zellij")),
    }
}

fn select(global: &Global) -> ServerSelect {
    match (&global.socket_path, &global.socket_name) {
        (Some(path), _) => ServerSelect::Path(BString::from(path.as_os_str().as_bytes())),
        (None, Some(name)) => ServerSelect::Name(BString::from(name.as_str())),
        (None, None) => ServerSelect::Default,
    }
}

/// The path of the server's socket, as tmux finds it.
pub(super) fn socket(global: &Global) -> PathBuf {
    named_socket(global).unwrap_or_else(|| socket_of_name("default"))
}

/// The path of the socket of the server that `-L`, `-S` or `$TMUX` name.
pub(super) fn named_socket(global: &Global) -> Option<PathBuf> {
    match (&global.socket_path, &global.socket_name) {
        (Some(path), _) => return Some(path.clone()),
        (None, Some(name)) => return Some(socket_of_name(name)),
        (None, None) => {}
    }
    let tmux = variable("TMUX")?;
    // `$TMUX` is the path, the server's process and the session's number.
    let path = tmux.as_bytes().split(|byte| *byte == b',').next();
    let path = path.filter(|path| !path.is_empty())?;
    Some(PathBuf::from(OsStr::from_bytes(path)))
}

/// The path of a socket that is named, as tmux makes it.
fn socket_of_name(name: &str) -> PathBuf {
    let parent = variable("TMUX_TMPDIR").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from);
    let user = rustix::process::getuid().as_raw();
    parent.join(format!("tmux-{user}")).join(name)
}

/// A variable of the environment that is not empty.
pub(super) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
