//! Secret rules, applied to everything captured before it goes anywhere.
//!
//! The rules are data: patterns with a name, options of programs, names of variables
//! ([`Redactor::new`] takes the built-in ones and merges the user's own into them). A secret is
//! replaced by `‹redacted:name›`, and only the name and a count are kept. Text is searched as a
//! person reads it: colours inside a secret do not hide it, and neither does a line that a program
//! broke.
//!
//! Keywords are found in one pass; a rule is compiled when the first of its keywords is met, and
//! looks only at lines that hold one. A text that cannot be checked is dropped, never let through.
//!
//! This room never stores, shows or logs what it found. docs/secrets.md tells what is found and
//! what is not.

use std::collections::BTreeSet;
use std::sync::Arc;

use bstr::BString;

use crate::model::contents::Contents;
use crate::model::program::Program;
use crate::model::tree::ServerState;

mod ahead;
mod argv;
mod below;
mod block;
mod body;
mod border;
mod clean;
mod command;
mod detail;
mod file;
mod front;
mod growing;
mod kube;
mod netrc;
mod pattern;
mod rules;
mod scan;
mod settings;
mod splice;
mod tables;
mod tally;
mod wrap;

pub use clean::Clean;
pub use growing::{Growing, Grown};
pub use settings::{RedactError, RedactSettings, Rule};
pub use tally::Tally;

use rules::Rules;

/// Whether something was taken out of a text.
#[must_use]
pub fn is_marked(text: &[u8]) -> bool {
    memchr::memmem::find(text, splice::MARK.as_bytes()).is_some()
}

/// A set of rules, ready for use. Cheap to clone; clones share what was compiled.
#[derive(Debug, Clone)]
pub struct Redactor {
    rules: Option<Arc<Rules>>,
}

impl Redactor {
    /// Takes the built-in rules and those of `settings`.
    ///
    /// # Errors
    ///
    /// A rule of the user's own that cannot be used: the error names it and says why.
    pub fn new(settings: &RedactSettings) -> Result<Self, RedactError> {
        let rules = settings
            .enabled
            .then(|| Rules::read(settings))
            .transpose()?
            .map(Arc::new);
        Ok(Self { rules })
    }

    /// The texts of a pane without secrets.
    #[must_use]
    pub fn contents(&self, contents: &Contents, tally: &mut Tally) -> Clean<Contents> {
        let alternate = contents.alternate.as_ref();
        Clean::new(Contents {
            main: self.text(&contents.main, tally),
            alternate: alternate.map(|screen| self.text(screen, tally)),
        })
    }

    /// What a person typed (names, notes, tags) without secrets.
    #[must_use]
    pub fn words(&self, words: &str, tally: &mut Tally) -> Clean<String> {
        let clean = self.text(words.as_bytes(), tally);
        Clean::new(String::from_utf8_lossy(&clean).into_owned())
    }

    /// Up to where a text that may still grow at its end is settled: the start of a line, in bytes.
    /// What comes before stays as it is redacted now, and what comes from there on can be redacted
    /// by itself, whatever follows: `redacted(a + b + more) = redacted(a) + redacted(b + more)` for
    /// the parts `a` and `b` before and behind that place. It is mostly a line or two from the end;
    /// 0 where no such place is found, as within thousands of lines of base64.
    ///
    /// So who redacts a growing text in steps keeps the raw text from here on, and nothing else.
    #[must_use]
    pub fn settled(&self, text: &[u8]) -> usize {
        match &self.rules {
            None => text.len(),
            Some(rules) => splice::settled(rules, text),
        }
    }

    /// A name, title, path, or the text of one screen, without secrets.
    #[must_use]
    pub fn name(&self, name: &[u8], tally: &mut Tally) -> Clean<BString> {
        Clean::new(self.text(name, tally))
    }

    /// An argument list without secrets, and whether there were any.
    #[must_use]
    pub fn argv(&self, argv: &[BString], tally: &mut Tally) -> (Vec<BString>, bool) {
        match &self.rules {
            None => (argv.to_vec(), false),
            Some(rules) => argv::redacted(rules, argv, tally),
        }
    }

    /// Takes secrets out of everything in the structure: argument lists, names, titles,
    /// directories, settings, hooks, variables, buffers. Texts are not in it.
    #[must_use]
    pub fn state(&self, mut state: ServerState, tally: &mut Tally) -> Clean<ServerState> {
        if self.rules.is_some() {
            self.structure(&mut state, tally);
        }
        Clean::new(state)
    }

    fn structure(&self, state: &mut ServerState, tally: &mut Tally) {
        let name = |name: &mut BString, tally: &mut Tally| *name = self.text(name, tally);
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
                    let mut taken = BTreeSet::new();
                    for own in &mut pane.attachments {
                        name(&mut own.name, tally);
                        while !taken.insert((own.kind, own.name.clone())) {
                            own.name.push(b'\'');
                        }
                    }
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
            *path = self.text(path, tally);
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
