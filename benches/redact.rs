//! What taking secrets out costs: before the first text, per byte of text without any, and of text
//! that was made to be slow.

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench may panic")]

use divan::Bencher;
use divan::counter::BytesCount;
use muxtape::redact::{Growing, RedactSettings, Redactor, Tally};

use muxtape_testing::secrets::Maker;

const SIZES: [usize; 3] = [1_000, 100_000, 10_000_000];

fn main() {
    divan::main();
}

fn redactor() -> Redactor {
    Redactor::new(&RedactSettings::default()).unwrap()
}

/// Lines made by `line` until there are `size` bytes.
fn text(size: usize, mut line: impl FnMut(usize) -> String) -> String {
    let mut text = String::with_capacity(size + 200);
    let mut number = 0;
    while text.len() < size {
        text.push_str(&line(number));
        text.push('\n');
        number += 1;
    }
    text
}

fn run(bencher: Bencher<'_, '_>, text: &str) {
    let redactor = redactor();
    // Rules are compiled before, as they are in every capture but the first.
    let _ = redactor.name(text.as_bytes(), &mut Tally::default());
    bencher
        .counter(BytesCount::new(text.len()))
        .bench_local(|| redactor.name(text.as_bytes(), &mut Tally::default()));
}

#[divan::bench]
fn reading_the_rules() -> Redactor {
    redactor()
}

/// From nothing to the first line with secrets of three rules.
#[divan::bench]
fn first_use(bencher: Bencher<'_, '_>) {
    let line = Maker::new(1).fill("export API_KEY={A20} https://me:{A12}@host/x ghp_{A36}");
    bencher.bench_local(|| redactor().name(line.as_bytes(), &mut Tally::default()));
}

/// From nothing to the first text that will grow: what the first capture of a recorder does.
#[divan::bench]
fn first_growing_text(bencher: Bencher<'_, '_>) {
    let text = text(100_000, |number| {
        format!("$ make -j{number} && ls -l src/{number}.rs")
    });
    bencher.bench_local(|| redactor().grow(&Growing::default(), text.as_bytes(), b"$ "));
}

/// A screen of new lines behind a megabyte of scrollback that is known.
#[divan::bench]
fn a_text_that_grows(bencher: Bencher<'_, '_>) {
    let line = |number| format!("request {number} took {} ms", number % 977);
    let redactor = redactor();
    let old = text(1_000_000, line);
    let before = redactor.grow(&Growing::default(), old.as_bytes(), b"$ ");
    let new = text(2_000, line);
    bencher.bench_local(|| redactor.grow(&before.growing, new.as_bytes(), b"$ "));
}

/// From nothing to a line for every rule: all of them are compiled.
#[divan::bench]
fn first_use_of_every_rule(bencher: Bencher<'_, '_>) {
    let lines: Vec<String> = Maker::new(2)
        .examples()
        .into_iter()
        .map(|example| example.line)
        .collect();
    let text = lines.join("\n");
    bencher.bench_local(|| redactor().name(text.as_bytes(), &mut Tally::default()));
}

#[divan::bench(args = SIZES, sample_count = 10)]
fn a_log(bencher: Bencher<'_, '_>, size: usize) {
    let text = text(size, |number| {
        format!(
            "2026-11-21 10:00:{:02} INFO worker-{number}: request took {} ms",
            number % 60,
            number % 977
        )
    });
    run(bencher, &text);
}

#[divan::bench(args = SIZES, sample_count = 10)]
fn a_coloured_log_with_addresses(bencher: Bencher<'_, '_>, size: usize) {
    let text = text(size, |number| {
        format!(
            "\x1b[32m2026-11-21 INFO\x1b[0m http: GET https://example.com/users/{number} -> 200 in 3 ms"
        )
    });
    run(bencher, &text);
}

#[divan::bench(args = SIZES, sample_count = 10)]
fn source_text(bencher: Bencher<'_, '_>, size: usize) {
    let source = include_str!("../src/mux/tmux/observe.rs");
    let lines: Vec<&str> = source.lines().collect();
    let text = text(size, |number| lines[number % lines.len()].to_owned());
    run(bencher, &text);
}

#[divan::bench(sample_count = 10)]
fn listings_and_hashes_10_mb(bencher: Bencher<'_, '_>) {
    let mut maker = Maker::new(3);
    let text = text(10_000_000, |number| {
        format!(
            "-rw-r--r-- 1 root root {number:8} Nov 21 10:00 {}  {}",
            maker.random('a', 12),
            maker.random('h', 40)
        )
    });
    run(bencher, &text);
}

/// A secret in every hundredth line.
#[divan::bench(sample_count = 10)]
fn text_with_secrets_10_mb(bencher: Bencher<'_, '_>) {
    let mut maker = Maker::new(4);
    let text = text(10_000_000, |number| match number % 100 {
        0 => maker.fill("export GITHUB_TOKEN=ghp_{A36}"),
        _ => format!("line {number} of something that a program said about its work"),
    });
    run(bencher, &text);
}

/// Lines of a megabyte, full of keywords.
#[divan::bench(sample_count = 3, args = ["curl ", "password=\"", "sk-", "://a:b", "--token ", "eyJ"])]
fn a_line_of_nothing_but(bencher: Bencher<'_, '_>, word: &str) {
    run(bencher, &word.repeat(1_000_000 / word.len()));
}

/// Lines that each might belong to a key.
#[divan::bench(sample_count = 3)]
fn beginnings_of_keys(bencher: Bencher<'_, '_>) {
    let (begin, _) = Maker::key_ends("");
    let body = Maker::new(5).random('b', 64);
    let text = text(1_000_000, |number| match number % 3 {
        0 => begin.clone(),
        _ => body.clone(),
    });
    run(bencher, &text);
}
