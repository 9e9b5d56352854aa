//! The rules as they are written: the built-in ones, and the user's merged into them.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{RedactError, RedactSettings};

/// The built-in rules.
const BUILT_IN: &str = include_str!("../../assets/rules/secrets.toml");

/// Everything that the file says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(rename = "rule")]
    pub(super) rules: Vec<Entry>,
    pub(super) harmless: Vec<Harmless>,
    pub(super) options: Options,
    pub(super) variables: Variables,
    #[serde(rename = "program")]
    pub(super) programs: Vec<Program>,
}

/// A rule as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) name: String,
    #[serde(rename = "about")]
    _about: IgnoredAny,
    pub(super) pattern: String,
    pub(super) keywords: Vec<String>,
    #[serde(default)]
    pub(super) also: String,
    #[serde(default)]
    pub(super) except: Vec<String>,
    #[serde(default)]
    pub(super) wraps: bool,
    #[serde(default)]
    pub(super) block: Option<Side>,
    #[serde(default)]
    pub(super) end: Option<String>,
    // Both are for tests.
    #[serde(default, rename = "examples")]
    _examples: IgnoredAny,
    #[serde(default, rename = "counter")]
    _counter: IgnoredAny,
    /// Whether the pattern is the user's.
    #[serde(skip)]
    pub(super) own: bool,
    /// Whether any of it is.
    #[serde(skip)]
    pub(super) touched: bool,
}

/// Where a secret stands, seen from the line that the pattern matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Side {
    /// In the lines after it.
    After,
    /// In the lines before it.
    Before,
    /// As the value in one of the next lines.
    Below,
    /// As the values of a manifest, in lines below it.
    Manifest,
    /// In the entry of a file of passwords that begins with it.
    Entry,
}

/// Values that are never secrets.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Harmless {
    #[serde(rename = "name")]
    _name: IgnoredAny,
    pub(super) pattern: String,
}

/// Options that take a secret, of whatever program.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {
    pub(super) names: Vec<String>,
    /// How the names of others end.
    pub(super) endings: Vec<String>,
    /// How those of them begin that take no value.
    pub(super) switches: Vec<String>,
}

/// Names of variables that hold secrets.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Variables {
    pub(super) parts: Vec<String>,
    pub(super) elsewhere: Vec<String>,
    pub(super) anywhere: Vec<String>,
    pub(super) except: Vec<String>,
}

/// Options of certain programs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Program {
    pub(super) names: Vec<String>,
    pub(super) options: Vec<String>,
    pub(super) value: Form,
    #[serde(default)]
    pub(super) with: Vec<String>,
    /// Letters of options without values that may stand before an option of one letter: `-su`.
    #[serde(default)]
    pub(super) flags: String,
}

/// How an option carries its secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Form {
    /// As the next argument or in the same one: `-p X`, `-pX`.
    Either,
    /// The same, but only before the first argument that is no option: `sshpass -p X ssh -p 22`.
    Leading,
    /// In the same argument only; the next one is something else: `mysql -pX`.
    Attached,
    /// As the next argument only.
    Next,
    /// As `user:secret`.
    Colon,
    /// As `user%secret`.
    Percent,
    /// As `user,secret`.
    Comma,
    /// As `name=secret`.
    Equals,
    /// As `pass:secret`, beside other forms that are no secrets.
    Pass,
    /// As `user:secret@host`, with a scheme or without.
    Userinfo,
    /// As `user/secret`, in whatever argument.
    Slash,
}

impl File {
    /// The built-in rules with what the settings change and add.
    pub(super) fn merged(settings: &RedactSettings) -> Result<Self, RedactError> {
        let mut file: File =
            toml::from_str(BUILT_IN).map_err(|error| RedactError::BuiltIn(error.to_string()))?;
        let mut seen = BTreeSet::new();
        for rule in &settings.extra {
            let sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
            if rule.name.is_empty() || rule.name.len() > 40 || !rule.name.chars().all(sound) {
                return Err(RedactError::Name {
                    name: rule.name.clone(),
                });
            }
            if !seen.insert(&rule.name) {
                return Err(RedactError::Twice {
                    rule: rule.name.clone(),
                });
            }
            let wrong = |word: &&String| word.len() < 2 || word.contains('\n');
            if let Some(keyword) = rule.keywords.iter().find(wrong) {
                return Err(RedactError::Keyword {
                    rule: rule.name.clone(),
                    keyword: keyword.clone(),
                });
            }
            let place = file.rules.iter().position(|entry| entry.name == rule.name);
            let before = place.map(|place| file.rules.remove(place));
            if !rule.enabled && before.is_some() {
                continue;
            }
            let merged = match (before, &rule.pattern) {
                (Some(mut entry), None) => {
                    entry.except.extend(rule.except.iter().cloned());
                    entry.touched = true;
                    entry
                }
                (_, Some(_)) if !rule.enabled => continue,
                (before, Some(pattern)) => {
                    let mut except = before.map_or_else(Vec::new, |entry| entry.except);
                    except.extend(rule.except.iter().cloned());
                    Entry {
                        name: rule.name.clone(),
                        _about: IgnoredAny,
                        pattern: pattern.clone(),
                        keywords: rule.keywords.clone(),
                        also: String::new(),
                        except,
                        wraps: false,
                        block: None,
                        end: None,
                        _examples: IgnoredAny,
                        _counter: IgnoredAny,
                        own: true,
                        touched: true,
                    }
                }
                (None, None) => {
                    return Err(RedactError::NoPattern {
                        rule: rule.name.clone(),
                    });
                }
            };
            file.rules.insert(place.unwrap_or(file.rules.len()), merged);
        }
        Ok(file)
    }
}
