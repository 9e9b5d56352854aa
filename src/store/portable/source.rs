//! The bytes of a file, from anywhere in it.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use super::error::PortableError;
use super::form::{self, END_LEN};
use crate::store::record::codec::MAX_RAW;
use crate::store::record::frame::{self, Found};

/// A file that is read in pieces. No more memory is taken than it has bytes.
pub(super) struct Source<R> {
    reader: BufReader<R>,
    /// Where the reader stands.
    at: u64,
    len: u64,
    /// Whether it ends with a last line, of whatever file.
    ended: bool,
}

/// A frame in a file, with its bytes.
pub(super) struct Framed {
    bytes: Vec<u8>,
}

impl Framed {
    /// Its bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What the frame says. It was looked at before.
    pub(super) fn found(&self, at: u64) -> Result<Found<'_>, PortableError> {
        frame::find(&self.bytes).map_err(|cause| PortableError::Damaged {
            at,
            object: "a part",
            cause: cause.to_string(),
        })
    }
}

impl<R: Read + Seek> Source<R> {
    pub(super) fn new(reader: R) -> Result<Self, PortableError> {
        let mut source = Self {
            reader: BufReader::new(reader),
            at: 0,
            len: 0,
            ended: false,
        };
        source.len = source
            .reader
            .seek(SeekFrom::End(0))
            .map_err(PortableError::reading)?;
        source.at = source.len;
        if let Some(last) = source.len.checked_sub(END_LEN) {
            source.ended = form::is_end_line(&source.bytes(last, END_LEN)?);
        }
        Ok(source)
    }

    /// Its length.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// So many bytes from there on, or as many as there are.
    pub(super) fn bytes(&mut self, at: u64, most: u64) -> Result<Vec<u8>, PortableError> {
        let most = most.min(self.len.saturating_sub(at));
        let by = i64::try_from(i128::from(at) - i128::from(self.at))
            .map_err(|_| PortableError::reading(io::ErrorKind::InvalidInput.into()))?;
        self.reader
            .seek_relative(by)
            .map_err(PortableError::reading)?;
        let mut bytes = Vec::new();
        let read = self.reader.by_ref().take(most).read_to_end(&mut bytes);
        self.at = at + bytes.len() as u64;
        read.map_err(PortableError::reading)?;
        Ok(bytes)
    }

    /// The line that begins there, its line break included; `None` where it is longer than `most`.
    pub(super) fn line(&mut self, at: u64, most: u64) -> Result<Option<Vec<u8>>, PortableError> {
        const STEP: u64 = 64 << 10;
        let mut line = Vec::new();
        loop {
            let read = line.len() as u64;
            let more = self.bytes(at + read, STEP.min(most - read))?;
            if let Some(end) = memchr::memchr(b'\n', &more) {
                line.extend_from_slice(more.get(..=end).unwrap_or(&more));
                return Ok(Some(line));
            }
            line.extend_from_slice(&more);
            if line.len() as u64 >= most {
                return Ok(None);
            }
            if more.is_empty() {
                return Err(self.short(at, "a line", "it does not end"));
            }
        }
    }

    /// The frame that begins there, held against its hash.
    pub(super) fn frame(&mut self, at: u64) -> Result<Framed, PortableError> {
        let damaged = |cause: &dyn std::fmt::Display| PortableError::Damaged {
            at,
            object: "a part",
            cause: cause.to_string(),
        };
        let head = self.bytes(at, frame::OVERHEAD as u64)?;
        let len = match frame::announced(&head) {
            Some(len) => len,
            // Says why.
            None => match frame::find(&head) {
                Err(frame::BadFrame::Short) => {
                    return Err(self.short(at, "a part", "its length is none"));
                }
                Err(cause) => return Err(damaged(&cause)),
                Ok(_) => return Err(damaged(&"its length is none")),
            },
        };
        if len > self.len.saturating_sub(at) {
            return Err(self.short(at, "a part", "it says that it is longer than the file"));
        }
        debug_assert!(len <= 2 * MAX_RAW + frame::OVERHEAD as u64);
        let bytes = self.bytes(at, len)?;
        let framed = Framed { bytes };
        framed.found(at)?;
        Ok(framed)
    }

    /// The error for a part that is not all there: either the file was cut, or the part says
    /// something wrong.
    pub(super) fn short(&self, at: u64, object: &'static str, cause: &str) -> PortableError {
        if self.ended {
            PortableError::Damaged {
                at,
                object,
                cause: cause.to_owned(),
            }
        } else {
            PortableError::Cut { at: self.len }
        }
    }
}
