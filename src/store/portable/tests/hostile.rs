//! Files whose hashes are right, and that no muxtape wrote.

use super::super::description::Description;
use super::super::form;
use super::super::write::Writer;
use super::*;
use crate::model::detail::Variable;
use crate::model::launch::{Launch, RedirectTarget, Redirection, StandardStream};
use crate::model::snapshot::{Note, NoteKind, RedactionCount, Snapshot};
use crate::store::record::codec::Codec;
use crate::store::record::frame::{self, Kind};
use crate::store::testing::{record_text, scratch, text};

/// A snapshot of one pane that shows a text.
fn one() -> (Snapshot, Contents) {
    let s = scratch();
    let meta = record_text(&s.store, 1, "api", "$ make");
    let loaded = s.store.load(meta.id).unwrap();
    (loaded, text("$ make"))
}

/// A file of these, in this order, that tells of the snapshots as they are.
fn file(texts: &[Contents], snapshots: &[Snapshot]) -> Vec<u8> {
    let metas: Vec<_> = snapshots.iter().map(|one| one.meta.clone()).collect();
    told(&metas, texts, snapshots)
}

fn told(metas: &[SnapshotMeta], texts: &[Contents], snapshots: &[Snapshot]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer::begin(&mut bytes, &Description::new(NOW, metas)).unwrap();
    for text in texts {
        writer.part(|number| form::seal_text(number, text)).unwrap();
    }
    for one in snapshots {
        let part = |number| form::seal_snapshot(number, &one.meta, one.state.clone());
        writer.part(part).unwrap();
    }
    writer.end().unwrap();
    bytes
}

/// A file with one part that is framed rightly.
fn framed(kind: Kind, codec: Codec, raw_len: u64, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer::begin(&mut bytes, &Description::new(NOW, &[])).unwrap();
    let part = |number| Ok(frame::seal(kind, number, codec, raw_len, body));
    writer.part(part).unwrap();
    writer.end().unwrap();
    bytes
}

fn refused(bytes: &[u8]) -> String {
    let error = open(bytes).err().unwrap();
    let fits = matches!(
        error,
        PortableError::Invalid { .. } | PortableError::TooLarge { .. }
    );
    assert!(fits, "{error}");
    error.to_string()
}

fn changed(change: impl FnOnce(&mut Snapshot)) -> Vec<u8> {
    let (mut snapshot, text) = one();
    change(&mut snapshot);
    snapshot.meta.root = snapshot.state.digest();
    snapshot.meta.sessions = snapshot.state.summaries();
    file(&[text], &[snapshot])
}

#[test]
fn the_maker_of_these_files_makes_good_ones_too() {
    let (snapshot, text) = one();
    open(&file(&[text], &[snapshot])).unwrap();
    open(&file(&[], &[])).unwrap();
    open(&changed(|_| {})).unwrap();
}

#[test]
fn what_cannot_be_true_is_refused() {
    let (snapshot, shown) = one();
    let twice = [snapshot.clone(), snapshot.clone()];
    assert!(refused(&file(std::slice::from_ref(&shown), &twice)).contains("twice"));
    let texts = [shown.clone(), shown.clone()];
    assert!(refused(&file(&texts, &twice[..1])).contains("twice"));
    let texts = [shown.clone(), text("nobody's")];
    assert!(refused(&file(&texts, &twice[..1])).contains("no snapshot shows it"));
    assert!(refused(&file(&[], &twice[..1])).contains("does not stand before it"));
    // What the description tells is what is taken in.
    let other = SnapshotMeta {
        name: Some("trusted".into()),
        ..snapshot.meta.clone()
    };
    let lying = told(&[other], std::slice::from_ref(&shown), &twice[..1]);
    assert!(refused(&lying).contains("description"));
    let more = told(
        &[snapshot.meta.clone(), snapshot.meta.clone()],
        std::slice::from_ref(&shown),
        &twice[..1],
    );
    assert!(refused(&more).contains("not there"));
    let mut rootless = snapshot.clone();
    rootless.meta.root.0[0] ^= 1;
    assert!(refused(&file(&[shown], &[rootless])).contains("digest"));
}

#[test]
fn trees_that_cannot_be_true_are_refused() {
    let two = changed(|one| one.state.sessions[0].tabs[0].panes[0].active = false);
    assert!(refused(&two).contains("active"), "{}", refused(&two));
    let pane = changed(|one| one.state.sessions[0].tabs[0].panes[0].rect.width += 1);
    refused(&pane);
    let lines = changed(|one| {
        let pane = &mut one.state.sessions[0].tabs[0].panes[0];
        pane.contents.as_mut().unwrap().bytes = u64::MAX;
    });
    assert!(refused(&lines).contains("another length"));
    refused(&changed(|one| one.meta.time = Millis(i64::MAX)));
    refused(&changed(|one| {
        one.meta.server.process.as_mut().unwrap().started = Millis(i64::MIN);
    }));
    refused(&changed(|one| one.meta.host = "\x1b[2J".into()));
    refused(&changed(|one| {
        one.meta.redactions = vec![RedactionCount {
            rule: "x".repeat(2000),
            count: 1,
        }];
    }));
}

fn variable(name: &str, value: Option<&str>) -> Variable {
    Variable {
        name: name.into(),
        value: value.map(Into::into),
        hidden: false,
    }
}

#[test]
fn how_no_program_is_started_is_refused() {
    let launched = |change: fn(&mut Launch)| {
        changed(|one| change(&mut one.state.sessions[0].tabs[0].panes[0].detail.launch))
    };
    open(&launched(|launch| {
        launch.variables.push(variable("TMUX", Some("")));
        launch.variables.push(variable("ZELLIJ", None));
    }))
    .unwrap();
    let impossible: [fn(&mut Launch); 6] = [
        |launch| launch.variables.push(variable("X\nrm", None)),
        |launch| launch.variables.push(variable("", Some(""))),
        |launch| launch.variables.push(variable("TMUX", Some("a\0b"))),
        |launch| launch.titled = Some(vec!["a\0b".into()]),
        |launch| {
            let target = RedirectTarget::Read("/a\0".into());
            let stream = StandardStream::Input;
            launch.redirections.push(Redirection { stream, target });
        },
        |launch| {
            let target = RedirectTarget::Output;
            let stream = StandardStream::Output;
            launch.redirections.push(Redirection { stream, target });
        },
    ];
    for change in impossible {
        assert!(refused(&launched(change)).contains("as none can be"));
    }
}

#[test]
fn large_claims_take_no_memory() {
    // 256 MiB of a few bytes, and more than anything has.
    for raw_len in [256 << 20, u64::MAX] {
        let bytes = framed(
            Kind::PortableText,
            Codec::Zstd,
            raw_len,
            b"\x00\x01\x00\x00",
        );
        assert!(refused(&bytes).contains("larger"));
    }
    // As large as can be, and not so in truth.
    let bytes = framed(
        Kind::PortableText,
        Codec::Zstd,
        100_000,
        b"\x00\x01\x00\x00",
    );
    refused(&bytes);
    refused(&framed(
        Kind::PortableText,
        Codec::ZstdPatch,
        5,
        b"\x00\x01\x00\x00",
    ));
    // A list that says that it is long.
    let bytes = framed(Kind::PortableSnapshot, Codec::Raw, 0, &[0xff; 40]);
    refused(&bytes);
    refused(&framed(Kind::Meta, Codec::Raw, 0, b""));
}

#[test]
fn a_line_without_an_end_is_refused_when_it_is_long() {
    let mut bytes = b"muxtape portable 2\n".to_vec();
    bytes.resize(usize::try_from(form::MOST_DESCRIPTION).unwrap() + 100, b'[');
    assert!(matches!(
        open(&bytes).err().unwrap(),
        PortableError::TooLarge { .. }
    ));
    let deep = [
        &b"muxtape portable 2\n"[..],
        b"{\"x\":",
        &[b'['; 100_000],
        b"\n",
    ]
    .concat();
    let hash = blake3::hash(&deep).to_hex();
    let deep = [&deep[..], format!("blake3 {hash}\n").as_bytes()].concat();
    refused(&deep);
}

#[test]
fn what_acts_on_a_terminal_does_not_come_in() {
    let (mut snapshot, _) = one();
    let shown = text("a\x1b]52;c;aGFybQ==\x07b\x1b[31mred\x1b[2J");
    let pane = &mut snapshot.state.sessions[0].tabs[0].panes[0];
    pane.contents = Some(shown.reference());
    snapshot.meta.root = snapshot.state.digest();
    snapshot.meta.sessions = snapshot.state.summaries();
    snapshot.meta.notes = vec![Note {
        time: None,
        kind: NoteKind::User,
        text: "a\x1b[2Jb".into(),
    }];
    let s = scratch();
    let came = take(&s.store, &file(&[shown], &[snapshot]), &Trusting).unwrap();
    let meta = &came[0].meta;
    assert_eq!(texts(&s.store, meta.id), [text("ab\x1b[31mred")]);
    assert!(!meta.description().unwrap().contains('\x1b'));
    assert!(s.store.verify().unwrap().is_ok());
}
