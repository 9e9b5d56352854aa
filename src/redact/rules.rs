//! All rules, with the words by which those are found that can match a line.

use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, MatchKind};
use regex::bytes::Regex;

use super::file::{Entry, File, Side};
use super::pattern::{Ready, UNICODE, built_in, whole};
use super::tables::Tables;
use super::wrap::Broken;
use super::{RedactError, RedactSettings};

/// A rule. Its patterns are compiled when the first of its keywords is met.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) name: String,
    /// Whether its tokens go on in the next line where a program broke them.
    pub(super) wraps: bool,
    /// Whether the secret are lines beside the one that the pattern matches.
    pub(super) block: Option<Side>,
    entry: Entry,
    ready: OnceLock<Result<Ready, RedactError>>,
}

impl Compiled {
    /// The patterns. The error is for rules that cannot be compiled, which is found out at the
    /// start where the user wrote them.
    pub(super) fn ready(&self) -> Result<&Ready, RedactError> {
        self.ready
            .get_or_init(|| Ready::compile(&self.entry))
            .as_ref()
            .map_err(Clone::clone)
    }

    /// Whether a line with a keyword has what has to be in it beside that.
    pub(super) fn may_match(&self, line: &[u8]) -> bool {
        memchr::memmem::find(line, self.entry.also.as_bytes()).is_some()
    }

    /// A rule as it would be if its pattern were damaged.
    #[cfg(test)]
    pub(super) fn spoil(&mut self) {
        self.entry.pattern = "(".to_owned();
        self.ready = OnceLock::new();
    }

    /// The keywords, as they are written.
    pub(super) fn keywords(&self) -> &[String] {
        &self.entry.keywords
    }
}

/// Whom a keyword calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// The rule with this index; whether the keyword has to stand as it is written.
    Rule { index: usize, exact: bool },
    /// The tables of programs: a command may start here.
    Command,
}

/// A keyword, and whom it calls.
#[derive(Debug)]
pub(super) struct Keyword {
    pub(super) word: Vec<u8>,
    pub(super) targets: Vec<Target>,
}

/// All rules.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) rules: Vec<Compiled>,
    /// Rules without keywords, which are tried on every line, by index.
    pub(super) unkeyed: Vec<usize>,
    /// What is known about options; `None` where the rule of that name is switched off.
    pub(super) tables: Option<Tables>,
    /// Finds the keywords.
    pub(super) finder: AhoCorasick,
    /// By the finder's numbers.
    pub(super) keywords: Vec<Keyword>,
    /// Where a keyword of a token that goes on may be broken itself.
    pub(super) broken: Broken,
    harmless_pattern: String,
    harmless: OnceLock<Result<Regex, RedactError>>,
    allow: Vec<Regex>,
}

/// The name of the rule for what the tables of options and variables find.
const OPTION: &str = "password-option";

impl Rules {
    /// Reads the built-in rules and those of the settings. Only the user's are compiled at once.
    pub(super) fn read(settings: &RedactSettings) -> Result<Self, RedactError> {
        let file = File::merged(settings)?;
        let option = file.rules.iter().position(|rule| rule.name == OPTION);
        let tables =
            option.map(|rule| Tables::new(rule, file.options, file.variables, file.programs));
        let mut keywords: Vec<Keyword> = Vec::new();
        let mut call = |word: &[u8], target: Target| {
            let known = keywords.iter_mut().find(|keyword| keyword.word == word);
            match known {
                Some(keyword) => keyword.targets.push(target),
                None => keywords.push(Keyword {
                    word: word.to_owned(),
                    targets: vec![target],
                }),
            }
        };
        for (index, entry) in file.rules.iter().enumerate() {
            let exact = !entry.own && !entry.pattern.contains("(?i)");
            for word in &entry.keywords {
                call(word.as_bytes(), Target::Rule { index, exact });
            }
        }
        for program in tables.iter().flat_map(Tables::programs) {
            call(&[program.as_bytes(), b" "].concat(), Target::Command);
        }
        // One automaton for all of them, built outright: building it takes a millisecond, and no
        // text is slower than another.
        let finder = AhoCorasickBuilder::new()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .build(keywords.iter().map(|keyword| &keyword.word))
            .map_err(|error| RedactError::BuiltIn(error.to_string()))?;
        let unkeyed = file
            .rules
            .iter()
            .enumerate()
            .filter(|(_, entry)| entry.keywords.is_empty())
            .map(|(index, _)| index)
            .collect();
        let mut rules = Vec::with_capacity(file.rules.len());
        for entry in file.rules {
            let touched = entry.touched;
            let rule = Compiled {
                name: entry.name.clone(),
                wraps: entry.wraps,
                block: entry.block,
                entry,
                ready: OnceLock::new(),
            };
            if touched {
                rule.ready()?;
            }
            rules.push(rule);
        }
        let wraps = |target: &Target| matches!(target, Target::Rule { index, .. } if rules.get(*index).is_some_and(|rule| rule.wraps));
        let broken = keywords
            .iter()
            .enumerate()
            .filter(|(_, keyword)| keyword.targets.iter().any(wraps));
        let broken = Broken::new(broken.map(|(number, keyword)| (number, keyword.word.as_slice())));
        let allow = settings
            .allow
            .iter()
            .map(|pattern| whole("allow", pattern, UNICODE))
            .collect::<Result<_, _>>()?;
        let harmless: Vec<String> = file.harmless.into_iter().map(|one| one.pattern).collect();
        Ok(Self {
            rules,
            unkeyed,
            tables,
            finder,
            keywords,
            broken,
            harmless_pattern: harmless.join("|"),
            harmless: OnceLock::new(),
            allow,
        })
    }

    /// The rules whose tokens go on in the next line, of those that a keyword calls.
    pub(super) fn wrapping<'a>(&'a self, keyword: &'a Keyword) -> impl Iterator<Item = usize> + 'a {
        keyword.targets.iter().filter_map(|target| match *target {
            Target::Rule { index, .. } => {
                let rule = self.rules.get(index)?;
                rule.wraps.then_some(index)
            }
            Target::Command => None,
        })
    }

    /// Whether a value is plainly no secret, or one that the user lets pass.
    pub(super) fn passes(&self, value: &[u8]) -> Result<bool, RedactError> {
        let harmless = self
            .harmless
            .get_or_init(|| built_in("harmless", &self.harmless_pattern, UNICODE))
            .as_ref()
            .map_err(Clone::clone)?;
        Ok(harmless.is_match(value) || self.allow.iter().any(|allow| allow.is_match(value)))
    }
}
