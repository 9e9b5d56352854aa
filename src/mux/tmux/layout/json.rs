//! The notation of tmux 3.8 and newer: `{"V":2,"L":{"t":"h","w":80,…,"c":[…]}}`.
//!
//! A cell has a kind `t` (`h` side by side, `v` one above the other, `p` a pane), a size `w` and
//! `h`, a place `x` and `y`, children `c`, and for a pane its id `I` and, where it floats, how many
//! are in front of it, `z`.

use serde::Deserialize;

use super::LayoutError;
use super::node::{Node, Place};
use crate::model::geometry::{Axis, GeometryError, MAX_DEPTH};

#[derive(Debug, Deserialize)]
struct Document {
    #[serde(rename = "V")]
    version: u32,
    #[serde(rename = "L")]
    root: JsonCell,
}

#[derive(Debug, Deserialize)]
struct JsonCell {
    #[serde(rename = "t")]
    kind: JsonKind,
    #[serde(rename = "w")]
    width: u16,
    #[serde(rename = "h")]
    height: u16,
    #[serde(rename = "x")]
    left: i32,
    #[serde(rename = "y")]
    top: i32,
    #[serde(rename = "c", default)]
    children: Vec<JsonCell>,
    #[serde(rename = "I")]
    id: Option<String>,
    #[serde(rename = "z")]
    floats: Option<u16>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
enum JsonKind {
    #[serde(rename = "p")]
    Pane,
    #[serde(rename = "h")]
    Columns,
    #[serde(rename = "v")]
    Rows,
}

/// Reads a layout.
pub(super) fn read(text: &[u8]) -> Result<Node, LayoutError> {
    let document: Document =
        serde_json::from_slice(text).map_err(|error| LayoutError::Malformed {
            // Layouts have no newlines: the column is the offset.
            at: error.column().saturating_sub(1),
        })?;
    if document.version != 2 {
        return Err(LayoutError::Notation(document.version));
    }
    node(document.root, 0)
}

fn node(cell: JsonCell, depth: usize) -> Result<Node, LayoutError> {
    if depth > MAX_DEPTH {
        return Err(GeometryError::TooDeep.into());
    }
    let place = Place {
        left: cell.left,
        top: cell.top,
        width: cell.width,
        height: cell.height,
    };
    let axis = match cell.kind {
        JsonKind::Columns => Axis::Columns,
        JsonKind::Rows => Axis::Rows,
        JsonKind::Pane => {
            let id = cell.id.as_deref().and_then(|id| id.strip_prefix('%'));
            let pane = id.and_then(|id| id.parse().ok());
            return Ok(Node::Pane {
                place,
                pane: pane.ok_or(LayoutError::Malformed { at: 0 })?,
                floats: cell.floats,
            });
        }
    };
    let children = cell.children.into_iter();
    Ok(Node::Split {
        place,
        axis,
        children: children
            .map(|child| node(child, depth + 1))
            .collect::<Result<_, _>>()?,
    })
}
