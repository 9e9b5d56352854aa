//! What a restore starts by itself, with real programs on a real server: command lines that would
//! make a file are typed and make none; what is known to be harmless runs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may panic"
)]

use std::cell::Cell;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::support::world::World;
use bstr::BString;
use muxtape::model::detail::Variable;
use muxtape::model::program::Program;
use muxtape::restore::{self, Plan, Policy, Programs, Selection, Start, Surroundings};
use muxtape_testing::wait_until;

/// A server with a directory of stand-ins in front of the search path, and a shell that finds them.
struct Stage {
    world: World,
    bin: PathBuf,
    made: PathBuf,
}

/// A command line, and what is in the directory that it is started in.
#[derive(Clone)]
struct Case {
    argv: Vec<String>,
    files: Vec<(&'static str, String)>,
    variables: Vec<(&'static str, String)>,
}

fn case(argv: &[&str]) -> Case {
    Case {
        argv: argv.iter().map(|&arg| arg.to_owned()).collect(),
        files: Vec::new(),
        variables: Vec::new(),
    }
}

impl Case {
    fn file(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.files.push((name, text.into()));
        self
    }

    fn variable(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }
}

fn is_installed(name: &str) -> bool {
    let path = muxtape_testing::search_path();
    std::env::split_paths(&path).any(|dir| dir.join(name).is_file())
}

fn executable(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

impl Stage {
    fn new() -> Self {
        let world = World::new();
        let dir = world.server.dir().to_owned();
        let (bin, made) = (dir.join("bin"), dir.join("made"));
        for path in [&bin, &made] {
            fs::create_dir(path).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        // The user's own handler, as distributions set one up: it acts on archives.
        executable(
            &bin.join("handler"),
            &format!(
                "#!/bin/sh\ncase $1 in *.zip) touch {}/handled ;; esac\n",
                made.display()
            ),
        );
        let rc = format!(
            "PS1='$ '\nPATH={}:$PATH\nexport LESSOPEN='|handler %s'\nunset MANPAGER PAGER\n\
             PROMPT_COMMAND='for file in .[!.]* mise.*; do [ -f \"$file\" ] && PATH=$PWD:$PATH; done'\n",
            bin.display()
        );
        fs::write(world.server.home().join(".bashrc"), rc).unwrap();
        Self { world, bin, made }
    }

    fn search_path(&self) -> OsString {
        let rest = muxtape_testing::search_path();
        let dirs = std::iter::once(self.bin.clone()).chain(std::env::split_paths(&rest));
        std::env::join_paths(dirs).unwrap()
    }

    /// Restores a session with a tab for every case, each in a directory of its own; the server
    /// stays, so that it has the surroundings of the test.
    fn restore(&self, cases: &[Case], policy: &Policy) -> Plan {
        let world = &self.world;
        world.run(&["new-session", "-d", "-s", "s", "-x", "160", "-y", "24"]);
        for _ in 1..cases.len() {
            world.run(&["new-window", "-d", "-t", "=s:"]);
        }
        world.settle();
        let (mut snapshot, texts) = world.snapshot();
        let tabs = &mut snapshot.state.sessions[0].tabs;
        for (at, (tab, case)) in tabs.iter_mut().zip(cases).enumerate() {
            let dir = self.world.server.dir().join(format!("work/{at}"));
            fs::create_dir_all(&dir).unwrap();
            for (name, text) in &case.files {
                executable(&dir.join(name), text);
            }
            let pane = &mut tab.panes[0];
            pane.cwd = dir.to_str().unwrap().into();
            pane.shell = vec!["bash".into()];
            pane.detail.environment = case
                .variables
                .iter()
                .map(|(name, value)| Variable {
                    name: (*name).into(),
                    value: Some(BString::from(value.as_str())),
                    hidden: false,
                })
                .collect();
            pane.program = Some(Program {
                argv: case
                    .argv
                    .iter()
                    .map(|arg| BString::from(arg.as_str()))
                    .collect(),
                exe: None,
                cwd: None,
                pipeline: Vec::new(),
                redacted: false,
            });
        }
        world.run(&["new-session", "-d", "-s", "keep"]);
        world.run(&["kill-session", "-t", "=s"]);
        let surroundings = Surroundings {
            search_path: Some(self.search_path()),
            // On the user's list, so that they are set.
            environment: cases
                .iter()
                .flat_map(|case| &case.variables)
                .map(|(name, _)| (*name).to_string())
                .collect(),
            ..world.surroundings()
        };
        let all = Selection::all();
        let plan = restore::prepare(&snapshot, &world.tmux, policy, &all, &surroundings).unwrap();
        let report = world.apply(&plan, &texts).unwrap();
        assert_eq!(report.panes_restored, cases.len(), "{report:#?}");
        plan
    }

    fn pane(tab: usize) -> String {
        format!("=s:{tab}")
    }

    /// Waits until the shells of these tabs do what they are told after what was typed, if anything
    /// was.
    fn shells_are_idle(&self, tabs: &[usize]) {
        let done = |tab: usize| self.world.server.dir().join(format!("done-{tab}"));
        for &tab in tabs {
            let pane = Self::pane(tab);
            self.world.run(&["send-keys", "-t", &pane, "C-e", "C-u"]);
            let line = format!("touch {}", done(tab).display());
            self.world.server.type_line(&pane, &line);
        }
        for &tab in tabs {
            wait_until(&format!("the shell of tab {tab}"), || done(tab).exists());
        }
    }

    fn what_was_made(&self) -> Vec<String> {
        let files = fs::read_dir(&self.made).unwrap();
        files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect()
    }
}

/// Lines that would make a file `made/NUMBER…`, if they were run.
#[allow(clippy::too_many_lines, reason = "it is a list")]
fn attacks(stage: &Stage) -> Vec<Case> {
    let number = Cell::new(0);
    let mark = || {
        number.set(number.get() + 1);
        format!("{}/{}", stage.made.display(), number.get())
    };
    let touch = || format!("touch {}", mark());
    let mut all = Vec::new();
    // Programs of the directory, by names of harmless ones.
    for (argv, file) in [
        (["./top"], "top"),
        (["./htop"], "htop"),
        (["./less"], "less"),
        (["../work/../0/../top"], "top"),
    ] {
        let script = format!("#!/bin/sh\n{}\n", touch());
        let dir = argv[0].starts_with("./");
        let mut one = case(&argv);
        if dir {
            one = one.file(file, script);
        }
        all.push(one);
    }
    // By an absolute path, and through a link.
    let evil = stage.world.server.dir().join("evil");
    fs::create_dir(&evil).unwrap();
    for name in ["top", "htop", "tail"] {
        let path = evil.join(name);
        executable(&path, &format!("#!/bin/sh\n{}\n", touch()));
        all.push(case(&[path.to_str().unwrap(), "-x"]));
        all.push(case(&[path.to_str().unwrap()]));
    }
    let link = evil.join("less");
    symlink(evil.join("top"), &link).unwrap();
    all.push(case(&[link.to_str().unwrap(), "a.log"]).file("a.log", "a\n"));
    // Files by which a hook of the shell lets the name stand for a program of the directory.
    for hooked in [
        ".tool-versions",
        ".envrc",
        ".of-another-hook",
        "mise.local.toml",
    ] {
        let script = format!("#!/bin/sh\n{}\n", touch());
        all.push(case(&["top"]).file(hooked, "").file("top", script));
    }
    // A path for the pane, in which the name stands for another program.
    let path = format!("{}:{}", evil.display(), std::env::var("PATH").unwrap());
    all.push(case(&["top"]).variable("PATH", &path));
    // Variables that programs read as arguments or commands.
    let keys = |command: String| format!("+!{command}\r");
    all.push(
        case(&["less", "a.log"])
            .file("a.log", "a\n")
            .variable("LESS", keys(touch())),
    );
    // Where messages and their formats are looked for.
    all.push(case(&["top"]).variable("LANGUAGE", "../../../tmp/x"));
    all.push(case(&["man", "ls"]).variable("MANPAGER", touch()));
    all.push(case(&["man", "ls"]).variable("PAGER", touch()));
    all.push(case(&["journalctl"]).variable("SYSTEMD_PAGER", touch()));
    // Pagers.
    let log = |argv: &[&str]| case(argv).file("a.log", "a\nb\n");
    for word in [
        "+G!{}\r",
        "+!{}\r",
        "++!{}\r",
        "-p x\r!{}\r",
        "--pattern=x\r!{}\r",
        "+5g!{}\r",
        "+F!{}\r",
        "--cmd=!{}\r",
    ] {
        all.push(log(&["less", &word.replace("{}", &touch()), "a.log"]));
    }
    all.push(case(&["less", "a.zip"]).file("a.zip", "x"));
    all.push(
        case(&["less", "-R", "a.log", "a.zip"])
            .file("a.zip", "x")
            .file("a.log", "a"),
    );
    all.push(case(&["less", "./a.ZIP"]).file("a.ZIP", "x"));
    for option in ["-aP", "-P", "--pager", "--pag", "-iaP", "-H", "--html"] {
        all.push(case(&["man", option, &touch(), "ls"]));
        all.push(case(&["man", &format!("{option}{}", touch()), "ls"]));
        all.push(case(&["man", &format!("{option}={}", touch()), "ls"]));
    }
    let cursor = mark();
    all.push(case(&["journalctl", "-n1", "--cursor-file", &cursor]));
    all.push(case(&[
        "journalctl",
        "-n1",
        &format!("--cursor-f={}", mark()),
    ]));
    all.push(case(&["nano", "-s", &mark(), "a"]).file("a", "a"));
    // Editors.
    let script = |run: &str| format!("silent !{run}\nqa!\n");
    all.push(case(&["vim", "-S", "f"]).file("f", script(&touch())));
    all.push(case(&["vim", "-Sf"]).file("f", script(&touch())));
    all.push(case(&["vim", "-nS", "f"]).file("f", script(&touch())));
    all.push(case(&["vim", "-u", "f"]).file("f", script(&touch())));
    all.push(case(&["vim", "-c", &format!("!{}", touch())]));
    all.push(case(&["vim", "-nc", &format!("!{}", touch())]));
    all.push(case(&["vim", "--cmd", &format!("!{}", touch())]));
    all.push(case(&["vim", &format!("+!{}", touch())]));
    all.push(case(&["vim"]).file("Session.vim", script(&touch())));
    all.push(case(&["nvim"]).file("Session.vim", script(&touch())));
    all.push(case(&["nvim", "-l", "f.lua"]).file("f.lua", format!("os.execute('{}')", touch())));
    all.push(case(&[
        "emacs",
        "--batch",
        "--eval",
        &format!("(shell-command {:?})", touch()),
    ]));
    all.push(case(&["vim", "a.zip"]).file("a.zip", "PK"));
    // Interpreters, runners and wrappers.
    let system = |run: String| format!("import os; os.system('{run}')");
    all.push(case(&["python3", "-c", &system(touch())]));
    all.push(case(&["python3", "-Ic", &system(touch())]));
    all.push(case(&["python3", &format!("-Ic{}", system(touch()))]));
    all.push(
        case(&["python3"])
            .file("s.py", system(touch()))
            .variable("PYTHONSTARTUP", "s.py"),
    );
    all.push(case(&["perl", "-e", &format!("system('{}')", touch())]));
    all.push(case(&[
        "awk",
        &format!("BEGIN {{ system(\"{}\") }}", touch()),
    ]));
    all.push(case(&["sh", "-c", &touch()]));
    all.push(case(&["bash", "-ic", &touch()]));
    all.push(case(&["env", "sh", "-c", &touch()]));
    all.push(case(&["nice", "sh", "-c", &touch()]));
    all.push(case(&["watch", &touch()]));
    all.push(case(&["make"]).file("Makefile", format!("all:\n\t{}\n", touch())));
    all.push(case(&["npm", "run", "dev"]).file(
        "package.json",
        format!("{{\"scripts\":{{\"dev\":\"{}\"}}}}", touch()),
    ));
    all.push(case(&[
        "git",
        "-c",
        &format!("core.pager={}", touch()),
        "-p",
        "version",
    ]));
    all.push(case(&["script", "-qc", &touch(), "/dev/null"]));
    all.push(case(&["touch", &mark()]));
    // Words that a line editor or a shell could read in its own way.
    for payload in [
        "\n{}\n",
        "\r{}\r",
        "\u{3}{}\r",
        "\u{1b}\r{}\r",
        "; {}",
        "$({})",
        "`{}`",
        "' ; {} ; '",
    ] {
        let word = payload.replace("{}", &touch());
        all.push(case(&["htop", &word]));
        all.push(case(&["top", "-u", &word]));
        all.push(case(&[&word]));
    }
    all
}

#[test]
fn what_is_not_known_to_be_harmless_is_typed_and_runs_nothing() {
    let stage = Stage::new();
    executable(&stage.world.server.dir().join("top"), "#!/bin/sh\n");
    let cases = attacks(&stage);
    // What is not here is stood in for: to be started is all that it takes.
    for name in [
        "vim",
        "nvim",
        "emacs",
        "python3",
        "perl",
        "npm",
        "git",
        "man",
        "journalctl",
        "nano",
    ] {
        if !is_installed(name) {
            let mark = stage.made.join(format!("started-{name}"));
            executable(
                &stage.bin.join(name),
                &format!("#!/bin/sh\ntouch {}\n", mark.display()),
            );
        }
    }
    let plan = stage.restore(&cases, &Policy::default());
    let entered = plan.panes.iter().filter(|pane| pane.start == Start::Run);
    let entered = entered.filter_map(|pane| pane.line.as_ref().map(ToString::to_string));
    let entered: Vec<String> = entered.collect();
    assert!(entered.is_empty(), "{entered:#?}");
    let tabs: Vec<usize> = (0..cases.len()).collect();
    stage.shells_are_idle(&tabs);
    let made = stage.what_was_made();
    assert!(made.is_empty(), "{made:?}");
    // The plan says why.
    let notes: Vec<&str> = plan
        .steps
        .iter()
        .filter_map(|step| step.note.as_deref())
        .collect();
    for told in [
        "Session.vim",
        "is a program of the directory",
        "sets the variable LESS",
        "\"-aP\"",
    ] {
        assert!(
            notes.iter().any(|note| note.contains(told)),
            "{told}: {notes:#?}"
        );
    }
}

#[test]
fn what_is_known_to_be_harmless_runs() {
    let stage = Stage::new();
    let log = |argv: &[&str]| case(argv).file("a.log", "one\ntwo\n");
    let top = muxtape_testing::search_path();
    let top = std::env::split_paths(&top)
        .map(|dir| dir.join("top"))
        .find(|path| path.is_file());
    let top = top.unwrap().to_str().unwrap().to_owned();
    let cases = [
        log(&["tail", "-n", "5", "-F", "a.log"]),
        log(&["tail", "-5f", "a.log"]),
        log(&["less", "-RN", "+F", "a.log"]),
        case(&["top", "-d", "5"]),
        case(&[&top]),
        case(&["htop", "-C"])
            .variable("LANG", "C.UTF-8")
            .variable("AWS_PROFILE", "own"),
        // Allowed by name: a stand-in of the user's, with whatever it had.
        case(&["mine", "--any", "thing"]),
    ];
    for name in ["less", "htop"] {
        if !is_installed(name) {
            executable(&stage.bin.join(name), "#!/bin/sh\nexec tail -f /dev/null\n");
        }
    }
    executable(
        &stage.bin.join("mine"),
        "#!/bin/sh\nexec tail -f /dev/null\n",
    );
    let policy = Policy {
        allow: vec!["mine".into()],
        ..Policy::default()
    };
    let plan = stage.restore(&cases, &policy);
    let counts = plan.counts();
    assert_eq!(
        (counts.run, counts.typed),
        (cases.len(), 0),
        "{:#?}",
        plan.items
    );
    for tab in 0..cases.len() {
        wait_until(&format!("the program of tab {tab}"), || {
            let target = Stage::pane(tab);
            let format = "#{pane_current_command}";
            let command = stage
                .world
                .run(&["display-message", "-p", "-t", &target, format]);
            command != "bash"
        });
    }
}

#[test]
fn a_name_that_is_allowed_is_not_a_file_of_that_name() {
    let stage = Stage::new();
    let made = |name: &str| stage.made.join(name).display().to_string();
    let script = |name: &str| format!("#!/bin/sh\ntouch {}\n", made(name));
    executable(&stage.bin.join("mine"), &script("mine"));
    let evil = stage.world.server.dir().join("evil");
    fs::create_dir(&evil).unwrap();
    executable(&evil.join("mine"), &script("evil"));
    let cases = [
        case(&["./mine"]).file("mine", script("here")),
        case(&[evil.join("mine").to_str().unwrap()]),
        case(&["vim"]).file("Session.vim", ""),
        case(&["mine"]).file(".envrc", ""),
        case(&["mine"]).variable("PATH", format!("{}:/usr/bin:/bin", evil.display())),
        case(&["unknown"]),
    ];
    if !is_installed("vim") {
        executable(&stage.bin.join("vim"), &script("vim"));
    }
    let policy = Policy {
        programs: Programs::Allow,
        allow: vec!["mine".into(), "vim".into(), "unknown".into()],
        ..Policy::default()
    };
    let plan = stage.restore(&cases, &policy);
    assert_eq!(plan.counts().run, 0, "{:#?}", plan.items);
    stage.world.server.wait_for_text(&Stage::pane(2), "vim -S");
    stage.shells_are_idle(&[0, 1, 2, 3, 4, 5]);
    assert!(
        stage.what_was_made().is_empty(),
        "{:?}",
        stage.what_was_made()
    );
}

#[test]
fn a_name_is_looked_up_where_the_pane_looks_it_up() {
    let stage = Stage::new();
    let evil = stage.world.server.dir().join("evil");
    fs::create_dir(&evil).unwrap();
    fs::set_permissions(&evil, fs::Permissions::from_mode(0o777)).unwrap();
    let script = format!("#!/bin/sh\ntouch {}/evil\n", stage.made.display());
    executable(&evil.join("top"), &script);
    let rest = muxtape_testing::search_path();
    let dirs = std::iter::once(evil).chain(std::env::split_paths(&rest));
    let path = std::env::join_paths(dirs).unwrap().into_string().unwrap();
    // Of the server alone: the search path that the restore is told leads to the real one.
    let world = &stage.world;
    world.run(&["new-session", "-d", "-s", "first"]);
    world.run(&["set-environment", "-g", "PATH", &path]);
    world.run(&["set-option", "-s", "exit-empty", "off"]);
    world.run(&["kill-session", "-t", "=first"]);
    let plan = stage.restore(&[case(&["top"])], &Policy::default());
    let counts = plan.counts();
    assert_eq!((counts.run, counts.typed), (0, 1), "{:#?}", plan.items);
    stage.world.server.wait_for_text(&Stage::pane(0), "top");
    stage.shells_are_idle(&[0]);
    assert!(stage.what_was_made().is_empty());
}
