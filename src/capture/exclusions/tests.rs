//! Exclusions are applied to states, and to any state.

use bstr::BString;
use proptest::prelude::*;

use super::*;
use crate::model::detail::Checkout;
use crate::model::program::Program;
use crate::model::testing::any_state;
use crate::model::tree::TabId;
use crate::store::testing::{session, state, text};

fn exclusions(settings: &str) -> Exclusions {
    #[derive(serde::Deserialize)]
    #[serde(default, deny_unknown_fields)]
    #[derive(Default)]
    struct Capture {
        never: Never,
        rule: Vec<SessionRule>,
    }
    let capture: Capture = toml::from_str(settings).unwrap();
    Exclusions::new(&capture.never, &capture.rule, Path::new("/home/me"))
}

/// Two sessions of one tab with two panes each; the second pane of each runs `tail`.
fn two() -> ServerState {
    let texts = [text("one\n"), text("two\n")];
    state(vec![
        session("bank-1", 1, &texts),
        session("work", 2, &texts),
    ])
}

#[test]
fn a_directory_is_never_recorded_by_whatever_link_somebody_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let base = dir.path().canonicalize().unwrap();
    std::fs::create_dir_all(base.join("secret/below")).unwrap();
    std::os::unix::fs::symlink(base.join("secret"), base.join("link")).unwrap();
    let never = format!("[never]\ndirectories = [\"{}/secret\"]", base.display());
    let never = exclusions(&never).with_links_followed();
    let withheld = |path: &str| {
        let mut state = two();
        let path = base.join(path).to_str().unwrap().into();
        state.sessions[0].tabs[0].panes[0].cwd = path;
        never.apply(&mut state);
        state.sessions[0].tabs[0].panes[0].detail.withheld.is_some()
    };
    assert!(withheld("secret") && withheld("link") && withheld("link/below"));
    assert!(!withheld("") && !withheld("gone"));
}

/// A second and third tab in `work`, which are looked at after the first.
fn tabs() -> ServerState {
    let mut state = two();
    let work = &mut state.sessions[1];
    for index in [2, 3] {
        let mut tab = work.tabs[0].clone();
        tab.index = index;
        tab.handle = Some(TabId::of(u64::from(20 + index)));
        tab.name = format!("tab {index}").into();
        tab.active = index == 3;
        tab.last = index == 2;
        work.tabs.push(tab);
    }
    work.tabs[0].active = false;
    work.detail.recent = vec![3, 2, 1];
    state
}

fn applied(settings: &str, mut state: ServerState) -> ServerState {
    exclusions(settings).apply(&mut state);
    state.check().unwrap();
    state
}

/// Everything of a state that is written.
fn bytes(state: &ServerState) -> Vec<u8> {
    let mut all = postcard::to_allocvec(state).unwrap();
    all.extend(format!("{state:?}").into_bytes());
    for (session, tab, pane) in state.panes() {
        let details = (&session.detail, &tab.detail, &pane.detail);
        all.extend(postcard::to_allocvec(&details).unwrap());
    }
    all
}

fn first(state: &ServerState) -> &Pane {
    &state.sessions[1].tabs[0].panes[1]
}

/// Whether the second pane of `work` is withheld by these settings, after a change.
fn withheld(settings: &str, change: impl FnOnce(&mut Pane)) -> Option<Withheld> {
    let mut state = two();
    change(&mut state.sessions[1].tabs[0].panes[1]);
    first(&applied(settings, state)).detail.withheld
}

#[test]
fn without_settings_nothing_changes() {
    assert_eq!(applied("", tabs()), tabs());
}

#[test]
fn a_session_goes_with_its_name_its_tabs_and_its_group() {
    let mut state = tabs();
    state.sessions[1].group = Some("bank-1".into());
    let shared = state.sessions[0].tabs[0].clone();
    let mut linked = Tab {
        index: 9,
        active: false,
        ..shared
    };
    linked.last = false;
    state.sessions[1].tabs.push(linked);
    state.sessions[1].detail.recent.push(9);
    let left = applied("never.sessions = ['bank-*']", state);
    assert_eq!(left.sessions.len(), 1);
    assert_eq!(left.sessions[0].group, None);
    assert!(left.sessions[0].tab(9).is_none());
    assert_eq!(left.sessions[0].detail.recent, [3, 2, 1]);
    assert!(memchr::memmem::find(&bytes(&left), b"bank").is_none());
}

#[test]
fn a_session_without_tabs_goes_too() {
    let left = applied("never.tabs = ['main']", two());
    assert!(left.sessions.is_empty());
}

#[test]
fn the_tab_that_was_looked_at_before_takes_the_place_of_one_that_goes() {
    let left = applied("never.tabs = ['tab 3']", tabs());
    let work = left.session(b"work").unwrap();
    assert_eq!(work.detail.recent, [2, 1]);
    assert!(work.tab(2).unwrap().active && !work.tab(2).unwrap().last);
    assert!(work.tab(1).unwrap().last);
    let left = applied("never.tabs = ['tab 2']", tabs());
    let work = left.session(b"work").unwrap();
    assert!(work.tab(3).unwrap().active && work.tab(1).unwrap().last);
}

#[test]
fn programs_are_known_by_every_name_they_have() {
    let runs = |argv: &[&str]| {
        let argv: Vec<BString> = argv.iter().map(|arg| BString::from(*arg)).collect();
        move |pane: &mut Pane| {
            pane.program = Some(Program {
                argv,
                exe: None,
                cwd: None,
                pipeline: Vec::new(),
                redacted: false,
            });
        }
    };
    let never = "never.commands = ['pass', 'gpg*', '/opt/vault/*']";
    for argv in [
        &["pass", "show"][..],
        &["/usr/bin/pass"],
        &["bash", "/usr/bin/pass", "show"],
        &["sudo", "-u", "me", "pass", "show"],
        &["ssh", "host", "pass show x"],
        &["sh", "-c", "PAGER=less exec /usr/bin/gpg2 -d f"],
        &["busybox", "pass"],
        &["/opt/vault/bin/read"],
    ] {
        assert_eq!(
            withheld(never, runs(argv)),
            Some(Withheld::Excluded),
            "{argv:?}"
        );
    }
    for argv in [&["passwd"][..], &["vim", "pass.txt"], &["x", "--pass"]] {
        assert_eq!(withheld(never, runs(argv)), None, "{argv:?}");
    }
    // By its executable, in its pipeline, around it, and where a part of it is not known.
    let program =
        |change: fn(&mut Program)| move |pane: &mut Pane| pane.program.iter_mut().for_each(change);
    let hidden: [fn(&mut Program); 3] = [
        |program| program.exe = Some("/usr/bin/pass".into()),
        |program| program.pipeline = vec![vec!["pass".into()], vec!["less".into()]],
        |program| program.pipeline = vec![Vec::new()],
    ];
    for change in hidden {
        assert_eq!(withheld(never, program(change)), Some(Withheld::Excluded));
    }
    let around: [fn(&mut Pane); 4] = [
        |pane| pane.shell = vec!["pass".into()],
        |pane| pane.shell.clear(),
        |pane| pane.detail.shells = vec![vec!["zsh".into()], vec!["gpg-shell".into()]],
        |pane| pane.detail.start_command = "\"exec pass show\"".into(),
    ];
    for change in around {
        assert_eq!(withheld(never, change), Some(Withheld::Excluded));
    }
    assert_eq!(withheld(never, |_| {}), None);
}

#[test]
fn a_directory_is_that_of_the_shell_of_the_program_or_of_the_checkout() {
    let never = "never.directories = ['~/private']";
    let places: [fn(&mut Pane); 4] = [
        |pane| pane.cwd = "/home/me/private/a".into(),
        |pane| pane.cwd.clear(),
        |pane| {
            pane.program
                .iter_mut()
                .for_each(|one| one.cwd = Some("/home/me/private".into()));
        },
        |pane| {
            pane.detail.checkout = Some(Checkout {
                root: "/src/linked".into(),
                repository: Some("/home/me/private/.git".into()),
                ..Checkout::default()
            });
        },
    ];
    for change in places {
        assert_eq!(withheld(never, change), Some(Withheld::Excluded));
    }
    assert_eq!(withheld(never, |_| {}), None);
    let mut state = two();
    state.sessions[0].cwd = "/home/me/private/bank".into();
    assert_eq!(applied(never, state).sessions[0].cwd, "");
}

#[test]
fn a_name_that_follows_the_program_goes_with_it() {
    let withheld = |rename| {
        let mut state = two();
        let tab = &mut state.sessions[1].tabs[0];
        tab.automatic_rename = rename;
        tab.panes[1].detail.withheld = Some(Withheld::Private);
        applied("", state).sessions[1].tabs[0].name.clone()
    };
    assert_eq!(withheld(AutomaticRename::Unset), "");
    assert_eq!(withheld(AutomaticRename::On), "");
    assert_eq!(withheld(AutomaticRename::Off), "main");
}

#[test]
fn texts_are_left_out_by_the_first_rule_that_fits() {
    let rules =
        "rule = [{ session = 'w?rk', contents = 'all' }, { session = '*', contents = 'none' }]";
    let left = applied(rules, two());
    let texts = |name: &[u8]| {
        let tab = &left.session(name).unwrap().tabs[0];
        tab.panes
            .iter()
            .filter(|pane| pane.contents.is_some())
            .count()
    };
    assert_eq!((texts(b"bank-1"), texts(b"work")), (0, 2));
    assert_eq!(exclusions(rules).without_texts(&left).len(), 2);
    // A tab in both of them.
    let mut state = two();
    state.sessions[1].tabs = state.sessions[0].tabs.clone();
    let left = applied(rules, state);
    assert!(left.panes().all(|(_, _, pane)| pane.contents.is_none()));
}

#[test]
fn wrong_settings_are_refused() {
    for text in [
        "sessions = ['']",
        "directories = ['private']",
        "command = []",
    ] {
        assert!(toml::from_str::<Never>(text).is_err(), "{text}");
    }
    assert!(toml::from_str::<SessionRule>("session = 'a'\ncontents = 'some'").is_err());
}

/// A planted word in every string of a pane.
fn planted(pane: &mut Pane) {
    let word = || BString::from("pla-nted");
    pane.title = word();
    pane.cwd = "/home/me/private/pla-nted".into();
    pane.shell = vec![word()];
    pane.program = Some(Program {
        argv: vec![word()],
        exe: Some(word()),
        cwd: Some(word()),
        pipeline: vec![vec![word()]],
        redacted: false,
    });
    pane.detail.start_command = word();
    pane.detail.shells = vec![vec![word()]];
    pane.detail.mode = word();
    pane.detail.search = word();
    pane.detail.checkout = Some(Checkout {
        root: word(),
        branch: Some(word()),
        commit: word(),
        repository: Some(word()),
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn twice_is_once_and_nothing_is_left(
        mut state in any_state(),
        sessions in "[a-z*?]{1,3}",
        tabs in "[a-z*?]{1,3}",
        command in "[a-z*?]{1,3}",
        marked in any::<u64>(),
        names in any::<bool>(),
    ) {
        let own = if names {
            format!("never.sessions = ['{sessions}']\nnever.tabs = ['{tabs}']\nnever.commands = ['{command}']\n")
        } else {
            String::new()
        };
        let panes = state.sessions.iter_mut().flat_map(|one| &mut one.tabs).flat_map(|tab| &mut tab.panes);
        for (at, pane) in panes.enumerate() {
            pane.cwd = "/srv".into();
            if marked >> (at % 64) & 1 == 1 {
                planted(pane);
            }
        }
        let places: Vec<_> = state.panes().map(|(session, tab, pane)| {
            (session.name.clone(), tab.index, pane.index, pane.rect)
        }).collect();
        let settings = format!("{own}never.directories = ['~/private']");
        let exclusions = exclusions(&settings);
        exclusions.apply(&mut state);
        prop_assert!(state.check().is_ok(), "{:?}", state.check());
        let mut again = state.clone();
        exclusions.apply(&mut again);
        prop_assert_eq!(&again, &state);
        prop_assert!(memchr::memmem::find(&bytes(&state), b"pla-nted").is_none());
        for (session, tab, pane) in state.panes() {
            prop_assert!(places.contains(&(session.name.clone(), tab.index, pane.index, pane.rect)));
        }
    }
}
