//! Secret rules, applied to everything captured before it goes anywhere.
//!
//! The rules are patterns with a name ([`Redactor::new`] takes the built-in ones and the user's own);
//! a secret is replaced by `‹redacted:name›`, and only the name and a count are kept. Text is searched
//! as a person reads it: colours inside a secret do not hide it. Argument lists are also searched by
//! what is known about options that take secrets.
//!
//! This room never stores, shows or logs what it found.

use std::collections::{BTreeMap, BTreeSet};

use bstr::BString;
use serde::{Deserialize, Serialize};

use crate::model::contents::Contents;
use crate::model::program::Program;
use crate::model::snapshot::RedactionCount;
use crate::model::tree::ServerState;

mod argv;
mod detail;
mod rules;
mod scan;
mod splice;

use rules::Rules;

/// Whether something was taken out of a text.
#[must_use]
pub fn is_marked(text: &[u8]) -> bool {
    memchr::memmem::find(text, splice::MARK.as_bytes()).is_some()
}

/// A rule of the user's own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What stands in place of what it takes out.
    pub name: String,
    /// A regular expression (syntax of the regex crate). The group named `secret` is taken out, or
    /// else the first group that took part, or else the whole match.
    pub pattern: String,
}

/// What is taken out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RedactSettings {
    /// Whether anything is taken out at all.
    pub enabled: bool,
    /// Rules beside the built-in ones.
    #[serde(rename = "rules")]
    pub extra: Vec<Rule>,
    /// Patterns of secrets that are not taken out; each has to match the whole of one.
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

/// How often each rule took something out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally(BTreeMap<String, u32>);

impl Tally {
    /// The counts, by the name of the rule.
    #[must_use]
    pub fn counts(&self) -> Vec<RedactionCount> {
        let count = |(rule, count): (&String, &u32)| RedactionCount {
            rule: rule.clone(),
            count: *count,
        };
        self.0.iter().map(count).collect()
    }

    /// Everything together.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.0
            .values()
            .fold(0, |sum, &count| sum.saturating_add(count))
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: &Tally) {
        for (rule, &more) in &other.0 {
            let count = self.0.entry(rule.clone()).or_default();
            *count = count.saturating_add(more);
        }
    }

    fn add(&mut self, rule: &str) {
        let count = self.0.entry(rule.to_owned()).or_default();
        *count = count.saturating_add(1);
    }

    /// Adds the counts of another tally.
    fn absorb(&mut self, other: Tally) {
        for (rule, more) in other.0 {
            let count = self.0.entry(rule).or_default();
            *count = count.saturating_add(more);
        }
    }
}

/// A compiled set of rules.
#[derive(Debug)]
pub struct Redactor {
    rules: Option<Rules>,
}

impl Redactor {
    /// Compiles the built-in rules and those of `settings`.
    pub fn new(settings: &RedactSettings) -> Result<Self, RedactError> {
        let rules = settings
            .enabled
            .then(|| Rules::compile(settings))
            .transpose()?;
        Ok(Self { rules })
    }

    /// The texts of a pane without secrets.
    #[must_use]
    pub fn contents(&self, contents: &Contents, tally: &mut Tally) -> Contents {
        Contents {
            main: self.text(&contents.main, tally),
            alternate: contents
                .alternate
                .as_ref()
                .map(|screen| self.text(screen, tally)),
        }
    }

    /// Whether a rule that goes over several lines may find something in this text. While it is so for
    /// no part of a text, the text can be cut at any line break: its parts, redacted one by one, are what
    /// the whole would be. Rules of the user's own count as such that may, always.
    #[must_use]
    pub fn spans_lines(&self, text: &[u8]) -> bool {
        self.rules
            .as_ref()
            .is_some_and(|rules| splice::spans_lines(rules, text))
    }

    /// A name, title or path without secrets. Only patterns are looked for.
    #[must_use]
    pub fn name(&self, name: &[u8], tally: &mut Tally) -> BString {
        self.text(name, tally)
    }

    /// An argument list without secrets, and whether there were any.
    #[must_use]
    pub fn argv(&self, argv: &[BString], tally: &mut Tally) -> (Vec<BString>, bool) {
        match &self.rules {
            None => (argv.to_vec(), false),
            Some(rules) => argv::redacted(rules, argv, tally),
        }
    }

    /// Takes secrets out of everything in the structure: argument lists, names, titles, directories,
    /// settings, hooks, variables, buffers. Texts are not in it.
    pub fn state(&self, state: &mut ServerState, tally: &mut Tally) {
        if self.rules.is_none() {
            return;
        }
        let name = |name: &mut BString, tally: &mut Tally| *name = self.name(name, tally);
        self.buffers(&mut state.buffers, tally);
        let mut taken = BTreeSet::new();
        for session in &mut state.sessions {
            name(&mut session.name, tally);
            // Names that differed only in their secrets stay apart.
            while !taken.insert(session.name.clone()) {
                session.name.push(b'\'');
            }
            name(&mut session.cwd, tally);
            self.session_detail(&mut session.detail, tally);
            session
                .group
                .iter_mut()
                .for_each(|group| name(group, tally));
            for tab in &mut session.tabs {
                name(&mut tab.name, tally);
                self.tab_detail(&mut tab.detail, tally);
                for pane in &mut tab.panes {
                    name(&mut pane.title, tally);
                    name(&mut pane.cwd, tally);
                    pane.shell = self.argv(&pane.shell, tally).0;
                    self.pane_detail(&mut pane.detail, tally);
                    if let Some(program) = &mut pane.program {
                        self.program(program, tally);
                    }
                }
            }
        }
    }

    fn program(&self, program: &mut Program, tally: &mut Tally) {
        let (argv, mut redacted) = self.argv(&program.argv, tally);
        program.argv = argv;
        for member in &mut program.pipeline {
            let (argv, found) = self.argv(member, tally);
            *member = argv;
            redacted |= found;
        }
        for path in program.exe.iter_mut().chain(&mut program.cwd) {
            *path = self.name(path, tally);
        }
        program.redacted |= redacted;
    }

    fn text(&self, text: &[u8], tally: &mut Tally) -> BString {
        match &self.rules {
            None => text.into(),
            Some(rules) => splice::redacted(rules, text, tally),
        }
    }
}

#[cfg(test)]
mod tests;
