//! Systems without `/proc`.

use std::process::Command;

use super::look::look;
use super::ps::Ps;
use super::source::System;
use super::{EndedFirst, Root, Running, Waiting, by_name};
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

/// Not told.
pub(super) fn started(_pid: i32) -> Option<u64> {
    None
}

/// See [`super::is_in_front`].
pub(super) fn groups(root: i32, pid: i32) -> Option<(i32, i32)> {
    super::groups(&Ps::now()?, root, pid)
}

/// Nothing keeps the order here.
#[derive(Debug)]
pub(super) enum Watch {}

impl Watch {
    pub(super) fn of(_server: i32, _pane: i32) -> Option<Self> {
        None
    }

    pub(super) fn ended_first(self) -> Option<EndedFirst> {
        match self {}
    }
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

/// How a shell waits, as far as `ps` tells.
pub(super) fn waiting(pid: i32) -> Option<Waiting> {
    let ps = Ps::now()?;
    let stat = ps.stat(pid)?;
    Some(Waiting {
        argv: ps.arguments(pid).unwrap_or_default(),
        in_front: stat.foreground == stat.group,
        alone: ps.children(pid, stat.group).is_empty(),
        starting: false,
        busy: false,
        dir: None,
    })
}
