//! Whole files have nothing wrong with them, whatever is done to them; and whatever is done to
//! their bytes is seen.

use redb::backends::FileBackend;
use redb::{ReadableDatabase, StorageBackend};
use tempfile::tempdir;

use super::*;
use crate::store::file::disk;
use crate::store::file::lease::Outcome;
use crate::store::record::tables::{Change, Index, Stream};
use crate::store::testing::{Scratch, record_text, scratch};

fn filled() -> Scratch {
    let s = scratch();
    for at in 0..20 {
        record_text(&s.store, at, "api", &format!("$ {at}"));
    }
    let big = vec![7; 50_000];
    s.store
        .place()
        .write("test", |txn| {
            // Pages of all sizes, branches of some levels, in tables of both kinds of keys.
            let many = (0..3000u64).map(|key| (key + 1_000_000, &big[..300]));
            txn.put_all(Stream::Literals, many)?;
            txn.put(Stream::Literals, 9_000_000, &big)?;
            for at in 0..2000u64 {
                txn.set_point(Index::Names, format!("a name {at}").as_bytes(), at)?;
            }
            Ok(Outcome::Commit(()))
        })
        .unwrap();
    s
}

fn backend(s: &Scratch) -> FileBackend {
    let file = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(s.store.file());
    FileBackend::new(file.unwrap()).unwrap()
}

#[test]
fn all_pages_of_a_whole_file_are_right_and_as_many_are_found_either_way() {
    let s = filled();
    let file = backend(&s);
    let all = walk(&file, Depth::All, &|_| None).unwrap();
    let branches = walk(&file, Depth::Branches, &|_| None).unwrap();
    assert!(all.is_right() && branches.is_right());
    assert_eq!(all.pages, branches.pages);
    assert!(all.pages.len() > 200, "{}", all.pages.len());
    assert!(all.pages.values().any(|page| page.extent.len > 4096));
    let inside = all
        .pages
        .values()
        .find(|page| page.extent.len > 4096)
        .unwrap();
    assert_eq!(all.around(inside.number() + 1), Some(*inside));
}

#[test]
fn what_becomes_of_a_file_stays_right() {
    let s = filled();
    let gone: Vec<u64> = (0..3000)
        .filter(|key| key % 3 > 0)
        .map(|key| key + 1_000_000)
        .collect();
    for part in gone.chunks(500) {
        let place = s.store.place();
        place
            .write("test", |txn| {
                txn.remove(Stream::Literals, part.iter().copied())?;
                Ok(Outcome::Commit(()))
            })
            .unwrap();
        assert!(
            walk(&backend(&s), Depth::All, &|_| None)
                .unwrap()
                .is_right()
        );
    }
}

#[test]
fn a_database_that_is_open_for_long_reads_back_what_it_wrote() {
    let dir = tempdir().unwrap();
    let file = crate::files::create_new(&dir.path().join("new")).unwrap();
    drop(disk::database(file).unwrap());
    // Opened once more, so that its pages are checked; more is written than is kept in memory.
    let file = crate::files::open_to_write(&dir.path().join("new")).unwrap();
    let db = disk::database(file).unwrap();
    for round in 0..6u64 {
        let txn = db.begin_write().unwrap();
        let value = vec![round.to_le_bytes()[0]; 2000];
        txn.put_all(Stream::States, (0..6000u64).map(|key| (key, &value[..])))
            .unwrap();
        txn.commit().unwrap();
    }
    let txn = db.begin_read().unwrap();
    let mut seen = 0;
    use crate::store::record::tables::View;
    txn.walk(Stream::States, 0..=u64::MAX, &mut |_, value| {
        assert_eq!(value, [5; 2000]);
        seen += 1;
        Ok(std::ops::ControlFlow::Continue(()))
    })
    .unwrap();
    assert_eq!(seen, 6000);
}

#[test]
fn a_changed_byte_of_a_page_in_use_is_seen() {
    let s = filled();
    let file = backend(&s);
    let pages = walk(&file, Depth::All, &|_| None).unwrap().pages;
    let mut seen = 0;
    for (at, page) in pages.values().enumerate().step_by(7) {
        let offset = page.extent.offset + (at as u64 * 37) % 400;
        let mut byte = [0];
        file.read(offset, &mut byte).unwrap();
        file.write(offset, &[byte[0] ^ 4]).unwrap();
        let found = walk(&file, Depth::All, &|_| None).unwrap();
        // Behind the last entry of a page nothing is of use.
        seen += usize::from(found.bad == [*page]);
        file.write(offset, &byte).unwrap();
    }
    assert!(seen > pages.len() / 10, "{seen}");
    assert!(walk(&file, Depth::All, &|_| None).unwrap().is_right());
}

#[test]
fn a_header_that_points_to_an_old_state_is_not_believed() {
    let s = filled();
    let mut bytes = std::fs::read(s.store.file()).unwrap();
    let len = bytes.len() as u64;
    assert!(Header::decode(&bytes, len).is_ok());
    bytes[9] ^= 1;
    assert_eq!(Header::decode(&bytes, len).err(), Some(BadHeader::Damaged));
    bytes[9] ^= 1;
    bytes[0] ^= 1;
    assert_eq!(Header::decode(&bytes, len).err(), Some(BadHeader::Foreign));
}

#[test]
fn a_page_is_whatever_one_commit_or_another_has_there() {
    let s = filled();
    let file = backend(&s);
    let len = || file.len();
    let mut pages = Pages::default();
    let mut header = [0; HEADER];
    file.read(0, &mut header).unwrap();
    assert_eq!(pages.judge(0, &header, &len).unwrap(), Verdict::Right);
    let root = Header::decode(&header, file.len().unwrap())
        .unwrap()
        .roots
        .into_iter()
        .next()
        .unwrap();
    let offset = root.extent.offset;
    let mut other = root;
    other.checksum ^= 1;
    let expected = Expected {
        child: other,
        from: 0,
    };
    pages.expected.insert(offset, expected);
    pages.others.push(root);
    // Either is tried, by whoever reads the page and by whoever heals it.
    assert_eq!(pages.expected(offset).collect::<Vec<_>>(), [other, root]);
    let mut bytes = vec![0; usize::try_from(root.extent.len).unwrap()];
    file.read(offset, &mut bytes).unwrap();
    assert_eq!(pages.judge(offset, &bytes, &len).unwrap(), Verdict::Right);
}
