//! Command lines for typing into a shell: quoted so that the shell reads exactly the arguments that
//! were there, on one line, without a control byte that the line editor could act on.

use bstr::{BStr, BString, ByteSlice};

use crate::model::ansi;
use crate::model::program::program_name;

/// How a shell reads quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// bash, zsh, ksh: single quotes, and `$'…'` with escapes.
    Ansi,
    /// POSIX sh, dash, ash: single quotes only.
    Posix,
    /// fish: single quotes with backslash escapes, and escapes outside of them.
    Fish,
    /// Anything else: only what needs no quotes is typed.
    Other,
}

impl Dialect {
    /// The dialect of a shell.
    pub(super) fn of(shell: &[BString]) -> Dialect {
        match program_name(shell).as_bytes() {
            b"bash" | b"zsh" | b"ksh" | b"ksh93" | b"mksh" => Dialect::Ansi,
            b"sh" | b"dash" | b"ash" | b"oksh" | b"yash" => Dialect::Posix,
            b"fish" => Dialect::Fish,
            _ => Dialect::Other,
        }
    }
}

/// The line that starts a program, in a directory of its own where `dir` is given. `None` where this
/// shell has no way to say it on one line.
pub(super) fn line(argv: &[BString], dir: Option<&BStr>, dialect: Dialect) -> Option<BString> {
    let mut words = Vec::with_capacity(argv.len());
    for (at, arg) in argv.iter().enumerate() {
        words.push(word(arg, at == 0, dialect)?);
    }
    let command = bstr::join(" ", words);
    let Some(dir) = dir else {
        return (!argv.is_empty()).then_some(command.into());
    };
    let dir = word(dir, false, dialect)?;
    // In a subshell, as it was: the shell itself stays where it is.
    match dialect {
        Dialect::Ansi | Dialect::Posix => Some(
            [&b"(cd -- "[..], &dir, b" && ", &command, b")"]
                .concat()
                .into(),
        ),
        Dialect::Fish | Dialect::Other => None,
    }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-./:,@%+".contains(&byte)
}

/// One argument.
pub(super) fn word(arg: &[u8], first: bool, dialect: Dialect) -> Option<BString> {
    if arg.contains(&0) {
        return None;
    }
    // `a=b` is an assignment only in front; zsh reads a leading `=` and fish a leading `%` in its
    // own way.
    let plain = |byte: u8| is_plain(byte) || byte == b'=' && !first;
    if !arg.is_empty() && !b"=%".contains(arg.first()?) && arg.iter().copied().all(plain) {
        return Some(arg.into());
    }
    let typeable = arg.to_str().is_ok_and(|text| ansi::label(arg) == text);
    match dialect {
        Dialect::Other => None,
        Dialect::Posix | Dialect::Ansi if typeable => Some(
            [&b"'"[..], &arg.replace("'", r"'\''"), b"'"]
                .concat()
                .into(),
        ),
        Dialect::Posix => None,
        Dialect::Ansi => Some(escaped(arg, b"$'", b"'", b"\\'!")),
        Dialect::Fish if typeable => {
            let inner = arg.replace(r"\", r"\\").replace("'", r"\'");
            Some([&b"'"[..], &inner, b"'"].concat().into())
        }
        // Outside of quotes fish knows \n, \t and \XHH for any byte; everything that is not plain is
        // written so.
        Dialect::Fish => {
            let mut out = BString::default();
            for &byte in arg {
                if is_plain(byte) && byte != b'%' {
                    out.push(byte);
                } else {
                    out.extend_from_slice(format!("\\X{byte:02x}").as_bytes());
                }
            }
            Some(out)
        }
    }
}

fn escaped(arg: &[u8], open: &[u8], close: &[u8], special: &[u8]) -> BString {
    let mut out = BString::from(open);
    for &byte in arg {
        match byte {
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ if special.contains(&byte) || !(0x20..0x7f).contains(&byte) => {
                // Three octal digits cannot swallow the character behind them; `\x` could in ksh.
                out.extend_from_slice(format!("\\{byte:03o}").as_bytes());
            }
            _ => out.push(byte),
        }
    }
    out.extend_from_slice(close);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::process::Command;

    fn words(args: &[&[u8]]) -> Vec<BString> {
        args.iter().map(|arg| BString::from(*arg)).collect()
    }

    #[test]
    fn lines_read_as_a_person_would_write_them() {
        let line =
            |args: &[&[u8]], dialect| line(&words(args), None, dialect).map(|l| l.to_string());
        let bash = Dialect::Ansi;
        assert_eq!(
            line(&[b"vim", b"-n", b"src/main.rs"], bash).unwrap(),
            "vim -n src/main.rs"
        );
        assert_eq!(
            line(&[b"echo", b"it's", b""], bash).unwrap(),
            r"echo 'it'\''s' ''"
        );
        assert_eq!(line(&[b"A=1", b"B=2"], bash).unwrap(), "'A=1' B=2");
        assert_eq!(
            line(&[b"a", b"b\nc!\xff"], bash).unwrap(),
            r"a $'b\nc\041\377'"
        );
        assert_eq!(line(&[b"a", b"b\nc"], Dialect::Posix), None);
        assert_eq!(line(&[b"a", b"b c"], Dialect::Other), None);
        assert_eq!(
            line(&[b"a", br"it's \"], Dialect::Fish).unwrap(),
            r"a 'it\'s \\'"
        );
        assert_eq!(line(&[], bash), None);
    }

    #[test]
    fn a_directory_of_its_own_is_entered_in_a_subshell() {
        let line = line(&words(&[b"make"]), Some("a b".into()), Dialect::Ansi);
        assert_eq!(line.unwrap(), "(cd -- 'a b' && make)");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn shells_read_back_every_argument(
            args in proptest::collection::vec(proptest::collection::vec(1u8..=255, 0..20), 1..4),
        ) {
            for (shell, dialect) in [("bash", Dialect::Ansi), ("dash", Dialect::Posix)] {
                let mut argv = words(&[b"printf", b"%s\\0"]);
                argv.extend(args.iter().map(|arg| BString::from(arg.as_slice())));
                let Some(line) = line(&argv, None, dialect) else {
                    prop_assert!(dialect == Dialect::Posix);
                    continue;
                };
                prop_assert!(!line.iter().any(|byte| *byte < 0x20 || *byte == 0x7f));
                let output = Command::new(shell)
                    .env("LC_ALL", "C.UTF-8")
                    .arg("-c")
                    .arg(line.to_os_str().unwrap())
                    .output()
                    .unwrap();
                let expected: Vec<u8> = args.iter().flat_map(|arg| [arg, &b"\0"[..]].concat()).collect();
                prop_assert_eq!(output.stdout, expected);
            }
        }
    }
}
