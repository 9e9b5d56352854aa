//! Reads the terminal on a thread of its own.
//!
//! crossterm reads without end when a terminal has gone (its file then is at its end for ever); on
//! the loop's own thread that would keep the signal that says so from being heard.

use std::io;

use crossterm::event::Event;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::sync::mpsc::{Receiver, channel};

/// Events that may wait. Whoever sends more waits, too: the terminal holds back what it is told.
const MAX_WAITING_EVENTS: usize = 1024;

/// What the terminal sends; it ends with an error.
pub(crate) type Input = Receiver<io::Result<Event>>;

/// Starts to read. The thread ends after an error, or with the process.
pub(crate) fn read() -> io::Result<Input> {
    let (send, receive) = channel(MAX_WAITING_EVENTS);
    let forward = move || {
        loop {
            let event = crossterm::event::read();
            let failed = event.is_err();
            // Nobody listens any more when the interface is already leaving.
            if send.blocking_send(event).is_err() || failed {
                return;
            }
        }
    };
    std::thread::Builder::new()
        .name("input".to_owned())
        .spawn(forward)?;
    Ok(receive)
}

/// Whether the terminal has hung up. Normally a signal says so; it can be ignored (nohup).
pub(crate) fn is_gone() -> bool {
    let now = Timespec::default();
    let mut terminal = [PollFd::from_borrowed_fd(
        rustix::stdio::stdin(),
        PollFlags::IN,
    )];
    let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
    poll(&mut terminal, Some(&now)).is_ok()
        && terminal.iter().any(|one| one.revents().intersects(gone))
}
