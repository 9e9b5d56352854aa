//! Searching everything that was recorded.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::model::Contents;
use crate::model::ansi::label;
use crate::model::snapshot::LifeId;
use crate::model::time::Millis;
use crate::store::query::fuzzy::Fuzzy;
use crate::store::query::runs::{Mark, Spot};
use crate::store::query::scan::{Piece, Scan};
use crate::store::testing::{
    log, record, record_text, scratch, server, session, snapshot, state, text,
};
use crate::store::{HitKind, Query, SearchHit, SearchQuery, Store};

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

/// What is done in one step of a random history.
type Step = (i32, Vec<usize>, usize, Option<usize>);

const WORDS: [&str; 4] = ["warn: slow", "$ ls -la", "api error", "x"];

/// Records a history of several lives with several sessions, whose texts grow, shrink and change.
fn history(store: &Store, steps: &[Step]) {
    let mut lines: Vec<String> = Vec::new();
    for (second, (life, sessions, word, name)) in (1..).zip(steps) {
        match word % 5 {
            4 => drop(lines.drain(..lines.len() / 2)),
            word => lines.push(format!("{} {}", WORDS[word % WORDS.len()], second % 3)),
        }
        // Long enough for texts to be made of pieces of those before.
        let shown = format!("{}{}", log(0..30), lines.join("\n"));
        let screen =
            (second % 3 == 0).then(|| format!("top\n{}", WORDS[word % WORDS.len()]).into());
        let texts = [
            Contents {
                main: shown.into(),
                alternate: screen,
            },
            text(format!("$ {}", word / 2)),
        ];
        let sessions = sessions.iter().map(|at| {
            let name = ["api", "web", "x-ray"][*at];
            session(name, u32::try_from(*at).unwrap() + 1, &texts[*at % 2..])
        });
        let mut sessions: Vec<_> = sessions.collect();
        sessions.dedup_by(|a, b| a.name == b.name);
        let mut new = snapshot(second, &state(sessions), &texts);
        new.server = server(100 + life);
        new.name = name.map(|at| format!("{} {second}", WORDS[at]).into());
        record(store, new);
    }
}

/// The same by its meaning: every snapshot is read, and every run followed to its end.
fn plainly(store: &Store, query: &SearchQuery) -> Vec<SearchHit> {
    let (fuzzy, scan) = (Fuzzy::new(&query.text), Scan::new(&query.text));
    let listed = store.list(&Query {
        session: query.session.clone(),
        since: query.since,
        archived: true,
        ..Query::default()
    });
    let limit = query.limit.unwrap_or(usize::MAX);
    let mut hits: Vec<SearchHit> = Vec::new();
    let mut open: BTreeMap<(LifeId, Spot), usize> = BTreeMap::new();
    for meta in listed.unwrap() {
        let state = store.load(meta.id).unwrap().state;
        let mut found: BTreeMap<Spot, Mark> = BTreeMap::new();
        for session in &state.sessions {
            if query
                .session
                .as_ref()
                .is_some_and(|name| session.name != *name)
            {
                continue;
            }
            let mut names = vec![(None, None, HitKind::Name, label(&session.name))];
            names.extend(
                meta.name
                    .clone()
                    .map(|name| (None, None, HitKind::Name, name)),
            );
            names.push((None, None, HitKind::Directory, label(&session.cwd)));
            for tab in &session.tabs {
                let at = Some(tab.index);
                names.push((at, None, HitKind::Name, label(&tab.name)));
                for pane in &tab.panes {
                    let own = Some(pane.index);
                    names.push((at, own, HitKind::Name, label(&pane.title)));
                    names.push((at, own, HitKind::Directory, label(&pane.cwd)));
                    let argv = pane
                        .program
                        .iter()
                        .map(|program| bstr::join(" ", &program.argv));
                    names.extend(argv.map(|argv| (at, own, HitKind::Command, label(&argv))));
                    let text = store
                        .contents(&[pane.contents.unwrap().digest])
                        .unwrap()
                        .remove(0);
                    if let Some(line) = scan.last_line_of(&text).filter(|_| query.contents) {
                        let spot = Spot {
                            session: session.name.clone(),
                            tab: at,
                            pane: own,
                            what: HitKind::Text,
                            line: line.text,
                        };
                        let line_number = Some(line.number);
                        found.insert(
                            spot,
                            Mark {
                                score: 0,
                                line_number,
                            },
                        );
                    }
                }
            }
            for (tab, pane, what, name) in names {
                if let Some(score) = fuzzy.score(&name) {
                    let session = session.name.clone();
                    let line = Piece::beginning_of(&name);
                    let spot = Spot {
                        session,
                        tab,
                        pane,
                        what,
                        line,
                    };
                    found.insert(
                        spot,
                        Mark {
                            score,
                            line_number: None,
                        },
                    );
                }
            }
        }
        let life = meta.life();
        open.retain(|(own, spot), _| *own != life || found.contains_key(spot));
        let mut fresh: Vec<_> = found.into_iter().collect();
        fresh.sort_by_key(|(_, mark)| std::cmp::Reverse(mark.score));
        for (spot, mark) in fresh {
            if let Some(at) = open.get(&(life, spot.clone())) {
                let hit = &mut hits[*at];
                (hit.oldest, hit.time_oldest) = (meta.id, meta.time);
                hit.snapshots += 1;
            } else if hits.len() < limit {
                hits.push(SearchHit {
                    newest: meta.id,
                    oldest: meta.id,
                    snapshots: 1,
                    time_newest: meta.time,
                    time_oldest: meta.time,
                    session: spot.session.clone(),
                    tab: spot.tab,
                    pane: spot.pane,
                    what: spot.what,
                    line: spot.line.text.clone(),
                    line_number: mark.line_number,
                    score: mark.score,
                });
                open.insert((life, spot), hits.len() - 1);
            }
        }
    }
    hits
}

proptest! {
    #![proptest_config(ProptestConfig { cases: rounds(6), ..ProptestConfig::default() })]

    #[test]
    fn any_history_is_searched_as_if_every_snapshot_were_read(
        steps in vec((0..3i32, vec(0..3usize, 1..3), 0..9usize, option::weighted(0.1, 0..4usize)), 1..40),
    ) {
        let s = scratch();
        history(&s.store, &steps);
        for text in ["slow", "ls", "error 1", "api", "warn: slow 2", "Slow", "top", "/api/v3", ""] {
            for limit in [None, Some(0), Some(1), Some(4)] {
                for contents in [true, false] {
                    let query = SearchQuery {
                        text: text.into(),
                        limit,
                        contents,
                        session: (steps.len() % 4 == 0).then(|| "api".into()),
                        since: (steps.len() % 3 == 0).then_some(Millis(1_790_000_010_000)),
                    };
                    let found = s.store.search(&query).unwrap();
                    prop_assert_eq!(found, plainly(&s.store, &query), "{:?}", query);
                }
            }
        }
    }
}

/// How many random histories are tried.
fn rounds(few: u32) -> u32 {
    let many = std::env::var("MUXTAPE_TEST_ROUNDS");
    many.ok().and_then(|many| many.parse().ok()).unwrap_or(few)
}
