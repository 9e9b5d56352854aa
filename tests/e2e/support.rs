//! What these tests share beyond `muxtape_testing`: whatever knows muxtape's types or runs its
//! program.

pub(crate) mod client;
pub(crate) mod daemon;
pub(crate) mod interface;
pub(crate) mod muxtape;
pub(crate) mod terminal;
pub(crate) mod world;
pub(crate) mod written;
