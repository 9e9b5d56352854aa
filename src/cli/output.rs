//! Writing answers: text for people, one JSON object for programs; errors and hints to standard error.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use super::error::{CliError, Exit};
use super::views::count;

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
        let verb = if hidden == 1 { "is" } else { "are" };
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
            return self.write(object.to_string().as_bytes(), true);
        }
        self.lines(&text(self))
    }

    /// As [`Output::answer`], with what the answer lacks: under `warnings` beside the data, which is
    /// left out where there are none, or on standard error.
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
            return self.write(object.to_string().as_bytes(), true);
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

    /// Writes lines of text.
    pub(super) fn lines(&self, lines: &[String]) -> Result<(), CliError> {
        let mut text = lines.join("\n");
        if !text.is_empty() {
            text.push('\n');
        }
        self.write(text.as_bytes(), false)
    }

    /// Writes bytes as they are.
    pub(super) fn raw(&self, bytes: &[u8]) -> Result<(), CliError> {
        self.write(bytes, false)
    }

    fn write(&self, bytes: &[u8], newline: bool) -> Result<(), CliError> {
        let mut out = io::stdout().lock();
        let mut write = || {
            out.write_all(bytes)?;
            if newline {
                out.write_all(b"\n")?;
            }
            out.flush()
        };
        match write() {
            // Whoever read has seen enough (`muxtape list | head`).
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => Ok(other?),
        }
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
        let _ = write!(err, "\r\x1b[K{text}").and_then(|()| err.flush());
    }

    /// Text in the colour of its role.
    pub(super) fn paint(&self, role: Role, text: &str) -> String {
        if !self.colour || text.is_empty() {
            return text.to_owned();
        }
        let code = match role {
            Role::Strong => "1",
            Role::Faint => "2",
            Role::Added => "32",
            Role::Removed => "31",
            Role::Changed => "33",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

fn stderr_line(text: &str) {
    // Nobody is left to tell when standard error is closed.
    let _ = writeln!(io::stderr().lock(), "{text}");
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
        stderr_line(&object.to_string());
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
    write!(err, "{question} ").and_then(|()| err.flush()).ok()?;
    let mut line = String::new();
    io::stdin().read_line(&mut line).ok()?;
    Some(line.trim().to_owned())
}
