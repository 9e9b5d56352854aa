//! Every file and directory that muxtape keeps for itself is made and opened here, and nowhere
//! else.
//!
//! What terminals show is private, even without its secrets. So directories are their owner's alone
//! (0700), files too (0600), whatever the umask. No link is followed to a file, so that nobody can
//! have muxtape read or overwrite another one; nothing but a regular file is read, and nothing
//! blocks at a pipe that lies in its place; a file or directory that somebody else owns or may
//! write to is refused. Where it is refused, [`Refused`] says why, and what to do.
//!
//! A *directory* may be a link of the user's own, because people keep their data on other disks.
//! Its parents are not looked at: who may write to those can put another directory in its place,
//! whatever a program checks.
//!
//! *Hard links* are not refused. In a directory that others may not write to, only the user can
//! make one: backup programs do, and so does muxtape, which gives a store a second name before it
//! replaces it. Nothing is lost by that: the other name has the same rights.
//!
//! *Other people's files*, such as settings, which users link from elsewhere, a file that a command
//! is given, a program's working tree or `/proc`, are not opened here.

mod dir;
mod error;
mod file;
mod pipe;
mod replace;
mod scratch;

pub use dir::{check_dir, new_dir, open_dir, private_dir, remove_tree, sync_dir};
pub use error::{FileError, Refused, Why};
pub use file::{
    append, create_new, keep_from_others, link, open, open_or_create, open_to_write, read,
    read_at_most, remove, rename, write_new,
};
pub use pipe::{make_pipe, open_pipe_to_write};
pub use replace::{WRITING, replace};
pub use scratch::ScratchDir;

/// A moment between two tries, less than a second. No notice comes when another process lets go of
/// a lock.
pub(crate) fn rest(pause: std::time::Duration) {
    let pause = rustix::event::Timespec {
        tv_sec: 0,
        tv_nsec: i64::from(pause.subsec_nanos()),
    };
    let _ = rustix::event::poll(&mut [], Some(&pause));
}

#[cfg(test)]
mod tests;
