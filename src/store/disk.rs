//! The only place where the store's file is opened for writing.
//!
//! Everything that the database reads and writes under a writing lease goes through [`Disk`]: there the parity
//! file follows what is changed, and a test can put a failing or a lying disk under the whole store
//! (`with_disk`). What only reads opens the file by [`open_to_read`].

use std::cell::Cell;
use std::fs::{self, File};
use std::io;
use std::ops::Bound;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::backends::FileBackend;
use redb::{BackendError, Database, ReadOnlyDatabase, StorageBackend};

use super::fault::Fault;
use super::lease;
use super::parity::Watch;
use crate::files;

/// Opens a store's file for writing. One that was replaced by another file while its lock was waited for
/// counts as in use: who tries again gets the new one.
pub(super) fn open(path: &Path) -> Result<Database, Fault> {
    FAILED.set(None);
    let (file, opened) = open_file(path)?;
    let disk = Disk {
        inner: backend(file)?,
        opened: Some(opened),
        watch: path.parent().map(|dir| Mutex::new(Watch::new(dir))),
    };
    Ok(lease::builder().create_with_backend(disk)?)
}

/// Opens a store's file for reading.
pub(super) fn open_to_read(path: &Path) -> Result<ReadOnlyDatabase, Fault> {
    let file = files::open(path)?;
    // The database opens files by their names alone. This name is that of the file which was opened.
    #[cfg(target_os = "linux")]
    {
        use std::os::fd::AsRawFd;
        let opened = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
        if opened.exists() {
            return Ok(lease::builder().open_read_only(&opened)?);
        }
    }
    drop(file);
    Ok(lease::builder().open_read_only(path)?)
}

/// The database in a file that is open for writing, and is not the store's yet. An empty file becomes a new
/// database.
pub(super) fn database(file: File) -> Result<Database, Fault> {
    FAILED.set(None);
    let disk = Disk {
        inner: backend(file)?,
        opened: None,
        watch: None,
    };
    Ok(lease::builder().create_with_backend(disk)?)
}

/// The store's file with everybody kept out, so that it can be read as bytes and be replaced.
#[derive(Debug)]
pub(super) struct Hold {
    disk: Disk,
    file: PathBuf,
}

impl Hold {
    /// Takes hold of a store's file; says that it is in use where it cannot.
    pub(super) fn take(path: &Path) -> Result<Self, Fault> {
        let (file, opened) = open_file(path)?;
        let disk = Disk {
            inner: backend(file)?,
            opened: Some(opened),
            watch: None,
        };
        match disk.try_lock_range(Bound::Unbounded, Bound::Unbounded) {
            Ok(true) => Ok(Self {
                disk,
                file: path.to_owned(),
            }),
            Ok(false) => Err(Fault::Database(redb::Error::DatabaseAlreadyOpen)),
            Err(error) => Err(Fault::Database(error.into())),
        }
    }

    /// The bytes.
    pub(super) fn disk(&self) -> &dyn StorageBackend {
        &self.disk
    }

    /// Where the file is.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let _ = self.disk.close();
    }
}

fn open_file(path: &Path) -> Result<(File, Opened), Fault> {
    let file = files::open_to_write(path)?;
    let found = file.metadata();
    let found = found.map_err(|error| Fault::Database(error.into()))?;
    let path = path.to_owned();
    let id = (found.dev(), found.ino());
    Ok((file, Opened { path, id }))
}

thread_local! {
    /// The system's number of the first failure of the file that this thread opened last.
    static FAILED: Cell<Option<i32>> = const { Cell::new(None) };
}

/// What failed first in the file that this thread opened last. The database only says that something did
/// where the failure came at a moment when it could not tell of it.
pub(super) fn first_failure() -> Option<io::Error> {
    FAILED.get().map(io::Error::from_raw_os_error)
}

#[cfg(not(test))]
fn backend(file: File) -> Result<Box<dyn StorageBackend>, Fault> {
    Ok(Box::new(FileBackend::new(file)?))
}

#[cfg(test)]
fn backend(file: File) -> Result<Box<dyn StorageBackend>, Fault> {
    let file = FileBackend::new(file)?;
    let wrap = hook::WRAP.with_borrow(Clone::clone);
    Ok(match wrap {
        Some(wrap) => wrap(file),
        None => Box::new(file),
    })
}

#[cfg(test)]
pub(crate) use hook::with_disk;

#[cfg(test)]
mod hook {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::{FileBackend, StorageBackend};

    type Wrap = Rc<dyn Fn(FileBackend) -> Box<dyn StorageBackend>>;

    thread_local! {
        pub(super) static WRAP: RefCell<Option<Wrap>> = const { RefCell::new(None) };
    }

    /// Runs `work` with what `wrap` makes of every file that a store opens for writing on this thread.
    pub(crate) fn with_disk<T>(
        wrap: impl Fn(FileBackend) -> Box<dyn StorageBackend> + 'static,
        work: impl FnOnce() -> T,
    ) -> T {
        struct Restore(Option<Wrap>);
        impl Drop for Restore {
            fn drop(&mut self) {
                WRAP.set(self.0.take());
            }
        }
        let _restore = Restore(WRAP.replace(Some(Rc::new(wrap))));
        work()
    }
}

/// Which file was opened.
#[derive(Debug)]
struct Opened {
    path: PathBuf,
    /// Device and inode.
    id: (u64, u64),
}

impl Opened {
    /// Whether another file has its name by now.
    fn is_replaced(&self) -> bool {
        fs::symlink_metadata(&self.path).is_ok_and(|there| (there.dev(), there.ino()) != self.id)
    }
}

/// The file of a store that is open for writing.
#[derive(Debug)]
struct Disk {
    inner: Box<dyn StorageBackend>,
    /// What a store has under its own name.
    opened: Option<Opened>,
    watch: Option<Mutex<Watch>>,
}

impl Disk {
    fn watch(&self) -> Option<MutexGuard<'_, Watch>> {
        let watch = self.watch.as_ref()?;
        Some(watch.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn noted<T>(done: io::Result<T>) -> io::Result<T> {
    done.inspect_err(|error| FAILED.set(FAILED.get().or(error.raw_os_error())))
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        noted(self.inner.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        noted(self.inner.read(offset, out))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        if let Some(mut watch) = self.watch() {
            watch.resizes(&*self.inner, len);
        }
        noted(self.inner.set_len(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut watch = self.watch();
        if let Some(watch) = &mut watch {
            watch.syncs();
        }
        noted(self.inner.sync_data())?;
        if let Some(watch) = &mut watch {
            watch.synced();
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        if let Some(mut watch) = self.watch() {
            watch.writes(&*self.inner, offset, data.len() as u64);
        }
        noted(self.inner.write(offset, data))
    }

    fn close(&self) -> io::Result<()> {
        if let Some(mut watch) = self.watch() {
            watch.ends(&*self.inner);
        }
        self.inner.close()
    }

    fn try_lock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<bool, BackendError> {
        let locked = self.inner.try_lock_range(from, to)?;
        // Nobody replaces a file that is locked.
        if locked && self.opened.as_ref().is_some_and(Opened::is_replaced) {
            self.inner.unlock_range(from, to)?;
            return Ok(false);
        }
        Ok(locked)
    }

    fn try_lock_shared_range(
        &self,
        from: Bound<u64>,
        to: Bound<u64>,
    ) -> Result<bool, BackendError> {
        self.inner.try_lock_shared_range(from, to)
    }

    fn lock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<(), BackendError> {
        self.inner.lock_range(from, to)
    }

    fn lock_shared_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<(), BackendError> {
        self.inner.lock_shared_range(from, to)
    }

    fn unlock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<(), BackendError> {
        self.inner.unlock_range(from, to)
    }

    fn query_lock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<bool, BackendError> {
        self.inner.query_lock_range(from, to)
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::store::StoreError;
    use crate::store::testing::{open, record_text, scratch};

    /// A disk that counts what is written, and fails from some write on.
    #[derive(Debug)]
    struct Counting {
        disk: FileBackend,
        writes: Arc<AtomicUsize>,
        good: usize,
    }

    impl StorageBackend for Counting {
        fn len(&self) -> io::Result<u64> {
            self.disk.len()
        }
        fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
            self.disk.read(offset, out)
        }
        fn set_len(&self, len: u64) -> io::Result<()> {
            self.disk.set_len(len)
        }
        fn sync_data(&self) -> io::Result<()> {
            self.disk.sync_data()
        }
        fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
            if self.writes.fetch_add(1, Ordering::SeqCst) >= self.good {
                return Err(rustix::io::Errno::IO.into());
            }
            self.disk.write(offset, data)
        }
        fn close(&self) -> io::Result<()> {
            self.disk.close()
        }
        fn try_lock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<bool, BackendError> {
            self.disk.try_lock_range(from, to)
        }
        fn unlock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<(), BackendError> {
            self.disk.unlock_range(from, to)
        }
    }

    fn counting(
        writes: &Arc<AtomicUsize>,
        good: usize,
    ) -> impl Fn(FileBackend) -> Box<dyn StorageBackend> + use<> {
        let writes = Arc::clone(writes);
        move |file| {
            Box::new(Counting {
                disk: file,
                writes: Arc::clone(&writes),
                good,
            })
        }
    }

    #[test]
    fn every_write_of_a_store_goes_through_the_disk_that_a_test_puts_under_it() {
        let s = scratch();
        let writes = Arc::default();
        with_disk(counting(&writes, usize::MAX), || {
            record_text(&s.store, 1, "api", "$ one");
        });
        assert!(writes.load(Ordering::SeqCst) > 10);
        let before = writes.load(Ordering::SeqCst);
        record_text(&s.store, 2, "api", "$ two");
        assert_eq!(writes.load(Ordering::SeqCst), before, "the hook is gone");
    }

    #[test]
    fn a_disk_that_fails_is_told_of_and_loses_nothing() {
        let s = scratch();
        let kept = record_text(&s.store, 1, "api", "$ one");
        let error = with_disk(counting(&Arc::default(), 5), || {
            let edit = crate::store::Edit::Pin(true);
            s.store.edit(&[kept.id], &edit).unwrap_err()
        });
        assert!(matches!(error, StoreError::Disk { .. }), "{error:?}");
        assert!(!s.store.meta(kept.id).unwrap().pinned);
        assert!(s.store.verify().unwrap().is_ok());
    }

    #[test]
    fn a_file_that_was_replaced_is_not_written_to() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(&dir);
        record_text(&store, 1, "api", "$ one");
        let copy = dir.path().join("copy");
        fs::copy(store.file(), &copy).unwrap();
        let swapped = store.file().to_owned();
        let wrap = move |file| -> Box<dyn StorageBackend> {
            // Another process swaps the file between opening and locking it, once.
            if copy.exists() {
                fs::rename(&copy, &swapped).unwrap();
            }
            Box::new(file)
        };
        let second = with_disk(wrap, || record_text(&store, 2, "api", "$ two"));
        assert_eq!(store.meta(second.id).unwrap(), second);
    }
}
