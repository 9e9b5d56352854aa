//! Reading options and hooks as `show-options -H` prints them: a line each, with the value of a
//! string escaped for tmux's parser.
//!
//! Feeding such a line back to `set-option` does not always set the same: between single quotes
//! tmux escapes controls and backslashes, and does not read them back. So values are brought to
//! what they are, and whoever sets them quotes them in his own way.

use std::collections::BTreeSet;

use bstr::{BStr, BString, ByteSlice};

use super::answer::unescape;
use crate::model::detail::{Hook, Setting};

/// What is set on one session, window or pane itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Local {
    /// By name, and then by index.
    pub(super) settings: Vec<Setting>,
    /// By event, and then by index.
    pub(super) hooks: Vec<Hook>,
}

impl Local {
    /// Reads what `show-options -H` printed; `hooks` are the names of all hooks there are. `None`
    /// for what are no lines of options.
    ///
    /// The name of a user's own option may hold anything, and where it holds a newline it may be
    /// read as two options.
    pub(super) fn read(text: &[u8], hooks: &BTreeSet<BString>) -> Option<Local> {
        let mut local = Local::default();
        let mut rest = text;
        while !rest.is_empty() {
            let ends = memchr::memchr_iter(b'\n', rest);
            let (name, value, used) = ends
                .filter_map(|end| {
                    let (name, value) = divide(rest.get(..end)?)?;
                    Some((name, value, end + 1))
                })
                .next()?;
            rest = rest.get(used..)?;
            let (stem, _) = stem_and_index(name);
            let name = name.to_owned();
            if hooks.contains(stem) {
                local.hooks.push(Hook {
                    event: name,
                    command: readable(value),
                });
            } else {
                local.settings.push(Setting {
                    name,
                    value: plain(value),
                });
            }
        }
        let in_order = |a: &BStr, b: &BStr| stem_and_index(a).cmp(&stem_and_index(b));
        local
            .settings
            .sort_by(|a, b| in_order(a.name.as_bstr(), b.name.as_bstr()));
        local
            .hooks
            .sort_by(|a, b| in_order(a.event.as_bstr(), b.event.as_bstr()));
        Some(local)
    }

    /// Takes a setting out that has a field of its own.
    pub(super) fn take(&mut self, name: &str) -> Option<BString> {
        let at = self.settings.iter().position(|one| one.name == name)?;
        Some(self.settings.remove(at).value)
    }
}

/// `update-environment[3]` as the name and 3. An option that is no list comes before one that is.
fn stem_and_index(name: &BStr) -> (&BStr, Option<u32>) {
    let member = || {
        let (stem, index) = name.strip_suffix(b"]")?.rsplit_once_str("[")?;
        Some((stem.as_bstr(), Some(index.to_str().ok()?.parse().ok()?)))
    };
    member().unwrap_or((name, None))
}

/// A line as a name and a printed value; a list without members has none.
fn divide(line: &[u8]) -> Option<(&BStr, &[u8])> {
    let (name, value) = match line {
        [b'@', ..] => {
            let space = line.len().checked_sub(value_length(line)? + 1)?;
            (line.get(..space)?, line.get(space + 1..)?)
        }
        [b'a'..=b'z', ..] => line.split_once_str(" ").unwrap_or((line, b"")),
        _ => return None,
    };
    Some((name.as_bstr(), value))
}

/// How long the printed value at the end of a line is, where the name before it may hold spaces. A
/// value without quotes holds none, and in quotes the same quote stands only after a backslash, or
/// not at all.
fn value_length(line: &[u8]) -> Option<usize> {
    let end = line.len();
    if let [.., b' ', b'\\', _] = line {
        return Some(2);
    }
    let opening = |at: &usize| at.checked_sub(1).and_then(|at| line.get(at)) == Some(&b' ');
    let start = match line.last()? {
        quote @ (b'"' | b'\'') => line
            .get(..end - 1)?
            .rfind_iter(std::slice::from_ref(quote))
            .find(|at| {
                let before = line.get(..*at).unwrap_or(&[]);
                let backslashes = before.iter().rev().take_while(|&&byte| byte == b'\\');
                *quote == b'\'' || backslashes.count() % 2 == 0
            })
            .filter(opening)?,
        _ => line.rfind_byte(b' ')? + 1,
    };
    Some(end - start)
}

/// The value behind what was printed: the inverse of tmux's escaping. Numbers, colours, keys and
/// the like are printed as they are, which never looks like an escaped string of another value.
#[must_use]
pub fn plain(printed: &[u8]) -> BString {
    let inner = match printed {
        [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] => inner,
        _ => printed,
    };
    let mut value = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((byte, used)) = unescape(rest) {
        value.push(byte);
        rest = rest.get(used..).unwrap_or(&[]);
    }
    value.into()
}

/// The arguments of a list that tmux printed, each as it is; `None` where a quote has no end.
pub(super) fn words(printed: &[u8]) -> Option<Vec<BString>> {
    let mut words = Vec::new();
    let mut within = None;
    let mut start = 0;
    let mut at = 0;
    while let Some(&byte) = printed.get(at) {
        match (byte, within) {
            (b'\\', _) => at += 1,
            (b'\'' | b'"', None) => within = Some(byte),
            (quote, Some(open)) if quote == open => within = None,
            (b' ', None) => {
                words.push(plain(printed.get(start..at)?));
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    words.push(plain(printed.get(start..)?));
    within.is_none().then_some(words)
}

/// A list of commands, or of arguments, as tmux reads it. It prints one as it can be read again,
/// but for what it puts between single quotes: that it escapes, and between single quotes reads
/// nothing as escaped. So those become double quotes.
pub(super) fn readable(printed: &[u8]) -> BString {
    let mut commands = Vec::with_capacity(printed.len());
    let mut within = None;
    let mut rest = printed;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, within) {
            (b'\\', _) => {
                commands.push(byte);
                commands.extend(rest.first());
                rest = rest.get(1..).unwrap_or(&[]);
            }
            (b'\'', None | Some(b'\'')) => {
                commands.push(b'"');
                within = within.xor(Some(byte));
            }
            (b'"', None | Some(b'"')) => {
                commands.push(byte);
                within = within.xor(Some(byte));
            }
            (b'"' | b'$', Some(b'\'')) => commands.extend([b'\\', byte]),
            _ => commands.push(byte),
        }
    }
    commands.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(text: &str) -> Local {
        Local::read(text.as_bytes(), &BTreeSet::from(["pane-died".into()])).unwrap()
    }

    fn settings(text: &str) -> Vec<(String, String)> {
        let shown = |one: Setting| (one.name.to_string(), one.value.to_string());
        local(text).settings.into_iter().map(shown).collect()
    }

    fn value(printed: &str) -> String {
        settings(&format!("status-left {printed}\n")).remove(0).1
    }

    #[test]
    fn values_are_what_they_were_before_they_were_printed() {
        assert_eq!(value("''"), "");
        assert_eq!(value("plain"), "plain");
        assert_eq!(
            value(r#""a\tb\nc \"q\" 'x' #S \$HOME ~ {}%""#),
            "a\tb\nc \"q\" 'x' #S $HOME ~ {}%"
        );
        assert_eq!(value(r#"'a"b\n\\n'"#), "a\"b\n\\n");
        assert_eq!(value(r"\033\001\~"), "\x1b\x01~");
        assert_eq!(value(r#""\~ a""#), "~ a");
        for single in ["\"", "'", "#", ";", "$", "{", "}", "%", "~", "\\"] {
            assert_eq!(value(&format!("\\{single}")), single);
        }
    }

    #[test]
    fn keys_are_printed_as_they_are() {
        for key in ["\"", "'", "\\", "C-\\", "~", "M-\"", "C-b", "#"] {
            assert_eq!(value(key), key);
        }
    }

    #[test]
    fn names_of_users_may_hold_spaces() {
        let expected = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        assert_eq!(settings("@a b c\n"), expected("@a b", "c"));
        assert_eq!(
            settings("@a b \"c d \\\"e\"\n"),
            expected("@a b", "c d \"e")
        );
        assert_eq!(settings("@a \"b \\\"\n"), expected("@a \"b", "\""));
        assert_eq!(settings("@a 'b 'c\"'\n"), expected("@a 'b", "c\""));
        assert_eq!(settings("@a ''\n"), expected("@a", ""));
        assert_eq!(settings("@a\nb c\n"), expected("@a\nb", "c"));
    }

    #[test]
    fn hooks_are_known_by_name_and_lists_are_in_order() {
        let found = local(
            "update-environment[10] b\nupdate-environment[9] a\nuser-keys\n\
             pane-died[0] display-message \"a b\" ; run-shell x\n",
        );
        let names: Vec<_> = found
            .settings
            .iter()
            .map(|one| one.name.to_string())
            .collect();
        assert_eq!(
            names,
            [
                "update-environment[9]",
                "update-environment[10]",
                "user-keys"
            ]
        );
        assert_eq!(found.settings[2].value, "");
        assert_eq!(found.hooks[0].event, "pane-died[0]");
        assert_eq!(
            found.hooks[0].command,
            "display-message \"a b\" ; run-shell x"
        );
    }

    #[test]
    fn commands_between_single_quotes_are_told_so_that_they_can_be_read() {
        let split = |printed: &str| {
            let words = words(printed.as_bytes())?;
            Some(words.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        let expected = ["a", "b c", "it's \"x\"", "", "d e"].map(String::from);
        let printed = r#"a "b c" "it's \"x\"" '' 'd e'"#;
        assert_eq!(split(printed), Some(expected.to_vec()));
        assert_eq!(split("a \"b"), None);
        let read = |printed: &str| readable(printed.as_bytes()).to_string();
        assert_eq!(
            read(r#"display-message "it's \"so\"" ; run-shell 'a"b\\n$X'"#),
            r#"display-message "it's \"so\"" ; run-shell "a\"b\\n\$X""#
        );
        assert_eq!(read(r"a \' b"), r"a \' b");
    }

    #[test]
    fn what_is_no_option_is_refused() {
        for text in ["A b\n", "@a\n", "mouse on", "\n", "@a b\n@c"] {
            assert_eq!(
                Local::read(text.as_bytes(), &BTreeSet::new()),
                None,
                "{text:?}"
            );
        }
    }
}
