//! What becomes of one pane: its directory, its shell, its program.

use bstr::{BStr, BString, ByteSlice};

use super::facts::Facts;
use super::plan::{Start, Warning, WarningLevel};
use super::policy::{MissingDir, Policy, Programs};
use super::programs::{self, Class, Traces};
use super::quoting::{self, Dialect};
use crate::model::ansi::label;
use crate::model::detail::Withheld;
use crate::model::program::{Program, program_name};
use crate::model::tree::Pane;
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
pub(super) const DELETED: &[u8] = b" (deleted)";

/// A path without what Linux puts behind the path of a directory that was removed.
pub(super) fn path_of(cwd: &[u8]) -> &[u8] {
    cwd.strip_suffix(DELETED).unwrap_or(cwd)
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

/// Judges a pane.
pub(super) fn judge(pane: &Pane, wanted: bool, facts: &Facts, policy: &Policy) -> Judged {
    let own_shell = programs::is_interactive_shell(&pane.shell);
    // A pane that was made for a program gets a shell, with the program in it.
    let itself =
        (!own_shell && pane.program.is_none() && !pane.shell.is_empty()).then(|| Program {
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
        shell: if own_shell {
            pane.shell.clone()
        } else {
            Vec::new()
        },
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
    shell(&mut judged, facts);
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

/// Shells in which others ran: only the outermost is started again.
fn nested(judged: &mut Judged, pane: &Pane) {
    let inner = pane
        .detail
        .shells
        .iter()
        .filter(|shell| **shell != pane.shell);
    let mut inner: Vec<String> = inner.map(|shell| label(program_name(shell))).collect();
    inner.reverse();
    if inner.is_empty() {
        return;
    }
    let outer = label(program_name(&pane.shell));
    judged.warnings.push(Warning {
        level: WarningLevel::Info,
        ..warning(
            "nested shells",
            format!("{} ran within {outer}", inner.join(" within ")),
            format!("opened with {outer} alone"),
            "start the inner shell by hand",
        )
    });
}

/// Arguments as they are shown in a sentence.
fn shown_line(argv: &[BString]) -> String {
    match quoting::line(argv, None, Dialect::Ansi) {
        Some(line) => label(&line),
        None => label(&bstr::join(" ", argv)),
    }
}

/// A pipeline as it is shown; `…` stands for a member that could not be seen, which was the first.
fn pipeline(program: &Program) -> String {
    let (unseen, seen): (Vec<_>, Vec<_>) =
        program.pipeline.iter().partition(|argv| argv.is_empty());
    let unseen = unseen.iter().map(|_| "…".to_owned());
    let own = std::iter::once(&program.argv).chain(seen);
    let shown = unseen.chain(own.map(|argv| shown_line(argv)));
    shown.collect::<Vec<_>>().join(" | ")
}

fn directory(judged: &mut Judged, pane: &Pane, facts: &Facts, policy: &Policy) {
    let path = path_of(&pane.cwd);
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

fn shell(judged: &mut Judged, facts: &Facts) {
    if judged.shell.is_empty() || found(facts, &judged.shell) {
        return;
    }
    let name = label(program_name(&judged.shell));
    judged.shell = Vec::new();
    judged.warnings.push(warning(
        "missing shell",
        format!("the shell {name} was not found"),
        "opened with the server's default shell".into(),
        "install it and restore again",
    ));
}

fn start(judged: &mut Judged, program: &Program, pane: &Pane, facts: &Facts, policy: &Policy) {
    let name = label(&program.name());
    judged.start = Start::Leave;
    let leave = |judged: &mut Judged, kind, issue: String, suggestion: &str| {
        judged.detail.clone_from(&issue);
        let left = "left at a shell".to_owned();
        judged.warnings.push(warning(kind, issue, left, suggestion));
    };
    if !program.pipeline.is_empty() {
        let issue = format!("{name} was part of a pipeline: {}", pipeline(program));
        return leave(
            judged,
            "pipeline",
            issue,
            "start the pipeline again by hand",
        );
    }
    let verdict = facts.rules.verdict(program, &policy.allow);
    let class = verdict.under(policy.programs);
    if class == Class::Never {
        if policy.programs == Programs::Shell {
            judged.why = Some("programs are not started (policy: shell)".into());
        } else {
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
        }
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
    let dir = own_dir.filter(|dir| facts.directories.contains(*dir));
    let dir: Option<&BStr> = dir.map(|dir| dir.as_bstr());
    // The default shell is not known here; the arguments are quoted as every shell reads them.
    let dialect = match judged.shell.is_empty() {
        true => Dialect::Posix,
        false => Dialect::of(&judged.shell),
    };
    let traces = Traces {
        vim_session: facts
            .vim_sessions
            .contains(program.cwd.as_ref().unwrap_or(&pane.cwd)),
        line: pane
            .contents
            .and_then(|text| facts.lines.get(&text.digest).copied()),
    };
    let argv = verdict.strategy.argv(program, traces);
    let Some(line) = quoting::line(&argv, dir, dialect) else {
        let issue = format!("the command line of {name} cannot be typed into this shell");
        return leave(judged, "untypable command", issue, "start it again by hand");
    };
    judged.line = Some(line);
    if program.redacted {
        // Whatever the policy says: without its secret it is not what ran.
        judged.start = Start::Type;
        judged.why = Some(format!("{name} is typed for you to complete"));
        let line = shown_line(&program.argv);
        judged.warnings.push(warning(
            "redacted command",
            format!("a secret was taken from the arguments of {name}: {line}"),
            "typed, not run".to_owned(),
            "put the secret back in its place, and press Enter",
        ));
        return;
    }
    if class == Class::Allow {
        judged.start = Start::Run;
        judged
            .why
            .get_or_insert_with(|| format!("{name} is on the list of programs that may be run"));
    } else {
        judged.start = Start::Type;
        judged
            .why
            .get_or_insert_with(|| format!("{name} is typed for you to run"));
    }
}
