//! The first-run screen: the tape is empty.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::screens::welcome::Welcome;
use crate::ui::draw::{self, Drawn, Look};

/// Draws the screen.
pub(crate) fn draw(
    _screen: &Welcome,
    look: &Look<'_>,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let _rest = draw::header(look, area, buf, drawn);
}
