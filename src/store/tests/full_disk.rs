//! Disks that are full, or may not be written to.
//!
//! Each test runs once more in a process of its own. Where the system lets it, that process has a
//! small file system of its own, in namespaces that end with it; a limit on the size of files,
//! which every system has, makes the database itself run out of room in the middle of its work.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::model::contents::Contents;
use crate::store::testing::{record, session, snapshot, state, text};
use crate::store::{
    Kept, NewSnapshot, Query, Recorded, Retention, Store, StoreError, StoreOptions, Unchanged,
};

/// Tells a process that it is the one in which the test is to run, and where.
const PLACE: &str = "MUXTAPE_TEST_PLACE";
/// `nobody`, as nearly everywhere.
const NOBODY: u32 = 65534;

/// The place, if this is the process in which the test is to run.
fn place() -> Option<PathBuf> {
    std::env::var_os(PLACE).map(PathBuf::from)
}

/// Has `command` end with this program, so that it runs one test.
fn run_test(mut command: Command, test: &str, place: &Path) {
    let output = command
        .arg("--exact")
        .arg(format!("store::tests::full_disk::{test}"))
        .arg("--nocapture")
        .env(PLACE, place)
        .output()
        .unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (said(&output.stdout), said(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    assert!(out.contains("1 passed"), "{out}{err}");
}

/// Runs a test where a file system of `megabytes` is mounted. Whether that could be done.
fn on_a_small_disk(test: &str, megabytes: u32) -> bool {
    let allowed = Command::new("unshare")
        .args(["-rm", "mount", "-t", "tmpfs", "none", "/tmp"])
        .output();
    if !allowed.is_ok_and(|probe| probe.status.success()) {
        println!("no file system can be mounted here; the limit on files stands in for it");
        return false;
    }
    let dir = tempfile::tempdir().unwrap();
    let script =
        format!("mount -t tmpfs -o size={megabytes}m none \"${PLACE}\" && exec \"$0\" \"$@\"");
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-c", &script]);
    command.arg(std::env::current_exe().unwrap());
    run_test(command, test, dir.path());
    true
}

fn open(place: &Path) -> Store {
    let options = StoreOptions {
        wait: muxtape_testing::patience(),
        ..StoreOptions::default()
    };
    Store::new(place.join("data"), options)
}

/// Text that cannot be made smaller.
fn noise(seed: u64, bytes: usize) -> Contents {
    let mut noise = vec![0; bytes / 2];
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes());
    hasher.finalize_xof().fill(&mut noise);
    let hex: Vec<u8> = noise
        .iter()
        .flat_map(|byte| format!("{byte:02x}").into_bytes())
        .collect();
    text(hex)
}

fn new(second: i64, contents: &Contents) -> NewSnapshot {
    let state = state(vec![session("api", 1, std::slice::from_ref(contents))]);
    snapshot(second, &state, std::slice::from_ref(contents))
}

/// The texts of all snapshots, newest first: each is loaded and verified.
fn texts(store: &Store) -> Vec<Contents> {
    let all = store.list(&Query::default()).unwrap();
    let texts = all.iter().map(|meta| {
        let loaded = store.load(meta.id).unwrap();
        let text = loaded.state.panes().next().unwrap().2.contents.unwrap();
        store.contents(&[text.digest]).unwrap().remove(0)
    });
    texts.collect()
}

/// Takes all room that is left on a disk.
fn fill(filler: &Path) {
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(filler)
        .unwrap();
    for chunk in [1 << 16, 1 << 12, 1] {
        while file.write_all(&vec![7; chunk]).is_ok() {}
    }
}

/// Names of the files below a directory.
fn files(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

#[test]
fn a_full_disk_loses_nothing_and_lets_things_be_deleted() {
    let test = "a_full_disk_loses_nothing_and_lets_things_be_deleted";
    let Some(place) = place() else {
        on_a_small_disk(test, 40);
        return;
    };
    let store = open(&place);
    let (filler, spool) = (place.join("filler"), store.dir().join("spool"));
    let mut shown: Vec<Contents> = (0..6).map(|seed| noise(seed, 400_000)).collect();
    for (second, text) in (0..).zip(&shown) {
        record(&store, new(second, text));
    }
    shown.reverse();
    let ballast = store.dir().join("muxtape.ballast");
    assert!(ballast.exists());

    // Full to the last byte: neither the store nor the spool has room, and both say so.
    fill(&filler);
    let late = noise(100, 200_000);
    let refused = store.record_or_spool(new(100, &late), Unchanged::Store);
    let Err(StoreError::NotKept { why, aside }) = refused else {
        panic!("{refused:?}");
    };
    assert!(matches!(*why, StoreError::NoSpace { .. }), "{why}");
    assert!(matches!(*aside, StoreError::NoSpace { .. }), "{aside}");
    assert_eq!(files(&spool), [] as [String; 0], "nothing half written");
    assert_eq!(texts(&store), shown);

    // A little room, which recording leaves alone: it is enough to spool a capture.
    let taken = fs::metadata(&filler).unwrap().len();
    let shorten = |by: u64| {
        let filler = OpenOptions::new().write(true).open(&filler).unwrap();
        filler.set_len(taken - by).unwrap();
    };
    shorten(2 << 20);
    let kept = store.record_or_spool(new(101, &late), Unchanged::Store);
    let Ok(Kept::Spooled(spooled)) = kept else {
        panic!("{kept:?}");
    };
    assert!(matches!(spooled.why, StoreError::NoSpace { .. }));
    fill(&filler);

    // The ballast makes room for deleting.
    let ids: Vec<_> = store.list(&Query::default()).unwrap();
    let oldest: Vec<_> = ids[1..].iter().map(|meta| meta.id).collect();
    store.trash(&oldest, crate::model::time::Millis(0)).unwrap();
    assert!(!ballast.exists(), "it was needed");
    assert_eq!(store.empty_trash().unwrap(), 5);
    assert_eq!(texts(&store), shown[..1]);

    // What the file does not need any more was given back: that is room enough to go on …
    assert_eq!(store.take_in().unwrap().taken, 1);
    assert_eq!(texts(&store), [late.clone(), shown[0].clone()]);
    // … and with more of it there is a ballast again.
    fs::remove_file(&filler).unwrap();
    let last = noise(102, 1000);
    record(&store, new(102, &last));
    assert_eq!(texts(&store), [last, late, shown[0].clone()]);
    assert!(ballast.exists());
    assert!(store.verify().unwrap().is_ok());
}

#[test]
fn pruning_makes_room_on_a_full_disk() {
    let test = "pruning_makes_room_on_a_full_disk";
    let Some(place) = place() else {
        on_a_small_disk(test, 40);
        return;
    };
    let store = open(&place);
    let shown: Vec<Contents> = (0..20).map(|seed| noise(seed, 400_000)).collect();
    for (second, text) in (0..).zip(&shown) {
        record(&store, new(second, text));
    }
    fill(&place.join("filler"));
    let refused = store.record(new(20, &text("x")), Unchanged::Store);
    assert!(matches!(refused, Err(StoreError::NoSpace { .. })));
    let now = new(21, &text("x")).time;
    let pruned = store.prune(&Retention::last(2), now).unwrap();
    assert_eq!(pruned.kept, 2);
    record(&store, new(22, &text("on")));
    assert_eq!(
        texts(&store),
        [text("on"), shown[19].clone(), shown[18].clone()]
    );
    assert!(store.verify().unwrap().is_ok());
}

#[test]
fn a_disk_that_is_full_before_there_is_a_store_is_told() {
    let test = "a_disk_that_is_full_before_there_is_a_store_is_told";
    let Some(place) = place() else {
        on_a_small_disk(test, 8);
        return;
    };
    fill(&place.join("filler"));
    let store = open(&place);
    let refused = store.record(new(1, &text("x")), Unchanged::Store);
    assert!(matches!(refused, Err(StoreError::NoSpace { .. })));
    assert!(!store.exists());
    fs::remove_file(place.join("filler")).unwrap();
    record(&store, new(2, &text("x")));
    assert!(
        !store.dir().join("muxtape.ballast").exists(),
        "no room for it"
    );
}

#[test]
fn a_file_system_for_reading_only_is_read_and_not_written() {
    let test = "a_file_system_for_reading_only_is_read_and_not_written";
    let Some(place) = place() else {
        on_a_small_disk(test, 40);
        return;
    };
    let store = open(&place);
    let meta = record(&store, new(1, &text("x")));
    let remount = |how: &str| {
        let done = Command::new("mount")
            .arg("-o")
            .arg(how)
            .arg(&place)
            .status();
        assert!(done.unwrap().success());
    };
    remount("remount,bind,ro");
    assert_eq!(texts(&store), [text("x")]);
    let read_only = |error: &StoreError| matches!(error, StoreError::ReadOnly { .. });
    let refused = store.trash(&[meta.id], meta.time);
    assert!(refused.as_ref().is_err_and(read_only), "{refused:?}");
    let refused = store.record_or_spool(new(2, &text("y")), Unchanged::Store);
    let Err(StoreError::NotKept { why, aside }) = refused else {
        panic!("{refused:?}");
    };
    assert!(read_only(&why) && read_only(&aside), "{why}; {aside}");
    remount("remount,bind,rw");
    record(&store, new(3, &text("z")));
    assert_eq!(texts(&store), [text("z"), text("x")]);
}

#[test]
fn an_older_store_that_cannot_be_migrated_is_left_alone() {
    let test = "an_older_store_that_cannot_be_migrated_is_left_alone";
    let Some(place) = place() else {
        on_a_small_disk(test, 24);
        return;
    };
    let store = open(&place);
    crate::store::care::migrate::tests::golden::unpack(2, &store);
    let golden = fs::read(store.file()).unwrap();
    let remount = |how: &str| {
        let done = Command::new("mount")
            .arg("-o")
            .arg(how)
            .arg(&place)
            .status();
        assert!(done.unwrap().success());
    };
    remount("remount,bind,ro");
    let refused = store.list(&Query::default());
    let older = |error: &StoreError| matches!(error, StoreError::Older { found: 2, .. });
    assert!(refused.as_ref().is_err_and(older), "{refused:?}");
    assert!(store.plan_migration().unwrap().is_some());
    remount("remount,bind,rw");
    let filler = place.join("filler");
    fill(&filler);
    let refused = store.list(&Query::default());
    let no_space = |error: &StoreError| matches!(error, StoreError::NoSpace { .. });
    assert!(refused.as_ref().is_err_and(no_space), "{refused:?}");
    assert!(fs::read(store.file()).unwrap() == golden);
    assert_eq!(files(store.dir()), ["muxtape.redb"]);
    fs::remove_file(filler).unwrap();
    assert!(!store.list(&Query::default()).unwrap().is_empty());
    assert!(store.verify().unwrap().is_ok());
}

#[test]
fn running_out_of_room_in_the_middle_loses_nothing() {
    let test = "running_out_of_room_in_the_middle_loses_nothing";
    let Some(place) = place() else {
        let dir = tempfile::tempdir().unwrap();
        // The signal that comes with the limit would end the process.
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]);
        command.arg(std::env::current_exe().unwrap());
        return run_test(command, test, dir.path());
    };
    let store = open(&place);
    let first = noise(0, 300_000);
    record(&store, new(0, &first));
    let unlimited = getrlimit(Resource::Fsize);
    let limit = |bytes: Option<u64>| {
        let current = bytes.or(unlimited.current);
        let wanted = Rlimit {
            current,
            ..unlimited
        };
        setrlimit(Resource::Fsize, wanted).unwrap();
    };
    let mut shown = vec![first];
    let mut refused = 0;
    for second in 1..12_i64 {
        let next = noise(second.unsigned_abs(), 300_000);
        let len = fs::metadata(store.file()).unwrap().len();
        // A little more each time, so that it happens at different places.
        limit(Some(len + 40_000 * second.unsigned_abs()));
        let kept = store.record_or_spool(new(second, &next), Unchanged::Store);
        limit(None);
        match kept.unwrap() {
            Kept::Recorded(Recorded::Stored(_)) => {}
            Kept::Spooled(spooled) => {
                assert!(
                    matches!(spooled.why, StoreError::FileLimit { .. }),
                    "{spooled}"
                );
                refused += 1;
                assert_eq!(texts(&store), shown, "as it was");
                assert_eq!(store.take_in().unwrap().taken, 1);
            }
            other => panic!("{other:?}"),
        }
        shown.insert(0, next);
        assert_eq!(texts(&store), shown);
    }
    assert!(refused > 0, "the limit was never met");
    assert!(store.verify().unwrap().is_ok());
}

#[test]
fn whose_rights_do_not_suffice_is_told_why() {
    let test = "whose_rights_do_not_suffice_is_told_why";
    let Some(place) = place() else {
        let dir = tempfile::tempdir().unwrap();
        let own = dir.path().join("own");
        fs::create_dir(&own).unwrap();
        let program = dir.path().join("test");
        fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
        let mut command = Command::new(&program);
        if rustix::process::geteuid().is_root() {
            // Rights do not hold root back.
            fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
            std::os::unix::fs::chown(&own, Some(NOBODY), Some(NOBODY)).unwrap();
            command.uid(NOBODY).gid(NOBODY);
        }
        return run_test(command, test, &own);
    };
    let store = open(&place);
    let meta = record(&store, new(1, &text("x")));
    let mode = |mode| {
        fs::set_permissions(store.dir(), fs::Permissions::from_mode(mode)).unwrap();
        let mode = if mode == 0o500 { 0o400 } else { 0o600 };
        fs::set_permissions(store.file(), fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(0o500);
    assert_eq!(texts(&store), [text("x")]);
    let refused = |error: &StoreError| matches!(error, StoreError::Permission { .. });
    let trashed = store.trash(&[meta.id], meta.time);
    assert!(trashed.as_ref().is_err_and(refused), "{trashed:?}");
    let kept = store.record_or_spool(new(2, &text("y")), Unchanged::Store);
    let Err(StoreError::NotKept { why, aside }) = kept else {
        panic!("{kept:?}");
    };
    assert!(refused(&why) && refused(&aside), "{why}; {aside}");
    mode(0o700);
    record(&store, new(3, &text("z")));
    assert_eq!(texts(&store), [text("z"), text("x")]);

    // The file alone may not be written: there is still room beside it.
    fs::set_permissions(store.file(), fs::Permissions::from_mode(0o400)).unwrap();
    let kept = store.record_or_spool(new(4, &text("a")), Unchanged::Store);
    assert!(matches!(kept, Ok(Kept::Spooled(_))), "{kept:?}");
    fs::set_permissions(store.file(), fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(store.take_in().unwrap().taken, 1);

    let roots = Store::new("/muxtape-of-another".into(), StoreOptions::default());
    let kept = roots.record(new(5, &text("x")), Unchanged::Store);
    let Err(StoreError::WrongOwner { owner, .. }) = kept else {
        panic!("{kept:?}");
    };
    assert_eq!(owner, 0);
}
