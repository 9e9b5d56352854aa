//! muxtape: a time machine for terminal sessions.
//!
//! The rooms and who may know whom: `cli` and `ui` know `app`; those and `daemon` know `ops`, which
//! knows `capture` and `restore`; those know `mux`, `store` and `redact`, which do not know each
//! other; all know `model` and `files`, which know nobody. `ARCHITECTURE.md` says what each must
//! never do, and `tests/source/layers.rs` reads the imports and keeps it so.

pub mod app;
pub mod capture;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod files;
pub mod journal;
pub mod model;
pub mod mux;
pub mod ops;
pub mod redact;
pub mod restore;
pub mod store;
pub mod ui;
