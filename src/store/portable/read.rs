//! Reading a portable file: all of it is checked before anything is taken from it.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use super::description::{Described, Description};
use super::error::PortableError;
use super::form::{
    self, END, END_LEN, FORM, HASH_LEN, MAGIC, MOST_DESCRIPTION, MOST_MAGIC, MOST_SNAPSHOTS,
    MOST_TEXT, Part,
};
use super::source::Source;
use super::validate;
use super::write::distinct_bytes;
use crate::model::contents::Contents;
use crate::model::digest::Digest;
use crate::model::id::SnapshotId;
use crate::model::snapshot::Snapshot;
use crate::model::tree::ContentsRef;

/// A portable file that was checked as a whole.
pub struct Portable<R> {
    source: Source<R>,
    description: Description,
    /// Where the snapshots begin, by their ids.
    snapshots: Vec<u64>,
    texts: BTreeMap<Digest, Text>,
}

/// A text in the file.
#[derive(Debug, Clone, Copy)]
struct Text {
    at: u64,
    reference: ContentsRef,
    /// Whether a snapshot shows it.
    shown: bool,
}

impl<R: Read + Seek> Portable<R> {
    /// Reads and checks all of a file: its form, the hashes of every part and of the whole, the
    /// digests of every text and tree, and that what it says can be true. Takes no more memory than
    /// the file has bytes and its largest part takes when it is decoded.
    ///
    /// # Errors
    ///
    /// What is wrong with the file, and where.
    pub fn open(reader: R) -> Result<Self, PortableError> {
        let mut source = Source::new(reader)?;
        let (description, begin) = preamble(&mut source)?;
        if description.snapshots.len() > MOST_SNAPSHOTS {
            let limit = MOST_SNAPSHOTS;
            return Err(PortableError::TooMany { limit });
        }
        let mut check = Check {
            file: Portable {
                source,
                description,
                snapshots: Vec::new(),
                texts: BTreeMap::new(),
            },
            hasher: blake3::Hasher::new(),
            last: None,
        };
        let head = check.file.source.bytes(0, begin)?;
        check.hasher.update(&head);
        let end = check.parts(begin)?;
        check.end(end)?;
        Ok(check.file)
    }

    /// What it says of itself.
    #[must_use]
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// Number of its snapshots.
    #[must_use]
    pub fn count(&self) -> usize {
        self.snapshots.len()
    }

    /// Its length.
    pub(super) fn len(&self) -> u64 {
        self.source.len()
    }

    /// The snapshot of a number, checked again: the file may have been changed meanwhile.
    pub(super) fn snapshot(&mut self, number: usize) -> Result<Option<Snapshot>, PortableError> {
        let Some(&at) = self.snapshots.get(number) else {
            return Ok(None);
        };
        let framed = self.source.frame(at)?;
        match form::part(&framed.found(at)?)? {
            Part::Snapshot(snapshot) => {
                validate::snapshot(&snapshot)?;
                Ok(Some(snapshot))
            }
            Part::Text(_) => Err(changed(at)),
        }
    }

    /// The text of a digest, checked again.
    pub(super) fn text(&mut self, digest: Digest) -> Result<Option<Contents>, PortableError> {
        let Some(&Text { at, .. }) = self.texts.get(&digest) else {
            return Ok(None);
        };
        let framed = self.source.frame(at)?;
        match form::part(&framed.found(at)?)? {
            Part::Text(text) if text.digest() == digest => Ok(Some(text)),
            _ => Err(changed(at)),
        }
    }

    /// The digests of all texts.
    pub(super) fn digests(&self) -> Vec<Digest> {
        self.texts.keys().copied().collect()
    }
}

fn changed(at: u64) -> PortableError {
    PortableError::Damaged {
        at,
        object: "a part",
        cause: "it was changed while it was read".to_owned(),
    }
}

/// Reads the first three lines; gives back what they say, and where the parts begin.
fn preamble<R: Read + Seek>(source: &mut Source<R>) -> Result<(Description, u64), PortableError> {
    let head = source.bytes(0, MAGIC.len() as u64)?;
    if !MAGIC.as_bytes().starts_with(&head) || head.is_empty() {
        return Err(PortableError::Foreign);
    }
    let nameless = || PortableError::Damaged {
        at: 0,
        object: "the first line",
        cause: "it names no form".to_owned(),
    };
    let first = source.line(0, MOST_MAGIC)?.ok_or_else(nameless)?;
    let found = form::form(&first).filter(|form| *form > 0);
    let found = found.ok_or_else(nameless)?;
    let second_at = first.len() as u64;
    let second = source.line(second_at, MOST_DESCRIPTION)?;
    let second = second.ok_or_else(|| PortableError::TooLarge {
        object: "the description".to_owned(),
        limit: MOST_DESCRIPTION,
    })?;
    let third_at = second_at + second.len() as u64;
    let third = source.bytes(third_at, HASH_LEN as u64)?;
    let mut hasher = blake3::Hasher::new();
    hasher.update(&first).update(&second);
    if third.len() < HASH_LEN {
        return Err(source.short(third_at, "the hash of the description", "it is cut short"));
    }
    if third != form::hash_line(hasher.finalize()).as_bytes() {
        return Err(PortableError::Damaged {
            at: 0,
            object: "the description",
            cause: "its hash does not match".to_owned(),
        });
    }
    // Believed only now: a changed form would not match.
    if found > FORM {
        return Err(PortableError::Newer {
            found,
            supported: FORM,
        });
    }
    if found < FORM {
        return Err(PortableError::Unreleased { found });
    }
    let description = serde_json::from_slice(&second)
        .map_err(|cause| PortableError::invalid("the description", cause))?;
    Ok((description, third_at + HASH_LEN as u64))
}

/// A file that is being checked.
struct Check<R> {
    file: Portable<R>,
    hasher: blake3::Hasher,
    last: Option<SnapshotId>,
}

impl<R: Read + Seek> Check<R> {
    /// Checks the parts from there on; gives back where the last line begins.
    fn parts(&mut self, begin: u64) -> Result<u64, PortableError> {
        let mut at = begin;
        let mut wanted = 1;
        loop {
            let head = self.file.source.bytes(at, END.len() as u64)?;
            if head.is_empty() {
                let cause = "there is none";
                return Err(self.file.source.short(at, "the last line", cause));
            }
            if head == END.as_bytes() {
                return Ok(at);
            }
            if END.as_bytes().starts_with(&head) {
                return Err(self
                    .file
                    .source
                    .short(at, "the last line", "it is cut short"));
            }
            let framed = self.file.source.frame(at)?;
            let found = framed.found(at)?;
            if found.key != wanted {
                let found = found.key;
                return Err(PortableError::Order { at, wanted, found });
            }
            match form::part(&found)? {
                Part::Text(text) => self.text(at, &text)?,
                Part::Snapshot(snapshot) => self.snapshot(at, &snapshot)?,
            }
            self.hasher.update(framed.bytes());
            at += found.len as u64;
            wanted += 1;
        }
    }

    fn text(&mut self, at: u64, text: &Contents) -> Result<(), PortableError> {
        let reference = text.reference();
        let text = Text {
            at,
            reference,
            shown: false,
        };
        match self.file.texts.insert(reference.digest, text) {
            None => Ok(()),
            Some(_) => Err(PortableError::invalid("a text", "it is there twice")),
        }
    }

    fn snapshot(&mut self, at: u64, snapshot: &Snapshot) -> Result<(), PortableError> {
        validate::snapshot(snapshot)?;
        let meta = &snapshot.meta;
        let object = || format!("snapshot {}", meta.id.short());
        if self.last.is_some_and(|last| last >= meta.id) {
            let cause = "it is there twice, or out of order";
            return Err(PortableError::invalid(object(), cause));
        }
        self.last = Some(meta.id);
        let told = self
            .file
            .description
            .snapshots
            .get(self.file.snapshots.len());
        if told != Some(&Described::new(meta)) {
            let cause = "it is not what the description tells of it";
            return Err(PortableError::invalid(object(), cause));
        }
        for shown in snapshot.state.texts() {
            match self.file.texts.get_mut(&shown.digest) {
                Some(text) if text.reference == shown => text.shown = true,
                Some(_) => {
                    let cause = "it shows a text of another length";
                    return Err(PortableError::invalid(object(), cause));
                }
                None => {
                    let cause = "it shows a text that does not stand before it";
                    return Err(PortableError::invalid(object(), cause));
                }
            }
        }
        if distinct_bytes(&snapshot.state) > MOST_TEXT {
            return Err(PortableError::TooLarge {
                object: format!("what the panes of {} show", object()),
                limit: MOST_TEXT,
            });
        }
        self.file.snapshots.push(at);
        Ok(())
    }

    /// Checks the last line, and the whole.
    fn end(&mut self, at: u64) -> Result<(), PortableError> {
        let source = &mut self.file.source;
        let line = source.bytes(at, END_LEN)?;
        if (line.len() as u64) < END_LEN {
            return Err(source.short(at, "the last line", "it is cut short"));
        }
        if !form::is_end_line(&line) {
            return Err(PortableError::Damaged {
                at,
                object: "the last line",
                cause: "it is no hash".to_owned(),
            });
        }
        let end = at + END_LEN;
        if source.len() > end {
            return Err(PortableError::Extended { at: end });
        }
        if line != form::end_line(self.hasher.finalize()).as_bytes() {
            return Err(PortableError::Mixed);
        }
        if self.file.snapshots.len() != self.file.description.snapshots.len() {
            let cause = "it tells of snapshots that are not there";
            return Err(PortableError::invalid("the description", cause));
        }
        if self.file.texts.values().any(|text| !text.shown) {
            let cause = "no snapshot shows it";
            return Err(PortableError::invalid("a text", cause));
        }
        Ok(())
    }
}
