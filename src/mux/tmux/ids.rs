//! How tmux writes handles: `$3` for a session, `@3` for a window, `%3` for a pane.

use crate::model::tree::{PaneId, SessionId, TabId};

/// A session as a target.
#[must_use]
pub fn session(id: SessionId) -> String {
    format!("${}", id.number())
}

/// A window as a target.
#[must_use]
pub fn window(id: TabId) -> String {
    format!("@{}", id.number())
}

/// A pane as a target.
#[must_use]
pub fn pane(id: PaneId) -> String {
    format!("%{}", id.number())
}

/// The number of a pane in a layout.
#[must_use]
pub fn in_layout(id: PaneId) -> u32 {
    u32::try_from(id.number()).unwrap_or(0)
}

/// Reads `$3`.
#[must_use]
pub fn read_session(word: &[u8]) -> Option<SessionId> {
    read(word, b'$').map(SessionId::of)
}

/// Reads `@3`.
#[must_use]
pub fn read_window(word: &[u8]) -> Option<TabId> {
    read(word, b'@').map(TabId::of)
}

/// Reads `%3`.
#[must_use]
pub fn read_pane(word: &[u8]) -> Option<PaneId> {
    read(word, b'%').map(PaneId::of)
}

/// tmux counts in 32 bits.
fn read(word: &[u8], sign: u8) -> Option<u64> {
    let (first, digits) = word.split_first()?;
    let number: u32 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    (*first == sign).then_some(number.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(
            read_session(session(SessionId::of(3)).as_bytes()),
            Some(SessionId::of(3))
        );
        assert_eq!(
            read_window(window(TabId::of(0)).as_bytes()),
            Some(TabId::of(0))
        );
        assert_eq!(
            read_pane(pane(PaneId::of(70)).as_bytes()),
            Some(PaneId::of(70))
        );
        for other in ["", "$", "%", "3", "@3", "$-1", "$4294967296", "$3 "] {
            assert_eq!(read_session(other.as_bytes()), None, "{other:?}");
        }
    }
}
