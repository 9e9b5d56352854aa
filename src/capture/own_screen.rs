//! Panes in which muxtape's own interface runs. They are captured as if it were not there: the
//! shell under it, with the text of the main screen. So an interface that is open adds nothing to
//! the history, and no restore starts another one.

use std::collections::BTreeSet;

use bstr::{BString, ByteSlice};

use crate::model::detail::TerminalModes;
use crate::model::program::{Program, program_name};
use crate::model::tree::{AutomaticRename, Pane, PaneId, ServerState};

/// What the program is called.
const NAME: &[u8] = b"muxtape";

/// Options of the program that have their value behind them.
const WITH_VALUE: &[&[u8]] = &[
    b"-L",
    b"-S",
    b"--zellij-socket-dir",
    b"--mux",
    b"--data-dir",
    b"--config",
    b"--color",
];

/// The panes in which an interface runs: those that are marked, and those whose program says so.
pub(super) fn panes(state: &ServerState, marked: &BTreeSet<PaneId>) -> BTreeSet<PaneId> {
    let by_program = state.panes().filter_map(|(_, _, pane)| {
        let is = pane.program.as_ref().is_some_and(is_interface);
        pane.handle.filter(|_| is).map(|handle| handle.id)
    });
    marked.iter().copied().chain(by_program).collect()
}

/// Whether a program is the interface: `muxtape` without a command, or its demonstration.
fn is_interface(program: &Program) -> bool {
    let named = |argv: &[BString]| {
        let name = argv.first().and_then(|path| path.rsplit_str("/").next());
        name == Some(NAME)
    };
    let mut readings = program.readings().into_iter();
    let Some(argv) = readings.find(|argv| named(argv)) else {
        return false;
    };
    let mut words = argv.iter().skip(1);
    while let Some(word) = words.next() {
        if WITH_VALUE.contains(&word.as_slice()) {
            words.next();
        } else if !word.starts_with(b"-") {
            return word == "demo";
        }
    }
    !argv
        .iter()
        .any(|word| word == "--help" || word == "-h" || word == "--version")
}

/// Takes the interface out of these panes; what is left is what lies under it.
pub(super) fn take_out(state: &mut ServerState, own: &BTreeSet<PaneId>) {
    for tab in state.sessions.iter_mut().flat_map(|one| &mut one.tabs) {
        let renames = tab.automatic_rename != AutomaticRename::Off;
        for pane in &mut tab.panes {
            if !pane.handle.is_some_and(|handle| own.contains(&handle.id)) {
                continue;
            }
            let shown = uncover(pane);
            // tmux calls the tab after what runs in its active pane.
            if renames && pane.active && shown.is_some_and(|name| name == tab.name) {
                tab.name = shell_name(pane);
            }
        }
    }
}

/// Makes a pane what it is without the interface in it; the name of that.
fn uncover(pane: &mut Pane) -> Option<BString> {
    pane.screen.alternate = false;
    pane.screen.scroll = None;
    pane.detail.mode.clear();
    pane.detail.search.clear();
    pane.detail.terminal = TerminalModes::default();
    let program = pane.program.take()?;
    if pane.shell == program.argv {
        // It was made for the interface: there is no shell in it.
        pane.shell.clear();
        pane.detail.shells.clear();
        pane.detail.start_command.clear();
    }
    Some(program.name())
}

/// What the innermost shell is called.
fn shell_name(pane: &Pane) -> BString {
    program_name(pane.detail.shells.last().unwrap_or(&pane.shell)).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(line: &str) -> Program {
        Program {
            argv: line.split(' ').map(BString::from).collect(),
            exe: None,
            cwd: None,
            pipeline: Vec::new(),
            redacted: false,
        }
    }

    #[test]
    fn the_interface_is_known_by_its_arguments() {
        for line in [
            "muxtape",
            "/usr/bin/muxtape",
            "muxtape -L work --mux tmux -v",
            "muxtape --data-dir list",
            "muxtape --config=x demo",
        ] {
            assert!(is_interface(&program(line)), "{line}");
        }
        for line in [
            "muxtape list",
            "muxtape -L work daemon run",
            "muxtape __pane TOKEN",
            "muxtape --help",
            "vim muxtape",
            "muxtaped",
        ] {
            assert!(!is_interface(&program(line)), "{line}");
        }
    }
}
