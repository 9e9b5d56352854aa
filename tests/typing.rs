//! What a restore types at the prompts of real shells, and what arrives there.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may panic"
)]

mod common;
#[path = "common/world.rs"]
mod world;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use bstr::{BString, ByteSlice};
use common::wait_until;
use muxtape::model::program::Program;
use muxtape::restore::{Policy, Programs, Selection};
use world::World;

/// Arguments that shells like to read in ways of their own.
const ODD: [&[u8]; 22] = [
    b"plain",
    b"two  words ",
    b"it's",
    b"\"a\"",
    b"$HOME ${PATH}",
    b"`id` $(id)",
    b"!x !! a!",
    b"back\\slash\\",
    b"* ? [a] {b,c}",
    b"~",
    b"#x",
    b"a;b&c|d<e>f",
    "ünï 漢 👍".as_bytes(),
    b"-n",
    b"--x=y z",
    b"",
    b"%1",
    b"=ls",
    b"^a^b",
    b"@x:y",
    b"a\tb\nc",
    b"\xff\xfe",
];

/// Shells, with the option after which they read no files of the user's, and whether they can be told of
/// controls and bytes that are not UTF-8.
const SHELLS: [(&str, &[&str], bool); 7] = [
    ("bash", &["--norc", "--noprofile"], true),
    ("dash", &[], false),
    ("zsh", &["-f"], true),
    ("fish", &["--no-config"], true),
    ("tcsh", &["-f"], false),
    ("ksh93", &[], true),
    ("mksh", &[], true),
];

fn is_installed(shell: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&path).any(|dir| dir.join(shell).is_file())
}

#[test]
fn shells_read_what_is_typed_as_it_was() {
    let shells: Vec<_> = SHELLS
        .into_iter()
        .filter(|(shell, ..)| is_installed(shell))
        .collect();
    let world = World::with_config("set-environment -g LC_ALL C.UTF-8\n");
    world.run(&["new-session", "-d", "-s", "s", "-x", "400", "-y", "90"]);
    for _ in &shells[1..] {
        world.run(&["split-window", "-d", "-v", "-l", "8", "-t", "=s:"]);
        world.run(&["select-layout", "-t", "=s:", "even-vertical"]);
    }
    world.settle();
    let (mut snapshot, texts) = world.snapshot();
    world.server.crash();
    let mut said: Vec<(&str, PathBuf, Vec<u8>)> = Vec::new();
    let panes = &mut snapshot.state.sessions[0].tabs[0].panes;
    for (pane, (shell, options, all)) in panes.iter_mut().zip(shells) {
        // A program that keeps its arguments.
        let file = world.server.dir().join(format!("printer-{shell}"));
        let out = file.with_extension("out");
        let script = "#!/bin/sh\nprintf '%s\\0' \"$@\" > \"$0.new\" && mv \"$0.new\" \"$0.out\"\n";
        fs::write(&file, script).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        let odd: Vec<&[u8]> = ODD[..if all { ODD.len() } else { ODD.len() - 2 }].to_vec();
        pane.shell = std::iter::once(&shell)
            .chain(options)
            .map(|arg| BString::from(*arg))
            .collect();
        let name = BString::from(file.to_str().unwrap());
        pane.program = Some(Program {
            argv: std::iter::once(name)
                .chain(odd.iter().map(|arg| BString::from(*arg)))
                .collect(),
            exe: None,
            cwd: None,
            pipeline: Vec::new(),
            redacted: false,
        });
        let expected = odd
            .iter()
            .flat_map(|arg| [arg, &b"\0"[..]].concat())
            .collect();
        said.push((shell, out, expected));
    }
    let policy = Policy {
        programs: Programs::All,
        ..Policy::default()
    };
    let plan = world.plan(&snapshot, &policy, &Selection::all());
    let report = world.apply(&plan, &texts).unwrap();
    assert_eq!(report.programs_run, said.len(), "{report:#?}");
    for (shell, out, expected) in said {
        wait_until(&format!("what {shell} read"), || out.exists());
        let read = fs::read(&out).unwrap();
        assert_eq!(read.as_bstr(), expected.as_bstr(), "{shell}");
    }
}
