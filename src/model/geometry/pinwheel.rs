//! Rectangles that no straight cut divides.

use super::{Axis, Cell, GeometryError, MAX_PINWHEEL_PARTS, Rect, project};

/// Whether these parts fill the rectangle exactly, and no straight cut divides them: else they
/// would be the parts of splits. The parts themselves are not looked into.
pub(super) fn check(rect: Rect, children: &[Cell], gap: u16) -> Result<(), GeometryError> {
    let parts: Vec<Rect> = children.iter().map(Cell::rect).collect();
    let corner = |part: &Rect| (part.top, part.left);
    let ordered = parts.windows(2).all(|pair| match pair {
        [one, next] => corner(one) < corner(next),
        _ => true,
    });
    if gap != 0 || !ordered || parts.len() > MAX_PINWHEEL_PARTS {
        return Err(GeometryError::NoPinwheel(rect));
    }
    let area = |rect: &Rect| u64::from(rect.width) * u64::from(rect.height);
    let filled = parts.iter().map(area).sum::<u64>() == area(&rect);
    let inside = parts.iter().all(|part| overlap(part, &rect) == area(part));
    let apart = (1..).zip(&parts).all(|(next, part)| {
        let mut others = parts.iter().skip(next);
        others.all(|other| overlap(part, other) == 0)
    });
    if !filled || !inside || !apart {
        return Err(GeometryError::DoesNotTile(rect));
    }
    match is_cut(&parts, Axis::Columns) || is_cut(&parts, Axis::Rows) {
        true => Err(GeometryError::NoPinwheel(rect)),
        false => Ok(()),
    }
}

/// Cells that two rectangles have in common.
fn overlap(one: &Rect, other: &Rect) -> u64 {
    let along = |axis| {
        let ((a, a_len), (b, b_len)) = (project(*one, axis).0, project(*other, axis).0);
        let end = (u64::from(a) + u64::from(a_len)).min(u64::from(b) + u64::from(b_len));
        end.saturating_sub(u64::from(a.max(b)))
    };
    along(Axis::Columns) * along(Axis::Rows)
}

/// Whether a straight cut across an axis divides the parts; one alone needs none.
fn is_cut(parts: &[Rect], axis: Axis) -> bool {
    let spans = || parts.iter().map(|part| project(*part, axis).0);
    let first = spans().map(|(from, _)| from).min();
    let mut cuts = spans().map(|(from, _)| from);
    parts.len() < 2
        || cuts.any(|cut| {
            let beside = |(from, len): (u16, u16)| {
                from >= cut || u32::from(from) + u32::from(len) <= u32::from(cut)
            };
            Some(cut) != first && spans().all(beside)
        })
}
