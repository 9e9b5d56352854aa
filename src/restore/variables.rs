//! Which variables of a snapshot are set again.
//!
//! Nearly every variable makes some program do something: `EDITOR` and `PAGER` name commands,
//! `LESS` and `VIMINIT` hold them, `PATH`, `HOME` and `GIT_DIR` say where they are looked for, a
//! socket says whom to trust. So a list of those that act could never be whole. Set are those that
//! the user has on his list of what is kept, and a few that say how things look or are written,
//! with values that say no more than that.

use std::collections::BTreeSet;

use bstr::ByteSlice;

use super::policy::Settings;
use crate::model::detail::Variable;
use crate::redact::is_marked;

/// What the value of a variable may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    /// Letters, digits and a few signs; nothing that leads to a file.
    Words,
    /// A number.
    Number,
    /// The name of a time zone; not the path of a file.
    Zone,
    /// A display of this machine, or one that ssh has brought there.
    Display,
}

/// Variables that run, load and trust nothing, in any program.
const INERT: &[(&str, Value)] = &[
    ("CLICOLOR", Value::Words),
    ("CLICOLOR_FORCE", Value::Words),
    ("COLORFGBG", Value::Words),
    ("COLORTERM", Value::Words),
    ("DISPLAY", Value::Display),
    ("FORCE_COLOR", Value::Words),
    ("LANG", Value::Words),
    ("LANGUAGE", Value::Words),
    ("LC_ADDRESS", Value::Words),
    ("LC_ALL", Value::Words),
    ("LC_COLLATE", Value::Words),
    ("LC_CTYPE", Value::Words),
    ("LC_IDENTIFICATION", Value::Words),
    ("LC_MEASUREMENT", Value::Words),
    ("LC_MESSAGES", Value::Words),
    ("LC_MONETARY", Value::Words),
    ("LC_NAME", Value::Words),
    ("LC_NUMERIC", Value::Words),
    ("LC_PAPER", Value::Words),
    ("LC_TELEPHONE", Value::Words),
    ("LC_TIME", Value::Words),
    ("NO_COLOR", Value::Words),
    ("SSH_CLIENT", Value::Words),
    ("SSH_CONNECTION", Value::Words),
    ("TZ", Value::Zone),
    ("WAYLAND_DISPLAY", Value::Words),
    ("WINDOWID", Value::Number),
];

/// Variables that tell a shell where it is: they are another's now.
const PLACES: [&str; 4] = ["TMUX", "TMUX_PANE", "PWD", "OLDPWD"];

/// Whether a variable is set, or taken out of the environment, under a policy; `listed` are the
/// names of those that the user keeps.
pub(super) fn may_be_set(policy: Settings, listed: &BTreeSet<String>, variable: &Variable) -> bool {
    let Variable { name, value, .. } = variable;
    let is_one = !name.is_empty() && !name.iter().any(|b| matches!(b, b'=' | 0));
    let of_place = PLACES.iter().any(|own| name == own);
    let redacted = value.as_ref().is_some_and(|value| is_marked(value));
    if !is_one || of_place || redacted {
        return false;
    }
    match policy {
        Settings::None => false,
        Settings::All => true,
        Settings::Safe => {
            let is_listed = name.to_str().is_ok_and(|name| listed.contains(name));
            is_listed || is_inert(variable)
        }
    }
}

/// Whether a variable runs, loads and trusts nothing with this value, in any program.
pub(super) fn is_inert(variable: &Variable) -> bool {
    let known = INERT.iter().find(|(name, _)| variable.name == *name);
    known.is_some_and(|(_, shape)| {
        let value = variable.value.as_ref();
        value.is_none_or(|value| shape.fits(value))
    })
}

impl Value {
    fn fits(self, value: &[u8]) -> bool {
        let only = |value: &[u8], signs: &[u8]| {
            let known = |byte: &u8| byte.is_ascii_alphanumeric() || signs.contains(byte);
            value.iter().all(known)
        };
        match self {
            Value::Words => only(value, b" _-.,:;@+="),
            Value::Number => value.iter().all(u8::is_ascii_digit),
            Value::Zone => {
                let of_file = value.starts_with(b"/") || value.starts_with(b":");
                only(value, b"_-.,:+/<>") && !of_file && !value.contains_str("..")
            }
            Value::Display => {
                let local = value.strip_prefix(b"localhost").unwrap_or(value);
                let number = local.strip_prefix(b":");
                number.is_some_and(|number| number.iter().all(|b| matches!(b, b'0'..=b'9' | b'.')))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(policy: Settings, listed: &[&str], name: &str, value: Option<&str>) -> bool {
        let listed = listed.iter().map(|name| (*name).to_owned()).collect();
        let variable = Variable {
            name: name.into(),
            value: value.map(Into::into),
            hidden: false,
        };
        may_be_set(policy, &listed, &variable)
    }

    /// Names that make a program run, load, look elsewhere or trust somebody.
    const ACTING: &[&str] = &[
        "BASHOPTS",
        "BASH_ENV",
        "BASH_FUNC_ls%%",
        "BROWSER",
        "CDPATH",
        "COLUMNS",
        "DBUS_SESSION_BUS_ADDRESS",
        "DOCKER_HOST",
        "DYLD_INSERT_LIBRARIES",
        "EDITOR",
        "ENV",
        "FCEDIT",
        "FPATH",
        "FZF_DEFAULT_COMMAND",
        "FZF_DEFAULT_OPTS",
        "GCONV_PATH",
        "GIT_CONFIG_COUNT",
        "GIT_DIR",
        "GIT_EXTERNAL_DIFF",
        "GIT_SSH_COMMAND",
        "GNUPGHOME",
        "HISTFILE",
        "HOME",
        "IFS",
        "INPUTRC",
        "JAVA_TOOL_OPTIONS",
        "KRB5CCNAME",
        "KUBECONFIG",
        "LC_EVIL",
        "LD_LIBRARY_PATH",
        "LD_PRELOAD",
        "LESS",
        "LESSCLOSE",
        "LESSOPEN",
        "LOCPATH",
        "LS_COLORS",
        "MAIL",
        "MAILPATH",
        "MAKEFLAGS",
        "MANPAGER",
        "NLSPATH",
        "NODE_OPTIONS",
        "NODE_PATH",
        "PAGER",
        "PATH",
        "PERL5LIB",
        "PERL5OPT",
        "PROMPT_COMMAND",
        "PS0",
        "PS1",
        "PS2",
        "PS4",
        "PYTHONPATH",
        "PYTHONSTARTUP",
        "RUBYLIB",
        "RUBYOPT",
        "RUSTC_WRAPPER",
        "SHELL",
        "SHELLOPTS",
        "SSH_AGENT_PID",
        "SSH_ASKPASS",
        "SSH_AUTH_SOCK",
        "SUDO_ASKPASS",
        "SUDO_EDITOR",
        "SYSTEMD_EDITOR",
        "TERM",
        "TERMCAP",
        "TERMINFO",
        "TMPDIR",
        "VIM",
        "VIMINIT",
        "VIMRUNTIME",
        "VISUAL",
        "XAUTHORITY",
        "XDG_CONFIG_HOME",
        "XDG_DATA_DIRS",
        "XDG_RUNTIME_DIR",
        "ZDOTDIR",
        "lang",
        "ODD",
        "http_proxy",
    ];

    #[test]
    fn only_what_says_how_things_look_is_set_unasked() {
        let safe = |name, value| set(Settings::Safe, &[], name, value);
        for name in ACTING {
            assert!(!safe(name, Some("1")) && !safe(name, None), "{name}");
            assert!(set(Settings::Safe, &[name], name, Some("x y")), "{name}");
            assert!(set(Settings::All, &[], name, Some("x y")), "{name}");
            assert!(!set(Settings::None, &[name], name, Some("1")), "{name}");
        }
        for (name, value) in [
            ("LANG", "de_DE.UTF-8@euro"),
            ("LC_ALL", "C"),
            ("LANGUAGE", "de:en"),
            ("TZ", "Europe/Berlin"),
            ("TZ", "CET-1CEST,M3.5.0"),
            ("COLORTERM", "truecolor"),
            ("DISPLAY", ":0"),
            ("DISPLAY", "localhost:10.0"),
            ("WAYLAND_DISPLAY", "wayland-1"),
            ("SSH_CONNECTION", "fe80::1 22 10.0.0.1 2222"),
            ("WINDOWID", "77"),
            ("NO_COLOR", ""),
        ] {
            assert!(safe(name, Some(value)), "{name} {value}");
            assert!(safe(name, None), "{name}");
        }
        for (name, value) in [
            ("LANG", "../../tmp/x"),
            ("LC_ALL", "/tmp/x"),
            ("LC_ALL", "$(x)"),
            ("LANGUAGE", "`x`"),
            ("COLORTERM", "a\nb"),
            ("COLORTERM", "%s"),
            ("TZ", "/tmp/x"),
            ("TZ", ":/tmp/x"),
            ("TZ", "../../tmp/x"),
            ("DISPLAY", "evil.example:0"),
            ("DISPLAY", "unix/:/tmp/x"),
            ("DISPLAY", "/tmp/x:0"),
            ("DISPLAY", ""),
            ("WAYLAND_DISPLAY", "/tmp/evil"),
            ("WINDOWID", "1;x"),
            ("LANG", "\u{1b}[31m"),
        ] {
            assert!(!safe(name, Some(value)), "{name} {value}");
        }
    }

    #[test]
    fn where_a_shell_is_and_what_is_no_variable_is_never_set() {
        for policy in [Settings::Safe, Settings::All] {
            for name in ["TMUX", "TMUX_PANE", "PWD", "OLDPWD", "", "A=b", "A\0b"] {
                assert!(!set(policy, &[name], name, Some("x")), "{name:?}");
            }
            let marked = Some("‹redacted:github-token›");
            assert!(!set(policy, &["TOKEN", "LANG"], "LANG", marked));
        }
    }
}
