//! Where texts can be cut, and what stays as it is.

use std::sync::LazyLock;

use super::secrets::Maker;
use super::*;

static REDACTOR: LazyLock<Redactor> = LazyLock::new(redactor);

/// Lines of which some belong together for a rule.
fn lines() -> impl Strategy<Value = String> {
    let mut maker = Maker::new(20);
    let (begin, end) = Maker::key_ends("RSA ");
    let token = maker.fill("ghp_{A36}");
    let painted = end.replacen("END", "E\x1b[0mND", 1);
    let cut = format!("{}{}", " ".repeat(30), &token[..20]);
    let line = prop_oneof![
        4 => Just(format!("token={token}")),
        2 => Just(begin.clone()),
        1 => Just(format!("\x1b[1m{}", begin.replacen("BEGIN", "BE\x1b[0mGIN", 1))),
        2 => Just(end.clone()),
        1 => Just(format!("\x1b[1m{painted}")),
        8 => Just(maker.random('b', 64)),
        3 => Just(cut),
        3 => Just(token[20..].to_owned()),
        2 => Just(format!("{}{token}", " ".repeat(30))),
        2 => Just(maker.random('A', 12)),
        1 => Just("Private-Lines: 4".to_owned()),
        1 => Just("Private-MAC: 1".to_owned()),
        1 => Just(format!("Private-MAC: {}", maker.random('h', 40))),
        2 => Just(format!("12:04:01 web {begin}")),
        4 => Just(format!("12:04:02 web {}", maker.random('b', 64))),
        1 => Just(format!("12:04:03 web {}", maker.random('b', 12))),
        4 => Just(format!("12:04:03 web {}", maker.random('b', 32))),
        1 => Just(format!("{begin}    | {begin}")),
        2 => Just(format!("12:04:04 db {end}")),
        1 => Just(format!("{}\\n{end}", maker.random('b', 64))),
        4 => Just("data:".to_owned()),
        4 => Just(format!("  x: {}", maker.random('b', 12))),
        4 => Just("kind: Secret".to_owned()),
        2 => Just("machine example.com".to_owned()),
        1 => Just("login me".to_owned()),
        2 => Just(["password", "none-of-it"].join(" ")),
        2 => Just(format!("see https://hooks.slack.com/services/T{}", maker.random('U', 8))),
        2 => Just(format!("/B{}/{} it was", maker.random('U', 8), maker.random('A', 24))),
        2 => Just("see https://hooks.sla".to_owned()),
        2 => Just(format!("ck.com/services/{}", maker.random('A', 24))),
        8 => Just("password:".to_owned()),
        4 => Just(String::new()),
        20 => "[ -~]{0,20}",
    ];
    proptest::collection::vec(line, 0..12).prop_map(|lines| lines.join("\n"))
}

fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        cases: 1024,
        ..ProptestConfig::default()
    }
}

fn clean(text: &[u8], tally: &mut Tally) -> BString {
    REDACTOR.name(text, tally).into_inner()
}

#[test]
fn what_is_settled_stays_whatever_follows() {
    proptest!(config(), |(text in lines(), more in lines())| {
        let settled = REDACTOR.settled(text.as_bytes());
        let (before, after) = text.as_bytes().split_at(settled);
        prop_assert!(before.is_empty() || before.ends_with(b"\n"));
        let (mut whole, mut parts) = (Tally::default(), Tally::default());
        let all = clean(format!("{text}{more}").as_bytes(), &mut whole);
        let one = clean(before, &mut parts);
        let two = clean(&[after, more.as_bytes()].concat(), &mut parts);
        prop_assert_eq!(all, [one, two].concat());
        prop_assert_eq!(whole, parts);
    });
}

#[test]
fn a_text_is_settled_up_to_its_last_lines() {
    let settled = |text: &str| {
        let at = REDACTOR.settled(text.as_bytes());
        text[at..].to_owned()
    };
    assert_eq!(
        settled("one line\nand a second\n$ ls -l"),
        "and a second\n$ ls -l"
    );
    let (begin, end) = Maker::key_ends("");
    let body = Maker::new(21).key_lines(30, 64).join("\n");
    let open = format!("a line\nand more\n{begin}\n{body}");
    assert_eq!(settled(&open), format!("{begin}\n{body}"));
    let closed = format!("{open}\n{end}\nthat was it\nand it goes on\n");
    assert_eq!(settled(&closed), "and it goes on\n");
    assert_eq!(settled("nothing"), "nothing");
    assert_eq!(
        settled("\x1b[1ma line\x1b[0m\n\x1b[2mof colour\n$"),
        "\x1b[2mof colour\n$"
    );
}

#[test]
fn a_key_that_comes_in_parts_is_found() {
    let mut maker = Maker::new(22);
    let text = format!("$ cat key\n{}\n$ ls -l\n$ \n", maker.key("RSA ", 40, 64));
    let whole = clean(text.as_bytes(), &mut Tally::default());
    let mut done = BString::default();
    let mut raw = Vec::new();
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        let (now, later) = rest.split_at(rest.len().min(1 + maker.below(200)));
        raw.extend_from_slice(now);
        rest = later;
        // What would be stored now has no part of the key in it.
        let stored = [done.clone(), clean(&raw, &mut Tally::default())].concat();
        for line in text.lines().filter(|line| line.len() == 64) {
            assert!(memchr::memmem::find(&stored, line.as_bytes()).is_none());
        }
        let settled = REDACTOR.settled(&raw);
        done.extend_from_slice(&clean(&raw[..settled], &mut Tally::default()));
        raw.drain(..settled);
    }
    done.extend_from_slice(&clean(&raw, &mut Tally::default()));
    assert_eq!(done, whole);
}

proptest! {
    #[test]
    fn any_text_is_survived_and_redacting_twice_is_redacting_once(
        text in proptest::collection::vec(
            prop_oneof![
                any::<u8>().prop_map(|byte| vec![byte]),
                Just(b"\x1b[31m".to_vec()), Just(b"password=".to_vec()), Just(b"\x0e".to_vec()),
                Just(b"hunter2".to_vec()), Just(b"\n".to_vec()), Just(b"://a:b@".to_vec()),
                Just(b"curl -u ".to_vec()), Just(b"Bearer ".to_vec()), Just(b"sk-ant-".to_vec()),
                Just(b"\"".to_vec()), Just(["mysql", " -p"].concat().into()), Just([" --", "token "].concat().into()),
                Just("‹redacted:".as_bytes().to_vec()), Just("›".as_bytes().to_vec()),
                lines().prop_map(String::into_bytes),
            ],
            0..60,
        ),
    ) {
        let text = crate::model::ansi::sanitised(&text.concat());
        let once = clean(&text, &mut Tally::default());
        let mut tally = Tally::default();
        let twice = clean(&once, &mut tally);
        prop_assert_eq!(&twice, &once);
        prop_assert_eq!(tally.total(), 0);
    }

    #[test]
    fn only_secrets_are_changed(text in "[ -~\n]{0,400}") {
        let mut tally = Tally::default();
        let clean = clean(text.as_bytes(), &mut tally);
        prop_assert!(tally.total() > 0 || clean == text);
    }
}

#[test]
fn a_text_that_grows_is_redacted_as_if_it_came_at_once() {
    proptest!(config(), |(pieces in proptest::collection::vec((lines(), lines()), 1..6))| {
        let mut growing = Growing::default();
        let mut so_far = String::new();
        for (new, end) in pieces {
            so_far.push_str(&new);
            let grown = REDACTOR.grow(&growing, new.as_bytes(), end.as_bytes());
            let mut tally = Tally::default();
            let all = crate::model::ansi::sanitised(format!("{so_far}{end}").as_bytes());
            prop_assert_eq!(grown.text.into_inner(), clean(&all, &mut tally));
            prop_assert_eq!(grown.tally, tally);
            growing = grown.growing;
        }
    });
}
