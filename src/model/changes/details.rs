//! What differs in the details of sessions, tabs and panes, and in paste buffers.

use bstr::BString;

use super::{Change, ChangeKind, Field, List, argv_words, target};
use crate::model::ansi::label;
use crate::model::detail::{
    Buffer, Checkout, Hook, PaneDetail, SessionDetail, Setting, TabDetail, TerminalModes, Variable,
    Withheld,
};
use crate::model::launch::{Launch, RedirectTarget};
use crate::model::target::Target;
use crate::model::words::count;

impl List {
    pub(super) fn session_detail(&mut self, at: &Target, from: &SessionDetail, to: &SessionDetail) {
        self.settings(at, &from.settings, &to.settings);
        self.hooks(at, &from.hooks, &to.hooks);
        self.variables(at, &from.environment, &to.environment);
        let indexes = |recent: &[u32]| {
            let words: Vec<String> = recent.iter().map(u32::to_string).collect();
            words.join(",")
        };
        self.field(
            at,
            Field::Recent,
            indexes(&from.recent),
            indexes(&to.recent),
        );
    }

    pub(super) fn tab_detail(&mut self, at: &Target, from: &TabDetail, to: &TabDetail) {
        self.settings(at, &from.settings, &to.settings);
        self.hooks(at, &from.hooks, &to.hooks);
    }

    pub(super) fn pane_detail(&mut self, at: &Target, from: &PaneDetail, to: &PaneDetail) {
        // Every field by name: a new one is not forgotten here.
        let PaneDetail {
            settings,
            hooks,
            environment,
            start_command,
            shells,
            checkout,
            mode,
            search,
            input_off,
            piped,
            terminal,
            floating,
            withheld,
            launch,
        } = from;
        self.settings(at, settings, &to.settings);
        self.hooks(at, hooks, &to.hooks);
        self.variables(at, environment, &to.environment);
        self.bytes(at, Field::StartCommand, start_command, &to.start_command);
        if *shells != to.shells {
            let (before, after) = (chain(shells), chain(&to.shells));
            self.exactly(at, Field::Shells, (before, after), (shells, &to.shells));
        }
        if *checkout != to.checkout {
            let words = (branch(checkout.as_ref()), branch(to.checkout.as_ref()));
            self.exactly(at, Field::Checkout, words, (checkout, &to.checkout));
        }
        self.bytes(at, Field::Mode, mode, &to.mode);
        self.bytes(at, Field::Search, search, &to.search);
        self.field(
            at,
            Field::InputOff,
            input_off.to_string(),
            to.input_off.to_string(),
        );
        self.field(at, Field::Piped, piped.to_string(), to.piped.to_string());
        self.field(at, Field::Terminal, modes(terminal), modes(&to.terminal));
        let place = |detail: &PaneDetail| {
            let floating = detail.floating.map(|floating| format!("{floating:?}"));
            floating.unwrap_or_default()
        };
        if *floating != to.floating {
            self.field(at, Field::Floating, place(from), place(to));
        }
        let why = |withheld: Option<Withheld>| withheld.map_or("", Withheld::words).to_owned();
        self.field(at, Field::Withheld, why(*withheld), why(to.withheld));
        if *launch != to.launch {
            let words = (launch_words(launch), launch_words(&to.launch));
            self.exactly(at, Field::Launch, words, (launch, &to.launch));
        }
    }

    pub(super) fn buffers(&mut self, from: &[Buffer], to: &[Buffer]) {
        let at = target(&BString::default(), None, None);
        let words = |buffer: &Buffer| {
            format!(
                "{} {}",
                count(buffer.data.len() as u64, "byte"),
                label(&buffer.data)
            )
        };
        self.members(
            &at,
            Field::Buffer,
            (from, to),
            |buffer| buffer.name.clone(),
            words,
        );
        let names = |buffers: &[Buffer]| {
            let names: Vec<String> = buffers.iter().map(|buffer| label(&buffer.name)).collect();
            names.join(",")
        };
        if from != to
            && self
                .0
                .last()
                .is_none_or(|last| last.field != Some(Field::Buffer))
        {
            self.exactly(&at, Field::Buffer, (names(from), names(to)), (from, to));
        }
    }

    fn settings(&mut self, at: &Target, from: &[Setting], to: &[Setting]) {
        let words = |setting: &Setting| label(&setting.value);
        self.members(
            at,
            Field::Setting,
            (from, to),
            |setting| setting.name.clone(),
            words,
        );
    }

    fn hooks(&mut self, at: &Target, from: &[Hook], to: &[Hook]) {
        let words = |hook: &Hook| label(&hook.command);
        self.members(
            at,
            Field::Hook,
            (from, to),
            |hook| hook.event.clone(),
            words,
        );
    }

    fn variables(&mut self, at: &Target, from: &[Variable], to: &[Variable]) {
        // One that is hidden and one that is not can have the same name.
        for hidden in [false, true] {
            let mark = if hidden { " (hidden)" } else { "" };
            let words = |variable: &Variable| match &variable.value {
                Some(value) => format!("{}{mark}", label(value)),
                None => format!("taken out{mark}"),
            };
            let some = |all: &[Variable]| -> Vec<Variable> {
                let all = all.iter().filter(|variable| variable.hidden == hidden);
                all.cloned().collect()
            };
            let (from, to) = (some(from), some(to));
            let name = |variable: &Variable| variable.name.clone();
            self.members(at, Field::Variable, (&from, &to), name, words);
        }
    }

    /// What came, went and changed of things with names.
    fn members<T: PartialEq + std::fmt::Debug>(
        &mut self,
        at: &Target,
        field: Field,
        (from, to): (&[T], &[T]),
        name: impl Fn(&T) -> BString,
        words: impl Fn(&T) -> String,
    ) {
        let shown = |one: &T| format!("{} {}", label(&name(one)), words(one));
        let mut push = |kind, from, to| {
            self.0.push(Change {
                kind,
                at: at.clone(),
                field: Some(field),
                from,
                to,
            });
        };
        for one in from {
            match to.iter().find(|other| name(other) == name(one)) {
                None => push(ChangeKind::Removed, Some(shown(one)), None),
                Some(other) if other != one => {
                    let (before, after) = apart(shown(one), shown(other), (one, other));
                    push(ChangeKind::Changed, Some(before), Some(after));
                }
                Some(_) => {}
            }
        }
        for one in to {
            if !from.iter().any(|other| name(other) == name(one)) {
                push(ChangeKind::Added, None, Some(shown(one)));
            }
        }
    }

    /// A field whose values are known to differ.
    fn exactly<T: std::fmt::Debug + ?Sized>(
        &mut self,
        at: &Target,
        field: Field,
        (before, after): (String, String),
        values: (&T, &T),
    ) {
        let (before, after) = apart(before, after, values);
        self.field(at, field, before, after);
    }
}

/// Words for two values; all that there is to them where the words are the same.
fn apart<T: std::fmt::Debug + ?Sized>(
    before: String,
    after: String,
    (one, other): (&T, &T),
) -> (String, String) {
    if before == after {
        (format!("{one:?}"), format!("{other:?}"))
    } else {
        (before, after)
    }
}

fn chain(shells: &[Vec<BString>]) -> String {
    let words: Vec<String> = shells.iter().map(|argv| argv_words(argv)).collect();
    words.join(" > ")
}

fn branch(checkout: Option<&Checkout>) -> String {
    checkout.map_or_else(String::new, |checkout| {
        let head = checkout.branch.as_ref().unwrap_or(&checkout.commit);
        format!("{} in {}", label(head), label(&checkout.root))
    })
}

/// How a program was started, as it would be typed.
fn launch_words(launch: &Launch) -> String {
    let Launch {
        titled,
        redirections,
        variables,
    } = launch;
    let variables = variables.iter().map(|variable| label(&variable.name) + "=");
    let titled = titled.iter().filter(|argv| !argv.is_empty());
    let redirections = redirections.iter().map(|redirection| {
        let number = redirection.stream as u8;
        match &redirection.target {
            RedirectTarget::Read(path) => format!("{number}<{}", label(path)),
            RedirectTarget::Write(path) => format!("{number}>{}", label(path)),
            RedirectTarget::Append(path) => format!("{number}>>{}", label(path)),
            RedirectTarget::ReadWrite(path) => format!("{number}<>{}", label(path)),
            RedirectTarget::Output => format!("{number}>&1"),
            RedirectTarget::Lost(lost) => format!("{number}: {}", lost.words()),
        }
    });
    let words: Vec<String> = variables
        .chain(titled.map(|argv| argv_words(argv)))
        .chain(redirections)
        .collect();
    words.join(" ")
}

/// The modes that are on, by name.
fn modes(terminal: &TerminalModes) -> String {
    let TerminalModes {
        cursor_hidden,
        insert,
        keypad_cursor,
        keypad,
        origin,
        no_wrap,
        mouse,
        scroll_region,
    } = *terminal;
    let switches = [
        (cursor_hidden, "cursor hidden"),
        (insert, "insert"),
        (keypad_cursor, "application cursor keys"),
        (keypad, "application keypad"),
        (origin, "origin"),
        (no_wrap, "no wrap"),
        (mouse, "mouse"),
    ];
    let on = switches.into_iter().filter(|(on, _)| *on);
    let mut words: Vec<String> = on.map(|(_, word)| word.to_owned()).collect();
    words.extend(scroll_region.map(|(first, last)| format!("scrolls rows {first} to {last}")));
    words.join(", ")
}
