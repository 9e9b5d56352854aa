//! What comes back: answers to effects, and news of the recorder.

use crate::app::effect::{Effect, Job};
use crate::app::msg::{Answer, CaptureOutcome, Failure};
use crate::app::screens::recover::Recover;
use crate::app::screens::{Go, Screen};
use crate::app::shared::{Cx, RecorderStatus, Shared};
use crate::app::state::{PAGE, State};
use crate::app::words::plural;
use crate::model::time::Millis;
use crate::model::words::verb;
use crate::ops::RecorderEvent;
use crate::ops::beat::{Beat, Health};

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
                    effects.push(Effect::Job(Job::LoadTimeline {
                        before: page.last().map(|meta| meta.id),
                        limit: PAGE,
                    }));
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
            shared.lives_revision += 1;
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
        Answer::Captured(Ok(CaptureOutcome::Spooled(words))) => {
            return shared.complain(&Failure {
                message: format!("Snapshot {words}"),
            });
        }
        Answer::Edited(Ok(metas)) => shared.library.edited(&metas),
        Answer::Trashed(Ok(ids)) => {
            shared.library.removed(&ids);
            let them = verb(ids.len() as u64, "it", "them");
            shared.say(format!("In the trash; u brings {them} back"));
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
                effects.push(Effect::Job(Job::LoadTimeline {
                    before: None,
                    limit: PAGE,
                }));
            }
        }
        Answer::Untrashed(Ok(ids)) => {
            shared.upkeep.turns += 1;
            shared.say(format!("Brought back {}", plural(ids.len(), "snapshot")));
            shared.follow = false;
            shared.at = ids.first().copied();
            shared.trashed.clear();
            // It can be looked at when the timeline has it again.
            return effects.push(Effect::Job(Job::LoadTimeline {
                before: None,
                limit: PAGE,
            }));
        }
        Answer::Notice(Ok(text)) => return shared.say(text),
        Answer::Crashes(Ok(offers)) => {
            // Whatever may have been closed is no reason to stand before the tape.
            if !offers.iter().any(|offer| offer.evident) {
                if !offers.is_empty() {
                    shared.say(
                        "An idle shell ended, or was closed: `muxtape recover` brings it back",
                    );
                }
                return;
            }
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
        for_a_screen @ (Answer::Searched { .. }
        | Answer::Compared { .. }
        | Answer::FoundServer(_)
        | Answer::Planned { .. }
        | Answer::Restoring(_)
        | Answer::Restored(_)
        | Answer::RestoreUndone(_)
        | Answer::Leftovers(_)
        | Answer::Figures { .. }
        | Answer::PrunePlanned { .. }) => return deliver(state, for_a_screen, effects),
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
    let now = shared.now;
    match event {
        RecorderEvent::Started { every_ms, after } => {
            if let Some(before) = after {
                let who = before.words();
                shared.say(format!("Recording here: {who} has ended"));
            }
            let beat = Beat {
                at: now,
                every_ms,
                health: Health::Starting,
            };
            shared.recorder = RecorderStatus::Recording { seen: now, beat };
        }
        RecorderEvent::Looked(beat) => shared.fares(None, beat),
        RecorderEvent::Other(holder) => shared.recorder = RecorderStatus::Other(holder),
        // Before the first page has come, it is not known whether this process is to record.
        RecorderEvent::Stopped if !state.begun => {}
        RecorderEvent::Stopped => shared.recorder = RecorderStatus::Off,
        RecorderEvent::Broken(message) => {
            let failure = Failure { message };
            // What stays the same is said once.
            let known =
                matches!(&shared.recorder, RecorderStatus::Failed(before) if *before == failure);
            if !known {
                shared.recording_failed(&failure.message);
            }
            shared.recorder = RecorderStatus::Failed(failure);
        }
        RecorderEvent::Stored(meta) => {
            shared.library.prepend(std::slice::from_ref(&meta));
            shared.looked(Some(meta.time), Health::Well);
            // Older ones may have been rotated out.
            effects.push(Effect::Job(Job::Refresh));
            state.refreshed(effects);
        }
        RecorderEvent::Unchanged => shared.looked(Some(now), Health::Well),
        RecorderEvent::NoServer | RecorderEvent::ServerGone { .. } => {
            shared.looked(None, Health::NoServer);
        }
        RecorderEvent::Failed(why) => {
            shared.recording_failed(&why);
            shared.looked(None, Health::Failing);
        }
        RecorderEvent::Spooled(spooled) => {
            shared.recording_failed(&spooled.to_string());
            shared.looked(None, Health::Spooled);
        }
        RecorderEvent::TakenIn(taken) => {
            shared.say(format!("Recording: {taken}"));
            shared.looked(Some(now), Health::Well);
            effects.push(Effect::Job(Job::Refresh));
        }
        // The next sign of life tells how it fares.
        RecorderEvent::Quiet | RecorderEvent::HeldBack => {}
    }
}

impl Shared {
    /// The recorder of this process looked, and `seen` is when it last stored or found nothing new.
    fn looked(&mut self, seen: Option<Millis>, health: Health) {
        let every_ms = match &self.recorder {
            RecorderStatus::Recording { beat, .. } => beat.every_ms,
            _ => self.settings.recorder.probe_ms(),
        };
        let beat = Beat {
            at: self.now,
            every_ms,
            health,
        };
        self.fares(seen, beat);
    }

    fn fares(&mut self, seen: Option<Millis>, beat: Beat) {
        let before = match &self.recorder {
            RecorderStatus::Recording { seen, .. } => *seen,
            _ => beat.at,
        };
        let seen = seen.unwrap_or(before);
        self.recorder = RecorderStatus::Recording { seen, beat };
    }

    fn recording_failed(&mut self, why: &str) {
        self.complain(&Failure {
            message: format!("Recording: {why}"),
        });
    }
}
