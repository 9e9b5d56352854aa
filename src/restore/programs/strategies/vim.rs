//! vim comes back with its session, where its directory has one.

use std::path::Path;

use bstr::{BString, ByteSlice};

use super::{Remains, Strategy, Trace};

/// The file that vim's `:mksession` writes when it is told no other.
const FILE: &[u8] = b"Session.vim";

/// With `-S` where its directory has a `Session.vim` and it was given no files: the session has
/// them.
#[derive(Debug)]
pub(super) struct VimSession;

impl Strategy for VimSession {
    fn name(&self) -> &'static str {
        "vim-session"
    }

    fn is_by_hand(&self) -> bool {
        // A session is a script.
        true
    }

    fn look(&self, left: &Remains<'_>) -> Option<Trace> {
        let file = [left.dir.as_slice(), b"/", FILE].concat();
        let is_there = file.to_path().is_ok_and(Path::is_file);
        is_there.then(Trace::default)
    }

    fn argv(&self, saved: &[BString], _: &Trace) -> Option<Vec<BString>> {
        match saved {
            // vim knows its own options; with any of them it is left as it was.
            [name] => Some(vec![name.clone(), "-S".into()]),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::line;
    use super::*;

    #[test]
    fn vim_takes_its_session_where_it_had_no_files() {
        let vim = |saved| line(&VimSession, saved, "");
        assert_eq!(vim("nvim"), "nvim -S");
        assert_eq!(vim("nvim a.rs"), "nvim a.rs");
        assert_eq!(vim("/usr/bin/vim -S"), "/usr/bin/vim -S");
    }

    #[test]
    fn a_session_is_looked_for_where_vim_was() {
        let place = tempfile::tempdir().unwrap();
        let dir: BString = place.path().to_str().unwrap().into();
        let look = || {
            let left = Remains {
                dir: &dir,
                text: None,
            };
            VimSession.look(&left)
        };
        assert_eq!(look(), None);
        std::fs::write(place.path().join("Session.vim"), "").unwrap();
        assert_eq!(look(), Some(Trace::default()));
    }
}
