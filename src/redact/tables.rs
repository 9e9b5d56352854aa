//! Secrets in arguments: what is known about options of programs, and about names of variables.

use std::ops::Range;

use bstr::ByteSlice;

use super::RedactError;
use super::command::unquoted;
use super::file::{Form, Options, Program, Variables};
use super::rules::Rules;

/// What is known about arguments.
#[derive(Debug)]
pub(super) struct Tables {
    /// The rule under whose name they find, by index.
    pub(super) rule: usize,
    options: Options,
    variables: Variables,
    programs: Vec<Program>,
}

/// A secret: the index of its word, and its place there.
type Place = (usize, Range<usize>);

impl Tables {
    pub(super) fn new(
        rule: usize,
        options: Options,
        variables: Variables,
        programs: Vec<Program>,
    ) -> Self {
        Self {
            rule,
            options,
            variables,
            programs,
        }
    }

    /// The names of all programs with options that take secrets.
    pub(super) fn programs(&self) -> impl Iterator<Item = &str> {
        self.programs
            .iter()
            .flat_map(|program| &program.names)
            .map(String::as_str)
    }

    /// The secrets among the words of a command.
    pub(super) fn find(&self, rules: &Rules, words: &[&[u8]]) -> Result<Vec<Place>, RedactError> {
        let mut found = Vec::new();
        // The program may stand behind others: `sudo mysql`, `env A=b curl`.
        let mut known: Vec<&Program> = Vec::new();
        let mut pending: Option<Form> = None;
        for (index, &word) in words.iter().enumerate() {
            // A value that looks like an option is one: the option before it had none.
            if let Some(form) = pending.take()
                && !word.starts_with(b"-")
            {
                let place = secret_of(rules, word, 0, form)?;
                found.extend(place.map(|place| (index, place)));
                continue;
            }
            if !word.starts_with(b"-") {
                known.retain(|program| program.value != Form::Leading);
            }
            let name = word.rsplit(|&byte| byte == b'/').next().unwrap_or(word);
            for program in &self.programs {
                let named = program.names.iter().any(|own| own.as_bytes() == name);
                let with = |word: &&[u8]| program.with.iter().any(|with| with.as_bytes() == *word);
                // Each once, so that time is linear however often a name stands there.
                if named
                    && !known.iter().any(|known| std::ptr::eq(*known, program))
                    && (program.with.is_empty() || words.iter().any(with))
                {
                    known.push(program);
                }
            }
            pending = self.waits(word, &known);
            if pending.is_none() {
                let place = self.attached(rules, word, &known)?;
                found.extend(place.map(|place| (index, place)));
            }
        }
        Ok(found)
    }

    /// In which form the next word is a secret, if it is.
    fn waits(&self, word: &[u8], known: &[&Program]) -> Option<Form> {
        let is = |option: &String| option.as_bytes() == word;
        if self.options.names.iter().any(is) {
            return Some(Form::Either);
        }
        let program = known
            .iter()
            .find(|program| program.value != Form::Attached && program.options.iter().any(is));
        program.map(|program| program.value)
    }

    /// A secret in the word of its option: `--token=X`, `-pX`, `-uname:X`, `NAME_TOKEN=X`.
    fn attached(
        &self,
        rules: &Rules,
        word: &[u8],
        known: &[&Program],
    ) -> Result<Option<Range<usize>>, RedactError> {
        if let Some(equals) = word.find_byte(b'=') {
            let name = word.get(..equals).unwrap_or(&[]);
            let option = |option: &String| option.as_bytes() == name;
            if self.options.names.iter().any(option) || self.is_secret_variable(name) {
                return secret_of(rules, word, equals + 1, Form::Either);
            }
        }
        for program in known.iter().filter(|program| program.value != Form::Next) {
            for option in &program.options {
                let Some(value) = word.strip_prefix(option.as_bytes()) else {
                    continue;
                };
                let start = match value.first() {
                    Some(b'=') => option.len() + 1,
                    _ if option.starts_with("--") => continue,
                    _ => option.len(),
                };
                if let Some(place) = secret_of(rules, word, start, program.value)? {
                    return Ok(Some(place));
                }
            }
        }
        Ok(None)
    }

    /// Whether a variable of this name, in an argument or a setting, holds a secret.
    fn is_secret_variable(&self, name: &[u8]) -> bool {
        if !is_variable(name) {
            return false;
        }
        let upper = name.to_ascii_uppercase();
        let any = |words: &[String]| {
            upper
                .split(|&byte| byte == b'_')
                .any(|part| words.iter().any(|word| word.as_bytes() == part))
        };
        any(&self.variables.parts) && !any(&self.variables.elsewhere) && !self.is_exempt(&upper)
    }

    /// Whether a value of this name in the environment is never kept: there the name decides alone.
    pub(super) fn never_kept(&self, name: &[u8]) -> bool {
        let upper = name.to_ascii_uppercase();
        let within = |word: &String| upper.contains_str(word);
        self.variables.anywhere.iter().any(within) && !self.is_exempt(&upper)
    }

    fn is_exempt(&self, upper: &[u8]) -> bool {
        let is = |name: &String| name.as_bytes() == upper;
        self.variables.except.iter().any(is)
    }
}

fn is_variable(name: &[u8]) -> bool {
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    name.iter().all(letter) && name.first().is_some_and(|first| !first.is_ascii_digit())
}

/// The secret of a word whose value starts at `start`; `None` where it holds none.
fn secret_of(
    rules: &Rules,
    word: &[u8],
    start: usize,
    form: Form,
) -> Result<Option<Range<usize>>, RedactError> {
    let value = word.get(start..).unwrap_or(&[]);
    let inner = unquoted(value);
    let start = start + inner.start;
    let value = value.get(inner).unwrap_or(&[]);
    let skipped = match form {
        Form::Either | Form::Leading | Form::Attached | Form::Next => Some(0),
        Form::Colon => value.find_byte(b':').map(|at| at + 1),
        Form::Percent => value.find_byte(b'%').map(|at| at + 1),
        Form::Comma => value.find_byte(b',').map(|at| at + 1),
        Form::Equals => value.find_byte(b'=').map(|at| at + 1),
        Form::Pass => value.starts_with(b"pass:").then_some(5),
    };
    let Some(skipped) = skipped else {
        return Ok(None);
    };
    let secret = value.get(skipped..).unwrap_or(&[]);
    if secret.is_empty() || rules.passes(secret)? {
        return Ok(None);
    }
    let start = start + skipped;
    Ok(Some(start..start + secret.len()))
}
