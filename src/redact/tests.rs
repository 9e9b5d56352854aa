//! Planted secrets, and what must stay.

use bstr::BString;
use proptest::prelude::*;

use super::*;
use crate::model::detail::{
    Buffer, Checkout, Hook, PaneDetail, SessionDetail, Setting, TabDetail, Variable,
};
use crate::model::geometry::{Cell, Layout, Rect};
use crate::model::tree::{AutomaticRename, Pane, Screen, Session, Tab};

fn redactor() -> Redactor {
    Redactor::new(&RedactSettings::default()).unwrap()
}

fn redacted(text: &str) -> (String, Tally) {
    let mut tally = Tally::default();
    let clean = redactor().name(text.as_bytes(), &mut tally);
    (clean.to_string(), tally)
}

/// For each rule a line, with the secret between `«` and `»`.
const PLANTED: &[(&str, &str)] = &[
    ("api-key", "API_KEY=«abcd1234efgh5678»"),
    ("api-key", "  \"apiKey\": \"«abcd1234efgh5678»\","),
    ("secret-key", "secret_key: «0a1b2c3d4e5f»"),
    ("access-token", "access_token = '«tok_0123456789»'"),
    (
        "auth-token",
        "//registry.example/:_authToken=«0123456789abcdef»",
    ),
    ("password", "password=«hunter2»"),
    ("password", "Passwd: «s3cr3t-w0rd»"),
    ("password", "db_pwd := \"«correct horse»\""),
    ("aws-secret", "AWS_SESSION_TOKEN=«FwoGZXIvYXdzEXAMPLE»"),
    (
        "aws-secret",
        "aws_secret_access_key = «wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY»",
    ),
    ("private-key", "private_key: \"«c2VjcmV0a2V5»\""),
    ("client-secret", "client_secret=«GOC-abcdef123456»"),
    ("exported-key", "export STRIPE_KEY=«abcdef0123456789»"),
    ("exported-token", "export CI_JOB_TOKEN=«abcdef0123456789»"),
    ("secret-variable", "HOMEBREW_SECRET=«abcdef0123456789»"),
    ("token-field", "my_token = \"«abcdef0123456789»\""),
    ("key-variable", "STRIPE_KEY=«abcdef0123456789»"),
    (
        "password-option",
        "$ tool login --password «hunter2» --verbose",
    ),
    ("password-option", "$ tool --token=«abcdef0123456789»"),
    ("mysql-password", "$ mysql -u root -p«hunter2» shop"),
    ("sshpass-password", "$ sshpass -p «hunter2» ssh host"),
    ("redis-password", "$ redis-cli -h db -a «hunter2» ping"),
    (
        "http-password",
        "$ curl -s -u admin:«hunter2» https://example.com",
    ),
    (
        "docker-password",
        "$ docker login -u me -p «hunter2» registry",
    ),
    (
        "bearer-token",
        "Authorization: Bearer «abcdef.0123456789-xyz»",
    ),
    (
        "authorization",
        "authorization: Basic «YWRtaW46aHVudGVyMg==»",
    ),
    ("cookie", "Cookie: «session=abcdef0123456789»"),
    ("aws-key-id", "id «AKIAIOSFODNN7EXAMPLE» here"),
    (
        "github-token",
        "remote «ghp_0123456789abcdefghijABCDEFGHIJ012345»",
    ),
    ("gitlab-token", "«glpat-0123456789abcdefghij»"),
    ("url-password", "postgres://app:«hunter2»@db:5432/shop"),
    ("anthropic-key", "«sk-ant-oat01-0123456789abcdefghij»"),
    ("openai-key", "«sk-0123456789abcdefghijABCDEFGHIJ»"),
    ("google-key", "«AIzaSyA0123456789abcdefghijABCDEFGHIJ01»"),
    ("slack-token", "«xoxb-0123456789-abcdefghij»"),
    ("stripe-key", "«sk_live_0123456789abcdefghijABCD»"),
    (
        "package-token",
        "«npm_0123456789abcdefghijABCDEFGHIJ012345»",
    ),
    (
        "json-web-token",
        "«eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl»",
    ),
    ("service-token", "«hf_0123456789abcdefghijABCDEFGHIJ01»"),
    (
        "telegram-token",
        "«123456789:AAabcdefghijklmnopqrstuvwxyz0123456»",
    ),
    (
        "azure-key",
        "AccountName=x;AccountKey=«0123456789abcdefghij==»;",
    ),
    ("age-key", "«AGE-SECRET-KEY-1QQPQYRS0123456789ABCDEF»"),
    (
        "netrc-password",
        "machine example.com login me password «hunter2»",
    ),
];

fn planted(line: &str) -> (String, String) {
    let secret = line.split('«').nth(1).unwrap().split('»').next().unwrap();
    (line.replace(['«', '»'], ""), secret.to_owned())
}

#[test]
fn planted_secrets_of_every_rule_are_taken_out() {
    for (rule, line) in PLANTED {
        let (text, secret) = planted(line);
        let (clean, tally) = redacted(&text);
        assert!(!clean.contains(&secret), "{rule}: {clean}");
        assert_eq!(
            clean,
            text.replace(&secret, &format!("‹redacted:{rule}›")),
            "{rule}"
        );
        assert_eq!(tally.total(), 1, "{rule}: {tally:?}");
    }
    let rules = redactor().rules.unwrap();
    for rule in rules.rules.iter().filter(|rule| !rule.lines) {
        assert!(
            PLANTED.iter().any(|(name, _)| *name == rule.name),
            "{} has no test",
            rule.name
        );
    }
}

#[test]
fn the_end_of_a_private_key_goes_without_its_beginning() {
    let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";
    let text = format!("{body}\n{body}\nMzEfYyjiWA4=\n-----END PRIVATE KEY-----\n$ ls\n");
    let (clean, _) = redacted(&text);
    assert_eq!(
        clean,
        "‹redacted:private-key-tail›-----END PRIVATE KEY-----\n$ ls\n"
    );
    assert!(is_marked(clean.as_bytes()) && !is_marked(text.as_bytes()));
    // With its beginning it is one secret, and nothing of it stays either.
    let (clean, _) = redacted(&format!("-----BEGIN PRIVATE KEY-----\n{text}"));
    assert!(
        !clean.contains("MII") && !clean.contains("MzEf") && clean.ends_with("$ ls\n"),
        "{clean}"
    );
    // What is no key stays.
    let certificate = format!("{body}\n-----END CERTIFICATE-----\n");
    assert_eq!(redacted(&certificate).0, certificate);
}

#[test]
fn colours_inside_a_secret_do_not_hide_it() {
    for (rule, line) in PLANTED {
        let (text, secret) = planted(line);
        let middle = secret.len() / 2;
        let painted = format!(
            "{}\x1b[1;31m{}\x1b[0m",
            &secret[..middle],
            &secret[middle..]
        );
        let (clean, _) = redacted(&format!("\x1b[32m{}", text.replace(&secret, &painted)));
        let plain = crate::model::ansi::plain(clean.as_bytes());
        assert!(plain.contains("‹redacted:"), "{rule}: {plain}");
        assert!(!plain.contains(&secret[middle..]), "{rule}: {plain}");
        assert!(
            clean.contains("\x1b[1;31m") && clean.contains("\x1b[0m"),
            "{rule}: {clean:?}"
        );
    }
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

#[test]
fn key_blocks_go_over_lines() {
    let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQC7\n";
    let text = format!(
        "$ cat key\n-----BEGIN RSA PRIVATE KEY-----\n{body}-----END RSA PRIVATE KEY-----\n$ "
    );
    let (clean, tally) = redacted(&text);
    assert!(
        !clean.contains("MIIE") && !clean.contains("BKcw"),
        "{clean}"
    );
    assert!(clean.ends_with("-----END RSA PRIVATE KEY-----\n$ "));
    assert_eq!(tally.total(), 1);
    // The end has scrolled away or is not there yet.
    let (clean, _) = redacted(&format!("-----BEGIN PRIVATE KEY-----\n{body}"));
    assert!(
        !clean.contains("MIIE") && !clean.contains("BKcw"),
        "{clean}"
    );
}

fn argv(line: &str) -> (String, bool) {
    let argv: Vec<BString> = line.split(' ').map(BString::from).collect();
    let (clean, found) = redactor().argv(&argv, &mut Tally::default());
    let shown: Vec<String> = clean.iter().map(ToString::to_string).collect();
    (shown.join(" "), found)
}

#[test]
fn arguments_are_known_by_their_options() {
    for line in [
        "mysql -u root -phunter2 shop",
        "/usr/bin/sshpass -p hunter2 ssh x",
        "sshpass -phunter2 ssh x",
        "sudo redis-cli -a hunter2",
        "curl -u me:hunter2 x",
        "curl -ume:hunter2 x",
        "http --auth me:hunter2 x",
        "x --password hunter2",
        "x --password=hunter2",
        "env FOO_TOKEN=hunter2 x",
        "kubectl create secret --from-literal=password=hunter2",
        "docker login -p hunter2 x",
        "openssl rsa -passin pass:hunter2",
        "smbclient -U me%hunter2 x",
        "psql postgres://me:hunter2@db/x",
    ] {
        let (clean, found) = argv(line);
        assert!(
            found && !clean.contains("hunter2") && clean.contains("‹redacted:"),
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
    ] {
        assert_eq!(argv(line), (line.to_owned(), false));
    }
}

#[test]
fn a_broken_pattern_names_rule_pattern_and_place() {
    let settings = |pattern: &str| RedactSettings {
        extra: vec![Rule {
            name: "mine".to_owned(),
            pattern: pattern.to_owned(),
        }],
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
        extra: vec![Rule {
            name: "ticket".to_owned(),
            pattern: r"TICKET-(\d+)".to_owned(),
        }],
        allow: vec!["hunter[0-9]".to_owned()],
    };
    let redactor = Redactor::new(&settings).unwrap();
    let text = b"password=hunter2 TICKET-4711 password=hunter22";
    let mut tally = Tally::default();
    let clean = redactor.name(text, &mut tally);
    assert_eq!(
        clean,
        "password=hunter2 TICKET-‹redacted:ticket› password=‹redacted:password›"
    );
    let off = Redactor::new(&RedactSettings {
        enabled: false,
        ..settings
    });
    assert_eq!(off.unwrap().name(text, &mut tally), &text[..]);
}

proptest! {
    #[test]
    fn any_text_is_survived_and_clean_text_stays_clean(
        text in proptest::collection::vec(
            prop_oneof![
                any::<u8>().prop_map(|byte| vec![byte]),
                Just(b"\x1b[31m".to_vec()), Just(b"password=".to_vec()), Just(b"\x0e".to_vec()),
                Just(b"hunter2".to_vec()), Just(b"\n".to_vec()), Just(b"://a:b@".to_vec()),
            ],
            0..60,
        ),
    ) {
        static REDACTOR: std::sync::LazyLock<Redactor> = std::sync::LazyLock::new(redactor);
        let redactor = &REDACTOR;
        let text = crate::model::ansi::sanitised(&text.concat());
        let once = redactor.name(&text, &mut Tally::default());
        let twice = redactor.name(&once, &mut Tally::default());
        prop_assert_eq!(&twice, &once);
    }
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
    let secret = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
    let mut state = filled(&format!("see {secret} there"));
    let planted = format!("{state:?}").matches(secret).count();
    let mut tally = Tally::default();
    redactor().state(&mut state, &mut tally);
    assert!(!format!("{state:?}").contains("ghp_"), "{state:?}");
    assert_eq!(tally.total() as usize, planted);
    let mut state = filled("nothing special");
    let before = state.clone();
    redactor().state(&mut state, &mut tally);
    assert_eq!(state, before);
}

#[test]
fn the_name_of_a_variable_tells_that_it_is_a_secret() {
    let mut state = filled("nothing special");
    let session = &mut state.sessions[0];
    session.detail.environment[0].name = "DEPLOY_TOKEN".into();
    session.detail.settings[0].name = "@deploy_token".into();
    redactor().state(&mut state, &mut Tally::default());
    let detail = &state.sessions[0].detail;
    let value = detail.environment[0].value.as_ref().unwrap();
    assert!(is_marked(value), "{value:?}");
    assert!(is_marked(&detail.settings[0].value), "{detail:?}");
    assert_eq!(detail.environment[0].name, "DEPLOY_TOKEN");
    assert_eq!(detail.settings[0].name, "@deploy_token");
}

/// Lines of which some belong together for a rule.
fn lines() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        4 => Just("token=ghp_0123456789abcdefghijABCDEFGHIJ012345".to_owned()),
        1 => Just("-----BEGIN RSA PRIVATE KEY-----".to_owned()),
        1 => Just("\x1b[1m-----E\x1b[0mND RSA PRIVATE KEY-----".to_owned()),
        8 => Just("MIIEowIBAAKCAQEAxyz0123456789abcdefghijklmnop".to_owned()),
        8 => Just("password:".to_owned()),
        4 => Just(String::new()),
        20 => "[ -~]{0,20}",
    ];
    proptest::collection::vec(line, 0..8).prop_map(|lines| lines.join("\n") + "\n")
}

#[test]
fn texts_can_be_cut_at_lines_where_no_rule_goes_over_them() {
    let redactor = redactor();
    let redacted = |text: &str, tally: &mut Tally| redactor.name(text.as_bytes(), tally);
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(before in lines(), after in lines())| {
        let apart = |text: &str| !redactor.spans_lines(text.as_bytes());
        if apart(&before) && apart(&after) {
            let (mut whole, mut parts) = (Tally::default(), Tally::default());
            let text = redacted(&format!("{before}{after}"), &mut whole);
            let one = redacted(&before, &mut parts);
            let two = redacted(&after, &mut parts);
            prop_assert_eq!(text, [one, two].concat());
            prop_assert_eq!(whole, parts);
        }
    });
}

#[test]
fn blocks_and_own_rules_go_over_lines() {
    let block = b"\x1b[1m-----BE\x1b[0mGIN RSA PRIVATE KEY-----\n";
    assert!(redactor().spans_lines(block));
    assert!(!redactor().spans_lines(b"PASSWORD=hunter22\n"));
    let own = Redactor::new(&RedactSettings {
        extra: vec![Rule {
            name: "own".into(),
            pattern: "a\nb".into(),
        }],
        ..RedactSettings::default()
    });
    assert!(own.unwrap().spans_lines(b"anything"));
}
