//! What comes back: answers to effects, and news of the recorder.

use super::effect::Effect;
use super::msg::{Answer, CaptureOutcome, Failure, RecorderEvent};
use super::screens::recover::Recover;
use super::screens::{Go, Screen};
use super::state::{Cx, RecorderStatus, State};
use super::update::{PAGE, plural};

/// Takes in an answer, or hands it to the screen that waits for it.
pub(super) fn answered(state: &mut State, answer: Answer, effects: &mut Vec<Effect>) {
    let shared = &mut state.shared;
    match answer {
        Answer::Timeline { before, result } => match result {
            Ok((page, more)) => {
                shared.trouble = None;
                if before.is_none() {
                    shared.library.clear();
                }
                shared.library.append(&page, more);
                let first = before.is_none() && !state.begun;
                if first && page.is_empty() {
                    state.begun = true;
                    return state.welcome(effects);
                }
                if first {
                    state.begun = true;
                    effects.push(Effect::Record);
                }
                if more {
                    effects.push(Effect::LoadTimeline {
                        before: page.last().map(|meta| meta.id),
                        limit: PAGE,
                    });
                }
            }
            Err(failure) => shared.trouble = Some(failure),
        },
        Answer::Refreshed(Ok((page, more))) => {
            if !state.begun || !shared.library.reconcile(&page, more) {
                return;
            }
        }
        Answer::Snapshot {
            id,
            generation,
            result,
        } => {
            // The ticket stays noted, so that what could not be had is not asked for over and over.
            let current = matches!(
                &shared.loading,
                Some(((asked, _), ticket)) if *asked == id && *ticket == generation
            );
            match result {
                Ok(loaded) => shared.library.keep(*loaded),
                Err(failure) if current => shared.complain(&failure),
                Err(_) => return,
            }
        }
        Answer::Lives(Ok(lives)) => {
            shared.lives = lives.into_iter().map(|life| (life.id(), life)).collect();
        }
        Answer::Contents(Ok(texts)) => shared.library.keep_texts(texts),
        Answer::Captured(Ok(CaptureOutcome::Stored(meta))) => {
            shared.say(format!("Stored {}", meta.id.short()));
            shared.library.prepend(std::slice::from_ref(&meta));
            shared.visit(meta.id);
        }
        Answer::Captured(Ok(CaptureOutcome::Unchanged(meta))) => {
            let words = format!(
                "Nothing has changed since {}: nothing stored",
                meta.id.short()
            );
            shared.say(words);
        }
        Answer::Captured(Ok(CaptureOutcome::KeptAside(words))) => {
            return shared.complain(&Failure {
                message: format!("Snapshot {words}"),
            });
        }
        Answer::Edited(Ok(metas)) => shared.library.edited(&metas),
        Answer::Trashed(Ok(ids)) => {
            shared.library.removed(&ids);
            shared.say("In the trash; u brings it back");
            shared.trashed = ids;
        }
        Answer::Working(work, progress) => return shared.working(work, progress),
        Answer::LastCheck(check) => {
            let known = &mut shared.upkeep.checked;
            *known = known.take().or(check);
            return;
        }
        Answer::Verified(result) => shared.verified(result),
        Answer::Compacted(result) => shared.compacted(result),
        Answer::Pruned(result) => {
            if shared.pruned(result) {
                effects.push(Effect::LoadTimeline {
                    before: None,
                    limit: PAGE,
                });
            }
        }
        Answer::Untrashed(Ok(ids)) => {
            shared.upkeep.turns += 1;
            shared.say(format!("Brought back {}", plural(ids.len(), "snapshot")));
            shared.follow = false;
            shared.at = ids.first().copied();
            shared.trashed.clear();
            // It can be looked at when the timeline has it again.
            return effects.push(Effect::LoadTimeline {
                before: None,
                limit: PAGE,
            });
        }
        Answer::Notice(Ok(text)) => return shared.say(text),
        Answer::Crashes(Ok(offers)) => {
            let mut cx = Cx { shared, effects };
            if let Some(prompt) = Recover::open(offers, &mut cx) {
                state.go(Go::Open(Box::new(Screen::Recover(prompt))), effects);
            }
        }
        Answer::Refreshed(Err(failure))
        | Answer::Lives(Err(failure))
        | Answer::Contents(Err(failure))
        | Answer::Captured(Err(failure))
        | Answer::Edited(Err(failure))
        | Answer::Trashed(Err(failure))
        | Answer::Untrashed(Err(failure))
        | Answer::Crashes(Err(failure))
        | Answer::Notice(Err(failure)) => return shared.complain(&failure),
        for_a_screen => return deliver(state, for_a_screen, effects),
    }
    state.refreshed(effects);
}

/// Hands an answer to the screen that waits for it, wherever in the stack it stands.
fn deliver(state: &mut State, answer: Answer, effects: &mut Vec<Effect>) {
    let Some(at) = state
        .screens
        .iter()
        .rposition(|screen| screen.wants(&answer))
    else {
        return;
    };
    let top = at + 1 == state.screens.len();
    let State {
        shared, screens, ..
    } = state;
    if let Some(screen) = screens.get_mut(at) {
        let go = screen
            .interact()
            .answer(answer, &mut Cx { shared, effects });
        // Only the screen that is seen may lead elsewhere.
        if top {
            state.go(go, effects);
        }
    }
}

/// Takes in news of the recorder.
pub(super) fn recorder(state: &mut State, event: RecorderEvent, effects: &mut Vec<Effect>) {
    let shared = &mut state.shared;
    shared.recorder = match event {
        RecorderEvent::Started => RecorderStatus::Recording { seen: shared.now },
        RecorderEvent::Captured(meta) => {
            let seen = meta.time;
            shared.library.prepend(std::slice::from_ref(&meta));
            shared.recorder = RecorderStatus::Recording { seen };
            // Older ones may have been rotated out.
            effects.push(Effect::Refresh);
            return state.refreshed(effects);
        }
        RecorderEvent::Unchanged { at } => RecorderStatus::Recording { seen: at },
        RecorderEvent::NoServer { .. } => RecorderStatus::NoServer,
        RecorderEvent::Failed { failure, .. } => {
            shared.complain(&Failure {
                message: format!("Recording: {}", failure.message),
            });
            RecorderStatus::Failed(failure)
        }
        RecorderEvent::KeptAside { failure } => {
            shared.complain(&Failure {
                message: format!("Recording: {}", failure.message),
            });
            RecorderStatus::KeptAside
        }
        RecorderEvent::TakenIn { at, words } => {
            shared.say(format!("Recording: {words}"));
            shared.recorder = RecorderStatus::Recording { seen: at };
            return effects.push(Effect::Refresh);
        }
        RecorderEvent::Other { pid } => RecorderStatus::Other { pid },
        RecorderEvent::Stopped => RecorderStatus::Off,
    };
}
