//! Cleaning what waits to be taken in.

use std::collections::BTreeMap;

use super::OPERATION;
use super::cleaning::{Cleaning, Noted, Texts};
use super::findings::Becomes;
use crate::model::contents::Contents;
use crate::model::digest::Digest;
use crate::model::snapshot::Note;
use crate::redact::Clean;
use crate::store::file::lease::Place;
use crate::store::record::error::StoreError;
use crate::store::record::fault::Fault;
use crate::store::record::request::Recording;
use crate::store::spool::{Held, Through};

/// What waits, with nobody else taking it in.
pub(super) struct Waiting(Held);

impl Waiting {
    /// Waits for whoever takes something in just now.
    pub(super) fn hold(place: &Place<'_>) -> Result<Self, StoreError> {
        let held = place.until_free(OPERATION, || {
            let held = Held::take(place.dir).map_err(|error| Fault::Database(error.into()))?;
            held.ok_or(Fault::Database(redb::Error::DatabaseAlreadyOpen))
        })?;
        Ok(Self(held))
    }

    /// Cleans it. `cleaning` knows what became of the texts that are stored: what waits may count
    /// on them.
    pub(super) fn clean(&self, cleaning: &mut Cleaning<'_>) -> Result<(), StoreError> {
        self.0.put_through(&mut |new| {
            let (new, becomes) = clean(new, cleaning)?;
            Ok(match becomes {
                Becomes::Same => Through::Keep,
                Becomes::Other => Through::Replace(Box::new(new)),
                Becomes::Nothing => Through::Remove,
            })
        })
    }
}

/// Looks through it, and changes nothing.
pub(super) fn look(place: &Place<'_>, cleaning: &mut Cleaning<'_>) -> Result<(), StoreError> {
    Held::look(place.dir, &mut |new| {
        clean(new, cleaning)?;
        Ok(())
    })
}

fn clean(new: Recording, cleaning: &mut Cleaning<'_>) -> Result<(Recording, Becomes), Fault> {
    let mut texts = Given {
        texts: new
            .contents
            .into_iter()
            .map(|text| (text.digest(), text))
            .collect(),
        clean: Vec::new(),
    };
    let noted = Noted {
        name: new.name.as_deref(),
        notes: &new.notes,
        tags: &new.tags,
    };
    // A text that it brings is stored already where it was met before.
    let clear = cleaning.clean(noted, new.state, &mut texts)?;
    let redactions = clear.redactions(&new.redactions);
    let inner = |words: Clean<String>| words.into_inner();
    let becomes = clear.becomes;
    let notes = new.notes.iter().zip(clear.words.notes);
    let notes = notes.map(|(note, clean)| Note {
        text: inner(clean),
        ..note.clone()
    });
    let new = Recording {
        name: clear.words.name.map(inner),
        notes: notes.collect(),
        tags: clear.words.tags.into_iter().map(inner).collect(),
        state: clear.state.into_inner(),
        contents: texts.clean.into_iter().map(Clean::into_inner).collect(),
        redactions,
        ..new
    };
    Ok((new, becomes))
}

/// The texts that a waiting snapshot brings.
struct Given {
    texts: BTreeMap<Digest, Contents>,
    clean: Vec<Clean<Contents>>,
}

impl Texts for Given {
    fn load(&mut self, digest: Digest) -> Result<Option<Contents>, Fault> {
        Ok(self.texts.remove(&digest))
    }

    fn keep(&mut self, text: Clean<Contents>) {
        self.clean.push(text);
    }
}
