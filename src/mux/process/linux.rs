//! `/proc`, as proc(5) describes it.

use std::fs;

/// The kernel's name for this boot.
pub(super) fn boot_id() -> Option<String> {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned())
}
