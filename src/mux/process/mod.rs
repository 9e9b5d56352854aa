//! A look at the processes of the machine: which program runs in a pane, and which boot this is.
//!
//! On Linux `/proc` is read; elsewhere as much is told as the multiplexer itself says.

use crate::model::snapshot::BootId;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;

#[cfg(target_os = "linux")]
use linux as system;
#[cfg(not(target_os = "linux"))]
use other as system;

/// Identifies this boot of the machine; empty where the system does not tell.
#[must_use]
pub fn boot_id() -> BootId {
    BootId(system::boot_id().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boot_has_a_name_that_stays() {
        assert!(!boot_id().0.is_empty());
        assert_eq!(boot_id(), boot_id());
    }
}
