//! What may lie in a file's place, and what becomes of it.

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use super::*;

/// The user `nobody` of most systems.
const SOMEBODY: u32 = 65_534;
const CANARY: &str = "not muxtape's\n";

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A private directory with a file of the user's, and a link to that.
fn planted() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let (canary, link) = (dir.path().join("canary"), dir.path().join("link"));
    fs::write(&canary, CANARY).unwrap();
    symlink(&canary, &link).unwrap();
    (dir, canary, link)
}

fn why<T: std::fmt::Debug>(refused: Result<T, FileError>) -> Why {
    match refused {
        Err(FileError::Refused { refused, .. }) => refused.why,
        other => panic!("{other:?}"),
    }
}

type Opening = fn(&Path) -> Result<fs::File, FileError>;

/// Every way to open a file, and whether it makes one.
const OPENINGS: [(Opening, bool); 5] = [
    (create_new, true),
    (open, false),
    (open_to_write, false),
    (open_or_create, true),
    (append, true),
];

#[test]
fn a_link_is_never_followed_whatever_it_leads_to() {
    let (dir, canary, link) = planted();
    let dangling = dir.path().join("dangling");
    symlink(dir.path().join("nowhere"), &dangling).unwrap();
    let twice = dir.path().join("twice");
    symlink(&link, &twice).unwrap();
    for link in [&link, &dangling, &twice] {
        for (opening, _) in OPENINGS {
            assert_eq!(why(opening(link)), Why::Link);
        }
        assert_eq!(why(read(link, 1 << 20)), Why::Link);
    }
    assert_eq!(fs::read_to_string(&canary).unwrap(), CANARY);
    assert!(!dir.path().join("nowhere").exists());
    let said = read(&link, 1 << 20).unwrap_err().to_string();
    let expected = format!(
        "cannot open: {} is a link, and muxtape follows none to its own files",
        link.display()
    );
    assert_eq!(said, expected);
}

#[test]
fn what_is_no_regular_file_is_refused_and_nothing_blocks_at_it() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let (pipe, socket, inner) = (at("pipe"), at("socket"), at("dir"));
    drop(make_pipe(&pipe).unwrap());
    let _socket = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    fs::create_dir(&inner).unwrap();
    for other in [&pipe, &socket, &inner] {
        for (opening, _) in OPENINGS {
            match opening(other) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                opened => assert_eq!(why(opened), Why::NotAFile, "{other:?}"),
            }
        }
    }
    assert_eq!(why(check_dir(&pipe)), Why::NotADirectory);
}

#[test]
fn files_and_directories_are_their_owners_alone() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("a/b");
    private_dir(&data).unwrap();
    private_dir(&data).unwrap();
    new_dir(&data.join("c")).unwrap();
    let again = new_dir(&data.join("c")).unwrap_err();
    assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
    for made in [&data, data.parent().unwrap(), &data.join("c")] {
        assert_eq!(mode(made), 0o700);
    }
    for (number, (opening, makes)) in OPENINGS.iter().enumerate() {
        let path = data.join(number.to_string());
        let opened = opening(&path);
        assert_eq!(opened.is_ok(), *makes, "{number}: {opened:?}");
        if *makes {
            assert_eq!(mode(&path), 0o600);
        } else {
            assert!(opened.unwrap_err().is_not_found());
        }
    }
    // One that came from elsewhere is the owner's alone as soon as it is written to.
    let other = data.join("other");
    fs::write(&other, "").unwrap();
    set_mode(&other, 0o666);
    open(&other).unwrap();
    assert_eq!(mode(&other), 0o666);
    for again in [open_to_write, open_or_create, append] {
        set_mode(&other, 0o666);
        again(&other).unwrap();
        assert_eq!(mode(&other), 0o600);
    }
}

#[test]
fn a_directory_may_be_a_link_and_must_not_be_others_to_write() {
    let dir = tempfile::tempdir().unwrap();
    let (real, link) = (dir.path().join("real"), dir.path().join("link"));
    symlink(&real, &link).unwrap();
    let nowhere = private_dir(&link).unwrap_err();
    assert_eq!(nowhere.kind(), io::ErrorKind::AlreadyExists);
    fs::create_dir(&real).unwrap();
    set_mode(&real, 0o755);
    private_dir(&link).unwrap();
    set_mode(&real, 0o770);
    let own_group = std::os::unix::fs::MetadataExt::gid(&real.metadata().unwrap())
        == rustix::process::geteuid().as_raw();
    assert_eq!(private_dir(&link).is_ok(), own_group);
    if chown(&real, None, Some(SOMEBODY)).is_ok() {
        assert_eq!(why(private_dir(&link)), Why::OthersWrite { mode: 0o770 });
    }
    for open_to in [0o702, 0o777] {
        set_mode(&real, open_to);
        assert_eq!(why(private_dir(&link)), Why::OthersWrite { mode: open_to });
        assert_eq!(mode(&real), open_to);
    }
    let FileError::Refused { refused, .. } = open_dir(&real).unwrap_err() else {
        panic!();
    };
    assert!(refused.remedy().starts_with("chmod go-w "), "{refused:?}");
}

#[test]
fn what_somebody_else_owns_is_refused() {
    let (dir, _, link) = planted();
    let (file, inner) = (dir.path().join("file"), dir.path().join("dir"));
    fs::write(&file, "").unwrap();
    fs::create_dir(&inner).unwrap();
    let to_dir = dir.path().join("to-dir");
    symlink(dir.path(), &to_dir).unwrap();
    if !rustix::process::geteuid().is_root() {
        // Only root can give a file away; what belongs to root is trusted.
        open(Path::new("/etc/passwd")).unwrap();
        return;
    }
    chown(&file, Some(SOMEBODY), None).unwrap();
    chown(&inner, Some(SOMEBODY), None).unwrap();
    std::os::unix::fs::lchown(&to_dir, Some(SOMEBODY), None).unwrap();
    let theirs = Why::Owner {
        owner: SOMEBODY,
        user: 0,
    };
    assert_eq!(why(open(&file)), theirs);
    assert_eq!(why(append(&file)), theirs);
    // The directory itself, and a link of theirs to one of ours.
    assert_eq!(why(check_dir(&inner)), theirs);
    assert_eq!(why(check_dir(&to_dir)), theirs);
    assert_eq!(why(open(&link)), Why::Link);
}

#[test]
fn a_file_is_replaced_as_a_whole_and_a_link_in_its_place_is_gone() {
    let (dir, canary, link) = planted();
    let file = dir.path().join("file");
    fs::write(&file, "old").unwrap();
    set_mode(&file, 0o644);
    let mut old = fs::File::open(&file).unwrap();
    replace(&file, b"new").unwrap();
    replace(&link, b"new").unwrap();
    assert_eq!((mode(&file), mode(&link)), (0o600, 0o600));
    assert_eq!(read(&link, 1 << 20).unwrap(), b"new");
    assert_eq!(fs::read_to_string(&canary).unwrap(), CANARY);
    let mut text = String::new();
    old.read_to_string(&mut text).unwrap();
    assert_eq!(text, "old");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3);
}

#[test]
fn what_a_killed_process_left_half_written_goes_with_the_next_write() {
    let (dir, canary, _) = planted();
    let file = dir.path().join("file");
    let left = dir.path().join(".new-file");
    fs::write(&left, "half of it, and longer than the new one").unwrap();
    replace(&file, b"whole").unwrap();
    assert_eq!(read(&file, 1 << 20).unwrap(), b"whole");
    assert!(!left.exists());
    symlink(&canary, &left).unwrap();
    assert_eq!(why(replace(&file, b"again")), Why::Link);
    assert_eq!(fs::read_to_string(&canary).unwrap(), CANARY);
    assert_eq!(read(&file, 1 << 20).unwrap(), b"whole");
}

#[test]
fn those_who_replace_the_same_file_do_so_one_after_the_other() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    let texts: Vec<Vec<u8>> = (b'a'..=b'h').map(|letter| vec![letter; 5_000]).collect();
    std::thread::scope(|scope| {
        for text in &texts {
            let file = &file;
            scope.spawn(move || {
                for _ in 0..20 {
                    replace(file, text).unwrap();
                    assert_eq!(read(file, 1 << 20).unwrap().len(), text.len());
                }
            });
        }
    });
    assert!(texts.contains(&read(&file, 1 << 20).unwrap()));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn removing_takes_links_and_not_what_they_lead_to() {
    let (dir, canary, link) = planted();
    assert!(remove(&link).unwrap());
    assert!(!remove(&link).unwrap());
    let tree = dir.path().join("tree");
    new_dir(&tree).unwrap();
    symlink(&canary, tree.join("file")).unwrap();
    symlink(dir.path(), tree.join("dir")).unwrap();
    assert!(remove_tree(&tree).unwrap());
    assert!(!remove_tree(&tree).unwrap());
    symlink(dir.path(), &tree).unwrap();
    // Refused or removed: what the link leads to stays.
    let _ = remove_tree(&tree);
    assert_eq!(fs::read_to_string(&canary).unwrap(), CANARY);
}

#[test]
fn a_pipe_is_private_and_a_scratch_directory_goes() {
    let scratch = ScratchDir::new("mt-files-").unwrap();
    let path = scratch.path().to_owned();
    assert_eq!(mode(&path), 0o700);
    let pipe = path.join("pipe");
    let (mut reader, _writer) = make_pipe(&pipe).unwrap();
    assert_eq!(mode(&pipe), 0o600);
    open_pipe_to_write(&pipe).unwrap().write_all(b"x").unwrap();
    let mut one = [0];
    reader.read_exact(&mut one).unwrap();
    assert_eq!(one, *b"x");
    drop(scratch);
    assert!(!path.exists());
}

#[test]
fn an_error_goes_through_the_systems_type_and_back() {
    let (_dir, _, link) = planted();
    let error = io::Error::from(open(&link).unwrap_err());
    assert_eq!(Refused::find(&error).unwrap().why, Why::Link);
    let error = io::Error::from(open(Path::new("/nowhere/at/all")).unwrap_err());
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert!(Refused::find(&error).is_none());
}

#[test]
fn whatever_lies_there_no_more_is_read_than_what_can_be_there() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    let hole = create_new(&path).unwrap();
    hole.set_len(3 << 40).unwrap();
    let error = read(&path, 1000).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    hole.set_len(1000).unwrap();
    assert_eq!(read(&path, 1000).unwrap(), [0; 1000]);
    assert!(read(&path, 999).is_err());
    assert!(read_at_most(io::repeat(7), 10).is_err());
}
