//! Which settings, hooks and variables a restore sets again.
//!
//! A snapshot is text, and text must never act. Some settings hold commands, and in most others
//! tmux runs what stands in `#(…)`. So only settings that are known not to run anything, with
//! values that cannot, are set under [`Settings::Safe`]; what tmux has that is not known here is
//! left out and told. The same goes for variables ([`variables`]).

use std::collections::BTreeSet;

use bstr::{BStr, ByteSlice};

use crate::model::detail::{Hook, Setting, Variable};
use crate::mux::NewPane;
use crate::mux::tmux::private;
use crate::redact::is_marked;
use crate::restore::plan::Own;
use crate::restore::policy::Settings;
use crate::restore::variables;

/// Settings of sessions that run nothing by themselves.
const SESSION: &[&str] = &[
    "activity-action",
    "assume-paste-time",
    "base-index",
    "bell-action",
    "default-size",
    "destroy-unattached",
    "detach-on-destroy",
    "display-panes-active-colour",
    "display-panes-colour",
    "display-panes-time",
    "display-time",
    "focus-follows-mouse",
    "history-limit",
    "initial-repeat-time",
    "key-table",
    "lock-after-time",
    "message-command-style",
    "message-line",
    "message-style",
    "mouse",
    "prefix",
    "prefix2",
    "prompt-command-cursor-style",
    "prompt-cursor-colour",
    "prompt-cursor-style",
    "renumber-windows",
    "repeat-time",
    "set-titles",
    "set-titles-string",
    "silence-action",
    "status",
    "status-bg",
    "status-fg",
    "status-format",
    "status-interval",
    "status-justify",
    "status-keys",
    "status-left",
    "status-left-length",
    "status-left-style",
    "status-position",
    "status-right",
    "status-right-length",
    "status-right-style",
    "status-style",
    "update-environment",
    "visual-activity",
    "visual-bell",
    "visual-silence",
    "word-separators",
];

/// Settings of tabs and panes that run nothing by themselves.
const TAB: &[&str] = &[
    "aggressive-resize",
    "allow-passthrough",
    "allow-rename",
    "allow-set-title",
    "alternate-screen",
    "automatic-rename",
    "automatic-rename-format",
    "clock-mode-colour",
    "clock-mode-style",
    "copy-mode-current-match-style",
    "copy-mode-mark-style",
    "copy-mode-match-style",
    "copy-mode-position-format",
    "copy-mode-position-style",
    "copy-mode-selection-style",
    "cursor-colour",
    "cursor-style",
    "fill-character",
    "main-pane-height",
    "main-pane-width",
    "menu-border-lines",
    "menu-border-style",
    "menu-selected-style",
    "menu-style",
    "mode-keys",
    "mode-style",
    "monitor-activity",
    "monitor-bell",
    "monitor-silence",
    "other-pane-height",
    "other-pane-width",
    "pane-active-border-style",
    "pane-base-index",
    "pane-border-format",
    "pane-border-indicators",
    "pane-border-lines",
    "pane-border-status",
    "pane-border-style",
    "pane-colours",
    "pane-scrollbars",
    "pane-scrollbars-position",
    "pane-scrollbars-style",
    "popup-border-lines",
    "popup-border-style",
    "popup-style",
    "remain-on-exit",
    "remain-on-exit-format",
    "scroll-on-clear",
    "synchronize-panes",
    "tiled-layout-max-columns",
    "window-active-style",
    "window-size",
    "window-status-activity-style",
    "window-status-bell-style",
    "window-status-current-format",
    "window-status-current-style",
    "window-status-format",
    "window-status-last-style",
    "window-status-separator",
    "window-status-style",
    "window-style",
    "wrap-search",
    "xterm-keys",
];

/// Settings on which the place and the size of panes or their numbers depend: set before the saved
/// text is written.
const PLACE: &[&str] = &[
    "aggressive-resize",
    "pane-base-index",
    "pane-border-lines",
    "pane-border-status",
    "pane-scrollbars",
    "pane-scrollbars-position",
    "pane-scrollbars-style",
    "status",
    // Nobody records what comes into a private pane.
    private::OPTION,
];

/// What a session gets with its size, whether or not it is set.
const BY_LAYOUT: &str = "default-size";

/// What of settings, hooks and variables is set under a policy, and the names of what is not.
/// `listed` are the names of the variables that the user keeps.
pub(in crate::restore::tmux) fn allowed(
    policy: Settings,
    listed: &BTreeSet<String>,
    settings: &[Setting],
    hooks: &[Hook],
    environment: &[Variable],
) -> (Own, Vec<String>) {
    let mut own = Own::default();
    let mut left = Vec::new();
    for setting in settings {
        if setting.name == private::OPTION {
            own.settings.push(private(private::says_so(&setting.value)));
        } else if may_be_set(policy, setting) {
            own.settings.push(setting.clone());
        } else if setting.name != BY_LAYOUT {
            left.push(crate::model::ansi::label(&setting.name));
        }
    }
    for hook in hooks {
        let sound = base(&hook.event).is_some_and(|name| !name.starts_with(b"@"));
        if policy == Settings::All && sound && !is_marked(&hook.command) {
            own.hooks.push(hook.clone());
        } else {
            left.push(crate::model::ansi::label(&hook.event));
        }
    }
    for variable in environment {
        if variables::may_be_set(policy, listed, variable) {
            own.environment.push(variable.clone());
        } else {
            left.push(crate::model::ansi::label(&variable.name));
        }
    }
    (own, left)
}

/// The mark as private, or that there is none. It is set under every policy, without the words that
/// somebody gave as its value.
pub(in crate::restore::tmux) fn private(is: bool) -> Setting {
    Setting {
        name: private::OPTION.into(),
        value: if is { "on" } else { "off" }.into(),
    }
}

fn may_be_set(policy: Settings, setting: &Setting) -> bool {
    // tmux expands formats in the names of settings.
    let Some(name) = base(&setting.name) else {
        return false;
    };
    // A session at which nobody looks would end at once.
    let ends = name == "destroy-unattached" && setting.value != "off";
    if ends || is_marked(&setting.value) {
        return false;
    }
    match policy {
        Settings::None => false,
        Settings::Safe => {
            let known = |list: &[&str]| list.iter().any(|known| name == *known);
            (name.starts_with(b"@") || known(SESSION) || known(TAB)) && is_inert(&setting.value)
        }
        Settings::All => true,
    }
}

/// Whether a setting has to be there before the panes are sized and numbered.
pub(in crate::restore::tmux) fn is_of_place(setting: &Setting) -> bool {
    base(&setting.name).is_some_and(|name| PLACE.iter().any(|known| name == *known))
}

/// Whether a setting is the one of this name.
pub(in crate::restore::tmux) fn is(setting: &Setting, name: &str) -> bool {
    setting.name == name
}

/// What a new pane begins with where a session has these settings of its own.
pub(super) fn new_pane(mut new: NewPane, settings: &[Setting]) -> NewPane {
    for setting in settings {
        if is(setting, "default-command") {
            new.command.clone_from(&setting.value);
        } else if is(setting, "default-shell") {
            new.shell.clone_from(&setting.value);
        }
    }
    new
}

/// Whether settings of a session say what its new panes begin with.
pub(super) fn decide_new_panes(settings: &[Setting]) -> bool {
    let decides = |one| is(one, "default-command") || is(one, "default-shell");
    settings.iter().any(decides)
}

/// The name of a setting or hook without its index; `None` for what tmux would never call one.
fn base(name: &[u8]) -> Option<&BStr> {
    let (base, index) = match name.split_once_str("[") {
        Some((base, index)) => (base, index.strip_suffix(b"]")?),
        None => (name, &b"0"[..]),
    };
    // A user's own may be called anything; but tmux expands formats in names.
    let sound = match base.strip_prefix(b"@") {
        Some(own) => !own.iter().any(|b| matches!(b, b'#' | 0..0x20)),
        None => base
            .iter()
            .all(|b| b.is_ascii_lowercase() || matches!(b, b'-' | b'0'..=b'9')),
    };
    let sound =
        sound && !base.is_empty() && !index.is_empty() && index.iter().all(u8::is_ascii_digit);
    sound.then(|| base.as_bstr())
}

/// Whether tmux runs nothing for a value, however often it expands it: no command stands in it, and
/// nothing that could become one. `%` is for strftime, which may leave nothing of it; `E:` and `T:`
/// expand what programs have set, such as titles; `a:`, `l:` and `s/` make a `#` of what was none.
fn is_inert(value: &[u8]) -> bool {
    let twice = ["E:", "T:", "E;", "T;"];
    let expands = value.contains_str("#{") && twice.iter().any(|mark| value.contains_str(mark));
    !value.contains_str("#(") && !value.contains_str("#%") && !expands && !makes_text(value)
}

/// Whether a format in a value makes text that does not stand in it: the modifiers `a`, `l` and `s`
/// do.
fn makes_text(value: &[u8]) -> bool {
    value.find_iter("#{").any(|at| {
        let inner = value.get(at + 2..).unwrap_or_default();
        let end = inner.iter().position(|byte| b":},".contains(byte));
        let modifiers = inner.get(..end.unwrap_or(inner.len())).unwrap_or_default();
        let is_modified = end.is_some_and(|end| inner.get(end) == Some(&b':'));
        is_modified && modifiers.iter().any(|byte| b"als".contains(byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(name: &str, value: &str) -> Setting {
        Setting {
            name: name.into(),
            value: value.into(),
        }
    }

    #[test]
    fn what_could_run_a_command_is_not_safe() {
        let safe = |name, value| may_be_set(Settings::Safe, &setting(name, value));
        for (name, value) in [
            ("status-left", "#{session_name} #[fg=red]%H:%M"),
            ("@a b", "on"),
            (
                "status-right",
                "#{b:pane_current_path} a: #{==:#{host},x} #{=21:pane_title}",
            ),
            ("@plugin", "tmux-plugins/tpm; $(x) `y`"),
            ("update-environment[3]", "DISPLAY"),
            ("destroy-unattached", "off"),
        ] {
            assert!(safe(name, value), "{name}");
        }
        for (name, value) in [
            ("status-left", "#(touch x)"),
            ("status-left", "##(touch x)"),
            ("status-left", "#%p(touch x)"),
            ("status-left", "#{E:pane_title}"),
            ("@x", "#{=10;T:pane_title}"),
            ("@k", "#{a:35}(touch X)"),
            ("@k", "#{=9;a:35}(touch X)"),
            ("automatic-rename-format", "#{l:#}(touch X)"),
            ("@k", "#{?x,#{s/x/##/:@y},z}(touch X)"),
            ("default-command", "sh"),
            ("default-shell", "/bin/sh"),
            ("lock-command", "vlock"),
            ("command-alias[9]", "split-window=run-shell x"),
            ("default-client-command", "x"),
            ("#(touch x)", "on"),
            ("@a\nb", "on"),
            ("@#(touch x)", "on"),
            ("status-format[#(touch x)]", "on"),
            ("", "on"),
            ("destroy-unattached", "on"),
            ("status-left", "‹redacted:github-token›"),
        ] {
            assert!(!safe(name, value), "{name} {value}");
        }
        let all = |name, value| may_be_set(Settings::All, &setting(name, value));
        assert!(all("default-command", "sh") && all("status-left", "#(date)"));
        assert!(!all("#(touch x)", "on") && !all("destroy-unattached", "on"));
        assert!(!may_be_set(Settings::None, &setting("mouse", "on")));
    }

    #[test]
    fn hooks_are_set_only_with_everything_and_what_is_left_out_is_named() {
        let hooks = [Hook {
            event: "after-split-window[0]".into(),
            command: "run-shell x".into(),
        }];
        let variables = [
            Variable {
                name: "TMUX_PANE".into(),
                value: Some("%1".into()),
                hidden: false,
            },
            Variable {
                name: "PROMPT_COMMAND".into(),
                value: Some("touch x".into()),
                hidden: false,
            },
            Variable {
                name: "LANG".into(),
                value: None,
                hidden: false,
            },
        ];
        let none = BTreeSet::new();
        let (own, left) = allowed(Settings::Safe, &none, &[], &hooks, &variables);
        assert!(own.hooks.is_empty() && own.environment.len() == 1);
        assert_eq!(
            left,
            ["after-split-window[0]", "TMUX_PANE", "PROMPT_COMMAND"]
        );
        let (own, left) = allowed(Settings::All, &none, &[], &hooks, &variables);
        assert_eq!((own.hooks.len(), left.len()), (1, 1));
        let (own, left) = allowed(Settings::None, &none, &[], &hooks, &variables);
        assert_eq!((own, left.len()), (Own::default(), 4));
    }
}
