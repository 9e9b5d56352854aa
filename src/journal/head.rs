//! The head: what tells where the journal ends, in the file whose lock lets one write at a time.
//!
//! It is one line of fixed length, written over in place after each line of the journal. It makes
//! appending independent of the journal's size, and lines that were removed at its end are missed.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::line::{Link, parse_hash};

const NAME: &[u8] = b"muxtape.journal.head/";
const VERSION: &[u8] = b"1";
/// Bytes of the line: name, version, three numbers of twenty digits, a hash, spaces, its end.
const HEAD_BYTES: usize = NAME.len() + VERSION.len() + 3 * 21 + 65 + 1;

/// Where the journal ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// The last line.
    pub(super) last: Link,
    /// Bytes of the file that is written.
    pub(super) bytes: u64,
    /// The number of the first line that is kept.
    pub(super) first: u64,
}

/// What is in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// The head.
    Head(Head),
    /// Nothing that can be read.
    Nothing,
    /// One of a newer form.
    Newer,
}

impl Head {
    /// Reads it.
    pub(super) fn read(file: &File) -> io::Result<Known> {
        let mut line = [0; HEAD_BYTES];
        let mut read = 0;
        while let Some(rest) = line.get_mut(read..).filter(|rest| !rest.is_empty()) {
            match file.read_at(rest, read as u64) {
                Ok(0) => break,
                Ok(more) => read += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self::parse(line.get(..read).unwrap_or_default()))
    }

    fn parse(line: &[u8]) -> Known {
        let Some(rest) = line.strip_prefix(NAME) else {
            return Known::Nothing;
        };
        let version: Vec<u8> = rest
            .iter()
            .copied()
            .take_while(u8::is_ascii_digit)
            .collect();
        if version != VERSION {
            return if version.is_empty() {
                Known::Nothing
            } else {
                Known::Newer
            };
        }
        Self::fields(line).map_or(Known::Nothing, Known::Head)
    }

    fn fields(line: &[u8]) -> Option<Head> {
        if line.len() != HEAD_BYTES {
            return None;
        }
        let text = std::str::from_utf8(line.strip_suffix(b"\n")?).ok()?;
        let mut words = text.split(' ').skip(1);
        let number = |words: &mut dyn Iterator<Item = &str>| words.next()?.parse::<u64>().ok();
        let seq = number(&mut words)?;
        let hash = parse_hash(words.next()?.as_bytes())?;
        Some(Head {
            last: Link { seq, hash },
            bytes: number(&mut words)?,
            first: number(&mut words)?,
        })
    }

    /// Writes it in place of the one before.
    pub(super) fn write(&self, file: &File) -> io::Result<()> {
        let Link { seq, hash } = self.last;
        let (name, version) = (NAME.escape_ascii(), VERSION.escape_ascii());
        let (bytes, first) = (self.bytes, self.first);
        let line = format!("{name}{version} {seq:020} {hash} {bytes:020} {first:020}\n");
        file.write_all_at(line.as_bytes(), 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::line::hash;

    #[test]
    fn it_is_read_as_it_was_written_and_in_no_other_way() {
        let file = tempfile::tempfile().unwrap();
        assert_eq!(Head::read(&file).unwrap(), Known::Nothing);
        let head = Head {
            last: Link {
                seq: 12,
                hash: hash(b"x"),
            },
            bytes: u64::MAX,
            first: 1,
        };
        head.write(&file).unwrap();
        assert_eq!(file.metadata().unwrap().len(), HEAD_BYTES as u64);
        assert_eq!(Head::read(&file).unwrap(), Known::Head(head));
        file.write_all_at(b"2", NAME.len() as u64).unwrap();
        assert_eq!(Head::read(&file).unwrap(), Known::Newer);
        for cut in 0..HEAD_BYTES as u64 {
            head.write(&file).unwrap();
            file.set_len(cut).unwrap();
            assert_eq!(Head::read(&file).unwrap(), Known::Nothing);
        }
    }
}
