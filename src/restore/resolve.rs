//! What the name of a program stands for: looked up in the search path, as a shell would do it, and
//! known only where nobody else can have put it there.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

use bstr::{BString, ByteSlice};

use super::programs::Doubt;
use crate::model::ansi::label;
use crate::model::program::program_name;

/// Symbolic links that are followed on one path, as many as Linux follows.
const MAX_LINKS: usize = 40;
/// Permission of others to write.
const OTHERS_WRITE: u32 = 0o002;
/// Permission of the group to write.
const GROUP_WRITES: u32 = 0o020;
/// The group that may install programs for everybody: by convention its members are administrators
/// (Debian's `staff` for `/usr/local`, macOS' `admin` for Homebrew).
const INSTALLERS: u32 = if cfg!(target_os = "macos") { 80 } else { 50 };
/// In a directory with it, only the owner of a name can replace it.
const STICKY: u32 = 0o1000;

/// Which groups may write where a program is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Groups {
    /// None.
    None,
    /// The owner's own, which by convention has the owner's number, root's, and that which installs
    /// programs.
    Trusted,
}

impl Groups {
    /// Whether somebody else may write what lies there.
    fn others_write(self, data: &Metadata) -> bool {
        let gid = data.gid();
        let own = gid == data.uid() || gid == 0 || gid == INSTALLERS;
        let mode = data.permissions().mode();
        let group = mode & GROUP_WRITES != 0 && !(self == Groups::Trusted && own);
        mode & OTHERS_WRITE != 0 || group
    }

    /// Whether somebody else can put something in the place of what is in a directory.
    fn others_replace(self, dir: &Path) -> bool {
        fs::metadata(dir).map_or(true, |data| {
            self.others_write(&data) && data.permissions().mode() & STICKY == 0
        })
    }
}

/// Whether a name is known ([`resolve`]) in every one of these search paths that has it, and at
/// least one has it.
pub(super) fn resolve_in_all(name: &[u8], paths: &[Vec<PathBuf>]) -> Result<(), Doubt> {
    let mut found = Err(Doubt::NotInPath {
        program: label(name),
    });
    for path in paths {
        match resolve(name, path) {
            Err(Doubt::NotInPath { .. }) => {}
            Err(doubt) => return Err(doubt),
            Ok(()) => found = Ok(()),
        }
    }
    found
}

/// Whether a name, typed at a prompt, starts the program that is called so: found in a directory of
/// the search path, where that directory, those above it, and the file are root's or the user's,
/// and nobody else may write them.
///
/// A path does so where it is absolute, known in the same way, and leads to the very same file as
/// its last part does.
fn resolve(name: &[u8], search: &[PathBuf]) -> Result<(), Doubt> {
    if !name.contains(&b'/') {
        return look_up(name, search).map(drop);
    }
    if !name.starts_with(b"/") {
        return Err(Doubt::RelativeName { path: label(name) });
    }
    let argv = [BString::from(name)];
    let bare = program_name(&argv);
    let listed = look_up(bare, search)?;
    let own = known(Path::new(&*name.to_os_str_lossy()), Groups::None)?;
    if (own.dev(), own.ino()) == (listed.dev(), listed.ino()) {
        return Ok(());
    }
    Err(Doubt::OtherFile {
        path: label(name),
        program: label(bare),
    })
}

/// The file that a bare name stands for.
fn look_up(name: &[u8], search: &[PathBuf]) -> Result<Metadata, Doubt> {
    let program = || label(name);
    for dir in search {
        // An empty entry, too, stands for the directory that the shell is in.
        if !dir.is_absolute() {
            return Err(Doubt::RelativePath { program: program() });
        }
        let file = dir.join(&*name.to_os_str_lossy());
        if !is_program(&file) {
            // Whoever may write here can put one of this name in front of all others.
            if fs::metadata(dir).is_ok_and(|data| data.mode() & 0o002 != 0) {
                return Err(open_to_others(dir));
            }
            continue;
        }
        let data = fs::metadata(dir).map_err(|_| open_to_others(dir))?;
        if Groups::None.others_write(&data) {
            return Err(open_to_others(dir));
        }
        return known(&file, Groups::None);
    }
    Err(Doubt::NotInPath { program: program() })
}

/// Whether a path leads to something that can be run.
pub(super) fn is_program(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

fn open_to_others(path: &Path) -> Doubt {
    Doubt::OpenToOthers {
        path: label(path.as_os_str().as_encoded_bytes()),
    }
}

/// The program at a path, where nobody but root and the user can have put it there: not by writing
/// it, not by putting another in its place, and not by turning a link or a directory on the way.
pub(super) fn known(path: &Path, groups: Groups) -> Result<Metadata, Doubt> {
    let user = rustix::process::geteuid().as_raw();
    let mut at = PathBuf::from("/");
    let mut open = groups.others_replace(&at);
    let mut left: VecDeque<OsString> = parts(path);
    let mut links = 0;
    while let Some(part) = left.pop_front() {
        if part == ".." {
            at.pop();
            open = groups.others_replace(&at);
            continue;
        }
        let next = at.join(part);
        let data = fs::symlink_metadata(&next).map_err(|_| open_to_others(&next))?;
        if ![0, user].contains(&data.uid()) || open {
            return Err(open_to_others(&next));
        }
        if data.is_symlink() {
            links += 1;
            let target = fs::read_link(&next).map_err(|_| open_to_others(&next))?;
            if links > MAX_LINKS {
                return Err(open_to_others(&next));
            }
            if target.is_absolute() {
                at = PathBuf::from("/");
                open = groups.others_replace(&at);
            }
            for part in parts(&target).into_iter().rev() {
                left.push_front(part);
            }
            continue;
        }
        if data.is_dir() {
            at = next;
            open = groups.others_replace(&at);
            continue;
        }
        // In a directory that everybody may write to nothing is known, though it stays what it is.
        let shared = fs::metadata(&at).map_or(true, |data| groups.others_write(&data));
        let open = shared || groups.others_write(&data);
        return if !left.is_empty() || !is_program(&next) || open {
            Err(open_to_others(&next))
        } else {
            Ok(data)
        };
    }
    Err(open_to_others(path))
}

/// The names in a path, and `..`.
fn parts(path: &Path) -> VecDeque<OsString> {
    let parts = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use tempfile::TempDir;

    /// A directory of the user's that nobody else may write.
    fn place() -> (TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        mode(dir.path(), 0o755);
        let path = dir.path().canonicalize().unwrap();
        (dir, path)
    }

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn dir(path: &Path) -> PathBuf {
        fs::create_dir_all(path).unwrap();
        mode(path, 0o755);
        path.to_owned()
    }

    fn program(path: &Path) {
        fs::write(path, "#!/bin/sh\n").unwrap();
        mode(path, 0o755);
    }

    fn said(name: &str, search: &[&Path]) -> Result<(), Doubt> {
        let search: Vec<PathBuf> = search.iter().map(|&dir| dir.to_owned()).collect();
        resolve(name.as_bytes(), &search)
    }

    #[test]
    fn a_name_is_the_program_of_the_first_directory_that_has_it() {
        let (_dir, place) = place();
        let (one, two) = (dir(&place.join("one")), dir(&place.join("two")));
        program(&two.join("tool"));
        assert_eq!(said("tool", &[&one, &two]), Ok(()));
        let path = two.join("tool");
        assert_eq!(said(path.to_str().unwrap(), &[&one, &two]), Ok(()));
        // What is not executable is passed over, as a shell does.
        fs::write(one.join("tool"), "").unwrap();
        assert_eq!(said("tool", &[&one, &two]), Ok(()));
        program(&one.join("tool"));
        assert_eq!(said("tool", &[&one, &two]), Ok(()));
        let other = said(path.to_str().unwrap(), &[&one, &two]);
        assert!(matches!(other, Err(Doubt::OtherFile { .. })), "{other:?}");
        for (name, search) in [
            ("other", vec![&*one]),
            ("", vec![&*one]),
            ("..", vec![&*one]),
        ] {
            let missing = said(name, &search);
            assert!(matches!(missing, Err(Doubt::NotInPath { .. })), "{name:?}");
        }
        assert!(resolve(b"tool", &[]).is_err());
    }

    #[test]
    fn what_the_directory_holds_that_the_shell_is_in_is_never_known() {
        let (_dir, place) = place();
        program(&place.join("tool"));
        for entry in ["", ".", "bin", "./bin", "~/bin"] {
            let doubt = said("tool", &[Path::new(entry), &place]);
            assert!(
                matches!(doubt, Err(Doubt::RelativePath { .. })),
                "{entry:?}"
            );
            // Behind the one that has it, it is never asked.
            assert_eq!(said("tool", &[&place, Path::new(entry)]), Ok(()));
        }
        for name in ["./tool", "bin/tool", "../tool", "a/../../tool"] {
            let doubt = said(name, &[&place]);
            assert!(matches!(doubt, Err(Doubt::RelativeName { .. })), "{name:?}");
        }
    }

    #[test]
    fn what_others_may_write_is_not_known() {
        let (_dir, place) = place();
        let bin = dir(&place.join("above/bin"));
        let tool = bin.join("tool");
        program(&tool);
        assert_eq!(said("tool", &[&bin]), Ok(()));
        let above = place.join("above");
        for (path, bits) in [
            (&tool, 0o775),
            (&tool, 0o757),
            (&bin, 0o775),
            (&bin, 0o757),
            (&bin, 0o1777),
            (&above, 0o777),
            (&above, 0o770),
        ] {
            mode(path, bits);
            let doubt = said("tool", &[&bin]);
            assert!(
                matches!(doubt, Err(Doubt::OpenToOthers { .. })),
                "{} {bits:o}: {doubt:?}",
                path.display()
            );
            mode(path, 0o755);
        }
        // Nobody else can turn what is the user's in a directory like /tmp.
        mode(&above, 0o1777);
        assert_eq!(said("tool", &[&bin]), Ok(()));
    }

    #[test]
    fn every_link_on_the_way_is_looked_at() {
        let (_dir, place) = place();
        let (bin, open, real) = (
            dir(&place.join("bin")),
            dir(&place.join("open")),
            dir(&place.join("real")),
        );
        program(&real.join("tool"));
        symlink("../real/tool", bin.join("tool")).unwrap();
        assert_eq!(said("tool", &[&bin]), Ok(()));
        let same = real.join("tool");
        assert_eq!(said(same.to_str().unwrap(), &[&bin]), Ok(()));
        // Through a directory in which others could turn the link.
        mode(&open, 0o777);
        symlink(real.join("tool"), open.join("turn")).unwrap();
        fs::remove_file(bin.join("tool")).unwrap();
        symlink(open.join("turn"), bin.join("tool")).unwrap();
        assert!(said("tool", &[&bin]).is_err());
        fs::remove_file(bin.join("tool")).unwrap();
        symlink(open.join("dir/tool"), bin.join("tool")).unwrap();
        symlink(&real, open.join("dir")).unwrap();
        assert!(said("tool", &[&bin]).is_err());
        // One that has no end.
        fs::remove_file(bin.join("tool")).unwrap();
        symlink(bin.join("tool"), bin.join("tool")).unwrap();
        assert!(said("tool", &[&bin]).is_err());
    }
}
