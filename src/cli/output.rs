//! Writing answers: text for people, one JSON object for programs; errors and hints to standard
//! error.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use super::error::{CliError, Exit};
use super::shown::{Painted, json_line, terminal_line};
use super::views::count;
use crate::model::words::verb;

/// Whether to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(super) enum ColorChoice {
    /// When standard output is a terminal and `NO_COLOR` is not set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// A role that text can have.
#[derive(Debug, Clone, Copy)]
pub(super) enum Role {
    /// A heading or an id.
    Strong,
    /// What matters less.
    Faint,
    /// What came.
    Added,
    /// What went.
    Removed,
    /// What differs, and warnings.
    Changed,
}

/// Something that an answer could not hold.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Lack {
    level: &'static str,
    component: &'static str,
    issue: String,
    suggestion: &'static str,
}

impl Lack {
    /// Snapshots that could not be read; none where there are none.
    pub(super) fn damaged_snapshots(hidden: u64) -> Vec<Self> {
        let verb = verb(hidden, "is", "are");
        let snapshots = count(hidden, "snapshot");
        let lack = Self {
            level: "warning",
            component: "store",
            issue: format!("{snapshots} {verb} damaged and left out"),
            suggestion: "`muxtape verify` tells what is lost",
        };
        if hidden == 0 { Vec::new() } else { vec![lack] }
    }
}

/// Where answers go, and in which form.
#[derive(Debug)]
pub(super) struct Output {
    json: bool,
    quiet: bool,
    colour: bool,
}

impl Output {
    pub(super) fn new(json: bool, quiet: bool, color: ColorChoice, no_color: bool) -> Self {
        let colour = match color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => !no_color && io::stdout().is_terminal(),
        };
        Self {
            json,
            quiet,
            colour,
        }
    }

    /// Whether the answer is to be JSON.
    pub(super) fn json(&self) -> bool {
        self.json
    }

    /// Whether colours may be used.
    pub(super) fn may_colour(&self) -> bool {
        self.colour
    }

    /// Answers: `data` under the schema `muxtape.NAME/1` as JSON, or the lines of `text`.
    pub(super) fn answer<T: Serialize>(
        &self,
        name: &str,
        data: &T,
        text: impl FnOnce(&Output) -> Vec<String>,
    ) -> Result<(), CliError> {
        if self.json {
            let object = serde_json::json!({ "schema": format!("muxtape.{name}/1"), "data": data });
            return self.json_line(&object);
        }
        self.lines(&text(self))
    }

    /// As [`Output::answer`], with what the answer lacks: under `warnings` beside the data, which
    /// is left out where there are none, or on standard error.
    pub(super) fn answer_with<T: Serialize>(
        &self,
        name: &str,
        data: &T,
        warnings: &[Lack],
        text: impl FnOnce(&Output) -> Vec<String>,
    ) -> Result<(), CliError> {
        if self.json && !warnings.is_empty() {
            let schema = format!("muxtape.{name}/1");
            let object =
                serde_json::json!({ "schema": schema, "data": data, "warnings": warnings });
            return self.json_line(&object);
        }
        self.answer(name, data, text)?;
        for warning in warnings {
            self.say(&format!(
                "warning: {}; {}",
                warning.issue, warning.suggestion
            ));
        }
        Ok(())
    }

    /// Writes one line of JSON.
    pub(super) fn json_line(&self, value: &impl Serialize) -> Result<(), CliError> {
        self.write(json_line(value)?.as_bytes(), true)
    }

    /// Writes lines of text. Whatever is in them, nothing of it acts on a terminal.
    pub(super) fn lines(&self, lines: &[String]) -> Result<(), CliError> {
        let mut text = String::new();
        for line in lines {
            text.push_str(&terminal_line(line));
            text.push('\n');
        }
        self.write(text.as_bytes(), false)
    }

    /// Writes bytes as they are: the caller has made sure that they do not act on a terminal.
    pub(super) fn raw(&self, bytes: &[u8]) -> Result<(), CliError> {
        self.write(bytes, false)
    }

    fn write(&self, bytes: &[u8], newline: bool) -> Result<(), CliError> {
        to_stdout(|out| {
            out.write_all(bytes)?;
            if newline {
                out.write_all(b"\n")?;
            }
            Ok(())
        })
    }

    /// Says something beside the answer, on standard error, unless `-q`.
    pub(super) fn say(&self, text: &str) {
        if !self.quiet {
            stderr_line(text);
        }
    }

    /// Whether what takes long may tell how far it has come: somebody looks at standard error.
    pub(super) fn may_tell_progress(&self) -> bool {
        !self.quiet && !self.json && io::stderr().is_terminal()
    }

    /// Writes over the line that tells how far something has come; an empty text takes it away.
    pub(super) fn progress(&self, text: &str) {
        let mut err = io::stderr().lock();
        // Nobody is left to tell when standard error is closed.
        let _ = write!(err, "\r\x1b[K{}", terminal_line(text)).and_then(|()| err.flush());
    }

    /// Text in the colour of its role.
    pub(super) fn paint(&self, role: Role, text: &str) -> String {
        if !self.colour || text.is_empty() {
            return text.to_owned();
        }
        Painted::new(role).text(text)
    }
}

/// Writes to standard output, to the end: what cannot be written is an error, unless whoever read
/// has seen enough (`muxtape list | head`). Whatever answers there does it by this.
pub(super) fn to_stdout(
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => {
            let message = format!("could not write to standard output: {error}");
            Err(CliError::new(Exit::Failed, message))
        }
        Ok(()) => Ok(()),
    }
}

fn stderr_line(text: &str) {
    let shown: Vec<String> = text.split('\n').map(terminal_line).collect();
    // Nobody is left to tell when standard error is closed.
    let _ = writeln!(io::stderr().lock(), "{}", shown.join("\n"));
}

/// Tells of a mistake in the arguments, or shows help; gives the code to exit with.
pub(super) fn report_usage(error: &clap::Error) -> u8 {
    // clap prints help to standard output and mistakes to standard error, with status 2. What it
    // says of a mistake repeats what was typed.
    if error.use_stderr() {
        stderr_line(error.render().to_string().trim_end_matches('\n'));
    } else if let Err(error) = to_stdout(|_| error.print()) {
        report_error(&error, false);
        return error.code as u8;
    }
    u8::try_from(error.exit_code()).unwrap_or(2)
}

/// Tells of an error on standard error.
pub(super) fn report_error(error: &CliError, json: bool) {
    if json {
        let object = serde_json::json!({
            "schema": "muxtape.error/1",
            "code": error.code as u8,
            "message": error.message,
            "hint": error.hint,
        });
        stderr_line(&json_line(&object).unwrap_or_default());
        return;
    }
    // `diff --exit-code` and the like end with 1 and say nothing.
    if error.code == Exit::Failed && error.message.is_empty() {
        return;
    }
    stderr_line(&format!("muxtape: {}", error.message));
    if let Some(hint) = &error.hint {
        stderr_line(&format!("  {hint}"));
    }
}

/// Asks a yes-or-no question on the terminal; anything but `y` or `yes` means no, and so does the
/// lack of a terminal.
pub(super) fn confirm(question: &str) -> bool {
    matches!(
        ask(&format!("{question} [y/N]")).as_deref(),
        Some("y" | "Y" | "yes")
    )
}

/// Asks for a line on the terminal; `None` for the lack of a terminal.
pub(super) fn ask(question: &str) -> Option<String> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return None;
    }
    let mut err = io::stderr().lock();
    write!(err, "{} ", terminal_line(question))
        .and_then(|()| err.flush())
        .ok()?;
    let mut line = String::new();
    io::stdin().read_line(&mut line).ok()?;
    Some(line.trim().to_owned())
}
