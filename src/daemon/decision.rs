//! When the recorder captures.

use std::time::Duration;

use crate::model::{Cause, Millis};
use crate::mux::Probe;

/// Decides from two probes whether to capture now, and for which reason. Structure is captured at
/// once; text when the interval is over, and so are texts that are to be read `again`.
pub(super) fn decide(
    last: Option<&Probe>,
    probe: &Probe,
    again: bool,
    last_capture: Option<Millis>,
    now: Millis,
    interval: Duration,
) -> Option<Cause> {
    let (Some(last), Some(last_capture)) = (last, last_capture) else {
        return Some(Cause::Event);
    };
    if last.structure != probe.structure {
        return Some(Cause::Event);
    }
    let interval = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX);
    // A clock that went back must not stop the recording.
    let due = now < last_capture || now.since(last_capture) >= interval;
    let moved = again
        || last.panes != probe.panes
        || last.focus != probe.focus
        || last.panes.iter().any(|pane| pane.settling);
    (due && moved).then_some(Cause::Auto)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mux::PaneActivity;

    const INTERVAL: Duration = Duration::from_secs(30);

    fn probe(structure: u64, text: u64) -> Probe {
        Probe {
            panes: vec![PaneActivity {
                pane: crate::model::tree::PaneId::of(1),
                text,
                settling: false,
            }],
            structure,
            focus: 0,
        }
    }

    #[test]
    fn a_new_layout_is_captured_at_once_and_text_in_its_time() {
        let (first, at) = (probe(1, 1), Some(Millis(100_000)));
        let decide =
            |probe: Probe, now| decide(Some(&first), &probe, false, at, Millis(now), INTERVAL);
        assert_eq!(decide(probe(2, 1), 100_001), Some(Cause::Event));
        assert_eq!(decide(probe(1, 2), 129_999), None);
        assert_eq!(decide(probe(1, 2), 130_000), Some(Cause::Auto));
        assert_eq!(decide(probe(1, 1), 999_999), None);
        assert_eq!(
            decide(probe(1, 2), 5),
            Some(Cause::Auto),
            "the clock went back"
        );
    }

    #[test]
    fn who_only_looks_around_makes_no_history_of_it() {
        let first = probe(1, 1);
        let looked = Probe {
            focus: 1,
            ..first.clone()
        };
        let decide = |now| {
            decide(
                Some(&first),
                &looked,
                false,
                Some(Millis(100_000)),
                Millis(now),
                INTERVAL,
            )
        };
        assert_eq!(decide(100_001), None);
        assert_eq!(decide(130_000), Some(Cause::Auto));
    }

    #[test]
    fn the_first_look_captures() {
        assert_eq!(
            decide(None, &probe(1, 1), false, None, Millis(0), INTERVAL),
            Some(Cause::Event)
        );
    }

    #[test]
    fn text_that_may_still_have_come_after_the_capture_is_looked_at_again() {
        let mut first = probe(1, 1);
        first.panes[0].settling = true;
        let now = Millis(130_000);
        assert_eq!(
            decide(
                Some(&first),
                &probe(1, 1),
                false,
                Some(Millis(100_000)),
                now,
                INTERVAL
            ),
            Some(Cause::Auto)
        );
    }

    #[test]
    fn texts_that_were_put_together_are_read_again() {
        let (first, at) = (probe(1, 1), Some(Millis(100_000)));
        let decide = |now| decide(Some(&first), &first, true, at, Millis(now), INTERVAL);
        assert_eq!(decide(129_999), None);
        assert_eq!(decide(130_000), Some(Cause::Auto));
    }
}
