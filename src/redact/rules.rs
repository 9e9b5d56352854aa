//! Reading and compiling rules.

use std::ops::Range;

use regex::bytes::{Captures, Regex, RegexBuilder, RegexSet, SetMatches};
use serde::Deserialize;

use super::{RedactError, RedactSettings};

/// The built-in rules.
const BUILT_IN: &str = include_str!("../../assets/rules/secrets.toml");

/// What `{{value}}` stands for: a value in quotes, or a bare word that starts no expression. The bytes
/// need not be UTF-8.
const VALUE: &str = concat!(
    r#"(?:"(?P<secret>(?-u:[^"\n]){3,})"|'(?P<secret2>(?-u:[^'\n]){3,})'"#,
    r#"|(?P<bare>(?-u:[^\s"'`<>(){}\[\],;|&$*\\:=])(?-u:[^\s"'`<>(){}\[\],;|&]){3,}))"#
);

/// Values that are never secrets, in whatever place: references to variables and templates, masks,
/// words that stand for a value or its type, and names of fields.
const NO_SECRETS: &str = concat!(
    r"^(?:\$.*|\{\{.*\}\}|%[A-Za-z_]+%|<.*>|[*•xX.…_-]+",
    r"|(?i:string|str|text|bytes|bool|boolean|int|integer|number|any|object|none|null|nil|true|false",
    r"|undefined|required|optional|prompt|unset|empty|invalid|incorrect|missing|changed|updated",
    r"|expired|getpass|input|return|value|self|async|await|const|match|process|read|unsafe|write|secret|password|token|redacted)",
    r"|[A-Za-z_]+(?:(?:\.|::|->)[A-Za-z_]+)+",
    r"|‹redacted:[\w-]+›)$"
);

/// A rule, ready for use.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) name: String,
    pub(super) lines: bool,
    /// Whether it looks only at lines that hold one of its keywords.
    pub(super) keyed: bool,
    pattern: Regex,
    except: Vec<Regex>,
    /// The groups of the pattern that can hold the secret, the preferred first.
    groups: Vec<usize>,
    /// The group that holds a bare word.
    bare: Option<usize>,
}

/// All rules.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) rules: Vec<Compiled>,
    /// Any keyword of any rule.
    pub(super) keywords: Regex,
    /// The keywords of each rule.
    keywords_of: RegexSet,
    /// The keywords of the rules that go over several lines; `None` where one of them has none.
    across: Option<Regex>,
    no_secrets: Regex,
    allow: Vec<Regex>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rule: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    pattern: String,
    #[serde(default)]
    keywords: Vec<String>,
    #[serde(default)]
    except: Vec<String>,
    #[serde(default)]
    lines: bool,
}

impl Rules {
    /// Compiles the built-in rules and those of the settings.
    pub(super) fn compile(settings: &RedactSettings) -> Result<Self, RedactError> {
        let built_in: File =
            toml::from_str(BUILT_IN).map_err(|error| RedactError::BuiltIn(error.to_string()))?;
        let own = settings.extra.iter().map(|rule| Entry {
            name: rule.name.clone(),
            pattern: rule.pattern.clone(),
            keywords: Vec::new(),
            except: Vec::new(),
            lines: true,
        });
        let keywords: Vec<&str> = built_in
            .rule
            .iter()
            .flat_map(|entry| &entry.keywords)
            .map(String::as_str)
            .collect();
        let keywords_of = built_in.rule.iter().map(|entry| any_of(&entry.keywords));
        let keywords_of =
            RegexSet::new(keywords_of).map_err(|error| RedactError::BuiltIn(error.to_string()))?;
        let keywords = regex("keywords", &any_of(&keywords), UNICODE)?;
        let across: Vec<&str> = built_in
            .rule
            .iter()
            .filter(|entry| entry.lines)
            .flat_map(|entry| &entry.keywords)
            .map(String::as_str)
            .collect();
        let across = regex("keywords", &any_of(&across), UNICODE)?;
        let mut rules = Vec::new();
        for entry in built_in.rule {
            rules.push(Compiled::new(entry, ASCII)?);
        }
        for entry in own {
            rules.push(Compiled::new(entry, UNICODE)?);
        }
        let allow = settings
            .allow
            .iter()
            .map(|pattern| whole("allow", pattern, UNICODE))
            .collect::<Result<_, _>>()?;
        let keyed = rules
            .iter()
            .all(|rule: &Compiled| !rule.lines || rule.keyed);
        Ok(Self {
            rules,
            keywords,
            keywords_of,
            across: keyed.then_some(across),
            no_secrets: regex("values", NO_SECRETS, UNICODE)?,
            allow,
        })
    }

    /// The name of the rule for what the tables of options and variables find.
    pub(super) const OPTION: &str = "password-option";

    /// Whether a value is plainly none, or one that the user lets pass.
    pub(super) fn passes(&self, value: &[u8]) -> bool {
        self.no_secrets.is_match(value) || self.allow.iter().any(|allow| allow.is_match(value))
    }

    /// Whether a rule that goes over several lines may find something in this text.
    pub(super) fn across(&self, text: &[u8]) -> bool {
        self.across
            .as_ref()
            .is_none_or(|words| words.is_match(text))
    }

    /// The rules of which a keyword stands in a line, by index.
    pub(super) fn keyed_to(&self, line: &[u8]) -> SetMatches {
        self.keywords_of.matches(line)
    }

    /// Where a rule finds secrets in a text.
    pub(super) fn find<'a>(
        &'a self,
        rule: &'a Compiled,
        text: &'a [u8],
    ) -> impl Iterator<Item = Range<usize>> + 'a {
        rule.pattern.captures_iter(text).filter_map(move |found| {
            let secret = rule.secret(&found)?;
            let value = text.get(secret.clone())?;
            let passes = self.passes(value)
                || rule.except.iter().any(|except| except.is_match(value))
                || rule.is_call(&found, text);
            (!passes && !secret.is_empty()).then_some(secret)
        })
    }
}

impl Compiled {
    fn new(entry: Entry, classes: Classes) -> Result<Self, RedactError> {
        let sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if entry.name.is_empty() || entry.name.len() > 40 || !entry.name.chars().all(sound) {
            return Err(RedactError::Name { name: entry.name });
        }
        let pattern = regex(
            &entry.name,
            &entry.pattern.replace("{{value}}", VALUE),
            classes,
        )?;
        let named = |name: &str| {
            pattern
                .capture_names()
                .position(|group| group == Some(name))
        };
        let groups: Vec<usize> = match named("secret") {
            Some(secret) => [Some(secret), named("secret2"), named("bare")]
                .into_iter()
                .flatten()
                .collect(),
            None => (1..pattern.captures_len()).collect(),
        };
        let bare = named("bare");
        let except = entry
            .except
            .iter()
            .map(|pattern| whole(&entry.name, pattern, classes))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            lines: entry.lines,
            keyed: !entry.keywords.is_empty(),
            name: entry.name,
            pattern,
            except,
            groups,
            bare,
        })
    }

    fn secret(&self, found: &Captures<'_>) -> Option<Range<usize>> {
        self.groups
            .iter()
            .find_map(|&group| found.get(group))
            .or_else(|| found.get(0))
            .map(|secret| secret.range())
    }

    /// Whether a bare word is the start of an expression, as in `password = getpass()`.
    fn is_call(&self, found: &Captures<'_>, text: &[u8]) -> bool {
        self.bare
            .and_then(|group| found.get(group))
            .and_then(|word| text.get(word.end()))
            .is_some_and(|next| matches!(next, b'(' | b'[' | b'<' | b'{'))
    }
}

/// A pattern for any of the keywords. They are ASCII: without Unicode's cases they stay literals, which
/// are found fastest.
fn any_of(words: &[impl AsRef<str>]) -> String {
    let words: Vec<String> = words
        .iter()
        .map(|word| regex::escape(word.as_ref()))
        .collect();
    format!("(?i-u:{})", words.join("|"))
}

/// What `\s`, `\b` and letters of any case mean in a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Classes {
    unicode: bool,
}

/// For the built-in rules: secrets are ASCII, and such patterns are compiled and searched faster.
const ASCII: Classes = Classes { unicode: false };

/// For the user's own.
const UNICODE: Classes = Classes { unicode: true };

fn whole(rule: &str, pattern: &str, classes: Classes) -> Result<Regex, RedactError> {
    // Checked by itself first, so that a mistake is told where the user made it.
    regex(rule, pattern, classes)?;
    regex(rule, &format!("^(?:{pattern})$"), classes)
}

fn regex(rule: &str, pattern: &str, classes: Classes) -> Result<Regex, RedactError> {
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
