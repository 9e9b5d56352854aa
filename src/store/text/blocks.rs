//! Literals that have been read, and the texts that are made of them.

use std::collections::BTreeMap;
use std::rc::Rc;

use bstr::BString;

use crate::model::contents::Contents;
use crate::model::words::count;
use crate::store::record::codec::MAX_RAW;
use crate::store::record::fault::Fault;
use crate::store::record::frame::Kind;
use crate::store::record::tables::View;
use crate::store::text::literals::{self, Header};
use crate::store::text::texts::{Extent, Version};

/// Bytes of decoded literals that are kept.
const REMEMBERED: usize = 48 * 1024 * 1024;

/// Decoded literals, so that neighbouring texts do not read them again.
#[derive(Default)]
pub(in crate::store) struct Blocks {
    known: BTreeMap<u64, Rc<[u8]>>,
    headers: BTreeMap<u64, Header>,
    size: usize,
}

impl Blocks {
    /// All bytes of a literal.
    pub(in crate::store) fn get(
        &mut self,
        view: &impl View,
        number: u64,
    ) -> Result<Rc<[u8]>, Fault> {
        if let Some(known) = self.known.get(&number) {
            return Ok(Rc::clone(known));
        }
        let packed = literals::read(view, number)?;
        let raw = match packed.needs() {
            None => packed.unpack(&[])?,
            Some(dictionary) => {
                let dictionary = match self.known.get(&dictionary) {
                    Some(known) => Rc::clone(known),
                    // A dictionary has none itself, so this goes no deeper.
                    None => self.keep(dictionary, literals::load(view, dictionary)?),
                };
                packed.unpack(&dictionary)?
            }
        };
        Ok(self.keep(number, raw))
    }

    fn keep(&mut self, number: u64, raw: Vec<u8>) -> Rc<[u8]> {
        if self.size > REMEMBERED {
            self.known.clear();
            self.size = 0;
        }
        self.size += raw.len();
        let raw: Rc<[u8]> = raw.into();
        self.known.insert(number, Rc::clone(&raw));
        raw
    }

    /// What is told of a literal without decoding it.
    pub(in crate::store) fn header(
        &mut self,
        view: &impl View,
        number: u64,
    ) -> Result<Header, Fault> {
        if let Some(known) = self.headers.get(&number) {
            return Ok(*known);
        }
        let header = literals::head(view, number)?;
        self.headers.insert(number, header);
        Ok(header)
    }

    /// `len` bytes at `at` of the text that extents make up; fewer where it ends before.
    pub(in crate::store) fn slice(
        &mut self,
        view: &impl View,
        extents: &[Extent],
        at: u64,
        len: u64,
    ) -> Result<Vec<u8>, Fault> {
        let (mut skip, mut left) = (at, len);
        let mut parts = Vec::new();
        for extent in extents {
            let cut = skip.min(extent.len);
            skip -= cut;
            let take = left.min(extent.len - cut);
            left -= take;
            if take > 0 {
                parts.push(Extent {
                    literal: extent.literal,
                    offset: extent.offset.saturating_add(cut),
                    len: take,
                });
            }
        }
        self.assemble(view, &parts).map(Vec::from)
    }

    /// The text of a version. It is not held against its digest.
    pub(in crate::store) fn text(
        &mut self,
        view: &impl View,
        version: &Version,
    ) -> Result<Contents, Fault> {
        Ok(Contents {
            main: self.assemble(view, &version.main)?,
            alternate: match &version.alternate {
                Some(extents) => Some(self.assemble(view, extents)?),
                None => None,
            },
        })
    }

    fn assemble(&mut self, view: &impl View, extents: &[Extent]) -> Result<BString, Fault> {
        let length: u64 = extents
            .iter()
            .fold(0, |sum: u64, extent| sum.saturating_add(extent.len));
        if length > MAX_RAW {
            let cause = format!("a text made of it has {}", count(length, "byte"));
            return Err(Fault::damaged_object("a list of pieces", cause));
        }
        // What the list says is believed only as far as literals bear it out.
        let mut text = Vec::new();
        for extent in extents {
            let literal = self.get(view, extent.literal)?;
            let piece = usize::try_from(extent.offset).ok().and_then(|from| {
                let to = from.checked_add(usize::try_from(extent.len).ok()?)?;
                literal.get(from..to)
            });
            text.extend_from_slice(piece.ok_or_else(|| {
                Fault::damaged(Kind::Literal, extent.literal, "it is too short for a text")
            })?);
        }
        Ok(text.into())
    }
}
