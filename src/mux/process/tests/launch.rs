//! How programs were started, beyond their arguments: redirections, pipes of their own, titles.

use std::fs;
use std::os::unix::fs::symlink;

use bstr::BString;

use super::panes::{installed, look, script, until, words};
use crate::model::Program;
use crate::model::launch::{LostTarget, RedirectTarget, StandardStream};
use crate::mux::process::Running;
use muxtape_testing::{TmuxServer, wait_until};

use RedirectTarget::{Append, Lost, Output, Read, ReadWrite, Write};
use StandardStream::{Errors, Input, Output as Out};

/// The shells to type into that are here, with the options with which they read no files of the
/// user's.
fn shells() -> Vec<&'static str> {
    let all = [
        "bash --norc --noprofile -i",
        "zsh -f -i",
        "dash -i",
        "mksh -i",
        "tcsh -f -i",
        "fish --no-config -i",
    ];
    let name = |shell: &&str| installed(shell.split(' ').next().unwrap());
    all.into_iter().filter(name).collect()
}

/// A server with this shell in its pane, and a directory of commands in front of its search path.
fn server(shell: &str) -> TmuxServer {
    let server = TmuxServer::start();
    // tmux puts a search path of its own in place of one that it is given.
    let path = std::env::var("PATH").unwrap();
    let path = format!("PATH={}/bin:{path}", home(&server));
    let respawn = ["respawn-pane", "-k", "-t", "main:", "env", &path, "PS1=$ "];
    server.run(respawn.into_iter().chain(shell.split(' ')));
    let last = words(shell).pop();
    until(&server, |found| {
        found.shell.last() == last.as_ref() && found.program.is_none()
    });
    wait_until("a prompt", || {
        server.run(["display-message", "-p", "-t", "main:", "#{cursor_x}"]) != "0"
    });
    server
}

fn home(server: &TmuxServer) -> String {
    let home = server.home().canonicalize().unwrap();
    home.to_str().unwrap().to_owned()
}

/// What runs after a line was typed, once it is the program that is expected; it is ended again.
fn typed(server: &TmuxServer, line: &str, is_it: impl Fn(&Program) -> bool) -> Running {
    server.type_line("main:", line);
    let mut found = Running::default();
    wait_until(&format!("what runs after {line:?}"), || {
        found = look(server, &[]);
        found.program.as_ref().is_some_and(&is_it)
    });
    server.run(["send-keys", "-t", "main:", "C-c"]);
    wait_until(&format!("the shell after {line:?}: {found:?}"), || {
        look(server, &[]).program.is_none()
    });
    found
}

/// Whether an argument is this.
fn has(word: &str) -> impl Fn(&Program) -> bool {
    move |program| program.argv.iter().any(|arg| arg == word)
}

/// Whether this is only a part of what was typed. The parts start one after the other, so that the
/// first can look whole for a moment.
fn in_part(program: &Program) -> bool {
    has("1000")(program) && !program.is_whole()
}

/// Whether it is whole, and where its streams led.
fn redirected(found: &Running) -> (bool, Vec<(StandardStream, RedirectTarget)>) {
    let redirections = found.launch.redirections.iter();
    let streams = redirections.map(|one| (one.stream, one.target.clone()));
    (
        found.program.as_ref().unwrap().is_whole(),
        streams.collect(),
    )
}

#[test]
fn redirections_are_seen_as_they_were_typed() {
    for shell in shells() {
        let server = server(shell);
        let file = |name: &str| BString::from(format!("{}/{name}", home(&server)));
        fs::write(server.home().join("in"), "").unwrap();
        let null = || BString::from("/dev/null");
        let mut cases = vec![
            ("sleep 1000", vec![]),
            ("sleep 1000 < in", vec![(Input, Read(file("in")))]),
            ("sleep 1000 > out", vec![(Out, Write(file("out")))]),
            ("sleep 1000 >> out", vec![(Out, Append(file("out")))]),
            ("sleep 1000 2> out", vec![(Errors, Write(file("out")))]),
            (
                "sleep 1000 > out 2>&1",
                vec![(Out, Write(file("out"))), (Errors, Output)],
            ),
            (
                "sleep 1000 > a 2>> b",
                vec![(Out, Write(file("a"))), (Errors, Append(file("b")))],
            ),
            (
                "sleep 1000 > /dev/null < in",
                vec![(Input, Read(file("in"))), (Out, Write(null()))],
            ),
            // The same file, opened in two ways.
            (
                "sleep 1000 > out 2>> out",
                vec![(Out, Write(file("out"))), (Errors, Append(file("out")))],
            ),
        ];
        if shell.starts_with("tcsh") {
            cases.retain(|(line, _)| !line.contains("2>"));
            let both = vec![(Out, Append(file("out"))), (Errors, Output)];
            cases.extend([("sleep 1000 >>& out", both)]);
        } else if !shell.starts_with("fish") {
            cases.extend([
                ("sleep 1000 <> out", vec![(Input, ReadWrite(file("out")))]),
                ("(sleep 1000; true) < in", vec![(Input, Read(file("in")))]),
                // No standard stream: not to be told from what programs open themselves.
                ("sleep 1000 3< in", vec![]),
                ("sleep 1000 2>&1", vec![]),
            ]);
        }
        for (line, expected) in cases {
            let found = typed(&server, line, has("1000"));
            assert_eq!(redirected(&found), (true, expected), "{shell}: {line}");
            assert_eq!(found.program.unwrap().argv, words("sleep 1000"));
        }
    }
}

#[test]
fn what_a_program_silences_by_itself_was_not_typed() {
    let server = server("bash --norc --noprofile -i");
    let name = |name: &'static str| move |program: &Program| program.argv[0] == name;
    let null = || Write(BString::from("/dev/null"));
    // top saves its standard error, which then leads nowhere.
    let top = typed(&server, "top -d 5", |program| name("top")(program));
    assert_eq!(redirected(&top), (true, vec![]));
    let top = typed(&server, "top -d 5 2> /dev/null", |program| {
        name("top")(program)
    });
    assert_eq!(redirected(&top), (true, vec![(Errors, null())]));
    if installed("perl") {
        let quiet = "open(K, '>&', STDERR); open(STDERR, '>', '/dev/null'); $| = 1; print 'no', \"w\\n\"; sleep 1000";
        script(&server, "quiet", &format!("#!/usr/bin/perl\n{quiet};\n"));
        server.type_line("main:", "quiet");
        server.wait_for_text("main:", "now");
        let found = look(&server, &[]);
        assert_eq!(redirected(&found), (true, vec![]), "{found:?}");
    }
}

#[test]
fn what_cannot_be_opened_again_is_told() {
    let server = server("bash --norc --noprofile -i");
    fs::write(server.home().join("gone"), "").unwrap();
    server.type_line("main:", "sleep 1000 < gone");
    until(&server, |found| found.program.is_some());
    fs::remove_file(server.home().join("gone")).unwrap();
    let found = typed(&server, "", has("1000"));
    assert_eq!(
        redirected(&found),
        (true, vec![(Input, Lost(LostTarget::Deleted))])
    );
    // What the shell itself was redirected to, the line does not say.
    server.type_line("main:", "exec 2> errors");
    assert_eq!(
        redirected(&typed(&server, "sleep 1000", has("1000"))),
        (true, vec![])
    );
    server.type_line("main:", "exec 2> /dev/tty");
    // A here-document is a pipe that nothing writes to, or a file that is gone.
    let (whole, streams) = redirected(&typed(&server, "sleep 1000 <<< x", has("1000")));
    assert_ne!(
        whole,
        streams.is_empty().then_some(()).is_some(),
        "{streams:?}"
    );
    // A shell that reads a file runs it.
    fs::write(server.home().join("task"), "sleep 1000\n").unwrap();
    let found = typed(&server, "bash < task", has("bash"));
    let task = BString::from(format!("{}/task", home(&server)));
    assert_eq!(redirected(&found), (true, vec![(Input, Read(task))]));
}

#[test]
fn pipes_of_a_programs_own_are_no_pipeline() {
    if !installed("perl") {
        return;
    }
    for shell in shells() {
        let server = server(shell);
        // As git, journalctl and systemctl have a pager.
        script(
            &server,
            "pages",
            "#!/usr/bin/perl\nopen(P, '|-', 'sleep', '2000') or die;\nopen(STDOUT, '>&', P) or die;\n\
             open(STDERR, '>&', P) or die;\nclose P;\nsleep $ARGV[0];\n",
        );
        // As strace puts its own streams out of the way.
        script(
            &server,
            "traces",
            "#!/usr/bin/perl\nuse Fcntl;\nif (!fork) { exec 'sleep', '2000' }\npipe(R, W);\n\
             open(STDIN, '<&', R);\nopen(STDOUT, '>&', W);\nclose R; close W;\n\
             fcntl($_, F_SETFD, FD_CLOEXEC) for \\*STDIN, \\*STDOUT;\nsleep $ARGV[0];\n",
        );
        script(&server, "inner", "#!/bin/sh\nsleep $1 | cat\n");
        let mut lines = vec!["pages 1000", "traces 1000", "inner 1000", "env sleep 1000"];
        if installed("strace") {
            lines.push("strace -f -o /dev/null sleep 1000");
        }
        for line in lines {
            server.type_line("main:", line);
            // Its own processes are there, too.
            let name = line.split(' ').next().unwrap();
            if name != "env" {
                wait_until(&format!("the child of {line} in {shell}"), || {
                    look(&server, &[])
                        .program
                        .is_some_and(|program| program.name() == name)
                        && children(&server)
                });
            }
            let found = typed(&server, "", has("1000"));
            let program = found.program.clone().unwrap();
            assert!(program.is_whole(), "{shell}: {line}: {program:?}");
            assert_eq!(
                program.shown(),
                words(line.trim_start_matches("env ")),
                "{shell}"
            );
            assert!(
                found.launch.is_empty(),
                "{shell}: {line}: {:?}",
                found.launch
            );
        }
        if shell.starts_with("tcsh") {
            continue;
        }
        // What is part of a pipeline stays so, also with a pager or tracer in it.
        for line in [
            "pages 1000 | cat",
            "sleep 1000 2>&1 > /dev/null | cat",
            "traces 1000 | cat -u",
        ] {
            typed(&server, line, in_part);
        }
        if shell.starts_with("bash") || shell.starts_with("zsh") {
            for line in [
                "sleep 1000 > >(cat)",
                "sleep 1000 2> >(cat)",
                "sleep 1000 | (read x; cat)",
            ] {
                typed(&server, line, in_part);
            }
        }
    }
}

#[test]
fn sockets_between_processes_are_a_pipeline_too() {
    if !installed("ksh93") {
        return;
    }
    let server = server("ksh93 -i");
    server.type_line("main:", "/bin/sleep 1000 | cat -u");
    until(&server, |found| {
        let program = found.program.as_ref();
        program.is_some_and(|program| program.pipeline == [words("cat -u")])
    });
    typed(&server, "", has("1000"));
    let found = typed(&server, "/bin/sleep 1000 > out", has("1000"));
    let out = BString::from(format!("{}/out", home(&server)));
    assert_eq!(redirected(&found), (true, vec![(Out, Write(out))]));
}

/// Whether a process with a parent that is not the shell is in front.
fn children(server: &TmuxServer) -> bool {
    let pid = server.run(["display-message", "-p", "-t", "main:", "#{pane_pid}"]);
    let line = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let front: Vec<&str> = line
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    let all = fs::read_dir("/proc").unwrap().flatten();
    let mut stats = all.filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok());
    stats.any(|stat| {
        let fields: Vec<&str> = stat
            .rsplit(')')
            .next()
            .unwrap()
            .split_whitespace()
            .collect();
        // Parent and group, and the flag of what has become nothing yet.
        let flags: u32 = fields[6].parse().unwrap();
        fields[2] == front[5] && fields[1] == front[5] && flags & 0x40 == 0
    })
}

#[test]
fn a_title_that_is_the_command_line_is_proved_by_its_length() {
    let mut writers = Vec::new();
    if installed("perl") {
        // Perl writes over its arguments, and over the environment behind them.
        writers.push(
            "#!/usr/bin/perl\n$0 = join ' ', 'NAME', grep { !/^--/ || $more++ } @ARGV;\nsleep 1000;\n",
        );
    }
    if installed("node") {
        writers.push(
            "#!/usr/bin/env node\nlet more = 0;\nconst rest = process.argv.slice(2);\n\
             process.title = ['NAME', ...rest.filter(arg => !/^--/.test(arg) || more++)].join(' ');\n\
             setTimeout(() => {}, 1000000);\n",
        );
    }
    for writer in writers {
        let shells = shells().into_iter().filter(|shell| !shell.contains("csh"));
        for shell in shells {
            let server = server(shell);
            for (name, title) in [
                ("npm", "npm"),
                ("unicorn", "unicorn master"),
                ("app", "app: master"),
            ] {
                script(&server, name, &writer.replace("NAME", title));
            }
            for (line, title, expected) in [
                ("npm run dev", "dev", "npm run dev"),
                // Options are left out of the title: what is left is not all.
                ("npm --silent run dev", "dev", ""),
                ("npm run dev -- --port 3", "3", "npm run dev -- --port 3"),
                ("unicorn -c x.rb", "x.rb", ""),
                ("app -c x.rb", "x.rb", ""),
                // What was typed is more than the program.
                ("npm run dev | cat", "dev", ""),
            ] {
                // The members of a pipeline start one after the other: the first can be there
                // alone.
                let found = typed(&server, line, |program| {
                    program.argv.len() == 1
                        && program.argv[0].ends_with(title.as_bytes())
                        && program.is_pipeline() == line.contains('|')
                });
                let program = found.program.unwrap();
                assert!(!program.is_whole(), "{shell}: {line}");
                let expected = match expected.is_empty() {
                    true => Vec::new(),
                    false => words(expected),
                };
                assert_eq!(
                    found.launch.titled,
                    Some(expected),
                    "{shell}: {line}: {writer}"
                );
            }
            // Found by a path, it is typed by a path, if at all.
            let found = typed(&server, "bin/npm run dev", |program| {
                program.argv.len() == 1
            });
            let typed = found.launch.titled.unwrap();
            assert!(
                typed.first().is_none_or(|first| *first == "bin/npm"),
                "{typed:?}"
            );
        }
    }
}

#[test]
fn a_multiplexer_within_itself_is_told_by_what_it_lacks() {
    let server = server("bash --norc --noprofile -i");
    let sleep = std::path::Path::new("/bin/sleep").canonicalize().unwrap();
    symlink(sleep, server.home().join("tmux")).unwrap();
    for (line, expected) in [
        ("./tmux 1000", None),
        ("TMUX= ./tmux 1000", Some(Some(BString::default()))),
        ("env -u TMUX ./tmux 1000", Some(None)),
        ("TMUX= sleep 1000", None),
    ] {
        let found = typed(&server, line, |program| program.argv.len() == 2);
        let variables = found.launch.variables;
        assert!(variables.iter().all(|variable| variable.name == "TMUX"));
        let value = variables.into_iter().next().map(|variable| variable.value);
        assert_eq!(value, expected, "{line}");
    }
}
