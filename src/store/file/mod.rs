//! The store's file: leases, pages and what heals them, room on the disk, the form's number.

pub(in crate::store) mod disk;
pub(in crate::store) mod holder;
pub(in crate::store) mod hollow;
pub(in crate::store) mod lease;
pub(in crate::store) mod network;
pub(in crate::store) mod new_file;
pub(in crate::store) mod pages;
pub(in crate::store) mod parity;
pub(in crate::store) mod replace;
pub(in crate::store) mod schema;
pub(in crate::store) mod space;
pub(in crate::store) mod whole;
