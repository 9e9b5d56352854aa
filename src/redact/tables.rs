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
        if self.takes_secret(word) {
            return Some(Form::Either);
        }
        let within = |program: &Program| {
            let ends = |option: &String| value_start(program, option, word) == Some(word.len());
            !matches!(program.value, Form::Attached | Form::Slash)
                && program.options.iter().any(ends)
        };
        let program = known.iter().find(|program| within(program));
        program.map(|program| program.value)
    }

    /// Whether this is an option whose value is a secret, whatever the program: by its whole name,
    /// or by how its name ends.
    fn takes_secret(&self, option: &[u8]) -> bool {
        let Some(name) = option.strip_prefix(b"-") else {
            return false;
        };
        let name = name.strip_prefix(b"-").unwrap_or(name);
        let ends = |ending: &String| {
            let front = name.strip_suffix(ending.as_bytes());
            front.is_some_and(|front| matches!(front.last(), None | Some(b'-' | b'_')))
        };
        let first = name.split(|byte| matches!(byte, b'-' | b'_')).next();
        let switch = |word: &String| first == Some(word.as_bytes());
        let Options {
            names,
            endings,
            switches,
        } = &self.options;
        names.iter().any(|own| own.as_bytes() == option)
            || endings.iter().any(ends) && !switches.iter().any(switch)
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
            if self.takes_secret(name) || self.is_secret_variable(name) {
                return secret_of(rules, word, equals + 1, Form::Either);
            }
        }
        for program in known.iter().filter(|program| program.value != Form::Next) {
            for option in &program.options {
                let Some(start) = value_start(program, option, word) else {
                    continue;
                };
                let start = match word.get(start) {
                    Some(b'=') => start + 1,
                    _ if option.starts_with("--") => continue,
                    _ => start,
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
    let end = match form {
        Form::Userinfo => value.rfind_byte(b'@'),
        _ => Some(value.len()),
    };
    let behind = |byte: u8| value.find_byte(byte).map(|at| at + 1);
    let skipped = match form {
        Form::Either | Form::Leading | Form::Attached | Form::Next => Some(0),
        Form::Colon => behind(b':'),
        Form::Percent => behind(b'%'),
        Form::Comma => behind(b','),
        Form::Equals => behind(b'='),
        Form::Pass => value.starts_with(b"pass:").then_some(5),
        Form::Userinfo => {
            let host = value.find("://").map_or(0, |at| at + 3);
            let user = value.get(host..).unwrap_or(&[]);
            user.find_byte(b':').map(|at| host + at + 1)
        }
        Form::Slash => {
            behind(b'/').filter(|&at| at > 1 && is_variable(value.get(..at - 1).unwrap_or(&[])))
        }
    };
    let secret = skipped.zip(end).and_then(|(from, to)| value.get(from..to));
    let Some((skipped, secret)) = skipped.zip(secret) else {
        return Ok(None);
    };
    if secret.is_empty() || rules.passes(secret)? {
        return Ok(None);
    }
    let start = start + skipped;
    Ok(Some(start..start + secret.len()))
}

/// Where the value of an option starts in the word that has it; the option may stand behind letters
/// of others: `-su me:X`.
fn value_start(program: &Program, option: &str, word: &[u8]) -> Option<usize> {
    if word.starts_with(option.as_bytes()) {
        return Some(option.len());
    }
    let letter = match option.as_bytes() {
        [b'-', letter] => *letter,
        _ => return None,
    };
    let letters = word.strip_prefix(b"-")?;
    let flag = |byte: &u8| program.flags.as_bytes().contains(byte);
    let flags = letters.iter().take_while(|byte| flag(byte)).count();
    (flags > 0 && letters.get(flags) == Some(&letter)).then_some(flags + 2)
}
