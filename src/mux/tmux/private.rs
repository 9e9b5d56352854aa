//! The mark by which somebody says that a pane, a window or a session is not to be recorded: an option of the
//! user's own, which a pane inherits from its window, and that from its session.

use std::collections::BTreeSet;

use super::answer::Fields;
use super::command::Command;
use crate::mux::MuxError;

/// The option.
pub const OPTION: &str = "@muxtape-private";

/// What [`read_marks`] reads. In the rows of panes it stands among others.
const MARK: &str = "#{pane_id} #{q:@muxtape-private} ";

/// Whether a value of the option says that something is private: any but nothing, `0`, `off` and `no`.
#[must_use]
pub fn says_so(value: &[u8]) -> bool {
    let no = ["", "0", "off", "no"];
    !no.iter()
        .any(|no| value.eq_ignore_ascii_case(no.as_bytes()))
}

/// The question which panes are private. One in several sessions has a row in each.
pub(super) fn marks() -> Command {
    Command::new("list-panes").flag("-a").opt("-F", MARK)
}

/// Reads the answer to [`marks`]: those that are private in any session.
pub(super) fn read_marks(answer: &[u8], what: &str) -> Result<BTreeSet<u32>, MuxError> {
    let mut fields = Fields::new(answer, what);
    let mut private = BTreeSet::new();
    while !fields.is_empty() {
        let pane = fields.id(b'%')?;
        if says_so(&fields.text()?) {
            private.insert(pane);
        }
        fields.end_of_line()?;
    }
    Ok(private)
}

#[cfg(test)]
mod tests {
    use super::super::rows::PANE;
    use super::*;

    #[test]
    fn whatever_is_not_a_no_is_a_yes() {
        for value in ["", "0", "off", "no", "OFF"] {
            assert!(!says_so(value.as_bytes()), "{value}");
        }
        for value in ["1", "on", "yes", "false", " ", "00"] {
            assert!(says_so(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn marks_are_read_whatever_their_value_is() {
        let answer = b"%1  \n%2 on \n%1 a\\ b\nc \n%3 0 \n";
        let private = read_marks(answer, "a test").unwrap();
        assert_eq!(private, BTreeSet::from([1, 2]));
        assert!(read_marks(b"", "a test").unwrap().is_empty());
        assert!(read_marks(b"%1 on", "a test").is_err());
        assert!(MARK.contains(OPTION) && PANE.contains(OPTION));
    }
}
