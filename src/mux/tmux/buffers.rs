//! Paste buffers.
//!
//! `show-buffer` writes raw bytes, but only once in the life of a client (3.3a closes its output
//! after it), and what was printed before may come out behind it. So each buffer has a client of
//! its own, and buffers do not belong to exactly the moment of the structure.

use bstr::BString;

use super::answer::Fields;
use super::client::{Tmux, garbled};
use super::command::Command;
use super::query::{END, say};
use crate::model::detail::Buffer;
use crate::mux::MuxError;

const WHAT: &str = "a question for its paste buffers";

/// What is kept of all buffers together at the most, the newest first: clipboards can be huge, and
/// every snapshot would hold them.
const MOST_BYTES: usize = 1 << 20;

/// How many are kept at the most. tmux itself keeps fifty, those with a name of their own not
/// counted.
const MOST_BUFFERS: usize = 100;

/// How often it is begun again because buffers came, went or changed while they were read.
const ATTEMPTS: u32 = 4;

/// What [`read_list`] reads.
const LIST: &str = "B #{q:buffer_name} #{buffer_size}";

impl Tmux {
    /// The buffers, newest first, without those that there is no room for.
    pub(super) fn buffers(&self) -> Result<Vec<Buffer>, MuxError> {
        let list = [Command::new("list-buffers").opt("-F", LIST), say(END)];
        for _ in 0..ATTEMPTS {
            let listed = self.run(WHAT, &list)?;
            let read: Option<Vec<Buffer>> = fitting(read_list(&listed)?)
                .map(|listed| self.buffer(listed))
                .collect::<Result<_, _>>()?;
            if let Some(buffers) = read {
                return Ok(buffers);
            }
        }
        Err(garbled(WHAT, "they changed while they were read"))
    }

    /// A buffer; `None` if it is not any more what was listed.
    fn buffer(&self, listed: Listed) -> Result<Option<Buffer>, MuxError> {
        let show = Command::new("show-buffer").opt("-b", &listed.name);
        let reply = self.ask(WHAT, &[show])?;
        let whole = reply.complaints.is_empty() && reply.stdout.len() == listed.size;
        Ok(whole.then(|| Buffer {
            name: listed.name,
            data: reply.stdout.into(),
        }))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Listed {
    name: BString,
    size: usize,
}

fn read_list(answer: &[u8]) -> Result<Vec<Listed>, MuxError> {
    let mut fields = Fields::new(answer, WHAT);
    let mut listed = Vec::new();
    while fields.skip(b"B ") {
        let name = fields.text()?;
        let size = fields.number()?;
        fields.end_of_line()?;
        listed.push(Listed { name, size });
    }
    if fields.skip(b"E\n") {
        Ok(listed)
    } else {
        Err(fields.garbled("a buffer"))
    }
}

/// Those that there is room for.
fn fitting(listed: Vec<Listed>) -> impl Iterator<Item = Listed> {
    let mut left = MOST_BYTES;
    let newest = listed.into_iter().take(MOST_BUFFERS);
    newest.filter(move |one| match left.checked_sub(one.size) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_that_fit_are_kept() {
        let listed = |name: usize, size| Listed {
            name: name.to_string().into(),
            size,
        };
        let sizes = [10, MOST_BYTES, MOST_BYTES - 10, 1];
        let kept: Vec<_> = fitting(
            sizes
                .into_iter()
                .enumerate()
                .map(|(n, s)| listed(n, s))
                .collect(),
        )
        .map(|one| one.name.to_string())
        .collect();
        assert_eq!(kept, ["0", "2"]);
        let many = (0..1000).map(|name| listed(name, 1)).collect();
        assert_eq!(fitting(many).count(), MOST_BUFFERS);
    }

    #[test]
    fn names_with_newlines_are_listed() {
        let listed = read_list(b"B a\\\\nb\\ c\n 3\nB buffer0 12\nE\n").unwrap();
        assert_eq!(listed[0].name, "a\\nb c\n");
        assert_eq!((listed[0].size, listed[1].size), (3, 12));
        assert!(read_list(b"B buffer0 12\n").is_err());
    }
}
