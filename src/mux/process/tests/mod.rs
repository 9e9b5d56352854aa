//! Real processes in real panes, and processes that only a made-up `/proc` has.

mod launch;
mod made_up;
mod panes;
