//! What is never recorded, as it is written.

use serde::{Deserialize, Serialize};

use super::DirectoryPattern;
use crate::model::pattern::Pattern;

/// `[capture.never]`: names of what is never recorded.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Never {
    /// Of sessions.
    pub sessions: Vec<Pattern>,
    /// Of tabs.
    pub tabs: Vec<Pattern>,
    /// Of programs: as they are called, or with the path of their executable.
    pub commands: Vec<Pattern>,
    /// Of directories, with everything below them.
    pub directories: Vec<DirectoryPattern>,
}

/// `[[capture.rule]]`: what holds for the sessions of some names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SessionRule {
    /// The names.
    pub session: Pattern,
    /// What is kept of their texts.
    pub contents: KeptTexts,
}

/// What is kept of the texts of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum KeptTexts {
    /// Whatever is captured.
    All,
    /// Nothing.
    None,
}
