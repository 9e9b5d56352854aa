//! The rules of today for what was captured under those of another day.

use super::Exclusions;
use crate::model::contents::Contents;
use crate::model::tree::ServerState;
use crate::redact::{Clean, Redactor, Tally};
use crate::store::{Cleaned, Cleaner};

/// Takes out of the history what a capture would not let through today.
#[derive(Debug, Clone, Copy)]
pub struct Recheck<'a> {
    /// What takes secrets out.
    pub redactor: &'a Redactor,
    /// What is never recorded.
    pub exclusions: &'a Exclusions,
}

impl Cleaner for Recheck<'_> {
    fn state(&self, mut state: ServerState) -> Cleaned<ServerState> {
        self.exclusions.apply(&mut state);
        let mut tally = Tally::default();
        cleaned(self.redactor.state(state, &mut tally), &tally)
    }

    fn contents(&self, contents: &Contents) -> Cleaned<Contents> {
        let mut tally = Tally::default();
        cleaned(self.redactor.contents(contents, &mut tally), &tally)
    }

    fn words(&self, words: &str) -> Cleaned<String> {
        let mut tally = Tally::default();
        cleaned(self.redactor.words(words, &mut tally), &tally)
    }
}

fn cleaned<T>(clean: Clean<T>, tally: &Tally) -> Cleaned<T> {
    Cleaned {
        clean,
        found: tally.counts(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::capture::exclusions::Never;
    use crate::model::pattern::Pattern;
    use crate::redact::RedactSettings;
    use crate::store::testing::{session, state, text};

    #[test]
    fn what_is_never_recorded_goes_and_the_rest_is_redacted() {
        let never = Never {
            sessions: vec![Pattern::new("private*").unwrap()],
            ..Never::default()
        };
        let redactor = Redactor::new(&RedactSettings::default()).unwrap();
        let recheck = Recheck {
            redactor: &redactor,
            exclusions: &Exclusions::new(&never, &[], Path::new("/home/me")),
        };
        let shown = text(format!("$ export API_KEY={}", "k3".repeat(12)));
        let texts = std::slice::from_ref(&shown);
        let mut seen = state(vec![
            session("private-1", 1, texts),
            session("web", 2, texts),
        ]);
        let title = format!("mysql -p{} shop", "x7".repeat(8));
        seen.sessions[1].tabs[0].panes[0].title = title.as_str().into();
        seen.sessions[1].tabs[0].panes[0].shell = title.split(' ').map(Into::into).collect();
        let once = recheck.state(seen);
        assert_eq!(once.clean.sessions.len(), 1);
        assert!(!once.found.is_empty());
        let left = format!("{:?}", once.clean);
        assert!(!left.contains("x7x7") && left.contains("mysql"), "{left}");
        let twice = recheck.state(once.clean.clone().into_inner());
        assert_eq!(twice.clean, once.clean);
        let contents = recheck.contents(&shown);
        assert!(!contents.clean.main.to_string().contains("k3k3"));
        assert_eq!(recheck.contents(&contents.clean).clean, contents.clean);
        assert!(
            !recheck
                .words(&shown.main.to_string())
                .clean
                .contains("k3k3")
        );
    }
}
