//! Replays the corpus of every fuzz target: inputs that once were, or could be, trouble.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::Path;

#[path = "../../fuzz/bodies.rs"]
mod bodies;

fn replay(target: &str, body: fn(&[u8])) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut count = 0;
    for entry in fs::read_dir(dir).unwrap() {
        body(&fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 0, "the corpus of {target} is empty");
}

#[test]
fn captured_text() {
    replay("text", bodies::text);
}

#[test]
fn captured_text_without_secrets() {
    replay("redact", bodies::redact);
}

#[test]
fn words_of_the_command_line() {
    replay("words", bodies::words);
}

#[test]
fn tmux_layouts() {
    replay("layout", bodies::layout);
}

#[test]
fn stored_records() {
    replay("envelope", bodies::envelope);
    replay("records", bodies::records);
}

#[test]
fn portable_files() {
    replay("portable", bodies::portable);
}

#[test]
fn texts_in_pieces() {
    replay("rope", bodies::rope);
}

#[test]
fn the_corpus_holds_layouts_that_are_accepted() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/layout");
    for name in ["tiled", "main-vertical"] {
        let layout = fs::read(dir.join(name)).unwrap();
        assert_eq!(
            muxtape::mux::tmux::layout::parse(&layout)
                .unwrap()
                .tiled
                .panes()
                .len(),
            4
        );
    }
}
