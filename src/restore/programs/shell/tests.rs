//! Every shell over its options.

use super::*;

fn argv(line: &str) -> Vec<BString> {
    line.split(' ').map(BString::from).collect()
}

/// What is kept and what is left out, as a person would write it; `None` for a program.
fn shell(line: &str) -> Option<(String, String)> {
    let joined = |words: &[BString]| bstr::join(" ", words).to_str_lossy().into_owned();
    let read = read(&argv(line))?;
    Some((joined(&read.kept), joined(&read.dropped)))
}

#[test]
fn a_shell_with_a_task_is_a_program() {
    for line in [
        "bash -c x",
        "bash -lc x",
        "bash -ic x",
        "bash +c x",
        "bash -i script",
        "bash --rcfile x script",
        "bash --weird value",
        "bash -- script",
        "bash - script",
        "sh script.sh",
        "sh -ec x",
        "zsh -ilc x",
        "zsh -ixtrace x",
        "fish --command x",
        "fish --command=x",
        "fish --init-com x",
        "fish -lc x",
        "fish -icx",
        "nu -c x",
        "nu --commands x",
        "nu -lc x",
        "tcsh -c x",
        "tcsh -b x",
        "elvish -c x",
        "elvish script",
        "xonsh -c x",
        "pwsh -Command x",
        "pwsh -c x",
        "pwsh -EncodedCommand x",
        "pwsh script.ps1",
        "pwsh -NoProfile -File x",
        "htop",
        "bash-5.2",
        "env bash",
    ] {
        assert_eq!(shell(line), None, "{line}");
    }
    assert!(!is_interactive_shell(&[]));
}

#[test]
fn what_runs_nothing_is_given_again_as_it_was() {
    for line in [
        "-zsh",
        "/bin/bash --norc --noprofile -i",
        "bash -il -o vi",
        "bash --posix --restricted -norc",
        "bash --",
        "sh -i",
        "sh --norc --noprofile",
        "dash -iE",
        "zsh -f -o norcs --no-rcs",
        "ksh -i -o emacs",
        "mksh -l -r",
        "yash --login --norcfile",
        "osh --norc -i",
        "fish --private -l -iN --no-config",
        "tcsh -f -l",
        "nu -n --login --no-history",
        "xonsh --no-rc -i",
        "elvish -norc -i",
        "pwsh -Login -NoLogo -NOPROFILE",
    ] {
        let kept = line.trim_end_matches(" --");
        assert_eq!(
            shell(line),
            Some((kept.to_owned(), String::new())),
            "{line}"
        );
    }
}

#[test]
fn what_runs_something_or_is_not_known_is_left_out() {
    for (line, kept, dropped) in [
        ("bash --rcfile /x -i", "bash -i", "--rcfile /x"),
        ("bash -i --init-file /x", "bash -i", "--init-file /x"),
        ("bash -rcfile /x", "bash", "-rcfile /x"),
        ("bash -init-file /x", "bash", "-init-file /x"),
        ("bash --rcfile=/x", "bash", "--rcfile=/x"),
        ("bash --debugger", "bash", "--debugger"),
        ("bash -O extdebug -i", "bash -i", "-O extdebug"),
        ("bash +O x +o y +m", "bash", "+O x +o y +m"),
        ("bash -ixo xtrace", "bash -i", "-x -o xtrace"),
        ("bash -io vi", "bash -i -o vi", ""),
        ("bash -s a b", "bash", "-s a b"),
        ("bash -is a -c", "bash -i", "-s a -c"),
        ("bash --rcfile", "bash", "--rcfile"),
        ("-bash -E -k", "-bash -E", "-k"),
        ("zsh -o xtrace -i", "zsh -i", "-o xtrace"),
        ("zsh -oxtrace", "zsh", "-o xtrace"),
        ("zsh --emulate sh -i", "zsh -i", "--emulate sh"),
        ("zsh --rcs --xtrace", "zsh", "--rcs --xtrace"),
        ("zsh +f", "zsh", "+f"),
        ("sh -is", "sh -i", "-s"),
        ("dash -ix", "dash -i", "-x"),
        ("ksh -E -i", "ksh -i", "-E"),
        ("ksh93 -iD", "ksh93 -i", "-D"),
        ("mksh -T /dev/tty9 -i", "mksh -i", "-T /dev/tty9"),
        ("ksh -R /x", "ksh", "-R /x"),
        ("yash --rcfile /x", "yash", "--rcfile /x"),
        (
            "yash --rcfile=/x --profile=/y",
            "yash",
            "--rcfile=/x --profile=/y",
        ),
        ("osh --rcfile /x -i", "osh -i", "--rcfile /x"),
        ("fish -C x", "fish", "-C x"),
        ("fish -iCx", "fish -i", "-C x"),
        ("fish --init-command x -l", "fish -l", "--init-command x"),
        ("fish --init-command=x", "fish", "--init-command=x"),
        ("fish --init-com=x", "fish", "--init-com=x"),
        ("fish --profile /x -o /y", "fish", "--profile /x -o /y"),
        ("tcsh -m", "tcsh", "-m"),
        ("tcsh -fdV", "tcsh -f", "-dV"),
        (
            "nu --config /x --env-config /y",
            "nu",
            "--config /x --env-config /y",
        ),
        ("nu -e x -l", "nu -l", "-e x"),
        ("nu --execute x", "nu", "--execute x"),
        ("nu --plugins x", "nu", "--plugins x"),
        ("xonsh --rc /x -i", "xonsh -i", "--rc /x"),
        ("xonsh -DPATH=/x", "xonsh", "-D PATH=/x"),
        ("elvish -rc /x", "elvish", "-rc /x"),
        ("elvish -rc=/x -i", "elvish -i", "-rc=/x"),
        ("pwsh -NoExit -Command x y", "pwsh", "-NoExit -Command x y"),
        ("pwsh -NoLogo -noe -f /x", "pwsh -NoLogo", "-noe -f /x"),
    ] {
        let expected = Some((kept.to_owned(), dropped.to_owned()));
        assert_eq!(shell(line), expected, "{line}");
    }
}

/// Whatever a shell is given: what is started again has no argument that is not on the list of its
/// shell, and nothing gets lost without being told.
#[test]
fn nothing_passes_that_is_not_on_the_list() {
    let pieces = [
        "-",
        "--",
        "-i",
        "-c",
        "-s",
        "-o",
        "+o",
        "-O",
        "-lx",
        "-ic",
        "-io",
        "vi",
        "xtrace",
        "/evil",
        "--rcfile",
        "--init-command",
        "--login",
        "--norc",
        "-C",
        "-e",
        "--config",
        "--command",
        "-rc",
        "-NoExit",
        "-Command",
        "--x=y",
        "-E",
        "+x",
        "",
    ];
    for grammar in SHELLS {
        for name in grammar.names {
            for a in pieces {
                for b in pieces {
                    for c in pieces {
                        let argv: Vec<BString> = [*name, a, b, c].map(BString::from).to_vec();
                        let Some(line) = read(&argv) else { continue };
                        assert_eq!(read(&line.kept).unwrap().kept, line.kept, "{argv:?}");
                        assert!(read(&line.kept).unwrap().dropped.is_empty(), "{argv:?}");
                        let (mut kept, mut at) = (line.kept.iter().skip(1), 0);
                        while let Some(arg) = kept.next() {
                            at += 1;
                            let word = arg.to_str().unwrap();
                            let known = grammar.words.contains(&word.to_ascii_lowercase().as_str());
                            let letters = arg.strip_prefix(b"-").is_some_and(|letters| {
                                letters.iter().all(|one| grammar.letters.contains(one))
                            });
                            let option = word == "-o"
                                && kept.next().is_some_and(|value| {
                                    OPTIONS.iter().any(|option| value == option)
                                });
                            assert!(known || letters || option, "{argv:?}: {arg} at {at}");
                        }
                        let told = line.kept.len() > 1 || !line.dropped.is_empty();
                        let silent = ["-", "--"];
                        assert!(
                            told || silent.contains(&a),
                            "{argv:?} lost something without a word"
                        );
                    }
                }
            }
        }
    }
}
