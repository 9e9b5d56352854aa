//! The stored forms, byte for byte. A difference here means that stores which people have can no longer
//! be read: the form needs a new number and the old one must still be read.

use crate::model::id::SnapshotId;
use crate::model::snapshot::{Life, RecoveryState};
use crate::model::time::Millis;
use crate::store::file::schema::Schema;
use crate::store::record::codec::{self, Codec};
use crate::store::record::counters::Counters;
use crate::store::record::frame::{self, Kind};
use crate::store::record::link::Head;
use crate::store::snapshot::metadata::{Entry, MetaRecord, Origin};
use crate::store::snapshot::rosters::Roster;
use crate::store::testing::{record, scratch, server, session, snapshot, state, text};
use crate::store::text::dictionary::Account;
use crate::store::text::texts::{Extent, Version};

fn fingerprint<T: serde::Serialize>(kind: Kind, value: &T) -> String {
    let bytes = codec::encode(kind, value).unwrap();
    let hash = blake3::hash(&bytes);
    format!("{} bytes {}", bytes.len(), &hash.to_hex()[..16])
}

#[test]
fn a_frame_is_these_bytes() {
    let record = frame::seal(Kind::Meta, 300, Codec::Raw, 3, b"abc");
    let hex: String = record.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "d76d0320ac0203616263965cb38712c38540");
}

#[test]
fn records_are_these_bytes() {
    let s = scratch();
    let texts = [text("a"), text("b")];
    let state = state(vec![session("api", 1, &texts)]);
    let mut new = snapshot(1, &state, &texts);
    new.name = Some("n".into());
    let mut meta = record(&s.store, new);
    // Depends on how well zstd compresses, which is no part of the form.
    meta.stored_bytes = 1;
    let entry = Entry {
        seq: 1,
        origin: 1,
        roster: 1,
        meta,
    };
    let id = SnapshotId::new(Millis(1_790_000_000_000), 7, None);
    let forms = [
        fingerprint(
            Kind::Schema,
            &Schema {
                format: 1,
                oldest_reader: 1,
                app: "0.1.0".into(),
                store: [9; 16],
            },
        ),
        fingerprint(
            Kind::Counters,
            &Counters {
                seq: 1,
                version: 2,
                literal: 3,
                origin: 4,
                newest: Some(id),
                removed: 5,
                roster: 6,
                head: Head::default(),
            },
        ),
        fingerprint(Kind::Meta, &MetaRecord::new(&entry, &Roster::default())),
        fingerprint(Kind::State, &state),
        fingerprint(
            Kind::Origin,
            &Origin {
                host: "laptop".into(),
                server: server(1),
            },
        ),
        fingerprint(
            Kind::Life,
            &Life {
                server: server(1),
                first_seen: Millis(1),
                last_seen: Millis(2),
                end: None,
                recovery: RecoveryState::Open,
            },
        ),
        fingerprint(
            Kind::Version,
            &Version {
                dictionary: Account::default(),
                main: vec![Extent {
                    literal: 1,
                    offset: 2,
                    len: 3,
                }],
                alternate: Some(Vec::new()),
            },
        ),
    ];
    assert_eq!(
        forms,
        [
            "24 bytes 0f51942383b1abf0",
            "54 bytes 60a4a980de4bfdef",
            "65 bytes 6a3f5241f766e62a",
            "282 bytes 0712ce1535205dc8",
            "80 bytes 71a5b65ce1f4b622",
            "77 bytes b5991d6ced5954a3",
            "9 bytes 21e155e4b387380e",
        ]
    );
}
