//! Who holds the store's file, for people who wait for it.

use std::path::Path;

/// The process that holds a lock on the file, where the system tells (Linux: `/proc/locks`, see
/// proc(5): number, class, kind, access, pid, `major:minor:inode`, range).
#[cfg(target_os = "linux")]
pub(in crate::store) fn holder(file: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    let inode = std::fs::metadata(file).ok()?.ino().to_string();
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    locks.lines().find_map(|line| {
        let mut fields = line.split_ascii_whitespace().skip(4);
        let pid = fields.next()?.parse().ok()?;
        let place = fields.next()?;
        (place.rsplit(':').next()? == inode).then_some(pid)
    })
}

/// Elsewhere the system does not tell.
#[cfg(not(target_os = "linux"))]
pub(in crate::store) fn holder(_file: &Path) -> Option<u32> {
    None
}
