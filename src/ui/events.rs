//! The terminal's events in the words of the state.

use std::time::{Duration, Instant};

use crossterm::event::{
    Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use ratatui::layout::{Position, Rect};

use crate::app::Msg;
use crate::app::input::{Key, KeyPress};
use crate::app::mouse::{MouseKind, MouseTarget};
use crate::model::geometry::Size;

use super::draw::Drawn;

/// Two clicks within this time at one place are a double click.
const DOUBLE: Duration = Duration::from_millis(400);

/// What has to be remembered between events.
#[derive(Debug, Default)]
pub(crate) struct Translator {
    click: Option<(Instant, Position)>,
    /// What was held when a drag began: it keeps the mouse until the button is let go.
    held: Option<(Rect, MouseTarget)>,
}

impl Translator {
    /// The message for an event, given what was drawn where.
    pub(crate) fn message(&mut self, event: Event, at: Instant, drawn: &Drawn) -> Option<Msg> {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => key_press(key).map(Msg::Key),
            Event::Paste(text) => Some(Msg::Paste(text)),
            Event::Resize(width, height) => Some(Msg::Resize(Size { width, height })),
            Event::Mouse(mouse) => self.mouse(mouse, at, drawn),
            _ => None,
        }
    }

    fn mouse(&mut self, mouse: MouseEvent, at: Instant, drawn: &Drawn) -> Option<Msg> {
        let place = Position::new(mouse.column, mouse.row);
        let (kind, (area, target)) = match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) => {
                let double = self
                    .click
                    .take()
                    .is_some_and(|(then, there)| there == place && at - then < DOUBLE);
                self.held = drawn.at(place);
                if double {
                    (MouseKind::DoubleClick, self.held?)
                } else {
                    self.click = Some((at, place));
                    (MouseKind::Click, self.held?)
                }
            }
            MouseEventKind::Drag(MouseButton::Left) => (MouseKind::Drag, self.held?),
            MouseEventKind::Up(_) => {
                self.held = None;
                return None;
            }
            MouseEventKind::ScrollUp => (MouseKind::ScrollUp, drawn.at(place)?),
            MouseEventKind::ScrollDown => (MouseKind::ScrollDown, drawn.at(place)?),
            _ => return None,
        };
        Some(Msg::Mouse(kind, placed(target, area, place)))
    }
}

/// The target, with the place within it where that matters.
fn placed(target: MouseTarget, area: Rect, place: Position) -> MouseTarget {
    match target {
        MouseTarget::Slider { .. } => MouseTarget::Slider {
            column: place
                .x
                .saturating_sub(area.x)
                .min(area.width.saturating_sub(1)),
            width: area.width,
        },
        other => other,
    }
}

fn key_press(event: KeyEvent) -> Option<KeyPress> {
    let key = match event.code {
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        _ => return None,
    };
    Some(KeyPress {
        key,
        ctrl: event.modifiers.contains(KeyModifiers::CONTROL),
        alt: event.modifiers.contains(KeyModifiers::ALT),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mouse(kind: MouseEventKind, column: u16, row: u16) -> Event {
        Event::Mouse(MouseEvent {
            kind,
            column,
            row,
            modifiers: KeyModifiers::NONE,
        })
    }

    #[test]
    fn a_drag_stays_with_what_it_began_on() {
        let mut drawn = Drawn::default();
        let slider = MouseTarget::Slider {
            column: 0,
            width: 0,
        };
        drawn.target(Rect::new(2, 5, 10, 3), slider);
        let mut translator = Translator::default();
        let now = Instant::now();
        let down = mouse(MouseEventKind::Down(MouseButton::Left), 4, 6);
        let Some(Msg::Mouse(MouseKind::Click, MouseTarget::Slider { column, width })) =
            translator.message(down, now, &drawn)
        else {
            panic!("not a click on the slider");
        };
        assert_eq!((column, width), (2, 10));
        let drag = mouse(MouseEventKind::Drag(MouseButton::Left), 70, 0);
        let Some(Msg::Mouse(MouseKind::Drag, MouseTarget::Slider { column, .. })) =
            translator.message(drag, now, &drawn)
        else {
            panic!("the drag was lost");
        };
        assert_eq!(column, 9);
    }

    #[test]
    fn the_second_click_of_two_is_a_double_click() {
        let mut drawn = Drawn::default();
        drawn.target(Rect::new(0, 0, 5, 5), MouseTarget::Row(3));
        let mut translator = Translator::default();
        let now = Instant::now();
        let kinds: Vec<MouseKind> = [0, 100, 150, 1000]
            .into_iter()
            .filter_map(|after| {
                let down = mouse(MouseEventKind::Down(MouseButton::Left), 1, 1);
                match translator.message(down, now + Duration::from_millis(after), &drawn) {
                    Some(Msg::Mouse(kind, MouseTarget::Row(3))) => Some(kind),
                    _ => None,
                }
            })
            .collect();
        use MouseKind::{Click, DoubleClick};
        assert_eq!(kinds, [Click, DoubleClick, Click, Click]);
    }
}
