//! Disks that fail, tear, or forget.

use std::io;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard};

use redb::backends::FileBackend;
use redb::{BackendError, StorageBackend};
use rustix::io::Errno;

/// What a disk does when its time has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// One operation fails, those after it work again.
    Once(Errno),
    /// All operations fail from then on.
    ForEver(Errno),
    /// Half of the bytes are written, and all operations fail from then on.
    Torn,
}

/// Something that reached a disk.
#[derive(Debug, Clone)]
pub(super) enum Event {
    Write {
        offset: u64,
        bytes: Vec<u8>,
    },
    Length(u64),
    /// Everything before it is safe.
    Sync,
    /// The store said that a step is done.
    Done,
}

/// What the test and the disk both see.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Operations so far.
    pub(super) operations: usize,
    /// Which operation fails, and how.
    pub(super) plan: Option<(usize, Fault)>,
    /// What reached the disk, where that is asked for.
    pub(super) log: Option<Vec<Event>>,
}

/// A handle on [`Shared`].
#[derive(Debug, Clone, Default)]
pub(super) struct Control(Arc<Mutex<Shared>>);

impl Control {
    pub(super) fn failing(at: usize, fault: Fault) -> Self {
        let control = Self::default();
        control.get().plan = Some((at, fault));
        control
    }

    pub(super) fn logging() -> Self {
        let control = Self::default();
        control.get().log = Some(Vec::new());
        control
    }

    pub(super) fn get(&self) -> MutexGuard<'_, Shared> {
        // Some tests panic in the middle of things.
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Notes that the store said that a step is done.
    pub(super) fn done(&self) {
        self.note(|| Event::Done);
    }

    fn note(&self, event: impl FnOnce() -> Event) {
        if let Some(log) = &mut self.get().log {
            log.push(event());
        }
    }

    /// For [`crate::store::file::disk::with_disk`].
    pub(super) fn wrap(&self) -> impl Fn(FileBackend) -> Box<dyn StorageBackend> + use<> {
        let control = self.clone();
        move |file| {
            let control = control.clone();
            Box::new(OddDisk { file, control })
        }
    }

    /// Counts an operation; says how it fails.
    fn count(&self) -> Result<(), Fault> {
        let mut shared = self.get();
        let at = shared.operations;
        shared.operations += 1;
        match shared.plan {
            Some((from, fault @ Fault::Once(_))) if at == from => Err(fault),
            Some((from, fault @ Fault::Torn)) if at == from => Err(fault),
            Some((from, Fault::Torn)) if at > from => Err(Fault::ForEver(Errno::IO)),
            Some((from, fault @ Fault::ForEver(_))) if at >= from => Err(fault),
            _ => Ok(()),
        }
    }

    fn check(&self) -> io::Result<()> {
        self.count().map_err(|fault| match fault {
            Fault::Once(errno) | Fault::ForEver(errno) => errno.into(),
            Fault::Torn => Errno::IO.into(),
        })
    }
}

/// A file on such a disk.
#[derive(Debug)]
struct OddDisk {
    file: FileBackend,
    control: Control,
}

impl StorageBackend for OddDisk {
    fn len(&self) -> io::Result<u64> {
        self.control.check()?;
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.control.check()?;
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.control.check()?;
        self.control.note(|| Event::Length(len));
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.control.check()?;
        self.control.note(|| Event::Sync);
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        match self.control.count() {
            Ok(()) => {}
            Err(Fault::Torn) => {
                let half = data.get(..data.len() / 2).unwrap_or(data);
                self.file.write(offset, half)?;
                return Err(Errno::IO.into());
            }
            Err(Fault::Once(errno) | Fault::ForEver(errno)) => return Err(errno.into()),
        }
        let bytes = || data.to_vec();
        self.control.note(|| Event::Write {
            offset,
            bytes: bytes(),
        });
        self.file.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        // A file that was lost with its process is closed as well.
        self.file.close()
    }

    fn try_lock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(from, to)
    }

    fn try_lock_shared_range(
        &self,
        from: Bound<u64>,
        to: Bound<u64>,
    ) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(from, to)
    }

    fn lock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_range(from, to)
    }

    fn lock_shared_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(from, to)
    }

    fn unlock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(from, to)
    }

    fn query_lock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(from, to)
    }
}
