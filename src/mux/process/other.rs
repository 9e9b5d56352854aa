//! Systems without `/proc`.

use std::process::Command;

use super::look::look;
use super::ps::Ps;
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
pub(super) fn running(roots: &[Root], names: &[String]) -> Vec<Running> {
    let ps = match roots.is_empty() {
        true => None,
        false => Ps::now(),
    };
    let ps = ps.unwrap_or_default();
    roots
        .iter()
        .map(|root| look(&ps, root, names).unwrap_or_else(|| by_name::running(root)))
        .collect()
}
