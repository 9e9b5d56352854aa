//! The restore preview: what would be done, before anything is done.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::screens::restore::Restore;
use crate::ui::draw::{self, Drawn, Look};

/// Draws the screen.
pub(crate) fn draw(
    _screen: &Restore,
    look: &Look<'_>,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let _rest = draw::header(look, area, buf, drawn);
}
