//! The screens, drawn.

mod detail;
mod diff;
mod excerpt;
mod facts;
mod list;
mod recover;
mod report;
mod restore;
mod search;
mod storage;
mod tape;
mod timeline;
mod welcome;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::Screen;

use super::draw::{Drawn, Look};

/// Draws a screen, header included, footer not.
pub(crate) fn draw(
    screen: &Screen,
    look: &Look<'_>,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    match screen {
        Screen::Recover(screen) => recover::draw(screen, look, area, buf, drawn),
        Screen::Welcome(screen) => welcome::draw(screen, look, area, buf, drawn),
        Screen::Tape(screen) => tape::draw(screen, look, area, buf, drawn),
        Screen::Detail(screen) => detail::draw(screen, look, area, buf, drawn),
        Screen::Diff(screen) => diff::draw(screen, look, area, buf, drawn),
        Screen::Search(screen) => search::draw(screen, look, area, buf, drawn),
        Screen::Storage(screen) => storage::draw(screen, look, area, buf, drawn),
        Screen::Restore(screen) => restore::draw(screen, look, area, buf, drawn),
        Screen::Report(screen) => report::draw(screen, look, area, buf, drawn),
    }
}
