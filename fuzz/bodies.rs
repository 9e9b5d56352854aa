//! What the fuzz targets check, used by them and by the test that replays their corpus.

use std::sync::LazyLock;

use muxtape::model::contents::Contents;
use muxtape::model::target::{SnapRef, Target};
use muxtape::model::{ansi, moment};
use muxtape::mux::tmux::layout;
use muxtape::redact::{RedactSettings, Redactor, Tally};
use muxtape::store::fuzzing;

/// Captured text: what is kept is stable and cannot act on a terminal.
pub(crate) fn text(data: &[u8]) {
    let kept = ansi::sanitised(data);
    assert_eq!(ansi::sanitised(&kept), kept);
    let shown = ansi::plain(data);
    assert!(
        !shown
            .chars()
            .any(|c| c.is_control() && c != '\n' && c != '\t'),
        "{shown:?}"
    );
    assert!(!ansi::label(data).chars().any(char::is_control));
    let coloured = ansi::coloured(data);
    assert_eq!(ansi::plain(coloured.as_bytes()), shown);
}

/// Captured text without its secrets: stable, in its colours, and the same where it is redacted in
/// two parts.
pub(crate) fn redact(data: &[u8]) {
    static REDACTOR: LazyLock<Option<Redactor>> =
        LazyLock::new(|| Redactor::new(&RedactSettings::default()).ok());
    let Some(redactor) = REDACTOR.as_ref() else {
        return;
    };
    let text = ansi::sanitised(&with_words(data));
    let (mut tally, mut none) = (Tally::default(), Tally::default());
    let clean = redactor.name(&text, &mut tally);
    assert_eq!(redactor.name(&clean, &mut none), clean);
    assert_eq!(none.total(), 0);
    assert!(tally.total() > 0 || *clean == *text);
    assert_eq!(colours(&clean), colours(&text));
    // The first half is what was there, the second what came.
    let there = text.get(..text.len() / 2).unwrap_or(&[]);
    let (one, two) = text.split_at(redactor.settled(there));
    let parts = [one, two].map(|part| redactor.name(part, &mut none).into_inner());
    assert_eq!(parts.concat(), **clean);
}

/// Bytes that are no text stand for what begins secrets, so that few of them go far, and no file of
/// the corpus looks like a secret.
fn with_words(data: &[u8]) -> Vec<u8> {
    const WORDS: [&str; 11] = [
        concat!("-----BEGIN", " PRIVATE KEY-----\n"),
        concat!("-----END", " PRIVATE KEY-----\n"),
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA1",
        concat!("pass", "word="),
        concat!("gh", "p_aaaaaaaaaaaaaaaaaaaaaaaa1"),
        "\x1b[31m",
        concat!("curl", " -u a:"),
        "name: X_TOKEN\nvalue: ",
        "  kind: Secret\n",
        concat!("mysql", " -p"),
        concat!("h", "f_aaaaaaaa"),
    ];
    let mut text = Vec::new();
    for byte in data {
        let word = byte.checked_sub(0xf5).map(usize::from);
        match word.and_then(|word| WORDS.get(word)) {
            Some(word) => text.extend_from_slice(word.as_bytes()),
            None => text.push(*byte),
        }
    }
    text
}

/// The sequences that set colours, in their order.
fn colours(text: &[u8]) -> Vec<&[u8]> {
    let behind = text.split(|byte| *byte == 0x1b).skip(1);
    let of = |rest: &'_ [u8]| {
        rest.iter()
            .position(|byte| *byte == b'm')
            .map_or(0, |at| at + 1)
    };
    behind
        .map(|rest| rest.get(..of(rest)).unwrap_or(rest))
        .collect()
}

/// Words from the command line: read or refused, never a panic.
pub(crate) fn words(data: &[u8]) {
    let Ok(words) = std::str::from_utf8(data) else {
        return;
    };
    let _ = words.parse::<SnapRef>();
    if let Ok(target) = words.parse::<Target>() {
        let _ = target.to_string();
    }
    let noon = jiff::civil::date(2026, 11, 21).at(12, 0, 0, 0);
    if let Ok(now) = noon.to_zoned(jiff::tz::TimeZone::UTC) {
        let _ = moment::parse(words, &now);
    }
}

/// tmux layout strings, in both notations: what is accepted tiles, and what is printed of it reads
/// the same.
pub(crate) fn layout(data: &[u8]) {
    if let Ok(read) = layout::parse(data) {
        assert!(read.tiled.check().is_ok());
        let printed = layout::print(&read.tiled, &|pane| pane).unwrap_or_default();
        let again = layout::parse(printed.as_bytes()).map(|again| again.tiled);
        assert_eq!(again, Ok(read.tiled));
    }
}

/// Bytes that may be a record of the store: read or refused, never a panic.
pub(crate) fn envelope(data: &[u8]) {
    assert_eq!(fuzzing::envelope(data), Ok(()));
}

/// Records with whole frames and any contents: read or refused, never a panic.
pub(crate) fn records(data: &[u8]) {
    assert!(fuzzing::records(data).is_ok());
}

/// Bytes that may be a portable file, or parts of one: read or refused, never a panic.
pub(crate) fn portable(data: &[u8]) {
    assert_eq!(fuzzing::portable(data), Ok(()));
}

/// Texts of a pane, one after the other: each comes out of its pieces as it went in.
pub(crate) fn rope(data: &[u8]) {
    // Most bytes stand for a line, so that few of them make texts that have much in common.
    let text = |bytes: &[u8]| {
        let mut text = Vec::new();
        for &byte in bytes {
            match byte {
                0..0xc0 => text.extend_from_slice(
                    format!("{byte:03} a line that is long enough to be shared\n").as_bytes(),
                ),
                _ => text.push(byte),
            }
        }
        text
    };
    let texts = data.split(|byte| *byte == 0xff).map(|shown| {
        let mut parts = shown.splitn(2, |byte| *byte == 0xfe);
        Contents {
            main: parts.next().map(text).unwrap_or_default().into(),
            alternate: parts.next().map(|screen| text(screen).into()),
        }
    });
    let texts: Vec<Contents> = texts.collect();
    assert_eq!(fuzzing::rope(&texts), Ok(()));
}
