//! What each rule has to find and to leave, from the shapes that stand with it.

use super::secrets::{Maker, shapes};
use super::*;

/// Examples of each shape.
const EACH: usize = 20;

#[test]
fn every_rule_finds_its_examples_under_its_name_and_nothing_else() {
    let redactor = redactor();
    let mut maker = Maker::new(5);
    for shape in shapes() {
        assert!(
            shape.block.is_some() || !shape.examples.is_empty(),
            "{} has no example",
            shape.rule
        );
        for _ in 0..EACH {
            for example in &shape.examples {
                let example = maker.example(&shape.rule, example);
                let mut tally = Tally::default();
                let clean = redactor.name(example.line.as_bytes(), &mut tally);
                let marker = format!("‹redacted:{}›", shape.rule);
                assert_eq!(*clean, example.line.replace(&example.secret, &marker));
                assert_eq!(tally.total(), 1, "{}: {tally:?}", shape.rule);
            }
        }
    }
}

#[test]
fn every_rule_leaves_its_counter_examples() {
    let redactor = redactor();
    let mut maker = Maker::new(6);
    for shape in shapes() {
        for counter in &shape.counter {
            let line = maker.fill(counter);
            let mut tally = Tally::default();
            let clean = redactor.name(line.as_bytes(), &mut tally);
            assert_eq!(*clean, line, "{}: {tally:?}", shape.rule);
        }
    }
}

#[test]
fn colours_inside_a_secret_do_not_hide_it() {
    let redactor = redactor();
    for example in Maker::new(7).examples() {
        let middle = example.secret.len() / 2;
        let (one, two) = example.secret.split_at(middle);
        let painted = format!("{one}\x1b[1;31m{two}\x1b[0m");
        let line = format!(
            "\x1b[32m{}",
            example.line.replace(&example.secret, &painted)
        );
        let clean = redactor.name(line.as_bytes(), &mut Tally::default());
        let expected = format!("‹redacted:{}›\x1b[1;31m\x1b[0m", example.rule);
        let line = example.line.replace(&example.secret, &expected);
        assert_eq!(*clean, format!("\x1b[32m{line}"));
    }
}

#[test]
fn a_token_that_a_program_broke_is_found() {
    let redactor = redactor();
    let mut maker = Maker::new(8);
    for shape in shapes().iter().filter(|shape| shape.wraps) {
        for example in &shape.examples {
            let example = maker.example(&shape.rule, example);
            let starts = example.line.find(&example.secret).unwrap();
            // Broken in the middle of the secret, and behind a part of it that is whole by its
            // shape.
            for part in [example.secret.len() * 2 / 3, example.secret.len() * 9 / 10] {
                let at = starts + part;
                let front = " ".repeat(60_usize.saturating_sub(at));
                let line = format!("{front}{}", example.line);
                let broken = line.as_bytes().chunks(at.max(60));
                let broken: Vec<&str> = broken
                    .map(|line| std::str::from_utf8(line).unwrap())
                    .collect();
                for behind in ["", " and so on"] {
                    let text = format!("$ show\n{}{behind}\n$ \n", broken.join("\n"));
                    let clean = redactor
                        .name(text.as_bytes(), &mut Tally::default())
                        .to_string();
                    assert!(clean.contains("‹redacted:"), "{}: {clean}", shape.rule);
                    // Nothing of the end of the token is left, but for some letters that may be a
                    // word.
                    let rest = &example.secret[part..];
                    let left = rest.len() > 7 && clean.contains(rest);
                    assert!(!left, "{} at {part}: {text} → {clean}", shape.rule);
                    assert!(
                        clean.starts_with("$ show\n") && clean.ends_with("\n$ \n"),
                        "{clean}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_token_that_is_broken_within_its_keyword_is_found() {
    let mut maker = Maker::new(19);
    for shape in [
        "ghp_{A36}",
        "sk-ant-api03-{w93}AA",
        "https://hooks.slack.com/services/T{U8}/B{U8}/{A24}",
        "postgres://app:{A12}@db.example.com/x",
        "{d9}:AA{A33}",
    ] {
        let token = maker.fill(shape);
        for at in 1..token.len() - 1 {
            let front = format!("{} see ", "x".repeat(140));
            let text = format!("{front}{}\n{} there\n", &token[..at], &token[at..]);
            let clean = redacted(&text).0;
            let rest = &token[token.len() - 10..];
            let whole = clean.contains(&token[..at]) && clean.contains(&token[at..]);
            assert!(!whole, "{shape} at {at}: {clean}");
            assert!(
                clean.ends_with(" there\n") || clean.contains(rest),
                "{clean}"
            );
        }
    }
}

#[test]
fn what_follows_a_whole_token_in_the_next_line_stays() {
    let mut maker = Maker::new(9);
    let token = maker.fill("ghp_{A36}");
    let hash = maker.random('h', 40);
    for next in [
        hash.as_str(),
        "README.md",
        "main",
        "src/lib.rs",
        "12345",
        "$ ls",
        "two words1",
    ] {
        let text = format!("  GITHUB  {}{token}\n{next}\n", " ".repeat(20));
        let (clean, _) = redacted(&text);
        assert!(clean.ends_with(&format!("›\n{next}\n")), "{clean}");
    }
}

#[test]
fn keys_go_over_lines_whatever_stands_before_them() {
    let mut maker = Maker::new(10);
    for (kind, width) in [
        ("", 64),
        ("RSA ", 64),
        ("OPENSSH ", 70),
        ("EC ", 64),
        ("", 40),
    ] {
        let key = maker.key(kind, 12, width);
        let (begin, end) = Maker::key_ends(kind);
        for front in ["", "    ", "│ ", "+", "id_rsa:", "web_1  | ", "> "] {
            let lines: Vec<String> = key.lines().map(|line| format!("{front}{line}")).collect();
            let text = format!("$ cat key\n{}\n$ ls\n", lines.join("\n"));
            let (clean, tally) = redacted(&text);
            assert_eq!(
                clean,
                format!(
                    "$ cat key\n{front}{begin}\n‹redacted:private-key-block›\n{front}{end}\n$ ls\n"
                ),
                "{front:?}"
            );
            assert_eq!(tally.total(), 1);
        }
        let numbered: Vec<String> = key
            .lines()
            .enumerate()
            .map(|(number, line)| format!("{:4} │ {line}", number + 1))
            .collect();
        let (clean, _) = redacted(&numbered.join("\n"));
        assert_eq!(clean.lines().count(), 3, "{clean}");
        // As a string with the ends of lines in it, and as one with quotes around each line.
        let (clean, _) = redacted(&format!("\"key\": \"{}\\n\",", key.replace('\n', "\\n")));
        assert_eq!(
            clean,
            format!("\"key\": \"{begin}‹redacted:private-key-block›{end}\\n\",")
        );
        let quoted: Vec<String> = key
            .lines()
            .map(|line| format!("  \"{line}\\n\" +"))
            .collect();
        let (clean, _) = redacted(&quoted.join("\n"));
        assert_eq!(clean.lines().count(), 3, "{clean}");
    }
}

/// A line of a key as a tool shows it: its number, and the line.
type Shown = fn(usize, &str) -> String;

/// What stands before the lines of a key, and behind them, differs from line to line.
const SHOWN: &[(&str, Shown)] = &[
    ("docker logs -t", |n, line| {
        format!(
            "2024-05-0{}T1{}:00:{n:02}.{}Z {line}",
            n % 9,
            n % 10,
            n * 7919
        )
    }),
    ("a comment", |_, line| format!("# {line}")),
    ("a word", |_, line| format!("INFO {line}")),
    ("JSON, the text first", |n, line| {
        format!("{{\"log\":\"{line}\\n\",\"stream\":\"stdout\",\"time\":\"0{n}:1\"}}")
    }),
    ("JSON, the text last", |n, line| {
        format!("{{\"time\":\"0{n}:1\",\"level\":\"debug\",\"msg\":\"{line}\"}}")
    }),
    ("git blame", |n, line| {
        let who = ["Me", "You Two", "Somebody Else Entirely"][n % 3];
        format!(
            "{:08x} ({who} 2023-0{}-11 09:{n:02}:44 +0200 {n:3}) {line}",
            n * 104_729,
            n % 9
        )
    }),
    ("git blame at a boundary", |n, line| {
        format!(
            "{}{n:07x} key.pem (Me 2023-01-11 {n:3}) {line}",
            if n == 2 { "" } else { "^" }
        )
    }),
    ("grep -n -A", |n, line| {
        let sign = if n == 0 { ':' } else { '-' };
        format!("etc/my-key.pem{sign}{}{sign}{line}", n + 8)
    }),
    ("journalctl", |n, line| {
        format!("May 01 12:00:{n:02} web-1 app[{n}]: {line}")
    }),
    ("a log", |n, line| {
        format!(
            "2024-05-01 12:00:{n:02},{n:03} - app.keys - {} - {line}",
            ["DEBUG", "INFO"][n % 2]
        )
    }),
    ("kubectl logs --prefix", |_, line| {
        format!("[pod/web-6d4cf/app] {line}")
    }),
    ("a diff", |n, line| {
        format!("{}{line}", ['+', ' ', '-'][n % 3])
    }),
    ("cat -n", |n, line| format!("{:6}\t{line}", n + 5)),
    ("cat -A", |_, line| format!("{line}^M$")),
    ("asciinema", |n, line| {
        format!("[{n}.17, \"o\", \"{line}\\r\\n\"]")
    }),
    ("two columns", |n, line| {
        format!("{line:<66} │ let other_{n} = text;")
    }),
    ("diff -y", |_, line| format!("{line:<70} | {line}")),
    ("diff -y with a certificate", |n, line| {
        let other = if n == 0 {
            "-----BEGIN CERTIFICATE-----"
        } else {
            ""
        };
        format!("{line:<70} | {other}")
    }),
    ("a command", |_, line| format!("echo \"{line}\" >> key")),
    ("Windows", |n, line| {
        format!("C:\\keys\\id.pem:{n}:{line}\r")
    }),
];

#[test]
fn keys_are_found_though_what_stands_before_them_differs() {
    let mut maker = Maker::new(14);
    let redactor = redactor();
    for (kind, lines, width) in [("", 5, 64), ("OPENSSH ", 9, 70), ("RSA ", 12, 64)] {
        let key = maker.key(kind, lines, width);
        let body: Vec<&str> = key.lines().skip(1).take(lines).collect();
        for (name, show) in SHOWN {
            let shown = |lines: &[&str], from: usize| -> Vec<String> {
                let lines = lines.iter().enumerate();
                lines.map(|(at, line)| show(at + from, line)).collect()
            };
            let all: Vec<&str> = key.lines().collect();
            let whole = shown(&all, 0);
            // The end is not there; the beginning has scrolled away.
            let cut = &whole[..lines];
            let tail = &whole[2..];
            for (text, rest) in [
                (whole.join("\n"), &body[..]),
                (cut.join("\n"), &body[..lines - 1]),
                (tail.join("\n"), &body[1..]),
            ] {
                let text = format!("$ show it\n{text}\n$ ls -l\ntotal 4\n");
                let clean = redactor.name(text.as_bytes(), &mut Tally::default());
                let clean = clean.to_string();
                for line in rest {
                    assert!(
                        !clean.contains(&line[..line.len().min(12)]),
                        "{name}: {clean}"
                    );
                }
                assert!(clean.starts_with("$ show it\n") && clean.ends_with("$ ls -l\ntotal 4\n"));
            }
        }
    }
}

#[test]
fn a_short_last_line_goes_too_where_the_others_have_scrolled_away() {
    let mut maker = Maker::new(21);
    let (_, end) = Maker::key_ends("EC ");
    let last = maker.fill("{b35}=");
    for (name, show) in SHOWN {
        let text = format!("{}\n{}\n$ ls\n", show(7, &last), show(8, &end));
        let clean = redacted(&text).0;
        assert!(!clean.contains(&last[..20]), "{name}: {clean}");
        assert!(clean.contains(&end) && clean.ends_with("$ ls\n"), "{clean}");
    }
}

#[test]
fn what_speaks_of_keys_stays() {
    let (begin, end) = Maker::key_ends("RSA ");
    let public = Maker::new(15).fill("ssh-rsa AAAAB3Nza{b200} me@host");
    for text in [
        format!("A key begins with {begin}\nand then come its lines in base64, up to\n{end}\n"),
        format!(
            "if line.startswith(\"{begin}\"):\n    return PrivateKeyFromWhateverStandsHere(line)\n"
        ),
        format!(
            "{begin}, {begin} and\n-----BEGIN CERTIFICATE----- stand there\nas the first lines\n"
        ),
        format!("12:04:01 found {begin}\n12:04:02 GET /api/v1/internationalization/messages\n"),
        format!("$ head -1 id_rsa\n{begin}\n$ cat id_rsa.pub\n{public}\n"),
        format!("key.pem:1:{begin}\nlib/a/very/long/path/to/somewhere/else.rs:9:x\n"),
    ] {
        assert_eq!(redacted(&text).0, text);
    }
}

#[test]
fn a_certificate_beside_a_key_stays() {
    let mut maker = Maker::new(16);
    let certificate = maker.key("", 8, 64).replace("PRIVATE KEY", "CERTIFICATE");
    let key = maker.key("", 8, 64);
    let (begin, end) = Maker::key_ends("");
    for front in ["", "12:04:01 ", "web_1 | ", "# "] {
        let text = format!("{certificate}\n{key}\n{certificate}\n");
        let text: String = text
            .lines()
            .map(|line| format!("{front}{line}\n"))
            .collect();
        let clean = redacted(&text).0;
        let shown: String = certificate
            .lines()
            .map(|line| format!("{front}{line}\n"))
            .collect();
        assert_eq!(
            clean,
            format!("{shown}{front}{begin}\n‹redacted:private-key-block›\n{front}{end}\n{shown}")
        );
    }
}

#[test]
fn values_of_a_manifest_are_found_whatever_stands_before_it() {
    let mut maker = Maker::new(17);
    let (one, two) = (maker.random('b', 12), maker.random('b', 40));
    let data = format!("data:\n  password: {one}\n  x.y: {two}==\n");
    let meta = "metadata:\n  name: web\n  uid: 3f2504e0\n";
    let printed = format!("apiVersion: v1\n{data}kind: Secret\n{meta}type: Opaque\n");
    let written = format!("apiVersion: v1\nkind: Secret\n{meta}{data}---\nkind: ConfigMap\n");
    let json = format!(
        "{{\n    \"data\": {{\n        \"a\": \"{one}\",\n        \"b\": \"{two}\"\n    }},\n    \"kind\": \"Secret\"\n}}\n"
    );
    let shown: [Shown; 7] = [
        |_, line| line.to_owned(),
        |n, line| format!("{}{line}", ['+', ' ', '-'][n % 3]),
        |n, line| format!("sec.yaml:{}:{line}", n + 8),
        |n, line| format!("2024-05-01T12:00:{n:02}.1Z {line}"),
        |n, line| format!("{n:07x} (Me 2023-01-11 {n:3}) {line}"),
        |_, line| format!("web_1  | {line}"),
        |n, line| format!("{{\"log\":\"{}\\n\",\"n\":{n}}}", line.replace('"', "\\\"")),
    ];
    for manifest in [&printed, &written, &json] {
        for show in shown {
            let lines: Vec<String> = manifest
                .lines()
                .enumerate()
                .map(|(n, line)| show(n, line))
                .collect();
            let text = lines.join("\n");
            let clean = redacted(&text).0;
            assert!(!clean.contains(&one) && !clean.contains(&two), "{clean}");
            assert_eq!(clean.lines().count(), text.lines().count());
            assert!(manifest == &json || clean.contains("name: web"), "{clean}");
            // Of any other kind nothing goes.
            let other = text
                .replace("Secret", "ConfigMap")
                .replace("password", "greeting");
            assert_eq!(redacted(&other).0, other);
        }
    }
    for text in [
        "kind: Secret santa\ndata:\n  who: everybody\n",
        "data: as follows\n  who: everybody\nkind: Secret santa\n",
    ] {
        assert_eq!(redacted(text).0, text);
    }
    let applied = format!("{{\"data\":{{\"x\":\"{two}\"}},\"kind\":\"Secret\",\"metadata\":{{}}}}");
    assert!(!redacted(&applied).0.contains(&two));
}

#[test]
fn entries_of_netrc_over_lines_are_found() {
    let secret = Maker::new(18).random('a', 12);
    for entry in [
        "machine example.com\nlogin me\npassword {}",
        "machine example.com\n  password {}\n  login me\n  account x",
        "machine example.com login me\n\tpassword {}",
        "machine example.com\n\tlogin me password {} # old\nmacdef init",
        "default\nlogin anonymous\npassword {}",
        "machine example.com password {}",
        "password {}\nlogin me",
    ] {
        for front in ["", "12:04:01 ", "+", ".netrc:3:", "web_1  | ", "> "] {
            let entry = entry.replace("{}", &secret);
            let text: String = entry
                .lines()
                .map(|line| format!("{front}{line}\n"))
                .collect();
            let clean = redacted(&text).0;
            assert!(!clean.contains(&secret), "{front:?}: {clean}");
            assert_eq!(clean.replace("‹redacted:netrc-entry›", &secret), text);
        }
    }
    for text in [
        "the machine room\npassword protection is on\n",
        "login required\npassword reset mails were sent\n",
        "machine learning\nlogin screens\nand more\npassword managers",
        "machine learning password manager",
        "default password policy\n",
    ] {
        assert_eq!(redacted(text).0, text);
    }
}

#[test]
fn tokens_are_found_behind_spelt_escapes_and_underscores() {
    let mut maker = Maker::new(23);
    let tokens = [
        format!("ghp{}{}", '_', maker.random('A', 36)),
        format!("glpat{}{}", '-', maker.random('A', 20)),
        format!("AKIA{}", maker.random('U', 16)),
        format!("npm{}{}", '_', maker.random('A', 36)),
        format!("hvs{}{}", '.', maker.random('A', 24)),
    ];
    for token in &tokens {
        for (front, behind) in [
            ("deploy ^[[32m", "^[[0m"),
            (r#""\u001b[1;32m"#, r#"\u001b[0m""#),
            (r"\033[38:5:2m", r"\033[0m"),
            (r"\e[m", r"\e[0m"),
            (r#""q=1\u003d"#, "\""),
            (r"\x20", r"\x20"),
            (r"\012", r"\012"),
            ("f_", "_old"),
            ("/tmp/creds_", ".txt"),
        ] {
            let text = format!("{front}{token}{behind}\n");
            let clean = redacted(&text).0;
            assert!(!clean.contains(token.as_str()), "{clean}");
            assert!(clean.starts_with(front), "{clean}");
        }
    }
}

#[test]
fn keys_on_one_line_are_found_however_their_lines_are_joined() {
    let key = Maker::new(25).key("RSA ", 8, 64);
    let body: Vec<&str> = key.lines().filter(|line| !line.contains('-')).collect();
    let encoded = |text: &str, space: &str| {
        let text = text.replace('+', "%2B").replace('/', "%2F");
        text.replace('=', "%3D")
            .replace('\n', "%0A")
            .replace(' ', space)
    };
    let joined = |by: &str| key.lines().collect::<Vec<_>>().join(by);
    for text in [
        joined("<br>"),
        format!("<p>{}</p>", joined("<br/>")),
        joined("%0A"),
        joined("&#xA;"),
        encoded(&key, "%20"),
        encoded(&key, "+"),
        format!("POST /keys?key={}&x=1", encoded(&key, "%20")),
    ] {
        let clean = redacted(&text).0;
        for line in &body {
            let line = encoded(line, "+");
            let part = line.split('%').max_by_key(|part| part.len()).unwrap();
            assert!(!clean.contains(&part[2..]), "{clean}");
        }
    }
}

#[test]
fn the_first_password_of_a_server_is_found_below_its_announcement() {
    let secret = Maker::new(24).random('h', 32);
    let text = format!("use the following password to proceed to installation:\n\n{secret}\n\n");
    assert!(!redacted(&text).0.contains(&secret));
    let other = format!("proceed to installation:\nof commit\n{secret}\n");
    assert_eq!(redacted(&other).0, other);
}

#[test]
fn a_part_of_a_key_goes_too() {
    let mut maker = Maker::new(11);
    let (begin, end) = Maker::key_ends("RSA ");
    let lines = maker.key_lines(20, 64);
    // The end has scrolled away or is not there yet.
    let (clean, _) = redacted(&format!("{begin}\n{}", lines[..7].join("\n")));
    assert_eq!(clean, format!("{begin}\n‹redacted:private-key-block›"));
    let (clean, _) = redacted(&format!("{begin}\n{}\n$ ls -l\n", lines[..7].join("\n")));
    assert_eq!(
        clean,
        format!("{begin}\n‹redacted:private-key-block›\n$ ls -l\n")
    );
    // The beginning has.
    let (clean, _) = redacted(&format!("$ x\n{}\n{end}\n$ ls\n", lines[7..].join("\n")));
    assert_eq!(
        clean,
        format!("$ x\n‹redacted:private-key-tail›\n{end}\n$ ls\n")
    );
    assert!(is_marked(clean.as_bytes()));
    // What is no key stays.
    let certificate = format!(
        "{}\n{}",
        lines.join("\n"),
        end.replace("RSA PRIVATE KEY", "CERTIFICATE")
    );
    assert_eq!(redacted(&certificate).0, certificate);
    let named = format!("grep -l '{begin}' *\nnothing\n");
    assert_eq!(redacted(&named).0, named);
    let headers = format!(
        "{begin}\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n{}\n{end}\n",
        lines.join("\n")
    );
    assert_eq!(redacted(&headers).0.lines().count(), 3);
}

#[test]
fn keys_of_putty_go_and_their_comments_stay() {
    let lines = Maker::new(12).key_lines(14, 64).join("\n");
    let text = format!("Comment: mine\nPrivate-Lines: 14\n{lines}\nPrivate-MAC: 0\n");
    assert_eq!(
        redacted(&text).0,
        "Comment: mine\nPrivate-Lines: 14\n‹redacted:putty-key›\nPrivate-MAC: 0\n"
    );
}

#[test]
fn long_lines_are_searched_all_along() {
    let mut maker = Maker::new(13);
    let mut line = String::new();
    let mut planted = Vec::new();
    for _ in 0..200 {
        let token = maker.fill("ghp_{A36}");
        line.push_str(&format!("{} {token} ", "x y ".repeat(maker.below(1200))));
        planted.push(token);
    }
    let (clean, tally) = redacted(&line);
    assert_eq!(tally.total(), 200);
    assert!(!clean.contains("ghp_"));
    let plain = planted.iter().fold(line, |line, token| {
        line.replace(token, "‹redacted:github-token›")
    });
    assert_eq!(clean, plain);
}
