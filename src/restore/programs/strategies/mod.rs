//! The registry of ways to start a program again that are better than its arguments alone.
//!
//! A [`Strategy`] looks at what is left of a program and notes what it found as a [`Trace`]; from
//! that and from the saved arguments it makes those to start with. A rule names the strategy of a
//! program; a new one is a file here and a line in [`STRATEGIES`].

mod less;
mod vim;

use std::collections::BTreeMap;
use std::fmt;

use bstr::BString;
use serde::{Deserialize, Deserializer, de::Error};

use crate::model::contents::Contents;
use crate::model::digest::Digest;
use crate::model::program::Program;
use crate::model::tree::Pane;

/// All strategies.
static STRATEGIES: &[&dyn Strategy] = &[&vim::VimSession, &less::LessLine];

/// What rules call the way to start a program with the arguments that it had.
const PLAIN: &str = "plain";

/// A way of starting a program again.
pub(in crate::restore) trait Strategy: fmt::Debug + Send + Sync {
    /// What rules call it.
    fn name(&self) -> &'static str;

    /// Whether it looks at the text of the pane.
    fn reads_text(&self) -> bool {
        false
    }

    /// Whether only the user may enter what it makes, because that could run anything.
    fn is_by_hand(&self) -> bool {
        false
    }

    /// Looks for what tells how the program comes back. The only part of it that may ask the
    /// system.
    fn look(&self, left: &Remains<'_>) -> Option<Trace>;

    /// The arguments to start it with; `None` where those that it had are better.
    fn argv(&self, saved: &[BString], trace: &Trace) -> Option<Vec<BString>>;
}

impl PartialEq for dyn Strategy {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for dyn Strategy {}

/// What is left of a program.
#[derive(Debug, Clone, Copy)]
pub(in crate::restore) struct Remains<'a> {
    /// The directory that it was in.
    pub(in crate::restore) dir: &'a BString,
    /// What its pane showed, where the strategy reads texts and it could be read.
    pub(in crate::restore) text: Option<&'a Contents>,
}

/// What a strategy has found out about a program, in its own notation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::restore) struct Trace(pub(in crate::restore) BString);

/// What strategies have found out about the programs of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Traces(BTreeMap<Key, Trace>);

/// A program, as far as a trace of it depends on it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    strategy: &'static str,
    dir: BString,
    text: Option<Digest>,
}

impl Key {
    fn of(strategy: &dyn Strategy, pane: &Pane, program: &Program) -> Self {
        let text = pane.contents.filter(|_| strategy.reads_text());
        Self {
            strategy: strategy.name(),
            dir: dir_of(pane, program).clone(),
            text: text.map(|text| text.digest),
        }
    }
}

/// The directory that a program was in.
pub(in crate::restore) fn dir_of<'a>(pane: &'a Pane, program: &'a Program) -> &'a BString {
    program.cwd.as_ref().unwrap_or(&pane.cwd)
}

impl Traces {
    /// Notes what a strategy finds out about the program of a pane.
    pub(in crate::restore) fn look(
        &mut self,
        strategy: &dyn Strategy,
        pane: &Pane,
        program: &Program,
        text: Option<&Contents>,
    ) {
        let dir = dir_of(pane, program);
        if let Some(trace) = strategy.look(&Remains { dir, text }) {
            self.0.insert(Key::of(strategy, pane, program), trace);
        }
    }

    /// What a strategy has found out about the program of a pane.
    pub(in crate::restore) fn of(
        &self,
        strategy: &dyn Strategy,
        pane: &Pane,
        program: &Program,
    ) -> Option<&Trace> {
        self.0.get(&Key::of(strategy, pane, program))
    }
}

/// Reads the name of a strategy in a file of rules; the inner `None` is [`PLAIN`].
#[expect(clippy::option_option, reason = "what is not given is as it was")]
pub(super) fn named<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Option<&'static dyn Strategy>>, D::Error> {
    let name = String::deserialize(from)?;
    let found = STRATEGIES.iter().find(|strategy| strategy.name() == name);
    if found.is_none() && name != PLAIN {
        let names = STRATEGIES.iter().map(|strategy| strategy.name());
        let names: Vec<String> = std::iter::once(PLAIN)
            .chain(names)
            .map(|name| format!("`{name}`"))
            .collect();
        let names = names.join(", ");
        let why = format!("unknown variant `{name}`, expected one of {names}");
        return Err(D::Error::custom(why));
    }
    Ok(Some(found.copied()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bstr::ByteSlice;

    /// The line that a strategy makes of another one.
    pub(super) fn line(strategy: &dyn Strategy, saved: &str, trace: &str) -> String {
        let saved: Vec<BString> = saved.split(' ').map(BString::from).collect();
        let made = strategy.argv(&saved, &Trace(trace.into()));
        bstr::join(" ", made.unwrap_or(saved)).as_bstr().to_string()
    }

    #[test]
    fn every_strategy_has_a_name_of_its_own_and_makes_no_line_of_nothing() {
        for strategy in STRATEGIES {
            let of_name = STRATEGIES.iter().filter(|other| *other == strategy);
            assert_eq!(of_name.count(), 1, "{strategy:?}");
            assert_ne!(strategy.name(), PLAIN);
            assert_eq!(strategy.argv(&[], &Trace("2".into())), None);
        }
    }

    #[test]
    fn a_trace_is_found_by_what_it_was_made_of() {
        let mut pane = crate::store::testing::session("s", 1, &[crate::store::testing::text("")])
            .tabs
            .remove(0)
            .panes
            .remove(0);
        let program = Program {
            argv: vec!["less".into(), "a".into()],
            exe: None,
            cwd: None,
            pipeline: Vec::new(),
            redacted: false,
        };
        let text = Contents {
            main: "$".into(),
            alternate: Some("     12 one\n     13 two\n:".into()),
        };
        pane.contents = Some(text.reference());
        let mut traces = Traces::default();
        traces.look(&less::LessLine, &pane, &program, Some(&text));
        let found = |pane: &Pane| traces.of(&less::LessLine, pane, &program).cloned();
        assert_eq!(found(&pane), Some(Trace("12".into())));
        pane.contents = None;
        assert_eq!(found(&pane), None);
        assert_eq!(traces.of(&vim::VimSession, &pane, &program), None);
    }
}
