//! Looks, before a plan is made, at what is alive, at directories and at programs. Changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use bstr::{BStr, BString, ByteSlice};

use super::RestoreError;
use super::entry::file_at;
use super::facts::{Facts, LiveState, Surroundings};
use super::inputs::InputFinder;
use super::judge;
use super::plan::Plan;
use super::policy::{Policy, Selection};
use super::possible;
use super::programs::{Rules, Strategy, Traces, is_interactive_shell};
use super::resolve::{is_program, resolve_in_all};
use super::restorer::Restorer;
use super::shells::Shells;
use crate::model::digest::Digest;
use crate::model::launch::RedirectTarget;
use crate::model::program::{Program, program_name};
use crate::model::snapshot::Snapshot;
use crate::model::tree::{Pane, ServerState};
use crate::mux::MuxError;

/// Looks at what is alive, at directories and at programs, and plans. Changes nothing, and starts
/// no server.
///
/// # Errors
///
/// [`RestoreError::Mux`] when the server cannot be asked; that none runs is not an error.
pub fn prepare(
    snapshot: &Snapshot,
    restorer: &dyn Restorer,
    policy: &Policy,
    selection: &Selection,
    surroundings: &Surroundings,
) -> Result<Plan, RestoreError> {
    let live = look(restorer)?;
    let profile = restorer.profile(live.server.as_ref())?;
    let profile = profile.as_ref();
    let (snapshot, renamed) = possible::renamed(snapshot, profile);
    let facts = facts(&snapshot.state, &live, surroundings);
    let mut plan = super::plan(&snapshot, &live, &facts, policy, selection, profile);
    if renamed > 0 {
        let warning = possible::warning(renamed, restorer.kind());
        plan.warnings.push(warning);
    }
    Ok(plan)
}

/// What is alive.
///
/// # Errors
///
/// [`RestoreError::Mux`] when the server cannot be asked; that none runs is not an error.
pub fn look(restorer: &dyn Restorer) -> Result<LiveState, RestoreError> {
    match restorer.observe() {
        Ok(observed) => {
            let new = restorer.new_panes(&observed.state)?;
            Ok(LiveState {
                server: Some(observed.server),
                new_pane: new.first,
                search_path: new.search_path,
                state: observed.state,
            })
        }
        Err(MuxError::NoServer { .. }) => Ok(LiveState::default()),
        Err(error) => Err(error.into()),
    }
}

/// What is to be known of the machine for restoring a state.
#[must_use]
pub fn facts(state: &ServerState, live: &LiveState, surroundings: &Surroundings) -> Facts {
    let home: BString = surroundings.home.as_os_str().as_encoded_bytes().into();
    let mut directories = Directories::default();
    directories.look(&home);
    let (mut programs, mut commands_known) = (BTreeMap::new(), BTreeMap::new());
    let (mut files, mut found) = (BTreeSet::new(), BTreeMap::new());
    let mut finder = InputFinder::new(&home, &surroundings.rules);
    let mut found_shells = BTreeMap::new();
    // A pane gets the server's; what the user's shell makes of it is likely to be muxtape's own.
    let own = surroundings.search_path.as_deref();
    let of_server = live.search_path.as_ref();
    let of_server = of_server.map(|path| OsStr::from_bytes(path));
    let paths = of_server.into_iter().chain(own);
    let paths: Vec<Vec<PathBuf>> = paths
        .map(|path| std::env::split_paths(path).collect())
        .collect();
    let search = paths.concat();
    let shells = Shells::of_system(&search);
    for session in &state.sessions {
        directories.look_as_told(&session.cwd);
    }
    for (_, _, pane) in state.panes() {
        directories.look_as_told(&pane.cwd);
        if let Some(name) = pane
            .shell
            .first()
            .filter(|_| is_interactive_shell(&pane.shell))
        {
            let found = || shells.find(name);
            found_shells.entry(name.clone()).or_insert_with(found);
        }
        if let Some(dir) = pane
            .program
            .as_ref()
            .and_then(|program| program.cwd.as_ref())
        {
            directories.look_as_told(dir);
        }
        for (name, exe) in commands(pane) {
            programs
                .entry(name.to_owned())
                .or_insert_with(|| can_run(name, exe, &search));
            commands_known
                .entry(name.to_owned())
                .or_insert_with(|| resolve_in_all(name, &paths));
        }
        let program = pane.program.as_ref();
        let argv = program.map_or(&pane.shell, |program| &program.argv);
        let own = program.and_then(|program| program.cwd.as_ref());
        let dir = judge::path_of(own.unwrap_or(&pane.cwd), &directories.there);
        let named = argv.iter().skip(1).map(|arg| file_at(dir, arg));
        let redirections = pane.detail.launch.redirections.iter();
        let read = redirections.filter_map(|redirection| match &redirection.target {
            RedirectTarget::Read(path) => Some(path.clone()),
            _ => None,
        });
        files.extend(named.chain(read).filter(|path| is_regular(path)));
        for dir in [dir, judge::path_of(&pane.cwd, &directories.there)] {
            let look = || finder.inputs(dir);
            found.entry(BString::from(dir)).or_insert_with(look);
        }
    }
    Facts {
        rules: surroundings.rules.clone(),
        traces: traces(state, surroundings),
        home,
        directories: directories.there,
        programs,
        commands: commands_known,
        files,
        inputs: found,
        shells: found_shells,
        environment: surroundings.environment.iter().cloned().collect(),
        suffix: surroundings.suffix.clone(),
    }
}

/// The panes whose program is started again in a way of its own.
fn with_strategy<'a>(
    state: &'a ServerState,
    rules: &'a Rules,
) -> impl Iterator<Item = (&'static dyn Strategy, &'a Pane, &'a Program)> {
    state.panes().filter_map(|(_, _, pane)| {
        let program = pane.program.as_ref()?;
        Some((rules.verdict(program).strategy?, pane, program))
    })
}

/// The texts that tell how programs of a state are started again: give them to [`prepare`] in
/// [`Surroundings::texts`].
#[must_use]
pub fn telling_texts(state: &ServerState, rules: &Rules) -> Vec<Digest> {
    let panes = with_strategy(state, rules).filter(|(strategy, ..)| strategy.reads_text());
    let texts = panes.filter_map(|(_, pane, _)| pane.contents);
    texts.map(|text| text.digest).collect()
}

/// What strategies find out about the programs of a state.
fn traces(state: &ServerState, surroundings: &Surroundings) -> Traces {
    let mut traces = Traces::default();
    for (strategy, pane, program) in with_strategy(state, &surroundings.rules) {
        let text = pane.contents.filter(|_| strategy.reads_text());
        let text = text.and_then(|text| surroundings.texts.get(&text.digest));
        traces.look(strategy, pane, program, text);
    }
    traces
}

/// The programs of a pane, by `argv[0]`, and where they were.
fn commands(pane: &Pane) -> impl Iterator<Item = (&BString, Option<&BString>)> {
    let shell = pane.shell.first().map(|name| (name, None));
    let titled = pane
        .detail
        .launch
        .titled
        .iter()
        .flat_map(|argv| argv.first());
    let shell = shell.into_iter().chain(titled.map(|name| (name, None)));
    let program = pane.program.iter();
    let program = program.flat_map(|program| {
        let name = program.argv.first();
        name.map(|name| (name, program.exe.as_ref()))
    });
    shell.chain(program)
}

/// Directories that were looked at.
#[derive(Default)]
struct Directories {
    there: BTreeSet<BString>,
    missing: BTreeSet<BString>,
}

impl Directories {
    /// Looks at a directory, and where it is missing at those above it up to the first that is
    /// there.
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

    /// The same for a path as Linux tells it, with its mark where the directory was removed.
    fn look_as_told(&mut self, path: &[u8]) {
        match judge::without_mark(path) {
            Some(removed) if !self.check(path) => self.look(removed),
            _ => self.look(path),
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

/// Whether a path leads to a regular file that holds data, or to the one that never does: reading
/// another of the kernel's can act.
fn is_regular(path: &[u8]) -> bool {
    let kernel = ["/dev", "/proc", "/sys"];
    let of_kernel = |path: &Path| kernel.iter().any(|dir| path.starts_with(dir));
    let null = Path::new("/dev/null");
    // By its name, too: `/proc/self` is another process for each that looks.
    path.to_path()
        .ok()
        .filter(|path| *path == null || !of_kernel(path))
        .and_then(|path| path.canonicalize().ok())
        .is_some_and(|path| {
            path == null || !of_kernel(&path) && path.metadata().is_ok_and(|data| data.is_file())
        })
}
