//! What stands around the arguments on the line that starts a program again: redirections and
//! variables; and why there is no such line.

use std::borrow::Cow;

use bstr::{BStr, BString};

use super::facts::Facts;
use super::policy::{Policy, Programs};
use super::quoting::{self, Dialect};
use crate::model::ansi::label;
use crate::model::detail::Variable;
use crate::model::launch::{Launch, NESTING, RedirectTarget, Redirection, StandardStream};
use crate::model::program::{Program, is_open_file};
use crate::redact::is_marked;

/// What swallows all that is written into it, and is never changed by it.
const NULL: &str = "/dev/null";

/// Programs to which standard input is text and nothing else: others take commands from it, or
/// keys.
const READS_TEXT: [&str; 2] = ["less", "tail"];

/// Why nothing can be typed.
pub(super) struct Unknown {
    /// The kind of the warning.
    pub(super) kind: &'static str,
    /// What cannot be told.
    pub(super) issue: String,
    /// What the user can do.
    pub(super) suggestion: &'static str,
}

/// The program with the arguments that it was started with.
pub(super) fn started<'a>(
    program: &'a Program,
    launch: &Launch,
) -> Result<Cow<'a, Program>, Unknown> {
    if program.pipeline.is_empty() {
        return Ok(Cow::Borrowed(program));
    }
    match &launch.titled {
        Some(argv) if !argv.is_empty() && !program.is_pipeline() => Ok(Cow::Owned(Program {
            argv: argv.clone(),
            pipeline: Vec::new(),
            redacted: argv.iter().any(|arg| is_marked(arg)),
            ..program.clone()
        })),
        _ => Err(unknown(program, launch)),
    }
}

/// Why the arguments of a program are not known. Without other members it is called a pipeline only
/// where nothing else explains it.
fn unknown(program: &Program, launch: &Launch) -> Unknown {
    let by_hand = "start it again by hand";
    let name = label(&program.name());
    let Some(first) = program.argv.first() else {
        return Unknown {
            kind: "unknown arguments",
            issue: format!("the arguments of {name} could not be seen"),
            suggestion: by_hand,
        };
    };
    let pipe = |issue| Unknown {
        kind: "pipeline",
        issue,
        suggestion: "start the pipeline again by hand",
    };
    if program.is_pipeline() {
        return pipe(format!(
            "{name} was part of a pipeline: {}",
            pipeline(program)
        ));
    }
    let alone = program.argv.len() == 1;
    if alone && first.ends_with(b" ...") {
        return Unknown {
            kind: "unknown arguments",
            issue: format!("the arguments of {name} are too long to be kept"),
            suggestion: by_hand,
        };
    }
    if launch.titled.is_some() || alone && first.contains(&b' ') {
        let title = label(first);
        return Unknown {
            kind: "title",
            issue: format!(
                "the arguments of {name} cannot be read: the title \"{title}\" stands in their place"
            ),
            suggestion: by_hand,
        };
    }
    if let Some(open) = program.argv.iter().find(|arg| is_open_file(arg)) {
        let open = label(open);
        return Unknown {
            kind: "process substitution",
            issue: format!(
                "{open}, an argument of {name}, was an open file of its shell, such as <(…) makes"
            ),
            suggestion: by_hand,
        };
    }
    if program.exe.is_none() {
        let (kind, shown) = ("unknown arguments", quoting::shown_line(&program.argv));
        let issue = match alone {
            true => format!("of {name} only the name could be seen"),
            false => format!("where the arguments of {name} end could not be seen: {shown}"),
        };
        return Unknown {
            kind,
            issue,
            suggestion: by_hand,
        };
    }
    pipe(format!(
        "{name} was joined by a pipe to what could not be seen (a program that has ended, its shell, a \
         here-document, >(…)): {}",
        pipeline(program)
    ))
}

/// A pipeline as it is shown; `…` stands for a member that could not be seen, which was the first.
fn pipeline(program: &Program) -> String {
    let (unseen, seen): (Vec<_>, Vec<_>) =
        program.pipeline.iter().partition(|argv| argv.is_empty());
    let unseen = unseen.iter().map(|_| "…".to_owned());
    let own = std::iter::once(&program.argv).chain(seen);
    let shown = unseen.chain(own.map(|argv| quoting::shown_line(argv)));
    shown.collect::<Vec<_>>().join(" | ")
}

/// What stands around the arguments on a line.
#[derive(Debug, Default)]
pub(super) struct Around {
    /// In front of them.
    pub(super) front: Vec<BString>,
    /// Arguments in front of them: a program that starts them as they were.
    pub(super) starter: Vec<BString>,
    /// Behind them.
    pub(super) tail: Vec<BString>,
    /// Why only the user may press Enter; `None` where that does not matter.
    pub(super) by_hand: Option<String>,
    /// What is not said again, each in a sentence.
    pub(super) lost: Vec<String>,
}

/// Whether a program may be given a file to read without its user: what only shows text, if it
/// might be given the file as an argument. Whoever lets a program run with any arguments lets it
/// run with any input, too.
fn may_read(name: &str, path: &BString, facts: &Facts, policy: &Policy) -> bool {
    let as_argument = || {
        let argv = [BString::from(name), path.clone()];
        facts.rules.allows(&argv, &[]).is_ok()
    };
    policy.programs == Programs::All
        || READS_TEXT.contains(&name) && as_argument()
        || policy.allow.iter().any(|allowed| allowed == name)
}

/// What stands around the arguments of a program, for a shell of this dialect.
pub(super) fn around(
    name: &str,
    launch: &Launch,
    facts: &Facts,
    policy: &Policy,
    dialect: Dialect,
) -> Around {
    let mut around = Around::default();
    variables(&mut around, &launch.variables, dialect);
    if launch.titled.is_some() {
        around.by_hand = Some(format!(
            "its title says that this was {name}: it is typed for you to check"
        ));
    }
    let mut rest = launch.redirections.as_slice();
    while let Some((first, after)) = rest.split_first() {
        // csh can only say both in one.
        let both = dialect == Dialect::Csh
            && first.stream == StandardStream::Output
            && after
                .first()
                .is_some_and(|next| next.target == RedirectTarget::Output);
        rest = match both {
            true => after.get(1..).unwrap_or_default(),
            false => after,
        };
        let stream = first.stream.words();
        let by_hand = match said(first, both, dialect) {
            Ok(words) => {
                around.tail.extend(words);
                why_by_hand(name, &first.target, facts, policy)
            }
            Err(why) => {
                around.lost.push(format!("{stream} of {name} led to {why}"));
                Some(format!(
                    "its {stream} is not what it was: {name} is typed for you to complete"
                ))
            }
        };
        around.by_hand = around.by_hand.or(by_hand);
    }
    around
}

/// The multiplexer knows by this variable that it would run within itself; without it, it does so
/// as it did. A name goes into the line as it is: a file that was imported can hold any.
fn variables(around: &mut Around, variables: &[Variable], dialect: Dialect) {
    let assigns = matches!(dialect, Dialect::Ansi | Dialect::Posix | Dialect::Fish);
    let nests = |one: &&Variable| NESTING.iter().any(|(_, own)| one.name == *own);
    for variable in variables.iter().filter(nests) {
        let empty: BString = [variable.name.as_slice(), b"="].concat().into();
        match &variable.value {
            Some(_) if assigns => around.front.push(empty),
            Some(_) => around.starter.push(empty),
            None => around.starter.extend(["-u".into(), variable.name.clone()]),
        }
    }
    if !around.starter.is_empty() {
        around.starter.insert(0, "env".into());
    }
}

/// Why nobody but the user may start a program that is redirected so.
fn why_by_hand(
    name: &str,
    target: &RedirectTarget,
    facts: &Facts,
    policy: &Policy,
) -> Option<String> {
    match target {
        RedirectTarget::Output => None,
        RedirectTarget::Read(path) if *path == NULL => None,
        RedirectTarget::Read(path) if !facts.files.contains(path) => {
            let path = label(path);
            Some(format!(
                "{path}, which {name} read, is no plain file now: it is typed for you to check"
            ))
        }
        RedirectTarget::Read(path) if may_read(name, path, facts, policy) => None,
        RedirectTarget::Read(path) => {
            let path = label(path);
            Some(format!(
                "{name} may take commands from {path}: it is typed for you to run"
            ))
        }
        RedirectTarget::Write(path) | RedirectTarget::Append(path) if *path == NULL => None,
        RedirectTarget::Write(path) => {
            let path = label(path);
            Some(format!(
                "{name} writes {path} anew, and what is in it would be lost: it is typed for you to run"
            ))
        }
        RedirectTarget::Append(path) | RedirectTarget::ReadWrite(path) => {
            let path = label(path);
            Some(format!(
                "{name} writes into {path}: it is typed for you to run"
            ))
        }
        RedirectTarget::Lost(_) => None,
    }
}

/// How a shell is told of a redirection; else what it led to.
fn said(redirection: &Redirection, both: bool, dialect: Dialect) -> Result<Vec<BString>, String> {
    let stream = redirection.stream;
    let (sign, path): (&str, &BString) = match &redirection.target {
        RedirectTarget::Read(path) => ("<", path),
        RedirectTarget::Write(path) => (">", path),
        RedirectTarget::Append(path) => (">>", path),
        RedirectTarget::ReadWrite(path) => ("<>", path),
        RedirectTarget::Lost(lost) => {
            return Err(format!("{}, which cannot be opened again", lost.words()));
        }
        RedirectTarget::Output => {
            return match dialect {
                Dialect::Ansi | Dialect::Posix | Dialect::Fish | Dialect::Elvish => {
                    Ok(vec!["2>&1".into()])
                }
                _ => Err("standard output, which this shell has no way to say".to_owned()),
            };
        }
    };
    let unsaid = || format!("{}, which this shell has no way to say", label(path));
    let known = match dialect {
        Dialect::Ansi | Dialect::Posix | Dialect::Elvish => true,
        Dialect::Fish => sign != "<>",
        Dialect::Csh | Dialect::Any => sign != "<>" && stream != StandardStream::Errors,
        Dialect::Nu | Dialect::Power | Dialect::Other => false,
    };
    let quoted = quoting::word(path, false, dialect).filter(|_| known);
    let quoted = quoted.ok_or_else(unsaid)?;
    let number = match (stream, sign) {
        (StandardStream::Errors, _) => "2",
        (StandardStream::Output, "<>") => "1",
        _ => "",
    };
    let and = if both { "&" } else { "" };
    Ok(vec![format!("{number}{sign}{and}").into(), quoted])
}

/// The line for a program with what stands around its arguments.
pub(super) fn line(
    around: &Around,
    argv: &[BString],
    dir: Option<&BStr>,
    dialect: Dialect,
) -> Option<BString> {
    let starter = around.starter.iter();
    let argv: Vec<BString> = starter.chain(argv).cloned().collect();
    quoting::line_around(&around.front, &argv, &around.tail, dir, dialect)
}

#[cfg(test)]
mod tests;
