//! less comes back at the line that it showed.

use bstr::BString;

use super::{Remains, Strategy, Trace};
use crate::model::ansi;

/// With `+LINE` where the saved screen tells which line it showed. Its trace is that line's number.
#[derive(Debug)]
pub(super) struct LessLine;

impl Strategy for LessLine {
    fn name(&self) -> &'static str {
        "less-line"
    }

    fn reads_text(&self) -> bool {
        true
    }

    fn look(&self, left: &Remains<'_>) -> Option<Trace> {
        let screen = left.text?.alternate.as_ref()?;
        let line = shown_line(&ansi::plain(screen))?;
        Some(Trace(line.to_string().into()))
    }

    fn argv(&self, saved: &[BString], trace: &Trace) -> Option<Vec<BString>> {
        let (name, arguments) = saved.split_first()?;
        let line: u32 = std::str::from_utf8(&trace.0).ok()?.parse().ok()?;
        let is_option = |arg: &&BString| arg.starts_with(b"-") || arg.starts_with(b"+");
        let files = arguments.iter().filter(|arg| !is_option(arg)).count();
        // `+` lines up with the file that is shown only where there is one.
        if line < 2 || files != 1 {
            return None;
        }
        let at = BString::from(format!("+{line}"));
        let kept = arguments.iter().filter(|arg| !arg.starts_with(b"+"));
        Some(
            [name.clone(), at]
                .into_iter()
                .chain(kept.cloned())
                .collect(),
        )
    }
}

/// The first line that `less` showed, from its screen: from a long prompt (`-M`: `file lines
/// 21-40/99 40%`) or from the numbers at the left (`-N`).
fn shown_line(screen: &str) -> Option<u32> {
    let prompt = screen.lines().rev().find(|line| !line.trim().is_empty())?;
    let told = prompt.split(" lines ").nth(1).and_then(|rest| {
        let (first, rest) = rest.split_once('-')?;
        rest.starts_with(|c: char| c.is_ascii_digit())
            .then(|| first.parse().ok())?
    });
    told.or_else(|| {
        let number = |line: &str| -> Option<u32> {
            // Right-aligned in seven columns, then a space.
            let (number, rest) = line.split_at_checked(7)?;
            (rest.is_empty() || rest.starts_with(' ')).then(|| number.trim_start().parse().ok())?
        };
        let mut lines = screen.lines().filter(|line| !line.starts_with("        "));
        let (first, second) = (number(lines.next()?)?, number(lines.next()?)?);
        (second == first + 1).then_some(first)
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::line;
    use super::*;

    #[test]
    fn less_comes_back_at_its_line() {
        let less = |saved, at| line(&LessLine, saved, at);
        assert_eq!(less("less -N a.log", "40"), "less +40 -N a.log");
        assert_eq!(less("less +F a.log", "40"), "less +40 a.log");
        assert_eq!(less("less a.log", "1"), "less a.log");
        assert_eq!(less("less a b", "40"), "less a b");
        assert_eq!(less("less a.log", ""), "less a.log");
    }

    #[test]
    fn the_line_of_less_is_told_by_its_prompt_or_its_numbers() {
        assert_eq!(
            shown_line("text\n\n\n/var/log/a lines 21-40/99 40%\n"),
            Some(21)
        );
        assert_eq!(shown_line("     12 one\n     13 two\n:"), Some(12));
        assert_eq!(
            shown_line("     12 one\n        wrapped\n     13\n:"),
            Some(12)
        );
        assert_eq!(shown_line("one\ntwo\n:"), None);
        assert_eq!(shown_line("     12 apples\n     17 pears\n(END)"), None);
        assert_eq!(shown_line("a lines of-code\n"), None);
        assert_eq!(shown_line(""), None);
    }
}
