//! Whether a program that is never recorded runs in a pane.

use bstr::{BString, ByteSlice};

use crate::model::pattern::Pattern;
use crate::model::program::{Program, program_name};
use crate::model::tree::Pane;

/// Whether one of these programs runs in the pane, or may run in it.
///
/// Whatever runs its arguments (`sudo`, `ssh`, `sh -c`, `watch`, …) is not known by name here:
/// every word of an argument list that could be the name of a program is taken for one. What could
/// not be seen may be anything.
pub(super) fn may_run(patterns: &[Pattern], pane: &Pane) -> bool {
    if patterns.is_empty() {
        return false;
    }
    let named = |argv: &[BString]| {
        let first = argv.first().map(|first| first.as_slice());
        first.is_some_and(|path| fits(patterns, path) || fits(patterns, program_name(argv)))
            || argv.iter().skip(1).any(|arg| any_word(patterns, arg))
    };
    let unseen = pane.exit.is_none() && pane.shell.is_empty();
    let program = |program: &Program| {
        let mut readings = program.readings().into_iter();
        // A member that could not be seen.
        program.pipeline.iter().any(Vec::is_empty)
            || readings.any(|argv| named(&argv))
            || program.pipeline.iter().any(|argv| named(argv))
            || program.exe.iter().any(|exe| fits(patterns, exe))
    };
    unseen
        || named(&pane.shell)
        || pane.detail.shells.iter().any(|argv| named(argv))
        || any_word(patterns, &pane.detail.start_command)
        || pane.program.as_ref().is_some_and(program)
}

/// Whether a text has the name of one of the programs in it: alone, in a path, or in a line for a
/// shell.
fn any_word(patterns: &[Pattern], text: &[u8]) -> bool {
    let within =
        |byte: &u8| byte.is_ascii_alphanumeric() || b"_-./+".contains(byte) || *byte > 0x7f;
    text.split(|byte| !within(byte))
        .filter(|word| !word.is_empty() && !word.starts_with(b"-"))
        .any(|word| fits(patterns, word))
}

/// Whether a program's path or name fits.
fn fits(patterns: &[Pattern], path: &[u8]) -> bool {
    let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or(path);
    patterns
        .iter()
        .any(|pattern| pattern.fits(path.as_bstr()) || pattern.fits(name.as_bstr()))
}
