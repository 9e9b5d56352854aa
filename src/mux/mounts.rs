//! Which directories can be looked into without waiting for another machine.
//!
//! On Linux the table of mounts tells, and nothing of the file systems themselves is touched: a
//! server that does not answer would hold up even the question what kind of file system it is.
//! Elsewhere the places where network file systems are mounted by custom are left alone.

use std::collections::HashMap;

use bstr::{BString, ByteSlice};

#[cfg(target_os = "linux")]
use crate::model::network::NetworkKind;

/// The mounts of this machine.
#[derive(Debug, Clone, Default)]
pub(super) struct Mounts {
    /// Whether what is mounted is on this machine, by where it is mounted.
    points: HashMap<BString, bool>,
}

impl Mounts {
    /// Reads the table. Where there is none, no directory is looked into.
    #[cfg(target_os = "linux")]
    pub(super) fn read() -> Self {
        let table = std::fs::read("/proc/self/mountinfo").unwrap_or_default();
        Self::parse(&table)
    }

    /// The places that are known by custom.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn read() -> Self {
        let places = [
            (b"/".as_slice(), true),
            (b"/Volumes", false),
            (b"/Network", false),
            (b"/net", false),
            (b"/afs", false),
        ];
        let points = places.map(|(place, local)| (BString::from(place), local));
        Self {
            points: points.into(),
        }
    }

    /// proc(5), `mountinfo`: number, parent, `major:minor`, root, where, options, …, `-`, type,
    /// source, options. What is mounted over something else stands behind it.
    #[cfg(target_os = "linux")]
    fn parse(table: &[u8]) -> Self {
        let points = table.lines().filter_map(|line| {
            let (mount, kind) = line.split_once_str(" - ")?;
            let point = mount.split_str(" ").nth(4)?;
            let kind = kind.split_str(" ").next()?.to_str().ok()?;
            // What automounts waits for what it mounts.
            let local = NetworkKind::of_type(kind).is_none() && kind != "autofs";
            Some((unescaped(point), local))
        });
        Self {
            points: points.collect(),
        }
    }

    /// The directory at the top of the file system that an absolute path is on, where that is on
    /// this machine; else `None`. Only the path is looked at, which must be one without links.
    pub(super) fn local<'a>(&self, path: &'a [u8]) -> Option<&'a [u8]> {
        let mut dir = path.starts_with(b"/").then_some(path)?;
        loop {
            if let Some(local) = self.points.get(dir.as_bstr()) {
                return local.then_some(dir);
            }
            dir = parent(dir)?;
        }
    }
}

/// The directory above one, by its path; `None` for the root.
pub(super) fn parent(path: &[u8]) -> Option<&[u8]> {
    let slash = path.rfind_byte(b'/')?;
    match slash {
        0 => (path.len() > 1).then_some(b"/"),
        _ => path.get(..slash),
    }
}

/// A path in which spaces and the like are written as `\040`.
#[cfg(target_os = "linux")]
fn unescaped(text: &[u8]) -> BString {
    let mut out = BString::default();
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let digits = (byte == b'\\').then(|| after.get(..3)).flatten();
        let number = digits.and_then(|digits| u8::from_str_radix(digits.to_str().ok()?, 8).ok());
        out.push(number.unwrap_or(byte));
        rest = match number {
            Some(_) => after.get(3..).unwrap_or_default(),
            None => after,
        };
    }
    out
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_mount_decides() {
        let mounts = Mounts::parse(
            b"21 1 253:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n\
              88 21 0:50 / /home/me/far rw,nosuid shared:4 - fuse.sshfs host:/srv rw\n\
              89 88 0:51 / /home/me/far/near rw - tmpfs none rw\n\
              90 21 0:52 / /mnt/a\\040b rw - nfs4 host:/x rw\n\
              91 21 0:53 / /auto rw - autofs map rw\n\
              92 21 0:54 / /over rw - nfs host:/y rw\n\
              93 92 0:55 / /over rw - ext4 /dev/vdb rw\n",
        );
        for (path, expected) in [
            ("/", Some("/")),
            ("/home/me/farther", Some("/")),
            ("/home/me/far", None),
            ("/home/me/far/x/y", None),
            ("/home/me/far/near/x", Some("/home/me/far/near")),
            ("/mnt/a b/c", None),
            ("/auto/me", None),
            ("/over/x", Some("/over")),
            ("relative", None),
            ("", None),
        ] {
            let found = mounts.local(path.as_bytes()).map(<[u8]>::as_bstr);
            assert_eq!(
                found,
                expected.map(|path| path.as_bytes().as_bstr()),
                "{path}"
            );
        }
        assert_eq!(Mounts::parse(b"").local(b"/"), None);
    }

    #[test]
    fn this_machine_has_a_table() {
        assert!(Mounts::read().points.contains_key(b"/".as_bstr()));
    }
}
