//! The rules about programs: the built-in ones and the user's, merged.

use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;

use super::grammar::Grammar;
use super::strategies::{self, Strategy};
use crate::files;
use crate::model::pattern::Pattern;

/// The built-in rules.
const BUILT_IN: &str = include_str!("../../../assets/rules/programs.toml");
/// The form of the file.
const SCHEMA: u32 = 1;

/// What may be done with a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Class {
    /// Typed and run, where the rule has a grammar with arguments that it knows.
    #[serde(alias = "run")]
    Allow,
    /// Typed.
    #[serde(alias = "type")]
    Offer,
    /// Neither.
    Never,
}

/// A rule about programs; `assets/rules/programs.toml` says what its fields mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) id: String,
    /// Whether it is the user's, or changed by the user.
    pub(super) of_user: bool,
    pub(super) names: Vec<String>,
    pub(super) class: Class,
    pub(super) bare: bool,
    pub(super) runs_arguments: bool,
    pub(super) runs_options: Vec<String>,
    pub(super) allow: Vec<Vec<String>>,
    pub(super) offer: Vec<Vec<String>>,
    pub(super) never: Vec<Vec<String>>,
    /// The arguments that it may be run with; `None` where whoever wrote the rule allows it by its
    /// name.
    pub(super) grammar: Option<Grammar>,
    /// What it reads by itself; see [`Merged::reads`].
    pub(super) reads: Vec<Pattern>,
    pub(super) strategy: Option<&'static dyn Strategy>,
}

/// Which programs a restore may start, and how: the built-in rules, and those of a file of the
/// user's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules(pub(super) Arc<Merged>);

/// The rules of all files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Merged {
    pub(super) programs: Vec<Rule>,
    /// Names of files that hooks of shells read by themselves, in lower case.
    pub(super) reads: Vec<Pattern>,
    /// Names with a point in front that none of them reads, in lower case.
    pub(super) ignored: Vec<Pattern>,
    /// Variables of which it is known that they make no program do anything else.
    pub(super) variables: Vec<String>,
}

/// Why a file of rules cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RulesError {
    /// The file is there but cannot be read.
    #[error("could not read the rules about programs in {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The file is not what it should be.
    #[error("the rules about programs in {}, line {line}, are not valid: {}{why}", path.display(), about(rule.as_deref()))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// The id of the rule, where it is in one that has any.
        rule: Option<String>,
        /// What is wrong.
        why: String,
    },
}

fn about(rule: Option<&str>) -> String {
    rule.map_or_else(String::new, |rule| format!("rule {rule:?}: "))
}

/// A file; every rule is read by itself, so that an error can name it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: Spanned<u32>,
    #[serde(default)]
    reads: Vec<String>,
    #[serde(default)]
    ignored: Vec<String>,
    #[serde(default)]
    variables: Vec<String>,
    #[serde(default)]
    program: Vec<Spanned<toml::Table>>,
}

/// A rule as it stands in a file; what is not given is as it was, or the default.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesPart {
    id: String,
    names: Option<Vec<String>>,
    class: Option<Class>,
    bare: Option<bool>,
    runs_arguments: Option<bool>,
    runs_options: Option<Vec<String>>,
    allow: Option<Vec<Vec<String>>>,
    offer: Option<Vec<Vec<String>>>,
    never: Option<Vec<Vec<String>>>,
    options: Option<Vec<String>>,
    operands: Option<String>,
    extensions: Option<Vec<String>>,
    reads: Option<Vec<String>>,
    #[serde(default, deserialize_with = "strategies::named")]
    strategy: Option<Option<&'static dyn Strategy>>,
}

/// What is wrong with a file, and where in it.
#[derive(Debug)]
struct Wrong {
    at: Range<usize>,
    rule: Option<String>,
    why: String,
}

/// The built-in rules. They are part of the program and a test reads them; were they broken
/// nevertheless, nothing would be run.
static RULES: LazyLock<Rules> = LazyLock::new(|| {
    Rules(Arc::new(
        merged(Merged::default(), BUILT_IN, false).unwrap_or_default(),
    ))
});

impl Default for Rules {
    /// The built-in rules alone.
    fn default() -> Self {
        Self::built_in()
    }
}

/// The longest file of rules that is read.
const MAX_FILE_BYTES: u64 = 4 << 20;

impl Rules {
    /// The built-in rules alone.
    #[must_use]
    pub fn built_in() -> Self {
        RULES.clone()
    }

    /// The built-in rules and those of a file; a file that is not there has none.
    pub fn load(path: &Path) -> Result<Self, RulesError> {
        let read = fs::File::open(path).and_then(|file| files::read_at_most(file, MAX_FILE_BYTES));
        let text = read.and_then(|bytes| {
            String::from_utf8(bytes)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
        });
        let text = match text {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::built_in()),
            Err(source) => {
                let path = path.to_owned();
                return Err(RulesError::Read { path, source });
            }
        };
        let rules =
            merged(Merged::clone(&RULES.0), &text, true).map_err(|wrong| RulesError::Invalid {
                path: path.to_owned(),
                line: line(&text, wrong.at.start),
                rule: wrong.rule,
                why: wrong.why,
            })?;
        Ok(Self(Arc::new(rules)))
    }
}

/// The number of the line that a place is in, from 1.
fn line(text: &str, at: usize) -> usize {
    let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
    memchr::memchr_iter(b'\n', before).count() + 1
}

fn parsed<T: DeserializeOwned>(text: &str) -> Result<T, Wrong> {
    toml::from_str(text).map_err(|error| Wrong {
        at: error.span().unwrap_or(0..0),
        rule: None,
        why: error.message().to_owned(),
    })
}

/// The patterns of names of files: file systems may take small and capital letters for the same.
fn patterns(names: &[String]) -> Result<Vec<Pattern>, String> {
    let pattern = |name: &String| Pattern::new(name.to_lowercase());
    let patterns: Result<_, _> = names.iter().map(pattern).collect();
    patterns.map_err(|error| error.to_string())
}

/// The rules with those of a file put into them.
fn merged(mut all: Merged, text: &str, of_user: bool) -> Result<Merged, Wrong> {
    let file: File = parsed(text)?;
    let wrong = |at: Range<usize>, rule: Option<&str>, why: &str| Wrong {
        at,
        rule: rule.map(str::to_owned),
        why: why.to_owned(),
    };
    if *file.schema.get_ref() != SCHEMA {
        let why = format!("this version of muxtape reads schema {SCHEMA}");
        return Err(wrong(file.schema.span(), None, &why));
    }
    for (all, names) in [
        (&mut all.reads, &file.reads),
        (&mut all.ignored, &file.ignored),
    ] {
        all.extend(patterns(names).map_err(|why| wrong(0..0, None, &why))?);
    }
    all.variables.extend(file.variables);
    let rules = &mut all.programs;
    let mut seen: Vec<String> = Vec::new();
    for table in file.program {
        let at = table.span();
        let table = table.into_inner();
        let id = table
            .get("id")
            .and_then(toml::Value::as_str)
            .map(str::to_owned);
        let wrong = |why: &str| wrong(at.clone(), id.as_deref(), why);
        let part: RulesPart = table
            .clone()
            .try_into()
            .map_err(|error: toml::de::Error| wrong(error.message()))?;
        let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if part.id.is_empty() || part.id.len() > 40 || !part.id.bytes().all(known) {
            return Err(wrong("an id has 1 to 40 small letters, digits or `-`"));
        }
        if seen.contains(&part.id) {
            return Err(wrong("the file has another rule with this id"));
        }
        seen.push(part.id.clone());
        let old = rules.iter().position(|rule| rule.id == part.id);
        let rule = part
            .onto(old.and_then(|at| rules.get(at)), of_user)
            .map_err(|why| wrong(&why))?;
        match old.and_then(|at| rules.get_mut(at)) {
            Some(old) => *old = rule,
            None => rules.push(rule),
        }
    }
    Ok(all)
}

impl RulesPart {
    /// The rule that it makes of an older one, or of nothing.
    fn onto(self, old: Option<&Rule>, of_user: bool) -> Result<Rule, String> {
        let missing = |what: &str| format!("a new rule needs `{what}`");
        let old_class = old.map(|rule| rule.class);
        let grammar = if self.options.is_some() || self.operands.is_some() {
            Some(Grammar::parse(
                &self.options.unwrap_or_default(),
                &self.operands.unwrap_or_default(),
                &self.extensions.unwrap_or_default(),
            )?)
        } else if self.extensions.is_some() {
            return Err("`extensions` needs `operands`".to_owned());
        } else if self.class == Some(Class::Allow) {
            // Whoever says so without naming arguments means the program, whatever its arguments
            // are.
            None
        } else {
            old.and_then(|rule| rule.grammar.clone())
        };
        let rule = Rule {
            id: self.id,
            of_user,
            names: self
                .names
                .or(old.map(|rule| rule.names.clone()))
                .ok_or_else(|| missing("names"))?,
            class: self.class.or(old_class).ok_or_else(|| missing("class"))?,
            bare: self.bare.or(old.map(|rule| rule.bare)).unwrap_or_default(),
            runs_arguments: self
                .runs_arguments
                .or(old.map(|rule| rule.runs_arguments))
                .unwrap_or_default(),
            runs_options: self
                .runs_options
                .or(old.map(|rule| rule.runs_options.clone()))
                .unwrap_or_default(),
            allow: self
                .allow
                .or(old.map(|rule| rule.allow.clone()))
                .unwrap_or_default(),
            offer: self
                .offer
                .or(old.map(|rule| rule.offer.clone()))
                .unwrap_or_default(),
            never: self
                .never
                .or(old.map(|rule| rule.never.clone()))
                .unwrap_or_default(),
            grammar,
            reads: match self.reads {
                Some(names) => patterns(&names)?,
                None => old.map(|rule| rule.reads.clone()).unwrap_or_default(),
            },
            strategy: self
                .strategy
                .or(old.map(|rule| rule.strategy))
                .unwrap_or_default(),
        };
        if rule.names.is_empty() || rule.names.iter().any(String::is_empty) {
            return Err("`names` has no name in it, or an empty one".to_owned());
        }
        if let Some(name) = rule.names.iter().find(|name| name.contains('/')) {
            return Err(format!("{name:?}: a name is the last part of a path"));
        }
        if rule.runs_options.iter().any(String::is_empty) {
            return Err("`runs_options` has an empty one in it".to_owned());
        }
        for line in rule.allow.iter().chain(&rule.offer).chain(&rule.never) {
            match line.as_slice() {
                [name, _, ..] if rule.names.contains(name) => {}
                _ => {
                    return Err(format!(
                        "{line:?}: a command line is one of the names and at least one word more"
                    ));
                }
            }
        }
        Ok(rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Rules, RulesError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("programs.toml");
        fs::write(&path, text).unwrap();
        Rules::load(&path)
    }

    fn rule(rules: &Rules, id: &str) -> Rule {
        rules
            .0
            .programs
            .iter()
            .find(|rule| rule.id == id)
            .unwrap()
            .clone()
    }

    #[test]
    fn the_built_in_rules_can_be_read() {
        let rules = merged(Merged::default(), BUILT_IN, false).unwrap();
        assert!(rules.programs.len() > 5);
        assert_eq!(*Rules::built_in().0, rules);
        assert_eq!(
            Rules::load(Path::new("/no/such/file")).unwrap(),
            Rules::built_in()
        );
    }

    #[test]
    fn a_rule_of_the_user_changes_what_it_names_and_nothing_else() {
        let rules = load(
            "schema = 1\n[[program]]\nid = \"remote\"\nclass = \"run\"\n\
             [[program]]\nid = \"mine\"\nnames = [\"mytool\"]\nclass = \"type\"\n",
        )
        .unwrap();
        let (old, new) = (rule(&Rules::built_in(), "remote"), rule(&rules, "remote"));
        assert_eq!(new.class, Class::Allow);
        assert_eq!(
            Rule {
                class: old.class,
                of_user: false,
                ..new
            },
            old
        );
        assert_eq!(rule(&rules, "mine").class, Class::Offer);
        let count = |rules: &Rules| rules.0.programs.len();
        assert_eq!(count(&rules), count(&Rules::built_in()) + 1);
    }

    #[test]
    fn a_broken_file_is_told_with_line_rule_and_reason() {
        let program = "schema = 1\n\n[[program]]\n";
        let said = |text: &str| match load(text) {
            Err(RulesError::Invalid {
                line, rule, why, ..
            }) => (line, rule, why),
            other => panic!("{other:?}"),
        };
        let cases = [
            ("schema = 2\n", 1, None, "schema 1"),
            ("schema = 1\nx = [", 2, None, ""),
            (
                &format!("{program}names = [\"a\"]\n"),
                3,
                None,
                "missing field `id`",
            ),
            (
                &format!("{program}id = \"a\"\n"),
                3,
                Some("a"),
                "needs `names`",
            ),
            (
                &format!("{program}id = \"a\"\nnames = [\"b\"]\n"),
                3,
                Some("a"),
                "needs `class`",
            ),
            (
                &format!("{program}id = \"vim\"\nclass = \"maybe\"\n"),
                3,
                Some("vim"),
                "unknown variant `maybe`",
            ),
            (
                &format!("{program}id = \"vim\"\nallowed = true\n"),
                3,
                Some("vim"),
                "unknown field `allowed`",
            ),
            (
                &format!("{program}id = \"vim\"\nstrategy = \"rm -r\"\n"),
                3,
                Some("vim"),
                "unknown variant `rm -r`",
            ),
            (
                &format!("{program}id = \"vim\"\nnever = [[\"less\", \"x\"]]\n"),
                3,
                Some("vim"),
                "one of the names",
            ),
            (
                &format!("{program}id = \"vim\"\n[[program]]\nid = \"vim\"\n"),
                5,
                Some("vim"),
                "another rule",
            ),
            (
                &format!("{program}id = \"V m\"\n"),
                3,
                Some("V m"),
                "small letters",
            ),
        ];
        for (text, line, rule, why) in cases {
            let (at, about, reason) = said(text);
            assert_eq!((at, about.as_deref()), (line, rule), "{text}: {reason}");
            assert!(reason.contains(why), "{text}: {reason}");
        }
    }
}
