//! The only place where the store's file is opened.
//!
//! Everything that the database reads and writes goes through [`Disk`]. There every page is checked
//! before the database sees it ([`Pages`]), and healed from the parity file where it is damaged;
//! the parity file follows what a writing lease changes; and a test can put a failing or a lying
//! disk under the whole store (`with_disk`). For reading, too, the file is opened as one that can
//! be written to, since the database lets nobody else between itself and the file otherwise: what
//! it wants to write then goes nowhere.

use std::fs::{self, File};
use std::io;
use std::ops::Bound;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::backends::FileBackend;
use redb::{BackendError, Builder, Database, StorageBackend};

use crate::files;
use crate::store::file::pages::{Care, Pages, Verdict};
use crate::store::file::parity::{self, Watch};
use crate::store::record::failure::{FAILED, Failure, damaged};
use crate::store::record::fault::Fault;

/// Memory for pages. The default of the database is 1 GiB.
const CACHE_BYTES: usize = 32 * 1024 * 1024;

/// An open database. It is closed when this is dropped. Not after a panic: to take apart what
/// contradicts itself could panic again, which ends the process. Then it is left in memory as it
/// is, and only its file is closed.
#[derive(Debug)]
pub(in crate::store) struct Opened {
    db: Option<Database>,
    disk: Arc<Disk>,
}

impl Opened {
    fn new(disk: Disk, builder: &Builder) -> Result<Self, Fault> {
        let disk = Arc::new(disk);
        let db = builder.create_with_backend(DiskShared(Arc::clone(&disk)))?;
        // What is read on is not the database's to change.
        if let Access::Read { shut } = &disk.access {
            shut.store(true, Ordering::Release);
        }
        Ok(Self { db: Some(db), disk })
    }

    /// The database.
    pub(in crate::store) fn db(&self) -> Result<&Database, Fault> {
        self.db.as_ref().ok_or_else(closed)
    }

    /// The database, to be changed as a whole.
    pub(in crate::store) fn db_mut(&mut self) -> Result<&mut Database, Fault> {
        self.db.as_mut().ok_or_else(closed)
    }

    /// Leaves it as it is, because something panicked.
    pub(in crate::store) fn abandon(&mut self) {
        std::mem::forget(self.db.take());
        self.disk.shut();
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.abandon();
        }
        // The database would prepare at length what it may not write in the end.
        if let Access::Read { .. } = self.disk.access {
            self.disk.closing.store(true, Ordering::Release);
        }
    }
}

fn closed() -> Fault {
    Fault::Database(redb::Error::DatabaseClosed)
}

/// Opens a store's file for writing. One that was replaced by another file while its lock was
/// waited for counts as in use: who tries again gets the new one.
pub(in crate::store) fn open(path: &Path, care: Care) -> Result<Opened, Fault> {
    FAILED.set(None);
    let (file, identity) = open_file(path)?;
    let disk = Disk {
        identity: Some(identity),
        watch: path.parent().map(|dir| Mutex::new(Watch::new(dir))),
        pages: Some(Mutex::default()),
        care,
        dir: path.parent().map(Path::to_owned),
        ..Disk::new(backend(file)?)
    };
    Opened::new(disk, &builder())
}

/// Opens a file of the store for reading. One that has to be repaired by the database itself,
/// because whoever wrote to it was killed, is refused. With `parity`, damaged pages are healed from
/// the parity file beside it.
pub(in crate::store) fn open_to_read(
    path: &Path,
    care: Care,
    parity: bool,
) -> Result<Opened, Fault> {
    FAILED.set(None);
    let file = FileBackend::new(files::open(path)?)?;
    let disk = Disk {
        pages: Some(Mutex::default()),
        access: Access::Read {
            shut: AtomicBool::new(false),
        },
        care,
        dir: path.parent().map(Path::to_owned).filter(|_| parity),
        ..Disk::new(Box::new(file))
    };
    let mut builder = builder();
    builder.set_repair_callback(redb::RepairSession::abort);
    Opened::new(disk, &builder)
}

/// The database in a file that is open for writing, and is not the store's yet. An empty file
/// becomes a new database.
pub(in crate::store) fn database(file: File) -> Result<Database, Fault> {
    FAILED.set(None);
    let empty = file.metadata().is_ok_and(|found| found.len() == 0);
    let disk = Disk {
        pages: (!empty).then(Mutex::default),
        care: Care::Refuse,
        ..Disk::new(backend(file)?)
    };
    Ok(builder().create_with_backend(disk)?)
}

/// The builder that every handle comes from.
pub(in crate::store) fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

/// The store's file with everybody kept out, so that it can be read as bytes and be replaced.
#[derive(Debug)]
pub(in crate::store) struct Hold {
    disk: Disk,
    file: PathBuf,
}

impl Hold {
    /// Takes hold of a store's file; says that it is in use where it cannot.
    pub(in crate::store) fn take(path: &Path) -> Result<Self, Fault> {
        let (file, identity) = open_file(path)?;
        let disk = Disk {
            identity: Some(identity),
            ..Disk::new(backend(file)?)
        };
        Self::locked(disk, path)
    }

    /// The same, with only those kept out who want to write. Nothing can be written by it.
    pub(in crate::store) fn share(path: &Path) -> Result<Self, Fault> {
        let file = FileBackend::new(files::open(path)?)?;
        let disk = Disk {
            access: Access::Read {
                shut: AtomicBool::new(true),
            },
            ..Disk::new(Box::new(file))
        };
        Self::locked(disk, path)
    }

    fn locked(disk: Disk, path: &Path) -> Result<Self, Fault> {
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
    pub(in crate::store) fn disk(&self) -> &dyn StorageBackend {
        &self.disk
    }

    /// Where the file is.
    pub(in crate::store) fn file(&self) -> &Path {
        &self.file
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let _ = self.disk.close();
    }
}

fn open_file(path: &Path) -> Result<(File, Identity), Fault> {
    let file = files::open_to_write(path)?;
    let found = file.metadata();
    let found = found.map_err(|error| Fault::Database(error.into()))?;
    let path = path.to_owned();
    let id = (found.dev(), found.ino());
    Ok((file, Identity { path, id }))
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
        pub(in crate::store) static WRAP: RefCell<Option<Wrap>> = const { RefCell::new(None) };
    }

    /// Runs `work` with what `wrap` makes of every file that a store opens for writing on this
    /// thread.
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
struct Identity {
    path: PathBuf,
    /// Device and inode.
    id: (u64, u64),
}

impl Identity {
    /// Whether another file has its name by now.
    fn is_replaced(&self) -> bool {
        fs::symlink_metadata(&self.path).is_ok_and(|there| (there.dev(), there.ino()) != self.id)
    }
}

/// What a file was opened for.
#[derive(Debug)]
enum Access {
    Write,
    /// What the database writes to open it goes nowhere; later writes, which it only does to close
    /// it, fail.
    Read {
        shut: AtomicBool,
    },
}

/// The file of a store that is open.
#[derive(Debug)]
pub(in crate::store) struct Disk {
    /// `None` once it was closed because something panicked.
    inner: Mutex<Option<Box<dyn StorageBackend>>>,
    /// What a store has under its own name.
    identity: Option<Identity>,
    watch: Option<Mutex<Watch>>,
    pages: Option<Mutex<Pages>>,
    access: Access,
    care: Care,
    /// Where a parity file may be.
    dir: Option<PathBuf>,
    /// Nothing more is read.
    closing: AtomicBool,
}

impl Disk {
    fn new(inner: Box<dyn StorageBackend>) -> Self {
        Self {
            inner: Mutex::new(Some(inner)),
            identity: None,
            watch: None,
            pages: None,
            access: Access::Write,
            care: Care::default(),
            dir: None,
            closing: AtomicBool::new(false),
        }
    }

    fn with<T, E: From<io::Error>>(
        &self,
        work: impl FnOnce(&dyn StorageBackend) -> Result<T, E>,
    ) -> Result<T, E> {
        match &*locked(&self.inner) {
            Some(inner) => work(&**inner),
            None => Err(io::Error::from(io::ErrorKind::BrokenPipe).into()),
        }
    }

    fn is_open(&self) -> io::Result<()> {
        if self.closing.load(Ordering::Acquire) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        Ok(())
    }

    fn shut(&self) {
        if let Some(inner) = locked(&self.inner).take() {
            let _ = inner.close();
        }
    }

    fn watch(&self) -> Option<MutexGuard<'_, Watch>> {
        self.watch.as_ref().map(locked)
    }

    /// Whether what the database wants to write is to be passed over; an error where that is over.
    fn is_passed_over(&self) -> io::Result<bool> {
        match &self.access {
            Access::Write => Ok(false),
            Access::Read { shut } if shut.load(Ordering::Acquire) => {
                Err(io::ErrorKind::PermissionDenied.into())
            }
            Access::Read { .. } => Ok(true),
        }
    }

    /// Reads, and checks what was read.
    fn read_checked(&self, pages: &Mutex<Pages>, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let read = self.with(|disk| disk.read(offset, out));
        let len = || self.with(redb::StorageBackend::len);
        let mut pages = locked(pages);
        let verdict = match read {
            Ok(()) => pages.judge(offset, out, &len)?,
            Err(_) => Verdict::Wrong,
        };
        if verdict == Verdict::Right {
            return Ok(());
        }
        let children: Vec<_> = pages.expected(offset).collect();
        if let Some(dir) = &self.dir {
            for child in &children {
                let heal = |disk: &_| Ok::<_, io::Error>(parity::heal_page(dir, disk, child));
                let healed = self.with(heal)?;
                let Some(healed) = healed.filter(|healed| healed.len() == out.len()) else {
                    continue;
                };
                out.copy_from_slice(&healed);
                if pages.judge(offset, out, &len)? == Verdict::Right {
                    return Ok(());
                }
            }
        }
        match read {
            // It ends before what was written.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {}
            read => read?,
        }
        if verdict == Verdict::Readable && self.care == Care::Tolerate {
            // It may have been healed in vain.
            self.with(|disk| disk.read(offset, out))?;
            pages.accept(offset, out);
            return Ok(());
        }
        let page = offset / 4096;
        FAILED.set(FAILED.get().or(Some(Failure::Page(page))));
        Err(damaged(page))
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn noted<T>(done: io::Result<T>) -> io::Result<T> {
    done.inspect_err(|error| {
        let failure = error.raw_os_error().map(Failure::System);
        FAILED.set(FAILED.get().or(failure));
    })
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.is_open()?;
        noted(self.with(redb::StorageBackend::len))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.is_open()?;
        noted(match &self.pages {
            Some(pages) => self.read_checked(pages, offset, out),
            None => self.with(|disk| disk.read(offset, out)),
        })
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        if self.is_passed_over()? {
            return Ok(());
        }
        noted(self.with(|disk| {
            if let Some(mut watch) = self.watch() {
                watch.resizes(disk, len);
            }
            disk.set_len(len)
        }))
    }

    fn sync_data(&self) -> io::Result<()> {
        if self.is_passed_over()? {
            return Ok(());
        }
        noted(self.with(|disk| {
            let mut watch = self.watch();
            if let Some(watch) = &mut watch {
                watch.syncs();
            }
            disk.sync_data()?;
            if let Some(watch) = &mut watch {
                watch.synced();
            }
            Ok(())
        }))
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        if self.is_passed_over()? {
            return Ok(());
        }
        if let Some(pages) = &self.pages {
            locked(pages).writes(offset);
        }
        noted(self.with(|disk| {
            if let Some(mut watch) = self.watch() {
                watch.writes(disk, offset, data.len() as u64);
            }
            disk.write(offset, data)
        }))
    }

    fn close(&self) -> io::Result<()> {
        self.with(|disk| {
            if let Some(mut watch) = self.watch() {
                watch.ends(disk);
            }
            disk.close()
        })
    }

    fn try_lock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<bool, BackendError> {
        if let Access::Read { .. } = self.access {
            return self.try_lock_shared_range(from, to);
        }
        self.with(|disk| {
            let locked = disk.try_lock_range(from, to)?;
            // Nobody replaces a file that is locked.
            if locked && self.identity.as_ref().is_some_and(Identity::is_replaced) {
                disk.unlock_range(from, to)?;
                return Ok(false);
            }
            Ok(locked)
        })
    }

    fn try_lock_shared_range(
        &self,
        from: Bound<u64>,
        to: Bound<u64>,
    ) -> Result<bool, BackendError> {
        self.with(|disk| disk.try_lock_shared_range(from, to))
    }

    fn lock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<(), BackendError> {
        self.with(|disk| disk.lock_range(from, to))
    }

    fn lock_shared_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<(), BackendError> {
        self.with(|disk| disk.lock_shared_range(from, to))
    }

    fn unlock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<(), BackendError> {
        self.with(|disk| disk.unlock_range(from, to))
    }

    fn query_lock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<bool, BackendError> {
        self.with(|disk| disk.query_lock_range(from, to))
    }
}

/// A file that the store can close although the database still has it.
#[derive(Debug)]
struct DiskShared(Arc<Disk>);

macro_rules! passed_on {
    ($($name:ident($($arg:ident: $of:ty),*) -> $to:ty;)+) => {
        impl StorageBackend for DiskShared {
            $(fn $name(&self, $($arg: $of),*) -> $to {
                self.0.$name($($arg),*)
            })+
        }
    };
}

passed_on! {
    len() -> io::Result<u64>;
    read(offset: u64, out: &mut [u8]) -> io::Result<()>;
    set_len(len: u64) -> io::Result<()>;
    sync_data() -> io::Result<()>;
    write(offset: u64, data: &[u8]) -> io::Result<()>;
    close() -> io::Result<()>;
    try_lock_range(from: Bound<u64>, to: Bound<u64>) -> Result<bool, BackendError>;
    try_lock_shared_range(from: Bound<u64>, to: Bound<u64>) -> Result<bool, BackendError>;
    lock_range(from: Bound<u64>, to: Bound<u64>) -> Result<(), BackendError>;
    lock_shared_range(from: Bound<u64>, to: Bound<u64>) -> Result<(), BackendError>;
    unlock_range(from: Bound<u64>, to: Bound<u64>) -> Result<(), BackendError>;
    query_lock_range(from: Bound<u64>, to: Bound<u64>) -> Result<bool, BackendError>;
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
