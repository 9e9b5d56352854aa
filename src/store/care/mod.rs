//! Care: what keeps the store small, whole and up to date.

pub(in crate::store) mod carry;
pub(in crate::store) mod compact;
pub(in crate::store) mod edit;
pub(in crate::store) mod gc;
pub(in crate::store) mod migrate;
pub(in crate::store) mod repack;
pub(in crate::store) mod repair;
pub(in crate::store) mod retention;
pub(in crate::store) mod rewrite;
pub(in crate::store) mod salvage;
pub(in crate::store) mod trash;
pub(in crate::store) mod verify;
