//! The user's own rules among the built-in ones, and rules that fail.

use super::secrets::Maker;
use super::*;

fn with(extra: Vec<Rule>) -> Result<Redactor, RedactError> {
    Redactor::new(&RedactSettings {
        extra,
        ..RedactSettings::default()
    })
}

fn clean(redactor: &Redactor, text: &str) -> String {
    redactor
        .name(text.as_bytes(), &mut Tally::default())
        .to_string()
}

fn named(name: &str, value: &str) -> String {
    format!("{name}={value}")
}

#[test]
fn a_built_in_rule_can_be_switched_off_replaced_and_given_exceptions() {
    let password = named("password", "abcd1234");
    let off = Rule {
        enabled: false,
        ..rule("password", None)
    };
    assert_eq!(clean(&with(vec![off]).unwrap(), &password), password);
    let except = Rule {
        except: vec!["[a-d]+1234".to_owned()],
        ..rule("password", None)
    };
    let redactor = with(vec![except]).unwrap();
    assert_eq!(clean(&redactor, &password), password);
    assert_eq!(
        clean(&redactor, &named("password", "abcd12345")),
        "password=‹redacted:password›"
    );
    // What the rule said is gone, and its own exceptions stay.
    let other = Rule {
        keywords: vec!["pwd".to_owned()],
        ..rule("password", Some("PWD=(.*)"))
    };
    let redactor = with(vec![other]).unwrap();
    assert_eq!(clean(&redactor, &password), password);
    assert_eq!(
        clean(&redactor, &named("PWD", "abcd")),
        "PWD=‹redacted:password›"
    );
    assert_eq!(clean(&redactor, "PWD=/home/me"), "PWD=/home/me");
}

#[test]
fn rules_that_cannot_be_meant_stop_the_start() {
    let error = with(vec![rule("pasword", None)]).unwrap_err();
    assert!(
        matches!(&error, RedactError::NoPattern { rule } if rule == "pasword"),
        "{error}"
    );
    let twice = vec![rule("mine", Some("a")), rule("mine", Some("b"))];
    assert!(matches!(with(twice), Err(RedactError::Twice { .. })));
    let short = Rule {
        keywords: vec!["x".to_owned()],
        ..rule("mine", Some("x"))
    };
    assert!(matches!(
        with(vec![short]),
        Err(RedactError::Keyword { .. })
    ));
    let broken = Rule {
        except: vec!["[".to_owned()],
        ..rule("password", None)
    };
    assert!(matches!(
        with(vec![broken]),
        Err(RedactError::Pattern { rule, .. }) if rule == "password"
    ));
    assert!(matches!(
        with(vec![rule("with space", Some("a"))]),
        Err(RedactError::Name { .. })
    ));
}

#[test]
fn a_text_that_cannot_be_checked_is_dropped() {
    let mut redactor = redactor();
    let rules = Arc::get_mut(redactor.rules.as_mut().unwrap()).unwrap();
    for rule in &mut rules.rules {
        if rule.name == "github-token" {
            rule.spoil();
        }
    }
    let text = Maker::new(30).fill("see ghp_{A36}");
    let mut tally = Tally::default();
    assert_eq!(
        *redactor.name(text.as_bytes(), &mut tally),
        "‹redacted:unchecked›"
    );
    assert_eq!(tally.total(), 1);
    let (argv, found) = redactor.argv(&["echo".into(), text.as_str().into()], &mut tally);
    assert!(found && argv[1] == "‹redacted:unchecked›", "{argv:?}");
    assert_eq!(argv[0], "echo");
    assert!(redactor.settled(text.as_bytes()) == 0);
}

#[test]
fn what_rules_by_shape_alone_miss_is_found() {
    let mut maker = Maker::new(31);
    for shape in [
        "sk-ant-oat01-«{w86}»",
        "git clone https://me:«{A12}»@example.com/x",
        "$ mysql -u root -p«{A10}» shop",
        "$ tool --password «{A10}»",
        "$ sshpass -p «{A10}» ssh me@host",
        "sk-«{A48}»",
        "$ kubectl create secret generic x --from-literal=password=«{A10}»",
        "$ redis-cli -a «{A10}» ping",
        "$ http --auth me:«{A10}» example.com",
    ] {
        let example = maker.example("", shape);
        let (text, tally) = redacted(&example.line);
        assert!(!text.contains(&example.secret), "{text}");
        assert_eq!(tally.total(), 1, "{text}");
    }
}

#[test]
fn a_variable_is_known_by_any_part_of_its_name() {
    let redactor = redactor();
    for (name, kept) in [
        ("MYAPIKEYS", false),
        ("GITHUB_TOKEN_FILE", false),
        ("xauthx", false),
        ("EDITOR", true),
        ("SSH_AUTH_SOCK", true),
        ("OLDPWD", true),
    ] {
        let mut state = filled("/a/place");
        state.sessions[0].detail.environment[0].name = name.into();
        let state = redactor.state(state, &mut Tally::default());
        let value = state.sessions[0].detail.environment[0].value.clone();
        assert_eq!(value.unwrap() == "/a/place", kept, "{name}");
    }
}
