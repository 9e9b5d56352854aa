//! Notices that somebody has written to the store.

use std::path::Path;
use std::time::SystemTime;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What the store's file looks like: when it was written last, and its bytes. `None` where it
/// cannot be seen.
type WatchStamp = Option<(SystemTime, u64)>;

/// What a look at the store's file saw.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sight {
    stamp: WatchStamp,
    /// Whether the store was just read: what is there now is known.
    known: bool,
}

/// What the store's file looked like when the store was read last.
#[derive(Debug)]
pub(super) struct StoreWatch {
    stamp: WatchStamp,
    looking: bool,
    seen: UnboundedSender<Sight>,
}

impl StoreWatch {
    /// A watch that says on the receiver what it has seen.
    pub(super) fn new() -> (Self, UnboundedReceiver<Sight>) {
        let (seen, sights) = unbounded_channel();
        let watch = Self {
            stamp: None,
            looking: false,
            seen,
        };
        (watch, sights)
    }

    /// Looks at the file, away from the loop: a file system may hang.
    pub(super) fn look(&mut self, file: &Path, known: bool) {
        if std::mem::replace(&mut self.looking, true) {
            return;
        }
        let (file, seen) = (file.to_owned(), self.seen.clone());
        tokio::task::spawn_blocking(move || {
            let stamp = std::fs::metadata(file)
                .and_then(|metadata| Ok((metadata.modified()?, metadata.len())))
                .ok();
            // Nobody listens any more when the interface has ended.
            let _ = seen.send(Sight { stamp, known });
        });
    }

    /// Whether the store is to be read again, after this was seen; while it is `busy`, later.
    pub(super) fn has_changed(&mut self, sight: Sight, busy: bool) -> bool {
        self.looking = false;
        if sight.known {
            self.stamp = sight.stamp;
        }
        if busy || sight.stamp == self.stamp {
            return false;
        }
        self.stamp = sight.stamp;
        true
    }
}
