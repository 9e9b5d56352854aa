//! Texts: pieces of shared literals, packed with dictionaries, one step from a keyframe.

pub(in crate::store) mod align;
pub(in crate::store) mod blocks;
pub(in crate::store) mod candidates;
pub(in crate::store) mod contents;
pub(in crate::store) mod dictionary;
pub(in crate::store) mod filters;
pub(in crate::store) mod literals;
pub(in crate::store) mod patched;
pub(in crate::store) mod plan;
pub(in crate::store) mod rope;
pub(in crate::store) mod texts;
