//! One snapshot in a file of its own.
//!
//! Layout: magic (8 bytes), form (1 byte), length of the decoded body (8 bytes, little endian), BLAKE3
//! with a domain of its own over form, length and body (32 bytes), body. The body of form 1 is postcard,
//! compressed with zstd; in form 2, the details of the tree ([`details`]) stand behind it; form 3 is form 2 with details that
//! form 2 did not have: panes that are withheld; so is form 4: how programs were started. A newer muxtape may find a file that an older one left behind, so a
//! form, once released, is read for ever.

use serde::{Deserialize, Serialize};

use crate::model::contents::Contents;
use crate::model::snapshot::{Cause, RedactionCount, ServerIdentity};
use crate::model::time::Millis;
use crate::model::tree::ServerState;
use crate::store::record::request::{Recording, Storing, Unchanged};
use crate::store::snapshot::details;

pub(super) const MAGIC: [u8; 8] = *b"mtspool\n";
/// The newest: of a capture with details of form 3. That of the others is lower by one, too.
const NEWEST: u8 = 4;
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

/// The body of forms 1 to 4. It never changes: another form gets another structure.
#[derive(Debug, Serialize, Deserialize)]
struct Body1 {
    skip_unchanged: bool,
    time: Millis,
    random: u64,
    cause: Cause,
    name: Option<String>,
    description: Option<String>,
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
    let read = Body1::from(aside);
    let form = details::form(&read.state) + 1;
    let mut raw = postcard::to_allocvec(&read).map_err(body)?;
    details::append(&read.state, &mut raw).map_err(body)?;
    let raw_len = raw.len() as u64;
    if raw_len > MAX_RAW {
        return Err(BadFile::Body(format!("it is larger than {MAX_RAW} bytes")));
    }
    let packed = zstd::bulk::compress(&raw, LEVEL).map_err(body)?;
    let mut bytes = Vec::with_capacity(MAGIC.len() + 9 + HASH_BYTES + packed.len());
    bytes.extend_from_slice(&MAGIC);
    bytes.push(form);
    bytes.extend_from_slice(&raw_len.to_le_bytes());
    bytes.extend_from_slice(&hash(form, raw_len, &packed));
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
    if form > NEWEST {
        return Err(BadFile::Newer(form));
    }
    let capacity = usize::try_from(raw_len).ok().filter(|_| raw_len <= MAX_RAW);
    let capacity = capacity.ok_or_else(|| body("it says that it is larger than any"))?;
    let raw = zstd::bulk::decompress(packed, capacity).map_err(body)?;
    match postcard::take_from_bytes::<Body1>(&raw) {
        Ok((read, [])) => Ok(read.into()),
        Ok((mut read, rest)) if form > 1 => {
            details::read(&mut read.state, rest).map_err(body)?;
            Ok(read.into())
        }
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

impl From<SpooledCapture> for Body1 {
    fn from(aside: SpooledCapture) -> Self {
        // Every field by name: a new one is not forgotten here.
        let Recording {
            time,
            random,
            cause,
            name,
            description,
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
            description,
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

impl From<Body1> for SpooledCapture {
    fn from(body: Body1) -> Self {
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
                description: body.description,
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
        bytes[8] = 5;
        assert_eq!(open(&bytes).unwrap_err(), BadFile::Hash);
        let rest = bytes.split_off(17);
        let raw_len = u64::from_le_bytes(bytes[9..17].try_into().unwrap());
        let packed = &rest[HASH_BYTES..];
        bytes.extend(hash(5, raw_len, packed));
        bytes.extend(packed);
        assert_eq!(open(&bytes).unwrap_err(), BadFile::Newer(5));
    }

    #[test]
    fn form_3_is_of_captures_that_withhold_something() {
        let withholding = withholding(detailed());
        let expected = format!("{:?}", withholding.new);
        let bytes = seal(withholding).unwrap();
        assert_eq!((bytes[8], seal(detailed()).unwrap()[8]), (3, 2));
        assert_eq!(format!("{:?}", open(&bytes).unwrap().new), expected);
    }

    #[test]
    fn form_4_is_of_captures_with_more_to_a_start() {
        let launched = launched(detailed());
        let expected = format!("{:?}", launched.new);
        let bytes = seal(launched).unwrap();
        assert_eq!(bytes[8], 4);
        assert_eq!(format!("{:?}", open(&bytes).unwrap().new), expected);
    }

    #[test]
    fn form_1_is_read_for_ever() {
        let bytes = include_bytes!("../../../tests/stores/spool-form-1.spool");
        let read = open(bytes).unwrap();
        assert_eq!(format!("{:?}", read.new), format!("{:?}", aside().new));
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
    fn form_2_with_details_is_read_for_ever() {
        assert_golden("spool-form-2.spool", detailed);
    }

    #[test]
    fn form_3_with_a_private_pane_is_read_for_ever() {
        assert_golden("spool-form-3.spool", || withholding(detailed()));
    }

    #[test]
    fn form_4_with_more_to_a_start_is_read_for_ever() {
        assert_golden("spool-form-4.spool", || launched(withholding(detailed())));
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
                behind: 1,
            }),
            withheld: None,
            launch: Default::default(),
        };
        aside
    }
}
