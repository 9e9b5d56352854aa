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
    /// csh, tcsh: single quotes, in which `!` still calls for the history.
    Csh,
    /// elvish: single quotes, doubled within; `e:` in front of what is no function of its own.
    Elvish,
    /// nu: single quotes without any way to write one within; `^` in front of what is no command of
    /// its own.
    Nu,
    /// PowerShell: single quotes, doubled within; `&` in front of a quoted command.
    Power,
    /// A shell of which nothing is known, not even its name: quotes only around what all of them
    /// read alike.
    Any,
    /// Anything else: only what needs no quotes is typed.
    Other,
}

impl Dialect {
    /// The dialect of a shell.
    pub(super) fn of(shell: &[BString]) -> Dialect {
        match program_name(shell).as_bytes() {
            b"bash" | b"rbash" | b"zsh" | b"ksh" | b"ksh93" | b"mksh" => Dialect::Ansi,
            b"sh" | b"dash" | b"ash" | b"oksh" | b"yash" | b"osh" => Dialect::Posix,
            b"fish" => Dialect::Fish,
            b"csh" | b"tcsh" => Dialect::Csh,
            b"elvish" => Dialect::Elvish,
            b"nu" => Dialect::Nu,
            b"pwsh" => Dialect::Power,
            _ => Dialect::Other,
        }
    }

    /// Whether a byte means itself everywhere in a word.
    fn is_plain(self, byte: u8) -> bool {
        let more: &[u8] = match self {
            Dialect::Ansi | Dialect::Posix | Dialect::Fish => b":,@%+",
            Dialect::Csh | Dialect::Elvish => b":,+",
            Dialect::Nu | Dialect::Power | Dialect::Any | Dialect::Other => b"",
        };
        byte.is_ascii_alphanumeric() || b"_-./".contains(&byte) || more.contains(&byte)
    }
}

/// The line that starts a program, in a directory of its own where `dir` is given. `None` where
/// this shell has no way to say it on one line.
pub(super) fn line(argv: &[BString], dir: Option<&BStr>, dialect: Dialect) -> Option<BString> {
    line_around(&[], argv, &[], dir, dialect)
}

/// As [`line()`], with words in front of the arguments and behind them that are quoted already. No
/// line has a control byte in it: pasted, a newline would be Enter.
pub(super) fn line_around(
    front: &[BString],
    argv: &[BString],
    tail: &[BString],
    dir: Option<&BStr>,
    dialect: Dialect,
) -> Option<BString> {
    let (name, arguments) = argv.split_first()?;
    let mut words = front.to_vec();
    words.push(command(name, dialect)?);
    for arg in arguments {
        words.push(word(arg, false, dialect)?);
    }
    words.extend_from_slice(tail);
    let command = bstr::join(" ", words);
    if command.iter().any(u8::is_ascii_control) {
        return None;
    }
    let Some(dir) = dir else {
        return Some(command.into());
    };
    let dir = word(dir, false, dialect)?;
    // In a subshell, as it was: the shell itself stays where it is.
    match dialect {
        Dialect::Ansi | Dialect::Posix | Dialect::Any => Some(
            [&b"(cd -- "[..], &dir, b" && ", &command, b")"]
                .concat()
                .into(),
        ),
        Dialect::Csh => Some(
            [&b"(cd "[..], &dir, b" && ", &command, b")"]
                .concat()
                .into(),
        ),
        _ => None,
    }
}

/// Arguments as they are shown in a sentence.
pub(super) fn shown_line(argv: &[BString]) -> String {
    match line(argv, None, Dialect::Ansi) {
        Some(line) => ansi::label(&line),
        None => ansi::label(&bstr::join(" ", argv)),
    }
}

/// A line that is run in a directory, to which the shell goes; not at all where that cannot be
/// entered. `None` where this shell has no way to say it.
pub(super) fn line_in(dir: &BStr, line: &BStr, dialect: Dialect) -> Option<BString> {
    let dir = word(dir, false, dialect)?;
    let (go, then): (&[u8], &[u8]) = match dialect {
        Dialect::Ansi | Dialect::Posix | Dialect::Any => (b"cd -- ", b" && "),
        Dialect::Csh => (b"cd ", b" && "),
        Dialect::Fish => (b"cd -- ", b"; and "),
        // An error ends the line.
        Dialect::Elvish | Dialect::Nu => (b"cd ", b"; "),
        Dialect::Power | Dialect::Other => return None,
    };
    Some([go, &dir, then, line].concat().into())
}

/// The name of a program in front of a line.
fn command(name: &BString, dialect: Dialect) -> Option<BString> {
    let word = word(name, true, dialect)?;
    let quoted = word != *name;
    match dialect {
        Dialect::Elvish if name.contains(&b'/') => Some(word),
        Dialect::Elvish => (!quoted).then(|| [b"e:", word.as_slice()].concat().into()),
        Dialect::Nu => Some([b"^", word.as_slice()].concat().into()),
        Dialect::Power if quoted => Some([b"& ", word.as_slice()].concat().into()),
        _ => Some(word),
    }
}

/// One argument.
pub(super) fn word(arg: &[u8], first: bool, dialect: Dialect) -> Option<BString> {
    if arg.contains(&0) {
        return None;
    }
    // `a=b` is an assignment only in front; zsh reads a leading `=` and fish a leading `%` in its
    // own way.
    let plain = |byte: u8| dialect.is_plain(byte) || byte == b'=' && !first;
    if !arg.is_empty() && !b"=%".contains(arg.first()?) && arg.iter().copied().all(plain) {
        return Some(arg.into());
    }
    // Where tcsh does not know the characters of the locale, their bytes are commands of its
    // editor.
    let typeable = arg.to_str().is_ok_and(|text| ansi::label(arg) == text)
        && (dialect != Dialect::Csh || arg.is_ascii());
    if !typeable {
        return match dialect {
            Dialect::Ansi => Some(escaped(arg)),
            Dialect::Fish => Some(escaped_for_fish(arg)),
            _ => None,
        };
    }
    let inner: BString = match dialect {
        Dialect::Posix | Dialect::Ansi => arg.replace("'", r"'\''").into(),
        Dialect::Csh => arg.replace("'", r"'\''").replace("!", r"\!").into(),
        Dialect::Fish => arg.replace(r"\", r"\\").replace("'", r"\'").into(),
        Dialect::Elvish => arg.replace("'", "''").into(),
        // Of what is not ASCII, only the mark of a secret: see above.
        Dialect::Any
            if !first
                && !arg.iter().any(|byte| b"'\\!".contains(byte))
                && arg.chars().all(|c| c.is_ascii() || "‹›".contains(c)) =>
        {
            arg.into()
        }
        Dialect::Nu if !arg.contains(&b'\'') => arg.into(),
        // Older versions lose empty arguments and double quotes; curly quotes are quotes, too.
        Dialect::Power
            if !arg.is_empty() && !arg.to_str().ok()?.contains(['"', '‘', '’', '‚', '‛']) =>
        {
            arg.replace("'", "''").into()
        }
        Dialect::Nu | Dialect::Power | Dialect::Any | Dialect::Other => return None,
    };
    Some([&b"'"[..], &inner, b"'"].concat().into())
}

/// For `$'…'`.
fn escaped(arg: &[u8]) -> BString {
    let mut out = BString::from("$'");
    for &byte in arg {
        match byte {
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\\' | b'\'' | b'!' | 0..=0x1f | 0x7f.. => {
                // Three octal digits cannot swallow the character behind them; `\x` could in ksh.
                out.extend_from_slice(format!("\\{byte:03o}").as_bytes());
            }
            _ => out.push(byte),
        }
    }
    out.push(b'\'');
    out
}

/// Outside of quotes fish knows `\XHH` for any byte; everything that is not plain is written so.
fn escaped_for_fish(arg: &[u8]) -> BString {
    let mut out = BString::default();
    for &byte in arg {
        if Dialect::Fish.is_plain(byte) && byte != b'%' {
            out.push(byte);
        } else {
            out.extend_from_slice(format!("\\X{byte:02x}").as_bytes());
        }
    }
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
        let around = |word: &str| line_around(&[word.into()], &words(&[b"a"]), &[], None, bash);
        assert_eq!(around("A=").unwrap(), "A= a");
        assert_eq!(around("\nb\n"), None);
        assert_eq!(line(&["a".as_bytes(), "ü".as_bytes()], Dialect::Csh), None);
    }

    #[test]
    fn a_directory_of_its_own_is_entered_in_a_subshell() {
        let line = line(&words(&[b"make"]), Some("a b".into()), Dialect::Ansi);
        assert_eq!(line.unwrap(), "(cd -- 'a b' && make)");
    }

    #[test]
    fn a_shell_goes_to_a_directory_before_a_line_runs() {
        let line = |dialect| {
            let line = line_in("it's".into(), "make x".into(), dialect);
            line.map(|line| line.to_string())
        };
        assert_eq!(line(Dialect::Ansi).unwrap(), r"cd -- 'it'\''s' && make x");
        assert_eq!(line(Dialect::Csh).unwrap(), r"cd 'it'\''s' && make x");
        assert_eq!(line(Dialect::Fish).unwrap(), r"cd -- 'it\'s'; and make x");
        assert_eq!(line(Dialect::Elvish).unwrap(), "cd 'it''s'; make x");
        assert_eq!(line(Dialect::Nu), None);
        assert_eq!(line(Dialect::Power), None);
    }

    #[test]
    fn shells_without_tests_get_what_their_manuals_say() {
        let line =
            |args: &[&[u8]], dialect| line(&words(args), None, dialect).map(|l| l.to_string());
        assert_eq!(
            line(&[b"htop", b"-d", b"it 1"], Dialect::Nu).unwrap(),
            "^htop -d 'it 1'"
        );
        assert_eq!(line(&[b"a", b"it's"], Dialect::Nu), None);
        assert_eq!(line(&[b"htop", b"-d"], Dialect::Power).unwrap(), "htop -d");
        assert_eq!(
            line(&[b"my tool", b"it's", b"a,b"], Dialect::Power).unwrap(),
            "& 'my tool' 'it''s' 'a,b'"
        );
        assert_eq!(line(&[b"a", b"say \"x\""], Dialect::Power), None);
        assert_eq!(line(&[b"a", b"b,c"], Dialect::Other), None);
    }

    #[test]
    fn a_shell_that_is_not_known_gets_what_all_shells_read_alike() {
        let word = |arg: &str, first| word(arg.as_bytes(), first, Dialect::Any);
        assert_eq!(word("a b$(c)`d`;", false).unwrap(), "'a b$(c)`d`;'");
        assert_eq!(word("-p‹redacted:x›", false).unwrap(), "'-p‹redacted:x›'");
        // In fish a backslash quotes, in csh an exclamation mark calls for the history; a quoted
        // command is a text in PowerShell.
        for arg in ["it's", r"a\", "a!", "ü"] {
            assert_eq!(word(arg, false), None, "{arg}");
        }
        assert_eq!(word("my tool", true), None);
        // None of them can end the quotes in any shell.
        let args = words(&[b"printf", b"%s|", b"a b;$(c)`d` #", b"", b"{x,y} * ~ ?"]);
        let line = line(&args, None, Dialect::Any).unwrap();
        for (shell, options) in shells() {
            let mut command = Command::new(shell);
            let said = command
                .args(options)
                .arg("-c")
                .arg(line.to_os_str().unwrap());
            let said = said.output().unwrap().stdout;
            assert_eq!(said.as_bstr(), "a b;$(c)`d` #||{x,y} * ~ ?|", "{shell}");
        }
    }

    #[test]
    fn every_shell_knows_its_dialect() {
        for (shell, dialect) in [
            ("-zsh", Dialect::Ansi),
            ("/usr/bin/fish", Dialect::Fish),
            ("tcsh", Dialect::Csh),
        ] {
            assert_eq!(Dialect::of(&[shell.into()]), dialect);
        }
        assert_eq!(Dialect::of(&["xonsh".into()]), Dialect::Other);
    }

    /// The shells that are installed, with the option after which they read no files of the user's.
    fn shells() -> Vec<(&'static str, Vec<&'static str>)> {
        let all = [
            ("bash", vec!["--norc"]),
            ("dash", vec![]),
            ("zsh", vec!["-f"]),
            ("fish", vec!["--no-config"]),
            ("tcsh", vec!["-f"]),
            ("ksh93", vec![]),
            ("mksh", vec![]),
            ("yash", vec!["--norcfile"]),
            ("elvish", vec!["-norc"]),
        ];
        let path = std::env::var_os("PATH").unwrap();
        let dirs: Vec<_> = std::env::split_paths(&path).collect();
        let there = |name: &str| dirs.iter().any(|dir| dir.join(name).is_file());
        all.into_iter().filter(|(name, _)| there(name)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn shells_read_back_every_argument(
            args in proptest::collection::vec(
                prop_oneof![
                    proptest::collection::vec(1u8..=255, 0..20),
                    "[ -~äß漢]{0,16}".prop_map(String::into_bytes),
                ],
                1..4,
            ),
        ) {
            for (shell, options) in shells() {
                let dialect = Dialect::of(&[shell.into()]);
                let mut argv = words(&[b"/usr/bin/printf", b"%s\\0"]);
                argv.extend(args.iter().map(|arg| BString::from(arg.as_slice())));
                let Some(line) = line(&argv, None, dialect) else {
                    prop_assert!(!matches!(dialect, Dialect::Ansi | Dialect::Fish));
                    continue;
                };
                prop_assert!(!line.iter().any(|byte| *byte < 0x20 || *byte == 0x7f));
                let output = Command::new(shell)
                    .env("LC_ALL", "C.UTF-8")
                    .env("HOME", "/nonexistent")
                    .args(options)
                    .arg("-c")
                    .arg(line.to_os_str().unwrap())
                    .output()
                    .unwrap();
                let expected: Vec<u8> = args.iter().flat_map(|arg| [arg, &b"\0"[..]].concat()).collect();
                prop_assert_eq!(output.stdout.as_bstr(), expected.as_bstr(), "{}: {}", shell, line);
            }
        }
    }
}
