//! Snapshots: what is told of each, its tree, and the lives that they belong to.

pub(in crate::store) mod chain;
pub(in crate::store) mod growth;
pub(in crate::store) mod imported;
pub(in crate::store) mod lives;
pub(in crate::store) mod metadata;
pub(in crate::store) mod names;
pub(in crate::store) mod query;
pub(in crate::store) mod recording;
pub(in crate::store) mod remnants;
pub(in crate::store) mod rosters;
pub(in crate::store) mod structure;
pub(in crate::store) mod validate;
pub(in crate::store) mod walk;
