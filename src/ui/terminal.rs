//! The terminal, taken over and given back: whatever happens, it is left as it was found.

use std::io::{self, BufWriter, Stdout, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute, queue};
use ratatui::Frame;
use ratatui::backend::CrosstermBackend;

/// Whether the terminal is ours at the moment: read by the panic hook.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal while the interface has it. Dropping it gives the terminal back.
pub(crate) struct Terminal {
    inner: ratatui::Terminal<CrosstermBackend<BufWriter<Stdout>>>,
    mouse: bool,
}

impl Terminal {
    /// Takes the terminal over: raw mode, alternate screen, mouse, bracketed paste. From here on a
    /// panic gives it back before anything is said, unless the store makes an error of it.
    pub(crate) fn take() -> io::Result<Self> {
        give_back_on_panic();
        let mut terminal = Self {
            inner: ratatui::Terminal::new(backend())?,
            mouse: true,
        };
        terminal.enter()?;
        Ok(terminal)
    }

    /// Takes the terminal over again, after [`Terminal::leave`].
    pub(crate) fn enter(&mut self) -> io::Result<()> {
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        execute!(
            io::stdout(),
            EnterAlternateScreen,
            EnableBracketedPaste,
            cursor::Hide
        )?;
        self.mouse(self.mouse)?;
        self.clear()
    }

    /// Whether the terminal is ours. A panic on another thread gives it back.
    pub(crate) fn is_taken(&self) -> bool {
        TAKEN.load(Ordering::SeqCst)
    }

    /// Gives the terminal back.
    pub(crate) fn leave(&mut self) {
        give_back();
    }

    /// Lets the terminal report the mouse, or not.
    pub(crate) fn mouse(&mut self, on: bool) -> io::Result<()> {
        self.mouse = on;
        if on {
            execute!(io::stdout(), EnableMouseCapture)
        } else {
            execute!(io::stdout(), DisableMouseCapture)
        }
    }

    /// Forgets what is on the screen, so that all of it is drawn anew.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        execute!(io::stdout(), Clear(ClearType::All))?;
        // Not by ratatui's own clear: that asks the terminal where the cursor is, waits for an
        // answer that some never give, and that whoever waits for keys would take.
        self.inner = ratatui::Terminal::new(backend())?;
        Ok(())
    }

    /// Draws a frame, and sends what differs from the last one.
    pub(crate) fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        queue!(self.inner.backend_mut(), BeginSynchronizedUpdate)?;
        self.inner.draw(render)?;
        execute!(self.inner.backend_mut(), EndSynchronizedUpdate)
    }

    /// Puts text on the clipboard by the terminal's own means (OSC 52).
    pub(crate) fn copy(&mut self, text: &str) -> io::Result<()> {
        let mut out = io::stdout();
        write!(out, "\x1b]52;c;{}\x07", base64(text.as_bytes()))?;
        out.flush()
    }
}

fn backend() -> CrosstermBackend<BufWriter<Stdout>> {
    CrosstermBackend::new(BufWriter::with_capacity(1 << 16, io::stdout()))
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
    }
}

fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    // Each step is tried, whatever became of the others: there is nobody left to tell.
    let mut out = io::stdout();
    let _ = execute!(out, DisableMouseCapture, DisableBracketedPaste);
    let _ = execute!(out, LeaveAlternateScreen, cursor::Show);
    let _ = disable_raw_mode();
}

fn give_back_on_panic() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        // One that the store makes an error of is shown as such, on the screen.
        if !crate::store::catches_panics() {
            give_back();
            before(info);
        }
    }));
}

/// Base 64 with padding (RFC 4648, section 4), as OSC 52 wants it.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = usize::try_from(bits >> (18 - 6 * place) & 63).unwrap_or(0);
            let digit = DIGITS.get(digit).copied().unwrap_or(b'=');
            text.push(if place <= chunk.len() {
                char::from(digit)
            } else {
                '='
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        let of = |text: &str| base64(text.as_bytes());
        assert_eq!(of(""), "");
        assert_eq!(of("f"), "Zg==");
        assert_eq!(of("fo"), "Zm8=");
        assert_eq!(of("foo"), "Zm9v");
        assert_eq!(of("foobar"), "Zm9vYmFy");
    }
}
