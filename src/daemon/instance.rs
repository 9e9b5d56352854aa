//! One recorder per server and store: a lock that the kernel releases when its holder dies.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::files::{self, FileError};

/// The lock, held as long as this lives. The file itself stays: removing a lock file that another
/// process may just have opened would let two hold it.
#[derive(Debug)]
pub struct Instance {
    _file: File,
}

/// How many that only ask are waited for.
const ASKERS: usize = 100;

/// Why the lock was not to be had.
#[derive(Debug, thiserror::Error)]
pub enum InstanceError {
    /// Another recorder holds it.
    #[error("another recorder is running{}", pid.map_or(String::new(), |pid| format!(" (process {pid})")))]
    Running {
        /// Its process, where it is known.
        pid: Option<i32>,
    },
    /// The lock's file cannot be used.
    #[error("could not lock {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl Instance {
    /// Takes the lock of this file; it and its directory are made (0600, 0700) when they are not there.
    pub fn acquire(path: &Path) -> Result<Instance, InstanceError> {
        let path = path.to_owned();
        let state = path.parent().unwrap_or(Path::new("."));
        let failed = |source| InstanceError::Io {
            path: path.clone(),
            source,
        };
        let opened = files::private_dir(state).and_then(|()| files::open_or_create(&path));
        let mut file = opened.map_err(|error: FileError| failed(error.into()))?;
        match exclusive(&file) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                return Err(InstanceError::Running {
                    pid: read_pid(&mut file),
                });
            }
            Err(error) => return Err(failed(error.into())),
        }
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "{}", std::process::id())
        };
        write(&mut file).map_err(failed)?;
        Ok(Instance { _file: file })
    }

    /// The process that holds the lock; `None` when nobody does.
    #[must_use]
    pub fn holder(path: &Path) -> Option<i32> {
        let mut file = files::open(path).ok()?;
        match flock(&file, FlockOperation::NonBlockingLockShared) {
            Err(rustix::io::Errno::WOULDBLOCK) => read_pid(&mut file),
            _ => None,
        }
    }
}

/// Takes the lock. Somebody who only asks who holds it has it shared for a moment: that is waited for.
fn exclusive(file: &File) -> rustix::io::Result<()> {
    for _ in 0..ASKERS {
        let taken = flock(file, FlockOperation::NonBlockingLockExclusive);
        if taken != Err(rustix::io::Errno::WOULDBLOCK)
            || flock(file, FlockOperation::NonBlockingLockShared).is_err()
        {
            return taken;
        }
        flock(file, FlockOperation::Unlock)?;
    }
    flock(file, FlockOperation::NonBlockingLockExclusive)
}

fn read_pid(file: &mut File) -> Option<i32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("a/b/recorder.lock");
        assert_eq!(Instance::holder(&state), None);
        let first = Instance::acquire(&state).unwrap();
        let own = i32::try_from(std::process::id()).unwrap();
        assert_eq!(Instance::holder(&state), Some(own));
        let error = Instance::acquire(&state).unwrap_err();
        assert!(
            matches!(error, InstanceError::Running { pid } if pid == Some(own)),
            "{error}"
        );
        drop(first);
        // A child that another test forks just now has the lock as well, until it executes its program.
        let start = std::time::Instant::now();
        while Instance::holder(&state).is_some() {
            assert!(start.elapsed() < std::time::Duration::from_secs(10));
            std::thread::yield_now();
        }
        Instance::acquire(&state).unwrap();
    }
}
