//! The recovery prompt: a life has ended badly, and can be brought back.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::screens::recover::Recover;
use crate::ui::draw::{self, Drawn, Look};

/// Draws the screen.
pub(crate) fn draw(
    _screen: &Recover,
    look: &Look<'_>,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let _rest = draw::header(look, area, buf, drawn);
}
