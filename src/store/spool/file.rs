//! One snapshot in a file of its own.
//!
//! Layout: magic (8 bytes), form (1 byte), length of the decoded body (8 bytes, little endian),
//! BLAKE3 with a domain of its own over form, length and body (32 bytes), body: postcard,
//! compressed with zstd. A newer muxtape may find a file that an older one left behind, so a form,
//! once released, is read for ever. Forms 1 to 4 never were.

use serde::{Deserialize, Serialize};

use crate::model::contents::Contents;
use crate::model::snapshot::{Cause, Note, RedactionCount, ServerIdentity};
use crate::model::time::Millis;
use crate::model::tree::ServerState;
use crate::store::record::request::{Recording, Storing, Unchanged};

pub(super) const MAGIC: [u8; 8] = *b"mtspool\n";
/// The form that is written, and the only one that is read.
const FORM: u8 = 5;
const HASH_BYTES: usize = 32;
/// The largest decoded body that is written or believed: ten panes of fifty megabytes.
const MAX_RAW: u64 = 512 * 1024 * 1024;
/// The longest file that is read: what cannot be compressed gets a little longer.
pub(super) const MAX_BYTES: u64 = MAX_RAW + MAX_RAW / 128;
/// Quick rather than small: it lies there for minutes.
const LEVEL: i32 = 3;

/// What is spooled: a snapshot, and how it was to be recorded.
#[derive(Debug, Clone)]
pub(super) struct SpooledCapture {
    pub(super) new: Recording,
    pub(super) unchanged: Unchanged,
}

/// Why bytes are not a file of the spool that can be taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadFile {
    /// Of a newer muxtape: it is left for that one.
    #[error("its form {0} is unknown")]
    Newer(u8),
    #[error("it does not begin as a file of the spool")]
    Magic,
    #[error("it is cut short")]
    Short,
    #[error("its hash does not match")]
    Hash,
    #[error("{0}")]
    Body(String),
}

/// The body of form 5. It never changes: another form gets another structure.
#[derive(Debug, Serialize, Deserialize)]
struct Body5 {
    skip_unchanged: bool,
    time: Millis,
    random: u64,
    cause: Cause,
    name: Option<String>,
    notes: Vec<Note>,
    tags: Vec<String>,
    pinned: bool,
    partial: bool,
    host: String,
    server: ServerIdentity,
    state: ServerState,
    contents: Vec<Contents>,
    took_ms: u32,
    redactions: Vec<RedactionCount>,
    storing: Storing,
}

/// The bytes of a file.
pub(super) fn seal(aside: SpooledCapture) -> Result<Vec<u8>, BadFile> {
    let read = Body5::from(aside);
    let raw = postcard::to_allocvec(&read).map_err(body)?;
    let raw_len = raw.len() as u64;
    if raw_len > MAX_RAW {
        return Err(BadFile::Body(format!("it is larger than {MAX_RAW} bytes")));
    }
    let packed = zstd::bulk::compress(&raw, LEVEL).map_err(body)?;
    let mut bytes = Vec::with_capacity(MAGIC.len() + 9 + HASH_BYTES + packed.len());
    bytes.extend_from_slice(&MAGIC);
    bytes.push(FORM);
    bytes.extend_from_slice(&raw_len.to_le_bytes());
    bytes.extend_from_slice(&hash(FORM, raw_len, &packed));
    bytes.extend_from_slice(&packed);
    Ok(bytes)
}

/// What [`seal`] was given, if the bytes are exactly what it made.
pub(super) fn open(bytes: &[u8]) -> Result<SpooledCapture, BadFile> {
    let (magic, rest) = bytes.split_first_chunk().ok_or(BadFile::Short)?;
    if *magic != MAGIC {
        return Err(BadFile::Magic);
    }
    let (&form, rest) = rest.split_first().ok_or(BadFile::Short)?;
    let (raw_len, rest) = rest.split_first_chunk().ok_or(BadFile::Short)?;
    let (found, packed) = rest
        .split_first_chunk::<HASH_BYTES>()
        .ok_or(BadFile::Short)?;
    let raw_len = u64::from_le_bytes(*raw_len);
    if *found != hash(form, raw_len, packed) {
        return Err(BadFile::Hash);
    }
    // Believed only now: a changed form would not match.
    match form {
        FORM => {}
        newer if newer > FORM => return Err(BadFile::Newer(newer)),
        _ => return Err(body("no muxtape that was released wrote its form")),
    }
    let capacity = usize::try_from(raw_len).ok().filter(|_| raw_len <= MAX_RAW);
    let capacity = capacity.ok_or_else(|| body("it says that it is larger than any"))?;
    let raw = zstd::bulk::decompress(packed, capacity).map_err(body)?;
    match postcard::take_from_bytes::<Body5>(&raw) {
        Ok((read, [])) => Ok(read.into()),
        Ok(_) => Err(body("it is longer than it should be")),
        Err(cause) => Err(body(cause)),
    }
}

fn body(cause: impl std::fmt::Display) -> BadFile {
    BadFile::Body(cause.to_string())
}

fn hash(form: u8, raw_len: u64, packed: &[u8]) -> [u8; HASH_BYTES] {
    let mut hasher = blake3::Hasher::new_derive_key("muxtape.spool/1");
    hasher.update(&[form]).update(&raw_len.to_le_bytes());
    *hasher.update(packed).finalize().as_bytes()
}

impl From<SpooledCapture> for Body5 {
    fn from(aside: SpooledCapture) -> Self {
        // Every field by name: a new one is not forgotten here.
        let Recording {
            time,
            random,
            cause,
            name,
            notes,
            tags,
            pinned,
            partial,
            host,
            server,
            state,
            contents,
            took_ms,
            redactions,
            storing,
        } = aside.new;
        Self {
            skip_unchanged: aside.unchanged == Unchanged::Skip,
            time,
            random,
            cause,
            name,
            notes,
            tags,
            pinned,
            partial,
            host,
            server,
            state,
            contents,
            took_ms,
            redactions,
            storing,
        }
    }
}

impl From<Body5> for SpooledCapture {
    fn from(body: Body5) -> Self {
        Self {
            unchanged: if body.skip_unchanged {
                Unchanged::Skip
            } else {
                Unchanged::Store
            },
            new: Recording {
                time: body.time,
                random: body.random,
                cause: body.cause,
                name: body.name,
                notes: body.notes,
                tags: body.tags,
                pinned: body.pinned,
                partial: body.partial,
                host: body.host,
                server: body.server,
                state: body.state,
                contents: body.contents,
                took_ms: body.took_ms,
                redactions: body.redactions,
                storing: body.storing,
            },
        }
    }
}

/// How a snapshot is written that waits.
#[cfg(test)]
pub(in crate::store) fn example(new: Recording) -> impl Serialize + std::fmt::Debug {
    let unchanged = Unchanged::Skip;
    Body5::from(SpooledCapture { new, unchanged })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::detail::{
        Buffer, Checkout, Floating, Hook, PaneDetail, SessionDetail, Setting, TabDetail,
        TerminalModes, Variable, Withheld,
    };
    use crate::store::testing::{log, session, snapshot, state, text};

    fn aside() -> SpooledCapture {
        let texts = [text(log(0..40)), text("$ make\n")];
        let state = state(vec![session("api", 1, &texts)]);
        SpooledCapture {
            new: snapshot(7, &state, &texts).into(),
            unchanged: Unchanged::Skip,
        }
    }

    #[test]
    fn what_is_kept_aside_comes_back_as_it_was() {
        let read = open(&seal(aside()).unwrap()).unwrap();
        assert_eq!(read.unchanged, Unchanged::Skip);
        assert_eq!(format!("{:?}", read.new), format!("{:?}", aside().new));
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let bytes = seal(aside()).unwrap();
        for at in 0..bytes.len() {
            assert!(open(&bytes[..at]).is_err(), "cut at {at}");
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            assert!(open(&flipped).is_err(), "flipped at {at}");
        }
    }

    #[test]
    fn a_newer_form_is_told_from_damage() {
        let mut bytes = seal(aside()).unwrap();
        bytes[8] = 6;
        assert_eq!(open(&bytes).unwrap_err(), BadFile::Hash);
        let rest = bytes.split_off(17);
        let raw_len = u64::from_le_bytes(bytes[9..17].try_into().unwrap());
        let packed = &rest[HASH_BYTES..];
        bytes.extend(hash(6, raw_len, packed));
        bytes.extend(packed);
        assert_eq!(open(&bytes).unwrap_err(), BadFile::Newer(6));
    }

    #[test]
    fn a_form_that_was_never_released_is_damage() {
        let mut bytes = seal(aside()).unwrap();
        let rest = bytes.split_off(17);
        bytes[8] = 4;
        let raw_len = u64::from_le_bytes(bytes[9..17].try_into().unwrap());
        bytes.extend(hash(4, raw_len, &rest[HASH_BYTES..]));
        bytes.extend(&rest[HASH_BYTES..]);
        assert!(matches!(open(&bytes), Err(BadFile::Body(_))));
    }

    /// A golden file holds what its maker made. It is written where there is none yet.
    fn assert_golden(name: &str, aside: impl Fn() -> SpooledCapture) {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stores");
        let path = path.join(name);
        if std::env::var_os("MUXTAPE_TEST_GOLDEN").is_some() && !path.exists() {
            std::fs::write(&path, seal(aside()).unwrap()).unwrap();
        }
        let read = open(&std::fs::read(path).unwrap()).unwrap();
        assert_eq!(format!("{:?}", read.new), format!("{:?}", aside().new));
    }

    #[test]
    fn form_5_is_read_for_ever() {
        assert_golden("spool-form-5.spool", || launched(withholding(detailed())));
    }

    fn withholding(mut aside: SpooledCapture) -> SpooledCapture {
        let tab = &mut aside.new.state.sessions[0].tabs[0];
        tab.panes[0].detail.withheld = Some(Withheld::Private);
        aside
    }

    fn launched(mut aside: SpooledCapture) -> SpooledCapture {
        let tab = &mut aside.new.state.sessions[0].tabs[0];
        tab.panes[1].detail.launch.titled = Some(vec!["npm".into(), "start".into()]);
        aside
    }

    /// A capture with something in every detail.
    fn detailed() -> SpooledCapture {
        let mut aside = aside();
        let state = &mut aside.new.state;
        let set = |value: &str| {
            vec![Setting {
                name: "@set".into(),
                value: value.into(),
            }]
        };
        let hooks = vec![Hook {
            event: "pane-died[0]".into(),
            command: "display-message gone".into(),
        }];
        let environment = vec![Variable {
            name: "STAGE".into(),
            value: Some("test".into()),
            hidden: true,
        }];
        state.buffers = vec![Buffer {
            name: "buffer0".into(),
            data: "copied".into(),
        }];
        let session = &mut state.sessions[0];
        session.detail = SessionDetail {
            settings: set("session"),
            hooks: hooks.clone(),
            environment: environment.clone(),
            recent: vec![1],
            created: Some(Millis(1)),
            last_attached: Some(Millis(2)),
        };
        let tab = &mut session.tabs[0];
        tab.detail = TabDetail {
            settings: set("tab"),
            hooks: hooks.clone(),
        };
        tab.panes[1].detail = PaneDetail {
            settings: set("pane"),
            hooks,
            environment,
            start_command: "tail".into(),
            shells: vec![vec!["bash".into()]],
            checkout: Some(Checkout {
                root: "/src".into(),
                branch: Some("main".into()),
                commit: "0123".into(),
                repository: Some("/src/.git".into()),
            }),
            mode: "copy-mode".into(),
            search: "needle".into(),
            input_off: true,
            piped: true,
            terminal: TerminalModes {
                mouse: true,
                scroll_region: Some((1, 9)),
                ..TerminalModes::default()
            },
            floating: Some(Floating {
                left: -1,
                top: 2,
                width: 30,
                height: 10,
                behind: Some(1),
            }),
            withheld: None,
            launch: Default::default(),
        };
        aside
    }
}
