//! Searching everything that was recorded.

use crate::store::testing::{record, record_text, scratch, session, snapshot, state, text};
use crate::store::{HitKind, SearchHit, SearchQuery};

fn query(text: &str) -> SearchQuery {
    SearchQuery {
        text: text.into(),
        contents: true,
        ..SearchQuery::default()
    }
}

fn texts(hits: &[SearchHit]) -> Vec<(&str, u32)> {
    let found = hits.iter().filter(|hit| hit.what == HitKind::Text);
    found
        .map(|hit| (hit.line.as_str(), hit.snapshots))
        .collect()
}

#[test]
fn runs_that_show_the_same_are_one_hit() {
    let s = scratch();
    let shown = [
        "boot",
        "warn: slow",
        "warn: slow\n$ ls",
        "$ clear",
        "warn: slow\n$",
        "x",
    ];
    let metas: Vec<_> = (1..)
        .zip(shown)
        .map(|(at, shown)| record_text(&s.store, at, "api", shown))
        .collect();
    let hits = s.store.search(&query("slow")).unwrap();
    assert_eq!(texts(&hits), [("warn: slow", 1), ("warn: slow", 2)]);
    assert_eq!((hits[0].newest, hits[0].oldest), (metas[4].id, metas[4].id));
    assert_eq!((hits[1].newest, hits[1].oldest), (metas[2].id, metas[1].id));
    assert_eq!(
        (hits[1].time_newest, hits[1].time_oldest),
        (metas[2].time, metas[1].time)
    );
    assert_eq!(
        (hits[1].tab, hits[1].pane, hits[1].line_number),
        (Some(1), Some(0), Some(0))
    );
    let one = SearchQuery {
        limit: Some(1),
        ..query("slow")
    };
    assert_eq!(s.store.search(&one).unwrap(), hits[..1]);
    let late = SearchQuery {
        since: Some(metas[4].time),
        ..query("slow")
    };
    assert_eq!(s.store.search(&late).unwrap(), hits[..1]);
    assert!(
        s.store
            .search(&SearchQuery {
                contents: false,
                ..query("slow")
            })
            .unwrap()
            .is_empty()
    );
}

#[test]
fn names_commands_and_directories_match_loosely() {
    let s = scratch();
    let shown = [text(""), text("")];
    let state = state(vec![
        session("backend", 3, &shown),
        session("web", 4, &shown),
    ]);
    let mut new = snapshot(1, &state, &shown);
    new.name = Some("deploy".into());
    record(&s.store, new);
    let find = |words: &str| {
        let hits = s
            .store
            .search(&SearchQuery {
                contents: false,
                ..query(words)
            })
            .unwrap();
        let mut kinds: Vec<_> = hits.iter().map(|hit| hit.what).collect();
        kinds.sort_unstable();
        kinds.dedup();
        (hits, kinds)
    };
    assert_eq!(find("bcknd").0[0].session, "backend");
    assert_eq!(find("tail log").1, [HitKind::Command]);
    assert_eq!(find("project-3").1, [HitKind::Directory]);
    assert_eq!(find("deploy").1, [HitKind::Name]);
    assert!(find("nowhere").0.is_empty());
    let only = SearchQuery {
        session: Some("web".into()),
        ..query("tail")
    };
    let hits = s.store.search(&only).unwrap();
    assert!(!hits.is_empty() && hits.iter().all(|hit| hit.session == "web"));
}

#[test]
fn a_store_that_is_not_there_holds_nothing() {
    assert!(scratch().store.search(&query("x")).unwrap().is_empty());
}
