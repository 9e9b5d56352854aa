//! Scripts: a command that is a script runs as its interpreter, with the script's path as an
//! argument.

use bstr::{BString, ByteSlice};

use super::{is_installed, last_component, program_name};

/// What is known of an interpreter's options.
#[derive(Debug, Clone, Copy)]
struct Interpreter {
    /// The beginning of its name; numbers of a version may follow.
    name: &'static str,
    /// Letters with which there is no script: the program is in the arguments.
    inline: &'static [u8],
    /// Options whose value is the next argument.
    values: &'static [&'static str],
}

/// A shell's: the same for all.
const fn shell(name: &'static str) -> Interpreter {
    Interpreter {
        name,
        inline: b"cs",
        values: &["-o", "+o", "-O", "+O", "--rcfile", "--init-file"],
    }
}

/// An interpreter whose options have no values of their own.
const fn plain(name: &'static str, inline: &'static [u8]) -> Interpreter {
    Interpreter {
        name,
        inline,
        values: &[],
    }
}

const INTERPRETERS: &[Interpreter] = &[
    shell("sh"),
    shell("bash"),
    shell("dash"),
    shell("ash"),
    shell("ksh"),
    shell("mksh"),
    shell("zsh"),
    shell("fish"),
    Interpreter {
        name: "python",
        inline: b"cm",
        values: &["-W", "-X", "--check-hash-based-pycs"],
    },
    Interpreter {
        name: "pypy",
        inline: b"cm",
        values: &["-W", "-X"],
    },
    plain("perl", b"eE"),
    Interpreter {
        name: "ruby",
        inline: b"e",
        values: &["-r", "-I", "-C", "-E"],
    },
    Interpreter {
        name: "node",
        inline: b"ep",
        values: &[
            "-r",
            "--require",
            "--import",
            "--loader",
            "-C",
            "--conditions",
        ],
    },
    plain("nodejs", b"ep"),
    plain("bun", b"ep"),
    Interpreter {
        name: "lua",
        inline: b"e",
        values: &["-l"],
    },
    Interpreter {
        name: "luajit",
        inline: b"e",
        values: &["-l", "-j"],
    },
    Interpreter {
        name: "php",
        inline: b"rRBFE",
        values: &["-c", "-d", "-z"],
    },
    plain("tclsh", b""),
    plain("wish", b""),
    plain("guile", b"c"),
    plain("racket", b"e"),
    plain("escript", b""),
    plain("Rscript", b"e"),
];

/// The script with its arguments, where this is an interpreter that runs one; `None` where the
/// interpreter is what was typed.
///
/// What was typed is not known for sure. A script counts as the command if it is where commands are
/// installed, or if the interpreter has a path: then it comes from the script's first line.
pub(super) fn without_interpreter(argv: &[BString]) -> Option<Vec<BString>> {
    let (interpreter, mut rest) = argv.split_first()?;
    let known = known(program_name(argv))?;
    while let Some((option, after)) = rest.split_first()
        && option.starts_with(b"-")
    {
        if option == "--" {
            rest = after;
            break;
        }
        let letters = option.strip_prefix(b"-").unwrap_or_default();
        if !letters.starts_with(b"-") && letters.find_byteset(known.inline).is_some() {
            return None;
        }
        let value = known.values.iter().any(|own| own.as_bytes() == *option);
        rest = after.get(usize::from(value)..)?;
    }
    let (script, arguments) = rest.split_first()?;
    let command: &[u8] = if let Some(command) = of_package(script) {
        command
    } else if is_installed(script) {
        last_component(script)
    } else if interpreter.starts_with(b"/") && script.contains(&b'/') {
        script
    } else {
        return None;
    };
    let command = std::iter::once(BString::from(command));
    Some(command.chain(arguments.iter().cloned()).collect())
}

fn known(name: &[u8]) -> Option<&'static Interpreter> {
    INTERPRETERS.iter().find(|known| {
        let version = name.strip_prefix(known.name.as_bytes());
        let number = |byte: &u8| byte.is_ascii_digit() || b".-".contains(byte);
        version.is_some_and(|version| version.iter().all(number))
    })
}

/// The command that a file of a node package is for. Its real name stands in the package; here it
/// is what people call it: the file's name, or the package's where the file's says nothing.
fn of_package(script: &[u8]) -> Option<&[u8]> {
    const MODULES: &[u8] = b"/node_modules/";
    let path = script.get(script.rfind(MODULES)? + MODULES.len()..)?;
    let mut parts = path.split(|&byte| byte == b'/');
    let mut package = parts.next()?;
    if package.starts_with(b"@") {
        package = parts.next()?;
    }
    let inner: Vec<&[u8]> = parts.collect();
    let (file, dirs) = inner.split_last()?;
    if package == b".bin" {
        return Some(file);
    }
    let ends = [&b".js"[..], b".mjs", b".cjs"];
    let stem = ends.iter().find_map(|end| file.strip_suffix(*end));
    let stem = stem.unwrap_or(file);
    let stem = stem.strip_suffix(b"-cli").unwrap_or(stem);
    let says_nothing = matches!(
        stem,
        b"" | b"cli" | b"index" | b"main" | b"bin" | b"run" | b"start" | b"cmd" | b"entry" | b"app"
    );
    let own = !says_nothing && dirs.last().is_some_and(|dir| *dir == b"bin");
    Some(if own { stem } else { package })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(line: &str) -> Option<String> {
        let argv: Vec<BString> = line.split(' ').map(BString::from).collect();
        without_interpreter(&argv).map(|argv| bstr::join(" ", argv).to_str_lossy().into_owned())
    }

    #[test]
    fn installed_scripts_are_commands() {
        for (line, expected) in [
            ("python3 /usr/bin/http get x", "http get x"),
            ("/usr/bin/python3.11 -u -W ignore /usr/bin/ranger", "ranger"),
            (
                "/home/me/.local/pipx/venvs/httpie/bin/python /home/me/.local/bin/http x",
                "http x",
            ),
            ("bash /usr/local/bin/task -v", "task -v"),
            ("/bin/bash ./task -v", "./task -v"),
            (
                "/bin/bash -e -o pipefail /home/me/task.sh",
                "/home/me/task.sh",
            ),
            ("perl -w /usr/bin/ack x", "ack x"),
            ("node /usr/bin/npm run dev", "npm run dev"),
            (
                "node /usr/lib/node_modules/npm/bin/npm-cli.js run dev",
                "npm run dev",
            ),
            ("node /usr/lib/node_modules/npm/bin/npx-cli.js x", "npx x"),
            (
                "node --no-warnings -r ts /p/node_modules/.bin/vite --host",
                "vite --host",
            ),
            ("node /p/node_modules/vite/dist/node/cli.js", "vite"),
            ("node /p/node_modules/typescript/bin/tsc -w", "tsc -w"),
            (
                "node /p/node_modules/@angular/cli/bin/ng.js serve",
                "ng serve",
            ),
            ("node /p/node_modules/a/node_modules/@b/c/index.mjs", "c"),
            ("zsh -- /usr/bin/x", "x"),
        ] {
            assert_eq!(command(line).as_deref(), Some(expected), "{line}");
        }
    }

    #[test]
    fn what_was_typed_with_its_interpreter_stays() {
        for line in [
            "python3",
            "python3 train.py",
            "python3 ./train.py",
            "python3 -m http.server",
            "python3 -c import /usr/bin/x",
            "bash -c /usr/bin/x",
            "bash -lc /usr/bin/x",
            "bash --norc --noprofile -i",
            "node server.js",
            "node -e 1 /usr/bin/x",
            "ruby -r",
            "pythonic /usr/bin/x",
            "vim /usr/bin/x",
        ] {
            assert_eq!(command(line), None, "{line}");
        }
    }
}
