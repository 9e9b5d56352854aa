//! Prompts: what a typed line means.

use crate::model::ansi::label;
use crate::model::moment;

use super::effect::{Edit, Effect};
use super::overlay::{Asking, Confirmed, Overlay, Prompt};
use super::state::State;

impl Prompt {
    /// An empty line for something.
    #[must_use]
    pub fn new(asking: Asking) -> Self {
        Self {
            asking,
            input: tui_input::Input::default(),
            chosen: 0,
            problem: None,
        }
    }

    /// What can be chosen: sessions that match what was typed, after "all sessions".
    #[must_use]
    pub fn proposals(&self) -> Vec<Option<&bstr::BString>> {
        let Asking::Session(sessions) = &self.asking else {
            return Vec::new();
        };
        let typed = self.input.value().to_lowercase();
        let matching = sessions.iter().filter(|name| {
            crate::model::ansi::label(name)
                .to_lowercase()
                .contains(&typed)
        });
        let all = typed.is_empty().then_some(None);
        all.into_iter().chain(matching.map(Some)).collect()
    }

    /// The proposal after the chosen one.
    pub(super) fn next(&self) -> usize {
        let last = self.proposals().len().saturating_sub(1);
        (self.chosen + 1).min(last)
    }
}

/// Enter was pressed.
pub(super) fn take(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(Overlay::Prompt(prompt)) = &mut state.overlay else {
        return;
    };
    let typed = prompt.input.value().trim().to_owned();
    match prompt.asking.clone() {
        Asking::Moment => {
            let now = jiff::Timestamp::from_millisecond(state.shared.now.0)
                .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
                .to_zoned(state.shared.zone.clone());
            let words = typed.trim_end_matches(" ago").trim();
            match moment::parse(words, &now) {
                Ok(moment) => match state.shared.library.at(moment).map(|entry| entry.id) {
                    Some(id) => state.shared.visit(id),
                    None => {
                        prompt.problem = Some("The tape is empty".to_owned());
                        return;
                    }
                },
                Err(error) => {
                    prompt.problem = Some(error.to_string());
                    return;
                }
            }
        }
        Asking::Tag(id) => match typed.strip_prefix('-') {
            Some(tag) if !tag.is_empty() => effects.push(Effect::Edit {
                ids: vec![id],
                edit: Edit::Untag(tag.to_owned()),
            }),
            _ if typed.is_empty() => {}
            _ => effects.push(Effect::Edit {
                ids: vec![id],
                edit: Edit::Tag(typed),
            }),
        },
        Asking::Name(mut names) => {
            if names.first().is_none_or(|name| typed != label(name)) {
                prompt.problem = Some("That is not its name: nothing was done".to_owned());
                return;
            }
            names.remove(0);
            if !names.is_empty() {
                *prompt = Prompt::new(Asking::Name(names));
                return;
            }
            state.overlay = None;
            state.with_screen(effects, |screen, cx| {
                screen.interact().confirmed(Confirmed::Replace, cx)
            });
            return;
        }
        Asking::Session(_) => {
            let Some(chosen) = prompt.proposals().get(prompt.chosen).copied() else {
                prompt.problem = Some("No session is called that".to_owned());
                return;
            };
            state.shared.filter = chosen.cloned();
            state.shared.focus.session = state.shared.filter.clone();
        }
    }
    state.overlay = None;
    state.refreshed(effects);
}
