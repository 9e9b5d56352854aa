//! File systems that go over a network, by the names of their types.

use std::fmt;

/// A file system that other machines share, or that is another machine's.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NetworkKind {
    /// NFS, any version.
    Nfs,
    /// SMB or CIFS: Windows shares.
    Smb,
    /// AFP: shares of older Macs.
    Afp,
    /// AFS.
    Afs,
    /// Coda.
    Coda,
    /// NetWare.
    Ncp,
    /// 9P: directories of a virtual machine's host, WSL's Windows drives.
    Plan9,
    /// Ceph.
    Ceph,
    /// Lustre.
    Lustre,
    /// GPFS, Spectrum Scale.
    Gpfs,
    /// BeeGFS.
    BeeGfs,
    /// GFS2 or OCFS2: a disk that several machines share.
    Cluster,
    /// Shared folders of VirtualBox.
    VirtualBox,
    /// WebDAV.
    WebDav,
    /// A program that is known to go over a network, by the type of its mount.
    Fuse(String),
}

impl NetworkKind {
    /// By the name of a mount's type: `nfs4` as Linux and macOS write it, `fuse.sshfs` as FUSE
    /// does. What is not known to go over a network is `None`.
    #[must_use]
    pub fn of_type(name: &str) -> Option<Self> {
        let program = name.strip_prefix("fuse.").unwrap_or(name);
        Some(match program {
            "nfs" | "nfs4" => NetworkKind::Nfs,
            "smbfs" | "smb3" | "cifs" => NetworkKind::Smb,
            "afpfs" => NetworkKind::Afp,
            "afs" => NetworkKind::Afs,
            "9p" => NetworkKind::Plan9,
            "coda" => NetworkKind::Coda,
            "ncpfs" => NetworkKind::Ncp,
            "ceph" => NetworkKind::Ceph,
            "lustre" => NetworkKind::Lustre,
            "gpfs" => NetworkKind::Gpfs,
            "gfs2" | "ocfs2" => NetworkKind::Cluster,
            "vboxsf" => NetworkKind::VirtualBox,
            "webdav" | "davfs" | "davfs2" => NetworkKind::WebDav,
            "ftp"
            | "sshfs"
            | "rclone"
            | "s3fs"
            | "gcsfuse"
            | "goofys"
            | "glusterfs"
            | "ceph-fuse"
            | "curlftpfs"
            | "smbnetfs"
            | "gvfsd-fuse"
            | "google-drive-ocamlfuse"
            | "onedriver"
            | "juicefs"
            | "mfsmount"
            | "mfs"
            | "seaweedfs"
            | "kbfs"
            | "vmhgfs-fuse"
            | "prl_fsd"
            | "afpfs-ng"
            | "beegfs"
            | "orangefs"
            | "blobfuse"
            | "blobfuse2" => NetworkKind::Fuse(program.to_owned()),
            _ => return None,
        })
    }
}

impl fmt::Display for NetworkKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NetworkKind::Nfs => "NFS",
            NetworkKind::Smb => "SMB",
            NetworkKind::Afp => "AFP",
            NetworkKind::Afs => "AFS",
            NetworkKind::Coda => "Coda",
            NetworkKind::Ncp => "NetWare",
            NetworkKind::Plan9 => "9P",
            NetworkKind::Ceph => "Ceph",
            NetworkKind::Lustre => "Lustre",
            NetworkKind::Gpfs => "GPFS",
            NetworkKind::BeeGfs => "BeeGFS",
            NetworkKind::Cluster => "a cluster's shared disk",
            NetworkKind::VirtualBox => "VirtualBox shared folder",
            NetworkKind::WebDav => "WebDAV",
            NetworkKind::Fuse(name) => name,
        })
    }
}
