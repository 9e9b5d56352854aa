//! Which file is started as the shell of a pane.
//!
//! The name of a shell in a snapshot is what its process called itself; anything can stand there.
//! It is started only where it is a shell that is installed: what its bare name leads to, or a path
//! that the system or the search path vouches for. Otherwise the pane gets the server's default
//! shell.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use bstr::BString;

use super::programs::Doubt;
use super::resolve::{Groups, is_program, known};
use crate::model::program::program_name;

/// The list of the shells that the system's administrator has installed.
const LISTED: &str = "/etc/shells";
/// Where Nix keeps what is installed, each under a path of its own; nothing there is ever changed.
const NIX_STORE: &[u8] = b"/nix/store/";

/// What the name of a shell leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShellFile {
    /// It may be started, by this path.
    Installed(PathBuf),
    /// It is not there.
    Missing,
    /// Somebody else could have put it there.
    Doubted(Doubt),
    /// It is no shell that is installed.
    Stray,
}

/// What is known of installed shells: the search path, and the list of the system.
#[derive(Debug)]
pub(super) struct Shells<'a> {
    search: &'a [PathBuf],
    listed: Vec<PathBuf>,
}

impl<'a> Shells<'a> {
    /// Those of this machine.
    pub(super) fn of_system(search: &'a [PathBuf]) -> Self {
        let text = std::fs::read_to_string(LISTED).unwrap_or_default();
        Self::new(search, &text)
    }

    fn new(search: &'a [PathBuf], list: &str) -> Self {
        let lines = list.lines().map(str::trim);
        let paths = lines.filter(|line| line.starts_with('/'));
        let listed = paths.map(PathBuf::from).collect();
        Self { search, listed }
    }

    /// What the name leads to that a process of a shell had, with or without the dash of a login
    /// shell.
    pub(super) fn find(&self, name: &BString) -> ShellFile {
        let given: &[u8] = name.strip_prefix(b"-").unwrap_or(name);
        let argv = [BString::from(given)];
        let bare = program_name(&argv);
        if !given.contains(&b'/') {
            return match self.by_name(bare) {
                ShellFile::Installed(path) => ShellFile::Installed(path),
                other => self.of_list(bare).unwrap_or(other),
            };
        }
        if !given.starts_with(b"/") {
            return ShellFile::Stray;
        }
        let found = at(Path::new(OsStr::from_bytes(given)));
        match &found {
            ShellFile::Installed(path) => {
                let by_name = self.by_name(bare);
                let same = matches!(&by_name, ShellFile::Installed(named) if is_same(named, path));
                match same || self.vouches_for(path) {
                    true => found,
                    false => ShellFile::Stray,
                }
            }
            _ => found,
        }
    }

    /// The first of this name in the search path.
    fn by_name(&self, name: &[u8]) -> ShellFile {
        for dir in self.search {
            if !dir.is_absolute() {
                let program = crate::model::ansi::label(name);
                return ShellFile::Doubted(Doubt::RelativePath { program });
            }
            match at(&dir.join(OsStr::from_bytes(name))) {
                ShellFile::Missing => {}
                found => return found,
            }
        }
        ShellFile::Missing
    }

    /// The shell of this name on the system's list.
    fn of_list(&self, name: &[u8]) -> Option<ShellFile> {
        let name = OsStr::from_bytes(name);
        let mut listed = self.listed.iter();
        listed.find_map(|path| {
            let own = path.file_name() == Some(name);
            own.then(|| at(path))
                .filter(|found| matches!(found, ShellFile::Installed(_)))
        })
    }

    /// Whether a path is on the system's list, in a directory of the search path, or in Nix' store.
    fn vouches_for(&self, path: &Path) -> bool {
        let mut dirs = self.search.iter().filter(|dir| dir.is_absolute());
        let bytes = path.as_os_str().as_bytes();
        let plain = !path.components().any(|part| part.as_os_str() == "..");
        self.listed.iter().any(|listed| listed == path)
            || plain && bytes.starts_with(NIX_STORE)
            || path
                .parent()
                .is_some_and(|own| dirs.any(|dir| is_same(dir, own)))
    }
}

/// What lies at an absolute path.
fn at(path: &Path) -> ShellFile {
    if !is_program(path) {
        return ShellFile::Missing;
    }
    match known(path, Groups::Trusted) {
        Ok(_) => ShellFile::Installed(path.to_owned()),
        Err(doubt) => ShellFile::Doubted(doubt),
    }
}

/// Whether two paths lead to the same.
fn is_same(one: &Path, other: &Path) -> bool {
    match (one.metadata(), other.metadata()) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn shell(path: &Path) -> BString {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "#!/bin/sh\n").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        path.to_str().unwrap().into()
    }

    #[test]
    fn only_shells_that_are_installed_are_started() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().canonicalize().unwrap();
        let bin = base.join("bin");
        let in_path = shell(&bin.join("zsh"));
        let listed = shell(&base.join("opt/fish"));
        let stray = shell(&base.join("own/zsh"));
        let open = shell(&base.join("open/fish"));
        fs::set_permissions(base.join("open"), fs::Permissions::from_mode(0o777)).unwrap();
        symlink(bin.join("zsh"), base.join("own/named")).unwrap();
        fs::create_dir(base.join("links")).unwrap();
        symlink(bin.join("zsh"), base.join("links/zsh")).unwrap();
        let list = format!("# shells\n{listed}\n{open}\nrelative/zsh\n");
        let search = [base.join("none"), bin.clone()];
        let shells = Shells::new(&search, &list);
        let find = |name: &str| shells.find(&name.into());
        let installed = |name: &BString| ShellFile::Installed(name.to_string().into());
        assert_eq!(find("zsh"), installed(&in_path));
        assert_eq!(find("-zsh"), installed(&in_path));
        assert_eq!(shells.find(&in_path), installed(&in_path));
        assert_eq!(find("fish"), installed(&listed), "by the list");
        assert_eq!(shells.find(&listed), installed(&listed));
        // Another name of the same file, as Homebrew has them.
        let link = BString::from(base.join("links/zsh").to_str().unwrap());
        assert_eq!(shells.find(&link), installed(&link));
        // Whatever calls itself so.
        assert_eq!(shells.find(&stray), ShellFile::Stray);
        assert_eq!(find("./zsh"), ShellFile::Stray);
        assert_eq!(find("bin/zsh"), ShellFile::Stray);
        let other = base.join("own/named");
        assert_eq!(find(other.to_str().unwrap()), ShellFile::Stray);
        let doubted = |found: ShellFile| matches!(found, ShellFile::Doubted(_));
        assert!(doubted(shells.find(&open)));
        // A group that is the owner's own may write there, and one that is anybody's may not.
        fs::set_permissions(&bin, fs::Permissions::from_mode(0o775)).unwrap();
        let data = bin.metadata().unwrap();
        if data.gid() == data.uid() {
            assert_eq!(find("zsh"), installed(&in_path));
        }
        if data.uid() == 0 {
            std::os::unix::fs::chown(&bin, None, Some(100)).unwrap();
            assert!(doubted(find("zsh")));
        }
        assert_eq!(find("ksh"), ShellFile::Missing);
        assert_eq!(find("/no/such/zsh"), ShellFile::Missing);
        // A search path that others may write to, or that depends on the directory.
        let search = [base.join("open"), bin];
        assert!(doubted(Shells::new(&search, "").find(&"fish".into())));
        let search = [PathBuf::from("."), base.join("opt")];
        assert!(doubted(Shells::new(&search, "").find(&"fish".into())));
    }

    #[test]
    fn the_shell_of_the_system_is_installed() {
        let search = [PathBuf::from("/usr/bin"), PathBuf::from("/bin")];
        let shells = Shells::of_system(&search);
        for name in ["sh", "-sh", "/bin/sh"] {
            let found = shells.find(&name.into());
            assert!(
                matches!(found, ShellFile::Installed(_)),
                "{name}: {found:?}"
            );
        }
    }
}
