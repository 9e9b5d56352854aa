//! A rule's patterns, compiled when they are first needed.

use std::ops::Range;

use regex::bytes::{Captures, Regex, RegexBuilder};

use super::RedactError;
use super::file::Entry;

/// What `{{value}}` stands for: a value in quotes, which the end of the line may cut, or a bare
/// word that starts no expression. The quotes may be escaped, or stand behind what a language puts
/// before them: `b"…"`, `$'…'`, `Some("…")`. The bytes need not be UTF-8.
const VALUE: &str = concat!(
    r#"(?:(?:[bBrRuUfFnN@$]|[A-Z][A-Za-z]{1,15}\()?"#,
    r#"(?:"(?P<secret>(?-u:[^"\\\n]|\\.){3,})"|'(?P<secret2>(?-u:[^'\n]){3,})'"#,
    r#"|["'](?P<secret3>(?-u:[^"'\\\s();]){3,})\\?$|\\+["'](?P<secret4>(?-u:[^"'\\\n]){3,}))"#,
    r#"|(?P<bare>(?-u:[^\s"'`<>(){}\[\],;|&$*\\:=])(?-u:[^\s"'`<>(){}\[\],;|&]){3,}))"#
);

/// What `{{is}}` stands for: what is between a name and its value.
const IS: &str = r#"\\*["'`]?\]?\s*(?:=>|:?=|:: |:|：|%3[ADad])\s*"#;

/// What `{{start}}` stands for: where a token may begin. A letter or digit may stand before it that
/// belongs to an escape: `\nTOKEN`, `%20TOKEN`, `\u003dTOKEN`, `\033[32mTOKEN` (in which the escape
/// character can be spelt in any way).
const START: &str = concat!(
    r"(?:\b|_|\\(?:[abefnrtv]|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[0-7]{3})",
    r"|\[[0-9;:]*[A-Za-z]|%[0-9A-Fa-f]{2})"
);

/// What `{{end}}` stands for: where a token ends whose length is known.
const END: &str = r"(?:\b|_)";

/// A rule's patterns.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) pattern: Regex,
    /// What comes behind a block, or what a value looks like that stands below its name.
    pub(super) end: Option<Regex>,
    except: Vec<Regex>,
    /// The groups of the pattern that can hold the secret, the preferred first.
    groups: Vec<usize>,
    /// The group that holds a bare word.
    bare: Option<usize>,
}

impl Ready {
    /// Compiles what a rule says.
    pub(super) fn compile(entry: &Entry) -> Result<Self, RedactError> {
        let classes = if entry.own { UNICODE } else { ASCII };
        let written = entry
            .pattern
            .replace("{{start}}", START)
            .replace("{{end}}", END)
            .replace("{{is}}", IS)
            .replace("{{value}}", VALUE);
        let pattern = regex(&entry.name, &written, classes)?;
        let called = |start: &str| -> Vec<usize> {
            let is = |name: Option<&str>| name.is_some_and(|name| name.starts_with(start));
            let names = pattern.capture_names().enumerate();
            names
                .filter_map(|(group, name)| is(name).then_some(group))
                .collect()
        };
        let bare = called("bare").first().copied();
        let mut groups: Vec<usize> = called("secret").into_iter().chain(bare).collect();
        if groups.is_empty() {
            groups = (1..pattern.captures_len()).collect();
        }
        let except = if entry.touched {
            let each = entry.except.iter();
            each.map(|pattern| whole(&entry.name, pattern, classes))
                .collect::<Result<_, _>>()?
        } else {
            // One of all of them: nothing costs more here than compiling.
            let all = entry.except.join("|");
            let all = (!all.is_empty()).then(|| built_in(&entry.name, &all, classes));
            all.transpose()?.into_iter().collect()
        };
        let end = entry.end.as_ref();
        Ok(Self {
            pattern,
            end: end
                .map(|end| regex(&entry.name, end, classes))
                .transpose()?,
            except,
            groups,
            bare,
        })
    }

    /// What it finds in a line, whatever the value.
    pub(super) fn all<'a>(
        &'a self,
        line: &'a [u8],
    ) -> impl Iterator<Item = (Range<usize>, &'a [u8])> {
        self.pattern.captures_iter(line).filter_map(move |found| {
            let secret = self.secret(&found)?;
            let value = line.get(secret.clone())?;
            let passes = self.lets_pass(value) || self.is_call(&found, line);
            (!passes).then_some((secret, value))
        })
    }

    /// Whether a value is one of the exceptions of the rule.
    pub(super) fn lets_pass(&self, value: &[u8]) -> bool {
        value.is_empty() || self.except.iter().any(|except| except.is_match(value))
    }

    fn secret(&self, found: &Captures<'_>) -> Option<Range<usize>> {
        self.groups
            .iter()
            .find_map(|&group| found.get(group))
            .or_else(|| found.get(0))
            .map(|secret| secret.range())
    }

    /// Whether a bare word is the start of an expression, as in `password = getpass()`, or a type,
    /// as in `password: Text = …`.
    fn is_call(&self, found: &Captures<'_>, line: &[u8]) -> bool {
        self.bare
            .and_then(|group| found.get(group))
            .and_then(|word| line.get(word.end()..))
            .is_some_and(|rest| match rest {
                [b'(' | b'[' | b'<' | b'{', ..] => true,
                [b' ', b'=', next, ..] => *next == b' ',
                _ => false,
            })
    }
}

/// What `\s`, `\b` and letters of any case mean in a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Classes {
    unicode: bool,
}

/// For the built-in rules: secrets are ASCII, and such patterns are compiled and searched faster.
pub(super) const ASCII: Classes = Classes { unicode: false };

/// For the user's own.
pub(super) const UNICODE: Classes = Classes { unicode: true };

/// A pattern for the whole of a value.
pub(super) fn whole(rule: &str, pattern: &str, classes: Classes) -> Result<Regex, RedactError> {
    // Checked by itself first, so that a mistake is told where the user made it.
    regex(rule, pattern, classes)?;
    regex(rule, &format!("^(?:{pattern})$"), classes)
}

/// The same for a built-in one, where a mistake need not be told well.
pub(super) fn built_in(rule: &str, pattern: &str, classes: Classes) -> Result<Regex, RedactError> {
    regex(rule, &format!("^(?:{pattern})$"), classes)
}

/// Compiles a pattern; an error says where it is wrong.
pub(super) fn regex(rule: &str, pattern: &str, classes: Classes) -> Result<Regex, RedactError> {
    let mut builder = RegexBuilder::new(pattern);
    builder.unicode(classes.unicode);
    builder.build().map_err(|error| {
        let rule = rule.to_owned();
        let shown = pattern.to_owned();
        match error {
            regex::Error::CompiledTooBig(_) => RedactError::TooLarge {
                rule,
                pattern: shown,
            },
            other => {
                let (position, why) = place(&other.to_string());
                RedactError::Pattern {
                    rule,
                    pattern: shown,
                    position,
                    why,
                }
            }
        }
    })
}

/// Where and why: the regex crate tells it only as a drawing, the pattern on one line and `^` under
/// the place on the next.
fn place(drawing: &str) -> (usize, String) {
    let column = drawing.lines().find_map(|line| {
        let marks = line.trim_start_matches(' ');
        let only_marks = !marks.is_empty() && marks.trim_end().chars().all(|c| c == '^');
        // The pattern is indented by four.
        only_marks.then(|| (line.len() - marks.len()).saturating_sub(4) + 1)
    });
    let why = drawing
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("error: "))
        .unwrap_or(drawing);
    (column.unwrap_or(1), why.to_owned())
}
