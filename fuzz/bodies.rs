//! What the fuzz targets check, used by them and by the test that replays their corpus.

use muxtape::model::target::{SnapRef, Target};
use muxtape::model::{ansi, moment};
use muxtape::mux::tmux::layout;

/// Captured text: what is kept is stable and cannot act on a terminal.
pub(crate) fn text(data: &[u8]) {
    let kept = ansi::sanitised(data);
    assert_eq!(ansi::sanitised(&kept), kept);
    let shown = ansi::plain(data);
    assert!(
        !shown
            .chars()
            .any(|c| c.is_control() && c != '\n' && c != '\t'),
        "{shown:?}"
    );
    assert!(!ansi::label(data).chars().any(char::is_control));
    let coloured = ansi::coloured(data);
    assert_eq!(ansi::plain(coloured.as_bytes()), shown);
}

/// Words from the command line: read or refused, never a panic.
pub(crate) fn words(data: &[u8]) {
    let Ok(words) = std::str::from_utf8(data) else {
        return;
    };
    let _ = words.parse::<SnapRef>();
    if let Ok(target) = words.parse::<Target>() {
        let _ = target.to_string();
    }
    let noon = jiff::civil::date(2026, 11, 21).at(12, 0, 0, 0);
    if let Ok(now) = noon.to_zoned(jiff::tz::TimeZone::UTC) {
        let _ = moment::parse(words, &now);
    }
}

/// tmux layout strings: what is accepted tiles, and is printed as it was read.
pub(crate) fn layout(data: &[u8]) {
    if let Ok(read) = layout::parse(data) {
        assert!(read.check().is_ok());
        assert_eq!(layout::print(&read, &|pane| pane).as_bytes(), data);
    }
}
