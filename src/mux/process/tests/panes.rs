//! What runs in a pane, with a real tmux and real processes.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use bstr::BString;

use crate::model::program::Program;
use crate::mux::process::{Root, Running, running};
use muxtape_testing::{TmuxServer, wait_until};

/// The options of the shells that are nested here: nothing is read, and they are interactive.
pub(super) const BASH: &str = "bash --norc --noprofile -i";

/// What runs in the only pane.
pub(super) fn look(server: &TmuxServer, names: &[&str]) -> Running {
    let told = server.run([
        "display-message",
        "-p",
        "-t",
        "main:",
        "#{pane_pid} #{pane_current_command}",
    ]);
    let (pid, command) = told.split_once(' ').unwrap();
    let root = Root {
        pid: pid.parse().unwrap(),
        command: command.into(),
    };
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    running(&[root], &names).remove(0)
}

/// Waits until something holds, and gives what runs then.
pub(super) fn until(server: &TmuxServer, holds: impl Fn(&Running) -> bool) -> Running {
    let mut found = Running::default();
    wait_until("what runs in the pane", || {
        found = look(server, &[]);
        holds(&found)
    });
    found
}

/// A pane in which a line was typed, and the program in it once it runs under this name.
pub(super) fn typed(line: &str, name: &str) -> (TmuxServer, Program) {
    let server = TmuxServer::start();
    let program = type_for(&server, line, name);
    (server, program)
}

pub(super) fn type_for(server: &TmuxServer, line: &str, name: &str) -> Program {
    server.wait_for_prompt("main:");
    server.type_line("main:", line);
    let named = |program: &Program| {
        program
            .argv
            .iter()
            .any(|arg| arg.ends_with(name.as_bytes()))
    };
    until(server, |found| found.program.as_ref().is_some_and(named))
        .program
        .unwrap()
}

pub(super) fn words(line: &str) -> Vec<BString> {
    line.split(' ').map(BString::from).collect()
}

/// A script that can be run by its name in a directory for commands.
pub(super) fn script(server: &TmuxServer, name: &str, text: &str) -> PathBuf {
    let bin = server.home().join("bin");
    fs::create_dir_all(&bin).unwrap();
    let path = bin.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

pub(super) fn installed(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(name).is_file())
}

#[test]
fn a_helper_of_ssh_is_no_part_of_it() {
    let server = TmuxServer::start();
    let ssh = script(&server, "ssh", "#!/bin/sh\ncat < /dev/tty &\nwait\n");
    let line = format!("{} -p 2222 -J jump me@host 'ls -l' x", ssh.display());
    let found = type_for(&server, &line, "x");
    let ssh = ssh.to_str().unwrap();
    let expected = [
        "/bin/sh", ssh, "-p", "2222", "-J", "jump", "me@host", "ls -l", "x",
    ];
    assert_eq!(found.argv, expected);
    assert!(found.is_whole());
    assert_eq!(found.name(), "ssh");
    let told = found.ssh().unwrap();
    assert_eq!((told.host, told.port), ("host".into(), Some(2222)));
    assert_eq!(told.command, ["ls -l", "x"]);
}

#[test]
fn a_pipeline_is_put_together_by_its_pipes() {
    let mut shells = vec![BASH];
    if installed("zsh") {
        shells.push("zsh -f -i");
    }
    for shell in shells {
        let server = TmuxServer::start();
        server.wait_for_prompt("main:");
        server.type_line("main:", &format!("PS1='$ ' exec {shell}"));
        let name = shell.split(' ').next().unwrap();
        until(&server, |found| {
            found.shell.first().is_some_and(|own| own == name)
        });
        let line = "sleep 1000 | cat | tee /dev/null";
        server.type_line("main:", line);
        let found = until(&server, |found| {
            let program = found.program.as_ref();
            // The shell makes all of them before they become what they are.
            let pipeline = [words("cat"), words("tee /dev/null")];
            program.is_some_and(|program| program.name() == "sleep" && program.pipeline == pipeline)
        });
        let program = found.program.unwrap();
        assert_eq!(program.argv, words("sleep 1000"));
        assert!(program.is_pipeline() && !program.is_whole());
        assert!(found.shells.is_empty());
    }
}

#[test]
fn a_pipeline_whose_first_has_ended_is_not_whole() {
    let (server, _) = typed("true | sleep 1000", "1000");
    let lost = |found: &Running| found.program.as_ref().is_some_and(|p| !p.is_whole());
    let program = until(&server, lost).program.unwrap();
    assert_eq!(program.argv, words("sleep 1000"));
    assert!(!program.is_pipeline());
}

#[test]
fn what_is_joined_to_the_shell_itself_is_not_whole() {
    if !installed("zsh") {
        return;
    }
    let server = TmuxServer::start();
    server.wait_for_prompt("main:");
    server.type_line("main:", "zsh -f -i");
    until(&server, |found| found.shells == [words("zsh -f -i")]);
    server.type_line("main:", "sleep 1000 | while read x; do :; done");
    let found = until(&server, |found| found.program.is_some());
    let program = found.program.unwrap();
    assert_eq!(program.argv, words("sleep 1000"));
    assert!(!program.is_whole() && !program.is_pipeline());
}

#[test]
fn what_the_shell_holds_open_cannot_be_given_again() {
    let (_server, program) = typed("cat - <(true) ", "cat");
    assert!(program.argv.last().unwrap().starts_with(b"/dev/fd/"));
    assert!(!program.is_whole());
}

#[test]
fn jobs_that_are_not_in_front_leave_the_shell_idle() {
    let server = TmuxServer::start();
    server.wait_for_prompt("main:");
    server.type_line("main:", "sleep 1000 &");
    server.wait_for_text("main:", "[1]");
    let idle = until(&server, |found| found.program.is_none());
    assert_eq!(idle.shell, words(BASH));
    assert!(idle.shells.is_empty());
    server.type_line("main:", "sleep 2000");
    until(&server, |found| found.program.is_some());
    server.run(["send-keys", "-t", "main:", "C-z"]);
    server.wait_for_text("main:", "Stopped");
    until(&server, |found| found.program.is_none());
}

#[test]
fn what_runs_in_a_subshell_keeps_both_directories() {
    for line in [
        "(cd /usr; sleep 1000)",
        "(cd /usr; sleep 1000; true)",
        "(cd /usr; (sleep 1000; true); true)",
    ] {
        let (server, program) = typed(line, "1000");
        assert_eq!(program.argv, words("sleep 1000"), "{line}");
        assert_eq!(program.cwd.unwrap(), "/usr");
        let home = server.home().canonicalize().unwrap();
        assert_eq!(look(&server, &[]).cwd.unwrap(), home.to_str().unwrap());
    }
    let (server, _) = typed("(sleep 1000; true) | cat", "1000");
    let joined = |found: &Running| found.program.as_ref().is_some_and(Program::is_pipeline);
    let program = until(&server, joined).program.unwrap();
    assert_eq!(program.argv, words("sleep 1000"));
    assert_eq!(program.pipeline, [words("cat")]);
    // A loop that is the shell's own cannot be seen; what is behind it is not all.
    let (server, _) = typed("while :; do read x; done < /dev/tty | cat -u", "-u");
    let program = look(&server, &[]).program.unwrap();
    assert_eq!(program.argv, words("cat -u"));
    assert_eq!(program.pipeline, [Vec::<BString>::new()]);
}

#[test]
fn a_name_that_lies_gives_way_to_the_executable() {
    let (_server, program) = typed("(exec -a vim sleep 1000)", "1000");
    let exe = program.exe.clone().unwrap();
    assert!(exe.ends_with(b"/sleep"), "{exe}");
    assert_eq!(program.argv, [exe, "1000".into()]);
    assert!(program.is_whole());
    // Another name for the same file is no lie, and neither is that of a script.
    let server = TmuxServer::start();
    let sleep = Path::new("/bin/sleep").canonicalize().unwrap();
    let other = server.home().join("nap");
    std::os::unix::fs::symlink(sleep, &other).unwrap();
    let program = type_for(&server, "./nap 1000", "1000");
    assert_eq!(program.argv, words("./nap 1000"));
    let server = TmuxServer::start();
    let own = script(
        &server,
        "wrapped",
        "#!/bin/bash\nexec -a \"$0\" sleep \"$@\"\n",
    );
    let program = type_for(&server, &format!("{} 1000", own.display()), "1000");
    let wrapped = |found: &Running| found.program.as_ref().is_some_and(|p| p.argv.len() == 2);
    assert_eq!(program.name(), "wrapped");
    let program = until(&server, wrapped).program.unwrap();
    assert_eq!(program.argv, [own.to_str().unwrap(), "1000"]);
}

#[test]
fn a_title_is_told_and_is_not_whole() {
    if !installed("perl") {
        return;
    }
    let (_server, program) = typed(
        "perl -e '$0 = \"npm run dev\"; sleep 1000' 'a b'",
        "npm run dev",
    );
    assert_eq!(program.argv, ["npm run dev"]);
    assert_eq!(program.shown(), words("npm run dev"));
    assert!(!program.is_whole() && !program.is_pipeline());
    assert!(program.exe.unwrap().ends_with(b"perl"));
}

#[test]
fn empty_arguments_are_arguments() {
    let (_server, program) = typed("bash -c 'sleep 1000; true' x '' '' ", "x");
    let none = BString::default();
    let expected = ["bash".into(), "-c".into(), "sleep 1000; true".into()];
    let expected = [&expected[..], &["x".into(), none.clone(), none]].concat();
    assert_eq!(program.argv, expected);
    assert!(program.is_whole());
}

#[test]
fn directories_that_were_removed_keep_their_names() {
    let server = TmuxServer::start();
    let dir = server.home().canonicalize().unwrap().join("gone (deleted)");
    fs::create_dir(&dir).unwrap();
    let line = format!("(cd '{}'; sleep 1000)", dir.display());
    let there = type_for(&server, &line, "1000").cwd.unwrap();
    assert_eq!(there, dir.to_str().unwrap());
    fs::remove_dir(&dir).unwrap();
    assert_eq!(look(&server, &[]).program.unwrap().cwd.unwrap(), there);
}

#[test]
fn a_directory_is_told_by_the_name_by_which_the_shell_is_there() {
    let server = TmuxServer::start();
    let home = server.home().canonicalize().unwrap();
    let (real, link) = (home.join("real"), home.join("link"));
    fs::create_dir_all(real.join("sub")).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let cwd = |found: &Running| found.cwd.clone().unwrap_or_default();
    let is = |found: &Running, path: &Path| cwd(found) == path.to_str().unwrap();
    // Begun there, and gone on below; then what it told its program counts.
    let start = link.to_str().unwrap();
    server.run(["respawn-pane", "-k", "-c", start, "-t", "main:"]);
    until(&server, |found| is(found, &link));
    server.wait_for_prompt("main:");
    server.type_line("main:", "cd sub");
    until(&server, |found| is(found, &link.join("sub")));
    type_for(&server, "cd ../../real/sub && sleep 1001", "1001");
    let found = look(&server, &[]);
    assert!(is(&found, &real.join("sub")), "{found:?}");
    assert_eq!(found.program.unwrap().cwd, None);
    server.run(["respawn-pane", "-k", "-c", "/", "-t", "main:"]);
    server.wait_for_prompt("main:");
    let line = format!("cd {start} && sleep 1002");
    type_for(&server, &line, "1002");
    assert!(is(&look(&server, &[]), &link));
    // A name that means something else by now is none.
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink("/", &link).unwrap();
    assert!(is(&look(&server, &[]), &real));
}

#[test]
fn the_own_process_of_a_pane_can_be_the_program() {
    let server = TmuxServer::start();
    server.run(["respawn-pane", "-k", "-t", "main:", "sleep", "1000"]);
    let found = until(&server, |found| found.program.is_some());
    assert_eq!(found.program.unwrap().argv, words("sleep 1000"));
    assert_eq!(found.shell, words("sleep 1000"));
    // One that goes on as another, with a shell in between.
    let server = TmuxServer::start();
    let line = format!("{BASH}; true");
    server.run(["respawn-pane", "-k", "-t", "main:", "sh", "-c", &line]);
    let found = until(&server, |found| found.shells.len() == 1);
    assert_eq!(found.shells, [words(BASH)]);
    assert_eq!(found.program, None);
}

#[test]
fn shells_in_shells_are_a_chain() {
    let mut shells = vec!["sh -i", BASH];
    if installed("zsh") {
        shells.push("zsh -f -i");
    }
    if installed("fish") {
        shells.push("fish --no-config -i");
    }
    let server = TmuxServer::start();
    server.wait_for_prompt("main:");
    for (at, shell) in shells.iter().enumerate() {
        server.type_line("main:", shell);
        let found = until(&server, |found| found.shells.len() == at + 1);
        assert_eq!(found.shells.last(), Some(&words(shell)));
        assert_eq!(found.program, None, "a shell that waits is no program");
    }
    // Where people are is where the innermost shell is.
    server.type_line("main:", "cd /usr");
    until(&server, |found| {
        found.cwd.as_ref().is_some_and(|cwd| cwd == "/usr")
    });
    server.type_line("main:", "sleep 1000");
    let found = until(&server, |found| found.program.is_some());
    let expected: Vec<_> = shells.iter().map(|shell| words(shell)).collect();
    assert_eq!(found.shells, expected);
    assert_eq!(found.shell, words(BASH));
    let program = found.program.unwrap();
    assert_eq!(program.argv, words("sleep 1000"));
    assert_eq!(program.cwd, None);
}

#[test]
fn a_program_with_a_shell_in_it_is_the_program() {
    let server = TmuxServer::start();
    let su = script(&server, "su", &format!("#!/bin/sh\n{BASH}\ntrue\n"));
    server.wait_for_prompt("main:");
    server.type_line("main:", &format!("{} - you", su.display()));
    let shown = |found: &Running| found.program.as_ref().is_some_and(|p| p.name() == "su");
    until(&server, shown);
    server.type_line("main:", "sleep 1000");
    wait_until("the program within", || {
        server.run([
            "display-message",
            "-p",
            "-t",
            "main:",
            "#{pane_current_command}",
        ]) == "sleep"
    });
    let found = look(&server, &[]);
    let program = found.program.unwrap();
    assert_eq!(program.shown(), words("su - you"));
    assert!(program.is_whole() && found.shells.is_empty());
}

#[test]
fn of_the_environment_only_what_was_asked_for_is_read() {
    let server = TmuxServer::start();
    server.run([
        "respawn-pane",
        "-k",
        "-e",
        "OWN=a=b c",
        "-e",
        "OTHER=x",
        "-e",
        "EMPTY=",
        "-t",
        "main:",
        "sleep",
        "1000",
    ]);
    until(&server, |found| found.program.is_some());
    let found = look(&server, &["OWN", "EMPTY", "NOT_THERE"]).environment;
    let told: Vec<_> = found
        .iter()
        .map(|v| (v.name.to_string(), v.value.clone()))
        .collect();
    let expected = [
        ("EMPTY".to_owned(), Some("".into())),
        ("OWN".to_owned(), Some("a=b c".into())),
    ];
    assert_eq!(told, expected);
    assert!(look(&server, &[]).environment.is_empty());
}
