//! Asks what a pane begins with that is made without a command.

use bstr::BString;

use super::answer::Fields;
use super::client::Tmux;
use super::command::Command;
use super::environment::read_variable;
use super::ids;
use crate::model::tree::SessionId;
use crate::mux::{MuxError, NewPane};

/// The option, one of the pane's own, by which a restored pane tells how the original was started.
pub const RESTORED_FROM: &str = "@muxtape-restored-from";

const WHAT: &str = "a question for what new panes begin with";
const WHAT_PATH: &str = "a question for the PATH of new panes";

impl Tmux {
    /// What new panes of these sessions begin with, in their order; of a session that is gone
    /// nothing.
    ///
    /// # Errors
    ///
    /// As [`Tmux::run`].
    pub fn new_panes(&self, sessions: &[SessionId]) -> Result<Vec<Option<NewPane>>, MuxError> {
        let each = sessions.iter().map(|id| {
            // A command that fails ends its line alone; the number tells which have answered.
            Command::new("display-message")
                .flag("-p")
                .opt("-t", format!("{}:", ids::session(*id)))
                .arg(format!(
                    "{} #{{q:default-shell}} #{{q:default-command}} ",
                    id.number()
                ))
        });
        let reply = self.ask(WHAT, &each.collect::<Vec<_>>())?;
        let mut fields = Fields::new(&reply.stdout, WHAT);
        let mut found: Vec<(SessionId, NewPane)> = Vec::new();
        while !fields.is_empty() {
            let id = SessionId::of(fields.number()?);
            let (shell, command) = (fields.text()?, fields.text()?);
            fields.end_of_line()?;
            found.push((id, NewPane { shell, command }));
        }
        let of = |id: &SessionId| {
            let mut found = found.iter();
            found.find(|(own, _)| own == id).map(|(_, new)| new.clone())
        };
        Ok(sessions.iter().map(of).collect())
    }

    /// The `PATH` that new sessions of a running server get, which is its own; `None` where it has
    /// none.
    ///
    /// # Errors
    ///
    /// As [`Tmux::run`].
    pub fn search_path(&self) -> Result<Option<BString>, MuxError> {
        let ask = Command::new("show-environment")
            .flag("-g")
            .flag("-s")
            .arg("PATH");
        let reply = self.ask(WHAT_PATH, &[ask])?;
        let mut fields = Fields::new(&reply.stdout, WHAT_PATH);
        if fields.is_empty() {
            return Ok(None);
        }
        Ok(read_variable(&mut fields, false)?.value)
    }
}
