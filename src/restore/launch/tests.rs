//! What is typed around the arguments of programs, what is never entered, and what real shells
//! read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use super::*;
use crate::model::launch::LostTarget;
use crate::model::tree::Pane;
use crate::restore::inputs::Inputs;
use crate::restore::judge::{Judged, Terms, judge};
use crate::restore::memory::MemoryProfile;
use crate::restore::plan::Start;
use crate::restore::policy::{Policy, Programs};
use crate::restore::shells::ShellFile;

use RedirectTarget::{Append, Lost, Output, Read, ReadWrite, Write};
use StandardStream::{Errors, Input, Output as Out};

fn words(line: &str) -> Vec<BString> {
    line.split(' ').map(BString::from).collect()
}

fn program(line: &str) -> Program {
    Program {
        argv: words(line),
        exe: Some("/usr/bin/any".into()),
        cwd: None,
        pipeline: Vec::new(),
        redacted: false,
    }
}

/// How a program with these redirections was started.
fn redirected(redirections: Vec<(StandardStream, RedirectTarget)>) -> Launch {
    let one = |(stream, target)| Redirection { stream, target };
    Launch {
        redirections: redirections.into_iter().map(one).collect(),
        ..Launch::default()
    }
}

fn titled(words: Option<Vec<BString>>) -> Launch {
    Launch {
        titled: words,
        ..Launch::default()
    }
}

/// What a judge makes of a program, in a shell, under a policy that runs everything that may be
/// run.
fn judged(program: Program, launch: Launch, shell: &str) -> Judged {
    judged_by(Programs::All, program, launch, shell)
}

fn judged_by(programs: Programs, program: Program, launch: Launch, shell: &str) -> Judged {
    let mut pane: Pane = crate::store::testing::session("s", 1, &[crate::store::testing::text("")])
        .tabs
        .remove(0)
        .panes
        .remove(0);
    pane.program = Some(program);
    pane.shell = words(shell);
    pane.detail.launch = launch;
    let policy = Policy {
        programs,
        allow: vec!["listed".into()],
        ..Policy::default()
    };
    let facts = Facts {
        home: "/".into(),
        directories: BTreeSet::from([pane.cwd.clone()]),
        files: BTreeSet::from(["/in".into()]),
        inputs: BTreeMap::from([(pane.cwd.clone(), Inputs::default())]),
        commands: ["less", "htop", "listed", "unknown"]
            .map(|name| (name.into(), Ok(())))
            .into(),
        // Every shell of these tests is installed.
        shells: pane
            .shell
            .first()
            .map(|name| (name.clone(), ShellFile::Installed("/bin/shell".into())))
            .into_iter()
            .collect(),
        ..Facts::default()
    };
    let terms = Terms {
        profile: &MemoryProfile,
        foreign: false,
        new: None,
    };
    judge(&pane, true, &facts, &policy, terms)
}

fn typed(
    redirections: Vec<(StandardStream, RedirectTarget)>,
    shell: &str,
) -> (String, Start, usize) {
    let judged = judged(program("less -N"), redirected(redirections), shell);
    let line = judged.line.unwrap_or_default().to_string();
    (line, judged.start, judged.warnings.len())
}

#[test]
fn what_writes_is_never_entered_and_what_reads_a_file_is() {
    let path = |path: &str| BString::from(path);
    let null = || path(NULL);
    for (redirections, line, start) in [
        (
            vec![(Input, Read(path("/in")))],
            "less -N < /in",
            Start::Run,
        ),
        (
            vec![(Input, Read(null()))],
            "less -N < /dev/null",
            Start::Run,
        ),
        // Gone, a pipe with a name, a device: whoever opens it may wait for ever.
        (
            vec![(Input, Read(path("/gone")))],
            "less -N < /gone",
            Start::Type,
        ),
        (
            vec![(Input, Read(path("/a b")))],
            "less -N < '/a b'",
            Start::Type,
        ),
        (
            vec![(Out, Write(null()))],
            "less -N > /dev/null",
            Start::Run,
        ),
        (
            vec![(Out, Write(path("/o"))), (Errors, Output)],
            "less -N > /o 2>&1",
            Start::Type,
        ),
        (
            vec![(Errors, Append(path("/o")))],
            "less -N 2>> /o",
            Start::Type,
        ),
        (
            vec![(Errors, Append(null()))],
            "less -N 2>> /dev/null",
            Start::Run,
        ),
        (
            vec![(Out, Append(path("/o")))],
            "less -N >> /o",
            Start::Type,
        ),
        (
            vec![(Out, ReadWrite(path("/o")))],
            "less -N 1<> /o",
            Start::Type,
        ),
        (
            vec![(Input, ReadWrite(path("/in")))],
            "less -N <> /in",
            Start::Type,
        ),
        (
            vec![(Input, Read(path("/in"))), (Out, Write(path("/o")))],
            "less -N < /in > /o",
            Start::Type,
        ),
    ] {
        assert_eq!(typed(redirections, "bash"), (line.to_owned(), start, 0));
    }
}

#[test]
fn only_what_takes_text_is_given_a_file_by_itself() {
    for (line, start) in [
        ("less -N", Start::Run),
        ("listed", Start::Run),
        // Keys, or commands.
        ("htop", Start::Type),
        ("unknown", Start::Type),
    ] {
        let run = |target| {
            let launch = redirected(vec![(Input, target)]);
            judged_by(Programs::Allow, program(line), launch, "bash").start
        };
        assert_eq!(run(Read("/in".into())), start, "{line}");
        assert_eq!(run(Read("/gone".into())), Start::Type, "{line}");
    }
}

#[test]
fn what_cannot_be_said_again_is_warned_of_and_left_to_the_user() {
    for (target, told) in [
        (
            Lost(LostTarget::Deleted),
            "standard input of less led to a file that is deleted",
        ),
        (
            Lost(LostTarget::Socket),
            "standard input of less led to a socket",
        ),
        (
            Lost(LostTarget::Terminal),
            "standard input of less led to another terminal",
        ),
        (
            Lost(LostTarget::Nameless),
            "standard input of less led to something",
        ),
    ] {
        let judged = judged(program("less x"), redirected(vec![(Input, target)]), "bash");
        assert_eq!(
            (judged.line.unwrap(), judged.start),
            ("less x".into(), Start::Type)
        );
        let issue = &judged.warnings[0].issue;
        assert!(issue.starts_with(told), "{issue}");
    }
    let errors = || vec![(Errors, Write("/e".into()))];
    let both = || vec![(Out, Append("/o".into())), (Errors, Output)];
    for (shell, redirections, line, warnings) in [
        ("tcsh", errors(), "less -N", 1),
        ("tcsh", both(), "less -N >>& /o", 0),
        (
            "tcsh",
            vec![(Out, Write("/o".into())), (Errors, Write("/e".into()))],
            "less -N > /o",
            1,
        ),
        ("fish", both(), "less -N >> /o 2>&1", 0),
        ("fish", vec![(Input, ReadWrite("/in".into()))], "less -N", 1),
        ("dash", both(), "less -N >> /o 2>&1", 0),
        // A path that dash cannot be told.
        ("dash", vec![(Input, Read("/a\nb".into()))], "less -N", 1),
        ("nu", both(), "^less -N", 2),
    ] {
        let expected = (line.to_owned(), Start::Type, warnings);
        assert_eq!(typed(redirections, shell), expected, "{shell}");
    }
}

#[test]
fn a_title_is_typed_where_it_is_proved_and_else_told() {
    let mut npm = program("x");
    npm.argv = vec!["npm run dev".into()];
    npm.pipeline = vec![Vec::new()];
    let found = judged(npm.clone(), titled(Some(words("npm run dev"))), "bash");
    assert_eq!(
        (found.line.unwrap(), found.start),
        ("npm run dev".into(), Start::Type)
    );
    // What is never started is not typed either, and what held a secret says so.
    let found = judged(npm.clone(), titled(Some(words("npm publish"))), "bash");
    assert_eq!((found.line, found.start), (None, Start::Leave));
    let found = judged(npm.clone(), titled(Some(words("npm ‹redacted:x›"))), "bash");
    assert_eq!(
        (found.warnings[0].kind, found.start),
        ("redacted command", Start::Type)
    );
    for (title, name, launch) in [
        (
            "gunicorn: master [app]",
            "gunicorn",
            titled(Some(Vec::new())),
        ),
        (
            "[celeryd: celery@host:MainProcess]",
            "celeryd",
            titled(Some(Vec::new())),
        ),
        // Of before it was known that it is a title.
        ("npm run dev", "npm", Launch::default()),
        ("worker", "worker", titled(Some(Vec::new()))),
    ] {
        npm.argv = vec![title.into()];
        let found = judged(npm.clone(), launch, "bash");
        assert_eq!((&found.line, found.start), (&None, Start::Leave));
        let told = &found.warnings[0];
        assert_eq!(told.kind, "title");
        let start = format!("the arguments of {name} cannot be read");
        assert!(
            told.issue.starts_with(&start) && told.issue.contains(title),
            "{}",
            told.issue
        );
    }
}

#[test]
fn a_title_in_a_pipeline_is_a_part_of_it() {
    let mut npm = program("x");
    npm.argv = vec!["npm run dev".into()];
    npm.pipeline = vec![Vec::new(), words("cat")];
    let found = judged(npm, titled(Some(Vec::new())), "bash");
    assert_eq!((found.line, found.warnings[0].kind), (None, "pipeline"));
}

#[test]
fn what_is_no_pipeline_is_not_called_one() {
    let kind = |line: &str, exe: bool, pipeline: Vec<Vec<BString>>| {
        let mut program = program(line);
        if line.ends_with(" ...") {
            program.argv = vec![line.into()];
        }
        program.pipeline = pipeline;
        program.exe = program.exe.filter(|_| exe);
        let found = judged(program, Launch::default(), "bash");
        assert_eq!((found.line, found.start), (None, Start::Leave));
        found.warnings[0].kind
    };
    let lost = || vec![Vec::new()];
    assert_eq!(kind("sudo", false, lost()), "unknown arguments");
    assert_eq!(kind("vim a", false, lost()), "unknown arguments");
    assert_eq!(kind("grep ...", true, lost()), "unknown arguments");
    assert_eq!(
        kind("diff /dev/fd/63 /dev/fd/62", true, lost()),
        "process substitution"
    );
    assert_eq!(kind("sleep 9", true, lost()), "pipeline");
    assert_eq!(kind("sleep 9", true, vec![words("cat")]), "pipeline");
    assert_eq!(
        kind("sleep 9", false, vec![Vec::new(), words("cat")]),
        "pipeline"
    );
}

#[test]
fn a_multiplexer_within_itself_gets_its_variable_taken_away() {
    let line = |value: Option<&str>, shell: &str| {
        let variable = Variable {
            name: "TMUX".into(),
            value: value.map(BString::from),
            hidden: false,
        };
        let launch = Launch {
            variables: vec![variable],
            ..Launch::default()
        };
        judged(program("tmux -L b"), launch, shell)
            .line
            .unwrap()
            .to_string()
    };
    assert_eq!(line(Some(""), "bash"), "TMUX= tmux -L b");
    assert_eq!(line(None, "bash"), "env -u TMUX tmux -L b");
    assert_eq!(line(Some(""), "tcsh"), "env TMUX= tmux -L b");
    assert_eq!(line(None, "fish"), "env -u TMUX tmux -L b");
}

#[test]
fn no_other_variable_is_put_in_front_of_a_program() {
    for name in [
        "A=b;touch x",
        "\ntouch x\n",
        "--split-string=touch x",
        "PATH",
    ] {
        for (value, shell) in [(Some(""), "bash"), (Some(""), "tcsh"), (None, "bash")] {
            let variable = Variable {
                name: name.into(),
                value: value.map(BString::from),
                hidden: false,
            };
            let launch = Launch {
                variables: vec![variable],
                ..Launch::default()
            };
            let line = judged(program("tmux a"), launch, shell).line;
            assert_eq!(line.unwrap(), "tmux a", "{name:?} {shell}");
        }
    }
}

#[test]
fn shells_read_redirections_as_they_are_meant() {
    let path = std::env::var_os("PATH").unwrap();
    let there = |name: &str| std::env::split_paths(&path).any(|dir| dir.join(name).is_file());
    let shells = [
        ("bash", "--norc"),
        ("dash", ""),
        ("zsh", "-f"),
        ("fish", "--no-config"),
        ("tcsh", "-f"),
        ("ksh93", ""),
        ("mksh", ""),
        ("yash", "--norcfile"),
        ("elvish", "-norc"),
    ];
    for (shell, option) in shells.into_iter().filter(|(name, _)| there(name)) {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str| BString::from(dir.path().join(name).to_str().unwrap());
        let (read, out, errors) = (file("in it's"), file("out $x"), file("errors !"));
        let dialect = Dialect::of(&[shell.into()]);
        let argv = words("/bin/sh")
            .into_iter()
            .chain(["-c".into(), "cat; echo e >&2".into()])
            .collect::<Vec<_>>();
        let mut cases = vec![
            (
                vec![
                    (Input, Read(read.clone())),
                    (Out, Write(out.clone())),
                    (Errors, Output),
                ],
                "in\ne\n",
                "",
            ),
            (
                vec![
                    (Input, Read(read.clone())),
                    (Out, Append(out.clone())),
                    (Errors, Output),
                ],
                "old\nin\ne\n",
                "",
            ),
        ];
        if dialect != Dialect::Csh {
            cases.push((
                vec![
                    (Input, Read(read.clone())),
                    (Out, Append(out.clone())),
                    (Errors, Append(errors.clone())),
                ],
                "old\nin\n",
                "older\ne\n",
            ));
            cases.push((
                vec![(Input, Read(read.clone())), (Errors, Write(errors.clone()))],
                "old\n",
                "e\n",
            ));
        }
        for (redirections, expected, expected_errors) in cases {
            fs::write(dir.path().join("in it's"), "in\n").unwrap();
            fs::write(dir.path().join("out $x"), "old\n").unwrap();
            fs::write(dir.path().join("errors !"), "older\n").unwrap();
            let around = around(
                "sh",
                &redirected(redirections),
                &Facts::default(),
                &Policy::default(),
                dialect,
            );
            assert!(around.lost.is_empty(), "{shell}: {:?}", around.lost);
            let line = line(&around, &argv, None, dialect).unwrap();
            let done = Command::new(shell)
                .env("HOME", "/nonexistent")
                .args(Some(option).filter(|option| !option.is_empty()))
                .arg("-c")
                .arg(line.to_string())
                .output()
                .unwrap();
            assert!(done.status.success(), "{shell}: {line}: {done:?}");
            let now = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
            assert_eq!(now("out $x"), expected, "{shell}: {line}");
            if !expected_errors.is_empty() {
                assert_eq!(now("errors !"), expected_errors, "{shell}: {line}");
            }
        }
    }
}
