//! Records: how bytes are framed, named, counted and told of when they are damaged.

pub(in crate::store) mod codec;
pub(in crate::store) mod counters;
pub(in crate::store) mod error;
pub(in crate::store) mod failure;
pub(in crate::store) mod fault;
pub(in crate::store) mod frame;
pub(in crate::store) mod ids;
pub(in crate::store) mod link;
pub(in crate::store) mod progress;
pub(in crate::store) mod request;
pub(in crate::store) mod tables;
