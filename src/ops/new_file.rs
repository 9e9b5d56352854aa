//! Writing a file that the user names: under a name of its own until it is whole.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::files;

/// What to do about a file that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and nothing is written.
    Keep,
    /// It is replaced, if it is a regular file or a link; where a link leads, nothing changes.
    Replace,
}

/// Makes a file (0600) with what `fill` writes: it has its name when it is whole and on the disk,
/// or never. `random` keeps others from knowing what it is called until then. Gives what `fill`
/// gave.
///
/// # Errors
///
/// [`io::ErrorKind::AlreadyExists`] where it is to be kept; [`io::ErrorKind::InvalidInput`] where
/// something else than a file would be replaced.
pub(super) fn write<T, E>(
    path: &Path,
    existing: Existing,
    random: u64,
    fill: impl FnOnce(&mut dyn Write) -> Result<T, E>,
) -> io::Result<Result<T, E>> {
    check(path, existing)?;
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    let unfinished = Unfinished::make(dir, path, random)?;
    let mut out = BufWriter::with_capacity(1 << 20, &unfinished.file);
    let filled = match fill(&mut out) {
        Ok(filled) => filled,
        failed => return Ok(failed),
    };
    out.flush()?;
    drop(out);
    unfinished.file.sync_all()?;
    unfinished.finish(path, existing)?;
    // Any directory will do: it is the user's choice, and may be one that others write to.
    File::open(dir)?.sync_all()?;
    Ok(Ok(filled))
}

fn check(path: &Path, existing: Existing) -> io::Result<()> {
    let found = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found?.file_type(),
    };
    if existing == Existing::Keep {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    if found.is_file() || found.is_symlink() {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        "it is not a regular file",
    ))
}

/// A file under another name, which goes when it is not finished.
struct Unfinished {
    file: File,
    path: PathBuf,
}

impl Unfinished {
    fn make(dir: &Path, of: &Path, random: u64) -> io::Result<Self> {
        let Some(name) = of.file_name() else {
            return Err(io::ErrorKind::IsADirectory.into());
        };
        let mut own = OsString::from(".");
        own.push(name);
        own.push(format!(".{random:016x}"));
        let path = dir.join(own);
        let file = files::create_new(&path)?;
        Ok(Self { file, path })
    }

    /// Gives it its name.
    fn finish(&self, path: &Path, existing: Existing) -> io::Result<()> {
        if existing == Existing::Keep {
            // Unlike a rename this never replaces what came meanwhile.
            match files::link(&self.path, path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    return Err(error.into());
                }
                Ok(()) => return Ok(()),
                // Not every file system has links.
                Err(_) => check(path, existing)?,
            }
        }
        Ok(files::rename(&self.path, path)?)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // After a rename there is nothing of this name.
        let _ = files::remove(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn put(path: &Path, existing: Existing, text: &str) -> io::Result<()> {
        write(path, existing, 7, |out| out.write_all(text.as_bytes()))?
    }

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_its_owners_alone_and_is_not_replaced_by_itself() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        put(&path, Existing::Keep, "one").unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let error = put(&path, Existing::Keep, "two").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"one");
        put(&path, Existing::Replace, "two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(names(dir.path()), ["a"]);
    }

    #[test]
    fn no_link_is_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (target, link) = (dir.path().join("target"), dir.path().join("link"));
        fs::write(&target, "kept").unwrap();
        for to in [target.as_path(), Path::new("nowhere")] {
            symlink(to, &link).unwrap();
            assert!(put(&link, Existing::Keep, "new").is_err());
            assert!(link.is_symlink());
            put(&link, Existing::Replace, "new").unwrap();
            assert!(!link.is_symlink());
            assert_eq!(fs::read(&link).unwrap(), b"new");
            fs::remove_file(&link).unwrap();
        }
        assert_eq!(fs::read(&target).unwrap(), b"kept");
        assert_eq!(names(dir.path()), ["target"]);
        // One that lies where the unfinished file would be.
        symlink(&target, dir.path().join(".a.0000000000000007")).unwrap();
        assert!(put(&dir.path().join("a"), Existing::Keep, "new").is_err());
        assert_eq!(fs::read(&target).unwrap(), b"kept");
    }

    #[test]
    fn what_fails_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        let failed = write(&path, Existing::Keep, 7, |out| {
            out.write_all(b"half")?;
            Err::<(), _>(io::Error::other("no more"))
        });
        assert!(failed.unwrap().is_err());
        assert!(names(dir.path()).is_empty());
        assert!(put(&dir.path().join("no/such"), Existing::Keep, "x").is_err());
        assert!(put(dir.path(), Existing::Replace, "x").is_err());
    }
}
