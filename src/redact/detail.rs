//! Secrets in what a session, tab or pane has beyond its text: settings, hooks, variables, buffers.

use bstr::BString;

use super::{Redactor, Tally, splice};
use crate::model::detail::{
    Buffer, Checkout, Hook, PaneDetail, SessionDetail, Setting, TabDetail, Variable,
};
use crate::model::launch::{Launch, RedirectTarget, Redirection};

impl Redactor {
    pub(super) fn session_detail(&self, detail: &mut SessionDetail, tally: &mut Tally) {
        let SessionDetail {
            settings,
            hooks,
            environment,
            recent: _,
            created: _,
            last_attached: _,
        } = detail;
        self.settings(settings, tally);
        self.hooks(hooks, tally);
        self.variables(environment, tally);
    }

    pub(super) fn tab_detail(&self, detail: &mut TabDetail, tally: &mut Tally) {
        let TabDetail { settings, hooks } = detail;
        self.settings(settings, tally);
        self.hooks(hooks, tally);
    }

    pub(super) fn pane_detail(&self, detail: &mut PaneDetail, tally: &mut Tally) {
        let PaneDetail {
            settings,
            hooks,
            environment,
            start_command,
            shells,
            checkout,
            mode,
            search,
            input_off: _,
            piped: _,
            terminal: _,
            floating: _,
            withheld: _,
            launch,
        } = detail;
        self.settings(settings, tally);
        self.hooks(hooks, tally);
        self.variables(environment, tally);
        for shell in shells {
            *shell = self.argv(shell, tally).0;
        }
        for text in [start_command, mode, search] {
            *text = self.text(text, tally);
        }
        self.launch(launch, tally);
        if let Some(checkout) = checkout {
            let Checkout {
                root,
                branch,
                commit,
                repository,
            } = checkout;
            for text in [root, commit].into_iter().chain(branch).chain(repository) {
                *text = self.text(text, tally);
            }
        }
    }

    fn launch(&self, launch: &mut Launch, tally: &mut Tally) {
        let Launch {
            titled,
            redirections,
            variables,
        } = launch;
        if let Some(argv) = titled {
            *argv = self.argv(argv, tally).0;
        }
        for Redirection { stream: _, target } in redirections {
            match target {
                RedirectTarget::Read(path)
                | RedirectTarget::Write(path)
                | RedirectTarget::Append(path)
                | RedirectTarget::ReadWrite(path) => *path = self.text(path, tally),
                RedirectTarget::Output | RedirectTarget::Lost(_) => {}
            }
        }
        self.variables(variables, tally);
    }

    pub(super) fn buffers(&self, buffers: &mut [Buffer], tally: &mut Tally) {
        for Buffer { name, data } in buffers {
            *name = self.text(name, tally);
            *data = self.text(data, tally);
        }
    }

    fn settings(&self, settings: &mut [Setting], tally: &mut Tally) {
        for Setting { name, value } in settings {
            // A user's own setting is a variable in all but its first character.
            let variable = name.strip_prefix(b"@").unwrap_or(name);
            *value = self.value_of(variable, value, tally);
            *name = self.text(name, tally);
        }
    }

    fn hooks(&self, hooks: &mut [Hook], tally: &mut Tally) {
        for Hook { event, command } in hooks {
            *command = self.text(command, tally);
            *event = self.text(event, tally);
        }
    }

    fn variables(&self, variables: &mut [Variable], tally: &mut Tally) {
        for Variable {
            name,
            value,
            hidden: _,
        } in variables
        {
            if let Some(value) = value {
                *value = match self.kept_out(name, tally) {
                    Some(marker) => marker,
                    None => self.value_of(name, value, tally),
                };
            }
            *name = self.text(name, tally);
        }
    }

    /// What stands in place of a variable's value where its name alone says that it is not kept.
    fn kept_out(&self, name: &[u8], tally: &mut Tally) -> Option<BString> {
        let rules = self.rules.as_ref()?;
        let tables = rules.tables.as_ref()?;
        let rule = rules.rules.get(tables.rule)?;
        tables.never_kept(name).then(|| {
            tally.add(&rule.name);
            splice::marker(&rule.name).into()
        })
    }

    /// The value of something with a name, which may tell that the value is a secret.
    fn value_of(&self, name: &[u8], value: &[u8], tally: &mut Tally) -> BString {
        let mut seen = Tally::default();
        let word: BString = [name, b"=", value].concat().into();
        let (clean, _) = self.argv(&[word], &mut seen);
        let kept = clean
            .first()
            .and_then(|word| word.strip_prefix(name)?.strip_prefix(b"="));
        match kept {
            Some(kept) => {
                tally.merge(&seen);
                // Some rules go by how a line begins.
                self.text(kept, tally)
            }
            // A secret in the name itself, or over both: the value is looked at alone.
            None => self.text(value, tally),
        }
    }
}
