//! tmux commands as typed argument lists, and their quoting.
//!
//! Commands go to tmux on the standard input of `tmux source-file -`, where an argument can be as
//! long as it likes and hold any byte but NUL. Everything that tmux's parser could take for
//! something else stands between double quotes as an octal escape, so that no variable, tilde,
//! comment, brace, line continuation or separator is ever seen in it.

use std::fmt::Write as _;

use bstr::{BString, ByteSlice, ByteVec};

/// A tmux command with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    words: Vec<BString>,
    positional: bool,
    /// Commands on the same line: where one is refused, those after it are not done.
    then: Vec<Command>,
}

impl Command {
    /// The command of this name, for example `split-window`.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self {
            words: vec![name.into()],
            positional: false,
            then: Vec::new(),
        }
    }

    /// Adds a flag without a value: `-d`.
    #[must_use]
    pub fn flag(mut self, flag: &'static str) -> Self {
        self.words.push(flag.into());
        self
    }

    /// Adds a flag if a condition holds.
    #[must_use]
    pub fn flag_if(self, condition: bool, flag: &'static str) -> Self {
        if condition { self.flag(flag) } else { self }
    }

    /// Adds a flag with its value: `-t`, `%3`.
    #[must_use]
    pub fn opt(mut self, flag: &'static str, value: impl AsRef<[u8]>) -> Self {
        self.words.push(flag.into());
        self.words.push(value.as_ref().into());
        self
    }

    /// Adds an argument that is not a flag, whatever it looks like. All flags come before.
    #[must_use]
    pub fn arg(mut self, value: impl AsRef<[u8]>) -> Self {
        let value = value.as_ref();
        if !self.positional && value.starts_with(b"-") {
            self.words.push("--".into());
        }
        self.positional = true;
        self.words.push(value.into());
        self
    }

    /// Commands as one line: where one is refused, those after it are not done. `None` for none at
    /// all.
    #[must_use]
    pub fn line_of(commands: impl IntoIterator<Item = Command>) -> Option<Self> {
        let mut commands = commands.into_iter();
        let mut line = commands.next()?;
        line.then.extend(commands);
        Some(line)
    }

    /// The same command, but where it is refused, the others on its line are done nevertheless.
    #[must_use]
    pub fn if_it_can_be(self) -> Self {
        Command::new("if-shell")
            .flag("-F")
            .arg("1")
            .arg(self.source_line())
    }

    /// The name and the arguments; of a line of commands, those of the first.
    #[must_use]
    pub fn words(&self) -> &[BString] {
        &self.words
    }

    /// The command as one line for `source-file`, without the newline at its end.
    ///
    /// A NUL byte, which no argument of a process can hold, ends its argument.
    #[must_use]
    pub fn source_line(&self) -> BString {
        let mut line = BString::default();
        for (at, word) in self.words.iter().enumerate() {
            if at > 0 {
                line.push(b' ');
            }
            quote_for_tmux(word, &mut line);
        }
        for command in &self.then {
            line.push_str(" ; ");
            line.push_str(command.source_line());
        }
        line
    }

    /// The command as a person would type it into a shell: `tmux split-window -d -t %3`. For
    /// showing only; one line without controls, whatever the arguments hold.
    #[must_use]
    pub fn shell_line(&self) -> String {
        let mut line = String::from("tmux");
        for word in &self.words {
            line.push(' ');
            match word.strip_suffix(b";") {
                // tmux reads a semicolon at the end of an argument as the end of the command.
                Some(front) => quote_for_shell(&[front, b"\\;"].concat(), &mut line),
                None => quote_for_shell(word, &mut line),
            }
        }
        line
    }
}

/// Escapes a text for an argument in which tmux expands formats (`-n`, `-s`, `-c`, `-T`, and the
/// names given to `rename-session` and `rename-window`), so that it comes out as it was.
///
/// `#` is doubled. Before `[` versions differ in how many of a run of `#` they leave, because
/// styles are read later; so something empty is put between them. These arguments do not go through
/// strftime, so `%` stands for itself.
#[must_use]
pub fn format_escaped(text: &[u8]) -> BString {
    let mut escaped = Vec::with_capacity(text.len());
    for (at, &byte) in text.iter().enumerate() {
        escaped.push(byte);
        if byte == b'#' {
            escaped.push(byte);
            if text.get(at + 1) == Some(&b'[') {
                escaped.extend_from_slice(b"#{l:}");
            }
        }
    }
    escaped.into()
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/')
}

fn quote_for_tmux(word: &[u8], into: &mut BString) {
    let word = word.split(|&byte| byte == 0).next().unwrap_or(&[]);
    if !word.is_empty() && word.iter().copied().all(is_plain) {
        into.push_str(word);
        return;
    }
    into.push(b'"');
    for &byte in word {
        if is_plain(byte) || matches!(byte, b' ' | b'%' | b'@' | b':' | b',' | b'=' | b'+') {
            into.push(byte);
        } else {
            into.push_str(format!("\\{byte:03o}"));
        }
    }
    into.push(b'"');
}

fn quote_for_shell(word: &[u8], into: &mut String) {
    let printable = word
        .to_str()
        .is_ok_and(|text| crate::model::ansi::label(word) == text);
    let plain =
        |byte: u8| is_plain(byte) || matches!(byte, b'%' | b'@' | b':' | b',' | b'=' | b'+');
    if !word.is_empty() && word.iter().copied().all(plain) && !word.starts_with(b"=") {
        into.push_str(&word.to_str_lossy());
    } else if printable {
        into.push('\'');
        into.push_str(&word.to_str_lossy().replace('\'', r"'\''"));
        into.push('\'');
    } else {
        into.push_str("$'");
        for chunk in word.utf8_chunks() {
            for c in chunk.valid().chars() {
                match c {
                    '\'' | '\\' => into.extend(['\\', c]),
                    '\n' => into.push_str("\\n"),
                    '\t' => into.push_str("\\t"),
                    '\x1b' => into.push_str("\\e"),
                    c if crate::model::ansi::label(c.encode_utf8(&mut [0; 4]).as_bytes())
                        == c.to_string() =>
                    {
                        into.push(c);
                    }
                    c => {
                        for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                            let _ = write!(into, "\\x{byte:02x}");
                        }
                    }
                }
            }
            for byte in chunk.invalid() {
                let _ = write!(into, "\\x{byte:02x}");
            }
        }
        into.push('\'');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_for_tmux_hold_nothing_that_its_parser_acts_on() {
        let line = Command::new("rename-window")
            .opt("-t", "@3")
            .arg("a;b $HOME ~\n#(x) \"\\")
            .source_line();
        assert_eq!(
            line,
            r#"rename-window -t "@3" "a\073b \044HOME \176\012\043\050x\051 \042\134""#
        );
        assert_eq!(Command::new("x").arg("").source_line(), r#"x """#);
        assert_eq!(Command::new("x").arg("-d").source_line(), "x -- -d");
        assert_eq!(Command::new("x").arg("a\0b").source_line(), "x a");
    }

    #[test]
    fn commands_on_one_line_are_separated() {
        let line = [
            Command::new("a").arg("x;"),
            Command::new("b").if_it_can_be(),
        ];
        assert_eq!(
            Command::line_of(line).unwrap().source_line(),
            r#"a "x\073" ; if-shell -F 1 b"#
        );
        let inner = Command::new("kill-session").opt("-t", "$3").if_it_can_be();
        assert_eq!(
            inner.source_line(),
            r#"if-shell -F 1 "kill-session -t \042\1340443\042""#
        );
    }

    #[test]
    fn lines_for_people_can_be_pasted() {
        let show = |arg: &[u8]| Command::new("x").arg(arg).shell_line();
        assert_eq!(show(b"plain/1"), "tmux x plain/1");
        assert_eq!(show(b"it's"), r"tmux x 'it'\''s'");
        assert_eq!(show(b"end;"), r"tmux x 'end\;'");
        assert_eq!(show(b"a\nb\xff\x1b["), r"tmux x $'a\nb\xff\e['");
        assert_eq!(show("ünï".as_bytes()), "tmux x 'ünï'");
        assert_eq!(show("a\u{202e}b".as_bytes()), r"tmux x $'a\xe2\x80\xaeb'");
    }
}
