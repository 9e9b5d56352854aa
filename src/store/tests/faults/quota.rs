//! Disks that refuse without a warning: by a quota, which nobody tells of beforehand, or because
//! they fail.

use std::fs;
use std::os::unix::fs::MetadataExt;

use rustix::io::Errno;

use super::disk::{Control, Fault};
use crate::model::time::Millis;
use crate::store::file::disk::with_disk;
use crate::store::testing::{open, record_text, session, snapshot, state, text};
use crate::store::{Edit, Query, StoreError, Unchanged};

#[test]
fn deleting_is_tried_again_without_the_ballast() {
    for operation in 0.. {
        let dir = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
        let store = open(&dir);
        let id = record_text(&store, 1, "api", "$").id;
        let control = Control::failing(operation, Fault::Once(Errno::DQUOT));
        let trashed = with_disk(control.wrap(), || store.trash(&[id], Millis(0)));
        match trashed {
            Ok(trashed) => assert_eq!(trashed.len(), 1),
            // The first try had succeeded, and failed to say so.
            Err(StoreError::NotFound { .. }) => {}
            Err(error) => panic!("operation {operation}: {error}"),
        }
        assert_eq!(store.list(&Query::default()).unwrap(), []);
        assert_eq!(store.trashed().unwrap().len(), 1);
        assert!(store.dir().join("muxtape.ballast").exists());
        let operations = control.get().operations;
        if operations <= operation {
            break;
        }
    }
}

#[test]
fn recording_leaves_the_ballast_alone() {
    let dir = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
    let store = open(&dir);
    record_text(&store, 1, "api", "$");
    let before = fs::metadata(store.dir().join("muxtape.ballast")).unwrap();
    let control = Control::failing(3, Fault::ForEver(Errno::DQUOT));
    let texts = [text("more")];
    let new = snapshot(2, &state(vec![session("api", 1, &texts)]), &texts);
    let refused = with_disk(control.wrap(), || store.record(new, Unchanged::Store));
    assert!(
        matches!(refused, Err(StoreError::NoSpace { .. })),
        "{refused:?}"
    );
    let after = fs::metadata(store.dir().join("muxtape.ballast")).unwrap();
    assert_eq!(before.ino(), after.ino());
    assert_eq!(store.list(&Query::default()).unwrap().len(), 1);
}

#[test]
fn a_failing_disk_is_told_as_such() {
    let dir = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
    let store = open(&dir);
    let id = record_text(&store, 1, "api", "$").id;
    for operation in 0.. {
        let control = Control::failing(operation, Fault::ForEver(Errno::IO));
        let edit = Edit::Pin(true);
        let edited = with_disk(control.wrap(), || store.edit(&[id], &edit));
        match edited {
            Ok(_) if control.get().operations <= operation => break,
            Ok(_) => {}
            Err(error) => assert!(
                matches!(error, StoreError::Disk { .. }),
                "operation {operation}: {error:?}"
            ),
        }
    }
}
