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
            // Wide enough for the name, and for the token to go over two lines at the least.
            let width = (example.secret.len() * 2 / 3).max(24);
            let first = (example.secret.len() * 2 / 3).min(20);
            let front = " ".repeat(width - first) + &example.secret;
            let broken: Vec<&str> = front
                .as_bytes()
                .chunks(width)
                .map(|line| std::str::from_utf8(line).unwrap())
                .collect();
            let text = format!("$ show\n{}\n$ \n", broken.join("\n"));
            let clean = redactor
                .name(text.as_bytes(), &mut Tally::default())
                .to_string();
            let rest = broken.last().unwrap();
            // Where the shape is complete at the end of a narrow line, it is not known to go on.
            let left = clean.contains(&format!("\n{rest}\n"));
            assert!(clean.contains("‹redacted:"), "{}: {clean}", shape.rule);
            assert!(!left || width < 40, "{}: {clean}", shape.rule);
            assert!(
                clean.starts_with("$ show\n") && clean.ends_with("\n$ \n"),
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
