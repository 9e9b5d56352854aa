//! On what kind of file system a store lies.
//!
//! On a network file system neither locks nor syncs can be relied on: a lock may hold on one
//! machine only, and what was synced may still be on its way. A store there would be lost one day,
//! so it is refused, unless the user has said otherwise.
//!
//! Linux tells the kind as a number (statfs(2); the numbers are those of `linux/magic.h` and of the
//! file systems' own sources), macOS as a name. FUSE stands for anything: there the mount's type
//! decides, and what is not known to go over a network is let pass, such as encrypted directories
//! and NTFS disks.

use std::path::Path;

use crate::model::network::NetworkKind;
use crate::store::record::error::StoreError;

/// Refuses a directory on a network file system. Where the kind cannot be told, it passes: then
/// opening the file says what is wrong. Costs one system call.
pub(in crate::store) fn refuse(dir: &Path) -> Result<(), StoreError> {
    #[cfg(test)]
    if let Some(kind) = tests::PRETENDED.with_borrow(Clone::clone) {
        return Err(StoreError::NetworkFileSystem {
            dir: dir.to_owned(),
            kind,
        });
    }
    // A directory that is still to be made will lie where its nearest parent does.
    let nearest = dir.ancestors().chain([Path::new(".")]);
    match nearest.into_iter().find_map(found) {
        Some(Found::Network(kind)) => Err(StoreError::NetworkFileSystem {
            dir: dir.to_owned(),
            kind,
        }),
        _ => Ok(()),
    }
}

/// What is known of a file system.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Found {
    Local,
    Network(NetworkKind),
    Fuse,
}

/// By statfs(2)'s number.
#[cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "told by name there")
)]
fn by_magic(magic: u32) -> Found {
    Found::Network(match magic {
        0x6969 => NetworkKind::Nfs,
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => NetworkKind::Smb,
        0x5346_414f | 0x6b41_4653 => NetworkKind::Afs,
        0x7375_7245 => NetworkKind::Coda,
        0x564c => NetworkKind::Ncp,
        0x0102_1997 => NetworkKind::Plan9,
        0x00c3_6400 => NetworkKind::Ceph,
        0x0bd0_0bd0 => NetworkKind::Lustre,
        0x4750_4653 => NetworkKind::Gpfs,
        0x1983_0326 => NetworkKind::BeeGfs,
        0x0116_1970 | 0x7461_636f => NetworkKind::Cluster,
        0x786f_4256 => NetworkKind::VirtualBox,
        0x6573_5546 => return Found::Fuse,
        _ => return Found::Local,
    })
}

/// By the name of a mount's type.
fn by_name(name: &str) -> Found {
    NetworkKind::of_type(name).map_or(Found::Local, Found::Network)
}

/// The type of the mount with this device number (proc(5), `mountinfo`: number, parent,
/// `major:minor`, …, `-`, type, source, options).
#[cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "told by name there")
)]
fn mounted_as<'a>(mountinfo: &'a str, device: &str) -> Option<&'a str> {
    mountinfo.lines().find_map(|line| {
        let (mount, kind) = line.split_once(" - ")?;
        let same = mount.split(' ').nth(2) == Some(device);
        same.then(|| kind.split(' ').next()).flatten()
    })
}

/// What is known of the file system of a directory; `None` where it cannot be asked.
#[cfg(target_os = "linux")]
fn found(dir: &Path) -> Option<Found> {
    use std::os::unix::fs::MetadataExt;
    let stat = rustix::fs::statfs(dir).ok()?;
    // Some systems give the number with its highest bit taken for a sign.
    let found = by_magic((stat.f_type as u64 & 0xffff_ffff) as u32);
    if found != Found::Fuse {
        return Some(found);
    }
    let device = std::fs::metadata(dir).ok()?.dev();
    let device = format!(
        "{}:{}",
        rustix::fs::major(device),
        rustix::fs::minor(device)
    );
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
    mounted_as(&mounts, &device).map(by_name)
}

/// What is known of the file system of a directory; `None` where it cannot be asked.
#[cfg(target_os = "macos")]
fn found(dir: &Path) -> Option<Found> {
    let stat = rustix::fs::statfs(dir).ok()?;
    let name = stat.f_fstypename.iter().take_while(|letter| **letter != 0);
    let name: String = name.map(|letter| char::from(*letter as u8)).collect();
    Some(by_name(&name))
}

/// Elsewhere it is not told.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn found(_dir: &Path) -> Option<Found> {
    None
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::store::testing::{record_text, scratch, snapshot, state};
    use crate::store::{Edit, Query, Store, StoreOptions, Unchanged};

    thread_local! {
        /// What every directory is said to be on, for this thread.
        pub(super) static PRETENDED: RefCell<Option<NetworkKind>> = const { RefCell::new(None) };
    }

    #[test]
    fn a_store_is_read_there_and_neither_made_nor_written() {
        let s = scratch();
        let meta = record_text(&s.store, 1, "api", "$");
        let none = scratch();
        let new = || snapshot(2, &state(Vec::new()), &[]);
        PRETENDED.set(Some(NetworkKind::Nfs));
        let refused = |error: &StoreError| matches!(error, StoreError::NetworkFileSystem { .. });
        for store in [&s.store, &none.store] {
            let error = store.record_or_spool(new(), Unchanged::Store).unwrap_err();
            assert!(refused(&error), "{error}");
        }
        assert!(!none.store.dir().exists());
        let edited = s.store.edit(&[meta.id], &Edit::Pin(true));
        assert!(edited.as_ref().is_err_and(refused), "{edited:?}");
        assert_eq!(s.store.list(&Query::default()).unwrap().len(), 1);
        let own_risk = StoreOptions {
            network: true,
            ..StoreOptions::default()
        };
        let bold = Store::new(s.store.dir().to_owned(), own_risk);
        bold.record(new(), Unchanged::Store).unwrap();
    }

    fn network(kind: NetworkKind) -> Found {
        Found::Network(kind)
    }

    #[test]
    fn numbers_of_network_file_systems_are_known_and_local_ones_pass() {
        let known = [
            (0x6969, NetworkKind::Nfs),
            (0x517b, NetworkKind::Smb),
            (0xff53_4d42, NetworkKind::Smb),
            (0xfe53_4d42, NetworkKind::Smb),
            (0x5346_414f, NetworkKind::Afs),
            (0x6b41_4653, NetworkKind::Afs),
            (0x7375_7245, NetworkKind::Coda),
            (0x564c, NetworkKind::Ncp),
            (0x0102_1997, NetworkKind::Plan9),
            (0x00c3_6400, NetworkKind::Ceph),
            (0x0bd0_0bd0, NetworkKind::Lustre),
            (0x4750_4653, NetworkKind::Gpfs),
            (0x1983_0326, NetworkKind::BeeGfs),
            (0x0116_1970, NetworkKind::Cluster),
            (0x7461_636f, NetworkKind::Cluster),
            (0x786f_4256, NetworkKind::VirtualBox),
        ];
        for (magic, kind) in known {
            assert_eq!(by_magic(magic), network(kind), "{magic:x}");
        }
        // ext4, xfs, btrfs, tmpfs, overlayfs, zfs, f2fs, bcachefs, ramfs, eCryptfs.
        let local = [
            0xef53,
            0x5846_5342,
            0x9123_683e,
            0x0102_1994,
            0x794c_7630,
            0x2fc1_2fc1,
            0xf2f5_2010,
            0xca45_1a4e,
            0x8584_58f6,
            0xf15f,
        ];
        for magic in local {
            assert_eq!(by_magic(magic), Found::Local, "{magic:x}");
        }
        assert_eq!(by_magic(0x6573_5546), Found::Fuse);
    }

    #[test]
    fn what_runs_behind_fuse_decides() {
        let mounts = "\
            21 1 253:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n\
            88 21 0:50 / /home/me/far rw,nosuid shared:4 - fuse.sshfs host:/srv rw,user_id=1000\n\
            89 21 0:51 / /home/me/vault rw master:2 - fuse.gocryptfs /home/me/.vault rw\n\
            90 21 8:17 / /media/usb rw - fuseblk /dev/sdb1 rw\n";
        let kind = |device| mounted_as(mounts, device).map(by_name);
        let sshfs = NetworkKind::Fuse("sshfs".into());
        assert_eq!(kind("0:50"), Some(network(sshfs)));
        assert_eq!(kind("0:51"), Some(Found::Local));
        assert_eq!(kind("8:17"), Some(Found::Local));
        assert_eq!(kind("9:99"), None);
    }

    #[test]
    fn names_are_known_as_macos_writes_them() {
        assert_eq!(by_name("apfs"), Found::Local);
        assert_eq!(by_name("hfs"), Found::Local);
        assert_eq!(by_name("smbfs"), network(NetworkKind::Smb));
        assert_eq!(by_name("nfs"), network(NetworkKind::Nfs));
        assert_eq!(by_name("webdav"), network(NetworkKind::WebDav));
    }

    #[test]
    fn a_directory_that_is_not_there_yet_counts_as_its_parent() {
        let dir = tempfile::tempdir().unwrap();
        let here = found(dir.path());
        assert!(here.is_some());
        assert_eq!(
            refuse(&dir.path().join("a/b/c")).is_ok(),
            refuse(dir.path()).is_ok()
        );
    }
}
