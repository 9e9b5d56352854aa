//! Systems without `/proc`.

use std::process::Command;

use super::{Root, Running, by_name};
use crate::mux::run::{Limits, run};

/// The kernel's name for this boot (macOS and the BSDs).
pub(super) fn boot_id() -> Option<String> {
    // macOS has a UUID for it; the BSDs have the moment of the boot.
    ["kern.bootsessionuuid", "kern.boottime"]
        .into_iter()
        .find_map(|name| {
            let mut sysctl = Command::new("sysctl");
            sysctl.args(["-n", name]);
            let output = run(&mut sysctl, b"", Limits::default()).ok()?;
            let id = String::from_utf8(output.stdout).ok()?.trim().to_owned();
            (output.status.success() && !id.is_empty()).then_some(id)
        })
}

/// What runs in each of these panes.
pub(super) fn running(roots: &[Root], _names: &[String]) -> Vec<Running> {
    roots.iter().map(by_name::running).collect()
}
