//! Taking wrappers off an argument list, one after the other.

use bstr::{BString, ByteSlice};

use super::{Program, is_installed, last_component, program_name, script};
use crate::model::ssh::mosh_title;

/// Wrappers in wrappers at the most.
const DEPTH: usize = 8;

/// Programs that are many programs in one, and take the name of one as their first argument.
const MANY: &[&[u8]] = &[b"busybox", b"toybox", b"coreutils", b"uutils"];

/// Options of bubblewrap without a value, with one, and the only ones with three or none known: all
/// others have two.
const BWRAP_NONE: &[&[u8]] = &[
    b"--unshare-all",
    b"--share-net",
    b"--unshare-user",
    b"--unshare-user-try",
    b"--unshare-ipc",
    b"--unshare-pid",
    b"--unshare-net",
    b"--unshare-uts",
    b"--unshare-cgroup",
    b"--unshare-cgroup-try",
    b"--clearenv",
    b"--new-session",
    b"--die-with-parent",
    b"--as-pid-1",
    b"--disable-userns",
    b"--assert-userns-disabled",
];

const BWRAP_TWO: &[&[u8]] = &[
    b"--bind",
    b"--bind-try",
    b"--dev-bind",
    b"--dev-bind-try",
    b"--ro-bind",
    b"--ro-bind-try",
    b"--setenv",
    b"--symlink",
    b"--file",
    b"--bind-data",
    b"--ro-bind-data",
    b"--chmod",
];

/// The argument list as it is, and then as it is without each wrapper; each once, the last one is
/// for showing.
pub(super) fn stages(program: &Program) -> Vec<Vec<BString>> {
    let mut stages = vec![program.argv.clone()];
    while let Some(next) = stages.last().and_then(|last| peeled(last, program))
        && stages.len() <= DEPTH
    {
        if stages.contains(&next) {
            break;
        }
        stages.push(next);
    }
    stages
}

/// The argument list without its outermost wrapper; `None` where there is none.
fn peeled(argv: &[BString], program: &Program) -> Option<Vec<BString>> {
    let (first, rest) = argv.split_first()?;
    if let Some(words) = title(argv, program) {
        return Some(words);
    }
    let name = program_name(argv);
    if is_loader(name) {
        return loaded(rest);
    }
    if name == "bwrap" {
        return boxed(rest);
    }
    if MANY.contains(&name.as_bytes()) {
        return applet(rest);
    }
    if name == "snap" && rest.first().is_some_and(|word| word == "run") {
        let at = rest.iter().skip(1).position(|arg| !arg.starts_with(b"-"))?;
        return rest.get(at + 1..).map(<[BString]>::to_vec);
    }
    if let Some(argv) = script::without_interpreter(argv) {
        return Some(argv);
    }
    let called = called(first, program.exe.as_ref());
    (called != first.as_slice()).then(|| with_name(called, rest))
}

fn with_name(name: &[u8], rest: &[BString]) -> Vec<BString> {
    std::iter::once(name.into())
        .chain(rest.iter().cloned())
        .collect()
}

/// The words of a title that a program gave to itself in place of its arguments.
fn title(argv: &[BString], program: &Program) -> Option<Vec<BString>> {
    let first = argv.first()?;
    if let Some(title) = first.strip_prefix(b"mosh-client ") {
        return Some([vec!["mosh".into()], mosh_title(title)].concat());
    }
    let words = || first.fields().map(BString::from).collect::<Vec<_>>();
    (argv.len() == 1 && !program.is_whole() && first.contains(&b' '))
        .then(words)
        .filter(|words| !words.is_empty())
}

/// The name of a command, of the path of its executable: without the directories that commands are
/// found in, and without what package managers put around it.
fn called<'a>(path: &'a [u8], exe: Option<&'a BString>) -> &'a [u8] {
    let name = last_component(path);
    // A login shell has a dash.
    let name = match path.strip_prefix(b"-") {
        Some(shell) if !shell.is_empty() => last_component(shell),
        _ => name,
    };
    let mounted = path.find(b"/.mount_").is_some();
    if mounted && matches!(name, b"AppRun" | b"AppRun.wrapped") {
        return image(path, exe).unwrap_or(name);
    }
    if let Some(wrapped) = name.strip_prefix(b".") {
        let wrapped = wrapped.trim_end_with(|c| c == '_');
        let inner = wrapped
            .strip_suffix(b"-wrapped")
            .or_else(|| wrapped.strip_suffix(b"-real"));
        if let Some(inner) = inner.filter(|inner| !inner.is_empty()) {
            return inner;
        }
    }
    let stored = [&b"/nix/store/"[..], b"/gnu/store/", b"/snap/", b"/app/"];
    let stored = stored.iter().any(|store| path.starts_with(store));
    if mounted || stored || is_installed(path) || path.starts_with(b"-") {
        name
    } else {
        path
    }
}

/// The name of what runs in an AppImage: of the executable within, or else as far as the name of
/// the mount tells: it begins with six characters of the image's name, and ends with six random
/// ones.
fn image<'a>(path: &'a [u8], exe: Option<&'a BString>) -> Option<&'a [u8]> {
    let inner = exe.filter(|exe| exe.find(b"/.mount_").is_some());
    let inner = inner.map(|exe| last_component(exe));
    if let Some(inner) = inner.filter(|inner| !inner.starts_with(b"AppRun")) {
        return Some(inner);
    }
    let (_, mount) = path.split_once_str("/.mount_")?;
    let (mount, _) = mount.split_once_str("/")?;
    let name = mount.get(..mount.len().checked_sub(6)?)?;
    let name = name.split_once_str(".").map_or(name, |(name, _)| name);
    (!name.is_empty()).then_some(name)
}

/// Whether this is the name of the system's own loader of programs.
fn is_loader(name: &[u8]) -> bool {
    let loaders = [&b"ld-linux"[..], b"ld-musl", b"ld64.so", b"ld.so"];
    loaders.iter().any(|loader| name.starts_with(loader))
}

/// What a loader was told to load.
fn loaded(args: &[BString]) -> Option<Vec<BString>> {
    let mut rest = args;
    while let Some((option, after)) = rest.split_first()
        && option.starts_with(b"--")
    {
        let value = matches!(
            option.as_slice(),
            b"--library-path"
                | b"--preload"
                | b"--audit"
                | b"--argv0"
                | b"--inhibit-rpath"
                | b"--glibc-hwcaps-prepend"
                | b"--glibc-hwcaps-mask"
        );
        rest = after.get(usize::from(value)..)?;
    }
    (!rest.is_empty()).then(|| rest.to_vec())
}

/// What runs in a sandbox (flatpak).
fn boxed(args: &[BString]) -> Option<Vec<BString>> {
    let mut rest = args;
    while let Some((option, after)) = rest.split_first()
        && option.starts_with(b"--")
    {
        if option == "--" {
            rest = after;
            break;
        }
        let values = match option.as_slice() {
            option if BWRAP_NONE.contains(&option) => 0,
            option if BWRAP_TWO.contains(&option) => 2,
            _ => 1,
        };
        rest = after.get(values..)?;
    }
    (!rest.is_empty()).then(|| rest.to_vec())
}

/// Which of many programs in one runs.
fn applet(args: &[BString]) -> Option<Vec<BString>> {
    let (first, rest) = args.split_first()?;
    if let Some(name) = first.strip_prefix(b"--coreutils-prog=") {
        return Some(with_name(name, rest));
    }
    if let Some(name) = first.strip_prefix(b"--coreutils-prog-shebang=") {
        return Some(with_name(name, rest.get(1..).unwrap_or_default()));
    }
    (!first.starts_with(b"-")).then(|| args.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(line: &str, exe: Option<&str>) -> Program {
        Program {
            argv: line.split(' ').map(BString::from).collect(),
            exe: exe.map(BString::from),
            cwd: None,
            pipeline: Vec::new(),
            redacted: false,
        }
    }

    fn shown(line: &str) -> String {
        bstr::join(" ", program(line, None).shown())
            .to_str_lossy()
            .into_owned()
    }

    #[test]
    fn a_command_is_shown_as_it_was_typed() {
        for (line, expected) in [
            ("vim a", "vim a"),
            ("/usr/bin/vim a", "vim a"),
            ("/usr/local/sbin/x", "x"),
            ("-zsh", "zsh"),
            ("./run.sh a", "./run.sh a"),
            ("/opt/thing/start", "/opt/thing/start"),
            // nix
            ("/nix/store/0c1mv8-vim-9.1/bin/.vim-wrapped a", "vim a"),
            (".nvim-wrapped a", "nvim a"),
            ("/nix/store/0c1mv8-yazi/bin/.yazi-wrapped_ a", "yazi a"),
            ("/gnu/store/0c1mv8-emacs/bin/.emacs-real", "emacs"),
            ("/run/current-system/sw/bin/htop", "htop"),
            (
                "/nix/store/h-python3/bin/python3.12 /nix/store/h-ranger/bin/.ranger-wrapped /tmp",
                "ranger /tmp",
            ),
            (
                "/nix/store/h-coreutils/bin/coreutils --coreutils-prog=tail -f x",
                "tail -f x",
            ),
            (
                "coreutils --coreutils-prog-shebang=tail /run/current-system/sw/bin/tail -f x",
                "tail -f x",
            ),
            // AppImage
            ("/tmp/.mount_nvim.aQx81Kd/usr/bin/nvim a", "nvim a"),
            ("/tmp/.mount_nvim.aQx81Kd/AppRun a", "nvim a"),
            (
                "/lib64/ld-linux-x86-64.so.2 /usr/bin/htop -d 5",
                "htop -d 5",
            ),
            (
                "/lib/ld-musl-x86_64.so.1 --library-path /lib --argv0 top /usr/bin/top",
                "top",
            ),
            // flatpak, snap
            ("bwrap --args 42 -- /app/bin/vim a", "vim a"),
            ("bwrap --args 42 /app/bin/vim a", "vim a"),
            (
                "bwrap --ro-bind / / --unshare-pid --chdir /tmp -- ls -l",
                "ls -l",
            ),
            ("/snap/nvim/current/usr/bin/nvim a", "nvim a"),
            ("/usr/bin/snap run --shell nvim a", "nvim a"),
            ("flatpak run org.vim.Vim a", "flatpak run org.vim.Vim a"),
            // busybox
            ("/bin/busybox vi a", "vi a"),
            ("busybox sh /usr/local/bin/task a", "task a"),
            ("busybox --list", "busybox --list"),
        ] {
            assert_eq!(shown(line), expected, "{line}");
        }
    }

    #[test]
    fn an_image_is_called_by_what_is_in_it() {
        let exe = Some("/tmp/.mount_nvim.aQx81Kd/usr/bin/nvim");
        let program = program("/tmp/.mount_nvim.aQx81Kd/AppRun a", exe);
        assert_eq!(program.name(), "nvim");
    }

    #[test]
    fn a_title_is_shown_in_words_and_stays_a_part() {
        let mut program = program("x", None);
        program.argv = vec!["npm run dev".into()];
        program.pipeline = vec![Vec::new()];
        assert_eq!(program.shown(), ["npm", "run", "dev"]);
        assert!(!program.is_whole() && !program.is_pipeline());
        program.pipeline.clear();
        assert_eq!(program.shown(), ["npm run dev"], "a name with spaces");
        program.argv = ["mosh-client -p 60001 me@host |", "192.0.2.1", "60001"]
            .map(BString::from)
            .to_vec();
        assert_eq!(program.shown(), ["mosh", "-p", "60001", "me@host"]);
        assert_eq!(program.ssh().unwrap().host, "host");
    }

    #[test]
    fn nothing_hides_behind_a_wrapper_or_another_name() {
        let names = |program: &Program| -> Vec<String> {
            let readings = program.readings();
            let names = readings.iter().map(|argv| program_name(argv).to_string());
            names.collect()
        };
        assert_eq!(names(&program("busybox rm -r x", None)), ["rm", "busybox"]);
        let wrapped = program("/bin/.vim-wrapped x", Some("/bin/.vim-wrapped"));
        assert_eq!(names(&wrapped), ["vim", ".vim-wrapped"]);
        let lied = program("vim -r x", Some("/usr/bin/rm"));
        assert_eq!(names(&lied), ["vim", "rm"]);
        let deep = program("/lib64/ld-linux.so.2 /bin/busybox sh /usr/bin/job", None);
        assert_eq!(names(&deep), ["job", "sh", "busybox", "ld-linux.so.2"]);
        assert_eq!(program("vim x", None).readings(), [["vim", "x"]]);
    }

    #[test]
    fn wrappers_without_end_end() {
        let line = vec!["busybox"; 100].join(" ");
        assert!(!program(&line, None).shown().is_empty());
        let none = Program {
            argv: Vec::new(),
            ..program("x", None)
        };
        assert!(none.shown().is_empty() && none.name().is_empty());
        assert_eq!(shown("ld-linux.so --preload"), "ld-linux.so --preload");
    }

    proptest::proptest! {
        #[test]
        fn something_is_always_shown(argv: Vec<Vec<u8>>, whole: bool) {
            let program = Program {
                argv: argv.into_iter().map(BString::from).collect(),
                exe: None,
                cwd: None,
                pipeline: if whole { Vec::new() } else { vec![Vec::new()] },
                redacted: false,
            };
            proptest::prop_assert_eq!(program.shown().is_empty(), program.argv.is_empty());
            let readings = program.readings();
            proptest::prop_assert!(readings.contains(&program.argv));
            proptest::prop_assert_eq!(readings.first(), Some(&program.shown()));
        }
    }
}
