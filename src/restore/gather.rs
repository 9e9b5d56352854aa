//! Looks, before a plan is made, at what is alive, at directories and at programs. Changes nothing.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use bstr::{BStr, BString, ByteSlice};

use super::RestoreError;
use super::facts::{Facts, LiveState, Surroundings};
use super::judge;
use super::plan::Plan;
use super::policy::{Policy, Selection};
use super::possible;
use super::programs::{Rules, Strategy, VIM_SESSION, less_line};
use crate::model::ansi;
use crate::model::digest::Digest;
use crate::model::program::{Program, program_name};
use crate::model::snapshot::Snapshot;
use crate::model::tree::{Pane, ServerState};
use crate::mux::tmux::Tmux;
use crate::mux::tmux::capabilities::Capabilities;
use crate::mux::{Multiplexer, MuxError};

/// Looks at what is alive, at directories and at programs, and plans. Changes nothing, and starts no
/// server.
///
/// # Errors
///
/// [`RestoreError::Mux`] when the server cannot be asked; that none runs is not an error.
pub fn prepare(
    snapshot: &Snapshot,
    tmux: &Tmux,
    policy: &Policy,
    selection: &Selection,
    surroundings: &Surroundings,
) -> Result<Plan, RestoreError> {
    let live = look(tmux)?;
    let version = match &live.server {
        Some(server) => server.version.clone(),
        None => tmux.program_version()?,
    };
    let mut snapshot = Cow::Borrowed(snapshot);
    let capabilities = Capabilities::of(&version);
    let mut renamed = 0;
    if !capabilities.any_name {
        renamed = possible::rename(&mut snapshot.to_mut().state, capabilities);
    }
    let facts = facts(&snapshot.state, surroundings);
    let mut plan = super::plan(&snapshot, &live, &facts, policy, selection);
    if renamed > 0 {
        plan.warnings.push(possible::warning(renamed));
    }
    Ok(plan)
}

/// What is alive.
pub fn look(tmux: &Tmux) -> Result<LiveState, RestoreError> {
    match tmux.observe() {
        Ok(observed) => Ok(LiveState {
            server: Some(observed.server),
            state: observed.state,
        }),
        Err(MuxError::NoServer { .. }) => Ok(LiveState::default()),
        Err(error) => Err(error.into()),
    }
}

/// What is to be known of the machine for restoring a state.
#[must_use]
pub fn facts(state: &ServerState, surroundings: &Surroundings) -> Facts {
    let home: BString = surroundings.home.as_os_str().as_encoded_bytes().into();
    let mut directories = Directories::default();
    directories.look(&home);
    let mut programs = BTreeMap::new();
    let search: Vec<PathBuf> = surroundings
        .search_path
        .iter()
        .flat_map(|path| std::env::split_paths(path).collect::<Vec<_>>())
        .collect();
    for session in &state.sessions {
        directories.look(&session.cwd);
    }
    for (_, _, pane) in state.panes() {
        directories.look(judge::path_of(&pane.cwd));
        if let Some(dir) = pane
            .program
            .as_ref()
            .and_then(|program| program.cwd.as_ref())
        {
            directories.look(dir);
        }
        for (name, exe) in commands(pane) {
            programs
                .entry(name.to_owned())
                .or_insert_with(|| can_run(name, exe, &search));
        }
    }
    Facts {
        rules: surroundings.rules.clone(),
        vim_sessions: vim_sessions(state, &surroundings.rules),
        lines: lines(state, surroundings),
        home,
        directories: directories.there,
        programs,
        suffix: surroundings.suffix.clone(),
    }
}

/// The panes whose program has this strategy, and the program.
fn having<'a>(
    state: &'a ServerState,
    rules: &'a Rules,
    strategy: Strategy,
) -> impl Iterator<Item = (&'a Pane, &'a Program)> {
    state.panes().filter_map(move |(_, _, pane)| {
        let program = pane.program.as_ref()?;
        let has = rules.verdict(program, &[]).strategy == strategy;
        has.then_some((pane, program))
    })
}

/// The texts that tell how programs of a state are started again: give them to [`prepare`] in
/// [`Surroundings::texts`].
#[must_use]
pub fn telling_texts(state: &ServerState, rules: &Rules) -> Vec<Digest> {
    let panes = having(state, rules, Strategy::LessLine);
    let texts = panes.filter_map(|(pane, _)| pane.contents);
    texts.map(|text| text.digest).collect()
}

/// The lines that pagers showed first, by text.
fn lines(state: &ServerState, surroundings: &Surroundings) -> BTreeMap<Digest, u32> {
    let digests = telling_texts(state, &surroundings.rules).into_iter();
    let lines = digests.filter_map(|digest| {
        let screen = surroundings.texts.get(&digest)?.alternate.as_ref()?;
        Some((digest, less_line(&ansi::plain(screen))?))
    });
    lines.collect()
}

/// The directories of editors that have a session file.
fn vim_sessions(state: &ServerState, rules: &Rules) -> BTreeSet<BString> {
    let editors = having(state, rules, Strategy::VimSession);
    let dirs = editors.map(|(pane, program)| program.cwd.as_ref().unwrap_or(&pane.cwd));
    let with = dirs.filter(|dir| {
        let file = [dir.as_slice(), b"/", VIM_SESSION].concat();
        file.to_path().is_ok_and(Path::is_file)
    });
    with.cloned().collect()
}

/// The programs of a pane, by `argv[0]`, and where they were.
fn commands(pane: &Pane) -> impl Iterator<Item = (&BString, Option<&BString>)> {
    let shell = pane.shell.first().map(|name| (name, None));
    let program = pane.program.iter();
    let program = program.flat_map(|program| {
        let name = program.argv.first();
        name.map(|name| (name, program.exe.as_ref()))
    });
    shell.into_iter().chain(program)
}

/// Directories that were looked at.
#[derive(Default)]
struct Directories {
    there: BTreeSet<BString>,
    missing: BTreeSet<BString>,
}

impl Directories {
    /// Looks at a directory, and where it is missing at those above it up to the first that is there.
    fn look(&mut self, path: &[u8]) {
        if self.check(path) {
            return;
        }
        for parent in judge::parents(path) {
            if self.check(parent) {
                return;
            }
        }
    }

    fn check(&mut self, path: &[u8]) -> bool {
        let name = BStr::new(path);
        if self.there.contains(name) {
            return true;
        }
        if self.missing.contains(name) {
            return false;
        }
        let there = path.starts_with(b"/")
            && path.to_path().is_ok_and(|path| {
                path.is_dir() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
            });
        if there {
            self.there.insert(name.to_owned());
        } else {
            self.missing.insert(name.to_owned());
        }
        there
    }
}

/// Whether a program can be found: by its path, in the search path, or where it was.
fn can_run(name: &[u8], exe: Option<&BString>, search: &[PathBuf]) -> bool {
    let path = |bytes: &[u8]| bytes.to_path().map(Path::to_path_buf).ok();
    if exe
        .and_then(|exe| path(exe))
        .is_some_and(|exe| is_program(&exe))
    {
        return true;
    }
    let bare = name.strip_prefix(b"-").unwrap_or(name);
    if bare.starts_with(b"/") {
        return path(bare).is_some_and(|path| is_program(&path));
    }
    if bare.contains(&b'/') {
        // Relative to a directory that the shell will be in; not to be known here.
        return true;
    }
    let argv = [BString::from(bare)];
    let Some(file) = path(program_name(&argv)) else {
        return false;
    };
    search.iter().any(|dir| is_program(&dir.join(&file)))
}

fn is_program(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}
