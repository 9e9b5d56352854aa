//! Whether a command line may be entered by itself: the words by their rules, what the name stands
//! for, and what the program would find in the directory that it is started in.

use bstr::{BStr, BString, ByteSlice};

use super::facts::Facts;
use super::judge::shown_path;
use super::programs::Doubt;
use crate::model::ansi::label;

/// The directories that matter to a command line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places<'a> {
    /// Where the shell ran in which it was typed.
    pub(super) shell: &'a [u8],
    /// Where the program ran.
    pub(super) saved: &'a [u8],
    /// Where it would run.
    pub(super) now: &'a BStr,
}

/// Why these exact words are typed and not entered, under the policy that enters what is known;
/// `None` where nothing is in doubt.
pub(super) fn doubt(
    argv: &[BString],
    places: Places<'_>,
    facts: &Facts,
    listed: &[String],
) -> Option<Doubt> {
    let find = || {
        for dir in [places.saved, places.shell] {
            nothing_read(argv, dir, facts)?;
        }
        let files = facts.rules.allows(argv, listed)?;
        let name = argv.first().map_or(BStr::new(""), |name| name.as_bstr());
        let program = || label(name);
        match facts.commands.get(name) {
            Some(known) => known.clone()?,
            None => return Err(Doubt::NotInPath { program: program() }),
        }
        if places.saved != places.now {
            let path = shown_path(places.saved, &facts.home);
            return Err(Doubt::OtherDirectory { path });
        }
        let other = |file: &&BString| !facts.files.contains(&file_at(places.saved, file));
        match files.into_iter().find(other) {
            Some(file) => Err(Doubt::NoFile { path: label(file) }),
            None => Ok(()),
        }
    };
    find().err()
}

/// That a directory was looked at, and has no file that a program, or a hook of its shell, would
/// read by itself.
fn nothing_read(argv: &[BString], dir: &[u8], facts: &Facts) -> Result<(), Doubt> {
    let shown = |path: &[u8]| shown_path(path, &facts.home);
    let inputs = facts.inputs.get(dir.as_bstr());
    let inputs = inputs.ok_or_else(|| Doubt::Unseen { path: shown(dir) })?;
    let acts = |path: &&BString| {
        let name = path.rsplit(|&byte| byte == b'/').next();
        name.is_some_and(|name| facts.rules.acts_on(argv, name.as_bstr()))
    };
    match (inputs.files.iter().find(acts), &inputs.unlisted) {
        (Some(path), _) => Err(Doubt::Reads { path: shown(path) }),
        (None, Some(dir)) => Err(Doubt::Unlisted { path: shown(dir) }),
        (None, None) => Ok(()),
    }
}

/// The path of a file that is named in a directory.
pub(super) fn file_at(dir: &[u8], file: &[u8]) -> BString {
    if file.starts_with(b"/") {
        return file.into();
    }
    [dir, b"/", file].concat().into()
}
