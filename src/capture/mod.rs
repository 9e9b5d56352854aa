//! From a multiplexer to a redacted snapshot.
