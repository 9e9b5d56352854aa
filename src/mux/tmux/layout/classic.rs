//! The notation up to tmux 3.7: `b25f,80x24,0,0{40x24,0,0,1,39x24,41,0,2}`.
//!
//! A checksum of four hexadecimal digits, a comma, and a cell. A cell is `WIDTHxHEIGHT,LEFT,TOP`
//! and then `,PANE` for a pane, `{…}` around cells side by side, or `[…]` around cells one above
//! the other. Children are separated by commas. In 3.7, `<…>` around the floating panes follows,
//! the one in front first; these stand in the tree as well.

use super::node::{Node, Place};
use super::{LayoutError, checksum};
use crate::model::geometry::{Axis, GeometryError, MAX_DEPTH};

/// Reads a layout whose checksum is right.
pub(super) fn read(text: &[u8]) -> Result<Node, LayoutError> {
    let mut reader = ClassicReader { text, at: 0 };
    let said = reader.checksum()?;
    let found = checksum(text.get(reader.at..).unwrap_or(&[]));
    if said != found {
        return Err(LayoutError::Checksum { said, found });
    }
    let mut root = reader.cell(0)?;
    if reader.peek() == Some(b'<') {
        let floating = reader.floating()?;
        lift(&mut root, &floating);
    }
    if reader.at != text.len() {
        return Err(reader.malformed());
    }
    Ok(root)
}

/// Marks the panes that float.
fn lift(node: &mut Node, floating: &[u32]) {
    match node {
        Node::Pane { pane, floats, .. } => {
            let behind = floating.iter().position(|floating| floating == pane);
            *floats = behind.map(|behind| u16::try_from(behind).unwrap_or(u16::MAX));
        }
        Node::Split { children, .. } => {
            for child in children {
                lift(child, floating);
            }
        }
    }
}

struct ClassicReader<'a> {
    text: &'a [u8],
    at: usize,
}

impl ClassicReader<'_> {
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

    fn offset(&mut self) -> Result<i32, LayoutError> {
        let negative = self.peek() == Some(b'-');
        if negative {
            self.at += 1;
        }
        let number = i32::from(self.short()?);
        Ok(if negative { -number } else { number })
    }

    fn place(&mut self) -> Result<Place, LayoutError> {
        let width = self.short()?;
        self.expect(b'x')?;
        let height = self.short()?;
        self.expect(b',')?;
        let left = self.offset()?;
        self.expect(b',')?;
        let top = self.offset()?;
        Ok(Place {
            left,
            top,
            width,
            height,
        })
    }

    fn cell(&mut self, depth: usize) -> Result<Node, LayoutError> {
        if depth > MAX_DEPTH {
            return Err(GeometryError::TooDeep.into());
        }
        let place = self.place()?;
        let (axis, close) = match self.peek() {
            Some(b'{') => (Axis::Columns, b'}'),
            Some(b'[') => (Axis::Rows, b']'),
            _ => {
                self.expect(b',')?;
                return Ok(Node::Pane {
                    place,
                    pane: self.number()?,
                    floats: None,
                });
            }
        };
        self.at += 1;
        let mut children = vec![self.cell(depth + 1)?];
        while self.peek() == Some(b',') {
            self.at += 1;
            children.push(self.cell(depth + 1)?);
        }
        self.expect(close)?;
        Ok(Node::Split {
            place,
            axis,
            children,
        })
    }

    /// The panes between `<` and `>`.
    fn floating(&mut self) -> Result<Vec<u32>, LayoutError> {
        self.expect(b'<')?;
        let mut panes = Vec::new();
        loop {
            self.place()?;
            self.expect(b',')?;
            panes.push(self.number()?);
            if self.peek() != Some(b',') {
                break;
            }
            self.at += 1;
        }
        self.expect(b'>')?;
        Ok(panes)
    }
}
