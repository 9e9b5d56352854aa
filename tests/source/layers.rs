//! Reads the imports of every file and fails on one that the design forbids.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// Each room, and the rooms that it may know. Every room may know itself.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("files", &[]),
    (
        "config",
        &["model", "files", "redact", "capture", "restore", "store"],
    ),
    ("mux", &["model"]),
    ("redact", &["model"]),
    ("store", &["model", "files", "redact"]),
    ("journal", &["model", "files", "redact"]),
    ("capture", &["model", "files", "mux", "redact", "store"]),
    (
        "restore",
        &["model", "files", "mux", "redact", "store", "capture"],
    ),
    (
        "ops",
        &[
            "model", "files", "config", "mux", "redact", "store", "journal", "capture", "restore",
        ],
    ),
    (
        "app",
        &[
            "model", "files", "config", "mux", "redact", "store", "journal", "capture", "restore",
            "ops",
        ],
    ),
    (
        "daemon",
        &[
            "model", "files", "config", "mux", "redact", "store", "journal", "capture", "restore",
            "ops",
        ],
    ),
    (
        "ui",
        &[
            "model", "files", "config", "mux", "redact", "store", "journal", "capture", "restore",
            "ops", "app", "daemon",
        ],
    ),
    (
        "cli",
        &[
            "model", "files", "config", "mux", "redact", "store", "journal", "capture", "restore",
            "ops", "app", "daemon", "ui",
        ],
    ),
];

/// Crates that only some rooms may use.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("redb", &["store"]),
    ("ratatui", &["ui"]),
    ("crossterm", &["ui"]),
    ("clap", &["cli"]),
    ("fuzzy_matcher", &["store"]),
    ("anyhow", &["cli"]),
];

fn files(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            into.push(path);
        }
    }
}

/// The code of a file without its comments.
fn code(source: &str) -> String {
    let lines = source.lines();
    let code = lines.map(|line| line.split("//").next().unwrap_or_default());
    code.collect::<Vec<_>>().join("\n")
}

/// Every path in some code: what is imported, groups taken apart, and what is named where it is
/// used. Those that begin with `super` are told from the crate's root, as seen from a file there
/// (`store/lease.rs`).
fn paths(file: &str, code: &str) -> BTreeSet<String> {
    let import = Regex::new(r#"(?m)^\s*(?:pub(?:\([^)]*\))?\s+)?use\s+([^;"]+);"#).unwrap();
    let path = Regex::new(r"\b[A-Za-z_]\w*(?:::[A-Za-z_]\w*)+").unwrap();
    let mut all = Vec::new();
    for tree in import.captures_iter(code) {
        expand("", &tree[1], &mut all);
    }
    let rest = import.replace_all(code, "");
    all.extend(path.find_iter(&rest).map(|path| path.as_str().to_owned()));
    all.iter().map(|path| from_root(file, path)).collect()
}

/// Takes `a::{b, c::{self, d}}` apart.
fn expand(before: &str, tree: &str, into: &mut Vec<String>) {
    let tree = tree.trim().trim_start_matches("::");
    if let Some((prefix, group)) = tree.split_once('{') {
        let group = group.trim_end().strip_suffix('}').unwrap();
        let mut depth = 0;
        let parts = group.split(|c| {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            c == ',' && depth == 0
        });
        for part in parts.filter(|part| !part.trim().is_empty()) {
            expand(&format!("{before}{}", prefix.trim()), part, into);
        }
    } else {
        let name = tree.split_whitespace().next().unwrap_or_default();
        let path = format!("{before}{name}");
        into.push(path.strip_suffix("::self").unwrap_or(&path).to_owned());
    }
}

fn from_root(file: &str, path: &str) -> String {
    let mut rest = path.strip_prefix("self::").unwrap_or(path);
    let file = file.trim_end_matches(".rs").trim_end_matches("/mod");
    let mut module: Vec<&str> = file.split('/').collect();
    if !rest.starts_with("super::") {
        return rest.to_owned();
    }
    while let Some(outer) = rest.strip_prefix("super::") {
        module.pop();
        rest = outer;
    }
    let module: String = module.iter().map(|name| format!("{name}::")).collect();
    format!("crate::{module}{rest}")
}

/// Whether a path is that of this module, or of something in it.
fn is_in(path: &str, module: &str) -> bool {
    let rest = path.strip_prefix(module);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Every file of the source that is no test: where it is, and its code.
fn living_files() -> Vec<(String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    files(&src, &mut all);
    let mut living_files = Vec::new();
    for path in all {
        let inside = path.strip_prefix(&src).unwrap().to_str().unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        let only_tests =
            ["tests.rs", "testing.rs", "fuzzing.rs"].contains(&name) || inside.contains("/tests/");
        if !only_tests {
            living_files.push((
                inside.to_owned(),
                living(&fs::read_to_string(&path).unwrap()),
            ));
        }
    }
    living_files
}

fn forbidden() -> (usize, Vec<String>) {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let rooms: BTreeMap<&str, &[&str]> = MAY_KNOW.iter().copied().collect();
    let mut all = Vec::new();
    files(&src, &mut all);
    let mut found = Vec::new();
    for path in &all {
        let inside = path.strip_prefix(&src).unwrap();
        let room = inside
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_str()
            .unwrap();
        let Some(allowed) = rooms.get(room) else {
            assert!(
                room.ends_with(".rs"),
                "{room} is a room that this test does not know"
            );
            continue;
        };
        let source = fs::read_to_string(path).unwrap();
        for path in paths(inside.to_str().unwrap(), &code(&source)) {
            let mut names = path.split("::");
            let first = names.next().unwrap_or_default();
            let name = names.next().unwrap_or_default();
            if first == "crate"
                && rooms.contains_key(name)
                && name != room
                && !allowed.contains(&name)
            {
                found.push(format!("{}: {room} must not know {name}", inside.display()));
            }
            let only = ONLY_IN.iter().find(|(krate, _)| *krate == first);
            if only.is_some_and(|(_, only)| !only.contains(&room)) {
                found.push(format!("{}: {first} is not for {room}", inside.display()));
            }
        }
    }
    (all.len(), found)
}

#[test]
fn every_room_knows_only_whom_it_may() {
    let (files, found) = forbidden();
    assert!(files > 20, "only {files} files were read");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The floors of the store, from the ground up. A floor knows itself and those below it.
const FLOORS: &[&str] = &[
    "record", "file", "text", "snapshot", "query", "spool", "care", "portable",
];

/// Imports from a higher floor that stay, with the reason.
const UPWARD: &[(&str, &str)] = &[
    // The format record of an older form has that form's frame, which its frozen reader knows.
    ("store/file/schema.rs", "care"),
];

#[test]
fn the_store_stands_on_floors() {
    let mut met = BTreeSet::new();
    let mut found = Vec::new();
    for (inside, code) in living_files() {
        let Some(own) = inside.strip_prefix("store/") else {
            continue;
        };
        let floor = |name: &str| FLOORS.iter().position(|floor| *floor == name);
        // What stands on no floor is the door of the room, and knows all.
        let Some(at) = own.split_once('/').and_then(|(name, _)| floor(name)) else {
            continue;
        };
        for path in paths(&inside, &code) {
            let of = path.strip_prefix("crate::store::");
            let Some(name) = of.and_then(|of| of.split("::").next()) else {
                continue;
            };
            if floor(name).is_none_or(|other| other <= at) {
                continue;
            }
            match UPWARD.iter().find(|known| **known == (&inside, name)) {
                Some(known) => drop(met.insert(known)),
                None => found.push(format!("{inside} knows {path}")),
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert_eq!(met.len(), UPWARD.len(), "an exception that is not needed");
}

/// Rooms whose files and folders know each other in one direction: from none of them does a way
/// lead back to it.
const WITHOUT_CIRCLES: &[&str] = &["app", "capture", "config", "files", "mux", "ops"];

/// The files and folders of a room, each with the others of that room that it names.
fn known_within(room: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (inside, code) in living_files() {
        let own = inside
            .strip_prefix(room)
            .and_then(|own| own.strip_prefix('/'));
        // The door of the room names all that is in it.
        let Some(own) = own.filter(|own| *own != "mod.rs") else {
            continue;
        };
        let module = own.split('/').next().unwrap_or_default();
        let others = known
            .entry(module.trim_end_matches(".rs").to_owned())
            .or_default();
        for path in paths(&inside, &code) {
            let within = path
                .strip_prefix("crate::")
                .and_then(|path| path.strip_prefix(room));
            let named = within.and_then(|path| path.strip_prefix("::")?.split("::").next());
            others.extend(named.map(str::to_owned));
        }
    }
    known
}

/// What is left when all is taken away again and again that names nothing of the rest.
fn circles(mut known: BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    loop {
        let left: BTreeSet<String> = known.keys().cloned().collect();
        let before = known.len();
        known.retain(|module, others| {
            others.retain(|other| other != module && left.contains(other));
            !others.is_empty()
        });
        if known.len() == before {
            let rest = known.into_iter();
            return rest
                .map(|(module, others)| format!("{module} knows {others:?}"))
                .collect();
        }
    }
}

#[test]
fn modules_know_each_other_in_one_direction() {
    let mut found = Vec::new();
    for room in WITHOUT_CIRCLES {
        let known = known_within(room);
        assert!(known.len() > 1, "{room} has no modules");
        found.extend(circles(known).iter().map(|one| format!("{room}: {one}")));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    // Through the door of the room everything could be had.
    let app = known_within("app");
    let names = |name: &String| name.starts_with(char::is_uppercase);
    let through: Vec<_> = app
        .iter()
        .filter(|(_, others)| others.iter().any(names))
        .collect();
    assert!(through.is_empty(), "{through:?}");
}

#[test]
fn a_circle_is_found() {
    let known = |pairs: &[(&str, &str)]| {
        let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (module, other) in pairs {
            all.entry((*module).to_owned())
                .or_default()
                .insert((*other).to_owned());
            all.entry((*other).to_owned()).or_default();
        }
        all
    };
    assert!(circles(known(&[("a", "b"), ("b", "c"), ("a", "c")])).is_empty());
    let found = circles(known(&[("a", "b"), ("b", "c"), ("c", "b"), ("c", "d")]));
    let expected = ["a knows {\"b\"}", "b knows {\"c\"}", "c knows {\"b\"}"];
    assert_eq!(found, expected);
}

#[test]
fn the_reader_sees_every_form_of_import() {
    let source = "\
use crate::store::Store;
pub(crate) use crate::{ui, app::{self, State as S}};
use super::super::daemon::{Recorder, Event};
use {std::fs, redb::{Database}};
fn f() { let x = crate::cli::run(); self::g(); }
// crate::journal
";
    let seen = paths("store/care/trash.rs", &code(source));
    let expected = [
        "crate::app",
        "crate::app::State",
        "crate::cli::run",
        "crate::store::Store",
        "crate::store::daemon::Event",
        "crate::store::daemon::Recorder",
        "crate::ui",
        "g",
        "redb::Database",
        "std::fs",
    ];
    assert_eq!(
        seen.iter().map(String::as_str).collect::<Vec<_>>(),
        expected
    );
}

/// Whatever is written takes what a redactor has seen, and nothing else of that room: so store and
/// journal can neither make such a thing nor decide what is taken out.
#[test]
fn who_writes_knows_of_redaction_that_there_is_such_a_thing_as_clean() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    files(&src.join("store"), &mut all);
    files(&src.join("journal"), &mut all);
    let named: Vec<(PathBuf, String)> = all
        .iter()
        .flat_map(|file| {
            let source = fs::read_to_string(file).unwrap();
            let inside = file.strip_prefix(&src).unwrap().to_str().unwrap();
            let names = paths(inside, &code(&source)).into_iter();
            let names = names.filter(|path| is_in(path, "crate::redact"));
            names.map(|name| (file.clone(), name)).collect::<Vec<_>>()
        })
        .collect();
    let is_clean = |path: &str| is_in(path, "crate::redact::Clean");
    assert!(named.iter().any(|(_, path)| is_clean(path)));
    let others: Vec<_> = named.iter().filter(|(_, path)| !is_clean(path)).collect();
    assert!(others.is_empty(), "{others:?}");
}

/// Ways to make, open, rename or remove a file.
const OPENS: &[&str] = &[
    "fs::read(",
    "fs::read_to_string(",
    "fs::write(",
    "fs::copy(",
    "fs::rename(",
    "fs::remove_file(",
    "fs::remove_dir",
    "fs::create_dir",
    "fs::hard_link(",
    "fs::set_permissions(",
    "fs::open(",
    "fs::openat(",
    "fs::openat2(",
    "fs::mk",
    "File::open(",
    "File::create",
    "File::options(",
    "OpenOptions",
    "DirBuilder",
    "tempfile::",
];

/// Who opens files that are not muxtape's own, and whose they are. All others go through `files`.
const OF_OTHERS: &[(&str, &str)] = &[
    (
        "cli/commands/man.rs",
        "a directory that the user names, for pages that all may read",
    ),
    ("cli/commands/import.rs", "a file that the user names"),
    ("cli/commands/redact.rs", "a file that the user names"),
    (
        "ops/new_file.rs",
        "the directory of a file that the user names, which may be anybody's",
    ),
    ("config/settings.rs", "the settings, which may be a link"),
    ("mux/checkout.rs", "working trees"),
    ("mux/mounts.rs", "/proc"),
    ("mux/process/honest.rs", "the beginning of a program"),
    ("mux/process/waiting.rs", "/proc"),
    ("mux/process/linux.rs", "/proc"),
    (
        "restore/programs/rules.rs",
        "the user's rules, which may be a link",
    ),
    ("restore/tmux/prompt.rs", "terminals"),
    ("restore/shells.rs", "the system's list of shells"),
    ("store/file/holder.rs", "/proc"),
    ("store/file/network.rs", "/proc"),
];

/// The part of a file that is no test and no comment.
fn living(source: &str) -> String {
    let end = source
        .match_indices("#[cfg(test)]\n")
        .find(|(at, attribute)| {
            let next = source[at + attribute.len()..].lines().next();
            next.is_some_and(|line| line.contains("mod tests {"))
        })
        .map_or(source.len(), |(at, _)| at);
    code(&source[..end])
}

/// So that none of muxtape's own files is ever found through a link, or made for others to read.
#[test]
fn files_are_opened_in_one_room() {
    let mut found = Vec::new();
    let mut met = Vec::new();
    for (inside, code) in living_files() {
        if inside.starts_with("files/") {
            continue;
        }
        // Imported functions are used without the name of their module.
        let imported = paths(&inside, &code).into_iter().filter_map(|path| {
            let (module, name) = path.rsplit_once("::")?;
            ["std::fs", "rustix::fs"]
                .contains(&module)
                .then(|| format!("fs::{name}("))
        });
        let text = format!("{code}\n{}", imported.collect::<Vec<_>>().join("\n"));
        let ways: Vec<_> = OPENS.iter().filter(|way| text.contains(**way)).collect();
        if ways.is_empty() {
            continue;
        }
        match OF_OTHERS.iter().find(|(other, _)| *other == inside) {
            Some((other, _)) => met.push(*other),
            None => found.push(format!("{inside}: {ways:?} is for src/files alone")),
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    let gone: Vec<_> = OF_OTHERS
        .iter()
        .filter(|(other, _)| !met.contains(other))
        .collect();
    assert!(gone.is_empty(), "these open nothing any more: {gone:?}");
}

/// What turns values into values: the interface's state, and the part of a restore that plans.
const PURE: &[&str] = &[
    "app/",
    "model/",
    "restore/judge.rs",
    "restore/matching.rs",
    "restore/planner/",
    "restore/plan/",
    "restore/policy.rs",
    "restore/profile.rs",
    "restore/tmux/commands/",
    "restore/tmux/profile.rs",
    "restore/tmux/rejoin.rs",
    "restore/tmux/step.rs",
    "restore/tmux/steps.rs",
];

/// Modules that reach beyond the program.
const OUTSIDE: &[&str] = &[
    "crate::files",
    "crate::mux::run",
    "rustix",
    "std::env",
    "std::fs",
    "std::net",
    "std::os::unix::net",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "tempfile",
];

/// Methods of paths that ask the file system.
const LOOKS: &[&str] = &[
    ".canonicalize()",
    ".exists()",
    ".is_dir()",
    ".is_file()",
    ".is_symlink()",
    ".metadata()",
    ".read_dir()",
    ".read_link()",
    ".symlink_metadata()",
    ".try_exists()",
];

#[test]
fn what_plans_and_what_holds_the_interface_does_nothing_itself() {
    let all = living_files();
    let mut found = Vec::new();
    for pure in PURE {
        let mut some = false;
        for (inside, code) in all.iter().filter(|(inside, _)| inside.starts_with(pure)) {
            some = true;
            for path in paths(inside, code) {
                if OUTSIDE.iter().any(|module| is_in(&path, module)) {
                    found.push(format!("{inside}: {path}"));
                }
            }
            let looks = LOOKS.iter().filter(|look| code.contains(**look));
            found.extend(looks.map(|look| format!("{inside}: {look}")));
        }
        assert!(some, "{pure} is not there any more");
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The time of day, and randomness. How long something takes, and until when it is waited for, is
/// another thing: whoever asks others measures it (`std::time::Instant`).
const GIVEN: &[&str] = &[
    "SystemTime::now",
    "UNIX_EPOCH.elapsed",
    "Timestamp::now",
    "Zoned::now",
    "clock_gettime",
    "getrandom::",
    "fastrand::",
    "rand::",
];

/// The room that takes them from the system and gives them to the others.
const GIVER: &str = "cli/";

/// Rooms that wait for several things at once.
const LOOPS: &[&str] = &["ui/", "daemon/", "cli/"];

#[test]
fn clock_randomness_and_tokio_are_for_the_top_alone() {
    let mut found = Vec::new();
    let mut given = 0;
    for (inside, code) in living_files() {
        let ways: Vec<_> = GIVEN.iter().filter(|way| code.contains(**way)).collect();
        if inside.starts_with(GIVER) {
            given += ways.len();
        } else if !ways.is_empty() {
            found.push(format!("{inside}: {ways:?}"));
        }
        let seen = paths(&inside, &code);
        let tokio = seen.iter().any(|path| is_in(path, "tokio"));
        if tokio && !LOOPS.iter().any(|room| inside.starts_with(room)) {
            found.push(format!("{inside}: tokio"));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(given > 0, "nobody asks for the time any more");
}

/// Who asks for operations.
const FRONT_ENDS: &[&str] = &["app/", "cli/", "daemon/", "ui/"];

/// Of what operations are made. A front end that names one of these assembles an operation itself,
/// beside the one that all others use.
const PARTS: &[&str] = &[
    "crate::capture::CaptureRequest",
    "crate::capture::Recheck",
    "crate::capture::Stamp",
    "crate::capture::capture",
    "crate::journal::Event",
    "crate::restore::Surroundings",
    "crate::restore::apply",
    "crate::restore::drill",
    "crate::restore::crashes",
    "crate::restore::prepare",
    "crate::restore::undo::forget",
    "crate::restore::undo::recall",
    "crate::restore::undo::take_back",
    "crate::store::Import",
    "crate::store::NewSnapshot",
    "crate::store::Unchanged",
];

#[test]
fn no_front_end_assembles_an_operation() {
    let changes = Regex::new(
        r"(?x)\bstore (?:\(\))? \s* \. (record\w* | spool | edit\w* | trash | untrash | empty_trash
          | prune | plan_prune | collect | compact\w* | repair | verify\w* | migrate | export | import
          | rewrite | plan_rewrite | remove_old_files) \(",
    )
    .unwrap();
    let all = living_files();
    let mut found = Vec::new();
    for (inside, code) in &all {
        if !FRONT_ENDS.iter().any(|room| inside.starts_with(room)) {
            continue;
        }
        for path in paths(inside, code) {
            // Whoever asks for events by their kinds needs the list of these.
            let kinds = (inside.as_str(), path.as_str())
                == ("cli/commands/events.rs", "crate::journal::Event");
            if !kinds && PARTS.iter().any(|part| is_in(&path, part)) {
                found.push(format!("{inside}: {path}"));
            }
        }
        let calls = changes.captures_iter(code);
        found.extend(calls.map(|call| format!("{inside}: changes the store: {}", &call[1])));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    let ops = all.iter().filter(|(inside, _)| inside.starts_with("ops/"));
    let made: BTreeSet<String> = ops.flat_map(|(inside, code)| paths(inside, code)).collect();
    let gone: Vec<_> = PARTS
        .iter()
        .filter(|part| !made.iter().any(|path| is_in(path, part)))
        .collect();
    assert!(gone.is_empty(), "ops makes nothing of these: {gone:?}");
}

/// Who makes handles and reads them: what is in one belongs to a multiplexer, also to the one in
/// memory and its samples.
const ADAPTERS: &[&str] = &[
    "mux/tmux/",
    "restore/tmux/",
    "mux/memory.rs",
    "restore/memory.rs",
    "app/samples.rs",
    // Stores of form 2 hold the numbers alone.
    "store/care/migrate/v2/",
];

#[test]
fn handles_are_opaque_to_whoever_did_not_make_them() {
    let look =
        Regex::new(r"\b(?:Session|Tab|Pane)Id::of\b|\.id\.number\(\)|\bhandle\w*\.number\(\)")
            .unwrap();
    let (mut found, mut made) = (Vec::new(), 0);
    for (inside, code) in living_files() {
        let looks = look.find_iter(&code).count();
        match ADAPTERS.iter().any(|folder| inside.starts_with(folder)) {
            true => made += looks,
            false if looks > 0 => found.push(inside),
            false => {}
        }
    }
    assert!(found.is_empty(), "{found:?} look into handles");
    assert!(made > 0, "nobody makes handles any more");
}

/// Who may name a multiplexer beside its adapters, and why.
const NAMERS: &[(&str, &str)] = &[
    ("capture/own_screen.rs", "options that muxtape itself takes"),
    ("cli/args.rs", "the choice that the user has"),
    ("cli/multiplexer.rs", "the list of adapters"),
    ("cli/commands/demo.rs", "a server of the demo's own"),
    ("cli/views/show.rs", "the notation of layouts in JSON"),
    (
        "model/launch.rs",
        "programs that can be started within themselves",
    ),
    ("model/snapshot.rs", "the list of kinds"),
    ("mux/mod.rs", "the list of adapters"),
    ("restore/mod.rs", "the list of adapters"),
    ("restore/variables.rs", "variables that belong to a place"),
    (
        "store/snapshot/remnants.rs",
        "a server of which nothing is known has a kind, too",
    ),
];

/// So that a new multiplexer is an adapter under `mux` and one under `restore`, and nothing else.
/// What is said to people may name one.
#[test]
fn a_multiplexer_is_named_by_its_adapters_alone() {
    let adapter = |inside: &str| {
        [
            "mux/tmux/",
            "mux/zellij/",
            "restore/tmux/",
            "restore/zellij/",
        ]
        .iter()
        .any(|own| inside.starts_with(own))
    };
    // A word by itself, or a text that is nothing else; not one of several words.
    let name = Regex::new(r#"(?i)\b(tmux|zellij)\w*\b"#).unwrap();
    let texts = Regex::new(r#"(?s)"(?:[^"\\]|\\.)*""#).unwrap();
    let mut found = Vec::new();
    let mut met = BTreeSet::new();
    for (inside, code) in living_files() {
        let stand_in = ["memory.rs", "samples.rs", "rig.rs"];
        if adapter(&inside) || stand_in.iter().any(|own| inside.ends_with(own)) {
            continue;
        }
        let spaced = |text: &regex::Captures<'_>| match text[0].contains(' ') {
            true => "\"\"".to_owned(),
            false => text[0].to_owned(),
        };
        let code = texts.replace_all(&code, spaced);
        let names: BTreeSet<&str> = name.find_iter(&code).map(|name| name.as_str()).collect();
        match NAMERS.iter().find(|(own, _)| *own == inside) {
            Some((own, _)) if !names.is_empty() => {
                met.insert(*own);
            }
            _ if names.is_empty() => {}
            _ => found.push(format!("{inside}: {names:?}")),
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    let gone: Vec<_> = NAMERS
        .iter()
        .filter(|(own, _)| !met.contains(own))
        .collect();
    assert!(gone.is_empty(), "these name none any more: {gone:?}");
}
