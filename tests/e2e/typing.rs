//! What a restore types at the prompts of real shells, and what arrives there.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may panic"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::support::world::World;
use bstr::{BString, ByteSlice};
use muxtape::model::program::Program;
use muxtape::restore::{self, Plan, Policy, Programs, Report, Selection, Start, Surroundings};
use muxtape_testing::wait_until;

/// Arguments that shells like to read in ways of their own.
const ODD: [&[u8]; 24] = [
    b"plain",
    b"two  words ",
    b"it's",
    b"\"a\"",
    b"$HOME ${PATH}",
    b"`id` $(id)",
    b"!x !! a!",
    b"back\\slash\\",
    b"* ? [a] {b,c}",
    b"~",
    b"#x",
    b"a;b&c|d<e>f",
    "ünï 漢 👍".as_bytes(),
    b"-n",
    b"--x=y z",
    b"",
    b"%1",
    b"=ls",
    b"^a^b",
    b"@x:y",
    b"it's !! $(id) !x",
    b"'!'\\'!'",
    b"a\tb\nc",
    b"\xff\xfe",
];

/// What would make a file (`{}` is the command), if a byte of it acted on a line editor or a
/// terminal: as Enter, as an interruption, as the end of what is read, as an edit that leaves the
/// quotes, as an editor for the line, as the end of a paste; or if a shell read it as anything but
/// an argument.
const ACTING: [&str; 26] = [
    "\r{}\r",
    "\n{}\n",
    "\u{3}{}\r",
    "\u{4}\n{}\n",
    "\u{15}{}\n",
    "\u{7f}\u{7f}\u{8}\u{8}\r{}\r",
    "\u{1b}\r{}\r",
    "\u{1b}#\r{}\r",
    "\u{1b}[200~\r{}\r\u{1b}[201~\r{}\r",
    "\u{16}\r{}\r",
    "\u{18}\u{5}{}\r",
    "\u{f}{}\u{f}",
    "\t\t{}\n",
    "\u{1a}\r{}\r",
    "\u{1c}\r{}\r",
    "\u{85}{}\u{85}",
    "\u{9b}\r{}\r",
    "\u{145}\u{2005}$({})\u{145}\u{2005}",
    "\u{20e3}\u{223}`{}`",
    "'; {}; '",
    "\"; {}; \"",
    "it's \\'; {}; '",
    "$({})",
    "`{}`",
    "| {} &",
    "!!; {}",
];

/// Shells, with the option after which they read no files of the user's, and whether they can be
/// told of controls and bytes that are not UTF-8.
const SHELLS: [(&str, &[&str], bool); 7] = [
    ("bash", &["--norc", "--noprofile"], true),
    ("dash", &[], false),
    ("zsh", &["-f"], true),
    ("fish", &["--no-config"], true),
    ("tcsh", &["-f"], false),
    ("ksh93", &[], true),
    ("mksh", &[], true),
];

fn is_installed(shell: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&path).any(|dir| dir.join(shell).is_file())
}

#[test]
fn shells_read_what_is_typed_as_it_was() {
    let shells: Vec<_> = SHELLS
        .into_iter()
        .filter(|(shell, ..)| is_installed(shell))
        .collect();
    let world = World::with_config("set-environment -g LC_ALL C.UTF-8\n");
    world.run(&["new-session", "-d", "-s", "s", "-x", "400", "-y", "90"]);
    for _ in &shells[1..] {
        world.run(&["split-window", "-d", "-v", "-l", "8", "-t", "=s:"]);
        world.run(&["select-layout", "-t", "=s:", "even-vertical"]);
    }
    world.settle();
    let (mut snapshot, texts) = world.snapshot();
    world.server.crash();
    let mut said: Vec<(&str, PathBuf, Vec<u8>)> = Vec::new();
    let panes = &mut snapshot.state.sessions[0].tabs[0].panes;
    for (pane, (shell, options, all)) in panes.iter_mut().zip(shells) {
        // A program that keeps its arguments.
        let file = world.server.dir().join(format!("printer-{shell}"));
        let out = file.with_extension("out");
        let script = "#!/bin/sh\nprintf '%s\\0' \"$@\" > \"$0.new\" && mv \"$0.new\" \"$0.out\"\n";
        fs::write(&file, script).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        let mut odd: Vec<&[u8]> = ODD[..if all { ODD.len() } else { ODD.len() - 2 }].to_vec();
        // Its editor takes for commands what it does not know as characters.
        odd.retain(|arg| shell != "tcsh" || arg.is_ascii());
        pane.shell = std::iter::once(&shell)
            .chain(options)
            .map(|arg| BString::from(*arg))
            .collect();
        let name = BString::from(file.to_str().unwrap());
        pane.program = Some(Program {
            argv: std::iter::once(name)
                .chain(odd.iter().map(|arg| BString::from(*arg)))
                .collect(),
            exe: None,
            cwd: None,
            pipeline: Vec::new(),
            redacted: false,
        });
        let expected = odd
            .iter()
            .flat_map(|arg| [arg, &b"\0"[..]].concat())
            .collect();
        said.push((shell, out, expected));
    }
    let policy = Policy {
        programs: Programs::All,
        ..Policy::default()
    };
    let plan = world.plan(&snapshot, &policy, &Selection::all());
    let report = world.apply(&plan, &texts).unwrap();
    assert_eq!(report.programs_run, said.len(), "{report:#?}");
    for (shell, out, expected) in said {
        wait_until(&format!("what {shell} read"), || out.exists());
        let read = fs::read(&out).unwrap();
        assert_eq!(read.as_bstr(), expected.as_bstr(), "{shell}");
    }
}

#[test]
fn what_is_only_typed_acts_on_no_shell() {
    // In a locale without characters every byte above ASCII could be a command of an editor.
    let world = World::with_config("set-environment -g LC_ALL C\n");
    world.run(&["new-session", "-d", "-s", "s", "-x", "200", "-y", "24"]);
    let shells = || SHELLS.into_iter().filter(|(shell, ..)| is_installed(shell));
    let cases: Vec<_> = shells()
        .flat_map(|shell| ACTING.map(|payload| (shell, payload)))
        .collect();
    for _ in 1..cases.len() {
        world.run(&["new-window", "-d", "-t", "=s:"]);
    }
    world.settle();
    let (mut snapshot, texts) = world.snapshot();
    let made = world.server.dir().join("made");
    fs::create_dir(&made).unwrap();
    let tabs = &mut snapshot.state.sessions[0].tabs;
    for (at, (tab, ((shell, options, _), payload))) in tabs.iter_mut().zip(&cases).enumerate() {
        let command = format!("touch {}/{at}", made.display());
        let word = payload.replace("{}", &command);
        let pane = &mut tab.panes[0];
        let shell = std::iter::once(shell).chain(*options);
        pane.shell = shell.map(|arg| BString::from(*arg)).collect();
        pane.program = Some(Program {
            argv: ["echo", &word, &word].map(BString::from).to_vec(),
            exe: None,
            cwd: None,
            pipeline: Vec::new(),
            redacted: false,
        });
    }
    world.run(&["new-session", "-d", "-s", "keep"]);
    world.run(&["kill-session", "-t", "=s"]);
    let policy = Policy {
        programs: Programs::Type,
        ..Policy::default()
    };
    let plan = world.plan(&snapshot, &policy, &Selection::all());
    let report = world.apply(&plan, &texts).unwrap();
    assert!(report.programs_typed > cases.len() / 2, "{report:#?}");
    // What was typed is taken back, and the shells do what they are told next.
    for tab in 0..cases.len() {
        let pane = format!("=s:{tab}");
        world.run(&["send-keys", "-t", &pane, "C-c"]);
    }
    for (tab, ((shell, ..), payload)) in cases.iter().enumerate() {
        let done = world.server.dir().join(format!("done-{tab}"));
        world
            .server
            .type_line(&format!("=s:{tab}"), &format!("touch {}", done.display()));
        wait_until(&format!("{shell} after {payload:?}"), || done.exists());
    }
    let made: Vec<_> = fs::read_dir(&made)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .map(|name| cases[name.parse::<usize>().unwrap()])
        .collect();
    assert!(made.is_empty(), "{made:?}");
}

/// What a restore did with a pane.
fn typed(plan: &Plan, tab: u32) -> (Option<String>, Option<bool>) {
    let at = plan
        .panes
        .iter()
        .position(|pane| pane.target.tab == Some(tab));
    at.and_then(|at| {
        let pane = plan.panes.get(at)?;
        let line = pane.line.as_ref()?;
        Some((Some(line.to_string()), Some(pane.start == Start::Run)))
    })
    .unwrap_or_default()
}

#[test]
fn redirections_and_titles_come_back_as_far_as_they_are_known() {
    let world = World::new();
    let dir = world.server.dir().join("bin");
    fs::create_dir(&dir).unwrap();
    let script = |name: &str, text: &str| {
        fs::write(dir.join(name), text).unwrap();
        fs::set_permissions(dir.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    };
    // Perl writes over its arguments, as node and setproctitle do.
    script(
        "npm",
        "#!/usr/bin/perl\n$0 = join ' ', 'npm', @ARGV;\nsleep 1000;\n",
    );
    script(
        "gunicorn",
        "#!/usr/bin/perl\n$0 = 'gunicorn: master [app]';\nsleep 1000;\n",
    );
    let mut path = muxtape_testing::search_path();
    path.push(":");
    path.push(&dir);
    let home = world.server.home().canonicalize().unwrap();
    let file = |name: &str| home.join(name).to_str().unwrap().to_owned();
    fs::write(file("in"), "").unwrap();
    fs::write(file("out"), "").unwrap();
    let perl = is_installed("perl");
    // What is typed, the end of the arguments that tells that it runs, what is typed again, and
    // whether it is run.
    let mut lines = vec![
        (
            "sleep 1000 < in",
            "1000",
            Some(format!("sleep 1000 < {}", file("in"))),
            true,
        ),
        (
            "sleep 1000 > out",
            "1000",
            Some(format!("sleep 1000 > {}", file("out"))),
            false,
        ),
        (
            "sleep 1000 2> /dev/null",
            "1000",
            Some("sleep 1000 2> /dev/null".to_owned()),
            true,
        ),
        (
            "sleep 1000 >> out 2>&1",
            "1000",
            Some(format!("sleep 1000 >> {} 2>&1", file("out"))),
            false,
        ),
        ("sleep 1000 > >(cat)", "1000", None, false),
        ("cat <(sleep 1000)", "63", None, false),
    ];
    if perl {
        lines.push((
            "npm run dev",
            "npm run dev",
            Some("npm run dev".to_owned()),
            false,
        ));
        lines.push(("gunicorn app", "[app]", None, false));
    }
    let shell =
        "set -g default-command 'exec env PATH=\"$PATH:$EXTRA\" bash --norc --noprofile -i'\n";
    let config = fs::read_to_string(world.server.config()).unwrap();
    let extra = format!("set-environment -g EXTRA '{}'\n", dir.display());
    fs::write(world.server.config(), config + &extra + shell).unwrap();
    world.run(&["new-session", "-d", "-s", "s", "-x", "200", "-y", "20"]);
    for at in 1..lines.len() {
        world.run(&["new-window", "-d", "-t", &format!("=s:{at}")]);
    }
    world.settle();
    for (at, (line, ..)) in lines.iter().enumerate() {
        world.run(&["send-keys", "-t", &format!("=s:{at}"), "-l", line]);
        world.run(&["send-keys", "-t", &format!("=s:{at}"), "Enter"]);
    }
    let running = |world: &World| {
        let (snapshot, texts) = world.snapshot();
        let programs = snapshot.state.panes().map(|(_, _, pane)| {
            let launch = pane.detail.launch.clone();
            pane.program.clone().map(|program| (program.argv, launch))
        });
        let programs: Vec<_> = programs.collect();
        (snapshot, texts, programs)
    };
    wait_until("everything that was typed", || {
        let (_, _, programs) = running(&world);
        programs.iter().zip(&lines).all(|(program, (_, end, ..))| {
            let argv = program.as_ref().map(|(argv, _)| argv);
            argv.is_some_and(|argv| argv.last().unwrap().ends_with(end.as_bytes()))
        })
    });
    let (snapshot, texts, before) = running(&world);
    world.server.crash();
    // What would be lost if a line that writes were entered.
    fs::write(file("out"), "kept").unwrap();
    let policy = Policy {
        programs: Programs::All,
        ..Policy::default()
    };
    let surroundings = Surroundings {
        search_path: Some(path),
        ..world.surroundings()
    };
    let selection = Selection::all();
    let plan =
        restore::prepare(&snapshot, &world.tmux, &policy, &selection, &surroundings).unwrap();
    for (at, (line, _, expected, run)) in (0u32..).zip(&lines) {
        let found = typed(&plan, at);
        assert_eq!(
            found,
            (expected.clone(), expected.as_ref().map(|_| *run)),
            "{line}"
        );
    }
    let kinds: Vec<&str> = plan.warnings.iter().map(|warning| warning.kind).collect();
    let mut expected = vec!["pipeline", "process substitution"];
    expected.extend(perl.then_some("title"));
    assert_eq!(kinds, expected, "{:#?}", plan.warnings);
    world.apply(&plan, &texts).unwrap();
    wait_until("what was run", || {
        let (_, _, now) = running(&world);
        let same = now.iter().zip(&before).zip(&lines);
        same.into_iter()
            .all(|((now, before), (.., run))| match run {
                true => now == before,
                false => now.is_none(),
            })
    });
    for (at, (_, _, expected, _)) in lines.iter().enumerate() {
        if let Some(line) = expected {
            world.server.wait_for_text(&format!("=s:{at}"), line);
        }
    }
    assert_eq!(fs::read_to_string(file("out")).unwrap(), "kept");
}

/// A pane of a restore: its shell, the name of its directory below the home directory, its text,
/// and whether a program is to be typed.
struct Case {
    shell: &'static [&'static str],
    dir: String,
    text: String,
    argument: String,
    program: bool,
}

impl Case {
    fn new(shell: &'static [&'static str], dir: &str) -> Self {
        Self {
            shell,
            dir: dir.to_owned(),
            text: String::new(),
            argument: "x".to_owned(),
            program: true,
        }
    }
}

/// A program that writes down where it runs and how long its argument is.
fn teller(world: &World) -> PathBuf {
    let file = world.server.dir().join("teller");
    let script = "#!/bin/sh\n{ pwd -P; printf %s \"$1\" | wc -c; } > \"$HOME/said-$TMUX_PANE\"\n";
    fs::write(&file, script).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    file
}

/// Restores one pane for each case, with these start files, and gives the report and what each
/// program said.
fn restored(files: &[(&str, &str)], cases: &[Case]) -> (World, Report, Vec<Option<String>>) {
    let world = World::new();
    // Whoever starts the server has a home of his own.
    let home = world.server.home().display().to_string();
    let config = fs::read_to_string(world.server.config()).unwrap();
    let own = format!(
        "{config}set-environment -g HOME '{home}'\nset-environment -g ENV '{home}/.envrc'\n\
        set-environment -g XDG_CONFIG_HOME '{home}/config'\n\
        set-environment -g XDG_DATA_HOME '{home}/data'\n"
    );
    fs::write(world.server.config(), own).unwrap();
    for (name, text) in files {
        let file = world.server.home().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    world.run(&["new-session", "-d", "-s", "s", "-x", "300", "-y", "200"]);
    for _ in &cases[1..] {
        world.run(&["split-window", "-d", "-v", "-l", "6", "-t", "=s:"]);
        world.run(&["select-layout", "-t", "=s:", "even-vertical"]);
    }
    world.settle();
    let (mut snapshot, mut texts) = world.snapshot();
    world.server.crash();
    let teller = teller(&world);
    let panes = &mut snapshot.state.sessions[0].tabs[0].panes;
    assert_eq!(panes.len(), cases.len());
    for (pane, case) in panes.iter_mut().zip(cases) {
        let dir = world.server.home().join(&case.dir);
        fs::create_dir_all(&dir).unwrap();
        pane.shell = case.shell.iter().map(|arg| BString::from(*arg)).collect();
        pane.cwd = dir.to_str().unwrap().into();
        let argv = vec![
            BString::from(teller.to_str().unwrap()),
            case.argument.as_str().into(),
        ];
        pane.program = case.program.then(|| Program {
            argv,
            exe: None,
            cwd: None,
            pipeline: Vec::new(),
            redacted: false,
        });
        if !case.text.is_empty() {
            let text = muxtape::model::contents::Contents {
                main: case.text.replace("TELLER", teller.to_str().unwrap()).into(),
                alternate: None,
            };
            pane.contents = Some(text.reference());
            texts.insert(text.digest(), text);
        }
    }
    let policy = Policy {
        programs: Programs::All,
        ..Policy::default()
    };
    let plan = world.plan(&snapshot, &policy, &Selection::all());
    let report = world.apply(&plan, &texts).unwrap();
    let all = world.run(&["list-panes", "-t", "=s:", "-F", "#{pane_id}"]);
    let typed: Vec<bool> = cases
        .iter()
        .zip(0..)
        .map(|(case, pane)| case.program && !warnings(&report, pane).contains("not typed"))
        .collect();
    let said = all.lines().zip(typed).map(|(id, typed)| {
        let file = world.server.home().join(format!("said-{id}"));
        if typed {
            let shown = world.run(&["capture-pane", "-p", "-J", "-t", id]);
            let why = format!(
                "what the program in {id} says: {:?} {shown}",
                report.warnings
            );
            wait_until(&why, || {
                fs::read_to_string(&file).is_ok_and(|said| said.lines().count() == 2)
            });
        }
        fs::read_to_string(&file).ok()
    });
    let said = said.collect();
    (world, report, said)
}

/// What a report says about a pane.
fn warnings(report: &Report, pane: usize) -> String {
    let component = format!("s:0.{pane}");
    let own = report.warnings.iter();
    let own = own.filter(|warning| warning.component == component);
    own.map(|warning| {
        format!(
            "{}; {}; {}\n",
            warning.issue, warning.fallback, warning.suggestion
        )
    })
    .collect()
}

/// Shells that ask something while they start, each in a directory that is called after what it
/// does.
const ASKING: [(&str, &str); 3] = [
    (
        ".zshrc",
        "PS1='%% '\ncase ${PWD##*/} in\n\
        key) read -k 1 'x?Update? [Y/n] ' ;;\n\
        yes) read -q 'x?Update? ' ;;\n\
        hidden) read -s -k 1 'x?Key: ' ;;\n\
        vared) x=1; vared -p 'Name: ' x ;;\n\
        select) select x in one two; do break; done ;;\n\
        line) read 'x?Name: ' ;;\n\
        picker) x=$(stty raw -echo -icrnl </dev/tty; head -c 1 </dev/tty; stty sane </dev/tty) ;;\n\
        screen) printf '\\e[?1049hmenu'; stty raw -echo; head -c 1 >/dev/null; stty sane; printf '\\e[?1049l' ;;\n\
        slow) sleep 6 ;;\n\
        esac\n[[ -n $x ]] && print -r -- \"$x\" > got\n",
    ),
    (
        ".bashrc",
        "PS1='$ '\ncase ${PWD##*/} in\n\
        key) read -n1 -p 'Update? [Y/n] ' x ;;\n\
        hidden) read -s -n1 -p 'Key: ' x ;;\n\
        edited) read -e -p 'Name: ' x ;;\n\
        picker) x=$(stty raw -echo -icrnl </dev/tty; head -c 1 </dev/tty; stty sane </dev/tty) ;;\n\
        agent) (sleep 100 </dev/null >/dev/null 2>&1 &) ; sleep 100 </dev/null & ;;\n\
        slow) sleep 6; stty -echo ;;\n\
        vi) set -o vi ;;\n\
        esac\n[[ -n $x ]] && printf '%s\\n' \"$x\" > got\n",
    ),
    (
        "config/fish/config.fish",
        "switch (basename $PWD)\ncase key\nread -n 1 x\ncase line\nread x\nend\n\
        test -n \"$x\"; and echo $x > got\n",
    ),
];

#[test]
fn whatever_a_shell_asks_while_it_starts_gets_no_key() {
    let zsh: &[&str] = &["zsh"];
    let bash: &[&str] = &["bash"];
    let fish: &[&str] = &["fish"];
    let mut cases = Vec::new();
    let asking: [(&[&str], &[&str]); 3] = [
        (
            zsh,
            &[
                "key", "yes", "hidden", "vared", "select", "line", "picker", "screen",
            ],
        ),
        (bash, &["key", "hidden", "edited", "picker"]),
        (fish, &["key", "line"]),
    ];
    for (shell, dirs) in asking {
        cases.extend(
            dirs.iter()
                .map(|dir| Case::new(shell, &format!("{}/{dir}", shell[0]))),
        );
    }
    let asking = cases.len();
    // What is no question: a start file of seconds, children in the background, other keys.
    let fine: [(&[&str], &[&str]); 3] = [
        (zsh, &["plain", "slow"]),
        (bash, &["plain", "slow", "agent", "vi"]),
        (fish, &["plain"]),
    ];
    for (shell, dirs) in fine {
        cases.extend(
            dirs.iter()
                .map(|dir| Case::new(shell, &format!("{}/{dir}", shell[0]))),
        );
    }
    cases.retain(|case| is_installed(case.shell[0]));
    let fine = cases.len() - asking.min(cases.len());
    for case in &mut cases {
        // What readline reads for a start file looks as a command does; that it was started
        // elsewhere does not.
        case.text = match case.shell[0] {
            "zsh" => "% TELLER x\n\n\n\n".to_owned(),
            "bash" => "$ TELLER x\n\n\n\n".to_owned(),
            _ => String::new(),
        };
    }
    let (world, report, said) = restored(&ASKING, &cases);
    for ((case, said), pane) in cases.iter().zip(&said).zip(0..) {
        let told = warnings(&report, pane);
        let asks =
            !["plain", "slow", "agent", "vi"].contains(&case.dir.rsplit('/').next().unwrap());
        assert_eq!(said.is_none(), asks, "{}: {told}", case.dir);
        let got = world.server.home().join(&case.dir).join("got");
        assert!(!got.exists(), "{} read {:?}", case.dir, fs::read(got));
        if asks {
            assert!(
                told.contains("its program was not typed"),
                "{}: {told}",
                case.dir
            );
            assert!(told.contains("/teller x"), "{}: {told}", case.dir);
        }
    }
    assert_eq!(report.programs_run, fine, "{:#?}", report.warnings);
}

/// Shells that go home by themselves, unless they are to stay.
const LEAVING: [(&str, &str); 5] = [
    (".zshrc", "PS1='%% '\ncd ~\n"),
    (".bashrc", "PS1='$ '\ncd\n"),
    ("config/fish/config.fish", "cd ~\n"),
    (".tcshrc", "set prompt='> '\ncd ~\n"),
    (".envrc", "PS1='$ '\ncd ~\n"),
];

#[test]
fn what_is_typed_runs_in_its_directory_wherever_the_shell_went() {
    let odd = "it's $HOME; (a) !x";
    let shells: [&[&str]; 7] = [
        &["zsh"],
        &["bash"],
        &["fish"],
        &["tcsh"],
        &["ksh93"],
        &["mksh"],
        &["dash"],
    ];
    let mut cases: Vec<Case> = shells
        .into_iter()
        .filter(|shell| is_installed(shell[0]))
        .map(|shell| Case::new(shell, &format!("{} {odd}", shell[0])))
        .collect();
    let typed = cases.len();
    let mut idle = Case::new(&["bash"], "idle");
    idle.program = false;
    cases.push(idle);
    // A shell that stays: nothing is said about it.
    cases.push(Case::new(&["bash", "--norc"], "stays"));
    let (world, report, said) = restored(&LEAVING, &cases);
    assert_eq!(report.programs_run, typed + 1, "{:#?}", report.warnings);
    for ((case, said), pane) in cases.iter().zip(&said).zip(0..) {
        let dir = world.server.home().join(&case.dir);
        let told = warnings(&report, pane);
        match said {
            Some(said) => {
                let ran = Path::new(said.lines().next().unwrap());
                assert_eq!(ran, dir.canonicalize().unwrap(), "{}", case.shell[0]);
                let left = told.contains("while it started; what is typed goes back");
                assert_eq!(left, case.dir != "stays", "{told}");
            }
            None => {
                assert_eq!(case.dir, "idle");
                assert!(told.contains("left where it went; cd "), "{told}");
                let id = world.run(&["list-panes", "-t", "=s:", "-F", "#{pane_id}"]);
                let id = id.lines().nth(pane).unwrap();
                let text = world.run(&["capture-pane", "-p", "-t", id]);
                assert_eq!(text.trim(), "$", "nothing is typed");
            }
        }
    }
}

#[test]
fn a_line_arrives_whole_or_not_at_all() {
    let long = "0123456789".repeat(900);
    let shells: [(&[&str], bool); 5] = [
        (&["bash", "--norc"], true),
        (&["zsh", "-f"], true),
        (&["fish", "--no-config"], true),
        (&["dash"], false),
        (&["bash", "--norc", "--noediting"], false),
    ];
    let shells: Vec<_> = shells
        .into_iter()
        .filter(|(shell, _)| is_installed(shell[0]))
        .collect();
    let cases: Vec<Case> = shells
        .iter()
        .zip(0..)
        .map(|((shell, _), number)| Case {
            argument: long.clone(),
            ..Case::new(shell, &format!("long-{number}"))
        })
        .collect();
    let (_world, report, said) = restored(&[], &cases);
    for (((shell, whole), said), pane) in shells.iter().zip(said).zip(0..) {
        let read = said.map(|said| said.lines().nth(1).unwrap().trim().to_owned());
        let told = warnings(&report, pane);
        assert_eq!(read.is_some(), *whole, "{shell:?}: {told}");
        match read {
            Some(read) => assert_eq!(read, long.len().to_string(), "{shell:?}"),
            None => assert!(told.contains("no line editor"), "{shell:?}: {told}"),
        }
    }
}

#[test]
fn what_is_typed_goes_to_its_own_pane_alone() {
    // With this, tmux gives keys to every pane of a tab.
    for (global, pane) in [("on", None), ("off", Some("on"))] {
        let config = format!("set -g -w synchronize-panes {global}\n");
        let world = World::with_config(&config);
        world.run(&["new-session", "-d", "-s", "s", "-x", "80", "-y", "24"]);
        world.run(&["split-window", "-d", "-t", "=s:"]);
        if let Some(pane) = pane {
            for at in ["=s:.0", "=s:.1"] {
                world.run(&["set-option", "-p", "-t", at, "synchronize-panes", pane]);
            }
        }
        world.settle();
        let (mut snapshot, texts) = world.snapshot();
        world.server.crash();
        let made = world.server.dir().join("made");
        let panes = &mut snapshot.state.sessions[0].tabs[0].panes;
        let offered = ["touch", made.to_str().unwrap()];
        for (pane, argv) in panes
            .iter_mut()
            .zip([offered, ["tail", "--follow"]].map(|argv| argv.map(BString::from)))
        {
            pane.program = Some(Program {
                argv: argv.to_vec(),
                exe: None,
                cwd: None,
                pipeline: Vec::new(),
                redacted: false,
            });
        }
        let plan = world.plan(&snapshot, &Policy::default(), &Selection::all());
        let report = world.apply(&plan, &texts).unwrap();
        assert_eq!(
            (report.programs_run, report.programs_typed),
            (1, 1),
            "{report:#?}"
        );
        let shown = |pane: &str| world.run(&["capture-pane", "-p", "-J", "-t", pane]);
        wait_until("what is entered", || {
            let format = "#{pane_current_command}";
            world.run(&["display-message", "-p", "-t", "=s:.1", format]) == "tail"
        });
        wait_until("what is typed", || shown("=s:.0").contains("touch "));
        assert!(!made.exists());
        assert!(!shown("=s:.0").contains("tail") && !shown("=s:.1").contains("touch"));
    }
}
