//! tmux's window layouts: `b25f,80x24,0,0{40x24,0,0,1,39x24,41,0,2}`.
//!
//! The grammar, as `#{window_layout}` prints it: a checksum of four hexadecimal digits, a comma, and a
//! cell. A cell is `WIDTHxHEIGHT,LEFT,TOP` and then `,PANE` for a pane, `{…}` around cells side by
//! side, or `[…]` around cells one above the other. Children are separated by commas.
//!
//! tmux 3.3a dies when `select-layout` is given a string that does not start with a hexadecimal
//! number. Only what [`print()`] makes may ever be sent.

use std::fmt::Write as _;

use crate::model::geometry::{Axis, Cell, GeometryError, Layout, MAX_DEPTH, Rect};

/// Cells between two panes: tmux draws a border there.
pub const GAP: u16 = 1;

/// Why a text is not a layout.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// It breaks the grammar.
    #[error("the layout cannot be read from byte {at} on")]
    Malformed {
        /// Offset of the first byte that does not fit.
        at: usize,
    },
    /// The checksum is not that of the layout.
    #[error("the layout says that its checksum is {said:04x}, but it is {found:04x}")]
    Checksum {
        /// What it says.
        said: u16,
        /// What was computed.
        found: u16,
    },
    /// Its cells do not tile the window.
    #[error(transparent)]
    Geometry(#[from] GeometryError),
}

/// Reads a layout; its panes are named by the numbers of tmux (`3` for `%3`). Its checksum is right
/// and it tiles.
pub fn parse(text: &[u8]) -> Result<Layout, LayoutError> {
    let mut reader = Reader { text, at: 0 };
    let said = reader.checksum()?;
    let found = checksum(text.get(reader.at..).unwrap_or(&[]));
    if said != found {
        return Err(LayoutError::Checksum { said, found });
    }
    let root = reader.cell(0)?;
    if reader.at != text.len() {
        return Err(reader.malformed());
    }
    let layout = Layout { gap: GAP, root };
    layout.check()?;
    Ok(layout)
}

/// Writes a layout as `select-layout` takes it. `id` gives the number of tmux for each pane.
///
/// # Errors
///
/// [`LayoutError`] for what tmux would not read as this layout: it does not tile, a pane stands in it twice,
/// or it has another gap than tmux. Such a thing must never be sent.
pub fn print(layout: &Layout, id: &dyn Fn(u32) -> u32) -> Result<String, LayoutError> {
    let mut body = String::new();
    write_cell(&layout.root, id, &mut body);
    let text = format!("{:04x},{body}", checksum(body.as_bytes()));
    // Read as it will be read: by its numbers of tmux, of which two could have become one.
    parse(text.as_bytes())?;
    Ok(text)
}

/// tmux's checksum over the bytes after the first comma.
fn checksum(body: &[u8]) -> u16 {
    body.iter().fold(0u16, |sum, &byte| {
        sum.rotate_right(1).wrapping_add(u16::from(byte))
    })
}

fn write_cell(cell: &Cell, id: &dyn Fn(u32) -> u32, into: &mut String) {
    let rect = cell.rect();
    // Writing to a string cannot fail.
    let _ = write!(
        into,
        "{}x{},{},{}",
        rect.width, rect.height, rect.left, rect.top
    );
    match cell {
        Cell::Pane { pane, .. } => {
            let _ = write!(into, ",{}", id(*pane));
        }
        Cell::Split { axis, children, .. } => {
            let (open, close) = match axis {
                Axis::Columns => ('{', '}'),
                Axis::Rows => ('[', ']'),
            };
            into.push(open);
            for (at, child) in children.iter().enumerate() {
                if at > 0 {
                    into.push(',');
                }
                write_cell(child, id, into);
            }
            into.push(close);
        }
    }
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn malformed(&self) -> LayoutError {
        LayoutError::Malformed { at: self.at }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn expect(&mut self, byte: u8) -> Result<(), LayoutError> {
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            Err(self.malformed())
        }
    }

    fn checksum(&mut self) -> Result<u16, LayoutError> {
        let mut sum = 0;
        while self.at < 4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            let digit = digit.and_then(|digit| u16::try_from(digit).ok());
            sum = sum << 4 | digit.ok_or_else(|| self.malformed())?;
            self.at += 1;
        }
        self.expect(b',')?;
        Ok(sum)
    }

    /// A decimal number without sign or leading zeros, as tmux prints it.
    fn number(&mut self) -> Result<u32, LayoutError> {
        let start = self.at;
        let mut number = 0u32;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            number = number
                .checked_mul(10)
                .and_then(|tens| tens.checked_add(u32::from(digit - b'0')))
                .ok_or_else(|| self.malformed())?;
            self.at += 1;
        }
        let padded = self.at - start > 1 && self.text.get(start) == Some(&b'0');
        if self.at == start || padded {
            return Err(LayoutError::Malformed { at: start });
        }
        Ok(number)
    }

    fn short(&mut self) -> Result<u16, LayoutError> {
        let at = self.at;
        u16::try_from(self.number()?).map_err(|_| LayoutError::Malformed { at })
    }

    fn cell(&mut self, depth: usize) -> Result<Cell, LayoutError> {
        if depth > MAX_DEPTH {
            return Err(GeometryError::TooDeep.into());
        }
        let width = self.short()?;
        self.expect(b'x')?;
        let height = self.short()?;
        self.expect(b',')?;
        let left = self.short()?;
        self.expect(b',')?;
        let top = self.short()?;
        let rect = Rect {
            left,
            top,
            width,
            height,
        };
        let (axis, close) = match self.peek() {
            Some(b'{') => (Axis::Columns, b'}'),
            Some(b'[') => (Axis::Rows, b']'),
            _ => {
                self.expect(b',')?;
                let pane = self.number()?;
                return Ok(Cell::Pane { rect, pane });
            }
        };
        self.at += 1;
        let mut children = vec![self.cell(depth + 1)?];
        while self.peek() == Some(b',') {
            self.at += 1;
            children.push(self.cell(depth + 1)?);
        }
        self.expect(close)?;
        Ok(Cell::Split {
            rect,
            axis,
            children,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::geometry::{Size, tests::any_layout};
    use proptest::prelude::*;

    #[test]
    fn what_tmux_prints_is_read() {
        let text = b"5dd6,200x50,0,0{100x50,0,0[100x25,0,0,0,100x24,0,26,2],99x50,101,0,1}";
        let layout = parse(text).unwrap();
        assert_eq!(layout.size().width, 200);
        let panes: Vec<u32> = layout.panes().into_iter().map(|(pane, _)| pane).collect();
        assert_eq!(panes, [0, 2, 1]);
        assert_eq!(print(&layout, &|pane| pane).unwrap().as_bytes(), text);
    }

    #[test]
    fn what_kills_tmux_is_refused() {
        for text in [
            "",
            "zzz",
            "b25f",
            "b25f,",
            "zzzz,80x24,0,0,1",
            "b25,80x24,0,0,1",
        ] {
            assert!(matches!(
                parse(text.as_bytes()),
                Err(LayoutError::Malformed { .. } | LayoutError::Checksum { .. })
            ));
        }
    }

    fn with_checksum(body: &str) -> String {
        format!("{:04x},{body}", checksum(body.as_bytes()))
    }

    #[test]
    fn right_checksums_do_not_excuse_wrong_layouts() {
        for body in [
            "80x24,0,0",
            "80x24,0,0,01",
            "99999x24,0,0,1",
            "80x24,0,0{40x24,0,0,1",
            "80x24,0,0{40x24,0,0,1]",
            "80x24,0,0,1 ",
            "80x24,0,0,4294967296",
        ] {
            let error = parse(with_checksum(body).as_bytes()).unwrap_err();
            assert!(matches!(error, LayoutError::Malformed { .. }), "{body}");
        }
        let overlap = with_checksum("80x24,0,0{40x24,0,0,1,40x24,40,0,2}");
        assert!(matches!(
            parse(overlap.as_bytes()),
            Err(LayoutError::Geometry(GeometryError::DoesNotTile(_)))
        ));
        let deep = with_checksum(&"80x24,0,0{".repeat(5000));
        assert!(parse(deep.as_bytes()).is_err());
    }

    #[test]
    fn what_is_no_layout_is_not_printed() {
        let sound = parse(b"5dd6,200x50,0,0{100x50,0,0[100x25,0,0,0,100x24,0,26,2],99x50,101,0,1}");
        let sound = sound.unwrap();
        // Two panes of one number.
        assert!(matches!(
            print(&sound, &|_| 7),
            Err(LayoutError::Geometry(GeometryError::Duplicate(7)))
        ));
        // Panes that touch each other.
        let Cell::Split { rect, axis, .. } = &sound.root else {
            panic!("{sound:?}");
        };
        let pane = |pane, left| Cell::Pane {
            rect: Rect {
                left,
                width: 100,
                ..*rect
            },
            pane,
        };
        let touching = Layout {
            gap: GAP,
            root: Cell::Split {
                rect: *rect,
                axis: *axis,
                children: vec![pane(0, 0), pane(1, 100)],
            },
        };
        assert!(matches!(
            print(&touching, &|pane| pane),
            Err(LayoutError::Geometry(GeometryError::DoesNotTile(_)))
        ));
        // A split of nothing.
        let empty = Layout {
            gap: GAP,
            root: Cell::Split {
                rect: *rect,
                axis: *axis,
                children: Vec::new(),
            },
        };
        assert!(print(&empty, &|pane| pane).is_err());
    }

    proptest! {
        #[test]
        fn printed_layouts_read_the_same(
            layout in (1u16..300, 1u16..120)
                .prop_flat_map(|(width, height)| any_layout(Size { width, height }, GAP)),
            shift in 0u32..1000,
        ) {
            let text = print(&layout, &|pane| pane + shift).unwrap();
            let read = parse(text.as_bytes()).unwrap();
            prop_assert_eq!(read.renumbered(&|pane| pane.checked_sub(shift)), Some(layout));
        }

        #[test]
        fn nothing_panics(
            text in proptest::collection::vec(any::<u8>(), 0..60),
            body in "[0-9x,{}\\[\\]]{0,60}",
        ) {
            let _ = parse(&text);
            let _ = parse(with_checksum(&body).as_bytes());
        }
    }
}
