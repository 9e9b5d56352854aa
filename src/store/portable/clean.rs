//! Cleaning what comes in: nothing of a file is stored as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek};

use bstr::{BString, ByteSlice};

use super::error::PortableError;
use super::read::Portable;
use crate::model::ansi;
use crate::model::contents::Contents;
use crate::model::digest::Digest;
use crate::model::snapshot::{Note, NoteKind, RedactionCount, Snapshot, SnapshotMeta};
use crate::model::tree::{ContentsRef, ServerState};
use crate::redact::Clean;
use crate::store::care::rewrite::{Cleaned, Cleaner, Counts};

/// A cleaner, and what it made of the texts of a file.
pub(super) struct Cleaning<'c> {
    cleaner: &'c dyn Cleaner,
    /// Texts that became others, by what they were.
    texts: BTreeMap<Digest, (ContentsRef, Vec<RedactionCount>)>,
    /// The way back.
    were: BTreeMap<Digest, Digest>,
}

/// A snapshot that may be stored, if it is told in these words.
pub(super) struct Incoming {
    /// With nothing in it that is not clean.
    pub(super) meta: SnapshotMeta,
    pub(super) state: Clean<ServerState>,
    /// The root that it has in the file.
    pub(super) root: Digest,
    /// Whether nothing is left of what was in it.
    pub(super) is_nothing: bool,
    /// What was found in it now.
    pub(super) found: Vec<RedactionCount>,
}

impl<'c> Cleaning<'c> {
    /// Looks at all texts of a file.
    pub(super) fn new<R: Read + Seek>(
        cleaner: &'c dyn Cleaner,
        file: &mut Portable<R>,
    ) -> Result<Self, PortableError> {
        let mut cleaning = Self {
            cleaner,
            texts: BTreeMap::new(),
            were: BTreeMap::new(),
        };
        for digest in file.digests() {
            let Some(text) = file.text(digest)? else {
                continue;
            };
            let Cleaned { clean, found } = cleaning.contents(&text);
            let to = clean.reference();
            if to.digest != digest {
                cleaning.texts.insert(digest, (to, found));
                cleaning.were.insert(to.digest, digest);
            }
        }
        Ok(cleaning)
    }

    /// The clean text of a digest that a clean tree refers to.
    pub(super) fn text<R: Read + Seek>(
        &self,
        file: &mut Portable<R>,
        digest: Digest,
    ) -> Result<Option<Clean<Contents>>, PortableError> {
        let was = self.were.get(&digest).copied().unwrap_or(digest);
        let text = file.text(was)?.map(|text| self.contents(&text).clean);
        Ok(text.filter(|text| text.digest() == digest))
    }

    /// Controls that could act on a terminal go as they do when a text is captured.
    fn contents(&self, text: &Contents) -> Cleaned<Contents> {
        let calm = |text: &BString| BString::from(ansi::sanitised(text));
        self.cleaner.contents(&Contents {
            main: calm(&text.main),
            alternate: text.alternate.as_ref().map(calm),
        })
    }

    /// Words without secrets, and without anything that could act on a terminal.
    fn words(&self, words: &str, found: &mut Counts) -> String {
        let lines = words.split('\n').map(|line| ansi::label(line.as_bytes()));
        let calm = lines.collect::<Vec<_>>().join("\n");
        let cleaned = self.cleaner.words(&calm);
        if *cleaned.clean != calm {
            found.add(&cleaned.found);
        }
        cleaned.clean.into_inner()
    }

    /// Adds a note to a snapshot.
    pub(super) fn note(&self, meta: &mut SnapshotMeta, words: &str) {
        meta.notes.push(Note {
            time: None,
            kind: NoteKind::Import,
            text: self.cleaner.words(words).clean.into_inner(),
        });
    }

    /// Cleans a snapshot of the file.
    pub(super) fn snapshot(&self, snapshot: Snapshot) -> Result<Incoming, PortableError> {
        let Snapshot { mut meta, state } = snapshot;
        let mut found = Counts::default();
        let root = meta.root;
        let before = state.clone();
        let cleaned = self.cleaner.state(state);
        let mut state = cleaned.clean;
        state.sort();
        // What was marked before is counted by some rules again.
        if *state != before {
            found.add(&cleaned.found);
        }
        let mut counted = BTreeSet::new();
        state.refer(|text| {
            let Some((to, own)) = self.texts.get(&text.digest) else {
                return Some(text);
            };
            if counted.insert(text.digest) {
                found.add(own);
            }
            Some(*to)
        });
        // Names can become alike.
        state.check().map_err(|cause| {
            PortableError::invalid(format!("snapshot {}", meta.id.short()), cause)
        })?;
        meta.name = meta.name.map(|name| self.words(&name, &mut found));
        for note in &mut meta.notes {
            note.text = self.words(&note.text, &mut found);
        }
        let tags = meta.tags.iter().map(|tag| self.words(tag, &mut found));
        let tags: BTreeSet<String> = tags.collect();
        meta.tags = tags.into_iter().collect();
        meta.host = self.words(&meta.host, &mut found);
        let server = &mut meta.server;
        server.version = self.words(&server.version, &mut found);
        server.boot.0 = self.words(&server.boot.0, &mut found);
        let socket = server.socket.to_str_lossy().into_owned();
        let clean = self.words(&socket, &mut found);
        if clean != socket {
            server.socket = clean.into();
        }
        meta.root = state.digest();
        meta.sessions = state.summaries();
        meta.logical_bytes = state.texts().map(|text| text.bytes).sum();
        let mut counts = Counts::default();
        let known = meta.redactions.iter().map(|one| RedactionCount {
            rule: self.words(&one.rule, &mut found),
            count: one.count,
        });
        counts.add(&known.collect::<Vec<_>>());
        let found = found.into_counts();
        counts.add(&found);
        meta.redactions = counts.into_counts();
        Ok(Incoming {
            is_nothing: state.sessions.is_empty() && !before.sessions.is_empty(),
            meta,
            state,
            root,
            found,
        })
    }
}
