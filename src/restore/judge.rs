//! What becomes of one pane: its directory, its shell, its program.

use std::collections::BTreeSet;

use bstr::{BStr, BString, ByteSlice};

use super::beginning::Beginning;
use super::entry;
use super::facts::Facts;
use super::launch;
use super::plan::{Start, Warning, WarningLevel};
use super::policy::{MissingDir, Policy, Programs};
use super::profile::Profile;
use super::programs::{self, Doubt, ShellLine};
use super::quoting::{self, Dialect};
use super::shells::ShellFile;
use crate::model::ansi::label;
use crate::model::detail::Withheld;
use crate::model::program::{Program, program_name};
use crate::model::tree::Pane;
use crate::mux::NewPane;
use crate::redact::is_marked;

/// What becomes of a pane.
#[derive(Debug, Clone)]
pub(super) struct Judged {
    /// Whether it is made.
    pub(super) made: bool,
    /// What ran in it, for showing.
    pub(super) label: String,
    /// What becomes of it, for showing.
    pub(super) detail: String,
    /// Where it opens.
    pub(super) dir: BString,
    /// Its shell; empty for the default one.
    pub(super) shell: Vec<BString>,
    /// The file that is started as its shell.
    pub(super) shell_file: BString,
    /// How it began.
    pub(super) beginning: Beginning,
    /// What it begins with in place of its shell.
    pub(super) new: Option<NewPane>,
    /// Whether its shell was idle.
    pub(super) idle: bool,
    /// What becomes of its program.
    pub(super) start: Start,
    /// What is typed.
    pub(super) line: Option<BString>,
    /// Why it is so.
    pub(super) why: Option<String>,
    /// What will not be as it was; the component is filled in later.
    pub(super) warnings: Vec<Warning>,
}

fn warning(kind: &'static str, issue: String, fallback: String, suggestion: &str) -> Warning {
    Warning {
        level: WarningLevel::Warning,
        kind,
        component: String::new(),
        issue,
        fallback,
        suggestion: suggestion.to_owned(),
    }
}

/// A path as it is shown: below the home directory with `~`.
pub(super) fn shown_path(path: &[u8], home: &[u8]) -> String {
    match path.strip_prefix(home) {
        Some(rest) if !home.is_empty() && (rest.is_empty() || rest.starts_with(b"/")) => {
            format!("~{}", label(rest))
        }
        _ => label(path),
    }
}

/// What Linux puts behind the path of a directory that was removed.
const DELETED: &[u8] = b" (deleted)";

/// A path without that mark; `None` for one that has none.
pub(super) fn without_mark(path: &[u8]) -> Option<&[u8]> {
    path.strip_suffix(DELETED)
}

/// The directory that a path means: with the mark only where one is really called so.
pub(super) fn path_of<'a>(path: &'a [u8], directories: &BTreeSet<BString>) -> &'a [u8] {
    let is_there = directories.contains(path.as_bstr());
    without_mark(path).filter(|_| !is_there).unwrap_or(path)
}

/// The directories above a path, nearest first.
pub(super) fn parents(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = path;
    std::iter::from_fn(move || {
        let trimmed = rest.trim_end_with(|c| c == '/');
        let slash = trimmed.rfind_byte(b'/')?;
        rest = trimmed.get(..slash)?;
        Some(if rest.is_empty() { &b"/"[..] } else { rest })
    })
}

/// What is to be known of a restore for judging its panes, besides facts and policy.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms<'a> {
    /// Whether the snapshot is foreign.
    pub(super) foreign: bool,
    /// What a new pane of the session begins with, where that is known.
    pub(super) new: Option<&'a NewPane>,
    /// What is known of the multiplexer.
    pub(super) profile: &'a dyn Profile,
}

/// Judges a pane.
pub(super) fn judge(
    pane: &Pane,
    wanted: bool,
    facts: &Facts,
    policy: &Policy,
    terms: Terms<'_>,
) -> Judged {
    let own_shell = programs::read_shell(&pane.shell);
    let beginning = Beginning::of(pane);
    let new = terms.new.filter(|new| {
        let given = terms.profile.start_command(&beginning.command);
        beginning.is_that_of(new, &given)
    });
    // A pane that was made for a program gets a shell, with the program in it.
    let is_program = own_shell.is_none() && new.is_none() && !pane.shell.is_empty();
    let itself = (is_program && pane.program.is_none()).then(|| Program {
        argv: pane.shell.clone(),
        exe: None,
        cwd: None,
        pipeline: Vec::new(),
        // Of a pane's own process it is not kept whether a secret was taken out of it.
        redacted: pane.shell.iter().any(|arg| is_marked(arg)),
    });
    let program = pane.program.as_ref().or(itself.as_ref());
    let mut judged = Judged {
        made: wanted,
        label: match (program, pane.detail.withheld) {
            (_, Some(why)) => why.words().to_owned(),
            (Some(program), None) => label(&bstr::join(" ", program.shown())),
            (None, None) => label(program_name(&pane.shell)),
        },
        detail: String::new(),
        dir: pane.cwd.clone(),
        shell: Vec::new(),
        shell_file: BString::default(),
        beginning,
        new: new.cloned(),
        idle: program.is_none() && pane.exit.is_none(),
        start: Start::Idle,
        line: None,
        why: None,
        warnings: Vec::new(),
    };
    if !wanted {
        "not chosen".clone_into(&mut judged.detail);
        return judged;
    }
    if let Some(why) = pane.detail.withheld {
        withheld(&mut judged, why, facts);
        return judged;
    }
    directory(&mut judged, pane, facts, policy);
    if !judged.made {
        return judged;
    }
    judged.beginning.retyped = itself.is_some();
    if let Some(line) = own_shell {
        shell(&mut judged, line, facts, terms);
    }
    if pane.exit.is_some() {
        // It comes back as it was: its text, and nothing that runs.
        judged.detail.push_str(", ended");
        return judged;
    }
    nested(&mut judged, pane);
    if let Some(program) = program {
        start(&mut judged, program, pane, facts, policy);
    }
    judged
}

/// A pane of which nothing is known but its place.
fn withheld(judged: &mut Judged, why: Withheld, facts: &Facts) {
    judged.dir.clone_from(&facts.home);
    "a plain shell".clone_into(&mut judged.detail);
    let (kind, issue, fallback) = match why {
        Withheld::Private => (
            "private pane",
            "it was private, and nothing of it is known but its place",
            "opened with a plain shell, and private again",
        ),
        Withheld::Excluded => (
            "not recorded",
            "by the settings at that time nothing of it was recorded but its place",
            "opened with a plain shell",
        ),
    };
    judged.warnings.push(Warning {
        level: WarningLevel::Info,
        ..warning(kind, issue.to_owned(), fallback.to_owned(), "")
    });
}

/// Shells in which others ran: only the outermost is started again. That is the pane's own process,
/// or what it opened where it is no shell that waits for its user: a wrapper (`sh -c 'A=b bash;
/// true'`).
fn nested(judged: &mut Judged, pane: &Pane) {
    let mut all = pane.detail.shells.iter();
    let outer = match programs::is_interactive_shell(&pane.shell) {
        true => Some(&pane.shell),
        false => all.next(),
    };
    let Some(outer) = outer else { return };
    let inner = all.filter(|shell| *shell != outer);
    let mut inner: Vec<String> = inner.map(|shell| label(program_name(shell))).collect();
    inner.reverse();
    if inner.is_empty() {
        return;
    }
    let outer = label(program_name(outer));
    judged.warnings.push(Warning {
        level: WarningLevel::Info,
        ..warning(
            "nested shells",
            format!("{} ran within {outer}", inner.join(" within ")),
            "no shell is opened within it".to_owned(),
            "start the inner shell by hand",
        )
    });
}

fn directory(judged: &mut Judged, pane: &Pane, facts: &Facts, policy: &Policy) {
    let path = path_of(&pane.cwd, &facts.directories);
    if facts.directories.contains(path.as_bstr()) {
        judged.dir = path.into();
        judged.detail = shown_path(path, &facts.home);
        return;
    }
    let saved = shown_path(path, &facts.home);
    judged.dir = match policy.missing_dir {
        MissingDir::Skip => {
            judged.made = false;
            judged.detail = format!("cwd {saved} gone");
            return;
        }
        MissingDir::Home => facts.home.clone(),
        MissingDir::Parent => parents(path)
            .find(|parent| facts.directories.contains(parent.as_bstr()))
            .map_or_else(|| facts.home.clone(), BString::from),
    };
    let now = shown_path(&judged.dir, &facts.home);
    judged.detail = format!("cwd {saved} gone → {now}");
    judged.why = Some(format!("saved directory does not exist; {now} is used"));
    judged.warnings.push(warning(
        "missing directory",
        format!("the directory {saved} does not exist"),
        format!("opened in {now} (policy: {})", policy.missing_dir),
        "make the directory and restore again, or choose another policy with --missing-dir",
    ));
}

fn found(facts: &Facts, argv: &[BString]) -> bool {
    let name = argv.first().and_then(|name| facts.programs.get(name));
    name.copied().unwrap_or(true)
}

/// The shell that a pane had, as far as it is started again.
fn shell(judged: &mut Judged, mut line: ShellLine, facts: &Facts, terms: Terms<'_>) {
    let Some(argv0) = line.kept.first().cloned() else {
        return;
    };
    if terms.foreign {
        let options = line.kept.drain(1..).collect::<Vec<_>>();
        line.dropped.splice(0..0, options);
    }
    if judged.new.is_some() {
        judged.shell = line.kept;
        return;
    }
    let name = label(program_name(&line.kept));
    let shown = label(argv0.strip_prefix(b"-").unwrap_or(&argv0));
    let default = || "opened with the server's default shell".to_owned();
    let (kind, issue, suggestion) = match facts.shells.get(&argv0) {
        Some(ShellFile::Installed(file)) => {
            judged.shell_file = file.as_os_str().as_encoded_bytes().into();
            judged.shell = line.kept;
            if !line.dropped.is_empty() {
                judged.warnings.push(warning(
                    "shell options",
                    format!(
                        "the shell {name} had {}",
                        quoting::shown_line(&line.dropped)
                    ),
                    "left out, because it could run something".to_owned(),
                    "start the shell by hand where you need it",
                ));
            }
            return;
        }
        Some(ShellFile::Missing) | None => (
            "missing shell",
            format!("the shell {name} was not found"),
            "install it and restore again",
        ),
        Some(ShellFile::Doubted(doubt)) => (
            "doubtful shell",
            format!("the shell {shown} is not started: {doubt}"),
            "start it by hand, if you trust it",
        ),
        Some(ShellFile::Stray) => (
            "unknown shell",
            format!("the shell {shown} is not one that is installed"),
            "start it by hand, or add it to /etc/shells",
        ),
    };
    judged
        .warnings
        .push(warning(kind, issue, default(), suggestion));
}

fn start(judged: &mut Judged, program: &Program, pane: &Pane, facts: &Facts, policy: &Policy) {
    let name = label(&program.name());
    judged.start = Start::Leave;
    let leave = |judged: &mut Judged, kind, issue: String, suggestion: &str| {
        judged.detail.clone_from(&issue);
        let left = "left at a shell".to_owned();
        judged.warnings.push(warning(kind, issue, left, suggestion));
    };
    let launch = &pane.detail.launch;
    let program = &*match launch::started(program, launch) {
        Ok(program) => program,
        Err(launch::Unknown {
            kind,
            issue,
            suggestion,
        }) => return leave(judged, kind, issue, suggestion),
    };
    let verdict = facts.rules.verdict(program);
    if policy.programs == Programs::Shell {
        judged.why = Some("programs are not started (policy: shell)".into());
        return;
    }
    if verdict.never {
        judged.detail = format!("run policy: never ({name})");
        judged.why = Some(format!("{name} is never started by a restore"));
        judged.warnings.push(Warning {
            level: WarningLevel::Info,
            ..warning(
                "never started",
                format!("{name} is never started by a restore"),
                "left at a shell".into(),
                "start it by hand",
            )
        });
        return;
    }
    if !found(facts, &program.argv) {
        let issue = format!("{name}: command not found");
        leave(
            judged,
            "missing command",
            issue,
            "install it and start it by hand",
        );
        judged.detail = "command not found → shell".into();
        return;
    }
    let own_dir = program.cwd.as_ref().filter(|dir| **dir != pane.cwd);
    let own_dir = own_dir.map(|dir| path_of(dir, &facts.directories).as_bstr());
    let dir: Option<&BStr> = own_dir.filter(|dir| facts.directories.contains(*dir));
    // The default shell is not known here.
    let dialect = match judged.shell.is_empty() {
        true => Dialect::Any,
        false => Dialect::of(&judged.shell),
    };
    let directory = programs::dir_of(pane, program);
    let better = verdict.strategy.and_then(|strategy| {
        let trace = facts.traces.of(strategy, pane, program)?;
        Some((strategy, strategy.argv(&program.argv, trace)?))
    });
    let (by_hand, better) = match better {
        Some((strategy, argv)) if strategy.is_by_hand() => (Some(argv), None),
        Some((_, argv)) => (None, Some(argv)),
        None => (None, None),
    };
    let mut argv = better.unwrap_or_else(|| program.argv.clone());
    let doubt = match policy.programs {
        Programs::Shell | Programs::Type => Some(None),
        _ if verdict.by_hand => Some(Some(Doubt::NamesNever)),
        Programs::All => None,
        Programs::Allow => {
            let places = entry::Places {
                shell: path_of(&pane.cwd, &facts.directories),
                saved: path_of(directory, &facts.directories),
                now: dir.map_or(judged.dir.as_bstr(), |dir| dir),
            };
            entry::doubt(&argv, places, facts, &policy.allow).map(Some)
        }
    };
    if let Some(by_hand) = by_hand.filter(|_| doubt.is_some()) {
        argv = by_hand;
    }
    let around = launch::around(&name, launch, facts, policy, dialect);
    let Some(line) = launch::line(&around, &argv, dir, dialect) else {
        let issue = format!("the command line of {name} cannot be typed into this shell");
        return leave(judged, "untypable command", issue, "start it again by hand");
    };
    judged.line = Some(line);
    for issue in around.lost {
        judged.warnings.push(warning(
            "redirection",
            issue,
            "typed without it, not run".to_owned(),
            "complete the line, and press Enter",
        ));
    }
    if program.redacted {
        // Whatever the policy says: without its secret it is not what ran.
        judged.start = Start::Type;
        judged.why = Some(format!("{name} is typed for you to complete"));
        let line = quoting::shown_line(&program.argv);
        judged.warnings.push(warning(
            "redacted command",
            format!("a secret was taken from the arguments of {name}: {line}"),
            "typed, not run".to_owned(),
            "put the secret back in its place, and press Enter",
        ));
        return;
    }
    if let Some(why) = around.by_hand {
        // Whatever the policy says.
        judged.start = Start::Type;
        judged.why = Some(why);
        return;
    }
    let Some(doubt) = doubt else {
        judged.start = Start::Run;
        judged.why.get_or_insert_with(|| match policy.programs {
            Programs::All => format!("{name} is run (policy: all)"),
            _ => format!("{name} is known to be harmless with these arguments, or allowed by name"),
        });
        return;
    };
    judged.start = Start::Type;
    let typed = format!("{name} is typed for you to run");
    let typed = match doubt {
        Some(doubt) => format!("{typed}: {doubt}"),
        None => typed,
    };
    judged.why = Some(match judged.why.take() {
        Some(why) => format!("{why}; {typed}"),
        None => typed,
    });
}

/// Lets a program that would be entered be typed only.
pub(super) fn hold(judged: &mut Judged, doubt: &Doubt) {
    judged.start = Start::Type;
    judged.why = Some(format!("it is typed for you to run: {doubt}"));
}
