//! What is taken out: the user's part of the rules, and why it cannot be used.

use serde::{Deserialize, Serialize};

/// A rule of the user's own, or a change to a built-in one of the same name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What stands in place of what it takes out. With the name of a built-in rule, what is given
    /// here takes the place of what that one says, and exceptions are added to its own.
    pub name: String,
    /// A regular expression (syntax of the regex crate) for single lines. The group named `secret`
    /// is taken out, or else the first group that took part, or else the whole match. A new rule
    /// needs one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// Texts, in any case, of which one stands in every line that the pattern can match. Without
    /// any, the pattern is tried on every line, which is slow.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// Patterns of whole values that this rule lets pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// Whether the rule is used at all.
    #[serde(default = "yes")]
    pub enabled: bool,
}

fn yes() -> bool {
    true
}

/// What is taken out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RedactSettings {
    /// Whether anything is taken out at all.
    pub enabled: bool,
    /// Rules beside the built-in ones, and changes to those.
    #[serde(rename = "rules")]
    pub extra: Vec<Rule>,
    /// Patterns of secrets that are not taken out, whichever rule finds them; each has to match the
    /// whole of one.
    pub allow: Vec<String>,
}

impl Default for RedactSettings {
    /// The built-in rules.
    fn default() -> Self {
        Self {
            enabled: true,
            extra: Vec::new(),
            allow: Vec::new(),
        }
    }
}

/// Why a set of rules cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedactError {
    /// A rule without a name, or with one that cannot stand in a text.
    #[error("redaction rule {name:?}: a name has 1 to 40 letters, digits, `-` or `_`")]
    Name {
        /// The name.
        name: String,
    },
    /// Two rules of the user's own have one name.
    #[error("redaction rule {rule}: there are two of that name; leave one out")]
    Twice {
        /// The rule's name.
        rule: String,
    },
    /// A rule without a pattern that changes no built-in rule.
    #[error(
        "redaction rule {rule}: it has no pattern, and there is no built-in rule of that name to change"
    )]
    NoPattern {
        /// The rule's name.
        rule: String,
    },
    /// A keyword that would stand in every line, or that no line can hold.
    #[error(
        "redaction rule {rule}: the keyword {keyword:?} needs 2 or more characters on one line"
    )]
    Keyword {
        /// The rule's name.
        rule: String,
        /// The keyword.
        keyword: String,
    },
    /// A pattern that is not a regular expression.
    #[error(
        "redaction rule {rule}: the pattern {pattern:?} is wrong at character {position}: {why}"
    )]
    Pattern {
        /// The rule's name; `allow` for an exception.
        rule: String,
        /// The pattern.
        pattern: String,
        /// Where it stops making sense, counted in characters from 1.
        position: usize,
        /// What is wrong there.
        why: String,
    },
    /// A pattern that is too large to be compiled.
    #[error("redaction rule {rule}: the pattern {pattern:?} is too large")]
    TooLarge {
        /// The rule's name; `allow` for an exception.
        rule: String,
        /// The pattern.
        pattern: String,
    },
    /// The built-in rules are damaged; a test keeps this from happening.
    #[error("the built-in redaction rules cannot be read: {0}")]
    BuiltIn(String),
}
