//! What a line is for a block of base64, by itself.

use super::is_marked;

/// Base64 in a row that makes a line one of a block, where nothing but signs or a name stands
/// before it.
const RUN: usize = 20;
/// The same where anything may stand before it, if it looks random: a word, a path or a hash does
/// not.
pub(super) const RANDOM_RUN: usize = 32;

/// What a line is for a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A line of base64.
    Body,
    /// A short one, an empty one, a header: it belongs to a block if such a line follows.
    Doubtful,
    /// Anything else.
    Other,
}

pub(super) fn kind(line: &[u8]) -> Kind {
    let mut rest = line.trim_ascii();
    // Behind base64: quotes, commas, borders, and the end of a line in a string.
    loop {
        let of_line = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'=';
        let end = rest.iter().rposition(of_line).map_or(0, |at| at + 1);
        rest = rest.get(..end).unwrap_or(&[]);
        match rest
            .strip_suffix(b"\\n")
            .or_else(|| rest.strip_suffix(b"\\r"))
            // As `cat -v` shows it.
            .or_else(|| rest.strip_suffix(b"^M"))
        {
            Some(shorter) => rest = shorter,
            None => break,
        }
    }
    let run = rest.iter().rev().take_while(|byte| is_base64(byte)).count();
    let front = rest.get(..rest.len() - run).unwrap_or(&[]);
    let plain = !front
        .iter()
        .any(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'$' | b'#'));
    // The name of a file or a container.
    let named = {
        let name = front.trim_ascii_end();
        matches!(name.last(), Some(b':' | b'|'))
            && !name
                .get(..name.len().saturating_sub(1))
                .unwrap_or(&[])
                .trim_ascii()
                .contains(&b' ')
    };
    if is_marked(line) {
        Kind::Other
    } else if run >= RUN && (plain || named) {
        Kind::Body
    } else if plain || named || is_header(line) {
        Kind::Doubtful
    } else {
        Kind::Other
    }
}

/// Headers of PEM, OpenPGP and SSH2 armour.
fn is_header(line: &[u8]) -> bool {
    let start = line.iter().position(u8::is_ascii_alphabetic).unwrap_or(0);
    let line = line.get(start..).unwrap_or(&[]);
    let headers: [&[u8]; 8] = [
        b"Proc-Type:",
        b"DEK-Info:",
        b"Version:",
        b"Comment:",
        b"Subject:",
        b"Hash:",
        b"Charset:",
        b"MessageID:",
    ];
    headers.iter().any(|header| line.starts_with(header))
}

/// Whether somewhere in a line stands base64 of so many letters that looks random, and is no public
/// key of SSH.
pub(super) fn holds_random(line: &[u8], least: usize) -> bool {
    let mut at = 0;
    line.split(|byte| !is_base64(byte)).any(|run| {
        let before = line.get(..at).unwrap_or(&[]);
        at += run.len() + 1;
        run.len() >= least && looks_random(run) && !is_public(before, run)
    })
}

/// Whether a word of a line is 32 hexadecimal digits, as the lines of a static key of OpenVPN are.
pub(super) fn holds_hex(line: &[u8]) -> bool {
    line.split(|byte| !byte.is_ascii_alphanumeric())
        .any(|word| {
            word.len() == 32
                && word.iter().all(u8::is_ascii_hexdigit)
                && word.iter().any(u8::is_ascii_digit)
                && word.iter().any(u8::is_ascii_alphabetic)
        })
}

/// Whether a run of base64 is a public key as SSH writes it.
fn is_public(before: &[u8], run: &[u8]) -> bool {
    let algorithm = before.trim_ascii_end();
    let start = algorithm.iter().rposition(u8::is_ascii_whitespace);
    let algorithm = algorithm.get(start.map_or(0, |at| at + 1)..).unwrap_or(&[]);
    run.starts_with(b"AAAA") && memchr::memchr(b'-', algorithm).is_some()
}

/// Whether letters follow each other as they do in base64 of random bytes.
pub(super) fn looks_random(run: &[u8]) -> bool {
    let class = |byte: u8| match byte {
        b'A'..=b'Z' => 0,
        b'a'..=b'z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    };
    let any = |wanted: i32| run.iter().any(|byte| class(*byte) == wanted);
    let changes = run
        .windows(2)
        .filter(|pair| matches!(pair, [a, b] if class(*a) != class(*b)))
        .count();
    // About six in ten letters of base64 are of another class than the one before; of names made of
    // words it is one or two.
    any(0) && any(1) && (any(2) || run.len() < 24) && changes * 3 >= run.len()
}

pub(super) fn longest_run(line: &[u8]) -> usize {
    line.split(|byte| !is_base64(byte))
        .map(<[u8]>::len)
        .max()
        .unwrap_or(0)
}

pub(super) fn is_base64(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}
