//! The real program from end to end, beside real tmux servers, shells and terminals: one binary, a
//! module for each subject.

mod cli;
mod conflicts;
mod fidelity;
mod files;
mod foreign;
mod harmless;
mod journal;
mod journeys;
mod leftover;
mod light;
mod limits;
mod new_panes;
mod own_screen;
mod planted;
mod portable;
mod private;
mod process_list;
mod prompts;
mod recheck;
mod recorder;
mod replay;
mod restore;
mod retention;
mod secrets;
mod servers;
mod shown;
mod silent_terminal;
mod support;
mod typing;
