//! The tape: every snapshot in a list, a slider, and the selected one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::screens::tape::Tape;
use crate::ui::draw::{self, Drawn, Look};

/// Draws the screen.
pub(crate) fn draw(
    _screen: &Tape,
    look: &Look<'_>,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let _rest = draw::header(look, area, buf, drawn);
}
