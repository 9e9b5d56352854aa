//! The embedded store: the only room that knows redb.
