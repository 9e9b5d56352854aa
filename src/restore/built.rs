//! What a restore has built: what the report is made of.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::{Warning, WarningLevel};
use super::reference::{PaneRef, SessionRef, TabRef};
use super::report::{Made, MadePane};
use crate::model::tree::{PaneId, SessionId, TabId};

/// What has been built so far.
#[derive(Debug, Default)]
pub struct Built {
    /// The handle of each session.
    pub sessions: BTreeMap<SessionRef, SessionId>,
    /// The handle of each tab.
    pub tabs: BTreeMap<TabRef, TabId>,
    /// The handle of each pane.
    pub panes: BTreeMap<PaneRef, PaneId>,
    /// Panes that could not be made, and why.
    pub failed: BTreeMap<PaneRef, String>,
    /// Panes that never said that they were ready.
    pub silent: BTreeSet<PaneRef>,
    /// Panes whose program is what new panes begin with, and so is not typed.
    pub begun: BTreeSet<PaneRef>,
    /// Programs that could not be typed.
    pub untyped: BTreeSet<PaneRef>,
    /// What came up on the way.
    pub warnings: Vec<Warning>,
    /// What failed besides panes.
    pub errors: Vec<String>,
    /// Sessions that have their name.
    pub made: Vec<Made>,
    /// Panes that are in their place.
    pub made_panes: Vec<MadePane>,
}

impl Built {
    /// Adds something that is good to know.
    pub fn inform(
        &mut self,
        kind: &'static str,
        component: String,
        issue: String,
        fallback: &str,
        suggestion: &str,
    ) {
        self.warnings.push(Warning {
            level: WarningLevel::Info,
            kind,
            component,
            issue,
            fallback: fallback.to_owned(),
            suggestion: suggestion.to_owned(),
        });
    }

    /// Adds a warning.
    pub fn warn(&mut self, component: String, issue: String, fallback: &str) {
        self.warn_with(component, issue, fallback, "check it by hand".to_owned());
    }

    /// Adds a warning, with what to do about it.
    pub fn warn_with(
        &mut self,
        component: String,
        issue: String,
        fallback: &str,
        suggestion: String,
    ) {
        self.warnings.push(Warning {
            level: WarningLevel::Warning,
            kind: "came up",
            component,
            issue,
            fallback: fallback.to_owned(),
            suggestion,
        });
    }
}
