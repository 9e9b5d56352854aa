//! Putting a store together again from records that are found in damaged files.
//!
//! Every record says of itself what it is and under which number it was stored (see
//! [`crate::store::record::frame`]), so that the tables that lead to it are not needed: a file is
//! read as bytes, and every whole record in it is noted ([`scan`], [`haul`]). What the tables still
//! say ([`survey`]) decides which copies are in force and which snapshots there are
//! ([`mod@choose`]). From these a new file is built, with indexes and counters made anew
//! ([`mod@build`]). Whether its records then fit together is for the caller to check: every text
//! and every tree proves itself by its digest.

mod build;
mod choose;
mod haul;
mod scan;
mod survey;

pub(in crate::store) use build::build;
pub(in crate::store) use choose::{Chosen, Reach, choose};
pub(in crate::store) use haul::Haul;
pub(in crate::store) use survey::Survey;
