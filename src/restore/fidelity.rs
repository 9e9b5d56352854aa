//! How much of a state came back: field by field, and what did not.

use std::collections::{BTreeMap, BTreeSet};

use bstr::BString;
use serde::Serialize;

use super::profile::Profile;
use super::variables;
use crate::model::ansi::label;
use crate::model::contents::Contents;
use crate::model::detail::{Setting, Variable};
use crate::model::digest::Digest;
use crate::model::geometry::{Layout, Rect};
use crate::model::target::Target;
use crate::model::tree::{AutomaticRename, ExitState, Pane, ServerState, Session, Tab, TabId};
use crate::restore::policy::Settings;

/// What is held against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Sessions, tabs and panes are there, under their names and numbers.
    Names,
    /// Groups, and tabs in several sessions.
    Sharing,
    /// Sizes and places of panes.
    Layout,
    /// Directories of sessions and panes.
    Directories,
    /// Titles of panes.
    Titles,
    /// What is looked at and was before, what is zoomed and marked.
    Focus,
    /// Settings, as far as a restore sets them by default.
    Settings,
    /// Variables.
    Environment,
    /// How processes have ended.
    Ends,
    /// Modes, synchronised and closed panes, names that follow programs.
    Modes,
    /// Saved text.
    Text,
    /// Paste buffers.
    Buffers,
    /// Shells that are there.
    Shells,
    /// Programs that can be started or typed again.
    Programs,
}

impl Field {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Field; 14] = [
        Field::Names,
        Field::Sharing,
        Field::Layout,
        Field::Directories,
        Field::Titles,
        Field::Focus,
        Field::Settings,
        Field::Environment,
        Field::Ends,
        Field::Modes,
        Field::Text,
        Field::Buffers,
        Field::Shells,
        Field::Programs,
    ];

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Field::Names => "names",
            Field::Sharing => "sharing",
            Field::Layout => "layout",
            Field::Directories => "directories",
            Field::Titles => "titles",
            Field::Focus => "focus",
            Field::Settings => "settings",
            Field::Environment => "environment",
            Field::Ends => "ends",
            Field::Modes => "modes",
            Field::Text => "text",
            Field::Buffers => "buffers",
            Field::Shells => "shells",
            Field::Programs => "programs",
        }
    }
}

/// How much of one field came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Score {
    /// The field.
    pub field: Field,
    /// Values that are as they were.
    pub matched: usize,
    /// Values that there were.
    pub total: usize,
}

/// Something that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The field.
    pub field: Field,
    /// Where: `api:1.2`, or `server`.
    pub target: String,
    /// What was saved, fit for showing.
    pub was: String,
    /// What came back, fit for showing.
    pub is: String,
}

/// How much came back of all fields.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fidelity {
    counts: BTreeMap<Field, (usize, usize)>,
    /// What is not as it was.
    pub differences: Vec<Difference>,
}

impl Fidelity {
    /// The score of every field, in their order.
    #[must_use]
    pub fn scores(&self) -> Vec<Score> {
        let count = |field| self.counts.get(&field).copied().unwrap_or_default();
        let score = |field| Score {
            field,
            matched: count(field).0,
            total: count(field).1,
        };
        Field::ALL.into_iter().map(score).collect()
    }

    /// Whether everything is as it was.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.counts
            .values()
            .all(|(matched, total)| matched == total)
    }

    /// Counts a value; `is` is what came back in its place.
    pub(super) fn count(&mut self, field: Field, target: &str, was: &str, is: Option<String>) {
        let count = self.counts.entry(field).or_default();
        count.1 += 1;
        match is {
            None => count.0 += 1,
            Some(is) => self.differences.push(Difference {
                field,
                target: target.to_owned(),
                was: was.to_owned(),
                is,
            }),
        }
    }

    fn compare<T: PartialEq + FidelityShow>(
        &mut self,
        field: Field,
        target: &str,
        was: &T,
        is: Option<&T>,
    ) {
        let is = match is {
            Some(is) if is == was => None,
            Some(is) => Some(cut(is.show())),
            None => Some("missing".to_owned()),
        };
        self.count(field, target, &cut(was.show()), is);
    }
}

/// At the most this much of a value is shown.
const MAX_SHOWN_CHARS: usize = 120;

fn cut(text: String) -> String {
    match text.char_indices().nth(MAX_SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// A value as a person reads it.
trait FidelityShow {
    fn show(&self) -> String;
}

impl FidelityShow for BString {
    fn show(&self) -> String {
        label(self)
    }
}

impl FidelityShow for String {
    fn show(&self) -> String {
        self.clone()
    }
}

impl FidelityShow for u32 {
    fn show(&self) -> String {
        self.to_string()
    }
}

impl<T: FidelityShow> FidelityShow for Option<T> {
    fn show(&self) -> String {
        self.as_ref().map_or_else(|| "none".to_owned(), T::show)
    }
}

impl<T: FidelityShow> FidelityShow for Vec<T> {
    fn show(&self) -> String {
        match self.as_slice() {
            [] => "none".to_owned(),
            all => all.iter().map(T::show).collect::<Vec<_>>().join(", "),
        }
    }
}

impl FidelityShow for Setting {
    fn show(&self) -> String {
        format!("{} {}", label(&self.name), label(&self.value))
    }
}

impl FidelityShow for Variable {
    fn show(&self) -> String {
        match &self.value {
            Some(value) => format!("{}={}", label(&self.name), label(value)),
            None => format!("{} taken out", label(&self.name)),
        }
    }
}

impl FidelityShow for Rect {
    fn show(&self) -> String {
        let Self {
            left,
            top,
            width,
            height,
        } = self;
        format!("{width}x{height} at {left},{top}")
    }
}

impl FidelityShow for Layout {
    fn show(&self) -> String {
        let rects: Vec<Rect> = self.panes().into_iter().map(|(_, rect)| rect).collect();
        rects.show()
    }
}

impl FidelityShow for ExitState {
    fn show(&self) -> String {
        match self.status {
            Some(status) => format!("ended with {status}"),
            None => "ended".to_owned(),
        }
    }
}

/// The words of what holds.
fn words<const N: usize>(all: [(bool, &str); N]) -> Vec<String> {
    let holds = all.into_iter().filter(|(holds, _)| *holds);
    holds.map(|(_, word)| word.to_owned()).collect()
}

/// Texts by their digests.
pub(super) type Texts = BTreeMap<Digest, Contents>;

/// What a restore sets by default.
#[derive(Debug, Clone, Copy)]
pub(super) struct Defaults<'a> {
    /// The names of the variables that the user keeps.
    pub(super) listed: &'a BTreeSet<String>,
    /// What is known of the multiplexer.
    pub(super) profile: &'a dyn Profile,
}

impl Defaults<'_> {
    fn settings(self, settings: &[Setting]) -> Vec<Setting> {
        let none = BTreeSet::new();
        let (own, _) = self
            .profile
            .allowed(Settings::Safe, &none, settings, &[], &[]);
        own.settings
    }
}

/// Holds what came back against what was saved: structure, settings and texts.
pub(super) fn compare(
    was: &ServerState,
    texts: &Texts,
    is: &ServerState,
    now: &Texts,
    defaults: Defaults<'_>,
) -> Fidelity {
    let mut found = Fidelity::default();
    let (linked, linked_now) = (sharing(was), sharing(is));
    for session in &was.sessions {
        let new = is.session(&session.name);
        let place = target(session, None, None);
        found.compare(
            Field::Names,
            &place,
            &session.name,
            new.map(|one| &one.name),
        );
        found.compare(
            Field::Directories,
            &place,
            &session.cwd,
            new.map(|one| &one.cwd),
        );
        compare_session(&mut found, &place, session, new, defaults);
        for tab in &session.tabs {
            let new = new.and_then(|session| session.tab(tab.index));
            let place = target(session, Some(tab), None);
            found.compare(Field::Names, &place, &tab.name, new.map(|one| &one.name));
            found.compare(
                Field::Layout,
                &place,
                &tab.layout,
                new.map(|one| &one.layout),
            );
            compare_tab(&mut found, &place, tab, new, defaults);
            if let Some(others) = linked.get(&place) {
                found.compare(Field::Sharing, &place, others, linked_now.get(&place));
            }
            for pane in &tab.panes {
                let new = new.and_then(|tab| tab.pane(pane.index));
                let place = target(session, Some(tab), Some(pane));
                compare_pane(&mut found, &place, pane, new, defaults);
                let Some(text) = pane.contents.and_then(|text| texts.get(&text.digest)) else {
                    continue;
                };
                let new = new.and_then(|pane| now.get(&pane.contents?.digest));
                found.compare(Field::Text, &place, &text.main, new.map(|text| &text.main));
            }
        }
    }
    let mut rest: Vec<_> = is.buffers.iter().collect();
    for buffer in &was.buffers {
        let at = rest.iter().position(|one| one.data == buffer.data);
        let new = at.map(|at| &rest.remove(at).data);
        found.compare(Field::Buffers, "server", &buffer.data, new);
    }
    found
}

fn target(session: &Session, tab: Option<&Tab>, pane: Option<&Pane>) -> String {
    let target = Target {
        session: session.name.clone(),
        tab: tab.map(|tab| tab.index),
        pane: pane.map(|pane| pane.index),
    };
    target.to_string()
}

/// The tabs that stand in several sessions, each with all its places.
fn sharing(state: &ServerState) -> BTreeMap<String, Vec<String>> {
    let mut places: BTreeMap<TabId, Vec<String>> = BTreeMap::new();
    for session in &state.sessions {
        for tab in &session.tabs {
            if let Some(handle) = tab.handle {
                let place = target(session, Some(tab), None);
                places.entry(handle).or_default().push(place);
            }
        }
    }
    let shared = places.into_values().filter(|all| all.len() > 1);
    shared
        .flat_map(|all| all.clone().into_iter().map(move |one| (one, all.clone())))
        .collect()
}

fn compare_session(
    found: &mut Fidelity,
    place: &str,
    was: &Session,
    is: Option<&Session>,
    defaults: Defaults<'_>,
) {
    let detail = is.map(|is| &is.detail);
    if was.group.is_some() {
        found.compare(Field::Sharing, place, &was.group, is.map(|is| &is.group));
    }
    found.compare(
        Field::Focus,
        place,
        &was.detail.recent,
        detail.map(|is| &is.recent),
    );
    for setting in &defaults.settings(&was.detail.settings) {
        let new = detail.and_then(|is| is.settings.iter().find(|one| one.name == setting.name));
        found.compare(Field::Settings, place, setting, new);
    }
    let variables = was.detail.environment.iter();
    let set = variables.filter(|one| variables::may_be_set(Settings::Safe, defaults.listed, one));
    for variable in set {
        let mut all = detail.into_iter().flat_map(|is| &is.environment);
        let new = all.find(|one| one.name == variable.name);
        found.compare(Field::Environment, place, variable, new);
    }
}

fn compare_tab(
    found: &mut Fidelity,
    place: &str,
    was: &Tab,
    is: Option<&Tab>,
    defaults: Defaults<'_>,
) {
    let focus = |tab: &Tab| {
        words([
            (tab.active, "active"),
            (tab.last, "last"),
            (tab.zoomed, "zoomed"),
        ])
    };
    found.compare(Field::Focus, place, &focus(was), is.map(focus).as_ref());
    let modes = |tab: &Tab| {
        words([
            (tab.synchronized, "synchronized"),
            (
                tab.automatic_rename == AutomaticRename::On,
                "named by program",
            ),
            (
                tab.automatic_rename == AutomaticRename::Off,
                "named by hand",
            ),
        ])
    };
    found.compare(Field::Modes, place, &modes(was), is.map(modes).as_ref());
    for setting in &defaults.settings(&was.detail.settings) {
        let mut all = is.into_iter().flat_map(|is| &is.detail.settings);
        let new = all.find(|one| one.name == setting.name);
        found.compare(Field::Settings, place, setting, new);
    }
}

fn compare_pane(
    found: &mut Fidelity,
    place: &str,
    was: &Pane,
    is: Option<&Pane>,
    defaults: Defaults<'_>,
) {
    found.compare(Field::Names, place, &was.index, is.map(|is| &is.index));
    found.compare(Field::Layout, place, &was.rect, is.map(|is| &is.rect));
    found.compare(Field::Directories, place, &was.cwd, is.map(|is| &is.cwd));
    found.compare(Field::Titles, place, &was.title, is.map(|is| &is.title));
    let focus = |pane: &Pane| {
        words([
            (pane.active, "active"),
            (pane.last, "last"),
            (pane.marked, "marked"),
        ])
    };
    found.compare(Field::Focus, place, &focus(was), is.map(focus).as_ref());
    if was.exit.is_some() {
        found.compare(Field::Ends, place, &was.exit, is.map(|is| &is.exit));
    }
    let modes = |pane: &Pane| {
        let detail = &pane.detail;
        let scroll = pane.screen.scroll.map(|rows| rows.to_string());
        let all = [
            ("mode", Some(label(&detail.mode))),
            ("scrolled", scroll),
            ("search", Some(label(&detail.search))),
        ];
        let all = all.into_iter().filter_map(|(name, value)| {
            let value = value.filter(|value| !value.is_empty())?;
            Some(format!("{name} {value}"))
        });
        let input = words([(detail.input_off, "input off")]);
        all.chain(input).collect::<Vec<_>>()
    };
    found.compare(Field::Modes, place, &modes(was), is.map(modes).as_ref());
    for setting in &defaults.settings(&was.detail.settings) {
        let mut all = is.into_iter().flat_map(|is| &is.detail.settings);
        let new = all.find(|one| one.name == setting.name);
        found.compare(Field::Settings, place, setting, new);
    }
}
