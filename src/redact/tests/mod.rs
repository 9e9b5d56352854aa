//! Planted secrets, and what must stay.

use bstr::BString;
use proptest::prelude::*;

use super::*;
use muxtape_testing::secrets;

mod borders;
mod examples;
mod own;

use crate::model::detail::{
    Buffer, Checkout, Hook, PaneDetail, SessionDetail, Setting, TabDetail, Variable,
};
use crate::model::geometry::{Cell, Layout, Rect};
use crate::model::launch::{Launch, RedirectTarget, Redirection, StandardStream};
use crate::model::tree::{AutomaticRename, Pane, Screen, Session, Tab};

fn redactor() -> Redactor {
    Redactor::new(&RedactSettings::default()).unwrap()
}

/// A rule of a user's own.
fn rule(name: &str, pattern: Option<&str>) -> Rule {
    Rule {
        name: name.to_owned(),
        pattern: pattern.map(str::to_owned),
        keywords: Vec::new(),
        except: Vec::new(),
        enabled: true,
    }
}

fn redacted(text: &str) -> (String, Tally) {
    let mut tally = Tally::default();
    let clean = redactor().name(text.as_bytes(), &mut tally);
    (clean.to_string(), tally)
}

#[test]
fn what_is_no_secret_stays() {
    for line in [
        "commit 3e025e1a2b3c4d5e6f708192a3b4c5d6e7f80912",
        "id: 550e8400-e29b-41d4-a716-446655440000",
        "password = getpass()",
        "password = os.environ[\"X\"]",
        "let token: String = input.token;",
        "export TOKEN=$OTHER_TOKEN",
        "export GH_TOKEN=\"${TOKEN}\"",
        "PWD=/home/me/src",
        "OLDPWD=/home/me",
        "private_key: ~/.ssh/id_ed25519",
        "export SSH_KEY=/home/me/.ssh/id",
        "export BUILD_KEY=3e025e1a2b3c4d5e6f708192a3b4c5d6e7f80912",
        "  --password <PASSWORD>   the password",
        "  --token TOKEN           the token",
        "api_key: {{ vault_api_key }}",
        "password: ********",
        "https://example.com:8080/a@b",
        "ssh://git@example.com/x",
        "git checkout task-sk-rename-the-long-branch-name",
        "passwordless login",
        "keyword = value",
        "static NEXT_TOKEN: AtomicUsize = AtomicUsize::new(0);",
        "use super::job_token::JobToken;",
        "if password == other {",
        "id-token: write",
        "SORT_KEY=created_at",
        "mysql -p shop",
        "curl -u me https://example.com",
    ] {
        let (clean, tally) = redacted(line);
        assert_eq!(clean, line, "{tally:?}");
    }
}

fn argv(line: &str) -> (String, bool) {
    let argv: Vec<BString> = line.split(' ').map(BString::from).collect();
    let (clean, found) = redactor().argv(&argv, &mut Tally::default());
    let shown: Vec<String> = clean.iter().map(ToString::to_string).collect();
    (shown.join(" "), found)
}

#[test]
fn arguments_are_known_by_their_options() {
    let mut maker = secrets::Maker::new(2);
    for line in [
        "mysql -u root -p«{A12}» shop",
        "/usr/bin/sshpass -p «{A12}» ssh x",
        "sshpass -p«{A12}» ssh x",
        "sudo redis-cli -a «{A12}»",
        "curl -u me:«{A12}» x",
        "curl -ume:«{A12}» x",
        "http --auth me:«{A12}» x",
        "x --password «{A12}»",
        "x --password=«{A12}»",
        "env FOO_TOKEN=«{A12}» x",
        "kubectl create secret --from-literal=password=«{A12}»",
        "docker login -p «{A12}» x",
        "openssl rsa -passin pass:«{A12}»",
        "smbclient -U me%«{A12}» x",
        "curl -sSu me:«{A12}» x",
        "curl -x me:«{A12}»@proxy:3128 x",
        "curl -b session=«{A32}» x",
        "http -A bearer -a «{A32}» x",
        "gh secret set X -b «{A32}»",
        "ldapsearch -xw «{A12}» x",
        "sqlplus me/«{A12}»@db",
        "tool --admin-password «{A12}»",
        "keytool -storepass «{A12}» x",
        "ngrok authtoken «{A32}»",
        "psql postgres://me:«{A12}»@db/x",
    ] {
        let example = maker.example("", line);
        let (clean, found) = argv(&example.line);
        assert!(
            found && !clean.contains(&example.secret) && clean.contains("‹redacted:"),
            "{clean}"
        );
    }
}

#[test]
fn ordinary_arguments_stay() {
    for line in [
        "mysql -p shop",
        "sshpass -e ssh -p 2222 host",
        "ssh -p 2222 host",
        "docker run -p 80:80 x",
        "env PWD=/home/me x",
        "x --token $TOKEN",
        "cargo test --test x",
        "curl -u me x",
        "mkdir -p a/b",
        "sort -k 2 -t , file",
        "env EDITOR=vim x",
        concat!("psql --no-", "password shop"),
        "gh auth login --with-token x",
        "curl -x proxy:3128 x",
        "curl -sSu me x",
        "sqlplus /nolog @a/b.sql",
        "gh issue create -b text",
    ] {
        assert_eq!(argv(line), (line.to_owned(), false));
    }
}

#[test]
fn a_broken_pattern_names_rule_pattern_and_place() {
    let settings = |pattern: &str| RedactSettings {
        extra: vec![rule("mine", Some(pattern))],
        ..RedactSettings::default()
    };
    let error = Redactor::new(&settings("abc(def")).unwrap_err();
    let RedactError::Pattern {
        rule,
        pattern,
        position,
        ..
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!(
        (rule.as_str(), pattern.as_str(), *position),
        ("mine", "abc(def", 4)
    );
    assert!(error.to_string().contains("mine"));
    let error = Redactor::new(&settings("(?:a{1000}){1000}")).unwrap_err();
    assert!(matches!(error, RedactError::TooLarge { .. }), "{error}");
    let error = Redactor::new(&RedactSettings {
        allow: vec!["[".to_owned()],
        ..RedactSettings::default()
    });
    assert!(matches!(error, Err(RedactError::Pattern { rule, .. }) if rule == "allow"));
}

#[test]
fn own_rules_and_exceptions_hold() {
    let settings = RedactSettings {
        enabled: true,
        extra: vec![rule("ticket", Some(r"TICKET-(\d+)"))],
        allow: vec!["hunter[0-9]".to_owned()],
    };
    let redactor = Redactor::new(&settings).unwrap();
    let text = ["password", "hunter2 TICKET-4711 password", "hunter22"].join("=");
    let mut tally = Tally::default();
    let clean = redactor.name(text.as_bytes(), &mut tally);
    assert_eq!(
        *clean,
        [
            "password",
            "hunter2 TICKET-‹redacted:ticket› password",
            "‹redacted:password›"
        ]
        .join("=")
    );
    let off = Redactor::new(&RedactSettings {
        enabled: false,
        ..settings
    });
    assert_eq!(*off.unwrap().name(text.as_bytes(), &mut tally), text);
}

/// A state in which every captured text is `text`, or has it in it.
fn filled(text: &str) -> ServerState {
    let text = || BString::from(text);
    let setting = |name: &str| Setting {
        name: name.into(),
        value: text(),
    };
    let settings = || vec![setting("@note"), setting("status-left")];
    let hooks = || {
        vec![Hook {
            event: "pane-died[0]".into(),
            command: text(),
        }]
    };
    let variables = || {
        vec![Variable {
            name: "NOTE".into(),
            value: Some(text()),
            hidden: true,
        }]
    };
    let pane = Pane {
        attachments: Vec::new(),
        handle: None,
        index: 0,
        title: text(),
        cwd: text(),
        active: true,
        last: false,
        marked: false,
        rect: Rect::default(),
        shell: vec![text()],
        program: Some(Program {
            argv: vec![text()],
            exe: Some(text()),
            cwd: Some(text()),
            pipeline: vec![vec![text()]],
            redacted: false,
        }),
        exit: None,
        screen: Screen::default(),
        contents: None,
        detail: PaneDetail {
            settings: settings(),
            hooks: hooks(),
            environment: variables(),
            start_command: text(),
            shells: vec![vec![text()]],
            checkout: Some(Checkout {
                root: text(),
                branch: Some(text()),
                commit: text(),
                repository: Some(text()),
            }),
            mode: text(),
            search: text(),
            launch: Launch {
                titled: Some(vec![text()]),
                redirections: [
                    RedirectTarget::Read,
                    RedirectTarget::Write,
                    RedirectTarget::Append,
                    RedirectTarget::ReadWrite,
                ]
                .map(|target| Redirection {
                    stream: StandardStream::Output,
                    target: target(text()),
                })
                .to_vec(),
                variables: variables(),
            },
            ..PaneDetail::default()
        },
    };
    let tab = Tab {
        handle: None,
        index: 0,
        name: text(),
        active: true,
        last: false,
        zoomed: false,
        synchronized: false,
        automatic_rename: AutomaticRename::Unset,
        layout: Layout {
            gap: 1,
            root: Cell::Pane {
                rect: Rect::default(),
                pane: 0,
            },
        },
        panes: vec![pane],
        detail: TabDetail {
            settings: settings(),
            hooks: hooks(),
        },
    };
    ServerState {
        sessions: vec![Session {
            life: Default::default(),
            handle: None,
            name: text(),
            cwd: text(),
            group: Some(text()),
            tabs: vec![tab],
            detail: SessionDetail {
                settings: settings(),
                hooks: hooks(),
                environment: variables(),
                ..SessionDetail::default()
            },
        }],
        buffers: vec![Buffer {
            name: text(),
            data: text(),
        }],
    }
}

#[test]
fn no_field_of_a_state_lets_a_secret_through() {
    let secret = secrets::Maker::new(1).fill("ghp_{A36}");
    let state = filled(&format!("see {secret} there"));
    let planted = format!("{state:?}").matches(&secret).count();
    let mut tally = Tally::default();
    let state = redactor().state(state, &mut tally);
    assert!(!format!("{state:?}").contains("ghp_"), "{state:?}");
    assert_eq!(tally.total() as usize, planted);
    let state = filled("nothing special");
    assert_eq!(*redactor().state(state.clone(), &mut tally), state);
}

#[test]
fn the_name_of_a_variable_tells_that_it_is_a_secret() {
    let mut state = filled("nothing special");
    let session = &mut state.sessions[0];
    session.detail.environment[0].name = "DEPLOY_TOKEN".into();
    session.detail.settings[0].name = "@deploy_token".into();
    let state = redactor().state(state, &mut Tally::default());
    let detail = &state.sessions[0].detail;
    let value = detail.environment[0].value.as_ref().unwrap();
    assert!(is_marked(value), "{value:?}");
    assert!(is_marked(&detail.settings[0].value), "{detail:?}");
    assert_eq!(detail.environment[0].name, "DEPLOY_TOKEN");
    assert_eq!(detail.settings[0].name, "@deploy_token");
}
