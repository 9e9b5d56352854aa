//! What muxtape's unit tests, end-to-end tests and benches share: private tmux servers, waiting
//! with a deadline, made-up secrets. It knows nothing of muxtape, so that the tests within muxtape
//! can use it, too.

mod patience;
pub mod secrets;
mod server;

pub use patience::{eventually, patience, scaled, wait_for_end, wait_until};
pub use server::{TmuxServer, damage, is_gone, make_fifo, program, search_path};
