//! tmux's encoding of session names.
//!
//! `new-session -s` and `rename-session` store a name as vis(3) writes it (with VIS_OCTAL,
//! VIS_CSTYLE, VIS_TAB and VIS_NL): a tab as `\t`, a backslash as `\\`, other bytes that are not
//! UTF-8 text as `\ooo`. Giving the stored name back would encode it twice. So sessions are called
//! here what was once given: giving that makes the same name again. Window names need none of this,
//! because `new-window -n` stores what it is given; they are kept as they are stored.

use bstr::BString;

/// The name that makes tmux store `stored` when it is given to `new-session -s`.
#[must_use]
pub fn given(stored: &[u8]) -> BString {
    let mut name = Vec::with_capacity(stored.len());
    let mut rest = stored;
    loop {
        let (byte, used) = match rest {
            [] => break,
            [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..] => {
                ((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'), 4)
            }
            [b'\\', letter, ..] => match control(*letter) {
                Some(byte) => (byte, 2),
                None => (b'\\', 1),
            },
            [byte, ..] => (*byte, 1),
        };
        name.push(byte);
        rest = rest.get(used..).unwrap_or(&[]);
    }
    name.into()
}

/// What a letter after a backslash stands for: VIS_CSTYLE's letters.
fn control(letter: u8) -> Option<u8> {
    Some(match letter {
        b'\\' => b'\\',
        // tmux's own addition, before what would be a variable in a configuration file.
        b'$' => b'$',
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b's' => b' ',
        b't' => b'\t',
        b'v' => 0x0b,
        b'0' => 0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_names_are_read_back() {
        assert_eq!(given(br"a\tb\nc\\d\377\033x"), &b"a\tb\nc\\d\xff\x1bx"[..]);
        assert_eq!(given("plain ünï".as_bytes()), "plain ünï");
        assert_eq!(given(br"odd\q\"), r"odd\q\");
    }
}
