//! Search over all of history.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::screens::search::Search;
use crate::ui::draw::{self, Drawn, Look};

/// Draws the screen.
pub(crate) fn draw(
    _screen: &Search,
    look: &Look<'_>,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let _rest = draw::header(look, area, buf, drawn);
}
