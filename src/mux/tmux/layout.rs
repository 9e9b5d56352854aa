//! tmux's window layouts, in the notation up to 3.7 (`classic`) and in that of 3.8 (`json`).
//!
//! Newer versions still take the older notation, so only that is ever written. tmux 3.3a dies when
//! `select-layout` is given a string that does not start with a hexadecimal number: only what
//! [`print()`] makes may ever be sent.

mod classic;
mod json;
mod node;

pub use node::WindowLayout;

use std::fmt::Write as _;

use bstr::BString;

use crate::model::geometry::{Axis, Cell, GeometryError, Layout};

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
    /// It is in a notation that is newer than those that are known.
    #[error("the layout is in notation {0}, which this muxtape does not know")]
    Notation(u32),
    /// Its cells do not tile the window.
    #[error(transparent)]
    Geometry(#[from] GeometryError),
}

/// Reads a window's layout; its panes are named by the numbers of tmux (`3` for `%3`). Its
/// checksum, where there is one, is right, and it tiles.
pub fn parse(text: &[u8]) -> Result<WindowLayout, LayoutError> {
    let root = if text.starts_with(b"{") {
        json::read(text)?
    } else {
        classic::read(text)?
    };
    node::window(root)
}

/// What of a layout's text stays the same when only the focus moves: newer versions mark the active
/// pane in it, and number the others by when they were.
#[must_use]
pub fn steady(text: &[u8]) -> BString {
    if !text.starts_with(b"{") {
        return text.into();
    }
    match parse(text) {
        Ok(window) => {
            let mut steady = String::new();
            write_cell(&window.tiled.root, &|pane| pane, &mut steady);
            (steady + &format!("{:?}", window.floating)).into()
        }
        Err(_) => text.into(),
    }
}

/// Writes a layout as `select-layout` takes it. `id` gives the number of tmux for each pane.
///
/// # Errors
///
/// [`LayoutError`] for what tmux would not read as this layout: it does not tile, a pane stands in
/// it twice, it has a stack or a pinwheel, or another gap than tmux. Such a thing must never be
/// sent.
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
        // What tmux does not have is not read as a layout.
        Cell::Stack { .. } | Cell::Pinwheel { .. } => into.push('?'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::geometry::{MAX_DEPTH, Rect, Size, tests::any_layout};
    use proptest::prelude::*;

    #[test]
    fn what_tmux_prints_is_read() {
        let text = b"5dd6,200x50,0,0{100x50,0,0[100x25,0,0,0,100x24,0,26,2],99x50,101,0,1}";
        let layout = parse(text).unwrap().tiled;
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

    #[test]
    fn both_notations_mean_the_same() {
        let classic = b"b05b,80x24,0,0[80x12,0,0,0,80x11,0,13{40x11,0,13,1,39x11,41,13,2}]";
        let json = br#"{"V":2,"L":{"t":"v","w":80,"h":24,"x":0,"y":0,"c":[
            {"t":"p","w":80,"h":12,"x":0,"y":0,"l":1,"i":0,"I":"%0"},
            {"t":"h","w":80,"h":11,"x":0,"y":13,"c":[
            {"t":"p","w":40,"h":11,"x":0,"y":13,"l":0,"i":1,"I":"%1"},
            {"t":"p","w":39,"h":11,"x":41,"y":13,"a":true,"i":2,"I":"%2"}]}]}}"#;
        assert_eq!(parse(classic), parse(json));
    }

    #[test]
    fn floating_panes_leave_the_tree() {
        let classic = "100x30,0,0[100x30,0,0,0,20x5,-4,-2,1,20x5,90,28,2]\
            <20x5,90,28,2,20x5,-4,-2,1>";
        let json = r#"{"V":2,"L":{"t":"v","w":100,"h":30,"x":0,"y":0,"c":[
            {"t":"p","w":100,"h":30,"x":0,"y":0,"l":1,"i":0,"I":"%0"},
            {"t":"p","w":20,"h":5,"x":-4,"y":-2,"l":0,"i":1,"z":1,"I":"%1"},
            {"t":"p","w":20,"h":5,"x":90,"y":28,"a":true,"i":2,"z":0,"I":"%2"}]}}"#;
        for text in [with_checksum(classic), json.to_owned()] {
            let found = parse(text.as_bytes()).unwrap();
            assert_eq!(
                print(&found.tiled, &|pane| pane).unwrap(),
                with_checksum("100x30,0,0,0")
            );
            let places: Vec<_> = found
                .floating
                .iter()
                .map(|(pane, f)| (*pane, f.left, f.top, f.behind))
                .collect();
            assert_eq!(places, [(2, 90, 28, Some(0)), (1, -4, -2, Some(1))]);
        }
        let alone = parse(with_checksum("20x5,4,2,1<20x5,4,2,1>").as_bytes()).unwrap();
        assert_eq!(alone.tiled.panes().len(), 1);
        assert_eq!(alone.floating, []);
    }

    #[test]
    fn what_json_may_not_say_is_refused() {
        let pane = r#"{"t":"p","w":80,"h":24,"x":0,"y":0,"I":"%0"}"#;
        let deep = |levels: usize| {
            let open = r#"{"t":"v","w":80,"h":24,"x":0,"y":0,"c":["#.repeat(levels);
            format!(r#"{{"V":2,"L":{open}{pane}{}}}"#, "]}".repeat(levels))
        };
        assert!(parse(deep(0).as_bytes()).is_ok());
        assert!(parse(deep(MAX_DEPTH + 1).as_bytes()).is_err());
        assert!(parse(deep(5000).as_bytes()).is_err());
        let newer = format!(r#"{{"V":3,"L":{pane}}}"#);
        assert_eq!(parse(newer.as_bytes()), Err(LayoutError::Notation(3)));
        for cell in [
            r#"{"t":"p","w":80,"h":24,"x":0,"y":0}"#,
            r#"{"t":"p","w":80,"h":24,"x":-1,"y":0,"I":"%0"}"#,
            r#"{"t":"p","w":80,"h":99999,"x":0,"y":0,"I":"%0"}"#,
            r#"{"t":"v","w":80,"h":24,"x":0,"y":0}"#,
            r#"{"t":"q","w":80,"h":24,"x":0,"y":0,"I":"%0"}"#,
        ] {
            let text = format!(r#"{{"V":2,"L":{cell}}}"#);
            assert!(parse(text.as_bytes()).is_err(), "{text}");
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
        let sound = sound.unwrap().tiled;
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
            let read = parse(text.as_bytes()).unwrap().tiled;
            prop_assert_eq!(read.renumbered(&|pane| pane.checked_sub(shift)), Some(layout));
        }

        #[test]
        fn nothing_panics(
            text in proptest::collection::vec(any::<u8>(), 0..60),
            body in "[0-9x,{}\\[\\]<>-]{0,60}",
        ) {
            let _ = parse(&text);
            let _ = parse(with_checksum(&body).as_bytes());
        }
    }
}
