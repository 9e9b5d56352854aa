//! Questions: lists, names, searches, figures.

pub(in crate::store) mod find;
pub(in crate::store) mod fuzzy;
pub(in crate::store) mod lists;
pub(in crate::store) mod runs;
pub(in crate::store) mod scan;
pub(in crate::store) mod search;
pub(in crate::store) mod sight;
pub(in crate::store) mod stats;
pub(in crate::store) mod suggest;
pub(in crate::store) mod timeline;
