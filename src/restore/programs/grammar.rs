//! The words that a program may carry where it is entered by itself.
//!
//! A grammar names every option and the kind of every value and operand. It reads a command line as
//! the program would, as far as it knows the words, and admits it only where it knows all of them:
//! what is unknown has no meaning here, so it cannot be harmless.

use std::slice::Iter;

use bstr::{BString, ByteSlice};

/// What a value or an operand may look like. No kind fits a word that is empty, begins with `-`
/// (but for a number behind an option) or holds a byte that shells, pagers or terminals could read
/// in a way of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
enum GrammarKind {
    /// Digits, with a fraction or without: `1.5`.
    Number,
    /// A number of lines or bytes: `40`, `+40`, `-40`, `10K`.
    Count,
    /// Numbers with commas between them: `4,8`.
    List,
    /// A name of a user, a unit, a field, a page: `git-log.1`.
    Name,
    /// A time: `2026-11-30 09:00:00`, `yesterday`.
    Time,
    /// A field with its value: `_SYSTEMD_UNIT=cron.service`.
    Match,
    /// The plain name of a file. That it is one, the grammar cannot tell: it hands it on.
    File,
    /// One of these words.
    OneOf(Vec<String>),
}

impl GrammarKind {
    fn parse(text: &str) -> Result<Self, String> {
        Ok(match text {
            "NUMBER" => Self::Number,
            "COUNT" => Self::Count,
            "LIST" => Self::List,
            "NAME" => Self::Name,
            "TIME" => Self::Time,
            "MATCH" => Self::Match,
            "FILE" => Self::File,
            _ => {
                let words: Vec<String> = text.split('|').map(str::to_owned).collect();
                let sound = |word: &String| {
                    !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
                };
                if !words.iter().all(sound) {
                    return Err(format!("{text:?} is no kind of value"));
                }
                Self::OneOf(words)
            }
        })
    }

    fn fits(&self, word: &[u8]) -> bool {
        const MAX_DIGITS: usize = 12;
        let digits = |text: &[u8]| {
            !text.is_empty() && text.len() <= MAX_DIGITS && text.iter().all(u8::is_ascii_digit)
        };
        let plain = |more: &[u8]| {
            let known = |byte: &u8| byte.is_ascii_alphanumeric() || more.contains(byte);
            word.first()
                .is_some_and(|first| known(first) && !b"-+".contains(first))
                && word.iter().all(known)
        };
        match self {
            Self::Number => match word.split_once_str(".") {
                Some((whole, part)) => digits(whole) && digits(part),
                None => digits(word),
            },
            Self::Count => {
                let number = word.strip_prefix(b"+").or(word.strip_prefix(b"-"));
                let number = number.unwrap_or(word);
                let unit = number.trim_start_with(|c| c.is_ascii_digit());
                let count = number.len().saturating_sub(unit.len());
                number.get(..count).is_some_and(digits)
                    && unit.len() <= 3
                    && unit.iter().all(u8::is_ascii_alphabetic)
            }
            Self::List => word.split_str(",").all(digits),
            Self::Name => plain(b"_.@:+-"),
            Self::Time => plain(b" :.-"),
            Self::Match => word.split_once_str("=").is_some_and(|(field, value)| {
                let known = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_';
                !field.is_empty() && field.iter().all(known) && Self::Name.fits(value)
            }),
            Self::File => plain(b"_-./+@,"),
            Self::OneOf(words) => words.iter().any(|own| own.as_bytes() == word),
        }
    }
}

/// Whether an option has a value.
#[derive(Debug, Clone, PartialEq, Eq)]
enum GrammarValue {
    None,
    /// In the same word, or else the next word.
    Needed(GrammarKind),
    /// In the same word or not at all.
    Possible(GrammarKind),
}

/// What the words of a program's command line may be; `assets/rules/programs.toml` says how it is
/// written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Grammar {
    /// Options of one letter, which may stand behind each other: `-fn 5`.
    short: Vec<(u8, GrammarValue)>,
    /// Options with a name, which is written out: `--lines=5`.
    long: Vec<(String, GrammarValue)>,
    /// Words that begin with `+` and stand for themselves.
    words: Vec<String>,
    /// What else may stand behind a `+`.
    plus: Option<GrammarKind>,
    /// What operands are, if there may be any, and whether there may be several.
    operands: Option<(GrammarKind, bool)>,
    /// What names of files may end with, without the point; empty for any.
    extensions: Vec<String>,
}

impl Grammar {
    /// Reads what stands in a rule.
    pub(super) fn parse(
        options: &[String],
        operands: &str,
        extensions: &[String],
    ) -> Result<Self, String> {
        let mut grammar = Self {
            extensions: extensions.to_vec(),
            ..Self::default()
        };
        if !operands.is_empty() {
            let kind = operands.strip_suffix("...");
            grammar.operands = Some((
                GrammarKind::parse(kind.unwrap_or(operands))?,
                kind.is_some(),
            ));
        }
        for option in options {
            grammar.add(option)?;
        }
        Ok(grammar)
    }

    fn add(&mut self, option: &str) -> Result<(), String> {
        let wrong = || format!("{option:?} is no option");
        let value = |text: &str| match GrammarKind::parse(text)? {
            GrammarKind::File => Err(format!("{option:?}: a file can only be an operand")),
            kind => Ok(kind),
        };
        if let Some(word) = option.strip_prefix('+') {
            match GrammarKind::parse(word) {
                Ok(kind) => self.plus = Some(kind),
                Err(_) if word.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
                    self.words.push(option.to_owned());
                }
                Err(why) => return Err(why),
            }
        } else if let Some(long) = option.strip_prefix("--") {
            let (name, value) = if let Some((name, kind)) = long.split_once("[=") {
                let kind = kind.strip_suffix(']').ok_or_else(wrong)?;
                (name, GrammarValue::Possible(value(kind)?))
            } else if let Some((name, kind)) = long.split_once('=') {
                (name, GrammarValue::Needed(value(kind)?))
            } else {
                (long, GrammarValue::None)
            };
            let sound = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
            if name.is_empty() || !name.bytes().all(sound) {
                return Err(wrong());
            }
            if self.long.iter().any(|(own, _)| own == name) {
                return Err(format!("{option:?} is there twice"));
            }
            self.long.push((name.to_owned(), value));
        } else {
            let letters = option.strip_prefix('-').ok_or_else(wrong)?;
            let (letters, value) = if let Some((letters, kind)) = letters.split_once(' ') {
                (letters, GrammarValue::Needed(value(kind)?))
            } else if let Some((letters, kind)) = letters.split_once('[') {
                let kind = kind.strip_suffix(']').ok_or_else(wrong)?;
                (letters, GrammarValue::Possible(value(kind)?))
            } else {
                (letters, GrammarValue::None)
            };
            let several = value == GrammarValue::None || letters.len() == 1;
            if letters.is_empty() || !several {
                return Err(wrong());
            }
            for letter in letters.bytes() {
                if !letter.is_ascii_graphic() || letter == b'-' {
                    return Err(wrong());
                }
                if self.short.iter().any(|(own, _)| *own == letter) {
                    return Err(format!("{option:?} is there twice"));
                }
                self.short.push((letter, value.clone()));
            }
        }
        Ok(())
    }

    /// Whether the arguments of a program are all known here: then those that must be plain files,
    /// else the first one that is not known.
    ///
    /// Options stand before operands. Some programs take them behind as well, others read them
    /// there as names of files: such a line has no one meaning. `--` and `-` are never admitted.
    pub(super) fn admits<'a>(
        &self,
        arguments: &'a [BString],
    ) -> Result<Vec<&'a BString>, &'a BString> {
        let mut files = Vec::new();
        let mut operands = 0;
        let mut rest = arguments.iter();
        while let Some(word) = rest.next() {
            let known = match word.as_slice() {
                [b'-', b'-', name @ ..] if operands == 0 => self.knows_long(name, &mut rest),
                [b'-', letters @ ..] if operands == 0 => self.knows_short(letters, &mut rest),
                [b'+', command @ ..] if operands == 0 => {
                    let mut words = self.words.iter();
                    words.any(|own| own.as_bytes() == word.as_slice())
                        || self.plus.as_ref().is_some_and(|kind| kind.fits(command))
                }
                _ => {
                    operands += 1;
                    self.is_operand(word, operands, &mut files)
                }
            };
            if !known {
                return Err(word);
            }
        }
        Ok(files)
    }

    /// The letters and the names of its options.
    #[cfg(test)]
    pub(super) fn options(&self) -> (Vec<u8>, Vec<&str>) {
        let short = self.short.iter().map(|(letter, _)| *letter);
        let long = self.long.iter().map(|(name, _)| name.as_str());
        (short.collect(), long.collect())
    }

    fn knows_long(&self, word: &[u8], rest: &mut Iter<'_, BString>) -> bool {
        let (name, value) = match word.split_once_str("=") {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
        let known = self.long.iter().find(|(own, _)| own.as_bytes() == name);
        match (known.map(|(_, value)| value), value) {
            (Some(GrammarValue::None | GrammarValue::Possible(_)), None) => true,
            (Some(GrammarValue::Needed(kind)), None) => follows(kind, rest),
            (Some(GrammarValue::Needed(kind) | GrammarValue::Possible(kind)), Some(value)) => {
                kind.fits(value)
            }
            (Some(GrammarValue::None), Some(_)) | (None, _) => false,
        }
    }

    fn knows_short(&self, letters: &[u8], rest: &mut Iter<'_, BString>) -> bool {
        let mut letters = letters;
        if letters.is_empty() {
            return false;
        }
        while let Some((letter, joined)) = letters.split_first() {
            let known = self.short.iter().find(|(own, _)| own == letter);
            match known.map(|(_, value)| value) {
                None => return false,
                Some(GrammarValue::None) => letters = joined,
                Some(GrammarValue::Needed(kind)) if joined.is_empty() => {
                    return follows(kind, rest);
                }
                Some(GrammarValue::Possible(_)) if joined.is_empty() => return true,
                Some(GrammarValue::Needed(kind) | GrammarValue::Possible(kind)) => {
                    return kind.fits(joined);
                }
            }
        }
        true
    }

    fn is_operand<'a>(
        &self,
        word: &'a BString,
        number: usize,
        files: &mut Vec<&'a BString>,
    ) -> bool {
        let Some((kind, several)) = &self.operands else {
            return false;
        };
        if *kind == GrammarKind::File {
            files.push(word);
            if !self.extensions.is_empty() && !self.has_extension(word) {
                return false;
            }
        }
        (number == 1 || *several) && kind.fits(word)
    }

    fn has_extension(&self, file: &[u8]) -> bool {
        let name = file.rsplit(|&byte| byte == b'/').next().unwrap_or(file);
        let extension = match name.rsplit_once_str(".") {
            Some((_, extension)) => extension,
            None => b"",
        };
        self.extensions
            .iter()
            .any(|own| own.as_bytes() == extension)
    }
}

/// Whether the next word is such a value.
fn follows(kind: &GrammarKind, rest: &mut Iter<'_, BString>) -> bool {
    rest.next().is_some_and(|value| kind.fits(value))
}
